//! What was changed in answers that an upstream keeps as it made them: remembered when they leave, mended in the
//! request that builds on them. Kept by the objects of [`super::once`], by upstream and the history's name.

use super::copy::Copy;
use super::once;
use super::proposals::{Request, Settled};
use super::{call, log};
use crate::core::canonical::Digest;
use crate::core::id::ActionId;
use crate::core::json::{Json, Object};
use crate::wire::call::Fate;
use crate::wire::desk::Ask;
use crate::wire::openai_responses::history::{self, Changed};
use crate::wire::problem::Problem;
use futures_util::future::join_all;
use worker::Env;

fn token(upstream: &str, name: &str) -> String {
    Digest::of(format!("history\n{upstream}\n{name}").as_bytes()).to_hex()
}

/// Remembers which calls of an answer did not run as they stood. Where that fails the upstream will refuse to go
/// on, which is said in the log: it lets nothing run.
pub(super) async fn remember(request: &Request, changed: Option<&Changed>, settled: &[Settled]) {
    let Some(changed) = changed else { return };
    let mends = changed.calls.iter().zip(settled).filter_map(|(call, settled)| match &settled.fate {
        Fate::Notice(notice) => Some(history::mend(call, &settled.id, Some(&notice.why))),
        _ if settled.is_edited => Some(history::mend(call, &settled.id, None)),
        _ => None,
    });
    let mends: Vec<Json> = mends.collect();
    if mends.is_empty() {
        return;
    }
    let asked = &request.asked.history;
    let response = asked.keeps_answer.then_some(&changed.response);
    for name in response.into_iter().chain(&asked.conversation) {
        let token = token(&request.upstream, name);
        if once::add_to_history(&request.env, &token, &mends).await.is_err() {
            log::failure("what was changed in an answer cannot be remembered");
        }
    }
}

/// The body to send: with what was changed in the histories that it builds on. `None` where there is nothing to
/// mend.
pub(super) async fn mended(request: &Request, copy: &Copy, body: &[u8]) -> Result<Option<Vec<u8>>, Problem> {
    let names = request.asked.history.previous.iter().chain(&request.asked.history.conversation);
    let mut mends = Vec::new();
    for name in names {
        mends.extend(once::history(&request.env, &token(&request.upstream, name)).await?);
    }
    let args =
        join_all(mends.iter().map(|mend| edited_args(&request.env, copy, history::edited_case(mend)))).await;
    let mends: Vec<(Json, Option<Object>)> = mends.into_iter().zip(args).collect();
    Ok(history::mended(body, &mends))
}

/// A conversation was told: what was mended in it is part of it from now on.
pub(super) async fn told(request: &Request) {
    if let Some(name) = &request.asked.history.conversation {
        // Told twice, the upstream would refuse; the next request then says so.
        let _ = once::forget_history(&request.env, &token(&request.upstream, name)).await;
    }
}

/// The arguments that a person wrote, while they are kept.
async fn edited_args(env: &Env, copy: &Copy, case: Option<&str>) -> Option<Object> {
    let id = ActionId::parse(case?, &copy.in_force.id_key)?;
    let ask = Ask::Answer { id: id.to_string(), wait_ms: 0, take: false, proceeded: false, connection: None };
    let reply = call::case(env, id.desk(), &ask, id.as_str(), |_| true).await.ok()?;
    reply.body.get("action")?.get("args")?.as_object().cloned()
}
