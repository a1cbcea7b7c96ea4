//! An answer that comes as a stream of events.
//!
//! Text and thinking pass as they come, and so does every `ping`. From the first call on, everything else is kept back
//! until the message has ended and each call has its fate. If all calls run as they stand, the very bytes that came leave;
//! else events of our own, whose blocks are numbered without a gap: some clients read a call without its arguments where
//! there is one.

use super::answer::refs_of;
use super::blocks::{Becomes, Rewritten, call_with, is_call, rewrite, text, type_of};
use crate::core::json::{Json, Object};
use crate::wire::answer::{AnswerError, AnswerStream, Changed, MAX_CALLS, MAX_PARTS, Ripe, check_own_names};
use crate::wire::call::{Call, Fate};
use crate::wire::problem::Code;
use crate::wire::sse::{self, Event, MAX_BYTES};

/// A stream that is being gated.
#[derive(Debug, Default)]
pub struct Stream {
    structured: bool,
    model: Option<String>,
    id: Option<String>,
    stage: Stage,
    /// How many blocks have begun.
    begun: usize,
    /// What the open block may bring, where one is open.
    open: Option<Open>,
    /// The blocks from the first call on.
    blocks: Vec<Block>,
    /// The events from the first call on, but for pings.
    kept: Vec<Vec<u8>>,
    bytes: usize,
    stop_reason: Option<String>,
    over: bool,
}

/// By what clients find parts of calls, and the events that have it.
const MEMBERS: [(&str, &[&str]); 4] = [
    ("content_block", &["content_block_start"]),
    ("message", &["message_start"]),
    ("delta", &["content_block_delta", "message_delta"]),
    ("index", &["content_block_start", "content_block_delta", "content_block_stop"]),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    /// Text passes.
    #[default]
    Flowing,
    /// There is a call: everything is kept.
    Kept,
    /// The calls are complete, and have not been handed out to be gated.
    Ripe,
    /// They wait for their fates.
    Waiting,
    /// All of it has left.
    Over,
}

/// A block that has begun and not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    /// A call for the client.
    Call,
    /// Its input comes in parts too, and was executed already.
    Executed,
    /// Anything else: it has no input.
    Other,
}

/// A block that is kept.
#[derive(Debug)]
struct Block {
    /// As it began.
    start: Json,
    /// The parts of its input, where any came.
    input: Option<String>,
    /// The places of its events among those that are kept, where it is no call.
    events: Vec<usize>,
}

impl Block {
    /// Whether it began with input; its parts are expected then not to come.
    fn begins_with_input(&self) -> bool {
        match self.start.get("input") {
            None | Some(Json::Null) => false,
            Some(Json::Object(input)) => !input.is_empty(),
            Some(Json::String(input)) => !input.is_empty(),
            Some(_) => true,
        }
    }

    /// The text of its input, wherever that stood; `None` where it has none.
    fn text(&self) -> Option<String> {
        match &self.input {
            Some(parts) if !parts.is_empty() => Some(parts.clone()),
            _ if self.begins_with_input() => self.start.get("input").map(Json::to_string),
            _ => None,
        }
    }

    fn call(&self) -> Call {
        call_with(&self.start, |name| match (&self.input, self.begins_with_input()) {
            // Some clients read the one, some the other, some both together.
            (Some(_), true) => {
                let kind = name.and_then(Json::as_str).unwrap_or_default();
                Call::broken(kind, "its input comes twice")
            }
            (Some(parts), false) if !parts.is_empty() => {
                Call::of_function(name, Some(&Json::from(parts.as_str())))
            }
            (None, true) => Call::of_object(name, self.start.get("input")),
            _ => Call::of_object(name, Some(&Object::new().into())),
        })
    }

    /// Whether every client reads the same input in it.
    fn reads_alike(&self) -> bool {
        !is_call(&self.start) || !self.begins_with_input()
    }
}

impl Stream {
    /// A stream that begins. `structured`: a notice has to be a refusal.
    pub fn new(structured: bool) -> Self {
        Self { structured, ..Self::default() }
    }

    fn keep(&mut self, raw: Vec<u8>) -> Result<(), AnswerError> {
        self.bytes = self.bytes.saturating_add(raw.len());
        self.kept.push(raw);
        if self.bytes > MAX_BYTES { Err(AnswerError::TooLarge) } else { Ok(()) }
    }

