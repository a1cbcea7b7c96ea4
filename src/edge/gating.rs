//! From an action to its case: gating, giving an id, and what a desk keeps. For whatever way actions come in.

use super::copy::{Copy, InForce};
use super::{call, clock};
use crate::core::action::Action;
use crate::core::case::{Case, Command, Connection, Content, Facts, Oversight, Proxied, Shown};
use crate::core::gate;
use crate::core::id::{ActionId, Course};
use crate::core::json::Json;
use crate::core::policy::Policy;
use crate::core::policy::severity::Severity;
use crate::core::sample::drawn;
use crate::core::time::Millis;
use crate::core::verdict::{Outcome, Verdict};
use crate::wire::api;
use crate::wire::desk::{Ask, MOVED};
use crate::wire::made::Made;
use crate::wire::problem::{Code, Problem};
use worker::Env;

/// Beside an action of this many bytes no schema is kept.
const SCHEMA_BESIDE: usize = 1 << 20;

/// The longest title, in characters.
const MAX_TITLE: usize = 300;

/// A gated action, with its id and what was made of it.
#[derive(Debug)]
pub(super) struct Gated {
    pub(super) action: Action,
    pub(super) made: Made,
}

/// Gates an action and gives it its id.
pub(super) fn gated(copy: &Copy, app: &str, action: Action, now: Millis) -> Result<Gated, Problem> {
    let verdict = gate::decide(&copy.in_force.policy, &action);
    let verdict = if copy.stale { gate::tightened_for_stale_policy(verdict) } else { verdict };
    with_id(copy, app, action, verdict, now)
}

/// Gives an action with its verdict an id that leads to its record.
pub(super) fn with_id(
    copy: &Copy,
    app: &str,
    action: Action,
    verdict: Verdict,
    now: Millis,
) -> Result<Gated, Problem> {
    let course = match verdict.outcome {
        Outcome::Proceed => Course::Proceeded,
        Outcome::Block => Course::Blocked,
        Outcome::Hold => Course::Held,
    };
    let entropy = clock::random().map_err(|_| no_randomness())?;
    let InForce { policy, id_key, .. } = &*copy.in_force;
    let made = Made {
        id: ActionId::new(course, &verdict.desk, app, now, entropy, id_key),
        approvals: approvals(policy, verdict.severity),
        severity: verdict.severity,
        // Load takes audits down to their floor, never to nothing.
        audit: verdict.audit.map(|share| copy.in_force.level(&verdict.desk).audit(share)),
        verdict: verdict.to_json(),
        desk: verdict.desk,
        blocked_by: verdict.blocked_by,
        at: now,
    };
    Ok(Gated { action, made })
}

fn no_randomness() -> Problem {
    Problem::new(Code::Unavailable, "no random bytes")
}

fn approvals(policy: &Policy, severity: Severity) -> u32 {
    policy.handling(severity).map_or(1, |handling| handling.approvals)
}

/// Who proposes, and what they want with it.
#[derive(Debug)]
pub(super) struct Proposer<'a> {
    /// The key.
    pub(super) app: &'a str,
    /// The person behind it.
    pub(super) person: &'a str,
    /// How the app knows this deployment.
    pub(super) origin: &'a str,
    /// For whom a permit is made out.
    pub(super) audience: Option<String>,
    /// The overturned action that is to be made good.
    pub(super) raised_by: Option<&'a str>,
    /// What a call through the proxy is known by.
    pub(super) proxied: Option<Proxied>,
    /// The schema of the arguments, where the request carried one.
    pub(super) schema: Option<Json>,
}

/// Whether people look at an action, before it runs or after; `None`: nobody does.
pub(super) fn oversight(in_force: &InForce, made: &Made) -> Option<Oversight> {
    match made.id.course() {
        Course::Blocked => None,
        Course::Held => Some(Oversight::Before),
        Course::Proceeded => {
            let probability = made.audit.unwrap_or(0.0);
            drawn(&in_force.sample_key, made.id.as_str(), probability)
                .then_some(Oversight::After { probability })
        }
    }
}

