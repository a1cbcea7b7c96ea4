//! TOML (1.1) as a tree that remembers places. `toml_parser` reads it; which tables may be opened again, and by what,
//! is said here. The crate `toml` says it as well, with dates, maps and a deserialiser that a policy does not need.

use super::document::{Entry, Node, Value};
use super::problem::Problem;
use crate::core::groups::Groups;
use crate::core::number::Number;
use std::borrow::Cow;
use std::ops::Range;
use toml_parser::decoder::{Encoding, ScalarKind};
use toml_parser::parser::{EventReceiver, RecursionGuard, ValidateWhitespace, parse_document};
use toml_parser::{ErrorSink, Expected, ParseError, Raw, Source, Span};

/// Deeper arrays, inline tables and dotted keys are refused, all of them together.
const MAX_DEPTH: u32 = 64;
/// Whoever has more to mend than this checks again afterwards.
const MAX_PROBLEMS: usize = 100;

/// Parses a document; the syntax errors, if there are any.
pub(super) fn parse(text: &str) -> Result<Node, Vec<Problem>> {
    let source = Source::new(text);
    let tokens = source.lex().into_vec();
    let mut builder = Builder::new(source);
    let mut errors: Vec<ParseError> = Vec::new();
    let mut spaces = ValidateWhitespace::new(&mut builder, source);
    parse_document(&tokens, &mut RecursionGuard::new(&mut spaces, MAX_DEPTH), &mut errors);
    errors.truncate(MAX_PROBLEMS);
    if errors.is_empty() {
        return Ok(Node { value: builder.root.into_value(), span: 0..0 });
    }
    Err(errors.iter().map(|error| problem(text, error)).collect())
}

fn problem(text: &str, error: &ParseError) -> Problem {
    let mut message = error.description().trim().to_owned();
    if let Some(expected) = error.expected() {
        let words: Vec<String> = expected
            .iter()
            .map(|expected| match expected {
                Expected::Literal("\n") => "a new line".to_owned(),
                Expected::Literal("`") => "'`'".to_owned(),
                Expected::Literal(literal) => format!("`{literal}`"),
                Expected::Description(words) => (*words).to_owned(),
                _ => "more".to_owned(),
            })
            .collect();
        let words = if words.is_empty() { "nothing".to_owned() } else { words.join(", ") };
        message = format!("{message}, expected {words}");
    }
    let span = error.unexpected().map_or(0..1, range);
    Problem::at(text, &span, message.replace('\n', ", "), None)
}

fn range(span: Span) -> Range<usize> {
    span.start()..span.end()
}

#[derive(Debug, Clone)]
struct Key {
    name: String,
    span: Span,
}

/// What made a table; it decides what may still be added to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum How {
    /// A header below it.
    Implicitly,
    /// Its own header.
    ByHeader,
    /// A dotted key through it.
    Dotted,
    /// Braces: it is complete.
    Inline,
}

impl How {
    /// Whether a path of a header, or of a dotted key, may lead through a table that was made like this.
    fn lets_in(self, path: Self) -> bool {
        if path == Self::Dotted { self == Self::Dotted } else { self != Self::Inline }
    }
}

#[derive(Debug)]
struct Table {
    how: How,
    entries: Groups<(Key, Item)>,
}

#[derive(Debug)]
struct Item {
    part: Part,
    span: Span,
}

#[derive(Debug)]
enum Part {
    Scalar(Value),
    Array(Vec<Item>),
    /// What `[[…]]` makes.
    Tables(Vec<Item>),
    Table(Table),
}

impl Table {
    fn new(how: How) -> Self {
        Self { how, entries: Groups::default() }
    }

    fn into_value(self) -> Value {
        let entries = self.entries.into_things().into_iter().map(|(key, item)| Entry {
            key: key.name,
            key_span: range(key.span),
            node: item.into_node(),
        });
        Value::Table(entries.collect())
    }

    /// The table at a path, made on the way where nothing is there.
    fn descend(&mut self, path: &[Key], how: How, errors: &mut dyn ErrorSink) -> Option<&mut Self> {
        let mut table = self;
        for key in path {
            let new = || (key.clone(), Item { part: Part::Table(Self::new(how)), span: key.span });
            let (_, item) = table.entries.entry_or(&key.name, new)?;
            table = match &mut item.part {
                Part::Table(inner) if inner.how.lets_in(how) => inner,
                Part::Tables(tables) if how != How::Dotted => match &mut tables.last_mut()?.part {
                    Part::Table(inner) => inner,
                    _ => return None,
                },
                Part::Table(_) => {
                    report(errors, key, "is a table already, which cannot be added to from here");
                    return None;
                }
                _ => {
                    report(errors, key, "is no table");
                    return None;
                }
            };
        }
        Some(table)
    }

