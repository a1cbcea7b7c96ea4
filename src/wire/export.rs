//! Decisions as training data: one record each, and what trainers read, made of it.
//!
//! Only what a person said goes out, once for each input, and not from people whose decisions look like a rubber
//! stamp. Splits go by the case's id, so that the same line is always in the same one.

use crate::core::canonical::{Digest, canonical};
use crate::core::case::Case;
use crate::core::groups::Groups;
use crate::core::json::{Json, Object};
use crate::core::label::Label;
use crate::core::pointer::Pointer;
use crate::core::secret::MacKey;
use crate::core::time::Millis;
use sha2::{Digest as _, Sha256};

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// Every decision with everything that is known of it.
    Decisions,
    /// Pairs of what should have been and what was proposed, from edits: for preference optimisation (DPO).
    Dpo,
    /// What was right and what was wrong: for KTO.
    Kto,
}

impl Export {
    /// Every export.
    pub const ALL: [Self; 3] = [Self::Decisions, Self::Dpo, Self::Kto];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Decisions => "decisions",
            Self::Dpo => "dpo",
            Self::Kto => "kto",
        }
    }

    /// The export of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|export| export.as_str() == text)
    }
}

/// In whose form pairs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Form {
    /// As `OpenAI`, Together and Fireworks read them.
    #[default]
    OpenAi,
    /// As TRL reads them.
    Trl,
}

impl Form {
    /// The form of that word.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "openai" => Some(Self::OpenAi),
            "trl" => Some(Self::Trl),
            _ => None,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Trl => "trl",
        }
    }
}

/// Which part of the data a line belongs to.
fn split(id: &str) -> &'static str {
    let hash = Sha256::digest(format!("holdpoint split 1\n{id}").as_bytes());
    match hash.first().copied().unwrap_or(0) {
        0..=204 => "train",
        205..=229 => "validation",
        _ => "test",
    }
}

/// What is exported, and what is left out.
#[derive(Debug)]
pub struct Filters {
    /// Which export.
    pub export: Export,
    /// In whose form pairs are written.
    pub form: Form,
    /// Members that do not go out, as pointers into the action.
    pub redact: Vec<Pointer>,
    /// People whose decisions look like a rubber stamp.
    pub stamping: Vec<String>,
    /// Of these desks.
    pub desks: Vec<String>,
    /// Of this kind; none: all.
    pub kind: Option<String>,
    /// Decided from then on.
    pub since: Millis,
    /// Decided before then.
    pub until: Millis,
    /// Makes reviewers' names into pseudonyms: nobody else can try names.
    pub pseudonyms: MacKey,
}

/// Writes lines case by case, and keeps count.
#[derive(Debug)]
pub struct Exporter {
    filters: Filters,
    seen: Groups<()>,
    lines: i64,
    by_split: Groups<i64>,
    left_out: Groups<i64>,
    hash: Sha256,
}

impl Exporter {
    /// Begins.
    pub fn new(filters: Filters) -> Self {
        Self {
            filters,
            seen: Groups::default(),
            lines: 0,
            by_split: Groups::default(),
            left_out: Groups::default(),
            hash: Sha256::new(),
        }
    }

    /// The lines of a case, each with its line feed; none where it is left out.
    pub fn lines(&mut self, desk: &str, case: &Case, now: Millis) -> String {
        let mut text = String::new();
        match self.made(desk, case, now) {
            Ok(lines) => {
                for line in lines {
                    line.write(&mut text);
                    text.push('\n');
                    self.lines = self.lines.saturating_add(1);
                    add(&mut self.by_split, split(&case.facts.id));
                }
            }
            Err(Some(why)) => add(&mut self.left_out, why),
            Err(None) => {}
        }
        self.hash.update(text.as_bytes());
        text
    }

