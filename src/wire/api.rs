//! The bodies of the HTTP API: what is asked, and what is answered.

use super::fields::{FieldProblem, Fields};
use super::record;
use crate::core::action::{Action, Confidence};
use crate::core::canonical::Digest;
use crate::core::case::{Answer, Case, Decision, Status, Viewer};
use crate::core::id::ActionId;
use crate::core::json::{Json, Object};
use crate::core::key::{Key, Role};
use crate::core::policy::is_desk_name;
use crate::core::policy::severity::Severity;
use crate::core::time::Millis;
use crate::core::verdict::{Outcome, Verdict};

/// The longest kind.
pub const MAX_KIND: usize = 256;
/// How many cases one page of a list has at most.
pub const MAX_PAGE: i64 = 200;

type Read<T> = Result<T, Vec<FieldProblem>>;

/// Reads the body of `POST /v1/actions`.
pub fn read_action(body: Json) -> Read<Action> {
    let mut fields = Fields::of(body);
    let kind = fields.required_text("kind", MAX_KIND);
    let mut action = Action::new(kind, fields.object("args").unwrap_or_default());
    if let Some(given) = fields.take("confidence") {
        action.confidence = Confidence::of(&given);
        if action.confidence == Confidence::Invalid {
            fields.problem("confidence", format!("expected a number from 0 to 1, not {}", described(&given)));
        }
    }
    action.severity = fields.word("severity", &Severity::ALL.map(Severity::as_str), Severity::parse);
    action.subject = fields.text("subject", 1000);
    action.source = fields.object("source").unwrap_or_default();
    action.context = fields.object("context").unwrap_or_default();
    if fields.boolean("permit") == Some(true) {
        fields.problem("permit", "permits are not built yet; leave it out");
    }
    fields.finish(action)
}

fn described(json: &Json) -> String {
    match json {
        Json::Number(number) => number.literal().to_owned(),
        other => other.type_name().to_owned(),
    }
}

/// An action as a reviewer sees it, and as conditions and highlights point into it.
pub fn action_json(action: &Action) -> Json {
    let confidence = match action.confidence {
        Confidence::Given(given) => Some(given.get()),
        Confidence::None | Confidence::Invalid => None,
    };
    Json::object([
        ("kind", action.kind.as_str().into()),
        ("args", action.args.clone().into()),
        ("confidence", confidence.into()),
        ("subject", action.subject.as_deref().into()),
        ("source", action.source.clone().into()),
        ("context", action.context.clone().into()),
    ])
}

/// What an app is told of an action that no case was made of.
pub fn answer_without_case(id: &ActionId, action: &Action, verdict: &Verdict) -> Json {
    let may_run = verdict.outcome == Outcome::Proceed;
    let shown = Json::object([("kind", action.kind.as_str().into()), ("args", action.args.clone().into())]);
    answer(
        id.as_str(),
        may_run_status(may_run),
        may_run,
        [shown, action.digest().to_string().into(), verdict.to_json(), Json::Null, Json::Null],
    )
}

/// What an app is told when it asks again for an action that no case was made of.
pub fn answer_without_record(id: &ActionId, proceeded: bool) -> Json {
    answer(id.as_str(), may_run_status(proceeded), proceeded, [const { Json::Null }; 5])
}

fn may_run_status(may_run: bool) -> &'static str {
    if may_run { "proceed" } else { "blocked" }
}

/// What an app is told of its case.
pub fn answer_of_case(case: &Case, now: Millis) -> Json {
    let status = case.status(now, Viewer::App);
    let action = &case.facts.action;
    let member = |name| action.get(name).cloned().unwrap_or(Json::Null);
    let shown = Json::object([("kind", member("kind")), ("args", member("args"))]);
    let decision = case.decision().filter(|_| status != Status::Held).map(decision_json);
    answer(
        &case.facts.id,
        status.as_str(),
        case.may_run(now),
        [
            shown,
            case.facts.digest.to_string().into(),
            case.facts.verdict.clone(),
            decision.into(),
            case.facts.expires.to_string().into(),
        ],
    )
}

fn answer(
    id: &str,
    status: &str,
    may_run: bool,
    [action, digest, verdict, decision, expires]: [Json; 5],
) -> Json {
    Json::object([
        ("id", id.into()),
        ("status", status.into()),
        ("may_run", may_run.into()),
        ("action", action),
        ("digest", digest),
        ("verdict", verdict),
        ("decision", decision),
        ("permit", Json::Null),
        ("expires", expires),
        ("undo", Json::Null),
    ])
}

/// A decision without the name of who took it.
fn decision_json(decision: &Decision) -> Json {
    Json::object([
        ("decision", decision.answer.as_str().into()),
        ("reason", decision.reason.as_deref().into()),
        ("category", decision.category.as_deref().into()),
        ("note", decision.note.as_deref().into()),
        ("at", decision.at.to_string().into()),
    ])
}

