//! `OpenAI`'s Responses: requests read for what the gate needs and mended where they build on a changed answer,
//! answers and streams read for the items that are calls, and rewritten where a call may not run as it stands.

mod answer;
mod events;
pub mod history;
mod items;
mod stream;

pub use answer::Answer;
pub use stream::Stream;

use super::asked::{Asked, History, Offered, is_json, last_user_text, text_of_content};
use super::problem::{Code, Problem};
use super::shape::FieldProblem;
use crate::core::json::Json;

/// Reads a request. What cannot be gated is refused.
pub fn asked(body: &[u8]) -> Result<Asked, Problem> {
    let body = Json::parse(body).map_err(|error| Problem::malformed(&error))?;
    let problems = refused(&body);
    if !problems.is_empty() {
        return Err(Problem::refused(problems));
    }
    let input = body.get("input");
    let tools = body.get("tools").and_then(Json::as_array);
    Ok(Asked {
        structured: is_json(body.get("text").and_then(|text| text.get("format"))),
        last_user_text: input.and_then(|input| match input {
            Json::String(_) => text_of_content(input),
            _ => last_user_text(input),
        }),
        may_call: tools.is_none_or(|tools| !tools.is_empty())
            && (tools.is_some() || body.get("prompt").is_some_and(|prompt| !prompt.is_null())),
        history: History {
            keeps_answer: body.get("store").and_then(Json::as_bool) != Some(false),
            previous: body.get("previous_response_id").and_then(Json::as_str).map(str::to_owned),
            conversation: conversation(&body),
        },
        offered: tools.map(|tools| Offered::kept(offered(tools, None).into_iter())).unwrap_or_default(),
        ..Asked::of(&body)
    })
}

/// The functions among these tools, and those in their namespaces.
fn offered(tools: &[Json], namespace: Option<&str>) -> Vec<Offered> {
    let text = |tool: &Json, name| tool.get(name).and_then(Json::as_str).map(str::to_owned);
    let mut all = Vec::new();
    for tool in tools {
        let Some(name) = text(tool, "name") else { continue };
        match (text(tool, "type").as_deref(), namespace, tool.get("tools").and_then(Json::as_array)) {
            (Some("namespace"), None, Some(tools)) => all.extend(offered(tools, Some(&name))),
            (Some("function"), ..) => {
                let kind = namespace.map_or(name.clone(), |namespace| format!("{namespace}.{name}"));
                all.extend(Offered::new(kind, tool.get("parameters")));
            }
            _ => {}
        }
    }
    all
}

/// What the upstream would do on its own, where nobody could stop it.
fn refused(body: &Json) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    let mut refuse = |pointer: String, message: &str| {
        problems.push(FieldProblem { pointer, message: format!("{message}; nothing was sent") });
    };
    if !matches!(body.get("background"), None | Some(Json::Null | Json::Bool(false))) {
        let message = "answers in the background cannot be gated: ask without `background`, as a stream where it takes long";
        refuse("/background".to_owned(), message);
    }
    let of_type = |list: &str, unwanted: fn(&str) -> bool| {
        let entries = body.get(list).and_then(Json::as_array).unwrap_or_default().iter().enumerate();
        let unwanted = move |entry: &Json| entry.get("type").and_then(Json::as_str).is_some_and(unwanted);
        entries.filter(move |(_, entry)| unwanted(entry)).map(|(at, _)| at).collect::<Vec<_>>()
    };
    for at in of_type("tools", |kind| kind.to_ascii_lowercase().starts_with("mcp")) {
        let message = "the upstream would call a hosted MCP server by itself, ungated: put the server behind Holdpoint as an upstream of dialect mcp";
        refuse(format!("/tools/{at}"), message);
    }
    for at in of_type("input", |kind| kind == "mcp_approval_response") {
        refuse(format!("/input/{at}"), "approvals of a hosted MCP server's calls cannot be gated");
    }
    problems
}

fn conversation(body: &Json) -> Option<String> {
    let conversation = body.get("conversation")?;
    conversation.get("id").unwrap_or(conversation).as_str().map(str::to_owned)
}

/// A request for an answer that the upstream keeps.
pub fn asked_again(query: &str) -> Result<Asked, Problem> {
    let says =
        |name: &str, value: &str| query.split('&').any(|pair| pair.split_once('=') == Some((name, value)));
    if query.split('&').any(|pair| pair.starts_with("starting_after")) {
        let detail = "a part of a stream cannot be gated: ask without `starting_after`. Nothing was sent";
        return Err(Problem::new(Code::Invalid, detail));
    }
    Ok(Asked { stream: says("stream", "true"), may_call: true, ..Asked::default() })
}
