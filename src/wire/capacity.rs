//! Forecasts of a desk, as numbers and as one sentence.

use crate::core::backtest::Trial;
use crate::core::capacity::{Check, Demand, Forecast, Judgement, MAX_EXPIRED, Mend, Mends, USABLE};
use crate::core::json::{Json, Object};
use crate::core::number::f64_text;
use crate::core::policy::Policy;
use crate::core::statistics::stamping::reading_seconds;

/// What a desk is asked to do and what will come of it.
pub fn capacity_json(desk: &str, demand: &Demand, forecast: &Forecast) -> Object {
    let mut object = Object::new();
    object.set("desk", desk);
    object.set("held_per_hour", demand.held);
    object.set("audits_per_hour", demand.audits);
    object.set("reviewers", demand.people);
    object.set("seconds_per_review", demand.seconds);
    object.set("reviews_per_hour", forecast.possible);
    object.set("coverage", forecast.coverage);
    object.set("utilisation", forecast.utilisation);
    object.set("expected_wait_seconds", forecast.wait);
    object.set("started_within_60s", forecast.started);
    object.set("expected_expiries", forecast.expired);
    object.set("seconds_available", forecast.seconds_available);
    object.set("reading_seconds", demand.words.map(reading_seconds));
    object.set("verdict", forecast.judgement.as_str());
    object.set("checks", forecast.checks.iter().map(check_json).collect::<Json>());
    object.set("mends", forecast.mends.as_ref().map(mends_json));
    object.set("advice", advice(demand, forecast));
    object
}

fn check_json(check: &Check) -> Json {
    let known = check.judgement.is_some();
    Json::object([
        ("check", check.name.into()),
        ("value", known.then_some(check.value).into()),
        ("needed", check.needed.into()),
        ("verdict", check.judgement.map_or("unknown", Judgement::as_str).into()),
    ])
}

fn mends_json(mends: &Mends) -> Json {
    Json::object([
        ("people", mends.people.into()),
        ("seconds", mends.seconds.into()),
        ("share", mends.share.into()),
        ("cheapest", mends.cheapest.as_str().into()),
    ])
}

/// A number of people, seconds or cases, as one says it: below ten with a tenth, where there is one.
fn said(number: f64) -> String {
    let tenths = (number * 10.0).round();
    let is_whole = number >= 10.0 || number.fract().abs() <= 0.05;
    f64_text(if is_whole { number.round() } else { tenths / 10.0 })
}

fn percent(share: f64) -> String {
    let share = share * 100.0;
    let said = if share > 0.0 && share < 1.0 { (share * 10.0).round() / 10.0 } else { share.round() };
    format!("{} %", f64_text(said))
}

/// What should change, in one sentence.
fn advice(demand: &Demand, forecast: &Forecast) -> String {
    let fails = |name| {
        let found = forecast.checks.iter().find(|check| check.name == name);
        found.is_some_and(|check| check.judgement.is_some_and(|judgement| judgement != Judgement::Real))
    };
    let Some(mends) = &forecast.mends else {
        if fails("overrides") {
            return "The people have time, and override far less than audits find wrong: look at how they decide."
                .to_owned();
        }
        if fails("reading") {
            let words = demand.words.map_or(0.0, reading_seconds);
            return format!(
                "There are {} s for each case, and reading it takes {} s: hold fewer, or show less.",
                said(forecast.seconds_available.unwrap_or(0.0)),
                said(words)
            );
        }
        if forecast.expired > MAX_EXPIRED {
            return format!(
                "{} of what is held will expire: give it longer than {} s, or put more people on.",
                percent(forecast.expired),
                said(demand.deadline)
            );
        }
        return "Nothing has to change.".to_owned();
    };
    let people = format!("{} people instead of {}", mends.people, demand.people);
    let seconds = format!("{} s a case instead of {} s", said(mends.seconds), said(demand.seconds));
    let share = format!("{} of what is held and audited now", percent(mends.share));
    let (first, others) = match mends.cheapest {
        Mend::People => (people, [seconds, share]),
        Mend::Seconds => (seconds, [people, share]),
        Mend::Share => (share, [people, seconds]),
    };
    let [second, third] = others;
    format!(
        "The people can look at {} an hour at {} of their time, and {} are asked of them: {first} would do, or {second}, or {third}.",
        said(forecast.possible),
        percent(USABLE),
        said(demand.held + demand.audits),
    )
}

/// What a policy would ask of every desk at a volume of so many actions in a day, and what each of its criteria adds.
pub fn capacity_of_policy(policy: &Policy, trial: &Trial, per_day: f64) -> Json {
    let demands = trial.demands(policy, per_day);
    let of_desk = demands.iter().map(|(desk, demand)| {
        let forecast = demand.forecast();
        let mut object = capacity_json(desk, demand, &forecast);
        let criteria = trial.criteria.iter().filter_map(|(id, effect)| {
            let without = trial.demand(policy, desk, per_day, Some(effect));
            let holds = demand.held - without.held;
            let audits = demand.audits - without.audits;
            (holds.abs() + audits.abs() > 1e-9).then(|| {
                let started = without.forecast().started;
                let adds = |number: f64, what: &str| {
                    let word = if number < 0.0 { "takes away" } else { "adds" };
                    format!("{word} {} {what} an hour", said(number.abs()))
                };
                let mut says = Vec::new();
                if holds.abs() > 1e-9 {
                    says.push(adds(holds, "holds"));
                }
                if audits.abs() > 1e-9 {
                    says.push(adds(audits, "audits"));
                }
                let (before, after) = (percent(started), percent(forecast.started));
                let moves = if before == after {
                    format!("stays at {after}")
                } else {
                    format!("goes from {before} to {after}")
                };
                let says = says.join(" and ");
                let message = format!("This criterion {says}; the share started within 60 s {moves}.");
                Json::object([
                    ("id", id.as_str().into()),
                    ("holds_per_hour", holds.into()),
                    ("audits_per_hour", audits.into()),
                    ("started_within_60s_without", started.into()),
                    ("message", message.into()),
                ])
            })
        });
        object.set("criteria", criteria.collect::<Json>());
        Json::from(object)
    });
    of_desk.collect()
}
