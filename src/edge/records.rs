//! What people look back on: ledgers, and notifications that were given up.

use super::respond::passed_on;
use super::review::named_desk;
use super::{Responded, Visit, call, respond};
use crate::core::json::Json;
use crate::core::key::Key;
use crate::core::policy::is_desk_name;
use crate::wire::desk::Ask;
use crate::wire::problem::{Code, Problem};
use futures_util::future::join_all;

/// `GET /v1/ledger`: the desk's entries, or the office's where none is named.
pub(super) async fn ledger(visit: &Visit<'_>, key: &Key) -> Responded {
    let after = visit.incoming.parameter("after").map_or(Some(0), |after| after.parse().ok());
    let after: i64 = after.filter(|after| *after >= 0).ok_or_else(|| {
        Problem::new(Code::Invalid, "`after` is the number of the last entry that you have")
    })?;
    let reply = match visit.incoming.parameter("desk") {
        Some(desk) => {
            let ask = Ask::Ledger { after, case: visit.incoming.parameter("case").map(str::to_owned) };
            call::desk(visit.env, named_desk(visit, key, desk)?, &ask).await?
        }
        None if visit.incoming.parameter("case").is_some() => {
            return Err(Problem::new(
                Code::Invalid,
                "`case` goes with `desk`: the office's ledger tells of no case",
            ));
        }
        None => {
            let ask = Json::object([("ask", "ledger".into()), ("after", after.into())]);
            call::office(visit.env, &ask).await?
        }
    };
    match reply.body.get("lines").and_then(Json::as_str) {
        Some(lines) if reply.status == 200 => Ok(respond::text("application/jsonl", lines, &[])),
        _ => Ok(passed_on(&reply)),
    }
}

/// `GET /v1/ledger/head`
pub(super) async fn head(visit: &Visit<'_>, key: &Key) -> Responded {
    let reply = match visit.incoming.parameter("desk") {
        Some(desk) => call::desk(visit.env, named_desk(visit, key, desk)?, &Ask::Head).await?,
        None => call::office(visit.env, &Json::object([("ask", "head".into())])).await?,
    };
    Ok(passed_on(&reply))
}

/// `GET /v1/dead-letters`: those of every desk of the policy.
pub(super) async fn dead_letters(visit: &Visit<'_>) -> Responded {
    let desks: Vec<&str> = visit.copy.in_force.policy.desks().map(|(name, _)| name).collect();
    let replies = join_all(desks.iter().map(|desk| call::desk(visit.env, desk, &Ask::DeadLetters))).await;
    let mut all = Vec::new();
    for reply in replies {
        match reply? {
            call::Reply { status: 200, body: Json::Array(letters) } => all.extend(letters),
            reply => return Ok(passed_on(&reply)),
        }
    }
    Ok(respond::json(200, &Json::object([("dead_letters", Json::Array(all))])))
}

/// `POST /v1/dead-letters/{id}/resend`
pub(super) async fn resend(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    let nothing = || Problem::new(Code::NotFound, "no dead letter has this id");
    let (desk, place) = id.rsplit_once('.').ok_or_else(nothing)?;
    let place =
        place.parse().ok().filter(|place: &i64| *place > 0 && is_desk_name(desk)).ok_or_else(nothing)?;
    visit.copy.in_force.policy.desk(desk).ok_or_else(nothing)?;
    let reply =
        call::desk(visit.env, desk, &Ask::Resend { place, by: key.id.clone(), token: visit.token.clone() })
            .await?;
    if reply.status == 200 { Ok(respond::empty(204, &[])) } else { Ok(passed_on(&reply)) }
}
