//! What labels tell together, how load is judged, what a policy would have done: by examples that a person can
//! check, and by what must hold for all.

#![expect(
    clippy::unwrap_used,
    clippy::float_cmp,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

use holdpoint::core::action::{Action, Confidence, Probability};
use holdpoint::core::backtest::{Sample, trial};
use holdpoint::core::capacity::load::{AUDIT_FLOOR, DWELL, Level, Reading};
use holdpoint::core::capacity::{Demand, Judgement, Mend};
use holdpoint::core::case::LookedAt;
use holdpoint::core::insights::{Trusting, caught, people, said, team};
use holdpoint::core::json::{Json, Object};
use holdpoint::core::label::{End, Label, Why};
use holdpoint::core::policy::document::Format;
use holdpoint::core::policy::severity::Severity;
use holdpoint::core::policy::{Desk, Policy};
use holdpoint::core::statistics::edits::{Edit, changes};
use holdpoint::core::statistics::pattern::{Property, Reviewed, patterns};
use holdpoint::core::time::Millis;
use holdpoint::wire::criterion::proposed;
use holdpoint::wire::label::{label_from_json, label_to_json};
use proptest::prelude::*;

fn args(text: &str) -> Object {
    Json::parse(text.as_bytes()).unwrap().as_object().unwrap().clone()
}

fn label(at: i64, person: &str, held: bool, end: End, seen_ms: i64) -> Label {
    let approved = matches!(end, End::Approve | End::Confirm);
    let looked = end.overrides().is_some();
    let look = LookedAt { person: person.to_owned(), at: Millis(at), seen_ms: Some(seen_ms), approved };
    Label {
        id: format!("hp_{at}"),
        desk: "main".to_owned(),
        kind: "refund".to_owned(),
        severity: Severity::High,
        model: Some("m".to_owned()),
        confidence: Some(0.7),
        why: vec![Why { criterion: None, category: "low confidence".to_owned() }],
        held,
        probability: if held { 1.0 } else { 0.1 },
        end,
        reason: None,
        category: None,
        looks: if looked { vec![look] } else { Vec::new() },
        words: Some(40),
        created: Millis(at),
        at: Millis(at),
        outcome: None,
    }
}

#[test]
fn what_is_held_is_counted_and_what_is_audited_stands_for_more() {
    let mut labels: Vec<Label> = (0..10)
        .map(|at| label(at, "ana", true, if at < 4 { End::Reject } else { End::Approve }, 9000))
        .collect();
    labels.extend(
        (10..20).map(|at| label(at, "ana", false, if at < 11 { End::Overturn } else { End::Confirm }, 9000)),
    );
    labels.push(label(20, "", true, End::Expired, 0));
    labels.push(label(21, "", true, End::Withdrawn, 0));
    let all = said(Trusting { labels: &labels, stamping: &[] });
    assert_eq!((all.held.n, all.held.k, all.audited.n, all.audited.k), (10.0, 4.0, 10.0, 1.0));
    // Eleven held, of which four in ten are wrong, and a hundred that ran, of which one in ten is.
    let (rate, interval) = all.estimate.rate().unwrap();
    assert!((rate - (11.0 * 0.4 + 100.0 * 0.1) / 111.0).abs() < 1e-12);
    assert!(interval.low < rate && rate < interval.high);
    assert_eq!(all.estimate.naive().rate(), Some(0.25));
    let (all, by_category) = caught(Trusting { labels: &labels, stamping: &[] });
    assert_eq!((all.before, all.found, by_category.len()), (4.0, 1.0, 1));
    let (share, interval) = all.share().unwrap();
    assert!((share - 4.0 / 14.0).abs() < 1e-12 && interval.low < share && share < interval.high);
    // Audits that nobody has done yet stand for as many: of ten more that are open one in ten is wrong, too.
    labels.extend((30..40).map(|at| label(at, "", false, End::Open, 0)));
    let (all, _) = caught(Trusting { labels: &labels, stamping: &[] });
    assert!((all.audits.through().0 - 20.0).abs() < 1e-9);
    let all = said(Trusting { labels: &labels, stamping: &[] });
    assert!((all.estimate.rate().unwrap().0 - (11.0 * 0.4 + 200.0 * 0.1) / 211.0).abs() < 1e-12);
}

