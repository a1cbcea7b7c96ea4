//! One case at a desk: keeping it, doing something with it, storing what happened.

use super::super::sql::{Bind, Row, SqlError};
use super::super::{chain, config};
use super::{Answered, Desk, failed, moved, no_case, one_case};
use crate::core::case::{
    Answer, Case, Command, Connection, Oversight, Proxied, Refusal, Run, State, Status, Viewer,
};
use crate::core::desk::{self, Done, Looking, Request, Stopped, Store, Write};
use crate::core::json::Json;
use crate::core::key::Role;
use crate::core::ledger::Head;
use crate::core::outbox::{Due, Message};
use crate::core::time::{Millis, Span};
use crate::wire::api::{Claim, answer_of_case, answer_without_record, case_json};
use crate::wire::desk::{MOVED, Take};
use crate::wire::problem::{Code, Problem};
use crate::wire::record;

/// How many cases of equal calls are looked through.
const MAX_EQUAL: i64 = 50;

/// The largest row that the platform stores is 2 MB; below it, with room for the other columns.
const MAX_ROW: usize = 1_900_000;

/// What a case's progress has where nothing large is in it.
const SMALL: usize = 64 << 10;

/// How long a request's repetition is known, and what proceeded can be reported: longer than any permit and any
/// name of a request lives.
const REMEMBERED: Span = Span::days(32);

/// How many rows one alarm ends or forgets.
const BATCH: i64 = 50;

/// What is asked, beside the command.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) request: Request<'a>,
    pub(super) next: Option<Claim>,
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
        Command::Undo { .. } | Command::Move { .. } | Command::Settle { .. } => Form::OneCase,
        Command::Decide { .. } => Form::Decision,
        Command::Redeem => Form::Redeemed,
        Command::Withdraw
        | Command::Join { .. }
        | Command::Leave { .. }
        | Command::Take { .. }
        | Command::Start { .. }
        | Command::Finish { .. }
        | Command::Defer
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

impl Store for Desk {
    type Error = Problem;

    fn name(&self) -> String {
        self.state.id().name().unwrap_or_default()
    }

    fn case(&self, id: &str) -> Result<Option<Case>, Problem> {
        let rows = self.sql.query("SELECT facts, progress FROM cases WHERE id = ?", &[Bind::Text(id)])?;
        rows.first().map(read_case).transpose().map_err(|error| failed(&error))
    }

    fn equal_calls(&self, proxied: &Proxied, now: Millis) -> Result<Vec<String>, Problem> {
        let (call, request) = (proxied.call.to_string(), proxied.request.to_string());
        let query = "SELECT id FROM cases WHERE call = ? AND awaited_until > ? ORDER BY request = ? DESC, rowid LIMIT ?";
        let values = [Bind::Text(&call), now.0.into(), Bind::Text(&request), MAX_EQUAL.into()];
        let rows = self.sql.query(query, &values)?;
        let ids = rows.iter().map(|row| row.text("id")).collect::<Result<Vec<String>, SqlError>>();
        ids.map_err(|error| failed(&error))
    }

    fn run(&self, id: &str) -> Result<Option<Run>, Problem> {
        let rows = self.sql.query("SELECT run FROM runs WHERE id = ?", &[Bind::Text(id)])?;
        let Some(row) = rows.first() else { return Ok(None) };
        let unreadable = || failed(&SqlError("a run cannot be read".to_owned()));
        record::run_from_json(&row.json("run")?).map(Some).ok_or_else(unreadable)
    }

    fn knows(&self, token: &str) -> Result<bool, Problem> {
        let rows = self.sql.query("SELECT at FROM tokens WHERE token = ?", &[Bind::Text(token)])?;
        Ok(!rows.is_empty())
    }

    fn head(&self) -> Result<Head, Problem> {
        chain::head(&self.sql).map_err(|error| failed(&error))
    }

    fn commit(&self, write: &Write<'_>) -> Result<(), Problem> {
        self.sql.transaction(|| self.write(write))?;
        if !write.record.entries.is_empty() {
            self.wake(write.id);
            if let Some(case) = write.case {
                self.changed(case, write.now);
            }
        }
        Ok(())
    }
}

