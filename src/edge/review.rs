//! Desks, cases and decisions: what reviewers ask for.

use super::call::{self, Reply};
use super::respond::passed_on;
use super::{Responded, Visit, doors, gating, respond};
use crate::core::case::{Answer, Command, Content, Decision};
use crate::core::gate;
use crate::core::id::ActionId;
use crate::core::json::{Json, Object};
use crate::core::key::Key;
use crate::core::policy::severity::Severity;
use crate::core::time::Millis;
use crate::core::verdict::Outcome;
use crate::wire::api::{self, DecisionBody};
use crate::wire::desk::{Ask, Listing};
use crate::wire::problem::{Code, Problem};
use crate::wire::shape::FieldProblem;
use futures_util::future::join_all;

fn no_case() -> Problem {
    Problem::new(Code::NotFound, "no case has this id, or not for you")
}

/// A case by its id; `None` where there is none, or not for this key.
pub(super) async fn find_case(visit: &Visit<'_>, key: &Key, id: &str) -> Result<Option<Json>, Problem> {
    match ask_case(visit, key, id, &Ask::Case { id: id.to_owned() }).await {
        Ok(reply) if reply.status == 200 => Ok(Some(reply.body)),
        Ok(_) => Ok(None),
        Err(problem) if problem.code == Code::NotFound => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// Asks the desk at which a case is, where the key is good for it. A forged id reaches no desk.
async fn ask_case(visit: &Visit<'_>, key: &Key, id: &str, ask: &Ask) -> Result<Reply, Problem> {
    let known = ActionId::parse(id, &visit.copy.in_force.id_key).ok_or_else(no_case)?;
    call::case(visit.env, known.desk(), ask, id, |desk| key.covers(desk)).await
}

async fn ask_desk(visit: &Visit<'_>, desk: &str, ask: &Ask) -> Responded {
    call::desk(visit.env, desk, ask).await.map(|reply| passed_on(&reply))
}

async fn act(visit: &Visit<'_>, key: &Key, id: &str, command: Command) -> Responded {
    let ask = Ask::Do {
        id: id.to_owned(),
        command: Box::new(command),
        token: visit.token.clone(),
        next: None,
        proceeded: false,
        digest: None,
    };
    ask_case(visit, key, id, &ask).await.map(|reply| passed_on(&reply))
}

/// The desks that a key is good for: those of the policy, and those that it names itself, so that cases of a desk
/// which the policy has dropped can still be decided.
pub(super) fn desks_of<'v>(visit: &'v Visit<'_>, key: &'v Key) -> Vec<&'v str> {
    let policy = visit.copy.in_force.policy.desks().map(|(name, _)| name).filter(|name| key.covers(name));
    let mut desks: Vec<&str> = policy.collect();
    for own in &key.desks {
        if !desks.contains(&own.as_str()) {
            desks.push(own);
        }
    }
    desks
}

/// A desk that the key is good for.
pub(super) fn named_desk<'d>(visit: &Visit<'_>, key: &Key, desk: &'d str) -> Result<&'d str, Problem> {
    let nothing = || Problem::new(Code::NotFound, "no desk has this name, or not for you");
    if desks_of(visit, key).contains(&desk) { Ok(desk) } else { Err(nothing()) }
}

/// `GET /v1/desks`, with the person who asks.
pub(super) async fn desks(visit: &Visit<'_>, key: &Key) -> Responded {
    Ok(respond::json(200, &desks_with_counts(visit, key).await?))
}

/// The desks of a key and what waits there.
pub(super) async fn desks_with_counts(visit: &Visit<'_>, key: &Key) -> Result<Json, Problem> {
    let names = desks_of(visit, key);
    let counts = Ask::Counts { person: key.person.clone() };
    let replies = join_all(names.iter().map(|name| call::desk(visit.env, name, &counts))).await;
    let mut desks = Vec::new();
    let (mut agreed, mut of) = (0_i64, 0_i64);
    for reply in replies {
        let mut reply = reply?;
        if reply.status != 200 {
            return Err(Problem::new(Code::Unavailable, "desk: what waits there cannot be counted now"));
        }
        if let Some(object) = reply.body.as_object_mut() {
            let you = object.remove("you");
            let number =
                |name| you.as_ref().and_then(|you| you.get(name)).and_then(Json::as_i64).unwrap_or(0);
            agreed = agreed.saturating_add(number("agreed"));
            of = of.saturating_add(number("of"));
        }
        desks.push(reply.body);
    }
    Ok(Json::object([
        ("desks", desks.into_iter().collect()),
        ("person", key.person.as_str().into()),
        ("you", Json::object([("agreed", agreed.into()), ("of", of.into())])),
    ]))
}

