//! The statistics against numbers that other programs computed, against what must hold for all numbers, and
//! against simulations of what they are about.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use holdpoint::core::capacity::queueing::Queue;
use holdpoint::core::economics::{break_even, optimum, review_cost};
use holdpoint::core::statistics::bins::{Bin, bin_of};
use holdpoint::core::statistics::pattern::{benjamini_hochberg, hypergeometric_tail};
use holdpoint::core::statistics::proportion::{Count, Interval};
use holdpoint::core::statistics::special::{beta_inc, beta_inc_inv, binomial_cdf, ln_gamma};
use holdpoint::core::statistics::stamping::{Look, Pace, floor_ms, reading_seconds};
use holdpoint::core::statistics::weighted::{Estimate, Weighted};
use proptest::prelude::*;
use serde_json::Value;

/// SplitMix64: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ (bits >> 31)) >> 11) as f64 / 9_007_199_254_740_992.0
    }

    fn chance(&mut self, share: f64) -> bool {
        self.fraction() < share
    }

    /// The time to the next event of so many in an hour; never, of none.
    fn exponential(&mut self, rate: f64) -> f64 {
        if rate <= 0.0 { f64::INFINITY } else { -(1.0 - self.fraction()).ln() / rate }
    }
}

/// Numbers of scipy and statsmodels, where they are at hand beside the project.
fn oracles() -> Option<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/oracles.json");
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        println!("skipped: no oracles beside the project");
    }
    text.map(|text| serde_json::from_str(&text).unwrap())
}

/// Equal to nine digits, or as far as the other number is written.
#[track_caller]
fn same(found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap_or_else(|| panic!("{expected} is no number"));
    let digits = 10_f64.powi(-10);
    let tolerance = (expected.abs() * 1e-9).max(digits * 0.6);
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
}

