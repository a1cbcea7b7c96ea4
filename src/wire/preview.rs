//! The gate from text to text, without a running Holdpoint: for the npm package and the command line. What it answers
//! is what the Worker answers, to the byte, because both come through the same functions.

use super::api::{MAX_BODY, Proposal, read_proposal, take_confidence};
use super::problem::{Code, Problem, policy_problems};
use super::shape::FieldProblem;
use super::trial::{read_sample, tried_json};
use crate::core::action::Action;
use crate::core::backtest::{Sample, trial};
use crate::core::canonical::Digest;
use crate::core::gate;
use crate::core::json::{Json, JsonError};
use crate::core::policy::Policy;
use crate::core::policy::document::Format;
use crate::core::policy::problem::Problem as PolicyProblem;

/// The largest whole number that a double tells from its neighbours: 2^53 - 1.
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_991.0;

/// The volume that may be asked about, in actions a day.
const MAX_PER_DAY: f64 = 1e9;

/// Who wrote the JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// Whoever proposes: every digit is meant.
    ByHand,
    /// JavaScript, from an object: a whole number that is not safe there has lost digits already.
    FromObject,
}

/// The syntax of a policy: no TOML begins with a brace, and all JSON policies do.
pub fn format_of_text(text: &str) -> Format {
    if text.trim_start().starts_with('{') { Format::Json } else { Format::Toml }
}

/// Reads a policy.
pub fn parse(text: &str) -> Result<Policy, Vec<PolicyProblem>> {
    Policy::parse(format_of_text(text), text)
}

/// Problems and warnings of a policy: `{"problems":[…],"warnings":[…]}`.
pub fn check(text: &str) -> Json {
    let checked = Policy::check(format_of_text(text), text);
    Json::object([
        ("problems", policy_problems(&checked.problems)),
        ("warnings", policy_problems(&checked.warnings)),
    ])
}

/// The verdict on an action in the form of `POST /v1/actions`, and the action as it would run.
pub fn decide(policy: &Policy, action: &str, written: Written) -> Result<(Json, Action), Problem> {
    let Proposal { mut action, .. } = read(action, written)?;
    take_confidence(policy, &mut action).map_err(Problem::fields)?;
    Ok((gate::decide(policy, &action).to_json(), action))
}

/// The digest of an action, as approvals and permits carry it. Where the policy reads the confidence from the
/// arguments, they are taken as they are: without it they have another.
pub fn digest(action: &str, written: Written) -> Result<Digest, Problem> {
    Ok(read(action, written)?.action.digest())
}

fn read(action: &str, written: Written) -> Result<Proposal, Problem> {
    if action.len() > MAX_BODY {
        return Err(Problem::new(Code::TooLarge, format!("an action has at most {MAX_BODY} bytes")));
    }
    let json = strict(action.as_bytes(), written)?;
    read_proposal(json).map_err(Problem::fields)
}

fn strict(text: &[u8], written: Written) -> Result<Json, Problem> {
    let json = Json::parse(text).map_err(|error| malformed(&error))?;
    if written == Written::FromObject {
        let mut found = Vec::new();
        unsafe_integers(&json, &mut String::new(), &mut found);
        if !found.is_empty() {
            return Err(Problem::fields(found));
        }
    }
    Ok(json)
}

fn malformed(error: &JsonError) -> Problem {
    Problem::new(Code::Malformed, format!("the action is not strict JSON: {error}"))
}

/// Whole numbers that JavaScript has rounded, or may have: nobody can say what was meant.
fn unsafe_integers(json: &Json, pointer: &mut String, found: &mut Vec<FieldProblem>) {
    let length = pointer.len();
    match json {
        Json::Number(number) => {
            let value = number.as_f64();
            if value.abs() > MAX_SAFE_INTEGER && value.fract() == 0.0 {
                let message = "this whole number is not safe in JavaScript: give the action as JSON text, or the number as a string";
                found.push(FieldProblem::new(pointer.clone(), message));
            }
        }
        Json::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                pointer.push('/');
                pointer.push_str(&at.to_string());
                unsafe_integers(item, pointer, found);
                pointer.truncate(length);
            }
        }
        Json::Object(object) => {
            for (name, value) in object.iter() {
                pointer.push('/');
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
                unsafe_integers(value, pointer, found);
                pointer.truncate(length);
            }
        }
        Json::Null | Json::Bool(_) | Json::String(_) => {}
    }
}

/// What a policy would have made of actions: a JSON array of them, or one a line. `per_day` is the volume for which
/// the desks' capacity is told; without it they are taken for those of one day.
pub fn backtest(
    policy: &Policy,
    actions: &str,
    per_day: Option<f64>,
    written: Written,
) -> Result<Json, Problem> {
    if per_day.is_some_and(|volume| !(0.0..=MAX_PER_DAY).contains(&volume)) {
        let detail = "the volume is a number of actions a day, from 0 to 1000000000";
        return Err(Problem::new(Code::Invalid, detail));
    }
    let samples = read_samples(actions, written)?;
    let tried = trial(policy, &samples);
    let volume = per_day.unwrap_or(tried.actions);
    Ok(tried_json(policy, &tried, &samples, volume))
}

fn read_samples(actions: &str, written: Written) -> Result<Vec<Sample>, Problem> {
    let found = if actions.trim_start().starts_with('[') {
        match strict(actions.as_bytes(), written)? {
            Json::Array(found) => found,
            other => vec![other],
        }
    } else {
        let lines = actions.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let parsed = lines.map(|(at, line)| {
            let says = |error: JsonError| {
                let line = at.saturating_add(1);
                Problem::new(Code::Malformed, format!("line {line} is not strict JSON: {error}"))
            };
            Json::parse(line.as_bytes()).map_err(says)
        });
        parsed.collect::<Result<Vec<_>, _>>()?
    };
    let (mut samples, mut problems) = (Vec::with_capacity(found.len()), Vec::new());
    for (at, json) in found.into_iter().enumerate() {
        match read_sample(json) {
            Ok(sample) => samples.push(sample),
            Err(wrong) => problems.extend(
                wrong
                    .into_iter()
                    .map(|problem| FieldProblem::new(format!("/{at}{}", problem.pointer), problem.message)),
            ),
        }
    }
    if problems.is_empty() { Ok(samples) } else { Err(Problem::fields(problems)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::number::int_to_f64;

    #[test]
    fn max_safe_integer_is_javascripts() {
        assert!((MAX_SAFE_INTEGER - int_to_f64((1 << 53) - 1)).abs() < f64::EPSILON);
    }
}
