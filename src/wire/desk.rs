//! What the Worker asks of a desk. A desk answers with the public body and status, so the Worker passes it on.

use super::api::Claim;
use super::label::{label_from_json, label_to_json};
use super::record;
use crate::core::canonical::Digest;
use crate::core::capacity::load::Level;
use crate::core::case::{Case, Command, Connection, Content, Proxied};
use crate::core::json::{Json, Object};
use crate::core::label::Label;
use crate::core::time::Millis;

/// The status with which a desk says that a case lives on at another one; the body's `moved` names it.
pub const MOVED: u16 = 308;

/// The header in which the Worker says which key's holder watches a desk.
pub const WATCHER: &str = "holdpoint-watcher";

/// A question to a desk.
#[derive(Debug, Clone, PartialEq)]
pub enum Ask {
    /// Keep this case. Asking again with the same id changes nothing.
    Keep {
        /// The case.
        case: Box<Case>,
        /// The desk that hands it over; none: it is new.
        from: Option<String>,
    },
    /// A call through the proxy has to wait: for the case of an equal call that is here, else for this new one.
    Propose {
        /// The case, if it becomes one.
        case: Box<Case>,
        /// The connection that waits.
        connection: Connection,
        /// Cases that were moved away and asked already.
        asked: Vec<String>,
    },
    /// A call through the proxy has to wait: can it wait for this case?
    Join {
        /// The case.
        id: String,
        /// What the call is known by.
        proxied: Proxied,
        /// What it needs itself.
        needs: Box<Content>,
        /// The connection that waits.
        connection: Connection,
    },
    /// What has become of an app's case? Waits until that is final, `wait_ms` at most.
    Answer {
        /// The case.
        id: String,
        /// How long to wait.
        wait_ms: i64,
        /// What happens with an approved action, once; none: it is only asked after.
        take: Option<Take>,
        /// Whether it proceeded, so that there need not be a case.
        proceeded: bool,
        /// The name of the connection through the proxy that waits; it is told when a newer one does.
        connection: Option<String>,
    },
    /// A case for the people of the desk.
    Case {
        /// The case.
        id: String,
    },
    /// Is the case here?
    Where {
        /// The case.
        id: String,
    },
    /// Was this request done?
    Knows {
        /// The case.
        id: String,
        /// Names the request.
        token: String,
    },
    /// A page of cases.
    List {
        /// Which, and how many.
        listing: Listing,
    },
    /// How many cases wait, and since when.
    Counts {
        /// Who asks.
        person: String,
    },
    /// What arrived, by hour.
    Arrivals {
        /// From then on.
        since: Millis,
    },
    /// A page of whole cases, the newest first: for what is computed from many.
    Recorded {
        /// Which.
        reading: Recorded,
    },
    /// Cases to look at.
    Claim {
        /// Who looks.
        person: String,
        /// How many, and which not.
        claim: Claim,
    },
    /// Do something with a case.
    Do {
        /// The case.
        id: String,
        /// What; a lease's token is made by the desk.
        command: Box<Command>,
        /// Names this request, so that its repetition is known.
        token: Option<String>,
        /// What the person wants next.
        next: Option<Claim>,
        /// Whether it proceeded, so that there need not be a case.
        proceeded: bool,
        /// The digest that a permit names.
        digest: Option<Digest>,
    },
    /// Ledger entries behind this one.
    Ledger {
        /// The number of the last known entry.
        after: i64,
        /// Of this case alone.
        case: Option<String>,
    },
    /// The end of the ledger.
    Head,
    /// Notifications that were given up.
    DeadLetters,
    /// Try one of them again.
    Resend {
        /// Its number at this desk.
        place: i64,
        /// Who wants it.
        by: String,
        /// Names this request, so that its repetition is known.
        token: Option<String>,
    },
}

/// How an approved action is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Take {
    /// By the client, to run it.
    Away,
    /// By Holdpoint, to forward it: until then an answer counts.
    Forward(Millis),
}

impl Take {
    fn to_json(self) -> Json {
        match self {
            Self::Away => "away".into(),
            Self::Forward(until) => until.0.into(),
        }
    }

    fn from_json(json: &Json) -> Option<Self> {
        match json.as_i64() {
            Some(until) => Some(Self::Forward(Millis(until))),
            None => (json.as_str()? == "away").then_some(Self::Away),
        }
    }
}

impl Ask {
    /// How long an answer may take because a person is waited for, in milliseconds.
    pub fn wait_ms(&self) -> i64 {
        match self {
            Self::Answer { wait_ms, .. } => *wait_ms,
            _ => 0,
        }
    }

    /// The same of a case that is known to be one, because its desk has handed it on.
    #[must_use]
    pub fn of_a_case(&self) -> Self {
        let mut ask = self.clone();
        if let Self::Answer { proceeded, .. } | Self::Do { proceeded, .. } = &mut ask {
            *proceeded = false;
        }
        ask
    }

