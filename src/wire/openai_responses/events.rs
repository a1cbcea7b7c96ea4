//! The events of a stream: which of them carry nothing but text, what they say of a call, and full sets of our own.

use super::items::{part_of, type_of};
use crate::core::json::{Json, Object};
use crate::wire::sse;

/// Whether an event can carry no part of a call, whatever item it is of.
pub(super) fn is_text(kind: &str) -> bool {
    const TEXT: [&str; 4] =
        ["response.content_part.", "response.output_text.", "response.refusal.", "response.reasoning_"];
    // A response that begins or goes on has no items; where it has, it was refused.
    ["keepalive", "response.queued", "response.in_progress"].contains(&kind)
        || TEXT.iter().any(|prefix| kind.starts_with(prefix))
}

/// Whether an event says nothing but that its item goes on.
fn is_bare(event: &Json) -> bool {
    const BARE: [&str; 4] = ["type", "sequence_number", "item_id", "output_index"];
    event.as_object().is_some_and(|event| event.iter().all(|(name, _)| BARE.contains(&name)))
}

/// What the events of one call said before its item was done.
#[derive(Debug, Default)]
struct Said {
    added: u32,
    done: u32,
    deltas: Option<String>,
}

/// Whether every client reads the same calls, whether it lays the deltas together, takes each item when it is
/// done, or the whole response in the end.
pub(super) fn read_alike(
    events: impl Iterator<Item = Option<Json>>,
    items: &[Json],
    is_call: fn(&Json) -> bool,
) -> bool {
    let mut said: Vec<Said> = items.iter().map(|_| Said::default()).collect();
    for event in events {
        let Some(event) = event.as_ref() else { return false };
        let at = event.get("output_index").and_then(Json::as_i64).and_then(|at| usize::try_from(at).ok());
        let of_call = at.and_then(|at| items.get(at).filter(|item| is_call(item)).zip(said.get_mut(at)));
        let alike = match (type_of(event), of_call, event.get("item")) {
            ("response.output_item.added", Some((item, said)), Some(added)) => {
                said.added = said.added.saturating_add(1);
                begins_alike(added, item)
            }
            ("response.output_item.done", Some((item, said)), Some(done)) => {
                said.done = said.done.saturating_add(1);
                done == item
            }
            ("response.output_item.added" | "response.output_item.done", None, Some(item)) => !is_call(item),
            (kind, Some((item, said)), None) => says_alike(kind, event, item, said) || is_bare(event),
            (kind, None, None) => is_text(kind),
            _ => false,
        };
        if !alike {
            return false;
        }
    }
    items.iter().zip(&said).filter(|(item, _)| is_call(item)).all(|(item, said)| {
        let text = arguments_of(item).map(|(_, text)| text);
        said.added == 1 && said.done == 1 && said.deltas.as_deref().is_none_or(|deltas| Some(deltas) == text)
    })
}

/// Whether an item that begins is the one that it ends as, as far as it says.
fn begins_alike(added: &Json, item: &Json) -> bool {
    let Some(added) = added.as_object() else { return false };
    let same = |name: &str, value: &Json| {
        // What is empty in the beginning grows.
        let unsaid =
            value.is_null() || value.as_str() == Some("") || value.as_array().is_some_and(<[Json]>::is_empty);
        item.get(name) == Some(value) || unsaid || name == "status"
    };
    added.get("type") == item.get("type") && added.iter().all(|(name, value)| same(name, value))
}

fn says_alike(kind: &str, event: &Json, item: &Json, said: &mut Said) -> bool {
    if kind == "response.image_generation_call.partial_image" {
        return type_of(item) == "image_generation_call";
    }
    let Some((member, text)) = arguments_of(item) else { return false };
    let text_of = |name: &str| event.get(name).and_then(Json::as_str);
    let is = |what: &str| kind == format!("response.{}.{what}", events_of(member));
    let named = event.get("name").is_none_or(|name| name.is_null() || Some(name) == item.get("name"));
    if is("delta") {
        said.deltas.get_or_insert_default().push_str(text_of("delta").unwrap_or_default());
        named
    } else {
        is("done") && named && text_of(member) == Some(text)
    }
}

fn events_of(member: &str) -> &'static str {
    match member {
        "input" => "custom_tool_call_input",
        "code" => "code_interpreter_call_code",
        _ => "function_call_arguments",
    }
}

