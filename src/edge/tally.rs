//! The tally: how much passed the gate, and what the cases that are over have taught.
//!
//! One per deployment, because rates and patterns are about all desks together. Nothing waits for it: Workers
//! flush their counts in batches behind their answers, desks tell their labels from their outboxes, at least once
//! each, and here each counts once. It is asked by one internal route, `POST /` with an [`Ask`]. Tables: `passed`
//! (counts by hour), `bins` (raw confidence by desk, kind, severity and model), `labels`, and `names`, which
//! bounds how many kinds and models are told apart: their names come from an AI. It has no alarm; what is
//! older than 400 days goes when something new comes. Each answer is one synchronous transaction.

use super::clock;
use super::sql::{Bind, Row, Sql, SqlError};
use crate::core::json::Json;
use crate::core::label::{Label, short_name};
use crate::core::policy::severity::Severity;
use crate::core::statistics::bins::{Bin, bin_of};
use crate::core::time::{Millis, Span};
use crate::wire::label::{label_from_json, label_to_json};
use crate::wire::problem::{Code, Problem};
use crate::wire::tally::{Ask, Counted, Known, Passed, Reading};
use worker::{Env, Request, Response, State, durable_object};

const MIGRATIONS: &[&[&str]] = &[&[
    "CREATE TABLE passed (hour INTEGER NOT NULL, desk TEXT NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL, \
     passed TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (hour, desk, kind, severity, passed)) STRICT, WITHOUT ROWID",
    "CREATE TABLE bins (epoch INTEGER NOT NULL, desk TEXT NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL, model TEXT NOT NULL, \
     bin INTEGER NOT NULL, seen REAL NOT NULL DEFAULT 0, proceeded REAL NOT NULL DEFAULT 0, labelled REAL NOT NULL DEFAULT 0, \
     wrong REAL NOT NULL DEFAULT 0, w REAL NOT NULL DEFAULT 0, wy REAL NOT NULL DEFAULT 0, wp REAL NOT NULL DEFAULT 0, \
     PRIMARY KEY (epoch, desk, kind, severity, model, bin)) STRICT, WITHOUT ROWID",
    "CREATE TABLE labels (id TEXT PRIMARY KEY, at INTEGER NOT NULL, desk TEXT NOT NULL, kind TEXT NOT NULL, \
     label TEXT NOT NULL) STRICT",
    "CREATE INDEX labels_by_time ON labels (at)",
    "CREATE TABLE names (what TEXT NOT NULL, name TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (what, name)) STRICT, WITHOUT ROWID",
]];

/// How long counts and labels are kept.
const KEPT: Span = Span::days(400);
/// So many labels are given at a time: the newest.
const MAX_LABELS: i64 = 10_000;
/// So many kinds, and so many models, are told apart.
const MAX_NAMES: i64 = 500;
/// What stands for all others.
const OTHERS: &str = "(others)";
/// A name that was not seen for so long makes room for others.
const UNSEEN: Span = Span::days(30);
/// Confidence is counted by epochs of this length: what a model does changes.
const EPOCH: Span = Span::days(30);

/// The object.
#[durable_object(fetch)]
#[derive(Debug)]
pub struct Tally {
    sql: Sql,
    ready: Result<(), SqlError>,
}

impl worker::DurableObject for Tally {
    fn new(state: State, _env: Env) -> Self {
        let sql = Sql::new(&state);
        let ready = sql.migrate(MIGRATIONS);
        Self { sql, ready }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let body = request.bytes().await?;
        let asked = Json::parse_own(&body).ok().as_ref().and_then(Ask::from_json);
        let answered = match (&self.ready, asked) {
            (Err(error), _) => Err(failed(error)),
            (Ok(()), None) => Err(Problem::new(Code::Invalid, "the tally is not asked this")),
            (Ok(()), Some(ask)) => self.answer(&ask).map_err(|error| failed(&error)),
        };
        Ok(super::respond::internal(answered))
    }
}

fn failed(error: &SqlError) -> Problem {
    Problem::new(Code::Unavailable, format!("tally: {error}"))
}

impl Tally {
    fn answer(&self, ask: &Ask) -> Result<(u16, Json), SqlError> {
        self.sql.transaction(|| match ask {
            Ask::Count(batch) => {
                batch.iter().try_for_each(|counted| self.count(counted))?;
                self.forget(clock::now())?;
                Ok((200, Json::Null))
            }
            Ask::Labels(labels) => {
                labels.iter().try_for_each(|label| self.note(label))?;
                self.forget(clock::now())?;
                Ok((200, Json::Null))
            }
            Ask::Read(reading) => Ok((200, self.read(reading)?.to_json())),
        })
    }

