//! One case at a desk: keeping it, doing something with it, storing what happened.

use super::super::sql::{Bind, Row, SqlError};
use super::super::{chain, config};
use super::{Answered, Desk, failed, moved, no_case, one_case};
use crate::core::canonical::Digest;
use crate::core::case::{
    Answer, Case, Command, Event, Oversight, Refusal, Run, State, Status, Step, Viewer, step,
};
use crate::core::json::Json;
use crate::core::outbox::{self, Message};
use crate::core::time::{Millis, Span};
use crate::core::{key::Role, ledger};
use crate::wire::api::{Claim, answer_of_case, answer_without_record, case_json};
use crate::wire::problem::{Code, Problem};
use crate::wire::record;

pub(super) const TABLES: &[&str] = &[
    "CREATE TABLE cases (id TEXT PRIMARY KEY, open INTEGER NOT NULL, after INTEGER NOT NULL, proposer TEXT NOT NULL, \
     created INTEGER NOT NULL, expires INTEGER NOT NULL, valid INTEGER NOT NULL, forget_at INTEGER, \
     facts TEXT NOT NULL, progress TEXT NOT NULL) STRICT",
    "CREATE INDEX cases_by_deadline ON cases (open, after, expires, id)",
    "CREATE INDEX cases_to_forget ON cases (forget_at) WHERE forget_at IS NOT NULL",
    "CREATE TRIGGER cases_stay BEFORE DELETE ON cases BEGIN SELECT RAISE(ABORT, 'cases do not vanish'); END",
    "CREATE TRIGGER cases_follow BEFORE INSERT ON cases WHEN EXISTS (SELECT 1 FROM cases WHERE id = NEW.id) \
     BEGIN SELECT RAISE(ABORT, 'what became a case does not change'); END",
    // Only a closed case loses its arguments, and only to be forgotten.
    "CREATE TRIGGER facts_stay BEFORE UPDATE OF id, after, proposer, created, expires, valid, facts ON cases \
     WHEN OLD.open = 1 OR OLD.forget_at IS NULL OR NEW.forget_at IS NOT NULL \
     BEGIN SELECT RAISE(ABORT, 'what became a case does not change'); END",
    "CREATE TABLE runs (id TEXT PRIMARY KEY, run TEXT NOT NULL, at INTEGER NOT NULL) STRICT",
    "CREATE TABLE tokens (token TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT",
];

/// The largest row that the platform stores is 2 MB; below it, with room for the other columns.
const MAX_ROW: usize = 1_900_000;

/// How long a request's repetition is known, and what proceeded can be reported.
const REMEMBERED: Span = super::super::once::KEPT;

/// How many rows one alarm ends or forgets.
const BATCH: i64 = 50;

/// What is asked of a case, beside the command.
#[derive(Debug)]
pub(super) struct Requested<'a> {
    pub(super) id: &'a str,
    /// Names this request, so that its repetition is known.
    pub(super) token: Option<&'a str>,
    pub(super) next: Option<Claim>,
    /// Whether it proceeded, so that there need not be a case.
    pub(super) proceeded: bool,
    /// The digest that a permit names.
    pub(super) digest: Option<Digest>,
}

/// How the answer to a command is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Lease,
    Case,
    OneCase,
    Decision,
    /// For apps.
    Answer,
    Redeemed,
}

fn form(command: &Command) -> Form {
    match command {
        Command::Lease { .. } => Form::Lease,
        Command::GiveBack { .. } => Form::Case,
        Command::Undo { .. } | Command::Move { .. } => Form::OneCase,
        Command::Decide { .. } => Form::Decision,
        Command::Redeem => Form::Redeemed,
        Command::Withdraw
        | Command::Take
        | Command::Report { .. }
        | Command::Raised { .. }
        | Command::Expire => Form::Answer,
    }
}

