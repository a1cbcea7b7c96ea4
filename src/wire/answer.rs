//! What every dialect's answers can do, whole or as a stream that takes events as they come, lets out what may
//! leave, and keeps calls back until their fate is known. Pure: bytes in, bytes out, wherever they were split.

use super::call::{Call, Fate};
use super::problem::Code;
use super::sse::{self, Decoder, Event, SseError};
use super::withheld::contains;
use crate::core::json::{Json, JsonError};

/// Why an answer cannot be gated. Nothing of it that was kept back ever leaves.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// Not strict JSON.
    #[error("it is not strict JSON: {0}")]
    Json(#[from] JsonError),
    /// Not an answer of this dialect.
    #[error("it is no answer of its dialect: {0}")]
    Shape(&'static str),
    /// It gives away what it was sent.
    #[error("it repeats the secret that the upstream was sent")]
    Secret,
    /// Not a stream of events.
    #[error("it is no stream of events: {0}")]
    Sse(#[from] SseError),
    /// More calls, choices or items than anybody decides.
    #[error("it has too many calls, choices or items")]
    TooMany,
    /// More is kept back than fits.
    #[error("more than 32 MiB of calls")]
    TooLarge,
    /// It ended before it was whole.
    #[error("it was broken off")]
    Cut,
}

/// How many calls an answer may have.
pub const MAX_CALLS: usize = 256;

/// How many choices or items it may have.
pub const MAX_PARTS: usize = 1024;

/// Names by which clients find calls. Some clients do not care for the case of their letters.
const TELLING: [&str; 20] = [
    "arguments",
    "choices",
    "content",
    "content_block",
    "custom",
    "delta",
    "function",
    "function_call",
    "id",
    "index",
    "input",
    "item",
    "message",
    "name",
    "output",
    "partial_json",
    "response",
    "tool_calls",
    "type",
    "code",
];

/// Refuses names that some clients read as others than we do.
pub(super) fn check_names(json: &Json) -> Result<(), AnswerError> {
    match json {
        Json::Object(members) => {
            check_own_names(json)?;
            members.iter().try_for_each(|(_, value)| check_names(value))
        }
        Json::Array(elements) => elements.iter().try_for_each(check_names),
        _ => Ok(()),
    }
}

/// The same, of an object's own members alone: where arguments stand as JSON within JSON, their names are an app's.
pub(super) fn check_own_names(json: &Json) -> Result<(), AnswerError> {
    let Json::Object(members) = json else { return Ok(()) };
    let plain = |byte: u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    let in_other_letters = |name: &str| {
        !name.bytes().all(plain) && TELLING.contains(&name.to_lowercase().replace('ſ', "s").as_str())
    };
    if members.iter().any(|(name, _)| in_other_letters(name)) {
        return Err(AnswerError::Shape("a member's name is written in other letters"));
    }
    Ok(())
}

/// Calls that are complete and wait for their fates, all together.
#[derive(Debug, Clone, PartialEq)]
pub struct Ripe {
    /// Names the group among those of its stream.
    pub group: usize,
    /// Its place in the answer, the same whenever the request is answered in the same way.
    pub place: i64,
    /// The calls, in order.
    pub calls: Vec<Call>,
}

/// An answer that the upstream keeps as it made it, with the calls in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The answer's id.
    pub response: String,
    /// Its calls, in order.
    pub calls: Vec<CallRef>,
}

/// What the upstream knows a call by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRef {
    /// The id by which its output names it.
    pub call_id: String,
    /// The type of its item.
    pub kind: String,
}

/// An upstream's answer that came as a whole.
pub trait WholeAnswer {
    /// Its calls.
    fn calls(&self) -> &[Call];

    /// The model that answered.
    fn model(&self) -> Option<&str>;

    /// The answer with each call as its fate says, in the order of [`Self::calls`].
    fn rewrite(self: Box<Self>, fates: &[Fate]) -> String;

    /// Takes how each of its actions stands, in the form of the API; whether it will say so.
    fn tell(&mut self, _answers: Vec<Json>) -> bool {
        false
    }

    /// What the upstream remembers of it, where it does.
    fn changed(&self) -> Option<Changed> {
        None
    }
}

/// An upstream's answer as it flows.
pub trait AnswerStream {
    /// Takes an event and appends what may leave now.
    fn take(&mut self, event: Event, out: &mut Vec<u8>) -> Result<(), AnswerError>;

    /// The upstream has closed its answer. Calls of which it is not certain that they are whole never leave.
    fn end(&mut self) -> Result<(), AnswerError>;

    /// Calls that became complete; each group once.
    fn ripe(&mut self) -> Option<Ripe>;

