//! Three desks against a small reference model: random commands at random times, and crashes between any two steps.
//!
//! The desks are the real ones (`core::desk`) over rows in memory. A crash comes before a commit (nothing is
//! stored) or after it (the answer is lost); whoever asked asks again with the same token until they hear
//! something, as clients with an `Idempotency-Key` do. Messages between desks are delivered at random, and may be
//! delivered twice. The model knows no votes, leases or rows: it is a dozen lines for each command.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use holdpoint::core::case::{
    Answer, Case, Command, Connection, Outcome, Proxied, Refusal, Run, Status, Viewer,
};
use holdpoint::core::desk::{self, Done, Looking, Request, Stopped, Store, Write};
use holdpoint::core::ledger::{self, Head};
use holdpoint::core::outbox::Message;
use holdpoint::core::time::{Millis, Span};
use proptest::prelude::*;
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use support::{START, after, before, content, decision, digest};

const DESKS: [&str; 3] = ["main", "seniors", "legal"];
const PERSONS: [&str; 4] = ["first", "second", "third", "proposer"];

// The desks

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Crash {
    Never,
    BeforeCommit,
    AfterCommit,
}

#[derive(Debug)]
struct Crashed;

/// Rows in memory. What is committed survives; the answer may not.
#[derive(Default)]
struct Rows {
    name: &'static str,
    cases: RefCell<BTreeMap<String, Case>>,
    runs: RefCell<BTreeMap<String, Run>>,
    tokens: RefCell<BTreeSet<String>>,
    entries: RefCell<Vec<String>>,
    head: Cell<Option<Head>>,
    /// Messages to the other desk: the case, and where to.
    outbox: RefCell<Vec<(String, String)>>,
    crash: Cell<Option<Crash>>,
    commits: Cell<u32>,
}

impl Store for Rows {
    type Error = Crashed;

    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn case(&self, id: &str) -> Result<Option<Case>, Crashed> {
        Ok(self.cases.borrow().get(id).cloned())
    }

    fn equal_calls(&self, proxied: &Proxied, _: Millis) -> Result<Vec<String>, Crashed> {
        let equal =
            |case: &&Case| case.facts.proxied.as_ref().is_some_and(|known| known.call == proxied.call);
        let cases = self.cases.borrow();
        Ok(cases.values().filter(equal).map(|case| case.facts.id.clone()).collect())
    }

    fn run(&self, id: &str) -> Result<Option<Run>, Crashed> {
        Ok(self.runs.borrow().get(id).copied())
    }

    fn knows(&self, token: &str) -> Result<bool, Crashed> {
        Ok(self.tokens.borrow().contains(token))
    }

    fn head(&self) -> Result<Head, Crashed> {
        Ok(self.head.get().unwrap_or(Head::empty()))
    }

    fn commit(&self, write: &Write<'_>) -> Result<(), Crashed> {
        let crash = self.crash.take().unwrap_or(Crash::Never);
        if crash == Crash::BeforeCommit {
            return Err(Crashed);
        }
        self.commits.set(self.commits.get() + 1);
        if let Some(case) = write.case {
            let known = self.cases.borrow_mut().insert(write.id.to_owned(), case.clone());
            assert_eq!(known.is_none(), write.is_new, "a row is inserted once");
        }
        if let Some(run) = write.run {
            self.runs.borrow_mut().insert(write.id.to_owned(), run);
        }
        self.tokens.borrow_mut().extend(write.token.map(str::to_owned));
        for entry in &write.record.entries {
            self.entries.borrow_mut().push(entry.text.clone());
            self.head.set(Some(entry.head));
        }
        for due in &write.record.messages {
            if let Message::HandOver { desk } = &due.message {
                self.outbox.borrow_mut().push((write.id.to_owned(), desk.clone()));
            }
        }
        if crash == Crash::AfterCommit { Err(Crashed) } else { Ok(()) }
    }
}

struct World {
    desks: BTreeMap<&'static str, Rows>,
}

