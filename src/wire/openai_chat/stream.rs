//! An answer that comes as a stream of chunks.
//!
//! Text passes as it comes. From a choice's first call on, everything of that choice is kept back until the
//! choice is complete and each of its calls has its fate. If all run as they stand, the very bytes that came
//! leave; else chunks of our own do: what else the kept chunks held, the notices, the calls that run, each whole
//! and with its place among them, then the end. Chunks that belong to no choice (usage) and `[DONE]` wait with it.

use super::calls::{Slot, calls_of, notices, rewrite_calls};
use super::fragments::Fragments;
use crate::core::json::{Json, Object};
use crate::wire::answer::{AnswerError, AnswerStream, Ripe, check_names};
use crate::wire::call::{Call, Fate};
use crate::wire::problem::Code;
use crate::wire::sse::{self, Event, MAX_BYTES};
use crate::wire::token_scores::Tokens;

/// A stream that is being gated.
#[derive(Debug, Default)]
pub struct Stream {
    structured: bool,
    model: Option<String>,
    choices: Vec<Choice>,
    /// What comes behind a choice that waits.
    later: Vec<Vec<u8>>,
    /// How many bytes are kept back.
    kept: usize,
    over: bool,
}

/// How many choices an answer may have.
const MAX_CHOICES: usize = 128;

/// How far a choice has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Stage {
    /// Its text passes.
    #[default]
    Flowing,
    /// It has a call, or may have one, and is kept back.
    Kept,
    /// Its calls are complete; they have not been handed out to be gated yet.
    Ripe,
    /// Its calls wait for their fates.
    Waiting,
    /// All of it has left.
    Over,
}

#[derive(Debug, Default)]
struct Choice {
    index: i64,
    stage: Stage,
    /// Whether the upstream has said how it ended.
    finished: bool,
    left: Left,
    /// Whether none of its calls was left.
    has_none_left: bool,
    kept: Vec<Vec<u8>>,
    fragments: Fragments,
    tokens: Tokens,
}

/// What of a choice has left.
#[derive(Debug, Default)]
struct Left {
    role: bool,
    text: bool,
}

/// What the stream needs of one entry of a chunk's `choices`.
struct Entry<'a> {
    index: i64,
    delta: Option<&'a Object>,
    logprobs: Option<&'a Json>,
    finishes: bool,
}

impl<'a> Entry<'a> {
    fn read(entry: &'a Json) -> Result<Self, AnswerError> {
        let shape = |what| Err(AnswerError::Shape(what));
        let index = entry.get("index").and_then(Json::as_i64).filter(|index| *index >= 0);
        let Some(index) = index else { return shape("a choice has no `index`") };
        if entry.get("message").is_some_and(|message| !message.is_null()) {
            return shape("a chunk has a `message`");
        }
        let delta = match entry.get("delta") {
            None | Some(Json::Null) => None,
            Some(Json::Object(delta)) => Some(delta),
            Some(_) => return shape("a `delta` is no object"),
        };
        let finishes = reason_of(entry.as_object()).is_some();
        Ok(Self { index, delta, logprobs: entry.get("logprobs"), finishes })
    }

    fn member(&self, name: &str) -> Option<&'a Json> {
        self.delta?.get(name).filter(|member| !member.is_null())
    }

    fn has_text(&self) -> bool {
        ["content", "refusal"]
            .iter()
            .any(|name| self.member(name).and_then(Json::as_str).is_some_and(|text| !text.is_empty()))
    }

    /// Whether it has a part of a call. Some servers tell a call's tokens before the call itself.
    fn has_call(&self) -> bool {
        let tool_calls = self.member("tool_calls");
        let called = tool_calls.is_some_and(|calls| calls.as_array().is_none_or(|calls| !calls.is_empty()));
        let mut tokens = Tokens::default();
        tokens.extend(self.logprobs);
        let is_text = |(name, value): (&str, &Json)| {
            name != "role" && value.as_str().is_some_and(|text| !text.is_empty())
        };
        let has_text = self.delta.is_some_and(|delta| delta.iter().any(is_text));
        called || self.member("function_call").is_some() || (!tokens.is_empty() && !has_text)
    }
}

/// The reason for which a choice has finished. Some servers say an empty one until then.
fn reason_of(entry: Option<&Object>) -> Option<&Json> {
    entry?.get("finish_reason").filter(|reason| !reason.is_null() && reason.as_str() != Some(""))
}

impl Stream {
    /// A stream that begins. `structured`: a notice has to be a refusal.
    pub fn new(structured: bool) -> Self {
        Self { structured, ..Self::default() }
    }

