//! The policy document as JSON Schema (draft 7, which editors of TOML know), and its reference, from the table of its
//! keys. Printed once into `www/policy.schema.json` and `docs/policy-reference.md`; tests keep them so.

use crate::core::json::{Json, Object};
use crate::core::policy::keys::{ALL, DOCUMENT, Holds, Key, Keys};
use std::fmt::Write as _;

/// The schema.
pub fn schema() -> Json {
    let mut definitions = Object::new();
    for keys in ALL.iter().skip(1) {
        definitions.set(&defined(keys), table(keys));
    }
    let mut schema = Object::new();
    schema.set("$schema", "http://json-schema.org/draft-07/schema#");
    schema.set("title", "Holdpoint policy");
    if let Json::Object(document) = table(&DOCUMENT) {
        for (name, value) in document.iter() {
            schema.set(name, value.clone());
        }
    }
    schema.set("definitions", definitions);
    schema.into()
}

fn defined(keys: &Keys) -> String {
    keys.name.replace(' ', "_")
}

fn reference_to(keys: &Keys) -> Json {
    Json::object([("$ref", format!("#/definitions/{}", defined(keys)).into())])
}

fn table(keys: &Keys) -> Json {
    let mut properties = Object::new();
    for key in keys.keys {
        properties.set(key.name, described(key));
    }
    let required: Vec<&str> = keys.keys.iter().filter(|key| key.is_required).map(|key| key.name).collect();
    Json::object([
        ("type", "object".into()),
        ("description", keys.says.into()),
        ("properties", properties.into()),
        ("required", required.into_iter().collect()),
        ("additionalProperties", false.into()),
    ])
}

fn described(key: &Key) -> Json {
    let mut schema = match holds(key.holds) {
        Json::Object(schema) => schema,
        _ => Object::new(),
    };
    // Beside a reference draft 7 looks at nothing else, so it stands in a list of one.
    if let Some(reference) = schema.remove("$ref") {
        schema.set("allOf", [Json::object([("$ref", reference)])].into_iter().collect::<Json>());
    }
    schema.set("description", key.says);
    if let Ok(default) = Json::parse(key.default.as_bytes()) {
        schema.set("default", default);
    }
    schema.into()
}

fn holds(holds: Holds) -> Json {
    let typed = |name: &str| Json::object([("type", name.into())]);
    match holds {
        Holds::Version => Json::object([("const", Json::from(1_i64))]),
        Holds::Text => Json::object([("type", "string".into()), ("pattern", "\\S".into())]),
        Holds::Flag => typed("boolean"),
        Holds::Word(words) => Json::object([("enum", words.iter().copied().collect())]),
        Holds::Share => Json::object([
            ("type", "number".into()),
            ("exclusiveMinimum", Json::from(0_i64)),
            ("maximum", Json::from(1_i64)),
        ]),
        Holds::Count(least, most) => {
            Json::object([("type", "integer".into()), ("minimum", least.into()), ("maximum", most.into())])
        }
        Holds::Number(most) => Json::object([
            ("type", "number".into()),
            ("exclusiveMinimum", Json::from(0_i64)),
            ("maximum", most.into()),
        ]),
        Holds::Amount => Json::object([("type", "number".into()), ("minimum", Json::from(0_i64))]),
        Holds::Duration(..) => {
            Json::object([("type", "string".into()), ("pattern", "^[0-9]{1,9}[smhd]$".into())])
        }
        Holds::Texts(least, most) => {
            let mut schema = Object::new();
            schema.set("type", "array");
            schema.set("items", self::holds(Holds::Text));
            schema.set("minItems", Json::from(i64::try_from(least).unwrap_or(0)));
            if let Some(most) = i64::try_from(most).ok().filter(|most| *most < i64::from(u32::MAX)) {
                schema.set("maxItems", Json::from(most));
                schema.set("uniqueItems", true);
            }
            schema.into()
        }
        Holds::Pointer => Json::object([("type", "string".into()), ("pattern", "^/".into())]),
        Holds::Table(keys) => reference_to(keys),
        Holds::Named(keys) => {
            Json::object([("type", "object".into()), ("additionalProperties", reference_to(keys))])
        }
        Holds::List(keys) => Json::object([("type", "array".into()), ("items", reference_to(keys))]),
    }
}

/// The reference in Markdown.
pub fn reference() -> String {
    let mut text = "# The policy's keys\n\nPrinted from the table that the schema for editors comes from (`src/core/policy/keys.rs`); tests hold the reader \
        to it. What it all means: [policy.md](policy.md).\n\nEditors complete and check a policy by its schema: with the extensions that know TOML, write\n`#:schema https://holdpoint.example/policy.schema.json` in its first line, with your own Holdpoint's address.\n"
        .to_owned();
    for keys in ALL {
        let heading = match keys.name {
            "policy" => "The document".to_owned(),
            "severity" => "`[severity]`".to_owned(),
            "severity level" => "`[severity.low]`, `.medium`, `.high`, `.critical`".to_owned(),
            "kind" => "`[kinds.NAME]`".to_owned(),
            "criterion" => "`[[criteria]]`".to_owned(),
            "desk" => "`[desks.NAME]`".to_owned(),
            other => format!("`[{other}]`"),
        };
        let _ =
            write!(text, "\n## {heading}\n\n{}\n\n| key | holds | else | |\n|---|---|---|---|\n", keys.says);
        for key in keys.keys {
            let needed = if key.is_required { "**needed**" } else { "" };
            let otherwise =
                if key.default.is_empty() { needed.to_owned() } else { format!("`{}`", key.default) };
            let _ =
                writeln!(text, "| `{}` | {} | {otherwise} | {} |", key.name, in_words(key.holds), key.says);
        }
    }
    text
}

fn in_words(holds: Holds) -> String {
    match holds {
        Holds::Version => "1".to_owned(),
        Holds::Text => "a text".to_owned(),
        Holds::Flag => "true or false".to_owned(),
        Holds::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Holds::Share => "more than 0, at most 1".to_owned(),
        Holds::Count(least, most) => format!("a whole number, {least} to {most}"),
        Holds::Number(most) => format!("a number, more than 0, at most {most}"),
        Holds::Amount => "a number, 0 or more".to_owned(),
        Holds::Duration(least, most) => format!("a duration, {least}s to {}d", most / 86_400),
        Holds::Texts(_, usize::MAX) => "texts".to_owned(),
        Holds::Texts(least, most) => format!("{least} to {most} different texts"),
        Holds::Pointer => "a JSON Pointer".to_owned(),
        Holds::Table(_) => "a table".to_owned(),
        Holds::Named(_) => "tables by name".to_owned(),
        Holds::List(_) => "tables".to_owned(),
    }
}
