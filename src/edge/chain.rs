//! A ledger's rows: the same in the office and in every desk.

use super::sql::{Bind, Sql, SqlError};
use crate::core::canonical::Digest;
use crate::core::json::Json;
use crate::core::ledger::{Entry, Head};
use crate::core::time::Millis;

/// The ledger's table and its guards: entries only ever follow the last one, and none changes or vanishes.
pub(crate) const TABLES: &[&str] = &[
    "CREATE TABLE ledger (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, hash TEXT NOT NULL, text TEXT NOT NULL) STRICT",
    "CREATE TRIGGER ledger_follows BEFORE INSERT ON ledger WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM ledger) \
     BEGIN SELECT RAISE(ABORT, 'an entry follows the last one'); END",
    "CREATE TRIGGER ledger_stays BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'entries do not change'); END",
    "CREATE TRIGGER ledger_keeps BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'entries do not vanish'); END",
];

/// Entries of one case are found without reading all.
pub(crate) const BY_SUBJECT: &[&str] =
    &["CREATE INDEX ledger_by_subject ON ledger (text ->> 'subject', seq)"];

/// The end of the chain.
pub(crate) fn head(sql: &Sql) -> Result<Head, SqlError> {
    let rows = sql.query("SELECT seq, at, hash FROM ledger ORDER BY seq DESC LIMIT 1", &[])?;
    let Some(row) = rows.first() else { return Ok(Head::empty()) };
    let hash = Digest::parse(&row.text("hash")?)
        .ok_or_else(|| SqlError("a ledger hash cannot be read".to_owned()))?;
    Ok(Head { seq: row.int("seq")?, hash, at: Millis(row.int("at")?) })
}

/// Stores an entry.
pub(crate) fn store(sql: &Sql, entry: &Entry) -> Result<(), SqlError> {
    let (seq, at, hash) = (entry.head.seq, entry.head.at.0, entry.head.hash.to_string());
    sql.run(
        "INSERT INTO ledger (seq, at, hash, text) VALUES (?, ?, ?, ?)",
        &[seq.into(), at.into(), Bind::Text(&hash), Bind::Text(&entry.text)],
    )
}

/// How much of a ledger is given at a time.
const PAGE_ROWS: i64 = 1000;
const PAGE_BYTES: usize = 1 << 20;

/// The entries behind a number, of one subject or of all, as lines. Whoever reads goes on with the number of the
/// last one.
pub(crate) fn page(sql: &Sql, after: i64, subject: Option<&str>) -> Result<(u16, Json), SqlError> {
    let of = if subject.is_some() { "text ->> 'subject' = ? AND " } else { "" };
    let statement = format!("SELECT text FROM ledger WHERE {of}seq > ? ORDER BY seq LIMIT ?");
    let values = [after.into(), PAGE_ROWS.into()];
    let values: Vec<Bind<'_>> = subject.into_iter().map(Bind::Text).chain(values).collect();
    let rows = sql.query(&statement, &values)?;
    let mut lines = String::new();
    for row in &rows {
        lines.push_str(&row.text("text")?);
        lines.push('\n');
        if lines.len() > PAGE_BYTES {
            break;
        }
    }
    Ok((200, Json::object([("lines", lines.into())])))
}

/// The end of the chain in its public form.
pub(crate) fn head_json(sql: &Sql, desk: Option<&str>) -> Result<(u16, Json), SqlError> {
    let head = head(sql)?;
    Ok((
        200,
        Json::object([
            ("desk", desk.into()),
            ("seq", head.seq.into()),
            ("hash", head.hash.to_string().into()),
            ("at", head.at.to_string().into()),
        ]),
    ))
}
