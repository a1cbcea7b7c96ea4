//! Regular expressions in RE2's syntax by `regex-lite`: linear time, and small in WebAssembly.

use regex_lite::{Regex, RegexBuilder};

/// Sizes of compiled programs, in bytes, and what a byte of text costs in eighths of a unit of work. The
/// engine's time is text × program, and its size limit is the only way to learn a program's size.
const SIZES: [(usize, u64); 4] = [(4 << 10, 1), (16 << 10, 4), (64 << 10, 16), (256 << 10, 64)];

/// A compiled pattern that knows its price.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    regex: Regex,
    eighths_per_byte: u64,
}

impl Pattern {
    /// Compiles a pattern; says what is wrong with it.
    pub(super) fn compile(pattern: &str) -> Result<Self, String> {
        let mut problem = String::new();
        for (size, eighths_per_byte) in SIZES {
            match RegexBuilder::new(pattern).size_limit(size).build() {
                Ok(regex) => return Ok(Self { regex, eighths_per_byte }),
                Err(error) => problem = error.to_string(),
            }
        }
        Err(problem)
    }

    /// What matching a text of this length costs.
    pub(super) fn cost(&self, text: &str) -> u64 {
        u64::try_from(text.len()).unwrap_or(u64::MAX).saturating_mul(self.eighths_per_byte) / 8
    }

    /// Whether it is found anywhere in the text.
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}
