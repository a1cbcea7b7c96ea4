//! The life of a case, against a model of what may happen: random commands at random times.

#![expect(clippy::arithmetic_side_effects, reason = "a test fails by panicking")]

use holdpoint::core::canonical::Digest;
use holdpoint::core::case::{
    Answer, Case, Command, Decision, Event, Facts, Refusal, State, Status, Viewer, step,
};
use holdpoint::core::json::Json;
use holdpoint::core::ledger::{self, Head};
use holdpoint::core::policy::severity::Severity;
use holdpoint::core::time::{Millis, Span};
use holdpoint::wire::record;
use proptest::prelude::*;

const PERSONS: [&str; 4] = ["first", "second", "third", "proposer"];
const START: i64 = 1_795_363_200_000;

fn facts(approvals: u32) -> Facts {
    Facts {
        id: "hp_x".into(),
        app: "key_app".into(),
        proposer: "proposer".into(),
        kind: "refund".into(),
        severity: Severity::High,
        title: "Refund".into(),
        irreversible: false,
        digest: Digest::of(b"right"),
        action: Json::object([("kind", "refund".into()), ("args", Json::object([]))]),
        verdict: Json::object([]),
        reasons: vec!["wrong".into(), "other".into()],
        approvals,
        salt: "salt".into(),
        created: Millis(START),
        expires: Millis(START + 60_000),
        lease: Span::seconds(10),
        undo: Span::seconds(4),
        valid: Span::seconds(30),
    }
}

fn decision(answer: Answer, by: &str, reason: Option<&str>) -> Decision {
    Decision {
        answer,
        by: by.into(),
        at: Millis(0),
        reason: reason.map(str::to_owned),
        category: None,
        note: None,
        seen_ms: None,
    }
}

fn commands() -> impl Strategy<Value = Vec<(i64, Command)>> {
    let person = proptest::sample::select(PERSONS.to_vec());
    let lease = proptest::option::of(proptest::sample::select(vec!["lease-1", "lease-2"]));
    let command = (person, lease, any::<bool>(), 0_u8..9).prop_map(|(person, lease, right, what)| {
        let digest = Digest::of(if right { b"right" } else { b"wrong" });
        let lease = lease.map(str::to_owned);
        match what {
            0 => Command::Expire,
            1 => Command::Lease { person: person.into(), token: lease.unwrap_or("lease-3".into()) },
            2 => Command::GiveBack { person: person.into() },
            3..=5 => Command::Decide {
                decision: decision(Answer::Approve, person, None),
                digest: Digest::of(b"right"),
                lease: None,
            },
            6 => Command::Decide {
                decision: decision(Answer::Reject, person, right.then_some("other")),
                digest,
                lease,
            },
            7 => Command::Undo { person: person.into() },
            _ => Command::Take,
        }
    });
    proptest::collection::vec((0_i64..9_000, command), 1..40)
}

proptest! {
    #[test]
    fn whatever_is_asked_only_people_in_time_let_it_run(approvals in 1_u32..=3, commands in commands()) {
        let mut case = Case::hold(facts(approvals));
        let (mut now, mut taken, mut head) = (Millis(START), 0, Head::empty());
        let mut texts = Vec::new();
        for (pause, command) in commands {
            now = Millis(now.0 + pause);
            let before = case.clone();
            let was_final = before.status(now, Viewer::App) != Status::Held;
            let result = step(&mut case, now, command.clone());
            let events = match &result {
                Ok(done) => done.events.clone(),
                Err(_) => Vec::new(),
            };
            if result.is_err() {
                prop_assert_eq!(&case, &before, "a refusal changes nothing");
            }
            for event in &events {
                let entry = ledger::append_event(head, now, &case, event);
                head = entry.head;
                texts.push(entry.text);
                match event {
                    Event::Decided(decision) => {
                        prop_assert!(now < case.facts.expires, "decided in time");
                        prop_assert_ne!(decision.by.as_str(), "proposer");
                        if decision.answer == Answer::Approve {
                            let mut persons: Vec<&str> = case.progress.votes.iter().map(|vote| vote.person.as_str()).collect();
                            persons.sort_unstable();
                            persons.dedup();
                            prop_assert_eq!(persons.len(), usize::try_from(approvals).unwrap());
                        }
                    }
                    Event::Taken => {
                        taken += 1;
                        prop_assert_eq!(before.status(now, Viewer::App), Status::Approved);
                    }
                    _ => {}
                }
            }
            // Once the app has seen an end, only time (a lapse) or the run itself changes it.
            let after = case.status(now, Viewer::App);
            if was_final {
                prop_assert_eq!(after, before.status(now, Viewer::App));
            }
            if after == Status::Approved {
                let released = case.release_at().is_some_and(|at| at <= now);
                prop_assert!(released && !matches!(case.progress.state, State::Expired));
            }
            if matches!(command, Command::Expire) && matches!(before.progress.state, State::Decided { .. }) {
                prop_assert_eq!(&case, &before, "a clock decides nothing");
            }
            let written = record::progress_to_json(&case.progress);
            prop_assert_eq!(record::progress_from_json(&written), Some(case.progress.clone()), "it is stored as it is");
        }
        prop_assert!(taken <= 1, "a release is used once");
        let verified = ledger::verify(texts.iter().map(String::as_str)).unwrap();
        prop_assert_eq!((verified.seq, verified.hash), (head.seq, head.hash));
    }
}

#[test]
fn a_late_decision_is_kept_and_lets_nothing_run() {
    let mut case = Case::hold(facts(1));
    let late = Millis(START + 60_000);
    let approve = Command::Decide {
        decision: decision(Answer::Approve, "first", None),
        digest: Digest::of(b"right"),
        lease: None,
    };
    let done = step(&mut case, late, approve).unwrap();
    assert_eq!(done.refusal, Some(Refusal::TooLate));
    assert!(matches!(done.events.as_slice(), [Event::Expired, Event::TooLate(_)]));
    assert_eq!(case.status(late, Viewer::Desk), Status::Expired);
}

#[test]
fn facts_are_stored_as_they_are() {
    let facts = facts(2);
    assert_eq!(record::facts_from_json(&record::facts_to_json(&facts)), Some(facts));
}

#[test]
fn the_ledger_names_no_arguments() {
    let mut facts = facts(1);
    facts.action = Json::object([("args", Json::object([("iban", "DE89-canary".into())]))]);
    let case = Case::hold(facts);
    let entry = ledger::append_event(Head::empty(), Millis(START), &case, &Event::Held);
    assert!(!entry.text.contains("canary"));
    assert!(
        !entry.text.contains(&case.facts.digest.to_hex()),
        "a plain digest would give small arguments away"
    );
}
