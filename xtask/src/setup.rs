//! Set-up: everything that building, running and testing needs, each thing once per user and version.

use crate::{Failure, Outcome, failed, help_asked, ui};
use holdpoint::core::canonical::Digest;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const HELP: &str = "\
Sets up what building, running and testing needs: the wasm32 target, wasm-bindgen and worker-build (in a
per-user cache, keyed by version), the npm packages, a Python environment for the tests of the API and of clients, and the
oldest Node that the npm package is for (in the same cache), and a Chromium for the browser tests.

Usage: cargo xtask setup

The cache is $HOLDPOINT_CACHE, else $XDG_CACHE_HOME/holdpoint, else ~/.cache/holdpoint. $HOLDPOINT_CHROMIUM
names a Chromium that is installed elsewhere.";

/// Must equal the crate's version in Cargo.toml to the digit.
const WASM_BINDGEN: &str = "0.2.130";
/// Goes with the crate `worker` of the same version.
const WORKER_BUILD: &str = "0.8.7";
/// What wrangler needs at least.
const NODE_MAJOR: u32 = 22;
/// The oldest Node that the npm package is for.
const OLDEST_NODE: &str = "20.20.2";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if help_asked(arguments, HELP) {
        return Ok(());
    }
    tools()?;
    packages()?;
    python()?;
    oldest_node()?;
    let chromium = chromium()?;
    ui::line(&format!("Everything is there. Chromium: {}", chromium.display()));
    Ok(())
}

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// A program of the npm packages.
pub(crate) fn package_bin(name: &str) -> PathBuf {
    root().join("node_modules/.bin").join(name)
}

/// Node, new enough for everything here: the one of the npm packages.
pub(crate) fn node() -> Command {
    let mut command = Command::new(package_bin("node"));
    let own = root().join("node_modules/.bin");
    let path = env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(own).chain(env::split_paths(&path));
    if let Ok(joined) = env::join_paths(paths) {
        command.env("PATH", joined);
    }
    command.env("WRANGLER_SEND_METRICS", "false").current_dir(root());
    command
}

fn cache() -> Outcome<PathBuf> {
    let set = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    set("HOLDPOINT_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("holdpoint")))
        .or_else(|| set("HOME").map(|home| home.join(".cache/holdpoint")))
        .or_else(|| set("LOCALAPPDATA").map(|local| local.join("holdpoint")))
        .ok_or_else(|| Failure::Failed("no place for a cache: set HOLDPOINT_CACHE".to_owned()))
}

/// Runs a program to its end; what it says is shown.
pub(crate) fn execute(command: &mut Command, what: &str) -> Outcome {
    let status = command.status().map_err(failed(what))?;
    if status.success() { Ok(()) } else { Err(Failure::Failed(format!("{what} ended with {status}"))) }
}

/// The tools that build the Worker.
#[derive(Debug)]
pub(crate) struct Tools {
    pub(crate) wasm_bindgen: PathBuf,
    pub(crate) worker_build: PathBuf,
}

/// Installs what is missing of the toolchain.
pub(crate) fn tools() -> Outcome<Tools> {
    wasm_target()?;
    Ok(Tools {
        wasm_bindgen: cargo_tool("wasm-bindgen-cli", "wasm-bindgen", WASM_BINDGEN)?,
        worker_build: cargo_tool("worker-build", "worker-build", WORKER_BUILD)?,
    })
}

fn wasm_target() -> Outcome {
    let mut ask = Command::new("rustc");
    ask.args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]).current_dir(root());
    let answer = ask.output().map_err(failed("asking rustc for the wasm32 target"))?;
    let directory = String::from_utf8_lossy(&answer.stdout);
    if answer.status.success() && Path::new(directory.trim()).is_dir() {
        return Ok(());
    }
    ui::step("adding the target wasm32-unknown-unknown (seconds)");
    execute(
        Command::new("rustup").args(["target", "add", "wasm32-unknown-unknown"]).current_dir(root()),
        "`rustup target add wasm32-unknown-unknown`",
    )
}

fn cargo_tool(package: &str, program: &str, version: &str) -> Outcome<PathBuf> {
    let home = cache()?.join(format!("{package}-{version}"));
    let path = home.join("bin").join(format!("{program}{}", env::consts::EXE_SUFFIX));
    if path.is_file() {
        return Ok(path);
    }
    ui::step(&format!("installing {package} {version} into the per-user cache (2 to 4 minutes, once)"));
    // Without --locked: the lock file of wasm-bindgen-cli names versions that not every registry mirror has.
    execute(
        Command::new("cargo")
            .args(["install", package, "--version", version, "--root"])
            .arg(&home)
            .env_remove("CARGO_TARGET_DIR"),
        &format!("installing {package}"),
    )?;
    Ok(path)
}