impl World {
    fn new() -> Self {
        Self { desks: DESKS.map(|name| (name, Rows { name, ..Rows::default() })).into() }
    }

    fn desk(&self, name: &str) -> &Rows {
        self.desks.get(name).unwrap()
    }

    /// Delivers the messages of a desk; a crash comes between arrival and note, so that they arrive twice.
    fn deliver(&self, name: &str, now: Millis, forgets: bool) {
        let messages = self.desk(name).outbox.borrow().clone();
        for (id, to) in messages {
            let case = self.desk(name).case(&id).unwrap().unwrap();
            if case.elsewhere() == Some(to.as_str()) {
                desk::keep(self.desk(&to), now, case.handed_over(), Some(name.to_owned())).unwrap();
            }
            if !forgets {
                self.desk(name).outbox.borrow_mut().retain(|known| *known != (id.clone(), to.clone()));
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "each is one way in which asking differs")]
    /// Asks as the Worker does: from desk to desk, again after a crash, until there is an answer. Gives the
    /// instant at which it was committed, where it was.
    fn ask(
        &self,
        id: &str,
        token: &str,
        mut now: Millis,
        proceeded: bool,
        command: &Command,
        crashes: &[Crash],
        forgets: bool,
    ) -> Asked {
        let mut crashes = crashes.iter().copied();
        let mut committed = None;
        for _ in 0..20 {
            let mut name = DESKS[0].to_owned();
            let mut hops = 0..8;
            let outcome = loop {
                hops.next().unwrap();
                let rows = self.desk(&name);
                rows.crash.set(crashes.next());
                let before = rows.commits.get();
                let request = Request { id, token: Some(token), proceeded, digest: None };
                let outcome = desk::act(rows, now, request, command.clone());
                if rows.commits.get() > before && committed.is_none() {
                    committed = Some(now);
                }
                rows.crash.set(None);
                match outcome {
                    Ok(Done::Moved(next)) => {
                        self.deliver(&name, now, forgets);
                        name = next;
                    }
                    other => break other,
                }
            };
            match outcome {
                Err(Stopped::Store(Crashed)) => now = Millis(now.0 + 500),
                Ok(_) => return Asked { now, at: committed.unwrap_or(now), refusal: None },
                Err(Stopped::Refused(refusal, _)) => {
                    return Asked { now, at: committed.unwrap_or(now), refusal: Some(refusal) };
                }
                Err(Stopped::NoCase) => panic!("{id} is nowhere"),
            }
        }
        panic!("no answer for {id}")
    }

    /// Where the case is now.
    fn found(&self, id: &str) -> Option<(&'static str, Case)> {
        let mut here = self.desks.iter().filter_map(|(name, rows)| {
            rows.case(id).unwrap().filter(|case| case.elsewhere().is_none()).map(|case| (*name, case))
        });
        let found = here.next();
        assert!(here.next().is_none(), "a case lives at one desk");
        found
    }
}

struct Asked {
    now: Millis,
    /// When it was committed, or answered where nothing had to be.
    at: Millis,
    refusal: Option<Refusal>,
}

// The model

/// What anybody may know of a case: the rules of the contract in as few words as possible.
#[derive(Debug, Clone)]
struct Model {
    audit: bool,
    desk: String,
    base: u32,
    needed: u32,
    shown: &'static str,
    edited: bool,
    voters: BTreeSet<String>,
    editors: BTreeSet<String>,
    ended: Option<Ended>,
    used: bool,
    outcome: Option<Outcome>,
    deadline: Millis,
    /// What stood there before the edit that decided.
    before: Option<(&'static str, bool, u32)>,
}

#[derive(Debug, Clone)]
enum Ended {
    Withdrawn,
    Decided { answer: Answer, by: String, release: Millis },
}

impl Model {
    fn new(audit: bool, approvals: u32, now: Millis) -> Self {
        Self {
            audit,
            desk: DESKS[0].to_owned(),
            base: approvals,
            needed: approvals,
            shown: "proposed",
            edited: false,
            voters: BTreeSet::new(),
            editors: BTreeSet::new(),
            ended: None,
            used: false,
            outcome: None,
            deadline: Millis(now.0 + 60_000),
            before: None,
        }
    }

