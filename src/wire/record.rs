//! A case as the desk stores it: JSON that only this file reads and writes.

use crate::core::canonical::Digest;
use crate::core::case::{Answer, Decision, Facts, Lease, Progress, State, Vote};
use crate::core::json::Json;
use crate::core::policy::severity::Severity;
use crate::core::time::{Millis, Span};

/// The facts of a case.
pub fn facts_to_json(facts: &Facts) -> Json {
    Json::object([
        ("id", facts.id.as_str().into()),
        ("app", facts.app.as_str().into()),
        ("proposer", facts.proposer.as_str().into()),
        ("kind", facts.kind.as_str().into()),
        ("severity", facts.severity.as_str().into()),
        ("title", facts.title.as_str().into()),
        ("irreversible", facts.irreversible.into()),
        ("digest", facts.digest.to_string().into()),
        ("action", facts.action.clone()),
        ("verdict", facts.verdict.clone()),
        ("reasons", facts.reasons.iter().map(String::as_str).collect()),
        ("approvals", facts.approvals.into()),
        ("salt", facts.salt.as_str().into()),
        ("created", facts.created.0.into()),
        ("expires", facts.expires.0.into()),
        ("lease", facts.lease.as_millis().into()),
        ("undo", facts.undo.as_millis().into()),
        ("valid", facts.valid.as_millis().into()),
    ])
}

/// The facts again; `None` for what [`facts_to_json`] did not write.
pub fn facts_from_json(json: &Json) -> Option<Facts> {
    let text = |name| json.get(name).and_then(Json::as_str).map(str::to_owned);
    let int = |name| json.get(name).and_then(Json::as_i64);
    Some(Facts {
        id: text("id")?,
        app: text("app")?,
        proposer: text("proposer")?,
        kind: text("kind")?,
        severity: Severity::parse(&text("severity")?)?,
        title: text("title")?,
        irreversible: json.get("irreversible")?.as_bool()?,
        digest: Digest::parse(&text("digest")?)?,
        action: json.get("action")?.clone(),
        verdict: json.get("verdict")?.clone(),
        reasons: json
            .get("reasons")?
            .as_array()?
            .iter()
            .filter_map(|reason| reason.as_str().map(str::to_owned))
            .collect(),
        approvals: u32::try_from(int("approvals")?).ok()?,
        salt: text("salt")?,
        created: Millis(int("created")?),
        expires: Millis(int("expires")?),
        lease: Span::millis(int("lease")?),
        undo: Span::millis(int("undo")?),
        valid: Span::millis(int("valid")?),
    })
}

/// What changes in a case: state, votes and lease.
pub fn progress_to_json(progress: &Progress) -> Json {
    let Progress { state, votes, lease } = progress;
    let state = match state {
        State::Held => Json::object([("is", "held".into())]),
        State::Expired => Json::object([("is", "expired".into())]),
        State::Decided { decision, release_at, taken } => Json::object([
            ("is", "decided".into()),
            ("decision", decision_to_json(decision)),
            ("release_at", release_at.0.into()),
            ("taken", taken.map(|taken| taken.0).into()),
        ]),
    };
    let vote =
        |vote: &Vote| Json::object([("person", vote.person.as_str().into()), ("at", vote.at.0.into())]);
    Json::object([
        ("state", state),
        ("votes", votes.iter().map(vote).collect()),
        (
            "lease",
            lease.as_ref().map_or(Json::Null, |lease| {
                Json::object([
                    ("person", lease.person.as_str().into()),
                    ("token", lease.token.as_str().into()),
                    ("until", lease.until.0.into()),
                ])
            }),
        ),
    ])
}

/// State, votes and lease again; `None` for what [`progress_to_json`] did not write.
pub fn progress_from_json(json: &Json) -> Option<Progress> {
    let state = json.get("state")?;
    let millis = |json: &Json, name| json.get(name).and_then(Json::as_i64).map(Millis);
    let text = |json: &Json, name| json.get(name).and_then(Json::as_str).map(str::to_owned);
    let state = match state.get("is")?.as_str()? {
        "held" => State::Held,
        "expired" => State::Expired,
        "decided" => State::Decided {
            decision: decision_from_json(state.get("decision")?)?,
            release_at: millis(state, "release_at")?,
            taken: millis(state, "taken"),
        },
        _ => return None,
    };
    let vote = |json: &Json| Some(Vote { person: text(json, "person")?, at: millis(json, "at")? });
    let votes = json.get("votes")?.as_array()?.iter().map(vote).collect::<Option<_>>()?;
    let lease = match json.get("lease")? {
        Json::Null => None,
        lease => Some(Lease {
            person: text(lease, "person")?,
            token: text(lease, "token")?,
            until: millis(lease, "until")?,
        }),
    };
    Some(Progress { state, votes, lease })
}

/// A decision.
pub fn decision_to_json(decision: &Decision) -> Json {
    Json::object([
        ("answer", decision.answer.as_str().into()),
        ("by", decision.by.as_str().into()),
        ("at", decision.at.0.into()),
        ("reason", decision.reason.as_deref().into()),
        ("category", decision.category.as_deref().into()),
        ("note", decision.note.as_deref().into()),
        ("seen_ms", decision.seen_ms.into()),
    ])
}

/// A decision again.
pub fn decision_from_json(json: &Json) -> Option<Decision> {
    let text = |name| json.get(name).and_then(Json::as_str).map(str::to_owned);
    Some(Decision {
        answer: answer(&text("answer")?)?,
        by: text("by")?,
        at: Millis(json.get("at")?.as_i64()?),
        reason: text("reason"),
        category: text("category"),
        note: text("note"),
        seen_ms: json.get("seen_ms").and_then(Json::as_i64),
    })
}

/// The answer of that word.
pub fn answer(word: &str) -> Option<Answer> {
    [Answer::Approve, Answer::Reject].into_iter().find(|answer| answer.as_str() == word)
}
