//! Patterns in what people override: which property of an action goes with being wrong, told from chance.
//!
//! Each property of a kind's actions is held against the rest of that kind by the hypergeometric test; of all
//! that were tried those stand which survive Benjamini and Hochberg's bound on false discoveries. What remains
//! is few, and can be written as a criterion.

use super::proportion::Count;
use super::special::ln_choose;
use crate::core::groups::{Groups, falling};
use crate::core::json::{Json, Object};
use crate::core::number::int_to_f64;

/// The share of false ones among the patterns that are shown, at most.
pub const FALSE_DISCOVERIES: f64 = 0.1;
/// Fewer overrides are no pattern.
pub const LEAST: f64 = 5.0;
/// The lower end of the rate's interval is at least this many times the rate of all.
pub const LIFT: f64 = 1.5;

/// So many values of one member are told apart; a member with more is a name or a text, and no pattern.
const MAX_VALUES: usize = 24;
/// Longer texts are no values.
const MAX_TEXT: usize = 60;
/// So many members of one kind are looked at.
const MAX_MEMBERS: usize = 64;

/// An action on which a person has spoken.
#[derive(Debug, Clone, Copy)]
pub struct Reviewed<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// Its arguments, as proposed.
    pub args: &'a Object,
    /// The model that proposed it.
    pub model: Option<&'a str>,
    /// Whether the person overrode it.
    pub overridden: bool,
    /// Whether a criterion of the policy had it looked at already.
    pub by_rule: bool,
}

/// A property that an action has or has not.
#[derive(Debug, Clone, PartialEq)]
pub enum Property {
    /// It is of the kind, whatever its arguments: held against all other kinds.
    Kind,
    /// The model proposed it.
    Model(String),
    /// The member is this text, or this truth value.
    Is {
        /// The member's path.
        path: Vec<String>,
        /// The value, as JSON.
        value: Json,
    },
    /// The member is greater than this.
    Above {
        /// The member's path.
        path: Vec<String>,
        /// The number.
        limit: f64,
    },
    /// The member is less than this.
    Below {
        /// The member's path.
        path: Vec<String>,
        /// The number.
        limit: f64,
    },
    /// The member is not there.
    Missing {
        /// The member's path.
        path: Vec<String>,
    },
}

/// A property that goes with being wrong.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// Of which kind.
    pub kind: String,
    /// Which property.
    pub property: Property,
    /// How many reviewed actions have it, and how many of them were overridden.
    pub with: Count,
    /// The same of the rest.
    pub without: Count,
    /// The chance of at least so many by chance alone.
    pub p: f64,
    /// Whether every one of the kind has the member that the property is about.
    pub always_there: bool,
}

impl Pattern {
    /// The rate with the property over the rate without; none without counts as one in so many plus one.
    pub fn lift(&self) -> f64 {
        let rest = (self.without.k / self.without.n).max(1.0 / (self.without.n + 1.0));
        self.with.rate().unwrap_or(0.0) / rest
    }
}

/// The chance of at least `k` wrong ones among `n` drawn from `all`: the upper tail of the hypergeometric
/// distribution, which is Fisher's exact test to one side.
pub fn hypergeometric_tail(n: f64, k: f64, all: Count) -> f64 {
    let ways = ln_choose(all.n, n);
    let most = n.min(all.k);
    let mut tail = 0.0;
    let mut at = k.max(n - (all.n - all.k)).max(0.0);
    while at <= most {
        let term = (ln_choose(all.k, at) + ln_choose(all.n - all.k, n - at) - ways).exp();
        tail += term;
        at += 1.0;
        // Behind the middle they only fall.
        if term < tail * 1e-18 && at > n * all.k / all.n {
            break;
        }
    }
    tail.min(1.0)
}

/// Which of these p-values stand, where at most a share `q` of those that do may be false (Benjamini and Hochberg,
/// JRSS B 57, 1995).
pub fn benjamini_hochberg(p: &[f64], q: f64) -> Vec<bool> {
    let mut ranked: Vec<f64> = p.to_vec();
    ranked.sort_by(f64::total_cmp);
    let tests = length(p.len());
    let below = ranked.iter().zip(1..).filter(|(p, rank)| **p <= q * f64::from(*rank) / tests);
    let limit = below.map(|(p, _): (&f64, u32)| *p).last();
    p.iter().map(|p| limit.is_some_and(|limit| *p <= limit)).collect()
}

