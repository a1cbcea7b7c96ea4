//! Desks: people and times.

use super::super::document::{Entry, Node};
use super::super::{Desk, MAIN_DESK, is_desk_name};
use super::Reader;

impl Reader<'_> {
    pub(super) fn desks(&mut self, node: Option<Node>) -> Vec<(String, Desk)> {
        let mut desks = vec![(MAIN_DESK.to_owned(), Desk::default())];
        let entries =
            node.and_then(|node| self.table(node, "desks")).map(|table| table.entries).unwrap_or_default();
        for Entry { key, key_span, node } in entries {
            if !is_desk_name(&key) {
                let hint =
                    Some("1 to 40 of a-z, 0-9, `-` and `_`: it stands in addresses and ids".to_owned());
                self.problem(&key_span, format!("`{key}` is no name for a desk"), hint);
            }
            let Some(desk) = self.desk(node) else { continue };
            match desks.first_mut().filter(|(main, _)| *main == key) {
                Some((_, main)) => *main = desk,
                None => desks.push((key.into(), desk)),
            }
        }
        desks
    }

    pub(super) fn desk(&mut self, node: Node) -> Option<Desk> {
        let mut table = self.table(node, "a desk")?;
        let mut desk = Desk::default();
        if let Some(reviewers) =
            table.take("reviewers").and_then(|node| self.count(node, "reviewers", 1..=100_000))
        {
            desk.reviewers = reviewers;
        }
        if let Some(node) = table.take("hours_per_day") {
            desk.hours_per_day =
                self.number_within(node, "hours_per_day", 24.0).unwrap_or(desk.hours_per_day);
        }
        if let Some(node) = table.take("seconds_per_review") {
            desk.seconds_per_review =
                self.number_within(node, "seconds_per_review", 86_400.0).unwrap_or(desk.seconds_per_review);
        }
        desk.cost_per_hour = table.take("cost_per_hour").and_then(|node| self.amount(node, "cost_per_hour"));
        let day = 86_400;
        for (key, span, range) in [
            ("lease", &mut desk.lease, (1, day)),
            ("undo", &mut desk.undo, (0, day)),
            ("expires", &mut desk.expires, (1, 30 * day)),
            ("audit_within", &mut desk.audit_within, (1, 366 * day)),
            ("valid", &mut desk.valid, (1, 30 * day)),
            ("keep", &mut desk.keep, (1, 36_600 * day)),
        ] {
            if let Some(given) = table.take(key).and_then(|node| self.duration(node, key, range)) {
                *span = given;
            }
        }
        self.finish(table);
        Some(desk)
    }
}
