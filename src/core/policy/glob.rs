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

    /// Whether some name matches both.
    pub fn overlaps(&self, other: &Self) -> bool {
        let (a, b): (Vec<char>, Vec<char>) = (self.0.chars().collect(), other.0.chars().collect());
        // `reached` holds the positions in `b` that can be met after the part of `a` read so far.
        let mut reached = skip_stars(&b, [0].into());
        for character in a {
            reached = if character == '*' {
                // Anything of `b` may be swallowed.
                (reached.first().copied().unwrap_or(usize::MAX)..=b.len()).collect()
            } else {
                let next = reached
                    .into_iter()
                    .filter_map(|at| match b.get(at)? {
                        '*' => Some(at),
                        same if *same == character => at.checked_add(1),
                        _ => None,
                    })
                    .collect();
                skip_stars(&b, next)
            };
            if reached.is_empty() {
                return false;
            }
        }
        reached.contains(&b.len())
    }
}

/// A star may stand for nothing: wherever one is next, the place behind it is reached too.
fn skip_stars(pattern: &[char], reached: std::collections::BTreeSet<usize>) -> std::collections::BTreeSet<usize> {
    let mut all = reached.clone();
    for mut at in reached {
        while pattern.get(at) == Some(&'*') {
            at = at.saturating_add(1);
            all.insert(at);
        }
    }
    all
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
        fn what_matches_both_is_an_overlap(a in "[ab*]{0,5}", b in "[ab*]{0,5}", name in "[ab]{0,6}") {
            let (a, b) = (Glob::new(&a), Glob::new(&b));
            prop_assert!(!(a.matches(&name) && b.matches(&name)) || a.overlaps(&b));
        }
    }
}
