//! Queues: against numbers that other programs computed, as properties, and against a desk that is simulated.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a test fails by panicking"
)]

#[path = "support/oracles.rs"]
mod oracles;
#[path = "support/random.rs"]
mod random;

use holdpoint::core::capacity::queueing::Queue;
use oracles::{oracles, same, same_to};
use proptest::prelude::*;
use random::Random;

#[test]
fn one_person_who_is_half_busy_keeps_half_of_them_waiting() {
    assert!((Queue { arrivals: 30.0, rate: 60.0, people: 1 }.waits() - 0.5).abs() < 1e-12);
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

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

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
}

/// A desk by discrete events: arrivals at random, exponential reviews, held before audits, deadlines.
mod simulated {
    use super::{Queue, Random};

    #[derive(Default)]
    struct Seen {
        held: f64,
        waited: f64,
        wait: f64,
        longer: f64,
        expired: f64,
    }

    /// The time to the next event of so many in an hour; never, of none.
    fn next(random: &mut Random, rate: f64) -> f64 {
        if rate <= 0.0 { f64::INFINITY } else { -(1.0 - random.fraction()).ln() / rate }
    }

    /// Runs for that many hours. Held cases leave after their patience: exponential, or never.
    fn run(queue: Queue, behind: f64, patience: Option<f64>, hours: f64, seed: u64) -> Seen {
        let mut random = Random::new(seed);
        let mut told = Seen::default();
        let mut free: Vec<f64> = vec![0.0; queue.people as usize];
        let (mut held, mut audits): (Vec<(f64, f64)>, Vec<f64>) = (Vec::new(), Vec::new());
        let mut coming = [next(&mut random, queue.arrivals), next(&mut random, behind)];
        let mut queue_at = 0;
        let mut audits_at = 0;
        loop {
            // Whoever is free first looks at what is there by then.
            let person = (0..free.len()).min_by(|a, b| free[*a].total_cmp(&free[*b])).unwrap();
            let now = free[person];
            if now > hours {
                return told;
            }
            while coming[0].min(coming[1]) <= now {
                if coming[0] <= coming[1] {
                    held.push((
                        coming[0],
                        patience.map_or(f64::INFINITY, |mean| next(&mut random, 3600.0 / mean)),
                    ));
                    coming[0] += next(&mut random, queue.arrivals);
                } else {
                    audits.push(coming[1]);
                    coming[1] += next(&mut random, behind);
                }
            }
            while held.get(queue_at).is_some_and(|(came, patience)| came + patience < now) {
                (told.held, told.expired) = (told.held + 1.0, told.expired + 1.0);
                queue_at += 1;
            }
            if let Some((came, _)) = held.get(queue_at) {
                let wait = (now - came) * 3600.0;
                queue_at += 1;
                told.held += 1.0;
                told.wait += wait;
                told.waited += f64::from(u8::from(wait > 1e-9));
                told.longer += f64::from(u8::from(wait > 60.0));
                free[person] = now + next(&mut random, queue.rate);
            } else if audits.get(audits_at).is_some() {
                audits_at += 1;
                free[person] = now + next(&mut random, queue.rate);
            } else {
                // Nothing there: they all wait for what comes next.
                let soonest = coming[0].min(coming[1]);
                for at in &mut free {
                    *at = at.max(soonest);
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
