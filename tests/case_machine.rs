//! Every cell of the case machine's table: what it says is what happens, and nothing else.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use holdpoint::core::case::machine::{ACTS, Act, CLOCK, Rule, STAGES, Stage, TABLE};
use holdpoint::core::case::{
    Answer, Case, Command, Connection, Decision, Event, Outcome, Refusal, Status, Viewer, step,
};
use holdpoint::core::time::{Millis, Span};
use support::{START, after, before, content, decision, digest};

const EXPIRES: i64 = START + 60_000;

/// A case in that stage, and an instant at which it is. `undo` and `approvals` vary what a decision leads to.
fn in_stage(stage: Stage, undo: u32, approvals: u32) -> (Case, Millis) {
    let mut facts = match stage {
        Stage::ToAudit
        | Stage::Confirming
        | Stage::Overturning
        | Stage::Confirmed
        | Stage::Overturned
        | Stage::Unaudited => after(approvals),
        _ => before(approvals),
    };
    facts.undo = Span::seconds(undo);
    facts.undone_by = Some("restore".into());
    let (undo, mut case) = (facts.undo, Case::new(facts));
    let now = Millis(START + 1000);
    let released = now.after(undo);
    let mut answered = |answer, by: &str| {
        let reason = matches!(answer, Answer::Reject | Answer::Overturn).then_some("other");
        step(&mut case, now, decide(answer, by, reason)).unwrap()
    };
    let approve = |answered: &mut dyn FnMut(Answer, &str)| {
        for person in ["first", "second"].iter().take(usize::try_from(approvals).unwrap()) {
            answered(Answer::Approve, person);
        }
    };
    let mut run = |answer, by: &str| {
        answered(answer, by);
    };
    let at = match stage {
        Stage::Held | Stage::ToAudit | Stage::Withdrawn | Stage::Moved => now,
        Stage::Approving => {
            approve(&mut run);
            now
        }
        Stage::Rejecting => {
            run(Answer::Reject, "first");
            now
        }
        Stage::Approved | Stage::Used | Stage::Running | Stage::Done | Stage::Failed | Stage::Unknown => {
            approve(&mut run);
            released
        }
        Stage::Lapsed => {
            approve(&mut run);
            released.after(Span::seconds(30))
        }
        Stage::Rejected => {
            run(Answer::Reject, "first");
            released
        }
        Stage::Expired | Stage::Unaudited => Millis(EXPIRES),
        Stage::Confirming => {
            run(Answer::Confirm, "first");
            now
        }
        Stage::Overturning => {
            run(Answer::Overturn, "first");
            now
        }
        Stage::Confirmed => {
            run(Answer::Confirm, "first");
            released
        }
        Stage::Overturned => {
            run(Answer::Overturn, "first");
            released
        }
    };
    let last = match stage {
        Stage::Used => Some(Command::Take { connection: None }),
        Stage::Withdrawn => Some(Command::Withdraw),
        Stage::Moved => Some(Command::Move { person: "first".into(), desk: "other".into() }),
        _ => None,
    };
    if let Some(command) = last {
        step(&mut case, at, command).unwrap();
    }
    if matches!(stage, Stage::Running | Stage::Done | Stage::Failed | Stage::Unknown) {
        return sent(stage, case, at);
    }
    (case, at)
}

/// The same of an action that Holdpoint forwards itself, in the connection that waits for it.
fn sent(stage: Stage, mut case: Case, at: Millis) -> (Case, Millis) {
    let until = at.after(Span::seconds(40));
    case.progress.connection = Some(Connection { name: "a".into(), until });
    step(&mut case, at, Command::Start { connection: "a".into(), until }).unwrap();
    let outcome = match stage {
        Stage::Done => Outcome::Done,
        Stage::Failed => Outcome::Failed,
        Stage::Unknown => return (case, until),
        _ => return (case, at),
    };
    step(&mut case, at, Command::Finish { outcome }).unwrap();
    (case, at)
}

fn decide(answer: Answer, by: &str, reason: Option<&str>) -> Command {
    let edited = (answer == Answer::Edit).then(|| Box::new(content("edited", 1)));
    Command::Decide {
        decision: decision(answer, by, reason),
        digest: digest("proposed"),
        lease: None,
        edited,
    }
}

/// A command that has no reason of its own to be refused.
fn command(act: Act, case: &Case, vary: Outcome) -> Command {
    let person = || case.decision().map_or("third", |decision: &Decision| decision.by.as_str()).to_owned();
    let outcome = case.progress.run.outcome.unwrap_or(vary);
    match act {
        Act::Lease => Command::Lease { person: "third".into(), token: "token".into() },
        Act::GiveBack => Command::GiveBack { person: "third".into() },
        Act::Approve => decide(Answer::Approve, "third", None),
        Act::Edit => decide(Answer::Edit, "third", None),
        Act::Reject => decide(Answer::Reject, "third", Some("other")),
        Act::Confirm => decide(Answer::Confirm, "third", None),
        Act::Overturn => decide(Answer::Overturn, "third", Some("other")),
        Act::Undo => Command::Undo { person: person() },
        Act::Move => Command::Move { person: "third".into(), desk: "other".into() },
        Act::Withdraw => Command::Withdraw,
        Act::Join => Command::Join { connection: Connection { name: "a".into(), until: Millis(START) } },
        Act::Take => Command::Take { connection: None },
        Act::Redeem => Command::Redeem,
        Act::Start => Command::Start { connection: "a".into(), until: Millis(EXPIRES + 600_000) },
        Act::Finish => Command::Finish { outcome },
        Act::Defer => Command::Defer,
        Act::Settle => Command::Settle { person: "third".into(), outcome },
        Act::Report => Command::Report { outcome },
        Act::Raise => Command::Raised { id: "hp_undo".into() },
        Act::Expire => Command::Expire,
    }
}

