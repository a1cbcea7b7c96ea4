//! An answer that came as a whole.

use super::calls::{Slot, calls_of, notices, rewrite_calls};
use crate::core::json::{Json, Object};
use crate::wire::answer::{AnswerError, MAX_CALLS, WholeAnswer, check_names};
use crate::wire::call::{Call, Fate};
use crate::wire::token_scores::Tokens;

/// An answer whose calls were found.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    document: Json,
    calls: Vec<Call>,
    /// Of each call: its choice, and its place within.
    places: Vec<(usize, Slot)>,
    /// Whether a notice has to be a refusal.
    structured: bool,
}

impl Answer {
    /// Reads an answer and finds its calls. What has another shape is refused: it could hide one.
    pub fn parse(body: &[u8], structured: bool) -> Result<Self, AnswerError> {
        let document = Json::parse(body)?;
        check_names(&document)?;
        let choices = document.get("choices").and_then(Json::as_array);
        let choices = choices.ok_or(AnswerError::Shape("`choices` is no array"))?;
        let (mut calls, mut places) = (Vec::new(), Vec::new());
        for (at, choice) in choices.iter().enumerate() {
            let message = choice.get("message").and_then(Json::as_object);
            let message = message.ok_or(AnswerError::Shape("a choice has no `message`"))?;
            let mut tokens = Tokens::default();
            tokens.extend(choice.get("logprobs"));
            for (slot, call) in calls_of(message, &tokens).map_err(AnswerError::Shape)? {
                calls.push(call);
                places.push((at, slot));
            }
        }
        if calls.len() > MAX_CALLS {
            return Err(AnswerError::TooMany);
        }
        Ok(Self { document, calls, places, structured })
    }
}

impl WholeAnswer for Answer {
    fn calls(&self) -> &[Call] {
        &self.calls
    }

    fn model(&self) -> Option<&str> {
        self.document.get("model").and_then(Json::as_str)
    }

    fn rewrite(mut self: Box<Self>, fates: &[Fate]) -> String {
        let choices = self.document.as_object_mut().and_then(|document| document.get_mut("choices"));
        let Some(Json::Array(choices)) = choices else { return String::new() };
        for (at, choice) in choices.iter_mut().enumerate() {
            let own = self.places.iter().zip(fates).filter(|((choice, _), _)| *choice == at);
            let own: Vec<(Slot, &Fate)> = own.map(|((_, slot), fate)| (*slot, fate)).collect();
            if let (Some(choice), true) =
                (choice.as_object_mut(), own.iter().any(|(_, fate)| **fate != Fate::Run))
            {
                rewrite_choice(choice, &own, self.structured);
            }
        }
        self.document.to_string()
    }
}

fn rewrite_choice(choice: &mut Object, fates: &[(Slot, &Fate)], structured: bool) {
    let notices = notices(fates.iter().map(|(_, fate)| *fate));
    choice.set("logprobs", Json::Null);
    if notices.len() == fates.len() {
        choice.set("finish_reason", "stop");
    }
    let Some(message) = choice.get_mut("message").and_then(Json::as_object_mut) else { return };
    rewrite_calls(message, fates);
    if notices.is_empty() {
        return;
    }
    let text = notices.join("\n");
    if structured {
        message.set("content", Json::Null);
        message.set("refusal", text);
    } else if let Some(Json::Array(parts)) = message.get_mut("content") {
        parts.push(Json::object([("type", "text".into()), ("text", text.into())]));
    } else {
        let before = message.get("content").and_then(Json::as_str).filter(|before| !before.is_empty());
        let text = before.map_or(text.clone(), |before| format!("{before}\n\n{text}"));
        message.set("content", text);
    }
}
