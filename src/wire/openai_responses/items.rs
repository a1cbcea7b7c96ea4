//! Items of an answer's `output`: which of them are calls, and what stands in a call's place.

use crate::core::json::{Json, Object};
use crate::wire::call::{Call, Carries, Fate};
use crate::wire::notice::Notice;

/// Members of a call that are not its arguments.
const OWN: [&str; 4] = ["id", "call_id", "type", "status"];

/// What our own items' ids begin with.
pub(super) const OWN_ID: &str = "msg_hp_";

/// An item's type.
pub(super) fn type_of(item: &Json) -> &str {
    item.get("type").and_then(Json::as_str).unwrap_or_default()
}

/// Whether an item is a call: every type that ends so, known or not, and what asks the client for an approval
/// that it could give by itself.
pub(super) fn is_call(item: &Json) -> bool {
    type_of(item).ends_with("_call") || type_of(item) == "mcp_approval_request"
}

/// Reads a call.
pub(super) fn call_of(item: &Json) -> Option<Call> {
    if !is_call(item) {
        return None;
    }
    Some(match type_of(item) {
        "function_call" => Call::of_function(name_of(item).as_ref(), item.get("arguments")),
        "custom_tool_call" => Call::of_custom_tool(name_of(item).as_ref(), item.get("input")),
        "mcp_approval_request" => Call::unknown("mcp_approval_request"),
        other => {
            let mut args = item.as_object().cloned().unwrap_or_default();
            for name in OWN {
                args.remove(name);
            }
            let kind = other.trim_end_matches("_call");
            if kind.is_empty() {
                return Some(Call::unknown(other));
            }
            Call::new(kind.to_owned(), Ok(args), Carries::Arguments)
        }
    })
}

/// The whole name of a tool: what stands in a namespace is another tool than its namesake outside.
fn name_of(item: &Json) -> Option<Json> {
    let name = item.get("name")?;
    match (item.get("namespace"), name.as_str()) {
        (None | Some(Json::Null), _) => Some(name.clone()),
        (Some(Json::String(namespace)), Some(name)) => Some(format!("{namespace}.{name}").into()),
        _ => None,
    }
}

/// A call with other arguments.
pub(super) fn with_args(item: &Json, args: &Object) -> Json {
    let mut changed = item.as_object().cloned().unwrap_or_default();
    match type_of(item) {
        "function_call" => changed.set("arguments", args.to_string()),
        "custom_tool_call" => changed.set("input", args.get("input").cloned().unwrap_or(Json::Null)),
        _ => {
            let names: Vec<String> = changed.iter().map(|(name, _)| name.to_owned()).collect();
            for name in names.iter().filter(|name| !OWN.contains(&name.as_str())) {
                changed.remove(name);
            }
            for (name, value) in args.iter().filter(|(name, _)| !OWN.contains(name)) {
                changed.set(name, value.clone());
            }
        }
    }
    changed.into()
}

/// The message that says a notice.
pub(super) fn message_of(notice: &Notice, index: usize, structured: bool) -> Json {
    let id = match notice.id.strip_prefix("hp_") {
        Some(id) => format!("{OWN_ID}{id}"),
        None => format!("{OWN_ID}none_{index}"),
    };
    Json::object([
        ("id", id.into()),
        ("type", "message".into()),
        ("status", "completed".into()),
        ("role", "assistant".into()),
        ("content", Json::Array(vec![part_of(&notice.text(), structured)])),
    ])
}

/// The part of a message that holds a text, or a refusal where a schema is asked for.
pub(super) fn part_of(text: &str, structured: bool) -> Json {
    if structured {
        return Json::object([("type", "refusal".into()), ("refusal", text.into())]);
    }
    Json::object([
        ("type", "output_text".into()),
        ("text", text.into()),
        ("annotations", Json::Array(Vec::new())),
        ("logprobs", Json::Array(Vec::new())),
    ])
}

/// What becomes of an item: as it is, changed, or in its place another.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Becomes {
    /// As it came.
    Same,
    /// The same call with other arguments.
    Changed(Json),
    /// A message with a notice.
    Notice(Json),
    /// It goes: the calls that it led to are all gone, and the upstream refuses reasoning that leads nowhere.
    Dropped,
}

/// What becomes of each item, with the fates of those that are calls, in order.
pub(super) fn become_of(items: &[Json], fates: &[Fate], structured: bool) -> Vec<Becomes> {
    let mut fates = fates.iter();
    let mut becomes: Vec<Becomes> = items
        .iter()
        .enumerate()
        .map(|(at, item)| match is_call(item).then(|| fates.next()) {
            None | Some(Some(Fate::Run)) => Becomes::Same,
            Some(Some(Fate::RunWith(args))) => Becomes::Changed(with_args(item, args)),
            Some(Some(Fate::Notice(notice))) => Becomes::Notice(message_of(notice, at, structured)),
            // What has no fate is not known to have been gated.
            Some(None) => Becomes::Dropped,
        })
        .collect();
    for at in 0..items.len() {
        if leads_nowhere(items.get(at..).unwrap_or_default(), becomes.get(at..).unwrap_or_default())
            && let Some(reasoning) = becomes.get_mut(at)
        {
            *reasoning = Becomes::Dropped;
        }
    }
    becomes
}

/// Whether the first of these items is reasoning, and all the calls that it led to are gone.
fn leads_nowhere(items: &[Json], becomes: &[Becomes]) -> bool {
    let is_reasoning = |item: &Json| type_of(item) == "reasoning";
    if !items.first().is_some_and(is_reasoning) {
        return false;
    }
    let rest = items.iter().zip(becomes).skip_while(|(item, _)| is_reasoning(item));
    let mut calls = rest.take_while(|(item, _)| is_call(item)).peekable();
    calls.peek().is_some()
        && calls.all(|(_, becomes)| matches!(becomes, Becomes::Notice(_) | Becomes::Dropped))
}

/// The items as they leave.
pub(super) fn rewritten(items: &[Json], becomes: &[Becomes]) -> Vec<Json> {
    let items = items.iter().zip(becomes).filter_map(|(item, becomes)| match becomes {
        Becomes::Same => Some(item.clone()),
        Becomes::Changed(item) | Becomes::Notice(item) => Some(item.clone()),
        Becomes::Dropped => None,
    });
    items.collect()
}
