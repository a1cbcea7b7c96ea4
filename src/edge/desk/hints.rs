//! Hints to the pages that watch a desk: that something changed, never what is in it. A page that gets none still
//! works, by asking. They go only to keys that are still in force, and leave after the answer to whoever changed
//! something.

use super::super::sql::Sql;
use super::super::timer::Timer;
use super::super::{call, clock};
use super::queue::counts;
use super::{Answered, Desk};
use crate::core::capacity::load::Level;
use crate::core::case::{Case, Viewer};
use crate::core::json::{Json, Object};
use crate::core::time::{Millis, Span};
use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;
use worker::worker_sys::WebSocketRequestResponsePair;
use worker::{Env, Response, State, WebSocket, WebSocketPair};

/// A page connects again after this, and its session is looked at again.
const SHIFT: Span = Span::seconds(60 * 60);

/// No desk has as many people, and nobody as many pages; one that is too many asks by itself.
const MAX_PAGES: usize = 1000;
const MAX_PAGES_OF_ONE: usize = 20;

/// Tells a page to connect again.
const AGAIN: u16 = 4000;

/// Hints are at least this far apart, and gather what changed meanwhile: a desk may get hundreds of cases a second.
const APART: Duration = Duration::from_millis(200);

/// Which keys are in force is known for this long.
const FRESH: Span = Span::seconds(4);

/// Counting what waits, and the earliest deadline, are an index's work alone.
pub(super) const WAITING: &[&str] = &[
    "CREATE INDEX cases_waiting ON cases (open, after, expires, created)",
    "CREATE INDEX cases_by_expiry ON cases (expires) WHERE open = 1",
];

/// What the pages that watch have not been told yet, and who may be told.
#[derive(Debug, Default)]
pub(super) struct Hints {
    changed: RefCell<Vec<Json>>,
    telling: Cell<bool>,
    /// The keys that may watch this desk, and when that was asked.
    allowed: RefCell<Option<(Millis, BTreeSet<String>)>>,
}

impl Desk {
    /// Lets the holder of a key watch. They are told at once how things stand, so that they miss nothing before
    /// this moment.
    pub(super) fn watched(&self, key: &str) -> worker::Result<Response> {
        let pages = self.state.get_websockets();
        let own = pages.iter().filter(|page| self.state.get_tags(page).iter().any(|tag| tag == key)).count();
        if pages.len() >= MAX_PAGES || own >= MAX_PAGES_OF_ONE {
            return Response::error("too many pages watch this desk", 503);
        }
        let Ok((_, counts)) = self.counts() else { return Response::error("the desk cannot be read", 503) };
        let pair = WebSocketPair::new()?;
        if let Ok(answer) = WebSocketRequestResponsePair::new("ping", "pong") {
            self.state.set_websocket_auto_response(&answer);
        }
        let until = clock::now().after(SHIFT).0.to_string();
        self.state.accept_websocket_with_tags(&pair.server, &[&until, key]);
        // A page that has gone already is told nothing.
        let _ = pair.server.send_with_str(counts.to_string());
        Response::from_websocket(pair.client)
    }

    /// Notes that a case has changed, for the next [`Desk::hint`].
    pub(super) fn changed(&self, case: &Case, now: Millis) {
        let status =
            if case.elsewhere().is_some() { "moved" } else { case.status(now, Viewer::Desk).as_str() };
        let mut hint = Object::new();
        hint.set("id", case.facts.id.as_str());
        hint.set("status", status);
        self.hints.changed.borrow_mut().push(hint.into());
    }

    /// Notes that the desk's load has changed.
    pub(super) fn load_changed(&self, level: Level) {
        self.hints.changed.borrow_mut().push(Json::object([("level", level.as_str().into())]));
    }

    /// Tells the pages that watch what has changed, after whatever is being answered now.
    pub(super) fn hint(&self) {
        if self.hints.changed.borrow().is_empty() || self.hints.telling.replace(true) {
            return;
        }
        let teller = Teller {
            hints: Rc::clone(&self.hints),
            state: Rc::clone(&self.state),
            sql: self.sql.clone(),
            env: self.env.clone(),
        };
        self.state.wait_until(async move {
            teller.tell_all().await;
            teller.hints.telling.set(false);
        });
    }
}

/// What is needed to tell, beyond the request that changed something.
struct Teller {
    hints: Rc<Hints>,
    state: Rc<State>,
    sql: Sql,
    env: Env,
}

impl Teller {
    async fn tell_all(&self) {
        loop {
            let changed = self.hints.changed.take();
            let pages = self.state.get_websockets();
            if changed.is_empty() || pages.is_empty() {
                return;
            }
            let name = self.state.id().name().unwrap_or_default();
            let allowed = self.allowed(&name).await;
            let counts: Answered = counts(&self.sql, &name);
            let Ok((_, mut counts)) = counts else { return };
            if let Some(object) = counts.as_object_mut() {
                object.set("changed", Json::Array(changed));
            }
            let (text, now) = (counts.to_string(), clock::now().0);
            for page in pages {
                self.tell(&page, &text, now, allowed.as_ref());
            }
            Timer::after(APART).await;
        }
    }

    /// The keys that may watch this desk; `None` where the office does not say.
    async fn allowed(&self, desk: &str) -> Option<BTreeSet<String>> {
        let now = clock::now();
        let fresh = self.hints.allowed.borrow().clone().filter(|(at, _)| now.since(*at) < FRESH);
        if let Some((_, keys)) = fresh {
            return Some(keys);
        }
        let reply = call::office(&self.env, &Json::object([("ask", "keys".into())])).await.ok()?;
        let known = reply.body.get("keys")?.as_array()?.iter().filter_map(|key| {
            let text = |name| key.get(name).and_then(Json::as_str);
            let desks = key.get("desks").and_then(Json::as_array).unwrap_or_default();
            let covers = desks.is_empty() || desks.iter().any(|known| known.as_str() == Some(desk));
            let watches = matches!(text("role"), Some("reviewer" | "auditor"));
            text("id").filter(|_| covers && watches).map(str::to_owned)
        });
        let keys: BTreeSet<String> = known.collect();
        self.hints.allowed.replace(Some((now, keys.clone())));
        Some(keys)
    }

    /// A page whose key is not known to be in force is told nothing, and connects again; one whose hour is over is
    /// told, and then connects again.
    fn tell(&self, page: &WebSocket, text: &str, now: i64, allowed: Option<&BTreeSet<String>>) {
        let tags = self.state.get_tags(page);
        let may = allowed.is_some_and(|keys| tags.iter().any(|tag| keys.contains(tag)));
        let until = tags.iter().find_map(|tag| tag.parse::<i64>().ok());
        if may {
            // Whoever has gone is told nothing, and the platform notices by itself.
            let _ = page.send_with_str(text);
        }
        if !may || until.is_none_or(|until| until <= now) {
            let _ = page.close(Some(AGAIN), Some("connect again"));
        }
    }
}
