//! What decisions tell: gathered from the tally and the desks, computed by the core.

use super::recorded::{self, Reader};
use super::{Responded, Visit, call, clock, respond};
use crate::core::case::Case;
use crate::core::groups::Groups;
use crate::core::insights::people;
use crate::core::json::{Json, Object};
use crate::core::key::{Key, Role};
use crate::core::label::Label;
use crate::core::statistics::edits::{Changed, Edit, changes};
use crate::core::statistics::pattern::{Pattern, Reviewed, has, patterns};
use crate::core::time::{Millis, Span};
use crate::wire::desk::{Arrivals, Ask};
use crate::wire::insights::{Material, insights_json};
use crate::wire::problem::{Code, Problem};
use crate::wire::tally::{self, Known, Reading};
use futures_util::future::join_all;

/// `GET /v1/insights`
pub(super) async fn insights(visit: &Visit<'_>, key: &Key) -> Responded {
    let (desks, since) = (recorded::desks(visit, key)?, recorded::since(visit)?);
    let kind = visit.incoming.text_parameter("kind")?;
    // Who looks like a rubber stamp is judged by everything that they said in some time, whatever is asked about.
    let judged_since = since.min(Millis(clock::now().0.saturating_sub(JUDGED.as_millis())));
    let mut known = read_tally(visit, desks.clone(), kind.clone(), since, judged_since).await?;
    let stamping = stamping(&known.labels);
    let asked = |label: &Label| label.at >= since && kind.as_ref().is_none_or(|kind| *kind == label.kind);
    let labels: Vec<Label> = std::mem::take(&mut known.labels).into_iter().filter(asked).collect();
    let mut arrivals = arrivals(visit, &desks, since).await?;
    let open = arrivals.iter_mut().flat_map(|(_, arrivals)| std::mem::take(&mut arrivals.open));
    let open: Vec<Label> = open.filter(asked).collect();
    let taught = taught(visit, desks, kind.clone(), since, &stamping).await?;
    let material = Material {
        known: &known,
        labels: &labels,
        open: &open,
        of_kind: kind.is_some(),
        arrivals: &arrivals,
        patterns: &taught.patterns,
        edits: &taught.edits,
        recorded: taught.recorded,
        policy: &visit.copy.in_force.policy,
        stamping: &stamping,
        since,
        until: clock::now(),
        // Colleagues are not shown to each other.
        by_person: key.role != Role::Reviewer,
    };
    Ok(respond::json(200, &insights_json(&material)))
}

/// The time over which it is judged who looks like a rubber stamp.
pub(super) const JUDGED: Span = Span::days(90);

/// What the tally knows of some desks.
pub(super) async fn read_tally(
    visit: &Visit<'_>,
    desks: Vec<String>,
    kind: Option<String>,
    since: Millis,
    labels_since: Millis,
) -> Result<Known, Problem> {
    let reading = Reading { desks, kind, since, labels_since };
    let reply = call::tally(visit.env, &tally::Ask::Read(reading)).await?;
    let known = Known::from_json(&reply.body).filter(|_| reply.status == 200);
    known.ok_or_else(|| Problem::new(Code::Unavailable, "tally: what it knows cannot be read now"))
}

/// The people whose decisions look like a rubber stamp.
pub(super) fn stamping(labels: &[Label]) -> Vec<String> {
    people(labels).into_iter().filter(|(_, pace)| pace.is_stamping()).map(|(name, _)| name).collect()
}

async fn arrivals(
    visit: &Visit<'_>,
    desks: &[String],
    since: Millis,
) -> Result<Vec<(String, Arrivals)>, Problem> {
    let ask = Ask::Arrivals { since };
    let replies = join_all(desks.iter().map(|desk| call::desk(visit.env, desk, &ask))).await;
    let read = |(desk, reply): (&String, Result<call::Reply, Problem>)| {
        let reply = reply?;
        let arrivals = Arrivals::from_json(&reply.body).filter(|_| reply.status == 200);
        let unreadable = || Problem::new(Code::Unavailable, "desk: what arrived cannot be counted now");
        Ok((desk.clone(), arrivals.ok_or_else(unreadable)?))
    };
    desks.iter().zip(replies).map(read).collect()
}

/// What the arguments of recorded actions tell.
struct Taught {
    patterns: Vec<(Pattern, String)>,
    edits: Vec<Changed>,
    recorded: usize,
}

/// An action on which a person has spoken, with its arguments.
struct Spoken {
    label: Label,
    args: Object,
    made: Option<Object>,
}

/// Looks for patterns in what people overrode, and at what they edited, in the newest recorded actions.
async fn taught(
    visit: &Visit<'_>,
    desks: Vec<String>,
    kind: Option<String>,
    since: Millis,
    stamping: &[String],
) -> Result<Taught, Problem> {
    let mut reader = Reader::newest(visit.env, desks, since, kind);
    let (now, mut spoken) = (clock::now(), Vec::new());
    while let Some((desk, cases)) = reader.next().await? {
        spoken.extend(cases.iter().filter_map(|case| {
            let spoken = spoken_of(case, &desk, now)?;
            let stamped = spoken.label.looks.iter().any(|look| stamping.contains(&look.person));
            (!stamped).then_some(spoken)
        }));
    }
    let edits: Vec<Edit<'_>> = spoken
        .iter()
        .filter_map(|one| {
            let after = one.made.as_ref()?;
            Some(Edit { kind: &one.label.kind, before: &one.args, after })
        })
        .collect();
    let reviewed: Vec<Reviewed<'_>> = spoken.iter().map(Spoken::reviewed).collect();
    let patterns = patterns(&reviewed).into_iter().map(|pattern| {
        let category = category(&spoken, &pattern);
        (pattern, category)
    });
    Ok(Taught { patterns: patterns.collect(), edits: changes(&edits), recorded: spoken.len() })
}

fn spoken_of(case: &Case, desk: &str, now: Millis) -> Option<Spoken> {
    let label = case.label(desk, now).filter(|label| label.wrong().is_some())?;
    let args = case.facts.content.shown.as_ref()?.action.get("args").and_then(Json::as_object)?.clone();
    Some(Spoken { label, args, made: case.final_args().cloned() })
}

impl Spoken {
    fn reviewed(&self) -> Reviewed<'_> {
        Reviewed {
            kind: &self.label.kind,
            args: &self.args,
            model: self.label.model.as_deref(),
            overridden: self.label.wrong() == Some(true),
            by_rule: self.label.why.iter().any(|why| why.criterion.is_some()),
        }
    }
}

/// What reviewers called most of a pattern's errors.
fn category(spoken: &[Spoken], pattern: &Pattern) -> String {
    let mut called: Groups<f64> = Groups::default();
    for one in spoken.iter().filter(|one| one.label.kind == pattern.kind) {
        let reviewed = one.reviewed();
        if !reviewed.overridden || !has(&reviewed, &pattern.property) {
            continue;
        }
        if let Some(name) = one.label.reason.as_deref().or(one.label.category.as_deref()) {
            called.add(name, |times| *times += 1.0);
        }
    }
    let most = called.falling(|times| *times).into_iter().next();
    most.map_or_else(|| format!("wrong {}", pattern.kind), |(name, _)| name.to_owned())
}
