//! Evaluation: total, bounded by a budget of work, errors absorbed by `&&` and `||` as CEL says.

use super::ast::{Comprehension, Expr, Literal, Macro, Node, Operator, Variable};
use super::value::{List, Map, Value, mixed_doubles};
use super::{EvalError, Input, WORK_BUDGET};
use crate::core::pointer::Pointer;
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
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
    source: &'a str,
    input: &'a Input<'a>,
    trace: Option<&'a Trace>,
    work: Cell<u64>,
    locals: RefCell<Vec<Local<'a>>>,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(source: &'a str, input: &'a Input<'a>, trace: Option<&'a Trace>) -> Self {
        Self { source, input, trace, work: Cell::new(WORK_BUDGET), locals: RefCell::new(Vec::new()) }
    }

    pub(super) fn boolean(&self, expr: &'a Expr) -> Result<bool, EvalError> {
        match self.eval(expr)? {
            Value::Bool(value) => Ok(value),
            other => Err(self.types(expr, &[&other])),
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
            Node::Variable(variable) => self.variable(*variable),
            Node::Local(slot) => self
                .locals
                .borrow()
                .get(*slot)
                .map(|local| local.value.clone())
                .ok_or_else(|| self.missing(expr)),
            Node::Select(operand, name) => match self.eval_untraced(operand)? {
                Value::Map(map) => {
                    self.spend_on_lookup(&map)?;
                    map.field(name).ok_or_else(|| self.missing(expr))
                }
                other => Err(self.types(expr, &[&other])),
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
            let plain = matches!(key, Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::String(_));
            if !plain || made.iter().any(|(known, _)| known.equals(&key)) {
                return Err(self.types(expr, &[&key]));
            }
            made.push((key, self.eval(value)?));
        }
        Ok(Value::Map(Map::Made(Rc::new(made))))
    }

    // Errors and work

    pub(super) fn spend(&self, units: u64) -> Result<(), EvalError> {
        let left = self.work.get().checked_sub(units).ok_or(EvalError::Budget)?;
        self.work.set(left);
        Ok(())
    }

    pub(super) fn spend_on_text(&self, text: &str) -> Result<(), EvalError> {
        self.spend(u64::try_from(text.len() / 64).unwrap_or(u64::MAX))
    }

    /// Members are looked through one by one.
    fn spend_on_lookup(&self, map: &Map<'_>) -> Result<(), EvalError> {
        self.spend(u64::try_from(map.len() / 16).unwrap_or(u64::MAX))
    }

    fn text_of(&self, expr: &Expr) -> String {
        self.source.get(expr.span.clone()).unwrap_or("").to_owned()
    }

    fn missing(&self, expr: &Expr) -> EvalError {
        EvalError::Missing(self.text_of(expr))
    }

    pub(super) fn types(&self, expr: &Expr, values: &[&Value<'_>]) -> EvalError {
        let names: Vec<&str> = values.iter().map(|value| value.type_name()).collect();
        EvalError::Types(self.text_of(expr), names.join(" and "))
    }

    pub(super) fn range(&self, expr: &Expr) -> EvalError {
        EvalError::Range(self.text_of(expr))
    }

    // Fields

    fn variable(&self, variable: Variable) -> Evaluated<'a> {
        Ok(match variable {
            Variable::Kind => Value::String(Cow::Borrowed(self.input.kind)),
            Variable::Args => Value::Map(Map::Json(self.input.args)),
            Variable::Confidence => Value::Double(self.input.confidence),
            Variable::Subject => match self.input.subject {
                Some(subject) => Value::String(Cow::Borrowed(subject)),
                None => return Err(EvalError::Missing("subject".to_owned())),
            },
            Variable::Source => Value::Map(Map::Json(self.input.source)),
            Variable::Context => Value::Map(Map::Json(self.input.context)),
        })
    }

    fn index(&self, expr: &Expr, operand: &'a Expr, index: &'a Expr) -> Evaluated<'a> {
        let (operand, index) = (self.eval_untraced(operand)?, self.eval(index)?);
        match &operand {
            Value::List(list) => {
                let at = whole_index(&index).ok_or_else(|| self.types(expr, &[&operand, &index]))?;
                usize::try_from(at).ok().and_then(|at| list.get(at)).ok_or_else(|| self.missing(expr))
            }
            Value::Map(map) => {
                self.spend_on_lookup(map)?;
                map.get(&index).ok_or_else(|| self.missing(expr))
            }
            _ => Err(self.types(expr, &[&operand, &index])),
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
            other => Err(self.types(expr, &[&other])),
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
                Err(EvalError::Budget) => return Err(EvalError::Budget),
                Err(other) => error = error.or(Some(other)),
            }
        }
        error.map_or(Ok(Value::Bool(!deciding)), Err)
    }

    fn negate(&self, expr: &Expr, operand: &'a Expr) -> Evaluated<'a> {
        match self.eval(operand)? {
            Value::Int(int) => int.checked_neg().map(Value::Int).ok_or_else(|| self.range(expr)),
            Value::Double(double) => Ok(Value::Double(-double)),
            other => Err(self.types(expr, &[&other])),
        }
    }

    fn binary(&self, expr: &Expr, operator: Operator, left: &'a Expr, right: &'a Expr) -> Evaluated<'a> {
        let (left, right) = (self.eval(left)?, self.eval(right)?);
        self.spend(left.comparison_cost(&right, self.work.get()))?;
        let ordered = |holds: fn(Ordering) -> bool| match left.compare(&right) {
            Some(order) => Ok(Value::Bool(order.is_some_and(holds))),
            None => Err(self.types(expr, &[&left, &right])),
        };
        match operator {
            Operator::Equal => Ok(Value::Bool(left.equals(&right))),
            Operator::NotEqual => Ok(Value::Bool(!left.equals(&right))),
            Operator::Less => ordered(Ordering::is_lt),
            Operator::LessEqual => ordered(Ordering::is_le),
            Operator::Greater => ordered(Ordering::is_gt),
            Operator::GreaterEqual => ordered(Ordering::is_ge),
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
                _ => Err(self.types(expr, &[&left, &right])),
            },
            Operator::Add => self.add(expr, left, right),
            _ => self.arithmetic(expr, operator, &left, &right),
        }
    }

    fn add(&self, expr: &Expr, left: Value<'a>, right: Value<'a>) -> Evaluated<'a> {
        match (left, right) {
            (Value::String(a), Value::String(b)) => {
                self.spend_on_text(&a)?;
                self.spend_on_text(&b)?;
                Ok(Value::String(Cow::Owned(format!("{a}{b}"))))
            }
            (Value::List(a), Value::List(b)) => {
                let total = a.len().saturating_add(b.len());
                self.spend(u64::try_from(total).unwrap_or(u64::MAX))?;
                Ok(Value::List(List::Made(Rc::new(a.iter().chain(b.iter()).collect()))))
            }
            (left, right) => self.arithmetic(expr, Operator::Add, &left, &right),
        }
    }

    fn arithmetic(
        &self,
        expr: &Expr,
        operator: Operator,
        left: &Value<'a>,
        right: &Value<'a>,
    ) -> Evaluated<'a> {
        if let Some((a, b)) = mixed_doubles(left, right) {
            return match operator {
                Operator::Add => Ok(Value::Double(a + b)),
                Operator::Subtract => Ok(Value::Double(a - b)),
                Operator::Multiply => Ok(Value::Double(a * b)),
                Operator::Divide => Ok(Value::Double(a / b)),
                _ => Err(self.types(expr, &[left, right])),
            };
        }
        let zero = matches!(right, Value::Int(0) | Value::Uint(0));
        if zero && matches!(operator, Operator::Divide | Operator::Remainder) {
            return Err(EvalError::ZeroDivision(self.text_of(expr)));
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
            _ => return Err(self.types(expr, &[left, right])),
        };
        value.ok_or_else(|| self.range(expr))
    }

    // Comprehensions

    fn comprehension(&self, expr: &Expr, comprehension: &'a Comprehension) -> Evaluated<'a> {
        let range = self.eval_untraced(&comprehension.range)?;
        // Gathering the elements is work before the first of them decides.
        self.spend(u64::try_from(range.len() / 4).unwrap_or(u64::MAX))?;
        let base = self.trace.and_then(|_| self.pointer_of(&comprehension.range));
        let elements: Vec<(Value<'a>, Option<Pointer>)> = match &range {
            Value::List(list) => {
                let pointer = |at: usize| base.as_ref().map(|base| base.child(&at.to_string()));
                list.iter().enumerate().map(|(at, value)| (value, pointer(at))).collect()
            }
            Value::Map(map) => map.keys().into_iter().map(|key| (key, None)).collect(),
            other => return Err(self.types(expr, &[other])),
        };
        if elements.is_empty() || matches!(range, Value::Map(_)) {
            self.record(&comprehension.range);
        }
        match comprehension.macro_ {
            Macro::All | Macro::Exists => self.quantified(comprehension, elements),
            Macro::ExistsOne => {
                let found = self.filtered(comprehension, elements)?.len();
                Ok(Value::Bool(found == 1))
            }
            Macro::Filter | Macro::Map => {
                Ok(Value::List(List::Made(Rc::new(self.filtered(comprehension, elements)?))))
            }
        }
    }

    fn quantified(
        &self,
        comprehension: &'a Comprehension,
        elements: Vec<(Value<'a>, Option<Pointer>)>,
    ) -> Evaluated<'a> {
        let deciding = comprehension.macro_ == Macro::Exists;
        let mut error = None;
        for (value, pointer) in elements {
            match self.within(value, pointer, || self.predicate(comprehension)) {
                Ok(value) if value == deciding => return Ok(Value::Bool(deciding)),
                Ok(_) => {}
                Err(EvalError::Budget) => return Err(EvalError::Budget),
                Err(other) => error = error.or(Some(other)),
            }
        }
        error.map_or(Ok(Value::Bool(!deciding)), Err)
    }

    fn filtered(
        &self,
        comprehension: &'a Comprehension,
        elements: Vec<(Value<'a>, Option<Pointer>)>,
    ) -> Result<Vec<Value<'a>>, EvalError> {
        let mut kept = Vec::new();
        for (value, pointer) in elements {
            let made = self.within(value.clone(), pointer, || {
                if !self.predicate(comprehension)? {
                    return Ok(None);
                }
                comprehension
                    .transform
                    .as_ref()
                    .map_or(Ok(Some(value)), |transform| self.eval(transform).map(Some))
            })?;
            kept.extend(made);
        }
        Ok(kept)
    }

    fn predicate(&self, comprehension: &'a Comprehension) -> Result<bool, EvalError> {
        comprehension.predicate.as_ref().map_or(Ok(true), |predicate| self.boolean(predicate))
    }

    fn within<T>(
        &self,
        value: Value<'a>,
        pointer: Option<Pointer>,
        run: impl FnOnce() -> Result<T, EvalError>,
    ) -> Result<T, EvalError> {
        self.spend(1)?;
        self.locals.borrow_mut().push(Local { value, pointer });
        let result = run();
        self.locals.borrow_mut().pop();
        result
    }
}

fn is_chain(node: &Node) -> bool {
    matches!(node, Node::Variable(_) | Node::Local(_) | Node::Select(..) | Node::Index(..))
}

fn constant(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(value) => Value::Bool(*value),
        Literal::Int(int) => Value::Int(*int),
        Literal::Uint(uint) => Value::Uint(*uint),
        Literal::Double(double) => Value::Double(*double),
        Literal::String(text) => Value::String(Cow::Borrowed(text)),
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