/// How far apart two instants of one cell are, so that a window may have closed.
fn instants(now: Millis) -> [Millis; 3] {
    [now, now.after(Span::seconds(31)), Millis(now.0.max(EXPIRES))]
}

#[test]
fn every_cell_does_what_it_says() {
    let mut cells = 0;
    for (stage, row) in TABLE {
        for (act, rule) in Act::ALL.into_iter().zip(row) {
            let mut reached = Vec::new();
            for (undo, approvals) in [(0, 1), (4, 1), (0, 2), (4, 2), (90, 1)] {
                let (mut made, now) = in_stage(stage, undo, approvals);
                if act == Act::Start {
                    // Only who waits forwards.
                    made.progress.connection = Some(Connection { name: "a".into(), until: Millis(EXPIRES) });
                }
                for (now, outcome) in instants(now).into_iter().zip(Outcome::ALL.into_iter().cycle()) {
                    if made.stage(now) != stage {
                        continue;
                    }
                    let what = format!(
                        "{} × {}, undo {undo} s, {approvals} approvals",
                        stage.as_str(),
                        act.as_str()
                    );
                    let mut case = made.clone();
                    let result = step(&mut case, now, command(act, &made, outcome));
                    check_cell(&what, rule, &made, &case, now, &result, &mut reached);
                }
            }
            if let Rule::Leads(stages) = rule {
                for stage in stages {
                    assert!(reached.contains(stage), "{} never led to {}", act.as_str(), stage.as_str());
                }
            }
            cells += 1;
        }
    }
    assert_eq!(cells, STAGES * ACTS);
}

fn check_cell(
    what: &str,
    rule: Rule,
    made: &Case,
    case: &Case,
    now: Millis,
    result: &Result<holdpoint::core::case::Step, Refusal>,
    reached: &mut Vec<Stage>,
) {
    let stage = case.stage(now);
    let refusal = match result {
        Ok(done) => done.refusal,
        Err(refusal) => Some(*refusal),
    };
    match rule {
        Rule::Leads(stages) => {
            assert_eq!(refusal, None, "{what}");
            assert!(stages.contains(&stage), "{what}: led to {}", stage.as_str());
            reached.push(stage);
        }
        Rule::Stays => {
            assert_eq!(refusal, None, "{what}");
            assert_eq!(stage, made.stage(now), "{what}");
        }
        Rule::Refused(expected) => {
            assert_eq!(refusal, Some(expected), "{what}");
            assert_eq!(stage, made.stage(now), "{what}");
            if result.is_err() {
                assert_eq!(case, made, "{what}: a refusal changes nothing");
            }
        }
        Rule::TooLate => {
            assert_eq!(refusal, Some(Refusal::TooLate), "{what}");
            let events = &result.as_ref().unwrap().events;
            assert!(matches!(events.last(), Some(Event::TooLate(_))), "{what}");
            assert!(!case.may_run(now) || made.may_run(now), "{what}");
        }
    }
}

#[test]
fn the_clock_alone_lets_nothing_run_that_no_person_approved() {
    for (from, to, _) in CLOCK {
        let (case, now) = in_stage(from, 4, 1);
        assert_eq!(case.stage(now), from);
        let later: Vec<Stage> = [4_000, 34_000, 60_000].map(|ms| case.stage(Millis(now.0 + ms))).to_vec();
        assert!(later.contains(&to), "{} does not become {}", from.as_str(), to.as_str());
        if to == Stage::Approved {
            assert!(case.decision().is_some_and(|decision| decision.answer == Answer::Approve));
        }
    }
    let (case, _) = in_stage(Stage::Held, 4, 1);
    assert!((0..200).all(|seconds| !case.may_run(Millis(START + seconds * 1000))));
}

#[test]
fn an_app_sees_no_decision_before_its_release_and_no_audit_at_all() {
    for (stage, _) in TABLE {
        let (case, now) = in_stage(stage, 4, 1);
        let seen = case.status(now, Viewer::App);
        match stage {
            Stage::Approving | Stage::Rejecting => assert_eq!(seen, Status::Held),
            Stage::ToAudit
            | Stage::Confirming
            | Stage::Overturning
            | Stage::Confirmed
            | Stage::Overturned
            | Stage::Unaudited => assert_eq!(seen, Status::Proceed),
            _ => {}
        }
        let may = matches!(seen, Status::Proceed | Status::Approved | Status::Edited);
        assert!(may || !case.may_run(now), "{}", stage.as_str());
    }
}
