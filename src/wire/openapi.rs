//! The description of the HTTP API as `OpenAPI` 3.1, from the table of routes and the shapes that read and write
//! its bodies. Printed once into `www/openapi.json`; a test keeps it so.

use super::export::Export;
use super::operations::{Content, ONCE, Operation, operation};
use super::problem::Code;
use super::route::{Access, Name, ROUTES, Row, Scope};
use super::shape::{Holds, Member, Need, Shape};
use super::shapes::{self, CASE};
use crate::core::case::Refusal;
use crate::core::json::{Json, Object};

/// The whole description.
pub fn document() -> Json {
    let mut paths = Object::new();
    for row in &ROUTES {
        let mut item = match paths.remove(row.path) {
            Some(Json::Object(item)) => item,
            _ => Object::new(),
        };
        item.set(&row.method.to_ascii_lowercase(), described(row));
        paths.set(row.path, item);
    }
    let mut schemas = Object::new();
    schemas.set("Problem", problem_schema());
    collect(&shapes::FIELD_PROBLEM, &mut schemas);
    collect(&shapes::POLICY_PROBLEM, &mut schemas);
    for row in &ROUTES {
        let operation = operation(row.name);
        for content in operation.answers.iter().map(|(_, content)| content).chain([&operation.body]) {
            if let Content::Json(shape) = content {
                collect(shape, &mut schemas);
            }
        }
    }
    Json::object([
        ("openapi", "3.1.0".into()),
        (
            "info",
            Json::object([
                ("title", "Holdpoint".into()),
                ("version", env!("CARGO_PKG_VERSION").into()),
                ("summary", "A person between an AI and what it does".into()),
                (
                    "license",
                    Json::object([("name", "Apache-2.0".into()), ("identifier", "Apache-2.0".into())]),
                ),
            ]),
        ),
        (
            "servers",
            Json::Array(vec![Json::object([
                ("url", "/".into()),
                ("description", "The deployment that serves this description".into()),
            ])]),
        ),
        (
            "tags",
            TAGS.iter()
                .map(|(name, says)| Json::object([("name", (*name).into()), ("description", (*says).into())]))
                .collect(),
        ),
        ("paths", paths.into()),
        (
            "components",
            Json::object([
                ("schemas", schemas.into()),
                (
                    "securitySchemes",
                    Json::object([
                        (
                            "key",
                            Json::object([
                                ("type", "http".into()),
                                ("scheme", "bearer".into()),
                                ("bearerFormat", "hpk_…".into()),
                            ]),
                        ),
                        (
                            "session",
                            Json::object([
                                ("type", "apiKey".into()),
                                ("in", "cookie".into()),
                                ("name", "__Host-holdpoint".into()),
                            ]),
                        ),
                    ]),
                ),
            ]),
        ),
    ])
}

const TAGS: [(&str, &str); 4] = [
    ("actions", "For apps and agents"),
    ("review", "For the people who decide, and who look back"),
    ("running", "For the people who run it"),
    ("site", "Pages and public files"),
];

fn tag(row: &Row) -> &'static str {
    match row.access {
        Access::Public => "site",
        _ if row.path.starts_with("/v1/actions") => "actions",
        _ if row.scope == Scope::Desks => "review",
        _ => "running",
    }
}

fn described(row: &Row) -> Json {
    let operation = operation(row.name);
    let mut object = Object::new();
    let mut id = format!("{:?}", row.name);
    id.get_mut(..1).map(str::make_ascii_lowercase).unwrap_or_default();
    object.set("operationId", id);
    object.set("tags", Json::Array(vec![tag(row).into()]));
    object.set("summary", operation.summary);
    let roles = row.access.roles();
    if roles.is_empty() {
        object.set("security", Json::Array(Vec::new()));
    } else {
        let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        object.set("description", format!("For the role {}.", names.join(", ")));
        object.set("x-roles", names.iter().copied().collect::<Json>());
        let scheme = |name: &str| Json::object([(name_of(name), Json::Array(Vec::new()))]);
        object.set("security", Json::Array(vec![scheme("key"), scheme("session")]));
    }
    let parameters = parameters(row, &operation);
    if !parameters.is_empty() {
        object.set("parameters", Json::Array(parameters));
    }
    if let Some(content) = content(operation.body) {
        object.set(
            "requestBody",
            Json::object([("required", operation.body_required.into()), ("content", content)]),
        );
    }
    object.set("responses", responses(row, &operation));
    object.into()
}

