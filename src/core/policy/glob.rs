//! Patterns over kinds, with `*` as the only metacharacter.

/// A pattern: `*` stands for any number of characters, everything else for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob(String);

impl Glob {
    /// Any text is a pattern.
    pub fn new(pattern: &str) -> Self {
        Self(pattern.to_owned())
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it has no `*`.
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// How many characters stand for themselves: of two patterns that match, the one with more applies.
    pub fn literal_characters(&self) -> usize {
        self.0.chars().filter(|character| *character != '*').count()
    }

    /// Whether it matches a whole name. Linear in name × stars.
    pub fn matches(&self, name: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else { return false };
        let Some(last) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            match rest.split_once(part) {
                Some((_, after)) => rest = after,
                None => return false,
            }
        }
        rest.ends_with(last)
    }

    /// Whether it matches every name that another does: as if the other's stars were characters, which only stars match.
    pub fn covers(&self, other: &Self) -> bool {
        self.matches(&other.0)
    }

    /// Whether some name matches both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (a, b): (Vec<char>, Vec<char>) = (self.0.chars().collect(), other.0.chars().collect());
        // `reached` marks the positions in `b` that can be met after the part of `a` read so far.
        let mut reached = vec![false; b.len().saturating_add(1)];
        if let Some(start) = reached.first_mut() {
            *start = true;
        }
        skip_stars(&b, &mut reached);
        for character in a {
            reached = if character == '*' { anything(&reached) } else { one(&b, &reached, character) };
            skip_stars(&b, &mut reached);
        }
        reached.last() == Some(&true)
    }
}

/// A star of the other pattern swallows whatever comes: every later position can be met.
fn anything(reached: &[bool]) -> Vec<bool> {
    reached
        .iter()
        .scan(false, |met, here| {
            *met |= here;
            Some(*met)
        })
        .collect()
}

/// The positions that can be met after one more character: behind the same one, or still at a star.
fn one(pattern: &[char], reached: &[bool], character: char) -> Vec<bool> {
    let mut behind = false;
    let at = |(place, here): (usize, &bool)| {
        let own = pattern.get(place);
        let met = behind || (*here && own == Some(&'*'));
        behind = *here && own == Some(&character);
        met
    };
    reached.iter().enumerate().map(at).collect()
}

/// A star may stand for nothing: the place behind one that can be met can be met too.
fn skip_stars(pattern: &[char], reached: &mut [bool]) {
    let mut star_before = false;
    for (place, here) in reached.iter_mut().enumerate() {
        *here |= star_before;
        star_before = *here && pattern.get(place) == Some(&'*');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_star_stands_for_any_characters() {
        for (pattern, name, expected) in [
            ("get_*", "get_user", true),
            ("get_*", "get_", true),
            ("get_*", "forget_me", false),
            ("*", "", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("refund", "refund", true),
            ("refund", "refunds", false),
            ("*_*", "__", true),
        ] {
            assert_eq!(Glob::new(pattern).matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn overlap_is_found_where_one_name_fits_both() {
        for (a, b, expected) in [
            ("get_*", "*_get", true),
            ("get_*", "set_*", false),
            ("a*", "*b", true),
            ("a*c", "ab*", true),
            ("abc", "a*c", true),
            ("abc", "a*d", false),
            ("*", "x", true),
            ("a*b", "a*c", false),
        ] {
            assert_eq!(Glob::new(a).overlaps(&Glob::new(b)), expected, "{a} {b}");
            assert_eq!(Glob::new(b).overlaps(&Glob::new(a)), expected, "{b} {a}");
        }
    }

    proptest! {
        #[test]
        fn what_is_covered_is_matched(a in "[ab*]{0,5}", b in "[ab*]{0,5}", name in "[ab]{0,6}") {
            let (a, b) = (Glob::new(&a), Glob::new(&b));
            prop_assert!(!(a.covers(&b) && b.matches(&name)) || a.matches(&name));
        }

        #[test]
        fn what_matches_both_is_an_overlap(a in "[ab*]{0,5}", b in "[ab*]{0,5}", name in "[ab]{0,6}") {
            let (a, b) = (Glob::new(&a), Glob::new(&b));
            prop_assert!(!(a.matches(&name) && b.matches(&name)) || a.overlaps(&b));
        }
    }
}
