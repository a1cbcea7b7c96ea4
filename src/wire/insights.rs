//! The body of `GET /v1/insights`: what the tally and the desks know, computed and told, each number with how much it
//! rests on.

use super::capacity::capacity_json;
use super::criterion::{proposed, words};
use super::desk::Arrivals;
use super::tally::{Known, Passed};
use crate::core::capacity::Demand;
use crate::core::insights::{
    Balance, Caught, Dimension, Said, Trusting, balances, caught, ends, median_words, people, reasons, said,
    said_by, team,
};
use crate::core::json::{Json, Object};
use crate::core::label::{End, Label};
use crate::core::number::int_to_f64;
use crate::core::policy::Policy;
use crate::core::statistics::bins::{Bin, bin_of, bottom};
use crate::core::statistics::edits::Changed;
use crate::core::statistics::pattern::Pattern;
use crate::core::statistics::proportion::{Count, Interval};
use crate::core::statistics::stamping::{FAR_BELOW, Pace, Sign};
use crate::core::statistics::weighted::{Estimate, Weighted};
use crate::core::time::Millis;

/// What is told from.
#[derive(Debug)]
pub struct Material<'a> {
    /// What the tally knows.
    pub known: &'a Known,
    /// The labels that are asked about.
    pub labels: &'a [Label],
    /// What stands for cases that are open.
    pub open: &'a [Label],
    /// Whether one kind is asked about.
    pub of_kind: bool,
    /// What arrived, by desk.
    pub arrivals: &'a [(String, Arrivals)],
    /// Patterns in what was overridden, with what reviewers called most of those errors.
    pub patterns: &'a [(Pattern, String)],
    /// What edits changed.
    pub edits: &'a [Changed],
    /// How many recorded actions patterns and edits were looked for in.
    pub recorded: usize,
    /// The policy in force.
    pub policy: &'a Policy,
    /// From when on.
    pub since: Millis,
    /// Until now.
    pub until: Millis,
    /// The people whose decisions look like a rubber stamp: what they said is left out of every estimate.
    pub stamping: &'a [String],
    /// Whether single people are told apart.
    pub by_person: bool,
}

/// The whole body.
pub fn insights_json(material: &Material<'_>) -> Json {
    let labels = material.labels;
    let every: Vec<Label> = labels.iter().chain(material.open).cloned().collect();
    // Who stamps labels nothing.
    let all = Trusting { labels: &every, stamping: material.stamping };
    let trusted: Vec<Label> = labels.iter().filter(|label| all.counts(label)).cloned().collect();
    let mut body = Object::new();
    body.set("since", material.since.to_string());
    body.set("until", material.until.to_string());
    body.set("labels", count(labels.len()));
    body.set("open", count(material.open.len()));
    body.set("left_out", count(labels.len().saturating_sub(trusted.len())));
    body.set("truncated", material.known.truncated);
    body.set("policy", material.policy.digest().to_string());
    body.set("passed", passed_json(material.known));
    body.set("overrides", overrides_json(all, labels, &trusted, material.edits));
    body.set("confidence", confidence_json(material.known, &trusted));
    body.set("caught", caught_json(all));
    body.set("capacity", capacities_json(material));
    body.set("economics", economics_json(all, material.policy));
    body.set("patterns", patterns_json(material));
    body.set("vigilance", vigilance_json(material));
    body.into()
}

fn count(length: usize) -> f64 {
    int_to_f64(i64::try_from(length).unwrap_or(i64::MAX))
}

fn set_interval(object: &mut Object, interval: Interval) {
    object.set("low", interval.low);
    object.set("high", interval.high);
}

/// A count with its rate and Wilson's interval.
fn rate_json(count: Count) -> Object {
    let mut object = Object::new();
    object.set("n", count.n);
    object.set("k", count.k);
    object.set("rate", count.rate());
    set_interval(&mut object, count.wilson());
    object
}

/// An estimate over everything, with the rate that forgets the probabilities beside it.
fn estimate_json(estimate: Estimate) -> Json {
    let rate = estimate.rate();
    let mut object = Object::new();
    object.set("n", estimate.naive().n);
    object.set("stands_for", estimate.all());
    object.set("rate", rate.map(|(rate, _)| rate));
    set_interval(&mut object, rate.map_or(Interval::ALL, |(_, interval)| interval));
    object.set("naive", estimate.naive().rate());
    object.into()
}

