//! What the desk has to tell others: webhooks, other desks. Rows are written with what happened and leave
//! afterwards, at least once each.

use super::super::copy::{self, Copy};
use super::super::sql::{Bind, Row};
use super::super::webhooks::{self, Failed};
use super::super::{call, chain, clock, gating};
use super::{Answered, Desk, no_case};
use crate::core::action::Action;
use crate::core::case::{Case, Command, Oversight, State, step};
use crate::core::desk::{Store as _, Write};
use crate::core::json::{Json, Object};
use crate::core::outbox::{self, Topic, next_attempt};
use crate::core::time::{Millis, Span};
use crate::core::{id::Course, ledger};
use crate::wire::api::action_from_json;
use crate::wire::desk::{Ask, MOVED};
use crate::wire::problem::{Code, Problem};
use crate::wire::webhook::message_id;
use crate::wire::{record, webhook};
use futures_util::future::join_all;

pub(super) const TABLES: &[&str] = &[
    "CREATE TABLE outbox (place INTEGER PRIMARY KEY AUTOINCREMENT, case_id TEXT NOT NULL, what TEXT NOT NULL, \
     name TEXT NOT NULL, topic TEXT, seq INTEGER, body TEXT, at INTEGER NOT NULL, since INTEGER NOT NULL, due INTEGER NOT NULL, \
     tries INTEGER NOT NULL, dead INTEGER NOT NULL, error TEXT) STRICT",
    "CREATE INDEX outbox_by_time ON outbox (dead, due)",
    "CREATE INDEX outbox_by_case ON outbox (case_id)",
];

/// How many messages leave at a time: the platform keeps six connections open at once.
const AT_A_TIME: i64 = 6;
/// How often that is done in one turn.
const ROUNDS: usize = 4;
/// How many dead letters are shown.
const SHOWN: i64 = 100;

/// Between desks nothing is ever given up.
const BETWEEN_DESKS: Span = Span::seconds(12 * 60 * 60);

/// A message on its way.
pub(super) struct Letter {
    pub(super) place: i64,
    pub(super) case_id: String,
    what: String,
    name: String,
    topic: Option<Topic>,
    seq: i64,
    body: Option<String>,
    /// When it happened.
    at: Millis,
    /// When it was first tried, or tried again by an admin.
    since: Millis,
    tries: i64,
}

pub(super) fn letter(row: &Row) -> Option<Letter> {
    Some(Letter {
        place: row.int("place").ok()?,
        case_id: row.text("case_id").ok()?,
        what: row.text("what").ok()?,
        name: row.text("name").ok()?,
        topic: row.text("topic").ok().and_then(|topic| Topic::parse(&topic)),
        seq: row.optional_int("seq").ok()?.unwrap_or(0),
        body: row.text("body").ok(),
        at: Millis(row.int("at").ok()?),
        since: Millis(row.int("since").ok()?),
        tries: row.int("tries").ok()?,
    })
}

impl Desk {
    /// Adds a message, within a transaction.
    pub(super) fn post(
        &self,
        case_id: &str,
        what: &str,
        name: &str,
        told: Option<(Topic, i64)>,
        at: Millis,
    ) -> Result<(), Problem> {
        let insert = "INSERT INTO outbox (case_id, what, name, topic, seq, at, since, due, tries, dead) \
                      VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0)";
        let values = [
            Bind::Text(case_id),
            Bind::Text(what),
            Bind::Text(name),
            told.map(|(topic, _)| topic.as_str()).into(),
            told.map(|(_, seq)| seq).into(),
            at.0.into(),
            at.0.into(),
            at.0.into(),
        ];
        Ok(self.sql.run(insert, &values)?)
    }

    /// Adds a notification that is not about a case, within a transaction.
    pub(super) fn post_body(
        &self,
        about: &str,
        webhook: &str,
        (topic, seq): (Topic, i64),
        body: &str,
        at: Millis,
    ) -> Result<(), Problem> {
        let insert = "INSERT INTO outbox (case_id, what, name, topic, seq, body, at, since, due, tries, dead) \
                      VALUES (?, 'webhook', ?, ?, ?, ?, ?, ?, ?, 0, 0)";
        let values = [
            Bind::Text(about),
            Bind::Text(webhook),
            Bind::Text(topic.as_str()),
            seq.into(),
            Bind::Text(body),
            at.0.into(),
            at.0.into(),
            at.0.into(),
        ];
        Ok(self.sql.run(insert, &values)?)
    }

