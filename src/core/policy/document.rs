//! A policy document as a tree that remembers where each part stood, from TOML or JSON alike.

use super::problem::Problem;
use super::toml;
use crate::core::json::{self, Build, Json, Limits, Object, Text};
use crate::core::number::Number;
use std::ops::Range;

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
    pub(super) key: Text,
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

    /// As JSON; what JSON cannot say is null.
    fn into_json(self) -> Json {
        match self {
            Self::Bool(value) => value.into(),
            Self::Number(number) => Json::Number(number),
            Self::String(text) => text.into(),
            Self::Array(nodes) => nodes.into_iter().map(|node| node.value.into_json()).collect(),
            Self::Table(entries) => {
                let mut object = Object::new();
                for entry in entries {
                    object.set(&entry.key, entry.node.value.into_json());
                }
                object.into()
            }
            Self::Other(_) => Json::Null,
        }
    }
}

/// Parses a document; the syntax errors, if there are any.
pub(super) fn parse(format: Format, text: &str) -> Result<Node, Vec<Problem>> {
    match format {
        Format::Toml => toml::parse(text),
        Format::Json => json::parse_with(&mut Tree, text.as_bytes(), Limits::FOREIGN).map_err(|error| {
            let span = error.offset..error.offset.saturating_add(1);
            vec![Problem::at(text, &span, error.kind.to_string(), None)]
        }),
    }
}

/// A document as JSON, with the line on which each element of one of its arrays begins; else its syntax errors.
pub fn read_with_lines(format: Format, text: &str, array: &str) -> Result<(Json, Vec<usize>), Vec<Problem>> {
    let root = parse(format, text)?;
    let line = |node: &Node| Problem::at(text, &node.span, "", None).line;
    let lines = match &root.value {
        Value::Table(entries) => {
            entries.iter().filter(|entry| entry.key == array).find_map(|entry| match &entry.node.value {
                Value::Array(nodes) => Some(nodes.iter().map(line).collect()),
                _ => None,
            })
        }
        _ => None,
    };
    Ok((root.value.into_json(), lines.unwrap_or_default()))
}

struct Tree;

impl Build for Tree {
    type Value = Node;
    type Member = Entry;

    fn scalar(&mut self, value: Json, span: Range<usize>) -> Node {
        let value = match value {
            Json::Bool(value) => Value::Bool(value),
            Json::Number(number) => Value::Number(number),
            Json::String(text) => Value::String(text.into()),
            _ => Value::Other("null"),
        };
        Node { value, span }
    }

    fn array(&mut self, elements: Vec<Node>, span: Range<usize>) -> Node {
        Node { value: Value::Array(elements), span }
    }

    fn member(&mut self, name: Text, key_span: Range<usize>, node: Node) -> Entry {
        Entry { key: name, key_span, node }
    }

    fn name(entry: &Entry) -> &str {
        &entry.key
    }

    fn object(&mut self, members: Vec<Entry>, span: Range<usize>) -> Node {
        Node { value: Value::Table(members), span }
    }
}
