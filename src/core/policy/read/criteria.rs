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

/// A kind is compared with so many that stand before it.
const MAX_COMPARED: usize = 100;

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
        let kinds = table.take("kinds").map(|node| self.patterns(node)).unwrap_or_default();
        let when = match table.take("when") {
            Some(node) => self.condition(node, &kinds),
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

    /// The kinds that a criterion looks at.
    fn patterns(&mut self, node: Node) -> Vec<Glob> {
        let Value::Array(elements) = node.value else {
            return self.mistaken(&node, "`kinds` is an array of strings".to_owned()).unwrap_or_default();
        };
        if elements.is_empty() {
            self.warn(&node.span, "no kind is named, so all are meant", Some("leave `kinds` out".to_owned()));
        }
        let mut kinds: Vec<Glob> = Vec::new();
        for element in elements {
            let span = element.span.clone();
            let Some(text) = self.text_of(element, "kinds") else { continue };
            let kind = Glob::new(&text);
            if let Some(wider) = kinds.iter().take(MAX_COMPARED).find(|known| known.covers(&kind)) {
                self.warn(
                    &span,
                    format!("`{}` already matches every `{text}`", wider.as_str()),
                    Some("leave it out".to_owned()),
                );
            }
            if self.warnings.is_some() {
                self.kinds_named.push((text, span));
            }
            kinds.push(kind);
        }
        kinds
    }

    fn condition(&mut self, node: Node, kinds: &[Glob]) -> Option<cel::Program> {
        let span = node.span.clone();
        let source = self.text_of(node, "when")?;
        match cel::compile(&source) {
            Ok(program) => {
                if self.warnings.is_some() {
                    self.warn_of_condition(&program, &span, kinds);
                }
                if let Some(found) = program.wrong_type() {
                    let hint = "compare it with something, as in `args.amount > 500`".to_owned();
                    self.problem(&span, format!("a condition is true or false, this is {found}"), Some(hint));
                }
                Some(program)
            }
            Err(problems) => {
                for problem in problems {
                    if self.is_full() {
                        break;
                    }
                    let place = self.place_within(&span, &source, &problem.span);
                    self.problem(&place, problem.message, problem.hint);
                }
                None
            }
        }
    }

    fn warn_of_condition(&mut self, program: &cel::Program, span: &Range<usize>, kinds: &[Glob]) {
        for path in program.guarded_fields() {
            self.warn(
                span,
                format!("actions without `{path}` pass this criterion"),
                Some(format!("leave `has({path}) &&` out, and a missing `{path}` counts as matched")),
            );
        }
        let per_cent = program.takes_confidence_for_per_cent();
        let hint = |other: &str| {
            Some(
                if per_cent { "`confidence` is from 0 to 1: 80 per cent is `0.8`" } else { other }.to_owned(),
            )
        };
        let required = program.kinds_required();
        let other_kind = required.as_ref().filter(|required| {
            !kinds.is_empty() && !required.iter().any(|name| kinds.iter().any(|kind| kind.matches(name)))
        });
        match program.certain() {
            Some(true) => self.warn(
                span,
                "this matches every action of its kinds",
                hint("if that is meant, give the kind a severity instead"),
            ),
            Some(false) => {
                self.warn(span, "this can never be true", hint("its parts exclude each other"));
            }
            None if other_kind.is_some() => {
                let hint = "the kind that it asks for is not among its `kinds`".to_owned();
                self.warn(span, "this can never be true", Some(hint));
            }
            None => {
                let all = kinds.is_empty() || kinds.iter().any(|kind| kind.as_str() == "*");
                if let Some(missed) = program.missed_argument().filter(|_| all) {
                    let message = format!("every action without `{missed}` matches this, whatever its kind");
                    let hint = "name the `kinds` that have it, or begin with `kind == \"…\" &&`".to_owned();
                    self.warn(span, message, Some(hint));
                }
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