fn name_of(name: &str) -> &'static str {
    if name == "key" { "key" } else { "session" }
}

fn parameters(row: &Row, operation: &Operation) -> Vec<Json> {
    let mut parameters = Vec::new();
    for segment in row.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}')) {
        let schema = if segment == "export" {
            let words = Export::ALL.map(Export::as_str).into_iter().collect::<Json>();
            Json::object([("type", "string".into()), ("enum", words)])
        } else {
            Json::object([("type", "string".into()), ("minLength", 1_i64.into())])
        };
        parameters.push(Json::object([
            ("in", "path".into()),
            ("name", segment.into()),
            ("required", true.into()),
            ("schema", schema),
        ]));
    }
    let once = (row.method == "POST" && row.access != Access::Public).then_some(&ONCE);
    for (place, name, schema, says) in operation.parameters.iter().chain(once) {
        parameters.push(Json::object([
            ("in", (*place).into()),
            ("name", (*name).into()),
            ("required", false.into()),
            ("description", (*says).into()),
            ("schema", schema()),
        ]));
    }
    parameters
}

fn content(content: Content) -> Option<Json> {
    let mut object = Object::new();
    match content {
        Content::Empty => return None,
        Content::Json(shape) => {
            object.set("application/json", Json::object([("schema", reference(shape))]));
        }
        Content::Text(media_types) => {
            for media_type in media_types {
                // A policy as JSON is any object here: its own problems say what is wrong with it.
                let schema = if media_type.ends_with("json") { "object" } else { "string" };
                let schema = Json::object([("type", schema.into())]);
                object.set(media_type, Json::object([("schema", schema)]));
            }
        }
    }
    Some(object.into())
}

fn responses(row: &Row, operation: &Operation) -> Json {
    let mut responses = Object::new();
    for (status, body) in operation.answers {
        let mut response = Object::new();
        let says = match status {
            101 => "Hints, from now on",
            202 => "It is held",
            302 | 303 => "Elsewhere",
            304 => "As you know it",
            _ => "It is done",
        };
        response.set("description", says);
        if let Some(content) = content(*body) {
            response.set("content", content);
        }
        responses.set(&status.to_string(), response);
    }
    let doors: &[Code] = match row.access {
        Access::Public => &[],
        // Whoever is not signed in is led to do so.
        _ if row.is_page() => &[Code::Forbidden],
        _ => &[Code::Unauthenticated, Code::Forbidden],
    };
    let always: &[Code] = &[Code::Malformed, Code::NotFound, Code::TooLarge, Code::Unavailable];
    let with_body: &[Code] = match row.method {
        "GET" => &[Code::Invalid],
        _ => &[Code::MediaType, Code::Invalid],
    };
    let origin: &[Code] = if row.method == "GET" { &[] } else { &[Code::Forbidden] };
    let sign_in: &[Code] = if row.name == Name::SignIn { &[Code::Unauthenticated] } else { &[] };
    let mut codes: Vec<Code> = [always, doors, with_body, origin, sign_in, operation.problems].concat();
    codes.sort_by_key(|code| code.parts().1);
    for code in codes {
        let (_, status, title) = code.parts();
        let problem = Json::object([("$ref", "#/components/schemas/Problem".into())]);
        let text = Json::object([("type", "string".into())]);
        // A page tells of it in words; what is refused before the page is known is a problem as everywhere.
        let content = match (row.is_page(), code) {
            (true, Code::Malformed | Code::TooLarge) | (false, _) => ("application/problem+json", problem),
            (true, _) => ("text/html", text),
        };
        let content = Json::object([(content.0, Json::object([("schema", content.1)]))]);
        responses
            .set(&status.to_string(), Json::object([("description", title.into()), ("content", content)]));
    }
    responses.into()
}

