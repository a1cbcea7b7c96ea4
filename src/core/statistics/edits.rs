//! What people change when they edit: by the path of the member, as ratio, as moves, and as what they always write.

use crate::core::groups::Groups;
use crate::core::json::{Json, Object};
use crate::core::number::int_to_f64;

/// So many paths are told.
const MAX_PATHS: usize = 50;
/// So many moves of one path are told.
const MAX_MOVES: usize = 5;
/// From this many edits on that all end the same it is a rule.
const ALWAYS: usize = 3;
/// A value of more characters is not told.
const MAX_TEXT: usize = 80;

/// What was changed at one path, over all edits.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// The kind of the actions.
    pub kind: String,
    /// The member, as JSON Pointer into the arguments.
    pub path: String,
    /// How many edits changed it.
    pub edits: usize,
    /// For numbers of one sign: the median of new over old. 0.01 is cents for units, 0.1 a slipped decimal point.
    pub ratio: Option<f64>,
    /// The most frequent moves, from what to what; null is absence.
    pub moves: Vec<(Json, Json, usize)>,
    /// What it is always edited to, from three edits on.
    pub always: Option<Json>,
}

/// An edit: the kind, what was proposed, what the person made of it.
#[derive(Debug, Clone, Copy)]
pub struct Edit<'a> {
    /// The kind.
    pub kind: &'a str,
    /// As proposed.
    pub before: &'a Object,
    /// As it should have been.
    pub after: &'a Object,
}

/// The values at one path of one kind, before and after.
#[derive(Debug)]
struct Moves {
    kind: String,
    path: String,
    values: Vec<(Json, Json)>,
}

/// What edits changed, the most frequent path first.
pub fn changes(edits: &[Edit<'_>]) -> Vec<Changed> {
    let mut by_path: Groups<Moves> = Groups::default();
    for edit in edits {
        let mut found = Vec::new();
        differences("", edit.before, edit.after, &mut found);
        for (path, before, after) in found {
            let new = || Moves { kind: edit.kind.to_owned(), path: path.clone(), values: Vec::new() };
            if let Some(moves) = by_path.entry_or(&format!("{path} {}", edit.kind), new) {
                moves.values.push((before, after));
            }
        }
    }
    let often = by_path.falling(|moves| count(moves.values.len()));
    often.into_iter().take(MAX_PATHS).map(|(_, moves)| summary(moves)).collect()
}

fn differences(path: &str, before: &Object, after: &Object, found: &mut Vec<(String, Json, Json)>) {
    let names = before.iter().chain(after.iter().filter(|(name, _)| before.get(name).is_none()));
    for (name, _) in names {
        let at = format!("{path}/{}", name.replace('~', "~0").replace('/', "~1"));
        match (before.get(name), after.get(name)) {
            (Some(Json::Object(before)), Some(Json::Object(after))) => differences(&at, before, after, found),
            (before, after) if before != after => {
                let value = |json: Option<&Json>| json.cloned().unwrap_or(Json::Null);
                found.push((at, value(before), value(after)));
            }
            _ => {}
        }
    }
}

fn summary(Moves { kind, path, values: edits }: &Moves) -> Changed {
    let mut ratios: Vec<f64> = edits
        .iter()
        .filter_map(|(before, after)| {
            let ratio = after.as_f64()? / before.as_f64()?;
            (ratio.is_finite() && ratio > 0.0).then_some(ratio)
        })
        .collect();
    let mut counted: Groups<(Json, Json, usize)> = Groups::default();
    for (before, after) in edits.iter().filter(|(before, after)| is_short(before) && is_short(after)) {
        let new = || (before.clone(), after.clone(), 0);
        if let Some(known) = counted.entry_or(&format!("{before} {after}"), new) {
            known.2 = known.2.saturating_add(1);
        }
    }
    let often = counted.falling(|(_, _, times)| count(*times));
    let moves = often.into_iter().take(MAX_MOVES).map(|(_, known)| known.clone()).collect();
    let always = edits.first().map(|(_, after)| after).filter(|first| {
        edits.len() >= ALWAYS && is_short(first) && edits.iter().all(|(_, after)| after == *first)
    });
    Changed {
        kind: kind.clone(),
        path: path.clone(),
        edits: edits.len(),
        ratio: median(&mut ratios),
        moves,
        always: always.cloned(),
    }
}

fn count(length: usize) -> f64 {
    int_to_f64(i64::try_from(length).unwrap_or(i64::MAX))
}

fn is_short(json: &Json) -> bool {
    !matches!(json, Json::Object(_) | Json::Array(_)) && json.to_string().chars().count() <= MAX_TEXT
}

/// The median by logarithms: of two in the middle their geometric mean.
fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    let lower = *values.get(middle.checked_sub(1)?)?;
    Some((lower * upper).sqrt())
}
