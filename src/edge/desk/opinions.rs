//! How often a person's answers stood where another person answered the same case after them or before.

use super::super::sql::{Bind, SqlError};
use super::Desk;
use crate::core::case::Case;
use crate::core::json::Json;
use crate::core::time::{Millis, Span};

/// One row for each person whose answer met another's.
pub(super) const TABLES: &[&str] = &[
    "CREATE TABLE opinions (id TEXT NOT NULL, person TEXT NOT NULL, agreed INTEGER NOT NULL, at INTEGER NOT NULL, \
     PRIMARY KEY (id, person)) STRICT",
    "CREATE INDEX opinions_by_person ON opinions (person, at)",
];

/// What is older says little of how somebody decides now.
const WINDOW: Span = Span::days(30);

impl Desk {
    /// Notes whose answers met another's, or that they do no more, within a transaction.
    pub(super) fn note_opinions(&self, case: &Case, now: Millis) -> Result<(), SqlError> {
        // Where one person is enough, nobody's answer meets another's.
        if case.content().approvals < 2 {
            return Ok(());
        }
        let id = Bind::Text(&case.facts.id);
        self.sql.run("DELETE FROM opinions WHERE id = ?", &[id])?;
        let insert = "INSERT INTO opinions (id, person, agreed, at) VALUES (?, ?, ?, ?)";
        for (person, agreed) in case.opinions() {
            let values =
                [Bind::Text(&case.facts.id), Bind::Text(person), i64::from(agreed).into(), now.0.into()];
            self.sql.run(insert, &values)?;
        }
        Ok(())
    }

    /// How many of a person's answers met another's here, and how many of them agreed.
    pub(super) fn opinions_of(&self, person: &str, now: Millis) -> Result<Json, SqlError> {
        let count = "SELECT count(*) AS met, coalesce(sum(agreed), 0) AS agreed FROM opinions \
                     WHERE person = ? AND at > ?";
        let since = now.0.saturating_sub(WINDOW.as_millis());
        let rows = self.sql.query(count, &[Bind::Text(person), since.into()])?;
        let number = |name| rows.first().map_or(Ok(0), |row| row.int(name));
        Ok(Json::object([("agreed", number("agreed")?.into()), ("of", number("met")?.into())]))
    }
}
