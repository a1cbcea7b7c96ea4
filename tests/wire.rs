//! Wire goldens. `tests/wire/DIALECT/answers/CASE/` holds an upstream's whole answer (`in.json`), what becomes of
//! each of its calls (`fates.txt`, a line a call), and the answer as it leaves (`out.json`), byte for byte; for an app's
//! own JSON also where its actions are (`map.json`).
//!
//! `tests/wire/DIALECT/streams/CASE/` holds an upstream's stream (`in.sse`), what of it leaves before anything is
//! decided (`held.sse`), and the whole of what leaves when every call runs (`released.sse`), none does
//! (`rejected.sse`), every one is edited (`edited.sse`) or only the first runs (`partly.sse`). Each is replayed
//! split at every byte and in random chunks. `HOLDPOINT_PRINT=1 cargo test --test wire` writes what leaves.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::arithmetic_side_effects,
    clippy::disallowed_methods,
    reason = "a test fails by panicking; this one writes its goldens where it is asked to"
)]

#[path = "support/client.rs"]
mod client;
#[path = "support/goldens.rs"]
mod goldens;
#[path = "support/replay.rs"]
mod replay;

use goldens::{cases, fate, is_golden, printing, read};
use holdpoint::core::json::{Json, Object};
use holdpoint::wire::answer::{AnswerStream, WholeAnswer as _};
use holdpoint::wire::anthropic;
use holdpoint::wire::asked::Asked;
use holdpoint::wire::call::{Call, Carries, Fate};
use holdpoint::wire::mapped;
use holdpoint::wire::notice::{Notice, Why};
use holdpoint::wire::openai_chat::{self, Answer};
use holdpoint::wire::openai_responses;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use replay::Replayed;
use std::fs;
use std::path::Path;

fn name(case: &Path) -> &str {
    case.file_name().unwrap().to_str().unwrap()
}

// Answers

fn check_answer(case: &Path, rewrite: impl Fn(&[u8], &[Fate], bool) -> String) {
    let script = read(case, "fates.txt");
    let (structured, lines) = match script.strip_prefix("structured\n") {
        Some(lines) => (true, lines),
        None => (false, script.as_str()),
    };
    let fates: Vec<Fate> = lines.lines().map(fate).collect();
    let out = rewrite(read(case, "in.json").as_bytes(), &fates, structured);
    is_golden(case, "out.json", &out);
}

#[test]
fn chat_answers() {
    let cases = cases("openai_chat/answers");
    for case in &cases {
        check_answer(case, |body, fates, structured| {
            let answer = Box::new(Answer::parse(body, structured).unwrap());
            assert_eq!(fates.len(), answer.calls().len(), "one fate a call");
            answer.rewrite(fates)
        });
    }
    assert!(cases.len() >= 9, "{} goldens", cases.len());
}

#[test]
fn responses_answers() {
    let cases = cases("openai_responses/answers");
    for case in &cases {
        check_answer(case, |body, fates, structured| {
            let answer = Box::new(openai_responses::Answer::parse(body, structured).unwrap());
            assert_eq!(fates.len(), answer.calls().len(), "one fate a call");
            answer.rewrite(fates)
        });
    }
    assert!(cases.len() >= 7, "{} goldens", cases.len());
}

#[test]
fn anthropic_answers() {
    let cases = cases("anthropic/answers");
    for case in &cases {
        check_answer(case, |body, fates, structured| {
            let answer = Box::new(anthropic::Answer::parse(body, structured).unwrap());
            assert_eq!(fates.len(), answer.calls().len(), "one fate a call");
            answer.rewrite(fates)
        });
    }
    assert!(cases.len() >= 10, "{} goldens", cases.len());
}

#[test]
fn mapped_answers() {
    let cases = cases("mapped/answers");
    for case in &cases {
        let map = Json::parse(&fs::read(case.join("map.json")).unwrap()).unwrap();
        let map = mapped::Map::read(&map).unwrap();
        check_answer(case, |body, fates, _| {
            let answer = Box::new(mapped::Answer::parse(body, &map).unwrap());
            assert_eq!(fates.len(), answer.calls().len(), "one fate a call");
            answer.rewrite(fates)
        });
    }
    assert!(cases.len() >= 7, "{} goldens", cases.len());
}

// Streams

/// What becomes of the calls of a stream.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Script {
    Released,
    Rejected,
    Edited,
    Partly,
}

