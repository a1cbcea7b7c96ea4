//! What Holdpoint says itself: notices in the place of results, errors, and what keeps a client patient.

use super::sent::{Sent, ToolCall};
use crate::core::json::Json;
use crate::wire::call::Fate;
use crate::wire::notice::{MARK, Notice, clean_kind};
use crate::wire::problem::Problem;
use crate::wire::sse;

/// A notice as the result of a call that may not run. It is an error, so that no client looks for the structured
/// content that the tool promises.
fn notice(id: &Json, notice: &Notice, is_modern: bool) -> Json {
    result(id, &notice.id, &notice.text(), notice.why.as_str(), is_modern)
}

/// The notice in the place of a call's result, where that is its fate.
pub fn noticed(sent: &Sent, call: &ToolCall, fate: &Fate) -> Option<Json> {
    fate.notice().map(|why| notice(&call.id, why, sent.is_modern()))
}

/// The result of a call that was sent, and of which nobody knows what became of it.
pub fn unknown(id: &Json, action: &str, kind: &str, is_modern: bool) -> Json {
    let text = format!(
        "{MARK}{action}] Action \"{}\" was sent, and whether it was executed is not known: do not repeat it",
        clean_kind(kind)
    );
    result(id, action, &text, "unknown", is_modern)
}

fn result(id: &Json, action: &str, text: &str, decision: &str, is_modern: bool) -> Json {
    let content = Json::object([("type", "text".into()), ("text", text.into())]);
    let meta = [("dev.holdpoint/action", action.into()), ("dev.holdpoint/decision", decision.into())];
    let mut result = Json::object([
        ("content", Json::Array(vec![content])),
        ("isError", true.into()),
        ("_meta", Json::object(meta)),
    ]);
    if let Some(result) = result.as_object_mut().filter(|_| is_modern) {
        result.set("resultType", "complete");
    }
    Json::object([("jsonrpc", "2.0".into()), ("id", id.clone()), ("result", result)])
}

/// An error in answer to this request.
pub fn error(id: &Json, problem: &Problem) -> Json {
    problem.to_mcp_json(id.clone())
}

/// How a call that waits gets on: the seconds that are left, counted up to zero, because progress has to increase and
/// the upstream's own begins there.
pub fn progress(token: &Json, left_ms: i64) -> Json {
    let params = [
        ("progressToken", token.clone()),
        ("progress", left_ms.max(0).saturating_neg().saturating_div(1000).into()),
        ("message", "awaiting approval".into()),
    ];
    let method = "notifications/progress".into();
    Json::object([("jsonrpc", "2.0".into()), ("method", method), ("params", Json::object(params))])
}

/// A message as an event.
pub fn event(message: &Json, out: &mut Vec<u8>) {
    sse::write(Some("message"), &message.to_string(), out);
}
