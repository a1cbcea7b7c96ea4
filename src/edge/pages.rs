//! The pages, compiled into the Worker so that they work when everything beside it is down. Each is one document with
//! its style and its script in it, made of `www/` by `cargo xtask build`; what it shows first comes with it.

use super::incoming::Incoming;
use super::respond::{self, page_headers};
use super::review::{desks_of, desks_with_counts, find_case};
use super::{Responded, Visit, call, clock};
use crate::core::canonical::Digest;
use crate::core::capacity::load::Level;
use crate::core::json::Json;
use crate::core::key::{Key, Role};
use crate::wire::api::Claim;
use crate::wire::desk::Ask;
use crate::wire::problem::{Code, Problem};
use base64ct::{Base64, Encoding as _};
use std::cell::LazyCell;
use worker::Response;

const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";
const WASM: &str = "application/wasm";

/// The wasm of the npm package.
const GATE: &str = "gate_bg.wasm";

/// How many cases come with the document: the one that is shown, and the next; more come with each decision.
const FIRST: i64 = 2;

const FILES: [(&str, &str, &[u8]); 3] = [
    ("icon.svg", SVG, include_bytes!("../../www/icon.svg")),
    // What the first decision does not need.
    ("later.js", JAVASCRIPT, include_bytes!("../../build/pages/later.js")),
    // The gate as the npm package has it, for the playground.
    (GATE, WASM, include_bytes!("../../pkg/gate_bg.wasm")),
];

/// A document, with the policy that lets exactly its own style and script work.
#[derive(Debug)]
struct Document {
    html: &'static str,
    policy: String,
}

thread_local! {
    static REVIEW: LazyCell<Document> = LazyCell::new(|| Document::new(include_str!("../../build/pages/review.html")));
    static CASES: LazyCell<Document> = LazyCell::new(|| Document::new(include_str!("../../build/pages/cases.html")));
    static INSIGHTS: LazyCell<Document> =
        LazyCell::new(|| Document::new(include_str!("../../build/pages/insights.html")));
    static PLAYGROUND: LazyCell<Document> =
        LazyCell::new(|| Document::new(include_str!("../../build/pages/playground.html")));
    static SIGN_IN: LazyCell<Document> = LazyCell::new(|| Document::new(include_str!("../../build/pages/sign-in.html")));
}

impl Document {
    fn new(html: &'static str) -> Self {
        let hash = |open: &str, close: &str| {
            let inner =
                html.split_once(open).and_then(|(_, rest)| rest.split_once(close)).map(|(inner, _)| inner);
            Base64::encode_string(Digest::of(inner.unwrap_or_default().as_bytes()).as_bytes())
        };
        let policy = format!(
            "default-src 'none'; script-src 'self' 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; img-src 'self'; \
             form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
             trusted-types 'none'",
            hash("<script type=\"module\">", "</script>"),
            hash("<style>", "</style>"),
        );
        Self { html, policy }
    }

    /// The document with what it shows first. Nothing in that can end the element it stands in.
    fn with(&self, status: u16, first: &Json) -> Response {
        let first = first.to_string().replace('<', "\\u003c");
        let (before, after) = self.html.split_once("</body>").unwrap_or((self.html, ""));
        let data = format!("<script type=\"application/json\" id=\"first\">{first}</script></body>");
        let html = [before, &data, after].concat();
        respond::document(status, HTML, html, &page_headers(&self.policy))
    }
}

/// `GET /sign-in`
pub(super) fn sign_in() -> Response {
    SIGN_IN.with(|page| page.with(200, &Json::object([])))
}

