//! Calls through Holdpoint to an upstream: its answer is gated before a byte of it leaves.

use super::actions::{self, Gated};
use super::call;
use super::copy::Copy;
use super::incoming::Incoming;
use super::upstream::{self, Answered};
use super::{Responded, clock, config, doors};
use crate::core::action::{Action, Confidence};
use crate::core::gate;
use crate::core::json::{Json, Object};
use crate::core::key::Key;
use crate::core::time::Millis;
use crate::core::verdict::Outcome;
use crate::wire::desk::Ask;
use crate::wire::notice::notice;
use crate::wire::openai_chat::{Answer, Call, Fate, Request};
use crate::wire::problem::{Code, Problem};
use crate::wire::upstream::{Passage, Upstream, is_plain_path};
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

/// `/to/{upstream}/…`
pub(super) async fn forward(
    env: Env,
    incoming: &Incoming,
    copy: Copy,
    key: Key,
    name: &str,
    path: &str,
) -> Responded {
    if !is_plain_path(path) {
        return Err(Problem::new(
            Code::Malformed,
            "the path is not plain: no empty or dotted segments, no encoded slashes or dots",
        ));
    }
    doors::check_origin(incoming)?;
    let upstream = config::upstream(&env, name)?;
    match upstream.passage(&incoming.method, path) {
        Passage::Chat => chat(env, incoming, copy, key, &upstream, path).await,
        Passage::Ungated => {
            upstream::exchange(&env, incoming, &upstream, path).await.map(Answered::into_response)
        }
        Passage::NotBuilt => {
            Err(Problem::new(Code::Invalid, "this endpoint cannot be gated yet, so nothing was sent"))
        }
        Passage::Refused => {
            Err(Problem::new(Code::NotFound, "this endpoint is not among those that are sent upstream"))
        }
    }
}

async fn chat(
    env: Env,
    incoming: &Incoming,
    copy: Copy,
    key: Key,
    upstream: &Upstream,
    path: &str,
) -> Responded {
    let request = Request::parse(&incoming.body).map_err(|error| Problem::malformed(&error))?;
    if request.stream {
        return Err(Problem::new(
            Code::Invalid,
            "streamed answers cannot be gated yet; send `\"stream\": false`. Nothing was sent",
        ));
    }
    let wait = wait_ms(&env, incoming)?;
    let answered = upstream::exchange(&env, incoming, upstream, path).await?;
    if !(200..300).contains(&answered.status) {
        return Ok(answered.into_response());
    }
    if answered.media_type() != "application/json" {
        let what = format!("answered with `{}`, not JSON", answered.media_type());
        return Err(upstream::problem(upstream, Code::Upstream, &what));
    }
    let answer = Answer::parse(&answered.body).map_err(|error| {
        upstream::problem(upstream, Code::Upstream, &format!("answered with what cannot be gated: {error}"))
    })?;
    if answer.calls().is_empty() {
        return Ok(answered.into_response());
    }
    let now = clock::now();
    let gate = Gate {
        copy: &copy,
        key: &key,
        upstream,
        request: &request,
        answer: &answer,
        confidence: answered.confidence.as_deref(),
    };
    let gated: Result<Vec<_>, _> = answer.calls().iter().map(|call| gate.decide(call, now)).collect();
    let Ok(gated) = gated else {
        return Ok(rewritten(answered, answer, unavailable_everywhere(), &request));
    };
    release(env, &copy, &key, answered, answer, gated, request.structured, wait).await
}

/// How long the client is kept waiting: what it asks for, within what the deployment allows.
fn wait_ms(env: &Env, incoming: &Incoming) -> Result<i64, Problem> {
    let most = config::wait_seconds(env);
    let Some(asked) = incoming.header("holdpoint-wait") else { return Ok(most.saturating_mul(1000)) };
    let asked: Option<i64> = asked.trim().parse().ok().filter(|seconds| (0..=240).contains(seconds));
    let asked = asked.ok_or_else(|| {
        Problem::new(Code::Invalid, "`Holdpoint-Wait` is a whole number of seconds from 0 to 240")
    })?;
    Ok(asked.saturating_mul(1000))
}

