//! What a policy would have made of actions that are known: to look before it is stored.

use super::action::Action;
use super::capacity::Demand;
use super::gate::{decide, decide_without};
use super::groups::Groups;
use super::policy::Policy;
use super::verdict::{Outcome, Verdict};

/// An action that is known, and for how many like it it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Its id, where it was recorded.
    pub id: Option<String>,
    /// The action.
    pub action: Action,
    /// One over the probability with which it was recorded; 1 for what was given.
    pub weight: f64,
    /// Whether a person overrode it; `None` where nobody said.
    pub overridden: Option<bool>,
}

/// What a desk would have to look at.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Looks {
    /// Held actions.
    pub held: f64,
    /// Looks at them: each as often as people have to approve.
    pub looks: f64,
    /// Audits, expected.
    pub audits: f64,
}

/// What a criterion does.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Effect {
    /// So many actions match it.
    pub matched: f64,
    /// So many are held or blocked because of it alone.
    pub alone: f64,
    /// The looks that fall away without it, by desk.
    pub looks: Groups<Looks>,
}

/// What a policy would have done.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Trial {
    /// How many actions there were, each as often as it stands for.
    pub actions: f64,
    /// Those that proceed.
    pub proceed: f64,
    /// Those that are held.
    pub hold: f64,
    /// Those that are blocked.
    pub block: f64,
    /// Those that are audited, expected.
    pub audits: f64,
    /// Minutes of review, by the desks' own pace.
    pub minutes: f64,
    /// By desk.
    pub desks: Groups<Looks>,
    /// By criterion, in the policy's order.
    pub criteria: Vec<(String, Effect)>,
    /// The places of overridden actions that would proceed.
    pub let_through: Vec<usize>,
    /// How each came out, in their order.
    pub outcomes: Vec<Outcome>,
}

/// What each criterion does alone takes a look at every criterion for each action that it matches: beyond so many
/// looks it is not told.
const MOST_LOOKS: usize = 4_000_000;

/// Whether what each criterion does alone can be told of so many actions.
fn can_tell(policy: &Policy, actions: usize) -> bool {
    let criteria = policy.criteria().len();
    criteria.saturating_mul(criteria).saturating_mul(actions) <= MOST_LOOKS
}

/// A trial that is under way: actions are added one by one, so that whoever has many can say how far it is.
#[derive(Debug)]
pub struct Trying<'p> {
    policy: &'p Policy,
    trial: Trial,
}

impl<'p> Trying<'p> {
    /// Begins; `tells_criteria`: whether it is told what each criterion does alone.
    pub fn new(policy: &'p Policy, tells_criteria: bool) -> Self {
        let known = policy.criteria().iter().filter(|_| tells_criteria);
        let criteria = known.map(|criterion| (criterion.id.clone(), Effect::default()));
        Self { policy, trial: Trial { criteria: criteria.collect(), ..Trial::default() } }
    }

    /// One more action; how it comes out.
    pub fn add(&mut self, sample: &Sample) -> Outcome {
        let pointer = self.policy.kind(&sample.action.kind).and_then(|kind| kind.confidence.as_ref());
        if pointer.is_some() {
            let mut action = sample.action.clone();
            action.take_confidence(pointer);
            self.add_as_gated(sample, &action)
        } else {
            self.add_as_gated(sample, &sample.action)
        }
    }

    fn add_as_gated(&mut self, sample: &Sample, action: &Action) -> Outcome {
        let verdict = decide(self.policy, action);
        let (weight, trial) = (sample.weight, &mut self.trial);
        let looks = looks(self.policy, &verdict, weight);
        trial.actions += weight;
        match verdict.outcome {
            Outcome::Proceed => trial.proceed += weight,
            Outcome::Hold => trial.hold += weight,
            Outcome::Block => trial.block += weight,
        }
        trial.audits += looks.audits;
        let seconds = self.policy.desk(&verdict.desk).cloned().unwrap_or_default().seconds_per_review;
        trial.minutes += (looks.looks + looks.audits) * seconds / 60.0;
        add(&mut trial.desks, &verdict.desk, looks, 1.0);
        if verdict.outcome == Outcome::Proceed && sample.overridden == Some(true) {
            trial.let_through.push(trial.outcomes.len());
        }
        trial.outcomes.push(verdict.outcome);
        for (id, effect) in &mut trial.criteria {
            if !verdict.reasons.iter().any(|reason| reason.criterion.as_ref() == Some(id)) {
                continue;
            }
            let without = decide_without(self.policy, action, Some(id));
            effect.matched += weight;
            if without.outcome < verdict.outcome {
                effect.alone += weight;
            }
            let fewer = self::looks(self.policy, &without, weight);
            add(&mut effect.looks, &verdict.desk, looks, 1.0);
            add(&mut effect.looks, &without.desk, fewer, -1.0);
        }
        verdict.outcome
    }

    /// What came out.
    pub fn done(self) -> Trial {
        self.trial
    }
}

fn looks(policy: &Policy, verdict: &Verdict, weight: f64) -> Looks {
    let approvals = policy.handling(verdict.severity).map_or(1, |handling| handling.approvals);
    match verdict.outcome {
        Outcome::Hold => Looks { held: weight, looks: weight * f64::from(approvals), audits: 0.0 },
        Outcome::Proceed => Looks { audits: weight * verdict.audit.unwrap_or(0.0), ..Looks::default() },
        Outcome::Block => Looks::default(),
    }
}

fn add(desks: &mut Groups<Looks>, desk: &str, looks: Looks, sign: f64) {
    desks.add(desk, |all| {
        all.held += sign * looks.held;
        all.looks += sign * looks.looks;
        all.audits += sign * looks.audits;
    });
}

/// Tries a policy on actions.
pub fn trial(policy: &Policy, samples: &[Sample]) -> Trial {
    let mut trying = Trying::new(policy, can_tell(policy, samples.len()));
    for sample in samples {
        trying.add(sample);
    }
    trying.done()
}

impl Trial {
    /// The demand on every desk of the policy at a volume of so many actions in a day, which come in the hours in
    /// which the desk is staffed. Of no actions nothing is known.
    pub fn demands(&self, policy: &Policy, per_day: f64) -> Vec<(String, Demand)> {
        if self.actions <= 0.0 {
            return Vec::new();
        }
        policy.desks().map(|(name, _)| (name.to_owned(), self.demand(policy, name, per_day, None))).collect()
    }

    /// The demand on one desk, or what it would be without a criterion.
    pub fn demand(&self, policy: &Policy, desk: &str, per_day: f64, without: Option<&Effect>) -> Demand {
        let known = policy.desk(desk).cloned().unwrap_or_default();
        let all = self.desks.get(desk).copied().unwrap_or_default();
        let less = without.and_then(|effect| effect.looks.get(desk)).copied().unwrap_or_default();
        let hourly = |looks: f64| (looks / self.actions * per_day / known.hours_per_day).max(0.0);
        Demand::of(&known, hourly(all.looks - less.looks), hourly(all.audits - less.audits))
    }
}
