//! Policies that are tried before they are stored: what is asked, and what would have come of them.

use super::api::action_from_json;
use super::capacity::capacity_of_policy;
use super::shape::FieldProblem;
use super::shapes;
use crate::core::action::{Action, Confidence};
use crate::core::backtest::{Sample, Trial};
use crate::core::case::Case;
use crate::core::json::{Json, Object};
use crate::core::policy::Policy;
use crate::core::policy::document::Format;
use crate::core::policy::severity::Severity;
use crate::core::time::Millis;
use crate::core::verdict::Outcome;

/// So many actions that would be let through are named.
const NAMED: usize = 50;

/// A policy to be tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Tried {
    /// The document.
    pub policy: String,
    /// Its syntax.
    pub format: Format,
    /// What it is tried on; none: what was recorded.
    pub actions: Option<Vec<Sample>>,
}

/// Reads the body of `POST /v1/policy/backtest`, and of a check with a mix. A policy in a string is TOML, an object
/// is the policy itself.
pub fn read_tried(body: &Json) -> Result<Tried, Vec<FieldProblem>> {
    let object = body.as_object().ok_or_else(|| vec![FieldProblem::new("", "expected an object")])?;
    let mut problems: Vec<FieldProblem> = object
        .iter()
        .filter(|(name, _)| !matches!(*name, "policy" | "actions"))
        .map(|(name, _)| {
            FieldProblem::new(format!("/{name}"), "an unknown member; known are policy, actions")
        })
        .collect();
    let (policy, format) = match object.get("policy") {
        Some(Json::String(text)) => (text.to_string(), Format::Toml),
        Some(policy @ Json::Object(_)) => (policy.to_string(), Format::Json),
        _ => {
            problems
                .push(FieldProblem::new("/policy", "expected a policy: its TOML as a string, or its JSON"));
            (String::new(), Format::Toml)
        }
    };
    let actions = match object.get("actions") {
        None | Some(Json::Null) => None,
        Some(Json::Array(actions)) => {
            let mut samples = Vec::with_capacity(actions.len());
            for (at, action) in actions.iter().enumerate() {
                match read_sample(action.clone()) {
                    Ok(sample) => samples.push(sample),
                    Err(found) => problems.extend(found.into_iter().map(|problem| {
                        FieldProblem::new(format!("/actions/{at}{}", problem.pointer), problem.message)
                    })),
                }
            }
            Some(samples)
        }
        Some(_) => {
            problems.push(FieldProblem::new(
                "/actions",
                "expected an array of actions, or null for those recorded",
            ));
            None
        }
    };
    if problems.is_empty() { Ok(Tried { policy, format, actions }) } else { Err(problems) }
}

/// Reads an action that a policy is tried on: as it is proposed, with `wrong` where somebody knows. A line of the
/// export of decisions is one too.
pub fn read_sample(json: Json) -> Result<Sample, Vec<FieldProblem>> {
    if json.get("record").is_some() {
        return read_decision(&json)
            .ok_or_else(|| vec![FieldProblem::new("", "this decision cannot be read")]);
    }
    let mut body = shapes::TRIED_ACTION.read(json)?;
    let mut action =
        Action::new(body.text("kind").unwrap_or_default(), body.object("args").unwrap_or_default());
    if let Some(given) = body.take("confidence") {
        action.confidence = Confidence::of(&given);
    }
    action.severity = body.text("severity").and_then(|word| Severity::parse(&word));
    action.subject = body.text("subject");
    action.source = body.object("source").unwrap_or_default();
    action.context = body.object("context").unwrap_or_default();
    Ok(Sample { id: body.text("id"), action, weight: 1.0, overridden: body.flag("wrong") })
}

fn read_decision(json: &Json) -> Option<Sample> {
    let object = |json: &Json, name| json.get(name).and_then(Json::as_object).cloned();
    let shown = json.get("action")?;
    let mut action = Action::new(shown.get("kind")?.as_str()?, object(shown, "args")?);
    if let Some(given) = json.get("confidence").filter(|given| !given.is_null()) {
        action.confidence = Confidence::of(given);
    }
    action.severity = json.get("asked_severity").and_then(Json::as_str).and_then(Severity::parse);
    action.subject = json.get("subject").and_then(Json::as_str).map(str::to_owned);
    action.source = object(json, "source").unwrap_or_default();
    action.context = object(json, "context").unwrap_or_default();
    let probability = json.get("probability")?.as_f64().filter(|probability| *probability > 0.0)?;
    Some(Sample {
        id: json.get("id").and_then(Json::as_str).map(str::to_owned),
        action,
        weight: 1.0 / probability,
        // What a rubber stamp said, or somebody said of its twin, says nothing here.
        overridden: json
            .get("wrong")
            .and_then(Json::as_bool)
            .filter(|_| json.get("left_out").is_none_or(Json::is_null)),
    })
}