#[test]
fn neither_the_fast_nor_the_lenient_stamp_but_who_is_both() {
    let mut labels = Vec::new();
    for at in 0..400_i64 {
        let wrong = at % 5 == 0;
        let ends = |overrides: bool| if overrides { End::Reject } else { End::Approve };
        // Careful and slow; careful and fast; slow, and lets everything pass; fast, and lets everything pass.
        labels.push(label(at * 10, "careful", true, ends(wrong), 12_000));
        labels.push(label(at * 10 + 1, "quick", true, ends(wrong), 1_500));
        labels.push(label(at * 10 + 2, "lenient", true, End::Approve, 12_000));
        labels.push(label(at * 10 + 3, "stamp", true, End::Approve, 900));
        if at % 4 == 0 {
            labels.push(label(
                at * 10 + 4,
                "careful",
                false,
                if at % 40 == 0 { End::Overturn } else { End::Confirm },
                12_000,
            ));
        }
    }
    let stamping: Vec<String> =
        people(&labels).into_iter().filter(|(_, pace)| pace.is_stamping()).map(|(name, _)| name).collect();
    assert_eq!(stamping, ["stamp"]);
    assert!(!team(&labels).is_stamping(), "two of four look");
}

#[test]
fn a_label_survives_its_way() {
    for end in End::ALL {
        let label = label(7, "ana", end != End::Overturn, end, 1234);
        assert_eq!(
            label_from_json(&Json::parse(label_to_json(&label).to_string().as_bytes()).unwrap()),
            Some(label)
        );
    }
}

// Load

fn reading(held: f64, audits: f64, waiting: f64) -> Reading {
    let desk = Desk { reviewers: 2, seconds_per_review: 60.0, ..Desk::default() };
    Reading { demand: Demand::of(&desk, held, audits), waiting }
}

#[test]
fn a_level_goes_up_at_once_and_down_when_it_is_clearly_over() {
    let minutes = |minutes: i64| Millis(minutes * 60_000);
    for (held, audits, before, after_minutes, expected) in [
        (50.0, 40.0, Level::Calm, 0, Level::Calm),
        (80.0, 23.0, Level::Calm, 0, Level::Busy),
        (140.0, 0.0, Level::Calm, 0, Level::Overloaded),
        // Within the margin it stays; below it, it goes, but not within a quarter of an hour.
        (75.0, 20.0, Level::Busy, 60, Level::Busy),
        (60.0, 20.0, Level::Busy, 60, Level::Calm),
        (60.0, 20.0, Level::Busy, 14, Level::Busy),
        (70.0, 22.0, Level::Overloaded, 60, Level::Busy),
        (10.0, 0.0, Level::Overloaded, 60, Level::Calm),
    ] {
        let level = reading(held, audits, 0.0).level(before, minutes(0), minutes(after_minutes));
        assert_eq!(level, expected, "{held} held, {audits} audits, from {before:?}");
    }
    // So many wait already that the last of them come too late, however quiet it is now.
    assert_eq!(reading(1.0, 0.0, 500.0).level(Level::Calm, minutes(0), minutes(0)), Level::Overloaded);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn more_load_never_lowers_the_level(held in 0.0_f64..300.0, audits in 0.0_f64..300.0, more in 0.0_f64..100.0, waiting in 0.0_f64..300.0) {
        for before in Level::ALL {
            let since = Millis(0);
            let later = since.after(DWELL);
            let level = reading(held, audits, waiting).level(before, since, later);
            prop_assert!(reading(held + more, audits, waiting).level(before, since, later) >= level);
            prop_assert!(reading(held, audits + more, waiting).level(before, since, later) >= level);
            prop_assert!(reading(held, audits, waiting + more).level(before, since, later) >= level);
        }
    }

    #[test]
    fn load_never_takes_audits_to_nothing_and_never_adds_any(share in 0.0_f64..=1.0) {
        for level in Level::ALL {
            let audited = level.audit(share);
            prop_assert!(audited <= share && audited >= share.min(AUDIT_FLOOR));
        }
    }

    #[test]
    fn a_forecast_is_no_better_with_fewer_people(held in 0.0_f64..400.0, audits in 0.0_f64..200.0, people in 1_u32..12, seconds in 5.0_f64..600.0) {
        let demand = |people| {
            let desk = Desk { reviewers: people, seconds_per_review: seconds, ..Desk::default() };
            Demand::of(&desk, held, audits)
        };
        let (few, more) = (demand(people).forecast(), demand(people + 1).forecast());
        prop_assert!(more.judgement <= few.judgement && more.expired <= few.expired + 1e-9 && more.started >= few.started - 1e-9);
        if let Some(mends) = few.mends {
            // Each mend alone is enough to look at everything.
            let covered = |demand: Demand| demand.forecast().coverage.is_none_or(|coverage| coverage >= 1.0 - 1e-9);
            let share = mends.share;
            let by_people = Demand { people: mends.people, ..demand(people) };
            let by_seconds = Demand { seconds: mends.seconds, ..demand(people) };
            let by_share = Demand { held: held * share, audits: audits * share, ..demand(people) };
            prop_assert!(covered(by_people) && covered(by_seconds) && covered(by_share), "{:?}", mends);
        }
    }
}

