//! The bodies of the HTTP API: what is asked, and what is answered.

use super::shape::{Body, FieldProblem};
use super::{record, shapes};
use crate::core::action::{Action, Confidence};
use crate::core::canonical::Digest;
use crate::core::case::machine::Stage;
use crate::core::case::{Answer, Case, Decision, Outcome, Oversight, Shown, Status, Viewer};
use crate::core::id::{ActionId, Course};
use crate::core::json::{Json, Object};
use crate::core::key::{Key, Role};
use crate::core::permit::{Basis, Grant};
use crate::core::policy::severity::Severity;
use crate::core::policy::{Policy, is_desk_name};
use crate::core::time::Millis;

/// The largest body of a request to Holdpoint's own routes, in bytes.
pub const MAX_BODY: usize = 1 << 20;

/// How many cases one page of a list has at most.
pub const MAX_PAGE: i64 = 200;

type Read<T> = Result<T, Vec<FieldProblem>>;

/// A proposal: the action, and what its app wants with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// What is proposed.
    pub action: Action,
    /// For whom a permit is made out.
    pub audience: Option<String>,
    /// Whether a permit is wanted where the action proceeds.
    pub permit: bool,
}

/// Reads the body of `POST /v1/actions`.
pub fn read_proposal(body: Json) -> Read<Proposal> {
    let mut body = shapes::PROPOSAL.read(body)?;
    let mut action =
        Action::new(body.text("kind").unwrap_or_default(), body.object("args").unwrap_or_default());
    if let Some(given) = body.take("confidence") {
        action.confidence = Confidence::of(&given);
    }
    action.severity = body.text("severity").and_then(|word| Severity::parse(&word));
    action.subject = body.text("subject");
    action.source = body.object("source").unwrap_or_default();
    action.context = body.object("context").unwrap_or_default();
    Ok(Proposal { action, audience: body.text("audience"), permit: body.flag("permit") == Some(true) })
}

/// Takes the confidence that the policy reads from the arguments out of them. At the API one that is none is a mistake
/// of the caller's.
pub fn take_confidence(policy: &Policy, action: &mut Action) -> Read<()> {
    let pointer = policy.kind(&action.kind).and_then(|kind| kind.confidence.as_ref());
    action.take_confidence(pointer);
    if action.confidence == Confidence::Invalid {
        let pointer = pointer.map(|pointer| format!("/args{pointer}")).unwrap_or_default();
        let message = "the policy reads this as the confidence: a number from 0 to 1";
        return Err(vec![FieldProblem::new(pointer, message)]);
    }
    Ok(())
}

/// An action as a reviewer sees it, and as conditions and highlights point into it.
pub fn action_json(action: &Action) -> Json {
    let confidence = match action.confidence {
        Confidence::Given(given) => Some(given.get()),
        Confidence::None | Confidence::Invalid => None,
    };
    let mut json = Json::object([
        ("kind", action.kind.as_str().into()),
        ("args", action.args.clone().into()),
        ("confidence", confidence.into()),
        ("subject", action.subject.as_deref().into()),
        ("source", action.source.clone().into()),
        ("context", action.context.clone().into()),
    ]);
    if let (Some(severity), Some(object)) = (action.severity, json.as_object_mut()) {
        object.set("severity", severity.as_str());
    }
    json
}

/// The action again that [`action_json`] wrote; `None` for anything else.
pub fn action_from_json(json: &Json) -> Option<Action> {
    let object = |name| json.get(name).and_then(Json::as_object).cloned();
    let mut action = Action::new(json.get("kind")?.as_str()?, object("args")?);
    if let Some(given) = json.get("confidence").filter(|given| !given.is_null()) {
        action.confidence = Confidence::of(given);
    }
    action.severity = json.get("severity").and_then(Json::as_str).and_then(Severity::parse);
    action.subject = json.get("subject").and_then(Json::as_str).map(str::to_owned);
    action.source = object("source")?;
    action.context = object("context")?;
    Some(action)
}

/// What an app is told of an action that no case was made of, or none that it may know of.
pub fn answer_without_case(id: &ActionId, action: &Action, verdict: &Json, grant: Option<&Grant>) -> Json {
    let may_run = id.course() == Course::Proceeded;
    let shown = Json::object([("kind", action.kind.as_str().into()), ("args", action.args.clone().into())]);
    let mut answer = bare_answer(id.as_str(), may_run_status(may_run), may_run);
    if let Some(object) = answer.as_object_mut() {
        object.set("action", shown);
        object.set("digest", action.digest().to_string());
        object.set("verdict", verdict.clone());
        object.set("permit", grant.map(record::grant_to_json));
    }
    answer
}

/// What an app is told when it asks again for an action that no case was made of.
pub fn answer_without_record(id: &str, proceeded: bool) -> Json {
    bare_answer(id, may_run_status(proceeded), proceeded)
}

