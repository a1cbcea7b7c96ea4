//! Cases, commands and grants as the objects store them and tell them each other: JSON that only this file reads
//! and writes.

use crate::core::canonical::Digest;
use crate::core::case::{
    Answer, Case, Command, Connection, Content, Decision, Facts, Lease, LookedAt, Outcome, Oversight,
    Progress, Proxied, Run, Sent, Shown, State, Vote,
};
use crate::core::json::Json;
use crate::core::permit::{Basis, Grant};
use crate::core::policy::severity::Severity;
use crate::core::time::{Millis, Span};

fn text(json: &Json, name: &str) -> Option<String> {
    json.get(name).and_then(Json::as_str).map(str::to_owned)
}

fn int(json: &Json, name: &str) -> Option<i64> {
    json.get(name).and_then(Json::as_i64)
}

fn millis(json: &Json, name: &str) -> Option<Millis> {
    int(json, name).map(Millis)
}

fn span(json: &Json, name: &str) -> Option<Span> {
    int(json, name).map(Span::millis)
}

fn texts(json: &Json, name: &str) -> Option<Vec<String>> {
    let array = json.get(name)?.as_array()?;
    Some(array.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect())
}

/// A member that is null where there is nothing.
#[expect(clippy::option_option, reason = "the outer one is for `?`: what cannot be read is no record")]
fn maybe<T>(json: &Json, name: &str, read: impl FnOnce(&Json) -> Option<T>) -> Option<Option<T>> {
    match json.get(name)? {
        Json::Null => Some(None),
        value => read(value).map(Some),
    }
}

/// The facts of a case.
pub fn facts_to_json(facts: &Facts) -> Json {
    let probability = match facts.oversight {
        Oversight::Before => None,
        Oversight::After { probability } => Some(probability),
    };
    Json::object([
        ("id", facts.id.as_str().into()),
        ("app", facts.app.as_str().into()),
        ("proposer", facts.proposer.as_str().into()),
        ("probability", probability.into()),
        ("kind", facts.kind.as_str().into()),
        ("irreversible", facts.irreversible.into()),
        ("undone_by", facts.undone_by.as_deref().into()),
        ("raised_by", facts.raised_by.as_deref().into()),
        ("audience", facts.audience.as_deref().into()),
        ("origin", facts.origin.as_str().into()),
        ("proxied", facts.proxied.as_ref().map(proxied_to_json).into()),
        ("content", content_to_json(&facts.content)),
        ("schema", facts.schema.clone().into()),
        ("reasons", facts.reasons.iter().map(String::as_str).collect()),
        ("created", facts.created.0.into()),
        ("expires", facts.expires.0.into()),
        ("lease", facts.lease.as_millis().into()),
        ("undo", facts.undo.as_millis().into()),
        ("valid", facts.valid.as_millis().into()),
        ("keep", facts.keep.as_millis().into()),
    ])
}

/// The facts again; `None` for what [`facts_to_json`] did not write.
pub fn facts_from_json(json: &Json) -> Option<Facts> {
    let oversight = maybe(json, "probability", Json::as_f64)?
        .map_or(Oversight::Before, |probability| Oversight::After { probability });
    Some(Facts {
        id: text(json, "id")?,
        app: text(json, "app")?,
        proposer: text(json, "proposer")?,
        oversight,
        kind: text(json, "kind")?,
        irreversible: json.get("irreversible")?.as_bool()?,
        undone_by: text(json, "undone_by"),
        raised_by: text(json, "raised_by"),
        audience: text(json, "audience"),
        origin: text(json, "origin")?,
        // Cases from before there was such a thing have no such member.
        proxied: json.get("proxied").and_then(proxied_from_json),
        content: content_from_json(json.get("content")?)?,
        schema: json.get("schema").filter(|schema| !schema.is_null()).cloned(),
        reasons: texts(json, "reasons")?,
        created: millis(json, "created")?,
        expires: millis(json, "expires")?,
        lease: span(json, "lease")?,
        undo: span(json, "undo")?,
        valid: span(json, "valid")?,
        keep: span(json, "keep")?,
    })
}

/// What a call through the proxy is known by.
pub fn proxied_to_json(proxied: &Proxied) -> Json {
    Json::object([
        ("call", proxied.call.to_string().into()),
        ("request", proxied.request.to_string().into()),
        ("nth", proxied.nth.into()),
        ("renamed", proxied.renamed.into()),
    ])
}

