//! What a proxied request brings along, and what stands around its calls: who asks whom, and how long they wait.

use super::copy::Copy;
use super::incoming::Incoming;
use super::proposals::Request;
use super::{clock, config};
use crate::core::canonical::Digest;
use crate::core::key::Key;
use crate::wire::asked::{self, Asked};
use crate::wire::problem::{Code, Problem};
use crate::wire::upstream::{Dialect, Upstream};
use std::rc::Rc;
use worker::{Context, Env};

/// What a proxied request brings along.
pub(super) struct Way<'a> {
    pub(super) env: &'a Env,
    pub(super) ctx: &'a Rc<Context>,
    pub(super) incoming: &'a Incoming,
    pub(super) copy: &'a Copy,
    pub(super) key: Key,
}

/// What stands around the calls of a request that is sent to this path.
pub(super) fn request(
    way: &Way<'_>,
    upstream: &Upstream,
    path: &str,
    asked: Asked,
    is_responses: bool,
) -> Result<Request, Problem> {
    let Way { env, ctx, incoming, key, .. } = way;
    let mut same = format!("{}\n{}\n{} {path}?{}\n", key.id, upstream.name, incoming.method, incoming.query);
    same.push_str(&Digest::of(&incoming.body).to_string());
    let nonce: [u8; 16] = clock::random().map_err(|_| Problem::new(Code::Unavailable, "no random bytes"))?;
    Ok(Request {
        env: (*env).clone(),
        ctx: Rc::clone(ctx),
        key: key.clone(),
        upstream: upstream.name.clone(),
        dialect: upstream.dialect,
        is_responses,
        origin: incoming.origin.clone(),
        asked,
        digest: Digest::of(same.as_bytes()),
        connection: base16ct::lower::encode_string(&nonce),
        wait_ms: wait_ms(env, incoming, upstream.dialect)?,
        signal: incoming.signal(),
    })
}

/// How long the client is kept waiting: what it asks for, else what the deployment says and the client's own
/// timer allows.
fn wait_ms(env: &Env, incoming: &Incoming, dialect: Dialect) -> Result<i64, Problem> {
    if let Some(asked) = incoming.header("holdpoint-wait") {
        return asked::wait_ms(&asked);
    }
    let most = config::wait_seconds(env, dialect).saturating_mul(1000);
    let hints = ["x-stainless-read-timeout", "x-stainless-timeout"].map(|name| incoming.header(name));
    let patient = hints.into_iter().flatten().filter_map(|hint| asked::patience_ms(&hint)).min();
    Ok(patient.map_or(most, |patient| patient.min(most)))
}
