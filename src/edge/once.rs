//! The memory of requests that carry an `Idempotency-Key`, of answers that left otherwise than the upstream keeps
//! them, and of the names that sessions give their calls (`super::mcp`); and the object that keeps them.
//!
//! One of 64 objects by hash of key holder and key, because these requests come in at the rate of the whole
//! deployment. It is asked by one internal route, `POST /`, before anything else is done: it keeps what the
//! request was (a fingerprint) and, for a proposal, the id and verdict that were made for it. Whoever repeats
//! the request goes on from there: desks keep cases by id and commands by token, so a crash between any two
//! steps is mended by the repetition. Tables: `requests`, and `histories`: what the next request that builds on a
//! changed answer has to mend (`super::histories`), by hash of the answer's id or its conversation's. It has no alarm; what is older than 30 days goes when
//! something new comes. Each answer is one synchronous transaction.

use super::incoming::Incoming;
use super::sql::{Bind, Sql, SqlError};
use super::{call, clock};
use crate::core::canonical::Digest;
use crate::core::json::Json;
use crate::core::time::{Millis, Span};
use crate::wire::problem::{Code, Problem};
use worker::{Env, Request, Response, State, durable_object};

const MIGRATIONS: &[&[&str]] = &[REQUESTS, HISTORIES];

const HISTORIES: &[&str] = &[
    "CREATE TABLE histories (token TEXT PRIMARY KEY, mends TEXT NOT NULL, at INTEGER NOT NULL) STRICT",
    "CREATE INDEX histories_by_age ON histories (at)",
];

const REQUESTS: &[&str] = &[
    "CREATE TABLE requests (token TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, made TEXT NOT NULL, at INTEGER NOT NULL) STRICT",
    "CREATE INDEX requests_by_age ON requests (at)",
];

/// How long a request is remembered.
const KEPT: Span = Span::days(30);

const MAX_KEY: usize = 255;

/// A request that has a name, and is done once.
#[derive(Debug, Clone)]
pub(crate) struct NamedRequest {
    /// Names it: the hash of key holder and `Idempotency-Key`.
    token: String,
    fingerprint: Digest,
}

impl NamedRequest {
    /// What the request's `Idempotency-Key` makes of it; `None` where it has none.
    pub(crate) fn of(incoming: &Incoming, holder: &str) -> Result<Option<Self>, Problem> {
        let Some(key) = incoming.header("idempotency-key") else { return Ok(None) };
        let plain =
            !key.is_empty() && key.len() <= MAX_KEY && key.bytes().all(|byte| byte.is_ascii_graphic());
        if !plain {
            let detail =
                format!("`Idempotency-Key` is 1 to {MAX_KEY} visible ASCII characters without spaces");
            return Err(Problem::new(Code::Invalid, detail));
        }
        let token = Digest::of(format!("{holder}\n{key}").as_bytes()).to_hex();
        let mut request = format!("{}\n{}\n", incoming.method, incoming.path).into_bytes();
        request.extend(&incoming.body);
        Ok(Some(Self { token, fingerprint: Digest::of(&request) }))
    }

    /// Remembers the request with what was made for it, and gives what was made the first time.
    pub(crate) async fn remember(&self, env: &Env, made: Json) -> Result<Json, Problem> {
        let ask = Json::object([
            ("token", self.token.as_str().into()),
            ("fingerprint", self.fingerprint.to_string().into()),
            ("made", made),
        ]);
        let reply = call::once(env, &self.shard(), &ask).await?;
        match (reply.status, reply.body.get("made")) {
            (200, Some(made)) => Ok(made.clone()),
            (422, _) => Err(Problem::new(
                Code::Invalid,
                "this `Idempotency-Key` was used for another request; use a new one for a new request",
            )),
            _ => Err(Problem::new(Code::Unavailable, "the memory of repeated requests does not answer")),
        }
    }

    /// Gives the name back: the request could not be read, and the next one with this name may be another.
    pub(crate) async fn forget(&self, env: &Env) {
        let ask = Json::object([
            ("token", self.token.as_str().into()),
            ("fingerprint", self.fingerprint.to_string().into()),
            ("made", Json::Null),
            ("forget", true.into()),
        ]);
        // Where this fails, the name stays taken: a new one is at hand.
        let _ = call::once(env, &self.shard(), &ask).await;
    }

    fn shard(&self) -> String {
        shard(&self.token)
    }
}

fn shard(token: &str) -> String {
    let hash = u8::from_str_radix(token.get(..2).unwrap_or_default(), 16).unwrap_or(0);
    format!("once-{}", hash % 64)
}

/// What has to be mended in a history.
pub(crate) async fn history(env: &Env, token: &str) -> Result<Vec<Json>, Problem> {
    ask_history(env, token, "read", &[], &[]).await
}

/// Adds what has to be mended, and drops what of these calls has not; what is known of a call is replaced.
pub(crate) async fn change_history(
    env: &Env,
    token: &str,
    mends: &[Json],
    without: &[String],
) -> Result<(), Problem> {
    ask_history(env, token, "change", mends, without).await.map(|_| ())
}