    /// Drops messages that tell what did not come to pass: none of them has left yet.
    pub(super) fn drop_future(&self, case_id: &str, now: Millis) -> Result<(), Problem> {
        let drop = "DELETE FROM outbox WHERE case_id = ? AND due > ? AND tries = 0 AND what IN ('webhook', 'raise', 'label')";
        Ok(self.sql.run(drop, &[Bind::Text(case_id), now.0.into()])?)
    }

    /// Delivers what is due: first between desks, for people wait for that, then a few notifications. What is
    /// left is due at once again.
    pub(super) async fn deliver_what_is_due(&self) {
        for _ in 0..ROUNDS {
            if !self.deliver_some("what NOT IN ('webhook', 'label')", "").await {
                break;
            }
        }
        self.deliver_some("what = 'webhook'", "").await;
        self.deliver_labels().await;
    }

    /// Delivers a case that is moving, where that has not been done yet.
    pub(super) async fn deliver_case(&self, id: &str) {
        self.deliver_some("what = 'hand_over'", id).await;
    }

    /// Delivers messages of a kind, of one case or (with no id) of all; false where there are none.
    async fn deliver_some(&self, kind: &str, id: &str) -> bool {
        let due = format!(
            "SELECT * FROM outbox WHERE dead = 0 AND due <= ? AND {kind} AND (? = '' OR case_id = ?) AND {} \
             ORDER BY due LIMIT ?",
            self.not_leaving()
        );
        let now = if id.is_empty() { clock::now().0 } else { i64::MAX >> 11 };
        let values = [now.into(), Bind::Text(id), Bind::Text(id), AT_A_TIME.into()];
        let rows = self.sql.query(&due, &values).unwrap_or_default();
        let letters: Vec<Letter> = rows.iter().filter_map(letter).collect();
        self.leaving.borrow_mut().extend(letters.iter().map(|letter| letter.place));
        join_all(letters.iter().map(|letter| self.deliver(letter))).await;
        self.leaving.borrow_mut().retain(|place| !letters.iter().any(|letter| letter.place == *place));
        !letters.is_empty()
    }

    /// The condition that a message is not on its way already. Places are numbers of our own.
    pub(super) fn not_leaving(&self) -> String {
        let places: Vec<String> = self.leaving.borrow().iter().map(ToString::to_string).collect();
        format!("place NOT IN ({})", places.join(", "))
    }

    async fn deliver(&self, letter: &Letter) {
        let arrived = match letter.what.as_str() {
            "webhook" => self.notify(letter).await,
            "raise" => self.raise(letter).await,
            "level" => self.tell_office(letter).await,
            "hand_over" => self.hand_over(letter).await,
            _ => self.hand_in(letter).await,
        };
        let now = clock::now();
        // What cannot be noted is sent again: at least once.
        let _ = match arrived {
            Ok(()) => self.sql.run("DELETE FROM outbox WHERE place = ?", &[letter.place.into()]),
            Err(failure) => self.postpone(letter, now, failure),
        };
    }

    pub(super) fn postpone(
        &self,
        letter: &Letter,
        now: Millis,
        failure: Failed,
    ) -> Result<(), super::super::sql::SqlError> {
        let tries = letter.tries.saturating_add(1);
        let [spread] = clock::random::<1>().unwrap_or([0]);
        let next = next_attempt(letter.since, now, tries, spread);
        let (next, error) = match failure {
            Failed::ForNow(error) if letter.what == "webhook" => (next, error),
            Failed::ForNow(error) => (next.or(Some(now.after(BETWEEN_DESKS))), error),
            Failed::ForGood(error) => (None, error),
        };
        let update = "UPDATE outbox SET tries = ?, due = ?, dead = ?, error = ? WHERE place = ?";
        let values = [
            tries.into(),
            next.unwrap_or(now).0.into(),
            i64::from(next.is_none()).into(),
            Bind::Text(&error),
            letter.place.into(),
        ];
        self.sql.run(update, &values)
    }

    fn case_of(&self, letter: &Letter) -> Result<Case, Failed> {
        let found = self.case(&letter.case_id).map_err(|problem| Failed::ForNow(problem.detail))?;
        found.ok_or_else(|| Failed::ForGood("the case is not here".to_owned()))
    }

