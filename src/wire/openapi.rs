//! The description of the HTTP API as `OpenAPI` 3.1, from the table of routes and the shapes that read and write
//! its bodies. Printed once into `www/openapi.json`; a test keeps it so.

use super::problem::Code;
use super::route::{Access, Name, ROUTES, Row, Scope};
use super::shape::{Holds, Member, Need, Shape};
use super::shapes::{
    self, ANSWER, CASE, CASES, CHECKED, CLAIM, CLAIMED, DEAD_LETTERS, DECISION, DECISION_TAKEN, DESKS, HEAD,
    JWKS, KEY, KEYS, LEASE_TAKEN, MOVE, NEW_KEY, ONE_CASE, OUTCOME, PROPOSAL, REDEEM, REDEEMED, SIGN_IN,
    STORED, VERSIONS,
};
use crate::core::case::Refusal;
use crate::core::json::{Json, Object};

/// A body.
#[derive(Debug, Clone, Copy)]
enum Content {
    /// JSON of this shape.
    Json(&'static Shape),
    /// Text of these media types.
    Text(&'static [&'static str]),
    /// Nothing.
    Empty,
}

/// A parameter beside the path's: its place, name, schema and meaning.
type Parameter = (&'static str, &'static str, fn() -> Json, &'static str);

/// What an operation takes and gives, beside its row in the table of routes.
struct Operation {
    summary: &'static str,
    parameters: &'static [Parameter],
    body: Content,
    body_required: bool,
    answers: &'static [(u16, Content)],
    /// Problems beside those that every route has.
    problems: &'static [Code],
}

impl Operation {
    const fn new(summary: &'static str, answers: &'static [(u16, Content)]) -> Self {
        Self { summary, parameters: &[], body: Content::Empty, body_required: false, answers, problems: &[] }
    }

    const fn with(mut self, parameters: &'static [Parameter]) -> Self {
        self.parameters = parameters;
        self
    }

    const fn taking(mut self, body: Content) -> Self {
        self.body = body;
        self.body_required = true;
        self
    }

    const fn perhaps_taking(mut self, body: Content) -> Self {
        self.body = body;
        self
    }

    const fn refusing(mut self, problems: &'static [Code]) -> Self {
        self.problems = problems;
        self
    }
}

fn word() -> Json {
    Json::object([("type", "string".into())])
}

fn severity() -> Json {
    one_of(&["none", "low", "medium", "high", "critical"])
}

fn order() -> Json {
    one_of(&["oldest", "newest"])
}

fn one_of(words: &[&str]) -> Json {
    Json::object([("type", "string".into()), ("enum", words.iter().copied().collect())])
}

fn header_text() -> Json {
    // What may stand in a header, without spaces at its ends.
    Json::object([
        ("type", "string".into()),
        ("pattern", "^[!-~]{1,255}$".into()),
        ("maxLength", 255_i64.into()),
    ])
}

fn page_size() -> Json {
    Json::object([("type", "integer".into()), ("minimum", 1_i64.into()), ("maximum", 200_i64.into())])
}

fn number_from_0() -> Json {
    Json::object([
        ("type", "integer".into()),
        ("minimum", 0_i64.into()),
        ("maximum", 9_007_199_254_740_991_i64.into()),
    ])
}

const WAIT: Parameter = (
    "header",
    "Prefer",
    word,
    "`wait=N`: keep the request open for up to N seconds (240 at most) while a person decides",
);
const ONCE: Parameter = (
    "header",
    "Idempotency-Key",
    header_text,
    "Names this request for 30 days: the same again does not act again",
);
const DESK_NAMED: Parameter = ("query", "desk", word, "Whose ledger; none: the office's own");

fn operation(name: Name) -> Operation {
    use Content::{Empty, Json as J, Text};
    const POLICY: Content = Text(&["application/toml", "application/json"]);
    let of = Operation::new;
    let conflict: &[Code] = &[Code::Conflict];
    match name {
        Name::Healthz => of("Whether the Worker runs", &[(200, Text(&["text/plain"]))]),
        Name::Home => of("Leads to the review page", &[(302, Empty)]),
        Name::ReviewPage => of(
            "The review page with its first case, leased; whoever is not signed in is led to do so",
            &[(200, Text(&["text/html"])), (303, Empty)],
        )
        .with(&[
            ("query", "desk", word, "The desk to open; default: that where most waits"),
            ("query", "case", word, "The case to begin with"),
        ]),
        Name::CasesPage => {
            of("The page of all cases and their stories", &[(200, Text(&["text/html"])), (303, Empty)])
        }
        Name::SignInPage => of("The sign-in page", &[(200, Text(&["text/html"]))]),
        Name::Asset => {
            of("A file of the pages", &[(200, Text(&["text/javascript", "image/svg+xml"])), (304, Empty)])
        }
        Name::OpenApi => of("This description", &[(200, Text(&["application/json"]))]),
        Name::Jwks => of("The public keys for permits", &[(200, J(&JWKS))]),
        Name::SignIn => {
            of("Begins a session; the cookie is `__Host-holdpoint`", &[(204, Empty)]).taking(J(&SIGN_IN))
        }
        Name::SignOut => of("Ends the session", &[(204, Empty)]),
        Name::Propose => of("Proposes an action", &[(200, J(&ANSWER)), (202, J(&ANSWER))])
            .with(&[WAIT])
            .taking(J(&PROPOSAL))
            .refusing(conflict),
        Name::Action => {
            of("What has become of an action", &[(200, J(&ANSWER)), (202, J(&ANSWER))]).with(&[WAIT])
        }
        Name::Withdraw => {
            of("Takes an action back, as long as it is held", &[(200, J(&ANSWER))]).refusing(conflict)
        }
        Name::Redeem => {
            of("Redeems a permit, once", &[(200, J(&REDEEMED))]).taking(J(&REDEEM)).refusing(conflict)
        }
        Name::Outcome => of("Says what became of an action that may run", &[(200, J(&ANSWER))])
            .taking(J(&OUTCOME))
            .refusing(conflict),
        Name::Policy => of("The policy in force, as it was stored", &[(200, POLICY)]),
        Name::PutPolicy => of("Stores a policy", &[(200, J(&STORED))])
            .with(&[("header", "If-Match", header_text, "The ETag of the policy that you changed, or `*`")])
            .taking(POLICY)
            .refusing(&[Code::PreconditionFailed, Code::PreconditionRequired]),
        Name::CheckPolicy => of("Checks a policy without storing it", &[(200, J(&CHECKED))]).taking(POLICY),
        Name::PolicyVersions => of("The policies that were stored", &[(200, J(&VERSIONS))]),
        Name::Keys => of("The keys in force", &[(200, J(&KEYS))]),
        Name::NewKey => of("Makes a key", &[(201, J(&KEY))]).taking(J(&NEW_KEY)),
        Name::RevokeKey => of("Revokes a key", &[(204, Empty)]),
        Name::Desks => of("The desks that your key is good for", &[(200, J(&DESKS))]),
        Name::Cases => of("A page of cases, in the order in which they came", &[(200, J(&CASES))]).with(&[
            ("query", "status", word, "Only cases of this status"),
            ("query", "kind", word, "Only cases of this kind"),
            ("query", "severity", severity, "Only cases of this severity"),
            ("query", "search", word, "Only cases in which each of these words is found"),
            ("query", "order", order, "`newest` first, or `oldest` first; default oldest"),
            ("query", "limit", page_size, "How many at most; default 50"),
            ("query", "after", number_from_0, "The `next` of the page before"),
        ]),
        Name::Live => of(
            "Hints to pages of this site, by WebSocket: what waits, and which cases changed",
            &[(101, Empty)],
        )
        .refusing(&[Code::Invalid]),
        Name::Claim => {
            of("Leases the first case that is free for you", &[(200, J(&CLAIMED))]).perhaps_taking(J(&CLAIM))
        }
        Name::Case => of("A case", &[(200, J(&CASE))]),
        Name::Lease => of("Takes or renews a lease", &[(200, J(&LEASE_TAKEN))]).refusing(conflict),
        Name::GiveBack => of("Gives a lease back", &[(200, J(&CASE))]),
        Name::Move => {
            of("Hands a case to another desk", &[(200, J(&ONE_CASE))]).taking(J(&MOVE)).refusing(conflict)
        }
        Name::Decide => of("Decides", &[(200, J(&DECISION_TAKEN))]).taking(J(&DECISION)).refusing(conflict),
        Name::Undo => {
            of("Takes your decision back, until `release_at`", &[(200, J(&ONE_CASE))]).refusing(conflict)
        }
        Name::Ledger => of(
            "Ledger entries, one a line; the text of a line is what is hashed",
            &[(200, Text(&["application/jsonl"]))],
        )
        .with(&[
            DESK_NAMED,
            ("query", "after", number_from_0, "The number of the last entry that you have"),
            ("query", "case", word, "Only entries of this case"),
        ]),
        Name::LedgerHead => of("The end of a ledger", &[(200, J(&HEAD))]).with(&[DESK_NAMED]),
        Name::DeadLetters => of("Notifications that were given up", &[(200, J(&DEAD_LETTERS))]),
        Name::Resend => of("Tries a dead letter again", &[(204, Empty)]),
    }
}

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
        parameters.push(Json::object([
            ("in", "path".into()),
            ("name", segment.into()),
            ("required", true.into()),
            ("schema", Json::object([("type", "string".into()), ("minLength", 1_i64.into())])),
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
                let schema = if *media_type == "application/json" { "object" } else { "string" };
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
        Holds::Share => typed("number"),
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
