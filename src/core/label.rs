//! What a case teaches once it is over: one label, with the probability with which somebody looked.
//!
//! A label holds no argument and no text of the action, so it may outlive them.

use super::case::{Answer, Case, LookedAt, Outcome, Oversight, State};
use super::json::{Json, Object};
use super::policy::severity::Severity;
use super::statistics::stamping::floor_ms;
use super::time::Millis;

/// A label keeps so many characters of a kind's and a model's name: an AI wrote them.
const MAX_NAME: usize = 64;
/// Long values are cut on the page: more words than this are not shown at once.
const MAX_WORDS: usize = 150;
/// Of so many words at most somebody is expected to take notice.
const FLOOR_WORDS: i64 = 40;

/// The beginning of a name.
pub fn short_name(name: &str) -> String {
    name.chars().take(MAX_NAME).collect()
}

/// How a case ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    /// It was let run as proposed.
    Approve,
    /// It was let run with other arguments.
    Edit,
    /// It was not let run.
    Reject,
    /// It had run, and was right.
    Confirm,
    /// It had run, and was wrong.
    Overturn,
    /// Nobody decided in time.
    Expired,
    /// Nobody looked in time at what had run.
    Unaudited,
    /// The app took it back.
    Withdrawn,
    /// It is not over: somebody may still speak on it.
    Open,
}

impl End {
    /// Every end.
    pub const ALL: [Self; 9] = [
        Self::Approve,
        Self::Edit,
        Self::Reject,
        Self::Confirm,
        Self::Overturn,
        Self::Expired,
        Self::Unaudited,
        Self::Withdrawn,
        Self::Open,
    ];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Edit => "edit",
            Self::Reject => "reject",
            Self::Confirm => "confirm",
            Self::Overturn => "overturn",
            Self::Expired => "expired",
            Self::Unaudited => "unaudited",
            Self::Withdrawn => "withdrawn",
            Self::Open => "open",
        }
    }

    /// The end of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.as_str() == text)
    }

    /// Whether a person overrode the AI; `None` where no person spoke.
    pub fn overrides(self) -> Option<bool> {
        match self {
            Self::Approve | Self::Confirm => Some(false),
            Self::Edit | Self::Reject | Self::Overturn => Some(true),
            Self::Expired | Self::Unaudited | Self::Withdrawn | Self::Open => None,
        }
    }
}

/// Why an action was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Why {
    /// The criterion that matched; `None`: built in.
    pub criterion: Option<String>,
    /// The error category.
    pub category: String,
}

/// What a case teaches.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// The action's id.
    pub id: String,
    /// The desk at which it ended.
    pub desk: String,
    /// The action's kind.
    pub kind: String,
    /// The severity of what was proposed.
    pub severity: Severity,
    /// The model that proposed it, where that is known.
    pub model: Option<String>,
    /// The confidence as given.
    pub confidence: Option<f64>,
    /// Why it was looked at.
    pub why: Vec<Why>,
    /// Whether it was held; else it had run.
    pub held: bool,
    /// The probability with which it was looked at, above 0 and at most 1.
    pub probability: f64,
    /// How it ended.
    pub end: End,
    /// The reason that the reviewer chose.
    pub reason: Option<String>,
    /// The error category that it was filed under.
    pub category: Option<String>,
    /// Who looked, in the order of time.
    pub looks: Vec<LookedAt>,
    /// How many words the reviewer had to read; `None` where they were deleted meanwhile.
    pub words: Option<i64>,
    /// When it became a case.
    pub created: Millis,
    /// When it ended.
    pub at: Millis,
    /// What the app says became of it.
    pub outcome: Option<Outcome>,
}

impl Label {
    /// Whether a person found the action wrong; `None` where no person spoke.
    pub fn wrong(&self) -> Option<bool> {
        self.end.overrides()
    }

    /// The time in milliseconds below which nobody can have read it. Whoever knows what is always the same in long
    /// actions reads what changed, so more than a few lines are asked of nobody.
    pub fn floor_ms(&self) -> f64 {
        let words = self.words.unwrap_or(0).min(FLOOR_WORDS);
        floor_ms(super::number::int_to_f64(words))
    }
}

impl Case {
    /// What it teaches; `None` while it is open or can still be taken back, and of what Holdpoint raised itself.
    pub fn label(&self, desk: &str, now: Millis) -> Option<Label> {
        let (end, at) = self.end(now)?;
        self.labelled(desk, end, at)
    }

