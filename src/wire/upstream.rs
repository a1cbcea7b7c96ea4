//! Upstreams as configured, and what may be sent to them. Everything that is not listed here is refused.

use super::form::{Form, Means};
use super::mapped::Map;
use crate::core::json::Json;
use crate::core::policy::glob::Glob;

/// The wire format that an upstream speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// `OpenAI`'s.
    OpenAi,
    /// Anthropic's.
    Anthropic,
    /// The Model Context Protocol.
    Mcp,
    /// An app's own JSON.
    Json,
}

impl Dialect {
    const ALL: [Self; 4] = [Self::OpenAi, Self::Anthropic, Self::Mcp, Self::Json];

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.as_str() == word)
    }

    /// Its word, in configurations and in an action's `source`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Mcp => "mcp",
            Self::Json => "json",
        }
    }
}

/// One upstream of the deployment's configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Its name in `/to/{name}/…`.
    pub name: String,
    /// Where it is, without a slash at the end.
    pub url: String,
    /// What it speaks.
    pub dialect: Dialect,
    /// The name of the secret that is sent instead of the app's key.
    pub secret: Option<String>,
    /// What its configuration says of the forms of its answers.
    pub means: Means,
    /// Further routes, ungated.
    pass: Vec<(String, Glob)>,
}

/// What happens to a request for an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// Its answer is gated.
    Gated(Form),
    /// Its calls are gated before it is sent.
    Calls,
    /// It carries no actions and passes.
    Ungated,
    /// It carries actions that Holdpoint cannot gate yet: nothing is sent.
    NotBuilt,
    /// Nothing is sent.
    Refused,
}

/// Reads `UPSTREAMS`: a table of tables. Says what is wrong with it.
pub fn read(config: &Json) -> Result<Vec<Upstream>, String> {
    let Json::Object(object) = config else {
        return Err(format!("UPSTREAMS is a table, not {}", config.type_name()));
    };
    object.iter().map(|(name, entry)| upstream(name, entry)).collect()
}

const KEYS: [&str; 6] = ["url", "dialect", "secret", "pass", "map", "server_tools"];

fn upstream(name: &str, entry: &Json) -> Result<Upstream, String> {
    let wrong = |what: &str| format!("UPSTREAMS.{name}: {what}");
    let Json::Object(members) = entry else { return Err(wrong("expected a table with `url` and `dialect`")) };
    if let Some((unknown, _)) = members.iter().find(|(key, _)| !KEYS.contains(key)) {
        return Err(wrong(&format!("unknown key `{unknown}`")));
    }
    let text = |key: &str| members.get(key).and_then(Json::as_str);
    let url = text("url").ok_or_else(|| wrong("`url` is missing"))?.trim_end_matches('/');
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or("");
    let dialect = text("dialect").and_then(Dialect::parse);
    let dialect = dialect.ok_or_else(|| wrong("`dialect` is one of openai, anthropic, mcp, json"))?;
    // Servers of tools are chosen by their query here and there; theirs is never the client's to say.
    let has_query = dialect != Dialect::Mcp && host.contains('?');
    if host.is_empty() || has_query || host.contains(['@', '#', ' ', '\\']) {
        return Err(wrong("`url` is `https://host` or `https://host/path`, without user, query or fragment"));
    }
    if matches!(dialect, Dialect::Mcp | Dialect::Json) && members.get("pass").is_some() {
        return Err(wrong("`pass` goes with dialects openai and anthropic: others have one address"));
    }
    let mut pass = Vec::new();
    for route in members.get("pass").and_then(Json::as_array).unwrap_or_default() {
        let parts = route.as_str().and_then(|route| route.split_once(' '));
        let (method, path) = parts
            .filter(|(_, path)| path.starts_with('/'))
            .ok_or_else(|| wrong("`pass` has routes like `GET /v1/files/*`"))?;
        pass.push((method.to_owned(), Glob::new(path)));
    }
    let mut server_tools = Vec::new();
    for kind in members.get("server_tools").and_then(Json::as_array).unwrap_or_default() {
        let kind = kind.as_str().ok_or_else(|| wrong("`server_tools` has types like `web_search_*`"))?;
        server_tools.push(Glob::new(kind));
    }
    let map = match (dialect, members.get("map")) {
        (Dialect::Json, Some(map)) => Some(Map::read(map).map_err(|what| wrong(&what))?),
        (Dialect::Json, None) => {
            return Err(wrong("`map` is missing: by JSON Pointers it says where the actions are"));
        }
        (_, None) => None,
        (_, Some(_)) => return Err(wrong("`map` goes with dialect json")),
    };
    Ok(Upstream {
        name: name.to_owned(),
        url: url.to_owned(),
        dialect,
        secret: text("secret").map(str::to_owned),
        means: Means { server_tools, map },
        pass,
    })
}

