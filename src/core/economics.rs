//! What review costs, what it saves, and where a threshold would be if money alone decided.

use super::statistics::bins::{BINS, Bin, bottom};

/// The probability of being wrong above which a person should look: where what looking costs is what it saves
/// (Chow's rule, IEEE Transactions on Information Theory 16, 1970, with a reviewer who does not catch everything).
///
/// `review` is what one look costs, `damage` what one wrong action does, both in the same money; `caught` the
/// share of wrong ones that a reviewer catches (0 to 1). `None` where looking saves nothing.
pub fn break_even(review: f64, damage: f64, caught: f64) -> Option<f64> {
    let saved = caught * damage;
    (saved > 0.0).then(|| (review / saved).min(1.0))
}

/// What one look costs.
pub fn review_cost(seconds: f64, cost_per_hour: f64) -> f64 {
    seconds / 3600.0 * cost_per_hour
}

/// The threshold with the least expected cost on what was seen, and that cost for an action.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Optimum {
    /// Actions of at least this confidence act alone.
    pub threshold: f64,
    /// What an action costs then, in review and in damage.
    pub cost: f64,
    /// What an action costs with the threshold of today.
    pub today: f64,
    /// Labels that this rests on.
    pub n: f64,
}

/// Tries every threshold on the labels as they are, each weighing as much as its probability says. `None` without
/// labels. Wrong actions above the threshold do damage; below it, reviews cost, and what is not caught does damage.
pub fn optimum(
    bins: &[Bin; BINS as usize],
    today: f64,
    review: f64,
    damage: f64,
    caught: f64,
) -> Option<Optimum> {
    let all: f64 = bins.iter().map(|bin| bin.w).sum();
    if all <= 0.0 {
        return None;
    }
    let cost = |threshold: f64| {
        let bins = (0..BINS).zip(bins);
        let cost = bins.map(|(at, bin)| {
            // A bin acts alone where all of it reaches the threshold.
            if bottom(at) >= threshold - 1e-9 {
                bin.wy * damage
            } else {
                bin.w * review + bin.wy * (1.0 - caught) * damage
            }
        });
        cost.sum::<f64>() / all
    };
    // Below the lowest label nothing is known; of equal ones the most cautious counts.
    let lowest = (0..BINS).zip(bins).find(|(_, bin)| bin.w > 0.0).map_or(1.0, |(at, _)| bottom(at).max(0.01));
    let thresholds = (0..=BINS).rev().map(|at| f64::from(at) / f64::from(BINS));
    let thresholds = thresholds.take_while(|threshold| *threshold >= lowest - 1e-9);
    let best = thresholds.map(|threshold| (threshold, cost(threshold))).min_by(|a, b| a.1.total_cmp(&b.1))?;
    let n = bins.iter().map(|bin| bin.labelled).sum();
    Some(Optimum { threshold: best.0, cost: best.1, today: cost(today), n })
}