impl Desk {
    /// Writes all of it, within a transaction.
    pub(super) fn write(&self, write: &Write<'_>) -> Result<(), Problem> {
        if let Some(case) = write.case {
            self.write_case(write, case)?;
            self.note_opinions(case, write.now)?;
            self.note_load(write, case)?;
        }
        if let Some(run) = &write.run {
            let put = "INSERT INTO runs (id, run, at) VALUES (?, ?, ?) \
                       ON CONFLICT (id) DO UPDATE SET run = excluded.run";
            let run = record::run_to_json(run).to_string();
            self.sql.run(put, &[Bind::Text(write.id), Bind::Text(&run), write.now.0.into()])?;
        }
        self.note(write.token, write.now)?;
        for entry in &write.record.entries {
            chain::store(&self.sql, entry)?;
        }
        if write.record.drop_future {
            self.drop_future(write.id, write.now)?;
        }
        for due in &write.record.messages {
            self.post_message(write.id, due)?;
        }
        Ok(())
    }

    /// Notes that a request was done, within a transaction.
    pub(super) fn note(&self, token: Option<&str>, now: Millis) -> Result<(), Problem> {
        let Some(token) = token else { return Ok(()) };
        let insert = "INSERT INTO tokens (token, at) VALUES (?, ?) ON CONFLICT (token) DO NOTHING";
        Ok(self.sql.run(insert, &[Bind::Text(token), now.0.into()])?)
    }

    fn write_case(&self, write: &Write<'_>, case: &Case) -> Result<(), Problem> {
        let progress = record::progress_to_json(&case.progress).to_string();
        // Facts fit by themselves; beside a large edit or finding they are counted.
        let beside =
            if progress.len() > SMALL { record::facts_to_json(&case.facts).to_string().len() } else { 0 };
        check_size(progress.len().saturating_add(beside))?;
        let is_open = i64::from(case.progress.state.is_open());
        let forget_at = case.forget_at(write.now).map(|at| at.0);
        let call = case.facts.proxied.as_ref().map(|proxied| proxied.call.to_string());
        let request = case.facts.proxied.as_ref().map(|proxied| proxied.request.to_string());
        let awaited_until = case.awaited_until(write.now).map(|at| at.0);
        if write.is_new || case.is_forgotten() {
            let facts = record::facts_to_json(&case.facts).to_string();
            check_size(facts.len().saturating_add(progress.len()))?;
            let insert = "INSERT INTO cases (id, open, after, proposer, created, expires, valid, facts, progress, \
                          call, request, awaited_until, kind, app, subject, approved_at) \
                          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
            let values = [
                Bind::Text(write.id),
                is_open.into(),
                i64::from(case.facts.oversight != Oversight::Before).into(),
                Bind::Text(&case.facts.proposer),
                case.facts.created.0.into(),
                case.facts.expires.0.into(),
                case.facts.valid.as_millis().into(),
                Bind::Text(&facts),
                Bind::Text(&progress),
                call.as_deref().into(),
                request.as_deref().into(),
                awaited_until.into(),
                Bind::Text(&case.facts.kind),
                Bind::Text(&case.facts.app),
                case.subject().into(),
                case.approved_at().map(|at| at.0).into(),
            ];
            if write.is_new {
                return Ok(self.sql.run(insert, &values)?);
            }
            let forget = "UPDATE cases SET facts = ?, call = NULL, request = NULL, subject = NULL, forget_at = NULL \
                          WHERE id = ? AND forget_at IS NOT NULL";
            self.sql.run(forget, &[Bind::Text(&facts), Bind::Text(write.id)])?;
        }
        let update = "UPDATE cases SET open = ?, forget_at = ?, awaited_until = ?, approved_at = ?, sent_until = ?, \
                      unsettled = ?, progress = ? WHERE id = ?";
        let values = [
            is_open.into(),
            forget_at.into(),
            awaited_until.into(),
            case.approved_at().map(|at| at.0).into(),
            case.sent_until().map(|at| at.0).into(),
            i64::from(case.is_unsettled()).into(),
            Bind::Text(&progress),
            Bind::Text(write.id),
        ];
        Ok(self.sql.run(update, &values)?)
    }

    fn post_message(&self, id: &str, due: &Due) -> Result<(), Problem> {
        match &due.message {
            Message::Notify { topic, seq } => {
                for name in config::webhook_names(&self.env) {
                    self.post(id, "webhook", &name, Some((*topic, *seq)), due.at)?;
                }
                Ok(())
            }
            Message::Raise => self.post(id, "raise", "", None, due.at),
            Message::HandOver { desk } => self.post(id, "hand_over", desk, None, due.at),
            Message::Label => self.post(id, "label", "", None, due.at),
        }
    }

    pub(super) fn keep(&self, case: Case, from: Option<String>) -> Answered {
        let now = self.now()?;
        match desk::keep(self, now, case, from) {
            Ok(Done::Case(case)) => Ok((202, answer_of_case(&case, now))),
            Ok(Done::Moved(desk)) => Ok(moved(&desk)),
            Ok(Done::Run(_)) | Err(Stopped::NoCase | Stopped::Refused(..)) => Err(no_case()),
            Err(Stopped::Store(problem)) => Err(problem),
        }
    }

