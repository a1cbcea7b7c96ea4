//! A policy document as a tree that remembers where each part stood, from TOML or JSON alike.

use super::problem::Problem;
use crate::core::json::{self, Build, Json};
use crate::core::number::Number;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The two syntaxes of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `application/toml`
    Toml,
    /// `application/json`
    Json,
}

impl Format {
    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Toml => "application/toml",
            Self::Json => "application/json",
        }
    }
}

/// A value and the bytes it was written in.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Bool(bool),
    Number(Number),
    String(String),
    Array(Vec<Node>),
    Table(Vec<Entry>),
    /// What no key of a policy can be: a date, a `null`, a number beyond all limits.
    Other(&'static str),
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) node: Node,
}

impl Value {
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Table(_) => "a table",
            Self::Other(name) => name,
        }
    }
}

/// Parses a document; the syntax errors, if there are any.
pub(super) fn parse(format: Format, text: &str) -> Result<Node, Vec<Problem>> {
    match format {
        Format::Toml => parse_toml(text),
        Format::Json => json::parse_with(&mut Tree, text.as_bytes()).map_err(|error| {
            let span = error.offset..error.offset.saturating_add(1);
            vec![Problem::at(text, &span, error.kind.to_string(), None)]
        }),
    }
}

fn parse_toml(text: &str) -> Result<Node, Vec<Problem>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let span = table.span();
        return Ok(Node { value: table_value(table.into_inner()), span });
    }
    let problem = |error: &toml::de::Error| {
        let message = error.message().trim().replace('\n', ", ");
        Problem::at(text, &error.span().unwrap_or(0..1), message, None)
    };
    Err(errors.iter().map(problem).collect())
}

fn table_value(table: DeTable<'_>) -> Value {
    let mut entries: Vec<_> = table
        .into_iter()
        .map(|(key, node)| Entry {
            key_span: key.span(),
            key: key.into_inner().into_owned(),
            node: node_of(node),
        })
        .collect();
    // The library sorts by key; problems are told in the order of the document.
    entries.sort_unstable_by_key(|entry| entry.key_span.start);
    Value::Table(entries)
}

fn node_of(node: Spanned<DeValue<'_>>) -> Node {
    let span = node.span();
    let number = |text: &str| {
        // TOML allows signs and underscores that JSON does not.
        let plain = text.replace('_', "");
        let plain = plain.strip_prefix('+').unwrap_or(&plain);
        Number::parse(plain).map_or(Value::Other("a number beyond what can be compared"), Value::Number)
    };
    let value = match node.into_inner() {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(int) => Value::Number(int.into()),
            Err(_) => number(integer.as_str()),
        },
        DeValue::Float(float) => number(float.as_str()),
        DeValue::Boolean(value) => Value::Bool(value),
        DeValue::Datetime(_) => Value::Other("a date"),
        DeValue::Array(elements) => Value::Array(elements.into_iter().map(node_of).collect()),
        DeValue::Table(table) => table_value(table),
    };
    Node { value, span }
}

struct Tree;

impl Build for Tree {
    type Value = Node;

    fn scalar(&mut self, value: Json, span: Range<usize>) -> Node {
        let value = match value {
            Json::Bool(value) => Value::Bool(value),
            Json::Number(number) => Value::Number(number),
            Json::String(text) => Value::String(text),
            _ => Value::Other("null"),
        };
        Node { value, span }
    }

    fn array(&mut self, elements: Vec<Node>, span: Range<usize>) -> Node {
        Node { value: Value::Array(elements), span }
    }

    fn object(&mut self, members: Vec<(String, Range<usize>, Node)>, span: Range<usize>) -> Node {
        let entries =
            members.into_iter().map(|(key, key_span, node)| Entry { key, key_span, node }).collect();
        Node { value: Value::Table(entries), span }
    }
}
