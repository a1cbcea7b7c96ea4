//! Builds the Worker into `build/`, and says how large it is.

use crate::setup::{self, execute, package_bin, root};
use crate::{Failure, Outcome, failed, help_asked, pack, ui};
use holdpoint::core::canonical::Digest;
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
    // The playground has it in it.
    pack::package(tools)?;
    let stamp = root().join("build/.holdpoint-built");
    if is_newer(
        &stamp,
        &[
            "src",
            "npm",
            "www",
            "examples/shop.toml",
            "examples/shop.jsonl",
            "Cargo.toml",
            "Cargo.lock",
            "package-lock.json",
        ],
    ) {
        return Ok(());
    }
    // Its stamp goes first: what is built by halves is not built.
    let _ = std::fs::remove_file(&stamp);
    let started = SystemTime::now();
    pages()?;
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
    shrink(&module())?;
    note(&stamp, started)
}

/// Notes that something was built of what was there at that time.
pub(crate) fn note(stamp: &Path, started: SystemTime) -> Outcome {
    std::fs::write(stamp, b"")
        .and_then(|()| std::fs::File::open(stamp)?.set_modified(started))
        .map_err(failed("noting the build"))
}

/// The pages of `www/`: each becomes one document with its style and its script in it, so that one request brings it.
pub(crate) fn pages() -> Outcome {
    let later = bundled("later.js", &["--loader:.css=text"])?;
    let made = root().join("build/pages");
    std::fs::create_dir_all(&made).map_err(failed("making build/pages"))?;
    for page in ["review", "cases", "insights", "playground", "sign-in"] {
        let name = format!("{page}.html");
        let html = std::fs::read_to_string(root().join("www").join(&name)).map_err(failed(&name))?;
        let html = inlined(&html, "<link rel=\"stylesheet\" href=\"/www/", "\">", "style")?;
        let html =
            inlined(&html, "<script type=\"module\" src=\"/www/", "\"></script>", "script type=\"module\"")?;
        let path = made.join(&name);
        // A page asks for the very script that was built with it.
        let html = html.replace("\"/www/later.js\"", &format!("\"/www/later.js?v={}\"", version(&later)));
        write_if_changed(&path, &html)?;
    }
    write_if_changed(&made.join("later.js"), &later)
}

/// Names a script by what is in it.
fn version(text: &str) -> String {
    Digest::of(text.as_bytes()).to_hex().chars().take(12).collect()
}

/// What has not changed is not written, so that nothing is built again for it.
fn write_if_changed(path: &Path, text: &str) -> Outcome {
    if std::fs::read_to_string(path).ok().as_deref() == Some(text) {
        return Ok(());
    }
    std::fs::write(path, text).map_err(failed(&path.to_string_lossy()))
}

/// A script or a style with what it imports, minified. What stands under `/www/` is fetched, and not put in.
fn bundled(file: &str, more: &[&str]) -> Outcome<String> {
    let mut bundle = Command::new(package_bin("esbuild"));
    bundle.arg(root().join("www").join(file)).args([
        "--bundle",
        "--minify",
        "--format=esm",
        "--target=es2022",
    ]);
    bundle.args(["--loader:.toml=text", "--loader:.jsonl=text"]);
    bundle.args(["--external:/www/*", "--log-level=warning", "--charset=utf8"]);
    bundle.args(more);
    let made = bundle.output().map_err(failed("esbuild"))?;
    if made.status.success() {
        return Ok(String::from_utf8_lossy(&made.stdout).trim().to_owned());
    }
    Err(Failure::Failed(format!("esbuild: {}", String::from_utf8_lossy(&made.stderr))))
}

/// Puts the file that an element names into the document, with what it imports, minified.
fn inlined(html: &str, open: &str, close: &str, element: &str) -> Outcome<String> {
    let found = html.split_once(open).and_then(|(before, rest)| Some((before, rest.split_once(close)?)));
    let (before, (file, after)) = found.ok_or_else(|| Failure::Failed(format!("a page has no {element}")))?;
    let text = bundled(file, &[])?;
    let end = format!("</{}", element.split(' ').next().unwrap_or(element));
    for unwanted in [end.as_str(), "</body>", "<!--"] {
        if text.contains(unwanted) {
            let what = format!("www/{file} has {unwanted} in it, which the document would take for its own");
            return Err(Failure::Failed(what));
        }
    }
    Ok(format!("{before}<{element}>{text}{end}>{after}"))
}

/// The tools keep the names of functions; here size counts. What was compiled for size is made no larger by optimising it
/// for speed here, and a tenth faster. A function that is called from one place stays one: compressed, that is smaller.
pub(crate) fn shrink(module: &Path) -> Outcome {
    let mut optimise = setup::node();
    optimise
        .arg(root().join("node_modules/binaryen/bin/wasm-opt"))
        // What every engine of the last years knows, and nothing newer.
        .args(["--enable-bulk-memory", "--enable-sign-ext", "--enable-nontrapping-float-to-int"])
        .args(["--enable-mutable-globals", "--enable-multivalue", "--enable-reference-types"])
        .args(["-O3", "--strip-debug", "--strip-producers"])
        .arg("--one-caller-inline-max-function-size=0")
        .arg(module)
        .arg("-o")
        .arg(module);
    execute(&mut optimise, "wasm-opt")
}

/// Whether something was built after the last change of what it is made of.
pub(crate) fn is_newer(stamp: &Path, inputs: &[&str]) -> bool {
    let modified = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    let Some(built) = modified(stamp) else { return false };
    let inputs: Vec<PathBuf> = inputs.iter().map(|input| root().join(input)).collect();
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