fn said_json(said: &Said) -> Object {
    let mut object = rate_json(said.reviewed());
    object.set("held", rate_json(said.held));
    object.set("audited", rate_json(said.audited));
    object.set("wrong", estimate_json(said.estimate));
    object
}

fn passed_json(known: &Known) -> Json {
    let sum = |of: &dyn Fn(&str, Passed) -> bool| -> f64 {
        known.passed.iter().filter(|(_, kind, _, passed, _)| of(kind, *passed)).map(|(.., n)| n).sum()
    };
    let mut kinds: Vec<&str> = known.passed.iter().map(|(_, kind, ..)| kind.as_str()).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let counts = |kind: Option<&str>| {
        let mut object = Object::new();
        for passed in Passed::ALL {
            let of = |known: &str, how: Passed| how == passed && kind.is_none_or(|kind| kind == known);
            object.set(passed.as_str(), sum(&of));
        }
        object
    };
    let mut all = counts(None);
    let by_kind = kinds.iter().map(|kind| {
        let mut object = counts(Some(kind));
        object.set("name", *kind);
        Json::from(object)
    });
    all.set("kind", by_kind.collect::<Json>());
    all.into()
}

fn overrides_json(all: Trusting<'_>, labels: &[Label], trusted: &[Label], edits: &[Changed]) -> Json {
    let mut object = Object::new();
    object.set("all", said_json(&said(all)));
    for dimension in Dimension::ALL {
        let rows = said_by(all, dimension);
        let rows = rows.iter().map(|(name, said)| {
            let mut row = said_json(said);
            row.set("name", name.as_str());
            Json::from(row)
        });
        object.set(dimension.as_str(), rows.collect::<Json>());
    }
    let named = |name: &str, count: Count| {
        let mut row = rate_json(count);
        row.set("name", name);
        Json::from(row)
    };
    let reasons = reasons(trusted);
    object.set("reason", reasons.iter().map(|(reason, count)| named(reason, *count)).collect::<Json>());
    let ends = ends(labels);
    object.set("decision", ends.iter().map(|(end, count)| named(end.as_str(), *count)).collect::<Json>());
    object.set("edits", edits.iter().map(changed_json).collect::<Json>());
    object.into()
}

fn changed_json(changed: &Changed) -> Json {
    let moves = changed.moves.iter().map(|(from, to, times)| {
        Json::object([("from", from.clone()), ("to", to.clone()), ("n", count(*times).into())])
    });
    Json::object([
        ("kind", changed.kind.as_str().into()),
        ("path", changed.path.as_str().into()),
        ("n", count(changed.edits).into()),
        ("ratio", changed.ratio.into()),
        ("moves", moves.collect()),
        ("always", changed.always.clone().into()),
    ])
}

/// Wrong actions by confidence, in tenths: what was looked at, and what that stands for.
fn confidence_json(known: &Known, labels: &[Label]) -> Json {
    let mut tenths = [(Bin::default(), Weighted::default()); 10];
    for (_, at, bin) in &known.bins {
        if let Some((tenth, _)) = tenths.get_mut(usize::from(at / 10)) {
            tenth.seen += bin.seen;
            tenth.proceeded += bin.proceeded;
        }
    }
    for label in labels {
        let (Some(wrong), Some(confidence)) = (label.wrong(), label.confidence) else { continue };
        if let Some((_, weighted)) = tenths.get_mut(usize::from(bin_of(confidence) / 10)) {
            weighted.add(wrong, label.probability);
        }
    }
    let some = (0_u8..).zip(&tenths).filter(|(_, (bin, weighted))| bin.seen + weighted.n > 0.0);
    let rows = some.map(|(tenth, (bin, weighted))| {
        let (from, to) =
            (bottom(tenth.saturating_mul(10)), bottom(tenth.saturating_mul(10).saturating_add(10)));
        let mut row = Object::new();
        row.set("from", from);
        row.set("to", to);
        row.set("n", weighted.n);
        row.set("k", weighted.k);
        row.set("naive", weighted.naive().rate());
        row.set("rate", weighted.hajek());
        set_interval(&mut row, weighted.interval());
        row.set("seen", bin.seen);
        row.set("proceeded", bin.proceeded);
        Json::from(row)
    });
    rows.collect()
}

