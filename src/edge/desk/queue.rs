//! The desk's cases as a queue: what a person is given next, lists, and counts.

use super::super::sql::{Bind, Row, Sql, SqlError};
use super::cases::lease_json;
use super::load::said_of;
use super::{Answered, Desk, failed, new_token, now};
use crate::core::case::{Case, Command, Status, Viewer};
use crate::core::desk::{self, Store as _};
use crate::core::json::Json;
use crate::core::policy::severity::Severity;
use crate::core::time::Millis;
use crate::wire::api::{Claim, MAX_PAGE, case_json};
use crate::wire::desk::{Listing, Recorded};
use crate::wire::problem::{Code, Problem};
use crate::wire::record;

/// How many rows are read at a time where many are looked through, and how many times.
const PAGE: i64 = 200;
const MAX_PAGES: usize = 25;

/// How much one request of a list reads, whether it is listed or not: nobody's decision waits for a search.
const READ_ROWS: usize = 400;
const READ_BYTES: usize = 4 << 20;

/// No row has this number: the largest whole number that the platform's rows hold, 2^53 - 1.
const BEHIND_ALL: i64 = (1 << 53) - 1;

/// A case larger than this is given alone, and a list ends soon after this many bytes: an isolate has 128 MB for all.
const LOOK_AHEAD_BYTES: usize = 256 << 10;
const LIST_BYTES: usize = 2 << 20;

/// How many whole cases are read at a time.
const RECORDED_AT_A_TIME: i64 = 500;

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
        let cases: Json = cases.iter().map(|case| self.to_look_at(case, now)).collect();
        Ok(Json::object([("cases", cases), ("lease", lease)]))
    }

    /// The ids of the first cases that are free for this person: held ones by deadline, then audits.
    fn free(&self, person: &str, claim: &Claim, now: Millis) -> Result<Vec<String>, SqlError> {
        let page = "SELECT id, after, expires, proposer, progress FROM cases WHERE open = 1 AND expires > ? \
                    AND (after, expires, id) > (?, ?, ?) ORDER BY after, expires, id LIMIT ?";
        let want = usize::try_from(claim.want).unwrap_or(0);
        let (mut free, mut behind) = (self.free_first(person, claim, now)?, (0, 0, String::new()));
        for _ in 0..MAX_PAGES {
            let values = [now.0.into(), behind.0.into(), behind.1.into(), Bind::Text(&behind.2), PAGE.into()];
            let rows = self.sql.query(page, &values)?;
            for row in &rows {
                let id = row.text("id")?;
                behind = (row.int("after")?, row.int("expires")?, id.clone());
                if is_free(row, person, now) && !claim.skip.contains(&id) && !free.contains(&id) {
                    free.push(id);
                }
            }
            if free.len() >= want || rows.len() < usize::try_from(PAGE).unwrap_or(0) {
                break;
            }
        }
        Ok(free)
    }

    /// The case that this person looks at already, where it is still free for them.
    fn free_first(&self, person: &str, claim: &Claim, now: Millis) -> Result<Vec<String>, SqlError> {
        let Some(id) = claim.first.as_ref().filter(|id| !claim.skip.contains(id)) else {
            return Ok(Vec::new());
        };
        let row = "SELECT proposer, progress FROM cases WHERE id = ? AND open = 1 AND expires > ?";
        let rows = self.sql.query(row, &[Bind::Text(id), now.0.into()])?;
        Ok(rows.iter().filter(|row| is_free(row, person, now)).map(|_| id.clone()).collect())
    }

    /// A page of cases in the order in which they came, or the other way round. It may be short of its limit, or
    /// empty, and still have a next one: what one request looks through is bounded.
    pub(super) fn list(&self, listing: &Listing) -> Answered {
        let now = self.now()?;
        let wanted =
            listing.status.as_deref().map(|word| Status::parse(word).ok_or(word)).transpose().map_err(
                |word| {
                    let known = Status::ALL.map(Status::as_str).join(", ");
                    Problem::new(Code::Invalid, format!("`status` is one of {known}, not `{word}`"))
                },
            )?;
        let begin = if listing.newest_first { BEHIND_ALL } else { 0 };
        let cursor = listing.after.as_deref().map_or(Ok(begin), str::parse::<i64>);
        let cursor = cursor.ok().filter(|cursor| (0..=BEHIND_ALL).contains(cursor));
        let mut cursor =
            cursor.ok_or_else(|| Problem::new(Code::Invalid, "`after` is the `next` of another page"))?;
        let full = usize::try_from(listing.limit.clamp(1, MAX_PAGE)).unwrap_or(1);
        let of_kind = if listing.kind.is_some() { "kind = ? AND" } else { "" };
        let (before, order) = if listing.newest_first { ("<", "DESC") } else { (">", "ASC") };
        let page = format!(
            "SELECT rowid AS place, id FROM cases WHERE {of_kind} rowid {before} ? ORDER BY rowid {order} LIMIT ?"
        );
        let (name, mut cases, mut listed, mut read, mut rows_read) = (self.name(), Vec::new(), 0, 0, 0);
        for _ in 0..MAX_PAGES {
            let kind = listing.kind.as_deref().map(Bind::Text);
            let values: Vec<Bind<'_>> = kind.into_iter().chain([cursor.into(), PAGE.into()]).collect();
            let rows = self.sql.query(&page, &values)?;
            for row in &rows {
                let enough = cases.len() >= full || listed > LIST_BYTES;
                if enough || read > READ_BYTES || rows_read >= READ_ROWS {
                    return Ok((200, page_json(cases, Some(cursor))));
                }
                cursor = row.int("place")?;
                let Some(case) = self.case(&row.text("id")?)? else { continue };
                rows_read = rows_read.saturating_add(1);
                read = read.saturating_add(case.size());
                let status = case.status(now, Viewer::Desk);
                if wanted.is_none_or(|wanted| status == wanted) && is_listed(&case, listing) {
                    listed = listed.saturating_add(case.size());
                    cases.push(case_json(&case, &name, now));
                }
            }
            if rows.len() < usize::try_from(PAGE).unwrap_or(0) {
                return Ok((200, page_json(cases, None)));
            }
        }
        Ok((200, page_json(cases, Some(cursor))))
    }

    /// A page of whole cases, the newest first, and the place behind which the next page begins.
    pub(super) fn recorded(&self, reading: &Recorded) -> Answered {
        let page = "SELECT created, id, kind FROM cases WHERE (created, id) < (?, ?) AND created >= ? \
                    ORDER BY created DESC, id DESC LIMIT ?";
        let behind_all = (BEHIND_ALL, String::new());
        let (before, id) = reading.before.as_ref().unwrap_or(&behind_all);
        let values = [(*before).into(), Bind::Text(id), reading.since.0.into(), RECORDED_AT_A_TIME.into()];
        let rows = self.sql.query(page, &values)?;
        let (mut cases, mut bytes, mut place) = (Vec::new(), 0_usize, None);
        for row in &rows {
            let id = row.text("id")?;
            place = Some(format!("{} {id}", row.int("created")?));
            if reading.kind.is_some() && row.text("kind").ok() != reading.kind {
                continue;
            }
            // One that cannot be read is left out.
            let Ok(Some(case)) = self.case(&id) else { continue };
            bytes = bytes.saturating_add(case.size());
            cases.push(record::case_to_json(&case));
            if bytes > LIST_BYTES {
                break;
            }
        }
        let full = rows.len() >= usize::try_from(RECORDED_AT_A_TIME).unwrap_or(0) || bytes > LIST_BYTES;
        let next = place.filter(|_| full);
        let body = [
            ("cases", cases.into_iter().collect()),
            ("next", next.into()),
            ("bytes", i64::try_from(bytes).unwrap_or(i64::MAX).into()),
        ];
        Ok((200, Json::object(body)))
    }

    /// What waits here, and how the answers of the person who asks have stood.
    pub(super) fn counts_for(&self, person: &str) -> Answered {
        let (status, mut counts) = self.counts()?;
        let opinions = self.opinions_of(person, self.now()?)?;
        if let Some(object) = counts.as_object_mut() {
            object.set("you", opinions);
        }
        Ok((status, counts))
    }

    pub(super) fn counts(&self) -> Answered {
        counts(&self.sql, &self.name())
    }
}