impl Form {
    fn for_role(self) -> Role {
        if matches!(self, Self::Answer | Self::Redeemed) { Role::App } else { Role::Reviewer }
    }
}

impl Desk {
    pub(super) fn find(&self, id: &str) -> Result<Option<Case>, Problem> {
        let rows = self.sql.query("SELECT facts, progress FROM cases WHERE id = ?", &[Bind::Text(id)])?;
        rows.first().map(read_case).transpose().map_err(|error| failed(&error))
    }

    /// Keeps a new case, or one that another desk hands over. Asked again, it changes nothing.
    pub(super) fn keep(&self, mut case: Case, from: Option<String>) -> Answered {
        let now = self.now()?;
        let known = self.find(&case.facts.id)?;
        let arrives = match (&known, &from) {
            (None, _) => true,
            (Some(known), Some(_)) => known.elsewhere().is_some(),
            (Some(_), None) => false,
        };
        if !arrives {
            let known = known.unwrap_or(case);
            return Ok(match known.elsewhere() {
                Some(desk) => moved(desk),
                None => (202, answer_of_case(&known, now)),
            });
        }
        let event = match (from, case.facts.oversight) {
            (Some(desk), _) => Event::Received(desk),
            (None, Oversight::Before) => Event::Held,
            (None, Oversight::After { .. }) => Event::Sampled,
        };
        let facts = record::facts_to_json(&case.facts).to_string();
        let is_new = known.is_none();
        self.sql.transaction(|| {
            if is_new {
                self.insert(&case, &facts)?;
            }
            self.write(now, &mut case, &[event])
        })?;
        Ok((202, answer_of_case(&case, now)))
    }

    fn insert(&self, case: &Case, facts: &str) -> Result<(), Problem> {
        check_size(facts)?;
        let values = [
            Bind::Text(&case.facts.id),
            i64::from(case.facts.oversight != Oversight::Before).into(),
            Bind::Text(&case.facts.proposer),
            case.facts.created.0.into(),
            case.facts.expires.0.into(),
            case.facts.valid.as_millis().into(),
            Bind::Text(facts),
        ];
        let insert = "INSERT INTO cases (id, open, after, proposer, created, expires, valid, facts, progress) \
                      VALUES (?, 1, ?, ?, ?, ?, ?, ?, '{}')";
        self.sql.run(insert, &values).map_err(Problem::from)
    }

    /// Does something with a case, or knows that it was done already.
    pub(super) fn act(&self, request: &Requested<'_>, command: Command) -> Answered {
        let form = form(&command);
        let Some(mut case) = self.find(request.id)? else {
            return if request.proceeded { self.act_without_case(request, &command) } else { Err(no_case()) };
        };
        let now = self.now()?;
        let done_before = self.knows(request.token)?;
        if let (Some(desk), false) = (case.elsewhere(), form == Form::OneCase && done_before) {
            return Ok(moved(desk));
        }
        let person = person_of(&command).map(str::to_owned);
        if !done_before {
            let differs = |digest| case.content().shown.as_ref().is_none_or(|shown| shown.digest != digest);
            let command = match request.digest {
                Some(digest) if differs(digest) => Err(Refusal::Digest),
                _ => Ok(completed(&case, command, now)),
            };
            let refusal = match command {
                Ok(command) => self.step(&mut case, now, command, request.token)?,
                Err(refusal) => Some(refusal),
            };
            if let Some(refusal) = refusal {
                return Err(self.refused(refusal, &case, now, form));
            }
        }
        Ok((200, self.done(request, form, person.as_deref(), &case, now)))
    }

