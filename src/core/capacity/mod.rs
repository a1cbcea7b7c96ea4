//! Whether the people of a desk can keep up with what comes, or the review is theatre.
//!
//! Held cases go before audits, so they wait for nobody but each other. The volume is taken to come during the
//! hours in which the desk is staffed.

pub mod load;
pub mod queueing;

use super::policy::Desk;
use super::statistics::stamping::reading_seconds;
use queueing::Queue;

/// The share of their time that people can review: the rest is breaks, talk and looking things up.
pub const USABLE: f64 = 0.85;
/// What is expected to expire undecided must stay below this share.
pub const MAX_EXPIRED: f64 = 0.05;
/// The share of errors that reviewers should catch of what they are shown.
const MIN_CATCH: f64 = 0.8;
/// A held action should be started on within this time.
pub const STARTED_WITHIN: f64 = 60.0;
/// What misses by less than this share is at risk, by more theatre.
const NEARLY: f64 = 0.2;

/// What a desk is asked to do, and by how many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Looks at held cases in an hour: cases times the approvals that each needs.
    pub held: f64,
    /// Audits in an hour.
    pub audits: f64,
    /// Seconds that one look takes.
    pub seconds: f64,
    /// People on shift.
    pub people: u32,
    /// Seconds until a held case expires.
    pub deadline: f64,
    /// Words that a person has to read in a case, where that is known.
    pub words: Option<f64>,
    /// How far the team's overrides are from what is expected, in standard deviations, where that is known.
    pub overrides_z: Option<f64>,
}

/// The one line on everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Judgement {
    /// The people can look at what they are shown.
    Real,
    /// One thing is missing, by little.
    AtRisk,
    /// They cannot, whatever the decisions say.
    Theatre,
}

impl Judgement {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::AtRisk => "at_risk",
            Self::Theatre => "theatre",
        }
    }
}

/// One of the things that have to be so for the review to be real.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Check {
    /// Its name.
    pub name: &'static str,
    /// What is.
    pub value: f64,
    /// What it has to reach or, for `expiries` and `overrides`, to stay within.
    pub needed: f64,
    /// Whether it holds, by how little it does not, or that it is unknown.
    pub judgement: Option<Judgement>,
}

/// The smallest change by which a desk could keep up. Each alone is enough.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mends {
    /// So many people on shift.
    pub people: u32,
    /// Or so many seconds for a look.
    pub seconds: f64,
    /// Or this share of what is held and audited now.
    pub share: f64,
    /// Which of them changes least in proportion.
    pub cheapest: Mend,
}

/// A way to keep up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mend {
    /// More people.
    People,
    /// Less time for each.
    Seconds,
    /// Fewer cases.
    Share,
}

impl Mend {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::People => "people",
            Self::Seconds => "seconds",
            Self::Share => "share",
        }
    }
}

/// What will come of a demand.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    /// Looks that the people can give in an hour, at [`USABLE`] of their time.
    pub possible: f64,
    /// Possible over demanded; above 1 where there is room. `None` where nothing is demanded.
    pub coverage: Option<f64>,
    /// The share of all their time that they are busy.
    pub utilisation: f64,
    /// The mean time before a held case is started on, in seconds; `None` where it grows without end.
    pub wait: Option<f64>,
    /// The share of held cases that are started on within [`STARTED_WITHIN`] seconds.
    pub started: f64,
    /// The share of held cases that are expected to expire.
    pub expired: f64,
    /// Seconds of a person's time for each case, if all are to be looked at.
    pub seconds_available: Option<f64>,
    /// What has to be so.
    pub checks: Vec<Check>,
    /// The worst of the checks.
    pub judgement: Judgement,
    /// What would help, where the people cannot keep up.
    pub mends: Option<Mends>,
}

impl Demand {
    /// The demand on a desk as its policy describes it.
    pub fn of(desk: &Desk, held: f64, audits: f64) -> Self {
        Self {
            held,
            audits,
            seconds: desk.seconds_per_review,
            people: desk.reviewers,
            deadline: super::number::int_to_f64(desk.expires.as_millis()) / 1000.0,
            words: None,
            overrides_z: None,
        }
    }

