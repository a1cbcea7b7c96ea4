//! Requests of MCP's clients. `tests/wire/mcp/requests/CASE/` holds what a client sends (`in.json`, and `headers.txt` where
//! headers repeat it), what becomes of each of its calls (`fates.txt`, a line a call), what of it is forwarded
//! (`forwarded.json`, byte for byte; empty where nothing is), and what is said in the place of results (`said.json`, a
//! line each). `HOLDPOINT_PRINT=1 cargo test --test calls` writes them.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::disallowed_methods,
    reason = "a test fails by panicking; this one writes its goldens where it is asked to"
)]

#[path = "support/goldens.rs"]
mod goldens;
#[path = "support/server.rs"]
mod server;

use goldens::{cases, fate, is_golden, read};
use holdpoint::core::action::Confidence;
use holdpoint::core::json::{Json, Object};
use holdpoint::wire::call::Fate;
use holdpoint::wire::mcp::said;
use holdpoint::wire::mcp::sent::{Headers, Sent};
use holdpoint::wire::notice::{Notice, Why};
use holdpoint::wire::problem::{Code, Problem};
use proptest::prelude::*;
use serde_json::{Value, json};

fn headers(text: &str) -> Headers {
    let value = |name: &str| {
        text.lines()
            .find_map(|line| line.split_once(": ").filter(|(known, _)| *known == name))
            .map(|(_, value)| value.to_owned())
    };
    Headers { version: value("MCP-Protocol-Version"), method: value("Mcp-Method"), name: value("Mcp-Name") }
}

#[test]
fn requests() {
    let cases = cases("mcp/requests");
    for case in &cases {
        let text = std::fs::read_to_string(case.join("headers.txt")).unwrap_or_default();
        let sent = Sent::read(read(case, "in.json").trim_end().as_bytes(), &headers(&text)).unwrap();
        let fates: Vec<Fate> = read(case, "fates.txt").lines().map(fate).collect();
        assert_eq!(fates.len(), sent.calls().len(), "{}: one fate a call", case.display());
        let forwarded = String::from_utf8(sent.rewritten(&fates).unwrap_or_default()).unwrap();
        is_golden(case, "forwarded.json", &forwarded);
        let calls = sent.calls().iter().zip(&fates);
        let notices = calls.filter_map(|(call, fate)| Some(said::noticed(&sent, call, fate)?.to_string()));
        is_golden(case, "said.json", &notices.collect::<Vec<_>>().join("\n"));
    }
    assert!(cases.len() >= 10, "{} goldens", cases.len());
}

fn refusal(body: &str, headers: &Headers) -> Problem {
    Sent::read(body.as_bytes(), headers).err().unwrap()
}

#[test]
fn what_a_forgiving_server_could_take_for_a_call_is_refused() {
    for (body, said) in [
        ("", "the body is not strict JSON"),
        (r#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#, "the body is not strict JSON"),
        ("[]", "a batch has 1 to 64 messages"),
        ("7", "a message is an object"),
        (
            r#"[[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"refund"}}]]"#,
            "a message is an object",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"Method":"tools/call","params":{"name":"refund"}}"#,
            "`method` is written `Method`",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","PARAMS":{"name":"refund"}}"#,
            "`params` is written `PARAMS`",
        ),
        (
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/call\",\"param\u{17f}\":{\"name\":\"refund\"}}",
            "`params` is written `param\u{17f}`",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"Tools/Call","params":{"name":"refund"}}"#,
            "`tools/call` is written in other letters",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":" tools/call","params":{"name":"refund"}}"#,
            "`tools/call` is written in other letters",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":["tools/call"],"params":{"name":"refund"}}"#,
            "`method` is an array, not a text",
        ),
        (
            r#"{"jsonrpc":"2.0","method":"tools/call","params":{"name":"refund"}}"#,
            "a `tools/call` has an `id`, a text or a whole number",
        ),
        (
            r#"{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"refund"}}"#,
            "a `tools/call` has an `id`",
        ),
        (r#"{"jsonrpc":"2.0","id":1,"method":"tools/call"}"#, "a `tools/call` has `params`"),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"get","Name":"refund"}}"#,
            "`name` is written `Name`",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"refund","Arguments":{}}}"#,
            "`arguments` is written `Arguments`",
        ),
        (
            r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"refund","task":{"ttl":1}}}"#,
            "a call as a task cannot be gated yet",
        ),
        (
            r#"[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}},{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"b"}}]"#,
            "two requests have the same `id`",
        ),
    ] {
        let problem = refusal(body, &Headers::default());
        assert!(problem.detail.contains(said), "{body}: {}", problem.detail);
        assert!(matches!(problem.code, Code::Malformed | Code::Invalid), "{body}");
    }
}

