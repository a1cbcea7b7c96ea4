//! The life of a case: one function, [`step`], for every transition.
//!
//! `held` → `approved` | `rejected` | `expired`. A decision is durable at once and released after the undo
//! window; until then the app sees `held`. Nothing that a clock does ever approves: a deadline ends in
//! `expired`, an approval that nobody used in time is `lapsed`, and both are computed on reading.

mod step;

pub use step::step;

use super::canonical::Digest;
use super::json::Json;
use super::policy::severity::Severity;
use super::time::{Millis, Span};

/// A held action and everything that happened to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What was held; never changes.
    pub facts: Facts,
    /// How far it has come. A lease in it is a courtesy between reviewers: safety rests on digest and state.
    pub progress: Progress,
}

/// What was held, and the rules that were in force then.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Its id.
    pub id: String,
    /// The key that proposed it.
    pub app: String,
    /// The person behind that key: may not decide it.
    pub proposer: String,
    /// The action's kind.
    pub kind: String,
    /// Its severity.
    pub severity: Severity,
    /// What the reviewer reads first.
    pub title: String,
    /// Whether it cannot be undone.
    pub irreversible: bool,
    /// The digest that a decision has to name.
    pub digest: Digest,
    /// The whole action, for the reviewer and for the app.
    pub action: Json,
    /// The verdict, in its public form.
    pub verdict: Json,
    /// The reasons to choose from.
    pub reasons: Vec<String>,
    /// How many different people have to approve.
    pub approvals: u32,
    /// Hides the digest in the ledger, so that it does not give away small arguments.
    pub salt: String,
    /// When it was held.
    pub created: Millis,
    /// When it expires undecided.
    pub expires: Millis,
    /// How long a lease lasts.
    pub lease: Span,
    /// How long a decision can be taken back.
    pub undo: Span,
    /// How long an approval can be used, from its release.
    pub valid: Span,
}

/// How far a case has come, as stored. What the clock adds is in [`Case::status`].
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// Nobody decided yet.
    Held,
    /// Decided, and released from `release_at` on.
    Decided {
        /// The decision that ended it.
        decision: Decision,
        /// Until then it can be taken back.
        release_at: Millis,
        /// When a waiting request took the approved action away to run it.
        taken: Option<Millis>,
    },
    /// The deadline came first.
    Expired,
}

impl State {
    /// What a case in this state is now, by its deadline and by how long an approval can be used.
    pub fn status(&self, expires: Millis, valid: Span, now: Millis, viewer: Viewer) -> Status {
        match self {
            Self::Held if now >= expires => Status::Expired,
            Self::Held => Status::Held,
            Self::Expired => Status::Expired,
            Self::Decided { release_at, .. } if viewer == Viewer::App && now < *release_at => Status::Held,
            Self::Decided { decision: Decision { answer: Answer::Reject, .. }, .. } => Status::Rejected,
            Self::Decided { release_at, taken: None, .. } if now >= release_at.after(valid) => Status::Lapsed,
            Self::Decided { .. } => Status::Approved,
        }
    }
}

/// A decision with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// What the person answered.
    pub answer: Answer,
    /// The person.
    pub by: String,
    /// When.
    pub at: Millis,
    /// One of the kind's reasons; always there where the answer is a rejection.
    pub reason: Option<String>,
    /// The error category.
    pub category: Option<String>,
    /// In the person's own words.
    pub note: Option<String>,
    /// How long the person saw the case, in milliseconds.
    pub seen_ms: Option<i64>,
}

/// What a person answers before an action runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It may run.
    Approve,
    /// It may not.
    Reject,
}

impl Answer {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
        }
    }
}

/// One approval.
#[derive(Debug, Clone, PartialEq)]
pub struct Vote {
    /// Who approved.
    pub person: String,
    /// When.
    pub at: Millis,
}

/// What changes in a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// How far it has come.
    pub state: State,
    /// Approvals so far.
    pub votes: Vec<Vote>,
    /// Who looks at it.
    pub lease: Option<Lease>,
}

impl Progress {
    /// The lease, while it is live.
    pub fn live_lease(&self, now: Millis) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| lease.until > now && self.state == State::Held)
    }

    /// Whether a person approved it already.
    pub fn has_vote_of(&self, person: &str) -> bool {
        self.votes.iter().any(|vote| vote.person == person)
    }

    /// Whether it is undecided and free for a person to look at: not voted on by them, and nobody else is at it.
    pub fn is_free_for(&self, person: &str, now: Millis) -> bool {
        self.state == State::Held
            && !self.has_vote_of(person)
            && self.live_lease(now).is_none_or(|lease| lease.person == person)
    }
}

/// Who looks at a case, and until when.
#[derive(Debug, Clone, PartialEq)]
pub struct Lease {
    /// The person.
    pub person: String,
    /// Names this lease and no other.
    pub token: String,
    /// Its end.
    pub until: Millis,
}