    fn open(&self, now: Millis) -> bool {
        self.ended.is_none() && now < self.deadline
    }

    fn usable(&self, now: Millis) -> bool {
        match &self.ended {
            _ if self.audit => !matches!(self.status(now), Status::Overturned),
            Some(Ended::Decided { answer, release, .. }) => {
                *answer != Answer::Reject && now >= *release && (self.used || now.0 < release.0 + 30_000)
            }
            _ => false,
        }
    }

    /// As people of the desk see it once everything is released.
    fn status(&self, now: Millis) -> Status {
        match &self.ended {
            Some(Ended::Withdrawn) => Status::Withdrawn,
            Some(Ended::Decided { answer, release, .. }) => match answer {
                Answer::Confirm => Status::Confirmed,
                Answer::Overturn if now < *release => Status::Confirmed,
                Answer::Overturn => Status::Overturned,
                Answer::Reject => Status::Rejected,
                _ if now.0 >= release.0 + 30_000 && !self.used => Status::Lapsed,
                _ if self.edited => Status::Edited,
                _ => Status::Approved,
            },
            None if now < self.deadline => {
                if self.audit {
                    Status::ToAudit
                } else {
                    Status::Held
                }
            }
            None => {
                if self.audit {
                    Status::Unaudited
                } else {
                    Status::Expired
                }
            }
        }
    }

    /// Whether a command is done; the model is then what it has become.
    fn does(&mut self, now: Millis, command: &Command) -> bool {
        match command {
            Command::Decide { decision, digest: seen, edited, .. } => {
                let fits = self.audit == matches!(decision.answer, Answer::Confirm | Answer::Overturn);
                let by = decision.by.clone();
                let may = self.open(now)
                    && fits
                    && *seen == digest(self.shown)
                    && by != "proposer"
                    && !self.voters.contains(&by);
                if !may || (decision.answer == Answer::Approve && self.editors.contains(&by)) {
                    return false;
                }
                self.decide(now, decision.answer, by, edited.as_ref().map(|content| content.approvals));
                true
            }
            Command::Undo { person } => {
                let Some(Ended::Decided { answer, by, release }) = &self.ended else { return false };
                if by != person || now >= *release {
                    return false;
                }
                if let (Answer::Edit, Some((shown, edited, needed))) = (answer, self.before) {
                    (self.shown, self.edited, self.needed) = (shown, edited, needed);
                }
                self.voters.remove(person);
                self.ended = None;
                true
            }
            Command::Withdraw => {
                let released = matches!(&self.ended, Some(Ended::Decided { release, .. }) if now >= *release);
                let over = self.ended.is_none() && now >= self.deadline;
                if self.audit || released || over {
                    return false;
                }
                self.ended = Some(Ended::Withdrawn);
                true
            }
            Command::Redeem => {
                let may = self.usable(now) && !self.used;
                self.used |= may;
                may
            }
            Command::Report { outcome } => {
                let may =
                    (self.usable(now) || self.audit) && self.outcome.is_none_or(|known| known == *outcome);
                if may {
                    (self.used, self.outcome) = (true, Some(*outcome));
                }
                may
            }
            Command::Move { person, desk } if *desk != self.desk => {
                let may = self.open(now) && person != "proposer";
                if may {
                    self.desk.clone_from(desk);
                }
                may
            }
            _ => true,
        }
    }

