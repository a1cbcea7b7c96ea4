//! What the desks have recorded: whole cases, read page by page for what is computed from many of them.

use super::{Visit, call, clock};
use crate::core::case::Case;
use crate::core::json::Json;
use crate::core::key::Key;
use crate::core::time::{Millis, Span};
use crate::wire::desk::{Ask, Recorded};
use crate::wire::problem::{Code, Problem};
use crate::wire::record;
use std::collections::VecDeque;
use worker::Env;

/// So many recorded actions are computed from at most: the newest.
const MOST: usize = 5000;
/// And from so many bytes of actions.
const MOST_BYTES: usize = 12 << 20;

/// What is looked back on where nothing else is said.
const MONTH: Span = Span::days(30);

/// The time from which on somebody wants to know: an instant or a span before now; a month where nothing is said.
pub(super) fn since(visit: &Visit<'_>) -> Result<Millis, Problem> {
    since_or(visit, Millis(clock::now().0.saturating_sub(MONTH.as_millis())))
}

/// The same; `default` where nothing is said.
pub(super) fn since_or(visit: &Visit<'_>, default: Millis) -> Result<Millis, Problem> {
    let now = clock::now();
    let Some(text) = visit.incoming.text_parameter("since")? else { return Ok(default) };
    let back = |span: Span| Millis(now.0.saturating_sub(span.as_millis()));
    Span::parse(&text).map(back).or_else(|| Millis::parse(&text)).ok_or_else(|| {
        let detail = "`since` is an instant like 2026-01-31T00:00:00Z, or a time before now like `7d`";
        Problem::new(Code::Invalid, detail)
    })
}

/// The desks that somebody asks about: the named one, else all of their key's.
pub(super) fn desks(visit: &Visit<'_>, key: &Key) -> Result<Vec<String>, Problem> {
    match visit.incoming.text_parameter("desk")? {
        Some(desk) => super::review::named_desk(visit, key, &desk).map(|desk| vec![desk.to_owned()]),
        None => Ok(super::review::desks_of(visit, key).into_iter().map(str::to_owned).collect()),
    }
}

/// Reads the cases of some desks, the newest of each desk first, and of each desk as many.
#[derive(Debug)]
pub(super) struct Reader {
    env: Env,
    desks: VecDeque<String>,
    before: Option<(i64, String)>,
    since: Millis,
    kind: Option<String>,
    /// So many cases, and so many bytes of actions, of each desk; none: all there is.
    most: Option<(usize, usize)>,
    read: (usize, usize),
    /// Whether some desk has more than was read.
    pub(super) truncated: bool,
}

impl Reader {
    /// Reads everything.
    pub(super) fn all(env: &Env, desks: Vec<String>, since: Millis, kind: Option<String>) -> Self {
        let (env, desks) = (env.clone(), desks.into());
        Self { env, desks, before: None, since, kind, most: None, read: (0, 0), truncated: false }
    }

    /// Reads as much as can be computed from at once.
    pub(super) fn newest(env: &Env, desks: Vec<String>, since: Millis, kind: Option<String>) -> Self {
        let each = desks.len().max(1);
        let most = MOST.checked_div(each).zip(MOST_BYTES.checked_div(each));
        Self { most, ..Self::all(env, desks, since, kind) }
    }

    /// The next page with its desk; `None` where all was read.
    pub(super) async fn next(&mut self) -> Result<Option<(String, Vec<Case>)>, Problem> {
        let Some(desk) = self.desks.front().cloned() else { return Ok(None) };
        let reading = Recorded { before: self.before.take(), since: self.since, kind: self.kind.clone() };
        let reply = call::desk(&self.env, &desk, &Ask::Recorded { reading }).await?;
        let cases = reply.body.get("cases").and_then(Json::as_array).filter(|_| reply.status == 200);
        let cases =
            cases.ok_or_else(|| Problem::new(Code::Unavailable, "desk: its cases cannot be read now"))?;
        let mut cases: Vec<Case> = cases.iter().filter_map(record::case_from_json).collect();
        self.before = reply.body.get("next").and_then(Json::as_str).and_then(Recorded::place);
        self.read.1 = cases.iter().fold(self.read.1, |bytes, case| bytes.saturating_add(case.size()));
        if let Some((most, bytes)) = self.most {
            let room = most.saturating_sub(self.read.0);
            let full = cases.len() >= room || self.read.1 >= bytes;
            self.truncated |= cases.len() > room || (full && self.before.is_some());
            cases.truncate(room);
            if full {
                self.before = None;
            }
        }
        self.read.0 = self.read.0.saturating_add(cases.len());
        if self.before.is_none() {
            self.desks.pop_front();
            self.read = (0, 0);
        }
        Ok(Some((desk, cases)))
    }
}