    async fn notify(&self, letter: &Letter) -> Result<(), Failed> {
        let now = clock::now();
        let id = message_id(&letter.case_id, letter.seq);
        let body = match &letter.body {
            Some(body) => body.clone(),
            None => {
                let case = self.case_of(letter)?;
                let topic = letter.topic.ok_or_else(|| Failed::ForGood("of an unknown type".to_owned()))?;
                webhook::body(topic, letter.seq, &case, &self.name(), letter.at, now)
            }
        };
        webhooks::send(&self.env, &letter.name, &id, &body, now).await
    }

    /// Tells the office how loaded this desk is.
    async fn tell_office(&self, letter: &Letter) -> Result<(), Failed> {
        let ask = Json::object([
            ("ask", "level".into()),
            ("desk", self.name().into()),
            ("level", letter.name.as_str().into()),
            ("at", letter.at.0.into()),
        ]);
        match call::office(&self.env, &ask).await {
            Ok(reply) if reply.status == 200 => Ok(()),
            Ok(reply) => Err(Failed::ForNow(format!("the office answered {}", reply.status))),
            Err(problem) => Err(Failed::ForNow(problem.detail)),
        }
    }

    /// Gives a case to the desk that it was moved to.
    async fn hand_over(&self, letter: &Letter) -> Result<(), Failed> {
        let case = self.case_of(letter)?;
        if case.elsewhere() != Some(&letter.name) {
            // It has come back meanwhile, so it had arrived.
            return Ok(());
        }
        let from = Some(self.name());
        self.give(&letter.name, Ask::Keep { case: Box::new(case.handed_over()), from }).await
    }

    /// Gives a raised action to its desk.
    async fn hand_in(&self, letter: &Letter) -> Result<(), Failed> {
        let read = || record::case_from_json(&Json::parse_own(letter.body.as_ref()?.as_bytes()).ok()?);
        let case = read().ok_or_else(|| Failed::ForGood("the case cannot be read".to_owned()))?;
        self.give(&letter.name, Ask::Keep { case: Box::new(case), from: None }).await
    }

    async fn give(&self, desk: &str, ask: Ask) -> Result<(), Failed> {
        if desk == self.name() {
            return match ask {
                Ask::Keep { case, from } => self.keep(*case, from).map(|_| ()),
                _ => Ok(()),
            }
            .map_err(|problem| Failed::ForNow(problem.detail));
        }
        match call::desk(&self.env, desk, &ask).await {
            Ok(reply) if matches!(reply.status, 200..=299 | MOVED) => Ok(()),
            Ok(reply) => Err(Failed::ForNow(format!("the desk {desk} answered {}", reply.status))),
            Err(problem) => Err(Failed::ForNow(problem.detail)),
        }
    }

    /// Raises the action that makes an overturned one good: gated by what is in force now, like any other.
    async fn raise(&self, letter: &Letter) -> Result<(), Failed> {
        let in_force = copy::refresh(&self.env).await.map_err(|problem| Failed::ForNow(problem.detail))?;
        let mut case = self.case_of(letter)?;
        let now = self.now().map_err(|error| Failed::ForNow(error.to_string()))?;
        if case.progress.undo.is_some() {
            return Ok(());
        }
        let copy = Copy { in_force, stale: false };
        let made = makes_good(&case, &copy, now).map_err(|problem| Failed::ForNow(problem.detail))?;
        let Some(Raised { id, desk, case: raised }) = made else {
            return Err(Failed::ForGood("its arguments were deleted before the undo was raised".to_owned()));
        };
        let noted = step(&mut case, now, Command::Raised { id });
        let Ok(noted) = noted else { return Err(Failed::ForGood("it is not overturned".to_owned())) };
        self.sql
            .transaction(|| {
                let record = outbox::record(&mut case, self.head()?, now, &noted.events);
                let id = letter.case_id.as_str();
                self.write(&Write {
                    now,
                    id,
                    case: Some(&case),
                    is_new: false,
                    run: None,
                    token: None,
                    record,
                })?;
                let Some(raised) = raised else { return Ok(()) };
                let insert = "INSERT INTO outbox (case_id, what, name, body, at, since, due, tries, dead) \
                              VALUES (?, 'hand_in', ?, ?, ?, ?, ?, 0, 0)";
                let body = record::case_to_json(&raised).to_string();
                let values = [
                    Bind::Text(&raised.facts.id),
                    Bind::Text(&desk),
                    Bind::Text(&body),
                    now.0.into(),
                    now.0.into(),
                    now.0.into(),
                ];
                Ok(self.sql.run(insert, &values)?)
            })
            .map_err(|problem: Problem| Failed::ForNow(problem.detail))
    }

