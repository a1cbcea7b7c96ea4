//! What the conditions of one policy share, and one action as they read it: each path is followed once, each text gone
//! through once, however many conditions ask.

use super::ast::{Expr, Node, Variable};
use super::quick::constant_text;
use super::search::{Finder, FoundNeedles};
use super::value::{Map, Value};
use super::{EvalError, Input, Program, WORK_BUDGET};
use crate::core::groups::Groups;
use crate::core::json::{Json, Object};
use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Of so many texts or more that are looked for in one field all are looked for together.
const TOGETHER: usize = 6;

/// So many paths are compared one by one.
const FEW: usize = 32;

/// How many paths an action remembers; others are followed again.
const REMEMBERED: usize = 16;

/// A way from a variable of the action to a member, by names alone.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Path {
    variable: Variable,
    names: Vec<String>,
}

impl Path {
    fn of(expr: &Expr) -> Option<Self> {
        let (operand, name) = match &expr.node {
            Node::Variable(variable) => return Some(Self { variable: *variable, names: Vec::new() }),
            Node::Select(operand, name) => (operand, name.as_str()),
            Node::Index(operand, index) => (operand, constant_text(index)?),
            _ => return None,
        };
        let mut path = Self::of(operand)?;
        path.names.push(name.to_owned());
        Some(path)
    }

    fn is_that_of(&self, expr: &Expr) -> bool {
        let mut expr = expr;
        let mut names = self.names.iter().rev();
        loop {
            let (operand, name) = match &expr.node {
                Node::Variable(variable) => return *variable == self.variable && names.next().is_none(),
                Node::Select(operand, name) => (operand, Some(name.as_str())),
                Node::Index(operand, index) => (operand, constant_text(index)),
                _ => return false,
            };
            if name.is_none() || names.next().map(String::as_str) != name {
                return false;
            }
            expr = operand;
        }
    }
}

/// The paths and texts of a policy's conditions.
#[derive(Debug, Clone, Default)]
pub struct Shared {
    paths: Vec<Path>,
    by_name: Groups<usize>,
    /// By the place of the path: where its last name stood among the members, when it was last seen.
    places: Vec<Place>,
    /// By the place of the path.
    finders: Vec<Finder>,
}

/// Actions of one kind have their members in one order. It speeds the search up, and decides nothing.
#[derive(Debug, Default)]
struct Place(AtomicUsize);

impl Clone for Place {
    fn clone(&self) -> Self {
        Self(AtomicUsize::new(self.0.load(Ordering::Relaxed)))
    }
}

impl Place {
    fn find<'a>(&self, object: &'a Object, name: &str) -> Option<&'a Json> {
        let before = self.0.load(Ordering::Relaxed);
        let (value, place) = object.get_near(name, before)?;
        if place != before {
            self.0.store(place, Ordering::Relaxed);
        }
        Some(value)
    }
}

impl Shared {
    /// Makes conditions ready to be asked of one action after another.
    pub fn prepare<'p>(programs: impl Iterator<Item = &'p mut Program>) -> Self {
        let mut shared = Self::default();
        for program in programs {
            program.prepare(&mut shared);
        }
        for finder in &mut shared.finders {
            if finder.len() >= TOGETHER || finder.is_needed() {
                finder.prepare();
            }
        }
        shared
    }

    /// The place of the path that an expression is; `None` for every other expression.
    pub(super) fn place_of(&mut self, expr: &Expr) -> Option<usize> {
        let known = self.paths.iter().take(FEW).position(|path| path.is_that_of(expr));
        if known.is_some() {
            return known;
        }
        let path = Path::of(expr)?;
        let mut name = path.variable.as_str().to_owned();
        for step in &path.names {
            // With its length, because a name may hold anything.
            let _ = write!(name, ".{}:{step}", step.len());
        }
        let next = self.paths.len();
        let place = self.by_name.entry_or(&name, || next).map_or(next, |place| *place);
        if place == next {
            self.paths.push(path);
            self.places.push(Place::default());
            self.finders.push(Finder::default());
        }
        Some(place)
    }

    /// Whether a path is a variable itself.
    pub(super) fn is_variable(&self, path: usize, variable: Variable) -> bool {
        self.paths.get(path).is_some_and(|path| path.variable == variable && path.names.is_empty())
    }

    /// Whether so much is looked for at a path that its text is always gone through.
    pub(super) fn looks_together(&self, path: usize) -> bool {
        self.finders.get(path).is_some_and(|finder| finder.len() >= TOGETHER)
    }

    /// Adds a text that is looked for at a path.
    pub(super) fn needle(&mut self, path: usize, needle: &str, ignore_case: bool) -> Option<usize> {
        self.finders.get_mut(path)?.add(needle, ignore_case)
    }

    /// Texts at this path are gone through even for a single needle.
    pub(super) fn need_needles(&mut self, path: usize) {
        if let Some(finder) = self.finders.get_mut(path) {
            finder.need();
        }
    }
}

