//! What can be said of a condition without an action: that it never holds, always holds, or is no condition at all. It is
//! told to whoever wrote it; nothing is decided by it.

use super::ast::{Node, Operator, Variable};
use super::eval::Evaluator;
use super::functions::Function;
use super::quick::{Quick, Test};
use super::reading::Shared;
use super::value::{Type, Value};
use super::{EvalErrorKind, Input, Program};
use crate::core::json::Object;

impl Program {
    /// Whether it holds for every action, or for none, as far as that can be seen: by constants, and by tests of the same
    /// field that exclude each other.
    pub fn certain(&self) -> Option<bool> {
        let mut shared = Shared::default();
        let quick = Quick::of(&self.root, &mut shared);
        certain(&quick, &shared)
    }

    /// Whether it compares the confidence with a number that none reaches, as with per cent.
    pub fn takes_confidence_for_per_cent(&self) -> bool {
        let mut shared = Shared::default();
        let quick = Quick::of(&self.root, &mut shared);
        any_test(&quick, &|path, test| {
            let beyond = |literal: &Value<'_>| literal.as_double().is_some_and(|number| number > 1.0);
            shared.is_variable(path, Variable::Confidence)
                && matches!(test, Test::Compare(_, literal) if beyond(literal))
        })
    }

    /// The kinds of which the action has to be one for it to hold, where it says so.
    pub fn kinds_required(&self) -> Option<Vec<String>> {
        let mut shared = Shared::default();
        let quick = Quick::of(&self.root, &mut shared);
        let texts = |part: &Quick| match part {
            Quick::Test(path, test) if shared.is_variable(*path, Variable::Kind) => match test {
                Test::Compare(Operator::Equal, name) => Some(vec![name.as_text()?.to_owned()]),
                Test::In(names) => names.iter().map(|name| name.as_text().map(str::to_owned)).collect(),
                _ => None,
            },
            _ => None,
        };
        match &quick {
            Quick::All(parts) => parts.iter().find_map(texts),
            part => texts(part),
        }
    }

    /// What it is, where it is surely neither true nor false.
    pub fn wrong_type(&self) -> Option<&'static str> {
        let kind = match &self.root.node {
            Node::Literal(value) => value.type_of(),
            Node::List(_) => Type::List,
            Node::Negate(_) => return Some("a number"),
            Node::Binary(
                Operator::Add
                | Operator::Subtract
                | Operator::Multiply
                | Operator::Divide
                | Operator::Remainder,
                ..,
            ) => return Some("the result of a calculation"),
            Node::Variable(Variable::Kind | Variable::Subject) => Type::String,
            Node::Variable(Variable::Confidence) => Type::Double,
            Node::Map(_) | Node::Variable(_) => Type::Map,
            Node::Call(function, _) => match function {
                Function::Size | Function::IndexOf | Function::ToInt | Function::Get(_) => Type::Int,
                Function::LowerAscii
                | Function::UpperAscii
                | Function::Trim
                | Function::Substring
                | Function::Replace
                | Function::Join
                | Function::ToString => Type::String,
                Function::Split => Type::List,
                _ => return None,
            },
            _ => return None,
        };
        Some(kind.described()).filter(|_| kind != Type::Bool)
    }

    /// What of the arguments it misses in an action of an unheard-of kind without any, where that alone makes it match.
    pub fn missed_argument(&self) -> Option<&str> {
        let mut shared = Shared::default();
        let quick = Quick::of(&self.root, &mut shared);
        if any_test(&quick, &|path, _| shared.is_variable(path, Variable::Kind)) {
            return None;
        }
        let nothing = Object::new();
        let missed = |confidence: f64| {
            let (args, source, context) = (&nothing, &nothing, &nothing);
            let input = Input { kind: "", args, confidence, subject: Some(""), source, context };
            let error = Evaluator::new(&input, None).boolean(&self.root).err()?;
            let part = self.source.get(error.span.clone())?;
            (error.kind == EvalErrorKind::Missing && part.starts_with("args")).then_some(part)
        };
        // However sure the model is.
        missed(0.0).filter(|part| missed(0.5) == Some(part) && missed(1.0) == Some(part))
    }
}

