//! Tests that decide most conditions without making a value: a path into the action against a constant.
//!
//! They know three answers: true, false, and that the evaluator has to say. Where they know one it is the evaluator's,
//! because `&&` and `||` absorb the errors of the other side. They have the evaluator's budget and take less of it, so that
//! a condition may have an answer here that there runs out of work.

use super::Program;
use super::ast::{Expr, Node, Operator};
use super::functions::Function;
use super::reading::{Found, Reading, Shared};
use super::regex::Pattern;
use super::search::required_by;
use super::value::{List, Value};
use crate::core::json::Json;
use crate::core::number::NumberValue;
use std::cmp::Ordering;
use std::rc::Rc;

/// A condition, as far as it can be decided so.
#[derive(Debug, Clone)]
pub(super) enum Quick {
    Known(bool),
    /// The place of a path, and what it has to be.
    Test(usize, Test),
    Not(Box<Quick>),
    All(Vec<Quick>),
    Any(Vec<Quick>),
    /// The evaluator has to say.
    Unknown,
}

/// What something has to be.
#[derive(Debug, Clone)]
pub(super) enum Test {
    IsTrue,
    Has(String),
    Compare(Operator, Value<'static>),
    In(Rc<Vec<Value<'static>>>),
    /// The text, and its place among the needles that are looked for together.
    Contains(String, Option<usize>),
    /// In lower case, without regard to case.
    ContainsIgnoringCase(usize),
    StartsWith(String),
    EndsWith(String),
    /// And the needles of which a match has one.
    Matches(Pattern, Option<Vec<usize>>),
    /// One of these needles.
    OneOf(Vec<usize>),
    Size(Operator, i64),
}

impl Quick {
    /// What can be decided of a condition; its paths and needles are kept with those of the policy's others.
    pub(super) fn of(expr: &Expr, shared: &mut Shared) -> Self {
        let all =
            |parts: &[Expr], shared: &mut Shared| parts.iter().map(|part| Self::of(part, shared)).collect();
        match &expr.node {
            Node::Literal(Value::Bool(value)) => Self::Known(*value),
            Node::Not(operand) => Self::Not(Box::new(Self::of(operand, shared))),
            Node::And(parts) => Self::All(all(parts, shared)),
            Node::Or(parts) => Self::Any(all(parts, shared)),
            _ => test(expr, shared).unwrap_or(Self::Unknown),
        }
    }

    /// Whether it holds; `None` where the evaluator has to say.
    pub(super) fn decide(&self, reading: &Reading<'_>) -> Option<bool> {
        match self {
            Self::Known(value) => Some(*value),
            Self::Test(path, test) => test.decide(*path, reading),
            Self::Not(operand) => operand.decide(reading).map(|value| !value),
            Self::All(parts) => absorbing(parts, reading, false),
            Self::Any(parts) => absorbing(parts, reading, true),
            Self::Unknown => None,
        }
    }

    /// What has to be so for the condition to hold, where it begins with a test that many conditions may be found by.
    pub(super) fn opening(&self, shared: &Shared) -> Option<Opening<'_>> {
        match self {
            Self::All(parts) => parts.first()?.opening(shared),
            Self::Test(path, test) => {
                let required = match test {
                    Test::Compare(Operator::Equal, value) => Required::Texts(vec![value.as_text()?]),
                    Test::In(values) => {
                        Required::Texts(values.iter().map(Value::as_text).collect::<Option<_>>()?)
                    }
                    Test::Compare(Operator::Greater | Operator::GreaterEqual, least) => {
                        Required::AtLeast(ordered(least)?)
                    }
                    Test::Compare(Operator::Less | Operator::LessEqual, most) => {
                        Required::AtMost(ordered(most)?)
                    }
                    Test::Contains(_, Some(needle)) if shared.looks_together(*path) => {
                        Required::Needles(vec![*needle])
                    }
                    Test::ContainsIgnoringCase(needle) => Required::Needles(vec![*needle]),
                    Test::OneOf(needles) | Test::Matches(_, Some(needles)) => {
                        Required::Needles(needles.clone())
                    }
                    _ => return None,
                };
                Some(Opening { path: *path, required })
            }
            _ => None,
        }
    }
}

/// The test that a condition begins with.
#[derive(Debug)]
pub(crate) struct Opening<'p> {
    /// The place of the path that it looks at.
    pub(crate) path: usize,
    pub(crate) required: Required<'p>,
}

