//! Calls to the objects behind the Worker, each with a limit of time: an object that was reset while it worked
//! would leave its caller waiting for ever.

use crate::core::json::Json;
use crate::wire::desk::Ask;
use crate::wire::problem::{Code, Problem};
use futures_util::future::{Either, select};
use std::pin::pin;
use std::time::Duration;
use worker::{Delay, Env, Method, Request, RequestInit, Response, Stub};

/// How long an object may take where nothing waits for a person.
const LIMIT_MS: i64 = 10_000;

/// What an object answered.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The public status.
    pub(crate) status: u16,
    /// The public body.
    pub(crate) body: Json,
}

/// Asks a desk.
pub(crate) async fn desk(env: &Env, name: &str, ask: &Ask) -> Result<Reply, Problem> {
    let waits = match ask {
        Ask::Answer { wait_ms, .. } => *wait_ms,
        _ => 0,
    };
    object(env, "DESK", name, &ask.to_json(), LIMIT_MS.saturating_add(waits)).await
}

/// Asks the office.
pub(crate) async fn office(env: &Env, ask: &Json) -> Result<Reply, Problem> {
    object(env, "OFFICE", "office", ask, LIMIT_MS).await
}

async fn object(env: &Env, binding: &str, name: &str, body: &Json, limit_ms: i64) -> Result<Reply, Problem> {
    let unavailable =
        |what: &str| Problem::new(Code::Unavailable, format!("{} {what}", binding.to_ascii_lowercase()));
    let stub = env
        .durable_object(binding)
        .and_then(|namespace| namespace.get_by_name(name))
        .map_err(|_| unavailable("is not configured"))?;
    let answered = {
        let call = pin!(send(&stub, body.to_string()));
        let limit = pin!(Delay::from(Duration::from_millis(u64::try_from(limit_ms).unwrap_or(0))));
        match select(call, limit).await {
            Either::Left((answered, _)) => answered.map_err(|_| unavailable("is out of reach"))?,
            Either::Right(_) => return Err(unavailable("did not answer in time")),
        }
    };
    let (status, bytes) = answered;
    let body = Json::parse(&bytes).map_err(|_| unavailable("gave no answer that can be read"))?;
    Ok(Reply { status, body })
}

async fn send(stub: &Stub, body: String) -> worker::Result<(u16, Vec<u8>)> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    let request = Request::new_with_init("https://object/", &init)?;
    let mut response: Response = stub.fetch_with_request(request).await?;
    Ok((response.status_code(), response.bytes().await?))
}