    /// Steps a case and stores what happened; the refusal, where there is one.
    fn step(
        &self,
        case: &mut Case,
        now: Millis,
        command: Command,
        token: Option<&str>,
    ) -> Result<Option<Refusal>, Problem> {
        let before = progress_text(case);
        match step(case, now, command) {
            Ok(Step { events, refusal }) => {
                let token = token.filter(|_| refusal.is_none());
                let changed = !events.is_empty() || progress_text(case) != before;
                self.sql.transaction(|| {
                    if changed {
                        self.write(now, case, &events)?;
                    }
                    self.note(token, now).map_err(Problem::from)
                })?;
                if !events.is_empty() {
                    self.wake(&case.facts.id);
                }
                Ok(refusal)
            }
            Err(refusal) => Ok(Some(refusal)),
        }
    }

    fn done(
        &self,
        request: &Requested<'_>,
        form: Form,
        person: Option<&str>,
        case: &Case,
        now: Millis,
    ) -> Json {
        let name = self.name();
        let shown_at = case.elsewhere().unwrap_or(&name);
        match form {
            Form::Lease => Json::object([("lease", lease_json(case, now))]),
            Form::Case => case_json(case, &name, now),
            Form::OneCase => one_case(case, shown_at, now),
            Form::Answer => answer_of_case(case, now),
            Form::Redeemed => redeemed(request, case.progress.run.used.unwrap_or(now)),
            Form::Decision => {
                // The decision stands, whatever becomes of the next claim.
                let next = request.next.as_ref().zip(person);
                let next = next.and_then(|(claim, person)| self.claim(person, claim).ok());
                Json::object([
                    ("case", case_json(case, &name, now)),
                    ("release_at", case.release_at().map(|at| at.to_string()).into()),
                    ("next", next.into()),
                    ("drill", Json::Null),
                ])
            }
        }
    }

    /// What proceeded without a case is redeemed once and reported once all the same, and answers like what was
    /// drawn for an audit.
    fn act_without_case(&self, request: &Requested<'_>, command: &Command) -> Answered {
        let now = self.now()?;
        let rows = self.sql.query("SELECT run FROM runs WHERE id = ?", &[Bind::Text(request.id)])?;
        let known = rows.first().map(|row| row.json("run")).transpose()?;
        let mut run = known.as_ref().and_then(record::run_from_json).unwrap_or_default();
        if !self.knows(request.token)? {
            let event = match command {
                Command::Redeem => run.take(now).map(|()| Some("redeemed")),
                Command::Report { outcome } => {
                    run.report(now, *outcome).map(|news| news.then_some("reported"))
                }
                _ => Err(Refusal::NotOpen),
            };
            match event {
                Ok(Some(what)) => self.store_run(request, now, &run, what)?,
                Ok(None) => {}
                Err(refusal) if form(command).for_role() == Role::App => return Err(refused_app(refusal)),
                // People know of no case here.
                Err(_) => return Err(no_case()),
            }
        }
        Ok((
            200,
            match command {
                Command::Redeem => redeemed(request, run.used.unwrap_or(now)),
                _ => answer_without_record(request.id, true),
            },
        ))
    }

    fn store_run(&self, request: &Requested<'_>, now: Millis, run: &Run, what: &str) -> Result<(), Problem> {
        let text = record::run_to_json(run).to_string();
        let detail = match (what, run.outcome) {
            ("reported", Some(outcome)) => Json::object([("outcome", outcome.as_str().into())]),
            _ => Json::Null,
        };
        self.sql.transaction(|| {
            let put = "INSERT INTO runs (id, run, at) VALUES (?, ?, ?) \
                       ON CONFLICT (id) DO UPDATE SET run = excluded.run";
            self.sql.run(put, &[Bind::Text(request.id), Bind::Text(&text), now.0.into()])?;
            let head = chain::head(&self.sql)?;
            chain::store(&self.sql, &ledger::append(head, now, request.id, what, None, detail))?;
            self.note(request.token, now)
        })?;
        Ok(())
    }

