//! Policies that are looked at before they are stored: checked, and tried on actions that are known.

use super::admin::document;
use super::recorded::{self, Reader};
use super::{Responded, Visit, clock, respond};
use crate::core::backtest::{Sample, trial};
use crate::core::json::Json;
use crate::core::key::{Key, Role};
use crate::core::policy::Policy;
use crate::core::policy::document::Format;
use crate::core::time::Span;
use crate::wire::capacity::capacity_of_policy;
use crate::wire::problem::{Code, Problem, policy_problems};
use crate::wire::trial::{backtest_json, read_tried, sample_of};

/// What a policy is tried on, and whether there was more.
struct Known {
    samples: Vec<Sample>,
    /// Over how many days they came.
    days: f64,
    truncated: bool,
}

/// What the desks recorded in the time that is asked for.
async fn known(visit: &Visit<'_>, key: &Key) -> Result<Known, Problem> {
    let since = recorded::since(visit)?;
    let mut reader = Reader::newest(visit.env, recorded::desks(visit, key)?, since, None);
    let (now, mut samples) = (clock::now(), Vec::new());
    let mut oldest = now;
    while let Some((desk, cases)) = reader.next().await? {
        for case in cases {
            if let Some(sample) = sample_of(&case, &desk, now) {
                oldest = oldest.min(case.facts.created);
                samples.push(sample);
            }
        }
    }
    let day = Span::days(1).as_millis();
    let days = crate::core::number::int_to_f64(now.since(oldest).as_millis().max(day))
        / crate::core::number::int_to_f64(day);
    Ok(Known { samples, days, truncated: reader.truncated })
}

/// The volume that somebody asks about.
fn per_day(visit: &Visit<'_>) -> Result<Option<f64>, Problem> {
    let Some(text) = visit.incoming.parameter("per_day") else { return Ok(None) };
    let volume = text.parse::<f64>().ok().filter(|volume| (0.0..=1e9).contains(volume));
    volume
        .map(Some)
        .ok_or_else(|| Problem::new(Code::Invalid, "`per_day` is a number of actions, from 0 to 1000000000"))
}

/// `POST /v1/policy/check`: with `per_day`, also what it would ask of the reviewers. The mix of actions is the one
/// that is given, else, for an admin, what was recorded.
pub(super) async fn check(visit: &Visit<'_>, key: &Key) -> Responded {
    let (mut format, mut text) = document(visit)?;
    let mut given = None;
    if format == Format::Json {
        let body = visit.incoming.json()?;
        if body.get("holdpoint").is_none() && body.get("policy").is_some() {
            let tried = read_tried(&body).map_err(Problem::fields)?;
            (format, text, given) = (tried.format, tried.policy, tried.actions);
        }
    }
    let per_day = per_day(visit)?;
    let checked = Policy::check(format, &text);
    let mut capacity = Json::Array(Vec::new());
    if let (Some(per_day), Some(policy)) = (per_day, &checked.policy) {
        let samples = match given {
            Some(samples) => samples,
            None if key.role == Role::Admin => known(visit, key).await?.samples,
            // What others proposed is not an app's to know, not even in numbers.
            None => {
                let detail = "send the mix of actions: {\"policy\": …, \"actions\": […]}";
                return Err(Problem::new(Code::Invalid, detail));
            }
        };
        capacity = capacity_of_policy(policy, &trial(policy, &samples), per_day);
    }
    Ok(respond::json(
        200,
        &Json::object([
            ("problems", policy_problems(&checked.problems)),
            ("warnings", policy_problems(&checked.warnings)),
            ("capacity", capacity),
        ]),
    ))
}

/// `POST /v1/policy/backtest`
pub(super) async fn backtest(visit: &Visit<'_>, key: &Key) -> Responded {
    let tried = read_tried(&visit.incoming.json()?).map_err(Problem::fields)?;
    let candidate =
        Policy::parse(tried.format, &tried.policy).map_err(|problems| Problem::policy(&problems))?;
    let per_day = per_day(visit)?;
    let recorded = tried.actions.is_none();
    let known = match tried.actions {
        Some(samples) => Known { samples, days: 1.0, truncated: false },
        None => known(visit, key).await?,
    };
    let today = &visit.copy.in_force.policy;
    let (before, after) = (trial(today, &known.samples), trial(&candidate, &known.samples));
    let per_day = per_day.unwrap_or(after.actions / known.days);
    let sides = [(today, &before), (&candidate, &after)];
    Ok(respond::json(200, &backtest_json(sides, &known.samples, per_day, recorded, known.truncated)))
}
