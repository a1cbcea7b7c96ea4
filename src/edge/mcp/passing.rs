//! What passes as it comes: every message but calls, and calls that proceed. A stream stays open as long as both sides
//! want it.

use super::super::upstream::{Answered, Answering, Chunks, Outgoing};
use super::super::{Responded, respond};
use super::flights::Flights;
use crate::wire::mcp::returned::Answers;
use crate::wire::problem::{Code, Problem};
use crate::wire::withheld::Withheld;
use futures_util::{StreamExt as _, stream};
use worker::{Response, ResponseBuilder};

/// Sends a request with this body and passes on what comes. `resumes` are the calls whose answers may come in it,
/// although they were sent over another connection.
pub(super) async fn pass(outgoing: Outgoing, body: &[u8], resumes: Option<Flights>) -> Responded {
    let answering = outgoing.send(body).await?;
    outgoing.check_secret_is_taken(answering.status)?;
    if answering.media_type() == "text/event-stream" {
        return streamed(answering, resumes);
    }
    answering.whole(&outgoing.upstream).await.map(Answered::into_response)
}

/// A stream on its way.
struct Passing {
    chunks: Chunks,
    secret: Withheld,
    watched: Option<(Flights, Answers)>,
}

fn streamed(answering: Answering, resumes: Option<Flights>) -> Result<Response, Problem> {
    let Answering { status, headers, chunks, secret, .. } = answering;
    respond::never_stored(&headers);
    let passing = Passing {
        chunks,
        secret: Withheld::new(secret),
        watched: resumes.map(|flights| (flights, Answers::default())),
    };
    ResponseBuilder::new()
        .with_status(status)
        .with_headers(headers)
        .from_stream(stream::unfold(passing, next).map(Ok::<_, worker::Error>))
        .map_err(|_| Problem::new(Code::Unavailable, "the answer cannot be sent"))
}

/// The next bytes for the client. A stream that would give the secret away ends.
async fn next(mut passing: Passing) -> Option<(Vec<u8>, Passing)> {
    loop {
        let Some(bytes) = passing.chunks.next().await else {
            let rest = passing.secret.rest();
            return (!rest.is_empty()).then_some((rest, passing));
        };
        let bytes = bytes.ok()?;
        if let Some((flights, answers)) = &mut passing.watched {
            for answer in answers.push(&bytes) {
                flights.note(&answer.id, answer.became).await;
            }
        }
        let bytes = passing.secret.pass(bytes)?;
        if !bytes.is_empty() {
            return Some((bytes, passing));
        }
    }
}
