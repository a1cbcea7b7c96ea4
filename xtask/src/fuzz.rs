//! Fuzzes what reads an upstream's bytes: libFuzzer on stable Rust, by the flags that instrument for it.

use crate::setup::{execute, root};
use crate::{Failure, Outcome, failed, ui};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Each target, and where its first inputs come from.
const TARGETS: [(&str, &[&str]); 3] = [
    ("sse", &["openai_chat", "openai_responses"]),
    ("chat", &["openai_chat"]),
    ("responses", &["openai_responses"]),
];

const SECONDS: u32 = 60;

const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1";

/// Runs every target for a minute. What it finds stays in `fuzz/artifacts/`.
pub(crate) fn run() -> Outcome {
    let (fuzz, host) = (root().join("fuzz"), host()?);
    ui::step("building the fuzz targets (about a minute; needs a C++ compiler)");
    // A target of its own, so that build scripts are not instrumented.
    let mut build = Command::new("cargo");
    build
        .args(["build", "--quiet", "--release", "--target", &host])
        .env("RUSTFLAGS", FLAGS)
        .current_dir(&fuzz);
    execute(&mut build, "building the fuzz targets")?;
    for (target, seeds) in TARGETS {
        ui::step(&format!("fuzzing {target} ({SECONDS} s)"));
        let (corpus, artifacts) = (fuzz.join("corpus").join(target), fuzz.join("artifacts").join(target));
        for folder in [&corpus, &artifacts] {
            fs::create_dir_all(folder).map_err(failed("making the fuzz folders"))?;
        }
        for dialect in seeds {
            seed(&root().join("tests/wire").join(dialect).join("streams"), &corpus)?;
        }
        let mut command = Command::new(fuzz.join("target").join(&host).join("release").join(target));
        command
            .arg(&corpus)
            .args([
                format!("-max_total_time={SECONDS}"),
                "-max_len=16384".to_owned(),
                "-verbosity=0".to_owned(),
            ])
            .args(["-print_final_stats=1".to_owned(), format!("-artifact_prefix={}/", artifacts.display())]);
        execute(&mut command, &format!("fuzzing {target} (see {})", artifacts.display()))?;
    }
    Ok(())
}

/// Goldens are good first inputs. The byte before them says where a target splits.
fn seed(streams: &Path, corpus: &Path) -> Outcome {
    let cases = fs::read_dir(streams).map_err(failed("reading the goldens"))?.flatten();
    for case in cases.map(|entry| entry.path()) {
        let text = fs::read(case.join("in.sse")).map_err(failed("reading a golden"))?;
        let name = case.file_name().unwrap_or_default();
        fs::write(corpus.join(name), [&[17], text.as_slice()].concat()).map_err(failed("writing a seed"))?;
    }
    Ok(())
}

fn host() -> Outcome<String> {
    let said = Command::new("rustc").arg("-vV").output().map_err(failed("asking rustc for its host"))?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned);
    host.ok_or_else(|| Failure::Failed("rustc does not say its host".to_owned()))
}
