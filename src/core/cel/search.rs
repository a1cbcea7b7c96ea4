//! Many texts looked for in one pass.
//!
//! A window as long as the shortest needle moves over the text; how far it may be moved is told by its last three bytes
//! (Wu and Manber, "A fast algorithm for multi-pattern searching", 1994). Bytes are compared without the bit that tells
//! the cases of ASCII letters apart, and what may be a needle is then compared to the end. A text made to compare much
//! is given up: then each needle is looked for by itself.

use crate::core::order::sorted;
use std::rc::Rc;

/// Shorter needles are looked for one by one.
const SHORTEST: usize = 4;

/// Longer windows gain little.
const LONGEST_WINDOW: usize = 24;

/// The bytes of the window that are looked up.
const BLOCK: usize = 3;

/// Entries of the table of moves.
const TABLE: usize = 1 << 13;

/// How many comparisons a byte of the text may cause.
const COMPARISONS: usize = 8;

/// A set of texts to look for.
#[derive(Debug, Clone, Default)]
pub(super) struct Finder {
    needles: Vec<(Box<str>, bool)>,
    /// The first four bytes of each, rising, with its place.
    grams: Vec<(u32, usize)>,
    window: usize,
    /// How far the window may be moved, by its last bytes. None until it is prepared.
    moves: Option<Box<[u8; TABLE]>>,
    needed: bool,
}

/// Which needles a text has; `None` where it was given up.
pub(super) type FoundNeedles = Option<Rc<Vec<usize>>>;

impl Finder {
    pub(super) fn len(&self) -> usize {
        self.needles.len()
    }

    /// Whether there is something that is not looked for in another way as fast.
    pub(super) fn is_needed(&self) -> bool {
        self.needed
    }

    pub(super) fn is_prepared(&self) -> bool {
        self.moves.is_some()
    }

    /// Says that there is something that is not looked for in another way as fast.
    pub(super) fn need(&mut self) {
        self.needed = true;
    }

    /// Adds a text, without regard to the case of ASCII letters where wished; its place among the needles. `None` for
    /// one that is too short.
    pub(super) fn add(&mut self, needle: &str, ignore_case: bool) -> Option<usize> {
        let gram = gram(needle.as_bytes(), SHORTEST)?;
        let place = self.needles.len();
        self.needles.push((needle.into(), ignore_case));
        self.grams.push((gram, place));
        Some(place)
    }

    /// Makes the tables, when all needles are there.
    pub(super) fn prepare(&mut self) {
        self.grams = sorted(std::mem::take(&mut self.grams), Ord::cmp);
        self.window =
            self.needles.iter().map(|(needle, _)| needle.len()).min().unwrap_or(SHORTEST).min(LONGEST_WINDOW);
        let farthest = self.window.saturating_sub(BLOCK).saturating_add(1);
        let mut moves = Box::new([u8::try_from(farthest).unwrap_or(1); TABLE]);
        for (needle, _) in &self.needles {
            for (at, block) in needle.as_bytes().windows(BLOCK).take(farthest).enumerate() {
                let rest = farthest.saturating_sub(1).saturating_sub(at);
                let place =
                    block.first_chunk().map(|[a, b, c]| place_of(u32::from_le_bytes([0, *a, *b, *c])));
                if let Some(known) = place.and_then(|place| moves.get_mut(place)) {
                    *known = (*known).min(u8::try_from(rest).unwrap_or(0));
                }
            }
        }
        self.moves = Some(moves);
    }

