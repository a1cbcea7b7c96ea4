//! What leaves after the gate: the calls that may run, together and once, and notices for the others. Where a
//! person decides first, the client is kept waiting.

use super::copy::Copy;
use super::gating::{self, Gated};
use super::upstream::Answered;
use super::{Responded, call, clock};
use crate::core::case::Oversight;
use crate::core::id;
use crate::core::json::Json;
use crate::core::key::Key;
use crate::wire::desk::Ask;
use crate::wire::notice::notice;
use crate::wire::openai_chat::{Answer, Call, Fate};
use crate::wire::problem::{Code, Problem};
use futures_util::future::{Either, LocalBoxFuture, join_all, select};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use std::pin::pin;
use std::time::Duration;
use worker::{Delay, Env, Headers, Response, ResponseBuilder};

/// How often a waiting client is sent white space: its timers run out after 300 s of silence at the soonest,
/// those of proxies between much earlier.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How soon a desk that failed is asked again.
const RETRY: Duration = Duration::from_millis(500);

/// An upstream's answer on its way to the client.
pub(super) struct Release {
    pub(super) env: Env,
    pub(super) answered: Answered,
    pub(super) answer: Answer,
    /// Whether a notice has to be a refusal.
    pub(super) structured: bool,
    /// How long the client waits for a person.
    pub(super) wait_ms: i64,
}

/// A gated call.
pub(super) struct GatedCall {
    pub(super) gated: Gated,
    /// Whether its arguments lost the member that carried the confidence.
    pub(super) changed: bool,
}

/// What is known of a call's fate.
enum Course {
    /// Settled already, with the word for it in the headers.
    Known(Fate, &'static str),
    /// A case of this desk; once approved it runs as this says.
    Held { desk: String, fate: Fate },
}

impl Release {
    /// Holds what is to be held, waits where anything is, and answers.
    pub(super) async fn run(self, copy: &Copy, way: Proposed<'_>, calls: Vec<GatedCall>) -> Responded {
        let courses = join_all(calls.iter().map(|call| course(&self.env, copy, &way, call))).await;
        let Self { env, answered, answer, structured, wait_ms } = self;
        let headers = with_status_headers(answered.headers, &calls, &courses);
        let known = |course: &Course| match course {
            Course::Known(fate, _) => Some(fate.clone()),
            Course::Held { .. } => None,
        };
        if let Some(fates) = courses.iter().map(known).collect::<Option<Vec<_>>>() {
            let body = body_of(answered.body, answer, &fates, structured);
            return Ok(ResponseBuilder::new().with_status(answered.status).with_headers(headers).fixed(body));
        }
        // Committed to 200 from here on: whatever happens is said in the body.
        let names: Vec<(String, String)> = calls
            .iter()
            .map(|call| (call.gated.made.id.to_string(), call.gated.action.kind.clone()))
            .collect();
        let body = async move {
            let mut fates = decided(&env, &names, courses, wait_ms).await;
            for ((call, fate), (id, kind)) in answer.calls().iter().zip(&mut fates).zip(&names) {
                if matches!(fate, Fate::RunWith(args) if !call.can_carry(args)) {
                    *fate = Fate::Notice(notice(id, kind, UNAVAILABLE));
                }
            }
            body_of(answered.body, answer, &fates, structured)
        };
        for (name, value) in [("cache-control", "no-store"), ("x-accel-buffering", "no")] {
            // Headers of our own words cannot be refused.
            let _ = headers.set(name, value);
        }
        ResponseBuilder::new()
            .with_status(200)
            .with_headers(headers)
            .from_stream(waiting(body.boxed_local()).map(Ok::<_, worker::Error>))
            .map_err(|_| Problem::new(Code::Unavailable, "the answer cannot be sent"))
    }

    /// The answer with a notice in the place of every call: the gate has failed.
    pub(super) fn unavailable(self) -> Response {
        let stopped = |call: &Call| Fate::Notice(notice("-", &call.kind, UNAVAILABLE));
        let fates: Vec<Fate> = self.answer.calls().iter().map(stopped).collect();
        let body = body_of(self.answered.body, self.answer, &fates, self.structured);
        ResponseBuilder::new()
            .with_status(self.answered.status)
            .with_headers(self.answered.headers)
            .fixed(body)
    }
}

/// Keeps the cases that people look at, before or after, and says what becomes of each call.
async fn course(env: &Env, copy: &Copy, way: &Proposed<'_>, call: &GatedCall) -> Course {
    let Gated { action, made } = &call.gated;
    let runs = if call.changed { Fate::RunWith(action.args.clone()) } else { Fate::Run };
    let stopped =
        |why: &str, word| Course::Known(Fate::Notice(notice(made.id.as_str(), &action.kind, why)), word);
    if made.id.course() == id::Course::Blocked {
        let why = format!("blocked by {}", made.blocked_by.as_deref().unwrap_or("the policy"));
        return stopped(&why, "blocked");
    }
    if let Some(oversight) = gating::oversight(&copy.in_force, made) {
        let proposer = gating::Proposer {
            app: &way.key.id,
            person: &way.key.person,
            origin: way.origin,
            audience: Some(way.upstream.to_owned()),
            raised_by: None,
        };
        let kept = match gating::facts(&copy.in_force.policy, &proposer, &call.gated, oversight) {
            Ok(facts) => gating::kept(env, &made.desk, facts).await,
            Err(_) => false,
        };
        match (kept, oversight) {
            (false, _) => return stopped(UNAVAILABLE, UNAVAILABLE),
            (true, Oversight::Before) => return Course::Held { desk: made.desk.clone(), fate: runs },
            (true, Oversight::After { .. }) => {}
        }
    }
    Course::Known(runs, "proceed")
}

/// Who has called whom.
#[derive(Clone, Copy)]
pub(super) struct Proposed<'a> {
    pub(super) key: &'a Key,
    pub(super) upstream: &'a str,
    pub(super) origin: &'a str,
}

