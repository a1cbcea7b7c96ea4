//! The language's own conformance cases, where they are at hand (`HOLDPOINT_DATA` names their folder). What is
//! not built yet may be refused when compiled; what is built has to be right.

use holdpoint::core::cel::{Input, compile};
use holdpoint::core::json::{Json, Object};
use std::path::PathBuf;

fn folder() -> PathBuf {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data");
    option_env!("HOLDPOINT_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from).join("cel")
}

/// A tagged value of the suite as plain JSON; `None` for types that are not built yet.
fn plain(tagged: &Json) -> Option<Json> {
    let (tag, value) = tagged.as_object()?.iter().next()?;
    Some(match tag {
        "int" | "uint" => Json::parse(value.as_str()?.as_bytes()).ok()?,
        "double" => Json::from(value.as_str()?.parse::<f64>().ok().filter(|double| double.is_finite())?),
        "string" | "bool" | "null" => value.clone(),
        "list" => value.as_array()?.iter().map(plain).collect::<Option<Vec<_>>>()?.into_iter().collect(),
        "map" => {
            let mut object = Object::new();
            for entry in value.as_array()? {
                let [key, value] = entry.as_array()? else { return None };
                let key = plain(key)?;
                object
                    .set(key.as_str().map_or_else(|| key.to_string(), str::to_owned).as_str(), plain(value)?);
            }
            object.into()
        }
        _ => return None,
    })
}

fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }
        (Json::Number(a), Json::Number(b)) => {
            a.as_f64().to_bits() == b.as_f64().to_bits() || a.literal() == b.literal()
        }
        // Integers beyond 64 bits signed are written as text by the evaluator's JSON.
        (Json::Number(number), Json::String(text)) | (Json::String(text), Json::Number(number)) => {
            number.literal() == text
        }
        (a, b) => a == b,
    }
}

#[test]
fn what_is_built_agrees_with_the_language() {
    let Ok(text) = std::fs::read(folder().join("conformance.json")) else {
        eprintln!("skipped: no conformance cases in {}", folder().display());
        return;
    };
    let cases = Json::parse(&text).unwrap();
    let (mut right, mut unbuilt, mut wrong) = (0, 0, Vec::new());
    let empty = Object::new();
    let input =
        Input { kind: "", args: &empty, confidence: 0.0, subject: None, source: &empty, context: &empty };
    for case in cases.as_array().unwrap() {
        let text = |name| case.get(name).and_then(Json::as_str).unwrap_or_default();
        let expected_error = case.get("error").is_some();
        let expected = case.get("value").and_then(plain);
        if case.get("bindings").is_some() || (expected.is_none() && !expected_error) {
            unbuilt += 1;
            continue;
        }
        let Ok(program) = compile(text("expr")) else {
            if expected_error {
                right += 1;
            } else {
                unbuilt += 1;
            }
            continue;
        };
        let found = program.value(&input);
        let agrees = match (&found, &expected) {
            (Ok(found), Some(expected)) => same(found, expected),
            // One extension: arithmetic and membership that mix int and double.
            (Ok(Json::Number(_)), None) => text("section").contains("mixed"),
            (Err(_), None) => true,
            _ => false,
        };
        if agrees {
            right += 1;
        } else {
            wrong.push(format!("{}/{}: {} gave {found:?}", text("file"), text("name"), text("expr")));
        }
    }
    println!("{right} right, {unbuilt} not built yet, {} wrong", wrong.len());
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(right > 300, "{right} right");
}
