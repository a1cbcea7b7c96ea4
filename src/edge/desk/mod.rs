//! A desk: the queue of cases that one team works off.
//!
//! One object per desk, because cases, votes, leases, deadlines, their ledger and what others are to be told
//! have to change together; an organisation grows by desks. It is asked by one internal route, `POST /` with an
//! [`Ask`] as body, and answers with the public status and body. Tables: `cases`, `runs` (what proceeded without
//! a case and was redeemed or reported), `tokens` (requests that are done once), `outbox`, and the desk's
//! `ledger`. Its one alarm stands at the earliest deadline, message or deletion; safety never rests on it,
//! because every read judges deadlines too. Each command is one turn without an await: load, `step`, then rows,
//! ledger entries and messages in one synchronous transaction. Whoever waits for a case is woken after it, and
//! what is to be told leaves after it. `GET /` is the page that watches: a hibernating WebSocket of hints.

mod cases;
mod hints;
mod labels;
mod load;
mod opinions;
mod outbox;
mod queue;
mod shown;
mod tables;

use super::sql::{Sql, SqlError};
use super::timer::Timer;
use super::{chain, clock};
use crate::core::case::machine::Stage;
use crate::core::case::{Case, Command, Status, Viewer};
use crate::core::desk::{Looking, Request, Store as _};
use crate::core::json::Json;
use crate::core::time::Millis;
use crate::wire::api::{answer_of_case, answer_without_record, case_json};
use crate::wire::desk::{Ask, MOVED, Take, WATCHER};
use crate::wire::problem::{Code, Problem};
use base64ct::{Base64UrlUnpadded, Encoding as _};
use futures_channel::oneshot;
use futures_util::future::select;
use std::cell::RefCell;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use worker::{Env, Response, ScheduledTime, WebSocket, WebSocketIncomingMessage, durable_object};

const MIGRATIONS: &[&[&str]] = &[
    chain::TABLES,
    tables::FIRST_TABLES,
    tables::TABLES,
    tables::FROM_FIRST_TABLES,
    outbox::TABLES,
    tables::EQUAL_CALLS,
    shown::APPROVED,
    hints::WAITING,
    opinions::TABLES,
    chain::BY_SUBJECT,
    load::TABLES,
    tables::SENT,
];

/// The object.
#[durable_object]
pub struct Desk {
    state: Rc<worker::State>,
    env: Env,
    sql: Sql,
    ready: Result<(), SqlError>,
    /// Ids that requests wait for, each with its bell.
    waiting: RefCell<Vec<(String, oneshot::Sender<()>)>>,
    /// Messages that are on their way.
    leaving: RefCell<Vec<i64>>,
    /// What the pages that watch are to be told.
    hints: Rc<hints::Hints>,
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Desk").field("ready", &self.ready).finish_non_exhaustive()
    }
}

impl worker::DurableObject for Desk {
    fn new(state: worker::State, env: Env) -> Self {
        let sql = Sql::new(&state);
        let ready = sql.migrate(MIGRATIONS);
        Self {
            state: Rc::new(state),
            env,
            sql,
            ready,
            waiting: RefCell::default(),
            leaving: RefCell::default(),
            hints: Rc::default(),
        }
    }

    async fn fetch(&self, mut request: worker::Request) -> worker::Result<Response> {
        if request.method() == worker::Method::Get {
            let key = request.headers().get(WATCHER)?.unwrap_or_default();
            return self.watched(&key);
        }
        let body = request.bytes().await?;
        let answered = match self.asked(&body) {
            Ok(ask) => self.answered(ask).await,
            Err(problem) => Err(problem),
        };
        self.arm().await;
        self.hint();
        Ok(super::respond::internal(answered))
    }

    async fn alarm(&self) -> worker::Result<Response> {
        // Whatever cannot be done now is still due: the alarm is set again, and reads judge for themselves.
        self.end_what_is_overdue();
        self.hint();
        self.deliver_what_is_due().await;
        self.check_load().await;
        self.forget_what_is_old();
        self.arm().await;
        self.hint();
        Response::empty()
    }

    // A page says nothing: it listens, and asks by requests of its own.
    async fn websocket_message(&self, _: WebSocket, _: WebSocketIncomingMessage) -> worker::Result<()> {
        Ok(())
    }