/// The member with the arguments' text, where the item has one that comes in deltas.
fn arguments_of(item: &Json) -> Option<(&'static str, &str)> {
    let member = match type_of(item) {
        "function_call" => "arguments",
        "custom_tool_call" => "input",
        "code_interpreter_call" => "code",
        _ => return None,
    };
    Some((member, item.get(member)?.as_str()?))
}

/// Writes events of our own, numbered from where the stream stands.
#[derive(Debug)]
pub(super) struct Writer<'a> {
    pub(super) out: &'a mut Vec<u8>,
    /// The number of the last event; `None` where the upstream gives none.
    pub(super) last: Option<i64>,
}

impl Writer<'_> {
    /// An event that came, at this place among the items and with the next number.
    pub(super) fn again(&mut self, event: &Json, index: Option<usize>) {
        let mut event = event.as_object().cloned().unwrap_or_default();
        if let Some(index) = index {
            event.set("output_index", number(index));
        }
        self.write(event);
    }

    fn event(&mut self, kind: &str, members: &[(&str, Json)]) {
        let mut event = Object::new();
        event.set("type", kind);
        if self.last.is_some() {
            event.set("sequence_number", 0_i64);
        }
        for (name, value) in members {
            event.set(name, value.clone());
        }
        self.write(event);
    }

    fn write(&mut self, mut event: Object) {
        if let Some(last) = &mut self.last {
            *last = last.saturating_add(1);
            event.set("sequence_number", *last);
        }
        let kind = event.get("type").and_then(Json::as_str).map(str::to_owned);
        sse::write(kind.as_deref(), &event.to_string(), self.out);
    }

    /// The full set of a call.
    pub(super) fn call(&mut self, item: &Json, index: usize) {
        let at = ("output_index", number(index));
        let id = ("item_id", item.get("id").cloned().unwrap_or(Json::Null));
        let mut begun = item.as_object().cloned().unwrap_or_default();
        if begun.get("status").is_some() {
            begun.set("status", "in_progress");
        }
        let text = arguments_of(item);
        if let Some((member, _)) = text {
            begun.set(member, "");
        }
        self.event("response.output_item.added", &[at.clone(), ("item", begun.into())]);
        if let Some((member, text)) = text {
            let kind = format!("response.{}", events_of(member));
            let own = [id, at.clone()];
            self.event(&format!("{kind}.delta"), &[own.as_slice(), &[("delta", text.into())]].concat());
            self.event(&format!("{kind}.done"), &[own.as_slice(), &[(member, text.into())]].concat());
        }
        self.event("response.output_item.done", &[at, ("item", item.clone())]);
    }

    /// The full set of a message with a notice.
    pub(super) fn message(&mut self, item: &Json, index: usize, structured: bool) {
        let at = ("output_index", number(index));
        let part = item.get("content").and_then(Json::as_array).and_then(<[Json]>::first).cloned();
        let (part, member) = (part.unwrap_or(Json::Null), if structured { "refusal" } else { "text" });
        let text = part.get(member).cloned().unwrap_or(Json::Null);
        let kind = if structured { "response.refusal" } else { "response.output_text" };
        let own = [
            ("item_id", item.get("id").cloned().unwrap_or(Json::Null)),
            at.clone(),
            ("content_index", 0_i64.into()),
        ];
        let logprobs = [("logprobs", Json::Array(Vec::new()))];
        let logprobs: &[_] = if structured { &[] } else { &logprobs };
        let mut begun = item.as_object().cloned().unwrap_or_default();
        begun.set("status", "in_progress");
        begun.set("content", Json::Array(Vec::new()));
        self.event("response.output_item.added", &[at.clone(), ("item", begun.into())]);
        let empty = [("part", part_of("", structured))];
        self.event("response.content_part.added", &[own.as_slice(), &empty].concat());
        let delta = [("delta", text.clone())];
        self.event(&format!("{kind}.delta"), &[own.as_slice(), &delta, logprobs].concat());
        self.event(&format!("{kind}.done"), &[own.as_slice(), &[(member, text)], logprobs].concat());
        self.event("response.content_part.done", &[own.as_slice(), &[("part", part)]].concat());
        self.event("response.output_item.done", &[at, ("item", item.clone())]);
    }

    /// The end, with these items.
    pub(super) fn end(&mut self, event: &Json, output: Vec<Json>) {
        let mut event = event.as_object().cloned().unwrap_or_default();
        if let Some(response) = event.get_mut("response").and_then(Json::as_object_mut) {
            response.set("output", Json::Array(output));
        }
        self.write(event);
    }
}

fn number(index: usize) -> Json {
    i64::try_from(index).unwrap_or(i64::MAX).into()
}
