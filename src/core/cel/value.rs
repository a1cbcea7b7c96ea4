//! Values of the language. They borrow from the action wherever they can.

use crate::core::json::{Json, Object};
use crate::core::number::{NumberValue, int_to_f64};
use std::borrow::Cow;
use std::cmp::Ordering;
use std::rc::Rc;

#[derive(Debug, Clone)]
pub(super) enum Value<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    String(Cow<'a, str>),
    List(List<'a>),
    Map(Map<'a>),
}

#[derive(Debug, Clone)]
pub(super) enum List<'a> {
    Json(&'a [Json]),
    Made(Rc<Vec<Value<'a>>>),
}

#[derive(Debug, Clone)]
pub(super) enum Map<'a> {
    Json(&'a Object),
    Made(Rc<Vec<(Value<'a>, Value<'a>)>>),
}

impl<'a> From<&'a Json> for Value<'a> {
    fn from(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => match number.value() {
                NumberValue::Int(int) => Self::Int(int),
                NumberValue::Double(double) => Self::Double(double),
            },
            Json::String(text) => Self::String(Cow::Borrowed(text)),
            Json::Array(elements) => Self::List(List::Json(elements)),
            Json::Object(object) => Self::Map(Map::Json(object)),
        }
    }
}

impl<'a> List<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Json(elements) => elements.len(),
            Self::Made(elements) => elements.len(),
        }
    }

    pub(super) fn get(&self, at: usize) -> Option<Value<'a>> {
        match self {
            Self::Json(elements) => elements.get(at).map(Value::from),
            Self::Made(elements) => elements.get(at).cloned(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Value<'a>> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }
}

impl<'a> Map<'a> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Json(object) => object.len(),
            Self::Made(entries) => entries.len(),
        }
    }

    pub(super) fn field(&self, name: &str) -> Option<Value<'a>> {
        match self {
            Self::Json(object) => object.get(name).map(Value::from),
            Self::Made(_) => self.get(&Value::String(Cow::Borrowed(name))),
        }
    }

    pub(super) fn get(&self, key: &Value<'_>) -> Option<Value<'a>> {
        match self {
            Self::Json(object) => match key {
                Value::String(name) => object.get(name).map(Value::from),
                _ => None,
            },
            Self::Made(entries) => {
                entries.iter().find(|(known, _)| known.equals(key)).map(|(_, value)| value.clone())
            }
        }
    }

    pub(super) fn keys(&self) -> Vec<Value<'a>> {
        match self {
            Self::Json(object) => object.iter().map(|(name, _)| Value::String(Cow::Borrowed(name))).collect(),
            Self::Made(entries) => entries.iter().map(|(key, _)| key.clone()).collect(),
        }
    }
}