/// What stands around the calls of one answer.
struct Gate<'a> {
    copy: &'a Copy,
    key: &'a Key,
    upstream: &'a Upstream,
    request: &'a Request,
    answer: &'a Answer,
    confidence: Option<&'a str>,
}

/// A gated call: whether its arguments lost the member that carried the confidence.
struct GatedCall {
    gated: Gated,
    changed: bool,
}

impl Gate<'_> {
    fn decide(&self, call: &Call, now: Millis) -> Result<GatedCall, Problem> {
        let policy = &self.copy.in_force.policy;
        let mut action = Action::new(call.kind.as_str(), Object::new());
        action.source = self.source();
        action.context = self.context();
        let args = match &call.args {
            Ok(args) => args,
            Err(why) => {
                let verdict =
                    gate::malformed(policy, &call.kind, &format!("The call cannot be read: {why}."));
                let gated = actions::with_id(self.copy, self.key, action, verdict, now)?;
                return Ok(GatedCall { gated, changed: false });
            }
        };
        action.args = args.clone();
        action.confidence = self.confidence.map_or(Confidence::None, |text| {
            Json::parse(text.trim().as_bytes()).map_or(Confidence::Invalid, |json| Confidence::of(&json))
        });
        let changed =
            action.take_confidence(policy.kind(&call.kind).and_then(|kind| kind.confidence.as_ref()));
        let gated = actions::gated(self.copy, self.key, action, now)?;
        Ok(GatedCall { gated, changed })
    }

    fn source(&self) -> Object {
        let mut source = Object::new();
        source.set("upstream", self.upstream.name.as_str());
        source.set("dialect", "openai");
        if let Some(model) = self.answer.model().or(self.request.model.as_deref()) {
            source.set("model", model);
        }
        source
    }

    fn context(&self) -> Object {
        let mut context = Object::new();
        if let Some(text) = &self.request.last_user_text {
            context.set("request", text.as_str());
        }
        context
    }
}

/// What is known of a call's fate.
enum Course {
    Known(Fate),
    /// A case of this desk; once approved it runs as this says.
    Held {
        desk: String,
        fate: Fate,
    },
}

#[expect(clippy::too_many_arguments, reason = "one place where all that was read comes together")]
async fn release(
    env: Env,
    copy: &Copy,
    key: &Key,
    answered: Answered,
    answer: Answer,
    calls: Vec<GatedCall>,
    structured: bool,
    wait_ms: i64,
) -> Responded {
    let now = clock::now();
    let courses = join_all(calls.iter().map(|call| course(&env, copy, key, call, now))).await;
    let headers = with_status_headers(answered.headers, &calls, &courses);
    let fates: Option<Vec<Fate>> = courses
        .iter()
        .map(|course| match course {
            Course::Known(fate) => Some(fate.clone()),
            Course::Held { .. } => None,
        })
        .collect();
    if let Some(fates) = fates {
        let body = body_of(answered.body, answer, &fates, structured);
        return Ok(ResponseBuilder::new().with_status(answered.status).with_headers(headers).fixed(body));
    }
    // Committed to 200 from here on: whatever happens is said in the body.
    let app = key.id.clone();
    let names: Vec<(String, String)> =
        calls.iter().map(|call| (call.gated.id.to_string(), call.gated.action.kind.clone())).collect();
    let original = answered.body;
    let decided = async move {
        let fates = decided(&env, &app, &names, courses, wait_ms).await;
        body_of(original, answer, &fates, structured)
    };
    for (name, value) in [("cache-control", "no-store"), ("x-accel-buffering", "no")] {
        let _ = headers.set(name, value);
    }
    ResponseBuilder::new()
        .with_status(200)
        .with_headers(headers)
        .from_stream(waiting(decided.boxed_local()).map(Ok::<_, worker::Error>))
        .map_err(|_| Problem::new(Code::Unavailable, "the answer cannot be sent"))
}

