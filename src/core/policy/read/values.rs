//! Tables and values of each type, with their ranges.

use super::super::document::{Node, Value};
use super::super::problem::did_you_mean;
use super::super::severity::Severity;
use super::{Reader, Table};
use crate::core::action::Probability;
use crate::core::number::{Number, f64_text};
use crate::core::time::Span;
use std::ops::Range;

impl Reader<'_> {
    pub(super) fn table(&mut self, node: Node, what: &str) -> Option<Table> {
        match node.value {
            Value::Table(entries) => Some(Table { entries, span: node.span, known: Vec::with_capacity(8) }),
            other => {
                self.problem(&node.span, format!("{what} is a table, not {}", other.type_name()), None);
                None
            }
        }
    }

    pub(super) fn finish(&mut self, table: Table) {
        for entry in table.entries {
            if self.is_full() {
                return;
            }
            let hint = did_you_mean(&entry.key, &table.known);
            self.problem(&entry.key_span, format!("unknown key `{}`", entry.key), Some(hint));
        }
    }

    pub(super) fn mistaken<T>(&mut self, node: &Node, expected: String) -> Option<T> {
        self.problem(&node.span, format!("{expected}, not {}", node.value.type_name()), None);
        None
    }

    pub(super) fn text_of(&mut self, node: Node, key: &str) -> Option<String> {
        match node.value {
            Value::String(text) if !text.trim().is_empty() => Some(text),
            Value::String(_) => {
                self.problem(&node.span, format!("`{key}` is empty"), None);
                None
            }
            _ => self.mistaken(&node, format!("`{key}` is a string")),
        }
    }

    pub(super) fn required(&mut self, node: Option<Node>, table: &Range<usize>, key: &str) -> Option<String> {
        match node {
            Some(node) => self.text_of(node, key),
            None => {
                self.problem(table, format!("a criterion needs `{key}`"), None);
                None
            }
        }
    }

    pub(super) fn texts(&mut self, node: Node, key: &str) -> Vec<String> {
        match node.value {
            Value::Array(elements) => {
                elements.into_iter().filter_map(|element| self.text_of(element, key)).collect()
            }
            _ => self.mistaken(&node, format!("`{key}` is an array of strings")).unwrap_or_default(),
        }
    }

    pub(super) fn boolean(&mut self, node: Node, key: &str) -> Option<bool> {
        match node.value {
            Value::Bool(value) => Some(value),
            _ => self.mistaken(&node, format!("`{key}` is true or false")),
        }
    }

    pub(super) fn one_of<T: Copy>(
        &mut self,
        node: Node,
        key: &str,
        choices: &[(&'static str, T)],
    ) -> Option<T> {
        let names = || choices.iter().map(|(name, _)| *name).collect::<Vec<_>>();
        let Value::String(text) = &node.value else {
            return self.mistaken(&node, format!("`{key}` is one of {}", names().join(", ")));
        };
        let chosen = choices.iter().find(|(name, _)| name == text).map(|(_, value)| *value);
        if chosen.is_none() {
            let hint = did_you_mean(text, &names());
            self.problem(
                &node.span,
                format!("`{key}` is one of {}, not `{text}`", names().join(", ")),
                Some(hint),
            );
        }
        chosen
    }

    pub(super) fn severity(&mut self, node: Node) -> Option<Severity> {
        self.one_of(node, "severity", &Severity::ALL.map(|severity| (severity.as_str(), severity)))
    }

    pub(super) fn desk_name(&mut self, node: Node) -> Option<String> {
        let span = node.span.clone();
        let name = self.text_of(node, "desk")?;
        self.desks_named.push((name.clone(), span));
        Some(name)
    }

    pub(super) fn number(&mut self, node: &Node, key: &str) -> Option<Number> {
        match &node.value {
            Value::Number(number) => Some(number.clone()),
            _ => self.mistaken(node, format!("`{key}` is a number")),
        }
    }

    pub(super) fn share(&mut self, node: Node, key: &str) -> Option<Probability> {
        let number = self.number(&node, key)?;
        let share = Probability::new(number.as_f64()).filter(|share| share.get() > 0.0);
        if share.is_none() {
            let percent = number.as_f64() / 100.0;
            let hint = Probability::new(percent)
                .filter(|_| percent > 0.01)
                .map(|_| format!("a share, not per cent: `{key} = {}`", f64_text(percent)));
            self.problem(
                &node.span,
                format!("`{key}` is more than 0 and at most 1, not {}", number.literal()),
                hint,
            );
        }
        share
    }

    pub(super) fn count(
        &mut self,
        node: Node,
        key: &str,
        range: std::ops::RangeInclusive<u32>,
    ) -> Option<u32> {
        let number = self.number(&node, key)?;
        let count = number.as_i64().and_then(|int| u32::try_from(int).ok()).filter(|int| range.contains(int));
        if count.is_none() {
            let message = format!(
                "`{key}` is a whole number from {} to {}, not {}",
                range.start(),
                range.end(),
                number.literal()
            );
            self.problem(&node.span, message, None);
        }
        count
    }

    pub(super) fn number_within(&mut self, node: Node, key: &str, most: f64) -> Option<f64> {
        let number = self.number(&node, key)?;
        let value = Some(number.as_f64()).filter(|value| *value > 0.0 && *value <= most);
        if value.is_none() {
            self.problem(
                &node.span,
                format!("`{key}` is more than 0 and at most {}, not {}", f64_text(most), number.literal()),
                None,
            );
        }
        value
    }

    pub(super) fn amount(&mut self, node: Node, key: &str) -> Option<f64> {
        let number = self.number(&node, key)?;
        let amount = Some(number.as_f64()).filter(|amount| amount.is_finite() && *amount >= 0.0);
        if amount.is_none() {
            self.problem(
                &node.span,
                format!("`{key}` is an amount of 0 or more, not {}", number.literal()),
                None,
            );
        }
        amount
    }

    pub(super) fn duration(&mut self, node: Node, key: &str, (least, most): (u32, u32)) -> Option<Span> {
        let span = node.span.clone();
        let text = self.text_of(node, key)?;
        let Some(duration) = Span::parse(&text) else {
            let hint = Some("a number and one of s, m, h, d: `90s`, `30m`, `7d`".to_owned());
            self.problem(&span, format!("`{text}` is no duration"), hint);
            return None;
        };
        if !(Span::seconds(least)..=Span::seconds(most)).contains(&duration) {
            self.problem(&span, format!("`{key}` is from {least}s to {}d, not {text}", most / 86_400), None);
            return None;
        }
        Some(duration)
    }
}
