//! What was changed in answers that an upstream keeps as it made them: remembered when they leave, mended in the
//! request that builds on them. Kept by the objects of [`super::once`], by upstream and the history's name.

use super::copy::Copy;
use super::once;
use super::proposals::{Request, Settled};
use super::{call, log};
use crate::core::canonical::Digest;
use crate::core::id::ActionId;
use crate::core::json::{Json, Object};
use crate::wire::answer::Changed;
use crate::wire::anthropic;
use crate::wire::asked::History;
use crate::wire::call::Fate;
use crate::wire::desk::Ask;
use crate::wire::openai_responses::history;
use crate::wire::problem::Problem;
use crate::wire::upstream::Dialect;
use futures_util::future::join_all;

fn token(upstream: &str, name: &str) -> String {
    Digest::of(format!("history\n{upstream}\n{name}").as_bytes()).to_hex()
}

/// Remembers which calls of an answer did not run as they stood, and forgets those that did. Where that fails the
/// upstream will refuse to go on, which is said in the log: it lets nothing run.
pub(super) async fn remember(request: &Request, changed: Option<&Changed>, settled: &[Settled]) {
    let Some(changed) = changed else { return };
    let (mut mends, mut ran) = (Vec::new(), Vec::new());
    for (call, settled) in changed.calls.iter().zip(settled) {
        let by = request.key.id.as_str();
        match &settled.fate {
            Fate::Notice(notice) => mends.push(history::mend(call, &settled.id, by, Some(&notice.why))),
            _ if settled.is_edited => mends.push(history::mend(call, &settled.id, by, None)),
            _ => ran.push(call.call_id.clone()),
        }
    }
    let asked = &request.asked.history;
    let response = asked.keeps_answer.then_some(&changed.response);
    let was_remembered = settled.iter().any(|settled| settled.was_held);
    if mends.is_empty() && !was_remembered {
        return;
    }
    for name in response.into_iter().chain(&asked.conversation) {
        let token = token(&request.upstream, name);
        if once::change_history(&request.env, &token, &mends, &ran).await.is_err() {
            log::failure("what was changed in an answer cannot be remembered");
        }
    }
}

/// A request's body as it is sent.
pub(super) struct Mended {
    /// The changed body, where something had to be mended.
    pub(super) body: Option<Vec<u8>>,
    /// The calls that the conversation is told of.
    told: Vec<String>,
}

/// Mends what was changed in the histories that a request builds on.
pub(super) async fn mended(request: &Request, copy: &Copy, body: &[u8]) -> Result<Mended, Problem> {
    let History { previous, conversation, .. } = &request.asked.history;
    let of = async |name: &Option<String>| match name {
        Some(name) => once::history(&request.env, &token(&request.upstream, name)).await,
        None => Ok(Vec::new()),
    };
    let (mut mends, of_conversation) = (of(previous).await?, of(conversation).await?);
    let told =
        of_conversation.iter().filter_map(|mend| history::call_id_of(mend).map(str::to_owned)).collect();
    mends.extend(of_conversation);
    if request.dialect == Dialect::Anthropic && !mends.is_empty() {
        // Nothing can be put between the turns of a thread that the upstream keeps.
        return Err(anthropic::replay_needed());
    }
    let args = join_all(mends.iter().map(|mend| edited_args(request, copy, mend))).await;
    let mends: Vec<(Json, Option<Object>)> = mends.into_iter().zip(args).collect();
    // What other dialects send may look like a history of Responses, and is none.
    let body = request.is_responses.then(|| history::mended(body, &mends)).flatten();
    Ok(Mended { body, told })
}

/// A conversation was told: what was mended in it, or answered by the client itself, is part of it from now on.
pub(super) async fn told(request: &Request, mended: &Mended) {
    let Some(name) = request.asked.history.conversation.as_ref().filter(|_| !mended.told.is_empty()) else {
        return;
    };
    let token = token(&request.upstream, name);
    if once::change_history(&request.env, &token, &[], &mended.told).await.is_err() {
        log::failure("that a conversation was told of its changes cannot be remembered");
    }
}

/// The arguments that a person wrote, while they are kept, for the app whose action it was.
async fn edited_args(request: &Request, copy: &Copy, mend: &Json) -> Option<Object> {
    let case = history::edited_case(mend, &request.key.id)?;
    let id = ActionId::parse(case, &copy.in_force.id_key)?;
    let ask = Ask::Answer { id: id.to_string(), wait_ms: 0, take: None, proceeded: false, connection: None };
    let reply = call::case(&request.env, id.desk(), &ask, id.as_str(), |_| true).await.ok()?;
    reply.body.get("action")?.get("args")?.as_object().cloned()
}
