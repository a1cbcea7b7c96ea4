//! Tries a policy on actions from a file, without a running Holdpoint: for CI, before a policy is stored.

use crate::policy::in_one_line;
use crate::{Failure, Outcome, failed, help_asked, ui};
use holdpoint::core::backtest::{Sample, Trial, Trying};
use holdpoint::core::json::Json;
use holdpoint::core::policy::Policy;
use holdpoint::core::policy::document::Format;
use holdpoint::core::verdict::Outcome as Verdict;
use holdpoint::wire::capacity::capacity_of_policy;
use holdpoint::wire::trial::{read_sample, trial_json};
use std::fs::File;
use std::io::{BufRead as _, BufReader};

const HELP: &str = "\
Tries a policy on actions from a file: what it would hold, what that costs in review, and which actions that
people overrode it would let through.

Usage: cargo xtask backtest POLICY ACTIONS.jsonl [--against POLICY] [--per-day N] [--allow N] [--json]

POLICY is TOML, or JSON where its name ends so. ACTIONS.jsonl has an action a line, as it is proposed
(`kind`, `args`, `confidence`, …), with `\"wrong\": true` where a person found it wrong; or a line of
`GET /v1/export/decisions`, which counts as often as its probability says.

  --against POLICY  the policy of today: only what that one would have stopped counts as let through
  --per-day N       a volume, for which the desks' capacity is computed
  --allow N         let so many overridden actions through; default 0
  --json            print the result as JSON

Exit codes: 0 no more overridden actions than allowed would proceed, 1 more would, 2 the command was called
wrongly, or a file is not what it should be.";

/// So many actions that would be let through are named.
const NAMED: usize = 20;

/// Files of more bytes than this show how far it is.
const LONG: u64 = 4 << 20;

struct Options {
    policy: String,
    actions: String,
    against: Option<String>,
    per_day: Option<f64>,
    allow: usize,
    json: bool,
}

pub(crate) fn run(arguments: &[String]) -> Outcome {
    if help_asked(arguments, HELP) {
        return Ok(());
    }
    let options = options(arguments)?;
    let policy = read_policy(&options.policy)?;
    let against = options.against.as_deref().map(read_policy).transpose()?;
    let tried = try_all(&options.actions, &policy, against.as_ref(), options.per_day.is_some())?;
    let through = tried.through.len();
    if tried.after.outcomes.is_empty() {
        return Err(Failure::Usage(format!("{} has no action in it", options.actions)));
    }
    if options.json {
        ui::line(&json(&tried, against.as_ref(), &policy, options.per_day).to_string());
    } else {
        tell(&tried, &policy, options.per_day);
    }
    if through <= options.allow {
        return Ok(());
    }
    let allowed = options.allow;
    Err(Failure::Failed(format!("{through} overridden actions would proceed, and {allowed} may")))
}

fn options(arguments: &[String]) -> Outcome<Options> {
    let usage = |what: String| Failure::Usage(format!("{what}; see `cargo xtask backtest --help`"));
    let (mut files, mut against, mut per_day, mut allow, mut json) = (Vec::new(), None, None, 0, false);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().cloned().ok_or_else(|| usage(format!("{argument} needs a value")));
        match argument.as_str() {
            "--against" => against = Some(value()?),
            "--per-day" => {
                let volume = value()?.parse().ok().filter(|volume: &f64| (0.0..=1e9).contains(volume));
                per_day = Some(volume.ok_or_else(|| usage("--per-day is a number of actions".to_owned()))?);
            }
            "--allow" => {
                allow = value()?.parse().map_err(|_| usage("--allow is a number of actions".to_owned()))?;
            }
            "--json" => json = true,
            other if other.starts_with('-') => return Err(usage(format!("{other} is not known"))),
            file => files.push(file.to_owned()),
        }
    }
    let [policy, actions] = <[String; 2]>::try_from(files)
        .map_err(|_| usage("name one policy and one file of actions".to_owned()))?;
    Ok(Options { policy, actions, against, per_day, allow, json })
}

/// The policy in a file, or at which lines it is none.
pub(crate) fn read_policy(file: &str) -> Outcome<Policy> {
    let text =
        std::fs::read_to_string(file).map_err(|error| Failure::Usage(format!("reading {file}: {error}")))?;
    let is_json = std::path::Path::new(file).extension().is_some_and(|ending| ending == "json");
    let format = if is_json { Format::Json } else { Format::Toml };
    Policy::parse(format, &text).map_err(|problems| {
        let told = problems.iter().map(|problem| in_one_line(file, problem));
        Failure::Usage(told.collect::<Vec<_>>().join("\n"))
    })
}

/// What came out.
struct Tried {
    after: Trial,
    before: Option<Trial>,
    overridden: usize,
    /// Overridden actions that would proceed: the line, the id where there is one, the kind.
    through: Vec<(usize, Option<String>, String)>,
}