    fn insert(&mut self, path: Vec<Key>, item: Item, errors: &mut dyn ErrorSink) {
        let mut path = path;
        let Some(key) = path.pop() else { return };
        let Some(table) = self.descend(&path, How::Dotted, errors) else { return };
        if table.entries.get(&key.name).is_some() {
            report(errors, &key, "is there twice");
        } else {
            let name = key.name.clone();
            table.entries.entry_or(&name, || (key, item));
        }
    }

    /// Opens the table that a header names; false where it cannot be.
    fn open(&mut self, path: &[Key], is_array: bool, span: Span, errors: &mut dyn ErrorSink) -> bool {
        let Some((key, parents)) = path.split_last() else { return false };
        let Some(parent) = self.descend(parents, How::Implicitly, errors) else { return false };
        let opened = || Item { part: Part::Table(Self::new(How::ByHeader)), span };
        let is_new = parent.entries.get(&key.name).is_none();
        let new = || {
            let part = if is_array { Part::Tables(vec![opened()]) } else { opened().part };
            (key.clone(), Item { part, span })
        };
        let Some((_, item)) = parent.entries.entry_or(&key.name, new) else { return false };
        match &mut item.part {
            _ if is_new => {}
            Part::Tables(tables) if is_array => tables.push(opened()),
            Part::Table(table) if !is_array && table.how == How::Implicitly => table.how = How::ByHeader,
            _ => {
                report(errors, key, "is there twice");
                return false;
            }
        }
        true
    }
}

impl Item {
    fn into_node(self) -> Node {
        let span = range(self.span);
        let value = match self.part {
            Part::Scalar(value) => value,
            Part::Array(items) | Part::Tables(items) => {
                Value::Array(items.into_iter().map(Self::into_node).collect())
            }
            Part::Table(table) => table.into_value(),
        };
        Node { value, span }
    }
}

fn report(errors: &mut dyn ErrorSink, key: &Key, what: &str) {
    errors.report_error(ParseError::new(format!("`{}` {what}", key.name)).with_unexpected(key.span));
}

/// An array or inline table that is being read.
enum Open {
    Array { items: Vec<Item>, from: Span },
    Inline { table: Table, path: Vec<Key>, from: Span },
}

struct Builder<'s> {
    source: Source<'s>,
    root: Table,
    /// Where pairs go: the path of the last header; `None` where that was refused.
    header: Option<Vec<Key>>,
    /// Where the header that is being read begins.
    header_from: Option<Span>,
    /// The keys of the path that is being read.
    keys: Vec<Key>,
    /// The path of the pair whose value is being read.
    path: Vec<Key>,
    open: Vec<Open>,
    is_too_deep: bool,
}

impl<'s> Builder<'s> {
    /// How many tables and arrays the next key would be in.
    fn depth(&self) -> usize {
        let inner = |open: &Open| match open {
            Open::Array { .. } => 1,
            Open::Inline { path, .. } => path.len().saturating_add(1),
        };
        let outer = self.header.as_ref().map_or(0, Vec::len).saturating_add(self.path.len());
        self.open.iter().map(inner).sum::<usize>().saturating_add(outer).saturating_add(self.keys.len())
    }

    fn new(source: Source<'s>) -> Self {
        Self {
            source,
            root: Table::new(How::ByHeader),
            header: Some(Vec::new()),
            header_from: None,
            keys: Vec::new(),
            path: Vec::new(),
            open: Vec::new(),
            is_too_deep: false,
        }
    }

    fn raw(&self, span: Span, encoding: Option<Encoding>) -> Raw<'s> {
        let text = self.source.input().get(range(span)).unwrap_or_default();
        Raw::new_unchecked(text, encoding, span)
    }

    fn begin_header(&mut self) {
        self.keys.clear();
        self.path.clear();
        self.header = None;
    }

    fn close_header(&mut self, is_array: bool, to: Span, errors: &mut dyn ErrorSink) {
        let path = std::mem::take(&mut self.keys);
        let span = self.header_from.take().map_or(to, |from| from.append(to));
        self.header = self.root.open(&path, is_array, span, errors).then_some(path);
    }

    fn complete(&mut self, item: Item, errors: &mut dyn ErrorSink) {
        match self.open.last_mut() {
            Some(Open::Array { items, .. }) => items.push(item),
            Some(Open::Inline { table, path, .. }) => table.insert(std::mem::take(path), item, errors),
            None => {
                let path = std::mem::take(&mut self.path);
                let Some(header) = &self.header else { return };
                if let Some(table) = self.root.descend(header, How::Implicitly, errors) {
                    table.insert(path, item, errors);
                }
            }
        }
    }
}

