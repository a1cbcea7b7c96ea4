//! A share of something, and how sure one may be of it.

use super::special::{beta_inc_inv, ln_beta, root};

/// The two-sided 95 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// What the intervals promise to miss at most, and what an alarm risks over all its looks.
pub const MISS: f64 = 0.05;

/// `k` of `n`. Merging adds.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Count {
    /// How many there were.
    pub n: f64,
    /// How many of them had it; at most `n`.
    pub k: f64,
}

/// An interval, both ends within 0..=1 for shares.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
}

impl Interval {
    /// What nothing is known of.
    pub const ALL: Self = Self { low: 0.0, high: 1.0 };
}

impl Count {
    /// One more, that has it or not.
    pub fn add(&mut self, has: bool) {
        self.n += 1.0;
        self.k += f64::from(u8::from(has));
    }

    /// Both together.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        Self { n: self.n + other.n, k: self.k + other.k }
    }

    /// The share; `None` of nothing.
    pub fn rate(self) -> Option<f64> {
        (self.n > 0.0).then(|| self.k / self.n)
    }

    /// Wilson's score interval at 95 %: for tables, looked at once (E. B. Wilson, JASA 22, 1927).
    pub fn wilson(self) -> Interval {
        let Self { n, k } = self;
        if n <= 0.0 {
            return Interval::ALL;
        }
        let (p, z2) = (k / n, Z * Z);
        let centre = (p + z2 / (2.0 * n)) / (1.0 + z2 / n);
        let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt() / (1.0 + z2 / n);
        Interval {
            low: if k <= 0.0 { 0.0 } else { (centre - half).max(0.0) },
            high: if k >= n { 1.0 } else { (centre + half).min(1.0) },
        }
    }

    /// The exact interval of Clopper and Pearson at 95 % (Biometrika 26, 1934): never covers too seldom.
    pub fn clopper_pearson(self) -> Interval {
        let Self { n, k } = self;
        if n <= 0.0 {
            return Interval::ALL;
        }
        Interval {
            low: if k <= 0.0 { 0.0 } else { beta_inc_inv(k, n - k + 1.0, MISS / 2.0) },
            high: if k >= n { 1.0 } else { beta_inc_inv(k + 1.0, n - k, 1.0 - MISS / 2.0) },
        }
    }

    /// A confidence sequence at 95 %: may be looked at after every label, and acted on (beta-binomial mixture with
    /// a uniform prior; Robbins 1970, Howard and Ramdas 2021).
    pub fn confidence_sequence(self) -> Interval {
        let Self { n, k } = self;
        if n <= 0.0 {
            return Interval::ALL;
        }
        let mixture = ln_beta(1.0 + k, 1.0 + n - k);
        let limit = -MISS.ln();
        let is_outside = |p: f64| {
            let weighed = |count: f64, share: f64| if count > 0.0 { count * share.ln() } else { 0.0 };
            mixture - weighed(k, p) - weighed(n - k, 1.0 - p) >= limit
        };
        let p = k / n;
        Interval {
            low: if is_outside(0.0) { root(0.0, p, is_outside) } else { 0.0 },
            high: if is_outside(1.0) { root(p, 1.0, |p| !is_outside(p)) } else { 1.0 },
        }
    }

    /// The share drawn towards that of the whole by `strength` counts: for cells with few of their own.
    pub fn shrunk(self, whole: f64, strength: f64) -> f64 {
        (self.k + strength * whole) / (self.n + strength)
    }
}