/// As [`same`], for a number that is written with this many decimals.
#[track_caller]
fn same_to(decimals: i32, found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= 10_f64.powi(-decimals) * 0.51, "{found} is not {expected}");
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
fn queues_give_the_oracles_numbers() {
    let Some(oracles) = oracles() else { return };
    let parameters = |name: &str| -> Vec<f64> {
        let numbers = name
            .split(',')
            .map(|part| part.split('=').nth(1).unwrap().trim_end_matches("/h").parse().unwrap());
        numbers.collect()
    };
    for (name, expected) in oracles["erlang_c"].as_object().unwrap() {
        let [arrivals, rate, people] = parameters(name)[..] else { panic!("{name}") };
        let queue = Queue { arrivals, rate, people: people as u32 };
        same(queue.load(), &expected["a"]);
        same(queue.utilisation(), &expected["rho"]);
        same(queue.erlang_b(), &expected["erlang_B"]);
        same(queue.waits(), &expected["P_wait"]);
        same_to(6, queue.mean_wait().unwrap(), &expected["Wq_s"]);
        for (key, expected) in expected.as_object().unwrap() {
            if let Some(seconds) = key.strip_prefix("P(W>") {
                same(queue.waits_longer(seconds.trim_end_matches("s)").parse().unwrap()), expected);
            }
        }
    }
    for (name, expected) in oracles["erlang_a_deadlines"].as_object().unwrap() {
        let [arrivals, rate, leaving, people] = parameters(name)[..] else { panic!("{name}") };
        let queue = Queue { arrivals, rate, people: people as u32 };
        let impatient = queue.impatient(3600.0 / leaving);
        same(impatient.waits, &expected["P_wait"]);
        same(impatient.waiting, &expected["Lq"]);
        same(impatient.expires, &expected["P_expire"]);
        same_to(6, impatient.mean_wait, &expected["Wq_s"]);
        same_to(6, impatient.served, &expected["served_per_h"]);
        same(queue.fluid_expiry(), &expected["fluid_P_expire"]);
    }
    let priority =
        &oracles["priority_nonpreemptive_Wq_s"]["lambda=[5,10,15]/h (critical,high,normal), mu=12, c=3"];
    let waits = Queue::priority_waits(12.0, 3, &[5.0, 10.0, 15.0]);
    for (found, expected) in waits.iter().zip(priority.as_array().unwrap()) {
        same_to(6, found.unwrap(), expected);
    }
    let staffing = &oracles["staffing"];
    for (name, arrivals, rate, share, seconds) in [
        ("lambda=200/h,AHT=20s(mu=180): 95% within 60s", 200.0, 180.0, 0.95, 60.0),
        ("lambda=1000/h,AHT=15s(mu=240): 95% within 30s", 1000.0, 240.0, 0.95, 30.0),
        ("lambda=1000/h,AHT=5min(mu=12): 90% within 15min", 1000.0, 12.0, 0.9, 900.0),
    ] {
        assert_eq!(
            u64::from(Queue::people_for(arrivals, rate, share, seconds).unwrap()),
            staffing[name].as_u64().unwrap()
        );
    }
    let fluid = &oracles["fluid"];
    let queue = Queue { arrivals: 100.0, rate: 60.0, people: 1 };
    same(queue.backlog_after(120.0, 2.0), &fluid["backlog 120, lambda 100/h, capacity 60/h, after 2h"]);
    let quiet = Queue { arrivals: 40.0, ..queue };
    assert_eq!(
        quiet.backlog_after(200.0, fluid["drain time after lambda drops to 40/h (h)"].as_f64().unwrap()),
        0.0
    );
    assert!(quiet.backlog_after(200.0, 9.99) > 0.0);
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
    // One person, half busy: waits with probability one half.
    assert!((Queue { arrivals: 30.0, rate: 60.0, people: 1 }.waits() - 0.5).abs() < 1e-12);
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
            whole.add(*wrong, *probability);
            parts[part].add(*wrong, *probability);
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
    fn more_people_wait_less_and_more_work_waits_more(arrivals in 1.0_f64..500.0, rate in 1.0_f64..300.0, people in 1_u32..40) {
        let queue = Queue { arrivals, rate, people };
        let helped = Queue { people: people + 1, ..queue };
        let busier = Queue { arrivals: arrivals * 1.1, ..queue };
        prop_assert!((0.0..=1.0).contains(&queue.waits()));
        prop_assert!(helped.waits() <= queue.waits() + 1e-12 && queue.waits() <= busier.waits() + 1e-12);
        prop_assert!(queue.waits_longer(60.0) <= queue.waits() + 1e-12);
        let (now, then) = (queue.impatient(1800.0), busier.impatient(1800.0));
        prop_assert!((0.0..=1.0).contains(&now.expires) && now.expires <= then.expires + 1e-9);
        prop_assert!(helped.impatient(1800.0).expires <= now.expires + 1e-9);
        prop_assert!(now.expires >= queue.fluid_expiry() - 1e-6, "chance only makes it worse");
        prop_assert!(queue.waits_longer_before(10.0, 60.0) >= queue.waits_longer(60.0) - 1e-12, "others behind never help");
    }

    #[test]
    fn p_values_are_probabilities_and_fall_with_more_overrides(n in 1_u32..60, wrong in 0_u32..60, rest in 1_u32..200) {
        let n = f64::from(n);
        let all = Count { n: n + f64::from(rest), k: f64::from(wrong).min(n + f64::from(rest)) };
        let mut last = 1.0;
        for k in 0..=(n.min(all.k) as u32) {
            let p = hypergeometric_tail(n, f64::from(k), all);
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
/// actions are all looked at, the others by chance.
#[test]
fn estimates_hold_the_truth_as_often_as_they_say() {
    let mut random = Random::new(7);
    for (share, error) in [(0.05, 0.10), (0.20, 0.03), (0.5, 0.01)] {
        let (mut held_truth, runs) = (0, 400);
        let mut naive_held = 0;
        for _ in 0..runs {
            let (mut estimate, mut wrong, all) = (Estimate::default(), 0.0, 4000);
            for _ in 0..all {
                // What is held is wrong four times as often as what proceeds.
                let held = random.chance(0.3);
                let is_wrong = random.chance(if held { error * 4.0 } else { error });
                wrong += f64::from(u8::from(is_wrong));
                if held || random.chance(share) {
                    estimate.add(is_wrong, if held { 1.0 } else { share });
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
            count.add(random.chance(0.05));
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

mod simulated {
    //! A desk by discrete events: arrivals at random, exponential reviews, held before audits, deadlines.

    use super::*;

    #[derive(Default)]
    struct Seen {
        held: f64,
        waited: f64,
        wait: f64,
        longer: f64,
        expired: f64,
    }

    /// Runs for that many hours. Held cases leave after their patience: exponential, or never.
    fn run(queue: Queue, behind: f64, patience: Option<f64>, hours: f64, seed: u64) -> Seen {
        let mut random = Random::new(seed);
        let mut seen = Seen::default();
        let mut free: Vec<f64> = vec![0.0; queue.people as usize];
        let (mut held, mut audits): (Vec<(f64, f64)>, Vec<f64>) = (Vec::new(), Vec::new());
        let mut next = [random.exponential(queue.arrivals), random.exponential(behind)];
        let mut queue_at = 0;
        let mut audits_at = 0;
        loop {
            // Whoever is free first looks at what is there by then.
            let person = (0..free.len()).min_by(|a, b| free[*a].total_cmp(&free[*b])).unwrap();
            let now = free[person];
            if now > hours {
                return seen;
            }
            while next[0].min(next[1]) <= now {
                if next[0] <= next[1] {
                    held.push((
                        next[0],
                        patience.map_or(f64::INFINITY, |mean| random.exponential(3600.0 / mean)),
                    ));
                    next[0] += random.exponential(queue.arrivals);
                } else {
                    audits.push(next[1]);
                    next[1] += random.exponential(behind);
                }
            }
            while held.get(queue_at).is_some_and(|(came, patience)| came + patience < now) {
                (seen.held, seen.expired) = (seen.held + 1.0, seen.expired + 1.0);
                queue_at += 1;
            }
            if let Some((came, _)) = held.get(queue_at) {
                let wait = (now - came) * 3600.0;
                queue_at += 1;
                seen.held += 1.0;
                seen.wait += wait;
                seen.waited += f64::from(u8::from(wait > 1e-9));
                seen.longer += f64::from(u8::from(wait > 60.0));
                free[person] = now + random.exponential(queue.rate);
            } else if audits.get(audits_at).is_some() {
                audits_at += 1;
                free[person] = now + random.exponential(queue.rate);
            } else {
                // Nothing there: they all wait for what comes next.
                let coming = next[0].min(next[1]);
                for at in &mut free {
                    *at = at.max(coming);
                }
            }
        }
    }

    #[track_caller]
    fn close(found: f64, expected: f64, within: f64) {
        assert!((found - expected).abs() <= within, "simulated {found}, computed {expected}");
    }

    #[test]
    fn waits_are_those_of_erlang_c_and_of_cobham() {
        for (queue, behind) in [
            (Queue { arrivals: 30.0, rate: 12.0, people: 3 }, 0.0),
            (Queue { arrivals: 200.0, rate: 60.0, people: 4 }, 0.0),
            (Queue { arrivals: 20.0, rate: 12.0, people: 3 }, 10.0),
            (Queue { arrivals: 100.0, rate: 120.0, people: 2 }, 100.0),
        ] {
            let seen = run(queue, behind, None, 60_000.0, 3);
            let wait = queue.mean_wait_before(behind).unwrap();
            close(seen.wait / seen.held, wait, wait * 0.05);
            close(seen.longer / seen.held, queue.waits_longer_before(behind, 60.0), 0.01);
            let all = Queue { arrivals: queue.arrivals + behind, ..queue };
            close(seen.waited / seen.held, all.waits(), 0.01);
            let cobham =
                Queue::priority_waits(queue.rate, queue.people, &[queue.arrivals, behind])[0].unwrap();
            close(wait, cobham, wait * 1e-9);
        }
    }

    #[test]
    fn expiries_are_those_of_erlang_a() {
        for (queue, patience) in [
            (Queue { arrivals: 30.0, rate: 12.0, people: 3 }, 900.0),
            (Queue { arrivals: 60.0, rate: 12.0, people: 3 }, 900.0),
            (Queue { arrivals: 100.0, rate: 60.0, people: 1 }, 1800.0),
        ] {
            let seen = run(queue, 0.0, Some(patience), 20_000.0, 5);
            close(seen.expired / seen.held, queue.impatient(patience).expires, 0.01);
        }
    }
}
