//! Measures what Holdpoint costs, side by side with what does less.

use crate::setup::{self, execute, node, root};
use crate::{Outcome, build, help_asked};

const HELP: &str = "\
Measures how much later the first text of a stream arrives through Holdpoint than through a Worker that only passes
it on, on this machine (a minute or two). Ratios count; times are the machine's.

Usage: cargo xtask bench";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if help_asked(arguments, HELP) {
        return Ok(());
    }
    setup::packages()?;
    build::worker(&setup::tools()?)?;
    execute(node().arg(root().join("tests/bench/first_byte.mjs")), "the measurement")
}
