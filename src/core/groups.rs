//! Things by name, in an order that is the same every time. One map of names to places serves all of them: each kind
//! of map and of sorting would be its own code in the Worker.

use super::order::places;
use std::collections::BTreeMap;

/// Things, each under its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Groups<T> {
    places: BTreeMap<String, usize>,
    things: Vec<T>,
}

impl<T> Default for Groups<T> {
    fn default() -> Self {
        Self { places: BTreeMap::new(), things: Vec::new() }
    }
}

impl<T> Groups<T> {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.things.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.things.is_empty()
    }

    /// What has this name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.places.get(name).and_then(|place| self.things.get(*place))
    }

    /// What has this name; new where nothing had it.
    pub fn entry_or(&mut self, name: &str, new: impl FnOnce() -> T) -> Option<&mut T> {
        let place = match self.places.get(name) {
            Some(place) => *place,
            None => {
                let place = self.things.len();
                self.places.insert(name.to_owned(), place);
                self.things.push(new());
                place
            }
        };
        self.things.get_mut(place)
    }

    /// Adds to what has this name; true where nothing had it.
    pub fn add(&mut self, name: &str, add: impl FnOnce(&mut T)) -> bool
    where
        T: Default,
    {
        let before = self.things.len();
        if let Some(thing) = self.entry_or(name, T::default) {
            add(thing);
        }
        self.things.len() > before
    }

    /// Changes all of them.
    pub fn each(&mut self, change: impl FnMut(&mut T)) {
        self.things.iter_mut().for_each(change);
    }

    /// All of them, in the order in which they came.
    pub fn into_things(self) -> Vec<T> {
        self.things
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.places.iter().filter_map(|(name, place)| Some((name.as_str(), self.things.get(*place)?)))
    }

    /// All of them, the one with the largest number first, those with the same by name.
    pub fn falling(&self, number: impl Fn(&T) -> f64) -> Vec<(&str, &T)> {
        let all: Vec<(&str, &T)> = self.iter().collect();
        let numbers: Vec<f64> = all.iter().map(|(_, thing)| number(thing)).collect();
        falling(&numbers).into_iter().filter_map(|place| all.get(place).copied()).collect()
    }
}

/// The places of numbers, the largest first; those of equal ones in their order.
pub fn falling(numbers: &[f64]) -> Vec<usize> {
    let number = |place: usize| numbers.get(place).copied().unwrap_or(f64::NAN);
    places(numbers.len(), &|a, b| number(b).total_cmp(&number(a)))
}
