//! Reading a JSON object strictly: unknown members are refused by name, and all problems are told at once.

use crate::core::json::{Json, Object};
use crate::core::policy::problem::did_you_mean;

/// How many unknown members are told by name.
const MAX_UNKNOWN: usize = 20;

/// What is wrong with a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldProblem {
    /// JSON Pointer to the member.
    pub pointer: String,
    /// What is wrong, and how to mend it.
    pub message: String,
}

/// An object whose members are taken one by one.
#[derive(Debug)]
pub struct Fields {
    object: Object,
    known: Vec<&'static str>,
    problems: Vec<FieldProblem>,
}

impl Fields {
    /// Begins to read. What is no object has one problem.
    pub fn of(json: Json) -> Self {
        let mut fields = Self { object: Object::new(), known: Vec::new(), problems: Vec::new() };
        match json {
            Json::Object(object) => fields.object = object,
            other => fields.problem("", format!("expected an object, not {}", other.type_name())),
        }
        fields
    }

    /// Notes a problem of a member; `""` is the object itself.
    pub fn problem(&mut self, name: &str, message: impl Into<String>) {
        let pointer = if name.is_empty() { String::new() } else { format!("/{name}") };
        self.problems.push(FieldProblem { pointer, message: message.into() });
    }

    /// Takes a member; `null` is as good as absent.
    pub fn take(&mut self, name: &'static str) -> Option<Json> {
        self.known.push(name);
        self.object.remove(name).filter(|value| !value.is_null())
    }

    fn take_as<T>(
        &mut self,
        name: &'static str,
        what: &str,
        read: impl FnOnce(Json) -> Result<T, Json>,
    ) -> Option<T> {
        match read(self.take(name)?) {
            Ok(value) => Some(value),
            Err(other) => {
                self.problem(name, format!("expected {what}, not {}", other.type_name()));
                None
            }
        }
    }

    /// A string of 1 to `most` characters.
    pub fn text(&mut self, name: &'static str, most: usize) -> Option<String> {
        let text = self.take_as(name, "a string", |json| match json {
            Json::String(text) => Ok(text),
            other => Err(other),
        })?;
        if text.is_empty() || text.chars().count() > most {
            self.problem(name, format!("expected 1 to {most} characters"));
            return None;
        }
        Some(text)
    }

    /// A string that has to be there.
    pub fn required_text(&mut self, name: &'static str, most: usize) -> String {
        let present = self.object.get(name).is_some_and(|value| !value.is_null());
        let text = self.text(name, most);
        if !present {
            self.problem(name, "is required");
        }
        text.unwrap_or_default()
    }

    /// One of a few words.
    pub fn word<T>(
        &mut self,
        name: &'static str,
        words: &[&str],
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(name, 64)?;
        let value = parse(&text);
        if value.is_none() {
            self.problem(name, format!("expected one of {}, not `{text}`", words.join(", ")));
        }
        value
    }

    /// True or false.
    pub fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.take_as(name, "true or false", |json| json.as_bool().ok_or(json))
    }

    /// A whole number within a range.
    pub fn integer(&mut self, name: &'static str, range: std::ops::RangeInclusive<i64>) -> Option<i64> {
        let int = self.take_as(name, "a whole number", |json| json.as_i64().ok_or(json))?;
        if !range.contains(&int) {
            self.problem(name, format!("expected a whole number from {} to {}", range.start(), range.end()));
            return None;
        }
        Some(int)
    }

    /// An object.
    pub fn object(&mut self, name: &'static str) -> Option<Object> {
        self.take_as(name, "an object", |json| match json {
            Json::Object(object) => Ok(object),
            other => Err(other),
        })
    }

    /// An array of strings.
    pub fn texts(&mut self, name: &'static str, most: usize) -> Option<Vec<String>> {
        let array = self.take_as(name, "an array of strings", |json| match json {
            Json::Array(elements) => Ok(elements),
            other => Err(other),
        })?;
        let texts: Vec<String> =
            array.iter().filter_map(|element| element.as_str().map(str::to_owned)).collect();
        if texts.len() < array.len() || texts.len() > most {
            self.problem(name, format!("expected an array of at most {most} strings"));
            return None;
        }
        Some(texts)
    }

    /// Ends reading: the value, unless something was wrong or is left over.
    pub fn finish<T>(mut self, value: T) -> Result<T, Vec<FieldProblem>> {
        let unknown: Vec<String> =
            self.object.iter().take(MAX_UNKNOWN).map(|(name, _)| name.to_owned()).collect();
        for name in unknown {
            let hint = did_you_mean(&name, &self.known);
            let name = name.replace('~', "~0").replace('/', "~1");
            self.problem(&name, format!("unknown member; {hint}"));
        }
        if self.problems.is_empty() { Ok(value) } else { Err(self.problems) }
    }
}
