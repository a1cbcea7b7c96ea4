//! What becomes of the calls of an answer: people are waited for, and what they approved is taken away once, all
//! together.

use super::proposals::{Heading, Proposal, Request, Settled};
use super::timer::Timer;
use super::{call, clock, config, copy, gating};
use crate::core::json::Json;
use crate::core::time::{Millis, Span};
use crate::wire::api;
use crate::wire::call::{Call, Fate};
use crate::wire::desk::{Ask, Take};
use crate::wire::notice::{Notice, Why};
use crate::wire::upstream::Dialect;
use futures_util::future::join_all;
use std::rc::Rc;
use std::time::Duration;

/// How often a waiting client is sent something: its timers run out after 300 s of silence at the soonest,
/// those of proxies between much earlier.
pub(super) const HEARTBEAT: Duration = Duration::from_secs(15);

/// How soon a desk that failed is asked again.
const RETRY: Duration = Duration::from_millis(500);

/// Twice so long after something was sent to a client it is known whether that client is still there.
const UNTIL_GONE_IS_KNOWN: Duration = Duration::from_millis(50);

/// The fates alone.
pub(super) fn fates_of(settled: Vec<Settled>) -> Vec<Fate> {
    settled.into_iter().map(|settled| settled.fate).collect()
}

/// Proposals of which each is decided, or the wait for it is over; with the desks' answers. Dropped before they are
/// taken, it tells the desks that nobody waits any more.
#[derive(Debug)]
pub(super) struct Decided {
    request: Rc<Request>,
    proposals: Vec<Proposal>,
    answers: Vec<Option<Json>>,
}

impl Drop for Decided {
    fn drop(&mut self) {
        let waited: Vec<(String, String)> = self.proposals.iter().filter_map(Proposal::waits).collect();
        if waited.is_empty() {
            return;
        }
        let (env, connection) = (self.request.env.clone(), self.request.connection.clone());
        self.request.ctx.wait_until(async move {
            join_all(waited.iter().map(|(desk, id)| gating::leaves(&env, desk, id, &connection))).await;
        });
    }
}

impl Decided {
    /// Its parts, to be taken: this connection waits until it has them.
    fn into_parts(mut self) -> (Vec<Proposal>, Vec<Option<Json>>) {
        (std::mem::take(&mut self.proposals), std::mem::take(&mut self.answers))
    }

    /// What will become of each call, where everything that is approved can be taken.
    pub(super) fn expected(&self) -> Vec<Fate> {
        let known = self.proposals.iter().zip(&self.answers);
        known.map(|(proposal, answer)| proposal.expected(answer.as_ref())).collect()
    }

    /// Whether anything is to be taken away to run it.
    fn has_approved(&self) -> bool {
        self.answers.iter().any(|answer| is_approved(answer.as_ref()))
    }
}

fn is_approved(answer: Option<&Json>) -> bool {
    matches!(status_of(answer), Some("approved" | "edited"))
}

fn status_of(answer: Option<&Json>) -> Option<&str> {
    answer?.get("status")?.as_str()
}

impl Request {
    /// Waits until every held call is decided or the wait is over. Whoever stops waiting before, because the client
    /// has gone, leaves what is approved to the next that asks.
    pub(super) async fn decided(self: &Rc<Self>, proposals: Vec<Proposal>, until: Millis) -> Decided {
        let mut decided = Decided { request: Rc::clone(self), proposals, answers: Vec::new() };
        let waits = decided.proposals.iter().map(|proposal| async move {
            match &proposal.heading {
                Heading::Settled(..) => None,
                Heading::Held { desk, .. } => self.asked_until(desk, &proposal.id, until.0, None).await,
            }
        });
        decided.answers = join_all(waits.collect::<Vec<_>>()).await;
        decided
    }

    /// Takes the approved ones away to run them, all together, each once. The client was sent something just
    /// before: if it has gone, that is known by now, and what was approved is left for whoever asks again.
    pub(super) async fn take(&self, mut decided: Decided) -> Vec<Settled> {
        let mut kept_back = None;
        // What Holdpoint forwards itself leaves now, also what nobody had to approve.
        if decided.has_approved() || self.dialect == Dialect::Mcp {
            // Twice: a runtime that is behind may fire a timer before it hears of a connection that was closed long ago.
            for _ in 0..2 {
                Timer::after(UNTIL_GONE_IS_KNOWN).await;
            }
            if self.signal.aborted() {
                kept_back = Some(Why::Awaiting);
            } else if !self.is_in_force().await {
                kept_back = Some(Why::Unavailable);
            }
        }
        let (proposals, answers) = match kept_back {
            // From here on nobody else gets them.
            None => decided.into_parts(),
            Some(_) => (decided.proposals.clone(), std::mem::take(&mut decided.answers)),
        };
        let settled = proposals.into_iter().zip(answers);
        join_all(settled.map(|(proposal, answer)| self.settle(proposal, answer, kept_back.clone()))).await
    }

    /// Until when an answer counts to what is forwarded now.
    pub(super) fn answered_until(&self) -> Millis {
        clock::now().after(Span::seconds(config::answer_seconds(&self.env)))
    }

