//! The policy: the document that says how actions are gated.
//!
//! A [`Policy`] that exists is valid: it is only made by [`Policy::parse`], which gives every problem of a
//! document at once. It never changes and is named by the digest of its bytes.

pub mod document;
pub mod glob;
mod index;
pub mod keys;
pub mod problem;
mod read;
pub mod severity;
pub mod title;
mod toml;

use super::action::Probability;
use super::canonical::Digest;
use super::cel::{EvalError, Input, Program, Reading};
use super::order::sorted;
use super::pointer::Pointer;
use super::time::Span;
use document::Format;
use glob::Glob;
use problem::Problem;
use severity::Severity;
use title::Title;

/// The desk that always exists.
pub const MAIN_DESK: &str = "main";

/// Whether a desk may have this name: 1 to 40 of a-z, 0-9, `-` and `_`, because it stands in addresses and ids.
pub fn is_desk_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=40).contains(&name.len()) && name.bytes().all(plain)
}

/// The reasons that a reviewer chooses from where the kind names none.
pub const DEFAULT_REASONS: [&str; 5] =
    ["wrong values", "wrong target", "not allowed", "not asked for", "other"];

/// A valid policy.
#[derive(Debug, Clone)]
pub struct Policy {
    digest: Digest,
    name: Option<String>,
    /// What applies to low, medium, high and critical, each at least as strict as those before.
    handling: [Handling; 4],
    unlisted: Unlisted,
    /// By name.
    exact_kinds: Vec<(String, Kind)>,
    /// By falling number of literal characters, so that the first match applies.
    glob_kinds: Vec<(Glob, Kind)>,
    criteria: Vec<Criterion>,
    index: index::Index,
    desks: Vec<(String, Desk)>,
}

/// How people watch a severity, in rising strictness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oversight {
    /// It acts, then a share is looked at.
    Audit,
    /// It acts alone at or above the threshold, else it is held.
    Threshold,
    /// A person before every action.
    Review,
}

/// What a severity means in this policy.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Handling {
    /// How people watch it.
    pub oversight: Oversight,
    /// The confidence from which it acts alone, where the oversight is [`Oversight::Threshold`].
    pub threshold: Probability,
    /// The share of those that act which is audited.
    pub audit: f64,
    /// How many different people have to approve what is held.
    pub approvals: u32,
    /// What one wrong action costs, in the deployment's money.
    pub damage: Option<f64>,
}

/// What applies to kinds that the policy does not name, and to what a kind leaves out.
#[derive(Debug, Clone, PartialEq)]
pub struct Unlisted {
    /// Its severity.
    pub severity: Severity,
    /// Its desk.
    pub desk: String,
}

/// What the policy says of a kind of action.
#[derive(Debug, Clone, PartialEq)]
pub struct Kind {
    /// How bad it is if such an action is wrong.
    pub severity: Severity,
    /// Whose people look at it.
    pub desk: String,
    /// What the reviewer reads first.
    pub title: Option<Title>,
    /// The reasons that a reviewer chooses from.
    pub reasons: Vec<String>,
    /// Where its arguments carry the confidence.
    pub confidence: Option<Pointer>,
    /// Whether it cannot be undone.
    pub irreversible: bool,
    /// The kind that makes a wrong one good.
    pub undone_by: Option<String>,
}

/// One escalation rule.
#[derive(Debug, Clone)]
pub struct Criterion {
    /// Its name in verdicts and statistics.
    pub id: String,
    /// The error category that a person should catch.
    pub category: String,
    /// The kinds it looks at; none: all.
    pub kinds: Vec<Glob>,
    /// The condition.
    pub when: Program,
    /// Raises the severity to at least this.
    pub severity: Option<Severity>,
    /// What a match does beside raising the severity.
    pub then: Then,
    /// For the reviewer.
    pub message: Option<String>,
}

/// What a matching criterion does. It only ever tightens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Then {
    /// Raises the severity and nothing else.
    Raise,
    /// Audits at least this share of what proceeds.
    Audit(f64),
    /// Holds.
    Hold,
    /// Blocks.
    Block,
}

/// A desk's people and times.
#[derive(Debug, Clone, PartialEq)]
pub struct Desk {
    /// People on shift.
    pub reviewers: u32,
    /// Hours that they work in a day.
    pub hours_per_day: f64,
    /// Seconds that a decision takes them.
    pub seconds_per_review: f64,
    /// What an hour of one of them costs, in the deployment's money.
    pub cost_per_hour: Option<f64>,
    /// How long a case stays with the person who looks at it.
    pub lease: Span,
    /// How long a decision can be taken back.
    pub undo: Span,
    /// When a held case that nobody decided is expired.
    pub expires: Span,
    /// When an audit that nobody did is unaudited.
    pub audit_within: Span,
    /// How long an approval can be used.
    pub valid: Span,
    /// When arguments and context are deleted.
    pub keep: Span,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            reviewers: 1,
            hours_per_day: 8.0,
            seconds_per_review: 60.0,
            cost_per_hour: None,
            lease: Span::seconds(90),
            undo: Span::seconds(4),
            expires: Span::seconds(30 * 60),
            audit_within: Span::days(7),
            valid: Span::seconds(60 * 60),
            keep: Span::days(90),
        }
    }
}

