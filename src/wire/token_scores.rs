//! How sure the model was of a call, by the log-probabilities of its tokens.
//!
//! The tokens are laid end to end, and the call's arguments are looked for in them. A leaf value's score is the
//! product of the probabilities of the tokens that it touches; braces, quotes and names are left out, because a
//! grammar forces them. The tool's name is a leaf too. The call's score is that of its worst leaf: what a single
//! wrong digit does, ten sure words do not mend. Where the arguments are not among the tokens there is no score.

use crate::core::action::{Confidence, Probability};
use crate::core::json::{Build, Json, Limits, Text, parse_with};
use crate::core::pointer::Pointer;
use std::ops::Range;

/// The tokens of one choice, in order, as far as the upstream told them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Tokens {
    text: Vec<u8>,
    spans: Vec<(Range<usize>, f64)>,
    /// Whether there were too many.
    is_full: bool,
}

/// How much text of tokens is looked through, in bytes.
const MAX_TEXT: usize = 256 << 10;

/// The scores of a call's parts, each from 0 to 1.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TokenScores {
    name: Option<f64>,
    /// By JSON Pointer into the arguments.
    leaves: Vec<(String, f64)>,
}

impl TokenScores {
    /// The lowest of all parts, but for what the kind's own confidence pointer names: that is no argument.
    pub fn confidence(&self, without: Option<&Pointer>) -> Confidence {
        let without = without.map(Pointer::to_string);
        let counts = |pointer: &str| {
            without.as_deref().is_none_or(|without| {
                pointer.strip_prefix(without).is_none_or(|rest| !rest.is_empty() && !rest.starts_with('/'))
            })
        };
        let leaves = self
            .leaves
            .iter()
            .filter(|(pointer, _)| counts(pointer))
            .map(|(_, score)| *score)
            .chain(self.name);
        leaves.reduce(f64::min).and_then(Probability::new).map_or(Confidence::None, Confidence::Given)
    }
}

impl Tokens {
    /// Appends the tokens of a `logprobs` member.
    pub fn extend(&mut self, logprobs: Option<&Json>) {
        let content = logprobs.and_then(|logprobs| logprobs.get("content")).and_then(Json::as_array);
        for token in content.unwrap_or_default() {
            if self.text.len() > MAX_TEXT {
                // Too much to look through: no score, which counts as 0.
                *self = Self { is_full: true, ..Self::default() };
            }
            if self.is_full {
                return;
            }
            let start = self.text.len();
            match token.get("bytes").and_then(Json::as_array) {
                Some(bytes) => {
                    let byte = |byte: &Json| byte.as_i64().and_then(|byte| u8::try_from(byte).ok());
                    self.text.extend(bytes.iter().filter_map(byte));
                }
                None => {
                    let text = token.get("token").and_then(Json::as_str).unwrap_or_default();
                    self.text.extend_from_slice(text.as_bytes());
                }
            }
            let logprob = token.get("logprob").and_then(Json::as_f64);
            self.spans.push((start..self.text.len(), logprob.unwrap_or(f64::NEG_INFINITY)));
        }
    }

    /// Whether nothing was told.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The scores of a call of this name with these arguments, as JSON text or as a custom tool's plain text.
    /// Calls are asked for in their order; `from` is where the last one ended.
    pub fn scores(&self, from: &mut usize, name: &str, args: &str, plain: bool) -> Option<TokenScores> {
        let start = self.find(*from, args)?;
        let end = start.saturating_add(args.len());
        let leaves = if plain {
            vec![("/input".to_owned(), 0..args.len())]
        } else {
            parse_with(&mut Leaves, args.as_bytes(), Limits::FOREIGN).ok()?
        };
        let leaves = leaves
            .into_iter()
            .filter(|(_, span)| !span.is_empty())
            .map(|(pointer, span)| {
                let moved = start.saturating_add(span.start)..start.saturating_add(span.end);
                (pointer, self.probability(&moved))
            })
            .collect::<Vec<_>>();
        let name_at = self.find_last(*from..start, name);
        let name = name_at.map(|at| self.probability(&(at..at.saturating_add(name.len()))));
        *from = end;
        (name.is_some() || !leaves.is_empty()).then_some(TokenScores { name, leaves })
    }