/// What has to stand there. Where something of another type does, or nothing, the condition has to be asked.
#[derive(Debug)]
pub(crate) enum Required<'p> {
    /// One of these texts; anything of another type that is there will not do.
    Texts(Vec<&'p str>),
    /// A text with one of these needles.
    Needles(Vec<usize>),
    /// A number that is no less, nearly.
    AtLeast(f64),
    /// A number that is no more, nearly.
    AtMost(f64),
}

/// A bound that others can be sorted with: what is no number is neither more nor less than any.
fn ordered(bound: &Value<'_>) -> Option<f64> {
    bound.as_double().filter(|bound| !bound.is_nan())
}

fn absorbing(parts: &[Quick], reading: &Reading<'_>, deciding: bool) -> Option<bool> {
    let mut answer = Some(!deciding);
    for part in parts {
        match part.decide(reading) {
            Some(value) if value == deciding => return Some(deciding),
            Some(_) => {}
            None => answer = None,
        }
    }
    answer
}

/// A test of one path; `None` for everything else.
fn test(expr: &Expr, shared: &mut Shared) -> Option<Quick> {
    let (path, test) = match &expr.node {
        Node::Has(operand, name, _) => (shared.place_of(operand)?, Test::Has(name.clone())),
        Node::Binary(Operator::In, left, right) => {
            let values = constants(right)?;
            (shared.place_of(left)?, Test::In(values))
        }
        Node::Binary(operator, left, right) => comparison(*operator, left, right, shared)?,
        Node::Matches(text, pattern) => {
            let path = shared.place_of(text)?;
            let required = required_by(pattern.as_str());
            let is_all = required.as_ref().is_some_and(|required| required.is_all);
            let needles: Option<Vec<usize>> = required.and_then(|required| {
                shared.need_needles(path);
                let place = |needle: &String| shared.needle(path, needle, required.ignore_case);
                required.needles.iter().map(place).collect()
            });
            match needles {
                Some(needles) if is_all => (path, Test::OneOf(needles)),
                needles => (path, Test::Matches(pattern.clone(), needles)),
            }
        }
        Node::Call(function, parts) => match (function, parts.as_slice()) {
            (Function::Contains, [text, part]) => {
                let part = constant_text(part)?;
                match &text.node {
                    Node::Call(Function::LowerAscii, inner) => {
                        let path = shared.place_of(inner.first()?)?;
                        let lower = !part.bytes().any(|byte| byte.is_ascii_uppercase());
                        let needle = shared.needle(path, part, true).filter(|_| lower)?;
                        shared.need_needles(path);
                        (path, Test::ContainsIgnoringCase(needle))
                    }
                    _ => {
                        let path = shared.place_of(text)?;
                        let needle = shared.needle(path, part, false);
                        (path, Test::Contains(part.to_owned(), needle))
                    }
                }
            }
            (Function::StartsWith, [text, part]) => {
                let part = constant_text(part)?.to_owned();
                (shared.place_of(text)?, Test::StartsWith(part))
            }
            (Function::EndsWith, [text, part]) => {
                let part = constant_text(part)?.to_owned();
                (shared.place_of(text)?, Test::EndsWith(part))
            }
            _ => return None,
        },
        _ => (shared.place_of(expr)?, Test::IsTrue),
    };
    Some(Quick::Test(path, test))
}

fn comparison(operator: Operator, left: &Expr, right: &Expr, shared: &mut Shared) -> Option<(usize, Test)> {
    if !matches!(
        operator,
        Operator::Equal
            | Operator::NotEqual
            | Operator::Less
            | Operator::LessEqual
            | Operator::Greater
            | Operator::GreaterEqual
    ) {
        return None;
    }
    let (operator, left, literal) = match (&left.node, &right.node) {
        (_, Node::Literal(literal)) => (operator, left, literal),
        (Node::Literal(literal), _) => (operator.mirrored(), right, literal),
        _ => return None,
    };
    match (&left.node, literal) {
        (Node::Call(Function::Size, parts), Value::Int(size)) => {
            Some((shared.place_of(parts.first()?)?, Test::Size(operator, *size)))
        }
        (_, Value::List(_) | Value::Map(_)) => None,
        _ => Some((shared.place_of(left)?, Test::Compare(operator, literal.clone()))),
    }
}

