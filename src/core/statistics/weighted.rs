//! Estimates over everything from what somebody looked at: each label stands for as many as the probability of
//! looking at it says.
//!
//! What was held was looked at for being doubtful. A share of labels alone therefore says how often reviewers
//! overrule what they are shown, and nothing of what passed them by.

use super::proportion::{Count, Interval};

/// Labels with their probabilities. Merging adds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Weighted {
    /// How many labels.
    pub n: f64,
    /// How many of them say wrong.
    pub k: f64,
    /// The sum of weights: how many there are in all, estimated (Hájek's denominator).
    pub w: f64,
    /// The sum of weights of what was wrong: how many are wrong in all, estimated (Horvitz and Thompson).
    pub wy: f64,
    /// The sum of squared weights.
    pub ww: f64,
    /// The variance of `wy` under Poisson sampling, estimated.
    pub variance: f64,
}

impl Weighted {
    /// One more label, with the probability (above 0, at most 1) with which it was looked at.
    pub fn add(&mut self, wrong: bool, probability: f64) {
        let (weight, y) = (1.0 / probability, f64::from(u8::from(wrong)));
        self.n += 1.0;
        self.k += y;
        self.w += weight;
        self.wy += weight * y;
        self.ww += weight * weight;
        self.variance += (1.0 - probability) * y * weight * weight;
    }

    /// Both together.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        Self {
            n: self.n + other.n,
            k: self.k + other.k,
            w: self.w + other.w,
            wy: self.wy + other.wy,
            ww: self.ww + other.ww,
            variance: self.variance + other.variance,
        }
    }

    /// The rate by Horvitz and Thompson (JASA 47, 1952), where it is known how many there are in all.
    pub fn horvitz_thompson(self, all: f64) -> f64 {
        self.wy / all
    }

    /// Its standard error.
    pub fn horvitz_thompson_error(self, all: f64) -> f64 {
        self.variance.sqrt() / all
    }

    /// The rate by Hájek: of the estimated total. `None` without labels.
    pub fn hajek(self) -> Option<f64> {
        (self.w > 0.0).then(|| self.wy / self.w)
    }

    /// Kish's effective number of labels: what they are worth beside ones of equal weight.
    pub fn effective(self) -> f64 {
        if self.ww > 0.0 { self.w * self.w / self.ww } else { 0.0 }
    }

    /// The rate that forgets the probabilities: of what was looked at.
    pub fn naive(self) -> Count {
        Count { n: self.n, k: self.k }
    }

    /// Hájek's rate with Wilson's interval on the effective number: does not collapse where nothing was wrong yet.
    fn interval(self) -> Interval {
        self.hajek().map_or(Interval::ALL, |rate| {
            let n = self.effective();
            Count { n, k: (rate * n).min(n) }.wilson()
        })
    }
}

/// What was looked at entirely, and what was sampled.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Estimate {
    /// Looked at with certainty: held.
    pub certain: Count,
    /// Looked at by chance: audited.
    pub sampled: Weighted,
}

impl Estimate {
    /// One more label.
    pub fn add(&mut self, wrong: bool, probability: f64) {
        if probability >= 1.0 {
            self.certain.add(wrong);
        } else {
            self.sampled.add(wrong, probability);
        }
    }

    /// Both together.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        Self { certain: self.certain.merged(other.certain), sampled: self.sampled.merged(other.sampled) }
    }

    /// The share of wrong ones among all, and its 95 % interval; `None` without labels. Only what was sampled is
    /// uncertain: what was looked at entirely is counted.
    pub fn rate(self) -> Option<(f64, Interval)> {
        let all = self.certain.n + self.sampled.w;
        if all <= 0.0 {
            return None;
        }
        let with = |rate: f64| (self.certain.k + self.sampled.w * rate) / all;
        let Some(rate) = self.sampled.hajek() else {
            return Some((with(0.0), Interval { low: with(0.0), high: with(0.0) }));
        };
        let interval = self.sampled.interval();
        Some((with(rate), Interval { low: with(interval.low), high: with(interval.high) }))
    }

    /// How many there are in all, estimated.
    pub fn all(self) -> f64 {
        self.certain.n + self.sampled.w
    }

    /// The rate that forgets the probabilities.
    pub fn naive(self) -> Count {
        self.certain.merged(self.sampled.naive())
    }
}
