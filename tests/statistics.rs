//! The statistics against numbers that other programs computed, against what must hold for all numbers, and
//! against simulations of what they are about.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    clippy::arithmetic_side_effects,
    clippy::cast_precision_loss,
    clippy::type_complexity,
    reason = "a test fails by panicking"
)]

#[path = "support/oracles.rs"]
mod oracles;
#[path = "support/random.rs"]
mod random;

use holdpoint::core::economics::{break_even, optimum, review_cost};
use holdpoint::core::statistics::bins::{Bin, bin_of};
use holdpoint::core::statistics::pattern::{benjamini_hochberg, hypergeometric_tail};
use holdpoint::core::statistics::proportion::{Count, Interval};
use holdpoint::core::statistics::special::{beta_inc, beta_inc_inv, binomial_cdf, ln_gamma};
use holdpoint::core::statistics::stamping::{Look, Pace, floor_ms, reading_seconds};
use holdpoint::core::statistics::weighted::{Estimate, Weighted};
use oracles::{oracles, same, same_to};
use proptest::prelude::*;
use random::Random;
use serde_json::Value;

fn chance(random: &mut Random, share: f64) -> bool {
    random.fraction() < share
}

fn fraction(text: &str) -> Count {
    let (k, n) = text.split_once('/').unwrap();
    Count { n: n.parse().unwrap(), k: k.parse().unwrap() }
}

#[test]
fn special_functions_give_the_oracles_numbers() {
    let Some(oracles) = oracles() else { return };
    let special = &oracles["special"];
    for (x, expected) in special["lgamma"].as_object().unwrap() {
        same_to(
            9,
            ln_gamma(x.parse().unwrap()) / ln_gamma(x.parse::<f64>().unwrap()).abs().max(1.0),
            &(expected.as_f64().unwrap() / expected.as_f64().unwrap().abs().max(1.0)).into(),
        );
    }
    let rows = |name: &str| -> Vec<Vec<Value>> {
        special[name].as_array().unwrap().iter().map(|row| row.as_array().unwrap().clone()).collect()
    };
    let number = |value: &Value| value.as_f64().unwrap();
    for row in rows("betainc(a,b,x)") {
        same(beta_inc(number(&row[0]), number(&row[1]), number(&row[2])), &row[3]);
    }
    for row in rows("betaincinv(a,b,p)") {
        same(beta_inc_inv(number(&row[0]), number(&row[1]), number(&row[2])), &row[3]);
    }
    for row in rows("binom_cdf(k,n,p)") {
        same(binomial_cdf(number(&row[0]), number(&row[1]), number(&row[2])), &row[3]);
    }
}

#[test]
fn intervals_give_the_oracles_numbers() {
    let Some(oracles) = oracles() else { return };
    let tables: [(&str, fn(Count) -> Interval); 3] = [
        ("wilson95", Count::wilson),
        ("clopper_pearson95", Count::clopper_pearson),
        ("anytime_valid_cs_beta_binomial_delta.05_prior1,1", Count::confidence_sequence),
    ];
    for (name, interval) in tables {
        for (text, expected) in oracles[name].as_object().unwrap() {
            let found = interval(fraction(text));
            same(found.low, &expected[0]);
            same(found.high, &expected[1]);
        }
    }
    same_to(
        3,
        Count { n: 40.0, k: 12.0 }.shrunk(0.072, 20.0),
        &oracles["segment_vs_rest"]["shrunk rate beta prior mean .072 strength 20"],
    );
}

#[test]
fn weighted_estimates_give_the_oracles_numbers() {
    let Some(oracles) = oracles() else { return };
    let oracle = &oracles["horvitz_thompson"];
    let mut all = Weighted::default();
    for label in oracle["labelled(error,pi)"].as_array().unwrap() {
        all.add(label[0].as_f64().unwrap() > 0.5, label[1].as_f64().unwrap());
    }
    let n = oracle["N"].as_f64().unwrap();
    same(all.wy, &oracle["ht_total_errors"]);
    same(all.horvitz_thompson(n), &oracle["ht_rate"]);
    same(all.horvitz_thompson_error(n), &oracle["se_ht"]);
    same(all.w, &oracle["N_hat"]);
    same(all.hajek().unwrap(), &oracle["hajek_rate"]);
    same(all.effective(), &oracle["kish_n_eff"]);
    same(all.naive().rate().unwrap(), &oracle["naive_rate_wrong"]);
}