    fn choice(&mut self, index: i64) -> Result<usize, AnswerError> {
        if let Some(at) = self.choices.iter().position(|choice| choice.index == index) {
            return Ok(at);
        }
        if self.choices.len() >= MAX_CHOICES {
            return Err(AnswerError::TooMany);
        }
        self.choices.push(Choice { index, ..Choice::default() });
        Ok(self.choices.len().saturating_sub(1))
    }

    fn is_kept(&self, index: i64) -> bool {
        self.choices.iter().any(|choice| choice.index == index && choice.is_kept())
    }

    fn has_kept(&self) -> bool {
        self.choices.iter().any(Choice::is_kept)
    }

    fn keep(&mut self, bytes: usize) -> Result<(), AnswerError> {
        self.kept = self.kept.saturating_add(bytes);
        if self.kept > MAX_BYTES { Err(AnswerError::TooLarge) } else { Ok(()) }
    }

    /// Lets bytes out behind all that waits.
    fn behind(&mut self, raw: Vec<u8>, out: &mut Vec<u8>) -> Result<(), AnswerError> {
        if self.has_kept() {
            self.keep(raw.len())?;
            self.later.push(raw);
        } else {
            out.extend(raw);
        }
        Ok(())
    }

    /// Takes one entry with the bytes that carry it and nothing else.
    fn take_entry(&mut self, entry: &Entry<'_>, raw: Vec<u8>, out: &mut Vec<u8>) -> Result<(), AnswerError> {
        let has_call = entry.has_call();
        let at = self.choice(entry.index)?;
        let Some(choice) = self.choices.get_mut(at) else { return Ok(()) };
        if choice.finished && has_call {
            return Err(AnswerError::Shape("a call comes behind the end of its choice"));
        }
        if !choice.finished {
            choice.tokens.extend(entry.logprobs);
        }
        match choice.stage {
            Stage::Ripe | Stage::Waiting => {
                let bytes = raw.len();
                choice.kept.push(raw);
                return self.keep(bytes);
            }
            Stage::Flowing | Stage::Over if !has_call => {
                choice.left.role |= entry.member("role").is_some();
                choice.left.text |= entry.has_text();
                choice.finished |= entry.finishes;
                if choice.has_none_left && entry.finishes {
                    // Said again, it would call for calls that are not there.
                    choice.write_end(&raw, out);
                } else {
                    out.extend(raw);
                }
                return Ok(());
            }
            Stage::Flowing | Stage::Over | Stage::Kept => {}
        }
        choice.stage = Stage::Kept;
        choice.fragments.add(entry.member("tool_calls"), entry.member("function_call"))?;
        choice.finished |= entry.finishes;
        let bytes = raw.len();
        choice.kept.push(raw);
        if choice.finished {
            self.complete(at, out);
        }
        self.keep(bytes)
    }

    /// A choice has ended: its calls are ripe, or it had none after all.
    fn complete(&mut self, at: usize, out: &mut Vec<u8>) {
        let Some(choice) = self.choices.get_mut(at) else { return };
        if choice.fragments.is_empty() {
            choice.stage = Stage::Over;
            out.extend(std::mem::take(&mut choice.kept).concat());
            self.let_out_what_waited(out);
        } else {
            choice.stage = Stage::Ripe;
        }
    }

    fn complete_all(&mut self, out: &mut Vec<u8>) {
        for at in 0..self.choices.len() {
            if self.choices.get(at).is_some_and(|choice| choice.stage == Stage::Kept) {
                self.complete(at, out);
            }
        }
    }

    fn let_out_what_waited(&mut self, out: &mut Vec<u8>) {
        if !self.has_kept() {
            out.extend(std::mem::take(&mut self.later).concat());
            self.kept = 0;
        }
    }
}

