//! The Worker's copy of what is in force: policy, keys, and the key that signs ids.
//!
//! Refreshed in the background from 2 s of age, and before answering from 5 s. With the office out of reach it
//! serves for 5 minutes, then everything is held. Without a copy nothing is answered.

use super::{call, clock};
use crate::core::canonical::Digest;
use crate::core::capacity::load::Level;
use crate::core::json::Json;
use crate::core::key::Key;
use crate::core::policy::Policy;
use crate::core::secret::MacKey;
use crate::core::time::{Millis, Span};
use crate::wire::office::Snapshot;
use crate::wire::problem::{Code, Problem};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use worker::{Context, Env};

const REFRESH_BEHIND: Span = Span::seconds(2);
const REFRESH_BEFORE: Span = Span::seconds(5);
const STALE: Span = Span::seconds(5 * 60);

/// What is in force, as far as this Worker knows.
#[derive(Debug)]
pub(crate) struct InForce {
    pub(crate) policy: Policy,
    /// The policy as stored, and its media type.
    pub(crate) policy_text: String,
    pub(crate) policy_media_type: &'static str,
    pub(crate) id_key: MacKey,
    pub(crate) sample_key: MacKey,
    keys: Vec<Key>,
    levels: Vec<(String, Level)>,
    version: i64,
}

impl InForce {
    /// How loaded a desk is.
    pub(crate) fn level(&self, desk: &str) -> Level {
        self.levels.iter().find(|(known, _)| known == desk).map(|(_, level)| *level).unwrap_or_default()
    }

    /// The key with this hash.
    pub(crate) fn key(&self, hash: &Digest) -> Option<&Key> {
        self.keys.iter().find(|key| key.hash == *hash)
    }
}

/// A copy that may be used now.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    pub(crate) in_force: Rc<InForce>,
    /// Whether the office has been out of reach for so long that nothing may proceed.
    pub(crate) stale: bool,
}

thread_local! {
    // May vanish at any time: everything here comes back from the office.
    static KEPT: RefCell<Option<(Rc<InForce>, Millis)>> = const { RefCell::new(None) };
    static REFRESHING: Cell<Millis> = const { Cell::new(Millis(0)) };
}

fn kept() -> Option<(Rc<InForce>, Millis)> {
    KEPT.with_borrow(Clone::clone)
}

/// Whether a key may be in force, judged at once: it cannot only where a fresh copy is at hand without it.
pub(crate) fn may_know(hash: &Digest) -> bool {
    kept()
        .is_none_or(|(in_force, at)| clock::now().since(at) >= REFRESH_BEFORE || in_force.key(hash).is_some())
}

/// The copy, fresh enough to decide by.
pub(crate) async fn current(env: &Env, ctx: &Context) -> Result<Copy, Problem> {
    let now = clock::now();
    if let Some((in_force, at)) = kept() {
        let age = now.since(at);
        if age < REFRESH_BEFORE {
            if age >= REFRESH_BEHIND && now.since(REFRESHING.get()) >= REFRESH_BEHIND {
                REFRESHING.set(now);
                let env = env.clone();
                ctx.wait_until(async move {
                    // Where this fails, the next request past 5 s of age says so.
                    let _ = refresh(&env).await;
                });
            }
            return Ok(Copy { in_force, stale: false });
        }
    }
    match (refresh(env).await, kept()) {
        (Ok(in_force), _) => Ok(Copy { in_force, stale: false }),
        (Err(_), Some((in_force, at))) => Ok(Copy { in_force, stale: now.since(at) >= STALE }),
        (Err(problem), None) => Err(problem),
    }
}

/// Asks the office for what has changed.
pub(crate) async fn refresh(env: &Env) -> Result<Rc<InForce>, Problem> {
    let asked = clock::now();
    let version = kept().map(|(in_force, _)| in_force.version);
    let ask = Json::object([("ask", "snapshot".into()), ("version", version.into())]);
    let reply = call::office(env, &ask).await?;
    let unreadable = || Problem::new(Code::Unavailable, "office: what is in force cannot be read");
    if reply.status != 200 {
        return Err(unreadable());
    }
    let version = reply.body.get("version").and_then(Json::as_i64).ok_or_else(unreadable)?;
    let in_force = match kept() {
        Some((known, _)) if known.version >= version => known,
        _ => Rc::new(read(&reply.body, version).ok_or_else(unreadable)?),
    };
    KEPT.with_borrow_mut(|kept| *kept = Some((in_force.clone(), asked)));
    Ok(in_force)
}

fn read(body: &Json, version: i64) -> Option<InForce> {
    let snapshot = Snapshot::from_json(body)?;
    let policy = Policy::parse(snapshot.policy_format, &snapshot.policy_text).ok()?;
    Some(InForce {
        policy,
        policy_text: snapshot.policy_text,
        policy_media_type: snapshot.policy_format.media_type(),
        id_key: snapshot.id_key,
        sample_key: snapshot.sample_key,
        keys: snapshot.keys,
        levels: snapshot.levels,
        version,
    })
}