    /// The joint probability of the tokens that touch this part of the text.
    fn probability(&self, span: &Range<usize>) -> f64 {
        let first = self.spans.partition_point(|(token, _)| token.end <= span.start);
        let touching = self.spans.iter().skip(first).take_while(|(token, _)| token.start < span.end);
        touching.map(|(_, logprob)| logprob.min(0.0)).sum::<f64>().exp()
    }

    fn find(&self, from: usize, part: &str) -> Option<usize> {
        let text = std::str::from_utf8(&self.text).ok()?.get(from..)?;
        text.find(part).filter(|_| !part.is_empty()).map(|at| from.saturating_add(at))
    }

    fn find_last(&self, range: Range<usize>, part: &str) -> Option<usize> {
        let start = range.start;
        let text = std::str::from_utf8(&self.text).ok()?.get(range)?;
        text.rfind(part).filter(|_| !part.is_empty()).map(|at| start.saturating_add(at))
    }
}

/// Builds the places of all leaves, by pointer.
struct Leaves;

impl Build for Leaves {
    type Value = Vec<(String, Range<usize>)>;
    type Member = (Text, Self::Value);

    fn scalar(&mut self, value: Json, span: Range<usize>) -> Self::Value {
        let inside = match value {
            Json::String(_) => span.start.saturating_add(1)..span.end.saturating_sub(1),
            _ => span,
        };
        vec![(String::new(), inside)]
    }

    fn array(&mut self, elements: Vec<Self::Value>, _: Range<usize>) -> Self::Value {
        let numbered = elements.into_iter().enumerate();
        numbered.flat_map(|(at, leaves)| below(&at.to_string(), leaves)).collect()
    }

    fn member(&mut self, name: Text, _: Range<usize>, leaves: Self::Value) -> Self::Member {
        (name, leaves)
    }

    fn name((name, _): &Self::Member) -> &str {
        name
    }

    fn object(&mut self, members: Vec<Self::Member>, _: Range<usize>) -> Self::Value {
        members.into_iter().flat_map(|(name, leaves)| below(&name, leaves)).collect()
    }
}

