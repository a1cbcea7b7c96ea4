//! Calls through the proxy that come again: which case they may wait for, and whose its approval is.

use super::machine::Stage;
use super::{Case, Content};
use crate::core::canonical::Digest;
use crate::core::time::Millis;

/// What a call through the proxy is known by when it comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proxied {
    /// Of app, upstream and the call's digest: the next equal call may spend an approval that nobody took.
    pub call: Digest,
    /// Of those, the request, and the place in its answer: the same request again joins the case.
    pub request: Digest,
    /// Which one it is of the equal calls at that place, from 0.
    pub nth: u32,
    /// Whether requests do not tell attempts apart: each of one call has another name, and those of different clients
    /// may look alike. Then an equal call is the same come again once nobody waits any more, and not before.
    pub renamed: bool,
}

/// A connection through the proxy that waits for a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Names it.
    pub name: String,
    /// Until when it waits: an approval is its own until then, whoever else asks for an equal call.
    pub until: Millis,
}

impl Case {
    /// Whether a call that is known by this may wait for this case: the same request while it is undecided, any
    /// equal call while nobody uses its approval. Never where fewer people would look than the call itself needs.
    pub fn awaits(&self, proxied: &Proxied, needs: &Content, now: Millis) -> bool {
        let Some(own) = &self.facts.proxied else { return false };
        let content = self.content();
        if content.approvals < needs.approvals || content.severity < needs.severity {
            return false;
        }
        match self.stage(now) {
            // Of equal calls in one answer or batch each is a case of its own.
            Stage::Held | Stage::Approving | Stage::Rejecting | Stage::Approved if proxied.renamed => {
                let is_twin = own.request == proxied.request && own.nth != proxied.nth;
                own.call == proxied.call && !is_twin && self.is_free(now)
            }
            Stage::Held | Stage::Approving | Stage::Rejecting => own == proxied,
            Stage::Approved if own.request == proxied.request => own == proxied,
            Stage::Approved => own.call == proxied.call && self.is_free(now),
            Stage::Moved => {
                own.call == proxied.call && self.awaited_until(now).is_some_and(|until| now < until)
            }
            _ => false,
        }
    }

    /// Whether no connection waits for it.
    fn is_free(&self, now: Millis) -> bool {
        self.progress.connection.as_ref().is_none_or(|waits| waits.until <= now)
    }

    /// Until when [`Case::awaits`] can be true of it, as it is stored now.
    pub fn awaited_until(&self, now: Millis) -> Option<Millis> {
        self.facts.proxied.as_ref()?;
        let approved = |release_at: Millis| release_at.after(self.facts.valid);
        match (self.stage(now), self.release_at()) {
            (Stage::Held, _) => Some(self.facts.expires),
            (Stage::Rejecting, release_at) => release_at,
            (Stage::Approving | Stage::Approved, release_at) => release_at.map(approved),
            (Stage::Moved, _) => Some(self.facts.expires.after(self.facts.undo).after(self.facts.valid)),
            _ => None,
        }
    }
}