fn caught_json(labels: Trusting<'_>) -> Json {
    let (all, rows) = caught(labels);
    let row = |name: &str, caught: &Caught| {
        let share = caught.share();
        let mut row = Object::new();
        row.set("name", name);
        row.set("caught", caught.before);
        row.set("found_after", caught.found);
        row.set("audits", caught.audits.naive().n);
        row.set("let_through", caught.audits.through().0);
        row.set("share", share.map(|(share, _)| share));
        set_interval(&mut row, share.map_or(Interval::ALL, |(_, interval)| interval));
        Json::from(row)
    };
    let mut object = Object::new();
    object.set("all", row("all", &all));
    object.set("category", rows.iter().map(|(name, caught)| row(name, caught)).collect::<Json>());
    object.into()
}

fn capacities_json(material: &Material<'_>) -> Json {
    let rows = material.arrivals.iter().map(|(name, arrivals)| {
        let desk = material.policy.desk(name).cloned().unwrap_or_default();
        // What comes to a desk is of all kinds: what is known of one says nothing of it.
        let own = material.labels.iter().filter(|label| label.desk == *name && !material.of_kind);
        let labels: Vec<Label> = own.cloned().collect();
        // Hours in which nothing came at all are taken for hours in which nobody was there.
        let busiest = busiest(arrivals);
        let (_, held, audits) = busiest;
        let mut demand = Demand::of(&desk, held, audits);
        let measured = arrivals.seconds;
        demand.seconds = measured.unwrap_or(demand.seconds);
        demand.words = median_words(&labels);
        demand.overrides_z = team(&labels).z();
        let mut object = capacity_json(name, &demand, &demand.forecast());
        object.set("seconds_are", if measured.is_some() { "measured" } else { "of the policy" });
        object.set("hours", count(arrivals.by_hour.len()));
        let hourly = |of: &dyn Fn(&(i64, i64, i64)) -> i64| -> f64 {
            let sum: i64 = arrivals.by_hour.iter().map(of).fold(0, i64::saturating_add);
            if arrivals.by_hour.is_empty() { 0.0 } else { int_to_f64(sum) / count(arrivals.by_hour.len()) }
        };
        object.set("mean_held_per_hour", hourly(&|(_, held, _)| *held));
        object.set("mean_audits_per_hour", hourly(&|(_, _, audits)| *audits));
        object.set("expired", ended(&labels, End::Expired));
        object.set("unaudited", ended(&labels, End::Unaudited));
        object.set("level", arrivals.level.as_str());
        object.set("backlog", backlog_json(&demand, arrivals));
        Json::from(object)
    });
    rows.collect()
}

/// What waits, and what will, as far as nothing is left to chance.
fn backlog_json(demand: &Demand, arrivals: &Arrivals) -> Json {
    let (queue, waiting) = (demand.queue(), int_to_f64(arrivals.waiting));
    Json::object([
        ("waiting", waiting.into()),
        ("in_one_hour", queue.backlog_after(waiting, 1.0).into()),
        ("in_eight_hours", queue.backlog_after(waiting, 8.0).into()),
        ("hours_to_breach", queue.hours_to_breach(waiting, demand.deadline).into()),
    ])
}

fn ended(labels: &[Label], end: End) -> Object {
    let held = end == End::Expired;
    let n = labels.iter().filter(|label| label.held == held).count();
    let k = labels.iter().filter(|label| label.end == end).count();
    rate_json(Count { n: count(n), k: count(k) })
}

/// The hour that is busier than 95 of 100, of those in which anything came.
fn busiest(arrivals: &Arrivals) -> (i64, f64, f64) {
    let mut hours: Vec<&(i64, i64, i64)> = arrivals.by_hour.iter().collect();
    hours.sort_by_key(|(_, held, audits)| held.saturating_add(*audits));
    let last = hours.len().saturating_sub(1);
    let at = last.saturating_sub(last / 20);
    hours
        .get(at)
        .map_or((0, 0.0, 0.0), |(hour, held, audits)| (*hour, int_to_f64(*held), int_to_f64(*audits)))
}

