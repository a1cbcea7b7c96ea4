//! What the functions of the language do, each overload told apart by its values.

use super::ast::Expr;
use super::eval::{Evaluated, Evaluator, double_to_int, fault, types};
use super::functions::Function;
use super::regex::Pattern;
use super::time::{Duration, Part, Timestamp};
use super::value::{List, Value, text_of_double};
use super::{EvalError, EvalErrorKind};
use crate::core::number::nearest_f64;
use std::borrow::Cow;
use std::cmp::Ordering;

impl<'a> Evaluator<'a> {
    pub(super) fn call(&self, expr: &Expr, function: Function, arguments: &'a [Expr]) -> Evaluated<'a> {
        let values: Result<Vec<_>, _> = arguments.iter().map(|argument| self.eval(argument)).collect();
        let values = values?;
        match values.first() {
            Some(Value::String(text)) => self.spend_on_bytes(text.len())?,
            Some(Value::Bytes(bytes)) => self.spend_on_bytes(bytes.len())?,
            _ => {}
        }
        // These make ready for what they look for, however short the text is.
        if let (Function::IndexOf | Function::Split | Function::Replace, Some(Value::String(part))) =
            (function, values.get(1))
        {
            self.spend_on_bytes(part.len())?;
        }
        match (function, values.as_slice()) {
            (Function::Size, [Value::String(text)]) => Ok(count(text.chars().count())),
            (Function::Size, [Value::Bytes(bytes)]) => Ok(count(bytes.len())),
            (Function::Size, [Value::List(list)]) => Ok(count(list.len())),
            (Function::Size, [Value::Map(map)]) => Ok(count(map.len())),
            (Function::Matches, [text, Value::String(pattern)]) => {
                self.spend(
                    u64::try_from(pattern.len().saturating_mul(8)).unwrap_or(u64::MAX).saturating_add(500),
                )?;
                let compiled =
                    Pattern::compile(pattern).map_err(|_| fault(EvalErrorKind::Unreadable, expr))?;
                self.matches(expr, text, &compiled)
            }
            (
                Function::Contains
                | Function::StartsWith
                | Function::EndsWith
                | Function::LowerAscii
                | Function::UpperAscii
                | Function::Trim
                | Function::IndexOf
                | Function::Substring
                | Function::Replace
                | Function::Split
                | Function::Join,
                values,
            ) => self.on_text(expr, function, values),
            (Function::Greatest, values) => self.extreme(expr, values, Ordering::Greater),
            (Function::Least, values) => self.extreme(expr, values, Ordering::Less),
            (Function::TypeOf, [value]) => Ok(Value::Type(value.type_of())),
            (Function::Dyn, [value]) => Ok(value.clone()),
            (Function::Get(part), [Value::Timestamp(at)]) => part_of(expr, *at, part, None),
            (Function::Get(part), [Value::Timestamp(at), Value::String(zone)]) => {
                part_of(expr, *at, part, Some(zone))
            }
            (Function::Get(part), [Value::Duration(duration)]) => {
                duration.part(part).map(Value::Int).ok_or_else(|| types(expr, &[&Value::Duration(*duration)]))
            }
            (_, [value]) => Self::convert(expr, function, value),
            _ => Err(mistyped(expr, &values)),
        }
    }

    pub(super) fn matches(&self, expr: &Expr, text: &Value<'a>, pattern: &Pattern) -> Evaluated<'a> {
        let Value::String(text) = text else { return Err(types(expr, &[text])) };
        self.spend(pattern.cost(text))?;
        Ok(Value::Bool(pattern.is_match(text)))
    }

    /// The greatest or least of several numbers, or of a list of them. Of equal ones the first.
    fn extreme(&self, expr: &Expr, values: &[Value<'a>], wanted: Ordering) -> Evaluated<'a> {
        let listed: Vec<Value<'a>>;
        let candidates = match values {
            [Value::List(list)] => {
                self.spend(u64::try_from(list.len()).unwrap_or(u64::MAX))?;
                listed = list.iter().collect();
                listed.as_slice()
            }
            values => values,
        };
        let is_number =
            |value: &Value<'_>| matches!(value, Value::Int(_) | Value::Uint(_) | Value::Double(_));
        let Some((first, rest)) = candidates.split_first().filter(|_| candidates.iter().all(is_number))
        else {
            return Err(mistyped(expr, values));
        };
        let better = |best: &'_ Value<'a>, next: &'_ Value<'a>| next.compare(best) == Some(Some(wanted));
        Ok(rest.iter().fold(first, |best, next| if better(best, next) { next } else { best }).clone())
    }

    /// A value as another type.
    fn convert(expr: &Expr, function: Function, value: &Value<'a>) -> Evaluated<'a> {
        let range = || fault(EvalErrorKind::Range, expr);
        let unreadable = || fault(EvalErrorKind::Unreadable, expr);
        match (function, value) {
            (Function::ToBool, Value::Bool(_))
            | (Function::ToInt, Value::Int(_))
            | (Function::ToUint, Value::Uint(_))
            | (Function::ToDouble, Value::Double(_))
            | (Function::ToString, Value::String(_))
            | (Function::ToBytes, Value::Bytes(_))
            | (Function::ToTimestamp, Value::Timestamp(_))
            | (Function::ToDuration, Value::Duration(_)) => Ok(value.clone()),
            (Function::ToBool, Value::String(text)) => match text.as_ref() {
                "1" | "t" | "true" | "TRUE" | "True" => Ok(Value::Bool(true)),
                "0" | "f" | "false" | "FALSE" | "False" => Ok(Value::Bool(false)),
                _ => Err(unreadable()),
            },
            (Function::ToInt, Value::Uint(uint)) => i64::try_from(*uint).map(Value::Int).map_err(|_| range()),
            (Function::ToInt, Value::Double(double)) => {
                double_to_int(*double).map(Value::Int).ok_or_else(range)
            }
            (Function::ToInt, Value::String(text)) => text.parse().map(Value::Int).map_err(|_| unreadable()),
            (Function::ToInt, Value::Timestamp(at)) => Ok(Value::Int(at.seconds())),
            (Function::ToUint, Value::Int(int)) => u64::try_from(*int).map(Value::Uint).map_err(|_| range()),
            (Function::ToUint, Value::Double(double)) => {
                double_to_uint(*double).map(Value::Uint).ok_or_else(range)
            }
            (Function::ToUint, Value::String(text)) => {
                text.parse().map(Value::Uint).map_err(|_| unreadable())
            }
            (Function::ToDouble, value @ (Value::Int(_) | Value::Uint(_))) => {
                value.as_double().map(Value::Double).ok_or_else(range)
            }
            (Function::ToDouble, Value::String(text)) => {
                double_of(text).map(Value::Double).ok_or_else(unreadable)
            }
            (Function::ToString, value) => {
                text_of_scalar(value).map(|text| Value::String(Cow::Owned(text))).ok_or_else(|| match value {
                    Value::Bytes(_) => unreadable(),
                    other => types(expr, &[other]),
                })
            }
            (Function::ToBytes, Value::String(text)) => {
                Ok(Value::Bytes(Cow::Owned(text.as_bytes().to_vec())))
            }
            (Function::ToTimestamp, Value::Int(seconds)) => {
                Timestamp::from_seconds(*seconds).map(Value::Timestamp).ok_or_else(range)
            }
            (Function::ToTimestamp, Value::String(text)) => {
                Timestamp::parse(text).map(Value::Timestamp).ok_or_else(unreadable)
            }
            (Function::ToDuration, Value::String(text)) => {
                Duration::parse(text).map(Value::Duration).ok_or_else(unreadable)
            }
            (_, value) => Err(types(expr, &[value])),
        }
    }
}

pub(super) fn mistyped(expr: &Expr, values: &[Value<'_>]) -> EvalError {
    types(expr, &values.iter().collect::<Vec<_>>())
}

fn part_of<'a>(expr: &Expr, at: Timestamp, part: Part, zone: Option<&str>) -> Evaluated<'a> {
    at.part(part, zone).map(Value::Int).ok_or_else(|| fault(EvalErrorKind::Unreadable, expr))
}

pub(super) fn count<'a>(count: usize) -> Value<'a> {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

/// The elements made by a function.
pub(super) fn list_of(elements: Vec<Value<'_>>) -> Value<'_> {
    Value::List(List::Made(std::rc::Rc::new(elements)))
}

/// Decimals, and the words that are doubles too.
fn double_of(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" | "+Infinity" | "inf" | "+inf" => Some(f64::INFINITY),
        "-Infinity" | "-inf" => Some(f64::NEG_INFINITY),
        text => nearest_f64(text),
    }
}

fn text_of_scalar(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::Bool(value) => value.to_string(),
        Value::Int(int) => int.to_string(),
        Value::Uint(uint) => uint.to_string(),
        Value::Double(double) => text_of_double(*double),
        Value::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.to_owned(),
        Value::Timestamp(at) => at.to_string(),
        Value::Duration(duration) => duration.to_string(),
        _ => return None,
    })
}

/// Towards zero; `None` outside 64 bits.
fn double_to_uint(double: f64) -> Option<u64> {
    const LIMIT: f64 = 18_446_744_073_709_551_616.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be within range")]
    (double > -1.0 && double < LIMIT).then_some(double as u64)
}
