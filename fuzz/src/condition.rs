//! Conditions: what compiles prints as what compiles to the same.
#![no_main]

use holdpoint::core::cel::compile;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let source = text.split('\0').next().unwrap_or("");
    match compile(source) {
        Ok(program) => {
            let printed = program.printed();
            // Parentheses around everything may make it nest too deep, or too long.
            if let Ok(again) = compile(&printed) {
                assert_eq!(again.printed(), printed);
            }
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            for problem in problems {
                assert!(problem.span.start <= source.len() && !problem.message.is_empty());
            }
        }
    }
});
