//! The desk's cases as a queue: what a person is given next, lists, and counts.

use super::super::sql::{Bind, SqlError};
use super::cases::lease_json;
use super::{Answered, Desk, failed, new_token};
use crate::core::case::{Case, Command, Status, Viewer};
use crate::core::desk::{self, Store as _};
use crate::core::json::Json;
use crate::core::time::Millis;
use crate::wire::api::{Claim, MAX_PAGE, case_json};
use crate::wire::problem::{Code, Problem};
use crate::wire::record;

/// How many rows are read at a time where many are looked through, and how many times.
const PAGE: i64 = 200;
const MAX_PAGES: usize = 25;

/// A case larger than this is given alone, and a list ends soon after this many bytes: an isolate has 128 MB for all.
const LOOK_AHEAD_BYTES: usize = 256 << 10;
const LIST_BYTES: usize = 2 << 20;

impl Desk {
    /// The first case that is free for this person, leased, and a look ahead at those behind it. Only what
    /// tells whether a case is free is read of all; whole cases are read of those that are given.
    pub(super) fn claim(&self, person: &str, claim: &Claim) -> Result<Json, Problem> {
        let now = self.now()?;
        let want = usize::try_from(claim.want).unwrap_or(0);
        let mut cases: Vec<Case> = Vec::new();
        for id in self.free(person, claim, now)?.into_iter().take(want) {
            let Some(case) = self.case(&id)? else { continue };
            let large = case.size() > LOOK_AHEAD_BYTES;
            cases.push(case);
            if large {
                break;
            }
        }
        let mut lease = Json::Null;
        if let Some(first) = cases.first_mut() {
            let take = Command::Lease { person: person.to_owned(), token: new_token()? };
            desk::apply(self, now, first, take, None)?;
            lease = lease_json(first, now);
        }
        let name = self.name();
        let cases: Json = cases.iter().map(|case| case_json(case, &name, now)).collect();
        Ok(Json::object([("cases", cases), ("lease", lease)]))
    }

    /// The ids of the first cases that are free for this person: held ones by deadline, then audits.
    fn free(&self, person: &str, claim: &Claim, now: Millis) -> Result<Vec<String>, SqlError> {
        let page = "SELECT id, after, expires, proposer, progress FROM cases WHERE open = 1 AND expires > ? \
                    AND (after, expires, id) > (?, ?, ?) ORDER BY after, expires, id LIMIT ?";
        let want = usize::try_from(claim.want).unwrap_or(0);
        let (mut free, mut behind) = (Vec::new(), (0, 0, String::new()));
        for _ in 0..MAX_PAGES {
            let values = [now.0.into(), behind.0.into(), behind.1.into(), Bind::Text(&behind.2), PAGE.into()];
            let rows = self.sql.query(page, &values)?;
            for row in &rows {
                let (id, proposer) = (row.text("id")?, row.text("proposer")?);
                behind = (row.int("after")?, row.int("expires")?, id.clone());
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

    /// A page of cases in the order in which they came. It may be short of its limit, or empty, and still have
    /// a next one: what one request looks through is bounded.
    pub(super) fn list(&self, status: Option<&str>, limit: i64, after: Option<&str>) -> Answered {
        let now = self.now()?;
        let wanted = status.map(|word| Status::parse(word).ok_or(word)).transpose().map_err(|word| {
            let known = Status::ALL.map(Status::as_str).join(", ");
            Problem::new(Code::Invalid, format!("`status` is one of {known}, not `{word}`"))
        })?;
        let cursor = after.map_or(Ok(0), str::parse::<i64>).ok().filter(|cursor| *cursor >= 0);
        let mut cursor =
            cursor.ok_or_else(|| Problem::new(Code::Invalid, "`after` is the `next` of another page"))?;
        let full = usize::try_from(limit.clamp(1, MAX_PAGE)).unwrap_or(1);
        let page = "SELECT rowid AS place, id FROM cases WHERE rowid > ? ORDER BY rowid LIMIT ?";
        let (name, mut cases, mut bytes) = (self.name(), Vec::new(), 0);
        for _ in 0..MAX_PAGES {
            let rows = self.sql.query(page, &[cursor.into(), PAGE.into()])?;
            for row in &rows {
                if cases.len() >= full || bytes > LIST_BYTES {
                    return Ok((200, page_json(cases, Some(cursor))));
                }
                cursor = row.int("place")?;
                let Some(case) = self.case(&row.text("id")?)? else { continue };
                let status = case.status(now, Viewer::Desk);
                if case.elsewhere().is_none() && wanted.is_none_or(|wanted| status == wanted) {
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

    pub(super) fn counts(&self) -> Answered {
        let now = self.now()?;
        let rows = self.sql.query(
            "SELECT count(*) FILTER (WHERE after = 0) AS held, count(*) FILTER (WHERE after = 1) AS to_audit, \
             min(created) FILTER (WHERE after = 0) AS oldest FROM cases WHERE open = 1 AND expires > ?",
            &[now.0.into()],
        )?;
        let row = rows.first().ok_or_else(|| failed(&SqlError("no count".to_owned())))?;
        let oldest = row.optional_int("oldest")?;
        Ok((
            200,
            Json::object([
                ("name", self.name().into()),
                ("held", row.int("held")?.into()),
                ("to_audit", row.int("to_audit")?.into()),
                ("oldest", oldest.map(|at| Millis(at).to_string()).into()),
                // Measured capacity has no numbers yet.
                ("capacity", Json::Null),
            ]),
        ))
    }
}

fn page_json(cases: Vec<Json>, next: Option<i64>) -> Json {
    let next = next.map(|place| place.to_string());
    Json::object([("cases", cases.into_iter().collect()), ("next", next.into())])
}