fn problem_schema() -> Json {
    let mut codes: Vec<Json> = Vec::new();
    for code in Code::ALL {
        let word: Json = code.parts().0.into();
        if !codes.contains(&word) {
            codes.push(word);
        }
    }
    let string = || Json::object([("type", "string".into())]);
    Json::object([
        ("type", "object".into()),
        ("description", "A problem document (RFC 9457).".into()),
        ("required", ["type", "title", "status", "detail", "code"].into_iter().collect()),
        (
            "properties",
            Json::object([
                ("type", string()),
                ("title", string()),
                ("status", Json::object([("type", "integer".into())])),
                ("detail", string()),
                ("code", Json::object([("type", "string".into()), ("enum", Json::Array(codes))])),
                (
                    "problems",
                    Json::object([
                        ("type", "array".into()),
                        ("description", "Of a body: members; of a policy: places.".into()),
                        (
                            "items",
                            Json::object([(
                                "anyOf",
                                [&shapes::FIELD_PROBLEM, &shapes::POLICY_PROBLEM]
                                    .into_iter()
                                    .map(reference)
                                    .collect(),
                            )]),
                        ),
                    ]),
                ),
                (
                    "refusal",
                    Json::object([
                        ("type", "string".into()),
                        ("description", "Why a case refuses.".into()),
                        ("enum", Refusal::ALL.map(Refusal::as_str).into_iter().collect()),
                    ]),
                ),
                ("case", reference(&CASE)),
                ("verdict", reference(&shapes::VERDICT)),
            ]),
        ),
    ])
}

fn reference(shape: &Shape) -> Json {
    Json::object([("$ref", format!("#/components/schemas/{}", shape.name).into())])
}

/// Adds a shape's schema and those of the shapes within.
fn collect(shape: &'static Shape, schemas: &mut Object) {
    if schemas.get(shape.name).is_some() {
        return;
    }
    schemas.set(shape.name, schema_of(shape));
    for member in shape.members {
        if let Holds::Of(inner) | Holds::List(inner) = member.holds {
            collect(inner, schemas);
        }
    }
}

/// The JSON Schema of a shape.
pub fn schema_of(shape: &Shape) -> Json {
    let mut properties = Object::new();
    for member in shape.members {
        properties.set(member.name, member_schema(member));
    }
    let required = shape.members.iter().filter(|member| member.need != Need::Optional);
    Json::object([
        ("type", "object".into()),
        ("description", shape.says.into()),
        ("required", required.map(|member| member.name).collect()),
        ("additionalProperties", false.into()),
        ("properties", properties.into()),
    ])
}

fn member_schema(member: &Member) -> Json {
    let schema = holds_schema(member.holds);
    let mut object = match (member.need, schema) {
        (Need::Required, schema) => schema,
        // Null is one of the things that anything is.
        (_, schema) if matches!(member.holds, Holds::Anything) => schema,
        (_, schema) => {
            let null = Json::object([("type", "null".into())]);
            Json::object([("anyOf", Json::Array(vec![schema, null]))])
        }
    };
    if let Some(object) = object.as_object_mut() {
        object.set("description", member.says);
    }
    object
}

fn holds_schema(holds: Holds) -> Json {
    let typed = |name: &str| {
        let mut object = Object::new();
        object.set("type", name);
        object
    };
    let count = |count: usize| Json::from(i64::try_from(count).unwrap_or(i64::MAX));
    let mut schema = match holds {
        Holds::Of(shape) => return reference(shape),
        Holds::Anything => return Json::object([]),
        Holds::Text(_) | Holds::AnyText | Holds::Word(_) | Holds::Digest | Holds::Instant => typed("string"),
        Holds::Integer(..) => typed("integer"),
        Holds::Share | Holds::Number => typed("number"),
        Holds::Flag => typed("boolean"),
        Holds::Object => typed("object"),
        Holds::Texts(_) | Holds::List(_) => typed("array"),
    };
    match holds {
        Holds::Text(most) => {
            schema.set("minLength", 1_i64);
            schema.set("maxLength", count(most));
        }
        Holds::Word(words) => schema.set("enum", words.iter().copied().collect::<Json>()),
        Holds::Digest => schema.set("pattern", "^sha256:[0-9a-f]{64}$"),
        Holds::Instant => schema.set("format", "date-time"),
        Holds::Integer(least, most) => {
            schema.set("minimum", least);
            schema.set("maximum", most);
        }
        Holds::Share => {
            schema.set("minimum", 0_i64);
            schema.set("maximum", 1_i64);
        }
        Holds::Texts(most) => {
            schema.set("maxItems", count(most));
            schema.set("items", Json::object([("type", "string".into())]));
        }
        Holds::List(shape) => schema.set("items", reference(shape)),
        _ => {}
    }
    schema.into()
}
