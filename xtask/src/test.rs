//! Sets up and runs every test, stage by stage.

use crate::setup::{self, execute, node, root};
use crate::{Failure, Outcome, build, failed, fuzz, help_asked, pack, ui};
use std::process::Command;
use std::time::Instant;

const HELP: &str = "\
Sets up and runs every test.

Usage: cargo xtask test [--only STAGE] [--long]

Options:
  --only STAGE   One stage: format, lints, native, worker, api, clients, preview or page
  --long         Also what takes longer than a few minutes";

/// A stage's name, what it is, and how it runs.
type Stage = (&'static str, &'static str, fn(bool) -> Outcome);

const STAGES: [Stage; 8] = [
    ("format", "the code is formatted", format),
    ("lints", "clippy, natively, for the Worker and for the npm package", lints),
    ("native", "core and wire: units, properties, policy suites, goldens, the house", native),
    ("worker", "the built bundle in the real runtime: routes, refusals, restarts", worker),
    ("api", "the description of the API: linted, and every operation tried by it", api),
    ("clients", "unmodified clients through the proxy, and real input", clients),
    ("preview", "the npm package: the edge's gate, byte for byte, in Node and in a real Chromium", preview),
    ("page", "the pages in a real Chromium", page),
];

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if help_asked(arguments, HELP) {
        return Ok(());
    }
    let mut only = None;
    let mut long = false;
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        match argument.as_str() {
            "--long" => long = true,
            "--only" => {
                only = rest.next().cloned().map(Some).ok_or_else(|| usage("`--only` needs a stage"))?;
            }
            other => return Err(usage(&format!("`{other}` is not known"))),
        }
    }
    let chosen: Vec<&Stage> =
        STAGES.iter().filter(|(name, ..)| only.as_deref().is_none_or(|only| only == *name)).collect();
    if chosen.is_empty() {
        return Err(usage("no stage has this name"));
    }
    let mut done = Vec::new();
    for (name, what, stage) in chosen {
        ui::step(&format!("{name}: {what}"));
        let began = Instant::now();
        stage(long)?;
        done.push(format!("{name} ({} s)", began.elapsed().as_secs()));
    }
    ui::line(&format!("All tests passed: {}", done.join(", ")));
    Ok(())
}

fn usage(what: &str) -> Failure {
    Failure::Usage(format!("{what}; see `cargo xtask test --help`"))
}

fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(root());
    command
}

fn format(_: bool) -> Outcome {
    execute(&mut cargo(&["fmt", "--all", "--check"]), "`cargo fmt --check` (mend it with `cargo fmt --all`)")
}

fn lints(_: bool) -> Outcome {
    let tools = setup::tools()?;
    setup::packages()?;
    // The Worker has them in it.
    pack::package(&tools)?;
    build::pages()?;
    let strict = ["--", "-D", "warnings"];
    let native = [&["clippy", "--quiet", "--workspace", "--all-targets"], strict.as_slice()].concat();
    execute(&mut cargo(&native), "clippy")?;
    let wasm = ["clippy", "--quiet", "--lib", "--target", "wasm32-unknown-unknown"];
    let worker = [wasm.as_slice(), strict.as_slice()].concat();
    execute(&mut cargo(&worker), "clippy for the Worker")?;
    let package = ["--no-default-features", "--features", "preview", "--target-dir", "target/preview"];
    let package = [&wasm, package.as_slice(), strict.as_slice()].concat();
    execute(&mut cargo(&package), "clippy for the npm package")
}

fn native(long: bool) -> Outcome {
    let mut test = cargo(&["test", "--quiet", "--workspace"]);
    // An everyday run draws the same cases twice, so that it says something about the change; a long one draws new ones.
    if long {
        test.env("PROPTEST_CASES", "20000");
    } else {
        test.env("PROPTEST_RNG_SEED", "1");
    }
    execute(&mut test, "`cargo test`")?;
    if long { fuzz::run() } else { Ok(()) }
}

fn worker(long: bool) -> Outcome {
    built()?;
    node_tests("worker", long)
}

fn api(long: bool) -> Outcome {
    built()?;
    let mut test = node_test_command("api", long)?;
    test.env("HOLDPOINT_PYTHON", setup::python()?);
    execute(&mut test, "the tests in tests/api")
}

fn clients(long: bool) -> Outcome {
    built()?;
    let mut test = node_test_command("clients", long)?;
    test.env("HOLDPOINT_PYTHON", setup::python()?);
    execute(&mut test, "the tests in tests/clients")
}

fn preview(long: bool) -> Outcome {
    built()?;
    let mut test = node_test_command("preview", long)?;
    test.env("HOLDPOINT_CHROMIUM", setup::chromium()?).env("HOLDPOINT_NODE_20", setup::oldest_node()?);
    execute(&mut test, "the tests of the npm package")
}

fn page(long: bool) -> Outcome {
    built()?;
    let chromium = setup::chromium()?;
    let mut test = node_test_command("page", long)?;
    test.env("HOLDPOINT_CHROMIUM", chromium);
    execute(&mut test, "the tests of the pages")
}

fn built() -> Outcome {
    setup::packages()?;
    build::worker(&setup::tools()?)
}

fn node_tests(folder: &str, long: bool) -> Outcome {
    execute(&mut node_test_command(folder, long)?, &format!("the tests in tests/{folder}"))
}

fn node_test_command(folder: &str, long: bool) -> Outcome<Command> {
    let directory = root().join("tests").join(folder);
    let mut files: Vec<_> = std::fs::read_dir(&directory)
        .map_err(failed(&format!("reading tests/{folder}")))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(".test.mjs"))
        .collect();
    files.sort();
    let mut command = node();
    // Pages wait more than they work; the others measure and count, one after the other.
    let concurrency = if folder == "page" { "--test-concurrency=2" } else { "--test-concurrency=1" };
    command.args(["--test", "--test-reporter=spec", concurrency]).args(files);
    if long {
        command.env("HOLDPOINT_LONG", "1");
    }
    Ok(command)
}