#[test]
fn a_hundred_of_a_thousand_is_theatre() {
    let desk = Desk { reviewers: 8, seconds_per_review: 300.0, ..Desk::default() };
    let forecast = Demand::of(&desk, 1000.0, 0.0).forecast();
    assert_eq!(forecast.judgement, Judgement::Theatre);
    let mends = forecast.mends.unwrap();
    assert_eq!(mends.people, 99, "1000 an hour at 300 s and 85 %");
    assert!((mends.share - 0.0816).abs() < 1e-9, "{}", mends.share);
    let nearly = Demand { held: 85.0, ..Demand::of(&desk, 0.0, 0.0) }.forecast();
    assert_eq!((nearly.judgement, nearly.mends.unwrap().cheapest), (Judgement::AtRisk, Mend::Seconds));
}

// Backtest

const POLICY: &str = r#"
holdpoint = 1
[kinds.refund]
severity = "medium"
[kinds."get_*"]
severity = "none"
[severity.critical]
approvals = 2
[[criteria]]
id = "large"
category = "large refund"
kinds = ["refund"]
when = "args.amount > 500"
severity = "critical"
[desks.main]
reviewers = 2
seconds_per_review = 30
"#;

fn sample(amount: u32, confidence: f64, overridden: Option<bool>, weight: f64) -> Sample {
    let mut action = Action::new("refund", args(&format!("{{\"amount\":{amount}}}")));
    action.confidence = Confidence::Given(Probability::new(confidence).unwrap());
    Sample { id: None, action, weight, overridden }
}

#[test]
fn a_trial_counts_each_as_often_as_it_stands_for() {
    let policy = Policy::parse(Format::Toml, POLICY).unwrap();
    let samples = [
        sample(10, 0.9, Some(true), 20.0),
        sample(10, 0.5, Some(false), 1.0),
        sample(900, 0.99, Some(true), 1.0),
        Sample { action: Action::new("get_order", Object::new()), ..sample(1, 0.0, None, 5.0) },
    ];
    let trial = trial(&policy, &samples);
    assert_eq!((trial.actions, trial.proceed, trial.hold, trial.block), (27.0, 25.0, 2.0, 0.0));
    assert_eq!(trial.let_through, [0], "the first was overridden and would proceed");
    assert!((trial.audits - 20.0 * 0.05).abs() < 1e-12);
    // Two people look at the large one, one at the other, and one at each audit: thirty seconds each.
    assert!((trial.minutes - (2.0 + 1.0 + 1.0) * 0.5).abs() < 1e-12);
    let (id, large) = &trial.criteria[0];
    assert_eq!((id.as_str(), large.matched, large.alone), ("large", 1.0, 1.0));
    assert_eq!(large.looks.get("main").unwrap().looks, 2.0);
    // 27 a day in eight hours: three looks at what is held.
    let demand = trial.demand(&policy, "main", 27.0, None);
    assert!((demand.held - 3.0 / 8.0).abs() < 1e-12 && (demand.audits - 1.0 / 8.0).abs() < 1e-12);
    assert!((trial.demand(&policy, "main", 27.0, Some(large)).held - 1.0 / 8.0).abs() < 1e-12);
}

// Patterns and edits

fn reviewed(args: &[(Object, bool)]) -> Vec<Reviewed<'_>> {
    args.iter()
        .map(|(args, overridden)| Reviewed {
            kind: "pay",
            args,
            model: Some("m"),
            by_rule: false,
            overridden: *overridden,
        })
        .collect()
}

#[test]
fn a_line_between_numbers_is_found_where_a_person_would_draw_it() {
    let args: Vec<(Object, bool)> = (0..400_u32)
        .map(|at| {
            let amount = at * 37 % 1000;
            (
                args(&format!("{{\"amount\":{amount},\"note\":\"n{at}\"}}")),
                if amount > 500 { at % 2 == 0 } else { at % 50 == 0 },
            )
        })
        .collect();
    let found = patterns(&reviewed(&args));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].property, Property::Above { path: vec!["amount".to_owned()], limit: 500.0 });
    let criterion = proposed(&found[0], "wrong amount", &[]);
    assert_eq!(
        (criterion.id.as_str(), criterion.when.as_str()),
        ("pay-amount-above-500", "args.amount > 500")
    );
    let policy = format!("holdpoint = 1\n{}", criterion.to_toml());
    let checked = Policy::check(Format::Toml, &policy);
    assert!(checked.problems.is_empty() && checked.warnings.is_empty(), "{:?}", checked.problems);
}

