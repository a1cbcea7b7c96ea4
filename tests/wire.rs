//! Wire goldens: `tests/wire/<dialect>/<case>/` holds an upstream's answer (`in.json`), what becomes of each of
//! its calls (`fates.txt`, a line a call), and the answer as it leaves (`out.json`), byte for byte.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use holdpoint::core::json::Json;
use holdpoint::wire::openai_chat::{Answer, Fate, Request};
use std::fs;
use std::path::Path;

fn fate(line: &str) -> Fate {
    match line.split_once(' ') {
        None if line == "run" => Fate::Run,
        Some(("run", args)) => {
            Fate::RunWith(Json::parse(args.as_bytes()).unwrap().as_object().unwrap().clone())
        }
        Some(("notice", text)) => Fate::Notice(text.to_owned()),
        _ => panic!("a fate is `run`, `run {{…}}` or `notice …`, not {line}"),
    }
}

fn run(case: &Path) {
    let read = |name: &str| {
        fs::read_to_string(case.join(name))
            .unwrap_or_else(|error| panic!("{}/{name}: {error}", case.display()))
    };
    let answer = Answer::parse(read("in.json").as_bytes()).unwrap();
    let script = read("fates.txt");
    let (structured, lines) = match script.strip_prefix("structured\n") {
        Some(lines) => (true, lines),
        None => (false, script.as_str()),
    };
    let fates: Vec<Fate> = lines.lines().map(fate).collect();
    assert_eq!(fates.len(), answer.calls().len(), "{}: one fate a call", case.display());
    assert_eq!(answer.rewrite(&fates, structured), read("out.json").trim_end(), "{}", case.display());
}

#[test]
fn goldens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wire/openai_chat");
    let cases: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    for case in &cases {
        run(case);
    }
    assert!(cases.len() >= 7, "{} goldens", cases.len());
}

#[test]
fn a_request_is_read_for_what_the_gate_needs() {
    let request = |text: &str| Request::parse(text.as_bytes()).unwrap();
    let plain = request(
        r#"{"model":"m","messages":[{"role":"user","content":"first"},{"role":"user","content":"second"},{"role":"assistant","content":"x"}]}"#,
    );
    assert_eq!(plain.last_user_text.as_deref(), Some("second"));
    assert_eq!((plain.model.as_deref(), plain.stream, plain.structured), (Some("m"), false, false));
    let parts = request(
        r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{}},{"type":"text","text":"b"}]}]}"#,
    );
    assert_eq!(parts.last_user_text.as_deref(), Some("a\nb"));
    let long = request(&format!(r#"{{"messages":[{{"role":"user","content":"{}"}}]}}"#, "é".repeat(4000)));
    assert_eq!(long.last_user_text.map(|text| text.len()), Some(4096));
    for (stream, expected) in
        [("true", true), ("false", false), ("null", false), ("1", true), ("\"false\"", true)]
    {
        assert_eq!(request(&format!(r#"{{"stream":{stream}}}"#)).stream, expected, "{stream}");
    }
    for format in ["json_schema", "json_object"] {
        assert!(request(&format!(r#"{{"response_format":{{"type":"{format}"}}}}"#)).structured);
    }
}

#[test]
fn answers_of_another_shape_are_refused() {
    for text in [
        "[]",
        "{}",
        r#"{"choices":{}}"#,
        r#"{"choices":[{}]}"#,
        r#"{"choices":[{"message":[]}]}"#,
        r#"{"choices":[{"message":{"tool_calls":{}}}]}"#,
        "<html>",
        "",
    ] {
        assert!(Answer::parse(text.as_bytes()).is_err(), "{text}");
    }
}
