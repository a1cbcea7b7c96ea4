//! Every command of the project. `cargo xtask --help` lists them.

mod backtest;
mod bench;
mod build;
mod decide;
mod demo;
mod dev;
mod fuzz;
mod http;
mod ledger;
mod pack;
mod policy;
mod setup;
mod test;
mod ui;

use std::process::ExitCode;

const HELP: &str = "\
Every command of Holdpoint.

Usage: cargo xtask <COMMAND> [OPTIONS]

Commands:
  dev       Set up, and run Holdpoint with a demonstration upstream
  test      Set up, and run every test
  build     Build the Worker into build/
  pack      Build the npm package into pkg/
  bench     Measure what it costs, beside what does less or the same
  backtest  Try a policy on actions from a file
  decide    Gate actions from a file
  policy    Check policies, and run their tests
  ledger    Verify a ledger that was downloaded
  setup     Only set up: toolchain target, tools, packages, browser

`cargo xtask <COMMAND> --help` says more. Exit codes: 0 all went well, 1 something failed, 2 the command was
called wrongly.";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = match arguments.split_first() {
        Some((command, rest)) => (command.as_str(), rest),
        None => ("--help", [].as_slice()),
    };
    let result = match command {
        "dev" => dev::run(rest),
        "test" => test::run(rest),
        "build" => build::run(rest),
        "backtest" => backtest::run(rest),
        "bench" => bench::run(rest),
        "decide" => decide::run(rest),
        "ledger" => ledger::run(rest),
        "pack" => pack::run(rest),
        "policy" => policy::run(rest),
        "setup" => setup::run(rest),
        "--help" | "-h" | "help" => {
            ui::line(HELP);
            Ok(())
        }
        other => Err(Failure::Usage(format!("no command is called `{other}`; see `cargo xtask --help`"))),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => {
            ui::error(&message);
            ExitCode::from(2)
        }
        Err(Failure::Failed(message)) => {
            ui::error(&message);
            ExitCode::FAILURE
        }
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug)]
enum Failure {
    /// It was called wrongly.
    Usage(String),
    /// Something went wrong; says what to do about it.
    Failed(String),
}

type Outcome<T = ()> = Result<T, Failure>;

/// A failure with what it was about.
fn failed<E: std::fmt::Display>(what: &str) -> impl FnOnce(E) -> Failure + '_ {
    move |error| Failure::Failed(format!("{what}: {error}"))
}

/// Whether help is asked for; then it is shown.
fn help_asked(arguments: &[String], help: &str) -> bool {
    let asked = arguments.iter().any(|argument| argument == "--help" || argument == "-h");
    if asked {
        ui::line(help);
    }
    asked
}
