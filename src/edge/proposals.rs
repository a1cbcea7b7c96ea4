//! The calls of an answer on their way: each is gated, and what people look at becomes a case or waits for the one
//! that an equal call left. What then becomes of them is in [`super::fates`].

use super::clock;
use super::copy::{self, Copy};
use super::counting;
use super::gating::{self, Gated};
use crate::core::action::{Action, Confidence};
use crate::core::canonical::{Digest, canonical};
use crate::core::case::{Connection, Oversight, Proxied};
use crate::core::gate;
use crate::core::id::Course;
use crate::core::json::{Json, Object};
use crate::core::key::Key;
use crate::core::time::{Millis, Span};
use crate::wire::api;
use crate::wire::asked::Asked;
use crate::wire::call::{Call, Fate};
use crate::wire::notice::{Notice, Why};
use crate::wire::problem::{Code, Problem};
use crate::wire::upstream::Dialect;
use futures_util::future::join_all;
use std::rc::Rc;
use worker::{AbortSignal, Context, Env};

/// What stands around the calls of one request: who asks whom, what for, and how long they wait.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) env: Env,
    pub(super) ctx: Rc<Context>,
    pub(super) key: Key,
    /// The upstream's name.
    pub(super) upstream: String,
    pub(super) dialect: Dialect,
    /// Whether its body is one of Responses, whose history can be mended.
    pub(super) is_responses: bool,
    /// How the app knows this deployment.
    pub(super) origin: String,
    pub(super) asked: Asked,
    /// App, upstream, path and body: the same request again has the same.
    pub(super) digest: Digest,
    /// Names this connection among those of the same request.
    pub(super) connection: String,
    /// How long the client waits for a person.
    pub(super) wait_ms: i64,
    /// Says when the client has gone.
    pub(super) signal: AbortSignal,
}

/// A call, gated.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    pub(super) call: Call,
    /// Its id; that of the case that it waits for, where there is one.
    pub(super) id: String,
    pub(super) heading: Heading,
    /// How it stands in the form of the API, for answers that say so; null for others, and while it is held.
    pub(super) told: Json,
}

/// Where a call is heading.
#[derive(Debug, Clone)]
pub(super) enum Heading {
    /// Settled already, with the word for it in the headers.
    Settled(Fate, &'static str),
    /// It waits for its case, found from this desk; once approved it runs as this says.
    Held { desk: String, fate: Fate },
}

/// A call with its fate.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) id: String,
    pub(super) fate: Fate,
    /// How it stands in the form of the API, for answers that say so.
    pub(super) told: Json,
    /// Whether a person wrote other arguments.
    pub(super) is_edited: bool,
    /// Whether it waited for a person.
    pub(super) was_held: bool,
}

impl Request {
    /// Gates calls that belong together, by what is in force now: the upstream may have taken minutes. `place`
    /// tells these calls from others of the same answer. Where the gate fails, none of them runs.
    pub(super) async fn propose(
        &self,
        place: i64,
        calls: Vec<Call>,
        model: Option<&str>,
        confidence: Option<&str>,
    ) -> Vec<Proposal> {
        let Ok((copy, gated)) = self.gate_all(&calls, model, confidence).await else {
            return calls.into_iter().map(unavailable).collect();
        };
        let digests: Vec<Digest> = gated.iter().map(|(gated, _)| gated.action.digest()).collect();
        let headings = gated.iter().zip(&digests).enumerate().map(|(at, ((gated, changed), digest))| {
            let equal = digests.iter().take(at).filter(|known| *known == digest).count();
            let beside = calls.get(at).map(|call| &call.beside);
            self.heading(&copy, gated, *changed, self.proxied(*digest, beside, place, equal))
        });
        let headings = join_all(headings.collect::<Vec<_>>()).await;
        let mut proposals = Vec::new();
        for ((call, (gated, _)), (id, heading)) in calls.into_iter().zip(&gated).zip(headings) {
            proposals.push(Proposal { call, told: self.told(gated, &heading), id, heading });
        }
        proposals
    }

