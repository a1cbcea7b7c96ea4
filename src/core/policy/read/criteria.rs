//! Criteria, with their conditions compiled.

use super::super::document::{Node, Value};
use super::super::glob::Glob;
use super::super::severity::Severity;
use super::super::{Criterion, Then};
use super::Reader;
use crate::core::action::Probability;
use crate::core::cel;
use crate::core::groups::Groups;
use std::ops::Range;

impl Reader<'_> {
    pub(super) fn criteria(&mut self, node: Option<Node>) -> Vec<Criterion> {
        let Some(node) = node else { return Vec::new() };
        let Value::Array(nodes) = node.value else {
            let hint = Some("write each as `[[criteria]]`".to_owned());
            self.problem(
                &node.span,
                format!("`criteria` is a list of tables, not {}", node.value.type_name()),
                hint,
            );
            return Vec::new();
        };
        let mut ids = Groups::default();
        nodes.into_iter().filter_map(|node| self.criterion(node, &mut ids)).collect()
    }

    pub(super) fn criterion(&mut self, node: Node, ids: &mut Groups<()>) -> Option<Criterion> {
        let span = node.span.clone();
        let mut table = self.table(node, "a criterion")?;
        let id_node = table.take("id");
        let id_span = id_node.as_ref().map_or(span.clone(), |node| node.span.clone());
        let id = self.required(id_node, &span, "id");
        let category_node = table.take("category");
        let category = self.required(category_node, &span, "category");
        let kinds = table.take("kinds").map(|node| self.texts(node, "kinds")).unwrap_or_default();
        let when = match table.take("when") {
            Some(node) => self.condition(node),
            None => {
                self.problem(
                    &span,
                    "a criterion needs `when`",
                    Some("for example `when = \"args.amount > 500\"`".to_owned()),
                );
                None
            }
        };
        let severity = table.take("severity").and_then(|node| self.severity(node));
        let audit = table.take("audit").map(|node| (node.span.clone(), self.share(node, "audit")));
        let then = self.then(table.take("then"), severity, audit);
        let message = table.take("message").and_then(|node| self.text_of(node, "message"));
        self.finish(table);
        let (id, category, when, then) = (id?, category?, when?, then?);
        if !ids.add(&id, |()| {}) {
            self.problem(
                &id_span,
                format!("another criterion is called `{id}` as well"),
                Some("give each its own id".to_owned()),
            );
        }
        let kinds = kinds.iter().map(|kind| Glob::new(kind)).collect();
        Some(Criterion { id, category, kinds, when, severity, then, message })
    }

    pub(super) fn then(
        &mut self,
        node: Option<Node>,
        severity: Option<Severity>,
        audit: Option<(Range<usize>, Option<Probability>)>,
    ) -> Option<Then> {
        let absent = node.is_none();
        let then = match node {
            Some(node) => self.one_of(
                node,
                "then",
                &[("audit", Then::Audit(1.0)), ("hold", Then::Hold), ("block", Then::Block)],
            ),
            None if severity.is_some() => Some(Then::Raise),
            None => Some(Then::Hold),
        };
        match (then, audit) {
            (Some(Then::Audit(_)), Some((_, Some(share)))) => Some(Then::Audit(share.get())),
            (Some(Then::Audit(_)), Some((_, None))) | (None, _) => None,
            (then, None) => then,
            (then, Some((span, _))) => {
                let hint =
                    if absent { "add `then = \"audit\"`" } else { "remove it, or write `then = \"audit\"`" };
                self.problem(&span, "`audit` goes with `then = \"audit\"`", Some(hint.to_owned()));
                then
            }
        }
    }

    pub(super) fn condition(&mut self, node: Node) -> Option<cel::Program> {
        let span = node.span.clone();
        let source = self.text_of(node, "when")?;
        match cel::compile(&source) {
            Ok(program) => {
                for path in program.guarded_fields() {
                    self.warn(
                        &span,
                        format!("actions without `{path}` pass this criterion"),
                        Some(format!("leave `has({path}) &&` out, and a missing `{path}` counts as matched")),
                    );
                }
                Some(program)
            }
            Err(problems) => {
                for problem in problems {
                    let place = self.place_within(&span, &source, &problem.span);
                    self.problem(&place, problem.message, problem.hint);
                }
                None
            }
        }
    }

    /// The bytes of the document that a part of a string value was written in. Where escapes make the two
    /// differ, the whole value.
    pub(super) fn place_within(
        &self,
        value: &Range<usize>,
        source: &str,
        part: &Range<usize>,
    ) -> Range<usize> {
        let written = self.text.get(value.clone()).unwrap_or("");
        let verbatim = written.find(source).filter(|_| !source.is_empty());
        let Some(offset) = verbatim.map(|offset| value.start.saturating_add(offset)) else {
            return value.clone();
        };
        offset.saturating_add(part.start)..offset.saturating_add(part.end)
    }
}
