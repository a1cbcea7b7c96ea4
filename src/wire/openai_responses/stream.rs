//! An answer that comes as a stream of events.
//!
//! Text passes as it comes. From the first call on, everything is kept back until the response has ended and each
//! call has its fate. Reasoning is kept back too where a call could follow, until it is known what it led to: the
//! upstream refuses reasoning whose calls are gone. If all calls run as they stand, the very bytes that came
//! leave; else full sets of events of our own, with new numbers, and an end that repeats them.

use super::answer::items_of;
use super::events::{Writer, is_text, read_alike};
use super::history::refs_of;
use super::items::{Becomes, become_of, call_of, is_call, rewritten, type_of};
use crate::core::json::Json;
use crate::wire::answer::{AnswerError, AnswerStream, Changed, MAX_CALLS, MAX_PARTS, Ripe, check_names};
use crate::wire::asked::Asked;
use crate::wire::call::Fate;
use crate::wire::problem::Code;
use crate::wire::sse::{self, Event, MAX_BYTES};

/// A stream that is being gated.
#[derive(Debug, Default)]
pub struct Stream {
    structured: bool,
    may_call: bool,
    model: Option<String>,
    stage: Stage,
    kept: Vec<Vec<u8>>,
    bytes: usize,
    /// What comes behind the end.
    later: Vec<Vec<u8>>,
    /// The number of the last event that left.
    last: Option<i64>,
    end: Option<End>,
    over: bool,
}

/// How the response has ended.
#[derive(Debug)]
struct End {
    event: Json,
    /// Its items, each at its place; null for what left before.
    items: Vec<Json>,
    /// Whether the event repeats them.
    repeats: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    /// Text passes.
    #[default]
    Flowing,
    /// Reasoning is kept, until it is known what it leads to.
    Reasoning,
    /// There is a call: everything is kept.
    Kept,
    /// The calls are complete, and have not been handed out to be gated.
    Ripe,
    /// They wait for their fates.
    Waiting,
    /// All of it has left.
    Over,
}

/// The events that end a response.
const ENDS: [&str; 4] =
    ["response.completed", "response.incomplete", "response.failed", "response.cancelled"];

/// What an event is to the gate.
enum Class {
    /// It can carry no part of a call.
    Text,
    /// It is of reasoning that may lead to a call.
    Reasoning,
    /// It may carry a part of a call.
    Call,
    /// It ends the response.
    End,
    /// It says that the upstream has failed.
    Error,
}

impl Stream {
    /// A stream that begins.
    pub fn new(asked: &Asked) -> Self {
        Self { structured: asked.structured, may_call: asked.may_call, ..Self::default() }
    }

    fn class(&self, event: &Json) -> Result<Class, AnswerError> {
        let kind = type_of(event);
        let is_of_reasoning = event.get("item").map(type_of) == Some("reasoning");
        let is_end = ENDS.contains(&kind);
        // What an event is called says nothing to a client that looks for its members.
        if !is_end && event.get("response").and_then(|response| response.get("output")).is_some_and(has_items)
        {
            return Err(AnswerError::Shape("a response has items before its end"));
        }
        let is_of_item = ["response.output_item.added", "response.output_item.done"].contains(&kind);
        if !is_of_item && event.get("item").is_some_and(|item| !item.is_null()) {
            return if is_end { Err(AnswerError::Shape("the end has an item")) } else { Ok(Class::Call) };
        }
        Ok(match kind {
            "" if event.get("error").is_none() => return Err(AnswerError::Shape("an event has no `type`")),
            "" | "error" => Class::Error,
            "response.created" => Class::Text,
            _ if is_end => Class::End,
            "response.output_item.added" | "response.output_item.done" => match event.get("item") {
                Some(item) if is_call(item) || type_of(item).is_empty() => Class::Call,
                Some(_) if is_of_reasoning && self.may_call => Class::Reasoning,
                Some(_) => Class::Text,
                None => return Err(AnswerError::Shape("an item is missing")),
            },
            kind if is_text(kind) => Class::Text,
            _ => Class::Call,
        })
    }

    /// Whether an event of text shows that the reasoning before it led to no call.
    fn leads_on(event: &Json) -> bool {
        type_of(event) == "response.output_item.added"
    }

    fn pass(&mut self, event: &Json, raw: Vec<u8>, out: &mut Vec<u8>) {
        self.last = event.get("sequence_number").and_then(Json::as_i64).or(self.last);
        out.extend(raw);
    }

