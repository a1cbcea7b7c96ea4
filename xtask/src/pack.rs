//! Builds the npm package into `pkg/`, and says how large it is.

use crate::setup::{self, execute, node, root};
use crate::{Failure, Outcome, build, failed, help_asked, ui};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

const HELP: &str = "\
Builds the npm package `holdpoint` into pkg/: the gate as WebAssembly, ES modules, types. Does nothing where nothing
has changed. `npm publish ./pkg` publishes it.

Usage: cargo xtask pack";

/// What in `npm/` goes into the package as it is.
const FILES: [&str; 6] =
    ["browser.js", "node.js", "holdpoint.js", "holdpoint.d.ts", "gate_bg.wasm.d.ts", "README.md"];

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if help_asked(arguments, HELP) {
        return Ok(());
    }
    setup::packages()?;
    package(&setup::tools()?)?;
    let mut measure = node();
    measure.arg(root().join("tests/harness/sizes.mjs")).args([
        "pkg/gate_bg.wasm",
        "pkg/gate.js",
        "pkg/holdpoint.js",
    ]);
    execute(&mut measure, "measuring the package")
}

/// Where the package is.
pub(crate) fn folder() -> PathBuf {
    root().join("pkg")
}

/// Builds the package, unless it is newer than everything that it is made of.
pub(crate) fn package(tools: &setup::Tools) -> Outcome {
    let stamp = folder().join(".holdpoint-built");
    let inputs = [
        "src/core",
        "src/wire",
        "src/lib.rs",
        "src/preview.rs",
        "npm",
        "LICENSE",
        "Cargo.toml",
        "Cargo.lock",
        "package-lock.json",
    ];
    if build::is_newer(&stamp, &inputs) {
        return Ok(());
    }
    let _ = fs::remove_file(&stamp);
    let started = SystemTime::now();
    ui::step("building the npm package (about a minute the first time)");
    fs::create_dir_all(folder()).map_err(failed("making pkg/"))?;
    compile(tools)?;
    for file in FILES {
        fs::copy(root().join("npm").join(file), folder().join(file)).map_err(failed(file))?;
    }
    fs::copy(root().join("LICENSE"), folder().join("LICENSE")).map_err(failed("LICENSE"))?;
    let manifest = fs::read_to_string(root().join("npm/package.json")).map_err(failed("npm/package.json"))?;
    let manifest = manifest.replace("\"0.0.0\"", &format!("\"{}\"", env!("CARGO_PKG_VERSION")));
    fs::write(folder().join("package.json"), manifest).map_err(failed("writing package.json"))?;
    build::note(&stamp, started)
}

fn compile(tools: &setup::Tools) -> Outcome {
    // A folder of its own: the Worker is the same crate for the same target.
    let target = root().join("target/preview");
    let mut compile = Command::new("cargo");
    compile
        .args(["build", "--quiet", "--lib", "--release", "--target", "wasm32-unknown-unknown"])
        .args(["--no-default-features", "--features", "preview", "--target-dir"])
        .arg(&target)
        .current_dir(root())
        .env_remove("RUSTFLAGS")
        .env("CARGO_ENCODED_RUSTFLAGS", flags()?.join("\u{1f}"));
    execute(&mut compile, "building the package's wasm")?;
    let mut bind = Command::new(&tools.wasm_bindgen);
    bind.args(["--target", "web", "--no-typescript", "--out-name", "gate", "--out-dir"])
        .arg(folder())
        .arg(target.join("wasm32-unknown-unknown/release/holdpoint.wasm"));
    execute(&mut bind, "wasm-bindgen")?;
    build::shrink(&folder().join("gate_bg.wasm"))
}

/// Messages of panics name files: of dependencies without where this machine keeps them. SHA-256 in its small form.
fn flags() -> Outcome<Vec<String>> {
    let mut flags: Vec<String> = ["--cfg", "sha2_backend=\"soft\"", "--cfg", "sha2_backend_soft=\"compact\""]
        .map(str::to_owned)
        .into();
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo")));
    let sources =
        home.ok_or_else(|| Failure::Failed("set CARGO_HOME, or HOME".to_owned()))?.join("registry/src");
    for registry in fs::read_dir(&sources).into_iter().flatten().flatten() {
        flags.push(format!("--remap-path-prefix={}=deps", registry.path().display()));
    }
    Ok(flags)
}
