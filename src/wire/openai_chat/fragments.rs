//! The fragments of calls that a stream's deltas bring, laid together.
//!
//! Clients lay them together in different ways: some take the last name, some join all names. Fragments that all
//! read alike pass as they came; others only whole, as read here; those that contradict each other never.

use super::calls::Slot;
use crate::core::json::{Json, Object};
use crate::wire::answer::{AnswerError, MAX_CALLS};

/// The calls of one choice, as far as they came.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    calls: Vec<Fragment>,
    legacy: Option<Fragment>,
    /// The call that was spoken of last.
    last: Option<usize>,
}

#[derive(Debug, Default)]
struct Fragment {
    /// The call's number in the stream, where it has one.
    index: Option<i64>,
    begun: bool,
    /// What came so far.
    call: Object,
    /// Whether something came twice.
    repeats: bool,
    /// Whether it then was another.
    contradicts: bool,
}

impl Fragments {
    /// Adds what a delta brings.
    pub(super) fn add(&mut self, calls: Option<&Json>, legacy: Option<&Json>) -> Result<(), AnswerError> {
        let shape = AnswerError::Shape;
        if let Some(calls) = calls {
            for call in calls.as_array().ok_or(shape("`tool_calls` is no array"))? {
                let call = call.as_object().ok_or(shape("a call is no object"))?;
                let at = self.place_of(call).ok_or(shape("a call has no `index`"))?;
                if self.calls.len() > MAX_CALLS {
                    return Err(AnswerError::TooMany);
                }
                if let Some(fragment) = self.calls.get_mut(at) {
                    fragment.merge(call);
                }
            }
        }
        if let Some(legacy) = legacy {
            let legacy = legacy.as_object().ok_or(shape("`function_call` is no object"))?;
            let fragment = self.legacy.get_or_insert_default();
            let mut call = std::mem::take(&mut fragment.call);
            fragment.merge_function(&mut call, legacy);
            fragment.call = call;
        }
        Ok(())
    }

    /// Which call an entry is of. Some servers give no index, or the same one to all.
    fn place_of(&mut self, entry: &Object) -> Option<usize> {
        let text = |object: &Object, name: &str| {
            object.get(name).and_then(Json::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let inner = ["function", "custom"].iter().find_map(|name| entry.get(name).and_then(Json::as_object));
        let (id, name) = (text(entry, "id"), inner.and_then(|inner| text(inner, "name")));
        let last = self.last;
        let place = match entry.get("index").filter(|index| !index.is_null()) {
            Some(index) => {
                let index = index.as_i64().filter(|index| *index >= 0)?;
                let known = self.calls.iter().rposition(|fragment| fragment.index == Some(index));
                let is_another = |fragment: &Fragment| {
                    let other = text(&fragment.call, "id").zip(id.as_ref()).is_some_and(|(a, b)| a != *b);
                    other && name.is_some()
                };
                match known {
                    Some(at) if self.calls.get(at).is_some_and(is_another) => self.push(Some(index), true),
                    Some(at) => at,
                    None => self.push(Some(index), false),
                }
            }
            None if id.is_some() || name.is_some() => self.push(None, true),
            None => last?,
        };
        if let Some(fragment) = self.calls.get_mut(place) {
            // One that goes on after another had begun is read otherwise by whoever goes on with the last.
            fragment.repeats |= fragment.begun && last != Some(place);
            fragment.begun = true;
        }
        self.last = Some(place);
        Some(place)
    }

    fn push(&mut self, index: Option<i64>, repeats: bool) -> usize {
        self.calls.push(Fragment { index, repeats, ..Fragment::default() });
        self.calls.len().saturating_sub(1)
    }

    /// The places of the calls.
    pub(super) fn slots(&self) -> Vec<Slot> {
        let calls = (0..self.calls.len()).map(Slot::Tool);
        calls.chain(self.legacy.as_ref().map(|_| Slot::Legacy)).collect()
    }

    /// Whether there is no call.
    pub(super) fn is_empty(&self) -> bool {
        self.calls.is_empty() && self.legacy.is_none()
    }

    /// Whether every client reads the same calls in them.
    pub(super) fn read_alike(&self) -> bool {
        self.calls.iter().chain(&self.legacy).all(|fragment| !fragment.repeats)
    }

    /// Whether a call's fragments say different things.
    pub(super) fn contradict(&self, slot: Slot) -> bool {
        let fragment = match slot {
            Slot::Tool(at) => self.calls.get(at),
            Slot::Legacy => self.legacy.as_ref(),
        };
        fragment.is_none_or(|fragment| fragment.contradicts)
    }

    /// The calls as a message has them that comes as a whole.
    pub(super) fn message(&self) -> Object {
        let mut message = Object::new();
        if !self.calls.is_empty() {
            message
                .set("tool_calls", self.calls.iter().map(|fragment| fragment.call.clone()).collect::<Json>());
        }
        if let Some(legacy) = &self.legacy {
            message.set("function_call", legacy.call.clone());
        }
        message
    }
}

impl Fragment {
    fn merge(&mut self, more: &Object) {
        let mut call = std::mem::take(&mut self.call);
        for (name, value) in more.iter().filter(|(name, value)| *name != "index" && !value.is_null()) {
            match (name, value) {
                ("function" | "custom", Json::Object(more)) => {
                    let known = call.get_mut(name).and_then(Json::as_object_mut);
                    let mut inner = known.map(std::mem::take).unwrap_or_default();
                    self.merge_function(&mut inner, more);
                    call.set(name, inner);
                }
                ("id", _) => self.once(&mut call, name, value, true),
                ("type", _) => self.once(&mut call, name, value, false),
                _ => call.set(name, value.clone()),
            }
        }
        self.call = call;
    }

    fn merge_function(&mut self, function: &mut Object, more: &Object) {
        for (name, value) in more.iter().filter(|(_, value)| !value.is_null()) {
            match (name, function.get_mut(name), value) {
                ("arguments" | "input", Some(Json::String(text)), Json::String(more)) => text.push_str(more),
                ("arguments" | "input", Some(_), _) => {
                    self.repeats = true;
                    self.contradicts = true;
                }
                ("name", ..) => self.once(function, name, value, true),
                _ => function.set(name, value.clone()),
            }
        }
    }

    /// Takes what has to be said once. Empty texts say nothing. A type that is said again is read alike by every
    /// client; an id and a name are not.
    fn once(&mut self, object: &mut Object, name: &str, value: &Json, begins: bool) {
        if value.as_str() == Some("") && object.get(name).is_some() {
            return;
        }
        match object.get(name) {
            None => object.set(name, value.clone()),
            Some(Json::String(known)) if known.is_empty() => object.set(name, value.clone()),
            Some(known) if known == value => self.repeats |= begins,
            Some(_) => {
                self.repeats = true;
                self.contradicts = true;
            }
        }
    }
}
