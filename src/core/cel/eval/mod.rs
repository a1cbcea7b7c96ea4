//! Evaluation: total, bounded by a budget of work, errors absorbed by `&&` and `||` as CEL says.

mod comprehension;

use super::ast::{Expr, Node, Operator, Variable};
use super::value::{List, Map, Value, mixed_doubles};
use super::{EvalError, EvalErrorKind, Input, Kinds, WORK_BUDGET};
use crate::core::pointer::Pointer;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

/// How many fields a trace keeps.
const MAX_FIELDS: usize = 32;

pub(super) type Evaluated<'a> = Result<Value<'a>, EvalError>;

/// The fields that an evaluation read.
#[derive(Debug, Default)]
pub(super) struct Trace(RefCell<Vec<Pointer>>);

impl Trace {
    fn record(&self, pointer: Pointer) {
        let mut fields = self.0.borrow_mut();
        if fields.len() < MAX_FIELDS && !fields.contains(&pointer) {
            fields.push(pointer);
        }
    }

    pub(super) fn into_pointers(self) -> Vec<Pointer> {
        self.0.into_inner()
    }
}

/// A comprehension's variable: its value, and where in the action it stands (kept for a trace only).
struct Local<'a> {
    value: Value<'a>,
    pointer: Option<Pointer>,
}