/// Holds what is to be held, and says what becomes of the rest.
async fn course(env: &Env, copy: &Copy, key: &Key, call: &GatedCall, now: Millis) -> Course {
    let Gated { id, action, verdict } = &call.gated;
    let runs = if call.changed { Fate::RunWith(action.args.clone()) } else { Fate::Run };
    let stopped = |why: &str| Course::Known(Fate::Notice(notice(id.as_str(), &action.kind, why)));
    match verdict.outcome {
        Outcome::Proceed => Course::Known(runs),
        Outcome::Block => stopped(&format!("blocked by {}", verdict.first_cause().unwrap_or("the policy"))),
        Outcome::Hold => {
            let Ok(facts) = actions::facts(&copy.in_force.policy, key, &call.gated, now) else {
                return stopped(UNAVAILABLE);
            };
            match call::desk(env, &verdict.desk, &Ask::Hold(Box::new(facts))).await {
                Ok(reply) if reply.status == 202 => Course::Held { desk: verdict.desk.clone(), fate: runs },
                _ => stopped(UNAVAILABLE),
            }
        }
    }
}

const UNAVAILABLE: &str = "unavailable";

/// Waits until every held call is decided or the wait is over. Only then, and all together, are the approved
/// ones taken: none leaves before the others are decided, and each leaves once.
async fn decided(
    env: &Env,
    app: &str,
    names: &[(String, String)],
    courses: Vec<Course>,
    wait_ms: i64,
) -> Vec<Fate> {
    let until = clock::now().0.saturating_add(wait_ms);
    join_all(names.iter().zip(&courses).map(|((id, _), course)| async move {
        if let Course::Held { desk, .. } = course {
            asked_until(env, desk, id, app, until, false).await;
        }
    }))
    .await;
    join_all(names.iter().zip(courses).map(|((id, kind), course)| async move {
        match course {
            Course::Known(fate) => fate,
            Course::Held { desk, fate } => {
                let answer = asked_until(env, &desk, id, app, clock::now().0, true).await;
                fate_of(answer.as_ref(), fate).unwrap_or_else(|why| Fate::Notice(notice(id, kind, &why)))
            }
        }
    }))
    .await
}

/// Asks a desk for a case until it is final or the wait is over. A desk that fails is asked again meanwhile.
async fn asked_until(env: &Env, desk: &str, id: &str, app: &str, until: i64, take: bool) -> Option<Json> {
    loop {
        let wait_ms = until.saturating_sub(clock::now().0).max(0);
        let ask = Ask::Answer { id: id.to_owned(), app: app.to_owned(), wait_ms, take };
        match call::desk(env, desk, &ask).await {
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
    match answer.get("status").and_then(Json::as_str) {
        Some("approved") => Ok(runs),
        Some("rejected") => Err(reason().unwrap_or_else(|| "rejected".to_owned())),
        Some("expired" | "lapsed") => Err("expired".to_owned()),
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

fn unavailable_everywhere() -> impl Fn(&Call) -> Fate {
    |call| Fate::Notice(notice("-", &call.kind, UNAVAILABLE))
}

fn rewritten(
    answered: Answered,
    answer: Answer,
    fate: impl Fn(&Call) -> Fate,
    request: &Request,
) -> Response {
    let fates: Vec<Fate> = answer.calls().iter().map(fate).collect();
    let body = body_of(answered.body, answer, &fates, request.structured);
    ResponseBuilder::new().with_status(answered.status).with_headers(answered.headers).fixed(body)
}

/// Ids and what is known of them at the first byte.
fn with_status_headers(headers: Headers, calls: &[GatedCall], courses: &[Course]) -> Headers {
    let ids: Vec<&str> = calls.iter().map(|call| call.gated.id.as_str()).collect();
    let statuses: Vec<&str> = courses
        .iter()
        .map(|course| match course {
            Course::Held { .. } => "held",
            Course::Known(Fate::Notice(_)) => "blocked",
            Course::Known(Fate::Run | Fate::RunWith(_)) => "proceed",
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
