//! Signing in and out: the sessions of the people who decide.

use super::incoming::Incoming;
use super::{Responded, call, doors, respond};
use crate::core::json::Json;
use crate::core::secret::BearerKey;
use crate::wire::api;
use crate::wire::problem::{Code, Problem};
use worker::Env;

/// `POST /sign-in`
pub(super) async fn sign_in(env: &Env, incoming: &Incoming) -> Responded {
    doors::check_origin(env, incoming)?;
    let key = api::read_sign_in(incoming.json()?).map_err(Problem::fields)?;
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
        (403, ..) => Err(Problem::new(Code::Forbidden, "people sign in; this key is an app's")),
        _ => Err(Problem::new(Code::Unavailable, "office: signing in does not work now")),
    }
}

/// `POST /sign-out`
pub(super) async fn sign_out(env: &Env, incoming: &Incoming) -> Responded {
    doors::check_origin(env, incoming)?;
    if let Some(session) = doors::session(incoming) {
        let ask = Json::object([("ask", "sign_out".into()), ("session", session.into())]);
        call::office(env, &ask).await?;
    }
    Ok(respond::empty(204, &[("set-cookie", &cookie("", 0))]))
}

fn cookie(session: &str, seconds: i64) -> String {
    format!("{}={session}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={seconds}", doors::COOKIE)
}