impl Value<'_> {
    /// What it is, for messages.
    pub(super) fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a bool",
            Self::Int(_) => "an int",
            Self::Uint(_) => "a uint",
            Self::Double(_) => "a double",
            Self::String(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    /// CEL's equality: numbers compare by value across their types, values of different kinds are unequal.
    pub(super) fn equals(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Self::Null, Value::Null) => true,
            (Self::Bool(a), Value::Bool(b)) => a == b,
            (Self::String(a), Value::String(b)) => a == b,
            (Self::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| a.equals(&b))
            }
            (Self::Map(a), Value::Map(b)) => {
                let same = |key: &Value<'_>| match (a.get(key), b.get(key)) {
                    (Some(a), Some(b)) => a.equals(&b),
                    _ => false,
                };
                a.len() == b.len() && a.keys().iter().all(same)
            }
            _ => self.compare(other) == Some(Some(Ordering::Equal)),
        }
    }

    /// The order of two values: `None` where their types have none between them, `Some(None)` where one is
    /// not a number.
    #[expect(
        clippy::option_option,
        reason = "no order between the types, and no order of these two values, are two answers"
    )]
    pub(super) fn compare(&self, other: &Value<'_>) -> Option<Option<Ordering>> {
        Some(match (self, other) {
            (Self::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Self::String(a), Value::String(b)) => Some(a.cmp(b)),
            (Self::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            (Self::Uint(a), Value::Uint(b)) => Some(a.cmp(b)),
            (Self::Double(a), Value::Double(b)) => a.partial_cmp(b),
            (Self::Int(a), Value::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Self::Uint(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Self::Int(a), Value::Double(b)) => compare_exactly(i128::from(*a), *b),
            (Self::Uint(a), Value::Double(b)) => compare_exactly(i128::from(*a), *b),
            (Self::Double(a), Value::Int(b)) => compare_exactly(i128::from(*b), *a).map(Ordering::reverse),
            (Self::Double(a), Value::Uint(b)) => compare_exactly(i128::from(*b), *a).map(Ordering::reverse),
            _ => return None,
        })
    }

    /// How many elements or entries it has; a scalar has none.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::List(list) => list.len(),
            Self::Map(map) => map.len(),
            _ => 0,
        }
    }

    /// What comparing two values costs; stops counting beyond `most`, so that counting is no more work.
    pub(super) fn comparison_cost(&self, other: &Value<'_>, most: u64) -> u64 {
        match (self, other) {
            (Self::String(a), Value::String(b)) => u64::try_from(a.len().min(b.len()) / 64).unwrap_or(most),
            (Self::List(a), Value::List(b)) if a.len() == b.len() => self.weight(most),
            (Self::Map(a), Value::Map(b)) if a.len() == b.len() => self.weight(most),
            _ => 0,
        }
    }

    /// Its parts, and the looking up of its members one by one.
    fn weight(&self, most: u64) -> u64 {
        let lookups = match self {
            Self::Map(map) => u64::try_from(map.len().saturating_mul(map.len()) / 16).unwrap_or(most),
            Self::String(text) => return u64::try_from(text.len() / 64).unwrap_or(most).saturating_add(1),
            Self::List(_) => 0,
            _ => return 1,
        };
        let mut sum = lookups.saturating_add(1);
        let mut add = |value: &Value<'_>| {
            sum = sum.saturating_add(value.weight(most.saturating_sub(sum)));
            sum <= most
        };
        match self {
            Self::List(list) => {
                let _ = list.iter().all(|value| add(&value));
            }
            Self::Map(Map::Json(object)) => {
                let _ = object.iter().all(|(_, value)| add(&Value::from(value)));
            }
            Self::Map(Map::Made(entries)) => {
                let _ = entries.iter().all(|(_, value)| add(value));
            }
            _ => {}
        }
        sum
    }

    pub(super) fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(value) => (*value).into(),
            Self::Int(int) => (*int).into(),
            Self::Uint(uint) => i64::try_from(*uint).map_or_else(|_| uint.to_string().into(), Json::from),
            Self::Double(double) => (*double).into(),
            Self::String(text) => text.as_ref().into(),
            Self::List(list) => list.iter().map(|value| value.to_json()).collect(),
            Self::Map(map) => {
                let mut object = Object::new();
                for key in map.keys() {
                    let name = match &key {
                        Value::String(text) => text.to_string(),
                        other => other.to_json().to_string(),
                    };
                    object.set(&name, map.get(&key).map_or(Json::Null, |value| value.to_json()));
                }
                object.into()
            }
        }
    }
}

/// An integer against a double by their exact values; `None` for not-a-number.
fn compare_exactly(int: i128, double: f64) -> Option<Ordering> {
    if double.is_nan() {
        return None;
    }
    // Every integer here is under 2^64, so a double beyond that decides by its sign alone.
    if double.abs() >= 36_893_488_147_419_103_232.0 {
        return Some(if double > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "within the range of i128, and the fraction is compared next"
    )]
    let whole = double.trunc() as i128;
    Some(int.cmp(&whole).then(0.0_f64.partial_cmp(&double.fract()).unwrap_or(Ordering::Equal)))
}

/// Two numbers as doubles, where at least one is one.
pub(super) fn mixed_doubles(a: &Value<'_>, b: &Value<'_>) -> Option<(f64, f64)> {
    match (a, b) {
        (Value::Double(a), Value::Double(b)) => Some((*a, *b)),
        (Value::Double(a), Value::Int(b)) => Some((*a, int_to_f64(*b))),
        (Value::Int(a), Value::Double(b)) => Some((int_to_f64(*a), *b)),
        _ => None,
    }
}
