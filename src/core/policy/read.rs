//! Reads a document into a [`Policy`], collecting every problem on the way.

use super::document::{self, Entry, Format, Node, Value};
use super::glob::Glob;
use super::problem::{Problem, did_you_mean};
use super::severity::Severity;
use super::title::Title;
use super::{Checked, Criterion, Desk, Handling, Kind, MAIN_DESK, Oversight, Policy, Then, Unlisted};
use crate::core::action::Probability;
use crate::core::canonical::Digest;
use crate::core::cel;
use crate::core::number::Number;
use crate::core::pointer::Pointer;
use crate::core::time::Span;
use std::collections::BTreeSet;
use std::ops::Range;

/// The keys 1 to 9 choose a reason on the review page.
const MAX_REASONS: usize = 9;

pub(super) fn check(format: Format, text: &str) -> Checked {
    let mut reader = Reader { text, problems: Vec::new(), warnings: Vec::new(), desks_named: Vec::new() };
    let policy = match document::parse(format, text) {
        Ok(root) => reader.policy(root),
        Err(problems) => {
            reader.problems = problems;
            None
        }
    };
    let Reader { mut problems, mut warnings, .. } = reader;
    in_document_order(&mut problems);
    in_document_order(&mut warnings);
    Checked { policy: policy.filter(|_| problems.is_empty()), problems, warnings }
}

fn in_document_order(problems: &mut [Problem]) {
    problems.sort_unstable_by_key(|problem| (problem.line, problem.column));
}

struct Reader<'t> {
    text: &'t str,
    problems: Vec<Problem>,
    warnings: Vec<Problem>,
    /// Desks that kinds and `unlisted` name: each has to exist.
    desks_named: Vec<(String, Range<usize>)>,
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

/// A severity's table as written: what it leaves out comes from the defaults.
#[derive(Default)]
struct Written {
    oversight: Option<Oversight>,
    threshold: Option<Probability>,
    audit: Option<f64>,
    approvals: Option<u32>,
    damage: Option<f64>,
    span: Range<usize>,
}