    /// Lets a call through the proxy wait: for the case of an equal call, else for its own.
    pub(super) fn propose(&self, mut case: Case, connection: Connection, asked: &[String]) -> Answered {
        let now = self.now()?;
        if let Some(proxied) = &case.facts.proxied {
            let looking = Looking { proxied, needs: &case.facts.content, connection: &connection };
            match desk::find(self, now, &looking, asked) {
                Ok(found) => return Ok(self.joined(&found, now)),
                Err(Stopped::Store(problem)) => return Err(problem),
                Err(Stopped::NoCase | Stopped::Refused(..)) => {}
            }
        }
        case.progress.connection = Some(connection);
        self.name_unsettled(&mut case)?;
        self.keep(case, None)
    }

    /// Says beside a new case which equal calls were sent, while nobody knows what became of them: whoever approves it
    /// has to know.
    fn name_unsettled(&self, case: &mut Case) -> Result<(), Problem> {
        let Some(proxied) = case.facts.proxied.as_ref().filter(|proxied| proxied.renamed) else {
            return Ok(());
        };
        let equal = "SELECT id FROM cases WHERE unsettled = 1 AND call = ? ORDER BY rowid DESC LIMIT 5";
        let rows = self.sql.query(equal, &[Bind::Text(&proxied.call.to_string())])?;
        let ids = rows.iter().map(|row| row.text("id")).collect::<Result<Vec<String>, SqlError>>()?;
        let context = case.facts.content.shown.as_mut().and_then(|shown| shown.action.as_object_mut());
        let context = context.and_then(|action| action.get_mut("context")).and_then(Json::as_object_mut);
        if let Some(context) = context.filter(|_| !ids.is_empty()) {
            context.set("sent before, outcome unknown", ids.join(", "));
        }
        Ok(())
    }

    /// Lets it wait for this case. What has not arrived is unknown; what nobody can wait for any more is in conflict.
    pub(super) fn join(&self, id: &str, looking: &Looking<'_>) -> Answered {
        let now = self.now()?;
        match desk::join(self, now, id, looking) {
            Ok(case) => Ok(self.joined(&case, now)),
            Err(Stopped::NoCase) => Err(no_case()),
            Err(Stopped::Refused(refusal, _)) => Err(refused_app(refusal)),
            Err(Stopped::Store(problem)) => Err(problem),
        }
    }

    /// Whoever waited for it before is told.
    fn joined(&self, case: &Case, now: Millis) -> (u16, Json) {
        self.wake(&case.facts.id);
        match case.elsewhere() {
            Some(desk) => {
                (MOVED, Json::object([("moved", desk.into()), ("id", case.facts.id.as_str().into())]))
            }
            None => (202, answer_of_case(case, now)),
        }
    }

    /// Does something with a case, or knows that it was done already.
    pub(super) fn act(&self, asked: &Asked<'_>, command: Command) -> Answered {
        let now = self.now()?;
        let (form, person) = (form(&command), person_of(&command).map(str::to_owned));
        let leaves = matches!(command, Command::Leave { .. });
        let done = desk::act(self, now, asked.request, command);
        if leaves {
            // Who has given up need not wait.
            self.wake(asked.request.id);
        }
        match done {
            Ok(Done::Moved(desk)) => Ok(moved(&desk)),
            Ok(Done::Case(case)) => Ok((200, self.done(asked, form, person.as_deref(), &case, now))),
            Ok(Done::Run(run)) if form == Form::Redeemed => {
                Ok((200, redeemed(&asked.request, run.used.unwrap_or(now))))
            }
            Ok(Done::Run(_)) => Ok((200, answer_without_record(asked.request.id, true))),
            Err(Stopped::NoCase) => Err(no_case()),
            Err(Stopped::Refused(refusal, Some(case))) if form.for_role() != Role::App => {
                Err(self.refused(refusal, &case, now))
            }
            Err(Stopped::Refused(refusal, _)) => Err(refused_app(refusal)),
            Err(Stopped::Store(problem)) => Err(problem),
        }
    }

