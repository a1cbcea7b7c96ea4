//! Verifies a ledger that was downloaded: that no entry was changed, dropped, swapped or cut off.

use crate::{Failure, Outcome, failed, help_asked, ui};
use holdpoint::core::canonical::Digest;
use holdpoint::core::json::Json;
use holdpoint::core::ledger;
use std::fs;

const HELP: &str = "\
Verifies a ledger that was downloaded: that no entry was changed, dropped, swapped or cut off.

Usage: cargo xtask ledger FILE [--head FILE]

FILE is what `GET /v1/ledger?desk=NAME` gave, from its first entry on. `--head` is what
`GET /v1/ledger/head?desk=NAME` gave once, and was kept elsewhere: without it, a ledger that was cut off or
written anew as a whole passes for whole.

Exit codes: 0 the ledger is whole, 1 it is not, 2 the command was called wrongly.";

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if help_asked(arguments, HELP) {
        return Ok(());
    }
    let (file, kept) = match arguments {
        [file] => (file, None),
        [file, flag, head] | [flag, head, file] if flag == "--head" => (file, Some(read_head(head)?)),
        _ => {
            return Err(Failure::Usage("name one ledger; see `cargo xtask ledger --help`".to_owned()));
        }
    };
    let text = fs::read_to_string(file).map_err(failed(&format!("reading {file}")))?;
    match ledger::verify(text.lines(), kept) {
        Ok(head) => {
            ui::line(&format!("{} entries, whole. The last: {} of {}", head.seq, head.hash, head.at));
            if kept.is_none() {
                ui::line("No head was given, so entries that are missing at the end cannot be seen.");
            }
            Ok(())
        }
        Err(broken) => Err(Failure::Failed(format!("{file}: {broken}"))),
    }
}

fn read_head(file: &str) -> Outcome<(i64, Digest)> {
    let text = fs::read(file).map_err(failed(&format!("reading {file}")))?;
    let head = Json::parse(&text).map_err(failed(&format!("reading {file}")))?;
    let seq = head.get("seq").and_then(Json::as_i64);
    let hash = head.get("hash").and_then(Json::as_str).and_then(Digest::parse);
    seq.zip(hash)
        .ok_or_else(|| Failure::Usage(format!("{file} is no head of a ledger: `seq` and `hash` are missing")))
}
