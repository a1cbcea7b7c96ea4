//! The deployment's configuration, read and checked.

use crate::core::json::Json;
use crate::core::secret::BearerKey;
use crate::wire::problem::{Code, Problem};
use crate::wire::upstream::{self, Dialect, Upstream};
use crate::wire::webhook;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use wasm_bindgen::JsValue;
use worker::Env;

/// How long a proxied client is kept waiting for a person, in seconds, where nothing else is said.
const WAIT: i64 = 240;

/// The same where clients ask a tool server, whose own timers run out after 60 s.
const TOOL_WAIT: i64 = 50;

/// How long what Holdpoint forwards itself may take to be answered.
const ANSWER: i64 = 60;

/// How long it is at most, whatever is said.
const MAX_WAIT: i64 = 3600;
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
    signing_keys(env)?;
    Ok(admin)
}

/// The secrets that sign permits: the first signs, all verify.
pub(crate) fn signing_keys(env: &Env) -> Result<Vec<[u8; 32]>, Problem> {
    let unavailable = |detail: &str| Problem::new(Code::Unavailable, detail);
    let signing = text(env, "HOLDPOINT_SIGNING_KEY")
        .ok_or_else(|| unavailable("the secret HOLDPOINT_SIGNING_KEY is missing"))?;
    let key = |key: &str| {
        let bytes = Base64UrlUnpadded::decode_vec(key.trim().trim_end_matches('=')).ok()?;
        <[u8; 32]>::try_from(bytes).ok()
    };
    signing.split(',').map(key).collect::<Option<Vec<_>>>().filter(|keys| keys.len() <= 2).ok_or_else(|| {
        unavailable("the secret HOLDPOINT_SIGNING_KEY is not one or two keys of 32 bytes in base64url")
    })
}

/// Where Cloudflare Access issues its assertions, and for which application.
#[derive(Debug)]
pub(crate) struct Access {
    pub(crate) issuer: String,
    pub(crate) audience: String,
}

/// `ACCESS_TEAM` and `ACCESS_AUD`, where both are set. A team is a name, or the whole origin of an issuer.
pub(crate) fn access(env: &Env) -> Option<Access> {
    let (team, audience) = (text(env, "ACCESS_TEAM")?, text(env, "ACCESS_AUD")?);
    let issuer = if team.contains("://") {
        team.trim_end_matches('/').to_owned()
    } else {
        format!("https://{team}.cloudflareaccess.com")
    };
    Some(Access { issuer, audience })
}

/// A webhook: its name, where it is, and what signs for it.
#[derive(Debug)]
pub(crate) struct Webhook {
    pub(crate) url: String,
    pub(crate) secret: webhook::Secret,
}

/// The names of all webhooks.
pub(crate) fn webhook_names(env: &Env) -> Vec<String> {
    let configured = json(env, "WEBHOOKS");
    let names = configured.as_ref().and_then(Json::as_object);
    names.map(|names| names.iter().map(|(name, _)| name.to_owned()).collect()).unwrap_or_default()
}

/// The webhook of that name; what is wrong with it, where it cannot be used.
pub(crate) fn webhook(env: &Env, name: &str) -> Result<Webhook, String> {
    let configured = json(env, "WEBHOOKS").unwrap_or(Json::Null);
    let webhook = configured.get(name).ok_or_else(|| format!("[vars.WEBHOOKS.{name}] is not configured"))?;
    let member = |member: &str| {
        let missing = || format!("`{member}` is missing in [vars.WEBHOOKS.{name}]");
        webhook.get(member).and_then(Json::as_str).map(str::to_owned).ok_or_else(missing)
    };
    let url = member("url").and_then(|url| {
        let origin = url.split('/').take(3).collect::<Vec<_>>().join("/");
        let local = ["http://127.0.0.1", "http://localhost"].iter().any(|host| origin.starts_with(host));
        let usable = (url.starts_with("https://") || local) && !origin.contains('@');
        if usable {
            Ok(url)
        } else {
            Err(format!("the url of [vars.WEBHOOKS.{name}] does not begin with https://"))
        }
    })?;
    let secret = member("secret")?;
    let secret =
        text(env, &secret).ok_or_else(|| format!("the secret {secret} of the webhook is missing"))?;
    let secret = webhook::Secret::parse(&secret).ok_or_else(|| {
        format!("the secret of the webhook {name} is not `whsec_` and 24 to 64 bytes in base64")
    })?;
    Ok(Webhook { url, secret })
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
pub(crate) fn wait_seconds(env: &Env, dialect: Dialect) -> i64 {
    let most = seconds(env, "HOLDPOINT_WAIT", 0, MAX_WAIT, WAIT);
    if dialect == Dialect::Mcp { most.min(TOOL_WAIT) } else { most }
}

/// `HOLDPOINT_UPSTREAM_TIMEOUT`: how long an upstream may take, in seconds.
pub(crate) fn upstream_timeout_seconds(env: &Env) -> i64 {
    seconds(env, "HOLDPOINT_UPSTREAM_TIMEOUT", 1, UPSTREAM_TIMEOUT, UPSTREAM_TIMEOUT)
}

/// How long an answer to what Holdpoint forwards itself counts, in seconds: no answer by then is none that anybody
/// knows of.
pub(crate) fn answer_seconds(env: &Env) -> u32 {
    u32::try_from(upstream_timeout_seconds(env).min(ANSWER)).unwrap_or(1)
}

fn seconds(env: &Env, name: &str, least: i64, most: i64, unsaid: i64) -> i64 {
    text(env, name)
        .and_then(|text| text.parse().ok())
        .map_or(unsaid, |seconds: i64| seconds.clamp(least, most))
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
