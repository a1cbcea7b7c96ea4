//! Fuzzes what reads an upstream's bytes, policies and conditions: libFuzzer on stable Rust, by the flags that instrument for it.

use crate::setup::{execute, root};
use crate::{Failure, Outcome, failed, ui};
use std::fs;
use std::path::Path;
use std::process::Command;

/// Where a target's first inputs come from.
#[derive(Debug, Clone, Copy)]
enum Seeds {
    /// The goldens of these dialects.
    Streams(&'static [&'static str]),
    /// The goldens of requests.
    Requests,
    /// The example policies.
    Policies,
    /// The conditions of the policy suites.
    Conditions,
}

/// Each target, its first inputs, and for how many seconds it runs.
const TARGETS: [(&str, Seeds, u32); 8] = [
    ("sse", Seeds::Streams(&["openai_chat", "openai_responses", "anthropic"]), 60),
    ("chat", Seeds::Streams(&["openai_chat"]), 60),
    ("responses", Seeds::Streams(&["openai_responses"]), 60),
    ("messages", Seeds::Streams(&["anthropic"]), 60),
    ("calls", Seeds::Requests, 60),
    ("document", Seeds::Policies, 600),
    ("condition", Seeds::Conditions, 600),
    ("evaluation", Seeds::Conditions, 600),
];

const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing -Ccodegen-units=1";

/// Runs every target for its time. What it finds stays in `fuzz/artifacts/`.
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
    for (target, seeds, seconds) in TARGETS {
        ui::step(&format!("fuzzing {target} ({seconds} s)"));
        let (corpus, artifacts) = (fuzz.join("corpus").join(target), fuzz.join("artifacts").join(target));
        for folder in [&corpus, &artifacts] {
            fs::create_dir_all(folder).map_err(failed("making the fuzz folders"))?;
        }
        match seeds {
            Seeds::Streams(dialects) => {
                for dialect in dialects {
                    seed_goldens(&format!("{dialect}/streams"), "in.sse", &corpus)?;
                }
            }
            Seeds::Requests => seed_goldens("mcp/requests", "in.json", &corpus)?,
            Seeds::Policies => seed_policies(&corpus)?,
            Seeds::Conditions => seed_conditions(&corpus)?,
        }
        let mut command = Command::new(fuzz.join("target").join(&host).join("release").join(target));
        command
            .arg(&corpus)
            .args([
                format!("-max_total_time={seconds}"),
                "-max_len=16384".to_owned(),
                "-verbosity=0".to_owned(),
            ])
            .args(["-print_final_stats=1".to_owned(), format!("-artifact_prefix={}/", artifacts.display())]);
        execute(&mut command, &format!("fuzzing {target} (see {})", artifacts.display()))?;
    }
    Ok(())
}

/// Goldens are good first inputs. The byte before them says where a target splits, or what of it runs.
fn seed_goldens(goldens: &str, file: &str, corpus: &Path) -> Outcome {
    let folder = root().join("tests/wire").join(goldens);
    let cases = fs::read_dir(folder).map_err(failed("reading the goldens"))?.flatten();
    for case in cases.map(|entry| entry.path()) {
        let text = fs::read(case.join(file)).map_err(failed("reading a golden"))?;
        let name = case.file_name().unwrap_or_default();
        fs::write(corpus.join(name), [&[17], text.as_slice()].concat()).map_err(failed("writing a seed"))?;
    }
    Ok(())
}

fn texts_in(folder: &str, ending: &str) -> Outcome<Vec<(String, String)>> {
    let entries = fs::read_dir(root().join(folder)).map_err(failed(folder))?.flatten();
    let files = entries.map(|entry| entry.path()).filter(|path| path.to_string_lossy().ends_with(ending));
    files
        .map(|path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            Ok((name, fs::read_to_string(&path).map_err(failed("reading a seed"))?))
        })
        .collect()
}

fn seed_policies(corpus: &Path) -> Outcome {
    for (name, text) in texts_in("examples", ".toml")? {
        fs::write(corpus.join(name), text).map_err(failed("writing a seed"))?;
    }
    Ok(())
}

/// Behind a condition stand a zero byte and an action's arguments.
fn seed_conditions(corpus: &Path) -> Outcome {
    for (name, text) in texts_in("tests/policy", ".md")? {
        for (at, line) in text.lines().filter_map(|line| line.strip_prefix("when = ")).enumerate() {
            let condition = line.trim_matches(['"', '\'']);
            let seed = format!("{condition}\0{{\"amount\":640,\"body\":\"prices\",\"list\":[1,2]}}");
            fs::write(corpus.join(format!("{name}-{at}")), seed).map_err(failed("writing a seed"))?;
        }
    }
    Ok(())
}

fn host() -> Outcome<String> {
    let said = Command::new("rustc").arg("-vV").output().map_err(failed("asking rustc for its host"))?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let host = said.lines().find_map(|line| line.strip_prefix("host: ")).map(str::to_owned);
    host.ok_or_else(|| Failure::Failed("rustc does not say its host".to_owned()))
}
