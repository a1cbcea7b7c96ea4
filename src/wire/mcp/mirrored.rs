//! `Mcp-Param-*`: headers that repeat arguments of a call, as the tool's input schema declares them by `x-mcp-header`
//! (MCP 2026-07-28, SEP-2243). Where a person edited the arguments, they are made anew: a server refuses a call whose
//! headers say something else than its body.

use crate::core::canonical::canonical;
use crate::core::json::{Json, Object};
use base64ct::{Base64, Encoding as _};

/// What every such header's name begins with.
pub const PREFIX: &str = "mcp-param-";

/// What stands around a value that no header can carry as it is.
const BEGIN: &str = "=?base64?";
const END: &str = "?=";

/// How deep a schema's properties are looked through.
const MAX_DEPTH: usize = 32;

/// The headers for a call of this tool with these arguments, by a result of `tools/list`; `None` where the tool is not
/// in it.
pub fn headers(tools: &Json, kind: &str, args: &Object) -> Option<Vec<(String, String)>> {
    let tools = tools.get("result")?.get("tools")?.as_array()?;
    let tool = tools.iter().find(|tool| tool.get("name").and_then(Json::as_str) == Some(kind))?;
    let mut headers = Vec::new();
    if let Some(schema) = tool.get("inputSchema") {
        declared(schema, args, &mut headers, MAX_DEPTH);
    }
    Some(headers)
}

/// Where the tools go on, when not all are in this result of `tools/list`.
pub fn next(tools: &Json) -> Option<&str> {
    tools.get("result")?.get("nextCursor")?.as_str()
}

fn declared(schema: &Json, args: &Object, headers: &mut Vec<(String, String)>, depth: usize) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let Some(properties) = schema.get("properties").and_then(Json::as_object) else { return };
    for (name, property) in properties.iter() {
        let value = args.get(name);
        if let (Some(header), Some(value)) = (property.get("x-mcp-header").and_then(Json::as_str), value)
            && let Some(text) = text_of(value)
        {
            headers.push((format!("{PREFIX}{}", header.to_ascii_lowercase()), encoded(&text)));
        }
        if let Some(inner) = value.and_then(Json::as_object) {
            declared(property, inner, headers, depth);
        }
    }
}

/// A primitive value as text; the others have no header.
fn text_of(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.to_string()),
        Json::Bool(_) | Json::Number(_) => Some(canonical(value)),
        _ => None,
    }
}

fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte == b'\t' || (0x20..=0x7e).contains(&byte);
    let is_marked = text.starts_with(BEGIN) && text.ends_with(END);
    if !text.is_empty() && text == text.trim() && !is_marked && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("{BEGIN}{}{END}", Base64::encode_string(text.as_bytes()))
}

/// A header's value as it was meant; `None` where that cannot be read.
pub fn decoded(value: &str) -> Option<String> {
    match value.strip_prefix(BEGIN).and_then(|rest| rest.strip_suffix(END)) {
        Some(text) => String::from_utf8(Base64::decode_vec(text).ok()?).ok(),
        None => Some(value.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_repeat_the_arguments_that_the_schema_declares() {
        let tools = Json::parse(
            br#"{"result":{"tools":[{"name":"refund","inputSchema":{"properties":{
            "region":{"type":"string","x-mcp-header":"Region"},"amount":{"type":"integer","x-mcp-header":"Amount"},
            "urgent":{"type":"boolean","x-mcp-header":"Urgent"},"note":{"type":"string"},
            "to":{"properties":{"name":{"type":"string","x-mcp-header":"To"}}}}}}]}}"#,
        )
        .unwrap();
        for (args, expected) in [
            (
                r#"{"region":"eu","amount":1e2,"urgent":true,"note":"x"}"#,
                "amount: 100, region: eu, urgent: true",
            ),
            (r#"{"region":" eu"}"#, "region: =?base64?IGV1?="),
            (r#"{"region":""}"#, "region: =?base64??="),
            (r#"{"region":"=?base64?eA==?="}"#, "region: =?base64?PT9iYXNlNjQ/ZUE9PT89?="),
            (r#"{"to":{"name":"Zoë"}}"#, "to: =?base64?Wm/Dqw==?="),
            (r#"{"region":null,"to":[1]}"#, ""),
        ] {
            let args = Json::parse(args.as_bytes()).unwrap();
            let mut headers = headers(&tools, "refund", args.as_object().unwrap()).unwrap();
            headers.sort();
            let listed: Vec<String> = headers
                .iter()
                .map(|(name, value)| format!("{}: {value}", name.strip_prefix(PREFIX).unwrap()))
                .collect();
            assert_eq!(listed.join(", "), expected);
            for (_, value) in headers {
                assert!(decoded(&value).is_some());
            }
        }
        assert_eq!(headers(&tools, "other", &Object::new()), None);
    }

    #[test]
    fn a_value_is_read_as_it_was_meant() {
        assert_eq!(decoded("refund").as_deref(), Some("refund"));
        assert_eq!(decoded("=?base64?Wm/Dqw==?=").as_deref(), Some("Zoë"));
        assert_eq!(decoded("=?base64?*?="), None);
    }
}
