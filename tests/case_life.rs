//! The life of a case, against what may never happen: random commands at random times.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use holdpoint::core::case::{
    Answer, Case, Command, Connection, Event, Facts, Outcome, Refusal, State, Status, Viewer, step,
};
use holdpoint::core::json::{Json, Object};
use holdpoint::core::ledger::{self, Head};
use holdpoint::core::outbox;
use holdpoint::core::time::{Millis, Span};
use holdpoint::wire::record;
use proptest::prelude::*;
use support::{START, after, before, content, decision, digest};

const PERSONS: [&str; 4] = ["first", "second", "third", "proposer"];

fn commands() -> impl Strategy<Value = Vec<(i64, Command)>> {
    let person = proptest::sample::select(PERSONS.to_vec());
    let lease = proptest::option::of(proptest::sample::select(vec!["lease-1", "lease-2"]));
    let command = (person, lease, 0_u32..4, 0_u8..27).prop_map(|(person, lease, which, what)| {
        let lease = lease.map(str::to_owned);
        let seen = digest(["proposed", "edit-1", "edit-2", "proposed"][which as usize]);
        let decide = |answer: Answer, reason| Command::Decide {
            decision: decision(answer, person, reason),
            digest: seen,
            lease: None,
            edited: (answer == Answer::Edit)
                .then(|| Box::new(content(&format!("edit-{}", which % 2 + 1), which % 3 + 1))),
        };
        match what {
            0 | 1 => Command::Lease { person: person.into(), token: lease.unwrap_or("lease-3".into()) },
            2 => Command::GiveBack { person: person.into() },
            3..=7 => decide(Answer::Approve, None),
            8 => decide(Answer::Reject, (which > 0).then_some("other")),
            9..=10 => decide(Answer::Edit, None),
            11 => decide(Answer::Confirm, None),
            12 => decide(Answer::Overturn, Some("wrong")),
            13 => Command::Undo { person: person.into() },
            14 => Command::Take { connection: None },
            15 => Command::Redeem,
            16 => Command::Report { outcome: Outcome::ALL[which as usize % 2] },
            17 if which == 0 => Command::Withdraw,
            18 => Command::Raised { id: "hp_undo".into() },
            19 => Command::Join { connection: Connection { name: connection(which), until: soon(which) } },
            20 => Command::Leave { connection: connection(which) },
            21 | 22 => Command::Start { connection: connection(which), until: soon(which) },
            25 => Command::Defer,
            23 => Command::Finish { outcome: Outcome::ALL[which as usize % 2] },
            24 => Command::Settle { person: person.into(), outcome: Outcome::ALL[which as usize % 2] },
            _ => Command::Expire,
        }
    });
    proptest::collection::vec((0_i64..6_000, command), 1..40)
}

fn connection(which: u32) -> String {
    ["one", "other"][which as usize % 2].to_owned()
}

fn soon(which: u32) -> Millis {
    Millis(START + 20_000 * (i64::from(which) + 1))
}

/// What has to hold after each command.
struct Watch {
    used: u32,
    head: Head,
    texts: Vec<String>,
    /// Who edited without ending it, and under which content.
    editors: Vec<String>,
}

impl Watch {
    fn events(&mut self, case: &mut Case, before: &Case, now: Millis, events: &[Event]) {
        for entry in outbox::record(case, self.head, now, events).entries {
            self.head = entry.head;
            self.texts.push(entry.text);
        }
        for event in events {
            match event {
                Event::Edited(decision) => self.editors.push(decision.by.clone()),
                Event::Decided(decision) => {
                    assert!(now < case.facts.expires, "decided in time");
                    assert_ne!(decision.by.as_str(), "proposer");
                    if decision.answer == Answer::Approve {
                        self.approved_by_enough(case);
                    }
                    if decision.answer == Answer::Edit {
                        assert_eq!(
                            case.content().approvals,
                            1,
                            "an edit alone decides only where one approval does"
                        );
                        assert_eq!(case.facts.content.approvals, 1);
                    }
                }
                Event::Finished(_) => assert_eq!(before.status(now, Viewer::App), Status::Running),
                Event::Deferred => {
                    assert_eq!(before.status(now, Viewer::App), Status::Running);
                    self.used -= 1;
                }
                Event::Lost => assert_eq!(case.status(now, Viewer::App), Status::Unknown),
                Event::Settled { by, .. } => {
                    assert_eq!(before.status(now, Viewer::Desk), Status::Unknown);
                    assert_ne!(by.as_str(), "proposer");
                }
                Event::Taken | Event::Redeemed | Event::Started => {
                    self.used += 1;
                    let seen = before.status(now, Viewer::App);
                    assert!(matches!(seen, Status::Approved | Status::Edited | Status::Proceed), "{seen:?}");
                }
                _ => {}
            }
        }
    }

