//! Reads a document into a [`Policy`], collecting every problem on the way.

mod criteria;
mod desks;
mod kinds;
mod severities;
mod unmeant;
mod values;

use super::document::{self, Entry, Format, Node, Value};
use super::index::Index;
use super::problem::{Problem, did_you_mean};
use super::{Checked, Policy};
use crate::core::canonical::Digest;
use crate::core::order::sorted;
use std::ops::Range;

/// Problems, and where they are wanted warnings: to look for these takes half as long again.
pub(super) fn check(format: Format, text: &str, with_warnings: bool) -> Checked {
    let mut reader = Reader {
        text,
        problems: Vec::new(),
        warnings: with_warnings.then(Vec::new),
        desks_named: Vec::new(),
        kinds_named: Vec::new(),
        severities_written: Default::default(),
        approvals_written: Default::default(),
    };
    let policy = match document::parse(format, text) {
        Ok(root) => reader.policy(root),
        Err(problems) => {
            reader.problems = problems;
            None
        }
    };
    let Reader { problems, warnings, .. } = reader;
    let policy = policy.filter(|_| problems.is_empty());
    let warnings = in_document_order(warnings.unwrap_or_default());
    Checked { policy, problems: in_document_order(problems), warnings }
}

fn in_document_order(problems: Vec<Problem>) -> Vec<Problem> {
    sorted(problems, |a, b| (a.line, a.column).cmp(&(b.line, b.column)))
}

/// Whoever has more to mend than this checks again afterwards.
const MAX_PROBLEMS: usize = 100;

struct Reader<'t> {
    text: &'t str,
    problems: Vec<Problem>,
    /// None where nobody wants them.
    warnings: Option<Vec<Problem>>,
    /// Desks that kinds and `unlisted` name: each has to exist.
    desks_named: Vec<(String, Range<usize>)>,
    /// Kinds that criteria name, where warnings are wanted.
    kinds_named: Vec<(String, Range<usize>)>,
    /// Where severities, and what of them, were written; from low to critical.
    severities_written: [Option<Range<usize>>; 4],
    approvals_written: [Option<Range<usize>>; 4],
}

/// A table whose keys are taken one by one; [`Reader::finish`] complains of what is left.
struct Table {
    entries: Vec<Entry>,
    span: Range<usize>,
    known: Vec<&'static str>,
}

impl Table {
    fn take(&mut self, key: &'static str) -> Option<Node> {
        self.known.push(key);
        let at = self.entries.iter().position(|entry| entry.key == key)?;
        Some(self.entries.remove(at).node)
    }
}

impl Reader<'_> {
    fn problem(&mut self, span: &Range<usize>, message: impl Into<String>, hint: Option<String>) {
        if self.problems.len() < MAX_PROBLEMS {
            self.problems.push(Problem::at(self.text, span, message, hint));
        }
    }

    fn warn(&mut self, span: &Range<usize>, message: impl Into<String>, hint: Option<String>) {
        if let Some(warnings) = self.warnings.as_mut().filter(|warnings| warnings.len() < MAX_PROBLEMS) {
            warnings.push(Problem::at(self.text, span, message, hint));
        }
    }

    /// Whether enough is wrong to stop looking.
    fn is_full(&self) -> bool {
        self.problems.len() >= MAX_PROBLEMS
    }

    fn policy(&mut self, root: Node) -> Option<Policy> {
        let mut table = self.table(root, "the document")?;
        self.language_version(&mut table);
        let name = table.take("name").and_then(|node| self.text_of(node, "name"));
        let handling = self.severities(table.take("severity"));
        let unlisted = self.unlisted(table.take("unlisted"));
        let (exact_kinds, glob_kinds) = self.kinds(table.take("kinds"), &unlisted);
        let mut criteria = self.criteria(table.take("criteria"));
        let desks = self.desks(table.take("desks"));
        self.finish(table);
        for (desk, span) in std::mem::take(&mut self.desks_named) {
            if self.is_full() {
                break;
            }
            if desks.iter().all(|(known, _)| *known != desk) {
                let known: Vec<&str> = desks.iter().map(|(name, _)| name.as_str()).collect();
                let hint =
                    format!("{}, or add `[desks.{desk}]`", did_you_mean(&desk, &known).trim_end_matches('?'));
                self.problem(&span, format!("no desk is called `{desk}`"), Some(hint));
            }
        }
        let digest = Digest::of(self.text.as_bytes());
        let index = Index::of(&mut criteria);
        let policy =
            Policy { digest, name, handling, unlisted, exact_kinds, glob_kinds, criteria, index, desks };
        if self.warnings.is_some() {
            self.warn_of_whole(&policy);
        }
        Some(policy)
    }

    fn language_version(&mut self, table: &mut Table) {
        let Some(node) = table.take("holdpoint") else {
            self.problem(
                &(table.span.start..table.span.start),
                "`holdpoint`, the version of the language, is missing",
                Some("begin with `holdpoint = 1`".to_owned()),
            );
            return;
        };
        if !matches!(&node.value, Value::Number(number) if number.as_i64() == Some(1)) {
            self.problem(
                &node.span,
                "this Holdpoint reads version 1 of the language",
                Some("write `holdpoint = 1`".to_owned()),
            );
        }
    }
}
