//! Tests of a policy: actions, and what it has to say to them, in TOML or JSON beside it.

use super::api::{read_proposal, take_confidence};
use super::shape::{FieldProblem, Holds, Shape, optional, required};
use super::shapes::PROPOSAL;
use crate::core::gate;
use crate::core::json::Json;
use crate::core::number::f64_text;
use crate::core::policy::Policy;
use crate::core::policy::document::{Format, read_with_lines};
use crate::core::policy::problem::Problem as PolicyProblem;
use crate::core::verdict::Verdict;

/// A file of tests.
const SUITE: Shape = Shape {
    name: "Suite",
    says: "Tests of a policy.",
    members: &[
        optional(
            "policy",
            Holds::Text(400),
            "The policy's file, from this one's folder; else this one's name without `.test`.",
        ),
        required("tests", Holds::List(&TEST), "What the policy has to say."),
    ],
};

/// One test: what is left out is not compared.
const TEST: Shape = Shape {
    name: "Test",
    says: "An action, and what has to come out.",
    members: &[
        required("name", Holds::Text(400), "What is tested."),
        required("action", Holds::Of(&PROPOSAL), "The action, as apps send it."),
        optional("verdict", Holds::Word(&["proceed", "hold", "block"]), "What may happen."),
        optional(
            "severity",
            Holds::Word(&["none", "low", "medium", "high", "critical"]),
            "The severity that applies.",
        ),
        optional("desk", Holds::Text(40), "Whose people look."),
        optional("criteria", Holds::Texts(1000), "The ids of all criteria that match."),
        optional("audit", Holds::Share, "The share that is audited."),
    ],
};

/// A file of tests that can be run.
#[derive(Debug)]
pub struct Suite {
    /// The policy's file, where it is named.
    pub policy: Option<String>,
    tests: Vec<Test>,
}

#[derive(Debug)]
struct Test {
    name: String,
    line: usize,
    action: Json,
    expected: Vec<(&'static str, Json)>,
}

/// Why there is no suite, by lines of the file.
pub type Wrong = Vec<(usize, String)>;

/// What came of one test.
#[derive(Debug)]
pub struct Tried {
    /// What is tested.
    pub name: String,
    /// The line on which the test begins.
    pub line: usize,
    /// What came out, where the action could be read.
    pub verdict: Option<Verdict>,
    /// What is not as expected; nothing: it passed.
    pub differences: Vec<String>,
}

impl Suite {
    /// Reads a file of tests.
    pub fn read(format: Format, document: &str) -> Result<Self, Wrong> {
        let syntax = |problems: Vec<PolicyProblem>| -> Wrong {
            problems.into_iter().map(|problem| (problem.line, told(&problem))).collect()
        };
        let (json, lines) = read_with_lines(format, document, "tests").map_err(syntax)?;
        let line = |at: usize| lines.get(at).copied().unwrap_or(1);
        let place = |problem: FieldProblem| {
            let mut parts = problem.pointer.splitn(4, '/').skip(1);
            let test =
                parts.next().filter(|first| *first == "tests").and_then(|_| parts.next()?.parse().ok());
            (test.map_or(1, line), format!("{}: {}", problem.pointer, problem.message))
        };
        let mut body =
            SUITE.read(json).map_err(|problems| problems.into_iter().map(place).collect::<Wrong>())?;
        let policy = body.text("policy");
        let tests = body.take("tests");
        let tests = tests.as_ref().and_then(Json::as_array).unwrap_or_default();
        let read: Vec<Test> = tests.iter().enumerate().map(|(at, test)| Test::of(test, line(at))).collect();
        match read.iter().find(|test| test.expected.is_empty()) {
            Some(test) => {
                let what =
                    "expects nothing: say `verdict`, `severity`, `desk`, `criteria` or `audit`".to_owned();
                Err(vec![(test.line, what)])
            }
            None if read.is_empty() => Err(vec![(1, "there are no tests".to_owned())]),
            None => Ok(Self { policy, tests: read }),
        }
    }

    /// Runs all tests.
    pub fn run(&self, policy: &Policy) -> Vec<Tried> {
        self.tests.iter().map(|test| test.run(policy)).collect()
    }
}

impl Test {
    fn of(test: &Json, line: usize) -> Self {
        let expected = TEST.members.iter().filter(|member| !matches!(member.name, "name" | "action"));
        Self {
            name: test.get("name").and_then(Json::as_str).unwrap_or_default().to_owned(),
            line,
            action: test.get("action").cloned().unwrap_or(Json::Null),
            expected: expected
                .filter_map(|member| Some((member.name, test.get(member.name)?.clone())))
                .collect(),
        }
    }

    fn run(&self, policy: &Policy) -> Tried {
        let tried =
            |verdict, differences| Tried { name: self.name.clone(), line: self.line, verdict, differences };
        let unreadable = |problems: Vec<FieldProblem>| {
            let told = problems
                .into_iter()
                .map(|problem| format!("/action{}: {}", problem.pointer, problem.message));
            tried(None, told.collect())
        };
        let mut action = match read_proposal(self.action.clone()) {
            Ok(proposal) => proposal.action,
            Err(problems) => return unreadable(problems),
        };
        if let Err(problems) = take_confidence(policy, &mut action) {
            return unreadable(problems);
        }
        let verdict = gate::decide(policy, &action);
        let differences =
            self.expected.iter().filter_map(|(name, expected)| difference(name, expected, &verdict));
        let differences = differences.collect();
        tried(Some(verdict), differences)
    }
}

/// What is not as expected, in words.
fn difference(name: &str, expected: &Json, verdict: &Verdict) -> Option<String> {
    let words = |words: &[&str]| if words.is_empty() { "none".to_owned() } else { words.join(", ") };
    let (found, wanted) = match name {
        "verdict" => (verdict.outcome.as_str().to_owned(), expected.as_str()?.to_owned()),
        "severity" => (verdict.severity.as_str().to_owned(), expected.as_str()?.to_owned()),
        "desk" => (verdict.desk.clone(), expected.as_str()?.to_owned()),
        "audit" => (verdict.audit.map_or("none".to_owned(), f64_text), f64_text(expected.as_f64()?)),
        _ => {
            let found: Vec<&str> =
                verdict.reasons.iter().filter_map(|reason| reason.criterion.as_deref()).collect();
            let wanted: Vec<&str> = expected.as_array()?.iter().filter_map(Json::as_str).collect();
            let same = found.len() == wanted.len() && wanted.iter().all(|id| found.contains(id));
            return (!same).then(|| format!("criteria are {}, not {}", words(&found), words(&wanted)));
        }
    };
    (found != wanted).then(|| format!("{name} is {found}, not {wanted}"))
}

/// A problem with its hint.
pub fn told(problem: &PolicyProblem) -> String {
    let hint = problem.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
    format!("{}{hint}", problem.message)
}