pub(super) struct Evaluator<'a> {
    input: &'a Input<'a>,
    trace: Option<&'a Trace>,
    work: Cell<u64>,
    locals: RefCell<Vec<Local<'a>>>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(input: &'a Input<'a>, trace: Option<&'a Trace>) -> Self {
        Self { input, trace, work: Cell::new(WORK_BUDGET), locals: RefCell::new(Vec::new()) }
    }

    /// With another budget.
    pub(super) fn with_budget(input: &'a Input<'a>, budget: u64) -> Self {
        Self { input, trace: None, work: Cell::new(budget), locals: RefCell::new(Vec::new()) }
    }

    /// Gives the next of the names that an expression was compiled with its value.
    pub(super) fn declare(&self, value: Value<'a>) {
        self.locals.borrow_mut().push(Local { value, pointer: None });
    }

    pub(super) fn boolean(&self, expr: &'a Expr) -> Result<bool, EvalError> {
        match self.eval(expr)? {
            Value::Bool(value) => Ok(value),
            other => Err(types(expr, &[&other])),
        }
    }

    pub(super) fn eval(&self, expr: &'a Expr) -> Evaluated<'a> {
        if self.trace.is_some() && is_chain(&expr.node) {
            self.record(expr);
        }
        self.eval_untraced(expr)
    }

    /// As [`Self::eval`], for a part of a path: the whole path is what was read.
    fn eval_untraced(&self, expr: &'a Expr) -> Evaluated<'a> {
        self.spend(1)?;
        match &expr.node {
            Node::Literal(literal) => Ok(constant(literal)),
            Node::Unknown => Err(fault(EvalErrorKind::Unknown, expr)),
            Node::Variable(variable) => self.variable(expr, *variable),
            Node::Local(slot) => {
                let local = self.locals.borrow().get(*slot).map(|local| local.value.clone());
                self.copied(local.ok_or_else(|| missing(expr))?)
            }
            Node::Select(operand, name) => match self.eval_untraced(operand)? {
                Value::Map(map) => {
                    self.spend_on_lookup(&map)?;
                    self.copied(map.field(name).ok_or_else(|| missing(expr))?)
                }
                other => Err(types(expr, &[&other])),
            },
            Node::Index(operand, index) => self.index(expr, operand, index),
            Node::Has(operand, name, _) => self.has(expr, operand, name),
            Node::Not(operand) => self.boolean(operand).map(|value| Value::Bool(!value)),
            Node::Negate(operand) => self.negate(expr, operand),
            Node::Binary(operator, left, right) => self.binary(expr, *operator, left, right),
            Node::And(operands) => self.absorbing(operands.iter(), false),
            Node::Or(operands) => self.absorbing(operands.iter(), true),
            Node::Conditional(condition, then, otherwise) => {
                if self.boolean(condition)? {
                    self.eval(then)
                } else {
                    self.eval(otherwise)
                }
            }
            Node::List(elements) => {
                let elements: Result<Vec<_>, _> = elements.iter().map(|element| self.eval(element)).collect();
                Ok(Value::List(List::Made(Rc::new(elements?))))
            }
            Node::Map(entries) => self.map(expr, entries),
            Node::Call(function, arguments) => self.call(expr, *function, arguments),
            Node::Matches(text, pattern) => self.matches(expr, &self.eval(text)?, pattern),
            Node::Comprehension(comprehension) => self.comprehension(expr, comprehension),
        }
    }

    fn map(&self, expr: &Expr, entries: &'a [(Expr, Expr)]) -> Evaluated<'a> {
        let mut made: Vec<(Value<'a>, Value<'a>)> = Vec::with_capacity(entries.len());
        for (key, value) in entries {
            let key = self.eval(key)?;
            self.spend(u64::try_from(made.len()).unwrap_or(u64::MAX))?;
            if !matches!(key, Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::String(_)) {
                return Err(types(expr, &[&key]));
            }
            if made.iter().any(|(known, _)| known.equals(&key)) {
                return Err(fault(EvalErrorKind::RepeatedKey, expr));
            }
            made.push((key, self.eval(value)?));
        }
        Ok(Value::Map(Map::Made(Rc::new(made))))
    }

    // Errors and work

    pub(super) fn spend(&self, units: u64) -> Result<(), EvalError> {
        let left = self
            .work
            .get()
            .checked_sub(units)
            .ok_or(EvalError { kind: EvalErrorKind::Budget, span: 0..0 })?;
        self.work.set(left);
        Ok(())
    }

    /// Texts are gone through 64 bytes a unit.
    pub(super) fn spend_on_bytes(&self, count: usize) -> Result<(), EvalError> {
        self.spend(u64::try_from(count / 64).unwrap_or(u64::MAX))
    }

    /// A value that was taken from another one: a text that was made is copied.
    fn copied(&self, value: Value<'a>) -> Evaluated<'a> {
        match &value {
            Value::String(Cow::Owned(text)) => self.spend_on_bytes(text.len())?,
            Value::Bytes(Cow::Owned(bytes)) => self.spend_on_bytes(bytes.len())?,
            _ => {}
        }
        Ok(value)
    }

    /// Members are looked through one by one.
    fn spend_on_lookup(&self, map: &Map<'_>) -> Result<(), EvalError> {
        self.spend(u64::try_from(map.len() / 16).unwrap_or(u64::MAX))
    }

    // Fields

    fn variable(&self, expr: &Expr, variable: Variable) -> Evaluated<'a> {
        Ok(match variable {
            Variable::Kind => Value::String(Cow::Borrowed(self.input.kind)),
            Variable::Args => Value::Map(Map::Json(self.input.args)),
            Variable::Confidence => Value::Double(self.input.confidence),
            Variable::Subject => match self.input.subject {
                Some(subject) => Value::String(Cow::Borrowed(subject)),
                None => return Err(missing(expr)),
            },
            Variable::Source => Value::Map(Map::Json(self.input.source)),
            Variable::Context => Value::Map(Map::Json(self.input.context)),
        })
    }

    fn index(&self, expr: &Expr, operand: &'a Expr, index: &'a Expr) -> Evaluated<'a> {
        let (operand, index) = (self.eval_untraced(operand)?, self.eval(index)?);
        match &operand {
            Value::List(list) => {
                let at = whole_index(&index).ok_or_else(|| types(expr, &[&operand, &index]))?;
                let element = usize::try_from(at).ok().and_then(|at| list.get(at));
                self.copied(element.ok_or_else(|| missing(expr))?)
            }
            Value::Map(map) => {
                self.spend_on_lookup(map)?;
                self.copied(map.get(&index).ok_or_else(|| missing(expr))?)
            }
            _ => Err(types(expr, &[&operand, &index])),
        }
    }

    fn has(&self, expr: &'a Expr, operand: &'a Expr, name: &str) -> Evaluated<'a> {
        if let (Some(trace), Some(pointer)) = (self.trace, self.pointer_of(operand)) {
            trace.record(pointer.child(name));
        }
        match self.eval_untraced(operand)? {
            Value::Map(map) => {
                self.spend_on_lookup(&map)?;
                Ok(Value::Bool(map.field(name).is_some()))
            }
            other => Err(types(expr, &[&other])),
        }
    }

    fn record(&self, expr: &'a Expr) {
        if let (Some(trace), Some(pointer)) = (self.trace, self.pointer_of(expr)) {
            trace.record(pointer);
        }
    }

    /// Where in the action a path leads; `None` for what was computed.
    fn pointer_of(&self, expr: &'a Expr) -> Option<Pointer> {
        match &expr.node {
            Node::Variable(variable) => Some([variable.as_str()].into_iter().collect()),
            Node::Local(slot) => self.locals.borrow().get(*slot)?.pointer.clone(),
            Node::Select(operand, name) => Some(self.pointer_of(operand)?.child(name)),
            Node::Index(operand, index) => {
                let base = self.pointer_of(operand)?;
                match self.eval_untraced(index).ok()? {
                    Value::String(name) => Some(base.child(&name)),
                    number => whole_index(&number).map(|at| base.child(&at.to_string())),
                }
            }
            _ => None,
        }
    }

    // Operators

    /// `&&` (deciding on false) and `||` (deciding on true): one operand that decides absorbs the errors of
    /// the others, whatever their order.
    fn absorbing(&self, operands: impl Iterator<Item = &'a Expr>, deciding: bool) -> Evaluated<'a> {
        let mut error = None;
        for operand in operands {
            match self.boolean(operand) {
                Ok(value) if value == deciding => return Ok(Value::Bool(deciding)),
                Ok(_) => {}
                Err(spent) if spent.kind == EvalErrorKind::Budget => return Err(spent),
                Err(other) => error = error.or(Some(other)),
            }
        }
        error.map_or(Ok(Value::Bool(!deciding)), Err)
    }

    fn negate(&self, expr: &Expr, operand: &'a Expr) -> Evaluated<'a> {
        match self.eval(operand)? {
            Value::Int(int) => {
                int.checked_neg().map(Value::Int).ok_or_else(|| fault(EvalErrorKind::Range, expr))
            }
            Value::Double(double) => Ok(Value::Double(-double)),
            other => Err(types(expr, &[&other])),
        }
    }

    fn binary(&self, expr: &Expr, operator: Operator, left: &'a Expr, right: &'a Expr) -> Evaluated<'a> {
        let (left, right) = (self.eval(left)?, self.eval(right)?);
        self.spend(left.comparison_cost(&right, self.work.get()))?;
        match operator {
            Operator::Equal => Ok(Value::Bool(left.equals(&right))),
            Operator::NotEqual => Ok(Value::Bool(!left.equals(&right))),
            Operator::Less | Operator::LessEqual | Operator::Greater | Operator::GreaterEqual => {
                match left.compare(&right) {
                    Some(order) => {
                        Ok(Value::Bool(order.and_then(|order| operator.holds(order)).unwrap_or(false)))
                    }
                    None => Err(types(expr, &[&left, &right])),
                }
            }
            Operator::In => match &right {
                Value::List(list) => {
                    for element in list.iter() {
                        self.spend(element.comparison_cost(&left, self.work.get()).saturating_add(1))?;
                        if element.equals(&left) {
                            return Ok(Value::Bool(true));
                        }
                    }
                    Ok(Value::Bool(false))
                }
                Value::Map(map) => {
                    self.spend_on_lookup(map)?;
                    Ok(Value::Bool(map.get(&left).is_some()))
                }
                _ => Err(types(expr, &[&left, &right])),
            },
            Operator::Add => self.add(expr, left, right),
            _ => Self::arithmetic(expr, operator, &left, &right),
        }
    }

    fn add(&self, expr: &Expr, left: Value<'a>, right: Value<'a>) -> Evaluated<'a> {
        match (left, right) {
            (Value::String(a), Value::String(b)) => {
                self.spend_on_bytes(a.len().saturating_add(b.len()))?;
                let mut joined = a.into_owned();
                joined.push_str(&b);
                Ok(Value::String(Cow::Owned(joined)))
            }
            (Value::Bytes(a), Value::Bytes(b)) => {
                self.spend_on_bytes(a.len().saturating_add(b.len()))?;
                let mut joined = a.into_owned();
                joined.extend_from_slice(&b);
                Ok(Value::Bytes(Cow::Owned(joined)))
            }
            (Value::List(a), Value::List(b)) => {
                let total = a.len().saturating_add(b.len());
                self.spend(u64::try_from(total).unwrap_or(u64::MAX))?;
                Ok(Value::List(List::Made(Rc::new(a.iter().chain(b.iter()).collect()))))
            }
            (left, right) => Self::arithmetic(expr, Operator::Add, &left, &right),
        }
    }

    fn arithmetic(expr: &Expr, operator: Operator, left: &Value<'a>, right: &Value<'a>) -> Evaluated<'a> {
        if let Some((a, b)) = mixed_doubles(left, right) {
            return match operator {
                Operator::Add => Ok(Value::Double(a + b)),
                Operator::Subtract => Ok(Value::Double(a - b)),
                Operator::Multiply => Ok(Value::Double(a * b)),
                Operator::Divide => Ok(Value::Double(a / b)),
                _ => Err(types(expr, &[left, right])),
            };
        }
        if let Some(time) = times(operator, left, right) {
            return time.ok_or_else(|| fault(EvalErrorKind::Range, expr));
        }
        let zero = matches!(right, Value::Int(0) | Value::Uint(0));
        if zero && matches!(operator, Operator::Divide | Operator::Remainder) {
            return Err(fault(EvalErrorKind::ZeroDivision, expr));
        }
        let value = match (left, right) {
            (Value::Int(a), Value::Int(b)) => match operator {
                Operator::Add => a.checked_add(*b),
                Operator::Subtract => a.checked_sub(*b),
                Operator::Multiply => a.checked_mul(*b),
                Operator::Divide => a.checked_div(*b),
                _ => a.checked_rem(*b),
            }
            .map(Value::Int),
            (Value::Uint(a), Value::Uint(b)) => match operator {
                Operator::Add => a.checked_add(*b),
                Operator::Subtract => a.checked_sub(*b),
                Operator::Multiply => a.checked_mul(*b),
                Operator::Divide => a.checked_div(*b),
                _ => a.checked_rem(*b),
            }
            .map(Value::Uint),
            _ => return Err(types(expr, &[left, right])),
        };
        value.ok_or_else(|| fault(EvalErrorKind::Range, expr))
    }
}

