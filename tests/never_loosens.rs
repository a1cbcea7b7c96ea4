//! What may never happen in the gate, on generated policies and actions: nothing that tightens loosens.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use holdpoint::core::action::{Action, Confidence, Probability};
use holdpoint::core::gate::{decide, tightened_for_stale_policy};
use holdpoint::core::json::{Json, Object};
use holdpoint::core::policy::Policy;
use holdpoint::core::policy::document::Format;
use holdpoint::core::policy::severity::Severity;
use holdpoint::core::verdict::{Outcome, Verdict};
use proptest::prelude::*;
use std::fmt::Write as _;

/// Conditions without `has`, `in`, `size`, comparison of whole objects, and `confidence`: a missing field
/// makes each an error, unless another operand decides.
const PLAIN: [&str; 7] = [
    "args.a > 500",
    "args.b == 'x'",
    "args.a > 10 && args.b != 'y'",
    "args.a < 3 || args.b.contains('z')",
    "args.list.exists(i, i > 5)",
    "args.b.matches('(?i)pric(e|ing)')",
    "args.o.deep == true",
];
const OTHER: [&str; 4] =
    ["has(args.a) && args.a > 500", "size(args.list) > 2", "confidence < 0.5", "kind == 'refund'"];

#[derive(Debug, Clone)]
struct Rule {
    when: String,
    severity: Option<&'static str>,
    then: Option<&'static str>,
    kinds: Option<&'static str>,
}

impl Rule {
    fn write(&self, at: usize, out: &mut String) {
        writeln!(out, "[[criteria]]\nid = \"c{at}\"\ncategory = \"c\"\nwhen = \"{}\"", self.when).unwrap();
        for (key, value) in [("severity", self.severity), ("then", self.then)] {
            out.push_str(&value.map(|value| format!("{key} = \"{value}\"\n")).unwrap_or_default());
        }
        out.push_str(&self.kinds.map(|kinds| format!("kinds = [\"{kinds}\"]\n")).unwrap_or_default());
    }
}

fn rule(conditions: &'static [&'static str]) -> impl Strategy<Value = Rule> {
    let word = |words: &'static [&'static str]| proptest::option::of(proptest::sample::select(words));
    let when = proptest::sample::select(conditions).prop_map(str::to_owned);
    (
        when,
        word(&["none", "low", "medium", "high", "critical"]),
        word(&["audit", "hold", "block"]),
        word(&["*", "ref*", "mail"]),
    )
        .prop_map(|(when, severity, then, kinds)| Rule { when, severity, then, kinds })
}

fn severity_table() -> impl Strategy<Value = String> {
    let level = proptest::sample::select(vec!["low", "medium", "high", "critical"]);
    let oversight = proptest::sample::select(vec!["audit", "threshold", "review"]);
    (level, oversight, 1_u8..=100, 1_u8..=100, 1_u8..=3).prop_map(|(level, oversight, threshold, audit, approvals)| {
        let (threshold, audit) = (f64::from(threshold) / 100.0, f64::from(audit) / 100.0);
        format!("[severity.{level}]\noversight = \"{oversight}\"\nthreshold = {threshold}\naudit = {audit}\napprovals = {approvals}\n")
    })
}

fn text(table: &str, kind_severity: &str, rules: &[Rule]) -> String {
    let mut text = format!("holdpoint = 1\n{table}[kinds.refund]\nseverity = \"{kind_severity}\"\n");
    for (at, rule) in rules.iter().enumerate() {
        rule.write(at, &mut text);
    }
    text
}

fn policy(table: &str, kind_severity: &str, rules: &[Rule]) -> Policy {
    let text = text(table, kind_severity, rules);
    Policy::parse(Format::Toml, &text).unwrap_or_else(|problems| panic!("{text}\n{problems:?}"))
}

