//! An answer that came as a whole, on its way to the client: kept waiting by white space while people decide.

use super::fates::{Decided, HEARTBEAT};
use super::histories;
use super::proposals::{Proposal, Request, Settled};
use super::timer::Timer;
use super::upstream::Answered;
use super::{clock, respond};
use crate::core::time::Span;
use crate::wire::answer::WholeAnswer;
use crate::wire::call::Fate;
use crate::wire::problem::{Code, Problem};
use futures_util::future::{Either, LocalBoxFuture, select};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use std::rc::Rc;
use worker::{Headers, Response, ResponseBuilder};

/// Holds what is to be held, waits where anything is, and answers.
pub(super) async fn release(
    request: Rc<Request>,
    answered: Answered,
    answer: Box<dyn WholeAnswer>,
) -> Result<Response, Problem> {
    let calls = answer.calls().to_vec();
    let proposals = request.propose(0, calls, answer.model(), answered.confidence.as_deref()).await;
    let Answered { status, headers, body, .. } = answered;
    set_status_headers(&headers, &proposals);
    let changed = answer.changed();
    if let Some(settled) = proposals.iter().map(Proposal::settled).collect::<Option<Vec<_>>>() {
        histories::remember(&request, changed.as_ref(), &settled).await;
        let body = body_of(body, answer, settled);
        return Ok(ResponseBuilder::new().with_status(status).with_headers(headers).fixed(body));
    }
    let awaiting: Vec<Settled> = proposals.iter().map(Proposal::awaiting).collect();
    histories::remember(&request, changed.as_ref(), &awaiting).await;
    // Committed to this status from here on: whatever happens is said in the body.
    respond::never_stored(&headers);
    let until = clock::now().after(Span::millis(request.wait_ms));
    let asks = Rc::clone(&request);
    let deciding = async move { asks.decided(proposals, until).await };
    let waiting =
        Waiting { request, body, answer: Some(answer), stage: Stage::Begun(deciding.boxed_local()) };
    ResponseBuilder::new()
        .with_status(status)
        .with_headers(headers)
        .from_stream(stream::unfold(waiting, next).map(Ok::<_, worker::Error>))
        .map_err(|_| Problem::new(Code::Unavailable, "the answer cannot be sent"))
}

/// An answer of which a part is held.
struct Waiting {
    request: Rc<Request>,
    body: Vec<u8>,
    answer: Option<Box<dyn WholeAnswer>>,
    stage: Stage,
}

enum Stage {
    /// Nothing was sent yet.
    Begun(LocalBoxFuture<'static, Decided>),
    /// People decide.
    Deciding(LocalBoxFuture<'static, Decided>),
    /// What they approved is taken away to run it.
    Taking(LocalBoxFuture<'static, Vec<Settled>>),
    Over,
}

/// White space until the fates are known, then the body: JSON allows it before a value, and clients stay patient.
async fn next(mut waiting: Waiting) -> Option<(Vec<u8>, Waiting)> {
    let white_space = b" ".to_vec();
    match std::mem::replace(&mut waiting.stage, Stage::Over) {
        Stage::Begun(deciding) => {
            waiting.stage = Stage::Deciding(deciding);
            Some((white_space, waiting))
        }
        Stage::Deciding(deciding) => {
            waiting.stage = match select(deciding, Timer::after(HEARTBEAT)).await {
                Either::Right(((), deciding)) => Stage::Deciding(deciding),
                Either::Left((decided, _)) => {
                    let request = Rc::clone(&waiting.request);
                    let changed = waiting.answer.as_ref().and_then(|answer| answer.changed());
                    let taking = async move {
                        let settled = request.take(decided).await;
                        histories::remember(&request, changed.as_ref(), &settled).await;
                        settled
                    };
                    Stage::Taking(taking.boxed_local())
                }
            };
            Some((white_space, waiting))
        }
        Stage::Taking(taking) => {
            let settled = taking.await;
            let body = std::mem::take(&mut waiting.body);
            let body = waiting.answer.take().map(|answer| body_of(body, answer, settled)).unwrap_or_default();
            Some((body, waiting))
        }
        Stage::Over => None,
    }
}

/// What proceeds passes byte for byte; everything else is written anew.
fn body_of(original: Vec<u8>, mut answer: Box<dyn WholeAnswer>, settled: Vec<Settled>) -> Vec<u8> {
    let (told, fates): (Vec<_>, Vec<_>) = settled.into_iter().map(|one| (one.told, one.fate)).unzip();
    if !answer.tell(told) && fates.iter().all(|fate| *fate == Fate::Run) {
        return original;
    }
    answer.rewrite(&fates).into_bytes()
}

/// Ids and what is known of them at the first byte.
pub(super) fn set_status_headers(headers: &Headers, proposals: &[Proposal]) {
    let ids: Vec<&str> =
        proposals.iter().map(|proposal| proposal.id.as_str()).filter(|id| *id != "-").collect();
    if ids.is_empty() {
        return;
    }
    let statuses: Vec<&str> = proposals.iter().map(Proposal::word).collect();
    let links: Vec<String> = ids.iter().map(|id| format!("</v1/actions/{id}>; rel=\"status\"")).collect();
    for (name, value) in [
        ("holdpoint-action", ids.join(", ")),
        ("holdpoint-status", statuses.join(", ")),
        ("link", links.join(", ")),
    ] {
        let _ = headers.set(name, &value);
    }
}
