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
    pub fn interval(self) -> Interval {
        self.hajek().map_or(Interval::ALL, |rate| {
            let n = self.effective();
            Count { n, k: (rate * n).min(n) }.wilson()
        })
    }
}

/// Actions in two parts: those that were to be looked at with certainty, and those that were drawn by chance. Not
/// everything that was to be looked at was: what nobody has spoken on counts in the whole, and widens the interval.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Estimate {
    /// Labels of what was to be looked at with certainty: held.
    pub certain: Count,
    /// How many of those there are, labelled or not.
    pub certain_all: f64,
    /// Labels of what was drawn by chance: audited.
    pub sampled: Weighted,
    /// For how many those stand that were drawn, labelled or not.
    pub sampled_all: f64,
}

impl Estimate {
    /// One more that was to be looked at with that probability (above 0, at most 1), and what was found; `None` where
    /// nobody has spoken on it.
    pub fn add(&mut self, wrong: Option<bool>, probability: f64) {
        if probability >= 1.0 {
            self.certain_all += 1.0;
        } else {
            self.sampled_all += 1.0 / probability;
        }
        match wrong {
            Some(wrong) if probability >= 1.0 => self.certain.add(wrong),
            Some(wrong) => self.sampled.add(wrong, probability),
            None => {}
        }
    }

    /// Both together.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        Self {
            certain: self.certain.merged(other.certain),
            certain_all: self.certain_all + other.certain_all,
            sampled: self.sampled.merged(other.sampled),
            sampled_all: self.sampled_all + other.sampled_all,
        }
    }

    /// The share of wrong ones among all, and its 95 % interval; `None` without labels. What was looked at entirely
    /// is counted and adds no uncertainty; the two parts' intervals are joined as Newcombe joins them (Statistics in
    /// Medicine 17, 1998).
    pub fn rate(self) -> Option<(f64, Interval)> {
        let all = self.all();
        let known = self.certain.rate().or(self.sampled.hajek())?;
        let certain =
            self.certain.rate().map_or((known, Interval::ALL), |rate| (rate, self.certain_interval(rate)));
        let sampled =
            self.sampled.hajek().map_or((known, Interval::ALL), |rate| (rate, self.sampled.interval()));
        let parts = [(self.certain_all / all, certain), (self.sampled_all / all, sampled)];
        let rate: f64 = parts.iter().map(|(weight, (rate, _))| weight * rate).sum();
        let joined = |distance: fn(f64, Interval) -> f64| {
            let squares =
                parts.iter().map(|(weight, (rate, interval))| (weight * distance(*rate, *interval)).powi(2));
            squares.sum::<f64>().sqrt()
        };
        let low = (rate - joined(|rate, interval| rate - interval.low)).max(0.0);
        let high = (rate + joined(|rate, interval| interval.high - rate)).min(1.0);
        Some((rate, Interval { low, high }))
    }

    /// How many are wrong among what was drawn by chance and its like, estimated, with its interval: what got through.
    pub fn through(self) -> (f64, Interval) {
        let rate = self.sampled.hajek().unwrap_or(0.0);
        let Interval { low, high } = self.sampled.interval();
        let all = self.sampled_all;
        (rate * all, Interval { low: low * all, high: high * all })
    }

    /// Wilson's interval for a part of a finite whole: the more of it is known, the narrower.
    fn certain_interval(self, rate: f64) -> Interval {
        let (n, all) = (self.certain.n, self.certain_all);
        if n >= all {
            return Interval { low: rate, high: rate };
        }
        let n = n * (all - 1.0).max(1.0) / (all - n);
        Count { n, k: rate * n }.wilson()
    }

    /// How many there are in all, estimated.
    pub fn all(self) -> f64 {
        self.certain_all + self.sampled_all
    }

    /// The rate that forgets the probabilities.
    pub fn naive(self) -> Count {
        self.certain.merged(self.sampled.naive())
    }
}
