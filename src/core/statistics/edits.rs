//! What people change when they edit: by the path of the member, as ratio, as moves, and as what they always write.

use crate::core::json::{Json, Object};
use std::cmp::Reverse;
use std::collections::BTreeMap;

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

/// What edits changed, the most frequent path first.
pub fn changes(edits: &[Edit<'_>]) -> Vec<Changed> {
    let mut by_path: BTreeMap<(String, String), Vec<(Json, Json)>> = BTreeMap::new();
    for edit in edits {
        let mut found = Vec::new();
        differences("", edit.before, edit.after, &mut found);
        for (path, before, after) in found {
            by_path.entry((edit.kind.to_owned(), path)).or_default().push((before, after));
        }
    }
    let mut changed: Vec<Changed> =
        by_path.into_iter().map(|((kind, path), moves)| summary(kind, path, &moves)).collect();
    changed.sort_by_key(|path| Reverse(path.edits));
    changed.truncate(MAX_PATHS);
    changed
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

fn summary(kind: String, path: String, edits: &[(Json, Json)]) -> Changed {
    let mut ratios: Vec<f64> = edits
        .iter()
        .filter_map(|(before, after)| {
            let ratio = after.as_f64()? / before.as_f64()?;
            (ratio.is_finite() && ratio > 0.0).then_some(ratio)
        })
        .collect();
    let mut counted: BTreeMap<(String, String), (Json, Json, usize)> = BTreeMap::new();
    for (before, after) in edits.iter().filter(|(before, after)| is_short(before) && is_short(after)) {
        let key = (before.to_string(), after.to_string());
        let entry = counted.entry(key).or_insert_with(|| (before.clone(), after.clone(), 0));
        entry.2 = entry.2.saturating_add(1);
    }
    let mut moves: Vec<(Json, Json, usize)> = counted.into_values().collect();
    moves.sort_by_key(|(_, _, times)| Reverse(*times));
    moves.truncate(MAX_MOVES);
    let always = edits.first().map(|(_, after)| after).filter(|first| {
        edits.len() >= ALWAYS && is_short(first) && edits.iter().all(|(_, after)| after == *first)
    });
    Changed { kind, path, edits: edits.len(), ratio: median(&mut ratios), moves, always: always.cloned() }
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