    fn count(&self, (cell, n): &Counted) -> Result<(), SqlError> {
        let (kind, model) = (self.named("kind", &cell.kind)?, self.named("model", &cell.model)?);
        let add = "INSERT INTO passed (hour, desk, kind, severity, passed, n) VALUES (?, ?, ?, ?, ?, ?) \
                   ON CONFLICT (hour, desk, kind, severity, passed) DO UPDATE SET n = n + excluded.n";
        let (severity, passed) = (cell.severity.as_str(), cell.passed.as_str());
        let values = [
            cell.hour.into(),
            Bind::Text(&cell.desk),
            Bind::Text(&kind),
            Bind::Text(severity),
            Bind::Text(passed),
            (*n).into(),
        ];
        self.sql.run(add, &values)?;
        let proceeded = if matches!(cell.passed, Passed::Proceed | Passed::Audit) { *n } else { 0 };
        let add = "INSERT INTO bins (epoch, desk, kind, severity, model, bin, seen, proceeded) VALUES (?, ?, ?, ?, ?, ?, ?, ?) \
                   ON CONFLICT (epoch, desk, kind, severity, model, bin) \
                   DO UPDATE SET seen = seen + excluded.seen, proceeded = proceeded + excluded.proceeded";
        let values = [
            epoch_of(cell.hour.saturating_mul(3_600_000)).into(),
            Bind::Text(&cell.desk),
            Bind::Text(&kind),
            Bind::Text(severity),
            Bind::Text(&model),
            i64::from(cell.bin).into(),
            (*n).into(),
            proceeded.into(),
        ];
        self.sql.run(add, &values)
    }

    /// A name that is told apart from others, within a transaction. Where there are too many, the one that was not
    /// seen for longest makes room after a month.
    fn named(&self, what: &str, name: &str) -> Result<String, SqlError> {
        let (name, now) = (short_name(name), clock::now());
        let seen = "UPDATE names SET at = ? WHERE what = ? AND name = ? RETURNING name";
        let known = self.sql.query(seen, &[now.0.into(), Bind::Text(what), Bind::Text(&name)])?;
        if !known.is_empty() {
            return Ok(name);
        }
        let old = now.0.saturating_sub(UNSEEN.as_millis());
        self.sql.run("DELETE FROM names WHERE what = ? AND at < ?", &[Bind::Text(what), old.into()])?;
        let rows = self.sql.query("SELECT count(*) AS n FROM names WHERE what = ?", &[Bind::Text(what)])?;
        if rows.first().map_or(Ok(0), |row| row.int("n"))? >= MAX_NAMES {
            return Ok(OTHERS.to_owned());
        }
        let insert = "INSERT INTO names (what, name, at) VALUES (?, ?, ?)";
        self.sql.run(insert, &[Bind::Text(what), Bind::Text(&name), now.0.into()])?;
        Ok(name)
    }

    /// Notes a label. One that is known already says at most what became of its action since.
    fn note(&self, label: &Label) -> Result<(), SqlError> {
        let kind = self.named("kind", &label.kind)?;
        let text = label_to_json(label).to_string();
        let known = self.sql.query("SELECT id FROM labels WHERE id = ?", &[Bind::Text(&label.id)])?;
        if !known.is_empty() {
            let update = "UPDATE labels SET label = ? WHERE id = ? AND ? IS NOT NULL";
            let outcome = label.outcome.map(crate::core::case::Outcome::as_str);
            return self.sql.run(update, &[Bind::Text(&text), Bind::Text(&label.id), outcome.into()]);
        }
        let insert = "INSERT INTO labels (id, at, desk, kind, label) VALUES (?, ?, ?, ?, ?)";
        let (desk, at) = (Bind::Text(&label.desk), label.at.0.into());
        self.sql.run(insert, &[Bind::Text(&label.id), at, desk, Bind::Text(&kind), Bind::Text(&text)])?;
        let Some(wrong) = label.wrong() else { return Ok(()) };
        let mut bin = Bin::default();
        let confidence = label.confidence.unwrap_or(0.0);
        bin.label(confidence, wrong, label.probability);
        let model = self.named("model", label.model.as_deref().unwrap_or_default())?;
        let add = "INSERT INTO bins (epoch, desk, kind, severity, model, bin, labelled, wrong, w, wy, wp) \
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (epoch, desk, kind, severity, model, bin) \
                   DO UPDATE SET labelled = labelled + excluded.labelled, wrong = wrong + excluded.wrong, \
                   w = w + excluded.w, wy = wy + excluded.wy, wp = wp + excluded.wp";
        let values = [
            epoch_of(label.created.0).into(),
            desk,
            Bind::Text(&kind),
            Bind::Text(label.severity.as_str()),
            Bind::Text(&model),
            i64::from(bin_of(confidence)).into(),
            Bind::Real(bin.labelled),
            Bind::Real(bin.wrong),
            Bind::Real(bin.w),
            Bind::Real(bin.wy),
            Bind::Real(bin.wp),
        ];
        self.sql.run(add, &values)
    }

