//! What can be asked of a case, what then happened to it, and why not.

use super::machine::Act;
use super::{Answer, Connection, Content, Decision, Outcome};
use crate::core::canonical::Digest;
use crate::core::time::Millis;

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
        /// What an edit puts there, gated already; present exactly in an edit.
        edited: Option<Box<Content>>,
    },
    /// Take one's decision back.
    Undo {
        /// Who.
        person: String,
    },
    /// The app takes its action back.
    Withdraw,
    /// A connection through the proxy waits for this case, and is the newest to do so.
    Join {
        /// The connection.
        connection: Connection,
    },
    /// A connection that waited has gone. What was approved is free for the next.
    Leave {
        /// Its name.
        connection: String,
    },
    /// Take the approved action away to run it, once.
    Take {
        /// The name of the connection that takes it: the newest that waits, where there are any.
        connection: Option<String>,
    },
    /// Take the approved action away to forward it, once: the intent, stored before anything is sent.
    Start {
        /// The name of the connection in which it is forwarded: the newest that waits.
        connection: String,
        /// Until when an answer counts.
        until: Millis,
    },
    /// Note how what was forwarded was answered.
    Finish {
        /// What the upstream said.
        outcome: Outcome,
    },
    /// The upstream asks for something before it does what was forwarded: the release is free for the next attempt.
    Defer,
    /// Say what became of what was forwarded and never answered for certain.
    Settle {
        /// Who.
        person: String,
        /// What they found.
        outcome: Outcome,
    },
    /// Redeem the permit, once.
    Redeem,
    /// Say what became of it.
    Report {
        /// What.
        outcome: Outcome,
    },
    /// Hand it to another desk.
    Move {
        /// Who.
        person: String,
        /// Where to.
        desk: String,
    },
    /// Note the action that makes this one good.
    Raised {
        /// Its id.
        id: String,
    },
}

impl Command {
    /// The column of the table that says where it may be done.
    pub fn act(&self) -> Act {
        match self {
            Self::Expire => Act::Expire,
            Self::Lease { .. } => Act::Lease,
            Self::GiveBack { .. } => Act::GiveBack,
            Self::Decide { decision, .. } => match decision.answer {
                Answer::Approve => Act::Approve,
                Answer::Edit => Act::Edit,
                Answer::Reject => Act::Reject,
                Answer::Confirm => Act::Confirm,
                Answer::Overturn => Act::Overturn,
            },
            Self::Undo { .. } => Act::Undo,
            Self::Withdraw => Act::Withdraw,
            Self::Join { .. } | Self::Leave { .. } => Act::Join,
            Self::Take { .. } => Act::Take,
            Self::Start { .. } => Act::Start,
            Self::Finish { .. } => Act::Finish,
            Self::Defer => Act::Defer,
            Self::Settle { .. } => Act::Settle,
            Self::Redeem => Act::Redeem,
            Self::Report { .. } => Act::Report,
            Self::Move { .. } => Act::Move,
            Self::Raised { .. } => Act::Raise,
        }
    }
}

/// What happened to a case: one ledger entry each.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// It was held.
    Held,
    /// It ran, and was drawn to be audited.
    Sampled,
    /// It came from this desk.
    Received(String),
    /// A person approved, and more have to.
    Voted(Decision),
    /// A person edited it, and others have to approve.
    Edited(Decision),
    /// It was decided, before it ran or after.
    Decided(Decision),
    /// A decision was taken back by this person.
    Undone(String),
    /// Its deadline passed undecided.
    Expired,
    /// Its audit was not done in time.
    Unaudited,
    /// A decision after the deadline. It lets nothing run.
    TooLate(Decision),
    /// The app took it back.
    Withdrawn,
    /// The approved action was taken away to run it.
    Taken,
    /// It is about to be forwarded.
    Started,
    /// What was forwarded was answered.
    Finished(Outcome),
    /// The upstream asked for something first: it did nothing.
    Deferred,
    /// What was forwarded was not answered in time: nobody knows whether it happened.
    Lost,
    /// A person said what became of it.
    Settled {
        /// Who.
        by: String,
        /// What.
        outcome: Outcome,
    },
    /// Its permit was redeemed.
    Redeemed,
    /// The app said what became of it.
    Reported(Outcome),
    /// A person handed it to another desk.
    Moved {
        /// Who.
        by: String,
        /// Where to.
        desk: String,
    },
    /// The action that makes it good was raised.
    Raised(String),
    /// Arguments and context were deleted.
    Forgotten,
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
    /// A held case is approved, edited or rejected; an audit is confirmed or overturned.
    #[error(
        "this answer is not one of this case's: before it runs approve, edit or reject, after it confirm or overturn"
    )]
    Answer,
    /// The digest is not that of the case.
    #[error("the digest is not that of the case")]
    Digest,
    /// Another person's lease is live, or the named one is not.
    #[error("somebody else is looking at the case, or your lease on it has ended")]
    Lease,
    /// The person's own action.
    #[error("nobody decides their own action")]
    OwnAction,
    /// The person wrote what stands there now.
    #[error("you edited this action; another person has to approve it")]
    OwnEdit,
    /// One person counts once.
    #[error("you have approved this case already; another person has to")]
    VotedAlready,
    /// A rejection without one of the kind's reasons.
    #[error("choose one of the case's reasons")]
    Reason,
    /// Only who decided takes back.
    #[error("only the person who decided can take it back")]
    NotYours,
    /// A release is used once.
    #[error("it was used already, and a release is used once")]
    Used,
    /// An outcome is reported once.
    #[error("another outcome was reported already")]
    Reported,
    /// It lives on at another desk.
    #[error("the case was moved to another desk")]
    Moved,
    /// The same request came again, and the release is for the one that came last.
    #[error("a newer connection waits for this case")]
    NewerConnection,
}

impl Refusal {
    /// Every refusal.
    pub const ALL: [Self; 14] = [
        Self::NotOpen,
        Self::TooLate,
        Self::Answer,
        Self::Digest,
        Self::Lease,
        Self::OwnAction,
        Self::OwnEdit,
        Self::VotedAlready,
        Self::Reason,
        Self::NotYours,
        Self::Used,
        Self::Reported,
        Self::Moved,
        Self::NewerConnection,
    ];

    /// The word for it in answers: what a program tells refusals apart by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotOpen => "not_open",
            Self::TooLate => "too_late",
            Self::Answer => "answer",
            Self::Digest => "digest",
            Self::Lease => "lease",
            Self::OwnAction => "own_action",
            Self::OwnEdit => "own_edit",
            Self::VotedAlready => "voted_already",
            Self::Reason => "reason",
            Self::NotYours => "not_yours",
            Self::Used => "used",
            Self::Reported => "reported",
            Self::Moved => "moved",
            Self::NewerConnection => "newer_connection",
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