    fn decide(&mut self, now: Millis, answer: Answer, by: String, approvals: Option<u32>) {
        let alone = match answer {
            Answer::Approve => {
                self.voters.insert(by.clone());
                self.voters.len() >= self.needed as usize
            }
            Answer::Edit => {
                self.before = Some((self.shown, self.edited, self.needed));
                (self.shown, self.edited) = ("edited", true);
                self.needed = approvals.unwrap().max(self.base);
                self.voters.clear();
                let alone = self.needed == 1 && !self.editors.contains(&by);
                if !alone {
                    self.editors.insert(by.clone());
                }
                alone
            }
            _ => true,
        };
        if alone {
            self.ended = Some(Ended::Decided { answer, by, release: Millis(now.0 + 4000) });
        }
    }
}

// The sequences

#[derive(Debug, Clone)]
struct Asking {
    pause: i64,
    case: usize,
    command: Command,
    crashes: Vec<Crash>,
    /// Whether the repetition goes on after there was an answer: the answer was lost further on.
    again: bool,
    /// Whether messages are delivered now, and whether that is forgotten.
    deliver: Option<bool>,
}

fn commands() -> impl Strategy<Value = Command> {
    let person = proptest::sample::select(PERSONS.to_vec());
    (person, 0_u32..6, 0_u8..24).prop_map(|(person, which, what)| {
        let person = person.to_owned();
        let decide = |answer: Answer| Command::Decide {
            decision: decision(answer, &person, answer.needs_reason().then_some("other")),
            digest: digest(if which < 3 { "proposed" } else { "edited" }),
            lease: None,
            edited: (answer == Answer::Edit).then(|| Box::new(content("edited", which % 3 + 1))),
        };
        match what {
            0..=8 => decide(Answer::Approve),
            9 => decide(Answer::Reject),
            10..=12 => decide(Answer::Edit),
            13 => decide(if which % 2 == 0 { Answer::Confirm } else { Answer::Overturn }),
            14..=16 => Command::Undo { person },
            17 if which < 2 => Command::Withdraw,
            17..=19 => Command::Move { person, desk: DESKS[which as usize % 3].into() },
            20 | 21 => Command::Redeem,
            _ => Command::Report { outcome: Outcome::ALL[which as usize % 2] },
        }
    })
}

fn askings() -> impl Strategy<Value = Vec<Asking>> {
    let crash =
        prop_oneof![3 => Just(Crash::Never), 1 => Just(Crash::BeforeCommit), 1 => Just(Crash::AfterCommit)];
    let asking = (
        prop_oneof![2 => Just(0_i64), 2 => 0_i64..1_500, 1 => 0_i64..20_000],
        prop_oneof![3 => Just(0_usize), 1 => 1_usize..3],
        commands(),
        proptest::collection::vec(crash, 0..4),
        any::<bool>(),
        proptest::option::of(any::<bool>()),
    )
        .prop_map(|(pause, case, command, crashes, again, deliver)| Asking {
            pause,
            case,
            command,
            crashes,
            again,
            deliver,
        });
    proptest::collection::vec(asking, 1..30)
}

fn has_answered(statuses: (Status, Status), model: &Model, now: Millis) {
    let (desk, app) = statuses;
    let expected = model.status(now);
    // Of a decision that can still be taken back the desk sees what it will be.
    let deciding = matches!(&model.ended, Some(Ended::Decided { release, .. }) if now < *release);
    let at_desk = match &model.ended {
        Some(Ended::Decided { answer: Answer::Overturn, .. }) => Status::Overturned,
        _ => expected,
    };
    assert_eq!(desk, at_desk, "at the desk, {model:?}");
    let seen = match expected {
        _ if model.audit => Status::Proceed,
        _ if deciding => Status::Held,
        other => other,
    };
    assert_eq!(app, seen, "by the app, {model:?}");
}

fn play(audit: bool, approvals: u32, askings: Vec<Asking>) {
    let (world, mut now, mut models) = (World::new(), Millis(START), Vec::new());
    let ids = ["hp_0", "hp_1", "hp_2"];
    for id in ids {
        let mut facts = if audit { after(approvals) } else { before(approvals) };
        id.clone_into(&mut facts.id);
        facts.undo = Span::seconds(4);
        desk::keep(world.desk("main"), now, Case::new(facts.clone()), None).unwrap();
        // Asked again, as after a crash, it changes nothing.
        desk::keep(world.desk("main"), now, Case::new(facts), None).unwrap();
        models.push(Model::new(audit, approvals, now));
    }
    for (step, asking) in askings.into_iter().enumerate() {
        now = Millis(now.0 + asking.pause);
        let (id, model, token) = (ids[asking.case], &mut models[asking.case], format!("token-{step}"));
        let forgets = asking.deliver == Some(true);
        let mut asked = world.ask(id, &token, now, audit, &asking.command, &asking.crashes, forgets);
        let was_redeemed = model.used;
        let does = model.does(asked.at, &asking.command);
        assert_eq!(
            asked.refusal.is_none(),
            does,
            "step {step}: {:?} of {model:?} was {:?}",
            asking.command,
            asked.refusal
        );
        if asking.again && does {
            let again = world.ask(id, &token, asked.now, audit, &asking.command, &[], forgets);
            assert_eq!(again.refusal, None, "what was done is known");
            asked.now = again.now;
        }
        if matches!(asking.command, Command::Redeem) && does {
            assert!(!was_redeemed, "redeemed twice");
        }
        now = asked.now;
        if let Some(forgets) = asking.deliver {
            for name in DESKS {
                world.deliver(name, now, forgets);
            }
        }
        for (id, model) in ids.iter().zip(&models) {
            // On its way between desks it is nowhere; whoever asks brings it there.
            let Some((at, case)) = world.found(id) else { continue };
            assert_eq!(at, model.desk, "it is where it was moved");
            has_answered((case.status(now, Viewer::Desk), case.status(now, Viewer::App)), model, now);
        }
    }
    for name in DESKS {
        world.deliver(name, now, false);
    }
    for id in ids {
        assert!(world.found(id).is_some(), "nothing is lost on the way");
    }
    for rows in world.desks.values() {
        let entries = rows.entries.borrow();
        let head = rows.head().unwrap();
        let verified =
            ledger::verify(entries.iter().map(String::as_str), Some((head.seq, head.hash))).unwrap();
        assert_eq!(usize::try_from(verified.seq).unwrap(), entries.len());
        let redeemed = |id: &str| {
            entries.iter().filter(|text| text.contains("\"redeemed\"") && text.contains(id)).count()
        };
        assert!(ids.iter().all(|id| redeemed(id) <= 1));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), ..ProptestConfig::default() })]

    #[test]
    fn three_desks_do_what_the_model_does(audit in proptest::bool::weighted(0.3), approvals in 1_u32..=3, askings in askings()) {
        play(audit, approvals, askings);
    }
}