/// What a call through the proxy is known by, again.
pub fn proxied_from_json(json: &Json) -> Option<Proxied> {
    let digest = |name| Digest::parse(&text(json, name)?);
    let nth = u32::try_from(int(json, "nth")?).ok()?;
    // Cases from before there was such a thing have no such member.
    let renamed = json.get("renamed").and_then(Json::as_bool).unwrap_or(false);
    Some(Proxied { call: digest("call")?, request: digest("request")?, nth, renamed })
}

/// Who waits.
pub fn connection_to_json(connection: &Connection) -> Json {
    Json::object([("name", connection.name.as_str().into()), ("until", connection.until.0.into())])
}

/// Who waits, again.
pub fn connection_from_json(json: &Json) -> Option<Connection> {
    Some(Connection { name: text(json, "name")?, until: millis(json, "until")? })
}

/// What a decision is about.
pub fn content_to_json(content: &Content) -> Json {
    let shown = content.shown.as_ref().map(|shown| {
        Json::object([
            ("title", shown.title.as_str().into()),
            ("digest", shown.digest.to_string().into()),
            ("action", shown.action.clone()),
            ("salt", shown.salt.as_str().into()),
        ])
    });
    Json::object([
        ("severity", content.severity.as_str().into()),
        ("verdict", content.verdict.clone()),
        ("approvals", content.approvals.into()),
        ("shown", shown.into()),
    ])
}

/// What a decision is about, again.
pub fn content_from_json(json: &Json) -> Option<Content> {
    let shown = |shown: &Json| {
        Some(Shown {
            title: text(shown, "title")?,
            digest: Digest::parse(&text(shown, "digest")?)?,
            action: shown.get("action")?.clone(),
            salt: text(shown, "salt")?,
        })
    };
    Some(Content {
        severity: Severity::parse(&text(json, "severity")?)?,
        verdict: json.get("verdict")?.clone(),
        approvals: u32::try_from(int(json, "approvals")?).ok()?,
        shown: maybe(json, "shown", shown)?,
    })
}

fn state_to_json(state: &State) -> Json {
    let is = |word: &str| Json::object([("is", word.into())]);
    match state {
        State::Held => is("held"),
        State::Expired => is("expired"),
        State::Withdrawn => is("withdrawn"),
        State::ToAudit => is("to_audit"),
        State::Unaudited => is("unaudited"),
        State::Moved { desk } => Json::object([("is", "moved".into()), ("desk", desk.as_str().into())]),
        State::Decided { decision, release_at, before } => Json::object([
            ("is", "decided".into()),
            ("decision", decision_to_json(decision)),
            ("release_at", release_at.0.into()),
            ("before", before.as_deref().map(content_to_json).into()),
        ]),
        State::Audited { decision, release_at } => Json::object([
            ("is", "audited".into()),
            ("decision", decision_to_json(decision)),
            ("release_at", release_at.0.into()),
        ]),
    }
}

fn state_from_json(json: &Json) -> Option<State> {
    let decision = || decision_from_json(json.get("decision")?);
    Some(match json.get("is")?.as_str()? {
        "held" => State::Held,
        "expired" => State::Expired,
        "withdrawn" => State::Withdrawn,
        "to_audit" => State::ToAudit,
        "unaudited" => State::Unaudited,
        "moved" => State::Moved { desk: text(json, "desk")? },
        "decided" => State::Decided {
            decision: decision()?,
            release_at: millis(json, "release_at")?,
            before: maybe(json, "before", content_from_json)?.map(Box::new),
        },
        "audited" => State::Audited { decision: decision()?, release_at: millis(json, "release_at")? },
        _ => return None,
    })
}

/// What changes in a case.
pub fn progress_to_json(progress: &Progress) -> Json {
    let vote =
        |vote: &Vote| Json::object([("person", vote.person.as_str().into()), ("at", vote.at.0.into())]);
    let lease = progress.lease.as_ref().map(|lease| {
        Json::object([
            ("person", lease.person.as_str().into()),
            ("token", lease.token.as_str().into()),
            ("until", lease.until.0.into()),
        ])
    });
    Json::object([
        ("state", state_to_json(&progress.state)),
        ("revision", progress.revision.as_ref().map(content_to_json).into()),
        ("editors", progress.editors.iter().map(String::as_str).collect()),
        ("votes", progress.votes.iter().map(vote).collect()),
        ("looks", progress.looks.iter().map(look_to_json).collect()),
        ("lease", lease.into()),
        ("connection", progress.connection.as_ref().map(connection_to_json).into()),
        ("run", run_to_json(&progress.run)),
        ("undo", progress.undo.as_deref().into()),
        ("told", progress.told.into()),
        ("moves", progress.moves.into()),
    ])
}