    /// Stores a case with its entries and messages, within a transaction.
    pub(super) fn write(&self, now: Millis, case: &mut Case, events: &[Event]) -> Result<(), Problem> {
        let record = outbox::record(case, chain::head(&self.sql)?, now, events);
        let progress = progress_text(case);
        check_size(&progress)?;
        let values = [
            i64::from(case.progress.state.is_open()).into(),
            case.forget_at(now).map(|at| at.0).into(),
            Bind::Text(&progress),
            Bind::Text(&case.facts.id),
        ];
        self.sql.run("UPDATE cases SET open = ?, forget_at = ?, progress = ? WHERE id = ?", &values)?;
        for entry in &record.entries {
            chain::store(&self.sql, entry)?;
        }
        if record.drop_future {
            self.drop_future(&case.facts.id, now)?;
        }
        for due in &record.messages {
            match &due.message {
                Message::Notify { topic, seq } => {
                    for name in config::webhook_names(&self.env) {
                        self.post(&case.facts.id, "webhook", &name, Some((*topic, *seq)), due.at)?;
                    }
                }
                Message::Raise => self.post(&case.facts.id, "raise", "", None, due.at)?,
                Message::HandOver { desk } => self.post(&case.facts.id, "hand_over", desk, None, due.at)?,
            }
        }
        Ok(())
    }

    /// Takes the approved action away to run it, once. One that ran already is nobody's to take.
    pub(super) fn take(&self, case: &Case, now: Millis) -> Result<Case, Problem> {
        let mut taken = case.clone();
        if case.facts.oversight == Oversight::Before {
            self.step(&mut taken, now, Command::Take, None)?;
        }
        Ok(taken)
    }

    /// Stores what the clock has made of a case that is still open in its row.
    pub(super) fn notice_the_clock(&self, case: &Case, now: Millis) -> Result<(), Problem> {
        if case.status(now, Viewer::App) == Status::Expired && case.progress.state == State::Held {
            self.step(&mut case.clone(), now, Command::Expire, None)?;
        }
        Ok(())
    }

    /// Whether a request was done before.
    fn knows(&self, token: Option<&str>) -> Result<bool, SqlError> {
        let Some(token) = token else { return Ok(false) };
        let rows = self.sql.query("SELECT at FROM tokens WHERE token = ?", &[Bind::Text(token)])?;
        Ok(!rows.is_empty())
    }

    fn note(&self, token: Option<&str>, now: Millis) -> Result<(), SqlError> {
        let Some(token) = token else { return Ok(()) };
        let insert = "INSERT INTO tokens (token, at) VALUES (?, ?) ON CONFLICT (token) DO NOTHING";
        self.sql.run(insert, &[Bind::Text(token), now.0.into()])
    }

    fn refused(&self, refusal: Refusal, case: &Case, now: Millis, form: Form) -> Problem {
        if form.for_role() == Role::App {
            return refused_app(refusal);
        }
        let field = |pointer: &str, message: String| {
            let problem = Json::object([("pointer", pointer.into()), ("message", message.into())]);
            Problem::new(Code::Invalid, refusal.to_string())
                .with("problems", Json::Array(vec![problem]))
                .with("refusal", refusal.as_str().into())
        };
        let code = match refusal {
            Refusal::OwnAction | Refusal::NotYours => Code::Forbidden,
            Refusal::Reason => {
                return field("/reason", format!("expected one of: {}", case.facts.reasons.join(", ")));
            }
            Refusal::Answer => {
                let fitting = match case.facts.oversight {
                    Oversight::Before => [Answer::Approve, Answer::Edit, Answer::Reject].as_slice(),
                    Oversight::After { .. } => &[Answer::Confirm, Answer::Overturn],
                };
                let fitting: Vec<&str> = fitting.iter().map(|answer| answer.as_str()).collect();
                return field("/decision", format!("expected one of: {}", fitting.join(", ")));
            }
            _ => Code::Conflict,
        };
        Problem::new(code, refusal.to_string())
            .with("refusal", refusal.as_str().into())
            .with("case", case_json(case, &self.name(), now))
    }

    // By the clock