/// 2,000 sequences, or as many as the long run asks for.
#[expect(clippy::disallowed_methods, reason = "a test has surroundings")]
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2000)
}

/// A desk with one case of a proxied call, for which a connection waits until 100 s.
fn desk_with_a_call() -> (Rows, String) {
    let rows = Rows { name: DESKS[0], ..Rows::default() };
    let mut facts = before(1);
    facts.proxied = Some(known_by("one", 0));
    let id = facts.id.clone();
    let mut case = Case::new(facts);
    case.progress.connection = Some(Connection { name: "first".to_owned(), until: at(100) });
    desk::keep(&rows, at(0), case, None).unwrap();
    (rows, id)
}

fn at(seconds: i64) -> Millis {
    Millis(START + seconds * 1000)
}

fn known_by(request: &str, nth: u32) -> Proxied {
    Proxied { call: digest("call"), request: digest(request), nth, renamed: false }
}

/// Whether a call that needs so many people finds a case to wait for. It waits until 20 s.
fn finds(rows: &Rows, by: Proxied, approvals: u32, connection: &str, now: Millis) -> bool {
    let connection = Connection { name: connection.to_owned(), until: at(20) };
    let needs = content("proposed", approvals);
    let looking = Looking { proxied: &by, needs: &needs, connection: &connection };
    desk::find(rows, now, &looking, &[]).is_ok()
}

