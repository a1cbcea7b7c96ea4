//! Measures what Holdpoint costs, side by side with what does less or the same, and how fast its page is.

use crate::setup::{self, execute, node, root};
use crate::{Failure, Outcome, build, failed, help_asked, ui};
use std::path::PathBuf;
use std::process::{Command, Stdio};

const HELP: &str = "\
Measures on this machine (some minutes). Ratios count; times are the machine's.

Usage: cargo xtask bench [first-byte | policy | preview | review]

  first-byte  how much later the first text of a stream arrives through Holdpoint than through a Worker that only
              passes it on
  policy      a decision by 12, 100 and 1,000 criteria, natively beside a hand-written chain of ifs, regorus, Cedar and cel,
              and as wasm beside what front ends use (builds these engines: some minutes the first time)
  preview     decisions a second of the npm package beside json-logic-js, json-rules-engine and Cedar, in Node and in
              Chromium, and the sizes of their wasm
  review      how fast the review page is, in Chromium: key to next case painted, decisions an hour, Lighthouse";

/// What a measurement needs beside the built Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Browser,
    BrowserAndPeers,
    Engines,
}

/// A measurement's name, its script, and what it needs.
const MEASUREMENTS: [(&str, &str, Needs); 4] = [
    ("first-byte", "tests/bench/first_byte.mjs", Needs::Nothing),
    ("policy", "tests/bench/policy.mjs", Needs::Engines),
    ("preview", "tests/bench/preview.mjs", Needs::BrowserAndPeers),
    ("review", "tests/bench/review.mjs", Needs::Browser),
];

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if help_asked(arguments, HELP) {
        return Ok(());
    }
    let only = match arguments {
        [] => None,
        [name] if MEASUREMENTS.iter().any(|(known, ..)| known == name) => Some(name.as_str()),
        _ => {
            let what = "one of first-byte, policy, preview and review, or nothing for all; see `cargo xtask bench --help`";
            return Err(Failure::Usage(what.to_owned()));
        }
    };
    setup::packages()?;
    build::worker(&setup::tools()?)?;
    for (_, script, needs) in MEASUREMENTS.iter().filter(|(name, ..)| only.is_none_or(|only| only == *name)) {
        let mut measure = node();
        measure.arg(root().join(script));
        if matches!(needs, Needs::BrowserAndPeers | Needs::Engines) {
            peers()?;
        }
        if matches!(needs, Needs::BrowserAndPeers | Needs::Browser) {
            measure.env("HOLDPOINT_CHROMIUM", setup::chromium()?);
        }
        if *needs == Needs::Engines {
            let (native, wasm) = engines()?;
            measure.env("HOLDPOINT_ENGINES", native).env("HOLDPOINT_ENGINES_WASM", wasm);
        }
        execute(&mut measure, "the measurement")?;
    }
    Ok(())
}

/// The gate and the engines beside it as one program, and the gate alone as wasm, built as it is shipped.
fn engines() -> Outcome<(PathBuf, PathBuf)> {
    let target = root().join("target/engines");
    ui::step("building the engines to measure beside (some minutes the first time)");
    for arguments in [
        ["build", "--release", "--features", "peers"].as_slice(),
        &["build", "--profile", "shipped", "--lib", "--target", "wasm32-unknown-unknown"],
    ] {
        let mut cargo = Command::new("cargo");
        cargo.args(arguments).args(["--quiet", "--locked", "--target-dir"]).arg(&target);
        execute(cargo.current_dir(root().join("tests/bench/engines")), "building the engines")?;
    }
    let shipped = target.join("engines.wasm");
    std::fs::copy(target.join("wasm32-unknown-unknown/shipped/engines.wasm"), &shipped)
        .map_err(failed("copying the gate"))?;
    build::shrink(&shipped)?;
    Ok((target.join("release/engines"), shipped))
}

/// The engines that front ends use: nothing else needs them.
fn peers() -> Outcome {
    let folder = root().join("tests/bench/peers");
    let lock =
        std::fs::read(folder.join("package-lock.json")).map_err(failed("reading package-lock.json"))?;
    let stamp = folder.join("node_modules/.holdpoint-lock");
    if std::fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    ui::step("installing the engines to measure beside (seconds, once)");
    let mut install = setup::npm();
    install.args(["ci", "--no-fund", "--no-audit", "--loglevel=error"]).current_dir(&folder);
    execute(install.stdout(Stdio::null()), "`npm ci` in tests/bench/peers")?;
    std::fs::write(stamp, lock).map_err(failed("noting which packages are installed"))
}
