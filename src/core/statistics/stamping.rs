//! Whether people look, as far as their decisions tell: pace against reading, and overrides against what others
//! find. One sign is a hint; two together are a finding.

use super::proportion::Count;

/// Words that a person reads in a minute, in silence (Brysbaert, Journal of Memory and Language 109, 2019).
pub const WORDS_PER_MINUTE: f64 = 238.0;

/// The time below which nobody can have read what was shown, in milliseconds: a quarter of reading it, and never
/// under a second.
pub fn floor_ms(words: f64) -> f64 {
    (words / WORDS_PER_MINUTE * 60_000.0 / 4.0).max(1000.0)
}

/// How long reading that many words takes, in seconds.
pub fn reading_seconds(words: f64) -> f64 {
    words / WORDS_PER_MINUTE * 60.0
}

/// An approval that took less than this belongs to a streak.
const STREAK_MS: i64 = 2000;

/// So many approvals in a row, each faster than two seconds.
pub const STREAK: u32 = 10;

/// More than this share of decisions under the floor is a sign.
const UNDER_FLOOR: f64 = 0.3;

/// Below this many timed decisions pace says nothing.
const TIMED: f64 = 20.0;

/// Overrides this many standard deviations below what is expected are a sign.
pub const FAR_BELOW: f64 = -3.0;

/// One decision, as far as it says whether somebody looked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Look {
    /// Whether they let it be as it was.
    pub approved: bool,
    /// How long they saw it, in milliseconds, where that is known.
    pub seen_ms: Option<i64>,
    /// The floor for what was shown, in milliseconds.
    pub floor_ms: f64,
    /// The chance that it was wrong, by what others found of its like (0 to 1); `None` where nobody else looked.
    pub expected: Option<f64>,
}

/// What a person's, or a team's, decisions say. Looks are added in the order of time.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pace {
    /// Decisions, and how many were overrides.
    pub overrides: Count,
    /// Timed decisions, and how many were under the floor.
    pub under_floor: Count,
    /// The sum of the times, in milliseconds.
    pub seen_ms: f64,
    /// The longest streak of approvals under two seconds.
    pub longest_streak: u32,
    /// Overrides among those for which something is expected.
    observed: f64,
    expected: f64,
    variance: f64,
    streak: u32,
}

impl Pace {
    /// One more decision.
    pub fn add(&mut self, look: Look) {
        self.overrides.add(!look.approved);
        if let Some(seen_ms) = look.seen_ms {
            let seen = crate::core::number::int_to_f64(seen_ms);
            self.under_floor.add(seen < look.floor_ms);
            self.seen_ms += seen;
        }
        let fast = look.approved && look.seen_ms.is_some_and(|ms| ms < STREAK_MS);
        self.streak = if fast { self.streak.saturating_add(1) } else { 0 };
        self.longest_streak = self.longest_streak.max(self.streak);
        if let Some(q) = look.expected {
            self.observed += f64::from(u8::from(!look.approved));
            self.expected += q;
            self.variance += q * (1.0 - q);
        }
    }

    /// What is expected was itself found in few cases: its variance, in squared overrides.
    pub fn doubt(&mut self, variance: f64) {
        if self.variance > 0.0 {
            self.variance += variance;
        }
    }

    /// How many overrides there were where something is expected.
    pub fn observed(&self) -> f64 {
        self.observed
    }

    /// How far overrides are from what is expected, in standard deviations of a sum of unlike coins (the Poisson
    /// binomial); `None` where nothing is expected.
    pub fn z(&self) -> Option<f64> {
        (self.variance > 0.0).then(|| (self.observed - self.expected) / self.variance.sqrt())
    }

    /// How many overrides are expected, where something is.
    pub fn expected(&self) -> f64 {
        self.expected
    }

    /// The mean time of a decision, in seconds.
    pub fn mean_seconds(&self) -> Option<f64> {
        (self.under_floor.n > 0.0).then(|| self.seen_ms / self.under_floor.n / 1000.0)
    }

    /// The signs that nobody looks, each once.
    pub fn signs(&self) -> Vec<Sign> {
        let paced = self.under_floor.n >= TIMED;
        let under = self.under_floor.rate().is_some_and(|rate| rate > UNDER_FLOOR);
        [
            (Sign::Pace, paced && under),
            (Sign::Streak, self.longest_streak >= STREAK),
            (Sign::Overrides, self.z().is_some_and(|z| z < FAR_BELOW)),
        ]
        .into_iter()
        .filter_map(|(sign, shown)| shown.then_some(sign))
        .collect()
    }

    /// Whether the decisions look like a rubber stamp: overrides far below what others find, and too fast to
    /// have read. Neither alone is enough.
    pub fn is_stamping(&self) -> bool {
        let signs = self.signs();
        signs.contains(&Sign::Overrides) && signs.len() > 1
    }
}

/// A sign that nobody looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Too many decisions were faster than reading.
    Pace,
    /// Ten approvals in a row took less than two seconds each.
    Streak,
    /// Overrides are far below what others find in cases like these.
    Overrides,
}

impl Sign {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pace => "pace",
            Self::Streak => "streak",
            Self::Overrides => "overrides",
        }
    }
}
