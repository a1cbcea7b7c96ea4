//! Problem documents (RFC 9457), with a stable code and, on proxied routes, a form that the SDK reads too.

use super::shape::FieldProblem;
use crate::core::json::{Json, JsonError};
use crate::core::policy::problem::Problem as PolicyProblem;

/// The stable codes, each with its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// Not strict JSON.
    Malformed,
    /// No key, or one that is not known.
    Unauthenticated,
    /// The role may not.
    Forbidden,
    /// There is no such thing, or the caller may not know of it.
    NotFound,
    /// The path is known, the method is not.
    Method,
    /// The thing has moved on.
    Conflict,
    /// `If-Match` does not match.
    PreconditionFailed,
    /// `If-Match` is required.
    PreconditionRequired,
    /// The body is too large.
    TooLarge,
    /// The body's media type is not taken here.
    MediaType,
    /// Well-formed and not acceptable.
    Invalid,
    /// The upstream is out of reach, or its answer cannot be gated.
    Upstream,
    /// Something of Holdpoint's own is out of reach or not configured.
    Unavailable,
    /// The upstream did not answer in time.
    UpstreamTimeout,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 14] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::Method,
        Self::Conflict,
        Self::PreconditionFailed,
        Self::PreconditionRequired,
        Self::TooLarge,
        Self::MediaType,
        Self::Invalid,
        Self::Upstream,
        Self::Unavailable,
        Self::UpstreamTimeout,
    ];

    /// The code, its status and its title.
    pub fn parts(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::Malformed => ("malformed", 400, "The request cannot be read"),
            Self::Unauthenticated => ("unauthenticated", 401, "A key is needed"),
            Self::Forbidden => ("forbidden", 403, "This key may not do that"),
            Self::NotFound => ("not_found", 404, "There is nothing here"),
            Self::Method => ("method", 405, "Another method is needed"),
            Self::Conflict => ("conflict", 409, "It has moved on"),
            Self::PreconditionFailed => ("precondition", 412, "It was changed meanwhile"),
            Self::PreconditionRequired => ("precondition", 428, "If-Match is needed"),
            Self::TooLarge => ("too_large", 413, "The body is too large"),
            Self::MediaType => ("media_type", 415, "Another media type is needed"),
            Self::Invalid => ("invalid", 422, "The request is not acceptable"),
            Self::Upstream => ("upstream", 502, "The upstream's answer cannot be used"),
            Self::Unavailable => ("unavailable", 503, "Holdpoint cannot answer now"),
            Self::UpstreamTimeout => ("upstream_timeout", 504, "The upstream did not answer in time"),
        }
    }
}

impl Code {
    /// The member in which `OpenAI`'s SDKs look for what went wrong.
    pub fn to_openai_error(self, detail: &str) -> Json {
        let (code, ..) = self.parts();
        Json::object([
            ("message", format!("[Holdpoint] {detail}").into()),
            ("type", "holdpoint".into()),
            ("code", code.into()),
            ("param", Json::Null),
        ])
    }
}

impl Code {
    /// The number of a JSON-RPC error: the specification's own where there is one, else one of those that it leaves to
    /// implementations.
    fn to_rpc_number(self) -> i64 {
        match self {
            Self::Malformed => -32700,
            Self::Invalid | Self::MediaType | Self::TooLarge => -32600,
            Self::NotFound | Self::Method => -32601,
            _ => -32003,
        }
    }

    /// The event, or document, in which Anthropic's SDKs look for what went wrong.
    pub fn to_anthropic_error(self, detail: &str) -> Json {
        let (code, ..) = self.parts();
        let kind = match self {
            Self::Unauthenticated => "authentication_error",
            Self::Forbidden => "permission_error",
            Self::NotFound => "not_found_error",
            Self::TooLarge => "request_too_large",
            Self::UpstreamTimeout => "timeout_error",
            Self::Upstream | Self::Unavailable => "api_error",
            _ => "invalid_request_error",
        };
        let error = [
            ("type", kind.into()),
            ("message", format!("[Holdpoint] {detail}").into()),
            ("details", Json::object([("error_code", code.into())])),
        ];
        Json::object([("type", "error".into()), ("error", Json::object(error))])
    }
}

