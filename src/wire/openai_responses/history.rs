//! Histories that the upstream keeps, and those that a client sends back, after an answer was changed.
//!
//! The upstream remembers every call that it made and refuses to go on where one has no output. So whatever was
//! taken out of an answer is answered for the client in the next request that builds on it, and what a person
//! edited is said to the model. Of a call only its ids and what became of it are kept, never its arguments.

use super::items::{OWN_ID, is_call, type_of};
use crate::core::json::{Json, Object};
use crate::wire::answer::CallRef;
use crate::wire::notice::{MARK, Why};

pub(super) fn refs_of(items: &[Json]) -> Vec<CallRef> {
    let text = |item: &Json, name| item.get(name).and_then(Json::as_str).map(str::to_owned);
    let refs = items.iter().filter(|item| is_call(item)).map(|item| CallRef {
        call_id: text(item, "call_id").or_else(|| text(item, "id")).unwrap_or_default(),
        kind: type_of(item).to_owned(),
    });
    refs.collect()
}

/// What is remembered of a call that did not run as it stood: to be mended in the next request. `by` is the key
/// whose action it was.
pub fn mend(call: &CallRef, id: &str, by: &str, why: Option<&Why>) -> Json {
    Json::object([
        ("call_id", call.call_id.as_str().into()),
        ("type", call.kind.as_str().into()),
        ("id", id.into()),
        ("by", by.into()),
        ("was", why.map_or("edited", Why::as_str).into()),
        ("reason", why.map(Why::in_words).into()),
    ])
}

/// The call that a mend is of.
pub fn call_id_of(mend: &Json) -> Option<&str> {
    mend.get("call_id").and_then(Json::as_str)
}

/// The id of the case whose edited arguments a mend wants to tell, where it was this key's.
pub fn edited_case<'a>(mend: &'a Json, by: &str) -> Option<&'a str> {
    let text = |name| mend.get(name).and_then(Json::as_str);
    if is_edit(mend) && text("by") == Some(by) { text("id") } else { None }
}

fn is_edit(mend: &Json) -> bool {
    mend.get("was").and_then(Json::as_str) == Some("edited")
}

/// The request with what was changed in the history that it builds on, each mend with its edited arguments where
/// they are still known. `None` where there is nothing to mend.
pub fn mended(body: &[u8], mends: &[(Json, Option<Object>)]) -> Option<Vec<u8>> {
    let has_own = body.windows(OWN_ID.len()).any(|window| window == OWN_ID.as_bytes());
    if mends.is_empty() && !has_own {
        return None;
    }
    let mut request = Json::parse(body).ok()?;
    let input = match request.get("input") {
        Some(Json::Array(items)) => without_own(items),
        Some(Json::String(text)) => {
            vec![Json::object([("role", "user".into()), ("content", text.as_str().into())])]
        }
        _ => Vec::new(),
    };
    let answered = |call_id: &str| {
        let outputs = input.iter().filter(|item| type_of(item).ends_with("_output"));
        let own = |item: &Json| {
            ["call_id", "id"].iter().any(|id| item.get(id).and_then(Json::as_str) == Some(call_id))
        };
        outputs.into_iter().any(own)
    };
    let mut all: Vec<Json> = mends
        .iter()
        .filter(|(mend, _)| {
            let call_id = call_id_of(mend).unwrap_or_default();
            is_edit(mend) || !answered(call_id)
        })
        .filter_map(|(mend, args)| item_of(mend, args.as_ref()))
        .collect();
    if all.is_empty() && !has_own {
        return None;
    }
    all.extend(input);
    request.as_object_mut()?.set("input", Json::Array(all));
    Some(request.to_string().into_bytes())
}

/// The items without what only we know: our messages lose their ids, and the reasoning before them, which led to
/// a call that is not there any more, goes.
fn without_own(items: &[Json]) -> Vec<Json> {
    let id_of = |item: &Json| item.get("id").and_then(Json::as_str).unwrap_or_default().to_owned();
    let is_own = |item: &Json| id_of(item).starts_with(OWN_ID);
    let is_reasoning = |item: &Json| {
        type_of(item) == "reasoning" || (type_of(item) == "item_reference" && id_of(item).starts_with("rs_"))
    };
    let mut kept: Vec<Json> = Vec::new();
    let mut rest = items.iter().peekable();
    while let Some(item) = rest.next() {
        if !is_own(item) {
            kept.push(item.clone());
            continue;
        }
        let mut own = vec![without_id(item, &id_of(item))];
        while let Some(item) = rest.next_if(|item| is_own(item)) {
            own.push(without_id(item, &id_of(item)));
        }
        let reasoning = kept.iter().rev().take_while(|item| is_reasoning(item)).count();
        let before = kept.len().saturating_sub(reasoning);
        if rest.peek().is_some_and(|next| {
            is_call(next) || (type_of(next) == "item_reference" && is_call_id(&id_of(next)))
        }) {
            // A call that the same reasoning led to is still there.
            kept.splice(before..before, own);
        } else {
            kept.truncate(before);
            kept.extend(own);
        }
    }
    kept
}

/// Whether a reference is to a call, by the form of its id.
fn is_call_id(id: &str) -> bool {
    ["fc_", "ctc_", "cu_", "lsh_", "sh_", "apc_", "call_"].iter().any(|prefix| id.starts_with(prefix))
}

