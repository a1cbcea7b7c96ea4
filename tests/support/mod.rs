//! Cases and decisions for tests.

#![allow(dead_code, reason = "each test uses some of it")]
#![allow(clippy::allow_attributes, reason = "what is unused differs from test to test")]

use holdpoint::core::canonical::Digest;
use holdpoint::core::case::{Answer, Content, Decision, Facts, Oversight, Shown};
use holdpoint::core::json::Json;
use holdpoint::core::policy::severity::Severity;
use holdpoint::core::time::{Millis, Span};

/// When every test's case becomes one.
pub(crate) const START: i64 = 1_795_363_200_000;

/// The digest that stands for some arguments.
pub(crate) fn digest(of: &str) -> Digest {
    Digest::of(of.as_bytes())
}

/// What a person decides about.
pub(crate) fn content(of: &str, approvals: u32) -> Content {
    Content {
        severity: Severity::High,
        verdict: Json::object([("policy", "sha256:0".into()), ("reasons", Json::Array(Vec::new()))]),
        approvals,
        shown: Some(Shown {
            title: "Refund".into(),
            digest: digest(of),
            action: Json::object([("kind", "refund".into()), ("args", Json::object([("of", of.into())]))]),
            salt: "salt".into(),
        }),
    }
}

/// A held action: expires after 60 s, can be used for 30 s, undo 4 s, lease 10 s.
pub(crate) fn before(approvals: u32) -> Facts {
    Facts {
        id: "hp_x".into(),
        app: "key_app".into(),
        proposer: "proposer".into(),
        oversight: Oversight::Before,
        kind: "refund".into(),
        irreversible: false,
        undone_by: None,
        raised_by: None,
        audience: None,
        proxied: None,
        origin: "https://gate.example".into(),
        content: content("proposed", approvals),
        schema: None,
        reasons: vec!["wrong".into(), "other".into()],
        created: Millis(START),
        expires: Millis(START + 60_000),
        lease: Span::seconds(10),
        undo: Span::seconds(4),
        valid: Span::seconds(30),
        keep: Span::days(90),
    }
}

/// An action that ran and was drawn to be audited, with the same times.
pub(crate) fn after(approvals: u32) -> Facts {
    Facts { oversight: Oversight::After { probability: 0.25 }, ..before(approvals) }
}

/// A person's decision.
pub(crate) fn decision(answer: Answer, by: &str, reason: Option<&str>) -> Decision {
    Decision {
        answer,
        by: by.into(),
        at: Millis(0),
        reason: reason.map(str::to_owned),
        category: None,
        note: None,
        args: None,
        seen_ms: None,
    }
}
