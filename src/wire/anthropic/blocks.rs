//! Blocks of an answer's `content`: which of them are calls, and what stands in a call's place.

use crate::core::json::{Json, Object};
use crate::wire::answer::{AnswerError, MAX_CALLS, MAX_PARTS, check_own_names};
use crate::wire::call::{Call, Fate};

/// Calls that the upstream has executed by itself, as far as requests for them are let through.
const EXECUTED: [&str; 2] = ["mcp_tool_use", "server_tool_use"];

/// A block's type.
pub(super) fn type_of(block: &Json) -> &str {
    block.get("type").and_then(Json::as_str).unwrap_or_default()
}

/// Whether a block is a call for the client to execute: every type that sounds so, known or not.
pub(super) fn is_call(block: &Json) -> bool {
    let kind = type_of(block);
    let lower = kind.trim().to_ascii_lowercase();
    let sounds_so = lower.ends_with("_use") || lower.ends_with("_call") || lower.contains("tool_use");
    sounds_so && !EXECUTED.contains(&kind)
}

/// Reads a call that came whole.
pub(super) fn call_of(block: &Json) -> Call {
    call_with(block, |name| Call::of_object(name, block.get("input")))
}

/// Reads a call whose input is read as `read` says. One of a toolset is another tool than its namesake outside.
pub(super) fn call_with(block: &Json, read: impl FnOnce(Option<&Json>) -> Call) -> Call {
    // Members that a client keeps for itself change what it reads.
    let keeps = block.as_object().is_some_and(|block| block.iter().any(|(name, _)| name.starts_with('_')));
    match type_of(block) {
        "tool_use" if keeps => Call::broken("tool_use", "it has members that clients keep for themselves"),
        "tool_use" => match (block.get("toolset_name"), block.get("name").and_then(Json::as_str)) {
            (None | Some(Json::Null), _) => read(block.get("name")),
            (Some(Json::String(set)), Some(name)) if !set.is_empty() => {
                read(Some(&format!("{set}.{name}").into()))
            }
            _ => Call::broken("tool_use", "its toolset has no name"),
        },
        other => Call::unknown(other),
    }
}

/// The blocks of a message. What has another shape is refused: it could hide a call.
pub(super) fn blocks_of(message: &Json) -> Result<&[Json], AnswerError> {
    let blocks = message.get("content").and_then(Json::as_array);
    let blocks = blocks.ok_or(AnswerError::Shape("`content` is no array"))?;
    if blocks.len() > MAX_PARTS || blocks.iter().filter(|block| is_call(block)).count() > MAX_CALLS {
        return Err(AnswerError::TooMany);
    }
    for block in blocks {
        check_own_names(block)?;
        if type_of(block).is_empty() {
            return Err(AnswerError::Shape("a block has no `type`"));
        }
    }
    Ok(blocks)
}

/// A block of text.
pub(super) fn text(text: &str) -> Json {
    Json::object([("type", "text".into()), ("text", text.into())])
}

/// A call with other arguments.
pub(super) fn with_input(block: &Json, input: &Object) -> Json {
    let mut block = block.as_object().cloned().unwrap_or_default();
    block.set("input", input.clone());
    block.into()
}

/// What becomes of a message.
#[derive(Debug, Default)]
pub(super) struct Rewritten {
    /// Each block that stays, is changed or takes a call's place, with the place where the old one stood.
    pub(super) blocks: Vec<(usize, Becomes)>,
    /// The members of the message that change.
    pub(super) members: Object,
}

/// What becomes of a block.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Becomes {
    /// As it came.
    Same,
    /// Another block.
    Other(Json),
}

/// What becomes of a message with these blocks, with the fates of those that are calls, in order. Where the answer has to
/// follow a schema nothing but JSON may stand in a text: notices are told beside it, as a refusal.
pub(super) fn rewrite(
    blocks: &[Json],
    stop_reason: Option<&str>,
    fates: &[Fate],
    structured: bool,
) -> Rewritten {
    let mut rewritten = Rewritten::default();
    let mut fates = fates.iter();
    let mut notices = Vec::new();
    let mut calls_left = 0_usize;
    for (at, block) in blocks.iter().enumerate() {
        let becomes = match is_call(block).then(|| fates.next()) {
            None => Becomes::Same,
            Some(Some(Fate::Run)) => {
                calls_left = calls_left.saturating_add(1);
                Becomes::Same
            }
            Some(Some(Fate::RunWith(input))) => {
                calls_left = calls_left.saturating_add(1);
                Becomes::Other(with_input(block, input))
            }
            Some(Some(Fate::Notice(notice))) => {
                notices.push(notice.text());
                if structured {
                    continue;
                }
                Becomes::Other(text(&notice.text()))
            }
            // What has no fate is not known to have been gated.
            Some(None) => continue,
        };
        rewritten.blocks.push((at, becomes));
    }
    if structured && !notices.is_empty() {
        let details = [
            ("type", "refusal".into()),
            ("category", Json::Null),
            ("explanation", notices.join("\n").into()),
        ];
        rewritten.members.set("stop_details", Json::object(details));
    }
    if calls_left == 0 && structured && !notices.is_empty() {
        rewritten.members.set("stop_reason", "refusal");
        // A text that leads up to a call is none of the schema's.
        let is_text = |at: &usize| blocks.get(*at).is_some_and(|block| type_of(block) == "text");
        rewritten.blocks.retain(|(at, _)| !is_text(at));
    } else if calls_left == 0 && stop_reason == Some("tool_use") {
        rewritten.members.set("stop_reason", "end_turn");
    }
    rewritten
}
