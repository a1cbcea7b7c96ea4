//! An answer that came as a whole.

use super::history::refs_of;
use super::items::{become_of, call_of, is_call, rewritten};
use crate::core::json::Json;
use crate::wire::answer::{AnswerError, CallRef, Changed, MAX_CALLS, MAX_PARTS, WholeAnswer, check_names};
use crate::wire::asked::is_json;
use crate::wire::call::{Call, Fate};

/// An answer whose calls were found.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    document: Json,
    calls: Vec<Call>,
    structured: bool,
}

impl Answer {
    /// Reads an answer and finds its calls. What has another shape is refused: it could hide one. `structured`: a
    /// notice has to be a refusal.
    pub fn parse(body: &[u8], structured: bool) -> Result<Self, AnswerError> {
        let document = Json::parse(body)?;
        check_names(&document)?;
        let structured = structured || is_json(document.get("text").and_then(|text| text.get("format")));
        let calls = items_of(&document)?.iter().filter_map(call_of).collect();
        Ok(Self { document, calls, structured })
    }
}

/// The items of a response.
pub(super) fn items_of(response: &Json) -> Result<&[Json], AnswerError> {
    let items = response.get("output").and_then(Json::as_array);
    let items = items.ok_or(AnswerError::Shape("`output` is no array"))?;
    if items.len() > MAX_PARTS || items.iter().filter(|item| is_call(item)).count() > MAX_CALLS {
        return Err(AnswerError::TooMany);
    }
    let typed = |item: &Json| item.get("type").is_some_and(|of| of.as_str().is_some());
    if items.iter().all(typed) { Ok(items) } else { Err(AnswerError::Shape("an item has no `type`")) }
}

impl WholeAnswer for Answer {
    fn calls(&self) -> &[Call] {
        &self.calls
    }

    fn model(&self) -> Option<&str> {
        self.document.get("model").and_then(Json::as_str)
    }

    fn rewrite(mut self: Box<Self>, fates: &[Fate]) -> String {
        let items = items_of(&self.document).unwrap_or_default();
        let output = rewritten(items, &become_of(items, fates, self.structured));
        if let Some(document) = self.document.as_object_mut() {
            document.set("output", Json::Array(output));
        }
        self.document.to_string()
    }

    fn changed(&self) -> Option<Changed> {
        let calls: Vec<CallRef> = refs_of(items_of(&self.document).unwrap_or_default());
        let response = self.document.get("id").and_then(Json::as_str)?.to_owned();
        Some(Changed { response, calls })
    }
}