    fn told(&self, gated: &Gated, heading: &Heading) -> Json {
        let Gated { action, made } = gated;
        match heading {
            _ if self.dialect != Dialect::Json => Json::Null,
            Heading::Held { .. } => Json::Null,
            Heading::Settled(_, "unavailable") => api::answer_unavailable(made.id.as_str()),
            Heading::Settled(..) => api::answer_without_case(&made.id, action, &made.verdict, None),
        }
    }

    async fn gate_all(
        &self,
        calls: &[Call],
        model: Option<&str>,
        confidence: Option<&str>,
    ) -> Result<(Copy, Vec<(Gated, bool)>), Problem> {
        let copy = copy::current(&self.env, &self.ctx).await?;
        if copy.in_force.key(&self.key.hash).is_none() {
            return Err(Problem::new(Code::Unauthenticated, "this key is no longer in force"));
        }
        let now = clock::now();
        let gated = calls.iter().map(|call| self.gate(&copy, call, model, confidence, now));
        let gated = gated.collect::<Result<Vec<_>, _>>()?;
        Ok((copy, gated))
    }

    /// Gates one call. True where its arguments lost the member that carried the confidence.
    fn gate(
        &self,
        copy: &Copy,
        call: &Call,
        model: Option<&str>,
        confidence: Option<&str>,
        now: Millis,
    ) -> Result<(Gated, bool), Problem> {
        let policy = &copy.in_force.policy;
        let mut action = Action::new(call.kind.as_str(), Object::new());
        action.source.set("upstream", self.upstream.as_str());
        action.source.set("dialect", self.dialect.as_str());
        if let Some(model) = model.or(self.asked.model.as_deref()) {
            action.source.set("model", model);
        }
        if let Some(text) = &self.asked.last_user_text {
            action.context.set("request", text.as_str());
        }
        let args = match &call.args {
            Ok(args) => args,
            Err(why) => {
                let message = format!("The call cannot be read: {why}.");
                let verdict = gate::malformed(policy, &call.kind, &message);
                return Ok((gating::with_id(copy, &self.key.id, action, verdict, now)?, false));
            }
        };
        action.args = args.clone();
        action.subject.clone_from(&call.subject);
        for (name, value) in call.beside.iter() {
            action.context.set(name, value.clone());
        }
        let pointer = policy.kind(&call.kind).and_then(|kind| kind.confidence.as_ref());
        let of_tokens = call.scores.as_ref().map_or(Confidence::None, |scores| scores.confidence(pointer));
        let of_answer = confidence.map_or(Confidence::None, |text| {
            let json = Json::parse(text.trim().as_bytes());
            json.map_or(Confidence::Invalid, |json| Confidence::of(&json))
        });
        action.confidence = of_answer.lowest(of_tokens).lowest(call.confidence);
        let changed = action.take_confidence(pointer);
        Ok((gating::gated(copy, &self.key.id, action, now)?, changed))
    }

    /// What a call is known by when it comes again.
    fn proxied(&self, digest: Digest, beside: Option<&Object>, place: i64, equal: usize) -> Proxied {
        let mut call = format!("{}\n{}\n{digest}", self.key.id, self.upstream);
        if let Some(beside) = beside.filter(|beside| !beside.is_empty()) {
            call.push('\n');
            call.push_str(&canonical(&beside.clone().into()));
        }
        let request = format!("{}\n{digest}\n{place}", self.digest);
        let nth = u32::try_from(equal).unwrap_or(u32::MAX);
        let (call, request) = (Digest::of(call.as_bytes()), Digest::of(request.as_bytes()));
        Proxied { call, request, nth, renamed: self.dialect == Dialect::Mcp }
    }

