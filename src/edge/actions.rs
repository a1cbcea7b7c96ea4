//! Actions that apps propose, ask after, take back, redeem and report.

use super::call::{self, Reply};
use super::gating::{self, Gated, Proposer};
use super::once::NamedRequest;
use super::respond::passed_on;
use super::{Responded, Visit, clock, counting, permits, respond};
use crate::core::case::{Case, Command, Oversight};
use crate::core::id::{ActionId, Course};
use crate::core::json::Json;
use crate::core::key::Key;
use crate::core::permit::{Basis, Grant};
use crate::core::policy::Policy;
use crate::wire::api::{self, Proposal};
use crate::wire::desk::{Ask, MOVED};
use crate::wire::made::Made;
use crate::wire::problem::{Code, Problem};
use crate::wire::shape::FieldProblem;
use worker::Response;

/// How soon an app should ask again, in seconds.
const RETRY_AFTER: &str = "2";

/// `POST /v1/actions`
pub(super) async fn propose(visit: &Visit<'_>, key: &Key) -> Responded {
    let incoming = visit.incoming;
    let Proposal { mut action, audience, permit } =
        api::read_proposal(incoming.json()?).map_err(Problem::fields)?;
    let in_force = &*visit.copy.in_force;
    api::take_confidence(&in_force.policy, &mut action).map_err(Problem::fields)?;
    let mut gated = gating::gated(&visit.copy, &key.id, action, clock::now())?;
    let fresh = gated.made.id.to_string();
    if let Some(named) = NamedRequest::of(incoming, &key.id)? {
        // What was made for the first of these requests is theirs all.
        let made = named.remember(visit.env, gated.made.to_json()).await?;
        gated.made = Made::from_json(&made, &in_force.id_key)
            .ok_or_else(|| Problem::new(Code::Unavailable, "a repeated request cannot be read"))?;
    }
    let made = &gated.made;
    // A repetition was counted already.
    let is_first = made.id.as_str() == fresh;
    let proposer = Proposer {
        app: &key.id,
        person: &key.person,
        origin: &incoming.origin,
        audience,
        raised_by: None,
        proxied: None,
        schema: None,
    };
    let mut kept = None;
    let oversight = gating::oversight(in_force, made);
    if is_first {
        let model = gated.action.source.get("model").and_then(Json::as_str);
        counting::count(visit.ctx, visit.env, made, &gated.action.kind, model, oversight);
    }
    if let Some(oversight) = oversight {
        let facts = gating::facts(&in_force.policy, &proposer, &gated, oversight)?;
        let keep = Ask::Keep { case: Box::new(Case::new(facts)), from: None };
        let reply = call::desk(visit.env, &made.desk, &keep).await?;
        if !matches!(reply.status, 202 | MOVED) {
            return Ok(passed_on(&reply));
        }
        kept = Some(reply).filter(|_| oversight == Oversight::Before);
    }
    let Some(kept) = kept else {
        let grant = grant(&in_force.policy, &gated, proposer.audience).filter(|_| permit);
        let mut answer = api::answer_without_case(&made.id, &gated.action, &made.verdict, grant.as_ref());
        permits::sign_within(visit.env, &incoming.origin, &mut answer).await?;
        return Ok(respond::json(200, &answer));
    };
    // The case is kept: where asking fails, it is still held, and the app can ask again.
    let wait_ms = incoming.preferred_wait_ms();
    let asked = ask_after(visit, &made.id, wait_ms).await;
    let reply = match asked {
        Ok(reply) if matches!(reply.status, 200 | 202) || kept.status == MOVED => reply,
        Err(problem) if kept.status == MOVED => return Err(problem),
        _ => kept,
    };
    answered(visit, reply, made.id.as_str()).await
}

/// A permit for what proceeds, for as long as an approval could be used.
fn grant(policy: &Policy, gated: &Gated, audience: Option<String>) -> Option<Grant> {
    let Gated { action, made } = gated;
    let until = made.at.after(policy.desk(&made.desk).cloned().unwrap_or_default().valid);
    (made.id.course() == Course::Proceeded && clock::now() < until).then(|| Grant {
        id: made.id.to_string(),
        audience,
        kind: action.kind.clone(),
        digest: action.digest(),
        policy: made.verdict.get("policy").and_then(Json::as_str).unwrap_or_default().to_owned(),
        basis: Basis::Proceed,
        until: Some(until),
    })
}

