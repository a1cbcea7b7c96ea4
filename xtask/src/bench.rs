//! Measures what Holdpoint costs, side by side with what does less or the same, and how fast its page is.

use crate::setup::{self, execute, node, root};
use crate::{Failure, Outcome, build, failed, help_asked, ui};
use std::process::Stdio;

const HELP: &str = "\
Measures on this machine (some minutes). Ratios count; times are the machine's.

Usage: cargo xtask bench [first-byte | preview | review]

  first-byte  how much later the first text of a stream arrives through Holdpoint than through a Worker that only
              passes it on
  preview     decisions a second of the npm package beside json-logic-js, json-rules-engine and Cedar, in Node and in
              Chromium, and the sizes of their wasm
  review      how fast the review page is, in Chromium: key to next case painted, decisions an hour, Lighthouse";

/// What a measurement needs beside the built Worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    Browser,
    BrowserAndPeers,
}

/// A measurement's name, its script, and what it needs.
const MEASUREMENTS: [(&str, &str, Needs); 3] = [
    ("first-byte", "tests/bench/first_byte.mjs", Needs::Nothing),
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
            let what =
                "one of first-byte, preview and review, or nothing for all; see `cargo xtask bench --help`";
            return Err(Failure::Usage(what.to_owned()));
        }
    };
    setup::packages()?;
    build::worker(&setup::tools()?)?;
    for (_, script, needs) in MEASUREMENTS.iter().filter(|(name, ..)| only.is_none_or(|only| only == *name)) {
        let mut measure = node();
        measure.arg(root().join(script));
        if *needs == Needs::BrowserAndPeers {
            peers()?;
        }
        if *needs != Needs::Nothing {
            measure.env("HOLDPOINT_CHROMIUM", setup::chromium()?);
        }
        execute(&mut measure, "the measurement")?;
    }
    Ok(())
}

/// The engines that the gate is measured beside: nothing else needs them.
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
