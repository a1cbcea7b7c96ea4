//! What passes as it comes: every message but calls, and calls that proceed. A stream stays open as long as both sides
//! want it.

use super::super::upstream::{Answered, Answering, Chunks, Outgoing};
use super::super::{Responded, respond};
use super::flights::Flights;
use crate::core::json::Json;
use crate::wire::answer::contains;
use crate::wire::mcp::returned::returned;
use crate::wire::problem::{Code, Problem};
use crate::wire::sse::{Decoder, Event};
use futures_util::{StreamExt as _, stream};
use worker::{Response, ResponseBuilder};

/// Sends a request with this body and passes on what comes. `resumes` are the calls whose answers may come in it,
/// although they were sent over another connection.
pub(super) async fn pass(outgoing: Outgoing, body: &[u8], resumes: Option<Flights>) -> Responded {
    let answering = outgoing.send(body).await?;
    if answering.media_type() == "text/event-stream" {
        return streamed(answering, resumes);
    }
    answering.whole(&outgoing.upstream).await.map(Answered::into_response)
}

/// A stream on its way.
struct Passing {
    chunks: Chunks,
    secret: Secret,
    watched: Option<(Flights, Decoder)>,
}

fn streamed(answering: Answering, resumes: Option<Flights>) -> Result<Response, Problem> {
    let Answering { status, headers, chunks, secret, .. } = answering;
    respond::never_stored(&headers);
    let passing = Passing {
        chunks,
        secret: Secret::new(secret),
        watched: resumes.map(|flights| (flights, Decoder::default())),
    };
    ResponseBuilder::new()
        .with_status(status)
        .with_headers(headers)
        .from_stream(stream::unfold(passing, next).map(Ok::<_, worker::Error>))
        .map_err(|_| Problem::new(Code::Unavailable, "the answer cannot be sent"))
}

/// The next bytes for the client. A stream that would give the secret away ends.
async fn next(mut passing: Passing) -> Option<(Vec<u8>, Passing)> {
    let bytes = passing.chunks.next().await?.ok()?;
    if passing.secret.is_in(&bytes) {
        return None;
    }
    if let Some((flights, decoder)) = &mut passing.watched {
        let events = events(decoder, &bytes);
        let messages = events.iter().filter_map(message);
        for answer in messages.flat_map(|message| returned(&message)) {
            if let Some(outcome) = answer.outcome {
                flights.finish(&answer.id, outcome).await;
            }
        }
    }
    Some((bytes, passing))
}

/// The events that became whole with these bytes. What cannot be read is none that anybody waits for.
pub(super) fn events(decoder: &mut Decoder, bytes: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    if decoder.push(bytes).is_ok() {
        while let Ok(Some(event)) = decoder.next_event() {
            events.push(event);
        }
    }
    events
}

/// The message in an event.
pub(super) fn message(event: &Event) -> Option<Json> {
    Json::parse(event.data.as_ref()?.as_bytes()).ok()
}

/// What the upstream was sent, and must not give away, wherever its bytes are split.
#[derive(Debug)]
pub(super) struct Secret {
    secret: Option<String>,
    /// The end of what came, where the secret may have begun.
    tail: Vec<u8>,
}

impl Secret {
    pub(super) fn new(secret: Option<String>) -> Self {
        Self { secret, tail: Vec::new() }
    }

    /// Whether these bytes, behind those before them, hold it.
    pub(super) fn is_in(&mut self, bytes: &[u8]) -> bool {
        let Some(secret) = &self.secret else { return false };
        self.tail.extend_from_slice(bytes);
        if contains(&self.tail, secret.as_bytes()) {
            return true;
        }
        let kept = secret.len().saturating_sub(1);
        self.tail.drain(..self.tail.len().saturating_sub(kept));
        false
    }
}
