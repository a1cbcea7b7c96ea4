//! What of a condition is known before there is an action: constants are computed once, and a side that can no longer
//! decide is left out.

use super::Input;
use super::ast::{Expr, Node};
use super::eval::Evaluator;
use super::functions::Function;
use super::regex::Pattern;
use super::value::{List, Map, Value};
use crate::core::json::Object;
use std::borrow::Cow;
use std::rc::Rc;

/// What computing one constant may cost.
const BUDGET: u64 = 2_000;

/// A constant that is kept has at most so many parts and bytes.
const LARGEST: usize = 4_096;

/// What an expression depends on: the action; a variable of an enclosing comprehension, by its number; nothing, but it
/// has no value that is kept; nothing.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Needs {
    Action,
    Local(usize),
    NothingInVain,
    Nothing,
}

/// Folds an expression in which so many names were declared.
pub(super) fn fold(expr: &mut Expr, declared: usize) {
    folded(expr, declared);
}

/// Folds what is below, then the expression itself; what it depends on. `scope` counts the variables around it.
fn folded(expr: &mut Expr, scope: usize) -> Needs {
    let needs = children(&mut expr.node, scope);
    let is_closed = needs == Needs::Nothing && !matches!(expr.node, Node::Literal(_));
    if is_closed && let Some(value) = computed(expr, scope) {
        expr.node = Node::Literal(value);
        expr.depth = 1;
        return Needs::Nothing;
    }
    simplify(expr);
    match expr.node {
        Node::Literal(_) => Needs::Nothing,
        // Whatever it is a part of is not computed in vain as well.
        _ if is_closed => Needs::NothingInVain,
        _ => needs,
    }
}

/// Folds the parts of an expression; the most that any of them depends on.
fn children(node: &mut Node, scope: usize) -> Needs {
    let most = |parts: &mut dyn Iterator<Item = &mut Expr>| {
        parts.map(|part| folded(part, scope)).min().unwrap_or(Needs::Nothing)
    };
    match node {
        Node::Literal(_) => Needs::Nothing,
        Node::Variable(_) | Node::Unknown => Needs::Action,
        Node::Local(slot) => Needs::Local(*slot),
        Node::Select(operand, _)
        | Node::Has(operand, ..)
        | Node::Not(operand)
        | Node::Negate(operand)
        | Node::Matches(operand, _) => folded(operand, scope),
        Node::Index(left, right) | Node::Binary(_, left, right) => {
            folded(left, scope).min(folded(right, scope))
        }
        Node::And(parts) | Node::Or(parts) | Node::List(parts) | Node::Call(_, parts) => {
            most(&mut parts.iter_mut())
        }
        Node::Conditional(condition, then, otherwise) => {
            folded(condition, scope).min(folded(then, scope)).min(folded(otherwise, scope))
        }
        Node::Map(entries) => most(&mut entries.iter_mut().flat_map(|(key, value)| [key, value])),
        Node::Comprehension(comprehension) => {
            let inner = scope.saturating_add(1);
            let parts = [&mut comprehension.predicate, &mut comprehension.transform];
            let inside = parts.into_iter().flatten().map(|part| folded(part, inner)).min();
            // Its own variable is bound by it.
            let inside = match inside {
                Some(Needs::Local(slot)) if slot >= scope => Needs::Nothing,
                inside => inside.unwrap_or(Needs::Nothing),
            };
            folded(&mut comprehension.range, scope).min(inside)
        }
    }
}

/// The value of an expression that depends on nothing; `None` where it has none, or one that is too large to keep. The
/// variables around it are not looked at, but its own are counted behind them.
fn computed(expr: &Expr, scope: usize) -> Option<Value<'static>> {
    let nothing = Object::new();
    let input = Input {
        kind: "",
        args: &nothing,
        confidence: 0.0,
        subject: None,
        source: &nothing,
        context: &nothing,
    };
    let evaluator = Evaluator::with_budget(&input, BUDGET);
    (0..scope).for_each(|_| evaluator.declare(Value::Null));
    let value = evaluator.eval(expr).ok()?;
    let mut left = LARGEST;
    kept(value, &mut left)
}

fn kept(value: Value<'_>, left: &mut usize) -> Option<Value<'static>> {
    let size = match &value {
        Value::String(text) => text.len(),
        Value::Bytes(bytes) => bytes.len(),
        other => other.len(),
    };
    *left = left.checked_sub(size.saturating_add(1))?;
    Some(match value {
        Value::Null => Value::Null,
        Value::Bool(value) => Value::Bool(value),
        Value::Int(int) => Value::Int(int),
        Value::Uint(uint) => Value::Uint(uint),
        Value::Double(double) => Value::Double(double),
        Value::String(text) => Value::String(Cow::Owned(text.into_owned())),
        Value::Bytes(bytes) => Value::Bytes(Cow::Owned(bytes.into_owned())),
        Value::Timestamp(at) => Value::Timestamp(at),
        Value::Duration(duration) => Value::Duration(duration),
        Value::Type(named) => Value::Type(named),
        Value::List(list) => {
            let elements: Option<Vec<_>> = list.iter().map(|element| kept(element, left)).collect();
            Value::List(List::Made(Rc::new(elements?)))
        }
        Value::Map(map) => {
            let entry = |key: Value<'_>| {
                let value = map.get(&key)?;
                Some((kept(key, left)?, kept(value, left)?))
            };
            let entries: Option<Vec<_>> = map.keys().into_iter().map(entry).collect();
            Value::Map(Map::Made(Rc::new(entries?)))
        }
    })
}

/// What a constant part decides or leaves out, and what can be compiled now that a part is constant.
fn simplify(expr: &mut Expr) {
    let known = |part: &Expr| match part.node {
        Node::Literal(Value::Bool(value)) => Some(value),
        _ => None,
    };
    let deciding = matches!(expr.node, Node::Or(_));
    let replaced = match &mut expr.node {
        Node::And(parts) | Node::Or(parts) => {
            if parts.iter().any(|part| known(part) == Some(deciding)) {
                Some(Node::Literal(Value::Bool(deciding)))
            } else {
                if parts.iter().any(|part| known(part).is_none()) {
                    parts.retain(|part| known(part).is_none());
                }
                None
            }
        }
        Node::Conditional(condition, then, otherwise) => known(condition).map(|holds| {
            let chosen = if holds { then } else { otherwise };
            std::mem::replace(&mut chosen.node, Node::Unknown)
        }),
        Node::Call(Function::Matches, parts) => match parts.as_mut_slice() {
            [text, Expr { node: Node::Literal(Value::String(pattern)), .. }] => {
                let hole = Expr { node: Node::Unknown, span: text.span.clone(), depth: 1 };
                Pattern::compile(pattern)
                    .ok()
                    .map(|pattern| Node::Matches(std::mem::replace(text, hole).into(), pattern))
            }
            _ => None,
        },
        _ => None,
    };
    if let Some(node) = replaced {
        expr.node = node;
    }
}
