//! Regular expressions in RE2's syntax, asked one question: is it found anywhere in a text? Time is linear in the text,
//! because all ways of matching are followed at once (Thompson, "Regular expression search algorithm", 1968).
//!
//! Classes and `(?i)` are ASCII's. Tests hold it to the crate `regex-lite`, whose groups and positions nobody asks for here
//! would weigh a tenth of the gate.

mod parser;
mod program;

use program::Program;
use std::rc::Rc;

/// A compiled pattern; copies of it share it.
#[derive(Debug, Clone)]
pub(super) struct Pattern {
    source: Rc<str>,
    program: Rc<Program>,
}

impl Pattern {
    /// Compiles a pattern; says what is wrong with it.
    pub(super) fn compile(pattern: &str) -> Result<Self, String> {
        let program = Program::of(&parser::parse(pattern)?)?;
        Ok(Self { source: pattern.into(), program: Rc::new(program) })
    }

    /// The pattern as written.
    pub(super) fn as_str(&self) -> &str {
        &self.source
    }

    /// What matching a text of this length costs: every character is a step of every part of the pattern at most.
    pub(super) fn cost(&self, text: &str) -> u64 {
        let per_character = (self.program.size() / 64).saturating_add(1);
        u64::try_from(text.len().saturating_mul(per_character)).unwrap_or(u64::MAX) / 8
    }

    /// Whether it is found anywhere in the text.
    pub(super) fn is_match(&self, text: &str) -> bool {
        self.program.is_found_in(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_is_found() {
        for (pattern, text, found) in [
            ("(?i)pric(e|ing)|discount", "our PRICING page", true),
            ("^a.c$", "abc", true),
            ("^a.c$", "a\nc", false),
            ("(?s)^a.c$", "a\nc", true),
            ("(?m)^b$", "a\nb\nc", true),
            (r"\bcat\b", "a cat.", true),
            (r"\bcat\b", "concat", false),
            (r"\Bcat", "concat", true),
            (r"^\d{3}-\d{2,4}$", "555-1234", true),
            (r"^\d{3}-\d{2,4}$", "555-12345", false),
            (r"[^\w\s]", "plain text", false),
            ("[[:digit:]-]+x", "1-2x", true),
            ("[]a]b", "]b", true),
            (r"a\.b", "acb", false),
            ("(?i:A)b", "ab", true),
            ("(?i:A)b", "aB", false),
            ("a(?i)b|c", "C", true),
            ("(?i)^[A-a]$", "b", true),
            ("(?i)^[1-a]$", "Z", true),
            ("^[A-a]$", "b", false),
            (r"\x41\x{1F600}", "A😀", true),
            ("(?P<year>[0-9]{4})", "in 2026", true),
            ("(a*)*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
            ("", "", true),
            ("mañ?ana|é{2}", "éé", true),
            ("a|b|", "x", true),
            ("x*?y+?", "y", true),
        ] {
            assert_eq!(Pattern::compile(pattern).unwrap().is_match(text), found, "{pattern} in {text}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_told() {
        for (pattern, why) in [
            ("(", "a group without its `)`"),
            ("a)", "a `)` without its group"),
            ("[a", "a class without its `]`"),
            ("[z-a]", "the range `z-a` is upside down"),
            ("deny+*", "`*` repeats a repetition: put that in parentheses"),
            ("a{2}{3}", "`{` repeats a repetition: put that in parentheses"),
            ("(?P<n>a)(?P<n>b)", "two groups are called `n`"),
            ("*a", "nothing stands before `*` to repeat"),
            ("a{2,1}", "a repetition from 2 to 1"),
            ("a{x}", "a repetition is `{2}`, `{2,}` or `{2,5}`; the brace itself is `\\{`"),
            (r"\q", "`\\q` means nothing"),
            (r"(a)\1", "`\\1` would look back: that has no linear time"),
            ("(?=a)", "`(?=` would look around: that has no linear time"),
            ("(?x)a", "the flag `x` is not known: there are i, m, s and U"),
            ("a\\", "a backslash at the end"),
            ("[[:nope:]]", "no class is called `[:nope:]`"),
            ("((a{100}){100}){100}", "it is too large"),
            (&"(".repeat(200), "nested too deep"),
            (
                &format!(
                    "[{}]{{500}}",
                    ('a'..='z').step_by(2).chain(('A'..='Z').step_by(2)).collect::<String>()
                ),
                "it is too large",
            ),
        ] {
            assert_eq!(Pattern::compile(pattern).unwrap_err(), why, "{pattern}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]

        #[test]
        fn it_finds_what_the_library_finds(
            pattern in "(\\(\\?[ims]{1,2}\\))?(a|b|A|é|\\.|\\^|\\$|\\[\\^?[abA1é-]{1,3}\\]|\\\\[bBdDwWsSAz]|\\(|\\(\\?:|\\)|\\||[*+?]|\\{[01](,2?)?\\}|\\n| ){0,9}",
            texts in proptest::collection::vec("[abABé1_ \\n-]{0,7}", 1..6),
        ) {
            // The library keeps two hyphens in a class for differences of sets, which RE2 does not have.
            prop_assume!(!pattern.contains("--"));
            // Of a range that has letters of both cases it adds the other case of the small ones alone.
            prop_assume!(!["1-a", "1-b", "A-a", "A-b"].iter().any(|range| pattern.contains(range)));
            if let (Ok(ours), Ok(theirs)) = (Pattern::compile(&pattern), regex_lite::Regex::new(&pattern)) {
                for text in &texts {
                    prop_assert_eq!(ours.is_match(text), theirs.is_match(text), "{:?} in {:?}", pattern, text);
                }
            }
        }

        #[test]
        fn nothing_makes_it_panic(pattern in any::<String>(), text in any::<String>()) {
            if let Ok(pattern) = Pattern::compile(&pattern) {
                let _ = pattern.is_match(&text);
            }
        }
    }
}
