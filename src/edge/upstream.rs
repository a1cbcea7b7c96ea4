//! One exchange with an upstream: what is sent, what is taken back, and how long that may last.

use super::incoming::{Incoming, MAX_PROXIED_BODY};
use super::timer::Timer;
use super::{clock, config, respond};
use crate::core::time::{Millis, Span};
use crate::wire::problem::{Code, Problem};
use crate::wire::upstream::{Dialect, Upstream};
use crate::wire::withheld::contains;
use futures_util::future::{Either, select};
use futures_util::{Stream, StreamExt as _};
use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::Duration;
use worker::{
    AbortController, ByteStream, Env, Fetch, Headers, Method, Request, RequestInit, RequestRedirect,
    Response, ResponseBuilder,
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
}

/// An upstream's answer whose body is still to come.
#[derive(Debug)]
pub(crate) struct Answering {
    pub(crate) status: u16,
    pub(crate) headers: Headers,
    /// `x-confidence`, as sent.
    pub(crate) confidence: Option<String>,
    pub(crate) chunks: Chunks,
    /// What the upstream was sent, and must not give away.
    pub(crate) secret: Option<String>,
    /// How long it may be silent.
    pub(crate) patience: Duration,
    /// Until when a whole answer has to be there.
    until: Millis,
}

/// A body on its way. Dropping it tells the upstream that nobody listens any more.
#[derive(Debug)]
pub(crate) struct Chunks {
    stream: Option<ByteStream>,
    controller: AbortController,
}

impl Stream for Chunks {
    type Item = worker::Result<Vec<u8>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match &mut self.stream {
            Some(stream) => stream.poll_next_unpin(context),
            None => Poll::Ready(None),
        }
    }
}

impl Drop for Chunks {
    fn drop(&mut self) {
        std::mem::take(&mut self.controller).abort();
    }
}

impl Answering {
    /// The media type without its parameters, in lower case.
    pub(crate) fn media_type(&self) -> String {
        let value = self.headers.get("content-type").ok().flatten().unwrap_or_default();
        value.split(';').next().unwrap_or("").trim().to_ascii_lowercase()
    }

    /// Whether its text is UTF-8, as far as it says.
    pub(crate) fn is_utf8(&self) -> bool {
        let value = self.headers.get("content-type").ok().flatten().unwrap_or_default().to_ascii_lowercase();
        let mut charsets = value.split(';').filter_map(|parameter| parameter.trim().strip_prefix("charset="));
        charsets.all(|charset| matches!(charset.trim_matches(['"', ' ']), "utf-8" | "utf8"))
    }

    /// Reads the rest.
    pub(crate) async fn whole(mut self, upstream: &Upstream) -> Result<Answered, Problem> {
        let left = self.until.since(clock::now()).as_millis();
        let limit = Timer::after(Duration::from_millis(u64::try_from(left).unwrap_or(0)));
        let body = match select(pin!(self.chunks.read_all(upstream)), limit).await {
            Either::Left((body, _)) => body?,
            Either::Right(_) => return Err(too_slow(upstream, self.patience)),
        };
        if self.secret.is_some_and(|secret| contains(&body, secret.as_bytes())) {
            return Err(gives_away(upstream));
        }
        let Self { status, headers, confidence, .. } = self;
        Ok(Answered { status, headers, body, confidence })
    }
}

impl Chunks {
    async fn read_all(&mut self, upstream: &Upstream) -> Result<Vec<u8>, Problem> {
        let mut body = Vec::new();
        while let Some(chunk) = self.next().await {
            body.extend(chunk.map_err(|_| problem(upstream, Code::Upstream, "broke off its answer"))?);
            if body.len() > MAX_PROXIED_BODY {
                return Err(problem(upstream, Code::Upstream, "answered with more than 32 MiB"));
            }
        }
        Ok(body)
    }
}

/// A request as it goes to the upstream, but for its body.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) upstream: Upstream,
    method: Method,
    url: String,
    headers: Headers,
    secret: Option<String>,
    patience: Duration,
}

impl Outgoing {
    /// What a request becomes on its way to this path of the upstream.
    pub(crate) fn new(
        env: &Env,
        incoming: &Incoming,
        upstream: &Upstream,
        path: &str,
    ) -> Result<Self, Problem> {
        let secret = upstream.secret.as_deref().map(|name| config::secret(env, name)).transpose()?;
        let headers = headers_for(incoming, upstream, secret.as_deref()).map_err(|_| unsendable(upstream))?;
        let query = if incoming.query.is_empty() { String::new() } else { format!("?{}", incoming.query) };
        let patience = u64::try_from(config::upstream_timeout_seconds(env)).unwrap_or(1);
        Ok(Self {
            upstream: upstream.clone(),
            method: Method::from(incoming.method.clone()),
            url: format!("{}{path}{query}", upstream.url),
            headers,
            secret,
            patience: Duration::from_secs(patience),
        })
    }

