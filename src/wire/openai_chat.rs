//! `OpenAI`'s Chat Completions without streaming: requests read for what the gate needs, answers read for their
//! tool calls and rewritten where a call may not run as it stands.

use crate::core::json::{Json, JsonError, Object};

/// How much of the last user message a reviewer is shown, in bytes.
const MAX_REQUEST_TEXT: usize = 4096;

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
            // Whatever is not plainly false may be read as true by the upstream.
            stream: !matches!(body.get("stream"), None | Some(Json::Null | Json::Bool(false))),
            structured: format.is_some_and(|format| format.starts_with("json")),
            last_user_text: last_user_text(&body),
        })
    }
}

fn last_user_text(body: &Json) -> Option<String> {
    let messages = body.get("messages")?.as_array()?;
    let message =
        messages.iter().rfind(|message| message.get("role").and_then(Json::as_str) == Some("user"))?;
    let text = match message.get("content")? {
        Json::String(text) => text.clone(),
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

/// An answer whose calls were found.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    document: Json,
    calls: Vec<Call>,
}

/// A call in an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The tool's name.
    pub kind: String,
    /// Its arguments, or why they are no action's.
    pub args: Result<Object, String>,
    place: Place,
}

/// Where a call stands: its choice, and its place within.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    choice: usize,
    slot: Slot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Slot {
    Function(usize),
    Custom(usize),
    /// Not a call that anybody knows: it may only be taken out.
    Unknown(usize),
    Legacy,
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Fate {
    /// It runs as it stands.
    Run,
    /// It runs with these arguments.
    RunWith(Object),
    /// It is taken out, and this stands in its place.
    Notice(String),
}

/// Why an answer cannot be gated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Not strict JSON.
    #[error("it is not strict JSON: {0}")]
    Json(#[from] JsonError),
    /// Not a chat completion.
    #[error("it is no chat completion: {0}")]
    Shape(&'static str),
}

impl Call {
    /// Whether it can carry these arguments: a custom tool takes one text, any other whatever a person wrote.
    pub fn can_carry(&self, args: &Object) -> bool {
        match self.place.slot {
            Slot::Custom(_) => {
                args.len() == 1 && args.get("input").is_some_and(|input| input.as_str().is_some())
            }
            Slot::Function(_) | Slot::Legacy => true,
            Slot::Unknown(_) => false,
        }
    }
}

impl Answer {
    /// Reads an answer and finds its calls. What has another shape is refused: it could hide one.
    pub fn parse(body: &[u8]) -> Result<Self, AnswerError> {
        let document = Json::parse(body)?;
        let choices = document
            .get("choices")
            .and_then(Json::as_array)
            .ok_or(AnswerError::Shape("`choices` is no array"))?;
        let mut calls = Vec::new();
        for (choice, entry) in choices.iter().enumerate() {
            let message = entry.get("message").and_then(Json::as_object);
            let message = message.ok_or(AnswerError::Shape("a choice has no `message`"))?;
            match message.get("tool_calls") {
                None | Some(Json::Null) => {}
                Some(Json::Array(entries)) => {
                    calls.extend(entries.iter().enumerate().map(|(at, entry)| tool_call(choice, at, entry)));
                }
                Some(_) => return Err(AnswerError::Shape("`tool_calls` is no array")),
            }
            if let Some(legacy) = message.get("function_call").filter(|legacy| !legacy.is_null()) {
                calls.push(named_call(Place { choice, slot: Slot::Legacy }, legacy));
            }
        }
        Ok(Self { document, calls })
    }

    /// The calls, choice by choice.
    pub fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// The model that answered.
    pub fn model(&self) -> Option<&str> {
        self.document.get("model").and_then(Json::as_str)
    }

    /// The answer with each call as its fate says, in the order of [`Self::calls`].
    pub fn rewrite(mut self, fates: &[Fate], structured: bool) -> String {
        let Some(Json::Array(choices)) =
            self.document.as_object_mut().and_then(|document| document.get_mut("choices"))
        else {
            return String::new();
        };
        for (at, choice) in choices.iter_mut().enumerate() {
            let own: Vec<(Slot, &Fate)> = self
                .calls
                .iter()
                .zip(fates)
                .filter(|(call, _)| call.place.choice == at)
                .map(|(call, fate)| (call.place.slot, fate))
                .collect();
            if let (Some(choice), false) = (choice.as_object_mut(), own.is_empty()) {
                rewrite_choice(choice, &own, structured);
            }
        }
        self.document.to_string()
    }
}

fn tool_call(choice: usize, at: usize, entry: &Json) -> Call {
    let place = |slot| Place { choice, slot };
    let kind = entry.get("type").and_then(Json::as_str);
    match (kind, entry.get("function"), entry.get("custom")) {
        // An entry that could be read as both is read as neither.
        (Some("function") | None, Some(function), None) => named_call(place(Slot::Function(at)), function),
        (Some("custom"), None, Some(custom)) => {
            let input = custom.get("input").and_then(Json::as_str);
            let args = input.map(|input| {
                let mut args = Object::new();
                args.set("input", input);
                args
            });
            named(place(Slot::Custom(at)), custom, args.ok_or_else(|| "the call has no input".to_owned()))
        }
        _ => {
            let args = Err("the call has a shape that is not known".to_owned());
            Call { kind: kind.unwrap_or("unknown").to_owned(), args, place: place(Slot::Unknown(at)) }
        }
    }
}

fn named_call(place: Place, function: &Json) -> Call {
    let args = match function.get("arguments") {
        Some(Json::String(text)) => match Json::parse(text.as_bytes()) {
            Ok(Json::Object(args)) => Ok(args),
            Ok(other) => Err(format!("the arguments are {}, not an object", other.type_name())),
            Err(error) => Err(format!("the arguments are not strict JSON: {error}")),
        },
        _ => Err("the arguments are no string".to_owned()),
    };
    named(place, function, args)
}

fn named(place: Place, call: &Json, args: Result<Object, String>) -> Call {
    match call.get("name").and_then(Json::as_str).filter(|name| !name.is_empty()) {
        Some(name) => Call { kind: name.to_owned(), args, place },
        None => Call { kind: "unknown".to_owned(), args: Err("the call has no name".to_owned()), place },
    }
}

fn rewrite_choice(choice: &mut Object, fates: &[(Slot, &Fate)], structured: bool) {
    let all_run = fates.iter().all(|(_, fate)| **fate == Fate::Run);
    let notices: Vec<&str> = fates
        .iter()
        .filter_map(|(_, fate)| match fate {
            Fate::Notice(text) => Some(text.as_str()),
            Fate::Run | Fate::RunWith(_) => None,
        })
        .collect();
    if all_run {
        return;
    }
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
    } else {
        let before = message.get("content").and_then(Json::as_str).filter(|before| !before.is_empty());
        let text = before.map_or(text.clone(), |before| format!("{before}\n\n{text}"));
        message.set("content", text);
    }
}

fn rewrite_calls(message: &mut Object, fates: &[(Slot, &Fate)]) {
    let fate_at = |at: usize| {
        let here =
            |slot: &Slot| matches!(slot, Slot::Function(i) | Slot::Custom(i) | Slot::Unknown(i) if *i == at);
        fates.iter().find(|(slot, _)| here(slot)).map(|(_, fate)| *fate)
    };
    if let Some(Json::Array(entries)) = message.get_mut("tool_calls") {
        let mut kept = Vec::new();
        for (at, mut entry) in std::mem::take(entries).into_iter().enumerate() {
            match fate_at(at) {
                Some(Fate::Run) => kept.push(entry),
                Some(Fate::RunWith(args)) => {
                    set_args(&mut entry, args);
                    kept.push(entry);
                }
                // Whatever has no fate is not known to have been gated.
                Some(Fate::Notice(_)) | None => {}
            }
        }
        if kept.is_empty() {
            message.remove("tool_calls");
        } else {
            message.set("tool_calls", kept.into_iter().collect::<Json>());
        }
    }
    match fates.iter().find(|(slot, _)| *slot == Slot::Legacy) {
        Some((_, Fate::RunWith(args))) => {
            if let Some(function) = message.get_mut("function_call").and_then(Json::as_object_mut) {
                function.set("arguments", args.to_string());
            }
        }
        Some((_, Fate::Notice(_))) => {
            message.remove("function_call");
        }
        Some((_, Fate::Run)) | None => {}
    }
}

fn set_args(entry: &mut Json, args: &Object) {
    let Some(entry) = entry.as_object_mut() else { return };
    if let Some(function) = entry.get_mut("function").and_then(Json::as_object_mut) {
        function.set("arguments", args.to_string());
    } else if let Some(custom) = entry.get_mut("custom").and_then(Json::as_object_mut) {
        custom.set("input", args.get("input").cloned().unwrap_or(Json::Null));
    }
}
