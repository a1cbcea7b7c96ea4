//! What a client sends: one JSON-RPC message or a batch of them, with the calls in it.
//!
//! Servers differ in how forgiving they are. What one of them could take for a call although it is not written as one
//! is refused, and so is a message of which the headers say something else than the body.

use super::{CALL, MODERN, mirrored};
use crate::core::action::Confidence;
use crate::core::json::{Json, Object, is_namesake};
use crate::wire::call::{Call, Fate};
use crate::wire::problem::{Code, Problem};

/// How many messages a batch has at most.
const MAX_MESSAGES: usize = 64;

/// The number that the protocol gives to headers that say something else than the body.
const HEADER_MISMATCH: i64 = -32020;

/// Headers that repeat what the body says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Headers {
    /// `MCP-Protocol-Version`.
    pub version: Option<String>,
    /// `Mcp-Method`.
    pub method: Option<String>,
    /// `Mcp-Name`.
    pub name: Option<String>,
}

/// What was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Sent {
    /// As it came.
    body: Vec<u8>,
    messages: Vec<Json>,
    is_batch: bool,
    is_modern: bool,
    calls: Vec<ToolCall>,
}

/// A call in it.
#[derive(Debug, Clone, PartialEq)]
pub struct ToolCall {
    /// Which of the messages it is.
    at: usize,
    /// What its answer is known by.
    pub id: Json,
    /// The call.
    pub call: Call,
    /// Names it in notifications of progress, where the client wants any.
    pub progress_token: Option<Json>,
}

impl Sent {
    /// Reads the body of a `POST`.
    pub fn read(body: &[u8], headers: &Headers) -> Result<Self, Problem> {
        let (messages, is_batch) = match Json::parse(body).map_err(|error| Problem::malformed(&error))? {
            Json::Array(messages) => (messages, true),
            message => (vec![message], false),
        };
        if messages.is_empty() || messages.len() > MAX_MESSAGES {
            return Err(refused(&format!("a batch has 1 to {MAX_MESSAGES} messages")));
        }
        let (mut calls, mut ids) = (Vec::new(), Vec::new());
        for (at, message) in messages.iter().enumerate() {
            let members = message.as_object().ok_or_else(|| refused("a message is an object"))?;
            check_names(members, &["jsonrpc", "id", "method", "params", "result", "error"])?;
            check_headers(members, headers)?;
            if is_call(members)? {
                let call = tool_call(at, members)?;
                calls.push(call);
            }
            if let (Some(_), Some(id)) = (members.get("method"), members.get("id")) {
                if ids.contains(&id) {
                    return Err(refused("two requests have the same `id`"));
                }
                ids.push(id);
            }
        }
        let of_version = |version: &str| version >= MODERN;
        let is_modern = headers.version.as_deref().is_some_and(of_version)
            || messages.iter().any(|message| {
                let version =
                    meta(message).and_then(|meta| meta.get("io.modelcontextprotocol/protocolVersion"));
                version.and_then(Json::as_str).is_some_and(of_version)
            });
        Ok(Self { body: body.to_vec(), messages, is_batch, is_modern, calls })
    }

    /// Its calls.
    pub fn calls(&self) -> &[ToolCall] {
        &self.calls
    }

    /// Whether its results have to say of which type they are.
    pub fn is_modern(&self) -> bool {
        self.is_modern
    }

    /// Whether several messages were sent as one.
    pub fn is_batch(&self) -> bool {
        self.is_batch
    }

    /// The `id`s of requests in it that are no calls: their answers are awaited as well.
    pub fn others(&self) -> impl Iterator<Item = &Json> {
        let is_other = |at: &usize| self.calls.iter().all(|call| call.at != *at);
        let others = self.messages.iter().enumerate().filter(move |(at, _)| is_other(at));
        others.filter_map(|(_, message)| message.get("method").and(message.get("id")))
    }

    /// The requests that the client has given up.
    pub fn cancelled(&self) -> impl Iterator<Item = &Json> {
        let cancels =
            |message: &&Json| message.get("method").and_then(Json::as_str) == Some("notifications/cancelled");
        self.messages.iter().filter(cancels).filter_map(|message| message.get("params")?.get("requestId"))
    }

    /// What is left to be forwarded, each call as its fate says, in the order of [`Self::calls`]; `None` where nothing
    /// is.
    pub fn rewritten(&self, fates: &[Fate]) -> Option<Vec<u8>> {
        if fates.len() == self.calls.len() && fates.iter().all(|fate| *fate == Fate::Run) {
            return Some(self.body.clone());
        }
        let mut left = Vec::new();
        for (at, message) in self.messages.iter().enumerate() {
            let Some(nth) = self.calls.iter().position(|call| call.at == at) else {
                left.push(message.clone());
                continue;
            };
            match fates.get(nth) {
                Some(Fate::Run) => left.push(message.clone()),
                Some(Fate::RunWith(args)) => left.push(with_arguments(message, args)),
                // What has no fate is not known to have been gated.
                Some(Fate::Notice(_)) | None => {}
            }
        }
        match left.as_slice() {
            [] => None,
            [message] if !self.is_batch => Some(message.to_string().into_bytes()),
            _ => Some(Json::Array(left).to_string().into_bytes()),
        }
    }