    /// Lets an event through, or keeps it where a call came before.
    fn pass(&mut self, raw: Vec<u8>, of_block: bool, out: &mut Vec<u8>) -> Result<(), AnswerError> {
        if self.stage == Stage::Flowing {
            out.extend(raw);
            return Ok(());
        }
        if of_block
            && self.open != Some(Open::Call)
            && let Some(block) = self.blocks.last_mut().filter(|_| self.open.is_some())
        {
            block.events.push(self.kept.len());
        }
        self.keep(raw)
    }

    fn begin_message(&mut self, event: &Json) -> Result<(), AnswerError> {
        let message = event.get("message").unwrap_or(&Json::Null);
        check_own_names(message)?;
        let is_empty = match message.get("content") {
            None | Some(Json::Null) => true,
            Some(content) => content.as_array().is_some_and(<[Json]>::is_empty),
        };
        if self.id.is_some() || !is_empty || !matches!(type_of(message), "message" | "") {
            return Err(AnswerError::Shape("a message begins twice, or with content"));
        }
        let member = |name| message.get(name).and_then(Json::as_str).map(str::to_owned);
        self.model = member("model");
        self.id = Some(member("id").unwrap_or_default());
        Ok(())
    }

    fn begin_block(&mut self, event: &Json) -> Result<(), AnswerError> {
        let shape = AnswerError::Shape;
        let start = event.get("content_block").ok_or(shape("a block is missing"))?;
        check_own_names(start)?;
        if self.open.is_some() || index_of(event) != Some(self.begun) {
            return Err(shape("blocks do not follow each other"));
        }
        self.begun = self.begun.saturating_add(1);
        self.open = Some(match type_of(start) {
            "" => return Err(shape("a block has no `type`")),
            _ if is_call(start) => Open::Call,
            kind if kind.ends_with("_use") => Open::Executed,
            _ => Open::Other,
        });
        if self.open == Some(Open::Call) && self.stage == Stage::Flowing {
            self.stage = Stage::Kept;
        }
        if self.stage == Stage::Kept {
            self.blocks.push(Block { start: start.clone(), input: None, events: Vec::new() });
            let calls = self.blocks.iter().filter(|block| is_call(&block.start)).count();
            if self.begun > MAX_PARTS || calls > MAX_CALLS {
                return Err(AnswerError::TooMany);
            }
        }
        Ok(())
    }

    fn add_to_block(&mut self, event: &Json) -> Result<(), AnswerError> {
        let shape = AnswerError::Shape;
        let delta = event.get("delta").ok_or(shape("a delta is missing"))?;
        check_own_names(delta)?;
        if self.open.is_none() || index_of(event).and_then(|index| index.checked_add(1)) != Some(self.begun) {
            return Err(shape("a delta is of no open block"));
        }
        let part = delta.get("partial_json");
        match (self.open, type_of(delta) == "input_json_delta", part.map(Json::as_str)) {
            (Some(Open::Call), true, Some(Some(part))) => {
                if let Some(block) = self.blocks.last_mut() {
                    block.input.get_or_insert_default().push_str(part);
                }
                Ok(())
            }
            (Some(Open::Call), ..) => Err(shape("a call has a delta that is none of its input")),
            (Some(Open::Other), is_input, part) if is_input || part.is_some() => {
                Err(shape("a block that is no call has input"))
            }
            _ => Ok(()),
        }
    }

    fn end_block(&mut self, event: &Json) -> Result<(), AnswerError> {
        let last = index_of(event).and_then(|index| index.checked_add(1)) == Some(self.begun);
        if self.open.is_none() || !last {
            return Err(AnswerError::Shape("a block ends that is not open"));
        }
        Ok(())
    }