/// A recorded case as a sample: none where its arguments are gone, or Holdpoint raised it itself.
pub fn sample_of(case: &Case, desk: &str, now: Millis) -> Option<Sample> {
    if case.facts.raised_by.is_some() || case.elsewhere().is_some() {
        return None;
    }
    let shown = case.facts.content.shown.as_ref()?;
    Some(Sample {
        id: Some(case.facts.id.clone()),
        action: action_from_json(&shown.action)?,
        weight: 1.0 / case.facts.oversight.probability(),
        overridden: case.label(desk, now).and_then(|label| label.wrong()),
    })
}

/// One side of a backtest.
pub fn trial_json(policy: &Policy, trial: &Trial, per_day: f64) -> Json {
    let expiries: f64 = trial
        .demands(policy, per_day)
        .iter()
        .map(|(desk, demand)| {
            let hours = policy.desk(desk).map_or(0.0, |desk| desk.hours_per_day);
            let approvals = trial.desks.get(desk).map_or(1.0, |looks| looks.held / looks.looks.max(1e-9));
            demand.forecast().expired * demand.held * approvals * hours
        })
        .sum();
    Json::object([
        ("proceed", trial.proceed.into()),
        ("hold", trial.hold.into()),
        ("block", trial.block.into()),
        ("audits", trial.audits.into()),
        ("review_minutes", trial.minutes.into()),
        ("expiries_per_day", expiries.into()),
        ("let_through", count(trial.let_through.len())),
    ])
}

/// What a policy would make of actions that are given.
pub fn tried_json(policy: &Policy, trial: &Trial, samples: &[Sample], per_day: f64) -> Json {
    let mut tried = Object::new();
    tried.set("actions", count(samples.len()));
    tried.set("per_day", per_day);
    tried.set("overridden", overridden(samples));
    if let Json::Object(side) = trial_json(policy, trial, per_day) {
        for (name, value) in side.iter() {
            tried.set(name, value.clone());
        }
    }
    let named = trial.let_through.iter().filter_map(|at| {
        let action = &samples.get(*at)?.action;
        let id = samples.get(*at)?.id.as_deref();
        Some(Json::object([("at", count(*at)), ("id", id.into()), ("kind", action.kind.as_str().into())]))
    });
    tried.set("let_through", named.collect::<Json>());
    tried.set("outcomes", trial.outcomes.iter().map(|outcome| outcome.as_str()).collect::<Json>());
    tried.set("capacity", capacity_of_policy(policy, trial, per_day));
    Json::from(tried)
}

fn overridden(samples: &[Sample]) -> Json {
    count(samples.iter().filter(|sample| sample.overridden == Some(true)).count())
}

fn count(number: usize) -> Json {
    Json::from(i64::try_from(number).unwrap_or(i64::MAX))
}

/// What a policy would have made of what another one made of the same actions.
pub fn backtest_json(
    [before, after]: [(&Policy, &Trial); 2],
    samples: &[Sample],
    per_day: f64,
    recorded: bool,
    truncated: bool,
) -> Json {
    let mut moves: Vec<(Outcome, Outcome, f64)> = Vec::new();
    let outcomes = before.1.outcomes.iter().zip(&after.1.outcomes).zip(samples);
    for ((from, to), sample) in outcomes.filter(|((from, to), _)| from != to) {
        match moves.iter_mut().find(|(a, b, _)| a == from && b == to) {
            Some((_, _, n)) => *n += sample.weight,
            None => moves.push((*from, *to, sample.weight)),
        }
    }
    let moves = moves.iter().map(|(from, to, n)| {
        Json::object([("from", from.as_str().into()), ("to", to.as_str().into()), ("n", (*n).into())])
    });
    let let_through = after.1.let_through.iter().take(NAMED).filter_map(|at| {
        let sample = samples.get(*at)?;
        let today = before.1.outcomes.get(*at).map(|outcome| outcome.as_str());
        Some(Json::object([
            ("id", sample.id.as_deref().into()),
            ("kind", sample.action.kind.as_str().into()),
            ("today", today.into()),
        ]))
    });
    Json::object([
        ("recorded", recorded.into()),
        ("truncated", truncated.into()),
        ("actions", count(samples.len())),
        ("stands_for", after.1.actions.into()),
        ("per_day", per_day.into()),
        ("overridden", overridden(samples)),
        ("before", trial_json(before.0, before.1, per_day)),
        ("after", trial_json(after.0, after.1, per_day)),
        ("moves", moves.collect()),
        ("let_through", let_through.collect()),
        ("capacity", capacity_of_policy(after.0, after.1, per_day)),
    ])
}