    /// The same request with other values of these headers; `None`: without them.
    pub(crate) fn with(&self, changed: &[(String, Option<String>)]) -> Result<Self, Problem> {
        let headers = self.headers.clone();
        for (name, value) in changed {
            let done = match value {
                Some(value) => headers.set(name, value),
                None => headers.delete(name),
            };
            done.map_err(|_| unsendable(&self.upstream))?;
        }
        let (upstream, method, url) = (self.upstream.clone(), self.method.clone(), self.url.clone());
        Ok(Self { upstream, method, url, headers, secret: self.secret.clone(), patience: self.patience })
    }

    /// Whether the upstream takes the secret that it is sent. That it does not is nothing which a client could mend, or
    /// should begin to.
    pub(crate) fn check_secret_is_taken(&self, status: u16) -> Result<(), Problem> {
        match (&self.secret, status) {
            (Some(_), 401) => {
                Err(problem(&self.upstream, Code::Upstream, "refuses the secret that it was sent"))
            }
            _ => Ok(()),
        }
    }

    /// The names of its headers that begin so.
    pub(crate) fn names(&self, prefix: &str) -> Vec<String> {
        self.headers.keys().filter(|name| name.starts_with(prefix)).collect()
    }

    fn request(&self, body: &[u8]) -> worker::Result<Request> {
        let mut init = RequestInit::new();
        init.with_method(self.method.clone())
            .with_headers(self.headers.clone())
            .with_redirect(RequestRedirect::Manual);
        if !body.is_empty() {
            init.with_body(Some(js_sys::Uint8Array::from(body).into()));
        }
        Request::new_with_init(&self.url, &init)
    }

    /// Sends it with this body, and waits until the upstream begins to answer.
    pub(crate) async fn send(&self, body: &[u8]) -> Result<Answering, Problem> {
        let request = self.request(body).map_err(|_| unsendable(&self.upstream))?;
        answering(&self.upstream, request, self.secret.clone(), self.patience).await
    }
}

fn unsendable(upstream: &Upstream) -> Problem {
    problem(upstream, Code::Upstream, "cannot be sent this request")
}

async fn answering(
    upstream: &Upstream,
    request: Request,
    secret: Option<String>,
    patience: Duration,
) -> Result<Answering, Problem> {
    let until = clock::now().after(Span::seconds(u32::try_from(patience.as_secs()).unwrap_or(1)));
    let controller = AbortController::default();
    let signal = controller.signal();
    let mut chunks = Chunks { stream: None, controller };
    let fetched = {
        let fetch = Fetch::Request(request);
        let fetch = pin!(fetch.send_with_signal(&signal));
        match select(fetch, Timer::after(patience)).await {
            Either::Left((fetched, _)) => fetched,
            Either::Right(_) => return Err(too_slow(upstream, patience)),
        }
    };
    let mut response = fetched.map_err(|_| problem(upstream, Code::Upstream, "is out of reach"))?;
    let status = response.status_code();
    if (300..400).contains(&status) {
        return Err(problem(upstream, Code::Upstream, "answered with a redirect, which is not followed"));
    }
    let confidence = response.headers().get("x-confidence").ok().flatten();
    let headers = headers_of(&response);
    if secret.as_ref().is_some_and(|secret| headers.values().any(|value| value.contains(secret))) {
        return Err(gives_away(upstream));
    }
    if !matches!(response.body(), worker::ResponseBody::Empty) {
        let broken = |_| problem(upstream, Code::Upstream, "broke off its answer");
        chunks.stream = Some(response.stream().map_err(broken)?);
    }
    Ok(Answering { status, headers, confidence, chunks, secret, patience, until })
}

fn too_slow(upstream: &Upstream, patience: Duration) -> Problem {
    problem(upstream, Code::UpstreamTimeout, &format!("did not answer within {} s", patience.as_secs()))
}

pub(crate) fn gives_away(upstream: &Upstream) -> Problem {
    problem(upstream, Code::Upstream, "repeated the secret that it was sent, and its answer is kept back")
}

pub(crate) fn problem(upstream: &Upstream, code: Code, what: &str) -> Problem {
    Problem::new(code, format!("the upstream `{}` {what}", upstream.name))
}

fn headers_for(incoming: &Incoming, upstream: &Upstream, secret: Option<&str>) -> worker::Result<Headers> {
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
        match upstream.dialect {
            Dialect::Anthropic => headers.set("x-api-key", secret)?,
            _ => headers.set("authorization", &format!("Bearer {secret}"))?,
        }
    }
    Ok(headers)
}

/// What is passed on of an answer's headers.
fn headers_of(response: &Response) -> Headers {
    let headers = respond::headers(&[]);
    for (name, value) in response.headers().entries() {
        let own = name.starts_with("access-control-") || name.starts_with("holdpoint-");
        if !own && !NOT_PASSED_ON.contains(&name.as_str()) {
            // A header that the platform refuses to repeat is none that a client relies on.
            let _ = headers.set(&name, &value);
        }
    }
    headers
}