/// What stands at a path.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Found<'a> {
    Nothing,
    Object(&'a Object),
    Text(&'a str),
    Number(f64),
    /// Any other.
    Json(&'a Json),
}

impl<'a> Found<'a> {
    /// As a value of the language.
    pub(super) fn value(self) -> Option<Value<'a>> {
        match self {
            Self::Nothing => None,
            Self::Json(json) => Some(Value::from(json)),
            Self::Object(object) => Some(Value::Map(Map::Json(object))),
            Self::Text(text) => Some(Value::String(Cow::Borrowed(text))),
            Self::Number(number) => Some(Value::Double(number)),
        }
    }
}

/// One action, as the conditions of a policy read it.
#[derive(Debug)]
pub struct Reading<'a> {
    shared: &'a Shared,
    input: Input<'a>,
    /// By the last bits of a path's place: the place and one, and what stands there.
    remembered: [Cell<(usize, Found<'a>)>; REMEMBERED],
    /// The needles of the texts that were gone through, by the place of their path.
    needles: RefCell<Vec<(usize, FoundNeedles)>>,
    /// What the condition that is being asked may still cost.
    work: Cell<u64>,
}

impl<'a> Reading<'a> {
    /// Reads an action by a policy's conditions.
    pub fn new(shared: &'a Shared, input: Input<'a>) -> Self {
        let remembered = [const { Cell::new((0, Found::Nothing)) }; REMEMBERED];
        Self { shared, input, remembered, needles: RefCell::new(Vec::new()), work: Cell::new(0) }
    }

    /// The action.
    pub fn input(&self) -> &Input<'a> {
        &self.input
    }

    /// Whether a condition holds. It was made ready with the others of its policy.
    pub fn matches(&self, program: &Program) -> Result<bool, EvalError> {
        self.work.set(WORK_BUDGET);
        match program.quick.decide(self) {
            Some(holds) => Ok(holds),
            None => program.matches(&self.input),
        }
    }

    /// Takes units of work; false where there are not as many.
    pub(super) fn spend(&self, units: u64) -> bool {
        let left = self.work.get().checked_sub(units);
        self.work.set(left.unwrap_or(0));
        left.is_some()
    }

    /// What stands at a path that conditions begin with.
    pub(crate) fn at(&self, path: usize) -> Found<'a> {
        let Some(cell) = self.remembered.get(path % REMEMBERED) else { return Found::Nothing };
        let name = path.wrapping_add(1);
        let (known, found) = cell.get();
        if known == name {
            return found;
        }
        let found = self.follow(path);
        cell.set((name, found));
        found
    }

    fn follow(&self, path: usize) -> Found<'a> {
        let (Some(path), Some(place)) = (self.shared.paths.get(path), self.shared.places.get(path)) else {
            return Found::Nothing;
        };
        let object = match path.variable {
            Variable::Kind => Err(Found::Text(self.input.kind)),
            Variable::Confidence => Err(Found::Number(self.input.confidence)),
            Variable::Subject => Err(self.input.subject.map_or(Found::Nothing, Found::Text)),
            Variable::Args => Ok(self.input.args),
            Variable::Source => Ok(self.input.source),
            Variable::Context => Ok(self.input.context),
        };
        let (object, names, last) = match (object, path.names.split_last()) {
            (Err(found), None) => return found,
            (Err(_), Some(_)) => return Found::Nothing,
            (Ok(object), None) => return Found::Object(object),
            (Ok(object), Some((last, names))) => (object, names, last),
        };
        let object = names.iter().try_fold(object, |object, name| object.get(name)?.as_object());
        match object.and_then(|object| place.find(object, last)) {
            None => Found::Nothing,
            Some(Json::Object(object)) => Found::Object(object),
            Some(Json::String(text)) => Found::Text(text),
            Some(other) => Found::Json(other),
        }
    }

    /// The needles of the text at a path; `None` where it was given up, or none are looked for together.
    pub(crate) fn needles_at(&self, path: usize, text: &str) -> Option<Rc<Vec<usize>>> {
        let known = |needles: &[(usize, FoundNeedles)]| {
            needles.iter().find(|(known, _)| *known == path).map(|(_, found)| found.clone())
        };
        if let Some(found) = known(&self.needles.borrow()) {
            return found;
        }
        let finder = self.shared.finders.get(path).filter(|finder| finder.is_prepared())?;
        let found = finder.find(text);
        self.needles.borrow_mut().push((path, found.clone()));
        found
    }

    /// Whether a text has one of its path's needles; `None` where that has to be looked for by itself. A needle that is
    /// found as fast alone (`cheap`) has no text gone through for it where there are few.
    pub(super) fn has_needle(&self, path: usize, text: &str, needle: usize, cheap: bool) -> Option<bool> {
        let known = || self.needles.borrow().iter().any(|(known, _)| *known == path);
        if cheap && !self.shared.looks_together(path) && !known() {
            return None;
        }
        self.needles_at(path, text).map(|found| found.contains(&needle))
    }
}
