//! What the functions of the language do, each overload told apart by its values.

use super::EvalError;
use super::ast::Expr;
use super::eval::{Evaluated, Evaluator, double_to_int};
use super::functions::Function;
use super::regex::Pattern;
use super::value::Value;
use crate::core::number::{Number, f64_text, int_to_f64, nearest_f64};
use std::borrow::Cow;

impl<'a> Evaluator<'a> {
    pub(super) fn call(&self, expr: &Expr, function: Function, arguments: &'a [Expr]) -> Evaluated<'a> {
        let values: Result<Vec<_>, _> = arguments.iter().map(|argument| self.eval(argument)).collect();
        let values = values?;
        let mistyped = || self.types(expr, &values.iter().collect::<Vec<_>>());
        if let Some(Value::String(text)) = values.first() {
            self.spend_on_text(text)?;
        }
        match (function, values.as_slice()) {
            (Function::Size, [Value::String(text)]) => Ok(count(text.chars().count())),
            (Function::Size, [Value::List(list)]) => Ok(count(list.len())),
            (Function::Size, [Value::Map(map)]) => Ok(count(map.len())),
            (Function::Contains, [Value::String(text), Value::String(part)]) => {
                Ok(Value::Bool(text.contains(part.as_ref())))
            }
            (Function::StartsWith, [Value::String(text), Value::String(part)]) => {
                Ok(Value::Bool(text.starts_with(part.as_ref())))
            }
            (Function::EndsWith, [Value::String(text), Value::String(part)]) => {
                Ok(Value::Bool(text.ends_with(part.as_ref())))
            }
            (Function::Matches, [text, Value::String(pattern)]) => {
                self.spend(
                    u64::try_from(pattern.len().saturating_mul(8)).unwrap_or(u64::MAX).saturating_add(500),
                )?;
                let compiled =
                    Pattern::compile(pattern).map_err(|_| EvalError::Pattern(pattern.to_string()))?;
                self.matches(expr, text, &compiled)
            }
            (Function::LowerAscii, [Value::String(text)]) => {
                Ok(Value::String(Cow::Owned(text.to_ascii_lowercase())))
            }
            (Function::UpperAscii, [Value::String(text)]) => {
                Ok(Value::String(Cow::Owned(text.to_ascii_uppercase())))
            }
            (Function::Trim, [Value::String(text)]) => Ok(Value::String(Cow::Owned(text.trim().to_owned()))),
            (Function::ToInt, [value]) => self.to_int(expr, value),
            (Function::ToDouble, [value]) => self.to_double(expr, value),
            (Function::ToString, [value]) => {
                text_of_scalar(value).map(|text| Value::String(Cow::Owned(text))).ok_or_else(mistyped)
            }
            _ => Err(mistyped()),
        }
    }

    pub(super) fn matches(&self, expr: &Expr, text: &Value<'a>, pattern: &Pattern) -> Evaluated<'a> {
        let Value::String(text) = text else { return Err(self.types(expr, &[text])) };
        self.spend(pattern.cost(text))?;
        Ok(Value::Bool(pattern.is_match(text)))
    }

    fn to_int(&self, expr: &Expr, value: &Value<'a>) -> Evaluated<'a> {
        let int = match value {
            Value::Int(int) => Some(*int),
            Value::Uint(uint) => i64::try_from(*uint).ok(),
            Value::Double(double) => double_to_int(*double),
            Value::String(text) => text.parse().ok(),
            other => return Err(self.types(expr, &[other])),
        };
        int.map(Value::Int).ok_or_else(|| self.range(expr))
    }

    fn to_double(&self, expr: &Expr, value: &Value<'a>) -> Evaluated<'a> {
        let double = match value {
            Value::Int(int) => Some(int_to_f64(*int)),
            Value::Uint(uint) => Number::parse(&uint.to_string()).map(|number| number.as_f64()),
            Value::Double(double) => Some(*double),
            Value::String(text) => nearest_f64(text),
            other => return Err(self.types(expr, &[other])),
        };
        double.map(Value::Double).ok_or_else(|| self.range(expr))
    }
}

fn count<'a>(count: usize) -> Value<'a> {
    Value::Int(i64::try_from(count).unwrap_or(i64::MAX))
}

fn text_of_scalar(value: &Value<'_>) -> Option<String> {
    Some(match value {
        Value::String(text) => text.to_string(),
        Value::Bool(value) => value.to_string(),
        Value::Int(int) => int.to_string(),
        Value::Uint(uint) => uint.to_string(),
        Value::Double(double) if double.is_finite() => f64_text(*double),
        Value::Double(double) if double.is_nan() => "NaN".to_owned(),
        Value::Double(double) => if *double > 0.0 { "inf" } else { "-inf" }.to_owned(),
        _ => return None,
    })
}
