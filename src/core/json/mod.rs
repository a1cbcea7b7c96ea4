//! Strict JSON: what two parsers could read differently is refused.
//!
//! Duplicate names, lone surrogates, nesting beyond [`MAX_DEPTH`] and numbers beyond
//! [`MAX_DIGITS`](super::decimal::MAX_DIGITS) are errors, and number literals and the order of members are
//! kept. One parser serves plain values and, through [`Build`], trees that remember where each part stood.

mod parse;

pub use parse::{Build, JsonError, JsonErrorKind, Limits, parse_with};

use super::number::Number;
use std::ops::Range;

/// A text that is kept in place while it is short.
pub type Text = compact_str::CompactString;

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 64;

/// How many values a text may have: two bytes of text become fifty in memory, and an isolate has 128 MB for all.
pub const MAX_VALUES: usize = 500_000;

/// A JSON value. Numbers keep their literal, objects the order of their members.
#[derive(Debug, Clone, PartialEq)]
pub enum Json {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as written
    Number(Number),
    /// A string
    String(Text),
    /// An array
    Array(Vec<Json>),
    /// An object
    Object(Object),
}

/// The members of an object in their order, each name once.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Object(Vec<(Text, Json)>);

impl Object {
    /// An object without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// The value of a member.
    pub fn get(&self, name: &str) -> Option<&Json> {
        // The lengths and the last bytes tell most names apart without a call.
        let last = name.as_bytes().last();
        let is_it =
            |known: &str| known.len() == name.len() && known.as_bytes().last() == last && known == name;
        self.0.iter().find(|(known, _)| is_it(known)).map(|(_, value)| value)
    }

    /// The value of a member that may stand at this place, and the place where it stands.
    pub fn get_near(&self, name: &str, place: usize) -> Option<(&Json, usize)> {
        match self.0.get(place) {
            Some((known, value)) if known == name => Some((value, place)),
            _ => {
                let place = self.0.iter().position(|(known, _)| known == name)?;
                self.0.get(place).map(|(_, value)| (value, place))
            }
        }
    }

    /// The value of a member, to change.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Json> {
        self.0.iter_mut().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Sets a member: in place where it exists, else at the end.
    pub fn set(&mut self, name: &str, value: impl Into<Json>) {
        let value = value.into();
        match self.get_mut(name) {
            Some(known) => *known = value,
            None => self.0.push((Text::new(name), value)),
        }
    }

    /// Takes a member out.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.remove(at).1)
    }

    /// The members in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Json)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Json {
    /// Parses a whole text. Nothing but white space may follow the value.
    pub fn parse(text: &[u8]) -> Result<Self, JsonError> {
        parse_with(&mut Plain, text, Limits::FOREIGN)
    }

    /// Parses a text that Holdpoint wrote itself, a row or a message between its objects: the action in it may be as
    /// deep as any, and the text is deeper by what stands around it.
    pub fn parse_own(text: &[u8]) -> Result<Self, JsonError> {
        parse_with(&mut Plain, text, Limits::OWN)
    }

    /// Builds an object in the order given; of members with one name the last counts.
    pub fn object<const N: usize>(members: [(&str, Json); N]) -> Self {
        let mut object = Object::new();
        for (name, value) in members {
            object.set(name, value);
        }
        Self::Object(object)
    }

    /// The string, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The integer, if it is one that fits 64 bits.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// The nearest double, if it is a number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number.as_f64()),
            _ => None,
        }
    }

    /// The truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The elements, if it is an array.
    pub fn as_array(&self) -> Option<&[Json]> {
        match self {
            Self::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The members, if it is an object.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The members, if it is an object, to change.
    pub fn as_object_mut(&mut self) -> Option<&mut Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// A member of an object; `None` for everything else.
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.as_object()?.get(name)
    }

    /// Whether it is `null`.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// What it is, for messages: "a string", "null", …
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::String(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }

    /// Appends the value without white space, number literals as they were written.
    pub fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(true) => out.push_str("true"),
            Self::Bool(false) => out.push_str("false"),
            Self::Number(number) => out.push_str(number.literal()),
            Self::String(text) => write_string(text, out),
            Self::Array(elements) => {
                out.push('[');
                for (at, element) in elements.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    element.write(out);
                }
                out.push(']');
            }
            Self::Object(object) => object.write(out),
        }
    }
}

impl Object {
    /// Appends the object without white space.
    pub fn write(&self, out: &mut String) {
        out.push('{');
        for (at, (name, value)) in self.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            write_string(name, out);
            out.push(':');
            value.write(out);
        }
        out.push('}');
    }
}

impl std::fmt::Display for Json {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        formatter.write_str(&out)
    }
}

