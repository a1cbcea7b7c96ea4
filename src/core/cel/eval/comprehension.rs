//! Macros over the elements of a list or the keys of a map: `all`, `exists`, `exists_one`, `filter` and `map`.

use super::super::ast::{Comprehension, Expr, Macro};
use super::super::value::{List, Value};
use super::super::{EvalError, EvalErrorKind};
use super::{Evaluated, Evaluator, Local, types};
use crate::core::pointer::Pointer;
use std::rc::Rc;

/// What a comprehension goes through, and where in the action it stands (for a trace only).
struct Elements<'a> {
    values: Vec<Value<'a>>,
    base: Option<Pointer>,
}

impl<'a> Elements<'a> {
    /// Each with its place, which is made when its turn comes.
    fn placed(self) -> impl Iterator<Item = (Value<'a>, Option<Pointer>)> {
        let base = self.base;
        let place = move |at: usize| base.as_ref().map(|base| base.child(&at.to_string()));
        self.values.into_iter().enumerate().map(move |(at, value)| (value, place(at)))
    }
}

impl<'a> Evaluator<'a> {
    pub(super) fn comprehension(&self, expr: &Expr, comprehension: &'a Comprehension) -> Evaluated<'a> {
        let range = self.eval_untraced(&comprehension.range)?;
        // Gathering the elements is work before the first of them decides.
        self.spend(u64::try_from(range.len() / 4).unwrap_or(u64::MAX))?;
        let elements: Vec<Value<'a>> = match &range {
            Value::List(list) => list.iter().map(|value| self.copied(value)).collect::<Result<_, _>>()?,
            Value::Map(map) => map.keys(),
            other => return Err(types(expr, &[other])),
        };
        let is_map = matches!(range, Value::Map(_));
        if elements.is_empty() || is_map {
            self.record(&comprehension.range);
        }
        let elements = Elements {
            values: elements,
            base: self.trace.filter(|_| !is_map).and_then(|_| self.pointer_of(&comprehension.range)),
        };
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

    fn quantified(&self, comprehension: &'a Comprehension, elements: Elements<'a>) -> Evaluated<'a> {
        let deciding = comprehension.macro_ == Macro::Exists;
        let mut error = None;
        for (value, pointer) in elements.placed() {
            match self.within(value, pointer, || self.predicate(comprehension)) {
                Ok(value) if value == deciding => return Ok(Value::Bool(deciding)),
                Ok(_) => {}
                Err(spent) if spent.kind == EvalErrorKind::Budget => return Err(spent),
                Err(other) => error = error.or(Some(other)),
            }
        }
        error.map_or(Ok(Value::Bool(!deciding)), Err)
    }

    fn filtered(
        &self,
        comprehension: &'a Comprehension,
        elements: Elements<'a>,
    ) -> Result<Vec<Value<'a>>, EvalError> {
        let mut kept = Vec::new();
        for (value, pointer) in elements.placed() {
            let value = self.copied(value)?;
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
