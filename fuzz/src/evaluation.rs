//! Evaluation: it ends, and the quick way says what the slow way says.
#![no_main]

use holdpoint::core::cel::{EvalErrorKind, Input, Reading, Shared, compile};
use holdpoint::core::json::{Json, Object};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let Some((source, args)) = text.split_once('\0') else { return };
    let Ok(mut program) = compile(source) else { return };
    let args = Json::parse(args.as_bytes()).ok();
    let nothing = Object::new();
    let args = args.as_ref().and_then(Json::as_object).unwrap_or(&nothing);
    let input =
        Input { kind: "refund", args, confidence: 0.5, subject: None, source: &nothing, context: args };
    let shared = Shared::prepare(std::iter::once(&mut program));
    let quick = Reading::new(&shared, input).matches(&program);
    let slow = program.matches(&input);
    if slow.as_ref().err().is_none_or(|error| error.kind != EvalErrorKind::Budget) {
        assert_eq!(quick, slow);
    }
    if let Err(error) = slow {
        assert!(!program.explain(&error).is_empty());
    }
    assert!(program.fields_read(&input).len() <= 32);
    let _ = (program.certain(), program.missed_argument(), program.wrong_type());
});