fn length(length: usize) -> f64 {
    int_to_f64(i64::try_from(length).unwrap_or(i64::MAX))
}

/// The patterns in what was reviewed, the surest first. Of patterns about one member of one kind only the surest is
/// given: they tell the same.
pub fn patterns(reviewed: &[Reviewed<'_>]) -> Vec<Pattern> {
    let all = count(reviewed.iter());
    let mut tried: Vec<Pattern> = Vec::new();
    let mut kinds: Groups<Vec<&Reviewed<'_>>> = Groups::default();
    for one in reviewed {
        kinds.add(one.kind, |of_kind| of_kind.push(one));
    }
    for (kind, of_kind) in kinds.iter() {
        let whole = count(of_kind.iter().copied());
        tried.extend(pattern(kind, Property::Kind, whole, all, true));
        for (property, always_there) in properties(of_kind) {
            let with = count(of_kind.iter().filter(|one| has(one, &property)).copied());
            tried.extend(pattern(kind, property, with, whole, always_there));
        }
    }
    let p: Vec<f64> = tried.iter().map(|pattern| pattern.p).collect();
    let stands = benjamini_hochberg(&p, FALSE_DISCOVERIES);
    // The surest first: those of the same chance by how much more often.
    let sure: Vec<f64> = tried.iter().map(|pattern| -pattern.p * 1e6 + pattern.lift() * 1e-6).collect();
    let mut told: Groups<()> = Groups::default();
    let found = falling(&sure).into_iter().filter_map(|at| {
        let pattern = tried
            .get(at)
            .filter(|pattern| !is_ruled(reviewed, pattern))
            .filter(|pattern| stands.get(at) == Some(&true) && matters(pattern))?;
        let is_new = told.add(&format!("{} {}", about(&pattern.property), pattern.kind), |()| {});
        is_new.then(|| pattern.clone())
    });
    found.collect()
}

/// Nearly all with a property that criteria have looked at already are no news.
const RULED: f64 = 0.95;

fn is_ruled(reviewed: &[Reviewed<'_>], pattern: &Pattern) -> bool {
    let mut by_rule = Count::default();
    let with = reviewed.iter().filter(|one| one.kind == pattern.kind && has(one, &pattern.property));
    with.for_each(|one| by_rule.add(one.by_rule));
    by_rule.rate().is_some_and(|rate| rate >= RULED)
}

/// Only what can be a pattern at all was tried: with something on both sides.
fn pattern(kind: &str, property: Property, with: Count, all: Count, always_there: bool) -> Option<Pattern> {
    let without = Count { n: all.n - with.n, k: all.k - with.k };
    (with.n >= LEAST && without.n >= 1.0).then(|| Pattern {
        // It cannot be one, and was tried all the same.
        p: if with.k < LEAST { 1.0 } else { hypergeometric_tail(with.n, with.k, all) },
        kind: kind.to_owned(),
        property,
        with,
        without,
        always_there,
    })
}

fn matters(pattern: &Pattern) -> bool {
    let base = pattern.with.merged(pattern.without).rate().unwrap_or(1.0);
    pattern.with.k >= LEAST && pattern.with.wilson().low >= LIFT * base
}

fn count<'a>(reviewed: impl Iterator<Item = &'a Reviewed<'a>>) -> Count {
    let mut count = Count::default();
    for one in reviewed {
        count.add(one.overridden);
    }
    count
}

fn about(property: &Property) -> String {
    match property {
        Property::Kind => "kind".to_owned(),
        Property::Model(_) => "model".to_owned(),
        Property::Is { path, .. }
        | Property::Above { path, .. }
        | Property::Below { path, .. }
        | Property::Missing { path } => format!("args.{}", path.join(".")),
    }
}

fn member<'a>(args: &'a Object, path: &[String]) -> Option<&'a Json> {
    let (first, rest) = path.split_first()?;
    rest.iter().try_fold(args.get(first)?, |json, name| json.get(name))
}

