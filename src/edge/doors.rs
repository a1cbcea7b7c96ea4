//! Who is asking: keys in headers, sessions in cookies, and where a request comes from.

use super::copy::Copy;
use super::incoming::Incoming;
use super::{access, call};
use crate::core::json::Json;
use crate::core::key::{Key, Role};
use crate::core::secret::{BearerKey, equal};
use crate::wire::office::key_from_json;
use crate::wire::problem::{Code, Problem};
use crate::wire::route::Access;
use worker::Env;

/// The session's cookie. The prefix makes browsers insist on `Secure` and on this very host.
pub(crate) const COOKIE: &str = "__Host-holdpoint";

/// What a request shows to say who it is.
enum Credential {
    Bearer(BearerKey),
    Session(String),
    /// Cloudflare Access has let them in.
    Asserted,
}

/// Lets a request through a door, or says why not.
pub(crate) async fn pass(
    env: &Env,
    incoming: &Incoming,
    copy: &Copy,
    admin: &BearerKey,
    access: Access,
) -> Result<Key, Problem> {
    let (roles, live) = match access {
        Access::Public => return Err(Problem::new(Code::Forbidden, "a public route has no door")),
        Access::Keys(roles) => (roles, false),
        Access::Live(roles) => (roles, true),
    };
    let key = match credential(env, incoming)? {
        Credential::Bearer(bearer) => bearer_key(env, copy, admin, &bearer, live).await?,
        Credential::Session(session) => {
            let ask = Json::object([("ask", "session".into()), ("session", session.into())]);
            office_key(env, &ask).await?
        }
        Credential::Asserted => {
            let email = access::email(env, incoming).await?;
            office_key(env, &Json::object([("ask", "person".into()), ("person", email.into())])).await?
        }
    };
    if roles.contains(&key.role) {
        return Ok(key);
    }
    let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
    Err(Problem::new(
        Code::Forbidden,
        format!("this is for the role {}, and your key's is {}", roles.join(" or "), key.role.as_str()),
    ))
}

fn unknown_key() -> Problem {
    Problem::new(Code::Unauthenticated, "this key is not in force")
}

fn credential(env: &Env, incoming: &Incoming) -> Result<Credential, Problem> {
    let missing = || Problem::new(Code::Unauthenticated, "send `Authorization: Bearer hpk_…`");
    if let Some(bearer) = incoming.presented_key() {
        return BearerKey::parse(&bearer).map(Credential::Bearer).ok_or_else(unknown_key);
    }
    if access::is_asserted(env, incoming) {
        return Ok(Credential::Asserted);
    }
    session(incoming).map(Credential::Session).ok_or_else(missing)
}

/// The session that the request's cookie names.
pub(crate) fn session(incoming: &Incoming) -> Option<String> {
    let cookies = incoming.header("cookie")?;
    let named = |cookie: &str| cookie.trim().strip_prefix(COOKIE)?.strip_prefix('=').map(str::to_owned);
    cookies.split(';').find_map(named).filter(|session| !session.is_empty() && session.len() <= 64)
}

async fn bearer_key(
    env: &Env,
    copy: &Copy,
    admin: &BearerKey,
    bearer: &BearerKey,
    live: bool,
) -> Result<Key, Problem> {
    let hash = bearer.hash();
    if equal(hash.as_bytes(), admin.hash().as_bytes()) {
        // The deployment's configuration is the authority for this one.
        return Ok(Key {
            id: "admin".to_owned(),
            hash,
            name: "admin".to_owned(),
            role: Role::Admin,
            desks: Vec::new(),
            person: "admin".to_owned(),
        });
    }
    if live {
        let ask = Json::object([("ask", "authorize".into()), ("hash", hash.to_string().into())]);
        return office_key(env, &ask).await;
    }
    copy.in_force.key(&hash).cloned().ok_or_else(unknown_key)
}

async fn office_key(env: &Env, ask: &Json) -> Result<Key, Problem> {
    let reply = call::office(env, ask).await?;
    match reply.status {
        200 => key_from_json(&reply.body)
            .ok_or_else(|| Problem::new(Code::Unavailable, "office: a key cannot be read")),
        401 => Err(unknown_key_or_session(ask)),
        403 => Err(Problem::new(Code::Forbidden, "no key in force has this person; ask an admin for one")),
        _ => Err(Problem::new(Code::Unavailable, "office: keys cannot be checked now")),
    }
}

fn unknown_key_or_session(ask: &Json) -> Problem {
    match ask.get("session") {
        Some(_) => Problem::new(Code::Unauthenticated, "you are signed out; sign in again"),
        None => unknown_key(),
    }
}

/// A request that changes something comes from this very site, or from no browser at all.
pub(crate) fn check_origin(env: &Env, incoming: &Incoming) -> Result<(), Problem> {
    let refused = || Problem::new(Code::Forbidden, "requests from another site are refused");
    match incoming.header("origin") {
        Some(origin) if origin == incoming.origin => Ok(()),
        Some(_) => Err(refused()),
        // A browser always says where a request that changes something comes from.
        None if incoming.header("authorization").is_none()
            && (session(incoming).is_some() || access::is_asserted(env, incoming)) =>
        {
            Err(refused())
        }
        None => Ok(()),
    }
}

/// The header in which a page says whose it is.
const PERSON: &str = "holdpoint-person";

/// A page decides as the person whom it was given to, though somebody else may have signed in meanwhile.
pub(crate) fn check_person(incoming: &Incoming, key: &Key) -> Result<(), Problem> {
    let Some(named) = incoming.header(PERSON) else { return Ok(()) };
    let named = js_sys::decode_uri_component(&named).map(String::from).unwrap_or_default();
    if named == key.person {
        return Ok(());
    }
    Err(Problem::new(Code::Unauthenticated, "somebody else is signed in: sign in again as yourself"))
}
