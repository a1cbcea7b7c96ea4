//! Titles: what the reviewer reads first, with values of the action put in.

use crate::core::json::{Json, Object};
use crate::core::pointer::Pointer;

/// A template of text and `{args.path}`.
#[derive(Debug, Clone, PartialEq)]
pub struct Title(Vec<Part>);

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Arg(Pointer),
}

/// Stands for what the action does not have.
const MISSING: &str = "—";

impl Title {
    /// Parses a template; says what is wrong with it.
    pub fn parse(template: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = template;
        while let Some((text, after)) = rest.split_once('{') {
            if text.contains('}') {
                return Err("a `}` without its `{`".to_owned());
            }
            parts.push(Part::Text(text.to_owned()));
            let (path, after) = after.split_once('}').ok_or("a `{` without its `}`")?;
            let names = path
                .strip_prefix("args.")
                .ok_or_else(|| format!("`{{{path}}}`: only `{{args.path}}` can be put in"))?;
            if names.split('.').any(|name| name.is_empty() || name.contains(['{', '/', ' '])) {
                return Err(format!("`{{{path}}}`: a path is names with dots between them"));
            }
            parts.push(Part::Arg(names.split('.').collect()));
            rest = after;
        }
        if rest.contains('}') {
            return Err("a `}` without its `{`".to_owned());
        }
        parts.push(Part::Text(rest.to_owned()));
        Ok(Self(parts))
    }

    /// The title of an action with these arguments. What is missing shows as a dash.
    pub fn render(&self, args: &Object) -> String {
        let args = Json::Object(args.clone());
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Arg(pointer) => match pointer.find(&args) {
                    Some(Json::String(text)) => out.push_str(text),
                    Some(Json::Null) | None => out.push_str(MISSING),
                    Some(other) => other.write(&mut out),
                },
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_and_gaps_are_shown() {
        let args = Json::parse(br#"{"order":{"id":"A7"},"amount":12.50,"none":null}"#).unwrap();
        let args = args.as_object().unwrap();
        for (template, title) in [
            ("Refund {args.order.id}: {args.amount}", "Refund A7: 12.50"),
            ("{args.none}{args.absent}", "——"),
            ("{args.order}", r#"{"id":"A7"}"#),
            ("plain", "plain"),
        ] {
            assert_eq!(Title::parse(template).unwrap().render(args), title);
        }
        for template in ["{", "}", "{args}", "{kind}", "{args.}", "{args.a b}", "{args.a{args.b}}"] {
            assert!(Title::parse(template).is_err(), "{template}");
        }
    }
}
