//! The gate: a policy and an action in, a verdict out. No clock, no randomness, no input or output.
//!
//! Oversight follows severity × confidence, criteria only tighten, and whatever is missing, broken or unknown
//! tightens too. The verdict carries the audit rate; whoever asks draws the sample.

use super::action::{Action, Confidence};
use super::cel::EvalError;
use super::number::f64_text;
use super::policy::severity::Severity;
use super::policy::{Criterion, Handling, Oversight, Policy, Then};
use super::verdict::{Outcome, Reason, Verdict};

/// The category of what cannot be read as an action.
pub const MALFORMED: &str = "malformed";
/// The category of what was held for its confidence.
pub const LOW_CONFIDENCE: &str = "low confidence";
/// The category of what was held because the policy in force could not be confirmed.
pub const STALE_POLICY: &str = "stale policy";

/// Gates one action.
pub fn decide(policy: &Policy, action: &Action) -> Verdict {
    decide_without(policy, action, None)
}

/// Gates one action as if the policy had not this criterion: to say what a criterion does, never to decide.
pub fn decide_without(policy: &Policy, action: &Action, ignored: Option<&str>) -> Verdict {
    let kind = policy.kind(&action.kind);
    let own_severity = kind.map_or(policy.unlisted().severity, |kind| kind.severity);
    let mut severity = own_severity.max(action.severity.unwrap_or(Severity::None));
    let mut outcome = Outcome::Proceed;
    let mut audit: f64 = 0.0;
    let mut reasons = Vec::new();
    let mut blocked_by = None;

    for (criterion, error) in matching(policy, action, ignored) {
        severity = severity.max(criterion.severity.unwrap_or(Severity::None));
        match criterion.then {
            Then::Raise => {}
            Then::Audit(share) => audit = audit.max(share),
            Then::Hold => outcome = outcome.max(Outcome::Hold),
            Then::Block => {
                outcome = outcome.max(Outcome::Block);
                blocked_by = blocked_by.or_else(|| Some(criterion.id.clone()));
            }
        }
        reasons.push(reason(criterion, action, error));
    }

    let handling = policy.handling(severity);
    let (by_severity, threshold, built_in) = oversee(severity, handling, action.confidence);
    outcome = outcome.max(by_severity);
    reasons.extend(built_in);
    audit = audit.max(handling.map_or(0.0, |handling| handling.audit));

    Verdict {
        outcome,
        severity,
        desk: kind.map_or(&policy.unlisted().desk, |kind| &kind.desk).clone(),
        confidence: match action.confidence {
            Confidence::Given(given) => Some(given.get()),
            Confidence::None | Confidence::Invalid => None,
        },
        threshold,
        audit: (outcome == Outcome::Proceed).then_some(audit),
        reasons,
        blocked_by,
        policy: policy.digest(),
    }
}

/// The verdict on what an AI wrote in the place of an action and that is none: blocked.
pub fn malformed(policy: &Policy, kind: &str, message: &str) -> Verdict {
    let found = policy.kind(kind);
    Verdict {
        outcome: Outcome::Block,
        severity: found.map_or(policy.unlisted().severity, |kind| kind.severity),
        desk: found.map_or(&policy.unlisted().desk, |kind| &kind.desk).clone(),
        confidence: None,
        threshold: None,
        audit: None,
        reasons: vec![built_in_reason(MALFORMED, message.to_owned())],
        blocked_by: Some(MALFORMED.to_owned()),
        policy: policy.digest(),
    }
}

/// The verdict where the policy at hand may no longer be the one in force: what would proceed is held.
#[must_use]
pub fn tightened_for_stale_policy(mut verdict: Verdict) -> Verdict {
    if verdict.outcome == Outcome::Proceed {
        verdict.outcome = Outcome::Hold;
        verdict.audit = None;
        let message = "The policy in force could not be confirmed, so everything is held.".to_owned();
        verdict.reasons.push(built_in_reason(STALE_POLICY, message));
    }
    verdict
}

/// The criteria that match, but for this one.
fn matching<'a>(
    policy: &'a Policy,
    action: &'a Action,
    ignored: Option<&'a str>,
) -> impl Iterator<Item = (&'a Criterion, Option<EvalError>)> {
    policy.matching(action.input()).filter(move |(criterion, _)| ignored != Some(criterion.id.as_str()))
}

fn reason(criterion: &Criterion, action: &Action, error: Option<EvalError>) -> Reason {
    let message = match error {
        None => criterion.message.clone(),
        Some(error) => {
            let why = criterion.when.explain(&error);
            let note = format!("It could not be evaluated ({why}), so it counts as matched.");
            Some(criterion.message.as_ref().map_or(note.clone(), |message| format!("{message} {note}")))
        }
    };
    Reason {
        criterion: Some(criterion.id.clone()),
        category: criterion.category.clone(),
        message,
        fields: criterion.when.fields_read(&action.input()),
    }
}

fn built_in_reason(category: &str, message: String) -> Reason {
    Reason { criterion: None, category: category.to_owned(), message: Some(message), fields: Vec::new() }
}

/// What a severity's oversight makes of a confidence: outcome, the threshold it was compared with, reasons.
fn oversee(
    severity: Severity,
    handling: Option<&Handling>,
    confidence: Confidence,
) -> (Outcome, Option<f64>, Vec<Reason>) {
    let name = severity.as_str();
    let invalid = (confidence == Confidence::Invalid)
        .then(|| "What was given as confidence is no number from 0 to 1, so it counts as 0.".to_owned());
    let reasons =
        |message: Option<String>| message.map(|message| built_in_reason(LOW_CONFIDENCE, message)).into_iter();
    let Some(handling) = handling else { return (Outcome::Proceed, None, reasons(invalid).collect()) };
    match handling.oversight {
        Oversight::Audit => (Outcome::Proceed, None, reasons(invalid).collect()),
        Oversight::Review => {
            let message = format!("A person decides every {name} action.");
            let review = built_in_reason(&format!("{name} severity"), message);
            (Outcome::Hold, None, reasons(invalid).chain([review]).collect())
        }
        Oversight::Threshold => {
            let threshold = handling.threshold.get();
            if confidence.value() >= threshold {
                return (Outcome::Proceed, Some(threshold), Vec::new());
            }
            let needed = f64_text(threshold);
            let low = match confidence {
                Confidence::Given(given) => {
                    format!(
                        "Confidence {} is below {needed}, the threshold for {name} severity.",
                        f64_text(given.get())
                    )
                }
                Confidence::None => {
                    format!("No confidence was given, and {name} severity needs {needed}.")
                }
                Confidence::Invalid => {
                    format!("{} The threshold for {name} severity is {needed}.", invalid.unwrap_or_default())
                }
            };
            (Outcome::Hold, Some(threshold), reasons(Some(low)).collect())
        }
    }
}
