//! The parser: one pass over the bytes, with a limit on depth, for plain values and for trees with places.

use super::{Json, MAX_DEPTH, MAX_VALUES, Text};
use crate::core::groups::Groups;
use crate::core::number::Number;
use crate::core::scan::end_of;
use std::borrow::Cow;
use std::ops::Range;

/// So many names are compared one by one.
const FEW_MEMBERS: usize = 16;

/// Why a text is not strict JSON, and at which byte.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {offset}")]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// The byte at which it was noticed, from 0.
    pub offset: usize,
}

/// What can be wrong with a text that should be strict JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonErrorKind {
    /// Not UTF-8.
    #[error("invalid UTF-8")]
    Utf8,
    /// Something else was expected here.
    #[error("expected {0}")]
    Expected(&'static str),
    /// One name twice in an object.
    #[error("duplicate member `{0}`")]
    Duplicate(String),
    /// More than [`MAX_DEPTH`] levels.
    #[error("nested more than 64 deep")]
    Depth,
    /// More values than [`MAX_VALUES`].
    #[error("more than 500000 values")]
    Values,
    /// A number that is not JSON's, or beyond the limits.
    #[error("a number that is not JSON's, or has over 400 digits or an exponent beyond 400")]
    Number,
}

/// How much a text may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    depth: usize,
    values: usize,
}

impl Limits {
    /// What comes from outside.
    pub const FOREIGN: Self = Self { depth: MAX_DEPTH, values: MAX_VALUES };
    /// What Holdpoint wrote itself: in it may stand an action that is as deep as any.
    pub const OWN: Self = Self { depth: MAX_DEPTH + 32, values: usize::MAX };
}

/// What the parser makes of the values that it reads. `span` is the range of bytes of the value.
pub trait Build {
    /// The value made.
    type Value;
    /// A member of an object, made.
    type Member;
    /// `null`, a boolean, a number or a string.
    fn scalar(&mut self, value: Json, span: Range<usize>) -> Self::Value;
    /// An array.
    fn array(&mut self, elements: Vec<Self::Value>, span: Range<usize>) -> Self::Value;
    /// A member: its name, where that stands, and its value.
    fn member(&mut self, name: Text, span: Range<usize>, value: Self::Value) -> Self::Member;
    /// The name of a member.
    fn name(member: &Self::Member) -> &str;
    /// An object of members, whose names differ.
    fn object(&mut self, members: Vec<Self::Member>, span: Range<usize>) -> Self::Value;
}

/// Whether an object has a member of this name. A few are looked through; more are kept by name.
fn is_known<B: Build>(name: &str, members: &[B::Member], names: &mut Groups<()>) -> bool {
    if members.len() < FEW_MEMBERS {
        // Most have another length: so much is cheaper than a comparison.
        let same = |known: &str| known.len() == name.len() && known == name;
        return members.iter().any(|known| same(B::name(known)));
    }
    if names.is_empty() {
        for known in members {
            names.add(B::name(known), |()| {});
        }
    }
    !names.add(name, |()| {})
}

/// Parses a whole text into what `build` makes of it.
pub fn parse_with<B: Build>(build: &mut B, text: &[u8], limits: Limits) -> Result<B::Value, JsonError> {
    let text = std::str::from_utf8(text)
        .map_err(|error| JsonError { kind: JsonErrorKind::Utf8, offset: error.valid_up_to() })?;
    let mut parser = Parser { text, at: 0, depth: 0, values: 0, limits, build };
    parser.skip_white_space();
    let value = parser.value()?;
    parser.skip_white_space();
    if parser.at < text.len() { Err(parser.expected("the end of the text")) } else { Ok(value) }
}

/// Whether none of eight bytes is a quote, a backslash or a control character (Warren, "Hacker's Delight", 6-1: a byte
/// is below `n` where `byte - n` borrows and its own high bit is not set).
#[inline(always)]
fn is_plain(eight: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    let below = |bytes: u64, limit: u64| bytes.wrapping_sub(ONES.wrapping_mul(limit)) & !bytes;
    let equal = |byte: u8| below(eight ^ ONES.wrapping_mul(u64::from(byte)), 1);
    (below(eight, 0x20) | equal(b'"') | equal(b'\\')) & HIGH == 0
}

struct Parser<'t, 'b, B> {
    text: &'t str,
    at: usize,
    depth: usize,
    values: usize,
    limits: Limits,
    build: &'b mut B,
}

