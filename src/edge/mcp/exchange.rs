//! A request with calls that wait for people, or may not run: answered by a stream of events that begins at once.

use super::super::fates::{Decided, HEARTBEAT, fates_of};
use super::super::proposals::{Proposal, Request};
use super::super::timer::Timer;
use super::super::upstream::{self, Outgoing};
use super::super::{clock, respond};
use super::flights::Flights;
use super::forwarding::{Exchange, Out, Waited};
use super::tools;
use crate::core::time::{Millis, Span};
use crate::wire::call::Fate;
use crate::wire::mcp::said;
use crate::wire::mcp::sent::Sent;
use crate::wire::problem::{Code, Problem};
use crate::wire::sse;
use futures_channel::mpsc::UnboundedReceiver;
use futures_util::future::{Either, select};
use futures_util::{StreamExt as _, stream};
use std::pin::pin;
use std::rc::Rc;
use worker::{Headers, Response, ResponseBuilder};

/// A request, with what it takes to forward it.
pub(super) struct Held {
    pub(super) request: Rc<Request>,
    pub(super) sent: Rc<Sent>,
    pub(super) outgoing: Outgoing,
    pub(super) flights: Option<Flights>,
}

impl Held {
    /// Waits for people while the client is told so, then forwards what may run.
    pub(super) fn wait(self, proposals: Vec<Proposal>, headers: Headers) -> Result<Response, Problem> {
        let (out, events) = Out::new();
        let until = clock::now().after(Span::millis(self.request.wait_ms));
        for proposal in proposals.iter().filter(|proposal| proposal.waits().is_some()) {
            out.say(|bytes| sse::comment(&format!("{} awaiting approval", proposal.id), bytes));
        }
        say_progress(&self.sent, self.request.wait_ms, &out);
        let cases = proposals.iter().map(Proposal::waits).collect();
        let work = async move {
            let asks = Rc::clone(&self.request);
            let deciding = async move { asks.decided(proposals, until).await };
            let decided = waited(&self.sent, deciding, until, &out).await;
            // Whether the client is still there is seen by this.
            out.say(|bytes| sse::comment("the wait is over", bytes));
            let ctx = Rc::clone(&self.request.ctx);
            ctx.wait_until(async move { self.go_on(decided, cases, out).await });
        };
        respond_with(events, work, headers)
    }

    async fn go_on(self, decided: Decided, cases: Vec<Option<(String, String)>>, out: Out) {
        let Self { request, sent, outgoing, flights } = self;
        // Before anything is spent: what cannot be sent stays free for whoever asks again.
        let expected = decided.expected();
        let made = {
            let making = pin!(tools::mirrored(&sent, &outgoing, &expected));
            out.patiently(request.answered_until(), making).await
        };
        let outgoing = match made {
            Waited::For(Ok(outgoing)) => outgoing,
            Waited::For(Err(problem)) => return say_errors(&sent, &problem, &out),
            Waited::InVain => {
                let what = "did not list its tools in time";
                let problem = upstream::problem(&outgoing.upstream, Code::UpstreamTimeout, what);
                return say_errors(&sent, &problem, &out);
            }
        };
        // The desk counts from a moment later than this.
        let until = request.answered_until();
        let fates = fates_of(request.take(decided).await);
        Exchange { request, sent, outgoing, flights, out }.forward(fates, cases, until).await;
    }

    /// Forwards what may run, and says why the rest may not.
    pub(super) fn settled(self, fates: Vec<Fate>, headers: Headers) -> Result<Response, Problem> {
        let (out, events) = Out::new();
        let Self { request, sent, outgoing, flights } = self;
        let (cases, until) = (fates.iter().map(|_| None).collect(), request.answered_until());
        let ctx = Rc::clone(&request.ctx);
        ctx.wait_until(async move {
            Exchange { request, sent, outgoing, flights, out }.forward(fates, cases, until).await;
        });
        respond_with(events, std::future::ready(()), headers)
    }
}

fn say_errors(sent: &Sent, problem: &Problem, out: &Out) {
    for id in sent.calls().iter().map(|call| &call.id).chain(sent.others()) {
        out.say(|bytes| said::event(&said::error(id, problem), bytes));
    }
}

fn say_progress(sent: &Sent, left_ms: i64, out: &Out) {
    for token in sent.calls().iter().filter_map(|call| call.progress_token.as_ref()) {
        out.say(|bytes| said::event(&said::progress(token, left_ms), bytes));
    }
}

/// Keeps the client patient until people have decided, or the wait is over.
async fn waited(sent: &Sent, deciding: impl Future<Output = Decided>, until: Millis, out: &Out) -> Decided {
    let mut deciding = Box::pin(deciding);
    loop {
        deciding = match select(deciding, Timer::after(HEARTBEAT)).await {
            Either::Left((decided, _)) => return decided,
            Either::Right(((), deciding)) => deciding,
        };
        out.say(|bytes| sse::comment("waiting", bytes));
        say_progress(sent, until.since(clock::now()).as_millis(), out);
    }
}

/// The stream of events. `work` is done beside it, as long as the client is there.
fn respond_with(
    events: UnboundedReceiver<Vec<u8>>,
    work: impl Future<Output = ()> + 'static,
    headers: Headers,
) -> Result<Response, Problem> {
    respond::never_stored(&headers);
    // Headers of our own words cannot be refused.
    let _ = headers.set("content-type", "text/event-stream");
    let working = stream::once(work).filter_map(|()| std::future::ready(None));
    ResponseBuilder::new()
        .with_headers(headers)
        .from_stream(stream::select(events, Box::pin(working)).map(Ok::<_, worker::Error>))
        .map_err(|_| Problem::new(Code::Unavailable, "the answer cannot be sent"))
}
