//! How loaded a desk is, and what follows from it: fewer audits, and a word to everybody where deadlines cannot be
//! kept. Nothing that is held is ever let through by load.

use super::{Demand, MAX_EXPIRED};
use crate::core::time::{Millis, Span};

/// While a desk is busy, of everything that would be audited still this share is: never none, so that every
/// estimate stays possible.
pub const AUDIT_FLOOR: f64 = 0.005;

/// Above this utilisation a desk is busy.
const BUSY_ABOVE: f64 = 0.85;
/// Below this one it is calm again.
const CALM_BELOW: f64 = 0.75;
/// Below this share of expected expiries a desk is no longer overloaded.
const KEEPS_BELOW: f64 = 0.02;
/// A lower level is taken after the higher has lasted this long.
pub const DWELL: Span = Span::seconds(15 * 60);

/// How arrivals are counted: over the hour behind.
pub const WINDOW: Span = Span::seconds(60 * 60);
/// While a desk is not calm few audits are drawn, and each stands for many: they are counted over this time instead.
pub const LONG_WINDOW: Span = Span::seconds(6 * 60 * 60);

/// How loaded a desk is, in rising order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Level {
    /// The people keep up.
    #[default]
    Calm,
    /// They barely do: audits are at their floor.
    Busy,
    /// Deadlines cannot be kept: everybody is told.
    Overloaded,
}

impl Level {
    /// Every level.
    pub const ALL: [Self; 3] = [Self::Calm, Self::Busy, Self::Overloaded];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Calm => "calm",
            Self::Busy => "busy",
            Self::Overloaded => "overloaded",
        }
    }

    /// The level of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.as_str() == text)
    }

    /// The share of actions that is audited at this level, where the policy says `share`.
    pub fn audit(self, share: f64) -> f64 {
        if self == Self::Calm { share } else { share.min(AUDIT_FLOOR) }
    }
}

/// What a desk's load is judged by.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// What is asked of the people; audits as many as there would be if none were left out.
    pub demand: Demand,
    /// How many looks the held cases need that wait now.
    pub waiting: f64,
}

impl Reading {
    /// The share of their time that the people are busy.
    pub fn utilisation(&self) -> f64 {
        self.demand.forecast().utilisation
    }

    /// The share of held cases that will not be decided in time: expected in the long run, or because so many wait
    /// already that the last of them come too late.
    pub fn late(&self) -> f64 {
        let queue = self.demand.queue();
        let in_time = f64::from(queue.people) * queue.rate * self.demand.deadline / 3600.0;
        let behind = if self.waiting > 0.0 { (1.0 - in_time / self.waiting).max(0.0) } else { 0.0 };
        let expected = if queue.arrivals > 0.0 { queue.impatient(self.demand.deadline).expires } else { 0.0 };
        expected.max(behind)
    }

    /// The level that follows, where `level` has been in force since `since`. Up at once, down by hysteresis.
    pub fn level(&self, level: Level, since: Millis, now: Millis) -> Level {
        let (utilisation, late) = (self.utilisation(), self.late());
        let up = if late > MAX_EXPIRED {
            Level::Overloaded
        } else if utilisation > BUSY_ABOVE {
            Level::Busy
        } else {
            Level::Calm
        };
        if up >= level || now.since(since) < DWELL {
            return up.max(level);
        }
        let stays_overloaded = level == Level::Overloaded && late >= KEEPS_BELOW;
        let stays_busy = utilisation >= CALM_BELOW;
        match (stays_overloaded, stays_busy) {
            (true, _) => Level::Overloaded,
            (false, true) => Level::Busy,
            (false, false) => up,
        }
    }
}
