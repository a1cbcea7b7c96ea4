//! Sends one notification to one webhook.

use super::config;
use crate::core::time::Millis;
use futures_util::future::{Either, select};
use std::pin::pin;
use std::time::Duration;
use worker::{AbortController, Delay, Env, Fetch, Headers, Method, Request, RequestInit, RequestRedirect};

/// How long a receiver may take, as the specification recommends.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why a notification did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failed {
    /// It is tried again later.
    ForNow(String),
    /// The receiver does not want it any more.
    ForGood(String),
}

/// Sends it. Any answer of 200 to 299 is an arrival; redirects are not followed.
pub(crate) async fn send(env: &Env, name: &str, id: &str, body: &str, now: Millis) -> Result<(), Failed> {
    let webhook = config::webhook(env, name).map_err(Failed::ForNow)?;
    let seconds = now.0.div_euclid(1000);
    let signature = webhook.secret.sign(id, seconds, body);
    let request = request(&webhook.url, id, seconds, &signature, body)
        .map_err(|_| Failed::ForNow("the url cannot be requested".to_owned()))?;
    let controller = AbortController::default();
    let signal = controller.signal();
    let status = {
        let exchange = pin!(async { Fetch::Request(request).send_with_signal(&signal).await });
        let limit = pin!(Delay::from(PATIENCE));
        match select(exchange, limit).await {
            Either::Left((Ok(response), _)) => Some(response.status_code()),
            Either::Left((Err(_), _)) => return Err(Failed::ForNow("out of reach".to_owned())),
            Either::Right(_) => None,
        }
    };
    match status {
        Some(200..=299) => Ok(()),
        Some(410) => Err(Failed::ForGood("the receiver answered 410 Gone".to_owned())),
        Some(status) => Err(Failed::ForNow(format!("the receiver answered {status}"))),
        None => {
            controller.abort();
            Err(Failed::ForNow(format!("no answer within {} s", PATIENCE.as_secs())))
        }
    }
}

fn request(url: &str, id: &str, seconds: i64, signature: &str, body: &str) -> worker::Result<Request> {
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    headers.set("webhook-id", id)?;
    headers.set("webhook-timestamp", &seconds.to_string())?;
    headers.set("webhook-signature", signature)?;
    headers.set("user-agent", "Holdpoint")?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post)
        .with_headers(headers)
        .with_redirect(RequestRedirect::Manual)
        .with_body(Some(body.to_owned().into()));
    Request::new_with_init(url, &init)
}