/// A case as the people of its desk see it.
pub fn case_json(case: &Case, desk: &str, now: Millis) -> Json {
    let facts = &case.facts;
    let given = i64::try_from(case.progress.votes.len()).unwrap_or(i64::MAX);
    let lease = case.progress.live_lease(now).map(|lease| {
        Json::object([("by", lease.person.as_str().into()), ("until", lease.until.to_string().into())])
    });
    let decision = case.decision().map(|decision| {
        let mut json = decision_json(decision);
        if let Some(object) = json.as_object_mut() {
            object.set("by", decision.by.as_str());
        }
        json
    });
    Json::object([
        ("id", facts.id.as_str().into()),
        ("status", case.status(now, Viewer::Desk).as_str().into()),
        ("oversight", "before".into()),
        ("kind", facts.kind.as_str().into()),
        ("title", facts.title.as_str().into()),
        ("severity", facts.severity.as_str().into()),
        ("desk", desk.into()),
        ("action", facts.action.clone()),
        ("digest", facts.digest.to_string().into()),
        ("verdict", facts.verdict.clone()),
        ("created", facts.created.to_string().into()),
        ("expires", facts.expires.to_string().into()),
        ("approvals", Json::object([("needed", facts.approvals.into()), ("given", given.into())])),
        ("lease", lease.into()),
        ("reasons", facts.reasons.iter().map(String::as_str).collect()),
        ("decision", decision.into()),
        ("release_at", case.release_at().map(|at| at.to_string()).into()),
        ("irreversible", facts.irreversible.into()),
    ])
}

/// A wish for cases to look at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claim {
    /// How many, the first of them leased; the rest a look ahead.
    pub want: i64,
    /// Not these.
    pub skip: Vec<String>,
}

/// Reads the body of a claim, or of `next` in a decision.
pub fn read_claim(body: Json) -> Read<Claim> {
    let mut fields = Fields::of(body);
    let want = fields.integer("want", 0..=10).unwrap_or(1);
    let skip = fields.texts("skip", 1000).unwrap_or_default();
    fields.finish(Claim { want, skip })
}

/// The body of a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionBody {
    /// Approve or reject.
    pub answer: Answer,
    /// What the person saw.
    pub digest: Digest,
    /// Under which lease.
    pub lease: Option<String>,
    /// One of the kind's reasons.
    pub reason: Option<String>,
    /// The error category.
    pub category: Option<String>,
    /// In their own words.
    pub note: Option<String>,
    /// How long they saw it.
    pub seen_ms: Option<i64>,
    /// What they want next.
    pub next: Option<Claim>,
}

/// Reads the body of a decision.
pub fn read_decision(body: Json) -> Read<DecisionBody> {
    let mut fields = Fields::of(body);
    let word = fields.required_text("decision", 16);
    let answer = record::answer(&word);
    match (answer, word.as_str()) {
        (Some(_), _) | (None, "") => {}
        (None, "edit" | "confirm" | "overturn") => {
            fields.problem("decision", format!("`{word}` is not built yet; approve or reject"));
        }
        (None, _) => fields.problem("decision", format!("expected approve or reject, not `{word}`")),
    }
    let digest = Digest::parse(&fields.required_text("digest", 71));
    if digest.is_none() {
        fields.problem("digest", "expected the case's digest, `sha256:` and 64 hexadecimal digits");
    }
    let lease = fields.text("lease", 64);
    let reason = fields.text("reason", 200);
    let category = fields.text("category", 200);
    let note = fields.text("note", 2000);
    let seen_ms = fields.integer("seen_ms", 0..=86_400_000);
    let next = fields.take("next").and_then(|next| match read_claim(next) {
        Ok(claim) => Some(claim),
        Err(problems) => {
            for problem in problems {
                fields.problem(&format!("next{}", problem.pointer), problem.message);
            }
            None
        }
    });
    let (answer, digest) = (answer.unwrap_or(Answer::Reject), digest.unwrap_or(Digest::of(b"")));
    fields.finish(DecisionBody { answer, digest, lease, reason, category, note, seen_ms, next })
}

/// A key that an admin asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// What people call it.
    pub name: String,
    /// What it is for.
    pub role: Role,
    /// Its desks; none: all.
    pub desks: Vec<String>,
    /// Who counts.
    pub person: String,
}

/// Reads the body of `POST /v1/keys`.
pub fn read_new_key(body: Json) -> Read<NewKey> {
    let mut fields = Fields::of(body);
    let name = fields.required_text("name", 100);
    let role = fields.word("role", &Role::ALL.map(Role::as_str), Role::parse);
    if role.is_none() {
        fields.problem("role", "expected one of app, reviewer, auditor, admin");
    }
    let desks = fields.texts("desks", 100).unwrap_or_default();
    if !desks.iter().all(|desk| is_desk_name(desk)) {
        fields.problem("desks", "a desk's name is 1 to 40 of a-z, 0-9, `-` and `_`");
    }
    let person = fields.text("person", 100).unwrap_or_else(|| name.clone());
    fields.finish(NewKey { name, role: role.unwrap_or(Role::App), desks, person })
}

/// A key in its public form: never the key, never its hash.
pub fn key_json(key: &Key) -> Object {
    let mut object = Object::new();
    object.set("id", key.id.as_str());
    object.set("name", key.name.as_str());
    object.set("role", key.role.as_str());
    object.set("desks", key.desks.iter().map(String::as_str).collect::<Json>());
    object.set("person", key.person.as_str());
    object
}
