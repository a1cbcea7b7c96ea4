//! Anthropic's Messages: requests read for what the gate needs, answers and streams read for the blocks that are calls,
//! and rewritten where a call may not run as it stands. Thinking and its signatures are never touched.

mod answer;
mod blocks;
mod stream;

pub use answer::Answer;
pub use stream::Stream;

use super::asked::{Asked, History, Offered, is_json, text_of_content};
use super::problem::{Code, Problem};
use super::shape::FieldProblem;
use crate::core::json::Json;
use crate::core::policy::glob::Glob;

/// Tools with a type that the client executes by itself: their types are one of these and a date.
const OF_THE_CLIENT: [&str; 7] = [
    "bash_",
    "browser_toolset_",
    "computer_",
    "computer_toolset_",
    "memory_",
    "text_editor_",
    "text_editor_toolset_",
];

/// Whether the client executes tools of this type.
fn is_of_the_client(kind: &str) -> bool {
    let is_date = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit());
    kind == "custom" || OF_THE_CLIENT.iter().any(|known| kind.strip_prefix(known).is_some_and(is_date))
}

/// Reads a request. Tools that the upstream would execute by itself are refused, but for those of these types.
pub fn asked(body: &[u8], server_tools: &[Glob]) -> Result<Asked, Problem> {
    let body = Json::parse(body).map_err(|error| Problem::malformed(&error))?;
    let problems = refused(&body, server_tools);
    if !problems.is_empty() {
        return Err(Problem::refused(problems));
    }
    let list = |name| body.get(name).and_then(Json::as_array).unwrap_or_default().iter();
    let offered = list("tools").filter_map(|tool| {
        let name = tool.get("name")?.as_str()?.to_owned();
        Offered::new(name, tool.get("input_schema"))
    });
    let output = body.get("output_config").and_then(|config| config.get("format"));
    Ok(Asked {
        structured: is_json(output) || is_json(body.get("output_format")),
        // Results of tools are messages of the user's too, and say nothing of what was asked for.
        last_user_text: list("messages")
            .rev()
            .filter(|message| is_users(message))
            .find_map(|message| text_of_content(message.get("content")?)),
        may_call: true,
        history: history(&body),
        offered: Offered::kept(offered),
        ..Asked::of(&body)
    })
}

fn is_users(message: &Json) -> bool {
    message.get("role").and_then(Json::as_str) == Some("user")
}

/// A thread is a history that the upstream keeps.
fn history(body: &Json) -> History {
    let thread = body.get("thread").filter(|thread| !thread.is_null());
    let previous = thread.and_then(|thread| thread.get("previous_message_id")).and_then(Json::as_str);
    History { keeps_answer: thread.is_some(), previous: previous.map(str::to_owned), conversation: None }
}

/// What the upstream would do on its own, where nobody could stop it.
fn refused(body: &Json, server_tools: &[Glob]) -> Vec<FieldProblem> {
    let mut problems = Vec::new();
    let mut refuse = |pointer: String, message: String| {
        problems.push(FieldProblem { pointer, message: format!("{message}; nothing was sent") });
    };
    let is_named = |kind: &str| server_tools.iter().any(|glob| glob.matches(kind));
    let ungated = |tool: &Json| {
        let kind = match tool.get("type") {
            None | Some(Json::Null) => return None,
            Some(kind) => kind.as_str().unwrap_or_default(),
        };
        (!is_of_the_client(kind) && !is_named(kind)).then(|| {
            format!("the upstream would execute `{kind}` by itself, ungated: name it in the upstream's `server_tools` where that is meant")
        })
    };
    for name in ["tools", "messages", "mcp_servers"] {
        if !matches!(body.get(name), None | Some(Json::Null | Json::Array(_))) {
            refuse(format!("/{name}"), format!("`{name}` is an array"));
        }
    }
    let list = |name| body.get(name).and_then(Json::as_array).unwrap_or_default().iter();
    for (at, tool) in list("tools").enumerate() {
        if let Some(message) = ungated(tool) {
            refuse(format!("/tools/{at}/type"), message);
        }
    }
    if list("mcp_servers").next().is_some() && !is_named("mcp_servers") {
        let message = "the upstream would call these servers by itself, ungated: put them behind Holdpoint as upstreams of dialect mcp";
        refuse("/mcp_servers".to_owned(), message.to_owned());
    }
    // Tools can be added in the middle of a history too.
    for (at, message) in list("messages").enumerate() {
        for added in tools_added(message.get("content")) {
            let tool = added.get("tool").unwrap_or(&Json::Null);
            let reason = match (tool.get("definition"), tool.get("type").and_then(Json::as_str)) {
                (Some(definition @ Json::Object(_)), _) => ungated(definition),
                (None, Some("tool_reference")) => None,
                _ => Some("a tool that is added has no definition that can be read".to_owned()),
            };
            if let Some(reason) = reason {
                refuse(format!("/messages/{at}"), reason);
            }
        }
    }
    problems
}

