//! A desk: the queue of cases that one team works off.
//!
//! One object per desk, because cases, votes, leases, deadlines and their ledger have to change together; an
//! organisation grows by desks. It is asked by one internal route, `POST /` with an [`Ask`] as body, and
//! answers with the public status and body. Tables: `cases` and the desk's `ledger`. Its one alarm stands at
//! the earliest deadline of an open case; safety never rests on it, because every read judges deadlines too.
//! Each command is one turn without an await: load, [`step`], then rows and ledger entries in one synchronous
//! transaction. Whoever waits for a case is woken after it.

use super::sql::{Bind, Row, Sql, SqlError};
use super::{chain, clock};
use crate::core::case::{Case, Command, Event, Facts, Refusal, State, Status, Step, Viewer, step};
use crate::core::json::Json;
use crate::core::ledger;
use crate::core::time::{Millis, Span};
use crate::wire::api::{Claim, MAX_PAGE, answer_of_case, case_json};
use crate::wire::desk::Ask;
use crate::wire::problem::{Code, Problem};
use crate::wire::record;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use futures_channel::oneshot;
use futures_util::future::select;
use std::cell::RefCell;
use std::pin::pin;
use std::time::Duration;
use worker::{Delay, Env, Request, Response, ScheduledTime, durable_object};

const MIGRATIONS: &[&[&str]] = &[
    chain::TABLES,
    &[
        "CREATE TABLE cases (id TEXT PRIMARY KEY, open INTEGER NOT NULL, proposer TEXT NOT NULL, created INTEGER NOT NULL, \
         expires INTEGER NOT NULL, valid INTEGER NOT NULL, facts TEXT NOT NULL, progress TEXT NOT NULL) STRICT",
        "CREATE INDEX cases_by_deadline ON cases (open, expires, id)",
        "CREATE TRIGGER cases_stay BEFORE DELETE ON cases BEGIN SELECT RAISE(ABORT, 'cases do not vanish'); END",
        "CREATE TRIGGER facts_stay BEFORE UPDATE OF facts, proposer, created, expires, valid ON cases \
         BEGIN SELECT RAISE(ABORT, 'what was held does not change'); END",
    ],
];

/// The largest row that the platform stores is 2 MB; below it, with room for the other columns.
const MAX_FACTS: usize = 1_900_000;

/// How many overdue cases one alarm ends.
const ALARM_BATCH: i64 = 50;

/// How many rows are read at a time where many are looked through, and how many times.
const PAGE: i64 = 200;
const MAX_PAGES: usize = 25;

/// A case larger than this is given alone, and a list ends soon after this many bytes: an isolate has 128 MB for all.
const LOOK_AHEAD_BYTES: usize = 256 << 10;
const LIST_BYTES: usize = 2 << 20;

/// The object.
#[durable_object(alarm)]
pub struct Desk {
    state: worker::State,
    sql: Sql,
    ready: Result<(), SqlError>,
    /// Ids that requests wait for, each with its bell.
    waiting: RefCell<Vec<(String, oneshot::Sender<()>)>>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Desk").field("ready", &self.ready).finish_non_exhaustive()
    }
}

impl worker::DurableObject for Desk {
    fn new(state: worker::State, _env: Env) -> Self {
        let sql = Sql::new(&state);
        let ready = sql.migrate(MIGRATIONS);
        Self { state, sql, ready, waiting: RefCell::default() }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let body = request.bytes().await?;
        let ask = Json::parse(&body).ok().as_ref().and_then(Ask::from_json);
        let answered = match (&self.ready, ask) {
            (Err(error), _) => Err(failed(error)),
            (Ok(()), None) => Err(Problem::new(Code::Invalid, "the desk is not asked this")),
            (Ok(()), Some(Ask::Answer { id, app, wait_ms, take })) => {
                self.answer(&id, &app, wait_ms, take).await
            }
            (Ok(()), Some(ask)) => self.at_once(ask),
        };
        self.arm().await;
        Ok(match answered {
            Ok((status, body)) => super::respond::json(status, &body),
            Err(problem) => super::respond::json(problem.status(), &problem.to_json()),
        })
    }