    /// A request for the upstream's tools in the same words as the call, with everything that its `_meta` says of the
    /// client.
    pub fn list_of_tools(&self, call: &ToolCall, cursor: Option<&str>) -> Json {
        let mut params = Object::new();
        if let Some(meta) = self.messages.get(call.at).and_then(meta) {
            let mut meta = meta.clone();
            meta.remove("progressToken");
            params.set("_meta", meta);
        }
        if let Some(cursor) = cursor {
            params.set("cursor", cursor);
        }
        Json::object([
            ("jsonrpc", "2.0".into()),
            ("id", "holdpoint-tools".into()),
            ("method", "tools/list".into()),
            ("params", params.into()),
        ])
    }
}

fn refused(what: &str) -> Problem {
    Problem::new(Code::Invalid, format!("{what}, so nothing was sent"))
}

/// Names in other letters: some servers read them as the names that they resemble.
fn check_names(members: &Object, known: &[&str]) -> Result<(), Problem> {
    let resembles = |name: &str| known.iter().find(|known| is_namesake(name, known));
    match members.iter().find_map(|(name, _)| resembles(name).map(|known| (name, known))) {
        Some((name, known)) => Err(refused(&format!("`{known}` is written `{name}`"))),
        None => Ok(()),
    }
}

fn is_call(members: &Object) -> Result<bool, Problem> {
    match members.get("method") {
        Some(Json::String(method)) if *method == CALL => Ok(true),
        Some(Json::String(method)) if is_namesake(method, CALL) => {
            Err(refused("`tools/call` is written in other letters"))
        }
        None | Some(Json::String(_)) => Ok(false),
        Some(other) => Err(refused(&format!("`method` is {}, not a text", other.type_name()))),
    }
}

fn check_headers(members: &Object, headers: &Headers) -> Result<(), Problem> {
    let differs = |header: &str| {
        let what = format!("`{header}` says something else than the message");
        Err(Problem::new(Code::Malformed, what).with("error_code", HEADER_MISMATCH.into()))
    };
    let method = members.get("method").and_then(Json::as_str);
    if headers.method.is_some() && headers.method.as_deref() != method {
        return differs("Mcp-Method");
    }
    let name = members.get("params").and_then(|params| params.get("name")).and_then(Json::as_str);
    let said = headers.name.as_deref().map(mirrored::decoded);
    if method == Some(CALL) && said.is_some() && said.flatten().as_deref() != name {
        return differs("Mcp-Name");
    }
    Ok(())
}

fn tool_call(at: usize, members: &Object) -> Result<ToolCall, Problem> {
    let id = members.get("id").filter(|id| id.as_str().is_some() || id.as_i64().is_some());
    let id = id.ok_or_else(|| refused("a `tools/call` has an `id`, a text or a whole number"))?;
    let params = members.get("params").and_then(Json::as_object);
    let params = params.ok_or_else(|| refused("a `tools/call` has `params`"))?;
    check_names(params, &["name", "arguments", "_meta", "task"])?;
    if params.get("task").is_some() {
        return Err(refused("a call as a task cannot be gated yet"));
    }
    let none = Json::from(Object::new());
    let mut call = Call::of_object(params.get("name"), Some(params.get("arguments").unwrap_or(&none)));
    for (name, value) in params.iter().filter(|(name, _)| !["name", "arguments", "_meta"].contains(name)) {
        call.beside.set(name, value.clone());
    }
    let meta = params.get("_meta").and_then(Json::as_object);
    let of_meta = |name: &str| meta.and_then(|meta| meta.get(name)).filter(|value| !value.is_null());
    call.confidence = of_meta("dev.holdpoint/confidence").map_or(Confidence::None, Confidence::of);
    Ok(ToolCall { at, id: id.clone(), call, progress_token: of_meta("progressToken").cloned() })
}

fn meta(message: &Json) -> Option<&Object> {
    message.get("params")?.get("_meta")?.as_object()
}

fn with_arguments(message: &Json, args: &Object) -> Json {
    let mut message = message.clone();
    let params = message.as_object_mut().and_then(|message| message.get_mut("params"));
    if let Some(params) = params.and_then(Json::as_object_mut) {
        params.set("arguments", args.clone());
    }
    message
}