const SCRIPTS: [(Script, &str); 4] = [
    (Script::Released, "released.sse"),
    (Script::Rejected, "rejected.sse"),
    (Script::Edited, "edited.sse"),
    (Script::Partly, "partly.sse"),
];

fn scripted(script: Script, group: usize, at: usize, call: &Call) -> Fate {
    let notice = |why| Fate::Notice(Notice { id: format!("hp_{group}{at}"), kind: call.kind.clone(), why });
    if call.args.is_err() {
        return notice(Why::Blocked("malformed".to_owned()));
    }
    match script {
        Script::Partly if at == 0 => Fate::Run,
        Script::Released => Fate::Run,
        Script::Rejected | Script::Partly => notice(Why::Rejected("wrong amount".to_owned())),
        Script::Edited => {
            let mut args = Object::new();
            args.set(if call.carries == Carries::Input { "input" } else { "edited" }, "é\"");
            Fate::RunWith(args)
        }
    }
}

/// Lets a stream flow in these chunks, with its calls as scripted.
fn replay<'a>(
    answer: Box<dyn AnswerStream>,
    chunks: impl Iterator<Item = &'a [u8]>,
    script: Script,
) -> Replayed {
    replay::replay(answer, chunks, |group, at, call| scripted(script, group, at, call))
}

/// What a client would run of some bytes.
type Reader = fn(&[u8]) -> Vec<String>;
type NewStream = fn(&str) -> Box<dyn AnswerStream>;

fn chat_stream(case: &str) -> Box<dyn AnswerStream> {
    Box::new(openai_chat::Stream::new(case.ends_with("_structured")))
}

fn responses_stream(case: &str) -> Box<dyn AnswerStream> {
    let structured = case.ends_with("_structured");
    Box::new(openai_responses::Stream::new(&Asked { structured, may_call: true, ..Asked::default() }))
}

fn anthropic_stream(case: &str) -> Box<dyn AnswerStream> {
    Box::new(anthropic::Stream::new(case.ends_with("_structured")))
}

/// Streams that do not leave byte for byte although all calls run: one of two choices is kept back, what stands
/// behind the end never leaves, comments wait for nothing, and what clients would read differently leaves anew.
fn leaves_otherwise(case: &str) -> bool {
    [
        "rewritten_",
        "two_choices",
        "events_behind",
        "an_error",
        "carriage_returns_and_comments",
        "without_a_blank_line",
        // A ping waits for nothing.
        "pings",
    ]
    .iter()
    .any(|prefix| case.starts_with(prefix))
}

fn check_stream(case: &Path, new: NewStream) {
    let stream = || new(name(case));
    let text = fs::read(case.join("in.sse")).unwrap();
    let whole = replay(stream(), std::iter::once(text.as_slice()), Script::Released);
    let mut expected = vec![("held.sse", whole.held.clone())];
    for (script, file) in SCRIPTS {
        let replayed = replay(stream(), std::iter::once(text.as_slice()), script);
        assert_eq!(
            replayed.held,
            whole.held,
            "{}: before a verdict it does not matter which",
            case.display()
        );
        if script == Script::Released
            || (!whole.calls.is_empty() && (script != Script::Partly || whole.calls.len() > 1))
        {
            expected.push((file, replayed.all));
        }
    }
    for (file, out) in &expected {
        let golden = case.join(file);
        if printing() {
            fs::write(&golden, out).unwrap();
        }
        let known = fs::read(&golden).unwrap_or_else(|error| panic!("{}: {error}", golden.display()));
        assert_eq!(String::from_utf8_lossy(out), String::from_utf8_lossy(&known), "{}", golden.display());
    }
    for call in &whole.calls {
        let held = String::from_utf8_lossy(&whole.held);
        assert!(
            !held.contains(&format!("\"{}\"", call.kind)),
            "{}: {} left before its verdict",
            case.display(),
            call.kind
        );
    }
    if !whole.failed && whole.calls.iter().all(|call| call.args.is_ok()) && !leaves_otherwise(name(case)) {
        let released = String::from_utf8(whole.all.clone()).unwrap();
        assert_eq!(released, String::from_utf8(text.clone()).unwrap(), "{}: byte for byte", case.display());
    }
    for at in 0..=text.len() {
        let (left, right) = text.split_at(at);
        let replayed = replay(stream(), [left, right].into_iter(), Script::Rejected);
        let whole = expected.iter().find(|(file, _)| *file == "rejected.sse").or(expected.get(1));
        assert_eq!(replayed.held, expected[0].1, "{}: split at byte {at}", case.display());
        assert_eq!(replayed.all, whole.unwrap().1, "{}: split at byte {at}", case.display());
    }
    let single = replay(stream(), text.chunks(1), Script::Released);
    assert!(single.held == whole.held && single.all == whole.all, "{}: byte by byte", case.display());
}

