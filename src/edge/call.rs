//! Calls to the objects behind the Worker, each with a limit of time: an object that was reset while it worked
//! would leave its caller waiting for ever.

use super::timer::Timer;
use crate::core::json::Json;
use crate::wire::desk::{Ask, MOVED, WATCHER};
use crate::wire::problem::{Code, Problem};
use crate::wire::tally;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::time::Duration;
use worker::{Env, Method, Request, RequestInit, Response, Stub};

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

/// How many desks a case is followed through.
pub(crate) const MAX_HOPS: usize = 64;

/// How long a case that is on its way between desks is waited for.
const ARRIVAL: Duration = Duration::from_millis(100);
const ARRIVALS: usize = 20;

/// Asks a desk.
pub(crate) async fn desk(env: &Env, name: &str, ask: &Ask) -> Result<Reply, Problem> {
    object(env, "DESK", name, &ask.to_json(), LIMIT_MS.saturating_add(ask.wait_ms())).await
}

/// Asks the desk of a case, and the one after it where the case was handed on. Only desks that `covers` lets
/// through are asked; of the others it is only asked where the case is.
pub(crate) async fn case(
    env: &Env,
    home: &str,
    ask: &Ask,
    id: &str,
    covers: impl Fn(&str) -> bool,
) -> Result<Reply, Problem> {
    let (mut at, mut ask) = (home.to_owned(), ask.clone());
    let (mut followed, mut waited) = (0, 0);
    while followed < MAX_HOPS {
        let allowed = covers(&at);
        let place = Ask::Where { id: id.to_owned() };
        let reply = desk(env, &at, if allowed { &ask } else { &place }).await?;
        match (reply.status, reply.body.get("moved").and_then(Json::as_str)) {
            (MOVED, Some(next)) => {
                next.clone_into(&mut at);
                ask = ask.of_a_case();
                followed = followed.saturating_add(1);
            }
            (404, _) if followed > 0 && waited < ARRIVALS => {
                Timer::after(ARRIVAL).await;
                waited = waited.saturating_add(1);
            }
            (404, _) if followed > 0 => break,
            _ if allowed || reply.status >= 500 => return Ok(reply),
            _ => return Err(Problem::new(Code::NotFound, "no case has this id, or not for you")),
        }
    }
    Err(Problem::new(Code::Unavailable, "the case is on its way between desks; ask again"))
}

/// Lets a page watch a desk.
pub(crate) async fn watch(env: &Env, desk: &str, key: &str) -> Result<Response, Problem> {
    let refused = || Problem::new(Code::Unavailable, "desk: it cannot be watched now");
    let unavailable = |_| refused();
    let stub = env.durable_object("DESK").and_then(|namespace| namespace.get_by_name(desk));
    let request = Request::new("https://object/", Method::Get).map_err(unavailable)?;
    request.headers().set("upgrade", "websocket").map_err(unavailable)?;
    request.headers().set(WATCHER, key).map_err(unavailable)?;
    let stub = stub.map_err(unavailable)?;
    let asking = pin!(stub.fetch_with_request(request));
    let limit = pin!(Timer::after(Duration::from_millis(u64::try_from(LIMIT_MS).unwrap_or(0))));
    match select(asking, limit).await {
        Either::Left((Ok(response), _)) if response.status_code() == 101 => Ok(response),
        _ => Err(refused()),
    }
}

/// Asks the office.
pub(crate) async fn office(env: &Env, ask: &Json) -> Result<Reply, Problem> {
    object(env, "OFFICE", "office", ask, LIMIT_MS).await
}

/// Asks the memory of requests that carry an `Idempotency-Key`.
pub(crate) async fn once(env: &Env, shard: &str, ask: &Json) -> Result<Reply, Problem> {
    object(env, "ONCE", shard, ask, LIMIT_MS).await
}

/// Asks the tally, or tells it.
pub(crate) async fn tally(env: &Env, ask: &tally::Ask) -> Result<Reply, Problem> {
    object(env, "TALLY", "tally", &ask.to_json(), LIMIT_MS).await
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
        let limit = pin!(Timer::after(Duration::from_millis(u64::try_from(limit_ms).unwrap_or(0))));
        match select(call, limit).await {
            Either::Left((answered, _)) => answered.map_err(|_| unavailable("is out of reach"))?,
            Either::Right(_) => return Err(unavailable("did not answer in time")),
        }
    };
    let (status, bytes) = answered;
    let body = Json::parse_own(&bytes).map_err(|_| unavailable("gave no answer that can be read"))?;
    Ok(Reply { status, body })
}

async fn send(stub: &Stub, body: String) -> worker::Result<(u16, Vec<u8>)> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(body.into()));
    let request = Request::new_with_init("https://object/", &init)?;
    let mut response: Response = stub.fetch_with_request(request).await?;
    Ok((response.status_code(), response.bytes().await?))
}