async fn ask_history(
    env: &Env,
    token: &str,
    what: &str,
    mends: &[Json],
    without: &[String],
) -> Result<Vec<Json>, Problem> {
    let without = without.iter().map(String::as_str).collect();
    let mends = Json::Array(mends.to_vec());
    let ask = [("history", token.into()), ("do", what.into()), ("mends", mends), ("without", without)];
    let ask = Json::object(ask);
    let reply = call::once(env, &shard(token), &ask).await?;
    match (reply.status, reply.body.get("mends").and_then(Json::as_array)) {
        (200, Some(mends)) => Ok(mends.to_vec()),
        _ => Err(Problem::new(Code::Unavailable, "the memory of changed answers does not answer")),
    }
}

/// The object.
#[durable_object(fetch)]
#[derive(Debug)]
pub struct Once {
    sql: Sql,
    ready: Result<(), SqlError>,
}

impl worker::DurableObject for Once {
    fn new(state: State, _env: Env) -> Self {
        let sql = Sql::new(&state);
        let ready = sql.migrate(MIGRATIONS);
        Self { sql, ready }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let body = request.bytes().await?;
        let answered = match (&self.ready, Json::parse_own(&body)) {
            (Err(error), _) => Err(error.clone().into()),
            (Ok(()), Err(error)) => Err(Problem::malformed(&error)),
            (Ok(()), Ok(ask)) if ask.get("history").is_some() => self.history(&ask, clock::now()),
            (Ok(()), Ok(ask)) => self.remember(&ask, clock::now()),
        };
        Ok(super::respond::internal(answered.map(|body| (200, body))))
    }
}

impl Once {
    fn remember(&self, ask: &Json, now: Millis) -> Result<Json, Problem> {
        let text = |name| ask.get(name).and_then(Json::as_str);
        let (Some(token), Some(fingerprint), Some(made)) =
            (text("token"), text("fingerprint"), ask.get("made"))
        else {
            return Err(Problem::new(Code::Invalid, "this is not asked here"));
        };
        if ask.get("forget").is_some() {
            let forget = "DELETE FROM requests WHERE token = ? AND fingerprint = ?";
            self.sql.run(forget, &[Bind::Text(token), Bind::Text(fingerprint)])?;
            return Ok(Json::Null);
        }
        let oldest = now.0.saturating_sub(KEPT.as_millis());
        self.sql.transaction(|| {
            self.sql.run("DELETE FROM requests WHERE at < ?", &[oldest.into()])?;
            let insert = "INSERT INTO requests (token, fingerprint, made, at) VALUES (?, ?, ?, ?) \
                          ON CONFLICT (token) DO NOTHING";
            let made = made.to_string();
            let values = [Bind::Text(token), Bind::Text(fingerprint), Bind::Text(&made), now.0.into()];
            self.sql.run(insert, &values)?;
            let known = "SELECT fingerprint, made FROM requests WHERE token = ?";
            let rows = self.sql.query(known, &[Bind::Text(token)])?;
            let row = rows.first().ok_or_else(|| SqlError("a request was not kept".to_owned()))?;
            if row.text("fingerprint")? != fingerprint {
                return Err(Problem::new(Code::Invalid, "another request"));
            }
            Ok(Json::object([("made", row.json("made")?)]))
        })
    }

    fn history(&self, ask: &Json, now: Millis) -> Result<Json, Problem> {
        let text = |name| ask.get(name).and_then(Json::as_str);
        let (Some(token), Some(what)) = (text("history"), text("do")) else {
            return Err(Problem::new(Code::Invalid, "this is not asked here"));
        };
        let oldest = now.0.saturating_sub(KEPT.as_millis());
        self.sql.transaction(|| {
            self.sql.run("DELETE FROM histories WHERE at < ?", &[oldest.into()])?;
            let rows = self.sql.query("SELECT mends FROM histories WHERE token = ?", &[Bind::Text(token)])?;
            let known = rows.first().map(|row| row.json("mends")).transpose()?;
            let mut mends = known.as_ref().and_then(Json::as_array).unwrap_or_default().to_vec();
            if what == "change" {
                let list = |name| ask.get(name).and_then(Json::as_array).unwrap_or_default();
                let (more, without) = (list("mends"), list("without"));
                let stays = |mend: &Json| {
                    let call = mend.get("call_id");
                    more.iter().all(|new| new.get("call_id") != call)
                        && without.iter().all(|gone| Some(gone) != call)
                };
                mends.retain(stays);
                mends.extend_from_slice(more);
                if mends.is_empty() {
                    self.sql.run("DELETE FROM histories WHERE token = ?", &[Bind::Text(token)])?;
                    return Ok(Json::object([("mends", Json::Array(mends))]));
                }
                let put = "INSERT INTO histories (token, mends, at) VALUES (?, ?, ?) \
                           ON CONFLICT (token) DO UPDATE SET mends = excluded.mends, at = excluded.at";
                let text = Json::Array(mends.clone()).to_string();
                self.sql.run(put, &[Bind::Text(token), Bind::Text(&text), now.0.into()])?;
            }
            Ok(Json::object([("mends", Json::Array(mends))]))
        })
    }
}