    async fn websocket_close(&self, _: WebSocket, _: usize, _: String, _: bool) -> worker::Result<()> {
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: worker::Error) -> worker::Result<()> {
        Ok(())
    }

    async fn connect(&self, _: worker::Socket) -> worker::Result<()> {
        Err(worker::Error::RustError("a desk takes no connections".to_owned()))
    }
}

type Answered = Result<(u16, Json), Problem>;

fn failed(error: &SqlError) -> Problem {
    Problem::new(Code::Unavailable, format!("desk: {error}"))
}

fn no_case() -> Problem {
    Problem::new(Code::NotFound, "no case has this id, or not for you")
}

/// A case that lives on elsewhere.
fn moved(desk: &str) -> (u16, Json) {
    (MOVED, Json::object([("moved", desk.into())]))
}

impl Desk {
    fn asked(&self, body: &[u8]) -> Result<Ask, Problem> {
        if let Err(error) = &self.ready {
            return Err(failed(error));
        }
        let token = new_token()?;
        let ask = Json::parse_own(body).ok().as_ref().and_then(|json| Ask::from_json(json, &token));
        ask.ok_or_else(|| Problem::new(Code::Invalid, "the desk is not asked this"))
    }

    async fn answered(&self, ask: Ask) -> Answered {
        let case = match &ask {
            Ask::Do { id, .. } | Ask::Answer { id, .. } | Ask::Case { id } | Ask::Where { id } => id.clone(),
            _ => String::new(),
        };
        let moves = matches!(&ask, Ask::Do { command, .. } if matches!(**command, Command::Move { .. }));
        let answered = match ask {
            Ask::Answer { id, wait_ms, take, proceeded, connection } => {
                self.answer(&id, wait_ms, take, proceeded, connection).await
            }
            ask => self.at_once(ask),
        };
        if (moves && answered.is_ok()) || matches!(answered, Ok((MOVED, _))) {
            // It may have left without having arrived.
            let found = answered.as_ref().ok().and_then(|(_, body)| body.get("id")).and_then(Json::as_str);
            self.deliver_case(found.unwrap_or(&case)).await;
        }
        answered
    }

    fn at_once(&self, ask: Ask) -> Answered {
        match ask {
            Ask::Keep { case, from } => self.keep(*case, from),
            Ask::Propose { case, connection, asked } => self.propose(*case, connection, &asked),
            Ask::Join { id, proxied, needs, connection } => {
                self.join(&id, &Looking { proxied: &proxied, needs: &needs, connection: &connection })
            }
            Ask::Case { id } => self.shown(&id),
            Ask::Where { id } => Ok(match self.case(&id)?.ok_or_else(no_case)?.elsewhere() {
                Some(desk) => moved(desk),
                None => (200, Json::Null),
            }),
            Ask::Knows { id, token } => {
                let (case, known) = (self.case(&id)?.ok_or_else(no_case)?, self.knows(&token)?);
                Ok(match case.elsewhere() {
                    Some(desk) if !known => moved(desk),
                    _ => (200, Json::object([("known", known.into())])),
                })
            }
            Ask::List { listing } => self.list(&listing),
            Ask::Counts { person } => self.counts_for(&person),
            Ask::Arrivals { since } => Ok((200, self.arrivals(since)?.to_json())),
            Ask::Recorded { reading } => self.recorded(&reading),
            Ask::Claim { person, claim } => self.claim(&person, &claim).map(|claimed| (200, claimed)),
            Ask::Do { id, command, token, next, proceeded, digest } => {
                let request = Request { id: &id, token: token.as_deref(), proceeded, digest };
                self.act(&cases::Asked { request, next }, *command)
            }
            Ask::Ledger { after, case } => {
                chain::page(&self.sql, after, case.as_deref()).map_err(|error| failed(&error))
            }
            Ask::Head => chain::head_json(&self.sql, Some(&self.name())).map_err(|error| failed(&error)),
            Ask::DeadLetters => self.dead_letters(),
            Ask::Resend { place, by, token } => self.resend(place, &by, token.as_deref()),
            Ask::Answer { .. } => Err(Problem::new(Code::Invalid, "waiting is not answered at once")),
        }
    }

    /// The clock, never behind the ledger: time that jumps back expires nothing early and reorders nothing.
    fn now(&self) -> Result<Millis, SqlError> {
        now(&self.sql)
    }

