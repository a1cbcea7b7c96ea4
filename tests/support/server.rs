//! A server of MCP that believes everything: it reads a request as leniently as any, and says which calls it would
//! make of it. What it finds in a request that was left after gating, and that was not let through, has leaked.

use serde_json::Value;

/// The calls of a request, each with its name and arguments, whatever letters its names are written in.
pub(crate) fn calls(body: &[u8]) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    if let Ok(value) = serde_json::from_slice(body) {
        collect(&value, &mut found);
    }
    found
}

fn collect(value: &Value, found: &mut Vec<(String, Value)>) {
    match value {
        Value::Array(messages) => messages.iter().for_each(|message| collect(message, found)),
        Value::Object(message) => {
            let member = |message: &serde_json::Map<String, Value>, name: &str| {
                let like = |(known, _): &(&String, &Value)| known.trim().eq_ignore_ascii_case(name);
                message.iter().find(like).map(|(_, value)| value.clone())
            };
            let method = member(message, "method");
            let method = method.as_ref().and_then(Value::as_str).unwrap_or_default();
            if method.trim().eq_ignore_ascii_case("tools/call") {
                let params = member(message, "params").unwrap_or_default();
                let params = params.as_object().cloned().unwrap_or_default();
                let name = member(&params, "name").and_then(|name| name.as_str().map(str::to_owned));
                found.push((name.unwrap_or_default(), member(&params, "arguments").unwrap_or_default()));
            }
        }
        _ => {}
    }
}
