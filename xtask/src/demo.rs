//! The demonstration upstream: a small server that speaks `OpenAI` chat and works in a made-up shop. What it
//! proposes depends on the words of the last user message.

use crate::http::Message;
use crate::{Outcome, failed};
use holdpoint::core::json::Json;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};

/// Starts the server on a free port of this machine, for as long as the program runs.
pub(crate) fn start() -> Outcome<u16> {
    let listener =
        TcpListener::bind(("127.0.0.1", 0)).map_err(failed("starting the demonstration upstream"))?;
    let port = listener.local_addr().map_err(failed("starting the demonstration upstream"))?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that breaks off is no concern of the others.
            std::thread::spawn(move || serve(&stream));
        }
    });
    Ok(port)
}

fn serve(stream: &TcpStream) -> std::io::Result<()> {
    let mut out = stream;
    while let Some(request) = Message::read(stream)? {
        let (status, body) = answer(&request);
        let body = body.to_string();
        write!(
            out,
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
    }
    Ok(())
}

fn answer(request: &Message) -> (&'static str, Json) {
    if !request.first.starts_with("POST /v1/chat/completions ") {
        return ("404 Not Found", error("this demonstration speaks POST /v1/chat/completions"));
    }
    let Ok(body) = Json::parse(&request.body) else {
        return ("400 Bad Request", error("the body is not JSON"));
    };
    let messages = body.get("messages").and_then(Json::as_array).unwrap_or_default();
    let role = |message: &Json| message.get("role").and_then(Json::as_str).unwrap_or_default().to_owned();
    let last_is_tool = messages.last().is_some_and(|message| role(message) == "tool");
    let text = messages
        .iter()
        .rfind(|message| role(message) == "user")
        .and_then(|message| message.get("content")?.as_str());
    let message = if last_is_tool {
        said("Done. Is there anything else?")
    } else {
        proposal(&text.unwrap_or_default().to_lowercase())
    };
    let finish = if message.get("tool_calls").is_some() { "tool_calls" } else { "stop" };
    (
        "200 OK",
        Json::object([
            ("id", "chatcmpl-demonstration".into()),
            ("object", "chat.completion".into()),
            ("created", 1_795_363_200_i64.into()),
            ("model", "demonstration".into()),
            (
                "choices",
                Json::Array(vec![Json::object([
                    ("index", 0_i64.into()),
                    ("message", message),
                    ("logprobs", Json::Null),
                    ("finish_reason", finish.into()),
                ])]),
            ),
        ]),
    )
}

/// What the shop's assistant makes of a wish.
fn proposal(wish: &str) -> Json {
    let (name, args) = if wish.contains("refund") {
        let amount = if wish.contains("small") { "12.50" } else { "640" };
        ("refund", format!(r#"{{"order_id":"A-1017","amount":{amount},"currency":"EUR","confidence":0.97}}"#))
    } else if wish.contains("cancel") {
        ("cancel_order", r#"{"order_id":"A-1017","confidence":0.62}"#.to_owned())
    } else if wish.contains("mail") || wish.contains("write") {
        let body = "Good news: we can offer you a discount of 20 % on your next order.";
        (
            "send_email",
            format!(
                r#"{{"to":"customer@shop.example","subject":"Your order","body":"{body}","confidence":0.9}}"#
            ),
        )
    } else if wish.contains("order") || wish.contains("where") {
        ("get_order", r#"{"order_id":"A-1017"}"#.to_owned())
    } else {
        return said(
            "This is a demonstration shop. Ask for a refund, a small refund, a cancellation, a mail, or where your order is.",
        );
    };
    let call = Json::object([
        ("id", "call_demonstration".into()),
        ("type", "function".into()),
        ("function", Json::object([("name", name.into()), ("arguments", args.into())])),
    ]);
    Json::object([
        ("role", "assistant".into()),
        ("content", Json::Null),
        ("refusal", Json::Null),
        ("tool_calls", Json::Array(vec![call])),
    ])
}

fn said(text: &str) -> Json {
    Json::object([("role", "assistant".into()), ("content", text.into()), ("refusal", Json::Null)])
}

fn error(message: &str) -> Json {
    Json::object([(
        "error",
        Json::object([("message", message.into()), ("type", "invalid_request_error".into())]),
    )])
}