    fn approved_by_enough(&self, case: &Case) {
        let mut persons: Vec<&str> = case.progress.votes.iter().map(|vote| vote.person.as_str()).collect();
        let count = persons.len();
        persons.sort_unstable();
        persons.dedup();
        assert_eq!(persons.len(), count, "nobody counts twice");
        let needed = case.content().approvals.max(case.facts.content.approvals);
        assert!(count >= usize::try_from(needed).unwrap(), "{count} of {needed}");
        for person in persons {
            assert_ne!(person, "proposer");
            assert!(!self.editors.iter().any(|editor| editor == person), "nobody approves their own edit");
        }
    }
}

fn facts() -> impl Strategy<Value = Facts> {
    (1_u32..=3, any::<bool>()).prop_map(
        |(approvals, runs_first)| {
            if runs_first { after(approvals) } else { before(approvals) }
        },
    )
}

proptest! {
    #[test]
    fn whatever_is_asked_only_people_in_time_let_it_run(facts in facts(), commands in commands()) {
        let mut case = Case::new(facts);
        let mut now = Millis(START);
        let mut watch = Watch { used: 0, head: Head::empty(), texts: Vec::new(), editors: Vec::new() };
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
            watch.events(&mut case, &before, now, &events);
            // Once the app has seen an end, only time (a lapse) or the run itself changes it.
            let after = case.status(now, Viewer::App);
            let of_run = |event: &Event| {
                matches!(event, Event::Started | Event::Finished(_) | Event::Deferred | Event::Settled { .. })
            };
            if was_final && !events.iter().any(of_run) {
                prop_assert_eq!(after, before.status(now, Viewer::App));
            }
            if matches!(after, Status::Approved | Status::Edited) {
                let released = case.release_at().is_some_and(|at| at <= now);
                prop_assert!(released && !matches!(case.progress.state, State::Expired));
            }
            if matches!(command, Command::Expire) && before.decision().is_some() {
                let mut noted = before.clone();
                if let Some(sent) = noted.progress.run.sent.as_mut().filter(|_| events == [Event::Lost]) {
                    sent.lost = true;
                }
                prop_assert_eq!(&case, &noted, "a clock decides nothing");
            }
            let written = record::case_to_json(&case);
            prop_assert_eq!(record::case_from_json(&written), Some(case.clone()), "it is stored as it is");
        }
        prop_assert!(watch.used <= 1, "a release is used once");
        let verified = ledger::verify(watch.texts.iter().map(String::as_str), None).unwrap();
        prop_assert_eq!((verified.seq, verified.hash), (watch.head.seq, watch.head.hash));
    }
}

fn decide(answer: Answer, by: &str, of: &str, edited: Option<(&str, u32)>) -> Command {
    Command::Decide {
        decision: decision(answer, by, answer.needs_reason().then_some("other")),
        digest: digest(of),
        lease: None,
        edited: edited.map(|(of, approvals)| Box::new(content(of, approvals))),
    }
}

#[test]
fn a_late_decision_is_kept_and_lets_nothing_run() {
    let mut case = Case::new(before(1));
    let late = Millis(START + 60_000);
    let done = step(&mut case, late, decide(Answer::Approve, "first", "proposed", None)).unwrap();
    assert_eq!(done.refusal, Some(Refusal::TooLate));
    assert!(matches!(done.events.as_slice(), [Event::Expired, Event::TooLate(_)]));
    assert_eq!(case.status(late, Viewer::Desk), Status::Expired);
}

#[test]
fn an_edit_clears_the_votes_and_its_author_has_none() {
    let (mut case, now) = (Case::new(before(2)), Millis(START));
    let mut run = |command| step(&mut case, now, command);
    run(decide(Answer::Approve, "first", "proposed", None)).unwrap();
    run(decide(Answer::Edit, "second", "proposed", Some(("edited", 1)))).unwrap();
    assert_eq!(run(decide(Answer::Approve, "third", "proposed", None)), Err(Refusal::Digest));
    assert_eq!(run(decide(Answer::Approve, "second", "edited", None)), Err(Refusal::OwnEdit));
    // Who voted for what stood there before votes anew.
    run(decide(Answer::Approve, "first", "edited", None)).unwrap();
    run(decide(Answer::Approve, "third", "edited", None)).unwrap();
    let released = Millis(START + 4000);
    assert_eq!(case.status(released, Viewer::App), Status::Edited);
    assert_eq!(case.content().shown.as_ref().map(|shown| shown.digest), Some(digest("edited")));
}