    fn done(&self, asked: &Asked<'_>, form: Form, person: Option<&str>, case: &Case, now: Millis) -> Json {
        let name = self.name();
        let shown_at = case.elsewhere().unwrap_or(&name);
        match form {
            Form::Lease => Json::object([("lease", lease_json(case, now))]),
            Form::Case => case_json(case, &name, now),
            Form::OneCase if case.elsewhere().is_none() => {
                Json::object([("case", self.to_look_at(case, now))])
            }
            Form::OneCase => one_case(case, shown_at, now),
            Form::Answer => answer_of_case(case, now),
            Form::Redeemed => redeemed(&asked.request, case.progress.run.used.unwrap_or(now)),
            Form::Decision => {
                // The decision stands, whatever becomes of the next claim.
                let next = asked.next.as_ref().zip(person);
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

    /// Takes the approved action away, once.
    pub(super) fn take(
        &self,
        case: &Case,
        now: Millis,
        connection: Option<String>,
        take: Take,
    ) -> Result<Case, Problem> {
        let mut taken = case.clone();
        let command = match take {
            Take::Away => Command::Take { connection },
            Take::Forward(until) => Command::Start { connection: connection.unwrap_or_default(), until },
        };
        match desk::apply(self, now, &mut taken, command, None)? {
            None => Ok(taken),
            Some(refusal) => Err(refused_app(refusal)),
        }
    }

    /// Stores what the clock has made of a case that is still open in its row.
    pub(super) fn notice_the_clock(&self, case: &Case, now: Millis) -> Result<(), Problem> {
        let is_over = match case.status(now, Viewer::App) {
            Status::Expired => case.progress.state == State::Held,
            status => status == Status::Unknown,
        };
        if is_over {
            desk::apply(self, now, &mut case.clone(), Command::Expire, None)?;
        }
        Ok(())
    }

    fn refused(&self, refusal: Refusal, case: &Case, now: Millis) -> Problem {
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
            .with("case", self.to_look_at(case, now))
    }

    // By the clock

    /// Ends what nobody decided in time, and notes what was sent and never answered.
    pub(super) fn end_what_is_overdue(&self) {
        let overdue =
            "SELECT facts, progress FROM cases WHERE open = 1 AND expires <= ? ORDER BY expires LIMIT ?";
        let lost = "SELECT facts, progress FROM cases WHERE sent_until <= ? ORDER BY sent_until LIMIT ?";
        let Ok(now) = self.now() else { return };
        let mut rows = self.sql.query(overdue, &[now.0.into(), BATCH.into()]).unwrap_or_default();
        rows.extend(self.sql.query(lost, &[now.0.into(), BATCH.into()]).unwrap_or_default());
        for mut case in rows.iter().filter_map(|row| read_case(row).ok()) {
            // A row that cannot be stepped stays overdue, and every read of it says so all the same.
            let _ = desk::apply(self, now, &mut case, Command::Expire, None);
        }
    }

    /// Deletes arguments and context that were kept long enough, and what names old requests.
    pub(super) fn forget_what_is_old(&self) {
        let Ok(now) = self.now() else { return };
        let old = "SELECT facts, progress FROM cases WHERE forget_at <= ? AND open = 0 LIMIT ?";
        let rows = self.sql.query(old, &[now.0.into(), BATCH.into()]).unwrap_or_default();
        for mut case in rows.iter().filter_map(|row| read_case(row).ok()) {
            // What cannot be deleted now is tried again with the next alarm.
            let _ = desk::forget(self, now, &mut case);
        }
        let remembered = now.0.saturating_sub(REMEMBERED.as_millis());
        let counted = now.0.saturating_sub(super::opinions::WINDOW.as_millis());
        for (statement, before) in [
            ("DELETE FROM tokens WHERE at < ?", remembered),
            ("DELETE FROM runs WHERE at < ?", remembered),
            ("DELETE FROM opinions WHERE at < ?", counted),
        ] {
            let _ = self.sql.run(statement, &[before.into()]);
        }
    }
}

fn redeemed(request: &Request<'_>, at: Millis) -> Json {
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

fn check_size(bytes: usize) -> Result<(), Problem> {
    if bytes <= MAX_ROW {
        return Ok(());
    }
    let detail = format!("the case has {bytes} bytes, and at most {MAX_ROW} can be kept");
    Err(Problem::new(Code::TooLarge, detail))
}

pub(super) fn read_case(row: &Row) -> Result<Case, SqlError> {
    let unreadable = || SqlError("a case cannot be read".to_owned());
    let facts = record::facts_from_json(&row.json("facts")?).ok_or_else(unreadable)?;
    let progress = record::progress_from_json(&row.json("progress")?).ok_or_else(unreadable)?;
    Ok(Case { facts, progress })
}

pub(super) fn lease_json(case: &Case, now: Millis) -> Json {
    case.progress
        .live_lease(now)
        .map(|lease| {
            Json::object([("token", lease.token.as_str().into()), ("until", lease.until.to_string().into())])
        })
        .into()
}
