//! The deployment's configuration, read and checked.

use crate::core::json::Json;
use crate::core::secret::BearerKey;
use crate::wire::problem::{Code, Problem};
use crate::wire::upstream::{self, Upstream};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use wasm_bindgen::JsValue;
use worker::Env;

/// How long a proxied client is kept waiting for a person, at most, in seconds.
const MAX_WAIT: i64 = 240;
/// How long an upstream may take to answer. Below 300 s, where Node's HTTP client gives up by itself and its
/// SDKs repeat the request, which would make the model act twice.
const UPSTREAM_TIMEOUT: i64 = 280;

/// The first admin key. Both secrets have to be there and well-formed before anything else is answered.
pub(crate) fn admin_key(env: &Env) -> Result<BearerKey, Problem> {
    let unavailable = |detail: &str| Problem::new(Code::Unavailable, detail);
    let admin = text(env, "HOLDPOINT_ADMIN_KEY")
        .ok_or_else(|| unavailable("the secret HOLDPOINT_ADMIN_KEY is missing"))?;
    let admin = BearerKey::parse(&admin).ok_or_else(|| {
        unavailable("the secret HOLDPOINT_ADMIN_KEY is not `hpk_` and at least 32 of A-Z, a-z, 0-9, `-`, `_`")
    })?;
    let signing = text(env, "HOLDPOINT_SIGNING_KEY")
        .ok_or_else(|| unavailable("the secret HOLDPOINT_SIGNING_KEY is missing"))?;
    let is_key = |key: &str| {
        Base64UrlUnpadded::decode_vec(key.trim().trim_end_matches('=')).is_ok_and(|bytes| bytes.len() == 32)
    };
    let keys: Vec<&str> = signing.split(',').collect();
    if keys.len() > 2 || !keys.into_iter().all(is_key) {
        return Err(unavailable(
            "the secret HOLDPOINT_SIGNING_KEY is not one or two keys of 32 bytes in base64url",
        ));
    }
    Ok(admin)
}

/// The upstream of that name.
pub(crate) fn upstream(env: &Env, name: &str) -> Result<Upstream, Problem> {
    let nothing = || {
        Problem::new(Code::NotFound, format!("no upstream is called `{name}`; [vars.UPSTREAMS] names them"))
    };
    let configured = json(env, "UPSTREAMS").ok_or_else(nothing)?;
    let all = upstream::read(&configured).map_err(|wrong| Problem::new(Code::Unavailable, wrong))?;
    all.into_iter().find(|upstream| upstream.name == name).ok_or_else(nothing)
}

/// A secret that an upstream names.
pub(crate) fn secret(env: &Env, name: &str) -> Result<String, Problem> {
    text(env, name).ok_or_else(|| {
        Problem::new(Code::Unavailable, format!("the secret {name} of the upstream is missing"))
    })
}

/// `HOLDPOINT_WAIT`: how long a proxied client waits for a person, in seconds.
pub(crate) fn wait_seconds(env: &Env) -> i64 {
    seconds(env, "HOLDPOINT_WAIT", 0, MAX_WAIT)
}

/// `HOLDPOINT_UPSTREAM_TIMEOUT`: how long an upstream may take, in seconds.
pub(crate) fn upstream_timeout_seconds(env: &Env) -> i64 {
    seconds(env, "HOLDPOINT_UPSTREAM_TIMEOUT", 1, UPSTREAM_TIMEOUT)
}

fn seconds(env: &Env, name: &str, least: i64, most: i64) -> i64 {
    text(env, name).and_then(|text| text.parse().ok()).map_or(most, |seconds: i64| seconds.clamp(least, most))
}

fn binding(env: &Env, name: &str) -> Option<JsValue> {
    js_sys::Reflect::get(env, &JsValue::from_str(name))
        .ok()
        .filter(|value| !value.is_undefined() && !value.is_null())
}

fn text(env: &Env, name: &str) -> Option<String> {
    binding(env, name)?.as_string().filter(|text| !text.is_empty())
}

/// A table of `[vars]`; the same as JSON text is taken too, because `--var` and `.dev.vars` carry text only.
fn json(env: &Env, name: &str) -> Option<Json> {
    let value = binding(env, name)?;
    let text = match value.as_string() {
        Some(text) => text,
        None => js_sys::JSON::stringify(&value).ok()?.as_string()?,
    };
    Json::parse(text.as_bytes()).ok()
}