    /// How what was approved is taken away: by the client with its answer, or by us to forward it.
    fn takes(&self) -> Take {
        match self.dialect {
            Dialect::Mcp => Take::Forward(self.answered_until()),
            _ => Take::Away,
        }
    }

    /// This connection does not wait for what the call waits for.
    pub(super) async fn leaves(&self, proposal: &Proposal) {
        if let Some((desk, id)) = proposal.waits() {
            gating::leaves(&self.env, &desk, &id, &self.connection).await;
        }
    }

    /// Whether the key may still have what was approved for it.
    async fn is_in_force(&self) -> bool {
        let copy = copy::current(&self.env, &self.ctx).await;
        copy.is_ok_and(|copy| copy.in_force.key(&self.key.hash).is_some())
    }

    async fn settle(&self, proposal: Proposal, answer: Option<Json>, kept_back: Option<Why>) -> Settled {
        let Proposal { call, id, heading, mut told } = proposal;
        let notice = |why| Fate::Notice(Notice { id: id.clone(), kind: call.kind.clone(), why });
        // What the call cannot carry is not taken away.
        let carried = |fate: Fate| match fate {
            Fate::RunWith(args) if !call.can_carry(&args) => notice(Why::Unavailable),
            fate => fate,
        };
        let mut is_edited = false;
        let was_held = matches!(heading, Heading::Held { .. });
        let fate = match heading {
            Heading::Settled(fate, _) => match kept_back {
                Some(why) if self.dialect == Dialect::Mcp && fate.notice().is_none() => notice(why),
                _ => carried(fate),
            },
            Heading::Held { desk, fate } => {
                let expected = carried(fate_of(answer.as_ref(), &call, fate.clone()).unwrap_or_else(notice));
                told = answer.unwrap_or_else(|| api::answer_unavailable(&id));
                match kept_back {
                    _ if expected.notice().is_some() => expected,
                    Some(why) => {
                        told = api::answer_unavailable(&id);
                        notice(why)
                    }
                    None => {
                        let taken = self.asked_until(&desk, &id, clock::now().0, Some(self.takes())).await;
                        is_edited = status_of(taken.as_ref()) == Some("edited");
                        let fate = carried(fate_of(taken.as_ref(), &call, fate).unwrap_or_else(notice));
                        told = taken.unwrap_or_else(|| api::answer_unavailable(&id));
                        fate
                    }
                }
            }
        };
        if let Some(told) = told.as_object_mut() {
            // Through the proxy it runs by being in the answer.
            told.set("permit", Json::Null);
        }
        Settled { is_edited: is_edited && fate.notice().is_none(), id, fate, told, was_held }
    }

    /// Asks a desk for a case until it is final or the wait is over. A desk that fails is asked again meanwhile.
    async fn asked_until(&self, desk: &str, id: &str, until: i64, take: Option<Take>) -> Option<Json> {
        loop {
            let wait_ms = until.saturating_sub(clock::now().0).max(0);
            let connection = Some(self.connection.clone());
            let ask = Ask::Answer { id: id.to_owned(), wait_ms, take, proceeded: false, connection };
            match call::case(&self.env, desk, &ask, id, |_| true).await {
                Ok(reply) if matches!(reply.status, 200 | 202) => return Some(reply.body),
                Ok(reply) if reply.status < 500 => return None,
                _ if wait_ms == 0 => return None,
                _ => Timer::after(RETRY).await,
            }
        }
    }
}

impl Proposal {
    /// What becomes of it by this answer of its desk.
    fn expected(&self, answer: Option<&Json>) -> Fate {
        match &self.heading {
            Heading::Settled(fate, _) => fate.clone(),
            Heading::Held { fate, .. } => fate_of(answer, &self.call, fate.clone()).unwrap_or_else(|why| {
                Fate::Notice(Notice { id: self.id.clone(), kind: self.call.kind.clone(), why })
            }),
        }
    }
}

/// What a case's answer means for its call: it runs, or why not.
fn fate_of(answer: Option<&Json>, call: &Call, runs: Fate) -> Result<Fate, Why> {
    let answer = answer.ok_or(Why::Unavailable)?;
    let reason = || answer.get("decision")?.get("reason")?.as_str().map(str::to_owned);
    let edited = || answer.get("action")?.get("args")?.as_object().cloned();
    match status_of(Some(answer)) {
        Some("approved") => Ok(runs),
        Some("edited") => edited().map(Fate::RunWith).ok_or(Why::Unavailable),
        // Ours to forward, with whatever stands there now.
        Some("running") => {
            let args = edited().ok_or(Why::Unavailable)?;
            Ok(if call.args.as_ref() == Ok(&args) { Fate::Run } else { Fate::RunWith(args) })
        }
        Some("rejected") => Err(Why::Rejected(reason().unwrap_or_else(|| "rejected".to_owned()))),
        Some("expired" | "lapsed") => Err(Why::Expired),
        Some("withdrawn") => Err(Why::Withdrawn),
        Some("held") => Err(Why::Awaiting),
        _ => Err(Why::Unavailable),
    }
}