/// What changes in a case, again; `None` for what [`progress_to_json`] did not write.
pub fn progress_from_json(json: &Json) -> Option<Progress> {
    let vote = |json: &Json| Some(Vote { person: text(json, "person")?, at: millis(json, "at")? });
    let lease = |lease: &Json| {
        Some(Lease {
            person: text(lease, "person")?,
            token: text(lease, "token")?,
            until: millis(lease, "until")?,
        })
    };
    Some(Progress {
        state: state_from_json(json.get("state")?)?,
        revision: maybe(json, "revision", content_from_json)?,
        editors: texts(json, "editors")?,
        votes: json.get("votes")?.as_array()?.iter().map(vote).collect::<Option<_>>()?,
        // Cases from before they were kept have no such member.
        looks: json.get("looks").map_or(Some(Vec::new()), looks_from_json)?,
        lease: maybe(json, "lease", lease)?,
        connection: json.get("connection").and_then(connection_from_json),
        run: run_from_json(json.get("run")?)?,
        undo: text(json, "undo"),
        told: int(json, "told")?,
        moves: int(json, "moves")?,
    })
}

/// A person's look at a case.
pub fn look_to_json(look: &LookedAt) -> Json {
    Json::object([
        ("person", look.person.as_str().into()),
        ("at", look.at.0.into()),
        ("seen_ms", look.seen_ms.into()),
        ("approved", look.approved.into()),
    ])
}

/// Looks again.
pub fn looks_from_json(json: &Json) -> Option<Vec<LookedAt>> {
    let look = |json: &Json| {
        Some(LookedAt {
            person: text(json, "person")?,
            at: millis(json, "at")?,
            seen_ms: int(json, "seen_ms"),
            approved: json.get("approved")?.as_bool()?,
        })
    };
    json.as_array()?.iter().map(look).collect()
}

/// A case as a whole.
pub fn case_to_json(case: &Case) -> Json {
    Json::object([("facts", facts_to_json(&case.facts)), ("progress", progress_to_json(&case.progress))])
}

/// A case as a whole, again.
pub fn case_from_json(json: &Json) -> Option<Case> {
    Some(Case {
        facts: facts_from_json(json.get("facts")?)?,
        progress: progress_from_json(json.get("progress")?)?,
    })
}

/// What is known of a run.
pub fn run_to_json(run: &Run) -> Json {
    let sent = |sent: Sent| Json::object([("until", sent.until.0.into()), ("lost", sent.lost.into())]);
    Json::object([
        ("used", run.used.map(|used| used.0).into()),
        ("outcome", run.outcome.map(Outcome::as_str).into()),
        ("sent", run.sent.map(sent).into()),
    ])
}

/// What is known of a run, again.
pub fn run_from_json(json: &Json) -> Option<Run> {
    let outcome = |word: &Json| Outcome::parse(word.as_str()?);
    let sent = |sent: &Json| Some(Sent { until: millis(sent, "until")?, lost: sent.get("lost")?.as_bool()? });
    Some(Run {
        used: millis(json, "used"),
        outcome: maybe(json, "outcome", outcome)?,
        // Runs from before there was such a thing have no such member.
        sent: json.get("sent").and_then(sent),
    })
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
        ("args", decision.args.clone().map(Json::from).into()),
        ("seen_ms", decision.seen_ms.into()),
    ])
}

/// A decision again.
pub fn decision_from_json(json: &Json) -> Option<Decision> {
    Some(Decision {
        answer: Answer::parse(&text(json, "answer")?)?,
        by: text(json, "by")?,
        at: millis(json, "at")?,
        reason: text(json, "reason"),
        category: text(json, "category"),
        note: text(json, "note"),
        args: maybe(json, "args", |args| args.as_object().cloned())?,
        seen_ms: int(json, "seen_ms"),
    })
}

