//! The life of a case: what it is, how far it has come, and one function, [`step`], for every transition.
//!
//! Before an action runs: `held` → `approved` | `edited` | `rejected` | `expired` | `withdrawn`. After it ran:
//! `to_audit` → `confirmed` | `overturned` | `unaudited`. Which command may do what in which stage is one
//! table, [`machine::TABLE`]. A decision is durable at once and released after the undo window; until then the
//! app sees `held`. Nothing that a clock does ever approves.

mod command;
pub mod machine;
mod opinions;
mod proxied;
mod search;
mod status;
mod step;

pub use command::{Command, Event, Refusal, Step};
pub use opinions::Opinion;
pub use proxied::{Connection, Proxied};
pub use status::{Status, Viewer};
pub use step::step;

use super::canonical::Digest;
use super::json::{Json, Object};
use super::policy::severity::Severity;
use super::time::{Millis, Span};

/// An action that a person looks at, and everything that happened to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What became a case; never changes, but for [`Case::forget`].
    pub facts: Facts,
    /// How far it has come.
    pub progress: Progress,
}

/// Whether people look before an action runs, or after.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Oversight {
    /// It is held until they decide.
    Before,
    /// It ran; this case is an audit.
    After {
        /// The chance that such an action is audited, above 0 and at most 1: every estimate divides by it.
        probability: f64,
    },
}

impl Oversight {
    /// The chance that a person looks at such an action, above 0 and at most 1.
    pub fn probability(self) -> f64 {
        match self {
            Self::Before => 1.0,
            Self::After { probability } => probability,
        }
    }

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After { .. } => "after",
        }
    }
}

/// What became a case, and the rules that were in force then.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// Its id.
    pub id: String,
    /// The key that proposed it.
    pub app: String,
    /// The person behind that key: may not decide it.
    pub proposer: String,
    /// Before or after.
    pub oversight: Oversight,
    /// The action's kind.
    pub kind: String,
    /// Whether it cannot be undone.
    pub irreversible: bool,
    /// The kind that makes a wrong one good.
    pub undone_by: Option<String>,
    /// The overturned action that this one makes good.
    pub raised_by: Option<String>,
    /// For whom a permit is made out; none: for the deployment itself.
    pub audience: Option<String>,
    /// Where it came through the proxy: what it is known by when it comes again.
    pub proxied: Option<Proxied>,
    /// Scheme and host under which the app knows this deployment, for links in notifications.
    pub origin: String,
    /// What the proposer wants to run.
    pub content: Content,
    /// The JSON Schema of its arguments, where the request to the AI carried one: types the fields of an edit.
    pub schema: Option<Json>,
    /// The reasons to choose from.
    pub reasons: Vec<String>,
    /// When it became a case.
    pub created: Millis,
    /// When it is over undecided.
    pub expires: Millis,
    /// How long a lease lasts.
    pub lease: Span,
    /// How long a decision can be taken back.
    pub undo: Span,
    /// How long an approval can be used, from its release.
    pub valid: Span,
    /// How long arguments and context are kept once the case is closed.
    pub keep: Span,
}

/// What a person decides about: replaced as a whole by an edit.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// Its severity.
    pub severity: Severity,
    /// The verdict, in its public form.
    pub verdict: Json,
    /// How many different people have to approve.
    pub approvals: u32,
    /// The action itself; `None` once it was deleted.
    pub shown: Option<Shown>,
}

/// The part of a case that holds arguments and context, and is deleted in the end.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// What the reviewer reads first.
    pub title: String,
    /// The digest that a decision has to name.
    pub digest: Digest,
    /// The whole action, for the reviewer and for the app.
    pub action: Json,
    /// Hides the digest in the ledger, so that it does not give away small arguments.
    pub salt: String,
}

impl Shown {
    /// The hash that stands in the ledger: of salt and digest.
    pub fn commitment(&self) -> Digest {
        Digest::of(format!("{}{}", self.salt, self.digest).as_bytes())
    }
}

/// How far a case has come, as stored. What the clock adds is in [`Case::status`].
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// Nobody decided yet; it may not run.
    Held,
    /// Decided before it ran, and released from `release_at` on.
    Decided {
        /// The decision that ended it.
        decision: Decision,
        /// Until then it can be taken back.
        release_at: Millis,
        /// What stood there before, where the decision was an edit and the action had been edited already.
        before: Option<Box<Content>>,
    },
    /// The deadline came first.
    Expired,
    /// The app took it back.
    Withdrawn,
    /// It ran, and nobody has looked yet.
    ToAudit,
    /// It ran, and a person has looked.
    Audited {
        /// What they found.
        decision: Decision,
        /// Until then it can be taken back.
        release_at: Millis,
    },
    /// It ran, and nobody looked in time.
    Unaudited,
    /// It lives on at another desk.
    Moved {
        /// Which.
        desk: String,
    },
}

