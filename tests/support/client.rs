//! A client that believes everything: it reads streams as leniently as any, and says what it would run. What it
//! finds in a stream of which nothing may run has leaked.

use serde_json::Value;

/// The events of a stream, with their names, however their lines end and whatever else they hold. Some clients part
/// lines as text does elsewhere, some read each line of data by itself, some lay them together, and some do not care
/// for the case of letters.
fn events(text: &[u8]) -> Vec<(String, Value)> {
    let text = String::from_utf8_lossy(text).replace("\r\n", "\n").replace('\u{feff}', "");
    let ends = ['\r', '\u{b}', '\u{c}', '\u{1c}', '\u{1d}', '\u{1e}', '\u{85}', '\u{2028}', '\u{2029}'];
    let mut found = Vec::new();
    for event in
        [text.replace('\r', "\n"), text.replace(ends, "\n")].iter().flat_map(|text| text.split("\n\n"))
    {
        let lines = |field: &'static str| {
            event
                .lines()
                .filter_map(move |line| line.trim_start().strip_prefix(field))
                .map(|rest| rest.trim().to_owned())
        };
        let name = lines("event:").next_back().unwrap_or_default();
        let data: Vec<String> = lines("data:").collect();
        let all = data.iter().cloned().chain((data.len() > 1).then(|| data.join("\n")));
        let values = all.filter_map(|text| serde_json::from_str(&text).ok());
        found.extend(values.map(|value| (name.clone(), folded(value))));
    }
    found
}

/// The same with all names in small letters.
fn folded(value: Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members.into_iter().map(|(name, value)| (name.to_lowercase(), folded(value))).collect(),
        ),
        Value::Array(elements) => Value::Array(elements.into_iter().map(folded).collect()),
        other => other,
    }
}

fn is_said(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => false,
        Some(Value::Array(list)) => !list.is_empty(),
        Some(_) => true,
    }
}

/// What a client of Chat Completions would run of these bytes.
pub(crate) fn chat_calls(text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for (_, event) in events(text) {
        for choice in event.get("choices").and_then(Value::as_array).into_iter().flatten() {
            for message in ["delta", "message"].iter().filter_map(|name| choice.get(name)) {
                if is_said(message.get("tool_calls")) || is_said(message.get("function_call")) {
                    found.push(choice.to_string());
                }
            }
        }
    }
    found
}

/// What a client of Responses would run of these bytes.
pub(crate) fn response_calls(text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, event) in events(text) {
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
        if kind.contains("_call") || name.contains("_call") {
            found.push(event.to_string());
        }
        let of_response = event.get("response").and_then(|response| response.get("output"));
        let items = of_response.and_then(Value::as_array).into_iter().flatten().chain(event.get("item"));
        for item in items {
            let kind = item.get("type").and_then(Value::as_str).unwrap_or_default();
            if kind.ends_with("_call") || kind == "mcp_approval_request" {
                found.push(item.to_string());
            }
        }
    }
    found
}

/// What a client of Messages would run of these bytes.
pub(crate) fn message_calls(text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for (_, event) in events(text) {
        let of_message = event.get("message").and_then(|message| message.get("content"));
        let blocks = of_message.and_then(Value::as_array).into_iter().flatten();
        for block in blocks.chain(event.get("content_block")).chain(event.get("message")) {
            let kind = block.get("type").and_then(Value::as_str).unwrap_or_default();
            if kind.ends_with("_use") && !["server_tool_use", "mcp_tool_use"].contains(&kind) {
                found.push(block.to_string());
            }
        }
    }
    found
}
