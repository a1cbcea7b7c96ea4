//! Desks, cases and decisions, and the sessions of the people who decide.

use super::call::{self, Reply};
use super::incoming::Incoming;
use super::{Responded, Visit, doors, respond};
use crate::core::case::Decision;
use crate::core::id::{ActionId, Place};
use crate::core::json::Json;
use crate::core::key::Key;
use crate::core::secret::BearerKey;
use crate::core::time::Millis;
use crate::wire::api;
use crate::wire::desk::Ask;
use crate::wire::fields::Fields;
use crate::wire::problem::{Code, Problem};
use futures_util::future::join_all;
use worker::{Env, Response};

/// An object's answer, passed on as it is.
pub(super) fn passed_on(reply: &Reply) -> Response {
    let media_type = if reply.status < 400 { "application/json" } else { "application/problem+json" };
    respond::json_with(reply.status, &reply.body, &[("content-type", media_type)])
}

fn no_desk() -> Problem {
    Problem::new(Code::NotFound, "no desk has this name, or not for you")
}

fn no_case() -> Problem {
    Problem::new(Code::NotFound, "no case has this id, or not for you")
}

/// The desk of a case, where the key is good for it. A forged id reaches no desk.
fn desk_of(visit: &Visit<'_>, key: &Key, id: &str) -> Result<String, Problem> {
    let id = ActionId::parse(id, &key.id, &visit.copy.in_force.id_key).ok_or_else(no_case)?;
    match id.place() {
        Place::Desk(desk) if key.covers(desk) => Ok(desk.clone()),
        _ => Err(no_case()),
    }
}

async fn ask(visit: &Visit<'_>, desk: &str, ask: &Ask) -> Responded {
    call::desk(visit.env, desk, ask).await.map(|reply| passed_on(&reply))
}

/// The desks that a key is good for: those of the policy, and those that it names itself, so that cases of a desk
/// which the policy has dropped can still be decided.
fn desks_of<'v>(visit: &'v Visit<'_>, key: &'v Key) -> Vec<&'v str> {
    let policy = visit.copy.in_force.policy.desks().map(|(name, _)| name).filter(|name| key.covers(name));
    let mut desks: Vec<&str> = policy.collect();
    for own in &key.desks {
        if !desks.contains(&own.as_str()) {
            desks.push(own);
        }
    }
    desks
}

fn named_desk<'d>(visit: &Visit<'_>, key: &Key, desk: &'d str) -> Result<&'d str, Problem> {
    if desks_of(visit, key).contains(&desk) { Ok(desk) } else { Err(no_desk()) }
}

/// `GET /v1/desks`, with the person who asks.
pub(super) async fn desks(visit: &Visit<'_>, key: &Key) -> Responded {
    let names = desks_of(visit, key);
    let replies = join_all(names.iter().map(|name| call::desk(visit.env, name, &Ask::Counts))).await;
    let mut desks = Vec::new();
    for reply in replies {
        let reply = reply?;
        if reply.status != 200 {
            return Ok(passed_on(&reply));
        }
        desks.push(reply.body);
    }
    let person = key.person.as_str().into();
    Ok(respond::json(200, &Json::object([("desks", desks.into_iter().collect()), ("person", person)])))
}

/// `GET /v1/desks/{desk}/cases`
pub(super) async fn cases(visit: &Visit<'_>, key: &Key, desk: &str) -> Responded {
    let desk = named_desk(visit, key, desk)?;
    let incoming = visit.incoming;
    let limit = incoming.parameter("limit").map_or(Ok(50), str::parse);
    let limit = limit.map_err(|_| Problem::new(Code::Invalid, "`limit` is a whole number"))?;
    let status = incoming.parameter("status").map(str::to_owned);
    let after = incoming.parameter("after").map(str::to_owned);
    ask(visit, desk, &Ask::List { status, limit, after }).await
}

/// `POST /v1/desks/{desk}/claim`
pub(super) async fn claim(visit: &Visit<'_>, key: &Key, desk: &str) -> Responded {
    let desk = named_desk(visit, key, desk)?;
    let claim = api::read_claim(visit.incoming.json_or_empty()?).map_err(Problem::fields)?;
    ask(visit, desk, &Ask::Claim { person: key.person.clone(), claim }).await
}

/// `GET /v1/cases/{id}`
pub(super) async fn case(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    let desk = desk_of(visit, key, id)?;
    ask(visit, &desk, &Ask::Case { id: id.to_owned() }).await
}

/// `POST /v1/cases/{id}/lease`
pub(super) async fn lease(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    let desk = desk_of(visit, key, id)?;
    ask(visit, &desk, &Ask::Lease { id: id.to_owned(), person: key.person.clone() }).await
}

/// `DELETE /v1/cases/{id}/lease`
pub(super) async fn give_back(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    let desk = desk_of(visit, key, id)?;
    ask(visit, &desk, &Ask::GiveBack { id: id.to_owned(), person: key.person.clone() }).await
}

/// `POST /v1/cases/{id}/decision`
pub(super) async fn decide(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    let desk = desk_of(visit, key, id)?;
    let body = api::read_decision(visit.incoming.json()?).map_err(Problem::fields)?;
    let decision = Decision {
        answer: body.answer,
        by: key.person.clone(),
        // The desk's clock says when.
        at: Millis(0),
        reason: body.reason,
        category: body.category,
        note: body.note,
        seen_ms: body.seen_ms,
    };
    let decide =
        Ask::Decide { id: id.to_owned(), decision, digest: body.digest, lease: body.lease, next: body.next };
    ask(visit, &desk, &decide).await
}

/// `POST /v1/cases/{id}/undo`
pub(super) async fn undo(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    let desk = desk_of(visit, key, id)?;
    ask(visit, &desk, &Ask::Undo { id: id.to_owned(), person: key.person.clone() }).await
}

/// `POST /sign-in`
pub(super) async fn sign_in(env: &Env, incoming: &Incoming) -> Responded {
    doors::check_origin(incoming)?;
    let mut fields = Fields::of(incoming.json()?);
    let key = fields.required_text("key", 200);
    let key = fields.finish(key).map_err(Problem::fields)?;
    let unknown = || Problem::new(Code::Unauthenticated, "this key is not in force");
    let bearer = BearerKey::parse(key.trim()).ok_or_else(unknown)?;
    let ask = Json::object([("ask", "sign_in".into()), ("hash", bearer.hash().to_string().into())]);
    let reply = call::office(env, &ask).await?;
    let text = |name| reply.body.get(name).and_then(Json::as_str);
    match (reply.status, text("session"), reply.body.get("seconds").and_then(Json::as_i64)) {
        (200, Some(session), Some(seconds)) => {
            Ok(respond::empty(204, &[("set-cookie", &cookie(session, seconds))]))
        }
        (401, ..) => Err(unknown()),
        (403, ..) => Err(Problem::new(
            Code::Forbidden,
            "reviewers and auditors sign in; this key is for something else",
        )),
        _ => Err(Problem::new(Code::Unavailable, "office: signing in does not work now")),
    }
}

/// `POST /sign-out`
pub(super) async fn sign_out(env: &Env, incoming: &Incoming) -> Responded {
    doors::check_origin(incoming)?;
    if let Some(session) = doors::session(incoming) {
        let ask = Json::object([("ask", "sign_out".into()), ("session", session.into())]);
        call::office(env, &ask).await?;
    }
    Ok(respond::empty(204, &[("set-cookie", &cookie("", 0))]))
}

fn cookie(session: &str, seconds: i64) -> String {
    format!("{}={session}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}", doors::COOKIE)
}
