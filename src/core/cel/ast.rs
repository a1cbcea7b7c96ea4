//! A condition as a tree with its names resolved.

use super::functions::Function;
use super::regex::Pattern;
use super::value::Value;
use std::ops::Range;

/// An expression and the bytes that it was written in.
#[derive(Debug, Clone)]
pub(super) struct Expr {
    pub(super) node: Node,
    pub(super) span: Range<usize>,
    /// Levels below this one: the parser bounds it, so that evaluation may recurse.
    pub(super) depth: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Node {
    Literal(Value<'static>),
    Variable(Variable),
    /// A name that nothing has: an error when it is reached. No policy has one.
    Unknown,
    /// The variable of an enclosing comprehension, counted from the outermost.
    Local(usize),
    Select(Box<Expr>, String),
    Index(Box<Expr>, Box<Expr>),
    /// `has(operand.name)`, and the bytes of `operand.name`.
    Has(Box<Expr>, String, Range<usize>),
    Not(Box<Expr>),
    Negate(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>),
    Call(Function, Vec<Expr>),
    /// `matches` with a constant pattern, compiled once.
    Matches(Box<Expr>, Pattern),
    Comprehension(Box<Comprehension>),
}

#[derive(Debug, Clone)]
pub(super) struct Comprehension {
    pub(super) macro_: Macro,
    pub(super) range: Expr,
    /// The predicate; for `map` with three arguments the filter.
    pub(super) predicate: Option<Expr>,
    /// What `map` makes of an element.
    pub(super) transform: Option<Expr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Macro {
    All,
    Exists,
    ExistsOne,
    Filter,
    Map,
}

/// The macros that are called like methods, by name.
pub(super) const MACROS: [(&str, Macro); 5] = [
    ("all", Macro::All),
    ("exists", Macro::Exists),
    ("exists_one", Macro::ExistsOne),
    ("filter", Macro::Filter),
    ("map", Macro::Map),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Variable {
    Kind,
    Args,
    Confidence,
    Subject,
    Source,
    Context,
}

impl Variable {
    pub(super) const ALL: [Self; 6] =
        [Self::Kind, Self::Args, Self::Confidence, Self::Subject, Self::Source, Self::Context];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Kind => "kind",
            Self::Args => "args",
            Self::Confidence => "confidence",
            Self::Subject => "subject",
            Self::Source => "source",
            Self::Context => "context",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}
