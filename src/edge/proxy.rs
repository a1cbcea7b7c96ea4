//! Calls through Holdpoint to an upstream: no call in its answer leaves before it was gated.

use super::upstream::{self, Answered, Outgoing};
use super::way::{self, Way};
use super::{Responded, config, doors, histories, mcp, respond, streaming, whole};
use crate::wire::form::Form;
use crate::wire::mapped::{self, Map};
use crate::wire::problem::{Code, Problem};
use crate::wire::upstream::{Passage, Upstream, is_plain_path};
use std::rc::Rc;

/// `/to/{upstream}/…`
pub(super) async fn forward(way: &Way<'_>, name: &str, path: &str) -> Responded {
    let Way { env, incoming, .. } = way;
    if !path.is_empty() && !is_plain_path(path) {
        let detail = "the path is not plain: no empty or dotted segments, no encoded slashes or dots";
        return Err(Problem::new(Code::Malformed, detail));
    }
    doors::check_origin(env, incoming)?;
    let upstream = config::upstream(env, name)?;
    match upstream.passage(&incoming.method, path) {
        Passage::Calls => mcp::serve(way, &upstream).await,
        Passage::Gated(form) => gated(way, &upstream, path, form).await,
        Passage::Ungated => {
            let answering = Outgoing::new(env, incoming, &upstream, path)?.send(&incoming.body).await?;
            answering.whole(&upstream).await.map(Answered::into_response)
        }
        Passage::NotBuilt => {
            Err(Problem::new(Code::Invalid, "this endpoint cannot be gated yet, so nothing was sent"))
        }
        Passage::Refused => {
            Err(Problem::new(Code::NotFound, "this endpoint is not among those that are sent upstream"))
        }
    }
}

async fn gated(way: &Way<'_>, upstream: &Upstream, path: &str, form: Form) -> Responded {
    let Way { env, incoming, .. } = way;
    if form != Form::Mapped && !incoming.body.is_empty() {
        incoming.check_is_json()?;
    }
    let asked = form.asked(&upstream.means, &incoming.query, &incoming.body)?;
    let request = Rc::new(way::request(way, upstream, path, asked, form == Form::Responses)?);
    let mended = histories::mended(&request, way.copy, &incoming.body).await?;
    let body = mended.body.as_deref().unwrap_or(&incoming.body);
    let answering = Outgoing::new(env, incoming, upstream, path)?.send(body).await?;
    if !(200..300).contains(&answering.status) {
        let answered = answering.whole(upstream).await?;
        // Clients of an app's own endpoint may act on whatever it answers.
        let has_actions = |map| !mapped::Answer::is_without_actions(&answered.body, map);
        if upstream.means.map.as_ref().is_some_and(has_actions) {
            let what = "failed, and its answer has actions in it all the same";
            return Err(upstream::problem(upstream, Code::Upstream, what));
        }
        return Ok(answered.into_response());
    }
    histories::told(&request, &mended).await;
    if !answering.is_utf8() {
        let what = "answered in another character set than UTF-8, which clients could read differently";
        return Err(upstream::problem(upstream, Code::Upstream, what));
    }
    respond::never_stored(&answering.headers);
    let may_be_empty = upstream.means.map.as_ref().is_some_and(Map::is_optional);
    match answering.media_type().as_str() {
        _ if answering.status == 204 && may_be_empty => {
            answering.whole(upstream).await.map(Answered::into_response)
        }
        "text/event-stream"
            if request.asked.stream
                && let Some(answer) = form.stream(&request.asked) =>
        {
            streaming::release(request, answering, answer)
        }
        "application/json" => {
            let answered = answering.whole(upstream).await?;
            let answer = form.whole(&upstream.means, &answered.body, &request.asked).map_err(|error| {
                let what = format!("answered with what cannot be gated: {error}");
                upstream::problem(upstream, Code::Upstream, &what)
            })?;
            if answer.calls().is_empty() {
                return Ok(answered.into_response());
            }
            whole::release(request, answered, answer).await
        }
        other => {
            let expected = if request.asked.stream { "a stream of events" } else { "JSON" };
            let what = format!("answered with `{other}`, not {expected}");
            Err(upstream::problem(upstream, Code::Upstream, &what))
        }
    }
}
