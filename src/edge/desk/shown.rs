//! What a person sees of a case beside itself: what people approved last of its kind, app and subject, and the schema
//! of its arguments.

use super::super::sql::{Bind, SqlError};
use super::Desk;
use super::cases::read_case;
use crate::core::case::Case;
use crate::core::desk::Store as _;
use crate::core::json::Json;
use crate::core::time::Millis;
use crate::wire::api::{case_json, last_approved_json};

/// What was approved is found by kind, app and subject; what was there before is filled in.
pub(super) const APPROVED: &[&str] = &[
    "ALTER TABLE cases ADD COLUMN kind TEXT",
    "ALTER TABLE cases ADD COLUMN app TEXT",
    "ALTER TABLE cases ADD COLUMN subject TEXT",
    "ALTER TABLE cases ADD COLUMN approved_at INTEGER",
    "UPDATE cases SET kind = facts ->> 'kind', app = facts ->> 'app', \
     subject = facts ->> '$.content.shown.action.subject', \
     approved_at = CASE WHEN progress ->> '$.state.decision.answer' IN ('approve', 'edit', 'confirm') \
     AND facts ->> '$.content.shown' IS NOT NULL THEN progress ->> '$.state.release_at' END",
    "CREATE INDEX cases_by_approval ON cases (kind, app, subject, approved_at) WHERE approved_at IS NOT NULL",
];

/// What is larger is not compared: nobody would see what changed in it.
const COMPARED_BYTES: usize = 64 << 10;

impl Desk {
    /// A case as the person gets it who is to decide it.
    pub(super) fn to_look_at(&self, case: &Case, now: Millis) -> Json {
        let mut json = case_json(case, &self.name(), now);
        // A case can be decided without it.
        let last = self.last_approved(case, now).ok().flatten();
        if let Some(object) = json.as_object_mut() {
            if let Some(last) = last.as_ref().and_then(last_approved_json) {
                object.set("last_approved", last);
            }
            if let Some(schema) = &case.facts.schema {
                object.set("schema", schema.clone());
            }
        }
        json
    }

    fn last_approved(&self, case: &Case, now: Millis) -> Result<Option<Case>, SqlError> {
        if case.content().shown.is_none() || case.size() > COMPARED_BYTES {
            return Ok(None);
        }
        // Of one that was decided it is what its reviewer could have seen.
        let until = case.decision().map_or(now, |decision| decision.at);
        let newest = "SELECT facts, progress FROM cases WHERE kind = ? AND app = ? AND subject IS ? \
                      AND approved_at <= ? AND id <> ? ORDER BY approved_at DESC LIMIT 1";
        let values = [
            Bind::Text(&case.facts.kind),
            Bind::Text(&case.facts.app),
            case.subject().into(),
            until.0.into(),
            Bind::Text(&case.facts.id),
        ];
        let rows = self.sql.query(newest, &values)?;
        let last = rows.first().map(read_case).transpose()?;
        Ok(last.filter(|last| last.size() <= COMPARED_BYTES))
    }
}
