//! What the labels tell together: what people overturn and why, which errors they catch, whether they look, and
//! what it costs and saves.

use super::case::LookedAt;
use super::economics::{Optimum, break_even, optimum, review_cost};
use super::groups::Groups;
use super::label::{End, Label};
use super::number::int_to_f64;
use super::policy::severity::Severity;
use super::policy::{Oversight, Policy};
use super::statistics::bins::{BINS, Bin, bin_of};
use super::statistics::proportion::{Count, Interval};
use super::statistics::stamping::{Look, Pace};
use super::statistics::weighted::Estimate;

/// What labels are told apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dimension {
    /// The action's kind.
    Kind,
    /// Its severity.
    Severity,
    /// A criterion that matched it.
    Criterion,
    /// An error category for which it was looked at.
    Category,
    /// The model that proposed it.
    Model,
    /// What the app reported of it.
    Outcome,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 6] =
        [Self::Kind, Self::Severity, Self::Criterion, Self::Category, Self::Model, Self::Outcome];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Severity => "severity",
            Self::Criterion => "criterion",
            Self::Category => "category",
            Self::Model => "model",
            Self::Outcome => "outcome",
        }
    }

    fn values(self, label: &Label) -> Vec<String> {
        match self {
            Self::Kind => vec![label.kind.clone()],
            Self::Severity => vec![label.severity.as_str().to_owned()],
            Self::Criterion => label.why.iter().filter_map(|why| why.criterion.clone()).collect(),
            Self::Category => label.why.iter().map(|why| why.category.clone()).collect(),
            Self::Model => label.model.iter().cloned().collect(),
            Self::Outcome => label.outcome.iter().map(|outcome| outcome.as_str().to_owned()).collect(),
        }
    }
}

/// What people said of some actions.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Said {
    /// Held actions that were decided, and how many of them were overridden.
    pub held: Count,
    /// Actions that ran and were audited, and how many of them were overturned.
    pub audited: Count,
    /// How many of all such actions are wrong, estimated.
    pub estimate: Estimate,
}

impl Said {
    fn add(&mut self, label: &Label, wrong: Option<bool>) {
        self.estimate.add(wrong, label.probability);
        let Some(wrong) = wrong else { return };
        if label.held {
            self.held.add(wrong);
        } else {
            self.audited.add(wrong);
        }
    }

    /// Everything that was reviewed.
    pub fn reviewed(&self) -> Count {
        self.held.merged(self.audited)
    }
}

/// Labels, and the people whose word does not count.
#[derive(Debug, Clone, Copy)]
pub struct Trusting<'a> {
    /// All of them.
    pub labels: &'a [Label],
    /// Who looks like a rubber stamp.
    pub stamping: &'a [String],
}

impl<'a> Trusting<'a> {
    /// Every action that people were to look at, with what was found; `None` where nobody who counts has spoken. What
    /// its app took back is no longer one.
    fn found(self) -> impl Iterator<Item = (&'a Label, Option<bool>)> {
        let labels = self.labels.iter().filter(|label| label.end != End::Withdrawn);
        labels.map(move |label| (label, label.wrong().filter(|_| self.counts(label))))
    }

    /// Whether a label was given by people whose word counts.
    pub fn counts(self, label: &Label) -> bool {
        !label.looks.iter().any(|look| self.stamping.contains(&look.person))
    }
}

/// What people said, by each value of a dimension; the most overridden first.
pub fn said_by(labels: Trusting<'_>, dimension: Dimension) -> Vec<(String, Said)> {
    let mut by_value: Groups<Said> = Groups::default();
    for (label, wrong) in labels.found() {
        let mut values = dimension.values(label);
        values.sort();
        values.dedup();
        for value in values {
            by_value.add(&value, |said| said.add(label, wrong));
        }
    }
    owned(by_value.falling(|said| said.reviewed().k))
}

fn owned<T: Copy>(rows: Vec<(&str, &T)>) -> Vec<(String, T)> {
    rows.into_iter().map(|(name, thing)| (name.to_owned(), *thing)).collect()
}

/// What people said of everything.
pub fn said(labels: Trusting<'_>) -> Said {
    let mut all = Said::default();
    for (label, wrong) in labels.found() {
        all.add(label, wrong);
    }
    all
}

/// How often each end came, of all ends.
pub fn ends(labels: &[Label]) -> Vec<(End, Count)> {
    let all = count(labels.len());
    let of = |end| count(labels.iter().filter(|label| label.end == end).count());
    End::ALL.into_iter().map(|end| (end, Count { n: all, k: of(end) })).collect()
}

/// How often each reason was chosen, of all overrides with one; the most frequent first.
pub fn reasons(labels: &[Label]) -> Vec<(String, Count)> {
    let mut chosen: Groups<f64> = Groups::default();
    for label in labels.iter().filter(|label| label.wrong() == Some(true)) {
        if let Some(reason) = &label.reason {
            chosen.add(reason, |times| *times += 1.0);
        }
    }
    let all = chosen.iter().map(|(_, times)| times).sum();
    let rows = chosen.falling(|times| *times).into_iter();
    rows.map(|(reason, times)| (reason.to_owned(), Count { n: all, k: *times })).collect()
}