    /// What stands for it while it is open: it was drawn, and nobody has spoken on it yet.
    pub fn open_label(&self, desk: &str, now: Millis) -> Option<Label> {
        let open = self.end(now).is_none() && self.elsewhere().is_none();
        open.then(|| self.labelled(desk, End::Open, now)).flatten()
    }

    fn labelled(&self, desk: &str, end: End, at: Millis) -> Option<Label> {
        let facts = &self.facts;
        if facts.raised_by.is_some() {
            return None;
        }
        let content = &facts.content;
        let given = |name| content.verdict.get("confidence").and_then(|confidence| confidence.get(name));
        Some(Label {
            id: facts.id.clone(),
            desk: desk.to_owned(),
            kind: short_name(&facts.kind),
            severity: content.severity,
            model: self.model().map(short_name),
            confidence: given("given").and_then(Json::as_f64),
            why: self.why(),
            held: facts.oversight == Oversight::Before,
            probability: facts.oversight.probability(),
            end,
            reason: self.decision().and_then(|decision| decision.reason.clone()),
            category: self.decision().and_then(|decision| decision.category.clone()),
            looks: self.looks().to_vec(),
            words: self.words(),
            created: facts.created,
            at,
            outcome: self.progress.run.outcome,
        })
    }

    fn end(&self, now: Millis) -> Option<(End, Millis)> {
        let revised = self.progress.revision.is_some();
        Some(match &self.progress.state {
            State::Held | State::ToAudit | State::Moved { .. } => return None,
            State::Decided { release_at, .. } | State::Audited { release_at, .. } if now < *release_at => {
                return None;
            }
            State::Decided { decision, .. } | State::Audited { decision, .. } => {
                let end = match decision.answer {
                    Answer::Approve if revised => End::Edit,
                    Answer::Approve => End::Approve,
                    Answer::Edit => End::Edit,
                    Answer::Reject => End::Reject,
                    Answer::Confirm => End::Confirm,
                    Answer::Overturn => End::Overturn,
                };
                (end, decision.at)
            }
            State::Expired => (End::Expired, self.facts.expires),
            State::Unaudited => (End::Unaudited, self.facts.expires),
            State::Withdrawn => (End::Withdrawn, now),
        })
    }

    /// The model that proposed it, as its source says.
    pub fn model(&self) -> Option<&str> {
        let shown = self.facts.content.shown.as_ref()?;
        shown.action.get("source")?.get("model")?.as_str()
    }

    /// The arguments that should have been proposed, as people see it: those of an edit that was let run, or those that
    /// an overturn gives, unless they are for the action that makes it good.
    pub fn final_args(&self) -> Option<&Object> {
        let decision = self.decision()?;
        match decision.answer {
            Answer::Approve | Answer::Edit => {
                let revised = self.progress.revision.as_ref()?.shown.as_ref()?;
                revised.action.get("args").and_then(Json::as_object)
            }
            Answer::Overturn if self.facts.undone_by.is_none() => decision.args.as_ref(),
            Answer::Overturn | Answer::Reject | Answer::Confirm => None,
        }
    }

    fn why(&self) -> Vec<Why> {
        let reasons = self.facts.content.verdict.get("reasons").and_then(Json::as_array).unwrap_or_default();
        let text = |reason: &Json, name| reason.get(name).and_then(Json::as_str).map(str::to_owned);
        let why = reasons.iter().filter_map(|reason| {
            Some(Why { criterion: text(reason, "criterion"), category: text(reason, "category")? })
        });
        why.collect()
    }

    /// Who decided of it so far, in the order of time; what was taken back is not among it.
    pub fn looks(&self) -> &[LookedAt] {
        &self.progress.looks
    }

    /// How many words are shown of it first: its title and the values of its arguments.
    fn words(&self) -> Option<i64> {
        let shown = self.facts.content.shown.as_ref()?;
        let args = shown.action.get("args").map_or(0, words_in);
        let words = args.saturating_add(shown.title.split_whitespace().count());
        i64::try_from(words.min(MAX_WORDS)).ok()
    }
}

fn words_in(json: &Json) -> usize {
    match json {
        Json::String(text) => text.split_whitespace().count(),
        Json::Array(items) => items.iter().map(words_in).sum(),
        Json::Object(object) => object.iter().map(|(_, value)| words_in(value)).sum(),
        Json::Null => 0,
        Json::Bool(_) | Json::Number(_) => 1,
    }
}
