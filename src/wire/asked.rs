//! What the gate needs of a request to an AI, whatever the dialect.

use super::problem::{Code, Problem};
use crate::core::json::Json;

/// A request, as far as the gate is concerned.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// The model that was asked for.
    pub model: Option<String>,
    /// Whether the answer is asked for as a stream.
    pub stream: bool,
    /// Whether the answer has to follow a JSON schema, so that a notice has to be a refusal.
    pub structured: bool,
    /// The text of the last user message, cut at 4 kB.
    pub last_user_text: Option<String>,
    /// Whether the answer can hold calls at all, as far as the request tells.
    pub may_call: bool,
    /// What the upstream keeps of the history.
    pub history: History,
    /// The tools that were offered with a schema of their arguments.
    pub offered: Vec<Offered>,
}

/// A tool that a request offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The kind of its calls.
    pub kind: String,
    /// The JSON Schema of its arguments, as text.
    pub schema: String,
}

/// The largest schema that is kept with a case, in bytes: more is no help to whoever fills in fields.
const MAX_SCHEMA: usize = 16 << 10;
/// The same of all tools of a request together: it is kept while a client waits.
const MAX_SCHEMAS: usize = 128 << 10;
/// A case stands within other JSON, whose depth has a limit.
const MAX_DEPTH: usize = 32;

impl Offered {
    /// A tool of that kind; `None` where it has no schema that is worth keeping.
    pub(super) fn new(kind: String, schema: Option<&Json>) -> Option<Self> {
        let schema = schema.filter(|schema| schema.as_object().is_some() && is_flat(schema, MAX_DEPTH))?;
        let schema = schema.to_string();
        (schema.len() <= MAX_SCHEMA).then_some(Self { kind, schema })
    }

    /// Those that are kept while a request waits, together.
    pub(super) fn kept(offered: impl Iterator<Item = Self>) -> Vec<Self> {
        let mut left = MAX_SCHEMAS;
        let fits = |offered: &Self| {
            left = left.saturating_sub(offered.schema.len());
            left > 0
        };
        offered.take_while(fits).collect()
    }
}

/// Whether a value is at most so deep.
fn is_flat(json: &Json, depth: usize) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match json {
        Json::Object(object) => object.iter().all(|(_, value)| is_flat(value, depth)),
        Json::Array(values) => values.iter().all(|value| is_flat(value, depth)),
        _ => true,
    }
}

/// What an upstream keeps of the history around a request.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Whether it keeps the answer.
    pub keeps_answer: bool,
    /// The earlier answer that the request builds on.
    pub previous: Option<String>,
    /// The conversation that the request is a part of.
    pub conversation: Option<String>,
}

impl Asked {
    /// The schema of the arguments of calls of that kind.
    pub fn schema_of(&self, kind: &str) -> Option<Json> {
        let offered = self.offered.iter().find(|offered| offered.kind == kind)?;
        Json::parse(offered.schema.as_bytes()).ok()
    }

    /// Reads what all dialects say in the same way.
    pub(super) fn of(body: &Json) -> Self {
        Self {
            model: body.get("model").and_then(Json::as_str).map(str::to_owned),
            // What is not plainly false may be read as true by the upstream.
            stream: !matches!(body.get("stream"), None | Some(Json::Null | Json::Bool(false))),
            ..Self::default()
        }
    }
}

/// Whether a format that is asked for is JSON.
pub(super) fn is_json(format: Option<&Json>) -> bool {
    let format = format.and_then(|format| format.get("type")).and_then(Json::as_str);
    format.is_some_and(|format| format.starts_with("json"))
}

/// The text of the last of these messages that is a user's.
pub(super) fn last_user_text(messages: &Json) -> Option<String> {
    let is_users = |message: &&Json| message.get("role").and_then(Json::as_str) == Some("user");
    text_of_content(messages.as_array()?.iter().rfind(is_users)?.get("content")?)
}

/// How much of the last user message a reviewer is shown, in bytes.
const MAX_REQUEST_TEXT: usize = 4096;

/// The text of a message's content, cut at 4 kB: a string, or the texts of its parts.
pub(super) fn text_of_content(content: &Json) -> Option<String> {
    let text = match content {
        Json::String(text) => text.to_string(),
        Json::Array(parts) => {
            let texts: Vec<&str> =
                parts.iter().filter_map(|part| part.get("text").and_then(Json::as_str)).collect();
            texts.join("\n")
        }
        _ => return None,
    };
    let mut end = text.len().min(MAX_REQUEST_TEXT);
    while !text.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    text.get(..end).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// How long a client that says how long it is patient can be kept waiting, in milliseconds. It is told a little
/// before its own timer runs out: what it would do then is ask again.
pub fn patience_ms(timeout: &str) -> Option<i64> {
    let seconds =
        timeout.trim().parse::<f64>().ok().filter(|seconds| seconds.is_finite() && *seconds > 0.0)?;
    let patient = if seconds > 20.0 { seconds - 10.0 } else { seconds / 2.0 };
    #[expect(clippy::cast_possible_truncation, reason = "clamped to a day")]
    let ms = (patient.min(86_400.0) * 1000.0) as i64;
    Some(ms)
}

/// Reads `Holdpoint-Wait`.
pub fn wait_ms(asked: &str) -> Result<i64, Problem> {
    let seconds: Option<i64> = asked.trim().parse().ok().filter(|seconds| (0..=240).contains(seconds));
    seconds.map(|seconds| seconds.saturating_mul(1000)).ok_or_else(|| {
        Problem::new(Code::Invalid, "`Holdpoint-Wait` is a whole number of seconds from 0 to 240")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_told_before_its_own_timer_runs_out() {
        for (timeout, expected) in [
            ("600", Some(590_000)),
            ("30.0", Some(20_000)),
            ("20", Some(10_000)),
            ("4", Some(2_000)),
            ("0", None),
            ("-1", None),
            ("inf", None),
            ("NaN", None),
            ("read=5", None),
            ("1e300", Some(86_400_000)),
        ] {
            assert_eq!(patience_ms(timeout), expected, "{timeout}");
        }
    }

    #[test]
    fn a_wait_is_a_whole_number_of_seconds() {
        assert_eq!(wait_ms("0"), Ok(0));
        assert_eq!(wait_ms(" 240 "), Ok(240_000));
        for text in ["241", "-1", "1.5", "soon", ""] {
            assert!(wait_ms(text).is_err(), "{text}");
        }
    }
}
