//! Hints to the pages that watch a desk: that something changed, never what is in it. A page that gets none still
//! works, by asking.

use super::super::clock;
use super::Desk;
use crate::core::case::{Case, Viewer};
use crate::core::json::{Json, Object};
use crate::core::time::{Millis, Span};
use worker::worker_sys::WebSocketRequestResponsePair;
use worker::{Response, WebSocket, WebSocketPair};

/// A page connects again after this, and its session is looked at again.
const SHIFT: Span = Span::seconds(60 * 60);

/// No desk has as many people; a page that is one too many asks by itself.
const MAX_PAGES: usize = 1000;

/// Tells a page to connect again.
const AGAIN: u16 = 4000;

/// Counting what waits is an index's work alone.
pub(super) const WAITING: &[&str] =
    &["CREATE INDEX cases_waiting ON cases (after, expires, created) WHERE open = 1"];

impl Desk {
    /// Lets a page watch. It is told at once how things stand, so that it misses nothing before this moment.
    pub(super) fn watched(&self) -> worker::Result<Response> {
        if self.state.get_websockets().len() >= MAX_PAGES {
            return Response::error("too many pages watch this desk", 503);
        }
        let Ok((_, counts)) = self.counts() else { return Response::error("the desk cannot be read", 503) };
        let pair = WebSocketPair::new()?;
        let until = clock::now().after(SHIFT).0.to_string();
        if let Ok(answer) = WebSocketRequestResponsePair::new("ping", "pong") {
            self.state.set_websocket_auto_response(&answer);
        }
        self.state.accept_websocket_with_tags(&pair.server, &[&until]);
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
        self.changed.borrow_mut().push(hint.into());
    }

    /// Tells the pages that watch what has changed, and how things stand.
    pub(super) fn hint(&self) {
        let changed = self.changed.take();
        let pages = self.state.get_websockets();
        if changed.is_empty() || pages.is_empty() {
            return;
        }
        let Ok((_, mut counts)) = self.counts() else { return };
        if let Some(object) = counts.as_object_mut() {
            object.set("changed", Json::Array(changed));
        }
        let (text, now) = (counts.to_string(), clock::now().0);
        for page in pages {
            self.tell(&page, &text, now);
        }
    }

    /// Whoever has gone is told nothing, and the platform notices by itself.
    fn tell(&self, page: &WebSocket, text: &str, now: i64) {
        let until = self.state.get_tags(page).iter().find_map(|tag| tag.parse::<i64>().ok());
        if until.is_some_and(|until| until > now) {
            let _ = page.send_with_str(text);
        } else {
            let _ = page.close(Some(AGAIN), Some("connect again"));
        }
    }
}