fn count(length: usize) -> f64 {
    int_to_f64(i64::try_from(length).unwrap_or(i64::MAX))
}

/// Which errors of a category were caught before they ran, and how many got through.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Caught {
    /// Overridden before they ran.
    pub before: f64,
    /// Found wrong after they ran.
    pub found: f64,
    /// All that were drawn for audits: of them these were found, so many got through.
    pub audits: Estimate,
}

impl Caught {
    /// The share of errors that was caught before they ran, estimated, and its interval; `None` without errors.
    pub fn share(&self) -> Option<(f64, Interval)> {
        let (through, Interval { low, high }) = self.audits.through();
        let of = |through: f64| self.before / (self.before + through);
        (self.before + through > 0.0).then(|| (of(through), Interval { low: of(high), high: of(low) }))
    }
}

/// Errors by the category under which the reviewer filed them, else by their reason; and all together.
pub fn caught(labels: Trusting<'_>) -> (Caught, Vec<(String, Caught)>) {
    let mut all = Caught::default();
    let mut names: Groups<f64> = Groups::default();
    for (label, wrong) in labels.found() {
        if wrong == Some(true) {
            names.add(category(label), |errors| *errors += 1.0);
        }
        all.add(label, wrong);
    }
    let mut by_category: Groups<Caught> = Groups::default();
    for (name, _) in names.falling(|errors| *errors).into_iter().take(MAX_CATEGORIES) {
        by_category.add(name, |caught| {
            for (label, wrong) in labels.found() {
                // An error of another kind is none of this one.
                caught.add(label, wrong.map(|wrong| wrong && category(label) == name));
            }
        });
    }
    (all, owned(by_category.falling(|caught| caught.before + caught.audits.through().0)))
}

impl Caught {
    fn add(&mut self, label: &Label, wrong: Option<bool>) {
        let error = f64::from(u8::from(wrong == Some(true)));
        if label.held {
            self.before += error;
        } else {
            self.found += error;
            self.audits.add(wrong, label.probability);
        }
    }
}

fn category(label: &Label) -> &str {
    label.category.as_deref().or(label.reason.as_deref()).unwrap_or(NOT_SAID)
}

/// So many categories are told, the most frequent.
const MAX_CATEGORIES: usize = 100;

/// Where an edit has neither category nor reason.
const NOT_SAID: &str = "edited, and not said why";

// Whether people look

/// Below so many looks by others nothing is expected of anybody.
const LEAST_LOOKS: f64 = 30.0;
/// A kind's rate of overturned audits is drawn towards that of all by so many.
const STRENGTH: f64 = 20.0;

/// What is expected to be wrong among what is held: of one person, what the others override in cases of the same kind
/// and desk; else at the least what audits find, for that is what nobody was in doubt of.
#[derive(Debug, Default)]
struct Expectation {
    audits: Count,
    audits_of: Groups<Count>,
    held: Groups<Count>,
}

impl Expectation {
    /// By what everybody but this person found.
    fn by_others(labels: &[Label], person: Option<&str>) -> Self {
        let mut expected = Self::default();
        for label in labels {
            let own = person.is_some_and(|person| label.looks.iter().any(|look| look.person == person));
            let Some(wrong) = label.wrong().filter(|_| !own) else { continue };
            if !label.held {
                expected.audits.add(wrong);
                expected.audits_of.add(&like(label), |count| count.add(wrong));
            } else if person.is_some() {
                expected.held.add(&like(label), |count| count.add(wrong));
            }
        }
        expected
    }

    /// The chance, and how many looks it rests on.
    fn of(&self, label: &Label) -> Option<(f64, f64)> {
        let key = like(label);
        let count = |counts: &Groups<Count>| counts.get(&key).copied().unwrap_or_default();
        let held = count(&self.held);
        if let Some(rate) = held.rate().filter(|_| held.n >= LEAST_LOOKS) {
            return Some((rate, held.n));
        }
        let whole = self.audits.rate().filter(|_| self.audits.n >= LEAST_LOOKS)?;
        Some((count(&self.audits_of).shrunk(whole, STRENGTH), self.audits.n))
    }
}

/// Cases of one kind at one desk are alike.
fn like(label: &Label) -> String {
    format!("{} {}", label.desk, label.kind)
}

fn paced<'l>(looks: impl Iterator<Item = (&'l Label, &'l LookedAt)>, expected: &Expectation) -> Pace {
    let mut looks: Vec<(&Label, &LookedAt)> = looks.collect();
    looks.sort_by_key(|(_, look)| look.at);
    let (mut pace, mut alike): (Pace, Groups<(f64, f64, f64)>) = (Pace::default(), Groups::default());
    for (label, look) in looks {
        // Overrides are expected of what was held; an audit is what is measured by.
        let known = expected.of(label).filter(|_| label.held);
        pace.add(Look {
            approved: look.approved,
            seen_ms: look.seen_ms,
            floor_ms: label.floor_ms(),
            expected: known.map(|(chance, _)| chance),
        });
        if let Some((chance, rests_on)) = known {
            alike.add(&like(label), |(n, q, m)| (*n, *q, *m) = (*n + 1.0, chance, rests_on));
        }
    }
    // What is expected of many alike cases is wrong for all of them together.
    pace.doubt(alike.iter().map(|(_, (n, q, m))| n * n * q * (1.0 - q) / m).sum());
    pace
}