fn try_all(file: &str, policy: &Policy, against: Option<&Policy>, tells: bool) -> Outcome<Tried> {
    let opened = File::open(file).map_err(|error| Failure::Usage(format!("reading {file}: {error}")))?;
    let length = opened.metadata().map_err(failed(file))?.len();
    let (mut after, mut before) =
        (Trying::new(policy, tells), against.map(|policy| Trying::new(policy, false)));
    let (mut overridden, mut through, mut read, mut told) = (0_usize, Vec::new(), 0_u64, 0_u64);
    let mut lines = BufReader::new(opened);
    let mut line = Vec::new();
    for number in 1_usize.. {
        line.clear();
        let read_line = lines.read_until(b'\n', &mut line);
        let bytes = read_line.map_err(|error| Failure::Usage(format!("reading {file}: {error}")))?;
        if bytes == 0 {
            break;
        }
        read = read.saturating_add(u64::try_from(bytes).unwrap_or(0));
        let tenth = read.saturating_mul(10).checked_div(length).unwrap_or(10);
        if length > LONG && tenth > told {
            told = tenth;
            ui::step(&format!("{} % of {file}", tenth.saturating_mul(10)));
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let sample = sample(&line).map_err(|why| Failure::Usage(format!("{file}:{number}: {why}")))?;
        let proceeds = after.add(&sample) == Verdict::Proceed;
        let proceeded = before.as_mut().is_some_and(|before| before.add(&sample) == Verdict::Proceed);
        if sample.overridden == Some(true) {
            overridden = overridden.saturating_add(1);
            if proceeds && !proceeded {
                through.push((number, sample.id, sample.action.kind));
            }
        }
    }
    Ok(Tried { after: after.done(), before: before.map(Trying::done), overridden, through })
}

fn sample(line: &[u8]) -> Result<Sample, String> {
    let json = Json::parse(line).map_err(|error| error.to_string())?;
    read_sample(json).map_err(|problems| {
        let told = problems.iter().map(|problem| format!("{}: {}", problem.pointer, problem.message));
        told.collect::<Vec<_>>().join("; ")
    })
}

fn tell(tried: &Tried, policy: &Policy, per_day: Option<f64>) {
    let sides: Vec<(&str, &Trial)> =
        tried.before.iter().map(|trial| ("today", trial)).chain([("with it", &tried.after)]).collect();
    let row = |word: &str, of: fn(&Trial) -> f64| {
        let cells: Vec<String> = sides.iter().map(|(_, trial)| format!("{:>12.0}", of(trial))).collect();
        ui::line(&format!("{word:<20}{}", cells.concat()));
    };
    let heads: Vec<String> = sides.iter().map(|(head, _)| format!("{head:>12}")).collect();
    ui::line(&format!("{:<20}{}", "", heads.concat()));
    row("actions", |trial| trial.actions);
    row("proceed", |trial| trial.proceed);
    row("held", |trial| trial.hold);
    row("blocked", |trial| trial.block);
    row("audits", |trial| trial.audits);
    row("minutes of review", |trial| trial.minutes);
    for (number, id, kind) in tried.through.iter().take(NAMED) {
        let name = id.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
        ui::line(&format!("line {number}: {kind}{name} was overridden, and would proceed"));
    }
    let more = tried.through.len().saturating_sub(NAMED);
    if more > 0 {
        ui::line(&format!("and {more} more"));
    }
    if let Some(per_day) = per_day {
        for desk in capacity_of_policy(policy, &tried.after, per_day).as_array().unwrap_or_default() {
            let text = |name| desk.get(name).and_then(Json::as_str).unwrap_or_default();
            ui::line(&format!("desk {}: {}. {}", text("desk"), text("verdict"), text("advice")));
        }
    }
}

fn json(tried: &Tried, against: Option<&Policy>, policy: &Policy, per_day: Option<f64>) -> Json {
    // Without a volume the actions are taken for those of a day.
    let volume = |trial: &Trial| per_day.unwrap_or(trial.actions);
    let before = tried.before.as_ref().zip(against);
    let before = before.map(|(trial, policy)| trial_json(policy, trial, volume(trial)));
    let through = tried.through.iter().map(|(number, id, kind)| {
        let line = i64::try_from(*number).unwrap_or(i64::MAX).into();
        Json::object([("line", line), ("id", id.as_deref().into()), ("kind", kind.as_str().into())])
    });
    Json::object([
        ("before", before.into()),
        ("after", trial_json(policy, &tried.after, volume(&tried.after))),
        ("overridden", i64::try_from(tried.overridden).unwrap_or(i64::MAX).into()),
        ("let_through", through.collect()),
        ("capacity", per_day.map(|per_day| capacity_of_policy(policy, &tried.after, per_day)).into()),
    ])
}
