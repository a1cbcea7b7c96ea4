//! What several people said of one case, each without knowing of the others: the first measure of how often a
//! person's answer stands.

use super::{Answer, Case, State};
use crate::core::time::Millis;

/// An approval that was not the last word, and whether whoever spoke after it agreed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opinion<'c> {
    /// Who approved.
    pub person: &'c str,
    /// Whether the person after them agreed; `None`: nobody has answered yet.
    pub agreed: Option<bool>,
    /// When that was known.
    pub at: Millis,
}

impl Case {
    /// The approvals as they stand, but for the last word: nobody has answered that. An approval that another's
    /// edit has put aside is not among them any more.
    pub fn opinions(&self) -> Vec<Opinion<'_>> {
        let last = match &self.progress.state {
            State::Held => None,
            State::Decided { decision, .. } => Some(decision),
            _ => return Vec::new(),
        };
        let first = self.progress.votes.iter().filter(|vote| last.is_none_or(|last| last.by != vote.person));
        let opinion = |vote: &'_ super::Vote| match last {
            Some(last) => (Some(matches!(last.answer, Answer::Approve | Answer::Edit)), last.at),
            None => (None, vote.at),
        };
        first
            .map(|vote| {
                let (agreed, at) = opinion(vote);
                Opinion { person: &vote.person, agreed, at }
            })
            .collect()
    }
}