    /// Keeps the cases that people look at, before or after, and says where each call is heading.
    async fn heading(
        &self,
        copy: &Copy,
        gated: &Gated,
        changed: bool,
        proxied: Proxied,
    ) -> (String, Heading) {
        let Gated { action, made } = gated;
        let id = made.id.to_string();
        let runs = if changed { Fate::RunWith(action.args.clone()) } else { Fate::Run };
        let stopped = |why: Why| {
            let word = if matches!(why, Why::Blocked(_)) { "blocked" } else { "unavailable" };
            let notice = Notice { id: id.clone(), kind: action.kind.clone(), why };
            Heading::Settled(Fate::Notice(notice), word)
        };
        let oversight = gating::oversight(&copy.in_force, made);
        let model = action.source.get("model").and_then(Json::as_str);
        counting::count(&self.ctx, &self.env, made, &action.kind, model, oversight);
        if made.id.course() == Course::Blocked {
            let by = made.blocked_by.clone().unwrap_or_else(|| "the policy".to_owned());
            return (id.clone(), stopped(Why::Blocked(by)));
        }
        let Some(oversight) = oversight else {
            return (id, Heading::Settled(runs, "proceed"));
        };
        let proposer = gating::Proposer {
            app: &self.key.id,
            person: &self.key.person,
            origin: &self.origin,
            audience: Some(self.upstream.clone()),
            raised_by: None,
            proxied: (oversight == Oversight::Before).then_some(proxied),
            schema: self.asked.schema_of(&action.kind),
        };
        let Ok(facts) = gating::facts(&copy.in_force.policy, &proposer, gated, oversight) else {
            return (id.clone(), stopped(Why::Unavailable));
        };
        if oversight == Oversight::Before {
            let until = clock::now().after(Span::millis(self.wait_ms));
            let connection = Connection { name: self.connection.clone(), until };
            return match gating::waits_for(&self.env, &made.desk, facts, &connection).await {
                Some(case) => (case, Heading::Held { desk: made.desk.clone(), fate: runs }),
                None => (id.clone(), stopped(Why::Unavailable)),
            };
        }
        if gating::kept(&self.env, &made.desk, facts).await {
            (id, Heading::Settled(runs, "proceed"))
        } else {
            (id.clone(), stopped(Why::Unavailable))
        }
    }
}

/// A call whose gate failed.
fn unavailable(call: Call) -> Proposal {
    let notice = Notice { id: "-".to_owned(), kind: call.kind.clone(), why: Why::Unavailable };
    let told = api::answer_unavailable("-");
    Proposal {
        id: "-".to_owned(),
        call,
        heading: Heading::Settled(Fate::Notice(notice), "unavailable"),
        told,
    }
}

impl Proposal {
    /// What becomes of it, where that is settled.
    pub(super) fn settled(&self) -> Option<Settled> {
        match &self.heading {
            // Whatever cannot carry what is to run is left to `take`.
            Heading::Settled(Fate::RunWith(args), _) if !self.call.can_carry(args) => None,
            Heading::Settled(fate, _) => {
                let (id, fate, told) = (self.id.clone(), fate.clone(), self.told.clone());
                Some(Settled { id, fate, told, is_edited: false, was_held: false })
            }
            Heading::Held { .. } => None,
        }
    }

    /// The desk and the case that it waits for.
    pub(super) fn waits(&self) -> Option<(String, String)> {
        match &self.heading {
            Heading::Held { desk, .. } => Some((desk.clone(), self.id.clone())),
            Heading::Settled(..) => None,
        }
    }

    /// How it stands while it waits, for the memory of changed answers.
    pub(super) fn awaiting(&self) -> Settled {
        let notice = |why| Fate::Notice(Notice { id: self.id.clone(), kind: self.call.kind.clone(), why });
        let fate = match &self.heading {
            Heading::Held { .. } => notice(Why::Awaiting),
            Heading::Settled(fate, _) => fate.clone(),
        };
        Settled { id: self.id.clone(), fate, told: Json::Null, is_edited: false, was_held: false }
    }

    /// The word for how it stands.
    pub(super) fn word(&self) -> &'static str {
        match self.heading {
            Heading::Settled(_, word) => word,
            Heading::Held { .. } => "held",
        }
    }
}