/// How the team as a whole decides: all decisions, in the order of time.
pub fn team(labels: &[Label]) -> Pace {
    let looks = labels.iter().flat_map(|label| label.looks.iter().map(move |look| (label, look)));
    let mut pace = paced(looks, &Expectation::by_others(labels, None));
    // A streak is one person's.
    pace.longest_streak = people(labels).iter().map(|(_, pace)| pace.longest_streak).max().unwrap_or(0);
    pace
}

/// How each person decides, held against what the others found. By name.
pub fn people(labels: &[Label]) -> Vec<(String, Pace)> {
    let mut names: Groups<()> = Groups::default();
    for look in labels.iter().flat_map(|label| &label.looks) {
        names.add(&look.person, |()| {});
    }
    names
        .iter()
        .map(|(name, ())| {
            let looks = labels.iter().flat_map(|label| label.looks.iter().map(move |look| (label, look)));
            let own = looks.filter(|(_, look)| look.person == name);
            (name.to_owned(), paced(own, &Expectation::by_others(labels, Some(name))))
        })
        .collect()
}

/// The middle of what people had to read, in words; `None` where nothing is known.
pub fn median_words(labels: &[Label]) -> Option<f64> {
    let mut words: Vec<i64> = labels.iter().filter_map(|label| label.words).collect();
    words.sort_unstable();
    words.get(words.len() / 2).map(|words| int_to_f64(*words))
}

// Money

/// What review costs and saves at one severity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// The severity.
    pub severity: Severity,
    /// What one wrong action costs, where the policy says so.
    pub damage: Option<f64>,
    /// Looks at desks that say what an hour costs.
    pub looks: f64,
    /// What they cost.
    pub cost: f64,
    /// Wrong actions that were not let run.
    pub caught: f64,
    /// Those that were drawn for audits: so many got through.
    pub audits: Estimate,
    /// From that probability of being wrong on, a look pays.
    pub break_even: Option<f64>,
    /// The threshold of today, where there is one.
    pub threshold: Option<f64>,
    /// The threshold with the least cost on what was seen, where there is one today.
    pub optimum: Option<Optimum>,
}

/// What review costs and saves, by severity. Reviewers are taken to catch what they are shown; nothing here measures
/// what they miss. A rubber stamp costs as much as a look, and says nothing.
pub fn balances(labels: Trusting<'_>, policy: &Policy) -> Vec<Balance> {
    let severities = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];
    severities.into_iter().filter_map(|severity| balance(labels, policy, severity)).collect()
}

fn balance(labels: Trusting<'_>, policy: &Policy, severity: Severity) -> Option<Balance> {
    let handling = policy.handling(severity)?;
    let threshold = (handling.oversight == Oversight::Threshold).then(|| handling.threshold.get());
    let (looks, cost) = spent(labels.labels.iter().filter(|label| label.severity == severity), policy);
    let (mut caught, mut audits) = (0.0, Estimate::default());
    let mut bins = [Bin::default(); BINS as usize];
    for (label, wrong) in labels.found().filter(|(label, _)| label.severity == severity) {
        if !label.held {
            audits.add(wrong, label.probability);
        }
        let Some(wrong) = wrong else { continue };
        caught += f64::from(u8::from(label.held && wrong));
        // What a criterion holds, no threshold lets go.
        let by_rule = label.held && label.why.iter().any(|why| why.criterion.is_some());
        let confidence = label.confidence.unwrap_or(0.0);
        if let Some(bin) = bins.get_mut(usize::from(bin_of(confidence))).filter(|_| !by_rule) {
            bin.label(confidence, wrong, label.probability);
        }
    }
    let one = (looks > 0.0).then(|| cost / looks);
    let priced = one.zip(handling.damage);
    let best = threshold.zip(priced);
    Some(Balance {
        severity,
        damage: handling.damage,
        looks,
        cost,
        caught,
        audits,
        break_even: priced.and_then(|(one, damage)| break_even(one, damage, 1.0)),
        threshold,
        optimum: best.and_then(|(today, (one, damage))| optimum(&bins, today, one, damage, 1.0)),
    })
}

/// Looks at desks that say what an hour costs, and what they cost.
fn spent<'l>(labels: impl Iterator<Item = &'l Label>, policy: &Policy) -> (f64, f64) {
    let (mut looks, mut cost) = (0.0, 0.0);
    for label in labels {
        let Some(desk) = policy.desk(&label.desk) else { continue };
        let Some(cost_per_hour) = desk.cost_per_hour else { continue };
        for look in &label.looks {
            let seconds = look.seen_ms.map_or(desk.seconds_per_review, |ms| int_to_f64(ms) / 1000.0);
            looks += 1.0;
            cost += review_cost(seconds, cost_per_hour);
        }
    }
    (looks, cost)
}