/// What a person is shown of an action, and how many of them have to approve.
pub(super) fn content(
    policy: &Policy,
    action: &Action,
    verdict: Json,
    severity: Severity,
    approvals: u32,
) -> Result<Content, Problem> {
    let title = policy
        .kind(&action.kind)
        .and_then(|kind| kind.title.as_ref())
        .map_or_else(|| action.kind.clone(), |title| title.render(&action.args));
    let shown = Shown {
        title: title.chars().take(MAX_TITLE).collect(),
        digest: action.digest(),
        action: api::action_json(action),
        salt: base16ct::lower::encode_string(&clock::random::<16>().map_err(|_| no_randomness())?),
    };
    Ok(Content { severity, verdict, approvals, shown: Some(shown) })
}

/// What a desk keeps of an action.
pub(super) fn facts(
    policy: &Policy,
    proposer: &Proposer<'_>,
    gated: &Gated,
    oversight: Oversight,
) -> Result<Facts, Problem> {
    let Gated { action, made } = gated;
    let desk = policy.desk(&made.desk).cloned().unwrap_or_default();
    let kind = policy.kind(&action.kind);
    let content = content(policy, action, made.verdict.clone(), made.severity, made.approvals)?;
    let action_bytes = content.shown.as_ref().map_or(0, |shown| shown.action.to_string().len());
    let time = match oversight {
        Oversight::Before => desk.expires,
        Oversight::After { .. } => desk.audit_within,
    };
    Ok(Facts {
        id: made.id.to_string(),
        app: proposer.app.to_owned(),
        proposer: proposer.person.to_owned(),
        oversight,
        kind: action.kind.clone(),
        irreversible: kind.is_some_and(|kind| kind.irreversible),
        undone_by: kind.and_then(|kind| kind.undone_by.clone()),
        raised_by: proposer.raised_by.map(str::to_owned),
        audience: proposer.audience.clone(),
        proxied: proposer.proxied,
        origin: proposer.origin.to_owned(),
        content,
        // A row has a limit; the action comes first.
        schema: proposer.schema.clone().filter(|_| action_bytes < SCHEMA_BESIDE),
        reasons: policy.reasons(&action.kind),
        created: made.at,
        expires: made.at.after(time),
        lease: desk.lease,
        undo: desk.undo,
        valid: desk.valid,
        keep: desk.keep,
    })
}

/// Keeps the case of a call through the proxy that ran and is audited; false where that failed.
pub(super) async fn kept(env: &Env, desk: &str, facts: Facts) -> bool {
    let keep = Ask::Keep { case: Box::new(Case::new(facts)), from: None };
    call::desk(env, desk, &keep).await.is_ok_and(|reply| reply.status == 202)
}

/// Finds what a call through the proxy waits for: the case that an equal call left, wherever it was moved, else
/// its own. Gives its id; `None` where that failed.
pub(super) async fn waits_for(
    env: &Env,
    desk: &str,
    facts: Facts,
    connection: &Connection,
) -> Option<String> {
    let (proxied, needs) = (facts.proxied?, Box::new(facts.content.clone()));
    let case = Box::new(Case::new(facts));
    let mut asked = Vec::new();
    for _ in 0..call::MAX_HOPS {
        let propose =
            Ask::Propose { case: case.clone(), connection: connection.clone(), asked: asked.clone() };
        let reply = call::desk(env, desk, &propose).await.ok()?;
        let id = reply.body.get("id").and_then(Json::as_str)?.to_owned();
        match reply.status {
            202 => return Some(id),
            MOVED => {
                let (needs, connection) = (needs.clone(), connection.clone());
                let join = Ask::Join { id: id.clone(), proxied, needs, connection };
                match call::case(env, desk, &join, &id, |_| true).await {
                    Ok(reply) if reply.status == 202 => return Some(id),
                    // Nothing can be waited for there any more.
                    Ok(reply) if reply.status == 409 => asked.push(id),
                    _ => return None,
                }
            }
            _ => return None,
        }
    }
    None
}

/// Tells the desk of a case that this connection does not wait for it any more.
pub(super) async fn leaves(env: &Env, desk: &str, id: &str, connection: &str) {
    let command = Box::new(Command::Leave { connection: connection.to_owned() });
    let (id, token, next) = (id.to_owned(), None, None);
    let ask = Ask::Do { id: id.clone(), command, token, next, proceeded: false, digest: None };
    // Where this fails, the approval is free when the wait would have been over.
    let _ = call::case(env, desk, &ask, &id, |_| true).await;
}