/// What an app is told of an action whose gate, or desk, failed.
pub fn answer_unavailable(id: &str) -> Json {
    bare_answer(id, "unavailable", false)
}

fn may_run_status(may_run: bool) -> &'static str {
    if may_run { "proceed" } else { "blocked" }
}

/// What an app is told of its case. `permit` holds the grant, for whoever signs it.
pub fn answer_of_case(case: &Case, now: Millis) -> Json {
    let (facts, progress) = (&case.facts, &case.progress);
    let (status, may_run) = (case.status(now, Viewer::App), case.may_run(now));
    let mut answer = bare_answer(&facts.id, status.as_str(), may_run);
    let stage = case.stage(now);
    let told = match facts.oversight {
        Oversight::Before => status != Status::Held,
        Oversight::After { .. } => stage == Stage::Overturned,
    };
    let Some(object) = answer.as_object_mut() else { return answer };
    object.set("decision", case.decision().filter(|_| told).map(decision_json));
    object.set("undo", progress.undo.as_deref());
    // Whether an action that proceeded is audited is not told; what was raised here the app knows from here alone.
    if facts.oversight == Oversight::Before || facts.raised_by.is_some() {
        // What an edit has made of it is told with the decision.
        let decided =
            !matches!(status, Status::Held | Status::Rejected | Status::Expired | Status::Withdrawn);
        let content = if decided { case.content() } else { &facts.content };
        let member = |shown: &Shown, name| shown.action.get(name).cloned().unwrap_or(Json::Null);
        let shown = |shown| Json::object([("kind", member(shown, "kind")), ("args", member(shown, "args"))]);
        object.set("action", content.shown.as_ref().map(shown));
        object.set("digest", content.shown.as_ref().map(|shown| shown.digest.to_string()));
        object.set("verdict", content.verdict.clone());
        object.set("expires", facts.expires.to_string());
        object.set("permit", grant(case, now).as_ref().map(record::grant_to_json));
    }
    answer
}

/// What a permit for this case says, where it may run now.
fn grant(case: &Case, now: Millis) -> Option<Grant> {
    let (facts, content) = (&case.facts, case.content());
    let basis = match (facts.oversight, case.progress.revision.is_some()) {
        (Oversight::After { .. }, _) => Basis::Proceed,
        (Oversight::Before, true) => Basis::Edited,
        (Oversight::Before, false) => Basis::Approved,
    };
    let usable =
        case.may_run(now) && case.progress.run.used.is_none() && case.stage(now) != Stage::Overturned;
    let from = match facts.oversight {
        Oversight::Before => case.release_at(),
        Oversight::After { .. } => Some(facts.created),
    };
    let until = from.map(|from| from.after(facts.valid));
    let usable = usable && until.is_none_or(|until| now < until);
    content.shown.as_ref().filter(|_| usable).map(|shown| Grant {
        id: facts.id.clone(),
        audience: facts.audience.clone(),
        kind: facts.kind.clone(),
        digest: shown.digest,
        policy: content.verdict.get("policy").and_then(Json::as_str).unwrap_or_default().to_owned(),
        basis,
        until,
    })
}

