//! A pattern as a criterion, in the policy's own syntax: what a person would have written.

use crate::core::json::{Json, write_string};
use crate::core::number::write_f64;
use crate::core::statistics::pattern::{Pattern, Property};
use std::fmt::Write as _;

/// A criterion that somebody may put into a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// Its name.
    pub id: String,
    /// The error category: what reviewers called most of these errors.
    pub category: String,
    /// The kind that it looks at.
    pub kind: String,
    /// The condition.
    pub when: String,
    /// For the reviewer.
    pub message: String,
}

/// The criterion of a pattern; `category` is what reviewers called most of these errors, `taken` the ids that are not
/// free.
pub fn proposed(pattern: &Pattern, category: &str, taken: &[String]) -> Proposed {
    let (about, says) = words(&pattern.property);
    // In a list of kinds `*` would stand for anything.
    let any = pattern.kind.contains('*') || pattern.kind.trim().is_empty();
    let when = condition(pattern);
    let of_kind = format!("kind == {}", quoted(&pattern.kind));
    Proposed {
        id: free_id(&slug(&format!("{}-{about}", pattern.kind)), taken),
        // A policy takes no empty one.
        category: if category.trim().is_empty() { "wrong".to_owned() } else { category.to_owned() },
        kind: if any { "*".to_owned() } else { pattern.kind.clone() },
        when: if any { format!("{of_kind} && {when}") } else { when },
        message: format!(
            "{} of {} such actions were overridden{says}, and {} of {} others.",
            pattern.with.k, pattern.with.n, pattern.without.k, pattern.without.n
        ),
    }
}

impl Proposed {
    /// As it stands in a policy.
    pub fn to_toml(&self) -> String {
        let mut toml = String::from("[[criteria]]\n");
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(toml, "{name} = {}", quoted(value));
        };
        line("id", &self.id);
        line("category", &self.category);
        let kinds = quoted(&self.kind);
        let _ = writeln!(toml, "kinds = [{kinds}]");
        // A condition has quotes of its own: it is easier to read without escapes.
        let _ = if self.when.contains(|letter: char| letter == '\'' || letter.is_control()) {
            writeln!(toml, "when = {}", quoted(&self.when))
        } else {
            writeln!(toml, "when = '{}'", self.when)
        };
        let mut line = |name: &str, value: &str| {
            let _ = writeln!(toml, "{name} = {}", quoted(value));
        };
        line("then", "hold");
        line("message", &self.message);
        toml
    }
}

/// What a property is about, and how one says it.
pub fn words(property: &Property) -> (String, String) {
    let path = |path: &[String]| path.join(".");
    match property {
        Property::Kind => ("any".to_owned(), String::new()),
        Property::Model(model) => (format!("by-{model}"), format!(" (model {model})")),
        Property::Is { path: at, value } => {
            let bare = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            (format!("{}-{bare}", path(at)), format!(" ({} is {bare})", path(at)))
        }
        Property::Above { path: at, limit } => (
            format!("{}-above-{}", path(at), number(*limit)),
            format!(" ({} above {})", path(at), number(*limit)),
        ),
        Property::Below { path: at, limit } => (
            format!("{}-below-{}", path(at), number(*limit)),
            format!(" ({} below {})", path(at), number(*limit)),
        ),
        Property::Missing { path: at } => (format!("no-{}", path(at)), format!(" (without {})", path(at))),
    }
}

fn condition(pattern: &Pattern) -> String {
    let guarded = |path: &[String], test: String| {
        if pattern.always_there { test } else { format!("{} && {test}", present(path)) }
    };
    match &pattern.property {
        Property::Kind => "true".to_owned(),
        Property::Model(model) => format!("has(source.model) && source.model == {}", quoted(model)),
        Property::Is { path, value } => {
            let value = match value {
                Json::String(text) => quoted(text),
                other => other.to_string(),
            };
            guarded(path, format!("{} == {value}", member(path)))
        }
        Property::Above { path, limit } => guarded(path, format!("{} > {}", member(path), number(*limit))),
        Property::Below { path, limit } => guarded(path, format!("{} < {}", member(path), number(*limit))),
        Property::Missing { path } => format!("!({})", present(path)),
    }
}

/// A member of the arguments in a condition.
fn member(path: &[String]) -> String {
    let mut text = String::from("args");
    for name in path {
        if is_identifier(name) {
            let _ = write!(text, ".{name}");
        } else {
            let _ = write!(text, "[{}]", quoted(name));
        }
    }
    text
}

/// That a member, and everything that it is in, is there.
fn present(path: &[String]) -> String {
    let there = (1..=path.len()).filter_map(|length| {
        let (last, parents) = path.get(..length)?.split_last()?;
        let parent = member(parents);
        let is_there = if is_identifier(last) {
            format!("has({parent}.{last})")
        } else {
            format!("{} in {parent}", quoted(last))
        };
        Some(is_there)
    });
    there.collect::<Vec<_>>().join(" && ")
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    let first = bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_');
    let reserved = ["in", "true", "false", "null"];
    first && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') && !reserved.contains(&name)
}

/// An id that no criterion has.
fn free_id(wished: &str, taken: &[String]) -> String {
    let short: String = wished.chars().take(60).collect();
    let wished = Some(short.trim_matches('-')).filter(|id| !id.is_empty()).unwrap_or("pattern");
    let numbered = (2..).map(|number: u32| format!("{wished}-{number}"));
    let mut ids = std::iter::once(wished.to_owned()).chain(numbered);
    ids.find(|id| !taken.contains(id)).unwrap_or_default()
}

/// A text in quotes, as JSON, TOML and conditions write it alike.
fn quoted(text: &str) -> String {
    let mut out = String::new();
    write_string(text, &mut out);
    let mut safe = String::new();
    for letter in out.chars() {
        // What shows nothing, or turns what stands beside it around, is written so that it is seen. TOML takes no DEL.
        let hides = matches!(letter, '\u{7f}'..='\u{a0}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if hides {
            let _ = write!(safe, "\\u{:04x}", u32::from(letter));
        } else {
            safe.push(letter);
        }
    }
    safe
}

fn number(number: f64) -> String {
    let mut out = String::new();
    write_f64(number, &mut out);
    out
}

fn slug(text: &str) -> String {
    let mut slug = String::new();
    for letter in text.chars() {
        if letter == '-' && !slug.ends_with("minus-") && slug.ends_with('-') {
            slug.push_str("minus-");
        } else if letter.is_ascii_alphanumeric() || letter == '_' {
            slug.push(letter.to_ascii_lowercase());
        } else if !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug
}