/// One of our messages as the upstream takes it.
fn without_id(item: &Json, id: &str) -> Json {
    let mut message = item.as_object().cloned().unwrap_or_default();
    if type_of(item) == "item_reference" {
        let text = format!("{MARK}{}] This action was not executed.", id.replacen("msg_", "", 1));
        message = Object::new();
        message.set("role", "assistant");
        message.set("content", text);
    }
    message.remove("id");
    message.into()
}

/// A blank picture of one pixel: a call of the computer is answered by a screenshot and by nothing else.
const BLANK: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

/// What the upstream is told of a call that did not run as it stood. What it runs by itself needs no output.
fn item_of(mend: &Json, args: Option<&Object>) -> Option<Json> {
    let text = |name| mend.get(name).and_then(Json::as_str).unwrap_or_default();
    let call_id = text("call_id");
    if is_edit(mend) {
        let to = args.map_or_else(String::new, |args| format!(" to {args}"));
        let said = format!("A person changed the arguments of {call_id}{to} before it was executed.");
        return Some(Json::object([("role", "developer".into()), ("content", said.into())]));
    }
    let said =
        Json::object([("holdpoint", text("was").into()), ("reason", text("reason").into())]).to_string();
    let kind = text("type");
    let mut output = Object::new();
    output.set("type", format!("{kind}_output"));
    output.set("call_id", call_id);
    match kind {
        "computer_call" => {
            let picture = [("type", "computer_screenshot".into()), ("image_url", BLANK.into())];
            output.set("output", Json::object(picture));
        }
        "local_shell_call" => {
            output.remove("call_id");
            output.set("id", call_id);
            output.set("output", said);
        }
        "shell_call" => {
            let outcome = Json::object([("type", "exit".into()), ("exit_code", 126_i64.into())]);
            let content = [("stdout", "".into()), ("stderr", said.into()), ("outcome", outcome)];
            output.set("output", Json::Array(vec![Json::object(content)]));
        }
        "apply_patch_call" => {
            output.set("status", "failed");
            output.set("output", said);
        }
        "function_call" | "custom_tool_call" => output.set("output", said),
        "mcp_approval_request" => {
            let answer = [
                ("type", "mcp_approval_response".into()),
                ("approval_request_id", call_id.into()),
                ("approve", false.into()),
            ];
            return Some(Json::object(answer));
        }
        _ => return None,
    }
    Some(output.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended_input(input: &str, mends: &[(&str, &str)]) -> Option<String> {
        let mends: Vec<(Json, Option<Object>)> = mends
            .iter()
            .map(|(kind, call_id)| {
                let call = CallRef { call_id: (*call_id).to_owned(), kind: (*kind).to_owned() };
                (mend(&call, "hp_a", "key_app", Some(&Why::Expired)), None)
            })
            .collect();
        let body = mended(format!("{{\"input\":{input}}}").as_bytes(), &mends)?;
        Some(Json::parse(&body).unwrap().get("input").unwrap().to_string())
    }

    const REASONING: &str = r#"{"type":"reasoning","id":"rs_1"}"#;
    const OWN: &str = r#"{"type":"message","id":"msg_hp_a","role":"assistant","content":"x"}"#;
    const AS_SENT: &str = r#"{"type":"message","role":"assistant","content":"x"}"#;
    const CALL: &str = r#"{"type":"function_call","id":"fc_1","call_id":"c"}"#;

    #[test]
    fn reasoning_goes_with_its_calls_and_stays_with_those_that_are_left() {
        for (input, expected) in [
            (format!("[{REASONING},{OWN}]"), format!("[{AS_SENT}]")),
            (format!("[{REASONING},{OWN},{OWN}]"), format!("[{AS_SENT},{AS_SENT}]")),
            (format!("[{REASONING},{OWN},{CALL}]"), format!("[{AS_SENT},{REASONING},{CALL}]")),
            (format!("[{CALL},{OWN}]"), format!("[{CALL},{AS_SENT}]")),
        ] {
            assert_eq!(mended_input(&input, &[]), Some(expected), "{input}");
        }
        assert_eq!(mended_input(&format!("[{REASONING},{CALL}]"), &[]), None, "sent as it came");
    }

    #[test]
    fn a_call_is_answered_once_and_only_where_an_answer_is_known() {
        let said = r#"{\"holdpoint\":\"expired\",\"reason\":\"expired\"}"#;
        let output = format!(r#"{{"type":"function_call_output","call_id":"c","output":"{said}"}}"#);
        let own = r#"{"type":"function_call_output","call_id":"c","output":"ok"}"#;
        assert_eq!(mended_input("[]", &[("function_call", "c")]), Some(format!("[{output}]")));
        assert_eq!(
            mended_input(&format!("[{own}]"), &[("function_call", "c")]),
            None,
            "the client has answered"
        );
        assert_eq!(
            mended_input("[]", &[("mcp_approval_request", "m")]).as_deref(),
            Some(r#"[{"type":"mcp_approval_response","approval_request_id":"m","approve":false}]"#)
        );
        for kind in ["web_search_call", "code_interpreter_call", "teleport_call"] {
            assert_eq!(mended_input("[]", &[(kind, "w")]), None, "{kind}");
        }
        let text = mended_input("\"hi\"", &[("function_call", "c")]).unwrap();
        assert!(text.ends_with(r#",{"role":"user","content":"hi"}]"#), "{text}");
    }
}
