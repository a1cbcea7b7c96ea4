//! A client that believes everything: it reads streams as leniently as any, and says what it would run. What it
//! finds in a stream of which nothing may run has leaked.

use serde_json::Value;

/// The events of a stream, split at blank lines, however their lines end and whatever else they hold.
fn events(text: &[u8]) -> Vec<Value> {
    let text =
        String::from_utf8_lossy(text).replace("\r\n", "\n").replace('\r', "\n").replace('\u{feff}', "");
    let mut found = Vec::new();
    for event in text.split("\n\n") {
        let data = event.lines().filter_map(|line| line.trim_start().strip_prefix("data:"));
        let data: Vec<&str> = data.map(str::trim).collect();
        // Some read line by line, and some lay the lines together.
        found.extend(data.iter().filter_map(|line| serde_json::from_str(line).ok()));
        if data.len() > 1 {
            found.extend(serde_json::from_str::<Value>(&data.join("\n")));
        }
    }
    found
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
    for event in events(text) {
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
    for event in events(text) {
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
        if kind.contains("_call") {
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
