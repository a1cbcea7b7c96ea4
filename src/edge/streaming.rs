//! An answer that comes as a stream, on its way to the client: its text passes as it comes, its calls once they
//! have their fates, and a client that waits is sent comments.

use super::fates::{Decided, HEARTBEAT, fates_of};
use super::histories;
use super::proposals::{Proposal, Request, Settled};
use super::timer::Timer;
use super::upstream::{Answering, Chunks};
use super::{clock, respond};
use crate::core::time::{Millis, Span};
use crate::wire::answer::{AnswerStream, Flow, Ripe};
use crate::wire::call::Fate;
use crate::wire::problem::{Code, Problem};
use crate::wire::sse;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::{StreamExt as _, stream};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use worker::{Response, ResponseBuilder};

/// A stream between upstream and client.
struct Streaming {
    request: Rc<Request>,
    flow: Flow,
    confidence: Option<String>,
    /// What still comes; `None` once the upstream has closed, or nothing more of it counts.
    chunks: Option<Chunks>,
    /// How long the upstream may be silent.
    patience: Duration,
    /// When it was heard last, and when the client was.
    heard: Millis,
    sent: Millis,
    timer: Pin<Box<Timer>>,
    /// Groups of calls that are being gated or wait for people.
    groups: Vec<Group>,
    out: Vec<u8>,
    over: bool,
}

/// Calls that belong together, on their way to their fates.
struct Group {
    number: usize,
    /// Whether what was approved is being taken away: nothing that comes meanwhile may break that off.
    is_taking: bool,
    work: LocalBoxFuture<'static, Step>,
}

/// How far a group has come.
enum Step {
    /// People have to decide, on these cases.
    Held(Vec<Proposal>),
    /// They have, or the wait is over.
    Decided(Decided),
    /// Each call has its fate.
    Settled(Vec<Fate>),
}

/// Something that happened.
enum Happened {
    Chunk(Vec<u8>),
    Closed,
    Stepped(usize, Step),
    Timer,
}

/// Passes a stream on, gated.
pub(super) fn release(
    request: Rc<Request>,
    answering: Answering,
    answer: Box<dyn AnswerStream>,
) -> Result<Response, Problem> {
    let Answering { status, headers, confidence, chunks, secret, patience, .. } = answering;
    respond::never_stored(&headers);
    let now = clock::now();
    let streaming = Streaming {
        request,
        flow: Flow::new(answer, secret),
        confidence,
        chunks: Some(chunks),
        patience,
        heard: now,
        sent: now,
        timer: Box::pin(Timer::after(patience.min(HEARTBEAT))),
        groups: Vec::new(),
        out: Vec::new(),
        over: false,
    };
    ResponseBuilder::new()
        .with_status(status)
        .with_headers(headers)
        .from_stream(stream::unfold(streaming, next).map(Ok::<_, worker::Error>))
        .map_err(|_| Problem::new(Code::Unavailable, "the answer cannot be sent"))
}

/// The next bytes for the client.
async fn next(mut streaming: Streaming) -> Option<(Vec<u8>, Streaming)> {
    // While the client did not ask for more, nobody listened to the upstream.
    streaming.heard = streaming.heard.max(clock::now());
    loop {
        if !streaming.out.is_empty() {
            streaming.sent = clock::now();
            return Some((std::mem::take(&mut streaming.out), streaming));
        }
        if streaming.over {
            return None;
        }
        let happened = poll_fn(|context| streaming.poll(context)).await;
        streaming.take(happened);
        streaming.over |= streaming.is_over();
    }
}

impl Streaming {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Happened> {
        for (at, group) in self.groups.iter_mut().enumerate() {
            if let Poll::Ready(step) = group.work.poll_unpin(context) {
                return Poll::Ready(Happened::Stepped(at, step));
            }
        }
        let is_taking = self.is_taking();
        if let Some(chunks) = self.chunks.as_mut().filter(|_| !is_taking)
            && let Poll::Ready(chunk) = chunks.poll_next_unpin(context)
        {
            return Poll::Ready(match chunk {
                Some(Ok(bytes)) => Happened::Chunk(bytes),
                // Whether what came is whole is seen from what came.
                Some(Err(_)) | None => Happened::Closed,
            });
        }
        self.timer.poll_unpin(context).map(|()| Happened::Timer)
    }

