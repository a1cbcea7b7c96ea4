//! TOML (1.1) as a tree that remembers places: which tables may be opened again, and by what. The text is read in
//! [`reader`]. Tests hold both to the crate `toml`, whose dates, maps and deserialiser would weigh a tenth of the gate.

mod reader;

use super::document::{Entry, Node, Value};
use super::problem::Problem;
use crate::core::groups::Groups;
use crate::core::json::Text;
use std::ops::Range;

/// Deeper arrays, inline tables and dotted keys are refused, all of them together.
const MAX_DEPTH: usize = 64;
/// Whoever has more to mend than this checks again afterwards.
const MAX_PROBLEMS: usize = 100;

/// So many names are compared one by one.
const FEW_ENTRIES: usize = 12;

/// What is wrong, at its bytes.
#[derive(Debug)]
struct Fault {
    span: Range<usize>,
    message: String,
    hint: Option<String>,
}

/// Parses a document; the syntax errors, if there are any.
pub(super) fn parse(text: &str) -> Result<Node, Vec<Problem>> {
    let mut faults = Vec::new();
    let root = reader::read(text, &mut faults);
    faults.truncate(MAX_PROBLEMS);
    if faults.is_empty() {
        return Ok(Node { value: root.into_value(), span: 0..0 });
    }
    Err(faults.into_iter().map(|fault| Problem::at(text, &fault.span, fault.message, fault.hint)).collect())
}

#[derive(Debug, Clone)]
struct Key {
    name: Text,
    span: Range<usize>,
}

/// A key behind those before its dots: most have none.
struct Path {
    parents: Vec<Key>,
    last: Key,
}

impl Path {
    fn into_keys(self) -> Vec<Key> {
        let mut keys = self.parents;
        keys.reserve_exact(1);
        keys.push(self.last);
        keys
    }
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
    entries: Vec<(Key, Item)>,
    /// Where the entries are, by name, as soon as there are more than [`FEW_ENTRIES`].
    places: Groups<usize>,
}

#[derive(Debug)]
struct Item {
    part: Part,
    span: Range<usize>,
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
        Self { how, entries: Vec::new(), places: Groups::default() }
    }

    fn place(&self, name: &str) -> Option<usize> {
        if self.entries.len() > FEW_ENTRIES {
            return self.places.get(name).copied();
        }
        self.entries.iter().position(|(key, _)| key.name == name)
    }

    /// What has this name, and whether it is new: then it is what `new` makes.
    fn entry(&mut self, key: &Key, new: impl FnOnce() -> Item) -> Option<(&mut Item, bool)> {
        let known = self.place(&key.name);
        let place = known.unwrap_or(self.entries.len());
        if known.is_none() {
            self.entries.push((key.clone(), new()));
            self.note_places();
        }
        self.entries.get_mut(place).map(|(_, item)| (item, known.is_none()))
    }

    fn note_places(&mut self) {
        let noted = self.places.len();
        if self.entries.len() > FEW_ENTRIES {
            for (place, (key, _)) in self.entries.iter().enumerate().skip(noted) {
                self.places.add(&key.name, |known| *known = place);
            }
        }
    }

    fn into_value(self) -> Value {
        let entries = self.entries.into_iter().map(|(key, item)| Entry {
            key: key.name,
            key_span: key.span,
            node: item.into_node(),
        });
        Value::Table(entries.collect())
    }

    /// The table at a path, made on the way where nothing is there.
    fn descend(&mut self, path: &[Key], how: How, faults: &mut Vec<Fault>) -> Option<&mut Self> {
        let mut table = self;
        for key in path {
            let new = || Item { part: Part::Table(Self::new(how)), span: key.span.clone() };
            let (item, _) = table.entry(key, new)?;
            table = match &mut item.part {
                Part::Table(inner) if inner.how.lets_in(how) => inner,
                Part::Tables(tables) if how != How::Dotted => match &mut tables.last_mut()?.part {
                    Part::Table(inner) => inner,
                    _ => return None,
                },
                Part::Table(_) => {
                    report(faults, key, "is a table already, which cannot be added to from here");
                    return None;
                }
                _ => {
                    report(faults, key, "is no table");
                    return None;
                }
            };
        }
        Some(table)
    }

    fn insert(&mut self, path: Path, item: Item, faults: &mut Vec<Fault>) {
        let Path { parents, last: key } = path;
        let Some(table) = self.descend(&parents, How::Dotted, faults) else { return };
        if table.place(&key.name).is_some() {
            report(faults, &key, "is there twice");
        } else {
            table.entries.push((key, item));
            table.note_places();
        }
    }

    /// Opens the table that a header names; false where it cannot be.
    fn open(&mut self, path: &Path, is_array: bool, span: Range<usize>, faults: &mut Vec<Fault>) -> bool {
        let Path { parents, last: key } = path;
        let Some(parent) = self.descend(parents, How::Implicitly, faults) else { return false };
        let opened = || Item { part: Part::Table(Self::new(How::ByHeader)), span: span.clone() };
        let new = || {
            let part = if is_array { Part::Tables(vec![opened()]) } else { opened().part };
            Item { part, span: span.clone() }
        };
        let Some((item, is_new)) = parent.entry(key, new) else { return false };
        match &mut item.part {
            _ if is_new => {}
            Part::Tables(tables) if is_array => tables.push(opened()),
            Part::Table(table) if !is_array && table.how == How::Implicitly => table.how = How::ByHeader,
            _ => {
                report(faults, key, "is there twice");
                return false;
            }
        }
        true
    }
}

