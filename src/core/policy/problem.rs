//! Problems of a document: where, what, and how to mend it.

use std::ops::Range;

/// Longer names are not compared: the distance costs the product of the lengths.
const MAX_NAME: usize = 64;

/// How many known names a hint lists.
const MAX_LISTED: usize = 12;

/// One problem or warning, at its place in the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters (Unicode code points).
    pub column: usize,
    /// How many characters it covers; at least 1, and never past the end of its line.
    pub length: usize,
    /// What is wrong.
    pub message: String,
    /// How to mend it, where that can be said.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem that covers a range of bytes of the text.
    pub fn at(text: &str, span: &Range<usize>, message: impl Into<String>, hint: Option<String>) -> Self {
        let start = floor_boundary(text, span.start);
        let before = text.get(..start).unwrap_or("");
        let line_start = before.rfind('\n').map_or(0, |newline| newline.saturating_add(1));
        let covered = text.get(start..floor_boundary(text, span.end.max(start))).unwrap_or("");
        let first_line = covered.split('\n').next().unwrap_or("");
        Self {
            line: before.bytes().filter(|byte| *byte == b'\n').count().saturating_add(1),
            column: before.get(line_start..).unwrap_or("").chars().count().saturating_add(1),
            length: first_line.chars().count().max(1),
            message: message.into(),
            hint,
        }
    }
}

/// The known name nearest to one that is not known, if it is near enough to be what was meant.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    if length > MAX_NAME {
        return None;
    }
    let allowed = length.div_ceil(3).clamp(1, 4);
    known
        .into_iter()
        .map(|known| (strsim::osa_distance(name, known), known))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// A hint that names the nearest known name, else lists them all.
pub fn did_you_mean(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None => {
            let more = if known.len() > MAX_LISTED { ", …" } else { "" };
            let listed: Vec<&str> = known.iter().take(MAX_LISTED).copied().collect();
            format!("known here: {}{more}", listed.join(", "))
        }
    }
}

fn floor_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at = at.saturating_sub(1);
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_in_lines_and_characters() {
        let text = "ä = 1\nbö = \"x\"\n";
        let at = text.find('"').unwrap();
        let problem = Problem::at(text, &(at..at + 3), "m", None);
        assert_eq!((problem.line, problem.column, problem.length), (2, 6, 3));
        let end = Problem::at(text, &(99..120), "m", None);
        assert_eq!((end.line, end.column, end.length), (3, 1, 1));
    }

    #[test]
    fn the_nearest_name_is_near() {
        assert_eq!(nearest("treshold", ["threshold", "audit"]), Some("threshold"));
        assert_eq!(nearest("auidt", ["threshold", "audit"]), Some("audit"));
        assert_eq!(nearest("wholly_else", ["threshold", "audit"]), None);
    }
}
