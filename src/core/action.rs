//! What an AI proposes to do.

use super::canonical::{Digest, action_digest};
use super::cel::Input;
use super::json::{Json, Object};
use super::pointer::Pointer;
use super::policy::severity::Severity;

/// How sure the proposer says it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Confidence {
    /// Nothing was said. Counts as 0.
    None,
    /// A number from 0 to 1.
    Given(Probability),
    /// Something was said that is not a number from 0 to 1. Counts as 0, and the verdict says so.
    Invalid,
}

impl Confidence {
    /// Takes what an AI or its server wrote.
    pub fn of(json: &Json) -> Self {
        json.as_f64().and_then(Probability::new).map_or(Self::Invalid, Self::Given)
    }

    /// What conditions and thresholds compare.
    pub fn value(self) -> f64 {
        match self {
            Self::Given(given) => given.get(),
            Self::None | Self::Invalid => 0.0,
        }
    }

    /// The lower of two sources: where one said nothing the other counts, what is invalid counts as 0.
    #[must_use]
    pub fn lowest(self, other: Self) -> Self {
        match (self, other) {
            (Self::Invalid, _) | (_, Self::Invalid) => Self::Invalid,
            (Self::None, known) | (known, Self::None) => known,
            (Self::Given(a), Self::Given(b)) => Self::Given(if b.get() < a.get() { b } else { a }),
        }
    }
}

/// A number from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Probability(f64);

impl Probability {
    /// Never.
    pub const ZERO: Self = Self(0.0);

    /// Takes a number; `None` outside 0..=1 and for not-a-number.
    pub fn new(value: f64) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

/// A proposed action, complete and bounded, ready for the gate.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// The tool's name.
    pub kind: String,
    /// Its arguments, without the member that carried the confidence.
    pub args: Object,
    /// How sure the proposer is: the lowest of all sources.
    pub confidence: Confidence,
    /// What the caller says of its severity; can only raise.
    pub severity: Option<Severity>,
    /// On whose behalf or about whom.
    pub subject: Option<String>,
    /// Where it came from: model, agent, upstream.
    pub source: Object,
    /// What the reviewer should know beside it.
    pub context: Object,
}

impl Action {
    /// An action with nothing but a kind and arguments.
    pub fn new(kind: impl Into<String>, args: Object) -> Self {
        Self {
            kind: kind.into(),
            args,
            confidence: Confidence::None,
            severity: None,
            subject: None,
            source: Object::new(),
            context: Object::new(),
        }
    }

    /// What conditions see of it.
    pub fn input(&self) -> Input<'_> {
        Input {
            kind: &self.kind,
            args: &self.args,
            confidence: self.confidence.value(),
            subject: self.subject.as_deref(),
            source: &self.source,
            context: &self.context,
        }
    }

    /// Takes the confidence that this kind carries in its arguments out of them. Digest, conditions, case and
    /// what runs are without it. True where the arguments changed.
    pub fn take_confidence(&mut self, pointer: Option<&Pointer>) -> bool {
        let Some(pointer) = pointer else { return false };
        let mut args = Json::Object(std::mem::take(&mut self.args));
        let taken = pointer.remove(&mut args);
        if let Json::Object(args) = args {
            self.args = args;
        }
        if let Some(taken) = &taken {
            self.confidence = self.confidence.lowest(Confidence::of(taken));
        }
        taken.is_some()
    }

    /// The digest that binds an approval to exactly this.
    pub fn digest(&self) -> Digest {
        action_digest(&self.kind, &self.args)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_sources_the_lowest_counts() {
        let given = |value| Confidence::Given(Probability::new(value).unwrap());
        for (a, b, lowest) in [
            (given(0.9), given(0.2), given(0.2)),
            (Confidence::None, given(0.9), given(0.9)),
            (Confidence::Invalid, given(0.9), Confidence::Invalid),
            (Confidence::None, Confidence::None, Confidence::None),
        ] {
            assert_eq!(a.lowest(b), lowest);
            assert_eq!(b.lowest(a), lowest);
        }
    }

    #[test]
    fn a_confidence_is_a_number_from_0_to_1() {
        for (text, value) in
            [("0.5", 0.5), ("1", 1.0), ("1.01", 0.0), ("-0.1", 0.0), ("\"0.9\"", 0.0), ("null", 0.0)]
        {
            let confidence = Confidence::of(&Json::parse(text.as_bytes()).unwrap());
            assert!((confidence.value() - value).abs() < f64::EPSILON, "{text}");
        }
    }

    #[test]
    fn the_carried_confidence_is_no_argument() {
        let args =
            Json::parse(br#"{"amount":1,"meta":{"confidence":0.4}}"#).unwrap().as_object().unwrap().clone();
        let mut action = Action::new("refund", args);
        assert!(action.take_confidence(Pointer::parse("/meta/confidence").as_ref()));
        assert_eq!(action.args.to_string(), r#"{"amount":1,"meta":{}}"#);
        assert!((action.confidence.value() - 0.4).abs() < f64::EPSILON);
        assert!(!action.take_confidence(Pointer::parse("/meta/confidence").as_ref()));
    }
}