impl std::fmt::Display for Object {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut out = String::new();
        self.write(&mut out);
        formatter.write_str(&out)
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::String(text.into())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Self::String(text.into())
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Json {
    fn from(int: i64) -> Self {
        Self::Number(int.into())
    }
}

impl From<u32> for Json {
    fn from(int: u32) -> Self {
        Self::Number(i64::from(int).into())
    }
}

impl From<f64> for Json {
    fn from(double: f64) -> Self {
        Self::Number(double.into())
    }
}

impl From<Object> for Json {
    fn from(object: Object) -> Self {
        Self::Object(object)
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<T: Into<Json>> FromIterator<T> for Json {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Self::Array(elements.into_iter().map(Into::into).collect())
    }
}

/// Whether some readers take one name for the other: in other letters (as Go's decoder does, for which the long s and
/// the Kelvin sign are letters as well), or between spaces.
pub fn is_namesake(name: &str, other: &str) -> bool {
    let folded = |name: &str| name.trim().to_lowercase().replace('\u{17f}', "s");
    name != other && folded(name) == folded(other)
}

/// Appends a string literal with the escapes that RFC 8785, section 3.2.2.2, asks for and no others.
pub fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut written = 0;
    // Nearly all texts have nothing to escape: they are copied in one piece.
    for (at, byte) in text.as_bytes().iter().enumerate() {
        if !matches!(byte, b'"' | b'\\' | 0..=0x1f) {
            continue;
        }
        out.push_str(text.get(written..at).unwrap_or(""));
        written = at.saturating_add(1);
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            8 => out.push_str("\\b"),
            b'\t' => out.push_str("\\t"),
            b'\n' => out.push_str("\\n"),
            12 => out.push_str("\\f"),
            b'\r' => out.push_str("\\r"),
            control => {
                out.push_str("\\u00");
                out.extend(char::from_digit(u32::from(control >> 4), 16));
                out.extend(char::from_digit(u32::from(control & 15), 16));
            }
        }
    }
    out.push_str(text.get(written..).unwrap_or(""));
    out.push('"');
}

/// Builds plain values: where each stood is forgotten.
struct Plain;

impl Build for Plain {
    type Value = Json;
    type Member = (Text, Json);
    fn scalar(&mut self, value: Json, _: Range<usize>) -> Json {
        value
    }
    fn array(&mut self, elements: Vec<Json>, _: Range<usize>) -> Json {
        Json::Array(elements)
    }
    fn member(&mut self, name: Text, _: Range<usize>, value: Json) -> (Text, Json) {
        (name, value)
    }
    fn name((name, _): &(Text, Json)) -> &str {
        name
    }
    fn object(&mut self, members: Vec<(Text, Json)>, _: Range<usize>) -> Json {
        Json::Object(Object(members))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_parsed_is_written_as_it_was() {
        for text in [
            r#"{"b":1.50,"a":[true,false,null,"\u0001é𝄞"],"":{}}"#,
            "[]",
            "-0.0",
            r#""\"\\\b\f\n\r\t""#,
            "12345678901234567890",
        ] {
            assert_eq!(Json::parse(text.as_bytes()).unwrap().to_string(), text);
        }
    }

    #[test]
    fn refuses_what_parsers_read_differently() {
        for (text, message) in [
            (r#"{"a":1,"a":2}"#, "duplicate member `a` at byte 7"),
            (r#"{"a":1,"\u0061":2}"#, "duplicate member `a` at byte 7"),
            (r#""\ud800""#, "expected no lone surrogate at byte 7"),
            (r#""\udc00\ud800""#, "expected no lone surrogate at byte 7"),
            ("[1,]", "expected a value at byte 3"),
            ("{,}", "expected a member's name in double quotes at byte 1"),
            ("1 2", "expected the end of the text at byte 2"),
            ("", "expected a value at byte 0"),
            ("nul", "expected a value at byte 0"),
            ("\"\n\"", "expected no bare control character in a string at byte 1"),
            ("NaN", "expected a value at byte 0"),
            ("01", "a number that is not JSON's, or has over 400 digits or an exponent beyond 400 at byte 0"),
            ("{\"a\":1", "expected `,` or `}` at byte 6"),
            ("\u{feff}1", "expected a value at byte 0"),
        ] {
            assert_eq!(Json::parse(text.as_bytes()).unwrap_err().to_string(), message, "{text}");
        }
        assert_eq!(Json::parse(b"\"\xff\"").unwrap_err().kind, JsonErrorKind::Utf8);
    }

    #[test]
    fn the_number_of_values_is_bounded() {
        let ones = |count: usize| format!("[{}1]", "1,".repeat(count));
        assert!(Json::parse(ones(MAX_VALUES - 2).as_bytes()).is_ok());
        assert_eq!(Json::parse(ones(MAX_VALUES - 1).as_bytes()).unwrap_err().kind, JsonErrorKind::Values);
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::parse(nested(64).as_bytes()).is_ok());
        assert!(Json::parse_own(nested(96).as_bytes()).is_ok());
        assert_eq!(Json::parse_own(nested(97).as_bytes()).unwrap_err().kind, JsonErrorKind::Depth);
        assert_eq!(Json::parse(nested(65).as_bytes()).unwrap_err().kind, JsonErrorKind::Depth);
        assert_eq!(Json::parse(nested(10_000).as_bytes()).unwrap_err().kind, JsonErrorKind::Depth);
    }
}