    fn take_event(
        &mut self,
        kind: &str,
        event: &Json,
        raw: Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<(), AnswerError> {
        match kind {
            "ping" => {
                out.extend(raw);
                return Ok(());
            }
            "error" => {
                self.over = true;
                self.kept = Vec::new();
                self.stage = Stage::Over;
                out.extend(raw);
                return Ok(());
            }
            "message_start" => self.begin_message(event)?,
            "content_block_start" => self.begin_block(event)?,
            "content_block_delta" => self.add_to_block(event)?,
            "content_block_stop" => {
                self.end_block(event)?;
                self.pass(raw, true, out)?;
                self.open = None;
                return Ok(());
            }
            "message_delta" => {
                if self.open.is_some() {
                    return Err(AnswerError::Shape("a message's end comes within a block"));
                }
                let delta = event.get("delta").unwrap_or(&Json::Null);
                check_own_names(delta)?;
                let reason = delta.get("stop_reason").and_then(Json::as_str);
                self.stop_reason = reason.map(str::to_owned).or(self.stop_reason.take());
            }
            "message_stop" => return self.take_end(raw, out),
            // What nobody knows could carry anything.
            _ if self.stage == Stage::Flowing => self.stage = Stage::Kept,
            _ => {}
        }
        self.pass(raw, kind.starts_with("content_block_"), out)
    }

    fn take_end(&mut self, raw: Vec<u8>, out: &mut Vec<u8>) -> Result<(), AnswerError> {
        if self.open.is_some() {
            return Err(AnswerError::Shape("the message ends within a block"));
        }
        self.over = true;
        if self.stage == Stage::Flowing {
            self.stage = Stage::Over;
            out.extend(raw);
            return Ok(());
        }
        self.keep(raw)?;
        if self.blocks.iter().any(|block| is_call(&block.start)) {
            self.stage = Stage::Ripe;
        } else {
            self.stage = Stage::Over;
            out.extend(std::mem::take(&mut self.kept).concat());
        }
        Ok(())
    }

    /// Writes what was kept in events of our own. Kept events are read one by one: together they could fill the memory.
    fn write_anew(&self, fates: &[Fate], out: &mut Vec<u8>) {
        let starts: Vec<Json> = self.blocks.iter().map(|block| block.start.clone()).collect();
        let Rewritten { blocks, members } =
            rewrite(&starts, self.stop_reason.as_deref(), fates, self.structured);
        let first = self.begun.saturating_sub(self.blocks.len());
        // What had begun before the first call ends before it.
        for raw in &self.kept {
            let Some(event) = sse::json_of(raw) else { continue };
            if type_of(&event) == "message_start" || index_of(&event).is_some_and(|index| index < first) {
                out.extend_from_slice(raw);
            }
        }
        for (place, (at, becomes)) in blocks.into_iter().enumerate() {
            let Some(block) = self.blocks.get(at) else { continue };
            let mut writer = Writer { index: first.saturating_add(place), out };
            match becomes {
                Becomes::Same if is_call(&block.start) => {
                    writer.call(&block.start, &block.text().unwrap_or_default());
                }
                Becomes::Same => {
                    let raw = block.events.iter().filter_map(|at| self.kept.get(*at));
                    raw.for_each(|raw| writer.again(raw));
                }
                Becomes::Other(new) if is_call(&new) => {
                    let input = new.get("input").map(Json::to_string).unwrap_or_default();
                    writer.call(&new, &input);
                }
                Becomes::Other(new) => {
                    writer.text(new.get("text").and_then(Json::as_str).unwrap_or_default());
                }
            }
        }
        for raw in &self.kept {
            let Some(Json::Object(mut event)) = sse::json_of(raw) else { continue };
            match event.get("type").and_then(Json::as_str) {
                Some("message_delta") => {
                    if let Some(delta) = event.get_mut("delta").and_then(Json::as_object_mut) {
                        members.iter().for_each(|(name, value)| delta.set(name, value.clone()));
                    }
                    sse::write(Some("message_delta"), &event.to_string(), out);
                }
                Some("message_stop") => out.extend_from_slice(raw),
                // Blocks are written above, and what nobody knows does not leave with what was changed.
                _ => {}
            }
        }
    }
}

fn index_of(event: &Json) -> Option<usize> {
    event.get("index").and_then(Json::as_i64).and_then(|index| usize::try_from(index).ok())
}

/// Writes the events of one block.
struct Writer<'o> {
    index: usize,
    out: &'o mut Vec<u8>,
}