fn is_chain(node: &Node) -> bool {
    matches!(node, Node::Variable(_) | Node::Local(_) | Node::Select(..) | Node::Index(..))
}

/// What went wrong, at its place.
pub(super) fn fault(kind: EvalErrorKind, expr: &Expr) -> EvalError {
    EvalError { kind, span: expr.span.clone() }
}

fn missing(expr: &Expr) -> EvalError {
    fault(EvalErrorKind::Missing, expr)
}

/// Values of types that an expression is not made for.
pub(super) fn types(expr: &Expr, values: &[&Value<'_>]) -> EvalError {
    let mut kinds = [None; 3];
    for (kind, value) in kinds.iter_mut().zip(values) {
        *kind = Some(value.type_of());
    }
    fault(EvalErrorKind::Types(Kinds(kinds)), expr)
}

/// Sums and differences of times: what they come to, beyond the range nothing; `None` where it is something else.
#[expect(clippy::option_option, reason = "no times, and no time within the range, are two answers")]
fn times<'a>(operator: Operator, left: &Value<'a>, right: &Value<'a>) -> Option<Option<Value<'a>>> {
    Some(match (operator, left, right) {
        (Operator::Add, Value::Timestamp(at), Value::Duration(by))
        | (Operator::Add, Value::Duration(by), Value::Timestamp(at)) => at.plus(*by).map(Value::Timestamp),
        (Operator::Add, Value::Duration(a), Value::Duration(b)) => a.plus(*b).map(Value::Duration),
        (Operator::Subtract, Value::Timestamp(at), Value::Duration(by)) => {
            at.minus(*by).map(Value::Timestamp)
        }
        (Operator::Subtract, Value::Timestamp(a), Value::Timestamp(b)) => a.since(*b).map(Value::Duration),
        (Operator::Subtract, Value::Duration(a), Value::Duration(b)) => a.minus(*b).map(Value::Duration),
        _ => return None,
    })
}

/// A constant without a copy of its text.
fn constant<'a>(literal: &'a Value<'static>) -> Value<'a> {
    match literal {
        Value::String(text) => Value::String(Cow::Borrowed(text)),
        Value::Bytes(bytes) => Value::Bytes(Cow::Borrowed(bytes)),
        other => other.clone(),
    }
}

/// CEL lets a list be indexed by any number with a whole value.
fn whole_index(value: &Value<'_>) -> Option<i64> {
    match value {
        Value::Int(int) => Some(*int),
        Value::Uint(uint) => i64::try_from(*uint).ok(),
        Value::Double(double) if double.fract().abs() < f64::MIN_POSITIVE => double_to_int(*double),
        _ => None,
    }
}

/// Towards zero; `None` outside 64 bits, both ends excluded as CEL has it.
pub(super) fn double_to_int(double: f64) -> Option<i64> {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    #[expect(clippy::cast_possible_truncation, reason = "checked to be within range")]
    (double > -LIMIT && double < LIMIT).then_some(double as i64)
}
