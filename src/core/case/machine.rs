//! The case machine as a table: every stage of a case, every command, and what then follows.
//!
//! [`super::step()`] obeys it, the tests walk every cell, and `docs/cases.md` is drawn from it.

use super::Refusal;

/// Where a case stands at an instant: what is stored, with what the clock has made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Waits for a person.
    Held,
    /// Approved or edited, and can still be taken back.
    Approving,
    /// Rejected, and can still be taken back.
    Rejecting,
    /// Approved or edited, released, and not used yet.
    Approved,
    /// Approved or edited, and used.
    Used,
    /// On its way to the upstream: whether it happens is not known yet.
    Running,
    /// The upstream says that it did it.
    Done,
    /// The upstream says that it failed.
    Failed,
    /// Sent, and nobody knows what became of it: never repeated, ended by a person.
    Unknown,
    /// Approved or edited, and not used in time.
    Lapsed,
    /// Rejected for good.
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// The app took it back.
    Withdrawn,
    /// It ran, and waits for a person to look.
    ToAudit,
    /// Found right, and can still be taken back.
    Confirming,
    /// Found wrong, and can still be taken back.
    Overturning,
    /// Found right for good.
    Confirmed,
    /// Found wrong for good.
    Overturned,
    /// Nobody looked in time.
    Unaudited,
    /// It lives on at another desk.
    Moved,
}

/// What is asked of a case; the columns of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// A person looks at it.
    Lease,
    /// A person gives it back.
    GiveBack,
    /// A person answers approve.
    Approve,
    /// A person answers edit.
    Edit,
    /// A person answers reject.
    Reject,
    /// A person answers confirm.
    Confirm,
    /// A person answers overturn.
    Overturn,
    /// A person takes their decision back.
    Undo,
    /// A person hands it to another desk.
    Move,
    /// The app takes it back.
    Withdraw,
    /// A connection through the proxy waits for it.
    Join,
    /// The proxy takes it away to run it.
    Take,
    /// The proxy takes it away to forward it.
    Start,
    /// The upstream answers what was forwarded.
    Finish,
    /// The upstream asks for something before it does it.
    Defer,
    /// A person says what became of what was never answered.
    Settle,
    /// An executor redeems its permit.
    Redeem,
    /// The app says what became of it.
    Report,
    /// The desk notes the action that makes it good.
    Raise,
    /// The desk's alarm asks for what the clock has done.
    Expire,
}

/// What follows from a command in a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// It is done, and the case stands in one of these stages afterwards.
    Leads(&'static [Stage]),
    /// It is done, or was to no purpose; the stage stays.
    Stays,
    /// It is refused and changes nothing.
    Refused(Refusal),
    /// It is refused, and kept in the ledger as having come too late.
    TooLate,
}

/// How many stages and commands there are.
pub const STAGES: usize = 20;
/// See [`STAGES`].
pub const ACTS: usize = 20;

impl Act {
    /// The columns of the table, in its order.
    pub const ALL: [Self; ACTS] = [
        Self::Lease,
        Self::GiveBack,
        Self::Approve,
        Self::Edit,
        Self::Reject,
        Self::Confirm,
        Self::Overturn,
        Self::Undo,
        Self::Move,
        Self::Withdraw,
        Self::Join,
        Self::Take,
        Self::Start,
        Self::Finish,
        Self::Defer,
        Self::Settle,
        Self::Redeem,
        Self::Report,
        Self::Raise,
        Self::Expire,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lease => "lease",
            Self::GiveBack => "give back",
            Self::Approve => "approve",
            Self::Edit => "edit",
            Self::Reject => "reject",
            Self::Confirm => "confirm",
            Self::Overturn => "overturn",
            Self::Undo => "undo",
            Self::Move => "move",
            Self::Withdraw => "withdraw",
            Self::Join => "join",
            Self::Take => "take",
            Self::Start => "start",
            Self::Finish => "finish",
            Self::Defer => "defer",
            Self::Settle => "settle",
            Self::Redeem => "redeem",
            Self::Report => "report",
            Self::Raise => "raise",
            Self::Expire => "expire",
        }
    }
}

impl Stage {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Approving => "approving",
            Self::Rejecting => "rejecting",
            Self::Approved => "approved",
            Self::Used => "used",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Lapsed => "lapsed",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::ToAudit => "to audit",
            Self::Confirming => "confirming",
            Self::Overturning => "overturning",
            Self::Confirmed => "confirmed",
            Self::Overturned => "overturned",
            Self::Unaudited => "unaudited",
            Self::Moved => "moved",
        }
    }
}

const STAY: Rule = Rule::Stays;
const NOPE: Rule = Rule::Refused(Refusal::NotOpen);
const KIND: Rule = Rule::Refused(Refusal::Answer);
const USED: Rule = Rule::Refused(Refusal::Used);
const GONE: Rule = Rule::Refused(Refusal::Moved);
const LATE: Rule = Rule::TooLate;

/// An approval may be one of several; without an undo window a decision is released at once.
const YES: Rule = Rule::Leads(&[Stage::Held, Stage::Approving, Stage::Approved]);
const NO: Rule = Rule::Leads(&[Stage::Rejecting, Stage::Rejected]);
const FINE: Rule = Rule::Leads(&[Stage::Confirming, Stage::Confirmed]);
const BAD: Rule = Rule::Leads(&[Stage::Overturning, Stage::Overturned]);
/// Taken back after the deadline, it is over.
const BACK: Rule = Rule::Leads(&[Stage::Held, Stage::Expired]);
const AGAIN: Rule = Rule::Leads(&[Stage::ToAudit, Stage::Unaudited]);
const OUT: Rule = Rule::Leads(&[Stage::Withdrawn]);
const USE: Rule = Rule::Leads(&[Stage::Used]);
const SEND: Rule = Rule::Leads(&[Stage::Running]);
/// Free again for as long as it would have been.
const FREE: Rule = Rule::Leads(&[Stage::Approved, Stage::Lapsed]);
const OVER: Rule = Rule::Leads(&[Stage::Done, Stage::Failed]);
const AWAY: Rule = Rule::Leads(&[Stage::Moved]);