fn constants(expr: &Expr) -> Option<Rc<Vec<Value<'static>>>> {
    match &expr.node {
        Node::Literal(Value::List(List::Made(elements))) => Some(Rc::clone(elements)),
        _ => None,
    }
}

pub(super) fn constant_text(expr: &Expr) -> Option<&str> {
    match &expr.node {
        Node::Literal(Value::String(text)) => Some(text),
        _ => None,
    }
}

impl Test {
    fn decide(&self, path: usize, reading: &Reading<'_>) -> Option<bool> {
        let found = reading.at(path);
        let text = || match found {
            Found::Text(text) => Some(text),
            _ => None,
        };
        match self {
            Self::IsTrue => match found {
                Found::Json(Json::Bool(value)) => Some(*value),
                _ => None,
            },
            Self::Has(name) => match found {
                Found::Object(object) => Some(object.get(name).is_some()),
                _ => None,
            },
            Self::Compare(operator, literal) => compare(*operator, &found, literal),
            Self::In(values) => {
                let value = found.value()?;
                Some(values.iter().any(|element| element.equals(&value)))
            }
            Self::Contains(part, needle) => {
                let text = text()?;
                let known = needle.and_then(|needle| reading.has_needle(path, text, needle, true));
                Some(known.unwrap_or_else(|| text.contains(part.as_str())))
            }
            Self::ContainsIgnoringCase(needle) => reading.has_needle(path, text()?, *needle, false),
            Self::StartsWith(part) => text().map(|text| text.starts_with(part.as_str())),
            Self::EndsWith(part) => text().map(|text| text.ends_with(part.as_str())),
            Self::Matches(pattern, needles) => {
                let text = text()?;
                if let Some(needles) = needles {
                    let mut absent = needles
                        .iter()
                        .map(|needle| reading.has_needle(path, text, *needle, false) == Some(false));
                    if absent.all(|absent| absent) {
                        return Some(false);
                    }
                }
                reading.spend(pattern.cost(text)).then(|| pattern.is_match(text))
            }
            Self::OneOf(needles) => {
                let found = reading.needles_at(path, text()?)?;
                Some(needles.iter().any(|needle| found.contains(needle)))
            }
            Self::Size(operator, size) => {
                let count = match found {
                    Found::Json(Json::Array(elements)) => elements.len(),
                    Found::Object(object) => object.len(),
                    _ => text()?.chars().count(),
                };
                operator.holds(i64::try_from(count).ok()?.cmp(size))
            }
        }
    }
}

/// A comparison with a constant; `None` where the types have no order.
fn compare(operator: Operator, found: &Found<'_>, literal: &Value<'static>) -> Option<bool> {
    let order = match (found, literal) {
        (Found::Json(Json::Number(number)), Value::Int(whole)) => match number.value() {
            NumberValue::Int(int) => int.cmp(whole),
            NumberValue::Double(_) => return compare_values(operator, found, literal),
        },
        (Found::Text(text), Value::String(literal)) => match operator {
            Operator::Equal => return Some(*text == literal.as_ref()),
            Operator::NotEqual => return Some(*text != literal.as_ref()),
            _ => (*text).cmp(literal),
        },
        _ => return compare_values(operator, found, literal),
    };
    operator.holds(order)
}

fn compare_values(operator: Operator, found: &Found<'_>, literal: &Value<'static>) -> Option<bool> {
    let value = found.value()?;
    match operator {
        Operator::Equal => Some(value.equals(literal)),
        Operator::NotEqual => Some(!value.equals(literal)),
        _ => match value.compare(literal)? {
            Some(order) => operator.holds(order),
            None => Some(false),
        },
    }
}

impl Operator {
    /// The operator with its sides exchanged.
    fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessEqual => Self::GreaterEqual,
            Self::Greater => Self::Less,
            Self::GreaterEqual => Self::LessEqual,
            other => other,
        }
    }

    /// What a comparison makes of an order; `None` for what is none.
    pub(super) fn holds(self, order: Ordering) -> Option<bool> {
        Some(match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterEqual => order.is_ge(),
            _ => return None,
        })
    }
}

impl Program {
    /// Makes ready what can be decided quickly.
    pub(super) fn prepare(&mut self, shared: &mut Shared) {
        self.quick = Quick::of(&self.root, shared);
    }
}