#[test]
fn chat_streams() {
    let cases = cases("openai_chat/streams");
    for case in &cases {
        check_stream(case, chat_stream);
    }
    assert!(cases.len() >= 30, "{} goldens", cases.len());
}

#[test]
fn responses_streams() {
    let cases = cases("openai_responses/streams");
    for case in &cases {
        check_stream(case, responses_stream);
    }
    assert!(cases.len() >= 30, "{} goldens", cases.len());
}

#[test]
fn anthropic_streams() {
    let cases = cases("anthropic/streams");
    for case in &cases {
        check_stream(case, anthropic_stream);
    }
    assert!(cases.len() >= 30, "{} goldens", cases.len());
}

#[test]
fn a_waiting_client_of_messages_is_sent_pings_once_its_message_has_begun() {
    let text = fs::read_to_string(
        cases("anthropic/streams").iter().find(|case| name(case) == "one_call").unwrap().join("in.sse"),
    )
    .unwrap();
    let (start, rest) = text.split_at(text.find("event: content_block_start").unwrap());
    let mut flow = holdpoint::wire::answer::Flow::new(anthropic_stream("one_call"), None);
    let mut said = Vec::new();
    let mut out = Vec::new();
    for part in ["", start, rest] {
        flow.push(part.as_bytes(), &mut out);
        flow.waiting(&mut said);
    }
    let ripe = flow.ripe().unwrap();
    flow.release(ripe.group, &[Fate::Run], &mut out);
    flow.waiting(&mut said);
    let ping = "event: ping\ndata: {\"type\":\"ping\"}\n\n";
    assert_eq!(String::from_utf8(said).unwrap(), format!(": waiting\n\n{ping}{ping}: waiting\n\n"));
}

/// 64 ways of chunking, also in the long run: each replays every golden.
#[test]
fn random_chunks_change_nothing() {
    let config = ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() };
    let sizes = prop::collection::vec(1_usize..97, 1..64);
    TestRunner::new(config)
        .run(&sizes, |sizes| {
            for case in cases("openai_chat/streams") {
                in_chunks(&case, chat_stream, &sizes);
            }
            for case in cases("openai_responses/streams") {
                in_chunks(&case, responses_stream, &sizes);
            }
            for case in cases("anthropic/streams") {
                in_chunks(&case, anthropic_stream, &sizes);
            }
            Ok(())
        })
        .unwrap();
}

/// What the network, or an upstream that means no good, can make of a stream.
#[derive(Debug, Clone)]
enum Harm {
    Drop(usize),
    Repeat(usize),
    Swap(usize, usize),
    Flip(usize, u8),
    Cut(usize),
    Rename(usize, usize),
    /// Another of the words below, put into an event.
    Insert(usize, usize),
}

/// What could make one client read something else than another.
const INSERTS: [(&str, &str); 7] = [
    ("data: {", "data: {\"error\":{},"),
    ("data: {", "data: {\"error\":\"\","),
    ("data: ", ": x\u{2028}data: "),
    ("data: ", "event: response.function_call_arguments.done\ndata: "),
    ("data: ", "data: [0,\ndata: "),
    ("\n\n", "\ndata: ]\n\n"),
    ("\n\n", ""),
];

fn harm() -> impl Strategy<Value = Harm> {
    let at = 0_usize..10_000;
    prop_oneof![
        at.clone().prop_map(Harm::Drop),
        at.clone().prop_map(Harm::Repeat),
        (at.clone(), at.clone()).prop_map(|(a, b)| Harm::Swap(a, b)),
        (at.clone(), any::<u8>()).prop_map(|(at, with)| Harm::Flip(at, with)),
        at.clone().prop_map(Harm::Cut),
        (at.clone(), 0..RENAMES.len()).prop_map(|(at, to)| Harm::Rename(at, to)),
        (at, 0..INSERTS.len()).prop_map(|(at, what)| Harm::Insert(at, what)),
    ]
}