/// `GET /v1/desks/{desk}/cases`
pub(super) async fn cases(visit: &Visit<'_>, key: &Key, desk: &str) -> Responded {
    let desk = named_desk(visit, key, desk)?;
    let incoming = visit.incoming;
    let limit = incoming.parameter("limit").map_or(Some(50), |limit| limit.parse().ok());
    let limit = limit.filter(|limit| (1..=api::MAX_PAGE).contains(limit)).ok_or_else(|| {
        Problem::new(Code::Invalid, format!("`limit` is a whole number from 1 to {}", api::MAX_PAGE))
    })?;
    let text = |name: &str| incoming.text_parameter(name);
    let severity = text("severity")?;
    if severity.as_deref().is_some_and(|word| Severity::parse(word).is_none()) {
        return Err(Problem::new(Code::Invalid, "`severity` is none, low, medium, high or critical"));
    }
    let newest_first = match text("order")?.as_deref() {
        None | Some("oldest") => false,
        Some("newest") => true,
        Some(_) => return Err(Problem::new(Code::Invalid, "`order` is oldest or newest")),
    };
    let (status, kind, search, after) = (text("status")?, text("kind")?, text("search")?, text("after")?);
    let listing = Listing { status, kind, severity, search, newest_first, limit, after };
    ask_desk(visit, desk, &Ask::List { listing }).await
}

/// `GET /v1/desks/{desk}/live`: hints over a WebSocket, to the pages of this very site.
pub(super) async fn live(visit: &Visit<'_>, key: &Key, desk: &str) -> Responded {
    let desk = named_desk(visit, key, desk)?;
    doors::check_origin(visit.env, visit.incoming)?;
    let upgrade = visit.incoming.header("upgrade").unwrap_or_default();
    if !upgrade.eq_ignore_ascii_case("websocket") {
        return Err(Problem::new(Code::Invalid, "this is a WebSocket: send `Upgrade: websocket`"));
    }
    call::watch(visit.env, desk, &key.id).await
}

/// `POST /v1/desks/{desk}/claim`
pub(super) async fn claim(visit: &Visit<'_>, key: &Key, desk: &str) -> Responded {
    let desk = named_desk(visit, key, desk)?;
    let claim = api::read_claim(visit.incoming.json_or_empty()?).map_err(Problem::fields)?;
    ask_desk(visit, desk, &Ask::Claim { person: key.person.clone(), claim }).await
}

/// `GET /v1/cases/{id}`
pub(super) async fn case(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    ask_case(visit, key, id, &Ask::Case { id: id.to_owned() }).await.map(|reply| passed_on(&reply))
}

/// `POST /v1/cases/{id}/lease`
pub(super) async fn lease(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    act(visit, key, id, Command::Lease { person: key.person.clone(), token: String::new() }).await
}

/// `DELETE /v1/cases/{id}/lease`
pub(super) async fn give_back(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    act(visit, key, id, Command::GiveBack { person: key.person.clone() }).await
}

/// `POST /v1/cases/{id}/undo`
pub(super) async fn undo(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    act(visit, key, id, Command::Undo { person: key.person.clone() }).await
}

/// `POST /v1/cases/{id}/outcome`
pub(super) async fn settle(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    let outcome = api::read_settlement(visit.incoming.json()?).map_err(Problem::fields)?;
    act(visit, key, id, Command::Settle { person: key.person.clone(), outcome }).await
}