/// The additions of tools in a message's content, and in what a compaction has kept of them.
fn tools_added(content: Option<&Json>) -> Vec<&Json> {
    let blocks = content.and_then(Json::as_array).unwrap_or_default();
    let mut added = Vec::new();
    for block in blocks {
        match block.get("type").and_then(Json::as_str) {
            Some("tool_addition") => added.push(block),
            _ => match block.get("tool_changes") {
                Some(Json::Array(changes)) => added.extend(
                    changes
                        .iter()
                        .filter(|change| change.get("type").and_then(Json::as_str) != Some("tool_removal")),
                ),
                Some(change @ Json::Object(_)) => added.push(change),
                _ => {}
            },
        }
    }
    added
}

/// What a request is told that goes on from an answer which was changed: the official SDKs send their whole history then,
/// which has the answer as it left.
pub fn replay_needed() -> Problem {
    let detail = "this thread's last answer was changed on its way: send the whole history";
    Problem::new(Code::NotFound, detail).with("error_code", "thread_not_found".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<Asked, Problem> {
        asked(body.as_bytes(), &[Glob::new("web_search_*")])
    }

    #[test]
    fn what_was_asked_for_is_the_last_text_of_the_user() {
        let asked = read(
            r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"first"},{"role":"user","content":[{"type":"text","text":"refund me"}]},
            {"role":"assistant","content":"ok"},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"done"}]}],
            "tools":[{"name":"refund","input_schema":{"type":"object"}}],"thread":{"type":"continue","previous_message_id":"msg_1"}}"#,
        )
        .unwrap();
        assert_eq!(asked.last_user_text.as_deref(), Some("refund me"));
        assert_eq!((asked.stream, asked.structured), (true, false));
        assert_eq!(asked.history.previous.as_deref(), Some("msg_1"));
        assert!(asked.history.keeps_answer && asked.schema_of("refund").is_some());
        let format = r#"{"messages":[],"output_config":{"format":{"type":"json_schema","schema":{}}}}"#;
        assert!(read(format).unwrap().structured);
    }

    #[test]
    fn what_the_upstream_executes_is_refused_unless_it_is_named() {
        for (tools, refused) in [
            (
                r#"[{"name":"refund"},{"type":"custom","name":"mail"},{"type":"bash_20250124","name":"bash"}]"#,
                "",
            ),
            (r#"[{"type":"web_search_20260209","name":"web_search"}]"#, ""),
            (r#"[{"name":"a"},{"type":"code_execution_20260120","name":"code_execution"}]"#, "/tools/1/type"),
            (r#"[{"type":"mcp_toolset","mcp_server_name":"x"}]"#, "/tools/0/type"),
            (r#"[{"type":"browser_toolset_20260801"},{"type":"computer_20251124","name":"computer"}]"#, ""),
            (r#"[{"type":"bash_code_execution_20260801"}]"#, "/tools/0/type"),
            (r#"{"0":{"type":"web_fetch_20260209"}}"#, "/tools"),
            (r#"[{"type":7}]"#, "/tools/0/type"),
        ] {
            let problem = read(&format!(r#"{{"messages":[],"tools":{tools}}}"#)).err();
            let told = problem.map(|problem| problem.to_json().to_string()).unwrap_or_default();
            assert_eq!(told.contains("pointer"), !refused.is_empty(), "{tools}");
            assert!(told.contains(refused), "{tools}");
        }
        assert!(read(r#"{"messages":[],"mcp_servers":[{"url":"https://a"}]}"#).is_err());
        assert!(read(r#"{"messages":[],"mcp_servers":{"url":"https://a"}}"#).is_err());
    }

    #[test]
    fn tools_that_are_added_within_a_history_are_looked_at_as_well() {
        let added = |definition: &str| {
            format!(
                r#"{{"type":"tool_addition","tool":{{"type":"tool_definition","definition":{definition}}}}}"#
            )
        };
        let run = added(r#"{"type":"code_execution_20260521","name":"code_execution"}"#);
        let own = added(r#"{"name":"refund","input_schema":{}}"#);
        for (content, stands) in [
            (format!("[{own}]"), true),
            (format!("[{run}]"), false),
            (
                format!(
                    r#"[{{"type":"compaction","content":"x","tool_changes":[{own},{{"type":"tool_removal"}}]}}]"#
                ),
                true,
            ),
            (format!(r#"[{{"type":"compaction","content":"x","tool_changes":[{own},{run}]}}]"#), false),
            (format!(r#"[{{"type":"compaction","content":"x","tool_changes":{run}}}]"#), false),
            (
                r#"[{"type":"tool_addition","tool":{"type":"tool_reference","tool_name":"refund"}}]"#
                    .to_owned(),
                true,
            ),
            (r#"[{"type":"tool_addition","tool":"code_execution"}]"#.to_owned(), false),
        ] {
            let body = format!(r#"{{"messages":[{{"role":"system","content":{content}}}]}}"#);
            assert_eq!(read(&body).is_ok(), stands, "{content}");
        }
    }
}