    fn forget(&self, now: Millis) -> Result<(), SqlError> {
        let before = now.0.saturating_sub(KEPT.as_millis());
        self.sql.run("DELETE FROM labels WHERE at < ?", &[before.into()])?;
        self.sql.run("DELETE FROM bins WHERE epoch < ?", &[epoch_of(before).into()])?;
        self.sql.run("DELETE FROM passed WHERE hour < ?", &[hour_of(Millis(before)).into()])
    }

    fn read(&self, reading: &Reading) -> Result<Known, SqlError> {
        let marks = vec!["?"; reading.desks.len()].join(", ");
        let of_kind = if reading.kind.is_some() { "AND kind = ?" } else { "" };
        let which: Vec<Bind<'_>> =
            reading.desks.iter().map(String::as_str).chain(reading.kind.as_deref()).map(Bind::Text).collect();
        let rows = |statement: String, more: &[Bind<'_>]| {
            let values: Vec<Bind<'_>> = which.iter().chain(more).copied().collect();
            self.sql.query(&statement, &values)
        };
        let passed = rows(
            format!(
                "SELECT desk, kind, severity, passed, sum(n) AS n FROM passed WHERE desk IN ({marks}) {of_kind} \
                 AND hour >= ? GROUP BY desk, kind, severity, passed"
            ),
            &[hour_of(reading.since).into()],
        )?;
        let bins = rows(
            format!(
                "SELECT severity, bin, sum(seen) AS seen, sum(proceeded) AS proceeded, sum(labelled) AS labelled, \
                 sum(wrong) AS wrong, sum(w) AS w, sum(wy) AS wy, sum(wp) AS wp FROM bins \
                 WHERE desk IN ({marks}) {of_kind} AND epoch >= ? GROUP BY severity, bin"
            ),
            &[epoch_of(reading.since.0).into()],
        )?;
        // Labels are read of all kinds: who looks like a rubber stamp is judged by all that they said.
        let newest =
            format!("SELECT label FROM labels WHERE desk IN ({marks}) AND at >= ? ORDER BY at DESC LIMIT ?");
        let desks = reading.desks.iter().map(|desk| Bind::Text(desk));
        let more = [reading.labels_since.0.into(), MAX_LABELS.saturating_add(1).into()];
        let labels = self.sql.query(&newest, &desks.chain(more).collect::<Vec<_>>())?;
        let most = usize::try_from(MAX_LABELS).unwrap_or(usize::MAX);
        let truncated = labels.len() > most;
        let mut labels: Vec<Label> =
            labels.iter().take(most).filter_map(|row| label_from_json(&row.json("label").ok()?)).collect();
        labels.reverse();
        Ok(Known {
            passed: passed.iter().map(read_passed).collect::<Result<_, _>>()?,
            bins: bins.iter().map(read_bin).collect::<Result<_, _>>()?,
            labels,
            truncated,
        })
    }
}

/// The epoch of a time, in milliseconds since 1970.
fn epoch_of(at: i64) -> i64 {
    at.div_euclid(EPOCH.as_millis().max(1))
}

/// The hour of a time, since 1970.
pub(super) fn hour_of(at: Millis) -> i64 {
    at.0.div_euclid(3_600_000)
}

fn severity_of(row: &Row) -> Result<Severity, SqlError> {
    Severity::parse(&row.text("severity")?).ok_or_else(|| SqlError("a severity cannot be read".to_owned()))
}

fn read_passed(row: &Row) -> Result<(String, String, Severity, Passed, f64), SqlError> {
    let passed = Passed::parse(&row.text("passed")?);
    let passed = passed.ok_or_else(|| SqlError("how something passed cannot be read".to_owned()))?;
    Ok((row.text("desk")?, row.text("kind")?, severity_of(row)?, passed, row.real("n")?))
}

fn read_bin(row: &Row) -> Result<(Severity, u8, Bin), SqlError> {
    let at = u8::try_from(row.int("bin")?).map_err(|_| SqlError("a bin cannot be read".to_owned()))?;
    let bin = Bin {
        seen: row.real("seen")?,
        proceeded: row.real("proceeded")?,
        labelled: row.real("labelled")?,
        wrong: row.real("wrong")?,
        w: row.real("w")?,
        wy: row.real("wy")?,
        wp: row.real("wp")?,
    };
    Ok((severity_of(row)?, at, bin))
}
