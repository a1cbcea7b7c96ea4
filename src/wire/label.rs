//! Labels, as desks tell them to the tally and the tally to whoever computes.

use super::record::{look_to_json, looks_from_json};
use crate::core::case::Outcome;
use crate::core::json::Json;
use crate::core::label::{End, Label, Why};
use crate::core::policy::severity::Severity;
use crate::core::time::Millis;

/// A label.
pub fn label_to_json(label: &Label) -> Json {
    let why = |why: &Why| {
        let criterion = why.criterion.as_deref().into();
        Json::object([("criterion", criterion), ("category", why.category.as_str().into())])
    };
    Json::object([
        ("id", label.id.as_str().into()),
        ("desk", label.desk.as_str().into()),
        ("kind", label.kind.as_str().into()),
        ("severity", label.severity.as_str().into()),
        ("model", label.model.as_deref().into()),
        ("confidence", label.confidence.into()),
        ("why", label.why.iter().map(why).collect()),
        ("held", label.held.into()),
        ("probability", label.probability.into()),
        ("end", label.end.as_str().into()),
        ("reason", label.reason.as_deref().into()),
        ("category", label.category.as_deref().into()),
        ("looks", label.looks.iter().map(look_to_json).collect()),
        ("words", label.words.into()),
        ("created", label.created.0.into()),
        ("at", label.at.0.into()),
        ("outcome", label.outcome.map(Outcome::as_str).into()),
    ])
}

/// A label again; `None` for what [`label_to_json`] did not write.
pub fn label_from_json(json: &Json) -> Option<Label> {
    let maybe = |name| json.get(name).and_then(Json::as_str).map(str::to_owned);
    let millis = |json: &Json, name| json.get(name).and_then(Json::as_i64).map(Millis);
    let why = |json: &Json| {
        let text = |name| json.get(name).and_then(Json::as_str).map(str::to_owned);
        Some(Why { criterion: text("criterion"), category: text("category")? })
    };
    Some(Label {
        id: maybe("id")?,
        desk: maybe("desk")?,
        kind: maybe("kind")?,
        severity: Severity::parse(&maybe("severity")?)?,
        model: maybe("model"),
        confidence: json.get("confidence").and_then(Json::as_f64),
        why: json.get("why")?.as_array()?.iter().map(why).collect::<Option<_>>()?,
        held: json.get("held")?.as_bool()?,
        probability: json.get("probability")?.as_f64()?,
        end: End::parse(&maybe("end")?)?,
        reason: maybe("reason"),
        category: maybe("category"),
        looks: looks_from_json(json.get("looks")?)?,
        words: json.get("words").and_then(Json::as_i64),
        created: millis(json, "created")?,
        at: millis(json, "at")?,
        outcome: maybe("outcome").and_then(|word| Outcome::parse(&word)),
    })
}