#[test]
fn an_edit_that_needs_more_people_gets_them() {
    let (mut case, now) = (Case::new(before(1)), Millis(START));
    step(&mut case, now, decide(Answer::Edit, "first", "proposed", Some(("larger", 2)))).unwrap();
    assert_eq!(case.status(now, Viewer::Desk), Status::Held, "one person is not enough for this one");
    step(&mut case, now, decide(Answer::Approve, "second", "larger", None)).unwrap();
    assert_eq!(case.status(now, Viewer::Desk), Status::Held);
    step(&mut case, now, decide(Answer::Approve, "third", "larger", None)).unwrap();
    assert_eq!(case.status(now, Viewer::Desk), Status::Edited);
}

#[test]
fn an_edit_that_is_taken_back_leaves_what_stood_there() {
    let (mut case, now) = (Case::new(before(1)), Millis(START));
    step(&mut case, now, decide(Answer::Edit, "first", "proposed", Some(("edited", 1)))).unwrap();
    assert_eq!(case.status(now, Viewer::Desk), Status::Edited);
    step(&mut case, now, Command::Undo { person: "first".into() }).unwrap();
    assert_eq!(case.content(), &case.facts.content);
    step(&mut case, now, decide(Answer::Approve, "first", "proposed", None)).unwrap();
    assert_eq!(case.status(Millis(START + 4000), Viewer::App), Status::Approved);
}

#[test]
fn an_approval_that_is_taken_back_does_not_count() {
    let (mut case, now) = (Case::new(before(2)), Millis(START));
    step(&mut case, now, decide(Answer::Approve, "first", "proposed", None)).unwrap();
    step(&mut case, now, decide(Answer::Approve, "second", "proposed", None)).unwrap();
    step(&mut case, now, Command::Undo { person: "second".into() }).unwrap();
    assert_eq!(case.progress.votes.len(), 1, "the first one's still does");
    step(&mut case, now, decide(Answer::Approve, "second", "proposed", None)).unwrap();
    assert_eq!(case.status(now, Viewer::Desk), Status::Approved);
}

#[test]
fn a_withdrawal_within_the_window_wins() {
    for answer in [Answer::Approve, Answer::Reject] {
        let (mut case, now) = (Case::new(before(1)), Millis(START));
        step(&mut case, now, decide(answer, "first", "proposed", None)).unwrap();
        step(&mut case, Millis(START + 3999), Command::Withdraw).unwrap();
        assert_eq!(case.status(Millis(START + 9000), Viewer::App), Status::Withdrawn);
        assert_eq!(step(&mut case, now, Command::Undo { person: "first".into() }), Err(Refusal::NotOpen));
    }
}

#[test]
fn what_is_deleted_leaves_no_arguments_behind() {
    let mut facts = before(1);
    facts.keep = Span::seconds(100);
    let (mut case, now) = (Case::new(facts), Millis(START));
    assert_eq!(case.forget_at(now), None, "an open case keeps everything");
    step(&mut case, now, decide(Answer::Edit, "first", "proposed", Some(("canary", 1)))).unwrap();
    // Undo 4 s, valid 30 s, keep 100 s.
    assert_eq!(case.forget_at(now), Some(Millis(START + 134_000)));
    case.forget();
    assert!(!record::case_to_json(&case).to_string().contains("canary"));
    assert_eq!(case.forget_at(now), None);
    assert_eq!(record::case_from_json(&record::case_to_json(&case)), Some(case));
}

