//! Shapes: what a JSON body has to look like. The same table reads requests, strictly, and is printed as JSON
//! Schema in `/openapi.json`.

use crate::core::canonical::Digest;
use crate::core::json::{Json, Object};
use crate::core::policy::problem::did_you_mean;

/// How many unknown members are told by name.
const MAX_UNKNOWN: usize = 20;

/// An object's shape.
#[derive(Debug)]
pub struct Shape {
    /// Its name in the description of the API.
    pub name: &'static str,
    /// What it is.
    pub says: &'static str,
    /// Its members; there are no others.
    pub members: &'static [Member],
}

/// A member of an object.
#[derive(Debug)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub holds: Holds,
    /// Whether it has to be there.
    pub need: Need,
    /// What it means.
    pub says: &'static str,
}

/// Whether a member has to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Always, with a value.
    Required,
    /// Always, perhaps null: answers only.
    Nullable,
    /// It may be left out; null is as good as absent.
    Optional,
}

/// What a member holds.
#[derive(Debug, Clone, Copy)]
pub enum Holds {
    /// A string of 1 to this many characters.
    Text(usize),
    /// Any string.
    AnyText,
    /// One of a few words.
    Word(&'static [&'static str]),
    /// `sha256:` and 64 hexadecimal digits.
    Digest,
    /// An instant in RFC 3339, UTC.
    Instant,
    /// A whole number from the first to the second.
    Integer(i64, i64),
    /// A number from 0 to 1.
    Share,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// An object of any members.
    Object,
    /// An array of up to this many strings.
    Texts(usize),
    /// An object of this shape.
    Of(&'static Shape),
    /// An array of objects of this shape.
    List(&'static Shape),
    /// Any object, or nothing that has a fixed shape here.
    Anything,
}

/// A member that has to be there.
pub const fn required(name: &'static str, holds: Holds, says: &'static str) -> Member {
    Member { name, holds, need: Need::Required, says }
}

/// A member of an answer that is always there, perhaps as null.
pub const fn nullable(name: &'static str, holds: Holds, says: &'static str) -> Member {
    Member { name, holds, need: Need::Nullable, says }
}

/// A member that may be left out.
pub const fn optional(name: &'static str, holds: Holds, says: &'static str) -> Member {
    Member { name, holds, need: Need::Optional, says }
}

/// What is wrong with a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// JSON Pointer to the member.
    pub pointer: String,
    /// What is wrong, and how to mend it.
    pub message: String,
}

impl FieldProblem {
    /// A problem of the member at that pointer.
    pub fn new(pointer: impl Into<String>, message: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), message: message.into() }
    }
}

/// An object of a known shape: its members are taken one by one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Body(Object);

impl Shape {
    /// Reads a body; else every problem of it at once.
    pub fn read(&self, json: Json) -> Result<Body, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        self.check(&json, "", &mut problems);
        match json {
            Json::Object(object) if problems.is_empty() => Ok(Body(object)),
            _ => Err(problems),
        }
    }

    /// Notes what is wrong with a value at that pointer.
    pub fn check(&self, json: &Json, pointer: &str, problems: &mut Vec<FieldProblem>) {
        let Some(object) = json.as_object() else {
            problems
                .push(FieldProblem::new(pointer, format!("expected an object, not {}", json.type_name())));
            return;
        };
        for member in self.members {
            // Named only where something is wrong: that is rare, and every request comes through here.
            let at = || format!("{pointer}/{}", member.name);
            match (object.get(member.name), member.need) {
                (None | Some(Json::Null), Need::Optional) | (Some(Json::Null), Need::Nullable) => {}
                (None, Need::Required | Need::Nullable) | (Some(Json::Null), Need::Required) => {
                    problems.push(FieldProblem::new(at(), "is required"));
                }
                (Some(value), _) if member.holds.fits(value) == Some(true) => {}
                (Some(value), _) => member.holds.check(value, &at(), problems),
            }
        }
        let is_known = |name: &str| self.members.iter().any(|member| member.name == name);
        for (name, _) in object.iter().filter(|(name, _)| !is_known(name)).take(MAX_UNKNOWN) {
            let known: Vec<&str> = self.members.iter().map(|member| member.name).collect();
            let at = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
            problems.push(FieldProblem::new(at, format!("unknown member; {}", did_you_mean(name, &known))));
        }
    }
}