    /// As sent.
    pub fn to_json(&self) -> Json {
        let mut object = Object::new();
        let mut ask = |name: &str| object.set("ask", name);
        match self {
            Self::Keep { case, from } => {
                ask("keep");
                object.set("case", record::case_to_json(case));
                object.set("from", from.as_deref());
            }
            Self::Propose { case, connection, asked } => {
                ask("propose");
                object.set("case", record::case_to_json(case));
                object.set("connection", record::connection_to_json(connection));
                object.set("asked", asked.iter().map(String::as_str).collect::<Json>());
            }
            Self::Join { id, proxied, needs, connection } => {
                ask("join");
                object.set("id", id.as_str());
                object.set("proxied", record::proxied_to_json(proxied));
                object.set("needs", record::content_to_json(needs));
                object.set("connection", record::connection_to_json(connection));
            }
            Self::Answer { id, wait_ms, take, proceeded, connection } => {
                ask("answer");
                object.set("connection", connection.as_deref());
                object.set("id", id.as_str());
                object.set("wait_ms", *wait_ms);
                object.set("take", take.map(Take::to_json));
                object.set("proceeded", *proceeded);
            }
            Self::Case { id } => {
                ask("case");
                object.set("id", id.as_str());
            }
            Self::Where { id } => {
                ask("where");
                object.set("id", id.as_str());
            }
            Self::Knows { id, token } => {
                ask("knows");
                object.set("id", id.as_str());
                object.set("token", token.as_str());
            }
            Self::List { listing } => {
                ask("list");
                object.set("listing", listing.to_json());
            }
            Self::Counts { person } => {
                ask("counts");
                object.set("person", person.as_str());
            }
            Self::Arrivals { since } => {
                ask("arrivals");
                object.set("since", since.0);
            }
            Self::Recorded { reading } => {
                ask("recorded");
                let before = reading.before.as_ref().map(|(created, id)| format!("{created} {id}"));
                object.set("before", before);
                object.set("since", reading.since.0);
                object.set("kind", reading.kind.as_deref());
            }
            Self::Claim { person, claim } => {
                ask("claim");
                object.set("person", person.as_str());
                object.set("claim", claim_to_json(claim));
            }
            Self::Do { id, command, token, next, proceeded, digest } => {
                ask("do");
                object.set("id", id.as_str());
                object.set("command", record::command_to_json(command));
                object.set("token", token.as_deref());
                object.set("next", next.as_ref().map(claim_to_json));
                object.set("proceeded", *proceeded);
                object.set("digest", digest.map(|digest| digest.to_string()));
            }
            Self::Ledger { after, case } => {
                ask("ledger");
                object.set("after", *after);
                object.set("case", case.as_deref());
            }
            Self::Head => ask("head"),
            Self::DeadLetters => ask("dead_letters"),
            Self::Resend { place, by, token } => {
                ask("resend");
                object.set("token", token.as_deref());
                object.set("place", *place);
                object.set("by", by.as_str());
            }
        }
        object.into()
    }

    /// As received; `None` for what [`Self::to_json`] did not write. `lease_token` is for a lease that is made.
    pub fn from_json(json: &Json, lease_token: &str) -> Option<Self> {
        let text = |name| json.get(name).and_then(Json::as_str).map(str::to_owned);
        let int = |name| json.get(name).and_then(Json::as_i64);
        let flag = |name| json.get(name).and_then(Json::as_bool);
        let texts = |name| {
            let array = json.get(name).and_then(Json::as_array).unwrap_or_default();
            array.iter().filter_map(|text| text.as_str().map(str::to_owned)).collect::<Vec<_>>()
        };
        Some(match json.get("ask")?.as_str()? {
            "keep" => {
                Self::Keep { case: Box::new(record::case_from_json(json.get("case")?)?), from: text("from") }
            }
            "propose" => Self::Propose {
                case: Box::new(record::case_from_json(json.get("case")?)?),
                connection: record::connection_from_json(json.get("connection")?)?,
                asked: texts("asked"),
            },
            "join" => Self::Join {
                id: text("id")?,
                proxied: record::proxied_from_json(json.get("proxied")?)?,
                needs: Box::new(record::content_from_json(json.get("needs")?)?),
                connection: record::connection_from_json(json.get("connection")?)?,
            },
            "answer" => Self::Answer {
                connection: text("connection"),
                id: text("id")?,
                wait_ms: int("wait_ms")?,
                take: match json.get("take")? {
                    Json::Null => None,
                    take => Some(Take::from_json(take)?),
                },
                proceeded: flag("proceeded")?,
            },
            "case" => Self::Case { id: text("id")? },
            "where" => Self::Where { id: text("id")? },
            "knows" => Self::Knows { id: text("id")?, token: text("token")? },
            "list" => Self::List { listing: Listing::from_json(json.get("listing")?)? },
            "counts" => Self::Counts { person: text("person")? },
            "arrivals" => Self::Arrivals { since: Millis(int("since")?) },
            "recorded" => Self::Recorded {
                reading: Recorded {
                    before: text("before").as_deref().and_then(Recorded::place),
                    since: Millis(int("since")?),
                    kind: text("kind"),
                },
            },
            "claim" => Self::Claim { person: text("person")?, claim: claim_from_json(json.get("claim")?)? },
            "do" => Self::Do {
                id: text("id")?,
                command: Box::new(record::command_from_json(json.get("command")?, lease_token)?),
                token: text("token"),
                next: json.get("next").and_then(claim_from_json),
                proceeded: flag("proceeded")?,
                digest: text("digest").and_then(|digest| Digest::parse(&digest)),
            },
            "ledger" => Self::Ledger { after: int("after")?, case: text("case") },
            "head" => Self::Head,
            "dead_letters" => Self::DeadLetters,
            "resend" => Self::Resend { place: int("place")?, by: text("by")?, token: text("token") },
            _ => return None,
        })
    }
}