fn economics_json(labels: Trusting<'_>, policy: &Policy) -> Json {
    let balances = balances(labels, policy);
    let sum = |of: &dyn Fn(&Balance) -> f64| balances.iter().map(of).sum::<f64>();
    let priced = policy.desks().any(|(_, desk)| desk.cost_per_hour.is_some());
    let damaging = balances.iter().any(|row| row.damage.is_some());
    let damage = |row: &Balance| row.damage.unwrap_or(0.0);
    let through = |of: fn((f64, Interval)) -> f64| sum(&|row| of(row.audits.through()) * damage(row));
    Json::object([
        ("cost_of_review", priced.then(|| sum(&|row| row.cost)).into()),
        ("looks", sum(&|row| row.looks).into()),
        ("damage_caught", damaging.then(|| sum(&|row| row.caught * damage(row))).into()),
        ("damage_let_through", damaging.then(|| through(|(through, _)| through)).into()),
        ("damage_let_through_low", damaging.then(|| through(|(_, interval)| interval.low)).into()),
        ("damage_let_through_high", damaging.then(|| through(|(_, interval)| interval.high)).into()),
        ("severity", balances.iter().map(balance_json).collect()),
    ])
}

fn balance_json(row: &Balance) -> Json {
    let optimum = row.optimum.map(|best| {
        Json::object([
            ("threshold", best.threshold.into()),
            ("cost_per_action", best.cost.into()),
            ("cost_per_action_today", best.today.into()),
            ("n", best.n.into()),
        ])
    });
    let (through, interval) = row.audits.through();
    Json::object([
        ("name", row.severity.as_str().into()),
        ("damage", row.damage.into()),
        ("looks", row.looks.into()),
        ("cost_of_review", row.cost.into()),
        ("caught", row.caught.into()),
        ("audits", row.audits.naive().n.into()),
        ("let_through", through.into()),
        ("let_through_low", interval.low.into()),
        ("let_through_high", interval.high.into()),
        ("break_even", row.break_even.into()),
        ("threshold", row.threshold.into()),
        ("optimum", optimum.into()),
    ])
}

fn patterns_json(material: &Material<'_>) -> Json {
    let mut taken: Vec<String> =
        material.policy.criteria().iter().map(|criterion| criterion.id.clone()).collect();
    let found = material.patterns.iter().map(|(pattern, category)| {
        let proposed = proposed(pattern, category, &taken);
        taken.push(proposed.id.clone());
        let (_, says) = words(&pattern.property);
        Json::object([
            ("kind", pattern.kind.as_str().into()),
            ("property", says.trim().trim_matches(['(', ')']).into()),
            ("with", rate_json(pattern.with).into()),
            ("without", rate_json(pattern.without).into()),
            ("lift", pattern.lift().into()),
            ("p", pattern.p.into()),
            (
                "criterion",
                Json::object([
                    ("id", proposed.id.as_str().into()),
                    ("category", proposed.category.as_str().into()),
                    ("kinds", Json::Array(vec![proposed.kind.as_str().into()])),
                    ("when", proposed.when.as_str().into()),
                    ("then", "hold".into()),
                    ("message", proposed.message.as_str().into()),
                    ("toml", proposed.to_toml().into()),
                ]),
            ),
        ])
    });
    Json::object([("recorded", count(material.recorded).into()), ("found", found.collect())])
}

fn vigilance_json(material: &Material<'_>) -> Json {
    let labels = material.labels;
    let mut object = pace_json(&team(labels));
    let row = |(name, pace): &(String, Pace)| {
        let mut row = pace_json(pace);
        row.set("name", name.as_str());
        Json::from(row)
    };
    let people =
        if material.by_person { Some(people(labels).iter().map(row).collect::<Json>()) } else { None };
    object.set("people", people);
    object.into()
}

fn pace_json(pace: &Pace) -> Object {
    let mut object = rate_json(pace.overrides);
    object.set("seconds", pace.mean_seconds());
    object.set("under_floor", rate_json(pace.under_floor));
    object.set("longest_streak", pace.longest_streak);
    object.set("observed_overrides", pace.z().map(|_| pace.observed()));
    object.set("expected_overrides", pace.z().map(|_| pace.expected()));
    object.set("z", pace.z());
    object.set("z_needed", FAR_BELOW);
    object.set("signs", pace.signs().into_iter().map(Sign::as_str).collect::<Json>());
    object.set("stamping", pace.is_stamping());
    object
}