    /// What was written, and what was not.
    pub fn manifest(&self) -> Json {
        let counts = |counts: &Groups<i64>| {
            let mut object = Object::new();
            for (name, n) in counts.iter() {
                object.set(name, *n);
            }
            Json::from(object)
        };
        let hash = base16ct::lower::encode_string(&self.hash.clone().finalize());
        Json::object([
            ("export", self.filters.export.as_str().into()),
            ("format", (self.filters.export == Export::Dpo).then(|| self.filters.form.as_str()).into()),
            ("since", self.filters.since.to_string().into()),
            ("until", self.filters.until.to_string().into()),
            ("desks", self.filters.desks.iter().map(String::as_str).collect()),
            ("kind", self.filters.kind.as_deref().into()),
            ("redacted", self.filters.redact.iter().map(ToString::to_string).collect()),
            ("lines", self.lines.into()),
            ("splits", counts(&self.by_split)),
            ("split_by", "sha256 of the case's id".into()),
            ("left_out", counts(&self.left_out)),
            ("sha256", hash.into()),
        ])
    }

    /// The lines, or why there are none; `None` where the case is not of this export at all.
    fn made(&mut self, desk: &str, case: &Case, now: Millis) -> Result<Vec<Json>, Option<&'static str>> {
        let label = case.label(desk, now).ok_or(None)?;
        if label.wrong().is_none() || label.at < self.filters.since || label.at >= self.filters.until {
            return Err(None);
        }
        let shown = case.facts.content.shown.as_ref().ok_or(Some("forgotten"))?;
        let action = self.redacted(&shown.action);
        let made = case.final_args().map(|args| self.redacted(&with_args(&shown.action, args)));
        let stamped = label.looks.iter().any(|look| self.filters.stamping.contains(&look.person));
        if self.filters.export == Export::Decisions {
            // What a rubber stamp said is no twin of what was looked at.
            let why = if stamped { Some("stamping") } else { (!self.is_new(&action)).then_some("duplicate") };
            return Ok(vec![self.decision(case, &label, &action, made.as_ref(), why)]);
        }
        if stamped {
            return Err(Some("stamping"));
        }
        let lines = self.trained(&label, &action, made.as_ref())?;
        if self.is_new(&action) { Ok(lines) } else { Err(Some("duplicate")) }
    }

    /// Whether this input was not there before: what was proposed, and what for, whoever proposed it how surely.
    fn is_new(&mut self, action: &Json) -> bool {
        let input = ["kind", "args", "subject", "context"].map(|name| (name, member(action, name)));
        self.seen.add(&Digest::of(canonical(&Json::object(input)).as_bytes()).to_hex(), |()| {})
    }

    fn redacted(&self, action: &Json) -> Json {
        let mut action = action.clone();
        for pointer in &self.filters.redact {
            pointer.remove(&mut action);
        }
        action
    }

    fn trained(
        &self,
        label: &Label,
        action: &Json,
        made: Option<&Json>,
    ) -> Result<Vec<Json>, Option<&'static str>> {
        let prompt = prompt(action).ok_or(Some("no input"))?;
        let said = |action: &Json| -> Json {
            Json::Array(vec![Json::object([("role", "assistant".into()), ("content", run(action).into())])])
        };
        let kto = |action: &Json, right: bool| {
            Json::object([("prompt", prompt.clone()), ("completion", said(action)), ("label", right.into())])
        };
        match (self.filters.export, made) {
            (Export::Dpo, None) => Err(None),
            (Export::Dpo, Some(made)) => Ok(vec![match self.filters.form {
                Form::OpenAi => Json::object([
                    (
                        "input",
                        Json::object([
                            ("messages", prompt),
                            ("tools", Json::Array(Vec::new())),
                            ("parallel_tool_calls", true.into()),
                        ]),
                    ),
                    ("preferred_output", said(made)),
                    ("non_preferred_output", said(action)),
                ]),
                Form::Trl => {
                    Json::object([("prompt", prompt), ("chosen", said(made)), ("rejected", said(action))])
                }
            }]),
            (_, made) => {
                let right = label.wrong() == Some(false);
                Ok([kto(action, right)].into_iter().chain(made.map(|made| kto(made, true))).collect())
            }
        }
    }

    fn decision(
        &self,
        case: &Case,
        label: &Label,
        action: &Json,
        made: Option<&Json>,
        why: Option<&str>,
    ) -> Json {
        let confidence = case.facts.content.verdict.get("confidence");
        let threshold = confidence.and_then(|confidence| confidence.get("threshold")).cloned();
        let reviewers = label.looks.iter().map(|look| self.pseudonym(&look.person)).collect::<Vec<_>>();
        // A digest would give away what was taken out.
        let shown = case.facts.content.shown.as_ref().filter(|_| self.filters.redact.is_empty());
        let decision = case.decision();
        let of_action = |action: &Json| {
            Json::object([("kind", member(action, "kind")), ("args", member(action, "args"))])
        };
        Json::object([
            ("record", "decision.v1".into()),
            ("id", label.id.as_str().into()),
            ("desk", label.desk.as_str().into()),
            ("kind", member(action, "kind")),
            ("severity", label.severity.as_str().into()),
            ("created", label.created.to_string().into()),
            ("at", label.at.to_string().into()),
            ("asked_severity", member(action, "severity")),
            ("confidence", member(action, "confidence")),
            ("threshold", threshold.unwrap_or(Json::Null)),
            ("criteria", label.why.iter().filter_map(|why| why.criterion.clone()).collect()),
            (
                "model",
                action.get("source").and_then(|source| source.get("model")).cloned().unwrap_or(Json::Null),
            ),
            ("source", member(action, "source")),
            ("subject", member(action, "subject")),
            ("context", member(action, "context")),
            ("action", of_action(action)),
            ("digest", shown.map(|shown| shown.digest.to_string()).into()),
            ("decision", label.end.as_str().into()),
            ("wrong", label.wrong().into()),
            ("reason", label.reason.as_deref().into()),
            ("category", label.category.as_deref().into()),
            ("note", decision.and_then(|decision| decision.note.as_deref()).into()),
            ("final_action", made.map(of_action).into()),
            ("reviewers", reviewers.into_iter().collect()),
            ("seen_ms", decision.and_then(|decision| decision.seen_ms).into()),
            ("sampled_by", if label.held { "held" } else { "audit" }.into()),
            ("probability", label.probability.into()),
            ("outcome", label.outcome.map(crate::core::case::Outcome::as_str).into()),
            ("split", split(&label.id).into()),
            ("left_out", why.into()),
        ])
    }
}

