//! Answers: JSON, problems and pages, each with its headers.

use super::call::Reply;
use super::clock;
use crate::core::json::Json;
use crate::wire::problem::Problem;
use crate::wire::upstream::Dialect;
use worker::{Headers, Response, ResponseBuilder};

/// On every answer that is not an upstream's.
const ALWAYS: [(&str, &str); 4] = [
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("strict-transport-security", "max-age=63072000"),
];

/// On every page and its files, beside what may run there.
const PAGE: [(&str, &str); 4] = [
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("x-frame-options", "DENY"),
];

/// Headers from pairs. A pair that the platform refuses is left out; none here is made of input.
pub(crate) fn headers(pairs: &[(&str, &str)]) -> Headers {
    let headers = Headers::new();
    for (name, value) in pairs {
        let _ = headers.set(name, value);
    }
    headers
}

/// Headers of an answer that nothing between here and the client may store or gather up.
pub(crate) fn never_stored(headers: &Headers) {
    for (name, value) in [("cache-control", "no-store"), ("x-accel-buffering", "no")] {
        // Headers of our own words cannot be refused.
        let _ = headers.set(name, value);
    }
}

fn fixed(status: u16, body: Vec<u8>, pairs: &[(&str, &str)]) -> Response {
    let headers = headers(&ALWAYS);
    // Deadlines are by this clock, and not by the reader's.
    let _ = headers.set("holdpoint-time", &clock::now().to_string());
    for (name, value) in pairs {
        let _ = headers.set(name, value);
    }
    ResponseBuilder::new().with_status(status).with_headers(headers).fixed(body)
}

/// A JSON answer with further headers.
pub(crate) fn json_with(status: u16, body: &Json, more: &[(&str, &str)]) -> Response {
    let mut pairs = vec![("content-type", "application/json")];
    pairs.extend(more);
    fixed(status, body.to_string().into_bytes(), &pairs)
}

/// A JSON answer.
pub(crate) fn json(status: u16, body: &Json) -> Response {
    json_with(status, body, &[])
}

/// A text of that media type with further headers.
pub(crate) fn text(media_type: &str, body: &str, more: &[(&str, &str)]) -> Response {
    let mut pairs = vec![("content-type", media_type)];
    pairs.extend(more);
    fixed(200, body.as_bytes().to_vec(), &pairs)
}

/// The headers of a page under this content security policy.
pub(crate) fn page_headers(policy: &str) -> Vec<(&'static str, &str)> {
    let mut pairs = vec![("content-security-policy", policy)];
    pairs.extend(PAGE);
    pairs
}

/// A page.
pub(crate) fn document(status: u16, media_type: &str, body: String, more: &[(&str, &str)]) -> Response {
    file(status, media_type, body.into_bytes(), more)
}

/// A page or one of its files.
pub(crate) fn file(status: u16, media_type: &str, body: Vec<u8>, more: &[(&str, &str)]) -> Response {
    let mut pairs = vec![("content-type", media_type)];
    pairs.extend(more);
    fixed(status, body, &pairs)
}

/// No body at all.
pub(crate) fn empty(status: u16, more: &[(&str, &str)]) -> Response {
    let headers = headers(&ALWAYS);
    for (name, value) in more {
        let _ = headers.set(name, value);
    }
    ResponseBuilder::new().with_status(status).with_headers(headers).empty()
}

/// A problem document.
pub(crate) fn problem(problem: &Problem) -> Response {
    let challenge = [("www-authenticate", "Bearer")];
    let more: &[_] = if problem.status() == 401 { &challenge } else { &[] };
    problem_with(problem.status(), &problem.to_json(), more)
}

/// A problem on a proxied route: readable by the dialect's SDK, and not to be repeated by it.
pub(crate) fn proxied_problem(problem: &Problem, dialect: Dialect) -> Response {
    let document = match dialect {
        Dialect::Anthropic => problem.to_anthropic_json(),
        Dialect::OpenAi => problem.to_openai_json(),
        Dialect::Mcp => return rpc_error(problem.status(), &problem.to_mcp_json(Json::Null)),
        Dialect::Json => problem.to_json(),
    };
    problem_with(problem.status(), &document, &[("x-should-retry", "false")])
}

/// A JSON-RPC error. Clients of MCP look for it in answers of this media type alone.
pub(crate) fn rpc_error(status: u16, body: &Json) -> Response {
    let challenge = (status == 401).then_some(("www-authenticate", "Bearer"));
    let more: Vec<_> = challenge.into_iter().chain([("x-should-retry", "false")]).collect();
    json_with(status, body, &more)
}

fn problem_with(status: u16, body: &Json, more: &[(&str, &str)]) -> Response {
    let mut pairs = vec![("content-type", "application/problem+json")];
    pairs.extend(more);
    fixed(status, body.to_string().into_bytes(), &pairs)
}

/// What an object answers to the Worker.
pub(crate) fn internal(answered: Result<(u16, Json), Problem>) -> Response {
    let (status, body) = answered.unwrap_or_else(|problem| (problem.status(), problem.to_json()));
    json(status, &body)
}

/// An object's answer, passed on as it is.
pub(crate) fn passed_on(reply: &Reply) -> Response {
    let media_type = if reply.status < 400 { "application/json" } else { "application/problem+json" };
    json_with(reply.status, &reply.body, &[("content-type", media_type)])
}
