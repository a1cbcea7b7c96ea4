//! What several people said of one case, each without knowing of the others: the first measure of how often a
//! person's answer stands.

use super::{Answer, Case, State};

impl Case {
    /// Of everybody whose answer was followed by another person's: whether that agreed. Nobody is judged by a
    /// rejection of their own, because nobody answered after it.
    pub fn opinions(&self) -> Vec<(&str, bool)> {
        let State::Decided { decision, .. } = &self.progress.state else { return Vec::new() };
        let votes = &self.progress.votes;
        let others = || votes.iter().map(|vote| vote.person.as_str()).filter(|person| *person != decision.by);
        match decision.answer {
            Answer::Approve if others().next().is_some() => {
                others().chain([decision.by.as_str()]).map(|person| (person, true)).collect()
            }
            Answer::Reject => others().map(|person| (person, false)).collect(),
            _ => Vec::new(),
        }
    }
}