impl Upstream {
    /// What happens to a request.
    pub fn passage(&self, method: &str, path: &str) -> Passage {
        let built_in = match self.dialect {
            Dialect::OpenAi => openai_passage(method, path),
            Dialect::Anthropic => anthropic_passage(method, path),
            Dialect::Json => exactly(method, path),
            Dialect::Mcp => streamable(method, path),
        };
        let passes = || self.pass.iter().any(|(known, glob)| known == method && glob.matches(path));
        if built_in == Passage::Refused && passes() { Passage::Ungated } else { built_in }
    }
}

/// Paths that carry actions, and everything below them: no `pass` route opens these.
const OPENAI_ACTIONS: [&str; 2] = ["/v1/chat/completions", "/v1/responses"];

fn openai_passage(method: &str, path: &str) -> Passage {
    match (method, path) {
        ("POST", "/v1/chat/completions") => Passage::Gated(Form::Chat),
        ("POST", "/v1/responses") => Passage::Gated(Form::Responses),
        ("GET", _) if is_stored_response(path) => Passage::Gated(Form::StoredResponse),
        ("DELETE", _) if is_stored_response(path) => Passage::Ungated,
        ("POST", "/v1/embeddings" | "/v1/moderations") | ("GET", "/v1/models") => Passage::Ungated,
        _ if carries_actions(path) => Passage::NotBuilt,
        _ => Passage::Refused,
    }
}

fn anthropic_passage(method: &str, path: &str) -> Passage {
    match (method, path) {
        ("POST", "/v1/messages") => Passage::Gated(Form::Messages),
        ("POST", "/v1/messages/count_tokens") | ("GET", "/v1/models") => Passage::Ungated,
        _ if is_below(path, "/v1/messages") => Passage::NotBuilt,
        _ => Passage::Refused,
    }
}

/// An endpoint of one address.
fn exactly(method: &str, path: &str) -> Passage {
    match (method, path) {
        ("GET" | "POST", "") => Passage::Gated(Form::Mapped),
        _ => Passage::Refused,
    }
}

/// The one address of a server of MCP.
fn streamable(method: &str, path: &str) -> Passage {
    match (method, path) {
        ("GET" | "POST" | "DELETE", "") => Passage::Calls,
        _ => Passage::Refused,
    }
}

fn is_stored_response(path: &str) -> bool {
    path.strip_prefix("/v1/responses/").is_some_and(|id| !id.is_empty() && !id.contains('/'))
}

/// As the most forgiving server might read it.
fn carries_actions(path: &str) -> bool {
    OPENAI_ACTIONS.iter().any(|known| is_below(path, known))
}

/// Whether a path is this one or below it, whatever the case of its letters.
fn is_below(path: &str, known: &str) -> bool {
    let path = path.to_ascii_lowercase();
    path.strip_prefix(known).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a path can be appended as text: no empty segments, no dots as segments, no slash or dot in
/// disguise, nothing that a server could read as another host or path.
pub fn is_plain_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@/%".contains(&byte);
    path.starts_with('/')
        && path.bytes().all(plain)
        && path.split('%').skip(1).all(is_needed_escape)
        && path.split('/').skip(1).all(|segment| !segment.is_empty() && segment != "." && segment != "..")
}

