//! Documents that are printed from the code: what is in the tree is what the code says.
//!
//! `HOLDPOINT_PRINT=1 cargo test --test documents` prints them anew.

#![expect(clippy::unwrap_used, clippy::format_push_string, reason = "a test fails by panicking")]

use holdpoint::core::case::machine::{Act, CLOCK, Rule, TABLE};
use holdpoint::core::key::Role;
use holdpoint::wire::openapi;
use holdpoint::wire::policy_schema;
use holdpoint::wire::route::{Access, ROUTES, Scope};
use std::fs;
use std::path::Path;

/// Compares a file with what it should be, or prints it anew.
fn is_printed(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("HOLDPOINT_PRINT").is_some() {
        fs::write(&path, text).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "{} is not what the code says; print it anew with `HOLDPOINT_PRINT=1 cargo test --test documents`",
        path.display()
    );
}

#[test]
fn the_description_of_the_api_is_printed() {
    let mut text = openapi::document().to_string();
    text.push('\n');
    is_printed("www/openapi.json", &text);
}

#[test]
fn the_schema_of_policies_and_their_reference_are_printed() {
    let mut text = policy_schema::schema().to_string();
    text.push('\n');
    is_printed("www/policy.schema.json", &text);
    is_printed("docs/policy-reference.md", &policy_schema::reference());
}

#[test]
fn who_may_do_what_is_printed() {
    let mut text = String::from(
        "# Who may do what\n\nPrinted from the table that the router uses (`src/wire/route.rs`); the tests walk every cell of it.\n\n\
         ● may · ◐ may, and the office is asked about the key each time · – is refused with 403. What a key may not know of is 404.\n\n\
         | route | app | reviewer | auditor | admin | of |\n|---|---|---|---|---|---|\n",
    );
    for row in &ROUTES {
        let cell = |role: Role| match row.access {
            Access::Public => "●",
            _ if !row.access.roles().contains(&role) => "–",
            Access::Keys(_) => "●",
            Access::Live(_) => "◐",
        };
        let of = match (row.access, row.scope) {
            (Access::Public, _) => "everybody, without a key",
            (_, Scope::Anything) => "all",
            (_, Scope::Own) => "what this key proposed",
            (_, Scope::Desks) => "the key's desks",
        };
        let cells = Role::ALL.map(cell).join(" | ");
        text.push_str(&format!("| `{} {}` | {cells} | {of} |\n", row.method, row.path));
    }
    text.push_str("| `ANY /to/{upstream}/…` | ● | – | – | – | what the upstream's dialect gates |\n");
    text.push_str(
        "\nThe office's own ledger (`GET /v1/ledger` without `desk`) is for every auditor: it tells of keys and policies, of no case.\n",
    );
    is_printed("docs/access.md", &text);
}

fn cell(rule: Rule) -> String {
    match rule {
        Rule::Stays => "✓".to_owned(),
        Rule::Refused(refusal) => format!("*{}*", refusal.as_str()),
        Rule::TooLate => "*too_late*".to_owned(),
        Rule::Leads(stages) => {
            let names: Vec<&str> = stages.iter().map(|stage| stage.as_str()).collect();
            format!("**{}**", names.join(" / "))
        }
    }
}

#[test]
fn the_case_machine_is_drawn() {
    let mut text = String::from(
        "# The life of a case\n\nDrawn from the table that every transition obeys (`src/core/case/machine.rs`); the tests walk every cell.\n\n```mermaid\nstateDiagram-v2\n",
    );
    let name = |text: &str| text.replace(' ', "_");
    text.push_str("    [*] --> held: before it runs\n    [*] --> to_audit: after it ran, drawn by chance\n");
    for (from, row) in &TABLE {
        for (act, rule) in Act::ALL.iter().zip(row) {
            let Rule::Leads(stages) = rule else { continue };
            for to in stages.iter().filter(|to| *to != from) {
                text.push_str(&format!(
                    "    {} --> {}: {}\n",
                    name(from.as_str()),
                    name(to.as_str()),
                    act.as_str()
                ));
            }
        }
    }
    for (from, to, _) in &CLOCK {
        text.push_str(&format!("    {} --> {}: the clock\n", name(from.as_str()), name(to.as_str())));
    }
    text.push_str("```\n\n## Every stage and every command\n\n✓ is done and the stage stays · **a stage** is where it leads (which of several depends on how many people have to approve, on the undo window and on the deadline) · *a word* is the refusal. `too_late` is kept in the ledger as having come too late.\n\n| stage |");
    for act in Act::ALL {
        text.push_str(&format!(" {} |", act.as_str()));
    }
    text.push_str(&format!("\n|{}\n", "---|".repeat(Act::ALL.len() + 1)));
    for (stage, row) in &TABLE {
        let cells: Vec<String> = row.iter().map(|rule| cell(*rule)).collect();
        text.push_str(&format!("| {} | {} |\n", stage.as_str(), cells.join(" | ")));
    }
    text.push_str("\n## What the clock does\n\n| from | to | when |\n|---|---|---|\n");
    for (from, to, when) in &CLOCK {
        text.push_str(&format!("| {} | {} | {when} |\n", from.as_str(), to.as_str()));
    }
    text.push_str(
        "\nA stage that the clock makes is computed whenever the case is read, never by an alarm alone. Until a decision is released the app sees \
         `held`; of an audit it sees `proceed`. `approving` and `approved` are shown as `edited` where the arguments were changed.\n",
    );
    is_printed("docs/cases.md", &text);
}
