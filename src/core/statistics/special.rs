//! The special functions that the statistics stand on.

/// The natural logarithm of the gamma function, for positive `x`.
pub fn ln_gamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The natural logarithm of the beta function, for positive `a` and `b`.
pub fn ln_beta(a: f64, b: f64) -> f64 {
    ln_gamma(a) + ln_gamma(b) - ln_gamma(a + b)
}

/// The natural logarithm of the number of ways to choose `k` of `n`.
pub fn ln_choose(n: f64, k: f64) -> f64 {
    ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
}

/// Beyond this many terms the continued fraction has long converged, whatever its arguments.
const TERMS: u32 = 2000;

/// The regularised incomplete beta function `I_x(a, b)`, for positive `a` and `b`; `x` is clamped to 0..=1.
///
/// By the continued fraction of DLMF 8.17.22, evaluated by Lentz's method, on the side where it converges fast.
pub fn beta_inc(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = (a * x.ln() + b * (-x).ln_1p() - ln_beta(a, b)).exp();
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, x) / a
    } else {
        1.0 - front * beta_fraction(b, a, 1.0 - x) / b
    }
}

fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut upper = 1.0;
    let mut lower = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = lower;
    for term in 1..=TERMS {
        let term = f64::from(term);
        let behind = a + 2.0 * term;
        let even = term * (b - term) * x / ((behind - 1.0) * behind);
        let odd = -(a + term) * (a + b + term) * x / (behind * (behind + 1.0));
        let mut change = 1.0;
        for numerator in [even, odd] {
            lower = 1.0 / away_from_zero(1.0 + numerator * lower);
            upper = away_from_zero(1.0 + numerator / upper);
            change = upper * lower;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-16 {
            break;
        }
    }
    fraction
}

/// The `x` for which [`beta_inc`] is `p` (0..=1), by halving: as exact as doubles near it are.
pub fn beta_inc_inv(a: f64, b: f64, p: f64) -> f64 {
    root(0.0, 1.0, |x| beta_inc(a, b, x) < p)
}

/// The probability of at most `k` successes in `n` trials that succeed with probability `p` each.
pub fn binomial_cdf(k: f64, n: f64, p: f64) -> f64 {
    if k >= n { 1.0 } else { beta_inc(n - k, k + 1.0, 1.0 - p) }
}

/// Where a condition that is true first and false behind turns, between `low` and `high`.
pub fn root(mut low: f64, mut high: f64, is_below: impl Fn(f64) -> bool) -> f64 {
    // Doubles between 0 and 1 are told apart by at most 1,074 halvings; 200 reach 1e-60.
    for _ in 0..200 {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            break;
        }
        if is_below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}