/// What is answered instead of what was asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Its code.
    pub code: Code,
    /// What happened, and how to mend it.
    pub detail: String,
    /// Further members, such as `problems` or the case as it stands.
    pub more: Vec<(&'static str, Json)>,
}

impl Problem {
    /// A problem with nothing but a detail.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), more: Vec::new() }
    }

    /// With a further member.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: Json) -> Self {
        self.more.push((name, value));
        self
    }

    /// A body that is no strict JSON.
    pub fn malformed(error: &JsonError) -> Self {
        Self::new(Code::Malformed, format!("the body is not strict JSON: {error}"))
    }

    /// A body whose members are not acceptable.
    pub fn fields(problems: Vec<FieldProblem>) -> Self {
        let listed = problems
            .into_iter()
            .map(|problem| {
                Json::object([("pointer", problem.pointer.into()), ("message", problem.message.into())])
            })
            .collect();
        Self::new(Code::Invalid, "some members are not acceptable").with("problems", listed)
    }

    /// A request of which some members ask for what cannot be gated. SDKs show their users the detail alone.
    pub fn refused(problems: Vec<FieldProblem>) -> Self {
        let said: Vec<&str> = problems.iter().map(|problem| problem.message.as_str()).collect();
        let detail = said.join("; ");
        Self { detail, ..Self::fields(problems) }
    }

    /// A policy with problems.
    pub fn policy(problems: &[PolicyProblem]) -> Self {
        let count = problems.len();
        Self::new(Code::Invalid, format!("the policy has {count} problem(s) and was not stored"))
            .with("problems", policy_problems(problems))
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.code.parts().1
    }

    /// The document.
    pub fn to_json(&self) -> Json {
        let (code, status, title) = self.code.parts();
        let mut document = Json::object([
            ("type", format!("urn:holdpoint:problem:{code}").into()),
            ("title", title.into()),
            ("status", i64::from(status).into()),
            ("detail", self.detail.as_str().into()),
            ("code", code.into()),
        ]);
        if let Some(object) = document.as_object_mut() {
            for (name, value) in &self.more {
                object.set(name, value.clone());
            }
        }
        document
    }

    /// The document with the member in which `OpenAI`'s SDKs look for a message.
    pub fn to_openai_json(&self) -> Json {
        let mut document = self.to_json();
        if let Some(object) = document.as_object_mut() {
            object.set("error", self.code.to_openai_error(&self.detail));
        }
        document
    }

    /// The document as Anthropic's SDKs read it: its type is `error`. A member `error_code` is what they look for.
    pub fn to_anthropic_json(&self) -> Json {
        let mut document = self.to_json();
        let mut said = self.code.to_anthropic_error(&self.detail);
        let error_code = document.get("error_code").cloned();
        let error = said.as_object_mut().and_then(|said| said.get_mut("error")).and_then(Json::as_object_mut);
        if let (Some(code), Some(error)) = (error_code, error) {
            error.set("details", Json::object([("error_code", code)]));
        }
        if let (Some(document), Some(said)) = (document.as_object_mut(), said.as_object()) {
            said.iter().for_each(|(name, value)| document.set(name, value.clone()));
        }
        document
    }
}

impl Problem {
    /// The document as clients of MCP read it: a JSON-RPC error in answer to this request.
    pub fn to_mcp_json(&self, id: Json) -> Json {
        let mut document = self.to_json();
        let own = document.as_object_mut().and_then(|document| document.remove("error_code"));
        let number = own.unwrap_or_else(|| self.code.to_rpc_number().into());
        let error = [
            ("code", number),
            ("message", format!("[Holdpoint] {}", self.detail).into()),
            ("data", document),
        ];
        Json::object([("jsonrpc", "2.0".into()), ("id", id), ("error", Json::object(error))])
    }
}

/// Problems or warnings of a policy in their public form.
pub fn policy_problems(problems: &[PolicyProblem]) -> Json {
    let number = |count: usize| Json::from(i64::try_from(count).unwrap_or(i64::MAX));
    problems
        .iter()
        .map(|problem| {
            Json::object([
                ("line", number(problem.line)),
                ("column", number(problem.column)),
                ("length", number(problem.length)),
                ("message", problem.message.as_str().into()),
                ("hint", problem.hint.as_deref().into()),
            ])
        })
        .collect()
}