/// Words that could hide a call where they stand for each other.
const RENAMES: [(&str, &str); 13] = [
    ("content_block\"", "Content_Block\""),
    ("\"content_block\"", "\"message\""),
    ("content_block_start", "ping"),
    ("tool_use", "text"),
    ("tool_calls", "Tool_Calls"),
    ("\"item\"", "\"Item\""),
    ("\"delta\"", "\"DELTA\""),
    ("tool_calls", "content"),
    ("\"delta\"", "\"message\""),
    ("response.output_item.added", "response.output_text.delta"),
    ("response.output_item.done", "response.created"),
    ("response.completed", "response.in_progress"),
    ("function_call", "message"),
];

fn harmed(text: &[u8], harms: &[Harm]) -> Vec<u8> {
    let mut events: Vec<Vec<u8>> = String::from_utf8_lossy(text)
        .split_inclusive("\n\n")
        .map(|event| event.as_bytes().to_vec())
        .collect();
    for harm in harms {
        let count = events.len().max(1);
        match *harm {
            _ if events.is_empty() => {}
            Harm::Drop(at) => drop(events.remove(at % count)),
            Harm::Repeat(at) => events.insert(at % count, events[at % count].clone()),
            Harm::Swap(a, b) => events.swap(a % count, b % count),
            Harm::Flip(at, with) => {
                let event = &mut events[at % count];
                let place = (at / 7) % event.len().max(1);
                if let Some(byte) = event.get_mut(place) {
                    *byte ^= with;
                }
            }
            Harm::Cut(at) => {
                let event = &mut events[at % count];
                event.truncate((at / 7) % event.len().max(1));
            }
            Harm::Insert(at, what) => {
                let (before, after) = INSERTS[what];
                let text = String::from_utf8_lossy(&events[at % count]).replacen(before, after, 1);
                events[at % count] = text.into_bytes();
            }
            Harm::Rename(at, to) => {
                let text =
                    String::from_utf8_lossy(&events[at % count]).replacen(RENAMES[to].0, RENAMES[to].1, 1);
                events[at % count] = text.into_bytes();
            }
        }
    }
    events.concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    /// Whatever becomes of a stream on its way, a client that believes everything runs nothing of it that was
    /// rejected, and nothing at all before a verdict.
    #[test]
    fn no_call_leaks_from_a_stream_that_was_harmed(
        case in any::<prop::sample::Index>(),
        harms in prop::collection::vec(harm(), 1..4),
        size in 1_usize..4096,
    ) {
        let forms: [(&str, NewStream, Reader); 3] = [
            ("openai_chat/streams", chat_stream, client::chat_calls),
            ("openai_responses/streams", responses_stream, client::response_calls),
            ("anthropic/streams", anthropic_stream, client::message_calls),
        ];
        for (form, new, calls) in forms {
            let cases = cases(form);
            let case = case.get(&cases);
            let text = harmed(&fs::read(case.join("in.sse")).unwrap(), &harms);
            let replayed = replay(new(name(case)), text.chunks(size), Script::Rejected);
            prop_assert_eq!(calls(&replayed.held), Vec::<String>::new(), "{} before a verdict", case.display());
            prop_assert_eq!(calls(&replayed.all), Vec::<String>::new(), "{}", case.display());
        }
    }
}

fn in_chunks(case: &Path, new: NewStream, sizes: &[usize]) {
    let text = fs::read(case.join("in.sse")).unwrap();
    let mut rest = text.as_slice();
    let mut sizes = sizes.iter().cycle();
    let chunks: Vec<&[u8]> = std::iter::from_fn(|| {
        let (chunk, left) = rest.split_at((*sizes.next()?).min(rest.len()));
        rest = left;
        (!chunk.is_empty()).then_some(chunk)
    })
    .collect();
    for script in [Script::Released, Script::Edited] {
        let whole = replay(new(name(case)), std::iter::once(text.as_slice()), script);
        let replayed = replay(new(name(case)), chunks.iter().copied(), script);
        assert!(replayed.held == whole.held && replayed.all == whole.all, "{}", case.display());
    }
}

// Requests

#[test]
fn a_chat_request_is_read_for_what_the_gate_needs() {
    let request = |text: &str| openai_chat::asked(text.as_bytes()).unwrap();
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
        assert!(Answer::parse(text.as_bytes(), false).is_err(), "{text}");
    }
}