/// A command, as the Worker sends it to a desk.
pub fn command_to_json(command: &Command) -> Json {
    let of = |what: &str, person: &str| Json::object([("do", what.into()), ("person", person.into())]);
    let bare = |what: &str| Json::object([("do", what.into())]);
    match command {
        Command::Expire => bare("expire"),
        Command::Lease { person, .. } => of("lease", person),
        Command::GiveBack { person } => of("give_back", person),
        Command::Undo { person } => of("undo", person),
        Command::Withdraw => bare("withdraw"),
        Command::Join { connection } => {
            Json::object([("do", "join".into()), ("connection", connection_to_json(connection))])
        }
        Command::Leave { connection } => {
            Json::object([("do", "leave".into()), ("connection", connection.as_str().into())])
        }
        Command::Take { connection } => {
            Json::object([("do", "take".into()), ("connection", connection.as_deref().into())])
        }
        Command::Start { connection, until } => Json::object([
            ("do", "start".into()),
            ("connection", connection.as_str().into()),
            ("until", until.0.into()),
        ]),
        Command::Finish { outcome } => {
            Json::object([("do", "finish".into()), ("outcome", outcome.as_str().into())])
        }
        Command::Defer => bare("defer"),
        Command::Settle { person, outcome } => Json::object([
            ("do", "settle".into()),
            ("person", person.as_str().into()),
            ("outcome", outcome.as_str().into()),
        ]),
        Command::Redeem => bare("redeem"),
        Command::Report { outcome } => {
            Json::object([("do", "report".into()), ("outcome", outcome.as_str().into())])
        }
        Command::Move { person, desk } => Json::object([
            ("do", "move".into()),
            ("person", person.as_str().into()),
            ("desk", desk.as_str().into()),
        ]),
        Command::Raised { id } => Json::object([("do", "raised".into()), ("id", id.as_str().into())]),
        Command::Decide { decision, digest, lease, edited } => Json::object([
            ("do", "decide".into()),
            ("decision", decision_to_json(decision)),
            ("digest", digest.to_string().into()),
            ("lease", lease.as_deref().into()),
            ("edited", edited.as_deref().map(content_to_json).into()),
        ]),
    }
}

/// A command again. A lease's token is the desk's to make: `token`.
pub fn command_from_json(json: &Json, token: &str) -> Option<Command> {
    let person = || text(json, "person");
    Some(match json.get("do")?.as_str()? {
        "expire" => Command::Expire,
        "lease" => Command::Lease { person: person()?, token: token.to_owned() },
        "give_back" => Command::GiveBack { person: person()? },
        "undo" => Command::Undo { person: person()? },
        "withdraw" => Command::Withdraw,
        "join" => Command::Join { connection: connection_from_json(json.get("connection")?)? },
        "leave" => Command::Leave { connection: text(json, "connection")? },
        "take" => Command::Take { connection: text(json, "connection") },
        "start" => Command::Start { connection: text(json, "connection")?, until: millis(json, "until")? },
        "finish" => Command::Finish { outcome: Outcome::parse(&text(json, "outcome")?)? },
        "settle" => Command::Settle { person: person()?, outcome: Outcome::parse(&text(json, "outcome")?)? },
        "defer" => Command::Defer,
        "redeem" => Command::Redeem,
        "report" => Command::Report { outcome: Outcome::parse(&text(json, "outcome")?)? },
        "move" => Command::Move { person: person()?, desk: text(json, "desk")? },
        "raised" => Command::Raised { id: text(json, "id")? },
        "decide" => Command::Decide {
            decision: decision_from_json(json.get("decision")?)?,
            digest: Digest::parse(&text(json, "digest")?)?,
            lease: text(json, "lease"),
            edited: maybe(json, "edited", content_from_json)?.map(Box::new),
        },
        _ => return None,
    })
}

/// A permit's content, for whoever signs it.
pub fn grant_to_json(grant: &Grant) -> Json {
    Json::object([
        ("id", grant.id.as_str().into()),
        ("audience", grant.audience.as_deref().into()),
        ("kind", grant.kind.as_str().into()),
        ("digest", grant.digest.to_string().into()),
        ("policy", grant.policy.as_str().into()),
        ("basis", grant.basis.as_str().into()),
        ("until", grant.until.map(|until| until.0).into()),
    ])
}

/// A permit's content, again.
pub fn grant_from_json(json: &Json) -> Option<Grant> {
    Some(Grant {
        id: text(json, "id")?,
        audience: text(json, "audience"),
        kind: text(json, "kind")?,
        digest: Digest::parse(&text(json, "digest")?)?,
        policy: text(json, "policy")?,
        basis: Basis::parse(&text(json, "basis")?)?,
        until: millis(json, "until"),
    })
}
