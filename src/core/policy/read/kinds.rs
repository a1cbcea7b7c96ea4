//! Kinds, exact and by pattern, and what applies to those that are not named.

use super::super::document::{Entry, Node};
use super::super::glob::Glob;
use super::super::severity::Severity;
use super::super::title::Title;
use super::super::{Kind, MAIN_DESK, Unlisted};
use super::Reader;
use crate::core::order::sorted;
use crate::core::pointer::Pointer;
use std::ops::Range;

/// Kinds by exact name, and by pattern with most literal characters first.
type Kinds = (Vec<(String, Kind)>, Vec<(Glob, Kind)>);

/// The keys 1 to 9 choose a reason on the review page.
const MAX_REASONS: usize = 9;

/// Each pattern is compared with each other one for ties.
const MAX_PATTERNS: usize = 200;
const MAX_PATTERN: usize = 128;

impl Reader<'_> {
    pub(super) fn unlisted(&mut self, node: Option<Node>) -> Unlisted {
        let mut unlisted = Unlisted { severity: Severity::High, desk: MAIN_DESK.to_owned() };
        let Some(mut table) = node.and_then(|node| self.table(node, "unlisted")) else { return unlisted };
        if let Some(severity) = table.take("severity").and_then(|node| self.severity(node)) {
            unlisted.severity = severity;
        }
        if let Some(desk) = table.take("desk").and_then(|node| self.desk_name(node)) {
            unlisted.desk = desk;
        }
        self.finish(table);
        unlisted
    }

    pub(super) fn kinds(&mut self, node: Option<Node>, unlisted: &Unlisted) -> Kinds {
        let mut exact = Vec::new();
        let mut globs: Vec<(Glob, Kind, Range<usize>)> = Vec::new();
        let entries =
            node.and_then(|node| self.table(node, "kinds")).map(|table| table.entries).unwrap_or_default();
        for Entry { key, key_span, node } in entries {
            let Some(kind) = self.kind(node, unlisted) else { continue };
            let glob = Glob::new(&key);
            if glob.is_exact() {
                exact.push((String::from(key), kind));
                continue;
            }
            if key.len() > MAX_PATTERN || globs.len() >= MAX_PATTERNS {
                let message = format!(
                    "a policy has at most {MAX_PATTERNS} patterns of kinds, of {MAX_PATTERN} bytes each"
                );
                self.problem(
                    &key_span,
                    message,
                    Some("name kinds exactly; of those there may be any number".to_owned()),
                );
                continue;
            }
            let tie = |(known, _, _): &&(Glob, Kind, Range<usize>)| {
                known.literal_characters() == glob.literal_characters() && known.overlaps(&glob)
            };
            if let Some((known, _, _)) = globs.iter().find(tie) {
                let message = format!(
                    "`{key}` and `{}` have equally many literal characters and can match the same kind",
                    known.as_str()
                );
                self.problem(
                    &key_span,
                    message,
                    Some("name that kind exactly, or lengthen one pattern".to_owned()),
                );
            }
            let place = globs
                .partition_point(|(known, _, _)| known.literal_characters() >= glob.literal_characters());
            globs.insert(place, (glob, kind, key_span));
        }
        (
            sorted(exact, |(a, _), (b, _)| a.cmp(b)),
            globs.into_iter().map(|(glob, kind, _)| (glob, kind)).collect(),
        )
    }

    pub(super) fn kind(&mut self, node: Node, unlisted: &Unlisted) -> Option<Kind> {
        let mut table = self.table(node, "a kind")?;
        let severity = table.take("severity").and_then(|node| self.severity(node));
        let desk = table.take("desk").and_then(|node| self.desk_name(node));
        let title = table.take("title").and_then(|node| self.title(node));
        let reasons = table.take("reasons").map(|node| self.reasons(node)).unwrap_or_default();
        let confidence = table.take("confidence").and_then(|node| self.pointer(node));
        let irreversible =
            table.take("irreversible").and_then(|node| self.boolean(node, "irreversible")).unwrap_or(false);
        let undone_by =
            table.take("undone_by").map(|node| (node.span.clone(), self.text_of(node, "undone_by")));
        if let (true, Some((span, _))) = (irreversible, &undone_by) {
            let hint = Some("remove one of the two".to_owned());
            self.problem(span, "an irreversible kind has no `undone_by`", hint);
        }
        self.finish(table);
        Some(Kind {
            severity: severity.unwrap_or(unlisted.severity),
            desk: desk.unwrap_or_else(|| unlisted.desk.clone()),
            title,
            reasons,
            confidence,
            irreversible,
            undone_by: undone_by.and_then(|(_, kind)| kind),
        })
    }

    pub(super) fn title(&mut self, node: Node) -> Option<Title> {
        let span = node.span.clone();
        let template = self.text_of(node, "title")?;
        match Title::parse(&template) {
            Ok(title) => Some(title),
            Err(message) => {
                self.problem(&span, message, Some("for example `Refund {args.order_id}`".to_owned()));
                None
            }
        }
    }

    pub(super) fn reasons(&mut self, node: Node) -> Vec<String> {
        let span = node.span.clone();
        let reasons = self.texts(node, "reasons");
        let mut later = reasons.iter();
        let mut repeated = || {
            std::iter::from_fn(|| later.next().map(|reason| later.clone().any(|other| other == reason)))
                .any(|twice| twice)
        };
        if reasons.is_empty() || reasons.len() > MAX_REASONS || repeated() {
            let hint = Some("the keys 1 to 9 choose them on the review page".to_owned());
            self.problem(&span, "`reasons` are 1 to 9 different texts", hint);
        }
        reasons
    }

    pub(super) fn pointer(&mut self, node: Node) -> Option<Pointer> {
        let span = node.span.clone();
        let text = self.text_of(node, "confidence")?;
        let pointer = Pointer::parse(&text).filter(|pointer| !pointer.is_root());
        if pointer.is_none() {
            let hint = Some("a JSON Pointer into args, for example `/confidence`".to_owned());
            self.problem(&span, format!("`{text}` is no JSON Pointer to a member"), hint);
        }
        pointer
    }
}