/// Which cases are read whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// From before this place on; none: from the newest.
    pub before: Option<(i64, String)>,
    /// That came then or later.
    pub since: Millis,
    /// Of this kind; none: all.
    pub kind: Option<String>,
}

impl Recorded {
    /// The place that a page's `next` names.
    pub fn place(next: &str) -> Option<(i64, String)> {
        let (created, id) = next.split_once(' ')?;
        Some((created.parse().ok()?, id.to_owned()))
    }
}

/// What arrived at a desk.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Arrivals {
    /// Hours since 1970, looks that the held cases need, audits.
    pub by_hour: Vec<(i64, i64, i64)>,
    /// What a look takes, as measured; none where that is not known yet.
    pub seconds: Option<f64>,
    /// How loaded the desk is.
    pub level: Level,
    /// How many held cases wait.
    pub waiting: i64,
    /// What stands for its open cases: the newest.
    pub open: Vec<Label>,
}

impl Arrivals {
    /// As a desk answers.
    pub fn to_json(&self) -> Json {
        let hour = |(hour, held, audits): &(i64, i64, i64)| {
            Json::Array(vec![(*hour).into(), (*held).into(), (*audits).into()])
        };
        Json::object([
            ("by_hour", self.by_hour.iter().map(hour).collect()),
            ("seconds", self.seconds.into()),
            ("level", self.level.as_str().into()),
            ("waiting", self.waiting.into()),
            ("open", self.open.iter().map(label_to_json).collect()),
        ])
    }

    /// As a desk answered; `None` for what [`Self::to_json`] did not write.
    pub fn from_json(json: &Json) -> Option<Self> {
        let hour = |row: &Json| {
            let [hour, held, audits] = row.as_array()? else { return None };
            Some((hour.as_i64()?, held.as_i64()?, audits.as_i64()?))
        };
        Some(Self {
            by_hour: json.get("by_hour")?.as_array()?.iter().map(hour).collect::<Option<_>>()?,
            seconds: json.get("seconds").and_then(Json::as_f64),
            level: Level::parse(json.get("level")?.as_str()?)?,
            waiting: json.get("waiting")?.as_i64()?,
            open: json.get("open")?.as_array()?.iter().map(label_from_json).collect::<Option<_>>()?,
        })
    }
}

/// Which cases are listed, and how many.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Of this status; none: all.
    pub status: Option<String>,
    /// Of this kind; none: all.
    pub kind: Option<String>,
    /// Of this severity; none: all.
    pub severity: Option<String>,
    /// Those in which each of these words is found.
    pub search: Option<String>,
    /// The newest first, instead of the oldest.
    pub newest_first: bool,
    /// How many at most.
    pub limit: i64,
    /// From behind this cursor.
    pub after: Option<String>,
}

impl Listing {
    fn to_json(&self) -> Json {
        Json::object([
            ("status", self.status.as_deref().into()),
            ("kind", self.kind.as_deref().into()),
            ("severity", self.severity.as_deref().into()),
            ("search", self.search.as_deref().into()),
            ("newest_first", self.newest_first.into()),
            ("limit", self.limit.into()),
            ("after", self.after.as_deref().into()),
        ])
    }

    fn from_json(json: &Json) -> Option<Self> {
        let text = |name| json.get(name).and_then(Json::as_str).map(str::to_owned);
        Some(Self {
            status: text("status"),
            kind: text("kind"),
            severity: text("severity"),
            search: text("search"),
            newest_first: json.get("newest_first")?.as_bool()?,
            limit: json.get("limit")?.as_i64()?,
            after: text("after"),
        })
    }
}

fn claim_to_json(claim: &Claim) -> Json {
    Json::object([
        ("want", claim.want.into()),
        ("skip", claim.skip.iter().map(String::as_str).collect()),
        ("first", claim.first.as_deref().into()),
    ])
}

fn claim_from_json(json: &Json) -> Option<Claim> {
    let skip = json.get("skip")?.as_array()?.iter().filter_map(|id| id.as_str().map(str::to_owned)).collect();
    let first = json.get("first").and_then(Json::as_str).map(str::to_owned);
    Some(Claim { want: json.get("want")?.as_i64()?, skip, first })
}