#[test]
fn an_overturn_keeps_what_should_have_been() {
    let mut case = Case::new(after(1));
    let mut command = decide(Answer::Overturn, "first", "proposed", None);
    if let Command::Decide { decision, .. } = &mut command {
        let mut args = Object::new();
        args.set("amount", 5_i64);
        decision.args = Some(args);
    }
    step(&mut case, Millis(START), command).unwrap();
    let args = case.decision().and_then(|decision| decision.args.clone()).unwrap();
    assert_eq!(Json::from(args).to_string(), r#"{"amount":5}"#);
    assert_eq!(case.status(Millis(START), Viewer::Desk), Status::Overturned);
    assert_eq!(case.status(Millis(START), Viewer::App), Status::Proceed);
}

#[test]
fn the_ledger_names_no_arguments() {
    let mut facts = before(1);
    if let Some(shown) = &mut facts.content.shown {
        shown.action = Json::object([("args", Json::object([("iban", "DE89-canary".into())]))]);
    }
    let case = Case::new(facts);
    let entry = ledger::append_event(Head::empty(), Millis(START), &case, &Event::Held);
    assert!(!entry.text.contains("canary"));
    assert!(
        !entry.text.contains(&digest("proposed").to_hex()),
        "a plain digest would give small arguments away"
    );
}

/// An approved case whose connection forwards it at once, and waits 20 s for the answer.
fn forwarded() -> (Case, Millis) {
    let mut case = Case::new(before(1));
    let now = Millis(START + 5000);
    let until = now.after(Span::seconds(20));
    let connection = Connection { name: "one".into(), until };
    step(&mut case, Millis(START), Command::Join { connection }).unwrap();
    step(&mut case, Millis(START), decide(Answer::Approve, "first", "proposed", None)).unwrap();
    step(&mut case, now, Command::Start { connection: "one".into(), until }).unwrap();
    (case, now)
}

#[test]
fn what_is_forwarded_is_forwarded_once_and_by_the_newest_connection() {
    let mut case = Case::new(before(1));
    let now = Millis(START + 5000);
    for name in ["one", "two"] {
        let connection = Connection { name: name.into(), until: Millis(START + 60_000) };
        step(&mut case, Millis(START), Command::Join { connection }).unwrap();
    }
    step(&mut case, Millis(START), decide(Answer::Approve, "first", "proposed", None)).unwrap();
    let start = |name: &str| Command::Start { connection: name.into(), until: now.after(Span::seconds(60)) };
    assert_eq!(step(&mut case, now, start("one")), Err(Refusal::NewerConnection));
    assert_eq!(step(&mut case, now, start("two")).unwrap().events, [Event::Started]);
    assert_eq!(case.status(now, Viewer::App), Status::Running);
    assert_eq!(step(&mut case, now, start("two")), Err(Refusal::Used));
    assert_eq!(step(&mut case, now, Command::Redeem), Err(Refusal::Used));
    assert!(!case.may_run(now));
}

#[test]
fn what_the_upstream_did_not_begin_can_be_forwarded_again_once() {
    let (mut case, now) = forwarded();
    assert_eq!(step(&mut case, now, Command::Defer).unwrap().events, [Event::Deferred]);
    assert_eq!(case.status(now, Viewer::App), Status::Approved);
    let start = || Command::Start { connection: "two".into(), until: now.after(Span::seconds(20)) };
    assert_eq!(step(&mut case, now, start()), Err(Refusal::NewerConnection), "nobody waits for it");
    let connection = Connection { name: "two".into(), until: now.after(Span::seconds(20)) };
    step(&mut case, now, Command::Join { connection }).unwrap();
    step(&mut case, now, start()).unwrap();
    assert_eq!(step(&mut case, now, start()), Err(Refusal::Used));
    let late = now.after(Span::seconds(20));
    let defer = step(&mut case, late, Command::Defer).unwrap();
    assert_eq!(defer.refusal, Some(Refusal::NotOpen), "what is unknown stays so");
}

#[test]
fn an_answer_in_time_says_what_became_of_it_and_none_leaves_it_unknown() {
    for (outcome, status) in [(Outcome::Done, Status::Done), (Outcome::Failed, Status::Failed)] {
        let (mut case, now) = forwarded();
        step(&mut case, now, Command::Finish { outcome }).unwrap();
        assert_eq!(case.status(Millis(now.0 + 600_000), Viewer::App), status);
    }
    let (mut case, now) = forwarded();
    let late = now.after(Span::seconds(20));
    assert_eq!(case.status(late, Viewer::App), Status::Unknown);
    let finish = step(&mut case, late, Command::Finish { outcome: Outcome::Done }).unwrap();
    assert_eq!(
        (finish.events, finish.refusal),
        (vec![Event::Lost], Some(Refusal::NotOpen)),
        "too late to count"
    );
    assert_eq!(case.status(Millis(now.0 + 86_400_000), Viewer::App), Status::Unknown, "no clock ends it");
    let settle = |person: &str| Command::Settle { person: person.into(), outcome: Outcome::Done };
    assert_eq!(step(&mut case, late, settle("proposer")), Err(Refusal::OwnAction));
    step(&mut case, late, settle("second")).unwrap();
    assert_eq!(case.status(late, Viewer::App), Status::Done);
    assert_eq!(step(&mut case, late, settle("third")), Err(Refusal::NotOpen), "a person ends it once");
}