    async fn alarm(&self) -> worker::Result<Response> {
        let overdue = self.now().and_then(|now| {
            let rows = self.sql.query(
                "SELECT id FROM cases WHERE open = 1 AND expires <= ? ORDER BY expires LIMIT ?",
                &[now.0.into(), ALARM_BATCH.into()],
            )?;
            rows.iter().map(|row| row.text("id")).collect::<Result<Vec<_>, _>>()
        });
        for id in overdue.unwrap_or_default() {
            // A row that cannot be stepped stays overdue, and every read of it says expired all the same.
            let _ = self.command(&id, Command::Expire);
        }
        self.arm().await;
        Response::empty()
    }
}

type Answered = Result<(u16, Json), Problem>;

fn failed(error: &SqlError) -> Problem {
    Problem::new(Code::Unavailable, format!("desk: {error}"))
}

fn no_case() -> Problem {
    Problem::new(Code::NotFound, "no case has this id, or not for you")
}

impl Desk {
    fn at_once(&self, ask: Ask) -> Answered {
        match ask {
            Ask::Hold(facts) => self.hold(*facts),
            Ask::Case { id } => self.shown(&id),
            Ask::List { status, limit, after } => self.list(status.as_deref(), limit, after.as_deref()),
            Ask::Counts => self.counts(),
            Ask::Claim { person, claim } => self.claim(&person, &claim).map(|claimed| (200, claimed)),
            Ask::Lease { id, person } => self.lease(&id, &person),
            Ask::GiveBack { id, person } => {
                self.command(&id, Command::GiveBack { person })?;
                self.shown(&id)
            }
            Ask::Decide { id, mut decision, digest, lease, next } => {
                decision.at = self.now()?;
                let person = decision.by.clone();
                if decision.category.is_none() {
                    decision.category = self.load(&id)?.facts.first_category();
                }
                let (case, now) = self.command(&id, Command::Decide { decision, digest, lease })?;
                // The decision stands, whatever becomes of the next claim.
                let next = next.and_then(|claim| self.claim(&person, &claim).ok());
                Ok((
                    200,
                    Json::object([
                        ("case", case_json(&case, &self.name(), now)),
                        ("release_at", case.release_at().map(|at| at.to_string()).into()),
                        ("next", next.into()),
                        ("drill", Json::Null),
                    ]),
                ))
            }
            Ask::Undo { id, person } => {
                let (case, now) = self.command(&id, Command::Undo { person })?;
                Ok((200, Json::object([("case", case_json(&case, &self.name(), now))])))
            }
            Ask::Answer { .. } => Err(Problem::new(Code::Invalid, "waiting is not answered at once")),
        }
    }

    /// The clock, never behind the ledger: time that jumps back expires nothing early and reorders nothing.
    fn now(&self) -> Result<Millis, SqlError> {
        Ok(clock::now().max(chain::head(&self.sql)?.at))
    }

    fn name(&self) -> String {
        self.state.id().name().unwrap_or_default()
    }

    // One case

    fn load(&self, id: &str) -> Result<Case, Problem> {
        let rows = self.sql.query("SELECT facts, progress FROM cases WHERE id = ?", &[Bind::Text(id)])?;
        read_case(rows.first().ok_or_else(no_case)?).map_err(|error| failed(&error))
    }

    fn hold(&self, facts: Facts) -> Answered {
        let now = self.now()?;
        let text = record::facts_to_json(&facts).to_string();
        if text.len() > MAX_FACTS {
            return Err(Problem::new(
                Code::TooLarge,
                format!("the action has {} bytes, and a case at most {MAX_FACTS}", text.len()),
            ));
        }
        let case = Case::hold(facts);
        let facts = &case.facts;
        self.sql.transaction(|| {
            let known = self.sql.query("SELECT id FROM cases WHERE id = ?", &[Bind::Text(&facts.id)])?;
            if !known.is_empty() {
                return Ok(());
            }
            let progress = progress_text(&case);
            self.sql.run(
                "INSERT INTO cases (id, open, proposer, created, expires, valid, facts, progress) \
                     VALUES (?, 1, ?, ?, ?, ?, ?, ?)",
                &[
                    Bind::Text(&facts.id),
                    Bind::Text(&facts.proposer),
                    facts.created.0.into(),
                    facts.expires.0.into(),
                    facts.valid.as_millis().into(),
                    Bind::Text(&text),
                    Bind::Text(&progress),
                ],
            )?;
            self.record(now, &case, &[Event::Held])
        })?;
        Ok((202, answer_of_case(&case, now)))
    }