impl Writer<'_> {
    fn write(&mut self, kind: &str, more: Option<(&str, Json)>) {
        let mut event = Object::new();
        event.set("type", kind);
        event.set("index", i64::try_from(self.index).unwrap_or(i64::MAX));
        if let Some((name, value)) = more {
            event.set(name, value);
        }
        sse::write(Some(kind), &event.to_string(), self.out);
    }

    /// An event as it came, of this block.
    fn again(&mut self, raw: &[u8]) {
        let Some(Json::Object(mut event)) = sse::json_of(raw) else { return };
        event.set("index", i64::try_from(self.index).unwrap_or(i64::MAX));
        let kind = event.get("type").and_then(Json::as_str).unwrap_or_default().to_owned();
        sse::write(Some(&kind), &event.to_string(), self.out);
    }

    fn call(&mut self, block: &Json, input: &str) {
        let mut start = block.as_object().cloned().unwrap_or_default();
        if !input.is_empty() {
            start.set("input", Object::new());
        }
        self.write("content_block_start", Some(("content_block", start.into())));
        if !input.is_empty() {
            let delta = [("type", "input_json_delta".into()), ("partial_json", input.into())];
            self.write("content_block_delta", Some(("delta", Json::object(delta))));
        }
        self.write("content_block_stop", None);
    }

    fn text(&mut self, said: &str) {
        self.write("content_block_start", Some(("content_block", text(""))));
        let delta = [("type", "text_delta".into()), ("text", said.into())];
        self.write("content_block_delta", Some(("delta", Json::object(delta))));
        self.write("content_block_stop", None);
    }
}

impl AnswerStream for Stream {
    fn take(&mut self, event: Event, out: &mut Vec<u8>) -> Result<(), AnswerError> {
        let Event { raw, data, name, .. } = event;
        if self.over {
            // Nothing is behind the end.
            return Ok(());
        }
        let Some(data) = data else {
            out.extend(raw);
            return Ok(());
        };
        let event = Json::parse(data.as_bytes())?;
        check_own_names(&event)?;
        let kind = type_of(&event);
        // Events without a name are read by some clients and not by others.
        if kind.is_empty() || name.as_deref() != Some(kind) {
            return Err(AnswerError::Shape("an event is called otherwise than its type says"));
        }
        for (member, of) in MEMBERS {
            if event.get(member).is_some() && !of.contains(&kind) {
                return Err(AnswerError::Shape("an event has a member of another"));
            }
        }
        let of_message = kind.starts_with("content_block_") || kind.starts_with("message_");
        if of_message && kind != "message_start" && self.id.is_none() {
            return Err(AnswerError::Shape("an event comes before its message"));
        }
        let delta = event.get("delta").filter(|_| kind == "message_delta");
        if delta.is_some_and(|delta| delta.get("partial_json").is_some()) {
            return Err(AnswerError::Shape("a message has input"));
        }
        self.take_event(kind, &event, raw, out)
    }

    fn end(&mut self) -> Result<(), AnswerError> {
        if self.over {
            return Ok(());
        }
        self.kept = Vec::new();
        self.over = true;
        self.stage = Stage::Over;
        Err(AnswerError::Cut)
    }

    fn ripe(&mut self) -> Option<Ripe> {
        if self.stage != Stage::Ripe {
            return None;
        }
        self.stage = Stage::Waiting;
        let calls = self.blocks.iter().filter(|block| is_call(&block.start)).map(Block::call);
        Some(Ripe { group: 0, place: 0, calls: calls.collect() })
    }

    fn release(&mut self, _: usize, fates: &[Fate], out: &mut Vec<u8>) {
        if self.stage != Stage::Waiting {
            return;
        }
        self.stage = Stage::Over;
        let calls = self.blocks.iter().filter(|block| is_call(&block.start)).count();
        let read_alike = self.blocks.iter().all(Block::reads_alike);
        if read_alike && fates.len() == calls && fates.iter().all(|fate| *fate == Fate::Run) {
            out.extend(std::mem::take(&mut self.kept).concat());
        } else {
            self.write_anew(fates, out);
        }
    }

    fn is_over(&self) -> bool {
        self.over
    }

    fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn changed(&self) -> Option<Changed> {
        let starts: Vec<Json> = self.blocks.iter().map(|block| block.start.clone()).collect();
        Some(Changed { response: self.id.clone()?, calls: refs_of(&starts) })
    }

    fn waiting(&self, out: &mut Vec<u8>) {
        if self.id.is_some() && self.stage != Stage::Over {
            sse::write(Some("ping"), r#"{"type":"ping"}"#, out);
        } else {
            sse::comment("waiting", out);
        }
    }

    fn fail(&self, code: Code, message: &str, out: &mut Vec<u8>) {
        sse::write(Some("error"), &code.to_anthropic_error(message).to_string(), out);
    }
}
