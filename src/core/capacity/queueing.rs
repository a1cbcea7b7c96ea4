//! Queues in steady state: how long people wait for people.
//!
//! Rates are per hour, times in seconds. Service times are taken as exponential, which is close for reviews and on
//! the safe side of anything steadier.

/// Requests that arrive at random and people who work them off.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Queue {
    /// Arrivals in an hour.
    pub arrivals: f64,
    /// What one person gets done in an hour; above 0.
    pub rate: f64,
    /// How many people.
    pub people: u32,
}

impl Queue {
    /// The load in persons (Erlangs).
    pub fn load(self) -> f64 {
        self.arrivals / self.rate
    }

    /// The share of their time that the people are busy; above 1 where they cannot keep up.
    pub fn utilisation(self) -> f64 {
        if self.people == 0 { f64::INFINITY } else { self.load() / f64::from(self.people) }
    }

    /// The chance that all are busy where nobody waits: Erlang's B, by its recursion.
    pub fn erlang_b(self) -> f64 {
        let load = self.load();
        let step = |blocked: f64, people: u32| load * blocked / (f64::from(people) + load * blocked);
        (1..=self.people).fold(1.0, step)
    }

    /// The chance to wait at all: Erlang's C. 1 where they cannot keep up.
    pub fn waits(self) -> f64 {
        let busy = self.utilisation();
        if busy >= 1.0 {
            return 1.0;
        }
        let blocked = self.erlang_b();
        blocked / (1.0 - busy * (1.0 - blocked))
    }

    /// What is left over of the people's rate, in an hour.
    fn spare(self) -> f64 {
        f64::from(self.people) * self.rate - self.arrivals
    }

    /// The mean wait, in seconds; `None` where it grows without end.
    pub fn mean_wait(self) -> Option<f64> {
        (self.spare() > 0.0).then(|| self.waits() / self.spare() * 3600.0)
    }

    /// The chance to wait longer than that many seconds.
    pub fn waits_longer(self, seconds: f64) -> f64 {
        if self.spare() <= 0.0 { 1.0 } else { self.waits() * (-self.spare() * seconds / 3600.0).exp() }
    }

    /// The chance to wait longer than that many seconds where others, `behind` in an hour, wait behind these: who
    /// arrives finds people busy with all of them, and waits for nobody but these.
    pub fn waits_longer_before(self, behind: f64, seconds: f64) -> f64 {
        if self.spare() <= 0.0 {
            return 1.0;
        }
        let all = Self { arrivals: self.arrivals + behind, ..self };
        all.waits() * (-self.spare() * seconds / 3600.0).exp()
    }

    /// The mean wait, in seconds, where others wait behind these.
    pub fn mean_wait_before(self, behind: f64) -> Option<f64> {
        let all = Self { arrivals: self.arrivals + behind, ..self };
        (self.spare() > 0.0).then(|| all.waits() / self.spare() * 3600.0)
    }

    /// The mean waits of classes of which each goes before the next, in seconds (A. Cobham, Operations Research 2,
    /// 1954); `None` from the class on for which nobody is left.
    pub fn priority_waits(rate: f64, people: u32, arrivals: &[f64]) -> Vec<Option<f64>> {
        let all = Self { arrivals: arrivals.iter().sum(), rate, people };
        let supply = f64::from(people) * rate;
        let mut before = 0.0;
        arrivals
            .iter()
            .map(|class| {
                let behind = before + class;
                let wait =
                    all.waits() / supply / ((1.0 - before / supply) * (1.0 - behind / supply)) * 3600.0;
                before = behind;
                (behind < supply).then_some(wait)
            })
            .collect()
    }
}

/// A queue that is left by whoever waited too long: Erlang's A, with patience that is exponential. Deadlines are
/// all alike instead, so it is a forecast; it is exact in what it counts on most, the two rates.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impatient {
    /// The share that has to wait.
    pub waits: f64,
    /// The share that leaves undone: expires.
    pub expires: f64,
    /// How many wait, on the average.
    pub waiting: f64,
    /// The mean wait of all, in seconds.
    pub mean_wait: f64,
    /// How many are worked off in an hour.
    pub served: f64,
}

/// So many waiting are looked at. Beyond that the tail is nothing, or the queue is hopeless and fluid.
const STATES: u32 = 200_000;

impl Queue {
    /// What happens where whoever waits leaves after `patience` seconds on the average.
    pub fn impatient(self, patience: f64) -> Impatient {
        let leaving = 3600.0 / patience;
        let people = f64::from(self.people);
        // With so many waiting nothing is left to chance.
        let fluid = self.fluid_expiry();
        if self.arrivals / leaving * fluid > f64::from(STATES) / 20.0 {
            let waiting = self.arrivals * fluid / leaving;
            let mean_wait = waiting / self.arrivals * 3600.0;
            let served = self.arrivals * (1.0 - fluid);
            return Impatient { waits: 1.0, expires: fluid, waiting, mean_wait, served };
        }
        // Weights of the states, relative to the largest so far.
        let (mut weight, mut total, mut waiting, mut all_busy) = (1.0_f64, 1.0_f64, 0.0_f64, 0.0_f64);
        if self.people == 0 {
            all_busy = 1.0;
        }
        for state in 1..=STATES {
            let at = f64::from(state);
            weight *= self.arrivals / (at.min(people) * self.rate + (at - people).max(0.0) * leaving);
            total += weight;
            if state >= self.people {
                all_busy += weight;
                waiting += (at - people) * weight;
            }
            if weight > 1e200 {
                (total, waiting, all_busy) = (total / weight, waiting / weight, all_busy / weight);
                weight = 1.0;
            }
            if at > people + self.arrivals / leaving && weight < total * 1e-18 {
                break;
            }
        }
        let waiting = waiting / total;
        let expires = if self.arrivals > 0.0 { (leaving * waiting / self.arrivals).min(1.0) } else { 0.0 };
        Impatient {
            waits: all_busy / total,
            expires,
            waiting,
            mean_wait: if self.arrivals > 0.0 { waiting / self.arrivals * 3600.0 } else { 0.0 },
            served: self.arrivals * (1.0 - expires),
        }
    }

    /// The share that would expire if nothing were random: what is too much.
    pub fn fluid_expiry(self) -> f64 {
        if self.arrivals <= 0.0 {
            0.0
        } else {
            (1.0 - f64::from(self.people) * self.rate / self.arrivals).max(0.0)
        }
    }

    /// What waits after some hours, where `waiting` do now and nothing is random.
    pub fn backlog_after(self, waiting: f64, hours: f64) -> f64 {
        (waiting - self.spare() * hours).max(0.0)
    }

    /// In how many hours the last to arrive would wait longer than `deadline` seconds; `None` where that never
    /// comes. 0 where it is so already.
    pub fn hours_to_breach(self, waiting: f64, deadline: f64) -> Option<f64> {
        let room = f64::from(self.people) * self.rate * deadline / 3600.0 - waiting;
        if room <= 0.0 {
            return Some(0.0);
        }
        (self.spare() < 0.0).then(|| room / -self.spare())
    }

    /// The fewest people with whom that share starts within so many seconds; `None` above ten thousand.
    pub fn people_for(arrivals: f64, rate: f64, share: f64, seconds: f64) -> Option<u32> {
        let load = Self { arrivals, rate, people: 1 }.load();
        // Fewer than the load cannot keep up.
        (1..=10_000).find(|people| {
            if f64::from(*people) <= load {
                return false;
            }
            let queue = Self { arrivals, rate, people: *people };
            1.0 - queue.waits_longer(seconds) >= share
        })
    }
}