impl EventReceiver for Builder<'_> {
    fn std_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.begin_header();
        self.header_from = Some(span);
    }

    fn std_table_close(&mut self, span: Span, errors: &mut dyn ErrorSink) {
        self.close_header(false, span, errors);
    }

    fn array_table_open(&mut self, span: Span, _: &mut dyn ErrorSink) {
        self.begin_header();
        self.header_from = Some(span);
    }

    fn array_table_close(&mut self, span: Span, errors: &mut dyn ErrorSink) {
        self.close_header(true, span, errors);
    }

    fn inline_table_open(&mut self, from: Span, _: &mut dyn ErrorSink) -> bool {
        self.open.push(Open::Inline { table: Table::new(How::Inline), path: Vec::new(), from });
        true
    }

    fn inline_table_close(&mut self, span: Span, errors: &mut dyn ErrorSink) {
        if let Some(Open::Inline { table, from, .. }) = self.open.pop() {
            self.complete(Item { part: Part::Table(table), span: from.append(span) }, errors);
        }
    }

    fn array_open(&mut self, from: Span, _: &mut dyn ErrorSink) -> bool {
        self.open.push(Open::Array { items: Vec::new(), from });
        true
    }

    fn array_close(&mut self, span: Span, errors: &mut dyn ErrorSink) {
        if let Some(Open::Array { items, from }) = self.open.pop() {
            self.complete(Item { part: Part::Array(items), span: from.append(span) }, errors);
        }
    }

    fn simple_key(&mut self, span: Span, kind: Option<Encoding>, errors: &mut dyn ErrorSink) {
        if self.depth() >= usize::try_from(MAX_DEPTH).unwrap_or(0) {
            // Said once; what is below is not read.
            if !self.is_too_deep {
                self.is_too_deep = true;
                errors.report_error(ParseError::new("nested too deep").with_unexpected(span));
            }
            return;
        }
        let mut name = Cow::Borrowed("");
        self.raw(span, kind).decode_key(&mut name, errors);
        self.keys.push(Key { name: name.into_owned(), span });
    }

    fn key_val_sep(&mut self, _: Span, _: &mut dyn ErrorSink) {
        let keys = std::mem::take(&mut self.keys);
        match self.open.last_mut() {
            Some(Open::Inline { path, .. }) => *path = keys,
            _ => self.path = keys,
        }
    }

    fn scalar(&mut self, span: Span, kind: Option<Encoding>, errors: &mut dyn ErrorSink) {
        let mut text = Cow::Borrowed("");
        let value = match self.raw(span, kind).decode_scalar(&mut text, errors) {
            ScalarKind::String => Value::String(text.into_owned()),
            ScalarKind::Boolean(value) => Value::Bool(value),
            ScalarKind::DateTime => Value::Other("a date"),
            ScalarKind::Float => number(&text),
            ScalarKind::Integer(radix) => match i64::from_str_radix(&text, radix.value()) {
                Ok(int) => Value::Number(int.into()),
                Err(_) if radix.value() == 10 => number(&text),
                Err(_) => Value::Other("a number beyond what can be compared"),
            },
        };
        self.complete(Item { part: Part::Scalar(value), span }, errors);
    }
}

