//! The confidence bins: what calibration, thresholds and drift are computed from, in a hundred bins of raw
//! confidence. Merging adds.

/// How many bins there are, each 0.01 wide; the last one holds 1 too.
pub const BINS: u8 = 100;

/// The bin of a confidence (0 to 1).
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
pub fn bin_of(confidence: f64) -> u8 {
    // A confidence written with two digits falls into the bin that begins there, whatever its double is.
    let at = (confidence * f64::from(BINS) + 1e-9).floor();
    at.clamp(0.0, f64::from(BINS) - 1.0) as u8
}

/// The lower end of a bin.
pub fn bottom(bin: u8) -> f64 {
    f64::from(bin) / f64::from(BINS)
}

/// One bin.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bin {
    /// How many actions had such a confidence.
    pub seen: f64,
    /// How many of them proceeded.
    pub proceeded: f64,
    /// How many have a label.
    pub labelled: f64,
    /// How many labels say wrong.
    pub wrong: f64,
    /// The sum of the labels' weights.
    pub w: f64,
    /// The sum of weights of those that say wrong.
    pub wy: f64,
    /// The sum of weight times confidence.
    pub wp: f64,
}

impl Bin {
    /// A label: its confidence, whether it says wrong, and the probability with which it was looked at.
    pub fn label(&mut self, confidence: f64, wrong: bool, probability: f64) {
        let (weight, y) = (1.0 / probability, f64::from(u8::from(wrong)));
        self.labelled += 1.0;
        self.wrong += y;
        self.w += weight;
        self.wy += weight * y;
        self.wp += weight * confidence;
    }

    /// Both together.
    #[must_use]
    pub fn merged(self, other: Self) -> Self {
        Self {
            seen: self.seen + other.seen,
            proceeded: self.proceeded + other.proceeded,
            labelled: self.labelled + other.labelled,
            wrong: self.wrong + other.wrong,
            w: self.w + other.w,
            wy: self.wy + other.wy,
            wp: self.wp + other.wp,
        }
    }
}
