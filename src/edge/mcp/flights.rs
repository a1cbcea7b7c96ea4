//! Which case a session's call waits for, by the name that the client gave the call: for a client that gives it up, and
//! for an answer that comes over another connection. Kept by the objects of [`super::super::once`], beside what was
//! changed in answers. Without a session such names mean nothing: a client then gives up by closing its connection.

use super::super::proposals::Proposal;
use super::super::way::Way;
use super::super::{call, gating, log, once};
use crate::core::canonical::Digest;
use crate::core::case::Command;
use crate::core::json::Json;
use crate::wire::desk::Ask;
use crate::wire::mcp::returned::Became;
use crate::wire::mcp::sent::Sent;
use crate::wire::upstream::Upstream;
use futures_util::future::join_all;
use worker::Env;

/// The calls of one session.
#[derive(Debug, Clone)]
pub(super) struct Flights {
    env: Env,
    /// Names the session: the app's key, the upstream, the session's id.
    session: String,
}

impl Flights {
    /// Those of the session that a request belongs to.
    pub(super) fn of(way: &Way<'_>, upstream: &Upstream, session: Option<&str>) -> Option<Self> {
        let session = session?;
        let session = format!("{}\n{}\n{session}", way.key.id, upstream.name);
        Some(Self { env: way.env.clone(), session })
    }

    fn token(&self, id: &Json) -> String {
        Digest::of(format!("flight\n{}\n{id}", self.session).as_bytes()).to_hex()
    }

    /// Remembers which cases calls wait for. Where that fails, a client that gives up is not heard, and an answer over
    /// another connection is not seen: then nobody knows what became of the call, and a person says.
    pub(super) async fn remember(&self, sent: &Sent, proposals: &[Proposal], connection: &str) {
        let waits = sent.calls().iter().zip(proposals).filter_map(|(call, proposal)| {
            let (desk, id) = proposal.waits()?;
            let flight = Json::object([
                ("call_id", call.id.clone()),
                ("desk", desk.into()),
                ("case", id.into()),
                ("connection", connection.into()),
            ]);
            Some((self.token(&call.id), flight))
        });
        let remembering = waits.map(|(token, flight)| async move {
            if once::change_history(&self.env, &token, &[flight], &[]).await.is_err() {
                log::failure("which case a call waits for cannot be remembered");
            }
        });
        join_all(remembering.collect::<Vec<_>>()).await;
    }

    /// The upstream does not know the session any more. It has said so within an answer that had begun, where clients
    /// do not look for it.
    pub(super) async fn end_session(&self) {
        let ended = Json::object([("call_id", "ended".into())]);
        if once::change_history(&self.env, &self.token(&Json::Null), &[ended], &[]).await.is_err() {
            log::failure("that a session has ended cannot be remembered");
        }
    }

    /// Whether the upstream has said that it does not know the session any more.
    pub(super) async fn has_ended(&self) -> bool {
        once::history(&self.env, &self.token(&Json::Null)).await.is_ok_and(|known| !known.is_empty())
    }

    /// The client does not wait for these any more: they are not forwarded in the requests in which they came.
    pub(super) async fn cancel(&self, ids: impl Iterator<Item = &Json>) {
        for id in ids {
            for Flight { desk, case, connection } in self.find(id).await {
                gating::leaves(&self.env, &desk, &case, &connection).await;
            }
        }
    }

    /// A call was answered over another connection than it came in.
    pub(super) async fn note(&self, id: &Json, became: Became) {
        for Flight { desk, case, .. } in self.find(id).await {
            note(&self.env, &desk, &case, became).await;
        }
    }

    async fn find(&self, id: &Json) -> Vec<Flight> {
        let known = once::history(&self.env, &self.token(id)).await.unwrap_or_default();
        known.iter().filter_map(Flight::read).collect()
    }
}

/// What is remembered of a call.
struct Flight {
    desk: String,
    case: String,
    connection: String,
}

impl Flight {
    fn read(json: &Json) -> Option<Self> {
        let text = |name| json.get(name).and_then(Json::as_str).map(str::to_owned);
        Some(Self { desk: text("desk")?, case: text("case")?, connection: text("connection")? })
    }
}

/// Tells a case's desk how what was forwarded was answered. Where that fails, nobody knows, and a person says.
pub(super) async fn note(env: &Env, desk: &str, id: &str, became: Became) {
    let command = match became {
        Became::Ended(outcome) => Command::Finish { outcome },
        Became::Deferred => Command::Defer,
        Became::Unclear => return,
    };
    let ask = Ask::Do {
        id: id.to_owned(),
        command: Box::new(command),
        token: None,
        next: None,
        proceeded: false,
        digest: None,
    };
    if call::case(env, desk, &ask, id, |_| true).await.is_err() {
        log::failure("how a forwarded action was answered cannot be noted");
    }
}