    /// Steps a case and stores what happened. On a refusal it answers with the case as it stands.
    fn command(&self, id: &str, command: Command) -> Result<(Case, Millis), Problem> {
        let now = self.now()?;
        let mut case = self.load(id)?;
        let before = progress_text(&case);
        let refusal = match step(&mut case, now, command) {
            Ok(Step { events, refusal }) => {
                self.store(now, &case, &before, &events)?;
                if !events.is_empty() {
                    self.wake(id);
                }
                refusal
            }
            Err(refusal) => Some(refusal),
        };
        match refusal {
            None => Ok((case, now)),
            Some(refusal) => Err(self.refused(refusal, &case, now)),
        }
    }

    fn store(&self, now: Millis, case: &Case, before: &str, events: &[Event]) -> Result<(), SqlError> {
        let progress = progress_text(case);
        if progress == before && events.is_empty() {
            return Ok(());
        }
        self.sql.transaction(|| {
            self.sql.run(
                "UPDATE cases SET open = ?, progress = ? WHERE id = ?",
                &[
                    i64::from(case.progress.state == State::Held).into(),
                    Bind::Text(&progress),
                    Bind::Text(&case.facts.id),
                ],
            )?;
            self.record(now, case, events)
        })
    }

    fn record(&self, now: Millis, case: &Case, events: &[Event]) -> Result<(), SqlError> {
        for event in events {
            chain::store(&self.sql, &ledger::append_event(chain::head(&self.sql)?, now, case, event))?;
        }
        Ok(())
    }

    fn refused(&self, refusal: Refusal, case: &Case, now: Millis) -> Problem {
        let code = match refusal {
            Refusal::OwnAction | Refusal::NotYours => Code::Forbidden,
            Refusal::Reason => {
                let problem = Json::object([
                    ("pointer", "/reason".into()),
                    ("message", format!("expected one of: {}", case.facts.reasons.join(", ")).into()),
                ]);
                return Problem::new(Code::Invalid, refusal.to_string())
                    .with("problems", Json::Array(vec![problem]));
            }
            Refusal::NotOpen
            | Refusal::TooLate
            | Refusal::Digest
            | Refusal::Lease
            | Refusal::VotedAlready => Code::Conflict,
        };
        Problem::new(code, refusal.to_string())
            .with("refusal", refusal.as_str().into())
            .with("case", case_json(case, &self.name(), now))
    }

    fn shown(&self, id: &str) -> Answered {
        let now = self.now()?;
        Ok((200, case_json(&self.load(id)?, &self.name(), now)))
    }

    fn lease(&self, id: &str, person: &str) -> Answered {
        let (case, now) =
            self.command(id, Command::Lease { person: person.to_owned(), token: new_token()? })?;
        Ok((200, Json::object([("lease", lease_json(&case, now))])))
    }

    // Waiting

    /// What an app is told of its case: at once where that is final, else when it becomes so or the wait ends.
    async fn answer(&self, id: &str, app: &str, wait_ms: i64, take: bool) -> Answered {
        let until = clock::now().0.saturating_add(wait_ms);
        loop {
            let case = self.load(id)?;
            if case.facts.app != app {
                return Err(no_case());
            }
            let now = self.now()?;
            let status = case.status(now, Viewer::App);
            if status == Status::Approved && take {
                let (case, now) = self.command(id, Command::Take)?;
                return Ok((200, answer_of_case(&case, now)));
            }
            if status == Status::Expired && case.progress.state == State::Held {
                self.command(id, Command::Expire)?;
                continue;
            }
            let left = until.saturating_sub(clock::now().0);
            if status != Status::Held {
                return Ok((200, answer_of_case(&case, now)));
            }
            if left <= 0 {
                return Ok((202, answer_of_case(&case, now)));
            }
            let change = case.next_change(now).map_or(left, |at| at.since(now).as_millis());
            self.wait(id, left.min(change).max(1)).await;
        }
    }