/// Installs the npm packages as the lock file has them.
pub(crate) fn packages() -> Outcome {
    let lock =
        std::fs::read(root().join("package-lock.json")).map_err(failed("reading package-lock.json"))?;
    let stamp = root().join("node_modules/.holdpoint-lock");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    ui::step("installing the npm packages (about half a minute)");
    let mut install = npm();
    // npm warns that wrangler wants a newer Node; the packages bring that Node along.
    install
        .args(["ci", "--no-fund", "--no-audit", "--loglevel=error"])
        .current_dir(root())
        .stdout(Stdio::null());
    let status = install.status().map_err(|error| {
        Failure::Failed(format!(
            "npm does not start ({error}): install Node.js {NODE_MAJOR} or newer, https://nodejs.org"
        ))
    })?;
    if !status.success() {
        return Err(Failure::Failed(format!("`npm ci` ended with {status}")));
    }
    std::fs::write(stamp, lock).map_err(failed("noting which packages are installed"))
}

/// The oldest Node that the npm package is for, in the per-user cache.
pub(crate) fn oldest_node() -> Outcome<PathBuf> {
    let home = cache()?.join(format!("node-{OLDEST_NODE}"));
    let program = home.join("node_modules/node/bin").join(format!("node{}", env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    ui::step(&format!("installing Node {OLDEST_NODE} into the per-user cache (seconds, once)"));
    std::fs::create_dir_all(&home).map_err(failed("making the cache"))?;
    let package = format!("node@{OLDEST_NODE}");
    let mut install = npm();
    install.args(["install", "--no-fund", "--no-audit", "--no-save", "--loglevel=error", "--prefix"]);
    install.arg(&home).arg(package).stdout(Stdio::null());
    execute(&mut install, &format!("installing Node {OLDEST_NODE}"))?;
    if program.is_file() {
        return Ok(program);
    }
    Err(Failure::Failed(format!("npm left no {}: it has to run install scripts", program.display())))
}

/// npm, by its name on this system.
pub(crate) fn npm() -> Command {
    Command::new(if cfg!(windows) { "npm.cmd" } else { "npm" })
}

/// A Python with the packages that the tests of the API use, in a virtual environment of its own.
pub(crate) fn python() -> Outcome<PathBuf> {
    let pinned = root().join("tests/requirements.txt");
    let text = std::fs::read(&pinned).map_err(failed("reading tests/requirements.txt"))?;
    let name: String = Digest::of(&text).to_hex().chars().take(16).collect();
    let home = cache()?.join(format!("python-{name}"));
    let bin = if cfg!(windows) { "Scripts" } else { "bin" };
    let python = home.join(bin).join(format!("python{}", env::consts::EXE_SUFFIX));
    // Written last, so that an environment that was broken off is made anew.
    let stamp = home.join("complete");
    if stamp.is_file() {
        return Ok(python);
    }
    ui::step(
        "making a Python environment for the tests of the API and of clients (about half a minute, once)",
    );
    let system = if cfg!(windows) { "python" } else { "python3" };
    let make = || {
        let made = Command::new(system).args(["-m", "venv", "--clear"]).arg(&home).status();
        made.is_ok_and(|status| status.success())
    };
    // Debian keeps the module in a package of its own.
    let is_there = make() || (can_apt() && apt(&["python3", "python3-venv"]).is_ok() && make());
    if !is_there {
        return Err(Failure::Failed(
            "`python3 -m venv` does not work: install Python 3.10 or newer (on Debian: apt install python3-venv)".to_owned(),
        ));
    }
    execute(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"])
            .arg(&pinned),
        "`pip install` for the tests of the API",
    )?;
    std::fs::write(stamp, "").map_err(failed("noting that the Python environment is complete"))?;
    Ok(python)
}

/// A Chromium for the browser tests: the one that is there, else by apt as root on Debian.
pub(crate) fn chromium() -> Outcome<PathBuf> {
    if let Some(found) = installed_chromium() {
        return Ok(found);
    }
    if can_apt() {
        ui::step("installing Chromium by apt (about a minute)");
        apt(&["chromium", "fonts-dejavu-core"])?;
    }
    installed_chromium().ok_or_else(|| {
        Failure::Failed("no Chromium is here for the browser tests: install Chromium or Chrome, or set HOLDPOINT_CHROMIUM to its path".to_owned())
    })
}

/// Whether packages can be installed by apt: as root, on Debian and its kin.
fn can_apt() -> bool {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    let has_apt = Command::new("apt-get").arg("--version").output().is_ok_and(|apt| apt.status.success());
    is_root && has_apt
}

fn apt(packages: &[&str]) -> Outcome {
    let run = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive").stdout(Stdio::null());
        execute(&mut command, &format!("`apt-get {}`", arguments.join(" ")))
    };
    run(&["update", "-qq"])?;
    run(&[["install", "-y", "-qq", "--no-install-recommends"].as_slice(), packages].concat())
}

fn installed_chromium() -> Option<PathBuf> {
    if let Some(named) = env::var_os("HOLDPOINT_CHROMIUM").map(PathBuf::from) {
        return named.is_file().then_some(named);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    let on_path = env::split_paths(&path).flat_map(|directory| names.map(|name| directory.join(name)));
    let elsewhere = [
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
    ];
    on_path.chain(elsewhere.map(PathBuf::from)).find(|candidate| candidate.is_file())
}
