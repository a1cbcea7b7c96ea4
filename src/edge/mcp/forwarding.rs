//! Forwarding what may run, and passing on how it is answered. This goes on although the client has gone, for as long as
//! the platform lets a Worker go on then (30 s): its desk hears of the answer all the same. What is not answered for
//! certain in time is unknown, and never sent again.

use super::super::fates::HEARTBEAT;
use super::super::proposals::Request;
use super::super::timer::Timer;
use super::super::upstream::{self, Answering, Outgoing};
use super::super::{clock, config};
use super::flights::{self, Flights};
use crate::core::json::Json;
use crate::core::time::Millis;
use crate::wire::call::Fate;
use crate::wire::mcp::returned::{Answers, Became, Returned, became_by_status, returned};
use crate::wire::mcp::said;
use crate::wire::mcp::sent::Sent;
use crate::wire::problem::{Code, Problem};
use crate::wire::sse;
use crate::wire::withheld::contains;
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

/// Where what is for the client goes. Once it has gone, nowhere.
pub(super) struct Out(UnboundedSender<Vec<u8>>);

impl Out {
    pub(super) fn new() -> (Self, UnboundedReceiver<Vec<u8>>) {
        let (out, events) = unbounded();
        (Self(out), events)
    }

    pub(super) fn say(&self, write: impl FnOnce(&mut Vec<u8>)) {
        let mut bytes = Vec::new();
        write(&mut bytes);
        // Whoever has gone is told nothing.
        let _ = self.0.unbounded_send(bytes);
    }

    /// Waits until then at most, and keeps the client patient.
    pub(super) async fn patiently<F: Future + Unpin>(&self, until: Millis, mut work: F) -> Waited<F::Output> {
        loop {
            let left = until.since(clock::now()).as_millis();
            let Some(left) = u64::try_from(left).ok().filter(|left| *left > 0) else { return Waited::InVain };
            let beat = HEARTBEAT.min(Duration::from_millis(left));
            work = match select(work, Timer::after(beat)).await {
                Either::Left((done, _)) => return Waited::For(done),
                Either::Right(((), work)) => work,
            };
            self.say(|bytes| sse::comment("running", bytes));
        }
    }
}

/// How a wait for the upstream ended.
pub(super) enum Waited<T> {
    For(T),
    /// Nothing came in time.
    InVain,
}

/// What is needed to forward what may run of a request.
pub(super) struct Exchange {
    pub(super) request: Rc<Request>,
    pub(super) sent: Rc<Sent>,
    pub(super) outgoing: Outgoing,
    pub(super) flights: Option<Flights>,
    pub(super) out: Out,
}

/// A request that is to be answered.
struct Pending {
    id: Json,
    /// Of a call that was held: its desk, its case and its kind.
    case: Option<(String, String, String)>,
}

impl Exchange {
    /// Says which calls may not run, sends the rest, and passes on what comes until then. `cases` are those of the calls
    /// that were held.
    pub(super) async fn forward(self, fates: Vec<Fate>, cases: Vec<Option<(String, String)>>, until: Millis) {
        let mut pending: Vec<Pending> =
            self.sent.others().map(|id| Pending { id: id.clone(), case: None }).collect();
        for ((call, fate), case) in self.sent.calls().iter().zip(&fates).zip(cases) {
            match said::noticed(&self.sent, call, fate) {
                Some(notice) => self.tell(&notice),
                None => {
                    let case = case.map(|(desk, id)| (desk, id, call.call.kind.clone()));
                    pending.push(Pending { id: call.id.clone(), case });
                }
            }
        }
        if let Some(body) = self.sent.rewritten(&fates) {
            self.send(&body, pending, until).await;
        }
    }

    fn tell(&self, message: &Json) {
        self.out.say(|bytes| said::event(message, bytes));
    }

    async fn send(&self, body: &[u8], mut pending: Vec<Pending>, until: Millis) {
        let answered = match self.out.patiently(until, pin!(self.outgoing.send(body))).await {
            Waited::For(Ok(answering)) => self.take(answering, until, &mut pending).await,
            Waited::For(Err(problem)) => Err((Became::Unclear, problem)),
            Waited::InVain => Err((Became::Unclear, self.too_slow())),
        };
        if let Err((became, problem)) = answered {
            self.end(pending, became, &problem).await;
        }
    }