fn below(name: &str, leaves: Vec<(String, Range<usize>)>) -> Vec<(String, Range<usize>)> {
    let step = Pointer::default().child(name).to_string();
    leaves.into_iter().map(|(pointer, span)| (format!("{step}{pointer}"), span)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(tokens: &[(&str, &str)]) -> Tokens {
        let content: Vec<String> = tokens
            .iter()
            .map(|(token, logprob)| format!("{{\"token\":{},\"logprob\":{logprob}}}", Json::from(*token)))
            .collect();
        let logprobs = Json::parse(format!("{{\"content\":[{}]}}", content.join(",")).as_bytes()).unwrap();
        let mut read = Tokens::default();
        read.extend(Some(&logprobs));
        read
    }

    fn score(all: &[(&str, &str)], name: &str, args: &str, without: &str) -> Option<f64> {
        let scores = tokens(all).scores(&mut 0, name, args, false)?;
        let without = Pointer::parse(without).filter(|pointer| !pointer.is_root());
        match scores.confidence(without.as_ref()) {
            Confidence::Given(given) => Some(given.get()),
            _ => None,
        }
    }

    const CALL: [(&str, &str); 9] = [
        ("<tool>", "-3"),
        ("ref", "-0.1"),
        ("und", "-0.2"),
        ("</tool>", "-3"),
        ("{\"amount\"", "-5"),
        (":", "-5"),
        ("10", "-0.5"),
        ("0", "-0.25"),
        ("}", "-5"),
    ];

    #[test]
    fn the_worst_leaf_counts_and_structure_does_not() {
        let close = |found: Option<f64>, expected: f64| {
            assert!((found.unwrap() - expected).abs() < 1e-12, "{found:?} is not {expected}");
        };
        close(score(&CALL, "refund", "{\"amount\":100}", ""), (-0.75_f64).exp());
        // The name is a leaf; what the kind's own pointer names is not.
        close(score(&CALL, "refund", "{\"amount\":100}", "/amount"), (-0.3_f64).exp());
        close(score(&CALL, "refund", "{\"amount\":100}", "/amo"), (-0.75_f64).exp());
        // A token that holds a digit and a brace touches the value.
        let merged = [("{\"a\":", "-4"), ("7}", "-0.5")];
        close(score(&merged, "f", "{\"a\":7}", ""), (-0.5_f64).exp());
        let nested =
            [("{\"a\":[", "0"), ("1", "-0.1"), (",{\"b/c\":\"", "0"), ("x y", "-0.4"), ("\"}]}", "0")];
        close(score(&nested, "f", "{\"a\":[1,{\"b/c\":\"x y\"}]}", ""), (-0.4_f64).exp());
        close(score(&nested, "f", "{\"a\":[1,{\"b/c\":\"x y\"}]}", "/a/1/b~1c"), (-0.1_f64).exp());
        close(score(&[("{\"a\":", "0"), ("1", "1e-7"), ("}", "0")], "f", "{\"a\":1}", ""), 1.0);
    }

    #[test]
    fn what_is_very_unlikely_or_not_told_counts_as_zero() {
        for logprob in ["-9999.0", "null", "\"x\""] {
            let all = [("{\"a\":", "0"), ("1", logprob), ("}", "0")];
            assert_eq!(score(&all, "f", "{\"a\":1}", ""), Some(0.0), "{logprob}");
        }
    }

    #[test]
    fn arguments_that_are_not_among_the_tokens_have_no_score() {
        assert_eq!(score(&CALL, "refund", "{\"amount\": 100}", ""), None);
        assert_eq!(score(&[], "refund", "{}", ""), None);
        // Nothing to be sure of: no leaf and no name.
        assert_eq!(score(&[("{}", "-1")], "refund", "{}", ""), None);
        assert_eq!(score(&[("refund", "-1"), ("{}", "-2")], "refund", "{}", ""), Some((-1_f64).exp()));
    }

    #[test]
    fn calls_are_found_in_their_order() {
        let all = tokens(&[
            ("{\"a\":", "0"),
            ("1", "-0.1"),
            ("}", "0"),
            ("{\"a\":", "0"),
            ("1", "-0.7"),
            ("}", "0"),
        ]);
        let mut from = 0;
        let scores: Vec<_> = (0..3).map(|_| all.scores(&mut from, "f", "{\"a\":1}", false)).collect();
        assert_eq!(scores[0].as_ref().unwrap().leaves, [("/a".to_owned(), (-0.1_f64).exp())]);
        assert_eq!(scores[1].as_ref().unwrap().leaves, [("/a".to_owned(), (-0.7_f64).exp())]);
        assert_eq!(scores[2], None);
    }

    #[test]
    fn a_token_may_be_half_a_character() {
        let logprobs = br#"{"content":[{"token":"{\"a\":\"","logprob":0},{"token":"x","bytes":[195],"logprob":-0.2},{"token":"y","bytes":[169],"logprob":-0.3},{"token":"\"}","logprob":0}]}"#;
        let mut all = Tokens::default();
        all.extend(Some(&Json::parse(logprobs).unwrap()));
        let scores = all.scores(&mut 0, "f", "{\"a\":\"é\"}", false).unwrap();
        assert_eq!(scores.leaves, [("/a".to_owned(), (-0.5_f64).exp())]);
    }
}
