//! Measures natively, or writes what the measurement in JavaScript needs: `engines measure ROUNDS`, `engines emit FOLDER`.

use engines::workload::{Rule, actions, policy as policy_text, rules};
use engines::{Typed, chain_12, chain_100, chain_1000, decided, matches, parsed, policy};
use holdpoint::core::policy::Policy;
use holdpoint::core::policy::document::Format;
use std::hint::black_box;
use std::time::Instant;

mod peers;

/// One thing that is measured: all thousand actions once, and how many matches that makes.
pub struct Case {
    pub name: String,
    pub count: usize,
    pub run: Box<dyn Fn() -> usize>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["measure", rounds] => measure(rounds.parse().expect("a number of rounds")),
        ["emit", folder] => emit(folder),
        ["profile", what, count] => profile(what, count.parse().expect("a number of criteria")),
        _ => {
            eprintln!("engines measure ROUNDS | engines emit FOLDER | engines profile load|parse|evaluate COUNT");
            std::process::exit(2);
        }
    }
}

/// One thing alone, for a profiler.
fn profile(what: &str, count: usize) {
    let policy = policy(count);
    let texts = actions();
    let own: Vec<_> = texts.iter().map(|text| parsed(text)).collect();
    let document = policy_text(&rules(count));
    let (repetitions, times) = if what == "load" { (50, 1) } else { (300, 1000) };
    let started = Instant::now();
    for _ in 0..repetitions {
        match what {
            "load" => drop(black_box(Policy::parse(Format::Toml, black_box(&document)))),
            "parse" => drop(black_box(texts.iter().map(|text| parsed(black_box(text)).args.len()).sum::<usize>())),
            _ => drop(black_box(own.iter().map(|action| matches(&policy, black_box(action))).sum::<usize>())),
        }
    }
    println!("{} ns", started.elapsed().as_nanos() / (repetitions * times));
}

fn emit(folder: &str) {
    let write = |name: &str, text: String| std::fs::write(format!("{folder}/{name}"), text).expect("writing");
    write("actions.jsonl", actions().join("\n"));
    for count in [12, 100, 1000] {
        let rules = rules(count);
        let json: Vec<String> = rules.iter().map(Rule::json).collect();
        write(&format!("rules-{count}.json"), format!("[{}]", json.join(",")));
        write(&format!("policy-{count}.cedar"), rules.iter().map(Rule::cedar).collect());
        write(&format!("policy-{count}.toml"), policy_text(&rules));
    }
}

fn measure(rounds: usize) {
    let mut cases = Vec::new();
    for (count, chain) in [
        (12, chain_12 as fn(&Typed<'_>, &[regex::Regex], &mut Vec<usize>)),
        (100, chain_100),
        (1000, chain_1000),
    ] {
        let values: &'static [serde_json::Value] = Box::leak(
            actions()
                .iter()
                .map(|text| serde_json::from_str(text).expect("JSON"))
                .collect::<Vec<_>>()
                .into_boxed_slice(),
        );
        let never = || regex::Regex::new("a^").expect("a pattern");
        let patterns: Vec<regex::Regex> = rules(count)
            .iter()
            .map(|rule| {
                rule.pattern().map_or_else(never, |pattern| regex::Regex::new(&pattern).expect("a pattern"))
            })
            .collect();
        let typed: Vec<Typed<'static>> = values.iter().map(Typed::of).collect();
        cases.push(Case {
            name: "chain of ifs, typed".to_owned(),
            count,
            run: Box::new(move || {
                let mut sum = 0;
                for action in &typed {
                    let mut out = Vec::new();
                    chain(black_box(action), &patterns, &mut out);
                    sum += black_box(out).len();
                }
                sum
            }),
        });
        let policy = policy(count);
        let own: Vec<_> = actions().iter().map(|text| parsed(text)).collect();
        let evaluated = policy.clone();
        cases.push(Case {
            name: "holdpoint, evaluation".to_owned(),
            count,
            run: Box::new(move || own.iter().map(|action| matches(&evaluated, black_box(action))).sum()),
        });
        let (texts, parsing) = (actions(), policy.clone());
        cases.push(Case {
            name: "holdpoint, strict parsing and evaluation".to_owned(),
            count,
            run: Box::new(move || texts.iter().map(|text| matches(&parsing, &parsed(black_box(text)))).sum()),
        });
        let texts = actions();
        cases.push(Case {
            name: "holdpoint, text to verdict text".to_owned(),
            count,
            run: Box::new(move || {
                let policy = &policy;
                texts.iter().map(|text| decided(policy, black_box(text))).sum()
            }),
        });
        cases.extend(peers::cases(count, values));
    }
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); cases.len()];
    let mut sums = vec![0; cases.len()];
    for round in 0..rounds {
        eprintln!("round {} of {rounds}", round + 1);
        let mut order: Vec<usize> = (0..cases.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for at in order {
            let started = Instant::now();
            let mut repeated = 0;
            while repeated == 0 || (started.elapsed().as_millis() < 60 && repeated < 200) {
                sums[at] = (cases[at].run)();
                repeated += 1;
            }
            times[at].push(started.elapsed().as_secs_f64() * 1e9 / 1000.0 / f64::from(repeated));
        }
    }
    for ((case, times), sum) in cases.iter().zip(&mut times).zip(sums) {
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        println!(
            r#"{{"name":"{}","count":{},"median_ns":{median:.0},"min_ns":{:.0},"max_ns":{:.0},"sum":{sum}}}"#,
            case.name,
            case.count,
            times[0],
            times[times.len() - 1],
        );
    }
}