/// Whether an action has a property.
pub fn has(one: &Reviewed<'_>, property: &Property) -> bool {
    match property {
        Property::Kind => true,
        Property::Model(model) => one.model == Some(model),
        Property::Is { path, value } => member(one.args, path) == Some(value),
        Property::Above { path, limit } => {
            member(one.args, path).and_then(Json::as_f64).is_some_and(|number| number > *limit)
        }
        Property::Below { path, limit } => {
            member(one.args, path).and_then(Json::as_f64).is_some_and(|number| number < *limit)
        }
        Property::Missing { path } => member(one.args, path).is_none(),
    }
}

/// What the members of some actions hold.
#[derive(Debug, Default)]
struct Member {
    path: Vec<String>,
    there: usize,
    values: Vec<Json>,
    numbers: Vec<f64>,
    too_many: bool,
}

/// Every property that is worth trying on these actions of one kind, and whether all of them have its member.
fn properties(of_kind: &[&Reviewed<'_>]) -> Vec<(Property, bool)> {
    let mut found: Vec<(Property, bool)> = Vec::new();
    let mut models: Groups<()> = Groups::default();
    for model in of_kind.iter().filter_map(|one| one.model) {
        models.add(model, |()| {});
    }
    if models.len() > 1 {
        found.extend(models.iter().map(|(model, ())| (Property::Model(model.to_owned()), true)));
    }
    let mut members: Groups<Member> = Groups::default();
    for one in of_kind {
        gather(one.args, &mut Vec::new(), &mut members);
    }
    for (_, member) in members.iter() {
        let path = &member.path;
        let always = member.there == of_kind.len();
        if !always {
            found.push((Property::Missing { path: path.clone() }, false));
        }
        if !member.too_many {
            let values = member.values.iter().cloned();
            found.extend(values.map(|value| (Property::Is { path: path.clone(), value }, always)));
        }
        for limit in limits(&member.numbers) {
            found.push((Property::Above { path: path.clone(), limit }, always));
            found.push((Property::Below { path: path.clone(), limit }, always));
        }
    }
    found
}

/// Looks through the members of an object, and of objects in it.
fn gather(object: &Object, path: &mut Vec<String>, members: &mut Groups<Member>) {
    for (name, json) in object.iter() {
        path.push(name.to_owned());
        let name = path.join("\n");
        let may = members.len() < MAX_MEMBERS || members.get(&name).is_some();
        let new = || Member { path: path.clone(), ..Member::default() };
        if let Some(member) = may.then(|| members.entry_or(&name, new)).flatten() {
            member.there = member.there.saturating_add(1);
            match json {
                Json::Number(number) => member.numbers.push(number.as_f64()),
                Json::String(_) | Json::Bool(_) => {
                    let known = member.values.contains(json);
                    let too_long = json.as_str().is_some_and(|text| text.len() > MAX_TEXT);
                    member.too_many |= too_long || (!known && member.values.len() >= MAX_VALUES);
                    if !known && !member.too_many {
                        member.values.push(json.clone());
                    }
                }
                _ => {}
            }
            if let Json::Object(inner) = json {
                gather(inner, path, members);
            }
        }
        path.pop();
    }
}

/// The round numbers between the smallest and the largest: where a person would draw a line.
const ROUND: [f64; 10] = [1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 7.5, 8.0];

fn limits(numbers: &[f64]) -> Vec<f64> {
    let (low, high) = numbers.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), number| {
        (low.min(*number), high.max(*number))
    });
    if low >= high || !low.is_finite() || !high.is_finite() {
        return Vec::new();
    }
    let between = |limit: &f64| *limit > low && *limit < high;
    let largest = low.abs().max(high.abs());
    let mut limits = vec![0.0];
    // Four decades below the largest: finer lines tell nothing that these do not.
    for decade in 0..4_i32 {
        let unit = 10_f64.powi(floor_log10(largest).saturating_sub(decade));
        limits.extend(ROUND.iter().flat_map(|round| [round * unit, -round * unit]));
    }
    limits.retain(between);
    limits
}

#[expect(clippy::cast_possible_truncation, reason = "exponents of doubles are small")]
fn floor_log10(number: f64) -> i32 {
    number.log10().floor() as i32
}