impl State {
    /// Where a case begins.
    fn open(oversight: Oversight) -> Self {
        match oversight {
            Oversight::Before => Self::Held,
            Oversight::After { .. } => Self::ToAudit,
        }
    }

    /// Whether a person can still decide, as far as is stored.
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Held | Self::ToAudit)
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
    /// One of the kind's reasons; always there where the answer is a rejection or an overturn.
    pub reason: Option<String>,
    /// The error category.
    pub category: Option<String>,
    /// In the person's own words.
    pub note: Option<String>,
    /// What should have been, in an overturn.
    pub args: Option<Object>,
    /// How long the person saw the case, in milliseconds.
    pub seen_ms: Option<i64>,
}

/// What a person answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It may run.
    Approve,
    /// It may run with other arguments.
    Edit,
    /// It may not run.
    Reject,
    /// It was right to run.
    Confirm,
    /// It was wrong to run.
    Overturn,
}

impl Answer {
    /// Every answer.
    pub const ALL: [Self; 5] = [Self::Approve, Self::Edit, Self::Reject, Self::Confirm, Self::Overturn];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Edit => "edit",
            Self::Reject => "reject",
            Self::Confirm => "confirm",
            Self::Overturn => "overturn",
        }
    }

    /// The answer of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|answer| answer.as_str() == text)
    }

    /// Whether it needs one of the kind's reasons.
    pub fn needs_reason(self) -> bool {
        matches!(self, Self::Reject | Self::Overturn)
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

/// One person's look at a case: a decision, whether or not it ended it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LookedAt {
    /// Who.
    pub person: String,
    /// When they decided.
    pub at: Millis,
    /// How long they saw it, in milliseconds, where that is known.
    pub seen_ms: Option<i64>,
    /// Whether they let it be as it was.
    pub approved: bool,
}

/// What became of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It ran.
    Done,
    /// It did not.
    Failed,
}

impl Outcome {
    /// Every outcome.
    pub const ALL: [Self; 2] = [Self::Done, Self::Failed];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The outcome of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == text)
    }
}

/// What is known of a run: used once, reported once. The same for a case and for what proceeded without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Run {
    /// When the release was used: taken away by the proxy, redeemed, or reported.
    pub used: Option<Millis>,
    /// What became of it: as the app says, or as the upstream answered what Holdpoint forwarded.
    pub outcome: Option<Outcome>,
    /// Where Holdpoint forwards it itself.
    pub sent: Option<Sent>,
}

/// An action that Holdpoint forwards itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Until when an answer counts.
    pub until: Millis,
    /// Whether it is noted that none came.
    pub lost: bool,
}

impl Run {
    /// Uses the release, once.
    pub fn take(&mut self, now: Millis) -> Result<(), Refusal> {
        if self.used.is_some() {
            return Err(Refusal::Used);
        }
        self.used = Some(now);
        Ok(())
    }

    /// Uses the release to forward it, once.
    pub fn start(&mut self, now: Millis, until: Millis) -> Result<(), Refusal> {
        self.take(now)?;
        self.sent = Some(Sent { until, lost: false });
        Ok(())
    }

    /// Notes what became of it; what was reported was used. True where that is news.
    pub fn report(&mut self, now: Millis, outcome: Outcome) -> Result<bool, Refusal> {
        match self.outcome {
            Some(known) if known != outcome => Err(Refusal::Reported),
            Some(_) => Ok(false),
            None => {
                self.outcome = Some(outcome);
                self.used = self.used.or(Some(now));
                Ok(true)
            }
        }
    }
}

/// What changes in a case.
#[derive(Debug, Clone, PartialEq)]
pub struct Progress {
    /// How far it has come.
    pub state: State,
    /// What an edit put in the place of the proposed content.
    pub revision: Option<Content>,
    /// Who wrote its arguments without ending it: they do not approve it any more.
    pub editors: Vec<String>,
    /// Approvals so far, of the content as it stands.
    pub votes: Vec<Vote>,
    /// Every decision that was not taken back, also those that an edit has put aside.
    pub looks: Vec<LookedAt>,
    /// Who looks at it. A courtesy between reviewers: safety rests on digest and state.
    pub lease: Option<Lease>,
    /// The connection through the proxy that waits for it: the newest. An approval that nobody waits for belongs
    /// to whoever joins next.
    pub connection: Option<Connection>,
    /// What is known of its run.
    pub run: Run,
    /// The action that makes this one good.
    pub undo: Option<String>,
    /// How many notifications of it have been numbered.
    pub told: i64,
    /// How often it was handed to another desk: tells a late message from a new one.
    pub moves: i64,
}