#[test]
fn patterns_give_the_oracles_numbers() {
    let Some(oracles) = oracles() else { return };
    let oracle = &oracles["segment_vs_rest"];
    let (with, rest) = (Count { n: 40.0, k: 12.0 }, Count { n: 960.0, k: 60.0 });
    let p = hypergeometric_tail(with.n, with.k, with.merged(rest));
    let expected = oracle["12/40 vs 60/960: fisher greater p"].as_f64().unwrap();
    assert!((p / expected - 1.0).abs() < 1e-6, "{p} is not {expected}: it is written with seven digits");
    same(with.rate().unwrap() / rest.rate().unwrap(), &oracle["lift"]);
    same_to(8, with.wilson().low / with.merged(rest).rate().unwrap(), &oracle["wilson lower / base"]);
    let p: Vec<f64> = serde_json::from_value(oracles["benjamini_hochberg"]["p"].clone()).unwrap();
    let kept: Vec<usize> =
        serde_json::from_value(oracles["benjamini_hochberg"]["q=.1 kept idx"].clone()).unwrap();
    let stands = benjamini_hochberg(&p, 0.1);
    assert_eq!((0..p.len()).filter(|at| stands[*at]).collect::<Vec<_>>(), kept);
}

#[test]
fn pace_and_money_give_the_oracles_numbers() {
    let Some(oracles) = oracles() else { return };
    let stamps = &oracles["rubber_stamp_poisson_binomial"]["held p_err: 20x.3, 50x.1, 10x.5"];
    for (overrides, name) in [(3, "z if observed 3"), (14, "z if observed 14")] {
        let mut pace = Pace::default();
        for at in 0..80 {
            let expected = Some(if at < 20 {
                0.3
            } else if at < 70 {
                0.1
            } else {
                0.5
            });
            pace.add(Look { approved: at >= overrides, seen_ms: None, floor_ms: 1000.0, expected });
        }
        same(pace.z().unwrap(), &stamps[name]);
        same(pace.expected(), &stamps["expected_overrides"]);
    }
    let time = &oracles["time_budget"];
    same(reading_seconds(150.0), &time["reading floor 150 words at 238 wpm (s)"]);
    same(reading_seconds(40.0), &time["reading floor 40 words (diff only)"]);
    same(floor_ms(150.0) / 1000.0, &time["suspicion floor = .25*reading time of 150 words"]);
    let cost = &oracles["cost_threshold p*"];
    same(break_even(0.5, 100.0, 0.8).unwrap(), &cost["c_rev=.5,D=100,catch=.8"]);
    same(break_even(0.5, 1000.0, 0.8).unwrap(), &cost["c_rev=.5,D=1000,catch=.8"]);
}

