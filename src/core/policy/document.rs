//! A policy document as a tree that remembers where each part stood, from TOML or JSON alike.

use super::problem::Problem;
use super::toml;
use crate::core::json::{self, Build, Json, Limits};
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
        Format::Toml => toml::parse(text),
        Format::Json => json::parse_with(&mut Tree, text.as_bytes(), Limits::FOREIGN).map_err(|error| {
            let span = error.offset..error.offset.saturating_add(1);
            vec![Problem::at(text, &span, error.kind.to_string(), None)]
        }),
    }
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