fn does(rows: &Rows, id: &str, now: Millis, command: Command) -> Option<Refusal> {
    let mut case = rows.case(id).unwrap().unwrap();
    desk::apply(rows, now, &mut case, command, None).unwrap()
}

fn takes(rows: &Rows, id: &str, connection: &str, now: Millis) -> Option<Refusal> {
    does(rows, id, now, Command::Take { connection: Some(connection.to_owned()) })
}

fn approve(rows: &Rows, id: &str) {
    let decision = decision(Answer::Approve, "first", None);
    let command = Command::Decide { decision, digest: digest("proposed"), lease: None, edited: None };
    assert_eq!(does(rows, id, at(2), command), None);
}

#[test]
fn an_equal_call_waits_for_what_is_there() {
    let (rows, id) = desk_with_a_call();
    // While it is undecided: the same request, and nobody else.
    assert!(finds(&rows, known_by("one", 0), 1, "second", at(1)));
    for (by, approvals) in [(known_by("other", 0), 1), (known_by("one", 1), 1), (known_by("one", 0), 2)] {
        assert!(!finds(&rows, by, approvals, "third", at(1)));
    }
    assert_eq!(takes(&rows, &id, "second", at(1)), Some(Refusal::NotOpen), "joining approves nothing");
    approve(&rows, &id);
    // Once it is released it is the waiting connection's, until that has gone or its wait is over.
    assert!(!finds(&rows, known_by("other", 0), 1, "third", at(10)));
    assert!(!finds(&rows, known_by("other", 0), 2, "third", at(21)), "too few have approved it for that");
    assert!(!finds(&rows, known_by("one", 1), 1, "third", at(21)), "its twin has a case of its own");
    assert!(finds(&rows, known_by("other", 0), 1, "third", at(21)));
    assert_eq!(takes(&rows, &id, "second", at(21)), Some(Refusal::NewerConnection));
    assert_eq!(takes(&rows, &id, "third", at(21)), None);
    assert_eq!(takes(&rows, &id, "third", at(21)), Some(Refusal::Used));
    assert!(!finds(&rows, known_by("one", 0), 1, "fourth", at(22)), "what was used is no pass");
}

#[test]
fn a_call_under_another_name_is_the_same_come_again_once_nobody_waits() {
    let renamed = |request: &str| Proxied { renamed: true, ..known_by(request, 0) };
    let (rows, id) = desk_with_a_call();
    assert!(!finds(&rows, renamed("other"), 1, "next", at(5)), "while somebody waits it is another call");
    let leave = |name: &str| Command::Leave { connection: name.to_owned() };
    assert_eq!(does(&rows, &id, at(6), leave("first")), None);
    assert!(!finds(&rows, renamed("other"), 2, "next", at(7)), "too few would look at it for that");
    assert!(
        !finds(&rows, known_by("other", 0), 1, "next", at(7)),
        "requests that keep their name are told apart"
    );
    assert!(finds(&rows, renamed("other"), 1, "next", at(7)));
    assert!(finds(&rows, renamed("another"), 1, "third", at(20)), "its wait is over");
}

#[test]
fn who_has_gone_leaves_what_was_approved_at_once() {
    let (rows, id) = desk_with_a_call();
    approve(&rows, &id);
    assert_eq!(does(&rows, &id, at(9), Command::Leave { connection: "another".to_owned() }), None);
    assert!(!finds(&rows, known_by("other", 0), 1, "next", at(10)), "only who waits can leave");
    assert_eq!(does(&rows, &id, at(11), Command::Leave { connection: "first".to_owned() }), None);
    assert!(finds(&rows, known_by("other", 0), 1, "next", at(12)));
    assert_eq!(takes(&rows, &id, "next", at(12)), None);
}
