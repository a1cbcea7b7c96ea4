//! What was made for a proposal when it came in: its id and verdict. Kept for repetitions of the request, with
//! none of its arguments.

use crate::core::id::ActionId;
use crate::core::json::Json;
use crate::core::policy::severity::Severity;
use crate::core::secret::MacKey;
use crate::core::time::Millis;

/// An id and a verdict, with what follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// The id.
    pub id: ActionId,
    /// The desk whose people look at it.
    pub desk: String,
    /// The highest severity that anybody gave it.
    pub severity: Severity,
    /// How many different people have to approve.
    pub approvals: u32,
    /// The chance that it is audited, where it proceeds.
    pub audit: Option<f64>,
    /// What a notice names where it is blocked.
    pub blocked_by: Option<String>,
    /// The verdict in its public form.
    pub verdict: Json,
    /// When it came in.
    pub at: Millis,
}

impl Made {
    /// As kept.
    pub fn to_json(&self) -> Json {
        Json::object([
            ("id", self.id.as_str().into()),
            ("desk", self.desk.as_str().into()),
            ("severity", self.severity.as_str().into()),
            ("approvals", self.approvals.into()),
            ("audit", self.audit.into()),
            ("blocked_by", self.blocked_by.as_deref().into()),
            ("verdict", self.verdict.clone()),
            ("at", self.at.0.into()),
        ])
    }

    /// As kept, again; `None` for what [`Self::to_json`] did not write.
    pub fn from_json(json: &Json, id_key: &MacKey) -> Option<Self> {
        let text = |name| json.get(name).and_then(Json::as_str);
        Some(Self {
            id: ActionId::parse(text("id")?, id_key)?,
            desk: text("desk")?.to_owned(),
            severity: Severity::parse(text("severity")?)?,
            approvals: u32::try_from(json.get("approvals")?.as_i64()?).ok()?,
            audit: json.get("audit").and_then(Json::as_f64),
            blocked_by: text("blocked_by").map(str::to_owned),
            verdict: json.get("verdict")?.clone(),
            at: Millis(json.get("at")?.as_i64()?),
        })
    }
}