    /// Ends what nobody decided in time.
    pub(super) fn end_what_is_overdue(&self) {
        let overdue =
            "SELECT facts, progress FROM cases WHERE open = 1 AND expires <= ? ORDER BY expires LIMIT ?";
        let Ok(now) = self.now() else { return };
        let rows = self.sql.query(overdue, &[now.0.into(), BATCH.into()]).unwrap_or_default();
        for mut case in rows.iter().filter_map(|row| read_case(row).ok()) {
            // A row that cannot be stepped stays overdue, and every read of it says so all the same.
            let _ = self.step(&mut case, now, Command::Expire, None);
        }
    }

    /// Deletes arguments and context that were kept long enough, and what names old requests.
    pub(super) fn forget_what_is_old(&self) {
        let Ok(now) = self.now() else { return };
        let old = "SELECT facts, progress FROM cases WHERE forget_at <= ? AND open = 0 LIMIT ?";
        let rows = self.sql.query(old, &[now.0.into(), BATCH.into()]).unwrap_or_default();
        for mut case in rows.iter().filter_map(|row| read_case(row).ok()) {
            case.forget();
            let facts = record::facts_to_json(&case.facts).to_string();
            // What cannot be deleted now is tried again with the next alarm.
            let _ = self.sql.transaction(|| {
                let forget = "UPDATE cases SET facts = ?, forget_at = NULL WHERE id = ?";
                self.sql.run(forget, &[Bind::Text(&facts), Bind::Text(&case.facts.id)])?;
                self.write(now, &mut case, &[Event::Forgotten])
            });
        }
        let remembered = now.0.saturating_sub(REMEMBERED.as_millis());
        for statement in ["DELETE FROM tokens WHERE at < ?", "DELETE FROM runs WHERE at < ?"] {
            let _ = self.sql.run(statement, &[remembered.into()]);
        }
    }
}

/// Completes a decision by what the desk knows: when it is, and what it is filed under.
fn completed(case: &Case, command: Command, now: Millis) -> Command {
    match command {
        Command::Decide { mut decision, digest, lease, edited } => {
            decision.at = now;
            decision.category = decision.category.or_else(|| case.content().first_category());
            Command::Decide { decision, digest, lease, edited }
        }
        other => other,
    }
}

fn redeemed(request: &Requested<'_>, at: Millis) -> Json {
    Json::object([
        ("id", request.id.into()),
        ("digest", request.digest.map(|digest| digest.to_string()).into()),
        ("at", at.to_string().into()),
    ])
}

/// Apps learn why, and nothing of the case.
fn refused_app(refusal: Refusal) -> Problem {
    Problem::new(Code::Conflict, refusal.to_string()).with("refusal", refusal.as_str().into())
}

fn person_of(command: &Command) -> Option<&str> {
    match command {
        Command::Decide { decision, .. } => Some(&decision.by),
        _ => None,
    }
}

fn check_size(text: &str) -> Result<(), Problem> {
    if text.len() <= MAX_ROW {
        return Ok(());
    }
    let detail = format!("the case has {} bytes, and at most {MAX_ROW} can be kept", text.len());
    Err(Problem::new(Code::TooLarge, detail))
}

pub(super) fn read_case(row: &Row) -> Result<Case, SqlError> {
    let unreadable = || SqlError("a case cannot be read".to_owned());
    let facts = record::facts_from_json(&row.json("facts")?).ok_or_else(unreadable)?;
    let progress = record::progress_from_json(&row.json("progress")?).ok_or_else(unreadable)?;
    Ok(Case { facts, progress })
}

fn progress_text(case: &Case) -> String {
    record::progress_to_json(&case.progress).to_string()
}

pub(super) fn lease_json(case: &Case, now: Millis) -> Json {
    case.progress
        .live_lease(now)
        .map(|lease| {
            Json::object([("token", lease.token.as_str().into()), ("until", lease.until.to_string().into())])
        })
        .into()
}
