//! What can be done with texts. Places in them are counted in characters (Unicode code points).

use super::EvalErrorKind;
use super::ast::Expr;
use super::calls::{count, list_of, mistyped};
use super::eval::{Evaluated, Evaluator, fault, types};
use super::functions::Function;
use super::value::Value;
use std::borrow::Cow;

impl<'a> Evaluator<'a> {
    /// The functions of texts, each overload told apart by its values.
    pub(super) fn on_text(&self, expr: &Expr, function: Function, values: &[Value<'a>]) -> Evaluated<'a> {
        let made = |text: String| Ok(Value::String(Cow::Owned(text)));
        let range = || fault(EvalErrorKind::Range, expr);
        match (function, values) {
            (Function::Contains, [Value::String(text), Value::String(part)]) => {
                Ok(Value::Bool(text.contains(part.as_ref())))
            }
            (Function::StartsWith, [Value::String(text), Value::String(part)]) => {
                Ok(Value::Bool(text.starts_with(part.as_ref())))
            }
            (Function::EndsWith, [Value::String(text), Value::String(part)]) => {
                Ok(Value::Bool(text.ends_with(part.as_ref())))
            }
            (Function::LowerAscii, [Value::String(text)]) => made(text.to_ascii_lowercase()),
            (Function::UpperAscii, [Value::String(text)]) => made(text.to_ascii_uppercase()),
            (Function::Trim, [Value::String(text)]) => made(text.trim().to_owned()),
            (Function::IndexOf, [Value::String(text), Value::String(part)]) => Ok(index_of(text, part, 0)),
            (Function::IndexOf, [Value::String(text), Value::String(part), Value::Int(from)]) => {
                let from = byte_at(text, *from).ok_or_else(range)?;
                Ok(index_of(text, part, from))
            }
            (Function::Substring, [Value::String(text), Value::Int(from)]) => {
                let from = byte_at(text, *from).ok_or_else(range)?;
                made(text.get(from..).unwrap_or("").to_owned())
            }
            (Function::Substring, [Value::String(text), Value::Int(from), Value::Int(to)]) => {
                let bytes = byte_at(text, *from).zip(byte_at(text, *to)).ok_or_else(range)?;
                made(text.get(bytes.0..bytes.1).ok_or_else(range)?.to_owned())
            }
            (Function::Replace, [Value::String(text), Value::String(old), Value::String(new)]) => {
                self.replace(text, old, new, -1)
            }
            (
                Function::Replace,
                [Value::String(text), Value::String(old), Value::String(new), Value::Int(most)],
            ) => self.replace(text, old, new, *most),
            (Function::Split, [Value::String(text), Value::String(separator)]) => {
                self.split(text, separator, -1)
            }
            (Function::Split, [Value::String(text), Value::String(separator), Value::Int(most)]) => {
                self.split(text, separator, *most)
            }
            (Function::Join, [Value::List(_)]) => self.join(expr, values, ""),
            (Function::Join, [Value::List(_), Value::String(separator)]) => {
                self.join(expr, values, separator)
            }
            _ => Err(mistyped(expr, values)),
        }
    }

    /// The first `most` occurrences replaced; all of them where it is negative.
    fn replace(&self, text: &str, old: &str, new: &str, most: i64) -> Evaluated<'a> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let found = text.matches(old).take(most).count();
        self.spend_on_bytes(text.len().saturating_add(found.saturating_mul(new.len())))?;
        Ok(Value::String(Cow::Owned(text.replacen(old, new, most))))
    }

    /// At most `most` parts, the last with the rest; all of them where it is negative.
    fn split(&self, text: &str, separator: &str, most: i64) -> Evaluated<'a> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let part = |part: &str| Value::String(Cow::Owned(part.to_owned()));
        // Between characters there is nothing, and neither is there before the first and after the last.
        let parts: Vec<&str> = if separator.is_empty() {
            let whole = text
                .char_indices()
                .take(most.saturating_sub(1))
                .map(|(at, character)| text.get(at..at.saturating_add(character.len_utf8())).unwrap_or(""));
            let taken: Vec<&str> = whole.collect();
            let rest = text.get(taken.iter().map(|part| part.len()).sum()..).unwrap_or("");
            taken.into_iter().chain(Some(rest).filter(|rest| !rest.is_empty() && most > 0)).collect()
        } else {
            text.splitn(most, separator).collect()
        };
        self.spend(u64::try_from(parts.len()).unwrap_or(u64::MAX))?;
        Ok(list_of(parts.into_iter().map(part).collect()))
    }

    fn join(&self, expr: &Expr, values: &[Value<'a>], separator: &str) -> Evaluated<'a> {
        let Some(Value::List(list)) = values.first() else { return Err(mistyped(expr, values)) };
        let mut joined = String::new();
        for (at, element) in list.iter().enumerate() {
            let Value::String(text) = &element else { return Err(types(expr, &[&element])) };
            self.spend(1)?;
            self.spend_on_bytes(separator.len().saturating_add(text.len()))?;
            if at > 0 {
                joined.push_str(separator);
            }
            joined.push_str(text);
        }
        Ok(Value::String(Cow::Owned(joined)))
    }
}

/// Where the character of this number begins; the end for the number behind the last.
fn byte_at(text: &str, character: i64) -> Option<usize> {
    let character = usize::try_from(character).ok()?;
    text.char_indices().map(|(at, _)| at).chain([text.len()]).nth(character)
}

/// The number of the character where a part begins, from this byte on; -1 where it does not stand.
fn index_of<'a>(text: &str, part: &str, from: usize) -> Value<'a> {
    let found = text.get(from..).and_then(|rest| rest.find(part));
    found
        .map_or(Value::Int(-1), |at| count(text.get(..from.saturating_add(at)).unwrap_or("").chars().count()))
}