    fn shown(&self, id: &str) -> Answered {
        let (case, now) = (self.case(id)?.ok_or_else(no_case)?, self.now()?);
        Ok(match case.elsewhere() {
            Some(desk) => moved(desk),
            None => (200, self.to_look_at(&case, now)),
        })
    }

    // Waiting

    /// What an app is told of its case: at once where that is final, else when it becomes so or the wait ends.
    async fn answer(
        &self,
        id: &str,
        wait_ms: i64,
        take: Option<Take>,
        proceeded: bool,
        connection: Option<String>,
    ) -> Answered {
        let until = clock::now().0.saturating_add(wait_ms);
        loop {
            let Some(case) = self.case(id)? else {
                // What proceeded and was not drawn for an audit answers like what was.
                return if proceeded { Ok((200, answer_without_record(id, true))) } else { Err(no_case()) };
            };
            if let Some(desk) = case.elsewhere() {
                return Ok(moved(desk));
            }
            let now = self.now()?;
            let left = until.saturating_sub(clock::now().0);
            let newest = case.progress.connection.as_ref().map(|waits| &waits.name);
            if connection.is_some() && connection.as_ref() != newest {
                // For this connection nothing will change any more.
                return Ok((202, Json::object([("status", Status::Held.as_str().into())])));
            }
            if let Some(take) = take.filter(|_| can_be_taken(case.stage(now))) {
                let case = self.take(&case, now, connection, take)?;
                return Ok((200, answer_of_case(&case, now)));
            }
            if case.status(now, Viewer::App) != Status::Held {
                self.notice_the_clock(&case, now)?;
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
        let limit = pin!(Timer::after(Duration::from_millis(u64::try_from(millis).unwrap_or(1))));
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

    // The alarm

    /// Sets the one alarm to the earliest of deadlines, messages and deletions.
    #[expect(clippy::cast_precision_loss, reason = "times stay below 2^53")]
    async fn arm(&self) {
        let earliest = |statement: &str| {
            let rows = self.sql.query(statement, &[]).ok()?;
            rows.first()?.optional_int("at").ok().flatten()
        };
        let now = clock::now().0;
        let lost = earliest("SELECT min(sent_until) AS at FROM cases WHERE sent_until IS NOT NULL");
        // A second of distance, so that a row which cannot be stepped does not keep the object busy.
        let case = earliest("SELECT min(expires) AS at FROM cases WHERE open = 1");
        let old = earliest("SELECT min(forget_at) AS at FROM cases WHERE forget_at IS NOT NULL");
        let rows = case.into_iter().chain(old).chain(lost).map(|at| at.max(now.saturating_add(1000)));
        let waiting = format!("SELECT min(due) AS at FROM outbox WHERE dead = 0 AND {}", self.not_leaving());
        // What is overdue for long could not be noted as delivered: not again at once.
        let overdue = |at: i64| at < now.saturating_sub(1000);
        let message =
            earliest(&waiting).map(|at| if overdue(at) { now.saturating_add(1000) } else { at.max(now) });
        let check =
            self.next_check().map(|at| if overdue(at) { now.saturating_add(1000) } else { at.max(now) });
        let Some(due) = rows.chain(message).chain(check).min() else { return };
        let storage = self.state.storage();
        let set = storage.get_alarm().await.ok().flatten();
        if set.is_none_or(|set| set > due || set < now) {
            let at = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(due as f64));
            // Without an alarm deadlines are still judged on every read.
            let _ = storage.set_alarm(ScheduledTime::new(at)).await;
        }
    }
}

/// The clock, never behind the ledger of this database.
fn now(sql: &Sql) -> Result<Millis, SqlError> {
    Ok(clock::now().max(chain::head(sql)?.at))
}

fn new_token() -> Result<String, Problem> {
    let bytes: [u8; 12] =
        clock::random().map_err(|_| Problem::new(Code::Unavailable, "desk: no random bytes"))?;
    Ok(Base64UrlUnpadded::encode_string(&bytes))
}

/// Where a release can be taken, or is told to have been.
fn can_be_taken(stage: Stage) -> bool {
    use Stage::{Approved, Done, Failed, Running, Unknown, Used};
    matches!(stage, Approved | Used | Running | Done | Failed | Unknown)
}

/// What people get of a case alone.
fn one_case(case: &Case, desk: &str, now: Millis) -> Json {
    Json::object([("case", case_json(case, desk, now))])
}