/// The machine: a row for each stage, a column for each of [`Act::ALL`].
#[rustfmt::skip]
pub const TABLE: [(Stage, [Rule; ACTS]); STAGES] = [
    //                   lease give  appr. edit  reject conf. overt. undo   move  withd join  take  start finish defer settle redeem report raise expire
    (Stage::Held,        [STAY, STAY, YES,  YES,  NO,   KIND, KIND,  NOPE,  AWAY, OUT,  STAY, NOPE, NOPE, NOPE,  NOPE, NOPE,  NOPE,  NOPE,  NOPE, STAY]),
    (Stage::Approving,   [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  BACK,  NOPE, OUT,  STAY, NOPE, NOPE, NOPE,  NOPE, NOPE,  NOPE,  NOPE,  NOPE, STAY]),
    (Stage::Rejecting,   [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  BACK,  NOPE, OUT,  STAY, NOPE, NOPE, NOPE,  NOPE, NOPE,  NOPE,  NOPE,  NOPE, STAY]),
    (Stage::Approved,    [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE,  NOPE, NOPE, STAY, USE,  SEND, NOPE,  NOPE, NOPE,  USE,   USE,   NOPE, STAY]),
    (Stage::Used,        [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE,  NOPE, NOPE, NOPE, USED, USED, NOPE,  NOPE, NOPE,  USED,  STAY,  NOPE, STAY]),
    (Stage::Running,     [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE,  NOPE, NOPE, NOPE, USED, USED, OVER,  FREE, NOPE,  USED,  NOPE,  NOPE, STAY]),
    (Stage::Done,        [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE,  NOPE, NOPE, NOPE, USED, USED, STAY,  NOPE, NOPE,  USED,  STAY,  NOPE, STAY]),
    (Stage::Failed,      [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE,  NOPE, NOPE, NOPE, USED, USED, STAY,  NOPE, NOPE,  USED,  STAY,  NOPE, STAY]),
    (Stage::Unknown,     [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE,  NOPE, NOPE, NOPE, USED, USED, NOPE,  NOPE, OVER,  USED,  NOPE,  NOPE, STAY]),
    (Stage::Lapsed,      [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE,  NOPE, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE, NOPE,  NOPE,  NOPE,  NOPE, STAY]),
    (Stage::Rejected,    [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE,  NOPE, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE, NOPE,  NOPE,  NOPE,  NOPE, STAY]),
    (Stage::Expired,     [NOPE, STAY, LATE, LATE, LATE, KIND, KIND,  NOPE,  NOPE, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE, NOPE,  NOPE,  NOPE,  NOPE, STAY]),
    (Stage::Withdrawn,   [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE,  NOPE, STAY, NOPE, NOPE, NOPE, NOPE,  NOPE, NOPE,  NOPE,  NOPE,  NOPE, STAY]),
    (Stage::ToAudit,     [STAY, STAY, KIND, KIND, KIND, FINE, BAD,   NOPE,  AWAY, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE, NOPE,  STAY,  STAY,  NOPE, STAY]),
    (Stage::Confirming,  [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  AGAIN, NOPE, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE, NOPE,  STAY,  STAY,  NOPE, STAY]),
    (Stage::Overturning, [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  AGAIN, NOPE, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE, NOPE,  STAY,  STAY,  NOPE, STAY]),
    (Stage::Confirmed,   [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE,  NOPE, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE, NOPE,  STAY,  STAY,  NOPE, STAY]),
    (Stage::Overturned,  [NOPE, STAY, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE,  NOPE, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE, NOPE,  NOPE,  STAY,  STAY, STAY]),
    (Stage::Unaudited,   [NOPE, STAY, KIND, KIND, KIND, LATE, LATE,  NOPE,  NOPE, NOPE, NOPE, NOPE, NOPE, NOPE,  NOPE, NOPE,  STAY,  STAY,  NOPE, STAY]),
    (Stage::Moved,       [GONE, GONE, GONE, GONE, GONE, GONE, GONE,  GONE,  GONE, GONE, GONE, GONE, GONE, GONE,  GONE, GONE,  GONE,  GONE,  GONE, STAY]),
];

/// What the clock alone does: from, to, and when. Nothing in it lets anything run that a person has not.
pub const CLOCK: [(Stage, Stage, &str); 8] = [
    (Stage::Held, Stage::Expired, "at `expires`"),
    (Stage::Approving, Stage::Approved, "at `release_at`: a person decided before"),
    (Stage::Rejecting, Stage::Rejected, "at `release_at`"),
    (Stage::Approved, Stage::Lapsed, "`valid` after `release_at`"),
    (
        Stage::Running,
        Stage::Unknown,
        "when no definite answer came in time: 60 s after it was sent, or less where the deployment says so",
    ),
    (Stage::ToAudit, Stage::Unaudited, "`audit_within` after it ran"),
    (Stage::Confirming, Stage::Confirmed, "at `release_at`"),
    (Stage::Overturning, Stage::Overturned, "at `release_at`"),
];

/// The table's cell for a command in a stage.
pub fn rule(stage: Stage, act: Act) -> Rule {
    let row = TABLE.iter().find(|(known, _)| *known == stage).map(|(_, row)| row);
    let column = Act::ALL.iter().position(|known| *known == act);
    row.zip(column).and_then(|(row, column)| row.get(column).copied()).unwrap_or(NOPE)
}
