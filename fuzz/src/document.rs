//! Policy documents: whatever they are, they are checked to the end, and a policy that comes of one gates.
#![no_main]

use holdpoint::core::action::Action;
use holdpoint::core::gate;
use holdpoint::core::json::Object;
use holdpoint::core::policy::Policy;
use holdpoint::core::policy::document::Format;

libfuzzer_sys::fuzz_target!(|text: &str| {
    for format in [Format::Toml, Format::Json] {
        let checked = Policy::check(format, text);
        assert_eq!(checked.policy.is_none(), !checked.problems.is_empty(), "no policy without a reason");
        assert!(checked.problems.len() <= 100 && checked.warnings.len() <= 100);
        let lines = text.split('\n').count();
        for problem in checked.problems.iter().chain(&checked.warnings) {
            assert!((1..=lines).contains(&problem.line) && problem.column > 0 && problem.length > 0);
            assert!(!problem.message.is_empty());
        }
        if let Some(policy) = checked.policy {
            for kind in ["refund", "send_mail", ""] {
                let verdict = gate::decide(&policy, &Action::new(kind, Object::new()));
                assert!(policy.desk(&verdict.desk).is_some());
            }
        }
    }
});
