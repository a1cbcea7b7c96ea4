//! One exchange with an upstream: what is sent, what is taken back, and how long that may last.

use super::config;
use super::incoming::{Incoming, MAX_PROXIED_BODY};
use super::respond;
use crate::wire::problem::{Code, Problem};
use crate::wire::upstream::Upstream;
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::time::Duration;
use worker::{
    AbortController, Delay, Env, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Response,
    ResponseBuilder,
};

/// Request headers that stay here: what belongs to the connection, to this deployment, or to whoever asks.
const KEPT_BACK: [&str; 23] = [
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "expect",
    "forwarded",
    "holdpoint-wait",
    "host",
    "keep-alive",
    "origin",
    "prefer",
    "proxy-authorization",
    "proxy-connection",
    "referer",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-api-key",
    "x-confidence",
    "x-real-ip",
];

/// Answer headers that are not passed on: what belongs to the connection, or no longer fits the body.
const NOT_PASSED_ON: [&str; 14] = [
    "alt-svc",
    "connection",
    "content-digest",
    "content-encoding",
    "content-length",
    "etag",
    "keep-alive",
    "proxy-authenticate",
    "set-cookie",
    "strict-transport-security",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-confidence",
];

/// An upstream's whole answer.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    pub(crate) body: Vec<u8>,
    /// `x-confidence`, as sent.
    pub(crate) confidence: Option<String>,
}

impl Answered {
    /// The answer as it came.
    pub(crate) fn into_response(self) -> Response {
        let response = ResponseBuilder::new().with_status(self.status).with_headers(self.headers);
        // The platform refuses a body, even an empty one, with a status that has none.
        if self.body.is_empty() { response.empty() } else { response.fixed(self.body) }
    }

    /// Whether it gives a secret away, in its body or in a header.
    fn repeats(&self, secret: &str) -> bool {
        contains(&self.body, secret.as_bytes()) || self.headers.values().any(|value| value.contains(secret))
    }

    /// The media type without its parameters, in lower case.
    pub(crate) fn media_type(&self) -> String {
        let value = self.headers.get("content-type").ok().flatten().unwrap_or_default();
        value.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
    }
}

/// Sends a request on and reads the whole answer.
pub(crate) async fn exchange(
    env: &Env,
    incoming: &Incoming,
    upstream: &Upstream,
    path: &str,
) -> Result<Answered, Problem> {
    let secret = upstream.secret.as_deref().map(|name| config::secret(env, name)).transpose()?;
    let request = request(incoming, upstream, path, secret.as_deref())
        .map_err(|_| problem(upstream, Code::Upstream, "cannot be sent this request"))?;
    let controller = AbortController::default();
    let signal = controller.signal();
    let seconds = u64::try_from(config::upstream_timeout_seconds(env)).unwrap_or(1);
    let answered = {
        let exchange = pin!(async {
            let response = Fetch::Request(request).send_with_signal(&signal).await;
            read(response.map_err(|_| problem(upstream, Code::Upstream, "is out of reach"))?, upstream).await
        });
        let limit = pin!(Delay::from(Duration::from_secs(seconds)));
        match select(exchange, limit).await {
            Either::Left((answered, _)) => Some(answered),
            Either::Right(_) => None,
        }
    };
    let Some(answered) = answered else {
        controller.abort();
        return Err(problem(upstream, Code::UpstreamTimeout, &format!("did not answer within {seconds} s")));
    };
    let answered = answered?;
    match secret.filter(|secret| answered.repeats(secret)) {
        Some(_) => Err(problem(
            upstream,
            Code::Upstream,
            "repeated the secret that it was sent, and its answer is kept back",
        )),
        None => Ok(answered),
    }
}

pub(crate) fn problem(upstream: &Upstream, code: Code, what: &str) -> Problem {
    Problem::new(code, format!("the upstream `{}` {what}", upstream.name))
}

fn request(
    incoming: &Incoming,
    upstream: &Upstream,
    path: &str,
    secret: Option<&str>,
) -> worker::Result<Request> {
    let headers = Headers::new();
    for (name, value) in incoming.headers() {
        let own = name.starts_with("cf-") || name.starts_with("x-forwarded-") || name.starts_with("sec-");
        if !own && !KEPT_BACK.contains(&name.as_str()) {
            headers.set(&name, &value)?;
        }
    }
    // Compressed answers would have to be unpacked before they can be gated.
    headers.set("accept-encoding", "identity")?;
    if let Some(secret) = secret {
        headers.set("authorization", &format!("Bearer {secret}"))?;
    }
    let mut init = RequestInit::new();
    init.with_method(Method::from(incoming.method.clone()))
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual);
    if !incoming.body.is_empty() {
        init.with_body(Some(js_sys::Uint8Array::from(incoming.body.as_slice()).into()));
    }
    let query = if incoming.query.is_empty() { String::new() } else { format!("?{}", incoming.query) };
    Request::new_with_init(&format!("{}{path}{query}", upstream.url), &init)
}

async fn read(mut response: Response, upstream: &Upstream) -> Result<Answered, Problem> {
    let status = response.status_code();
    if (300..400).contains(&status) {
        return Err(problem(upstream, Code::Upstream, "answered with a redirect, which is not followed"));
    }
    let confidence = response.headers().get("x-confidence").ok().flatten();
    let headers = respond::headers(&[]);
    for (name, value) in response.headers().entries() {
        let own = name.starts_with("access-control-") || name.starts_with("holdpoint-");
        if !own && !NOT_PASSED_ON.contains(&name.as_str()) {
            // A header that the platform refuses to repeat is none that a client relies on.
            let _ = headers.set(&name, &value);
        }
    }
    let cut = |_| problem(upstream, Code::Upstream, "broke off its answer");
    let mut body = Vec::new();
    if !matches!(response.body(), worker::ResponseBody::Empty) {
        let mut chunks = response.stream().map_err(cut)?;
        while let Some(chunk) = chunks.next().await {
            body.extend(chunk.map_err(cut)?);
            if body.len() > MAX_PROXIED_BODY {
                return Err(problem(upstream, Code::Upstream, "answered with more than 32 MiB"));
            }
        }
    }
    Ok(Answered { status, headers, body, confidence })
}

fn contains(body: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && body.windows(part.len()).any(|window| window == part)
}
