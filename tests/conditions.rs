//! The language's own conformance cases, where they are at hand (`HOLDPOINT_DATA` names their folder): all of its core,
//! and of the extensions what policies need.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use holdpoint::core::cel::{Input, Program, compile, compile_unchecked};
use holdpoint::core::json::{Json, Object};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Of the two files of extensions the functions that are built; every other case of theirs may be refused.
const EXTENSIONS: [&str; 2] = ["string_ext", "math_ext"];

/// Zones by name are left out: see `docs/policy.md`.
fn names_a_zone(expression: &str) -> bool {
    ["Australia/Sydney", "America/St_Johns", "US/Central"].iter().any(|zone| expression.contains(zone))
}

fn folder() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data");
    option_env!("HOLDPOINT_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from).join("cel")
}

fn text_literal(text: &str) -> String {
    let mut out = String::from("'");
    for character in text.chars() {
        write!(out, "\\U{:08x}", u32::from(character)).unwrap();
    }
    out + "'"
}

/// A tagged value of the suite as an expression that has it.
fn expression(tagged: &Json) -> String {
    let (tag, value) = tagged.as_object().unwrap().iter().next().unwrap();
    let text = value.as_str().unwrap_or_default();
    let listed = || value.as_array().unwrap().iter();
    match tag {
        "int" => text.to_owned(),
        "uint" => format!("{text}u"),
        "double" => format!("double('{text}')"),
        "string" => text_literal(text),
        "bool" | "null" => value.to_string(),
        "list" => format!("[{}]", listed().map(expression).collect::<Vec<_>>().join(",")),
        "map" => {
            let entry = |entry: &Json| {
                let [key, value] = entry.as_array().unwrap() else { return String::new() };
                format!("{}:{}", expression(key), expression(value))
            };
            format!("{{{}}}", listed().map(entry).collect::<Vec<_>>().join(","))
        }
        "bytes" => {
            let octets = base64(text).iter().fold(String::new(), |mut out, byte| {
                write!(out, "\\x{byte:02x}").unwrap();
                out
            });
            format!("b'{octets}'")
        }
        other => panic!("no binding has type {other}"),
    }
}

fn base64(text: &str) -> Vec<u8> {
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut out) = (0_u32, 0, Vec::new());
    for digit in text.chars().filter_map(|digit| digits.find(digit)) {
        bits = (bits << 6) | u32::try_from(digit).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from((bits >> held) & 0xff).unwrap());
        }
    }
    out
}

/// Equal in type and value; entries of maps in any order; all not-a-numbers alike.
fn same(a: &Json, b: &Json) -> bool {
    let part = |json: &Json, tag: &str| json.get(tag).cloned();
    if let (Some(Json::Array(a)), Some(Json::Array(b))) = (part(a, "list"), part(b, "list")) {
        return a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| same(a, b));
    }
    if let (Some(Json::Array(a)), Some(Json::Array(b))) = (part(a, "map"), part(b, "map")) {
        let entry = |a: &Json, b: &Json| {
            let (a, b) = (a.as_array().unwrap(), b.as_array().unwrap());
            a.iter().zip(b).all(|(a, b)| same(a, b))
        };
        return a.len() == b.len() && a.iter().all(|a| b.iter().any(|b| entry(a, b)));
    }
    if let (Some(Json::String(a)), Some(Json::String(b))) = (part(a, "double"), part(b, "double")) {
        let of = |text: &str| text.parse::<f64>().unwrap();
        return of(&a).to_bits() == of(&b).to_bits() || (of(&a).is_nan() && of(&b).is_nan());
    }
    a == b
}

/// What a case comes to: `Err` where it does not compile or has no value.
fn found(case: &Json) -> Result<Json, String> {
    let source = case.get("expr").and_then(Json::as_str).unwrap();
    let empty = Object::new();
    let bindings = case.get("bindings").and_then(Json::as_object).unwrap_or(&empty);
    let names: Vec<&str> = bindings.iter().map(|(name, _)| name).collect();
    let values: Vec<Program> =
        bindings.iter().map(|(_, value)| compile(&expression(value)).unwrap()).collect();
    let program = if case.get("unchecked").is_some() || !names.is_empty() {
        compile_unchecked(source, &names)
    } else {
        compile(source)
    };
    let program = program.map_err(|problems| {
        problems.iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>().join("; ")
    })?;
    let input =
        Input { kind: "", args: &empty, confidence: 0.0, subject: None, source: &empty, context: &empty };
    program.value_with(&input, &values.iter().collect::<Vec<_>>()).map_err(|error| program.explain(&error))
}

#[test]
fn the_language_is_what_its_own_cases_say() {
    let Ok(text) = std::fs::read(folder().join("conformance.json")) else {
        eprintln!("skipped: no conformance cases in {}", folder().display());
        return;
    };
    let cases = Json::parse(&text).unwrap();
    let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in cases.as_array().unwrap() {
        let text = |name| case.get(name).and_then(Json::as_str).unwrap_or_default();
        let count = counts.entry(text("file").to_owned()).or_default();
        let (found, expected) = (found(case), case.get("value"));
        let agrees = match (&found, expected) {
            (Ok(found), Some(expected)) => same(found, expected),
            (Err(_), None) => true,
            _ => false,
        };
        let unbuilt = found
            .as_ref()
            .is_err_and(|why| why.contains("no function is called") || why.contains("nothing is called"));
        if agrees {
            count[0] += 1;
        } else if names_a_zone(text("expr")) || (EXTENSIONS.contains(&text("file")) && unbuilt) {
            count[1] += 1;
        } else {
            count[2] += 1;
            wrong.push(format!(
                "{}/{}/{}: {} gave {found:?}",
                text("file"),
                text("section"),
                text("name"),
                text("expr")
            ));
        }
    }
    for (file, [right, left_out, wrong]) in &counts {
        println!("{file:14} {right:4} right {left_out:4} left out {wrong:4} wrong");
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let right: usize = counts.values().map(|count| count[0]).sum();
    assert!(right >= 840, "{right} right");
}