/// TOML allows signs that JSON does not, and numbers that are none.
fn number(text: &str) -> Value {
    let plain = text.strip_prefix('+').unwrap_or(text);
    Number::parse(plain).map_or(Value::Other("a number beyond what can be compared"), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::toml::de::{DeTable, DeValue};
    use proptest::prelude::{ProptestConfig, any, prop, prop_assert_eq, proptest};
    use std::fmt::Write as _;

    fn ours(node: &Node, out: &mut String) {
        match &node.value {
            Value::Bool(value) => write!(out, "{value}"),
            Value::Number(number) => write!(out, "{:?}", number.as_f64()),
            Value::String(text) => write!(out, "{text:?}"),
            Value::Array(nodes) => {
                out.push('[');
                for node in nodes {
                    ours(node, out);
                }
                write!(out, "]")
            }
            Value::Table(entries) => {
                let mut entries: Vec<_> = entries.iter().collect();
                entries.sort_by_key(|entry| &entry.key);
                out.push('{');
                for entry in entries {
                    write!(out, "{:?}=", entry.key).unwrap();
                    ours(&entry.node, out);
                }
                write!(out, "}}")
            }
            Value::Other(_) => write!(out, "other"),
        }
        .unwrap();
    }

    fn theirs(value: &DeValue<'_>, out: &mut String) {
        match value {
            DeValue::Boolean(value) => write!(out, "{value}"),
            DeValue::Integer(int) => {
                let int = i64::from_str_radix(int.as_str(), int.radix()).unwrap();
                write!(out, "{:?}", crate::core::number::int_to_f64(int))
            }
            DeValue::Float(float) => match float.as_str().parse::<f64>().unwrap() {
                float if float.is_finite() => write!(out, "{float:?}"),
                _ => write!(out, "other"),
            },
            DeValue::String(text) => write!(out, "{text:?}"),
            DeValue::Array(items) => {
                out.push('[');
                for item in items {
                    theirs(item.get_ref(), out);
                }
                write!(out, "]")
            }
            DeValue::Table(table) => {
                their_table(table, out);
                Ok(())
            }
            DeValue::Datetime(_) => write!(out, "other"),
        }
        .unwrap();
    }

    fn their_table(table: &DeTable<'_>, out: &mut String) {
        out.push('{');
        for (key, value) in table {
            write!(out, "{:?}=", key.get_ref()).unwrap();
            theirs(value.get_ref(), out);
        }
        out.push('}');
    }

    /// What a document says to the library and to us; `None` where it is refused.
    fn both(text: &str) -> [Option<String>; 2] {
        let said = DeTable::parse(text).ok().map(|table| {
            let mut said = String::new();
            their_table(table.get_ref(), &mut said);
            said
        });
        let heard = parse(text).ok().map(|node| {
            let mut heard = String::new();
            ours(&node, &mut heard);
            heard
        });
        [said, heard]
    }

    #[test]
    fn tables_are_what_the_language_says() {
        for (text, stands) in [
            ("a.b = 1\na.c = 2\n[d.e]\nx = 1\n[d]\ny = 2\n", true),
            ("[[a]]\nx = 1\n[[a]]\nx = 2\n[a.b]\ny = 3\n[[a.c]]\n", true),
            ("[a]\nb = { c.d = 1, c.e = [1, { f = 2 }], \"g h\" = 'i' }\n", true),
            ("[fruit]\napple.colour = 1\n[fruit.apple.taste]\nsweet = true\n", true),
            ("a = 0x1f\nb = 1_000\nc = +1.5e3\nd = 2026-11-22\ne = inf\nf = \"\"\"\nx\\\n  y\"\"\"\n", true),
            ("a = 1\na = 2\n", false),
            ("[a]\n[a]\n", false),
            ("[a.b]\n[a]\n[a.b]\n", false),
            ("a = 1\n[a]\n", false),
            ("a = []\n[[a]]\n", false),
            ("[[a]]\n[a]\n", false),
            ("[a]\n[[a]]\n", false),
            ("a = { b = 1 }\na.c = 2\n", false),
            ("a = { b = 1 }\n[a.c]\n", false),
            ("a = { b = 1, b = 2 }\n", false),
            ("a = { b.c = 1, b = 2 }\n", false),
            ("[fruit]\napple.colour = 1\n[fruit.apple]\n", false),
            ("[a.b.c]\nz = 9\n[a]\nb.c.t = 1\n", false),
            ("[[a.b]]\n[a]\nb.y = 2\n", false),
            ("a = [1\n", false),
            ("a = \n", false),
        ] {
            let [said, heard] = both(text);
            assert_eq!(said, heard, "{text}");
            assert_eq!(heard.is_some(), stands, "{text}");
        }
    }

    #[test]
    fn depth_has_an_end() {
        let dotted = format!("{}a = 1", "a.".repeat(100_000));
        let header = format!("[{}a]", "a.".repeat(100_000));
        let arrays = format!("a = {}", "[".repeat(100_000));
        // Each alone is allowed; together they are not.
        let both = format!("{}a = 1{}", format!("{}a = {{ ", "a.".repeat(40)).repeat(48), " }".repeat(48));
        for text in [dotted, header, arrays, both] {
            let problems = parse(&text).unwrap_err();
            assert!(problems.len() <= MAX_PROBLEMS);
        }
        assert_eq!(parse(&"a=1\n".repeat(50_000)).unwrap_err().len(), MAX_PROBLEMS);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Lines that meet: headers, pairs and values of few names.
        #[test]
        fn documents_are_read_as_the_library_reads_them(
            lines in prop::collection::vec((any::<bool>(), "(\\[[ab](\\.[abc]){0,2}\\]|\\[\\[[ab](\\.[ab])?\\]\\])", "[abc](\\.[abc]){0,2} = (1|\"x\"|\\[\\]|\\{\\}|\\{ [ab](\\.[ab])? = 1, [ab] = 2 \\}|\\[\\{ a = 1 \\}\\])"), 1..9)
        ) {
            let lines: Vec<String> =
                lines.into_iter().map(|(is_header, header, pair)| if is_header { header } else { pair }).collect();
            let text = lines.join("\n");
            let [said, heard] = both(&text);
            // Through tables that headers made, or arrays of them, the library lets a dotted key pass that the language
            // does not.
            let is_dotted = lines.iter().any(|line| !line.starts_with('[') && line.contains('.'));
            if heard.is_some() || !is_dotted {
                prop_assert_eq!(said, heard, "{}", text);
            }
        }
    }
}
