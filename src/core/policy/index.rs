//! Which criteria may match an action, without looking at the others: by its kind, and by the tests that conditions begin
//! with. What is found here is asked; what is not found would have said no.

use super::Criterion;
use super::glob::Glob;
use crate::core::cel::{Found, Opening, Reading, Required, Shared};
use crate::core::groups::Groups;
use crate::core::json::Json;
use crate::core::order::sorted;

/// The criteria of a policy, by their places.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// What their conditions share.
    pub(super) shared: Shared,
    every_kind: Plan,
    by_kind: Groups<Plan>,
    by_pattern: Vec<(Glob, Plan)>,
}

/// Criteria that look at the same kinds.
#[derive(Debug, Clone, Default)]
struct Plan {
    always: Vec<usize>,
    groups: Vec<Group>,
}

/// Criteria whose conditions begin with a test of the same path.
#[derive(Debug, Clone)]
struct Group {
    path: usize,
    table: Table,
    all: Vec<usize>,
}

/// By what they are found.
#[derive(Debug, Clone)]
enum Table {
    Texts(Groups<Vec<usize>>),
    /// By needle.
    Needles(Vec<(usize, usize)>),
    /// By rising bound.
    AtLeast(Vec<(f64, usize)>),
    /// By rising bound.
    AtMost(Vec<(f64, usize)>),
}

impl Index {
    /// Makes the conditions ready and the criteria easy to find.
    pub(super) fn of(criteria: &mut [Criterion]) -> Self {
        let shared = Shared::prepare(criteria.iter_mut().map(|criterion| &mut criterion.when));
        let mut index = Self::default();
        for (place, criterion) in criteria.iter().enumerate() {
            let add = |plan: &mut Plan| plan.add(place, criterion.when.opening(&shared));
            if criterion.kinds.is_empty() {
                add(&mut index.every_kind);
            }
            for kind in &criterion.kinds {
                if kind.is_exact() {
                    index.by_kind.add(kind.as_str(), add);
                } else if let Some((_, plan)) = index.by_pattern.iter_mut().find(|(known, _)| known == kind) {
                    add(plan);
                } else {
                    let mut plan = Plan::default();
                    add(&mut plan);
                    index.by_pattern.push((kind.clone(), plan));
                }
            }
        }
        index.every_kind.sort();
        index.by_kind.each(Plan::sort);
        index.by_pattern.iter_mut().for_each(|(_, plan)| plan.sort());
        Self { shared, ..index }
    }

    /// Gives the places of the criteria that may match, in no order, and some of them twice.
    pub(super) fn candidates(&self, reading: &Reading<'_>, ask: &mut dyn FnMut(usize)) {
        let kind = reading.input().kind;
        self.every_kind.candidates(reading, ask);
        if let Some(plan) = self.by_kind.get(kind) {
            plan.candidates(reading, ask);
        }
        for (pattern, plan) in &self.by_pattern {
            if pattern.matches(kind) {
                plan.candidates(reading, ask);
            }
        }
    }
}

impl Plan {
    fn add(&mut self, place: usize, opening: Option<Opening<'_>>) {
        let Some(Opening { path, required }) = opening else {
            self.always.push(place);
            return;
        };
        let same = |group: &Group| group.path == path && group.table.suits(&required);
        let at = self.groups.iter().position(same).unwrap_or_else(|| {
            self.groups.push(Group { path, table: Table::of(&required), all: Vec::new() });
            self.groups.len().saturating_sub(1)
        });
        if let Some(group) = self.groups.get_mut(at) {
            group.all.push(place);
            group.table.add(place, required);
        }
    }

    fn sort(&mut self) {
        self.groups.iter_mut().for_each(|group| group.table.sort());
    }

    fn candidates(&self, reading: &Reading<'_>, ask: &mut dyn FnMut(usize)) {
        self.always.iter().for_each(|place| ask(*place));
        for group in &self.groups {
            let found = reading.at(group.path);
            if group.table.candidates(group.path, &found, reading, ask).is_none() {
                group.all.iter().for_each(|place| ask(*place));
            }
        }
    }
}

impl Table {
    fn of(required: &Required<'_>) -> Self {
        match required {
            Required::Texts(_) => Self::Texts(Groups::default()),
            Required::Needles(_) => Self::Needles(Vec::new()),
            Required::AtLeast(_) => Self::AtLeast(Vec::new()),
            Required::AtMost(_) => Self::AtMost(Vec::new()),
        }
    }

    fn suits(&self, required: &Required<'_>) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(&Self::of(required))
    }

    fn add(&mut self, place: usize, required: Required<'_>) {
        match (self, required) {
            (Self::Texts(table), Required::Texts(texts)) => {
                for text in texts {
                    table.add(text, |places: &mut Vec<usize>| places.push(place));
                }
            }
            (Self::Needles(table), Required::Needles(needles)) => {
                table.extend(needles.into_iter().map(|needle| (needle, place)));
            }
            (Self::AtLeast(table), Required::AtLeast(bound))
            | (Self::AtMost(table), Required::AtMost(bound)) => {
                table.push((bound, place));
            }
            _ => {}
        }
    }

    fn sort(&mut self) {
        match self {
            Self::Texts(_) => {}
            Self::Needles(table) => *table = sorted(std::mem::take(table), Ord::cmp),
            Self::AtLeast(table) | Self::AtMost(table) => {
                *table = sorted(std::mem::take(table), |a, b| a.0.total_cmp(&b.0));
            }
        }
    }

    /// Gives the candidates; `None` where all of them have to be asked.
    fn candidates(
        &self,
        path: usize,
        found: &Found<'_>,
        reading: &Reading<'_>,
        ask: &mut dyn FnMut(usize),
    ) -> Option<()> {
        match (self, found) {
            (_, Found::Nothing) => return None,
            (Self::Texts(table), Found::Text(text)) => {
                table.get(text).into_iter().flatten().for_each(|place| ask(*place));
            }
            // Something else than a text equals none.
            (Self::Texts(_), _) => {}
            (Self::Needles(table), Found::Text(text)) => {
                for needle in reading.needles_at(path, text)?.iter() {
                    let first = table.partition_point(|(known, _)| known < needle);
                    let same = table.iter().skip(first).take_while(|(known, _)| known == needle);
                    same.for_each(|(_, place)| ask(*place));
                }
            }
            (Self::AtLeast(table), found) => {
                let number = number(found)?;
                table.iter().take_while(|(bound, _)| *bound <= number).for_each(|(_, place)| ask(*place));
            }
            (Self::AtMost(table), found) => {
                let number = number(found)?;
                table
                    .iter()
                    .rev()
                    .take_while(|(bound, _)| *bound >= number)
                    .for_each(|(_, place)| ask(*place));
            }
            (Self::Needles(_), _) => return None,
        }
        Some(())
    }
}

fn number(found: &Found<'_>) -> Option<f64> {
    match found {
        Found::Number(number) => Some(*number),
        Found::Json(Json::Number(number)) => Some(number.as_f64()),
        _ => None,
    }
}