fn any_test(quick: &Quick, asks: &dyn Fn(usize, &Test) -> bool) -> bool {
    match quick {
        Quick::Test(path, test) => asks(*path, test),
        Quick::Not(operand) => any_test(operand, asks),
        Quick::All(parts) | Quick::Any(parts) => parts.iter().any(|part| any_test(part, asks)),
        Quick::Known(_) | Quick::Unknown => false,
    }
}

fn certain(quick: &Quick, shared: &Shared) -> Option<bool> {
    match quick {
        Quick::Known(value) => Some(*value),
        Quick::Not(operand) => certain(operand, shared).map(|value| !value),
        Quick::Test(path, Test::Compare(operator, literal))
            if shared.is_variable(*path, Variable::Confidence) =>
        {
            // It is from 0 to 1: what is true at both ends of a comparison is true between them.
            let number = literal.as_double()?;
            let at = |confidence: f64| operator.holds(confidence.partial_cmp(&number)?);
            let is_order = !matches!(operator, Operator::Equal | Operator::NotEqual);
            match (at(0.0)?, at(1.0)?) {
                (low, high) if low == high && (is_order || !(0.0..=1.0).contains(&number)) => Some(low),
                _ => None,
            }
        }
        Quick::Test(..) | Quick::Unknown => None,
        Quick::All(parts) => of_several(parts, shared, false, exclude),
        Quick::Any(parts) => of_several(parts, shared, true, exhaust),
    }
}

fn of_several(
    parts: &[Quick],
    shared: &Shared,
    deciding: bool,
    together: fn(&Test, &Test) -> bool,
) -> Option<bool> {
    let answers: Vec<Option<bool>> = parts.iter().map(|part| certain(part, shared)).collect();
    if answers.contains(&Some(deciding)) {
        return Some(deciding);
    }
    if answers.iter().all(|answer| *answer == Some(!deciding)) {
        return Some(!deciding);
    }
    let mut tests: Vec<(usize, &Test)> = Vec::new();
    for part in parts {
        if let Quick::Test(path, test) = part {
            let decides = |(known, other): &(usize, &Test)| {
                known == path && (together(test, other) || together(other, test))
            };
            if tests.iter().any(decides) {
                return Some(deciding);
            }
            tests.push((*path, test));
        }
    }
    None
}

/// Whether nothing passes both tests; asked both ways round.
fn exclude(a: &Test, b: &Test) -> bool {
    let refused = |value: &Value<'static>| admits(b, value) == Some(false);
    match (a, b) {
        (Test::Compare(Operator::Equal, value), _) => refused(value),
        (Test::In(values), _) => values.iter().all(refused),
        (
            Test::Compare(Operator::Greater | Operator::GreaterEqual, least),
            Test::Compare(Operator::Less | Operator::LessEqual, _),
        ) => refused(least),
        _ => false,
    }
}

/// Whether everything passes one of two tests; asked both ways round.
fn exhaust(a: &Test, b: &Test) -> bool {
    match (a, b) {
        (Test::Compare(Operator::NotEqual, value), _) => admits(b, value) == Some(true),
        (
            Test::Compare(Operator::Greater | Operator::GreaterEqual, least),
            Test::Compare(Operator::Less | Operator::LessEqual, _),
        ) => admits(b, least) == Some(true) || admits(a, least) == Some(true) && same_bound(a, b),
        _ => false,
    }
}

fn same_bound(a: &Test, b: &Test) -> bool {
    matches!((a, b), (Test::Compare(_, a), Test::Compare(_, b)) if a.equals(b))
}

/// Whether a value passes a test; `None` where that is not as simple.
fn admits(test: &Test, value: &Value<'static>) -> Option<bool> {
    match test {
        Test::Compare(Operator::Equal, literal) => Some(value.equals(literal)),
        Test::Compare(Operator::NotEqual, literal) => Some(!value.equals(literal)),
        Test::Compare(operator, literal) => operator.holds(value.compare(literal)??),
        Test::In(values) => Some(values.iter().any(|element| element.equals(value))),
        Test::StartsWith(part) => Some(value.as_text()?.starts_with(part.as_str())),
        Test::EndsWith(part) => Some(value.as_text()?.ends_with(part.as_str())),
        Test::Contains(part, _) => Some(value.as_text()?.contains(part.as_str())),
        _ => None,
    }
}