/// A policy with what surely was not meant, or every problem of a document.
#[derive(Debug)]
pub struct Checked {
    /// The policy, where there is no problem.
    pub policy: Option<Policy>,
    /// Why there is none. In the order of the document.
    pub problems: Vec<Problem>,
    /// What is legal and was hardly meant. In the order of the document.
    pub warnings: Vec<Problem>,
}

impl Policy {
    /// Reads a document and gives all its problems and warnings.
    pub fn check(format: Format, text: &str) -> Checked {
        read::check(format, text, true)
    }

    /// Reads a document; its problems, if there are any.
    pub fn parse(format: Format, text: &str) -> Result<Self, Vec<Problem>> {
        let checked = read::check(format, text, false);
        checked.policy.ok_or(checked.problems)
    }

    /// The digest of the document's bytes.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// What the document calls itself.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// What a severity means; `None` for [`Severity::None`], which is neither gated nor audited.
    pub fn handling(&self, severity: Severity) -> Option<&Handling> {
        let [low, medium, high, critical] = &self.handling;
        match severity {
            Severity::None => None,
            Severity::Low => Some(low),
            Severity::Medium => Some(medium),
            Severity::High => Some(high),
            Severity::Critical => Some(critical),
        }
    }

    /// What the policy says of a kind: the table with its exact name, else the matching one with most literal
    /// characters.
    pub fn kind(&self, name: &str) -> Option<&Kind> {
        let exact = self.exact_kinds.binary_search_by(|(known, _)| known.as_str().cmp(name));
        if let Some((_, kind)) = exact.ok().and_then(|at| self.exact_kinds.get(at)) {
            return Some(kind);
        }
        self.glob_kinds.iter().find(|(glob, _)| glob.matches(name)).map(|(_, kind)| kind)
    }

    /// All kinds that have a table, by name or pattern.
    fn all_kinds(&self) -> impl Iterator<Item = (&str, &Kind)> {
        let exact = self.exact_kinds.iter().map(|(name, kind)| (name.as_str(), kind));
        exact.chain(self.glob_kinds.iter().map(|(glob, kind)| (glob.as_str(), kind)))
    }

    /// What applies where [`Self::kind`] says nothing.
    pub fn unlisted(&self) -> &Unlisted {
        &self.unlisted
    }

    /// The criteria in the order of the document.
    pub fn criteria(&self) -> &[Criterion] {
        &self.criteria
    }

    /// The criteria that match an action, in the order of the document. One that cannot be evaluated counts as matched,
    /// and comes with the reason.
    pub fn matching<'a>(
        &'a self,
        input: Input<'a>,
    ) -> impl Iterator<Item = (&'a Criterion, Option<EvalError>)> {
        let reading = Reading::new(&self.index.shared, input);
        let mut matched: Vec<(usize, Option<EvalError>)> = Vec::new();
        self.index.candidates(&reading, &mut |place| {
            let Some(criterion) = self.criteria.get(place) else { return };
            match reading.matches(&criterion.when) {
                Ok(false) => {}
                Ok(true) => matched.push((place, None)),
                Err(error) => matched.push((place, Some(error))),
            }
        });
        if !matched.is_sorted_by(|(a, _), (b, _)| a < b) {
            matched = sorted(matched, |(a, _), (b, _)| a.cmp(b));
            matched.dedup_by(|(a, _), (b, _)| a == b);
        }
        matched.into_iter().filter_map(|(place, error)| Some((self.criteria.get(place)?, error)))
    }

    /// A desk's people and times.
    pub fn desk(&self, name: &str) -> Option<&Desk> {
        self.desks.iter().find(|(known, _)| known == name).map(|(_, desk)| desk)
    }

    /// All desks, `main` first: it is always there.
    pub fn desks(&self) -> impl Iterator<Item = (&str, &Desk)> {
        self.desks.iter().map(|(name, desk)| (name.as_str(), desk))
    }

    /// The reasons that a reviewer chooses from for a kind.
    pub fn reasons(&self, kind: &str) -> Vec<String> {
        self.kind(kind)
            .map(|kind| kind.reasons.clone())
            .filter(|reasons| !reasons.is_empty())
            .unwrap_or_else(|| DEFAULT_REASONS.map(str::to_owned).to_vec())
    }
}