fn bare_answer(id: &str, status: &str, may_run: bool) -> Json {
    Json::object([
        ("id", id.into()),
        ("status", status.into()),
        ("may_run", may_run.into()),
        ("action", Json::Null),
        ("digest", Json::Null),
        ("verdict", Json::Null),
        ("decision", Json::Null),
        ("permit", Json::Null),
        ("expires", Json::Null),
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
    let (facts, progress, content) = (&case.facts, &case.progress, case.content());
    let shown = content.shown.as_ref();
    let given = i64::try_from(progress.votes.len()).unwrap_or(i64::MAX);
    let lease = progress.live_lease(now).map(|lease| {
        Json::object([("by", lease.person.as_str().into()), ("until", lease.until.to_string().into())])
    });
    let decision = case.decision().map(|decision| {
        let mut json = decision_json(decision);
        if let Some(object) = json.as_object_mut() {
            object.set("by", decision.by.as_str());
            if let Some(args) = &decision.args {
                object.set("args", args.clone());
            }
        }
        json
    });
    Json::object([
        ("id", facts.id.as_str().into()),
        ("status", case.stage(now).status(progress.revision.is_some(), Viewer::Desk).as_str().into()),
        ("oversight", facts.oversight.as_str().into()),
        ("kind", facts.kind.as_str().into()),
        ("title", shown.map(|shown| shown.title.as_str()).into()),
        ("severity", content.severity.as_str().into()),
        ("desk", desk.into()),
        ("action", shown.map(|shown| shown.action.clone()).into()),
        ("digest", shown.map(|shown| shown.digest.to_string()).into()),
        ("verdict", content.verdict.clone()),
        ("created", facts.created.to_string().into()),
        ("expires", facts.expires.to_string().into()),
        ("approvals", Json::object([("needed", content.approvals.into()), ("given", given.into())])),
        ("lease", lease.into()),
        ("reasons", facts.reasons.iter().map(String::as_str).collect()),
        ("decision", decision.into()),
        ("release_at", case.release_at().map(|at| at.to_string()).into()),
        ("irreversible", facts.irreversible.into()),
        ("outcome", progress.run.outcome.map(Outcome::as_str).into()),
        ("undo", progress.undo.as_deref().into()),
        ("raised_by", facts.raised_by.as_deref().into()),
    ])
}

/// What a case is compared with, once people approved it.
pub fn last_approved_json(case: &Case) -> Option<Json> {
    let args = case.content().shown.as_ref()?.action.get("args")?.clone();
    let at = case.approved_at()?.to_string();
    Some(Json::object([("id", case.facts.id.as_str().into()), ("at", at.into()), ("args", args)]))
}

/// A wish for cases to look at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claim {
    /// How many, the first of them leased; the rest a look ahead.
    pub want: i64,
    /// Not these.
    pub skip: Vec<String>,
    /// The case that the person looks at already: it comes first, where it is free.
    pub first: Option<String>,
}

/// Reads the body of a claim.
pub fn read_claim(body: Json) -> Read<Claim> {
    shapes::CLAIM.read(body).map(claim)
}

fn claim(mut body: Body) -> Claim {
    Claim {
        want: body.integer("want").unwrap_or(1),
        skip: body.texts("skip").unwrap_or_default(),
        first: body.text("first"),
    }
}

/// The body of a decision.
#[derive(Debug, Clone, PartialEq)]
pub struct DecisionBody {
    /// The answer.
    pub answer: Answer,
    /// What the person saw.
    pub digest: Digest,
    /// Under which lease.
    pub lease: Option<String>,
    /// With an edit what may run, with an overturn what should have been.
    pub args: Option<Object>,
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
    let mut body = shapes::DECISION.read(body)?;
    let (answer, args) = (body.text("decision").and_then(|word| Answer::parse(&word)), body.object("args"));
    let digest = body.text("digest").and_then(|text| Digest::parse(&text));
    let (Some(answer), Some(digest)) = (answer, digest) else { return Err(Vec::new()) };
    match (answer, &args) {
        (Answer::Edit, None) => return Err(vec![FieldProblem::new("/args", "an edit says what may run")]),
        (Answer::Approve | Answer::Reject | Answer::Confirm, Some(_)) => {
            return Err(vec![FieldProblem::new("/args", "only edit and overturn have arguments")]);
        }
        _ => {}
    }
    Ok(DecisionBody {
        answer,
        digest,
        lease: body.text("lease"),
        args,
        reason: body.text("reason"),
        category: body.text("category"),
        note: body.text("note"),
        seen_ms: body.integer("seen_ms"),
        next: body.body("next").map(claim),
    })
}

/// Reads the body of a move.
pub fn read_move(body: Json) -> Read<String> {
    let desk = shapes::MOVE.read(body)?.text("desk").unwrap_or_default();
    if is_desk_name(&desk) { Ok(desk) } else { Err(vec![FieldProblem::new("/desk", DESK_NAMES)]) }
}

/// Reads the body of a redemption: the permit.
pub fn read_redeem(body: Json) -> Read<String> {
    Ok(shapes::REDEEM.read(body)?.text("permit").unwrap_or_default())
}

/// Reads the body of an outcome.
pub fn read_outcome(body: Json) -> Read<Outcome> {
    let word = shapes::OUTCOME.read(body)?.text("outcome").unwrap_or_default();
    Outcome::parse(&word).ok_or_else(Vec::new)
}

/// Reads what a person found of an action whose outcome was unknown.
pub fn read_settlement(body: Json) -> Read<Outcome> {
    let word = shapes::SETTLE.read(body)?.text("outcome").unwrap_or_default();
    Outcome::parse(&word).ok_or_else(Vec::new)
}

/// Reads the body of `POST /sign-in`: the key.
pub fn read_sign_in(body: Json) -> Read<String> {
    Ok(shapes::SIGN_IN.read(body)?.text("key").unwrap_or_default())
}

const DESK_NAMES: &str = "a desk's name is 1 to 40 of a-z, 0-9, `-` and `_`";

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
    let mut body = shapes::NEW_KEY.read(body)?;
    let name = body.text("name").unwrap_or_default();
    let role = body.text("role").and_then(|word| Role::parse(&word)).ok_or_else(Vec::new)?;
    let desks = body.texts("desks").unwrap_or_default();
    if !desks.iter().all(|desk| is_desk_name(desk)) {
        return Err(vec![FieldProblem::new("/desks", DESK_NAMES)]);
    }
    let person = one_person(body.text("person").unwrap_or_else(|| name.clone()));
    Ok(NewKey { name, role, desks, person })
}

/// A person's one spelling: an e-mail is the same in capitals.
pub fn one_person(person: String) -> String {
    if person.contains('@') { person.to_lowercase() } else { person }
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