impl AnswerStream for Stream {
    fn take(&mut self, event: Event, out: &mut Vec<u8>) -> Result<(), AnswerError> {
        let Event { raw, data, .. } = event;
        if self.over {
            // Some clients stop at the end, and some go on: nothing is behind it.
            return Ok(());
        }
        let Some(data) = data else {
            out.extend(raw);
            return Ok(());
        };
        if data == "[DONE]" {
            self.over = true;
            self.complete_all(out);
            return self.behind(raw, out);
        }
        let chunk = Json::parse(data.as_bytes())?;
        check_names(&chunk)?;
        if let Some(error) = chunk.get("error").filter(|error| !error.is_null()) {
            self.over = true;
            // What was not complete before never will be.
            self.choices.iter_mut().filter(|choice| choice.stage == Stage::Kept).for_each(Choice::drop_kept);
            // Not every client takes what has an error for one, so nothing else is in it.
            let mut said = Vec::new();
            sse::write(None, &Json::object([("error", error.clone())]).to_string(), &mut said);
            let is_bare = chunk.as_object().is_some_and(|chunk| chunk.len() == 1);
            return self.behind(if is_bare { raw } else { said }, out);
        }
        let strays = ["delta", "message", "tool_calls", "function_call"];
        let choices = match chunk.get("choices") {
            Some(Json::Array(choices)) => choices.as_slice(),
            None | Some(Json::Null) if !strays.iter().any(|name| chunk.get(name).is_some()) => &[],
            _ => return Err(AnswerError::Shape("`choices` of a chunk is no array")),
        };
        if choices.len() > MAX_CHOICES {
            return Err(AnswerError::TooMany);
        }
        if let (None, Some(model)) = (&self.model, chunk.get("model").and_then(Json::as_str)) {
            self.model = Some(model.to_owned());
        }
        let entries = choices.iter().map(Entry::read).collect::<Result<Vec<_>, _>>()?;
        match entries.as_slice() {
            [] => self.behind(raw, out),
            [entry] => self.take_entry(entry, raw, out),
            _ if !entries.iter().any(|entry| entry.has_call() || self.is_kept(entry.index)) => {
                // The same bytes for all: whichever comes first lets them out.
                let mut raw = Some(raw);
                entries
                    .iter()
                    .try_for_each(|entry| self.take_entry(entry, raw.take().unwrap_or_default(), out))
            }
            _ => {
                let mut frame = frame_of(&chunk);
                for (json, entry) in choices.iter().zip(&entries) {
                    self.take_entry(entry, chunk_of(&frame, Some(json.clone())), out)?;
                }
                match chunk.get("usage").filter(|usage| !usage.is_null()) {
                    Some(usage) => {
                        frame.set("usage", usage.clone());
                        self.behind(chunk_of(&frame, None), out)
                    }
                    None => Ok(()),
                }
            }
        }
    }

    fn end(&mut self) -> Result<(), AnswerError> {
        let all_finished = !self.choices.is_empty() && self.choices.iter().all(|choice| choice.finished);
        if self.over || all_finished {
            self.over = true;
            return Ok(());
        }
        self.choices.iter_mut().for_each(Choice::drop_kept);
        Err(AnswerError::Cut)
    }

    fn ripe(&mut self) -> Option<Ripe> {
        let ripe = |choice: &Choice| choice.stage == Stage::Ripe;
        let group = self.choices.iter().position(ripe)?;
        let choice = self.choices.get_mut(group)?;
        choice.stage = Stage::Waiting;
        let calls = choice.calls().into_iter().map(|(_, call)| call).collect();
        Some(Ripe { group, place: choice.index, calls })
    }

    fn release(&mut self, group: usize, fates: &[Fate], out: &mut Vec<u8>) {
        let structured = self.structured;
        let Some(choice) = self.choices.get_mut(group).filter(|choice| choice.stage == Stage::Waiting) else {
            return;
        };
        choice.stage = Stage::Over;
        let kept = std::mem::take(&mut choice.kept);
        let all_run =
            fates.len() == choice.fragments.slots().len() && fates.iter().all(|fate| *fate == Fate::Run);
        if choice.fragments.read_alike() && all_run {
            out.extend(kept.concat());
        } else {
            choice.write_anew(&kept, fates, structured, out);
        }
        self.let_out_what_waited(out);
    }

    fn is_over(&self) -> bool {
        self.over
    }

    fn model(&self) -> Option<&str> {
        self.model.as_deref()
    }

    fn fail(&self, code: Code, message: &str, out: &mut Vec<u8>) {
        let error = Json::object([("error", code.to_openai_error(message))]);
        sse::write(None, &error.to_string(), out);
    }
}

impl Choice {
    fn is_kept(&self) -> bool {
        !matches!(self.stage, Stage::Flowing | Stage::Over)
    }

    fn drop_kept(&mut self) {
        self.kept = Vec::new();
        self.stage = Stage::Over;
        self.finished = true;
    }

    fn calls(&self) -> Vec<(Slot, Call)> {
        let message = self.fragments.message();
        // Fragments make a list of calls and nothing else.
        let mut calls = calls_of(&message, &self.tokens).unwrap_or_default();
        for (slot, call) in &mut calls {
            if self.fragments.contradict(*slot) {
                *call = Call::broken(&call.kind, "its fragments contradict each other");
            }
        }
        calls
    }

