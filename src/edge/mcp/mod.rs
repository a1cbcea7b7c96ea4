//! A server of MCP behind Holdpoint: its calls stand in the requests, and are gated before anything of them is sent.
//! All else passes. What is held is forwarded by Holdpoint itself once it is approved, within the client's own
//! request: the intent is stored first, with the spending of the approval, and the answer after it.

mod exchange;
mod flights;
mod forwarding;
mod passing;
mod tools;

use super::fates::fates_of;
use super::incoming::Incoming;
use super::proposals::Proposal;
use super::upstream::Outgoing;
use super::way::{self, Way};
use super::{Responded, respond, whole};
use crate::core::json::Json;
use crate::wire::asked::Asked;
use crate::wire::mcp::said;
use crate::wire::mcp::sent::{Headers, Sent};
use crate::wire::mcp::session::Sessions;
use crate::wire::problem::{Code, Problem};
use crate::wire::upstream::Upstream;
use exchange::Held;
use flights::Flights;
use futures_util::future::join_all;
use std::rc::Rc;
use worker::Response;

/// The header in which clients and servers name a session.
const SESSION: &str = "mcp-session-id";

/// Answers a request of a client.
pub(super) async fn serve(way: &Way<'_>, upstream: &Upstream) -> Responded {
    let Way { env, incoming, copy, key, .. } = way;
    if !incoming.query.is_empty() {
        let detail =
            "a server of tools has one address; what has to stand in its query is configured with it";
        return Err(Problem::new(Code::NotFound, detail));
    }
    let sessions = Sessions::new(&copy.in_force.id_key, &key.id, &upstream.name);
    let given = incoming.header(SESSION);
    let session = given.as_deref().map(|text| sessions.read(text).ok_or_else(no_session)).transpose()?;
    let headers = [
        (SESSION.to_owned(), session.map(str::to_owned)),
        // It was read as this, whatever it was called.
        ("content-type".to_owned(), (incoming.method == "POST").then(|| "application/json".to_owned())),
    ];
    let outgoing = Outgoing::new(env, incoming, upstream, "")?.with(&headers)?;
    let flights = Flights::of(way, upstream, session);
    let response = if incoming.method == "POST" {
        post(way, upstream, outgoing, flights).await?
    } else {
        let resumes = incoming.header("last-event-id").is_some();
        passing::pass(outgoing, b"", flights.filter(|_| resumes)).await?
    };
    if let Ok(Some(id)) = response.headers().get(SESSION) {
        // A signed name is as good a header as the name.
        let _ = response.headers().set(SESSION, &sessions.signed(&id));
    }
    Ok(response)
}

fn no_session() -> Problem {
    Problem::new(Code::NotFound, "no session has this id, or not for this key: begin a new one")
}

async fn post(way: &Way<'_>, upstream: &Upstream, outgoing: Outgoing, flights: Option<Flights>) -> Responded {
    let incoming = way.incoming;
    incoming.check_is_json()?;
    let sent = Rc::new(Sent::read(&incoming.body, &headers(incoming))?);
    if let Some(flights) = &flights {
        flights.cancel(sent.cancelled()).await;
    }
    if sent.calls().is_empty() {
        return passing::pass(outgoing, &incoming.body, None).await;
    }
    match gated(way, upstream, outgoing, Rc::clone(&sent), flights).await {
        Err(problem) if is_answered(&problem) => Ok(errors(&sent, &problem)),
        responded => responded,
    }
}

fn headers(incoming: &Incoming) -> Headers {
    Headers {
        version: incoming.header("mcp-protocol-version"),
        method: incoming.header("mcp-method"),
        name: incoming.header("mcp-name"),
    }
}

/// Whether a problem is told in answer to the call: its clients show nothing of answers with another status.
fn is_answered(problem: &Problem) -> bool {
    matches!(problem.code, Code::Invalid | Code::Upstream | Code::UpstreamTimeout | Code::Unavailable)
}

fn errors(sent: &Sent, problem: &Problem) -> Response {
    let ids = sent.calls().iter().map(|call| &call.id).chain(sent.others());
    let errors = ids.map(|id| said::error(id, problem)).collect();
    respond::rpc_error(200, &as_sent(sent, errors))
}

/// Answers in the form of the request: one, or a batch.
fn as_sent(sent: &Sent, mut messages: Vec<Json>) -> Json {
    match messages.pop() {
        Some(message) if messages.is_empty() && !sent.is_batch() => message,
        last => messages.into_iter().chain(last).collect(),
    }
}

async fn gated(
    way: &Way<'_>,
    upstream: &Upstream,
    outgoing: Outgoing,
    sent: Rc<Sent>,
    flights: Option<Flights>,
) -> Responded {
    let request = Rc::new(way::request(way, upstream, "", Asked::default(), false)?);
    let accepts = way.incoming.header("accept").unwrap_or_default();
    if !["text/event-stream", "text/*", "*/*"].iter().any(|media_type| accepts.contains(media_type)) {
        let detail = "a client of MCP accepts text/event-stream: an answer may have to wait for a person";
        return Err(Problem::new(Code::Invalid, detail));
    }
    let calls = sent.calls().iter().map(|call| call.call.clone()).collect();
    let proposals = request.propose(0, calls, None, None).await;
    let headers = respond::headers(&[]);
    whole::set_status_headers(&headers, &proposals);
    let Some(settled) = proposals.iter().map(Proposal::settled).collect::<Option<Vec<_>>>() else {
        if let Some(flights) = &flights {
            if flights.has_ended().await {
                join_all(proposals.iter().map(|proposal| request.leaves(proposal))).await;
                return Err(no_session());
            }
            flights.remember(&sent, &proposals, &request.connection).await;
        }
        return Held { request, sent, outgoing, flights }.wait(proposals, headers);
    };
    let fates = fates_of(settled);
    let notices: Vec<Json> =
        sent.calls().iter().zip(&fates).filter_map(|(call, fate)| said::noticed(&sent, call, fate)).collect();
    let response = match sent.rewritten(&fates) {
        None => respond::json(200, &as_sent(&sent, notices)),
        Some(_) if !notices.is_empty() => {
            return Held { request, sent, outgoing, flights }.settled(fates, headers);
        }
        Some(body) => passing::pass(tools::mirrored(&sent, &outgoing, &fates).await?, &body, None).await?,
    };
    for (name, value) in headers.entries() {
        // Headers of our own words cannot be refused.
        let _ = response.headers().set(&name, &value);
    }
    Ok(response)
}