    // Dead letters

    pub(super) fn dead_letters(&self) -> Answered {
        let dead = "SELECT * FROM outbox WHERE dead = 1 ORDER BY place DESC LIMIT ?";
        let rows = self.sql.query(dead, &[SHOWN.into()])?;
        let name = self.name();
        let shown = rows.iter().filter_map(|row| {
            let error = row.text("error").ok();
            letter(row).map(|letter| {
                Json::object([
                    ("id", format!("{name}.{}", letter.place).into()),
                    ("desk", name.as_str().into()),
                    ("webhook", if letter.what == "webhook" { letter.name } else { letter.what }.into()),
                    ("type", letter.topic.map(Topic::as_str).unwrap_or_default().into()),
                    ("action", letter.case_id.into()),
                    ("tries", letter.tries.into()),
                    ("since", letter.at.to_string().into()),
                    ("error", error.into()),
                ])
            })
        });
        Ok((200, shown.collect()))
    }

    /// Tries a dead letter again, from the first pause on.
    pub(super) fn resend(&self, place: i64, by: &str, token: Option<&str>) -> Answered {
        let now = self.now()?;
        if token.map_or(Ok(false), |token| self.knows(token))? {
            return Ok((200, Json::Null));
        }
        self.sql.transaction(|| {
            let again = "UPDATE outbox SET dead = 0, tries = 0, since = ?, due = ? \
                         WHERE place = ? AND dead = 1 RETURNING case_id";
            let rows = self.sql.query(again, &[now.0.into(), now.0.into(), place.into()])?;
            let Some(row) = rows.first() else {
                return Err(Problem::new(Code::NotFound, "no dead letter has this id"));
            };
            self.note(token, now)?;
            let (head, id) = (chain::head(&self.sql)?, row.text("case_id")?);
            Ok(chain::store(&self.sql, &ledger::append(head, now, &id, "resent", Some(by), Json::Null))?)
        })?;
        Ok((200, Json::Null))
    }
}

/// The action that makes a case good.
struct Raised {
    id: String,
    desk: String,
    /// None where it is blocked.
    case: Option<Box<Case>>,
}

/// Gates the action that makes a case good, and makes a case of it.
fn makes_good(case: &Case, copy: &Copy, now: Millis) -> Result<Option<Raised>, Problem> {
    let (State::Audited { decision, .. }, Some(kind), Some(shown)) =
        (&case.progress.state, &case.facts.undone_by, &case.content().shown)
    else {
        return Ok(None);
    };
    let original = action_from_json(&shown.action).ok_or_else(no_case)?;
    let mut action = Action::new(kind.as_str(), decision.args.clone().unwrap_or(original.args));
    action.subject = original.subject;
    action.source = original.source;
    action.context = Object::new();
    action.context.set("makes_good", case.facts.id.as_str());
    action.context.set("reason", decision.reason.as_deref());
    let policy = &copy.in_force.policy;
    action.take_confidence(policy.kind(kind).and_then(|kind| kind.confidence.as_ref()));
    let gated = gating::gated(copy, &case.facts.app, action, now)?;
    let (id, desk) = (gated.made.id.to_string(), gated.made.desk.clone());
    let oversight = match gated.made.id.course() {
        Course::Blocked => return Ok(Some(Raised { id, desk, case: None })),
        Course::Held => Oversight::Before,
        // Nobody would learn of it otherwise, so it is always looked at.
        Course::Proceeded => Oversight::After { probability: 1.0 },
    };
    let proposer = gating::Proposer {
        app: &case.facts.app,
        person: &case.facts.proposer,
        origin: &case.facts.origin,
        audience: case.facts.audience.clone(),
        raised_by: Some(&case.facts.id),
        proxied: None,
        schema: None,
    };
    let mut raised = Case::new(gating::facts(policy, &proposer, &gated, oversight)?);
    if decision.args.is_some() {
        // Who wrote the arguments does not approve them.
        raised.progress.editors.push(decision.by.clone());
    }
    Ok(Some(Raised { id, desk, case: Some(Box::new(raised)) }))
}
