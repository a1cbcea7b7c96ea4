//! What a case is at an instant, and for whom.

use super::machine::Stage;
use super::{Answer, Case, Decision, Outcome, Oversight, Run, State};
use crate::core::time::{Millis, Span};

/// The public word for how a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It ran without asking, and whether it is audited is not told.
    Proceed,
    /// Waits for a person, or for the end of an undo window.
    Held,
    /// A person let it run.
    Approved,
    /// A person let it run with other arguments.
    Edited,
    /// A person did not let it run.
    Rejected,
    /// Nobody decided in time.
    Expired,
    /// The app took it back.
    Withdrawn,
    /// Approved, and on its way to the upstream.
    Running,
    /// Forwarded, and done.
    Done,
    /// Forwarded, and not done.
    Failed,
    /// Forwarded, and nobody knows what became of it.
    Unknown,
    /// Approved, and not used in time.
    Lapsed,
    /// It ran; a person is to look.
    ToAudit,
    /// A person found it right.
    Confirmed,
    /// A person found it wrong.
    Overturned,
    /// Nobody looked in time.
    Unaudited,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 16] = [
        Self::Proceed,
        Self::Held,
        Self::Approved,
        Self::Edited,
        Self::Rejected,
        Self::Expired,
        Self::Withdrawn,
        Self::Running,
        Self::Done,
        Self::Failed,
        Self::Unknown,
        Self::Lapsed,
        Self::ToAudit,
        Self::Confirmed,
        Self::Overturned,
        Self::Unaudited,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proceed => "proceed",
            Self::Held => "held",
            Self::Approved => "approved",
            Self::Edited => "edited",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
            Self::Lapsed => "lapsed",
            Self::ToAudit => "to_audit",
            Self::Confirmed => "confirmed",
            Self::Overturned => "overturned",
            Self::Unaudited => "unaudited",
        }
    }

    /// The status of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// Who looks at a status: an app does not see a decision before its release, nor whether it is audited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    /// The app that proposed it, and whatever acts for it.
    App,
    /// People of the desk.
    Desk,
}

impl Case {
    /// Where the case stands in [`super::machine::TABLE`] now.
    pub fn stage(&self, now: Millis) -> Stage {
        stage(&self.progress.state, self.progress.run, self.facts.expires, self.facts.valid, now)
    }

    /// What the case is now.
    pub fn status(&self, now: Millis, viewer: Viewer) -> Status {
        let edited = self.progress.revision.is_some();
        match (self.facts.oversight, viewer) {
            (Oversight::After { .. }, Viewer::App) => Status::Proceed,
            _ => self.stage(now).status(edited, viewer),
        }
    }

    /// Whether the app may run it: it proceeded, or it was approved, is released, in time, and was not used.
    pub fn may_run(&self, now: Millis) -> bool {
        match self.facts.oversight {
            Oversight::After { .. } => true,
            Oversight::Before => self.stage(now) == Stage::Approved,
        }
    }

    /// Until when an answer to what was forwarded counts; `None` where there is one, or where it is noted that none came.
    pub fn sent_until(&self) -> Option<Millis> {
        let run = &self.progress.run;
        run.sent.filter(|sent| run.outcome.is_none() && !sent.lost).map(|sent| sent.until)
    }

    /// Whether it was forwarded and nobody knows what became of it, yet or at all.
    pub fn is_unsettled(&self) -> bool {
        self.progress.run.sent.is_some() && self.progress.run.outcome.is_none()
    }

    /// When the clock alone will next change the status, as the app sees it.
    pub fn next_change(&self, now: Millis) -> Option<Millis> {
        let at = match &self.progress.state {
            State::Held => self.facts.expires,
            State::Decided { release_at, .. } if now < *release_at => *release_at,
            State::Decided { decision, release_at, .. }
                if decision.answer != Answer::Reject && self.progress.run.used.is_none() =>
            {
                release_at.after(self.facts.valid)
            }
            _ => self.sent_until()?,
        };
        Some(at).filter(|at| *at > now)
    }
}

/// Where a case stands now, by what is stored and by the clock. For an audit `expires` is when it is unaudited.
pub(super) fn stage(state: &State, run: Run, expires: Millis, valid: Span, now: Millis) -> Stage {
    let rejects = |decision: &Decision| decision.answer == Answer::Reject;
    match state {
        State::Held if now >= expires => Stage::Expired,
        State::Held => Stage::Held,
        State::Expired => Stage::Expired,
        State::Withdrawn => Stage::Withdrawn,
        State::Decided { decision, release_at, .. } if now < *release_at => {
            if rejects(decision) {
                Stage::Rejecting
            } else {
                Stage::Approving
            }
        }
        State::Decided { decision, .. } if rejects(decision) => Stage::Rejected,
        State::Decided { .. } if run.used.is_some() => stage_of_run(run, now),
        State::Decided { release_at, .. } if now >= release_at.after(valid) => Stage::Lapsed,
        State::Decided { .. } => Stage::Approved,
        State::ToAudit if now >= expires => Stage::Unaudited,
        State::ToAudit => Stage::ToAudit,
        State::Unaudited => Stage::Unaudited,
        State::Audited { decision, release_at } => match decision.answer {
            Answer::Overturn if now < *release_at => Stage::Overturning,
            Answer::Overturn => Stage::Overturned,
            _ if now < *release_at => Stage::Confirming,
            _ => Stage::Confirmed,
        },
        State::Moved { .. } => Stage::Moved,
    }
}

/// Where what was used stands.
fn stage_of_run(run: Run, now: Millis) -> Stage {
    match (run.sent, run.outcome) {
        (None, _) => Stage::Used,
        (Some(_), Some(Outcome::Done)) => Stage::Done,
        (Some(_), Some(Outcome::Failed)) => Stage::Failed,
        (Some(sent), None) if now < sent.until => Stage::Running,
        (Some(_), None) => Stage::Unknown,
    }
}

impl Stage {
    /// The public word for it.
    pub fn status(self, edited: bool, viewer: Viewer) -> Status {
        let approved = if edited { Status::Edited } else { Status::Approved };
        match (self, viewer) {
            (Self::Approving | Self::Rejecting, Viewer::App) | (Self::Held | Self::Moved, _) => Status::Held,
            (Self::Approving, Viewer::Desk) | (Self::Approved | Self::Used, _) => approved,
            (Self::Rejecting, Viewer::Desk) | (Self::Rejected, _) => Status::Rejected,
            (Self::Running, _) => Status::Running,
            (Self::Done, _) => Status::Done,
            (Self::Failed, _) => Status::Failed,
            (Self::Unknown, _) => Status::Unknown,
            (Self::Lapsed, _) => Status::Lapsed,
            (Self::Expired, _) => Status::Expired,
            (Self::Withdrawn, _) => Status::Withdrawn,
            (Self::ToAudit, _) => Status::ToAudit,
            (Self::Confirming | Self::Confirmed, _) => Status::Confirmed,
            (Self::Overturning | Self::Overturned, _) => Status::Overturned,
            (Self::Unaudited, _) => Status::Unaudited,
        }
    }
}
