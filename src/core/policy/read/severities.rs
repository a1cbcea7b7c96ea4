//! Severities: what is left out, and each at least as strict as those below.

use super::super::document::Node;
use super::super::severity::Severity;
use super::super::{Handling, Oversight};
use super::Reader;
use crate::core::action::Probability;
use std::ops::Range;

/// A severity's table as written: what it leaves out comes from the defaults.
#[derive(Default)]
struct Written {
    oversight: Option<Oversight>,
    threshold: Option<Probability>,
    audit: Option<f64>,
    approvals: Option<u32>,
    damage: Option<f64>,
    span: Range<usize>,
    threshold_span: Option<Range<usize>>,
    approvals_span: Option<Range<usize>>,
}

impl Reader<'_> {
    pub(super) fn severities(&mut self, node: Option<Node>) -> [Handling; 4] {
        let mut table = node.and_then(|node| self.table(node, "severity"));
        let mut own = |reader: &mut Self, key| {
            let node = table.as_mut()?.take(key)?;
            reader.severity_table(node)
        };
        let low = own(self, "low");
        let medium = own(self, "medium");
        let high = own(self, "high");
        let critical = own(self, "critical");
        let all = [&low, &medium, &high, &critical];
        self.severities_written = all.map(|written| written.as_ref().map(|written| written.span.clone()));
        self.approvals_written = all.map(|written| written.as_ref()?.approvals_span.clone());
        if let Some(table) = table {
            self.finish(table);
        }
        let harmless = Handling {
            oversight: Oversight::Audit,
            threshold: Probability::ZERO,
            audit: 0.0,
            approvals: 1,
            damage: None,
        };
        let low = self.handling(Severity::Low, low, &harmless, (Oversight::Audit, None, Some(0.02)));
        let medium =
            self.handling(Severity::Medium, medium, &low, (Oversight::Threshold, Some(0.80), Some(0.05)));
        let high =
            self.handling(Severity::High, high, &medium, (Oversight::Threshold, Some(0.95), Some(0.20)));
        let critical = self.handling(Severity::Critical, critical, &high, (Oversight::Review, None, None));
        [low, medium, high, critical]
    }

    fn severity_table(&mut self, node: Node) -> Option<Written> {
        let span = node.span.clone();
        let mut table = self.table(node, "a severity")?;
        let oversight = table.take("oversight").and_then(|node| {
            self.one_of(
                node,
                "oversight",
                &[
                    ("audit", Oversight::Audit),
                    ("threshold", Oversight::Threshold),
                    ("review", Oversight::Review),
                ],
            )
        });
        let threshold_node = table.take("threshold");
        let threshold_span = threshold_node.as_ref().map(|node| node.span.clone());
        let threshold = threshold_node.and_then(|node| self.share(node, "threshold"));
        let audit = table.take("audit").and_then(|node| self.share(node, "audit")).map(Probability::get);
        let approvals_node = table.take("approvals");
        let approvals_span = approvals_node.as_ref().map(|node| node.span.clone());
        let approvals = approvals_node.and_then(|node| self.count(node, "approvals", 1..=10));
        let damage = table.take("damage").and_then(|node| self.amount(node, "damage"));
        self.finish(table);
        Some(Written { oversight, threshold, audit, approvals, damage, span, threshold_span, approvals_span })
    }

    /// Fills what is left out and raises each part to that of the severity below.
    fn handling(
        &mut self,
        severity: Severity,
        written: Option<Written>,
        lower: &Handling,
        default: (Oversight, Option<f64>, Option<f64>),
    ) -> Handling {
        let stands = written.is_some();
        let written = written.unwrap_or_default();
        let own_threshold = written.threshold.or_else(|| default.1.and_then(Probability::new));
        let own = (written.oversight.unwrap_or(default.0), own_threshold, written.audit.or(default.2));
        let handling = Handling {
            oversight: own.0.max(lower.oversight),
            threshold: own.1.filter(|own| own.get() > lower.threshold.get()).unwrap_or(lower.threshold),
            audit: own.2.unwrap_or(0.0).max(lower.audit),
            approvals: written.approvals.unwrap_or(1).max(lower.approvals),
            damage: written.damage,
        };
        if handling.oversight == Oversight::Threshold && handling.threshold.get() <= 0.0 {
            let hint = Some("add one, for example `threshold = 0.80`".to_owned());
            self.problem(
                &written.span,
                format!("severity {} acts by threshold and has none", severity.as_str()),
                hint,
            );
        }
        self.warn_of_threshold(severity, &written, &handling);
        if stands {
            let raised = [
                ("oversight", written.oversight.is_some_and(|own| own < handling.oversight)),
                ("threshold", written.threshold.is_some_and(|own| own < handling.threshold)),
                ("audit", written.audit.is_some_and(|own| own < handling.audit)),
                ("approvals", written.approvals.is_some_and(|own| own < handling.approvals)),
            ];
            for (key, _) in raised.into_iter().filter(|(_, raised)| *raised) {
                self.warn(
                    &written.span,
                    format!(
                        "`{key}` of severity {} is less strict than that of a lower severity, whose applies",
                        severity.as_str()
                    ),
                    Some("a severity is at least as strict as each lower one".to_owned()),
                );
            }
        }
        handling
    }

    /// A threshold that nothing is compared with, or that next to nothing reaches.
    fn warn_of_threshold(&mut self, severity: Severity, written: &Written, handling: &Handling) {
        let (Some(threshold), Some(span)) = (written.threshold, &written.threshold_span) else { return };
        let name = severity.as_str();
        if handling.oversight != Oversight::Threshold {
            let oversight = if handling.oversight == Oversight::Audit { "audit" } else { "review" };
            let message = format!(
                "no confidence is compared with this: the oversight of severity {name} is {oversight}"
            );
            self.warn(span, message, Some("leave it out, or write `oversight = \"threshold\"`".to_owned()));
        } else if threshold.get() >= 1.0 {
            let hint = "if a person decides every one, write `oversight = \"review\"`".to_owned();
            self.warn(span, "only a confidence of exactly 1 reaches this", Some(hint));
        }
    }
}