    /// The needles that a text has.
    pub(super) fn find(&self, text: &str) -> FoundNeedles {
        let bytes = text.as_bytes();
        let moves = self.moves.as_deref()?;
        let mut found: Vec<usize> = Vec::new();
        let mut comparisons = bytes.len().saturating_mul(COMPARISONS).saturating_add(1024);
        let mut start: usize = 0;
        // The window has four bytes at least: with the one before them, its last three are read in one go.
        let last = self.window.saturating_sub(SHORTEST);
        while let Some(four) = bytes.get(start.wrapping_add(last)..).and_then(<[u8]>::first_chunk) {
            let block = u32::from_le_bytes(*four);
            let step = moves.get(place_of(block)).copied().unwrap_or(0);
            if step > 0 {
                start = start.wrapping_add(usize::from(step));
                continue;
            }
            let gram = bytes.get(start..).and_then(|rest| gram(rest, SHORTEST))?;
            let first = self.grams.partition_point(|(known, _)| *known < gram);
            comparisons = comparisons.checked_sub(4)?;
            for (_, place) in self.grams.get(first..)?.iter().take_while(|(known, _)| *known == gram) {
                let (needle, ignore_case) = self.needles.get(*place)?;
                comparisons = comparisons.checked_sub(needle.len().saturating_add(found.len()))?;
                let part = bytes.get(start..start.saturating_add(needle.len()));
                let same = part.is_some_and(|part| {
                    part == needle.as_bytes()
                        || (*ignore_case && part.eq_ignore_ascii_case(needle.as_bytes()))
                });
                if same && !found.contains(place) {
                    found.push(*place);
                }
            }
            start = start.wrapping_add(1);
        }
        Some(Rc::new(found))
    }
}

/// The first bytes as one number, without the bit of case.
fn gram(bytes: &[u8], count: usize) -> Option<u32> {
    let first = bytes.get(..count)?;
    Some(first.iter().fold(0, |gram, byte| u32::wrapping_shl(gram, 8) | u32::from(*byte | 0x20)))
}

/// Where the table of moves keeps the last three of four bytes, without the bit of case.
fn place_of(four: u32) -> usize {
    // Fibonacci hashing (Knuth, TAOCP 3, section 6.4): 2^32 divided by the golden ratio.
    usize::try_from(((four >> 8) | 0x0020_2020).wrapping_mul(0x9e37_79b1) >> 19).unwrap_or(0)
}

/// What a match of a regular expression has to have.
#[derive(Debug)]
pub(super) struct Requirement {
    /// One of these texts at least.
    pub(super) needles: Vec<String>,
    pub(super) ignore_case: bool,
    /// And that is all it has to have: the expression is these texts.
    pub(super) is_all: bool,
}

/// The texts of which a match of a regular expression has at least one; `None` where there are no such texts, or none
/// that are long enough. It knows less than the expression, never more.
pub(super) fn required_by(pattern: &str) -> Option<Requirement> {
    let (ignore_case, pattern) = match pattern.strip_prefix("(?i)") {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let mut branches = Branches::default();
    let mut rest = pattern.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' => match rest.next()? {
                escaped if escaped.is_ascii_punctuation() => branches.literal(escaped),
                'd' | 'D' | 's' | 'S' | 'w' | 'W' | 'b' | 'B' | 'A' | 'z' | 'n' | 'r' | 't' => branches.gap(),
                _ => return None,
            },
            '[' => {
                skip_class(&mut rest)?;
                branches.gap();
            }
            '(' => {
                skip_group(&mut rest)?;
                branches.gap();
            }
            '{' => {
                while rest.next()? != '}' {}
                branches.optional();
            }
            '*' | '?' => branches.optional(),
            '+' | '.' | '^' | '$' => branches.gap(),
            '|' => branches.end(),
            ')' => return None,
            literal => branches.literal(literal),
        }
    }
    branches.end();
    let long_enough = |branch: &String| branch.len() >= SHORTEST;
    let enough = branches.done.iter().all(long_enough);
    enough.then_some(Requirement { needles: branches.done, ignore_case, is_all: !branches.broken })
}

/// The longest run of literal characters of each alternative.
#[derive(Default)]
struct Branches {
    run: String,
    longest: String,
    done: Vec<String>,
    /// Whether there was anything but literal characters.
    broken: bool,
}

impl Branches {
    fn literal(&mut self, character: char) {
        if character.is_ascii() {
            self.run.push(character);
        } else {
            self.gap();
        }
    }

    /// What was last may be absent.
    fn optional(&mut self) {
        self.run.pop();
        self.gap();
    }

    fn gap(&mut self) {
        self.broken = true;
        self.keep();
    }

    fn keep(&mut self) {
        let run = std::mem::take(&mut self.run);
        if run.len() > self.longest.len() {
            self.longest = run;
        }
    }

    fn end(&mut self) {
        self.keep();
        self.done.push(std::mem::take(&mut self.longest));
    }
}

