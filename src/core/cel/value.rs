//! Values of the language. They borrow from the action wherever they can.

use super::time::{Duration, Timestamp};
use crate::core::json::{Json, Object};
use crate::core::number::{NumberValue, f64_text, int_to_f64};
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
    Bytes(Cow<'a, [u8]>),
    Timestamp(Timestamp),
    Duration(Duration),
    Type(Type),
    List(List<'a>),
    Map(Map<'a>),
}

/// What a value is.
#[expect(
    clippy::enum_variant_names,
    reason = "a type is a value too, and this is the language's name for it"
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Type {
    Null,
    Bool,
    Int,
    Uint,
    Double,
    String,
    Bytes,
    Timestamp,
    Duration,
    Type,
    List,
    Map,
}

impl Type {
    pub(super) const ALL: [Self; 12] = [
        Self::Null,
        Self::Bool,
        Self::Int,
        Self::Uint,
        Self::Double,
        Self::String,
        Self::Bytes,
        Self::Timestamp,
        Self::Duration,
        Self::Type,
        Self::List,
        Self::Map,
    ];

    /// The language's name for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Null => "null_type",
            Self::Bool => "bool",
            Self::Int => "int",
            Self::Uint => "uint",
            Self::Double => "double",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Timestamp => "google.protobuf.Timestamp",
            Self::Duration => "google.protobuf.Duration",
            Self::Type => "type",
            Self::List => "list",
            Self::Map => "map",
        }
    }

    /// One of it, for messages.
    pub(super) fn described(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool => "a bool",
            Self::Int => "an int",
            Self::Uint => "a uint",
            Self::Double => "a double",
            Self::String => "a string",
            Self::Bytes => "bytes",
            Self::Timestamp => "a timestamp",
            Self::Duration => "a duration",
            Self::Type => "a type",
            Self::List => "a list",
            Self::Map => "a map",
        }
    }
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
    pub(super) fn type_of(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Uint(_) => Type::Uint,
            Self::Double(_) => Type::Double,
            Self::String(_) => Type::String,
            Self::Bytes(_) => Type::Bytes,
            Self::Timestamp(_) => Type::Timestamp,
            Self::Duration(_) => Type::Duration,
            Self::Type(_) => Type::Type,
            Self::List(_) => Type::List,
            Self::Map(_) => Type::Map,
        }
    }

    /// CEL's equality: numbers compare by value across their types, values of different kinds are unequal.
    pub(super) fn equals(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Self::Null, Value::Null) => true,
            (Self::Type(a), Value::Type(b)) => a == b,
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
            (Self::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
            (Self::Timestamp(a), Value::Timestamp(b)) => Some(a.cmp(b)),
            (Self::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
            (Self::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            (Self::Uint(a), Value::Uint(b)) => Some(a.cmp(b)),
            (Self::Double(a), Value::Double(b)) => a.partial_cmp(b),
            (Self::Int(a), Value::Uint(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            (Self::Uint(a), Value::Int(b)) => Some(i128::from(*a).cmp(&i128::from(*b))),
            // As the language's reference does: by the nearest double, so that 2^63 - 1 equals 2^63 as a double.
            (Self::Double(a), other) => a.partial_cmp(&other.as_double()?),
            (own, Value::Double(b)) => own.as_double()?.partial_cmp(b),
            _ => return None,
        })
    }

    /// The text, where it is one.
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// A number as its nearest double.
    pub(super) fn as_double(&self) -> Option<f64> {
        match self {
            Self::Int(int) => Some(int_to_f64(*int)),
            Self::Uint(uint) => Some(uint_to_f64(*uint)),
            Self::Double(double) => Some(*double),
            _ => None,
        }
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
            (Self::Bytes(a), Value::Bytes(b)) => u64::try_from(a.len().min(b.len()) / 64).unwrap_or(most),
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
            Self::Bytes(bytes) => return u64::try_from(bytes.len() / 64).unwrap_or(most).saturating_add(1),
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

    /// Its type and itself, as the language's conformance cases write them: `{"int":"1"}`.
    pub(super) fn tagged(&self) -> Json {
        match self {
            Self::Null => Json::object([("null", Json::Null)]),
            Self::Bool(value) => Json::object([("bool", (*value).into())]),
            Self::Int(int) => Json::object([("int", int.to_string().into())]),
            Self::Uint(uint) => Json::object([("uint", uint.to_string().into())]),
            Self::Double(double) => Json::object([("double", text_of_double(*double).into())]),
            Self::String(text) => Json::object([("string", text.as_ref().into())]),
            Self::Bytes(bytes) => {
                use base64ct::{Base64, Encoding as _};
                Json::object([("bytes", Base64::encode_string(bytes).into())])
            }
            Self::Timestamp(timestamp) => Json::object([("timestamp", timestamp.to_string().into())]),
            Self::Duration(duration) => Json::object([("duration", duration.to_string().into())]),
            Self::Type(named) => Json::object([("type", named.name().into())]),
            Self::List(list) => Json::object([("list", list.iter().map(|value| value.tagged()).collect())]),
            Self::Map(map) => {
                let entry = |key: &Value<'_>| -> Json {
                    let value = map.get(key).map_or(Json::Null, |value| value.tagged());
                    [key.tagged(), value].into_iter().collect()
                };
                Json::object([("map", map.keys().iter().map(entry).collect())])
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "the nearest double is what is meant")]
fn uint_to_f64(uint: u64) -> f64 {
    uint as f64
}

/// A double as `string(…)` gives it.
pub(super) fn text_of_double(double: f64) -> String {
    if double.to_bits() == (-0.0_f64).to_bits() {
        "-0".to_owned()
    } else if double.is_finite() {
        f64_text(double)
    } else if double.is_nan() {
        "NaN".to_owned()
    } else {
        if double > 0.0 { "inf" } else { "-inf" }.to_owned()
    }
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