    /// Appends a group with each call as its fate says, and whatever waited behind it.
    fn release(&mut self, group: usize, fates: &[Fate], out: &mut Vec<u8>);

    /// Whether nothing more can come: the answer is over.
    fn is_over(&self) -> bool;

    /// The model that answers.
    fn model(&self) -> Option<&str>;

    /// What the upstream remembers of it, where it does.
    fn changed(&self) -> Option<Changed> {
        None
    }

    /// Appends what keeps a waiting client patient.
    fn waiting(&self, out: &mut Vec<u8>) {
        sse::comment("waiting", out);
    }

    /// Appends an error that the dialect's clients understand. Nothing may follow it.
    fn fail(&self, code: Code, message: &str, out: &mut Vec<u8>);
}

/// A stream on its way: bytes of the upstream in, bytes for the client out.
pub struct Flow {
    decoder: Decoder,
    answer: Box<dyn AnswerStream>,
    /// What the upstream was sent, and must not give away.
    secret: Option<String>,
    failed: bool,
}

impl std::fmt::Debug for Flow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Flow").field("failed", &self.failed).finish_non_exhaustive()
    }
}

impl Flow {
    /// A stream that begins.
    pub fn new(answer: Box<dyn AnswerStream>, secret: Option<String>) -> Self {
        Self { decoder: Decoder::default(), answer, secret, failed: false }
    }

    /// Takes what came from the upstream and appends what may leave.
    pub fn push(&mut self, bytes: &[u8], out: &mut Vec<u8>) {
        if !self.is_over() {
            let taken = self.decoder.push(bytes).map_err(AnswerError::from);
            let taken = taken.and_then(|()| self.take_all(Decoder::next_event, out));
            self.or_fail(taken, out);
        }
    }

    /// The upstream has closed its answer, or the connection to it broke.
    pub fn close(&mut self, out: &mut Vec<u8>) {
        let ended = self.end(out);
        self.or_fail(ended, out);
    }

    /// The upstream says nothing any more: if what it said is whole, it has closed; else the stream fails by this.
    pub fn close_by(&mut self, code: Code, message: &str, out: &mut Vec<u8>) {
        if self.end(out).is_err() {
            self.fail(code, message, out);
        }
    }

    fn end(&mut self, out: &mut Vec<u8>) -> Result<(), AnswerError> {
        if self.is_over() {
            return Ok(());
        }
        // Half an event at the end is one that was cut off.
        let cut = |error| if matches!(error, AnswerError::Json(_)) { AnswerError::Cut } else { error };
        self.take_all(Decoder::rest, out).map_err(cut)?;
        self.answer.end()
    }

    fn take_all(
        &mut self,
        next: fn(&mut Decoder) -> Result<Option<Event>, SseError>,
        out: &mut Vec<u8>,
    ) -> Result<(), AnswerError> {
        // Nothing behind the end counts, not even that it cannot be read.
        while !self.answer.is_over()
            && let Some(event) = next(&mut self.decoder)?
        {
            let gives_away = |secret: &String| contains(&event.raw, secret.as_bytes());
            if self.secret.as_ref().is_some_and(gives_away) {
                return Err(AnswerError::Secret);
            }
            self.answer.take(event, out)?;
        }
        Ok(())
    }

    fn or_fail(&mut self, done: Result<(), AnswerError>, out: &mut Vec<u8>) {
        if let Err(error) = done {
            self.fail(Code::Upstream, &format!("the upstream's answer cannot be gated: {error}"), out);
        }
    }

    /// Ends the stream with an error. Nothing that was kept back ever leaves.
    pub fn fail(&mut self, code: Code, message: &str, out: &mut Vec<u8>) {
        if !self.failed {
            self.failed = true;
            self.answer.fail(code, message, out);
        }
    }

    /// Calls that became complete; each group once.
    pub fn ripe(&mut self) -> Option<Ripe> {
        if self.failed { None } else { self.answer.ripe() }
    }

    /// Appends a group with each call as its fate says, and whatever waited behind it.
    pub fn release(&mut self, group: usize, fates: &[Fate], out: &mut Vec<u8>) {
        if !self.failed {
            self.answer.release(group, fates, out);
        }
    }

    /// Appends what keeps a waiting client patient.
    pub fn waiting(&self, out: &mut Vec<u8>) {
        self.answer.waiting(out);
    }

    /// Whether nothing more is taken from the upstream.
    pub fn is_over(&self) -> bool {
        self.failed || self.answer.is_over()
    }

    /// Whether it ended with an error.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// What the upstream remembers of the answer, where it does.
    pub fn changed(&self) -> Option<Changed> {
        self.answer.changed()
    }

    /// The model that answers.
    pub fn model(&self) -> Option<&str> {
        self.answer.model()
    }
}