#[test]
fn where_a_member_is_not_always_there_the_criterion_asks_for_it() {
    let args: Vec<(Object, bool)> = (0..200_u32)
        .map(|at| match at % 4 {
            0 => (args(r#"{"to":{"cou-ntry":"XX"}}"#), at % 8 == 0),
            1 => (args(r#"{"to":{}}"#), false),
            _ => (args(r#"{"to":{"cou-ntry":"DE"}}"#), at % 66 == 2),
        })
        .collect();
    let found = patterns(&reviewed(&args));
    let criterion = proposed(&found[0], "wrong person", &[]);
    assert_eq!(criterion.when, r#"has(args.to) && "cou-ntry" in args.to && args.to["cou-ntry"] == "XX""#);
    let policy = Policy::parse(Format::Toml, &format!("holdpoint = 1\n{}", criterion.to_toml()));
    assert!(policy.is_ok(), "{policy:?}");
}

#[test]
fn a_proposal_concerns_its_kind_alone_and_has_an_id_of_its_own() {
    let with: Vec<(Object, bool)> = (0..80)
        .map(|at| (args(&format!("{{\"amount\":{}}}", if at < 20 { -300 } else { 300 })), at < 20))
        .collect();
    let reviewed: Vec<Reviewed<'_>> = with
        .iter()
        .map(|(args, overridden)| Reviewed {
            kind: "send_*",
            args,
            model: None,
            by_rule: false,
            overridden: *overridden,
        })
        .collect();
    let found = patterns(&reviewed);
    let one = proposed(&found[0], "wrong sign", &[]);
    assert!(one.when.starts_with(r#"kind == "send_*" && args.amount"#), "{}", one.when);
    let other = proposed(&found[0], "wrong sign", std::slice::from_ref(&one.id));
    assert_eq!(other.id, format!("{}-2", one.id));
    // What a criterion has looked at already is no news.
    let ruled: Vec<Reviewed<'_>> = reviewed.iter().map(|one| Reviewed { by_rule: true, ..*one }).collect();
    assert_eq!(patterns(&ruled), []);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    /// Where being wrong goes with nothing, hardly anything is called a pattern.
    #[test]
    fn chance_makes_no_patterns(seed in any::<u64>()) {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state >> 33
        };
        let rows: Vec<(Object, bool)> = (0..300)
            .map(|_| {
                let text = format!("{{\"amount\":{},\"tier\":\"t{}\",\"flag\":{}}}", next() % 1000, next() % 5, next() % 2 == 0);
                (args(&text), next() % 10 == 0)
            })
            .collect();
        prop_assert!(patterns(&reviewed(&rows)).len() <= 1);
    }

    /// Whatever a kind, a member or a value is called, what is proposed is a policy.
    #[test]
    fn every_proposal_is_a_policy(kind in ".{1,30}", name in ".{0,20}", value in ".{0,40}", category in ".{1,40}") {
        let mut with = Object::new();
        with.set(&name, value.as_str());
        let mut without = Object::new();
        without.set(&name, "other");
        let rows: Vec<(Object, bool)> =
            (0..60).map(|at| if at < 20 { (with.clone(), true) } else { (without.clone(), at == 30) }).collect();
        let reviewed: Vec<Reviewed<'_>> =
            rows.iter().map(|(args, overridden)| Reviewed { kind: &kind, args, model: None, by_rule: false, overridden: *overridden }).collect();
        for pattern in patterns(&reviewed) {
            let toml = proposed(&pattern, &category, &[]).to_toml();
            let checked = Policy::check(Format::Toml, &format!("holdpoint = 1\n{toml}"));
            prop_assert!(checked.problems.is_empty(), "{:?}\n{}", checked.problems, toml);
        }
    }
}

#[test]
fn edits_tell_ratios_moves_and_what_is_always_written() {
    let pairs = [
        (r#"{"amount":12405,"to":{"class":"eco"}}"#, r#"{"amount":124.05,"to":{"class":"basic"}}"#),
        (r#"{"amount":500,"to":{"class":"plus"}}"#, r#"{"amount":5,"to":{"class":"basic"}}"#),
        (r#"{"amount":300,"to":{"class":"eco"}}"#, r#"{"amount":3,"to":{"class":"basic"},"note":"n"}"#),
    ]
    .map(|(before, after)| (args(before), args(after)));
    let edits: Vec<Edit<'_>> =
        pairs.iter().map(|(before, after)| Edit { kind: "pay", before, after }).collect();
    let found = changes(&edits);
    let path = |path: &str| found.iter().find(|changed| changed.path == path).unwrap();
    assert_eq!(
        (path("/amount").edits, path("/amount").ratio, path("/amount").always.clone()),
        (3, Some(0.01), None)
    );
    assert_eq!(path("/to/class").always, Some("basic".into()));
    assert_eq!(path("/to/class").moves[0], ("eco".into(), "basic".into(), 2));
    assert_eq!(path("/note").moves[0], (Json::Null, "n".into(), 1));
}
