//! Actions that apps propose and ask after.

use super::call::{self, Reply};
use super::copy::Copy;
use super::review::passed_on;
use super::{Responded, Visit, clock, respond};
use crate::core::action::{Action, Confidence};
use crate::core::case::Facts;
use crate::core::gate;
use crate::core::id::{ActionId, Place};
use crate::core::key::Key;
use crate::core::policy::Policy;
use crate::core::time::Millis;
use crate::core::verdict::{Outcome, Verdict};
use crate::wire::api;
use crate::wire::desk::Ask;
use crate::wire::fields::FieldProblem;
use crate::wire::problem::{Code, Problem};
use worker::Response;

/// How soon an app should ask again, in seconds.
const RETRY_AFTER: &str = "2";

/// The longest title, in characters.
const MAX_TITLE: usize = 300;

/// A gated action, with its id.
#[derive(Debug)]
pub(super) struct Gated {
    pub(super) id: ActionId,
    pub(super) action: Action,
    pub(super) verdict: Verdict,
}

/// Gates an action and gives it its id.
pub(super) fn gated(copy: &Copy, key: &Key, action: Action, now: Millis) -> Result<Gated, Problem> {
    let verdict = gate::decide(&copy.in_force.policy, &action);
    let verdict = if copy.stale { gate::tightened_for_stale_policy(verdict) } else { verdict };
    with_id(copy, key, action, verdict, now)
}

/// Gives an action with its verdict an id that leads to its record.
pub(super) fn with_id(
    copy: &Copy,
    key: &Key,
    action: Action,
    verdict: Verdict,
    now: Millis,
) -> Result<Gated, Problem> {
    let place = match verdict.outcome {
        Outcome::Proceed => Place::Proceeded(key.id.clone()),
        Outcome::Block => Place::Blocked(key.id.clone()),
        Outcome::Hold => Place::Desk(verdict.desk.clone()),
    };
    let entropy = clock::random().map_err(|_| no_randomness())?;
    Ok(Gated { id: ActionId::new(place, now, entropy, &copy.in_force.id_key), action, verdict })
}

fn no_randomness() -> Problem {
    Problem::new(Code::Unavailable, "no random bytes")
}

/// What a desk keeps of a held action.
pub(super) fn facts(policy: &Policy, key: &Key, gated: &Gated, now: Millis) -> Result<Facts, Problem> {
    let Gated { id, action, verdict } = gated;
    let desk = policy.desk(&verdict.desk).cloned().unwrap_or_default();
    let kind = policy.kind(&action.kind);
    let title = kind
        .and_then(|kind| kind.title.as_ref())
        .map_or_else(|| action.kind.clone(), |title| title.render(&action.args));
    Ok(Facts {
        id: id.to_string(),
        app: key.id.clone(),
        proposer: key.person.clone(),
        kind: action.kind.clone(),
        severity: verdict.severity,
        title: title.chars().take(MAX_TITLE).collect(),
        irreversible: kind.is_some_and(|kind| kind.irreversible),
        digest: action.digest(),
        action: api::action_json(action),
        verdict: verdict.to_json(),
        reasons: policy.reasons(&action.kind),
        approvals: policy.handling(verdict.severity).map_or(1, |handling| handling.approvals),
        salt: base16ct::lower::encode_string(&clock::random::<16>().map_err(|_| no_randomness())?),
        created: now,
        expires: now.after(desk.expires),
        lease: desk.lease,
        undo: desk.undo,
        valid: desk.valid,
    })
}

/// `POST /v1/actions`
pub(super) async fn propose(visit: &Visit<'_>, key: &Key) -> Responded {
    let incoming = visit.incoming;
    if incoming.header("idempotency-key").is_some() {
        let detail = "Idempotency-Key is not built yet; without it a repeated request is another action";
        return Err(Problem::new(Code::Invalid, detail));
    }
    let mut action = api::read_action(incoming.json()?).map_err(Problem::fields)?;
    let policy = &visit.copy.in_force.policy;
    take_confidence(policy, &mut action)?;
    let now = clock::now();
    let gated = gated(&visit.copy, key, action, now)?;
    if gated.verdict.outcome != Outcome::Hold {
        return Ok(respond::json(200, &api::answer_without_case(&gated.id, &gated.action, &gated.verdict)));
    }
    let desk = gated.verdict.desk.clone();
    let facts = facts(policy, key, &gated, now)?;
    let held = call::desk(visit.env, &desk, &Ask::Hold(Box::new(facts))).await?;
    let wait_ms = incoming.preferred_wait_ms();
    if held.status != 202 || wait_ms == 0 {
        return Ok(answered(&held, gated.id.as_str()));
    }
    let ask = Ask::Answer { id: gated.id.to_string(), app: key.id.clone(), wait_ms, take: false };
    // The case is kept: where waiting fails, it is still held, and the app can ask again.
    let reply = call::desk(visit.env, &desk, &ask).await;
    let reply = reply.ok().filter(|reply| matches!(reply.status, 200 | 202)).unwrap_or(held);
    Ok(answered(&reply, gated.id.as_str()))
}

/// At the API a confidence in the arguments that is none is a mistake of the caller's.
fn take_confidence(policy: &Policy, action: &mut Action) -> Result<(), Problem> {
    let pointer = policy.kind(&action.kind).and_then(|kind| kind.confidence.as_ref());
    action.take_confidence(pointer);
    if action.confidence == Confidence::Invalid {
        let pointer = pointer.map(|pointer| format!("/args{pointer}")).unwrap_or_default();
        let message = "the policy reads this as the confidence: a number from 0 to 1".to_owned();
        return Err(Problem::fields(vec![FieldProblem { pointer, message }]));
    }
    Ok(())
}

/// `GET /v1/actions/{id}`
pub(super) async fn read(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    let nothing = || Problem::new(Code::NotFound, "no action of yours has this id");
    let id = ActionId::parse(id, &key.id, &visit.copy.in_force.id_key).ok_or_else(nothing)?;
    match id.place() {
        Place::Proceeded(_) => Ok(respond::json(200, &api::answer_without_record(&id, true))),
        Place::Blocked(_) => Ok(respond::json(200, &api::answer_without_record(&id, false))),
        Place::Desk(desk) => {
            let wait_ms = visit.incoming.preferred_wait_ms();
            let ask = Ask::Answer { id: id.to_string(), app: key.id.clone(), wait_ms, take: false };
            let reply = call::desk(visit.env, desk, &ask).await?;
            Ok(answered(&reply, id.as_str()))
        }
    }
}

fn answered(reply: &Reply, id: &str) -> Response {
    if reply.status != 202 {
        return passed_on(reply);
    }
    let location = format!("/v1/actions/{id}");
    respond::json_with(202, &reply.body, &[("location", &location), ("retry-after", RETRY_AFTER)])
}