/// What waits at the desk of that name.
pub(super) fn counts(sql: &Sql, name: &str) -> Answered {
    let now = now(sql)?;
    let rows = sql.query(
        "SELECT count(*) FILTER (WHERE after = 0) AS held, count(*) FILTER (WHERE after = 1) AS to_audit, \
         min(created) FILTER (WHERE after = 0) AS oldest FROM cases INDEXED BY cases_waiting \
         WHERE open = 1 AND expires > ?",
        &[now.0.into()],
    )?;
    let row = rows.first().ok_or_else(|| failed(&SqlError("no count".to_owned())))?;
    let unknown = "SELECT count(*) AS unknown FROM cases WHERE unsettled = 1 AND ifnull(sent_until, 0) <= ?";
    let unknown = sql.query(unknown, &[now.0.into()])?.first().map_or(Ok(0), |row| row.int("unknown"))?;
    let oldest = row.optional_int("oldest")?;
    Ok((
        200,
        Json::object([
            ("name", name.into()),
            ("held", row.int("held")?.into()),
            ("to_audit", row.int("to_audit")?.into()),
            ("unknown", unknown.into()),
            ("oldest", oldest.map(|at| Millis(at).to_string()).into()),
            ("capacity", said_of(sql)?),
        ]),
    ))
}

/// Whether an open case is free for a person to decide. One row that cannot be read is free for nobody, and does not
/// keep the others from being decided.
fn is_free(row: &Row, person: &str, now: Millis) -> bool {
    let progress = row.json("progress").ok().as_ref().and_then(record::progress_from_json);
    row.text("proposer").is_ok_and(|proposer| proposer != person)
        && progress.is_some_and(|progress| progress.is_free_for(person, now))
}

/// Whether a case is of those that are asked for.
fn is_listed(case: &Case, listing: &Listing) -> bool {
    let severity = listing.severity.as_deref().map(Severity::parse);
    case.elsewhere().is_none()
        && severity.is_none_or(|severity| severity == Some(case.content().severity))
        && listing.search.as_ref().is_none_or(|words| case.mentions(words))
}

fn page_json(cases: Vec<Json>, next: Option<i64>) -> Json {
    let next = next.map(|place| place.to_string());
    Json::object([("cases", cases.into_iter().collect()), ("next", next.into())])
}