impl Holds {
    fn check(self, value: &Json, at: &str, problems: &mut Vec<FieldProblem>) {
        let expected = match self {
            Self::Of(shape) => return shape.check(value, at, problems),
            Self::List(shape) => match value.as_array() {
                Some(elements) => {
                    for (index, element) in elements.iter().enumerate() {
                        shape.check(element, &format!("{at}/{index}"), problems);
                    }
                    return;
                }
                None => "an array".to_owned(),
            },
            _ if self.fits(value) == Some(true) => return,
            Self::Text(most) => format!("a string of 1 to {most} characters"),
            Self::AnyText => "a string".to_owned(),
            Self::Word(words) => format!("one of {}", words.join(", ")),
            Self::Digest => "a digest, `sha256:` and 64 hexadecimal digits".to_owned(),
            Self::Instant => "an instant as `2026-11-22T16:00:00Z`".to_owned(),
            Self::Integer(least, most) => format!("a whole number from {least} to {most}"),
            Self::Share => "a number from 0 to 1".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Object => "an object".to_owned(),
            Self::Texts(most) => format!("an array of at most {most} strings"),
            Self::Anything => return,
        };
        problems.push(FieldProblem::new(at, format!("expected {expected}, not {}", described(value))));
    }

    /// Whether a value is what it should be; `None` where that has to be looked for inside.
    fn fits(self, value: &Json) -> Option<bool> {
        let text = value.as_str();
        Some(match self {
            Self::Text(most) => text.is_some_and(|text| !text.is_empty() && text.chars().count() <= most),
            Self::AnyText | Self::Instant => text.is_some(),
            Self::Word(words) => text.is_some_and(|text| words.contains(&text)),
            Self::Digest => text.is_some_and(|text| Digest::parse(text).is_some()),
            Self::Integer(least, most) => value.as_i64().is_some_and(|int| (least..=most).contains(&int)),
            Self::Number => value.as_f64().is_some(),
            Self::Share => value.as_f64().is_some_and(|share| (0.0..=1.0).contains(&share)),
            Self::Flag => value.as_bool().is_some(),
            Self::Object => value.as_object().is_some(),
            Self::Texts(most) => value
                .as_array()
                .is_some_and(|texts| texts.len() <= most && texts.iter().all(|text| text.as_str().is_some())),
            Self::Anything => true,
            Self::Of(_) | Self::List(_) => return None,
        })
    }
}

/// A value in a few words: never a text from outside in full.
fn described(json: &Json) -> String {
    match json {
        Json::Number(number) => number.literal().to_owned(),
        Json::String(text) if text.chars().count() <= 40 => format!("`{text}`"),
        Json::String(text) => format!("a string of {} characters", text.chars().count()),
        other => other.type_name().to_owned(),
    }
}

impl Body {
    /// Takes a member; `null` is as good as absent.
    pub fn take(&mut self, name: &str) -> Option<Json> {
        self.0.remove(name).filter(|value| !value.is_null())
    }

    /// A text.
    pub fn text(&mut self, name: &str) -> Option<String> {
        match self.take(name)? {
            Json::String(text) => Some(text.into()),
            _ => None,
        }
    }

    /// An object.
    pub fn object(&mut self, name: &str) -> Option<Object> {
        match self.take(name)? {
            Json::Object(object) => Some(object),
            _ => None,
        }
    }

    /// A whole number.
    pub fn integer(&mut self, name: &str) -> Option<i64> {
        self.take(name)?.as_i64()
    }

    /// True or false.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        self.take(name)?.as_bool()
    }

    /// An array of texts.
    pub fn texts(&mut self, name: &str) -> Option<Vec<String>> {
        let array = self.take(name)?;
        Some(array.as_array()?.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect())
    }

    /// An object whose shape was checked with the whole.
    pub fn body(&mut self, name: &str) -> Option<Self> {
        self.object(name).map(Self)
    }
}