#[test]
fn headers_that_say_something_else_are_refused() {
    let call = r#"{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"refund","arguments":{}}}"#;
    let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    let answer = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    for (body, text, refused) in [
        (call, "Mcp-Method: tools/call\nMcp-Name: refund", false),
        (call, "Mcp-Method: tools/call\nMcp-Name: =?base64?cmVmdW5k?=", false),
        (call, "", false),
        (call, "Mcp-Method: tools/list", true),
        (call, "Mcp-Method: tools/call, tools/list", true),
        (call, "Mcp-Method: tools/call\nMcp-Name: lookup", true),
        (call, "Mcp-Name: =?base64?*?=", true),
        (ping, "Mcp-Method: tools/call", true),
        (answer, "Mcp-Method: tools/call", true),
        (ping, "Mcp-Method: ping", false),
    ] {
        let read = Sent::read(body.as_bytes(), &headers(text));
        assert_eq!(read.is_err(), refused, "{body} with {text:?}");
        if let Err(problem) = read {
            let error = problem.to_mcp_json(1_i64.into());
            assert_eq!(
                error.get("error").and_then(|error| error.get("code")).and_then(Json::as_i64),
                Some(-32020)
            );
            assert_eq!(problem.status(), 400);
        }
    }
}

#[test]
fn what_a_call_says_beside_its_arguments_is_read() {
    let call = |meta: Value, arguments: Option<Value>| {
        let mut params = json!({"name": "refund", "_meta": meta});
        if let Some(arguments) = arguments {
            params["arguments"] = arguments;
        }
        let body = json!({"jsonrpc": "2.0", "id": "a", "method": "tools/call", "params": params}).to_string();
        Sent::read(body.as_bytes(), &Headers::default()).unwrap()
    };
    let sent = call(json!({"dev.holdpoint/confidence": 0.9, "progressToken": 7}), None);
    let one = &sent.calls()[0];
    assert_eq!(one.call.args, Ok(Object::new()), "arguments may be left out");
    assert_eq!(one.call.confidence, Confidence::of(&Json::parse(b"0.9").unwrap()));
    assert_eq!(one.progress_token, Some(7_i64.into()));
    assert!(!sent.is_modern());
    assert_eq!(
        call(json!({"dev.holdpoint/confidence": "high"}), None).calls()[0].call.confidence,
        Confidence::Invalid
    );
    assert!(call(json!({}), Some(json!([1]))).calls()[0].call.args.is_err(), "blocked as malformed");
    assert!(call(json!({"io.modelcontextprotocol/protocolVersion": "2026-07-28"}), None).is_modern());
}

#[test]
fn a_client_that_gives_up_says_which_call() {
    let body = json!([
        {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 5, "reason": "timeout"}},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 9, "method": "ping"},
    ]);
    let sent = Sent::read(body.to_string().as_bytes(), &Headers::default()).unwrap();
    assert_eq!(sent.cancelled().cloned().collect::<Vec<Json>>(), [5_i64.into()]);
    assert_eq!(sent.others().cloned().collect::<Vec<Json>>(), [9_i64.into()]);
}

#[test]
fn progress_increases_until_the_upstream_s_own_begins() {
    let values = [50_000, 35_000, 400, 0, -3].map(|left| {
        let progress = said::progress(&"t".into(), left);
        progress.get("params").and_then(|params| params.get("progress")).and_then(Json::as_i64).unwrap()
    });
    assert_eq!(values, [-50, -35, 0, 0, 0]);
}

fn fates() -> impl Strategy<Value = Fate> {
    let notice = Notice { id: "hp_a".to_owned(), kind: "refund".to_owned(), why: Why::Expired };
    let args = Json::parse(br#"{"edited":true}"#).unwrap();
    let edited = args.as_object().unwrap().clone();
    prop_oneof![Just(Fate::Run), Just(Fate::RunWith(edited)), Just(Fate::Notice(notice))]
}

fn message() -> impl Strategy<Value = Value> {
    let word = |words: &'static [&'static str]| proptest::sample::select(words);
    let names = (
        word(&["method", "Method", "method "]),
        word(&["params", "PARAMS"]),
        word(&["name", "Name"]),
        word(&["arguments", "ARGUMENTS"]),
    );
    let values = (
        word(&["tools/call", "tools/call", "Tools/Call", "ping", "tools/list"]),
        word(&["get", "refund"]),
        0..4_i64,
        any::<bool>(),
    );
    (names, values).prop_map(|((method, params, name, arguments), (what, kind, id, has_id))| {
        let mut message =
            json!({"jsonrpc": "2.0", method: what, params: {name: kind, arguments: {"of": kind}}});
        if has_id {
            message["id"] = json!(id);
        }
        message
    })
}

proptest! {
    #[test]
    fn no_call_is_forwarded_that_was_not_let_through(
        messages in proptest::collection::vec(message(), 1..5),
        fates in proptest::collection::vec(fates(), 5),
        is_batch in any::<bool>(),
    ) {
        let body = if is_batch { Value::Array(messages) } else { messages[0].clone() }.to_string();
        let Ok(sent) = Sent::read(body.as_bytes(), &Headers::default()) else { return Ok(()) };
        let fates = &fates[..sent.calls().len()];
        let allowed: Vec<(String, Value)> = sent
            .calls()
            .iter()
            .zip(fates)
            .filter_map(|(call, fate)| match fate {
                Fate::Run => Some((call.call.kind.clone(), json!({"of": call.call.kind}))),
                Fate::RunWith(_) => Some((call.call.kind.clone(), json!({"edited": true}))),
                Fate::Notice(_) => None,
            })
            .collect();
        let forwarded = sent.rewritten(fates).unwrap_or_default();
        prop_assert_eq!(server::calls(&forwarded), allowed);
        if fates.iter().all(|fate| *fate == Fate::Run) {
            prop_assert_eq!(forwarded, body.into_bytes(), "what proceeds passes byte for byte");
        }
    }
}