/// `GET /playground`. Its script may fetch the gate, and reach nothing else: the browser sees to it that nothing is sent.
pub(super) fn playground(origin: &str) -> Response {
    PLAYGROUND.with(|page| {
        let policy = page
            .policy
            .replace("connect-src 'self'", &format!("connect-src {origin}/www/{GATE}"))
            .replace("script-src 'self'", "script-src 'wasm-unsafe-eval'")
            .replace("img-src 'self'", &format!("img-src {origin}/www/icon.svg"))
            .replace("form-action 'self'", "form-action 'none'");
        respond::document(200, HTML, page.html.to_owned(), &page_headers(&policy))
    })
}

/// `GET /www/{file}`, which a browser keeps and asks about again.
pub(super) fn asset(incoming: &Incoming, name: &str) -> Responded {
    let file = FILES.iter().find(|(known, ..)| *known == name);
    let (_, media_type, body) = file.ok_or_else(|| Problem::new(Code::NotFound, "no file has this name"))?;
    let digest = Digest::of(body);
    // A page from before a deployment asks for a script that is no more: it has to be loaded again.
    if incoming.parameter("v").is_some_and(|version| !digest.to_hex().starts_with(version)) {
        return Err(Problem::new(Code::NotFound, "this file is of another version: load the page again"));
    }
    let etag = format!("\"{digest}\"");
    let kept = [("etag", etag.as_str()), ("cache-control", "no-cache")];
    let known = incoming.header("if-none-match");
    if known.is_some_and(|known| known.trim_start_matches("W/") == etag) {
        return Ok(respond::empty(304, &kept));
    }
    let mut headers = page_headers("default-src 'none'");
    headers.extend(kept);
    Ok(respond::file(200, media_type, body.to_vec(), &headers))
}

/// `GET /policy.schema.json`
pub(super) fn policy_schema() -> Response {
    respond::text("application/schema+json", include_str!("../../www/policy.schema.json"), &[])
}

/// `GET /openapi.json`
pub(super) fn openapi() -> Response {
    respond::text("application/json", include_str!("../../www/openapi.json"), &[])
}

/// What a page says in the place of its cases: whoever is not signed in is led to do so.
pub(super) fn problem(problem: &Problem, incoming: &Incoming) -> Response {
    if problem.code == Code::Unauthenticated {
        // `sign-in.js` leads back to one of the pages, and to no other place.
        let to = match incoming.path.as_str() {
            "/review/cases" => "/sign-in?page=cases",
            "/insights" => "/sign-in?page=insights",
            _ => "/sign-in",
        };
        return respond::empty(303, &[("location", &with_query(to, &incoming.query))]);
    }
    let page = if incoming.path == "/insights" { &INSIGHTS } else { &REVIEW };
    page.with(|page| page.with(problem.status(), &Json::object([("problem", problem.to_json())])))
}

fn with_query(path: &str, query: &str) -> String {
    let joined = if path.contains('?') { '&' } else { '?' };
    if query.is_empty() { path.to_owned() } else { format!("{path}{joined}{query}") }
}

/// `GET /review`, with the first case for whoever is to decide it.
pub(super) async fn review(visit: &Visit<'_>, key: &Key) -> Responded {
    let elsewhere = match key.role {
        Role::Auditor => Some(with_query("/review/cases", &visit.incoming.query)),
        Role::Admin => Some("/insights".to_owned()),
        Role::Reviewer | Role::App => None,
    };
    if let Some(location) = elsewhere {
        return Ok(respond::empty(303, &[("location", &location)]));
    }
    let mut first = desks_with_counts(visit, key).await?;
    without_what_is_calm(&mut first);
    let asked_for = match visit.incoming.text_parameter("case")? {
        Some(id) => find_case(visit, key, &id).await?,
        None => None,
    };
    let desk = desk_to_open(&first, visit.incoming.parameter("desk"), asked_for.as_ref());
    let mut claimed = Json::Null;
    if let Some(desk) = desk.as_deref().filter(|_| !is_only_fetched(visit)) {
        let wanted = asked_for.as_ref().and_then(|case| case.get("id")).and_then(Json::as_str);
        let claim = Claim { want: FIRST, skip: Vec::new(), first: wanted.map(str::to_owned) };
        // Where that fails the page asks by itself.
        let reply = call::desk(visit.env, desk, &Ask::Claim { person: key.person.clone(), claim }).await;
        claimed = reply.ok().filter(|reply| reply.status == 200).map(|reply| reply.body).into();
    }
    if let Some(object) = first.as_object_mut() {
        object.set("desk", desk);
        object.set("claimed", claimed);
        object.set("asked_for", asked_for);
        object.set("time", clock::now().to_string());
    }
    Ok(REVIEW.with(|page| page.with(200, &first)))
}

