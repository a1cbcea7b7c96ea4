//! The demonstration upstream: a small server that speaks `OpenAI` chat and works in a made-up shop. What it
//! proposes depends on the words of the last user message.

use crate::http::Message;
use crate::{Outcome, failed};
use holdpoint::core::json::Json;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

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
        if is_stream(&request) && status == "200 OK" {
            stream_out(out, &body)?;
            continue;
        }
        let body = body.to_string();
        write!(
            out,
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
    }
    Ok(())
}

fn is_stream(request: &Message) -> bool {
    let body = Json::parse(&request.body).ok();
    body.and_then(|body| body.get("stream")?.as_bool()).unwrap_or(false)
}

/// How long the assistant thinks about each word.
const PER_WORD: Duration = Duration::from_millis(60);

/// The same answer word by word, as a model gives it: text, then its calls, then the end.
fn stream_out(mut out: &TcpStream, answer: &Json) -> std::io::Result<()> {
    out.write_all(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
    )?;
    let mut send = |data: &str| {
        let event = format!("data: {data}\n\n");
        write!(out, "{:x}\r\n{event}\r\n", event.len())
    };
    let choice = answer.get("choices").and_then(Json::as_array).and_then(<[Json]>::first);
    let message = choice.and_then(|choice| choice.get("message")).unwrap_or(&Json::Null);
    let text = message.get("content").and_then(Json::as_str).unwrap_or("One moment, I am looking into that.");
    let mut deltas = vec![Json::object([("role", "assistant".into()), ("content", "".into())])];
    deltas.extend(text.split_inclusive(' ').map(|word| Json::object([("content", word.into())])));
    for call in message.get("tool_calls").and_then(Json::as_array).unwrap_or_default() {
        let mut call = call.clone();
        if let Some(call) = call.as_object_mut() {
            call.set("index", 0_i64);
        }
        deltas.push(Json::object([("tool_calls", Json::Array(vec![call]))]));
    }
    for delta in deltas {
        send(&chunk(answer, delta, Json::Null))?;
        std::thread::sleep(PER_WORD);
    }
    let finish = choice.and_then(|choice| choice.get("finish_reason")).cloned().unwrap_or(Json::Null);
    send(&chunk(answer, Json::object([]), finish))?;
    send("[DONE]")?;
    out.write_all(b"0\r\n\r\n")
}

fn chunk(answer: &Json, delta: Json, finish: Json) -> String {
    let choice = Json::object([("index", 0_i64.into()), ("delta", delta), ("finish_reason", finish)]);
    let mut chunk = answer.as_object().cloned().unwrap_or_default();
    chunk.set("object", "chat.completion.chunk");
    chunk.set("choices", Json::Array(vec![choice]));
    chunk.to_string()
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