fn nothing() -> Problem {
    Problem::new(Code::NotFound, "no action of yours has this id")
}

/// An id that this deployment made for this very key.
fn own_id(visit: &Visit<'_>, key: &Key, id: &str) -> Result<ActionId, Problem> {
    let id_key = &visit.copy.in_force.id_key;
    ActionId::parse(id, id_key).filter(|id| id.is_of(&key.id, id_key)).ok_or_else(nothing)
}

async fn ask_after(visit: &Visit<'_>, id: &ActionId, wait_ms: i64) -> Result<Reply, Problem> {
    let proceeded = id.course() == Course::Proceeded;
    let ask = Ask::Answer { id: id.to_string(), wait_ms, take: None, proceeded, connection: None };
    call::case(visit.env, id.desk(), &ask, id.as_str(), |_| true).await
}

/// `GET /v1/actions/{id}`
pub(super) async fn read(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    let id = own_id(visit, key, id)?;
    if id.course() == Course::Blocked {
        return Ok(respond::json(200, &api::answer_without_record(id.as_str(), false)));
    }
    let reply = ask_after(visit, &id, visit.incoming.preferred_wait_ms()).await?;
    answered(visit, reply, id.as_str()).await
}

/// `POST /v1/actions/{id}/withdraw`
pub(super) async fn withdraw(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    let id = own_id(visit, key, id)?;
    command(visit, &id, Command::Withdraw).await
}

/// `POST /v1/actions/{id}/outcome`
pub(super) async fn outcome(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    let id = own_id(visit, key, id)?;
    let outcome = api::read_outcome(visit.incoming.json()?).map_err(Problem::fields)?;
    command(visit, &id, Command::Report { outcome }).await
}

async fn command(visit: &Visit<'_>, id: &ActionId, command: Command) -> Responded {
    if id.course() == Course::Blocked {
        return Err(Problem::new(Code::Conflict, "the action is blocked"));
    }
    let ask = Ask::Do {
        id: id.to_string(),
        command: Box::new(command),
        token: visit.token.clone(),
        next: None,
        proceeded: id.course() == Course::Proceeded,
        digest: None,
    };
    let reply = call::case(visit.env, id.desk(), &ask, id.as_str(), |_| true).await?;
    answered(visit, reply, id.as_str()).await
}

/// `POST /v1/actions/{id}/redeem`: by whoever is to run it, and has the permit.
pub(super) async fn redeem(visit: &Visit<'_>, id: &str) -> Responded {
    let text = api::read_redeem(visit.incoming.json()?).map_err(Problem::fields)?;
    let id = ActionId::parse(id, &visit.copy.in_force.id_key)
        .filter(|id| id.course() != Course::Blocked)
        .ok_or_else(|| Problem::new(Code::NotFound, "no action has this id"))?;
    let permit = permits::verified(visit.env, &text).await?;
    if permit.id != id.as_str() {
        let message = "this permit is for another action";
        return Err(Problem::fields(vec![FieldProblem::new("/permit", message)]));
    }
    let ask = Ask::Do {
        id: permit.id,
        command: Box::new(Command::Redeem),
        token: visit.token.clone(),
        next: None,
        proceeded: id.course() == Course::Proceeded,
        digest: Some(permit.digest),
    };
    let reply = call::case(visit.env, id.desk(), &ask, id.as_str(), |_| true).await?;
    Ok(passed_on(&reply))
}

/// An answer to an app: signed where it carries a permit, and with the way to ask again while it is held.
async fn answered(visit: &Visit<'_>, mut reply: Reply, id: &str) -> Result<Response, Problem> {
    permits::sign_within(visit.env, &visit.incoming.origin, &mut reply.body).await?;
    if reply.status != 202 {
        return Ok(passed_on(&reply));
    }
    let location = format!("/v1/actions/{id}");
    Ok(respond::json_with(202, &reply.body, &[("location", &location), ("retry-after", RETRY_AFTER)]))
}
