//! Builds the Worker into `build/`, and says how large it is.

use crate::setup::{self, execute, package_bin, root};
use crate::{Outcome, failed, help_asked, ui};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

const HELP: &str = "\
Builds the Worker into build/ (release, optimised for size). Does nothing where nothing has changed.

Usage: cargo xtask build";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if help_asked(arguments, HELP) {
        return Ok(());
    }
    setup::packages()?;
    let tools = setup::tools()?;
    worker(&tools)
}

/// The optimised module.
pub(crate) fn module() -> PathBuf {
    root().join("build/index_bg.wasm")
}

/// Builds the Worker, unless it is newer than everything that it is made of.
pub(crate) fn worker(tools: &setup::Tools) -> Outcome {
    let stamp = root().join("build/.holdpoint-built");
    if is_newer(&stamp) {
        return Ok(());
    }
    // Its stamp goes first: what is built by halves is not built.
    let _ = std::fs::remove_file(&stamp);
    let started = SystemTime::now();
    ui::step("building the Worker (1 to 2 minutes the first time)");
    let mut build = Command::new(&tools.worker_build);
    build
        .arg("--release")
        .current_dir(root())
        .env("WASM_BINDGEN_BIN", &tools.wasm_bindgen)
        .env("WASM_OPT_BIN", package_bin("wasm-opt"))
        .env("ESBUILD_BIN", package_bin("esbuild"))
        .env("RUST_LOG", "error");
    execute(&mut build, "worker-build")?;
    shrink()?;
    std::fs::write(&stamp, b"")
        .and_then(|()| std::fs::File::open(&stamp)?.set_modified(started))
        .map_err(failed("noting the build"))
}

/// worker-build keeps the names of functions and optimises for speed; here size counts.
fn shrink() -> Outcome {
    let module = module();
    let mut optimise = setup::node();
    optimise
        .arg(root().join("node_modules/binaryen/bin/wasm-opt"))
        .args(["-Oz", "--all-features", "--strip-debug", "--strip-producers"])
        .arg(&module)
        .arg("-o")
        .arg(&module);
    execute(&mut optimise, "wasm-opt")
}

fn is_newer(stamp: &Path) -> bool {
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    let Some(built) = modified(stamp) else { return false };
    let inputs =
        ["src", "www", "Cargo.toml", "Cargo.lock", "package-lock.json"].map(|input| root().join(input));
    newest(&inputs).is_some_and(|input| input <= built)
}

fn newest(paths: &[PathBuf]) -> Option<SystemTime> {
    paths
        .iter()
        .filter_map(|path| {
            let own = path.metadata().and_then(|metadata| metadata.modified()).ok();
            let entries = std::fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path());
            let below: Vec<PathBuf> = entries.collect();
            own.max(newest(&below))
        })
        .max()
}
