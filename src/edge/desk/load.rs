//! How loaded the desk is: what arrives and how long a look takes, counted as it happens; and the level that
//! follows, looked at by the alarm. A new level is a ledger entry, is told to the office (from whom every Worker
//! learns how much is audited), and, where deadlines cannot be kept, to every webhook.

use super::super::sql::{Bind, SqlError};
use super::super::{chain, clock, config, copy};
use super::Desk;
use super::cases::read_case;
use crate::core::capacity::Demand;
use crate::core::capacity::load::{LONG_WINDOW, Level, Reading, WINDOW};
use crate::core::case::{Case, Oversight};
use crate::core::desk::{Store as _, Write};
use crate::core::json::Json;
use crate::core::label::Label;
use crate::core::ledger;
use crate::core::number::int_to_f64;
use crate::core::outbox::Topic;
use crate::core::time::{Millis, Span};
use crate::wire::desk::Arrivals;
use crate::wire::problem::Problem;
use crate::wire::webhook;

/// Arrivals by minute, audits in thousandths and as many as there would be if none were left out; what looks took;
/// and the level in force with what it rests on.
pub(super) const TABLES: &[&str] = &[
    "CREATE TABLE arrivals (minute INTEGER PRIMARY KEY, held INTEGER NOT NULL, audits INTEGER NOT NULL, \
     due INTEGER NOT NULL) STRICT",
    "CREATE TABLE handled (at INTEGER NOT NULL, ms INTEGER NOT NULL) STRICT",
    "CREATE INDEX handled_by_time ON handled (at)",
    "CREATE TABLE load (one INTEGER PRIMARY KEY CHECK (one = 1), level TEXT NOT NULL, since INTEGER NOT NULL, \
     checked INTEGER NOT NULL, arrived INTEGER NOT NULL, seq INTEGER NOT NULL, reading TEXT NOT NULL) STRICT",
    "CREATE INDEX cases_by_creation ON cases (created, id)",
    "INSERT INTO load (one, level, since, checked, arrived, seq, reading) VALUES (1, 'calm', 0, 0, 0, 0, 'null')",
];

/// After an arrival the level is looked at this much later than the last time, at the soonest.
const AFTER_ARRIVAL: Span = Span::seconds(15);
/// While the desk is not calm, it is looked at this often.
const WHILE_LOADED: Span = Span::seconds(60);
/// While it is calm and something has come within the hour, this often.
const WHILE_CALM: Span = Span::seconds(10 * 60);
/// How long arrivals by minute are kept.
const KEPT: Span = Span::days(40);
/// So many looks tell how long one takes; with fewer the policy's word counts.
const LEAST_LOOKS: i64 = 10;
/// Of the last so many looks.
const LAST_LOOKS: i64 = 200;
/// So many open cases are told of, and none that is larger than this.
const MAX_OPEN: i64 = 2000;
const LARGE: i64 = 16 << 10;
/// Nobody looks longer: the page stood open.
const LONGEST_LOOK: Span = Span::seconds(60 * 60);

const MINUTE: i64 = 60_000;

impl Desk {
    /// Counts what arrived and what was looked at, within a transaction.
    pub(super) fn note_load(&self, write: &Write<'_>, case: &Case) -> Result<(), SqlError> {
        if write.is_new {
            let (held, audits) = match case.facts.oversight {
                Oversight::Before => (i64::from(case.content().approvals), 0),
                Oversight::After { probability } => (0, thousandths(full_share(case, probability))),
            };
            let add = "INSERT INTO arrivals (minute, held, audits, due) VALUES (?, ?, ?, ?) ON CONFLICT (minute) \
                       DO UPDATE SET held = held + excluded.held, audits = audits + excluded.audits, due = due + excluded.due";
            let due = i64::from(held == 0);
            let minute = write.now.0.div_euclid(MINUTE);
            self.sql.run(add, &[minute.into(), held.into(), audits.into(), due.into()])?;
            self.sql.run("UPDATE load SET arrived = ?", &[write.now.0.into()])?;
        }
        for look in case.looks().iter().filter(|look| look.at == write.now) {
            if let Some(ms) = look.seen_ms {
                let ms = ms.clamp(0, LONGEST_LOOK.as_millis());
                self.sql
                    .run("INSERT INTO handled (at, ms) VALUES (?, ?)", &[write.now.0.into(), ms.into()])?;
            }
        }
        Ok(())
    }

    /// When the level is to be looked at next.
    pub(super) fn next_check(&self) -> Option<i64> {
        let rows = self.sql.query("SELECT level, checked, arrived FROM load", &[]).ok()?;
        let row = rows.first()?;
        let (checked, arrived) = (row.int("checked").ok()?, row.int("arrived").ok()?);
        if arrived > checked {
            return Some(checked.saturating_add(AFTER_ARRIVAL.as_millis()));
        }
        let calm = row.text("level").ok()? == Level::Calm.as_str();
        // What was said of the hour behind is said anew until that hour is empty.
        let pause = if calm { WHILE_CALM } else { WHILE_LOADED };
        let empty = calm && arrived.saturating_add(WINDOW.as_millis()) < checked;
        (!empty && arrived > 0).then(|| checked.saturating_add(pause.as_millis()))
    }