impl<'t, B: Build> Parser<'t, '_, B> {
    #[expect(clippy::inline_always, reason = "optimised for size, it would be called for every byte")]
    #[inline(always)]
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[expect(clippy::inline_always, reason = "optimised for size, it would be called for every byte")]
    #[inline(always)]
    fn advance(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn error(&self, kind: JsonErrorKind) -> JsonError {
        JsonError { kind, offset: self.at }
    }

    fn expected(&self, what: &'static str) -> JsonError {
        self.error(JsonErrorKind::Expected(what))
    }

    #[expect(clippy::inline_always, reason = "optimised for size, it would be called for every byte")]
    #[inline(always)]
    fn skip_white_space(&mut self) {
        self.at = end_of(self.text, self.at, |byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'));
    }

    fn eat(&mut self, byte: u8, what: &'static str) -> Result<(), JsonError> {
        if self.peek() == Some(byte) {
            self.advance(1);
            Ok(())
        } else {
            Err(self.expected(what))
        }
    }

    fn value(&mut self) -> Result<B::Value, JsonError> {
        let start = self.at;
        self.values = self.values.saturating_add(1);
        if self.values > self.limits.values {
            return Err(self.error(JsonErrorKind::Values));
        }
        match self.peek() {
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => {
                let text = self.string()?;
                Ok(self.build.scalar(Json::String(Text::from(text)), start..self.at))
            }
            Some(b'-' | b'0'..=b'9') => {
                let number = self.number()?;
                Ok(self.build.scalar(Json::Number(number), start..self.at))
            }
            _ => self.word(),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<B::Value, JsonError>) -> Result<B::Value, JsonError> {
        if self.depth >= self.limits.depth {
            return Err(self.error(JsonErrorKind::Depth));
        }
        self.depth = self.depth.saturating_add(1);
        let value = read(self);
        self.depth = self.depth.saturating_sub(1);
        value
    }

    fn word(&mut self) -> Result<B::Value, JsonError> {
        let start = self.at;
        for (word, value) in [("null", Json::Null), ("true", Json::Bool(true)), ("false", Json::Bool(false))]
        {
            if self.rest().starts_with(word) {
                self.advance(word.len());
                return Ok(self.build.scalar(value, start..self.at));
            }
        }
        Err(self.expected("a value"))
    }

    fn array(&mut self) -> Result<B::Value, JsonError> {
        let start = self.at;
        self.advance(1);
        let mut elements = Vec::new();
        self.skip_white_space();
        if self.peek() == Some(b']') {
            self.advance(1);
            return Ok(self.build.array(elements, start..self.at));
        }
        loop {
            self.skip_white_space();
            elements.push(self.value()?);
            self.skip_white_space();
            if self.peek() == Some(b',') {
                self.advance(1);
            } else {
                self.eat(b']', "`,` or `]`")?;
                return Ok(self.build.array(elements, start..self.at));
            }
        }
    }

    fn object(&mut self) -> Result<B::Value, JsonError> {
        let start = self.at;
        self.advance(1);
        let mut names = Groups::default();
        let mut members: Vec<B::Member> = Vec::new();
        self.skip_white_space();
        if self.peek() == Some(b'}') {
            self.advance(1);
            return Ok(self.build.object(members, start..self.at));
        }
        loop {
            self.skip_white_space();
            let name_start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.expected("a member's name in double quotes"));
            }
            let name = self.string()?;
            let span = name_start..self.at;
            if is_known::<B>(&name, &members, &mut names) {
                let kind = JsonErrorKind::Duplicate(name.into_owned());
                return Err(JsonError { kind, offset: name_start });
            }
            self.skip_white_space();
            self.eat(b':', "`:`")?;
            self.skip_white_space();
            let value = self.value()?;
            members.push(self.build.member(Text::new(name), span, value));
            self.skip_white_space();
            if self.peek() == Some(b',') {
                self.advance(1);
            } else {
                self.eat(b'}', "`,` or `}`")?;
                return Ok(self.build.object(members, start..self.at));
            }
        }
    }

    fn number(&mut self) -> Result<Number, JsonError> {
        let end =
            end_of(self.text, self.at, |byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
        let literal = self.text.get(self.at..end);
        let number = literal.and_then(Number::parse).ok_or_else(|| self.error(JsonErrorKind::Number))?;
        self.at = end;
        Ok(number)
    }

    /// A string; nearly all stand in the text as they are.
    fn string(&mut self) -> Result<Cow<'t, str>, JsonError> {
        self.advance(1);
        let mut text = Cow::Borrowed("");
        loop {
            let end = self.end_of_plain();
            let plain = self.text.get(self.at..end).unwrap_or("");
            self.at = end;
            if text.is_empty() {
                text = Cow::Borrowed(plain);
            } else {
                text.to_mut().push_str(plain);
            }
            match self.peek() {
                Some(b'"') => {
                    self.advance(1);
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.advance(1);
                    let character = self.escape()?;
                    text.to_mut().push(character);
                }
                Some(_) => return Err(self.expected("no bare control character in a string")),
                None => return Err(self.expected("the end of the string")),
            }
        }
    }

    /// Where the bytes end that stand for themselves in a string: eight of them are looked at in one go.
    fn end_of_plain(&self) -> usize {
        let bytes = self.text.as_bytes();
        let mut end = self.at;
        while let Some(eight) = bytes.get(end..).and_then(<[u8]>::first_chunk) {
            if !is_plain(u64::from_le_bytes(*eight)) {
                break;
            }
            end = end.wrapping_add(8);
        }
        end_of(self.text, end, |byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f))
    }

    fn escape(&mut self) -> Result<char, JsonError> {
        let byte = self.peek();
        let simple = match byte {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.advance(1);
                return self.unicode_escape();
            }
            _ => return Err(self.expected("an escape of JSON's")),
        };
        self.advance(1);
        Ok(simple)
    }

    fn unicode_escape(&mut self) -> Result<char, JsonError> {
        let unit = self.hex4()?;
        if let Some(character) = char::from_u32(unit) {
            return Ok(character);
        }
        let lone = self.expected("no lone surrogate");
        if unit >= 0xdc00 || !self.rest().starts_with("\\u") {
            return Err(lone);
        }
        self.advance(2);
        let low = self.hex4()?;
        let pair = [u16::try_from(unit).unwrap_or(0), u16::try_from(low).unwrap_or(0)];
        match char::decode_utf16(pair).next() {
            Some(Ok(character)) => Ok(character),
            _ => Err(lone),
        }
    }

    fn hex4(&mut self) -> Result<u32, JsonError> {
        let digits =
            self.rest().get(..4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let unit = unit.ok_or_else(|| self.expected("four hexadecimal digits"))?;
        self.advance(4);
        Ok(unit)
    }
}
