//! Measures what Holdpoint costs, side by side with what does less, and how fast its page is.

use crate::setup::{self, execute, node, root};
use crate::{Failure, Outcome, build, help_asked};

const HELP: &str = "\
Measures on this machine (some minutes): how much later the first text of a stream arrives through Holdpoint than
through a Worker that only passes it on; and how fast the review page is, in Chromium: key to next case painted,
decisions an hour, Lighthouse. Ratios count; times are the machine's.

Usage: cargo xtask bench [first-byte | review]";

/// A measurement's name, its script, and whether it needs a browser.
const MEASUREMENTS: [(&str, &str, bool); 2] =
    [("first-byte", "tests/bench/first_byte.mjs", false), ("review", "tests/bench/review.mjs", true)];

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if help_asked(arguments, HELP) {
        return Ok(());
    }
    let only = match arguments {
        [] => None,
        [name] if MEASUREMENTS.iter().any(|(known, ..)| known == name) => Some(name.as_str()),
        _ => {
            let what = "one of first-byte and review, or nothing for both; see `cargo xtask bench --help`";
            return Err(Failure::Usage(what.to_owned()));
        }
    };
    setup::packages()?;
    build::worker(&setup::tools()?)?;
    for (_, script, needs_browser) in
        MEASUREMENTS.iter().filter(|(name, ..)| only.is_none_or(|only| only == *name))
    {
        let mut measure = node();
        measure.arg(root().join(script));
        if *needs_browser {
            measure.env("HOLDPOINT_CHROMIUM", setup::chromium()?);
        }
        execute(&mut measure, "the measurement")?;
    }
    Ok(())
}
