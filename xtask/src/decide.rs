//! Gates actions from a file, without a running Holdpoint.

use crate::backtest::read_policy;
use crate::{Failure, Outcome, help_asked, ui};
use holdpoint::core::json::Json;
use holdpoint::core::policy::Policy;
use holdpoint::wire::preview::{self, Written};

const HELP: &str = "\
Gates actions from a file: what Holdpoint would answer, one line of JSON for each.

Usage: cargo xtask decide POLICY ACTIONS.jsonl

POLICY is TOML, or JSON where its name ends so. ACTIONS.jsonl has an action a line, in the form of `POST /v1/actions`.
A line of the answer is {\"verdict\": …, \"digest\": …}, or {\"problem\": …} for what cannot be read.

Exit codes: 0 every action could be read, 1 some could not, 2 the command was called wrongly, or a file is not what
it should be.";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if help_asked(arguments, HELP) {
        return Ok(());
    }
    let [policy, actions] = arguments else {
        let what = "name one policy and one file of actions; see `cargo xtask decide --help`";
        return Err(Failure::Usage(what.to_owned()));
    };
    let policy = read_policy(policy)?;
    let text = std::fs::read_to_string(actions)
        .map_err(|error| Failure::Usage(format!("reading {actions}: {error}")))?;
    let mut unreadable = 0_usize;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let answer = answer(&policy, line).unwrap_or_else(|problem| {
            unreadable = unreadable.saturating_add(1);
            problem
        });
        ui::line(&answer.to_string());
    }
    if unreadable == 0 {
        return Ok(());
    }
    Err(Failure::Failed(format!("{unreadable} of the actions cannot be read")))
}

fn answer(policy: &Policy, line: &str) -> Result<Json, Json> {
    match preview::decide(policy, line, Written::ByHand) {
        Ok((verdict, action)) => {
            Ok(Json::object([("verdict", verdict), ("digest", action.digest().to_string().into())]))
        }
        Err(problem) => Err(Json::object([("problem", problem.to_json())])),
    }
}