const UNAVAILABLE: &str = "unavailable";

/// Waits until every held call is decided or the wait is over. Only then, and all together, are the approved
/// ones taken: none leaves before the others are decided, and each leaves once.
async fn decided(env: &Env, names: &[(String, String)], courses: Vec<Course>, wait_ms: i64) -> Vec<Fate> {
    let until = clock::now().0.saturating_add(wait_ms);
    join_all(names.iter().zip(&courses).map(|((id, _), course)| async move {
        if let Course::Held { desk, .. } = course {
            asked_until(env, desk, id, until, false).await;
        }
    }))
    .await;
    join_all(names.iter().zip(courses).map(|((id, kind), course)| async move {
        match course {
            Course::Known(fate, _) => fate,
            Course::Held { desk, fate } => {
                let answer = asked_until(env, &desk, id, clock::now().0, true).await;
                fate_of(answer.as_ref(), fate).unwrap_or_else(|why| Fate::Notice(notice(id, kind, &why)))
            }
        }
    }))
    .await
}

/// Asks a desk for a case until it is final or the wait is over. A desk that fails is asked again meanwhile.
async fn asked_until(env: &Env, desk: &str, id: &str, until: i64, take: bool) -> Option<Json> {
    loop {
        let wait_ms = until.saturating_sub(clock::now().0).max(0);
        let ask = Ask::Answer { id: id.to_owned(), wait_ms, take, proceeded: false };
        match call::case(env, desk, &ask, id, |_| true).await {
            Ok(reply) if matches!(reply.status, 200 | 202) => return Some(reply.body),
            Ok(reply) if reply.status < 500 => return None,
            _ if wait_ms == 0 => return None,
            _ => Delay::from(RETRY).await,
        }
    }
}

/// What a case's answer means for its call: it runs, or why not.
fn fate_of(answer: Option<&Json>, runs: Fate) -> Result<Fate, String> {
    let answer = answer.ok_or(UNAVAILABLE)?;
    let reason = || answer.get("decision")?.get("reason")?.as_str().map(str::to_owned);
    let edited = || answer.get("action")?.get("args")?.as_object().cloned();
    match answer.get("status").and_then(Json::as_str) {
        Some("approved") => Ok(runs),
        Some("edited") => edited().map(Fate::RunWith).ok_or_else(|| UNAVAILABLE.to_owned()),
        Some("rejected") => Err(reason().unwrap_or_else(|| "rejected".to_owned())),
        Some("expired" | "lapsed") => Err("expired".to_owned()),
        Some("withdrawn") => Err("withdrawn".to_owned()),
        Some("held") => Err("awaiting approval".to_owned()),
        _ => Err(UNAVAILABLE.to_owned()),
    }
}

/// White space until the body is there: JSON allows it before a value, and clients stay patient.
fn waiting(body: LocalBoxFuture<'static, Vec<u8>>) -> impl futures_util::Stream<Item = Vec<u8>> + 'static {
    stream::unfold((Some(body), true), |(body, first)| async move {
        let body = body?;
        if first {
            return Some((b" ".to_vec(), (Some(body), false)));
        }
        let limit = pin!(Delay::from(HEARTBEAT));
        match select(body, limit).await {
            Either::Left((bytes, _)) => Some((bytes, (None, false))),
            Either::Right(((), body)) => Some((b" ".to_vec(), (Some(body), false))),
        }
    })
}

/// What proceeds passes byte for byte; everything else is written anew.
fn body_of(original: Vec<u8>, answer: Answer, fates: &[Fate], structured: bool) -> Vec<u8> {
    if fates.iter().all(|fate| *fate == Fate::Run) {
        original
    } else {
        answer.rewrite(fates, structured).into_bytes()
    }
}

/// Ids and what is known of them at the first byte.
fn with_status_headers(headers: Headers, calls: &[GatedCall], courses: &[Course]) -> Headers {
    let ids: Vec<&str> = calls.iter().map(|call| call.gated.made.id.as_str()).collect();
    let statuses: Vec<&str> = courses
        .iter()
        .map(|course| match course {
            Course::Held { .. } => "held",
            Course::Known(_, word) => word,
        })
        .collect();
    let links: Vec<String> = ids.iter().map(|id| format!("</v1/actions/{id}>; rel=\"status\"")).collect();
    for (name, value) in [
        ("holdpoint-action", ids.join(", ")),
        ("holdpoint-status", statuses.join(", ")),
        ("link", links.join(", ")),
    ] {
        let _ = headers.set(name, &value);
    }
    headers
}
