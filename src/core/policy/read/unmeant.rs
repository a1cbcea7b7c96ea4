//! What is legal and surely not meant, where it takes the whole policy to see it.

use super::super::glob::Glob;
use super::super::problem::nearest;
use super::super::severity::Severity;
use super::super::{Policy, Then};
use super::Reader;
use crate::core::groups::Groups;

/// So many comparisons of names, or of patterns, are made: nobody writes policies for which that is too few.
const MAX_COMPARISONS: usize = 20_000;

/// The severities that have a table, from low to critical.
const WITH_TABLE: [Severity; 4] = [Severity::Low, Severity::Medium, Severity::High, Severity::Critical];

impl Reader<'_> {
    pub(super) fn warn_of_whole(&mut self, policy: &Policy) {
        self.warn_of_unused_severities(policy);
        self.warn_of_missing_reviewers(policy);
        self.warn_of_misspelt_kinds(policy);
    }

    fn warn_of_unused_severities(&mut self, policy: &Policy) {
        let used = |severity: Severity| {
            policy.unlisted.severity == severity
                || policy.all_kinds().any(|(_, kind)| kind.severity == severity)
                || policy.criteria.iter().any(|criterion| criterion.severity == Some(severity))
        };
        for (severity, span) in WITH_TABLE.into_iter().zip(self.severities_written.clone()) {
            if let Some(span) = span.filter(|_| !used(severity)) {
                let message = format!("no kind and no criterion has severity {}", severity.as_str());
                let hint = "only an action whose caller says so comes to it".to_owned();
                self.warn(&span, message, Some(hint));
            }
        }
    }

    /// More people have to approve than a desk has: what comes there can only expire.
    fn warn_of_missing_reviewers(&mut self, policy: &Policy) {
        let desks = policy.desks().count();
        let raising = policy.criteria.iter().map(|criterion| criterion.kinds.len().max(1)).sum::<usize>();
        let comparisons = desks.saturating_add(policy.all_kinds().count()).saturating_mul(raising);
        if comparisons > MAX_COMPARISONS {
            return;
        }
        for (at, severity) in WITH_TABLE.into_iter().enumerate() {
            let Some(span) = self.approvals_written.get(at).cloned().flatten() else { continue };
            let Some(handling) = policy.handling(severity) else { continue };
            let short = policy
                .desks()
                .find(|(name, desk)| desk.reviewers < handling.approvals && comes_to(policy, name, severity));
            if let Some((name, desk)) = short {
                let people = if desk.reviewers == 1 { "person" } else { "people" };
                let message = format!(
                    "{} have to approve what has severity {}, and desk {name} has {} {people}",
                    handling.approvals,
                    severity.as_str(),
                    desk.reviewers
                );
                let hint = format!("give `[desks.{name}]` at least `reviewers = {}`", handling.approvals);
                self.warn(&span, message, Some(hint));
            }
        }
    }

    fn warn_of_misspelt_kinds(&mut self, policy: &Policy) {
        let known: Vec<&str> = policy.all_kinds().map(|(name, _)| name).collect();
        let mut looked_up = Groups::default();
        let mut left = MAX_COMPARISONS;
        for (name, span) in std::mem::take(&mut self.kinds_named) {
            let is_known = !Glob::new(&name).is_exact() || policy.kind(&name).is_some();
            if is_known || !looked_up.add(&name, |()| {}) {
                continue;
            }
            let Some(rest) = left.checked_sub(known.len()) else { return };
            left = rest;
            if let Some(meant) = nearest(&name, known.iter().copied()) {
                let hint = Some(format!("did you mean `{meant}`?"));
                self.warn(&span, format!("no table of `kinds` is for `{name}`"), hint);
            }
        }
    }
}

/// Whether actions of this severity can come to a desk, by their kind or by a criterion for such kinds.
fn comes_to(policy: &Policy, desk: &str, severity: Severity) -> bool {
    let raised = |kind: &Glob| {
        policy.criteria.iter().any(|criterion| {
            criterion.severity == Some(severity)
                && !matches!(criterion.then, Then::Block)
                && (criterion.kinds.is_empty()
                    || criterion.kinds.iter().any(|pattern| pattern.overlaps(kind)))
        })
    };
    let listed = policy
        .all_kinds()
        .filter(|(_, kind)| kind.desk == desk)
        .any(|(name, kind)| kind.severity == severity || raised(&Glob::new(name)));
    let unlisted =
        policy.unlisted.desk == desk && (policy.unlisted.severity == severity || raised(&Glob::new("*")));
    listed || unlisted
}
