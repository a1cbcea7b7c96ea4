//! The pages and their files, compiled into the Worker so that they work when everything beside it is down.

use super::{Responded, respond};
use crate::wire::problem::{Code, Problem};
use worker::Response;

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

const FILES: [(&str, &str, &str); 12] = [
    ("style.css", CSS, include_str!("../../www/style.css")),
    ("review.js", JAVASCRIPT, include_str!("../../www/review.js")),
    ("case.js", JAVASCRIPT, include_str!("../../www/case.js")),
    ("choices.js", JAVASCRIPT, include_str!("../../www/choices.js")),
    ("edit.js", JAVASCRIPT, include_str!("../../www/edit.js")),
    ("help.js", JAVASCRIPT, include_str!("../../www/help.js")),
    ("api.js", JAVASCRIPT, include_str!("../../www/api.js")),
    ("keys.js", JAVASCRIPT, include_str!("../../www/keys.js")),
    ("texts.js", JAVASCRIPT, include_str!("../../www/texts.js")),
    ("reveal.js", JAVASCRIPT, include_str!("../../www/reveal.js")),
    ("sign-in.js", JAVASCRIPT, include_str!("../../www/sign-in.js")),
    ("icon.svg", SVG, include_str!("../../www/icon.svg")),
];

/// `GET /review`
pub(super) fn review() -> Response {
    respond::page(HTML, include_str!("../../www/review.html"))
}

/// `GET /sign-in`
pub(super) fn sign_in() -> Response {
    respond::page(HTML, include_str!("../../www/sign-in.html"))
}

/// `GET /www/{file}`
pub(super) fn asset(name: &str) -> Responded {
    let file = FILES.iter().find(|(known, ..)| *known == name);
    let (_, media_type, body) = file.ok_or_else(|| Problem::new(Code::NotFound, "no file has this name"))?;
    Ok(respond::page(media_type, body))
}

/// `GET /openapi.json`
pub(super) fn openapi() -> Response {
    respond::text("application/json", include_str!("../../www/openapi.json"), &[])
}
