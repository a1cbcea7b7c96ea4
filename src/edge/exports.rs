//! Decisions on their way out, as lines that trainers read.

use super::insights::{JUDGED, read_tally, stamping};
use super::recorded::{self, Reader};
use super::{Responded, Visit, clock, respond};
use crate::core::key::Key;
use crate::core::pointer::Pointer;
use crate::core::time::{Millis, Span};
use crate::wire::export::{Export, Exporter, Filters, Form};
use crate::wire::problem::{Code, Problem};
use futures_util::stream;
use worker::ResponseBuilder;

/// No case is open for longer than this.
const LONGEST_OPEN: Span = Span::days(400);

/// An export under way.
struct Exporting {
    reader: Reader,
    exporter: Exporter,
    now: Millis,
}

async fn begun(visit: &Visit<'_>, key: &Key, name: &str) -> Result<Exporting, Problem> {
    let export = Export::parse(name).ok_or_else(|| {
        let known = Export::ALL.map(Export::as_str).join(", ");
        Problem::new(Code::NotFound, format!("no export has this name; there are {known}"))
    })?;
    let text = |name: &str| visit.incoming.text_parameter(name);
    let form = match text("format")? {
        None => Form::default(),
        Some(word) => Form::parse(&word)
            .filter(|_| export == Export::Dpo)
            .ok_or_else(|| Problem::new(Code::Invalid, "`format` goes with dpo, and is openai or trl"))?,
    };
    let redact = text("redact")?.unwrap_or_default();
    let redact = redact.split(',').filter(|part| !part.is_empty()).map(|part| {
        let pointer = Pointer::parse(part).filter(|pointer| !pointer.is_root());
        pointer.ok_or_else(|| {
            let detail = "`redact` lists JSON Pointers into the action, like /args/iban,/context/request";
            Problem::new(Code::Invalid, detail)
        })
    });
    let redact = redact.collect::<Result<Vec<_>, _>>()?;
    let (desks, since, now) =
        (recorded::desks(visit, key)?, recorded::since_or(visit, Millis(0))?, clock::now());
    let until = match text("until")? {
        None => now,
        Some(text) => Millis::parse(&text)
            .ok_or_else(|| Problem::new(Code::Invalid, "`until` is an instant like 2026-01-31T00:00:00Z"))?,
    };
    // By what was known at its end: the same export is the same again.
    let judged_since = Millis(until.min(now).0.saturating_sub(JUDGED.as_millis()));
    let known = read_tally(visit, desks.clone(), None, since, judged_since).await?;
    let mut labels = known.labels;
    labels.retain(|label| label.at < until);
    let kind = text("kind")?;
    let exporter = Exporter::new(Filters {
        export,
        form,
        redact,
        stamping: stamping(&labels),
        desks: desks.clone(),
        kind: kind.clone(),
        since,
        until,
        pseudonyms: visit.copy.in_force.id_key.clone(),
    });
    // What became a case before that time counts by its decision, and none is open for longer.
    let created_since = Millis(since.0.saturating_sub(LONGEST_OPEN.as_millis()));
    Ok(Exporting { reader: Reader::all(visit.env, desks, created_since, kind), exporter, now })
}

impl Exporting {
    /// The next lines; `None` at the end.
    async fn next(&mut self) -> Result<Option<String>, Problem> {
        let Some((desk, cases)) = self.reader.next().await? else { return Ok(None) };
        Ok(Some(cases.iter().map(|case| self.exporter.lines(&desk, case, self.now)).collect()))
    }
}

/// `GET /v1/export/{export}`: page by page, however many there are.
pub(super) async fn export(visit: &Visit<'_>, key: &Key, name: &str) -> Responded {
    let exporting = begun(visit, key, name).await?;
    let lines = stream::try_unfold(exporting, |mut exporting| async move {
        match exporting.next().await {
            Ok(lines) => Ok(lines.map(|lines| (lines.into_bytes(), exporting))),
            // An end that is none would pass for a whole export.
            Err(problem) => Err(worker::Error::RustError(problem.detail)),
        }
    });
    let headers = respond::headers(&[
        ("content-type", "application/jsonl"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ]);
    respond::never_stored(&headers);
    ResponseBuilder::new()
        .with_headers(headers)
        .from_stream(lines)
        .map_err(|_| Problem::new(Code::Unavailable, "the export cannot be sent"))
}

/// `GET /v1/export/{export}/manifest`: what the same request's export has in it.
pub(super) async fn manifest(visit: &Visit<'_>, key: &Key, name: &str) -> Responded {
    let mut exporting = begun(visit, key, name).await?;
    while exporting.next().await?.is_some() {}
    Ok(respond::json(200, &exporting.exporter.manifest()))
}
