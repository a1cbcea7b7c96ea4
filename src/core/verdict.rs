//! What the gate answers.

use super::canonical::Digest;
use super::json::Json;
use super::pointer::Pointer;
use super::policy::severity::Severity;

/// In rising strictness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// It may run.
    Proceed,
    /// A person decides.
    Hold,
    /// It may not run, and nobody is asked.
    Block,
}

impl Outcome {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proceed => "proceed",
            Self::Hold => "hold",
            Self::Block => "block",
        }
    }
}

/// One reason of a verdict.
#[derive(Debug, Clone, PartialEq)]
pub struct Reason {
    /// The criterion that matched; `None` for what is built in.
    pub criterion: Option<String>,
    /// The error category that a person should catch.
    pub category: String,
    /// For the reviewer.
    pub message: Option<String>,
    /// The parts of the action that the condition read, for highlighting.
    pub fields: Vec<Pointer>,
}

/// The gate's answer to one action.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// What may happen.
    pub outcome: Outcome,
    /// The highest severity that anybody gave it.
    pub severity: Severity,
    /// The desk whose people look at it.
    pub desk: String,
    /// The confidence as given; `None` where none was, or what was given is no confidence.
    pub confidence: Option<f64>,
    /// What the confidence was compared with, where it was.
    pub threshold: Option<f64>,
    /// The share of such actions that is audited, where it proceeds.
    pub audit: Option<f64>,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What a notice names where it is blocked: the first blocking criterion's id, or a built-in category.
    pub blocked_by: Option<String>,
    /// The policy that decided.
    pub policy: Digest,
}

impl Verdict {
    /// The members of the public form, in its order.
    pub fn to_json(&self) -> Json {
        Json::object([
            ("verdict", self.outcome.as_str().into()),
            ("severity", self.severity.as_str().into()),
            ("desk", self.desk.as_str().into()),
            (
                "confidence",
                Json::object([
                    ("given", self.confidence.into()),
                    ("calibrated", Json::Null),
                    ("threshold", self.threshold.into()),
                ]),
            ),
            ("audit", self.audit.into()),
            ("reasons", self.reasons.iter().map(Reason::to_json).collect()),
            ("policy", self.policy.to_string().into()),
        ])
    }
}

impl Reason {
    fn to_json(&self) -> Json {
        Json::object([
            ("criterion", self.criterion.as_deref().into()),
            ("category", self.category.as_str().into()),
            ("message", self.message.as_deref().into()),
            ("fields", self.fields.iter().map(ToString::to_string).collect()),
        ])
    }
}
