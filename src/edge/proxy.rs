//! Calls through Holdpoint to an upstream: its answer is gated before a byte of it leaves.

use super::copy::{self, Copy};
use super::gating;
use super::incoming::Incoming;
use super::release::{GatedCall, Proposed, Release};
use super::upstream::{self, Answered};
use super::{Responded, clock, config, doors};
use crate::core::action::{Action, Confidence};
use crate::core::gate;
use crate::core::json::{Json, Object};
use crate::core::key::Key;
use crate::core::time::Millis;
use crate::wire::openai_chat::{Answer, Call, Request};
use crate::wire::problem::{Code, Problem};
use crate::wire::upstream::{Passage, Upstream, is_plain_path};
use worker::{Context, Env};

/// What a proxied request brings along.
pub(super) struct Way<'a> {
    pub(super) env: &'a Env,
    pub(super) ctx: &'a Context,
    pub(super) incoming: &'a Incoming,
    pub(super) key: Key,
}

/// `/to/{upstream}/…`
pub(super) async fn forward(way: &Way<'_>, name: &str, path: &str) -> Responded {
    let Way { env, incoming, .. } = way;
    if !is_plain_path(path) {
        let detail = "the path is not plain: no empty or dotted segments, no encoded slashes or dots";
        return Err(Problem::new(Code::Malformed, detail));
    }
    doors::check_origin(env, incoming)?;
    let upstream = config::upstream(env, name)?;
    match upstream.passage(&incoming.method, path) {
        Passage::Chat => chat(way, &upstream, path).await,
        Passage::Ungated => {
            upstream::exchange(env, incoming, &upstream, path).await.map(Answered::into_response)
        }
        Passage::NotBuilt => {
            Err(Problem::new(Code::Invalid, "this endpoint cannot be gated yet, so nothing was sent"))
        }
        Passage::Refused => {
            Err(Problem::new(Code::NotFound, "this endpoint is not among those that are sent upstream"))
        }
    }
}

async fn chat(way: &Way<'_>, upstream: &Upstream, path: &str) -> Responded {
    let Way { env, incoming, .. } = way;
    let request = Request::parse(&incoming.body).map_err(|error| Problem::malformed(&error))?;
    if request.stream {
        let detail = "streamed answers cannot be gated yet; send `\"stream\": false`. Nothing was sent";
        return Err(Problem::new(Code::Invalid, detail));
    }
    let wait_ms = wait_ms(env, incoming)?;
    let answered = upstream::exchange(env, incoming, upstream, path).await?;
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
    let calls = gate_all(way, upstream, &request, &answer, answered.confidence.as_deref()).await;
    let release = Release { env: (*env).clone(), answered, answer, structured: request.structured, wait_ms };
    match calls {
        Ok((copy, calls)) => {
            let proposed = Proposed { key: &way.key, upstream: &upstream.name, origin: &way.incoming.origin };
            release.run(&copy, proposed, calls).await
        }
        // The upstream has answered: a status would make the client ask it again.
        Err(_) => Ok(release.unavailable()),
    }
}

/// Gates every call of an answer, by what is in force now: the upstream may have taken minutes.
async fn gate_all(
    way: &Way<'_>,
    upstream: &Upstream,
    request: &Request,
    answer: &Answer,
    confidence: Option<&str>,
) -> Result<(Copy, Vec<GatedCall>), Problem> {
    let copy = copy::current(way.env, way.ctx).await?;
    if copy.in_force.key(&way.key.hash).is_none() {
        return Err(Problem::new(Code::Unauthenticated, "this key is no longer in force"));
    }
    let gate = Gate { copy: &copy, key: &way.key, upstream, request, answer, confidence };
    let now = clock::now();
    let calls = answer.calls().iter().map(|call| gate.decide(call, now)).collect::<Result<_, _>>()?;
    Ok((copy, calls))
}

/// How long the client is kept waiting: what it asks for, else what the deployment says.
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
                let gated = gating::with_id(self.copy, &self.key.id, action, verdict, now)?;
                return Ok(GatedCall { gated, changed: false });
            }
        };
        action.args = args.clone();
        action.confidence = self.confidence.map_or(Confidence::None, |text| {
            Json::parse(text.trim().as_bytes()).map_or(Confidence::Invalid, |json| Confidence::of(&json))
        });
        let changed =
            action.take_confidence(policy.kind(&call.kind).and_then(|kind| kind.confidence.as_ref()));
        let gated = gating::gated(self.copy, &self.key.id, action, now)?;
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