#[test]
fn a_few_numbers_to_check_by_hand() {
    // 0 of 10 by the rule of three and its exact form: 1 - 0.025^(1/10).
    let exact = Count { n: 10.0, k: 0.0 }.clopper_pearson();
    assert!((exact.high - (1.0 - 0.025_f64.powf(0.1))).abs() < 1e-12 && exact.low == 0.0);
    // Two of two drawn from four of which two are wrong: one in six.
    assert!((hypergeometric_tail(2.0, 2.0, Count { n: 4.0, k: 2.0 }) - 1.0 / 6.0).abs() < 1e-12);
    assert!((review_cost(30.0, 40.0) - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!([0.0, 0.29, 0.99, 1.0, 0.005].map(bin_of), [0, 29, 99, 99, 0]);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn intervals_hold_the_rate_and_shrink_with_more_of_the_same(k in 0_u32..200, more in 0_u32..200) {
        let one = Count { n: f64::from(k + more + 1), k: f64::from(k) };
        let ten = Count { n: one.n * 10.0, k: one.k * 10.0 };
        for interval in [Count::wilson, Count::clopper_pearson, Count::confidence_sequence] {
            let (of_one, of_ten, rate) = (interval(one), interval(ten), one.rate().unwrap());
            prop_assert!(0.0 <= of_one.low && of_one.low <= rate && rate <= of_one.high && of_one.high <= 1.0);
            prop_assert!(of_ten.high - of_ten.low <= of_one.high - of_one.low + 1e-12);
        }
        let (exact, always) = (one.clopper_pearson(), one.confidence_sequence());
        prop_assert!(always.low <= exact.low + 1e-9 && exact.high <= always.high + 1e-9, "to look always costs width");
    }

    #[test]
    fn merging_is_adding(labels in prop::collection::vec((any::<bool>(), 0.005_f64..=1.0, 0.0_f64..=1.0), 0..60), cut in 0_usize..60) {
        let (mut whole, mut parts) = (Estimate::default(), [Estimate::default(); 2]);
        let (mut bin, mut bins) = (Bin::default(), [Bin::default(); 2]);
        for (at, (wrong, probability, confidence)) in labels.iter().enumerate() {
            let part = usize::from(at >= cut);
            // Every seventh was never looked at.
            let found = (at % 7 != 3).then_some(*wrong);
            whole.add(found, *probability);
            parts[part].add(found, *probability);
            bin.label(*confidence, *wrong, *probability);
            bins[part].label(*confidence, *wrong, *probability);
        }
        let merged = parts[0].merged(parts[1]);
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-9 * a.abs().max(1.0);
        prop_assert!(close(whole.all(), merged.all()) && close(whole.sampled.variance, merged.sampled.variance));
        prop_assert_eq!(whole.naive(), merged.naive());
        match (whole.rate(), merged.rate()) {
            (None, None) => {}
            (Some((a, of_a)), Some((b, of_b))) => {
                prop_assert!(close(a, b) && close(of_a.low, of_b.low) && close(of_a.high, of_b.high));
                prop_assert!(0.0 <= of_a.low && of_a.low <= a + 1e-12 && a <= of_a.high + 1e-12 && of_a.high <= 1.0 + 1e-12);
            }
            other => prop_assert!(false, "{:?}", other),
        }
        let both = bins[0].merged(bins[1]);
        prop_assert!(close(bin.w, both.w) && close(bin.wy, both.wy) && close(bin.wp, both.wp) && bin.labelled == both.labelled);
    }

    #[test]
    fn p_values_are_probabilities_and_fall_with_more_overrides(n in 1_u32..60, wrong in 0_u32..60, rest in 1_u32..200) {
        let n = f64::from(n);
        let all = Count { n: n + f64::from(rest), k: f64::from(wrong).min(n + f64::from(rest)) };
        let mut last = 1.0;
        let most = n.min(all.k);
        for k in (0_u32..260).map(f64::from).take_while(|k| *k <= most) {
            let p = hypergeometric_tail(n, k, all);
            prop_assert!((0.0..=1.0).contains(&p) && p <= last + 1e-12);
            last = p;
        }
    }

    #[test]
    fn the_best_threshold_is_never_dearer_than_todays(
        counts in prop::collection::vec((0_u32..50, 0_u32..50), 100), today in 0_u32..=100, review in 0.01_f64..5.0, damage in 0.0_f64..500.0,
    ) {
        let mut bins = [Bin::default(); 100];
        for (bin, (right, wrong)) in bins.iter_mut().zip(&counts) {
            for at in 0..(right + wrong) {
                bin.label(0.5, at < *wrong, 0.5);
            }
        }
        if let Some(best) = optimum(&bins, f64::from(today) / 100.0, review, damage, 0.8) {
            prop_assert!(best.cost <= best.today + 1e-9 && (0.0..=1.0).contains(&best.threshold));
        }
    }
}

/// How often what is promised to hold in 95 % of cases did, over many deployments in which the truth is known: held
/// actions are all looked at, or but for some whose label counts for nothing; the others by chance.
#[test]
fn estimates_hold_the_truth_as_often_as_they_say() {
    let mut random = Random::new(7);
    for (share, error, left_out) in
        [(0.05, 0.10, 0.0), (0.20, 0.03, 0.0), (0.5, 0.01, 0.0), (0.25, 0.03, 0.25), (0.4, 0.06, 0.5)]
    {
        let (mut held_truth, runs) = (0, 400);
        let mut naive_held = 0;
        for _ in 0..runs {
            let (mut estimate, mut wrong, all) = (Estimate::default(), 0.0, 4000);
            for _ in 0..all {
                // What is held is wrong four times as often as what proceeds.
                let held = chance(&mut random, 0.3);
                let is_wrong = chance(&mut random, if held { error * 4.0 } else { error });
                wrong += f64::from(u8::from(is_wrong));
                if held || chance(&mut random, share) {
                    let found = (!chance(&mut random, left_out)).then_some(is_wrong);
                    estimate.add(found, if held { 1.0 } else { share });
                }
            }
            let truth = wrong / f64::from(all);
            let (_, interval) = estimate.rate().unwrap();
            held_truth += u32::from(interval.low <= truth && truth <= interval.high);
            let naive = estimate.naive().wilson();
            naive_held += u32::from(naive.low <= truth && truth <= naive.high);
        }
        // 95 % of 400 is 380; four standard deviations below it 362.
        assert!(held_truth >= 362, "{held_truth} of {runs} at share {share}");
        assert!(naive_held < runs * 3 / 4, "who forgets the probabilities is wrong: {naive_held} of {runs}");
    }
}

/// A sequence that is looked at after every label may miss the truth in 5 % of runs; an interval that is meant to
/// be looked at once misses far more often.
#[test]
fn what_is_always_looked_at_keeps_its_promise() {
    let mut random = Random::new(11);
    let (mut sequences, mut intervals, runs) = (0, 0, 300);
    for _ in 0..runs {
        let (mut count, mut missed) = (Count::default(), [false; 2]);
        for at in 0..1500 {
            count.add(chance(&mut random, 0.05));
            if at % 25 == 24 {
                let outside = |interval: Interval| 0.05 < interval.low || interval.high < 0.05;
                missed[0] |= outside(count.confidence_sequence());
                missed[1] |= outside(count.wilson());
            }
        }
        sequences += u32::from(missed[0]);
        intervals += u32::from(missed[1]);
    }
    assert!(sequences <= runs / 20, "{sequences} of {runs}");
    assert!(intervals > runs / 8, "{intervals} of {runs}");
}