/// What a case is at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Waits for a person, or for the end of an undo window.
    Held,
    /// A person let it run.
    Approved,
    /// A person did not.
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// Approved, and not used in time.
    Lapsed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 5] = [Self::Held, Self::Approved, Self::Rejected, Self::Expired, Self::Lapsed];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Lapsed => "lapsed",
        }
    }

    /// The status of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// Who looks at a status: an app does not see a decision before its release.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// The app that proposed it, and whatever acts for it.
    App,
    /// People of the desk.
    Desk,
}

/// What can be asked of a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Notice a deadline that has passed. Changes nothing otherwise.
    Expire,
    /// Take the lease, or renew one's own.
    Lease {
        /// Who.
        person: String,
        /// Becomes the lease's token where a new one is made.
        token: String,
    },
    /// Give the lease back.
    GiveBack {
        /// Who.
        person: String,
    },
    /// Decide.
    Decide {
        /// The decision; its `at` is now.
        decision: Decision,
        /// The digest of what the person saw.
        digest: Digest,
        /// The token of the lease under which they saw it.
        lease: Option<String>,
    },
    /// Take one's decision back.
    Undo {
        /// Who.
        person: String,
    },
    /// Take the approved action away to run it, once.
    Take,
}

/// What happened to a case: one ledger entry each.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// It was held.
    Held,
    /// A person approved, and more have to.
    Voted(Decision),
    /// It was decided.
    Decided(Decision),
    /// A decision was taken back by this person.
    Undone(String),
    /// Its deadline passed undecided.
    Expired,
    /// A decision after the deadline. It lets nothing run.
    TooLate(Decision),
    /// The approved action was taken away to run it.
    Taken,
}

/// Why a command changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is decided, or the decision is released.
    #[error("the case is not open for this")]
    NotOpen,
    /// The deadline has passed.
    #[error("the case has expired; the decision came too late")]
    TooLate,
    /// The digest is not that of the case.
    #[error("the digest is not that of the case")]
    Digest,
    /// Another person's lease is live, or the named one is not.
    #[error("somebody else is looking at the case, or your lease on it has ended")]
    Lease,
    /// The person's own action, or one they approved already.
    #[error("nobody decides their own action")]
    OwnAction,
    /// One person counts once.
    #[error("you have approved this case already; another person has to")]
    VotedAlready,
    /// A rejection without one of the kind's reasons.
    #[error("choose one of the case's reasons")]
    Reason,
    /// Only who decided takes back.
    #[error("only the person who decided can take it back")]
    NotYours,
}

impl Refusal {
    /// The word for it in answers: what a program tells refusals apart by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotOpen => "not_open",
            Self::TooLate => "too_late",
            Self::Digest => "digest",
            Self::Lease => "lease",
            Self::OwnAction => "own_action",
            Self::VotedAlready => "voted_already",
            Self::Reason => "reason",
            Self::NotYours => "not_yours",
        }
    }
}

/// What a command did.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// Why the command itself was refused, although something happened (a deadline was noticed).
    pub refusal: Option<Refusal>,
}

impl Facts {
    /// The category of the first criterion that matched: what a decision is filed under unless it says
    /// otherwise.
    pub fn first_category(&self) -> Option<String> {
        let reasons = self.verdict.get("reasons")?.as_array()?;
        let matched = reasons
            .iter()
            .find(|reason| reason.get("criterion").is_some_and(|criterion| !criterion.is_null()))?;
        matched.get("category")?.as_str().map(str::to_owned)
    }
}

impl Case {
    /// A new case.
    pub fn hold(facts: Facts) -> Self {
        Self { facts, progress: Progress { state: State::Held, votes: Vec::new(), lease: None } }
    }

    /// What the case is now.
    pub fn status(&self, now: Millis, viewer: Viewer) -> Status {
        self.progress.state.status(self.facts.expires, self.facts.valid, now, viewer)
    }

    /// Whether the app may run it: approved, released, in time, and not taken away to be run already.
    pub fn may_run(&self, now: Millis) -> bool {
        let taken = matches!(self.progress.state, State::Decided { taken: Some(_), .. });
        self.status(now, Viewer::App) == Status::Approved && !taken
    }

    /// Roughly how many bytes its action has as text.
    pub fn size(&self) -> usize {
        self.facts.action.to_string().len()
    }

    /// When the clock alone will next change the status, as the app sees it.
    pub fn next_change(&self, now: Millis) -> Option<Millis> {
        let at = match &self.progress.state {
            State::Held => self.facts.expires,
            State::Decided { release_at, .. } if now < *release_at => *release_at,
            State::Decided {
                decision: Decision { answer: Answer::Approve, .. },
                release_at,
                taken: None,
            } => release_at.after(self.facts.valid),
            State::Decided { .. } | State::Expired => return None,
        };
        Some(at).filter(|at| *at > now)
    }

    /// The decision that ended it.
    pub fn decision(&self) -> Option<&Decision> {
        match &self.progress.state {
            State::Decided { decision, .. } => Some(decision),
            State::Held | State::Expired => None,
        }
    }

    /// Until when the decision can be taken back.
    pub fn release_at(&self) -> Option<Millis> {
        match &self.progress.state {
            State::Decided { release_at, .. } => Some(*release_at),
            State::Held | State::Expired => None,
        }
    }
}
