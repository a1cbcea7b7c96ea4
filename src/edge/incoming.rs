//! A request, read before anything else is awaited, with limits on its size.

use super::copy;
use crate::core::json::Json;
use crate::core::secret::BearerKey;
use crate::wire::api::MAX_BODY;
use crate::wire::problem::{Code, Problem};
use futures_util::StreamExt as _;
use worker::{AbortSignal, Headers, Request};

/// The largest body of a request to an upstream, and of its answer.
pub(crate) const MAX_PROXIED_BODY: usize = 32 << 20;

/// A request with its body.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// Scheme and host, as browsers write them in `Origin`.
    pub(crate) origin: String,
    /// The path as it was sent.
    pub(crate) path: String,
    /// What follows `?`, as it was sent.
    pub(crate) query: String,
    pub(crate) body: Vec<u8>,
    headers: Headers,
    signal: AbortSignal,
}

impl Incoming {
    /// Reads a request. The path is taken from the text of the URL: nothing is resolved or decoded.
    pub(crate) async fn read(mut request: Request) -> Result<Self, Problem> {
        let method = request.method().to_string();
        let url = request.inner().url();
        let (origin, path, query) = split_url(&url);
        let shown = presented_key(request.headers(), is_proxied(&path));
        // Much is read only for a key that can be in force.
        let known =
            shown.and_then(|key| BearerKey::parse(&key)).is_some_and(|key| copy::may_know(&key.hash()));
        let limit = if is_proxied(&path) && known { MAX_PROXIED_BODY } else { MAX_BODY };
        let headers = request.headers().clone();
        let signal = AbortSignal::from(request.inner().signal());
        let body = if matches!(method.as_str(), "GET" | "HEAD") || request.inner().body().is_none() {
            Vec::new()
        } else {
            read_body(&mut request, limit).await?
        };
        Ok(Self { method, origin, path, query, body, headers, signal })
    }

    /// The key that it shows, as it was written.
    pub(crate) fn presented_key(&self) -> Option<String> {
        presented_key(&self.headers, self.is_proxied())
    }

    /// Whether it is meant for an upstream.
    pub(crate) fn is_proxied(&self) -> bool {
        is_proxied(&self.path)
    }

    /// A header's value.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).ok().flatten()
    }

    /// Says when the client has gone.
    pub(crate) fn signal(&self) -> AbortSignal {
        self.signal.clone()
    }

    /// All headers.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (String, String)> {
        self.headers.entries()
    }

    /// A parameter of the query, where it is plain text.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    /// A parameter of the query as a person wrote it; none where it is not there or empty.
    pub(crate) fn text_parameter(&self, name: &str) -> Result<Option<String>, Problem> {
        let Some(text) = self.parameter(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let decoded = js_sys::decode_uri_component(&text.replace('+', " "));
        let unreadable = |_| Problem::new(Code::Invalid, format!("`{name}` is not percent-encoded UTF-8"));
        decoded.map(|text| Some(String::from(text))).map_err(unreadable)
    }

    /// Whether everybody reads the body as the same JSON: by its media type, character set and coding.
    pub(crate) fn check_is_json(&self) -> Result<(), Problem> {
        let media_type = self.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let (essence, parameters) = media_type.split_once(';').unwrap_or((&media_type, ""));
        let refused = |what: String| Err(Problem::new(Code::MediaType, what));
        if !matches!(essence.trim(), "" | "application/json") {
            return refused(format!("send application/json, not {}", essence.trim()));
        }
        let charset = parameters.split(';').find_map(|parameter| parameter.trim().strip_prefix("charset"));
        let is_utf8 = |charset: &str| {
            matches!(charset.trim().trim_start_matches('=').trim().trim_matches('"'), "utf-8" | "utf8")
        };
        if charset.is_some_and(|charset| !is_utf8(charset)) {
            return refused(
                "send UTF-8: what other character sets hold could be read differently".to_owned(),
            );
        }
        let coding = self.header("content-encoding").unwrap_or_default();
        if !matches!(coding.trim(), "" | "identity") {
            return refused(format!("send the body as it is, without the coding `{}`", coding.trim()));
        }
        Ok(())
    }

    /// The body as strict JSON.
    pub(crate) fn json(&self) -> Result<Json, Problem> {
        let media_type = self.header("content-type").unwrap_or_default();
        let essence = media_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        if !essence.is_empty() && essence != "application/json" {
            return Err(Problem::new(Code::MediaType, format!("send application/json, not {essence}")));
        }
        Json::parse(&self.body).map_err(|error| Problem::malformed(&error))
    }

    /// The body as strict JSON; an empty one is an empty object.
    pub(crate) fn json_or_empty(&self) -> Result<Json, Problem> {
        if self.body.is_empty() { Ok(Json::object([])) } else { self.json() }
    }

    /// `Prefer: wait=N`, in milliseconds, up to 240 s.
    pub(crate) fn preferred_wait_ms(&self) -> i64 {
        let prefer = self.header("prefer").unwrap_or_default();
        let seconds = prefer.split([',', ';']).find_map(|preference| {
            preference
                .trim()
                .to_ascii_lowercase()
                .strip_prefix("wait=")
                .and_then(|seconds| seconds.trim().parse::<i64>().ok())
        });
        seconds.unwrap_or(0).clamp(0, 240).saturating_mul(1000)
    }
}

/// The path of a request, before it is read.
pub(crate) fn path_of(request: &Request) -> String {
    split_url(&request.inner().url()).1
}

/// The bearer token; for an upstream also `x-api-key`.
fn presented_key(headers: &Headers, proxied: bool) -> Option<String> {
    let header = |name| headers.get(name).ok().flatten();
    let bearer = header("authorization").and_then(|value| {
        let (scheme, key) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| key.trim().to_owned())
    });
    bearer.or_else(|| header("x-api-key").filter(|_| proxied))
}

fn is_proxied(path: &str) -> bool {
    path.starts_with("/to/")
}

async fn read_body(request: &mut Request, limit: usize) -> Result<Vec<u8>, Problem> {
    let too_large = || Problem::new(Code::TooLarge, format!("the body has more than {limit} bytes"));
    let announced = request
        .headers()
        .get("content-length")
        .ok()
        .flatten()
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let broken = |_| Problem::new(Code::Malformed, "the body ended before it was whole");
    let mut body = Vec::with_capacity(announced.unwrap_or(0).min(limit));
    let mut chunks = request.stream().map_err(broken)?;
    while let Some(chunk) = chunks.next().await {
        body.extend(chunk.map_err(broken)?);
        if body.len() > limit {
            return Err(too_large());
        }
    }
    Ok(body)
}

fn split_url(url: &str) -> (String, String, String) {
    let after_scheme = url.find("://").map_or(0, |at| at.saturating_add(3));
    let path_at = url
        .get(after_scheme..)
        .and_then(|rest| rest.find(['/', '?', '#']))
        .map_or(url.len(), |at| after_scheme.saturating_add(at));
    let (origin, rest) = url.split_at_checked(path_at).unwrap_or((url, ""));
    let rest = rest.split('#').next().unwrap_or("");
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let path = if path.is_empty() { "/" } else { path };
    (origin.to_owned(), path.to_owned(), query.to_owned())
}