    fn keep(&mut self, raw: Vec<u8>) -> Result<(), AnswerError> {
        self.bytes = self.bytes.saturating_add(raw.len());
        self.kept.push(raw);
        if self.bytes > MAX_BYTES { Err(AnswerError::TooLarge) } else { Ok(()) }
    }

    /// Lets out what was kept, as it came.
    fn let_out(&mut self, out: &mut Vec<u8>) {
        for raw in std::mem::take(&mut self.kept) {
            let number = sse::json_of(&raw).and_then(|event| event.get("sequence_number")?.as_i64());
            self.last = number.or(self.last);
            out.extend(raw);
        }
        self.bytes = 0;
    }

    fn take_end(&mut self, event: Json, raw: Vec<u8>, out: &mut Vec<u8>) -> Result<(), AnswerError> {
        let response = event.get("response").unwrap_or(&Json::Null);
        let has_failed = ["response.failed", "response.cancelled"].contains(&type_of(&event));
        let is_missing = response.get("output").is_none_or(Json::is_null);
        let mut items = if has_failed && is_missing { Vec::new() } else { items_of(response)?.to_vec() };
        let repeats = !items.is_empty();
        if !repeats && !has_failed {
            // Some servers do not repeat the items in the end.
            for done in self.kept.iter().filter_map(|raw| sse::json_of(raw)) {
                put_done(&done, &mut items);
            }
        }
        if items.iter().filter(|item| is_call(item)).count() > MAX_CALLS {
            return Err(AnswerError::TooMany);
        }
        self.keep(raw)?;
        // What looked like a call may be none of the response's.
        if self.stage == Stage::Kept || items.iter().any(is_call) {
            self.stage = Stage::Ripe;
        } else {
            self.stage = Stage::Over;
            self.let_out(out);
        }
        self.end = Some(End { event, items, repeats });
        Ok(())
    }

    /// Writes what was kept in events of our own. Kept events are read one by one: together they could fill the
    /// memory.
    fn write_anew(&mut self, kept: &[Vec<u8>], end: &End, fates: &[Fate], out: &mut Vec<u8>) {
        let items = end.items.as_slice();
        let text: Vec<(usize, &Vec<u8>)> =
            kept.iter().filter_map(|raw| Some((place_of_text(&sse::json_of(raw)?)?, raw))).collect();
        let begun = |raw: &Vec<u8>| {
            let event = sse::json_of(raw)?;
            if type_of(&event) == "response.output_item.added" { index_of(&event) } else { None }
        };
        // Where the items do not begin among what was kept, the first call is where it begins.
        let first = kept.iter().filter_map(begun).min().or_else(|| items.iter().position(is_call));
        let first = first.unwrap_or(items.len()).min(items.len());
        let becomes = become_of(items, fates, self.structured);
        let mut writer = Writer { out, last: self.last };
        let again = |writer: &mut Writer<'_>, at: usize, place: usize| {
            for (_, raw) in text.iter().filter(|(known, _)| *known == at) {
                if let Some(event) = sse::json_of(raw) {
                    writer.again(&event, Some(place));
                }
            }
        };
        // Items that had begun before the first call, and go on behind it.
        (0..first).for_each(|at| again(&mut writer, at, at));
        let mut place = first;
        for (at, (item, becomes)) in items.iter().zip(&becomes).enumerate().skip(first) {
            match becomes {
                Becomes::Same if is_call(item) => writer.call(item, place),
                Becomes::Same => again(&mut writer, at, place),
                Becomes::Changed(item) => writer.call(item, place),
                Becomes::Notice(item) => writer.message(item, place, self.structured),
                Becomes::Dropped => continue,
            }
            place = place.saturating_add(1);
        }
        writer.end(&end.event, if end.repeats { rewritten(items, &becomes) } else { Vec::new() });
        self.last = writer.last;
    }
}

/// The place among the items of an event that carries text, or an item that is no call.
fn place_of_text(event: &Json) -> Option<usize> {
    let is_item = event.get("item").is_some_and(|item| !is_call(item));
    let is_plain = is_text(type_of(event)) && event.get("item").is_none();
    if is_item || is_plain { index_of(event) } else { None }
}

fn has_items(output: &Json) -> bool {
    output.as_array().is_none_or(|items| !items.is_empty())
}

/// Puts an item that is done at its place.
fn put_done(event: &Json, items: &mut Vec<Json>) {
    let Some(item) = event.get("item").filter(|_| type_of(event) == "response.output_item.done") else {
        return;
    };
    let at = index_of(event).filter(|at| *at < MAX_PARTS).unwrap_or(items.len());
    if items.len() <= at {
        items.resize(at.saturating_add(1), Json::Null);
    }
    if let Some(place) = items.get_mut(at) {
        *place = item.clone();
    }
}

