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

#[cfg(test)]
mod tests {
    use super::super::{Decision, Vote};
    use super::*;
    use crate::core::case::Facts;
    use crate::wire::record;

    fn case(votes: &[&str], last: Option<(&str, Answer)>) -> Case {
        let facts = r#"{"id":"hp_x","app":"a","proposer":"p","probability":null,"kind":"k","irreversible":false,
            "origin":"","content":{"severity":"critical","verdict":{},"approvals":3,"shown":null},"reasons":[],
            "created":0,"expires":9,"lease":1,"undo":1,"valid":1,"keep":1}"#;
        let facts: Facts =
            record::facts_from_json(&crate::core::json::Json::parse(facts.as_bytes()).unwrap()).unwrap();
        let mut case = Case::new(facts);
        case.progress.votes =
            votes.iter().map(|person| Vote { person: (*person).to_owned(), at: Millis(1) }).collect();
        if let Some((by, answer)) = last {
            let (reason, category, note, args, seen_ms) = (None, None, None, None, None);
            let decision =
                Decision { answer, by: by.to_owned(), at: Millis(5), reason, category, note, args, seen_ms };
            case.progress.state = State::Decided { decision, release_at: Millis(6), before: None };
        }
        case
    }

    #[test]
    fn only_who_was_answered_has_an_opinion_that_met_another() {
        for (votes, last, expected) in [
            (&["ana"][..], None, vec![("ana", None)]),
            (&["ana"], Some(("ben", Answer::Approve)), vec![("ana", Some(true))]),
            (&["ana", "ben"], Some(("ben", Answer::Approve)), vec![("ana", Some(true))]),
            (
                &["ana", "ben"],
                Some(("cleo", Answer::Reject)),
                vec![("ana", Some(false)), ("ben", Some(false))],
            ),
            (&[], Some(("ben", Answer::Reject)), vec![]),
        ] {
            let case = case(votes, last);
            let found: Vec<_> =
                case.opinions().iter().map(|opinion| (opinion.person, opinion.agreed)).collect();
            assert_eq!(found, expected, "{votes:?} {last:?}");
        }
    }
}
