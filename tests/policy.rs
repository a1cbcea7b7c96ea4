//! Policy suites in Markdown: every file of `tests/policy`, and the examples of the documents.
//!
//! A fenced block `toml` is a policy, and stays until the next one; `holdpoint = 1` may be left out. A block
//! `json action` is gated by it, and the block `text verdict` behind it says what has to come out; `text
//! problems` and `text warnings` say what is wrong with the policy before them. Headings name the cases.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use holdpoint::core::gate::decide;
use holdpoint::core::json::Json;
use holdpoint::core::policy::document::Format;
use holdpoint::core::policy::problem::Problem;
use holdpoint::core::policy::{Checked, Policy};
use holdpoint::core::verdict::{Outcome, Verdict};
use holdpoint::wire::api::read_proposal;
use holdpoint::wire::suite::Suite;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

struct Block {
    heading: String,
    line: usize,
    info: String,
    text: String,
}

fn blocks(markdown: &str) -> Vec<Block> {
    let (mut heading, mut open, mut found) = (String::new(), None::<Block>, Vec::new());
    for (at, line) in markdown.lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                open = Some(Block {
                    heading: heading.clone(),
                    line: at + 1,
                    info: info.trim().to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) if line.starts_with('#') => {
                line.trim_start_matches('#').trim().clone_into(&mut heading);
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    found
}

/// A verdict as the suites write it.
fn described(verdict: &Verdict) -> String {
    let mut out = format!(
        "{}, severity {}, desk {}\n",
        verdict.outcome.as_str(),
        verdict.severity.as_str(),
        verdict.desk
    );
    if verdict.outcome == Outcome::Proceed {
        writeln!(out, "audit {}", verdict.audit.unwrap()).unwrap();
    }
    if let Some(threshold) = verdict.threshold {
        writeln!(out, "threshold {threshold}").unwrap();
    }
    for reason in &verdict.reasons {
        let criterion = reason.criterion.as_deref().map(|id| format!("{id}: ")).unwrap_or_default();
        let fields: Vec<String> = reason.fields.iter().map(ToString::to_string).collect();
        let fields = if fields.is_empty() { String::new() } else { format!(" [{}]", fields.join(" ")) };
        let message = reason.message.as_deref().map(|message| format!(" \"{message}\"")).unwrap_or_default();
        writeln!(out, "because {criterion}{}{fields}{message}", reason.category).unwrap();
    }
    out
}

fn listed(problems: &[Problem]) -> String {
    let mut out = String::new();
    for problem in problems {
        let hint = problem.hint.as_deref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        writeln!(out, "{}:{}+{} {}{hint}", problem.line, problem.column, problem.length, problem.message)
            .unwrap();
    }
    out
}

fn policy_text(block: &Block) -> String {
    let whole = block.text.contains("holdpoint") || block.heading.contains("language");
    if whole { block.text.clone() } else { format!("holdpoint = 1\n{}", block.text) }
}

fn gated(policy: Option<&Policy>, block: &Block) -> String {
    let policy = policy.expect("a policy without problems stands before an action");
    let body = Json::parse(block.text.as_bytes()).unwrap_or_else(|error| panic!("{}: {error}", block.text));
    let proposal = read_proposal(body).unwrap_or_else(|problems| panic!("{}: {problems:?}", block.text));
    let mut action = proposal.action;
    action.take_confidence(policy.kind(&action.kind).and_then(|kind| kind.confidence.as_ref()));
    described(&decide(policy, &action))
}

/// Runs a suite; how many expectations it has.
fn run(path: &Path) -> usize {
    let markdown = std::fs::read_to_string(path).unwrap();
    let mut checked: Option<Checked> = None;
    let mut found = String::new();
    let (mut expectations, mut failures) = (0, String::new());
    for block in blocks(&markdown) {
        let expected = match block.info.as_str() {
            "toml" | "json policy" => {
                let format = if block.info == "toml" { Format::Toml } else { Format::Json };
                let text = if format == Format::Toml { policy_text(&block) } else { block.text.clone() };
                checked = Some(Policy::check(format, &text));
                None
            }
            "json action" => {
                found = gated(checked.as_ref().and_then(|checked| checked.policy.as_ref()), &block);
                None
            }
            "text verdict" => Some(found.clone()),
            "text problems" => checked.as_ref().map(|checked| listed(&checked.problems)),
            "text warnings" => checked.as_ref().map(|checked| listed(&checked.warnings)),
            _ => None,
        };
        let Some(found) = expected else { continue };
        expectations += 1;
        // In prose an example may show the verdict's beginning alone.
        let matches = found == block.text
            || (block.text.ends_with("…\n") && found.starts_with(block.text.trim_end_matches("…\n")));
        if !matches {
            writeln!(
                failures,
                "{}:{} {}\n--- expected\n{}+++ found\n{found}",
                path.display(),
                block.line,
                block.heading,
                block.text
            )
            .unwrap();
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
    expectations
}

fn markdown_files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

#[test]
fn suites() {
    let expectations: usize = markdown_files("tests/policy").iter().map(|path| run(path)).sum();
    println!("{expectations} expectations");
    assert!(expectations >= 40, "{expectations} expectations");
}

#[test]
fn documents() {
    let expectations: usize = markdown_files("docs").iter().map(|path| run(path)).sum();
    println!("{expectations} expectations");
    assert!(expectations >= 5, "{expectations} expectations");
}

/// Each of these once took seconds: what is to be compared grew with the square of the document.
#[test]
fn large_documents_are_read() {
    let kinds = |name: &str, count: usize| {
        (0..count).map(|at| format!("\"{name}{at:x}\",")).collect::<Vec<_>>().concat()
    };
    let tables = |count: usize| {
        (0..count).map(|at| format!("[kinds.{}{at:x}]\n", "a".repeat(24))).collect::<Vec<_>>().concat()
    };
    let criterion = |id: &str, when: &str, rest: &str| {
        format!("[[criteria]]\nid = \"{id}\"\ncategory = \"c\"\nwhen = \"{when}\"\n{rest}\n")
    };
    let unknown = "zz && ".repeat(2_500) + "zz";
    let fields = |from: usize| {
        (from..from + 900).map(|at| format!("args.p{at:x} || ")).collect::<Vec<_>>().concat() + "args.z"
    };
    let raising =
        |at: usize| criterion(&at.to_string(), "args.x", "severity = \"low\"\nkinds = [\"bbbbbbbbbbbb*\"]");
    for (what, text, stands) in [
        (
            "kinds of a criterion",
            criterion("a", "args.x", &format!("kinds = [{}]", kinds("k", 20_000))),
            true,
        ),
        (
            "kinds misspelt",
            tables(2_000)
                + &criterion(
                    "a",
                    "args.x",
                    &format!("kinds = [{}]", kinds("bbbbbbbbbbbbbbbbbbbbbbbb", 2_000)),
                ),
            true,
        ),
        (
            "kinds and criteria",
            "[severity.low]\napprovals = 2\n".to_owned()
                + &tables(2_000)
                + &(0..2_000).map(raising).collect::<String>(),
            true,
        ),
        ("fields", (0..30).map(|at| criterion(&at.to_string(), &fields(at * 900), "")).collect(), true),
        ("unknown names", (0..16).map(|at| criterion(&at.to_string(), &unknown, "")).collect(), false),
    ] {
        let checked = Policy::check(Format::Toml, &format!("holdpoint = 1\n{text}"));
        assert_eq!(checked.policy.is_some(), stands, "{what}: {:?}", checked.problems.first());
        assert!(checked.problems.len() <= 100 && checked.warnings.len() <= 100, "{what}");
    }
}

#[test]
fn examples_are_without_problems_and_warnings() {
    for name in ["examples/shop.toml", "examples/airline.toml"] {
        let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap();
        let checked = Policy::check(Format::Toml, &text);
        assert_eq!(listed(&checked.problems) + &listed(&checked.warnings), "", "{name}");
    }
}

/// The tests that stand beside the examples.
#[test]
fn examples_pass_their_tests() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/examples"));
    let mut passed = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let Some(name) = path.to_str().and_then(|name| name.strip_suffix(".test.toml")) else { continue };
        let suite = Suite::read(Format::Toml, &std::fs::read_to_string(&path).unwrap()).unwrap();
        let policy = std::fs::read_to_string(format!("{name}.toml")).unwrap();
        let policy = Policy::parse(Format::Toml, &policy).unwrap();
        for tried in suite.run(&policy) {
            assert_eq!(
                tried.differences,
                [] as [&str; 0],
                "{}:{}: {}",
                path.display(),
                tried.line,
                tried.name
            );
            passed += 1;
        }
    }
    assert!(passed > 10, "{passed} passed");
}

#[test]
fn files_of_tests_are_told_what_is_wrong_with_them() {
    for (text, line, what) in [
        ("tests = 1", 1, "/tests: expected an array, not 1"),
        ("[[tests]]\naction = { kind = \"x\" }\nverdict = \"hold\"", 1, "/tests/0/name: is required"),
        ("\n\n[[tests]]\nname = \"a\"\nactoin = { kind = \"x\" }", 3, "actoin"),
        ("[[tests]]\nname = \"a\"\naction = { kind = \"x\" }\nverdict = \"held\"", 1, "/tests/0/verdict"),
        ("[[tests]]\nname = \"a\"\naction = { kind = \"x\", agrs = {} }\nverdict = \"hold\"", 1, "agrs"),
        ("[[tests]]\nname = \"a\"\naction = { kind = \"x\" }", 1, "expects nothing"),
        ("tests = []", 1, "there are no tests"),
        ("[[tests]]\nname = open", 2, "`open` is no value"),
    ] {
        let wrong = Suite::read(Format::Toml, text).unwrap_err();
        assert!(wrong.iter().any(|(at, told)| *at == line && told.contains(what)), "{text}\n{wrong:?}");
    }
}

#[test]
fn a_failed_test_says_what_came_out_instead() {
    let policy = Policy::parse(
        Format::Toml,
        "holdpoint = 1\n[[criteria]]\nid = \"a\"\ncategory = \"c\"\nkinds = [\"x\"]\nwhen = \"args.n > 1\"",
    )
    .unwrap();
    let text = "[[tests]]\nname = \"t\"\naction = { kind = \"x\", confidence = 1, args = { n = 2 } }\nverdict = \"proceed\"\nseverity = \"low\"\ndesk = \"other\"\ncriteria = []\naudit = 0.5";
    let tried = Suite::read(Format::Toml, text).unwrap().run(&policy);
    let differences: Vec<&str> =
        tried.iter().flat_map(|tried| &tried.differences).map(String::as_str).collect();
    assert_eq!(
        differences,
        [
            "verdict is hold, not proceed",
            "severity is high, not low",
            "desk is main, not other",
            "criteria are a, not none",
            "audit is none, not 0.5"
        ]
    );
}