impl Item {
    fn into_node(self) -> Node {
        let span = self.span;
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

fn report(faults: &mut Vec<Fault>, key: &Key, what: &str) {
    faults.push(Fault { span: key.span.clone(), message: format!("`{}` {what}", key.name), hint: None });
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::toml::de::{DeTable, DeValue};
    use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_assert_eq, proptest};
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
            DeValue::Integer(int) => match i64::from_str_radix(int.as_str(), int.radix()) {
                Ok(int) => write!(out, "{:?}", crate::core::number::int_to_f64(int)),
                Err(_) if int.radix() == 10 => write!(out, "{:?}", int.as_str().parse::<f64>().unwrap()),
                Err(_) => write!(out, "other"),
            },
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
            ("a = { b = 1,\n# more\nc = 2\n}\n", true),
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

    /// Something in the place of a value.
    fn value() -> impl Strategy<Value = String> {
        prop::sample::select(vec![
            r"[+-]?[0-9_.]{1,6}",
            r"[+-]?[01][0-9]?(\.[0-9_]{1,3})?([eE][+-]?[0-9_]{1,2})?",
            r"0[xob][0-9a-f_]{1,4}",
            r#""[a\\ntu0-9"'é ]{0,8}""#,
            r#"'[a\\n"' ]{0,6}'"#,
            "\"\"\"[a\\\\n\"\n\r \t]{0,8}\"\"\"",
            "'''[a'\n]{0,6}'''",
            "\\[[1, \n#\\[\\]]{0,8}\\]",
            "\\{[ab=1.,\n# ]{0,9}\\}",
            r"(true|false|True|inf|-nan|\+inf|truely)",
            r#"[a"'=.\[\]{}#0-9 ,]{0,8}"#,
        ])
        .prop_flat_map(|pattern| prop::string::string_regex(pattern).unwrap())
    }

    fn rest() -> impl Strategy<Value = &'static str> {
        prop::sample::select(vec!["", "\n", " # rest\n", "\r\nb = 1", " b = 1", "\rb = 1", "\nb"])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Values of all kinds, whole and broken.
        #[test]
        fn values_are_read_as_the_library_reads_them(value in value(), rest in rest()) {
            let text = format!("a = {value}{rest}");
            let [said, heard] = both(&text);
            // Within an inline table the library lets a key and its `=` stand on two lines, which the language does not.
            let is_table_of_lines = value.starts_with('{') && value.contains('\n');
            if heard.is_some() || !is_table_of_lines {
                prop_assert_eq!(said, heard, "{:?}", text);
            }
        }

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