    /// The queue of held cases.
    pub fn queue(&self) -> Queue {
        Queue { arrivals: self.held, rate: 3600.0 / self.seconds, people: self.people }
    }

    /// The queue of everything.
    fn whole(&self) -> Queue {
        Queue { arrivals: self.held + self.audits, ..self.queue() }
    }

    fn possible(&self) -> f64 {
        f64::from(self.people) * USABLE * 3600.0 / self.seconds
    }

    /// What will come of it.
    pub fn forecast(&self) -> Forecast {
        let (held, whole) = (self.queue(), self.whole());
        let demanded = whole.arrivals;
        let some = demanded > 0.0;
        let coverage = some.then(|| self.possible() / demanded);
        let seconds_available = some.then(|| f64::from(self.people) * USABLE * 3600.0 / demanded);
        let expired = if self.held > 0.0 { held.impatient(self.deadline).expires } else { 0.0 };
        let checks = self.checks(coverage, seconds_available, expired);
        let judged = checks.iter().filter_map(|check| check.judgement);
        let judgement = judged.max().unwrap_or(Judgement::Real);
        Forecast {
            possible: self.possible(),
            coverage,
            utilisation: whole.utilisation(),
            wait: held.mean_wait_before(self.audits),
            started: 1.0 - held.waits_longer_before(self.audits, STARTED_WITHIN),
            expired,
            seconds_available,
            mends: (judgement != Judgement::Real).then(|| self.mends()).flatten(),
            checks,
            judgement,
        }
    }

    fn checks(&self, coverage: Option<f64>, available: Option<f64>, expired: f64) -> Vec<Check> {
        let at_least = |name, value: f64, needed: f64| Check {
            name,
            value,
            needed,
            judgement: Some(short_by(value / needed)),
        };
        let mut checks = Vec::new();
        if let Some(coverage) = coverage {
            checks.push(at_least("coverage", coverage, 1.0));
        }
        if let (Some(available), Some(words)) = (available, self.words) {
            checks.push(at_least("reading", available, reading_seconds(words)));
        }
        if self.held > 0.0 {
            let judgement = if expired <= MAX_EXPIRED {
                Judgement::Real
            } else if expired <= NEARLY {
                Judgement::AtRisk
            } else {
                Judgement::Theatre
            };
            let judgement = Some(judgement);
            checks.push(Check { name: "expiries", value: expired, needed: MAX_EXPIRED, judgement });
        }
        let needed = super::statistics::stamping::FAR_BELOW;
        let judgement =
            self.overrides_z.map(|z| if z >= needed { Judgement::Real } else { Judgement::Theatre });
        // What reviewers would catch is known by drills alone.
        checks.push(Check { name: "catch", value: 0.0, needed: MIN_CATCH, judgement: None });
        checks.push(Check { name: "overrides", value: self.overrides_z.unwrap_or(0.0), needed, judgement });
        checks
    }

    /// What would let the people look at everything; `None` where nothing is demanded, or they can already.
    fn mends(&self) -> Option<Mends> {
        let whole = self.whole().arrivals;
        let share = self.possible() / whole;
        if whole <= 0.0 || share >= 1.0 {
            return None;
        }
        let people = people(whole * self.seconds / 3600.0 / USABLE);
        let more = f64::from(people) / f64::from(self.people.max(1)) - 1.0;
        let cheapest = match self.words {
            // Faster than reading is no mend.
            Some(words) if self.seconds * share < reading_seconds(words) => Mend::Share,
            _ => Mend::Seconds,
        };
        let cheapest = if more <= 1.0 - share { Mend::People } else { cheapest };
        Some(Mends { people, seconds: self.seconds * share, share, cheapest })
    }
}

fn short_by(reached: f64) -> Judgement {
    if reached >= 1.0 {
        Judgement::Real
    } else if reached >= 1.0 - NEARLY {
        Judgement::AtRisk
    } else {
        Judgement::Theatre
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn people(needed: f64) -> u32 {
    needed.ceil().clamp(1.0, 1e9) as u32
}