impl Progress {
    fn new(state: State) -> Self {
        Self {
            state,
            revision: None,
            editors: Vec::new(),
            votes: Vec::new(),
            looks: Vec::new(),
            lease: None,
            connection: None,
            run: Run::default(),
            undo: None,
            told: 0,
            moves: 0,
        }
    }

    /// The lease, while it is live.
    pub fn live_lease(&self, now: Millis) -> Option<&Lease> {
        self.lease.as_ref().filter(|lease| lease.until > now && self.state.is_open())
    }

    /// Whether a person approved it already.
    pub fn has_vote_of(&self, person: &str) -> bool {
        self.votes.iter().any(|vote| vote.person == person)
    }

    /// Whether it is undecided and free for a person to look at: not voted on or edited by them, and nobody
    /// else is at it.
    pub fn is_free_for(&self, person: &str, now: Millis) -> bool {
        self.state.is_open()
            && !self.has_vote_of(person)
            && !self.editors.iter().any(|editor| editor == person)
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

impl Content {
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
    /// A new case: held, or to be audited.
    pub fn new(facts: Facts) -> Self {
        let progress = Progress::new(State::open(facts.oversight));
        Self { facts, progress }
    }

    /// What a decision is about now: as proposed, or as last edited.
    pub fn content(&self) -> &Content {
        self.progress.revision.as_ref().unwrap_or(&self.facts.content)
    }

    /// Roughly how many bytes its action has as text.
    pub fn size(&self) -> usize {
        self.content().shown.as_ref().map_or(0, |shown| shown.action.to_string().len())
    }

    /// The decision that ended it.
    pub fn decision(&self) -> Option<&Decision> {
        match &self.progress.state {
            State::Decided { decision, .. } | State::Audited { decision, .. } => Some(decision),
            _ => None,
        }
    }

    /// Until when the decision can be taken back.
    pub fn release_at(&self) -> Option<Millis> {
        match &self.progress.state {
            State::Decided { release_at, .. } | State::Audited { release_at, .. } => Some(*release_at),
            _ => None,
        }
    }

    /// The desk at which it lives on, where it was moved.
    pub fn elsewhere(&self) -> Option<&str> {
        match &self.progress.state {
            State::Moved { desk } => Some(desk),
            _ => None,
        }
    }

    /// The case as another desk gets it: open, and nobody looks at it.
    #[must_use]
    pub fn handed_over(mut self) -> Self {
        self.progress.lease = None;
        self.progress.state = State::open(self.facts.oversight);
        self
    }

    /// Whether an action can be raised that makes this one good.
    pub fn can_be_undone(&self) -> bool {
        self.facts.undone_by.is_some() && !self.facts.irreversible
    }

    /// When arguments and context are to be deleted; `None` while the case is open, or where that is done.
    pub fn forget_at(&self, now: Millis) -> Option<Millis> {
        self.facts.content.shown.as_ref()?;
        let closed = match &self.progress.state {
            State::Held | State::ToAudit => return None,
            State::Decided { release_at, .. } => release_at.after(self.facts.valid),
            State::Audited { release_at, .. } => *release_at,
            State::Withdrawn => now,
            State::Expired | State::Unaudited => self.facts.expires,
            // It may come back as long as it can be decided.
            State::Moved { .. } => self.facts.expires.after(self.facts.undo).max(now),
        };
        Some(closed.after(self.facts.keep))
    }

    /// Whether arguments and context were deleted.
    pub fn is_forgotten(&self) -> bool {
        self.facts.content.shown.is_none()
    }

    /// Deletes arguments, context and whatever was written about them in free words. Status, reasons and
    /// categories stay; the ledger keeps the salted hash, to which the salt is gone.
    pub fn forget(&mut self) {
        self.facts.content.shown = None;
        self.facts.proxied = None;
        self.facts.schema = None;
        if let Some(revision) = &mut self.progress.revision {
            revision.shown = None;
        }
        match &mut self.progress.state {
            State::Decided { decision, before, .. } => {
                (decision.note, decision.args, *before) = (None, None, None);
            }
            State::Audited { decision, .. } => (decision.note, decision.args) = (None, None),
            _ => {}
        }
    }
}