    async fn wait(&self, id: &str, millis: i64) {
        let (woken, bell) = oneshot::channel();
        self.waiting.borrow_mut().push((id.to_owned(), woken));
        let limit = pin!(Delay::from(Duration::from_millis(u64::try_from(millis).unwrap_or(1))));
        select(bell, limit).await;
        self.waiting.borrow_mut().retain(|(_, bell)| !bell.is_canceled());
    }

    fn wake(&self, id: &str) {
        let (called, waiting): (Vec<_>, Vec<_>) =
            self.waiting.take().into_iter().partition(|(waited, _)| waited == id);
        self.waiting.replace(waiting);
        for (_, bell) in called {
            // Whoever went away meanwhile needs no bell.
            let _ = bell.send(());
        }
    }

    // Many cases

    /// The first case that is free for this person, leased, and a look ahead at those behind it. Only what
    /// tells whether a case is free is read of all; whole cases are read of those that are given.
    fn claim(&self, person: &str, claim: &Claim) -> Result<Json, Problem> {
        let now = self.now()?;
        let want = usize::try_from(claim.want).unwrap_or(0);
        let mut cases = Vec::new();
        for id in self.free(person, claim, now)?.into_iter().take(want) {
            let case = self.load(&id)?;
            let large = case.size() > LOOK_AHEAD_BYTES;
            cases.push(case);
            if large {
                break;
            }
        }
        let mut lease = Json::Null;
        if let Some(first) = cases.first_mut() {
            let take = Command::Lease { person: person.to_owned(), token: new_token()? };
            let (leased, now) = self.command(&first.facts.id.clone(), take)?;
            lease = lease_json(&leased, now);
            *first = leased;
        }
        let name = self.name();
        let cases: Json = cases.iter().map(|case| case_json(case, &name, now)).collect();
        Ok(Json::object([("cases", cases), ("lease", lease)]))
    }

    /// The ids of the first cases by deadline that are free for this person.
    fn free(&self, person: &str, claim: &Claim, now: Millis) -> Result<Vec<String>, SqlError> {
        let page = "SELECT id, expires, proposer, progress FROM cases \
                    WHERE open = 1 AND (expires, id) > (?, ?) ORDER BY expires, id LIMIT ?";
        let want = usize::try_from(claim.want).unwrap_or(0);
        // A case is expired from its deadline on.
        let (mut free, mut behind) = (Vec::new(), (now.0.saturating_add(1), String::new()));
        for _ in 0..MAX_PAGES {
            let rows = self.sql.query(page, &[behind.0.into(), Bind::Text(&behind.1), PAGE.into()])?;
            for row in &rows {
                let (id, proposer) = (row.text("id")?, row.text("proposer")?);
                behind = (row.int("expires")?, id.clone());
                // One row that cannot be read must not keep the others from being decided.
                let progress = row.json("progress").ok().as_ref().and_then(record::progress_from_json);
                let open = progress.is_some_and(|progress| progress.is_free_for(person, now));
                if open && proposer != person && !claim.skip.contains(&id) {
                    free.push(id);
                }
            }
            if free.len() >= want || rows.len() < usize::try_from(PAGE).unwrap_or(0) {
                break;
            }
        }
        Ok(free)
    }

