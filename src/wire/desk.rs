//! What the Worker asks of a desk. A desk answers with the public body and status, so the Worker passes it on.

use super::api::Claim;
use super::record;
use crate::core::canonical::Digest;
use crate::core::case::{Decision, Facts};
use crate::core::json::{Json, Object};

/// A question to a desk.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Keep this case. Asking again with the same id changes nothing.
    Hold(Box<Facts>),
    /// What has become of an app's case? Waits until that is final, `wait_ms` at most.
    Answer {
        /// The case.
        id: String,
        /// The key that asks.
        app: String,
        /// How long to wait.
        wait_ms: i64,
        /// Whether an approved action is taken away to run it, once.
        take: bool,
    },
    /// A case for the people of the desk.
    Case {
        /// The case.
        id: String,
    },
    /// A page of cases.
    List {
        /// Of this status; none: all.
        status: Option<String>,
        /// How many at most.
        limit: i64,
        /// From behind this cursor.
        after: Option<String>,
    },
    /// How many cases wait, and since when.
    Counts,
    /// Cases to look at.
    Claim {
        /// Who looks.
        person: String,
        /// How many, and which not.
        claim: Claim,
    },
    /// Take or renew a lease.
    Lease {
        /// The case.
        id: String,
        /// Who.
        person: String,
    },
    /// Give a lease back.
    GiveBack {
        /// The case.
        id: String,
        /// Who.
        person: String,
    },
    /// Decide.
    Decide {
        /// The case.
        id: String,
        /// The decision; the desk's clock says when.
        decision: Decision,
        /// What the person saw.
        digest: Digest,
        /// Under which lease.
        lease: Option<String>,
        /// What they want next.
        next: Option<Claim>,
    },
    /// Take a decision back.
    Undo {
        /// The case.
        id: String,
        /// Who.
        person: String,
    },
}

impl Ask {
    /// As sent.
    pub fn to_json(&self) -> Json {
        let mut object = Object::new();
        let mut ask = |name: &str| object.set("ask", name);
        match self {
            Self::Hold(facts) => {
                ask("hold");
                object.set("facts", record::facts_to_json(facts));
            }
            Self::Answer { id, app, wait_ms, take } => {
                ask("answer");
                object.set("id", id.as_str());
                object.set("app", app.as_str());
                object.set("wait_ms", *wait_ms);
                object.set("take", *take);
            }
            Self::Case { id } => {
                ask("case");
                object.set("id", id.as_str());
            }
            Self::List { status, limit, after } => {
                ask("list");
                object.set("status", status.as_deref());
                object.set("limit", *limit);
                object.set("after", after.as_deref());
            }
            Self::Counts => ask("counts"),
            Self::Claim { person, claim } => {
                ask("claim");
                object.set("person", person.as_str());
                object.set("claim", claim_to_json(claim));
            }
            Self::Lease { id, person } => {
                ask("lease");
                object.set("id", id.as_str());
                object.set("person", person.as_str());
            }
            Self::GiveBack { id, person } => {
                ask("give_back");
                object.set("id", id.as_str());
                object.set("person", person.as_str());
            }
            Self::Decide { id, decision, digest, lease, next } => {
                ask("decide");
                object.set("id", id.as_str());
                object.set("decision", record::decision_to_json(decision));
                object.set("digest", digest.to_string());
                object.set("lease", lease.as_deref());
                object.set("next", next.as_ref().map(claim_to_json));
            }
            Self::Undo { id, person } => {
                ask("undo");
                object.set("id", id.as_str());
                object.set("person", person.as_str());
            }
        }
        object.into()
    }

    /// As received; `None` for what [`Self::to_json`] did not write.
    pub fn from_json(json: &Json) -> Option<Self> {
        let text = |name| json.get(name).and_then(Json::as_str).map(str::to_owned);
        let int = |name| json.get(name).and_then(Json::as_i64);
        Some(match json.get("ask")?.as_str()? {
            "hold" => Self::Hold(Box::new(record::facts_from_json(json.get("facts")?)?)),
            "answer" => Self::Answer {
                id: text("id")?,
                app: text("app")?,
                wait_ms: int("wait_ms")?,
                take: json.get("take")?.as_bool()?,
            },
            "case" => Self::Case { id: text("id")? },
            "list" => Self::List { status: text("status"), limit: int("limit")?, after: text("after") },
            "counts" => Self::Counts,
            "claim" => Self::Claim { person: text("person")?, claim: claim_from_json(json.get("claim")?)? },
            "lease" => Self::Lease { id: text("id")?, person: text("person")? },
            "give_back" => Self::GiveBack { id: text("id")?, person: text("person")? },
            "decide" => Self::Decide {
                id: text("id")?,
                decision: record::decision_from_json(json.get("decision")?)?,
                digest: Digest::parse(&text("digest")?)?,
                lease: text("lease"),
                next: json.get("next").and_then(claim_from_json),
            },
            "undo" => Self::Undo { id: text("id")?, person: text("person")? },
            _ => return None,
        })
    }
}

fn claim_to_json(claim: &Claim) -> Json {
    Json::object([("want", claim.want.into()), ("skip", claim.skip.iter().map(String::as_str).collect())])
}

fn claim_from_json(json: &Json) -> Option<Claim> {
    let skip = json.get("skip")?.as_array()?.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
    Some(Claim { want: json.get("want")?.as_i64()?, skip })
}