    /// Passes an answer on. What is left unanswered then ends as this says.
    async fn take(
        &self,
        answering: Answering,
        until: Millis,
        pending: &mut Vec<Pending>,
    ) -> Result<(), (Became, Problem)> {
        let unclear = |problem| (Became::Unclear, problem);
        let status = answering.status;
        let is_ok = (200..300).contains(&status);
        if is_ok && answering.media_type() == "text/event-stream" {
            return self.relay(answering, until, pending).await.map_err(unclear);
        }
        let whole = match self.out.patiently(until, pin!(answering.whole(&self.outgoing.upstream))).await {
            Waited::For(whole) => whole.map_err(unclear)?,
            Waited::InVain => return Err(unclear(self.too_slow())),
        };
        let message = Json::parse(&whole.body).ok();
        if !is_ok {
            return self.failed(status, message, pending).await;
        }
        let messages = match message {
            Some(Json::Array(messages)) => messages,
            message => message.into_iter().collect(),
        };
        for message in messages {
            self.note(returned(&message), pending).await;
            self.tell(&message);
        }
        let problem = self.problem("answered with something else than results");
        if pending.is_empty() { Ok(()) } else { Err(unclear(problem)) }
    }

    /// The upstream has answered with a status of failure. Errors then need not name the request.
    async fn failed(
        &self,
        status: u16,
        message: Option<Json>,
        pending: &mut Vec<Pending>,
    ) -> Result<(), (Became, Problem)> {
        let became = became_by_status(status, self.flights.is_some());
        self.outgoing.check_secret_is_taken(status).map_err(|problem| (became, problem))?;
        if let (Became::Deferred, Some(flights)) = (became, &self.flights) {
            flights.end_session().await;
        }
        let error = message.filter(|said| said.get("error").is_some_and(|error| error.as_object().is_some()));
        let (Some(Json::Object(error)), true) = (error, became != Became::Unclear) else {
            return Err((became, self.problem(&format!("answered with status {status}"))));
        };
        for one in std::mem::take(pending) {
            let mut error = error.clone();
            error.set("id", one.id.clone());
            self.desk_notes(&one, became).await;
            self.tell(&error.into());
        }
        Ok(())
    }

    /// Passes a stream on until every request is answered, or it ends.
    async fn relay(
        &self,
        answering: Answering,
        until: Millis,
        pending: &mut Vec<Pending>,
    ) -> Result<(), Problem> {
        let Answering { mut chunks, secret, .. } = answering;
        let mut answers = Answers::default();
        let gives_away = |raw: &[u8]| secret.as_ref().is_some_and(|secret| contains(raw, secret.as_bytes()));
        while !pending.is_empty() {
            let until = if pending.iter().any(|one| one.case.is_some()) { until } else { Millis(i64::MAX) };
            let chunk = match self.out.patiently(until, pin!(chunks.next())).await {
                Waited::For(Some(Ok(chunk))) => chunk,
                Waited::For(Some(Err(_)) | None) if answers.can_be_resumed() => return Ok(()),
                Waited::For(Some(Err(_)) | None) => {
                    return Err(self.problem("ended its answer before it was whole"));
                }
                Waited::InVain => return Err(self.too_slow()),
            };
            // Whole events alone: between them the client is kept patient.
            for (raw, message) in answers.events(&chunk) {
                if gives_away(&raw) {
                    return Err(upstream::gives_away(&self.outgoing.upstream));
                }
                if let Some(message) = message {
                    self.note(returned(&message), pending).await;
                }
                self.out.say(|bytes| bytes.extend(raw));
            }
            if answers.is_unreadable() {
                return Err(self.problem("answered with events that cannot be read"));
            }
        }
        Ok(())
    }

    /// Notes answers. The client hears of them after the desk has.
    async fn note(&self, answers: Vec<Returned>, pending: &mut Vec<Pending>) {
        for answer in answers {
            let Some(at) = pending.iter().position(|one| one.id == answer.id) else { continue };
            let one = pending.swap_remove(at);
            self.desk_notes(&one, answer.became).await;
        }
    }

    async fn desk_notes(&self, one: &Pending, became: Became) {
        if let Some((desk, case, _)) = &one.case {
            flights::note(&self.request.env, desk, case, became).await;
        }
    }

    /// Ends what was not answered: as this says, or unknown.
    async fn end(&self, pending: Vec<Pending>, became: Became, problem: &Problem) {
        for one in pending {
            self.desk_notes(&one, became).await;
            match (became, &one.case) {
                (Became::Unclear, Some((_, case, kind))) => {
                    self.tell(&said::unknown(&one.id, case, kind, self.sent.is_modern()));
                }
                _ => self.tell(&said::error(&one.id, problem)),
            }
        }
    }

    fn problem(&self, what: &str) -> Problem {
        upstream::problem(&self.outgoing.upstream, Code::Upstream, what)
    }

    fn too_slow(&self) -> Problem {
        let what = format!("did not answer within {} s", config::answer_seconds(&self.request.env));
        upstream::problem(&self.outgoing.upstream, Code::UpstreamTimeout, &what)
    }
}