    /// A page of cases in the order in which they were held. It may be short of its limit, or empty, and still
    /// have a next one: what one request looks through is bounded.
    fn list(&self, status: Option<&str>, limit: i64, after: Option<&str>) -> Answered {
        let now = self.now()?;
        let wanted = status.map(|word| Status::parse(word).ok_or(word)).transpose().map_err(|word| {
            let known = Status::ALL.map(Status::as_str).join(", ");
            Problem::new(Code::Invalid, format!("`status` is one of {known}, not `{word}`"))
        })?;
        let mut cursor: i64 = after
            .map_or(Ok(0), str::parse)
            .map_err(|_| Problem::new(Code::Invalid, "`after` is the `next` of another page"))?;
        let full = usize::try_from(limit.clamp(1, MAX_PAGE)).unwrap_or(1);
        let page = "SELECT rowid AS place, id, expires, valid, progress FROM cases WHERE rowid > ? ORDER BY rowid LIMIT ?";
        let (name, mut cases, mut bytes) = (self.name(), Vec::new(), 0);
        for _ in 0..MAX_PAGES {
            let rows = self.sql.query(page, &[cursor.into(), PAGE.into()])?;
            for row in &rows {
                if cases.len() >= full || bytes > LIST_BYTES {
                    return Ok((200, page_json(cases, Some(cursor))));
                }
                cursor = row.int("place")?;
                let progress = row.json("progress").ok().as_ref().and_then(record::progress_from_json);
                let (expires, valid) = (Millis(row.int("expires")?), Span::millis(row.int("valid")?));
                let status =
                    progress.map(|progress| progress.state.status(expires, valid, now, Viewer::Desk));
                if wanted.is_none_or(|wanted| status == Some(wanted)) {
                    let case = self.load(&row.text("id")?)?;
                    bytes = bytes.saturating_add(case.size());
                    cases.push(case_json(&case, &name, now));
                }
            }
            if rows.len() < usize::try_from(PAGE).unwrap_or(0) {
                return Ok((200, page_json(cases, None)));
            }
        }
        Ok((200, page_json(cases, Some(cursor))))
    }

    fn counts(&self) -> Answered {
        let now = self.now()?;
        let rows = self.sql.query(
            "SELECT count(*) AS held, min(created) AS oldest FROM cases WHERE open = 1 AND expires > ?",
            &[now.0.into()],
        )?;
        let row = rows.first().ok_or_else(|| failed(&SqlError("no count".to_owned())))?;
        let held = row.int("held")?;
        let oldest = row.optional_int("oldest")?;
        Ok((
            200,
            Json::object([
                ("name", self.name().into()),
                ("held", held.into()),
                ("to_audit", 0_i64.into()),
                ("oldest", oldest.map(|at| Millis(at).to_string()).into()),
                // Measured capacity has no numbers yet.
                ("capacity", Json::Null),
            ]),
        ))
    }

    // The alarm

    /// Sets the one alarm to the earliest deadline of an open case.
    #[expect(clippy::cast_precision_loss, reason = "times stay below 2^53")]
    async fn arm(&self) {
        let rows = self.sql.query("SELECT min(expires) AS at FROM cases WHERE open = 1", &[]);
        let due =
            rows.ok().and_then(|rows| rows.first().and_then(|row| row.optional_int("at").ok().flatten()));
        let storage = self.state.storage();
        if let Some(due) = due {
            // A second of distance, so that a row which cannot be stepped does not keep the object busy.
            let due = due.max(clock::now().0.saturating_add(1000));
            let set = storage.get_alarm().await.ok().flatten();
            if set.is_none_or(|set| set > due || set < clock::now().0) {
                let at = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(due as f64));
                // Without an alarm deadlines are still judged on every read.
                let _ = storage.set_alarm(ScheduledTime::new(at)).await;
            }
        }
    }
}

fn page_json(cases: Vec<Json>, next: Option<i64>) -> Json {
    let next = next.map(|place| place.to_string());
    Json::object([("cases", cases.into_iter().collect()), ("next", next.into())])
}

fn read_case(row: &Row) -> Result<Case, SqlError> {
    let unreadable = || SqlError("a case cannot be read".to_owned());
    let facts = record::facts_from_json(&row.json("facts")?).ok_or_else(unreadable)?;
    let progress = record::progress_from_json(&row.json("progress")?).ok_or_else(unreadable)?;
    Ok(Case { facts, progress })
}

fn progress_text(case: &Case) -> String {
    record::progress_to_json(&case.progress).to_string()
}

fn lease_json(case: &Case, now: Millis) -> Json {
    case.progress
        .live_lease(now)
        .map(|lease| {
            Json::object([("token", lease.token.as_str().into()), ("until", lease.until.to_string().into())])
        })
        .into()
}

fn new_token() -> Result<String, Problem> {
    let bytes: [u8; 12] =
        clock::random().map_err(|_| Problem::new(Code::Unavailable, "desk: no random bytes"))?;
    Ok(Base64UrlUnpadded::encode_string(&bytes))
}