fn index_of(event: &Json) -> Option<usize> {
    event.get("output_index")?.as_i64().and_then(|at| usize::try_from(at).ok())
}

impl AnswerStream for Stream {
    fn take(&mut self, event: Event, out: &mut Vec<u8>) -> Result<(), AnswerError> {
        let Event { raw, name, data, .. } = event;
        let waits = matches!(self.stage, Stage::Ripe | Stage::Waiting);
        let Some(data) = data else {
            out.extend(raw);
            return Ok(());
        };
        if data == "[DONE]" && !self.over && matches!(self.stage, Stage::Kept | Stage::Reasoning) {
            return Err(AnswerError::Cut);
        }
        if data == "[DONE]" {
            self.over = true;
            if waits {
                self.later.push(raw);
            } else {
                out.extend(raw);
            }
            return Ok(());
        }
        if self.over || self.end.is_some() {
            // Nothing is behind the end.
            return Ok(());
        }
        let event = Json::parse(data.as_bytes())?;
        check_names(&event)?;
        if name.is_some_and(|name| !name.is_empty() && name != "message" && name != type_of(&event)) {
            return Err(AnswerError::Shape("an event is called otherwise than its type says"));
        }
        let model = event.get("response").and_then(|response| response.get("model")).and_then(Json::as_str);
        self.model = self.model.take().or_else(|| model.map(str::to_owned));
        match (self.class(&event)?, self.stage) {
            (Class::End, _) => self.take_end(event, raw, out),
            (Class::Error, _) => {
                self.over = true;
                self.kept = Vec::new();
                self.stage = Stage::Over;
                out.extend(raw);
                Ok(())
            }
            (Class::Text, Stage::Flowing) => {
                self.pass(&event, raw, out);
                Ok(())
            }
            (Class::Text, Stage::Reasoning) if Self::leads_on(&event) => {
                self.let_out(out);
                self.stage = Stage::Flowing;
                self.pass(&event, raw, out);
                Ok(())
            }
            (Class::Reasoning, Stage::Flowing) => {
                self.stage = Stage::Reasoning;
                self.keep(raw)
            }
            (Class::Call, _) => {
                self.stage = Stage::Kept;
                self.keep(raw)
            }
            _ => self.keep(raw),
        }
    }

    fn end(&mut self) -> Result<(), AnswerError> {
        if self.over || self.end.is_some() {
            self.over = true;
            return Ok(());
        }
        self.kept = Vec::new();
        self.over = true;
        Err(AnswerError::Cut)
    }

    fn ripe(&mut self) -> Option<Ripe> {
        if self.stage != Stage::Ripe {
            return None;
        }
        self.stage = Stage::Waiting;
        let end = self.end.as_ref()?;
        Some(Ripe { group: 0, place: 0, calls: end.items.iter().filter_map(call_of).collect() })
    }

    fn release(&mut self, _: usize, fates: &[Fate], out: &mut Vec<u8>) {
        let Some(end) = self.end.take() else { return };
        if self.stage == Stage::Waiting {
            self.stage = Stage::Over;
            let raw = std::mem::take(&mut self.kept);
            // The last one is the end.
            let kept = raw.split_last().map(|(_, kept)| kept).unwrap_or_default();
            let calls = end.items.iter().filter(|item| is_call(item)).count();
            let all_run = fates.len() == calls && fates.iter().all(|fate| *fate == Fate::Run);
            if all_run && read_alike(kept.iter().map(|raw| sse::json_of(raw)), &end.items, is_call) {
                out.extend(raw.concat());
            } else {
                self.write_anew(kept, &end, fates, out);
            }
            out.extend(std::mem::take(&mut self.later).concat());
        }
        self.end = Some(end);
    }

    fn is_over(&self) -> bool {
        self.over
    }

    fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn changed(&self) -> Option<Changed> {
        let end = self.end.as_ref()?;
        let response = end.event.get("response")?.get("id")?.as_str()?.to_owned();
        Some(Changed { response, calls: refs_of(&end.items) })
    }

    fn fail(&self, code: Code, message: &str, out: &mut Vec<u8>) {
        let error = code.to_openai_error(message);
        let member = |name: &str| error.get(name).cloned().unwrap_or(Json::Null);
        let event = Json::object([
            ("type", "error".into()),
            ("sequence_number", self.last.map_or(0, |last| last.saturating_add(1)).into()),
            ("code", member("code")),
            ("message", member("message")),
            ("param", Json::Null),
            ("error", error),
        ]);
        sse::write(Some("error"), &event.to_string(), out);
    }
}
