//! `OpenAI`'s Chat Completions: requests read for what the gate needs, answers and streams read for their tool
//! calls, and rewritten where a call may not run as it stands.

mod answer;
mod calls;
mod fragments;
mod stream;

pub use answer::Answer;
pub use stream::Stream;

use super::call::text_of_content;
use crate::core::json::{Json, JsonError};

/// What the gate needs of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The model that was asked for.
    pub model: Option<String>,
    /// Whether the answer is asked for as a stream.
    pub stream: bool,
    /// Whether the answer has to follow a JSON schema, so that a notice has to be a refusal.
    pub structured: bool,
    /// The text of the last user message, cut at 4 kB.
    pub last_user_text: Option<String>,
}

impl Request {
    /// Reads a request.
    pub fn parse(body: &[u8]) -> Result<Self, JsonError> {
        let body = Json::parse(body)?;
        let format = body.get("response_format").and_then(|format| format.get("type")).and_then(Json::as_str);
        Ok(Self {
            model: body.get("model").and_then(Json::as_str).map(str::to_owned),
            stream: asks_for_a_stream(&body),
            structured: format.is_some_and(|format| format.starts_with("json")),
            last_user_text: last_user_text(&body),
        })
    }
}

/// Whether a request asks for a stream. What is not plainly false may be read as true by the upstream.
pub(super) fn asks_for_a_stream(body: &Json) -> bool {
    !matches!(body.get("stream"), None | Some(Json::Null | Json::Bool(false)))
}

fn last_user_text(body: &Json) -> Option<String> {
    let messages = body.get("messages")?.as_array()?;
    let is_users = |message: &&Json| message.get("role").and_then(Json::as_str) == Some("user");
    text_of_content(messages.iter().rfind(is_users)?.get("content")?)
}
