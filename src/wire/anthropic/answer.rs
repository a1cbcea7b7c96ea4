//! An answer that came as a whole.

use super::blocks::{Becomes, blocks_of, call_of, is_call, rewrite};
use crate::core::json::Json;
use crate::wire::answer::{AnswerError, CallRef, Changed, WholeAnswer, check_own_names};
use crate::wire::call::{Call, Fate};

/// An answer whose calls were found.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    document: Json,
    calls: Vec<Call>,
    structured: bool,
}

impl Answer {
    /// Reads an answer and finds its calls. What has another shape is refused: it could hide one. `structured`: a notice
    /// has to be a refusal.
    pub fn parse(body: &[u8], structured: bool) -> Result<Self, AnswerError> {
        let document = Json::parse(body)?;
        check_own_names(&document)?;
        let calls = blocks_of(&document)?.iter().filter(|block| is_call(block)).map(call_of).collect();
        Ok(Self { document, calls, structured })
    }
}

/// What the upstream knows the calls of these blocks by.
pub(super) fn refs_of(blocks: &[Json]) -> Vec<CallRef> {
    let text = |block: &Json, name| block.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let calls = blocks.iter().filter(|block| is_call(block));
    calls.map(|block| CallRef { call_id: text(block, "id"), kind: text(block, "type") }).collect()
}

impl WholeAnswer for Answer {
    fn calls(&self) -> &[Call] {
        &self.calls
    }

    fn model(&self) -> Option<&str> {
        self.document.get("model").and_then(Json::as_str)
    }

    fn rewrite(mut self: Box<Self>, fates: &[Fate]) -> String {
        let blocks = blocks_of(&self.document).unwrap_or_default();
        let stop_reason = self.document.get("stop_reason").and_then(Json::as_str);
        let rewritten = rewrite(blocks, stop_reason, fates, self.structured);
        let left = rewritten.blocks.into_iter().filter_map(|(at, becomes)| match becomes {
            Becomes::Same => blocks.get(at).cloned(),
            Becomes::Other(block) => Some(block),
        });
        let left: Vec<Json> = left.collect();
        if let Some(document) = self.document.as_object_mut() {
            document.set("content", Json::Array(left));
            for (name, value) in rewritten.members.iter() {
                document.set(name, value.clone());
            }
        }
        self.document.to_string()
    }

    fn changed(&self) -> Option<Changed> {
        let response = self.document.get("id").and_then(Json::as_str)?.to_owned();
        Some(Changed { response, calls: refs_of(blocks_of(&self.document).unwrap_or_default()) })
    }
}