impl Reader<'_> {
    fn problem(&mut self, span: &Range<usize>, message: impl Into<String>, hint: Option<String>) {
        self.problems.push(Problem::at(self.text, span, message, hint));
    }

    fn warn(&mut self, span: &Range<usize>, message: impl Into<String>, hint: Option<String>) {
        self.warnings.push(Problem::at(self.text, span, message, hint));
    }

    fn policy(&mut self, root: Node) -> Option<Policy> {
        let mut table = self.table(root, "the document")?;
        self.language_version(&mut table);
        let name = table.take("name").and_then(|node| self.text_of(node, "name"));
        let handling = self.severities(table.take("severity"));
        let unlisted = self.unlisted(table.take("unlisted"));
        let (exact_kinds, glob_kinds) = self.kinds(table.take("kinds"), &unlisted);
        let criteria = self.criteria(table.take("criteria"));
        let desks = self.desks(table.take("desks"));
        self.finish(table);
        for (desk, span) in std::mem::take(&mut self.desks_named) {
            if desks.iter().all(|(known, _)| *known != desk) {
                let known: Vec<&str> = desks.iter().map(|(name, _)| name.as_str()).collect();
                let hint =
                    format!("{}, or add `[desks.{desk}]`", did_you_mean(&desk, &known).trim_end_matches('?'));
                self.problem(&span, format!("no desk is called `{desk}`"), Some(hint));
            }
        }
        let digest = Digest::of(self.text.as_bytes());
        Some(Policy { digest, name, handling, unlisted, exact_kinds, glob_kinds, criteria, desks })
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

    // Severities

    fn severities(&mut self, node: Option<Node>) -> [Handling; 4] {
        let mut table = node.and_then(|node| self.table(node, "severity"));
        let mut written = |reader: &mut Self, key| {
            let node = table.as_mut()?.take(key)?;
            reader.severity_table(node)
        };
        let low = written(self, "low");
        let medium = written(self, "medium");
        let high = written(self, "high");
        let critical = written(self, "critical");
        if let Some(table) = table {
            self.finish(table);
        }
        let none = Handling {
            oversight: Oversight::Audit,
            threshold: Probability::ZERO,
            audit: 0.0,
            approvals: 1,
            damage: None,
        };
        let low = self.handling(Severity::Low, low, &none, (Oversight::Audit, None, Some(0.02)));
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
        let threshold = table.take("threshold").and_then(|node| self.share(node, "threshold"));
        let audit = table.take("audit").and_then(|node| self.share(node, "audit")).map(Probability::get);
        let approvals = table.take("approvals").and_then(|node| self.count(node, "approvals", 1..=10));
        let damage = table.take("damage").and_then(|node| self.amount(node, "damage"));
        self.finish(table);
        Some(Written { oversight, threshold, audit, approvals, damage, span })
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

    // Kinds

    fn unlisted(&mut self, node: Option<Node>) -> Unlisted {
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

    fn kinds(&mut self, node: Option<Node>, unlisted: &Unlisted) -> (Vec<(String, Kind)>, Vec<(Glob, Kind)>) {
        let mut exact = Vec::new();
        let mut globs: Vec<(Glob, Kind, Range<usize>)> = Vec::new();
        let entries =
            node.and_then(|node| self.table(node, "kinds")).map(|table| table.entries).unwrap_or_default();
        for Entry { key, key_span, node } in entries {
            let Some(kind) = self.kind(node, unlisted) else { continue };
            let glob = Glob::new(&key);
            if glob.is_exact() {
                exact.push((key, kind));
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
        exact.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        (exact, globs.into_iter().map(|(glob, kind, _)| (glob, kind)).collect())
    }

    fn kind(&mut self, node: Node, unlisted: &Unlisted) -> Option<Kind> {
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

    fn title(&mut self, node: Node) -> Option<Title> {
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

    fn reasons(&mut self, node: Node) -> Vec<String> {
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

    fn pointer(&mut self, node: Node) -> Option<Pointer> {
        let span = node.span.clone();
        let text = self.text_of(node, "confidence")?;
        let pointer = Pointer::parse(&text).filter(|pointer| !pointer.is_root());
        if pointer.is_none() {
            let hint = Some("a JSON Pointer into args, for example `/confidence`".to_owned());
            self.problem(&span, format!("`{text}` is no JSON Pointer to a member"), hint);
        }
        pointer
    }

    // Criteria

    fn criteria(&mut self, node: Option<Node>) -> Vec<Criterion> {
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
        let mut ids = BTreeSet::new();
        nodes.into_iter().filter_map(|node| self.criterion(node, &mut ids)).collect()
    }

    fn criterion(&mut self, node: Node, ids: &mut BTreeSet<String>) -> Option<Criterion> {
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
        if !ids.insert(id.clone()) {
            self.problem(
                &id_span,
                format!("another criterion is called `{id}` as well"),
                Some("give each its own id".to_owned()),
            );
        }
        let kinds = kinds.iter().map(|kind| Glob::new(kind)).collect();
        Some(Criterion { id, category, kinds, when, severity, then, message })
    }

    fn then(
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

    fn condition(&mut self, node: Node) -> Option<cel::Program> {
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
    fn place_within(&self, value: &Range<usize>, source: &str, part: &Range<usize>) -> Range<usize> {
        let written = self.text.get(value.clone()).unwrap_or("");
        let verbatim = written.find(source).filter(|_| !source.is_empty());
        let Some(offset) = verbatim.map(|offset| value.start.saturating_add(offset)) else {
            return value.clone();
        };
        offset.saturating_add(part.start)..offset.saturating_add(part.end)
    }

    // Desks

    fn desks(&mut self, node: Option<Node>) -> Vec<(String, Desk)> {
        let mut desks = vec![(MAIN_DESK.to_owned(), Desk::default())];
        let entries =
            node.and_then(|node| self.table(node, "desks")).map(|table| table.entries).unwrap_or_default();
        for Entry { key, key_span, node } in entries {
            let plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
            if key.is_empty() || key.len() > 40 || !key.bytes().all(plain) {
                let hint =
                    Some("1 to 40 of a-z, 0-9, `-` and `_`: it stands in addresses and ids".to_owned());
                self.problem(&key_span, format!("`{key}` is no name for a desk"), hint);
            }
            let Some(desk) = self.desk(node) else { continue };
            match desks.first_mut().filter(|(main, _)| *main == key) {
                Some((_, main)) => *main = desk,
                None => desks.push((key, desk)),
            }
        }
        desks
    }

    fn desk(&mut self, node: Node) -> Option<Desk> {
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
            ("keep", &mut desk.keep, (day, 36_600 * day)),
        ] {
            if let Some(given) = table.take(key).and_then(|node| self.duration(node, key, range)) {
                *span = given;
            }
        }
        self.finish(table);
        Some(desk)
    }

    // Values

    fn table(&mut self, node: Node, what: &str) -> Option<Table> {
        match node.value {
            Value::Table(entries) => Some(Table { entries, span: node.span, known: Vec::new() }),
            other => {
                self.problem(&node.span, format!("{what} is a table, not {}", other.type_name()), None);
                None
            }
        }
    }

    fn finish(&mut self, table: Table) {
        for entry in table.entries {
            let hint = did_you_mean(&entry.key, &table.known);
            self.problem(&entry.key_span, format!("unknown key `{}`", entry.key), Some(hint));
        }
    }

    fn mistaken<T>(&mut self, node: &Node, expected: String) -> Option<T> {
        self.problem(&node.span, format!("{expected}, not {}", node.value.type_name()), None);
        None
    }

    fn text_of(&mut self, node: Node, key: &str) -> Option<String> {
        match node.value {
            Value::String(text) if !text.trim().is_empty() => Some(text),
            Value::String(_) => {
                self.problem(&node.span, format!("`{key}` is empty"), None);
                None
            }
            _ => self.mistaken(&node, format!("`{key}` is a string")),
        }
    }

    fn required(&mut self, node: Option<Node>, table: &Range<usize>, key: &str) -> Option<String> {
        match node {
            Some(node) => self.text_of(node, key),
            None => {
                self.problem(table, format!("a criterion needs `{key}`"), None);
                None
            }
        }
    }

    fn texts(&mut self, node: Node, key: &str) -> Vec<String> {
        match node.value {
            Value::Array(elements) => {
                elements.into_iter().filter_map(|element| self.text_of(element, key)).collect()
            }
            _ => self.mistaken(&node, format!("`{key}` is an array of strings")).unwrap_or_default(),
        }
    }

    fn boolean(&mut self, node: Node, key: &str) -> Option<bool> {
        match node.value {
            Value::Bool(value) => Some(value),
            _ => self.mistaken(&node, format!("`{key}` is true or false")),
        }
    }

    fn one_of<T: Copy>(&mut self, node: Node, key: &str, choices: &[(&'static str, T)]) -> Option<T> {
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let Value::String(text) = &node.value else {
            return self.mistaken(&node, format!("`{key}` is one of {}", names.join(", ")));
        };
        let chosen = choices.iter().find(|(name, _)| name == text).map(|(_, value)| *value);
        if chosen.is_none() {
            let hint = did_you_mean(text, &names);
            self.problem(
                &node.span,
                format!("`{key}` is one of {}, not `{text}`", names.join(", ")),
                Some(hint),
            );
        }
        chosen
    }

    fn severity(&mut self, node: Node) -> Option<Severity> {
        self.one_of(node, "severity", &Severity::ALL.map(|severity| (severity.as_str(), severity)))
    }

    fn desk_name(&mut self, node: Node) -> Option<String> {
        let span = node.span.clone();
        let name = self.text_of(node, "desk")?;
        self.desks_named.push((name.clone(), span));
        Some(name)
    }

    fn number(&mut self, node: &Node, key: &str) -> Option<Number> {
        match &node.value {
            Value::Number(number) => Some(number.clone()),
            _ => self.mistaken(node, format!("`{key}` is a number")),
        }
    }

    fn share(&mut self, node: Node, key: &str) -> Option<Probability> {
        let number = self.number(&node, key)?;
        let share = Probability::new(number.as_f64()).filter(|share| share.get() > 0.0);
        if share.is_none() {
            let percent = number.as_f64() / 100.0;
            let hint = Probability::new(percent)
                .filter(|_| percent > 0.01)
                .map(|_| format!("a share, not per cent: `{key} = {percent}`"));
            self.problem(
                &node.span,
                format!("`{key}` is more than 0 and at most 1, not {}", number.literal()),
                hint,
            );
        }
        share
    }

    fn count(&mut self, node: Node, key: &str, range: std::ops::RangeInclusive<u32>) -> Option<u32> {
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

    fn number_within(&mut self, node: Node, key: &str, most: f64) -> Option<f64> {
        let number = self.number(&node, key)?;
        let value = Some(number.as_f64()).filter(|value| *value > 0.0 && *value <= most);
        if value.is_none() {
            self.problem(
                &node.span,
                format!("`{key}` is more than 0 and at most {most}, not {}", number.literal()),
                None,
            );
        }
        value
    }

    fn amount(&mut self, node: Node, key: &str) -> Option<f64> {
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

    fn duration(&mut self, node: Node, key: &str, (least, most): (u32, u32)) -> Option<Span> {
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