/// The document is small: of a desk it brings the load and the count of unknown cases only where they have to be said.
fn without_what_is_calm(first: &mut Json) {
    let Some(Json::Array(desks)) = first.as_object_mut().and_then(|first| first.get_mut("desks")) else {
        return;
    };
    for desk in desks.iter_mut().filter_map(Json::as_object_mut) {
        let level = desk.get("capacity").and_then(|capacity| capacity.get("level")).and_then(Json::as_str);
        if level != Some(Level::Overloaded.as_str()) {
            desk.remove("capacity");
        }
        if desk.get("unknown").and_then(Json::as_i64) == Some(0) {
            desk.remove("unknown");
        }
    }
}

/// `GET /review/cases`
pub(super) async fn cases(visit: &Visit<'_>, key: &Key) -> Responded {
    let mut first = desks_with_counts(visit, key).await?;
    if let Some(object) = first.as_object_mut() {
        object.set("role", key.role.as_str());
        object.set("time", clock::now().to_string());
    }
    Ok(CASES.with(|page| page.with(200, &first)))
}

/// `GET /insights`. Its figures are asked for by the page: they take longer than a document should.
pub(super) fn insights(visit: &Visit<'_>, key: &Key) -> Response {
    let desks = desks_of(visit, key);
    let first = Json::object([
        ("desks", desks.into_iter().collect()),
        ("role", key.role.as_str().into()),
        ("person", key.person.as_str().into()),
        ("time", clock::now().to_string().into()),
    ]);
    INSIGHTS.with(|page| page.with(200, &first))
}

/// Whether nobody may be looking at the answer: it was fetched ahead, or another site has asked for it, in a picture
/// or by a link. Then nothing is leased for it, and the page asks for its case when somebody is there.
fn is_only_fetched(visit: &Visit<'_>) -> bool {
    let header = |name| visit.incoming.header(name);
    let fetched_ahead = |name| header(name).is_some_and(|value| value.contains("prefetch"));
    let by_another = header("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site");
    let no_document = header("sec-fetch-dest").is_some_and(|dest| dest != "document");
    let fetched = fetched_ahead("sec-purpose") || fetched_ahead("purpose");
    visit.incoming.method == "HEAD" || fetched || by_another || no_document
}

/// The desk of the case that was asked for, the desk that was asked for, or that where most waits.
fn desk_to_open(first: &Json, wanted: Option<&str>, case: Option<&Json>) -> Option<String> {
    let of_case = case.and_then(|case| case.get("desk")).and_then(Json::as_str);
    let desks = first.get("desks").and_then(Json::as_array).unwrap_or_default();
    let name = |desk: &Json| desk.get("name").and_then(Json::as_str).map(str::to_owned);
    let count = |desk: &Json, what: &str| desk.get(what).and_then(Json::as_i64).unwrap_or(0);
    let named = |wanted: &str| desks.iter().find(|desk| name(desk).as_deref() == Some(wanted));
    let busiest = || {
        let waiting = |desk: &&Json| count(desk, "held").saturating_add(count(desk, "to_audit"));
        // Of several the first: they stand in the policy's order.
        desks.iter().rev().max_by_key(waiting)
    };
    of_case.and_then(named).or_else(|| wanted.and_then(named)).or_else(busiest).and_then(name)
}
