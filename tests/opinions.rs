//! What several people said of one case: whose approval was answered, and how.

mod support;

use holdpoint::core::case::{Answer, Case, Decision, State, Vote};
use holdpoint::core::time::Millis;

fn decided(by: &str, answer: Answer) -> State {
    let (reason, category, note, args, seen_ms) = (None, None, None, None, None);
    let decision =
        Decision { answer, by: by.to_owned(), at: Millis(5), reason, category, note, args, seen_ms };
    State::Decided { decision, release_at: Millis(6), before: None }
}

#[test]
fn only_an_approval_that_somebody_answered_met_an_opinion() {
    for (votes, state, expected) in [
        (&["ana"][..], None, vec![("ana", None)]),
        (&["ana"], Some(decided("ben", Answer::Approve)), vec![("ana", Some(true))]),
        (&["ana", "ben"], Some(decided("ben", Answer::Approve)), vec![("ana", Some(true))]),
        (
            &["ana", "ben"],
            Some(decided("cleo", Answer::Reject)),
            vec![("ana", Some(false)), ("ben", Some(false))],
        ),
        (&[], Some(decided("ben", Answer::Reject)), vec![]),
        (&["ana"], Some(State::Expired), vec![]),
    ] {
        let mut case = Case::new(support::before(3));
        case.progress.votes =
            votes.iter().map(|person| Vote { person: (*person).to_owned(), at: Millis(1) }).collect();
        case.progress.state = state.unwrap_or(State::Held);
        let opinions = case.opinions();
        let found: Vec<_> = opinions.iter().map(|opinion| (opinion.person, opinion.agreed)).collect();
        assert_eq!(found, expected, "{votes:?}");
        assert!(opinions.iter().all(|opinion| opinion.agreed.is_none() || opinion.at == Millis(5)));
    }
}

#[test]
fn what_was_approved_counts_from_its_release_while_its_arguments_are_there() {
    for (state, expected) in [
        (State::Held, None),
        (decided("ana", Answer::Approve), Some(Millis(6))),
        (decided("ana", Answer::Edit), Some(Millis(6))),
        (decided("ana", Answer::Reject), None),
        (State::Withdrawn, None),
    ] {
        let mut case = Case::new(support::before(1));
        case.progress.state = state;
        assert_eq!(case.approved_at(), expected);
        case.forget();
        assert_eq!(case.approved_at(), None, "what is forgotten is compared with nothing");
    }
}

#[test]
fn a_case_is_found_by_all_of_the_words_and_by_what_it_was_before_an_edit() {
    let case = Case::new(support::before(1));
    let shown = case.facts.content.shown.clone().unwrap();
    assert!(case.mentions(&case.facts.id));
    assert!(case.mentions(&case.facts.kind.to_uppercase()));
    assert!(case.mentions(&format!("{} {}", case.facts.kind, shown.title)));
    assert!(case.mentions(""), "no word is missing");
    assert!(!case.mentions(&format!("{} nowhere", case.facts.kind)));
}