fn add(counts: &mut Groups<i64>, name: &str) {
    counts.add(name, |n| *n = n.saturating_add(1));
}

fn member(action: &Json, name: &str) -> Json {
    action.get(name).cloned().unwrap_or(Json::Null)
}

impl Exporter {
    /// A person without their name: the same in every line, and in every export of this deployment.
    fn pseudonym(&self, person: &str) -> String {
        let hash = self.filters.pseudonyms.sign(&[b"reviewer in an export", person.as_bytes()]);
        base16ct::lower::encode_string(hash.get(..8).unwrap_or_default())
    }
}

/// What the AI was asked, as messages; `None` where nothing is known of it.
fn prompt(action: &Json) -> Option<Json> {
    let context = action.get("context")?.as_object().filter(|context| !context.is_empty())?;
    let asked = match context.get("request").and_then(Json::as_str) {
        Some(request) if context.len() == 1 => request.to_owned(),
        _ => canonical(&context.clone().into()),
    };
    Some(Json::Array(vec![Json::object([("role", "user".into()), ("content", asked.into())])]))
}

/// The action as an assistant would say it.
fn run(action: &Json) -> String {
    canonical(&Json::object([("args", member(action, "args")), ("kind", member(action, "kind"))]))
}

fn with_args(action: &Json, args: &Object) -> Json {
    let mut action = action.clone();
    if let Some(object) = action.as_object_mut() {
        object.set("args", args.clone());
    }
    action
}
