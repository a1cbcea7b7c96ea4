//! The commands' manners: help everywhere, exit codes that scripts can trust, no colour in pipes.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::{Command, Output};

fn xtask(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask")).args(arguments).output().unwrap()
}

#[test]
fn help_is_everywhere() {
    for arguments in [
        &["--help"] as &[&str],
        &[],
        &["dev", "--help"],
        &["test", "-h"],
        &["build", "--help"],
        &["setup", "--help"],
        &["ledger", "--help"],
    ] {
        let output = xtask(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("Usage: cargo xtask"), "{arguments:?}");
    }
}

#[test]
fn a_wrong_call_is_told_apart_from_a_failure() {
    for arguments in [
        &["nonsense"] as &[&str],
        &["dev", "--port", "many"],
        &["dev", "--prot"],
        &["dev", "--upstream", "x"],
        &["test", "--only", "nothing"],
        &["test", "--only"],
        &["ledger"],
        &["ledger", "a", "b"],
    ] {
        let output = xtask(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("--help") && !said.contains('\u{1b}'), "{arguments:?}: {said}");
    }
}
