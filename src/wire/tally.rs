//! What Workers and desks say to the tally.

use super::label::{label_from_json, label_to_json};
use crate::core::json::Json;
use crate::core::label::Label;
use crate::core::policy::severity::Severity;
use crate::core::statistics::bins::Bin;
use crate::core::time::Millis;

/// What passed the gate, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Passed {
    /// It proceeded, and nobody looks.
    Proceed,
    /// It proceeded, and was drawn for an audit.
    Audit,
    /// It was held.
    Hold,
    /// It was blocked.
    Block,
}

impl Passed {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Proceed, Self::Audit, Self::Hold, Self::Block];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Proceed => "proceed",
            Self::Audit => "audit",
            Self::Hold => "hold",
            Self::Block => "block",
        }
    }

    /// The way of that word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|passed| passed.as_str() == text)
    }
}

/// Actions that are counted together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cell {
    /// The hour in which they came: hours since 1970.
    pub hour: i64,
    /// Their desk.
    pub desk: String,
    /// Their kind.
    pub kind: String,
    /// Their severity.
    pub severity: Severity,
    /// How they passed.
    pub passed: Passed,
    /// The model that proposed them; empty where that is not known.
    pub model: String,
    /// The bin of their confidence.
    pub bin: u8,
}

/// A cell with its count.
pub type Counted = (Cell, i64);

/// What the tally is asked.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Count these.
    Count(Vec<Counted>),
    /// Note these labels, each once.
    Labels(Vec<Label>),
    /// Give what is known.
    Read(Reading),
}

/// What is read of the tally.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Of these desks.
    pub desks: Vec<String>,
    /// Of this kind; none: all.
    pub kind: Option<String>,
    /// Counts from then on.
    pub since: Millis,
    /// Labels from then on, of all kinds.
    pub labels_since: Millis,
}

/// What the tally knows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Known {
    /// Counts by desk, kind, severity and how they passed.
    pub passed: Vec<(String, String, Severity, Passed, f64)>,
    /// The confidence bins, by severity.
    pub bins: Vec<(Severity, u8, Bin)>,
    /// The labels, the oldest first.
    pub labels: Vec<Label>,
    /// Whether there are older labels than these in the time that was asked for.
    pub truncated: bool,
}

impl Ask {
    /// The body of the internal request.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Count(batch) => {
                let counted = batch.iter().map(|(cell, n)| {
                    Json::object([
                        ("hour", cell.hour.into()),
                        ("desk", cell.desk.as_str().into()),
                        ("kind", cell.kind.as_str().into()),
                        ("severity", cell.severity.as_str().into()),
                        ("passed", cell.passed.as_str().into()),
                        ("model", cell.model.as_str().into()),
                        ("bin", i64::from(cell.bin).into()),
                        ("n", (*n).into()),
                    ])
                });
                Json::object([("ask", "count".into()), ("batch", counted.collect())])
            }
            Self::Labels(labels) => Json::object([
                ("ask", "labels".into()),
                ("labels", labels.iter().map(label_to_json).collect()),
            ]),
            Self::Read(reading) => Json::object([
                ("ask", "read".into()),
                ("desks", reading.desks.iter().map(String::as_str).collect()),
                ("kind", reading.kind.as_deref().into()),
                ("since", reading.since.0.into()),
                ("labels_since", reading.labels_since.0.into()),
            ]),
        }
    }

    /// What was asked; `None` for what [`Self::to_json`] did not write.
    pub fn from_json(json: &Json) -> Option<Self> {
        let list = |name| json.get(name).and_then(Json::as_array);
        Some(match json.get("ask")?.as_str()? {
            "count" => Self::Count(list("batch")?.iter().map(counted_from_json).collect::<Option<_>>()?),
            "labels" => Self::Labels(list("labels")?.iter().map(label_from_json).collect::<Option<_>>()?),
            "read" => Self::Read(Reading {
                desks: list("desks")?.iter().filter_map(|desk| desk.as_str().map(str::to_owned)).collect(),
                kind: json.get("kind").and_then(Json::as_str).map(str::to_owned),
                since: Millis(json.get("since")?.as_i64()?),
                labels_since: Millis(json.get("labels_since")?.as_i64()?),
            }),
            _ => return None,
        })
    }
}

fn counted_from_json(json: &Json) -> Option<Counted> {
    let text = |name| json.get(name).and_then(Json::as_str).map(str::to_owned);
    let int = |name| json.get(name).and_then(Json::as_i64);
    let cell = Cell {
        hour: int("hour")?,
        desk: text("desk")?,
        kind: text("kind")?,
        severity: Severity::parse(&text("severity")?)?,
        passed: Passed::parse(&text("passed")?)?,
        model: text("model")?,
        bin: u8::try_from(int("bin")?).ok()?,
    };
    Some((cell, int("n")?))
}

impl Known {
    /// What the tally answers.
    pub fn to_json(&self) -> Json {
        let passed = self.passed.iter().map(|(desk, kind, severity, passed, n)| {
            Json::Array(vec![
                desk.as_str().into(),
                kind.as_str().into(),
                severity.as_str().into(),
                passed.as_str().into(),
                (*n).into(),
            ])
        });
        let bins = self.bins.iter().map(|(severity, at, bin)| {
            let sums = [bin.seen, bin.proceeded, bin.labelled, bin.wrong, bin.w, bin.wy, bin.wp];
            let head = [Json::from(severity.as_str()), i64::from(*at).into()];
            Json::Array(head.into_iter().chain(sums.map(Json::from)).collect())
        });
        Json::object([
            ("passed", passed.collect()),
            ("bins", bins.collect()),
            ("labels", self.labels.iter().map(label_to_json).collect()),
            ("truncated", self.truncated.into()),
        ])
    }

    /// What the tally answered; `None` for what [`Self::to_json`] did not write.
    pub fn from_json(json: &Json) -> Option<Self> {
        let list = |name| json.get(name).and_then(Json::as_array);
        let passed = |row: &Json| {
            let [desk, kind, severity, passed, n] = row.as_array()? else { return None };
            Some((
                desk.as_str()?.to_owned(),
                kind.as_str()?.to_owned(),
                Severity::parse(severity.as_str()?)?,
                Passed::parse(passed.as_str()?)?,
                n.as_f64()?,
            ))
        };
        let bin = |row: &Json| {
            let [severity, at, sums @ ..] = row.as_array()? else { return None };
            let sums: Vec<f64> = sums.iter().map(Json::as_f64).collect::<Option<_>>()?;
            let [seen, proceeded, labelled, wrong, w, wy, wp] = sums.try_into().ok()?;
            let bin = Bin { seen, proceeded, labelled, wrong, w, wy, wp };
            Some((Severity::parse(severity.as_str()?)?, u8::try_from(at.as_i64()?).ok()?, bin))
        };
        Some(Self {
            passed: list("passed")?.iter().map(passed).collect::<Option<_>>()?,
            bins: list("bins")?.iter().map(bin).collect::<Option<_>>()?,
            labels: list("labels")?.iter().map(label_from_json).collect::<Option<_>>()?,
            truncated: json.get("truncated")?.as_bool()?,
        })
    }
}