/// `POST /v1/cases/{id}/move`. A case may go to a desk that its reviewer is not at: there they know better.
pub(super) async fn hand_over(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    let desk = api::read_move(visit.incoming.json()?).map_err(Problem::fields)?;
    let invalid = |message: String| Problem::fields(vec![FieldProblem::new("/desk", message)]);
    if visit.copy.in_force.policy.desk(&desk).is_none() {
        let known: Vec<&str> = visit.copy.in_force.policy.desks().map(|(name, _)| name).collect();
        return Err(invalid(format!("no desk is called `{desk}`; there are {}", known.join(", "))));
    }
    let found = match ask_case(visit, key, id, &Ask::Case { id: id.to_owned() }).await {
        // A repetition may ask after a case that this very request has moved out of sight.
        Err(problem) if problem.code == Code::NotFound && visit.token.is_some() => None,
        found => Some(found?),
    };
    let is_there = |found: &Reply| found.body.get("desk").and_then(Json::as_str) == Some(&desk);
    if let Some(found) = found.filter(|found| found.status == 200 && is_there(found)) {
        return if was_done(visit, key, id).await? {
            Ok(respond::json(200, &Json::object([("case", found.body)])))
        } else {
            Err(invalid(format!("the case is at `{desk}` already")))
        };
    }
    act(visit, key, id, Command::Move { person: key.person.clone(), desk }).await
}

/// `POST /v1/cases/{id}/decision`
pub(super) async fn decide(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    let body = api::read_decision(visit.incoming.json()?).map_err(Problem::fields)?;
    let DecisionBody { answer, digest, lease, mut args, reason, category, note, seen_ms, next } = body;
    let mut edited = None;
    if answer == Answer::Edit {
        let case = ask_case(visit, key, id, &Ask::Case { id: id.to_owned() }).await?;
        if case.status != 200 {
            return Ok(passed_on(&case));
        }
        let args = args.take().unwrap_or_default();
        edited = match edited_content(visit, &case.body, args) {
            Ok(content) => Some(Box::new(content)),
            // What was let through once is not gated again by a policy that has changed since.
            Err(_) if was_done(visit, key, id).await? => None,
            Err(problem) => return Err(problem),
        };
    }
    let decision = Decision {
        answer,
        by: key.person.clone(),
        // The desk's clock says when.
        at: Millis(0),
        reason,
        category,
        note,
        args,
        seen_ms,
    };
    let command = Command::Decide { decision, digest, lease, edited };
    let ask = Ask::Do {
        id: id.to_owned(),
        command: Box::new(command),
        token: visit.token.clone(),
        next,
        proceeded: false,
        digest: None,
    };
    ask_case(visit, key, id, &ask).await.map(|reply| passed_on(&reply))
}

/// Whether this very request was done before.
async fn was_done(visit: &Visit<'_>, key: &Key, id: &str) -> Result<bool, Problem> {
    let Some(token) = visit.token.clone() else { return Ok(false) };
    let reply = ask_case(visit, key, id, &Ask::Knows { id: id.to_owned(), token }).await?;
    Ok(reply.body.get("known").and_then(Json::as_bool) == Some(true))
}

/// What an edit puts in the place of a case's action, gated by the policy in force. Its severity is at least
/// that of the case, so an edit never asks for fewer people.
fn edited_content(visit: &Visit<'_>, case: &Json, args: Object) -> Result<Content, Problem> {
    let shown = case.get("action").filter(|action| !action.is_null());
    let deleted =
        || Problem::new(Code::Conflict, "the case's arguments were deleted").with("case", case.clone());
    let mut action = shown.and_then(api::action_from_json).ok_or_else(deleted)?;
    let policy = &visit.copy.in_force.policy;
    action.args = args;
    action.severity = case.get("severity").and_then(Json::as_str).and_then(Severity::parse);
    // A confidence that stands in new arguments is the reviewer's slip, and is taken out without counting.
    let confidence = action.confidence;
    action.take_confidence(policy.kind(&action.kind).and_then(|kind| kind.confidence.as_ref()));
    action.confidence = confidence;
    let verdict = gate::decide(policy, &action);
    if verdict.outcome == Outcome::Block {
        let by = verdict.blocked_by.as_deref().unwrap_or("the policy");
        let problem = FieldProblem::new("/args", format!("with these arguments it is blocked by `{by}`"));
        return Err(Problem::fields(vec![problem]).with("verdict", verdict.to_json()));
    }
    let approvals = policy.handling(verdict.severity).map_or(1, |handling| handling.approvals);
    gating::content(policy, &action, verdict.to_json(), verdict.severity, approvals)
}