    /// Looks at the level, where that is due.
    pub(super) async fn check_load(&self) {
        if self.next_check().is_none_or(|due| due > clock::now().0) {
            return;
        }
        let demand = copy::refresh(&self.env).await.ok().map(|in_force| {
            let desk = in_force.policy.desk(&self.name()).cloned().unwrap_or_default();
            Demand::of(&desk, 0.0, 0.0)
        });
        // Without a policy nothing is known of the people; the level stays, and is looked at again.
        let noted = demand.map_or_else(|| self.put_off(), |demand| self.judge(demand));
        // What cannot be stored is due again.
        let _ = noted;
    }

    fn put_off(&self) -> Result<(), Problem> {
        Ok(self.sql.run("UPDATE load SET checked = ?", &[clock::now().0.into()])?)
    }

    fn judge(&self, policy: Demand) -> Result<(), Problem> {
        let now = self.now()?;
        let rows = self.sql.query("SELECT level, since, seq FROM load", &[])?;
        let Some(row) = rows.first() else { return Ok(()) };
        let (before, since) =
            (Level::parse(&row.text("level")?).unwrap_or_default(), Millis(row.int("since")?));
        let reading = self.reading(policy, before, now)?;
        let level = reading.level(before, since, now);
        let (since, seq) =
            if level == before { (since, row.int("seq")?) } else { (now, row.int("seq")?.saturating_add(1)) };
        let said = said(&reading, level, since);
        self.sql.transaction(|| {
            let update = "UPDATE load SET level = ?, since = ?, checked = ?, seq = ?, reading = ?";
            let text = said.to_string();
            let values =
                [Bind::Text(level.as_str()), since.0.into(), now.0.into(), seq.into(), Bind::Text(&text)];
            self.sql.run(update, &values)?;
            if level != before {
                self.announce(before, level, seq, &said, now)?;
            }
            let old = now.0.saturating_sub(KEPT.as_millis());
            self.sql.run("DELETE FROM arrivals WHERE minute < ?", &[old.div_euclid(MINUTE).into()])?;
            Ok::<(), Problem>(self.sql.run("DELETE FROM handled WHERE at < ?", &[old.into()])?)
        })?;
        if level != before {
            self.load_changed(level);
        }
        Ok(())
    }

    /// Notes a new level and tells everybody, within a transaction.
    fn announce(
        &self,
        before: Level,
        level: Level,
        seq: i64,
        said: &Json,
        now: Millis,
    ) -> Result<(), Problem> {
        let name = self.name();
        let mut detail = said.clone();
        if let Some(object) = detail.as_object_mut() {
            object.set("from", before.as_str());
        }
        chain::store(&self.sql, &ledger::append(self.head()?, now, &name, "load", None, detail))?;
        self.post(&name, "level", level.as_str(), None, now)?;
        if level == Level::Overloaded {
            let body = webhook::desk_body(&name, seq, said, now);
            for webhook in config::webhook_names(&self.env) {
                self.post_body(&name, &webhook, (Topic::Overloaded, seq), &body, now)?;
            }
        }
        Ok(())
    }

    fn reading(&self, policy: Demand, level: Level, now: Millis) -> Result<Reading, SqlError> {
        let since = now.0.saturating_sub(WINDOW.as_millis());
        let (held, mut audits) = self.arrived_since(Millis(since))?;
        if level != Level::Calm {
            // Of few that are drawn each stands for many: over a longer time they tell more.
            let long = Millis(now.0.saturating_sub(LONG_WINDOW.as_millis()));
            audits = self.arrived_since(long)?.1 / self.hours_since(long, now)?;
        }
        let seconds = self.seconds_of_a_look()?.unwrap_or(policy.seconds);
        // Held cases need as many looks as approvals: as many as those that came in this time did.
        let cases = self
            .sql
            .query("SELECT count(*) AS n FROM cases WHERE created >= ? AND after = 0", &[since.into()])?;
        let cases = int_to_f64(cases.first().map_or(Ok(0), |row| row.int("n"))?);
        let each = if cases > 0.0 { (held / cases).max(1.0) } else { 1.0 };
        let waiting = int_to_f64(self.waiting()?) * each;
        Ok(Reading { demand: Demand { held, audits, seconds, ..policy }, waiting })
    }

    fn level(&self) -> Result<Level, SqlError> {
        let rows = self.sql.query("SELECT level FROM load", &[])?;
        let level = rows.first().map(|row| row.text("level")).transpose()?;
        Ok(level.and_then(|word| Level::parse(&word)).unwrap_or_default())
    }

    /// Looks that held cases needed, and audits, as many as there would be if none were left out.
    fn arrived_since(&self, since: Millis) -> Result<(f64, f64), SqlError> {
        let sums = "SELECT coalesce(sum(held), 0) AS held, coalesce(sum(audits), 0) AS audits FROM arrivals WHERE minute > ?";
        let rows = self.sql.query(sums, &[since.0.div_euclid(MINUTE).into()])?;
        let sum = |name| rows.first().map_or(Ok(0), |row| row.int(name)).map(int_to_f64);
        Ok((sum("held")?, sum("audits")? / 1000.0))
    }

