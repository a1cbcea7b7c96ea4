//! A policy's own CI: what is wrong with it, and whether it says what its tests expect.

use crate::backtest::read_policy;
use crate::{Failure, Outcome, help_asked, ui};
use holdpoint::core::json::Json;
use holdpoint::core::policy::document::Format;
use holdpoint::core::policy::problem::Problem;
use holdpoint::core::policy::{Checked, Policy};
use holdpoint::wire::problem::policy_problems;
use holdpoint::wire::suite::{Suite, Tried, told};
use std::path::{Path, PathBuf};

const HELP: &str = "\
Checks policies and runs their tests, without a running Holdpoint.

Usage: cargo xtask policy check [--strict] [--json] FILE…
       cargo xtask policy test [--json] FILE…

check   tells every problem and warning, each at its line. --strict: warnings fail too.
test    runs files of tests: TOML (or JSON, where the name ends so) with `[[tests]]`, each with a `name`, an `action` and
        what is expected of `verdict`, `severity`, `desk`, `criteria` and `audit`. The policy is what `policy = \"…\"` names,
        from the file's folder; else the file's own name without `.test`. See docs/policy.md.

--json  one line of JSON for each file (check) or each test (test).

Exit codes: 0 all is well, 1 problems or failed tests, 2 the command was called wrongly, or a file cannot be read.";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if help_asked(arguments, HELP) {
        return Ok(());
    }
    let (flags, files): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).skip(1).partition(|argument| argument.starts_with("--"));
    let is_check = match arguments.first().map(String::as_str) {
        Some("check") => true,
        Some("test") => false,
        _ => return Err(usage("say `check` or `test`")),
    };
    let known = |flag: &&str| **flag == *"--json" || (is_check && **flag == *"--strict");
    if let Some(unknown) = flags.iter().find(|flag| !known(flag)) {
        return Err(usage(&format!("`{unknown}` is no option here")));
    }
    if files.is_empty() {
        return Err(usage("name at least one file"));
    }
    let json = flags.contains(&"--json");
    if is_check { check(&files, flags.contains(&"--strict"), json) } else { test(&files, json) }
}

fn usage(what: &str) -> Failure {
    Failure::Usage(format!("{what}; see `cargo xtask policy --help`"))
}

fn format_of(file: &str) -> Format {
    if Path::new(file).extension().is_some_and(|ending| ending == "json") {
        Format::Json
    } else {
        Format::Toml
    }
}

fn read(file: &str) -> Outcome<String> {
    std::fs::read_to_string(file).map_err(|error| Failure::Usage(format!("reading {file}: {error}")))
}

fn check(files: &[&str], strict: bool, json: bool) -> Outcome {
    let (mut problems, mut warnings) = (0_usize, 0_usize);
    for file in files {
        let text = read(file)?;
        let checked = Policy::check(format_of(file), &text);
        problems = problems.saturating_add(checked.problems.len());
        warnings = warnings.saturating_add(checked.warnings.len());
        if json {
            ui::line(&checked_json(file, &checked).to_string());
            continue;
        }
        for problem in &checked.problems {
            ui::line(&shown(file, &text, "problem", problem));
        }
        for warning in &checked.warnings {
            ui::line(&shown(file, &text, "warning", warning));
        }
    }
    let some = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let counted = format!(
        "{}, {} in {}",
        some(problems, "problem"),
        some(warnings, "warning"),
        some(files.len(), "file")
    );
    if problems > 0 || (strict && warnings > 0) {
        return Err(Failure::Failed(counted));
    }
    if !json {
        ui::line(&counted);
    }
    Ok(())
}

fn checked_json(file: &str, checked: &Checked) -> Json {
    Json::object([
        ("file", file.into()),
        ("problems", policy_problems(&checked.problems)),
        ("warnings", policy_problems(&checked.warnings)),
    ])
}

/// A problem as compilers show theirs: the place, the line, and what is meant in it.
fn shown(file: &str, text: &str, what: &str, problem: &Problem) -> String {
    let line = text.lines().nth(problem.line.saturating_sub(1)).unwrap_or("").replace('\t', " ");
    let number = problem.line.to_string();
    let gap = " ".repeat(number.len());
    let marks = format!("{}{}", " ".repeat(problem.column.saturating_sub(1)), "^".repeat(problem.length));
    let hint = problem.hint.as_ref().map(|hint| format!("\n{gap} = {hint}")).unwrap_or_default();
    format!(
        "{file}:{}:{}: {what}: {}\n{number} | {line}\n{gap} | {marks}{hint}\n",
        problem.line, problem.column, problem.message
    )
}

fn test(files: &[&str], json: bool) -> Outcome {
    let (mut passed, mut failed) = (0_usize, 0_usize);
    for file in files {
        let suite = Suite::read(format_of(file), &read(file)?).map_err(|wrong| {
            let told: Vec<String> =
                wrong.iter().map(|(line, what)| format!("{file}:{line}: {what}")).collect();
            Failure::Usage(told.join("\n"))
        })?;
        let policy = read_policy(&policy_file(file, suite.policy.as_deref())?.to_string_lossy())?;
        for tried in suite.run(&policy) {
            if tried.differences.is_empty() {
                passed = passed.saturating_add(1);
            } else {
                failed = failed.saturating_add(1);
            }
            if json {
                ui::line(&tried_json(file, &tried).to_string());
            } else if !tried.differences.is_empty() {
                ui::line(&format!("{file}:{}: {}: {}", tried.line, tried.name, tried.differences.join("; ")));
                for reason in tried.verdict.iter().flat_map(|verdict| &verdict.reasons) {
                    let message =
                        reason.message.as_ref().map(|message| format!(": {message}")).unwrap_or_default();
                    ui::line(&format!("    because {}{message}", reason.category));
                }
            }
        }
    }
    let counted = format!("{passed} passed, {failed} failed");
    if failed > 0 {
        return Err(Failure::Failed(counted));
    }
    if !json {
        ui::line(&counted);
    }
    Ok(())
}

fn tried_json(file: &str, tried: &Tried) -> Json {
    Json::object([
        ("file", file.into()),
        ("line", Json::from(u32::try_from(tried.line).unwrap_or(u32::MAX))),
        ("name", tried.name.as_str().into()),
        ("passed", tried.differences.is_empty().into()),
        ("differences", tried.differences.iter().map(String::as_str).collect()),
        ("verdict", tried.verdict.as_ref().map_or(Json::Null, holdpoint::core::verdict::Verdict::to_json)),
    ])
}

/// The policy that a file of tests is for.
fn policy_file(file: &str, named: Option<&str>) -> Outcome<PathBuf> {
    if let Some(named) = named {
        return Ok(Path::new(file).with_file_name(named));
    }
    let name = Path::new(file).file_name().and_then(|name| name.to_str()).unwrap_or("");
    match name.split_once(".test.") {
        Some((stem, ending)) => Ok(Path::new(file).with_file_name(format!("{stem}.{ending}"))),
        None => Err(Failure::Usage(format!(
            "{file} names no policy: write `policy = \"…\"` in it, or call it `NAME.test.toml` beside `NAME.toml`"
        ))),
    }
}

/// A problem in one line.
pub(crate) fn in_one_line(file: &str, problem: &Problem) -> String {
    format!("{file}:{}:{}: {}", problem.line, problem.column, told(problem))
}
