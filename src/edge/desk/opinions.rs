//! How often a person's approvals stood where another person answered the same case after them.

use super::super::sql::{Bind, SqlError};
use super::Desk;
use crate::core::case::{Case, State};
use crate::core::json::Json;
use crate::core::time::{Millis, Span};

/// One row for each approval that is not the last word; `agreed` is null until somebody has answered after it.
pub(super) const TABLES: &[&str] = &[
    "CREATE TABLE opinions (id TEXT NOT NULL, person TEXT NOT NULL, agreed INTEGER, at INTEGER NOT NULL, \
     PRIMARY KEY (id, person)) STRICT",
    "CREATE INDEX opinions_by_person ON opinions (person, at)",
];

/// What is older says little of how somebody decides now.
pub(super) const WINDOW: Span = Span::days(30);

impl Desk {
    /// Notes whose approvals were answered, and how, within a transaction.
    pub(super) fn note_opinions(&self, case: &Case, now: Millis) -> Result<(), SqlError> {
        // Where one person is enough, nobody answers after another.
        if case.content().approvals < 2 || case.is_forgotten() {
            return Ok(());
        }
        let id = &case.facts.id;
        let opinions = case.opinions();
        if case.progress.state == State::Held {
            self.note_put_aside(case, now)?;
        }
        let put = "INSERT INTO opinions (id, person, agreed, at) VALUES (?, ?, ?, ?) ON CONFLICT (id, person) \
                   DO UPDATE SET agreed = excluded.agreed, at = excluded.at WHERE agreed IS NOT excluded.agreed";
        for opinion in opinions {
            let agreed = opinion.agreed.map(i64::from);
            let values = [Bind::Text(id), Bind::Text(opinion.person), agreed.into(), opinion.at.0.into()];
            self.sql.run(put, &values)?;
        }
        Ok(())
    }

    /// Approvals that wait for an answer and stand no more: somebody else has edited what they were about, or
    /// their decision was taken back.
    fn note_put_aside(&self, case: &Case, now: Millis) -> Result<(), SqlError> {
        let rows = self.sql.query(
            "SELECT person FROM opinions WHERE id = ? AND agreed IS NULL",
            &[Bind::Text(&case.facts.id)],
        )?;
        for row in &rows {
            let person = row.text("person")?;
            if case.progress.has_vote_of(&person) {
                continue;
            }
            let by_another = case.progress.editors.last().is_some_and(|editor| *editor != person);
            let (statement, values) = if by_another {
                let put = "UPDATE opinions SET agreed = 0, at = ? WHERE id = ? AND person = ?";
                (put, vec![now.0.into(), Bind::Text(&case.facts.id), Bind::Text(&person)])
            } else {
                let delete = "DELETE FROM opinions WHERE id = ? AND person = ?";
                (delete, vec![Bind::Text(&case.facts.id), Bind::Text(&person)])
            };
            self.sql.run(statement, &values)?;
        }
        Ok(())
    }

    /// How many of a person's approvals were answered here, and how many of them another person agreed with.
    pub(super) fn opinions_of(&self, person: &str, now: Millis) -> Result<Json, SqlError> {
        let count = "SELECT count(*) AS met, coalesce(sum(agreed), 0) AS agreed FROM opinions \
                     WHERE person = ? AND at > ? AND agreed IS NOT NULL";
        let since = now.0.saturating_sub(WINDOW.as_millis());
        let rows = self.sql.query(count, &[Bind::Text(person), since.into()])?;
        let number = |name| rows.first().map_or(Ok(0), |row| row.int(name));
        Ok(Json::object([("agreed", number("agreed")?.into()), ("of", number("met")?.into())]))
    }
}