/// Whether what follows a `%` escapes something that has to be escaped and means nothing to a path: a letter in
/// disguise could name a route that is gated.
fn is_needed_escape(rest: &str) -> bool {
    let byte = rest.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    byte.is_some_and(|byte| byte >= 0x20 && !byte.is_ascii_alphanumeric() && !b"-._~/\\;\x7f".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(entry: &str) -> Result<Upstream, String> {
        read(&Json::parse(format!("{{\"x\":{entry}}}").as_bytes()).unwrap()).map(|mut all| all.remove(0))
    }

    #[test]
    fn only_what_is_listed_goes_upstream() {
        let upstream =
            one(r#"{"url":"https://api.openai.com/","dialect":"openai","pass":["GET /v1/files/*"]}"#)
                .unwrap();
        assert_eq!(upstream.url, "https://api.openai.com");
        for (method, path, passage) in [
            ("POST", "/v1/chat/completions", Passage::Gated(Form::Chat)),
            ("GET", "/v1/chat/completions", Passage::NotBuilt),
            ("POST", "/V1/chat/completions", Passage::NotBuilt),
            ("GET", "/v1/chat/completions/chatcmpl-1", Passage::NotBuilt),
            ("POST", "/v1/embeddings", Passage::Ungated),
            ("GET", "/v1/models", Passage::Ungated),
            ("POST", "/v1/responses", Passage::Gated(Form::Responses)),
            ("GET", "/v1/responses", Passage::NotBuilt),
            ("GET", "/v1/responses/resp_1", Passage::Gated(Form::StoredResponse)),
            ("DELETE", "/v1/responses/resp_1", Passage::Ungated),
            ("POST", "/v1/responses/resp_1", Passage::NotBuilt),
            ("POST", "/v1/responses/resp_1/cancel", Passage::NotBuilt),
            ("GET", "/v1/responses/resp_1/input_items", Passage::NotBuilt),
            ("GET", "/v1/files/abc", Passage::Ungated),
            ("DELETE", "/v1/files/abc", Passage::Refused),
            ("POST", "/v1/realtime", Passage::Refused),
            ("POST", "", Passage::Refused),
        ] {
            assert_eq!(upstream.passage(method, path), passage, "{method} {path}");
        }
    }

    #[test]
    fn no_pass_route_opens_what_has_to_be_gated() {
        let upstream =
            one(r#"{"url":"https://a.example","dialect":"openai","pass":["POST /v1/*","GET /v1/*"]}"#)
                .unwrap();
        assert_eq!(upstream.passage("GET", "/v1/chat/completions/x"), Passage::NotBuilt);
        assert_eq!(upstream.passage("POST", "/v1/chat/completions"), Passage::Gated(Form::Chat));
        assert_eq!(upstream.passage("POST", "/v1/responses/x/cancel"), Passage::NotBuilt);
    }

    #[test]
    fn an_endpoint_of_an_app_has_one_address_and_a_map() {
        let upstream = one(
            r#"{"url":"https://a.example/act","dialect":"json","map":{"actions":"/a","kind":"/k","args":"/x"}}"#,
        )
        .unwrap();
        for (method, path, passage) in [
            ("POST", "", Passage::Gated(Form::Mapped)),
            ("GET", "", Passage::Gated(Form::Mapped)),
            ("DELETE", "", Passage::Refused),
            ("POST", "/more", Passage::Refused),
        ] {
            assert_eq!(upstream.passage(method, path), passage, "{method} {path}");
        }
        for (entry, message) in [
            (
                r#"{"url":"https://a","dialect":"json"}"#,
                "UPSTREAMS.x: `map` is missing: by JSON Pointers it says where the actions are",
            ),
            (
                r#"{"url":"https://a","dialect":"openai","map":{}}"#,
                "UPSTREAMS.x: `map` goes with dialect json",
            ),
            (r#"{"url":"https://a","dialect":"json","map":{}}"#, "UPSTREAMS.x: `map.actions` is missing"),
        ] {
            assert_eq!(one(entry).unwrap_err(), message);
        }
    }

    #[test]
    fn a_server_of_mcp_has_one_address() {
        let upstream = one(r#"{"url":"https://a.example/mcp","dialect":"mcp"}"#).unwrap();
        for (method, path, passage) in [
            ("POST", "", Passage::Calls),
            ("GET", "", Passage::Calls),
            ("DELETE", "", Passage::Calls),
            ("PUT", "", Passage::Refused),
            ("POST", "/message", Passage::Refused),
        ] {
            assert_eq!(upstream.passage(method, path), passage, "{method} {path}");
        }
    }

    #[test]
    fn paths_that_could_lead_elsewhere_are_not_plain() {
        for path in ["/v1/models", "/v1/files/a-b_c.~", "/v1/x:y@z", "/v1/files/a%20b%C3%A9"] {
            assert!(is_plain_path(path), "{path}");
        }
        for path in [
            "",
            "v1",
            "//host/x",
            "/v1//x",
            "/v1/../x",
            "/v1/./x",
            "/v1/x/",
            "/v1/%2fx",
            "/v1/%2E%2e/x",
            "/v1/%5Cx",
            "/v1\\x",
            "/v1/chat/completion%73",
            "/v1/chat/completions;x",
            "/v1/x%",
            "/v1/x%0a",
            "/v1/é",
            "/v1/x y",
        ] {
            assert!(!is_plain_path(path), "{path}");
        }
    }

    #[test]
    fn mistakes_in_the_configuration_are_named() {
        for (entry, message) in [
            (r#"{"dialect":"openai"}"#, "UPSTREAMS.x: `url` is missing"),
            (
                r#"{"url":"https://a@b","dialect":"openai"}"#,
                "UPSTREAMS.x: `url` is `https://host` or `https://host/path`, without user, query or fragment",
            ),
            (
                r#"{"url":"https://a","dialect":"gemini"}"#,
                "UPSTREAMS.x: `dialect` is one of openai, anthropic, mcp, json",
            ),
            (r#"{"url":"https://a","dialect":"openai","ulr":1}"#, "UPSTREAMS.x: unknown key `ulr`"),
            (
                r#"{"url":"https://a?b","dialect":"openai"}"#,
                "UPSTREAMS.x: `url` is `https://host` or `https://host/path`, without user, query or fragment",
            ),
            (
                r#"{"url":"https://a/mcp?b","dialect":"mcp","pass":["POST /*"]}"#,
                "UPSTREAMS.x: `pass` goes with dialects openai and anthropic: others have one address",
            ),
        ] {
            assert_eq!(one(entry).unwrap_err(), message);
        }
    }
}