/// To the end of a class, whose bracket is open; none that has another in it.
fn skip_class(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<()> {
    rest.next_if_eq(&'^');
    rest.next_if_eq(&']');
    loop {
        match rest.next()? {
            '\\' => {
                rest.next()?;
            }
            '[' => return None,
            ']' => return Some(()),
            _ => {}
        }
    }
}

/// To the end of a group, whose parenthesis is open; none that sets flags or has a name.
fn skip_group(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<()> {
    let mut open: usize = 1;
    loop {
        if rest.next_if_eq(&'?').is_some() && rest.next_if_eq(&':').is_none() {
            return None;
        }
        // A question mark after anything but the parenthesis is a repetition: read on from here.
        loop {
            match rest.next()? {
                '\\' => {
                    rest.next()?;
                }
                '[' => skip_class(rest)?,
                '(' => {
                    open = open.saturating_add(1);
                    break;
                }
                ')' => {
                    open = open.saturating_sub(1);
                    if open == 0 {
                        return Some(());
                    }
                }
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::regex::Pattern;
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_a_pattern_requires() {
        for (pattern, required) in [
            ("(?i)pric(e|ing)|discount", Some("pric|discount")),
            ("https?://", Some("http")),
            (r"card \d{16}", Some("card ")),
            (r"a\.b\.c\.d", Some("a.b.c.d")),
            ("(password|secret) := .+", Some(" := ")),
            ("reset+ yours", Some(" yours")),
            ("[a-z]+@example\\.com$", Some("@example.com")),
            ("straße|discount", Some("stra|discount")),
            ("größe|discount", None),
            ("abc", None),
            ("wire|abc", None),
            ("(?s)wire.*", None),
            ("wire(?i)x", None),
            (r"wire\x41", None),
            ("wire[[:alpha:]]", None),
            ("", None),
        ] {
            let found = required_by(pattern).map(|required| required.needles.join("|"));
            assert_eq!(found.as_deref(), required, "{pattern}");
        }
    }

    #[test]
    fn a_text_made_to_compare_much_is_given_up() {
        let mut finder = Finder::default();
        for at in 0..64 {
            finder.add(&format!("{}{at}", "a".repeat(200)), false);
        }
        finder.prepare();
        assert_eq!(finder.find(&"a".repeat(10_000)), None);
        assert_eq!(finder.find(&"b".repeat(10_000)), Some(Rc::new(vec![])));
    }

    proptest! {
        #[test]
        fn a_match_has_what_its_pattern_requires(
            pattern in "(\\(\\?i\\))?([abAB.]{1,6}|[ab]{3}[?*+]|\\([ab|]{1,4}\\)[?*]?|[ab]\\{0,2\\}|\\[ab\\]|\\||\\\\[.db]){1,4}",
            text in "[abAB.|1]{0,24}",
        ) {
            if let (Ok(compiled), Some(Requirement { needles, ignore_case, is_all })) =
                (Pattern::compile(&pattern), required_by(&pattern))
            {
                let has = |needle: &String| if ignore_case {
                    text.to_ascii_lowercase().contains(&needle.to_ascii_lowercase())
                } else {
                    text.contains(needle.as_str())
                };
                let (matches, has) = (compiled.is_match(&text), needles.iter().any(has));
                prop_assert!(!matches || has, "{pattern} {text} {needles:?}");
                prop_assert!(!is_all || matches == has, "{pattern} {text} {needles:?}");
            }
        }

        #[test]
        fn the_needles_of_a_text_are_found(
            needles in proptest::collection::vec(("[abAé]{1,7}", any::<bool>()), 0..8),
            text in "[abAé]{0,60}",
        ) {
            let mut finder = Finder::default();
            let places: Vec<_> = needles.iter().map(|(needle, ignore)| finder.add(needle, *ignore)).collect();
            finder.prepare();
            let found = finder.find(&text).unwrap();
            for ((needle, ignore), place) in needles.iter().zip(places) {
                let Some(place) = place else {
                    prop_assert!(needle.len() < SHORTEST);
                    continue;
                };
                let there = if *ignore {
                    text.to_ascii_lowercase().contains(&needle.to_ascii_lowercase())
                } else {
                    text.contains(needle.as_str())
                };
                prop_assert_eq!(found.contains(&place), there, "{} in {}", needle, text);
            }
        }
    }
}