    /// How many hours of that time there were anything at all, from the first arrival on; at least one.
    fn hours_since(&self, since: Millis, now: Millis) -> Result<f64, SqlError> {
        let first = "SELECT min(minute) AS minute FROM arrivals WHERE minute > ?";
        let rows = self.sql.query(first, &[since.0.div_euclid(MINUTE).into()])?;
        let first = rows.first().map_or(Ok(None), |row| row.optional_int("minute"))?;
        let first = first.map_or(now, |minute| Millis(minute.saturating_mul(MINUTE)));
        Ok((int_to_f64(now.since(first).as_millis()) / int_to_f64(WINDOW.as_millis())).max(1.0))
    }

    /// How many held cases wait now.
    fn waiting(&self) -> Result<i64, SqlError> {
        let count = "SELECT count(*) AS n FROM cases INDEXED BY cases_waiting WHERE open = 1 AND after = 0 AND expires > ?";
        let rows = self.sql.query(count, &[self.now()?.0.into()])?;
        rows.first().map_or(Ok(0), |row| row.int("n"))
    }

    /// What stands for the open cases, the newest first.
    fn open_labels(&self) -> Result<Vec<Label>, SqlError> {
        let newest = "SELECT facts, progress FROM cases WHERE open = 1 AND length(facts) < ? ORDER BY rowid DESC LIMIT ?";
        let rows = self.sql.query(newest, &[LARGE.into(), MAX_OPEN.into()])?;
        let (now, name) = (self.now()?, self.name());
        // One that cannot be read stands for nothing.
        let label = |row: &super::super::sql::Row| read_case(row).ok()?.open_label(&name, now);
        Ok(rows.iter().filter_map(label).collect())
    }

    /// What a look takes, by the last ones; `None` where there are too few.
    fn seconds_of_a_look(&self) -> Result<Option<f64>, SqlError> {
        let mean = "SELECT count(*) AS n, coalesce(sum(ms), 0) AS ms FROM (SELECT ms FROM handled ORDER BY at DESC LIMIT ?)";
        let rows = self.sql.query(mean, &[LAST_LOOKS.into()])?;
        let number = |name| rows.first().map_or(Ok(0), |row| row.int(name));
        let (n, ms) = (number("n")?, number("ms")?);
        // Below a tenth of a second somebody's script looks, or nobody: still a time, and never none.
        Ok((n >= LEAST_LOOKS).then(|| (int_to_f64(ms) / int_to_f64(n) / 1000.0).max(0.1)))
    }

    /// What arrived since then, by hour.
    pub(super) fn arrivals(&self, since: Millis) -> Result<Arrivals, SqlError> {
        let by_hour = "SELECT minute / 60 AS hour, sum(held) AS held, sum(due) AS audits FROM arrivals \
                       WHERE minute >= ? GROUP BY 1 ORDER BY 1";
        let rows = self.sql.query(by_hour, &[since.0.div_euclid(MINUTE).into()])?;
        let read =
            |row: &super::super::sql::Row| Ok((row.int("hour")?, row.int("held")?, row.int("audits")?));
        Ok(Arrivals {
            by_hour: rows.iter().map(read).collect::<Result<_, SqlError>>()?,
            seconds: self.seconds_of_a_look()?,
            level: self.level()?,
            waiting: self.waiting()?,
            open: self.open_labels()?,
        })
    }
}

/// What the desk says of its load; null as long as nothing has arrived.
pub(super) fn said_of(sql: &super::super::sql::Sql) -> Result<Json, SqlError> {
    let rows = sql.query("SELECT reading FROM load", &[])?;
    rows.first().map_or(Ok(Json::Null), |row| row.json("reading"))
}

fn said(reading: &Reading, level: Level, since: Millis) -> Json {
    let demand = &reading.demand;
    let forecast = demand.forecast();
    Json::object([
        ("level", level.as_str().into()),
        ("since", since.to_string().into()),
        ("utilisation", rounded(forecast.utilisation).into()),
        ("late", rounded(reading.late()).into()),
        ("held_per_hour", rounded(demand.held).into()),
        ("audits_per_hour", rounded(demand.audits).into()),
        ("reviews_per_hour", rounded(forecast.possible).into()),
        ("seconds_per_review", rounded(demand.seconds).into()),
        ("reviewers", demand.people.into()),
    ])
}

/// To a thousandth: what is measured here is no better.
fn rounded(number: f64) -> f64 {
    (number.min(1e9) * 1000.0).round() / 1000.0
}

/// For how many an audit stands where load has left some out: as many as the policy's share would have drawn.
fn full_share(case: &Case, probability: f64) -> f64 {
    let share = case.facts.content.verdict.get("audit").and_then(Json::as_f64).unwrap_or(probability);
    (share / probability).max(1.0)
}

#[expect(clippy::cast_possible_truncation, reason = "at most 1000 times 1 / 0.005")]
fn thousandths(number: f64) -> i64 {
    (number * 1000.0).round() as i64
}
