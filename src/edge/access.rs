//! Signing in by Cloudflare Access: whom an assertion names, by the issuer's keys.

use super::incoming::Incoming;
use super::{clock, config, subtle};
use crate::core::json::Json;
use crate::core::time::{Millis, Span};
use crate::wire::access::{Assertion, RsaKey, rsa_keys};
use crate::wire::problem::{Code, Problem};
use futures_util::future::{Either, select};
use std::cell::RefCell;
use std::pin::pin;
use std::time::Duration;
use worker::{Delay, Env, Fetch, Request};

/// The header in which Access passes its assertion on.
const HEADER: &str = "cf-access-jwt-assertion";

/// The issuer's keys are fetched again after this, or at once for a key that is not known yet.
const FRESH: Span = Span::seconds(60 * 60);
/// An unknown key lets them be fetched at most this often: anybody can write a key's name.
const UNKNOWN_KEY: Span = Span::seconds(5);
/// With the issuer out of reach, known keys are good for this long: Access keeps old keys valid as long.
const STALE: Span = Span::days(7);
const PATIENCE: Duration = Duration::from_secs(5);

/// The issuer's keys, when they were fetched, and when that was last tried.
#[derive(Debug, Clone, Default)]
struct Kept {
    keys: Vec<RsaKey>,
    fetched: Option<Millis>,
    tried: Option<Millis>,
}

thread_local! {
    static KEPT: RefCell<Kept> = RefCell::new(Kept::default());
}

/// Whether a request comes through Access, where that is configured.
pub(crate) fn is_asserted(env: &Env, incoming: &Incoming) -> bool {
    config::access(env).is_some() && incoming.header(HEADER).is_some()
}

/// The e-mail of whoever Access let in.
pub(crate) async fn email(env: &Env, incoming: &Incoming) -> Result<String, Problem> {
    let refused = |why: &str| {
        Problem::new(Code::Unauthenticated, format!("the Cloudflare Access assertion is not good: {why}"))
    };
    let access = config::access(env).ok_or_else(|| refused("Access is not configured here"))?;
    let assertion = incoming.header(HEADER).as_deref().and_then(Assertion::parse);
    let assertion = assertion.ok_or_else(|| refused("it is no RS256 token"))?;
    let key = key(&access.issuer, &assertion.kid).await?;
    let key = key.ok_or_else(|| refused("its key is not one of the issuer's"))?;
    let input = assertion.signing_input.as_bytes();
    match subtle::rs256_verifies(&key.n, &key.e, input, &assertion.signature).await {
        Ok(true) => {}
        _ => return Err(refused("its signature does not fit")),
    }
    let now_seconds = clock::now().0.div_euclid(1000);
    assertion.email(&access.issuer, &access.audience, now_seconds).map_err(|why| refused(&why.to_string()))
}

/// The issuer's key of that name, from memory or from the issuer.
async fn key(issuer: &str, kid: &str) -> Result<Option<RsaKey>, Problem> {
    let now = clock::now();
    let kept = KEPT.with_borrow(Clone::clone);
    let named = |keys: &[RsaKey]| keys.iter().find(|key| key.kid == kid).cloned();
    let known = named(&kept.keys);
    let age = |at: Option<Millis>| at.map(|at| now.since(at));
    let fresh = age(kept.fetched).is_some_and(|age| age < FRESH);
    let tried_just_now = age(kept.tried).is_some_and(|age| age < UNKNOWN_KEY);
    let usable = age(kept.fetched).is_some_and(|age| age < STALE);
    if known.is_some() && usable && (fresh || tried_just_now) {
        return Ok(known);
    }
    if tried_just_now {
        // Nobody is refused for keys that have not been read yet.
        return if fresh { Ok(None) } else { Err(out_of_reach()) };
    }
    KEPT.with_borrow_mut(|kept| kept.tried = Some(now));
    match fetched(issuer).await {
        Some(keys) => {
            let found = named(&keys);
            KEPT.with_borrow_mut(|kept| *kept = Kept { keys, fetched: Some(now), tried: Some(now) });
            Ok(found)
        }
        None if usable && known.is_some() => Ok(known),
        None => Err(out_of_reach()),
    }
}

fn out_of_reach() -> Problem {
    Problem::new(Code::Unavailable, "the keys of Cloudflare Access are out of reach; ask again")
}

async fn fetched(issuer: &str) -> Option<Vec<RsaKey>> {
    let request = Request::new(&format!("{issuer}/cdn-cgi/access/certs"), worker::Method::Get).ok()?;
    let exchange = pin!(async {
        let mut response = Fetch::Request(request).send().await.ok()?;
        if response.status_code() == 200 { response.bytes().await.ok() } else { None }
    });
    let limit = pin!(Delay::from(PATIENCE));
    match select(exchange, limit).await {
        Either::Left((bytes, _)) => rsa_keys(&Json::parse(&bytes?).ok()?),
        Either::Right(_) => None,
    }
}
