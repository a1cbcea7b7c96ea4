//! Policy and keys.

use super::respond::passed_on;
use super::{Responded, Visit, call, copy, respond};
use crate::core::json::Json;
use crate::core::key::Key;
use crate::core::policy::Policy;
use crate::core::policy::document::Format;
use crate::wire::api;
use crate::wire::office::format_of;
use crate::wire::problem::{Code, Problem};
use worker::Response;

/// `GET /v1/policy`
pub(super) fn policy(visit: &Visit<'_>) -> Response {
    let in_force = &visit.copy.in_force;
    respond::text(
        in_force.policy_media_type,
        &in_force.policy_text,
        &[("etag", &format!("\"{}\"", in_force.policy.digest()))],
    )
}

/// The document of the request, by its media type.
pub(super) fn document(visit: &Visit<'_>) -> Result<(Format, String), Problem> {
    let media_type = visit.incoming.header("content-type").unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    let format = format_of(&essence).ok_or_else(|| {
        Problem::new(Code::MediaType, "send a policy as application/toml or application/json")
    })?;
    let text = String::from_utf8(visit.incoming.body.clone())
        .map_err(|_| Problem::new(Code::Malformed, "the policy is not UTF-8"))?;
    Ok((format, text))
}

/// `PUT /v1/policy`
pub(super) async fn put_policy(visit: &Visit<'_>, key: &Key) -> Responded {
    let (format, text) = document(visit)?;
    let if_match = visit.incoming.header("if-match").ok_or_else(|| {
        Problem::new(
            Code::PreconditionRequired,
            "send the ETag of the policy that you changed as If-Match, or `*`",
        )
    })?;
    if let Err(problems) = Policy::parse(format, &text) {
        return Err(Problem::policy(&problems));
    }
    let ask = Json::object([
        ("ask", "put_policy".into()),
        ("policy", text.into()),
        ("format", format.media_type().into()),
        ("if_match", if_match.trim().trim_matches('"').into()),
        ("by", key.id.as_str().into()),
    ]);
    let reply = call::office(visit.env, &ask).await?;
    let digest = reply.body.get("digest").and_then(Json::as_str).unwrap_or_default().to_owned();
    if reply.status != 200 {
        return Ok(passed_on(&reply));
    }
    // This Worker at least has it at once; others follow within seconds.
    let _ = copy::refresh(visit.env).await;
    let etag = format!("\"{digest}\"");
    Ok(respond::json_with(200, &Json::object([("digest", digest.into())]), &[("etag", &etag)]))
}

/// `GET /v1/policy/versions`
pub(super) async fn versions(visit: &Visit<'_>) -> Responded {
    call::office(visit.env, &Json::object([("ask", "versions".into())])).await.map(|reply| passed_on(&reply))
}

/// `GET /v1/keys`
pub(super) async fn keys(visit: &Visit<'_>) -> Responded {
    call::office(visit.env, &Json::object([("ask", "keys".into())])).await.map(|reply| passed_on(&reply))
}

/// `POST /v1/keys`
pub(super) async fn new_key(visit: &Visit<'_>, key: &Key) -> Responded {
    let new = api::read_new_key(visit.incoming.json()?).map_err(Problem::fields)?;
    let ask = Json::object([
        ("ask", "new_key".into()),
        ("name", new.name.into()),
        ("role", new.role.as_str().into()),
        ("desks", new.desks.into_iter().collect()),
        ("person", new.person.into()),
        ("by", key.id.as_str().into()),
        ("token", visit.token.as_deref().into()),
    ]);
    let reply = call::office(visit.env, &ask).await?;
    let _ = copy::refresh(visit.env).await;
    Ok(passed_on(&reply))
}

/// `DELETE /v1/keys/{id}`
pub(super) async fn revoke_key(visit: &Visit<'_>, key: &Key, id: &str) -> Responded {
    let ask = Json::object([("ask", "revoke_key".into()), ("id", id.into()), ("by", key.id.as_str().into())]);
    let reply = call::office(visit.env, &ask).await?;
    let _ = copy::refresh(visit.env).await;
    if reply.status == 200 { Ok(respond::empty(204, &[])) } else { Ok(passed_on(&reply)) }
}