    /// Writes the choice in chunks of our own.
    fn write_anew(&mut self, kept: &[Vec<u8>], fates: &[Fate], structured: bool, out: &mut Vec<u8>) {
        let mut own = Some(self.own_deltas(fates, structured));
        let none_left = fates.iter().all(|fate| fate.notice().is_some());
        self.has_none_left = none_left;
        let chunks: Vec<Json> = kept.iter().filter_map(|raw| sse::json_of(raw)).collect();
        for chunk in &chunks {
            let entry = chunk.get("choices").and_then(Json::as_array).and_then(<[Json]>::first);
            let Some(mut entry) = entry.and_then(Json::as_object).cloned() else { continue };
            let mut rest = entry.get("delta").and_then(Json::as_object).cloned().unwrap_or_default();
            rest.remove("tool_calls");
            rest.remove("function_call");
            let finish = reason_of(Some(&entry)).cloned();
            let frame = chunk.as_object().cloned().unwrap_or_default();
            if !rest.is_empty() {
                self.write(chunk, rest, out);
            }
            let Some(finish) = finish else { continue };
            for delta in own.take().unwrap_or_default() {
                self.write(chunk, delta, out);
            }
            entry.set("delta", Object::new());
            entry.set("logprobs", Json::Null);
            entry.set("finish_reason", if none_left { "stop".into() } else { finish });
            out.extend(chunk_of(&frame, Some(entry.into())));
        }
        // Where the upstream said `[DONE]` and no reason to finish.
        if let (Some(deltas), Some(chunk)) = (own, chunks.last()) {
            for delta in deltas {
                self.write(chunk, delta, out);
            }
        }
    }

    /// The notices, then each call that runs.
    fn own_deltas(&self, fates: &[Fate], structured: bool) -> Vec<Object> {
        let mut deltas = Vec::new();
        let notices = notices(fates);
        if !notices.is_empty() {
            let text = notices.join("\n");
            let mut delta = Object::new();
            if structured {
                delta.set("refusal", text);
            } else {
                let apart = if self.left.text { "\n\n" } else { "" };
                delta.set("content", format!("{apart}{text}"));
            }
            deltas.push(delta);
        }
        let mut message = self.fragments.message();
        rewrite_calls(&mut message, &self.fragments.slots().into_iter().zip(fates).collect::<Vec<_>>());
        if let Some(Json::Array(calls)) = message.remove("tool_calls") {
            for (at, mut call) in (0_i64..).zip(calls) {
                if let Some(call) = call.as_object_mut() {
                    call.set("index", at);
                }
                let mut delta = Object::new();
                delta.set("tool_calls", Json::Array(vec![call]));
                deltas.push(delta);
            }
        }
        if let Some(legacy) = message.remove("function_call") {
            let mut delta = Object::new();
            delta.set("function_call", legacy);
            deltas.push(delta);
        }
        deltas
    }

    /// Writes a chunk like this one, with this delta. The first of a choice says whose it is.
    fn write(&mut self, like: &Json, mut delta: Object, out: &mut Vec<u8>) {
        if !self.left.role && delta.get("role").is_none() {
            let mut with_role = Object::new();
            with_role.set("role", "assistant");
            delta.iter().for_each(|(name, value)| with_role.set(name, value.clone()));
            delta = with_role;
        }
        self.left.role = true;
        self.left.text |= delta.get("content").and_then(Json::as_str).is_some_and(|text| !text.is_empty());
        let entry = Json::object([
            ("index", self.index.into()),
            ("delta", delta.into()),
            ("logprobs", Json::Null),
            ("finish_reason", Json::Null),
        ]);
        out.extend(chunk_of(&frame_of(like), Some(entry)));
    }

    /// Writes the end of a choice that has no calls left, as often as it is said.
    fn write_end(&self, raw: &[u8], out: &mut Vec<u8>) {
        let chunk = sse::json_of(raw);
        let frame = chunk.as_ref().and_then(Json::as_object).cloned().unwrap_or_default();
        let entry = Json::object([
            ("index", self.index.into()),
            ("delta", Object::new().into()),
            ("logprobs", Json::Null),
            ("finish_reason", "stop".into()),
        ]);
        out.extend(chunk_of(&frame, Some(entry)));
    }
}

/// What every chunk of a stream repeats.
fn frame_of(chunk: &Json) -> Object {
    let mut frame = Object::new();
    for name in ["id", "object", "created", "model", "system_fingerprint", "service_tier"] {
        if let Some(value) = chunk.get(name) {
            frame.set(name, value.clone());
        }
    }
    if chunk.get("usage").is_some() {
        frame.set("usage", Json::Null);
    }
    frame
}

/// The bytes of a chunk with these members, and with one choice or none.
fn chunk_of(frame: &Object, choice: Option<Json>) -> Vec<u8> {
    let mut chunk = frame.clone();
    chunk.set("choices", Json::Array(choice.into_iter().collect()));
    let mut out = Vec::new();
    sse::write(None, &chunk.to_string(), &mut out);
    out
}