    fn take(&mut self, happened: Happened) {
        match happened {
            Happened::Chunk(bytes) => {
                self.heard = clock::now();
                self.flow.push(&bytes, &mut self.out);
            }
            Happened::Closed => {
                self.chunks = None;
                self.flow.close(&mut self.out);
            }
            Happened::Stepped(at, step) => self.step(at, step),
            Happened::Timer => self.look_at_the_clock(),
        }
        while let Some(ripe) = self.flow.ripe() {
            self.gate(ripe);
        }
        if self.flow.is_over() {
            self.chunks = None;
        }
    }

    fn is_taking(&self) -> bool {
        self.groups.iter().any(|group| group.is_taking)
    }

    fn is_over(&self) -> bool {
        self.flow.has_failed() || (self.chunks.is_none() && self.groups.is_empty())
    }

    /// Has a group gated.
    fn gate(&mut self, ripe: Ripe) {
        let Ripe { group, place, calls } = ripe;
        let (request, confidence) = (Rc::clone(&self.request), self.confidence.clone());
        let (model, changed) = (self.flow.model().map(str::to_owned), self.flow.changed());
        let work = async move {
            let proposals = request.propose(place, calls, model.as_deref(), confidence.as_deref()).await;
            match proposals.iter().map(Proposal::settled).collect::<Option<Vec<_>>>() {
                Some(settled) => {
                    histories::remember(&request, changed.as_ref(), &settled).await;
                    Step::Settled(fates_of(settled))
                }
                None => {
                    let awaiting: Vec<Settled> = proposals.iter().map(Proposal::awaiting).collect();
                    histories::remember(&request, changed.as_ref(), &awaiting).await;
                    Step::Held(proposals)
                }
            }
        };
        self.groups.push(Group { number: group, is_taking: false, work: work.boxed_local() });
    }

    fn step(&mut self, at: usize, step: Step) {
        let Group { number, .. } = self.groups.swap_remove(at);
        match step {
            Step::Settled(fates) => {
                self.heard = clock::now();
                self.flow.release(number, &fates, &mut self.out);
            }
            Step::Held(proposals) => {
                let waits = proposals.iter().filter(|proposal| proposal.word() == "held");
                for proposal in waits {
                    sse::comment(&format!("{} awaiting approval", proposal.id), &mut self.out);
                }
                let request = Rc::clone(&self.request);
                let until = clock::now().after(Span::millis(request.wait_ms));
                let work = async move { Step::Decided(request.decided(proposals, until).await) };
                self.groups.push(Group { number, is_taking: false, work: work.boxed_local() });
            }
            Step::Decided(decided) => {
                sse::comment("decided", &mut self.out);
                let request = Rc::clone(&self.request);
                let changed = self.flow.changed();
                let work = async move {
                    let settled = request.take(decided).await;
                    histories::remember(&request, changed.as_ref(), &settled).await;
                    Step::Settled(fates_of(settled))
                };
                self.groups.push(Group { number, is_taking: true, work: work.boxed_local() });
            }
        }
    }

    /// Keeps the client patient, and is patient with the upstream only so long.
    fn look_at_the_clock(&mut self) {
        let now = clock::now();
        let left = |since: Millis, limit: Duration| {
            let limit = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
            since.0.saturating_add(limit).saturating_sub(now.0)
        };
        let (mut next, of_upstream) = (left(self.sent, HEARTBEAT), left(self.heard, self.patience));
        if next <= 0 {
            self.flow.waiting(&mut self.out);
            next = left(now, HEARTBEAT);
        }
        if self.is_taking() {
            // Nobody listens to the upstream meanwhile.
            self.heard = now;
        } else if self.chunks.is_some() {
            if of_upstream <= 0 {
                let message = format!("the upstream was silent for {} s", self.patience.as_secs());
                self.chunks = None;
                self.flow.close_by(Code::UpstreamTimeout, &message, &mut self.out);
            }
            next = next.min(of_upstream);
        }
        let next = Duration::from_millis(u64::try_from(next).unwrap_or(1).max(1));
        self.timer = Box::pin(Timer::after(next));
    }
}
