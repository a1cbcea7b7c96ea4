//! The calls of one message: found in it, and rewritten in it.

use crate::core::json::{Json, Object};
use crate::wire::call::{Call, Fate};
use crate::wire::token_scores::Tokens;

/// Where a call stands in its message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// In `tool_calls`, at this place.
    Tool(usize),
    /// In `function_call`, the older form.
    Legacy,
}

/// Finds the calls of a message, or of the deltas of one laid together.
pub(super) fn calls_of(message: &Object, tokens: &Tokens) -> Result<Vec<(Slot, Call)>, &'static str> {
    let mut calls = Vec::new();
    match message.get("tool_calls") {
        None | Some(Json::Null) => {}
        Some(Json::Array(entries)) => {
            calls.extend(entries.iter().enumerate().map(|(at, entry)| (Slot::Tool(at), tool_call(entry))));
        }
        Some(_) => return Err("`tool_calls` is no array"),
    }
    if let Some(legacy) = message.get("function_call").filter(|legacy| !legacy.is_null()) {
        calls.push((Slot::Legacy, Call::of_function(legacy.get("name"), legacy.get("arguments"))));
    }
    if !tokens.is_empty() {
        let mut from = 0;
        for (slot, call) in &mut calls {
            let text = text_of(message, *slot);
            call.scores = text.and_then(|(text, plain)| tokens.scores(&mut from, &call.kind, text, plain));
        }
    }
    Ok(calls)
}

/// The arguments as the model wrote them, and whether they are plain text.
fn text_of(message: &Object, slot: Slot) -> Option<(&str, bool)> {
    let entry = match slot {
        Slot::Legacy => return Some((message.get("function_call")?.get("arguments")?.as_str()?, false)),
        Slot::Tool(at) => message.get("tool_calls")?.as_array()?.get(at)?,
    };
    match entry.get("function") {
        Some(function) => Some((function.get("arguments")?.as_str()?, false)),
        None => Some((entry.get("custom")?.get("input")?.as_str()?, true)),
    }
}

fn tool_call(entry: &Json) -> Call {
    let kind = entry.get("type").and_then(Json::as_str);
    match (kind, entry.get("function"), entry.get("custom")) {
        // An entry that could be read as both is read as neither.
        (Some("function") | None, Some(function), None) => {
            Call::of_function(function.get("name"), function.get("arguments"))
        }
        (Some("custom"), None, Some(custom)) => Call::of_custom_tool(custom.get("name"), custom.get("input")),
        _ => Call::unknown(kind.unwrap_or_default()),
    }
}

/// Writes a call's fate into its message, but for notices.
pub(super) fn rewrite_calls(message: &mut Object, fates: &[(Slot, &Fate)]) {
    let fate_at = |wanted: Slot| fates.iter().find(|(slot, _)| *slot == wanted).map(|(_, fate)| *fate);
    if let Some(Json::Array(entries)) = message.get_mut("tool_calls") {
        let mut kept = Vec::new();
        for (at, mut entry) in std::mem::take(entries).into_iter().enumerate() {
            match fate_at(Slot::Tool(at)) {
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
    match fate_at(Slot::Legacy) {
        Some(Fate::RunWith(args)) => {
            if let Some(function) = message.get_mut("function_call").and_then(Json::as_object_mut) {
                function.set("arguments", args.to_string());
            }
        }
        Some(Fate::Run) => {}
        Some(Fate::Notice(_)) | None => {
            message.remove("function_call");
        }
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

/// The notices among these fates, a line each.
pub(super) fn notices<'a>(fates: impl IntoIterator<Item = &'a Fate>) -> Vec<String> {
    fates.into_iter().filter_map(Fate::notice).map(crate::wire::notice::Notice::text).collect()
}