fn action() -> impl Strategy<Value = Action> {
    let args = prop_oneof![
        Just("{}"),
        Just(r#"{"a":640,"b":"x","list":[1,7],"o":{"deep":true}}"#),
        Just(r#"{"a":1,"b":"pricing","list":[],"o":{"deep":false}}"#),
        Just(r#"{"a":"640","b":5,"list":{"x":1},"o":[]}"#),
        Just(r#"{"a":20.5,"b":"z"}"#),
        Just(r#"{"b":"y","list":[9]}"#),
    ];
    let kind = proptest::sample::select(vec!["refund", "mail", "other"]);
    let confidence = proptest::option::of(0.0..=1.0_f64);
    let severity = proptest::option::of(proptest::sample::select(Severity::ALL.to_vec()));
    (kind, args, confidence, severity).prop_map(|(kind, args, confidence, severity)| {
        let args = Json::parse(args.as_bytes()).unwrap().as_object().unwrap().clone();
        let mut action = Action::new(kind, args);
        action.confidence = confidence.and_then(Probability::new).map_or(Confidence::None, Confidence::Given);
        action.severity = severity;
        action
    })
}

/// Outcome first; among those that proceed, the rate of audits.
fn is_as_strict(tighter: &Verdict, looser: &Verdict) -> bool {
    let rate = |verdict: &Verdict| verdict.audit.unwrap_or(f64::INFINITY);
    tighter.outcome >= looser.outcome && tighter.severity >= looser.severity && rate(tighter) >= rate(looser)
}

const ALL: &[&str] = &[
    PLAIN[0], PLAIN[1], PLAIN[2], PLAIN[3], PLAIN[4], PLAIN[5], PLAIN[6], OTHER[0], OTHER[1], OTHER[2],
    OTHER[3],
];

proptest! {
    #[test]
    fn adding_a_criterion_never_loosens(
        table in severity_table(),
        rules in proptest::collection::vec(rule(ALL), 0..5),
        more in rule(ALL),
        action in action(),
    ) {
        let looser = decide(&policy(&table, "low", &rules), &action);
        let longer: Vec<Rule> = rules.into_iter().chain([more]).collect();
        let tighter = decide(&policy(&table, "low", &longer), &action);
        prop_assert!(is_as_strict(&tighter, &looser), "{looser:?}\n{tighter:?}");
    }

    #[test]
    fn raising_a_severity_never_loosens(
        table in severity_table(),
        rules in proptest::collection::vec(rule(ALL), 0..4),
        lower in 0_usize..4,
        action in action(),
    ) {
        let (low, high) = (Severity::ALL[lower], Severity::ALL[lower + 1]);
        let of_kind = |severity: Severity| decide(&policy(&table, severity.as_str(), &rules), &action);
        prop_assert!(is_as_strict(&of_kind(high), &of_kind(low)));
        let of_caller = |severity| {
            let raised = Action { severity, ..action.clone() };
            decide(&policy(&table, "none", &rules), &raised)
        };
        prop_assert!(is_as_strict(&of_caller(Some(high)), &of_caller(Some(low))));
        prop_assert!(is_as_strict(&of_caller(Some(low)), &of_caller(None)));
    }

    #[test]
    fn lowering_the_confidence_never_loosens(
        table in severity_table(),
        rules in proptest::collection::vec(rule(&PLAIN), 0..4),
        action in action(),
        factor in 0.0..=1.0_f64,
    ) {
        let policy = policy(&table, "medium", &rules);
        let given = decide(&policy, &action);
        let lower = match action.confidence {
            Confidence::Given(confidence) => Probability::new(confidence.get() * factor).map_or(Confidence::None, Confidence::Given),
            other => other,
        };
        for confidence in [lower, Confidence::None, Confidence::Invalid] {
            let less_sure = Action { confidence, ..action.clone() };
            let tighter = decide(&policy, &less_sure);
            prop_assert!(tighter.outcome >= given.outcome && tighter.severity >= given.severity);
        }
    }

    #[test]
    fn dropping_a_member_never_loosens(
        table in severity_table(),
        rules in proptest::collection::vec(rule(&PLAIN), 0..4),
        action in action(),
        dropped in proptest::sample::select(vec!["a", "b", "list", "o"]),
    ) {
        let policy = policy(&table, "medium", &rules);
        let whole = decide(&policy, &action);
        let mut args: Object = action.args.clone();
        args.remove(dropped);
        let less = decide(&policy, &Action { args, ..action });
        prop_assert!(is_as_strict(&less, &whole), "without {dropped}\n{whole:?}\n{less:?}");
    }

    #[test]
    fn a_policy_that_cannot_be_confirmed_lets_nothing_proceed(table in severity_table(), rules in proptest::collection::vec(rule(ALL), 0..4), action in action()) {
        let fresh = decide(&policy(&table, "none", &rules), &action);
        let stale = tightened_for_stale_policy(fresh.clone());
        prop_assert_ne!(stale.outcome, Outcome::Proceed);
        prop_assert!(fresh.outcome == Outcome::Proceed || stale == fresh);
    }

    #[test]
    fn the_gate_is_a_function(table in severity_table(), rules in proptest::collection::vec(rule(ALL), 0..4), action in action()) {
        let policy = policy(&table, "high", &rules);
        prop_assert_eq!(decide(&policy, &action), decide(&policy, &action));
    }

    #[test]
    fn no_text_makes_a_parser_panic(text in any::<String>(), rest in "[-+*/(){}\\[\\]'\"a-z0-9.,&|!?:= \n]{0,80}") {
        for text in [&text, &rest] {
            let _ = Policy::check(Format::Toml, text);
            let _ = Policy::check(Format::Json, text);
            let _ = Policy::check(Format::Toml, &format!("holdpoint = 1\n[[criteria]]\nid = \"a\"\ncategory = \"c\"\nwhen = '''{text}'''"));
            let _ = Json::parse(text.as_bytes());
            if let Ok(program) = holdpoint::core::cel::compile(text) {
                let empty = Object::new();
                let input = holdpoint::core::cel::Input {
                    kind: "k", args: &empty, confidence: 0.5, subject: None, source: &empty, context: &empty,
                };
                let _ = program.value(&input);
                let _ = program.fields_read(&input);
            }
        }
    }
}
