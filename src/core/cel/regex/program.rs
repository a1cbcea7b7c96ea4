//! Trees to steps, and the search: all places in the program at which a match may be are kept, character by character.

use super::parser::{Look, Part, Ranges};

/// A program has at most so many steps and ranges of characters.
const MAX_SIZE: usize = 8_192;

#[derive(Debug, Clone)]
enum Step {
    /// This character.
    Char(char),
    /// This letter of ASCII, large or small.
    Letter(char),
    /// One character of these ranges.
    One(Ranges),
    Look(Look),
    /// On at both of these.
    Fork(usize, usize),
    Found,
}

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(super) struct Program {
    steps: Vec<Step>,
    /// Steps and ranges of characters.
    size: usize,
}

impl Program {
    pub(super) fn of(part: &Part) -> Result<Self, String> {
        let mut program = Self { steps: Vec::new(), size: 0 };
        program.part(part)?;
        program.push(Step::Found)?;
        Ok(program)
    }

    /// How many steps and ranges of characters it has.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    fn push(&mut self, step: Step) -> Result<usize, String> {
        let ranges = match &step {
            Step::Char(_) => 1,
            Step::Letter(_) => 2,
            Step::One(ranges) => ranges.len(),
            _ => 0,
        };
        self.size = self.size.saturating_add(ranges).saturating_add(1);
        if self.size > MAX_SIZE {
            return Err("it is too large".to_owned());
        }
        self.steps.push(step);
        Ok(self.steps.len().saturating_sub(1))
    }

    /// A fork whose second way is known only later.
    fn fork(&mut self) -> Result<usize, String> {
        let next = self.steps.len().saturating_add(1);
        self.push(Step::Fork(next, next))
    }

    /// Sets the second way of a fork.
    fn lead(&mut self, fork: usize, to: usize) {
        if let Some(Step::Fork(_, second)) = self.steps.get_mut(fork) {
            *second = to;
        }
    }

    fn part(&mut self, part: &Part) -> Result<(), String> {
        match part {
            Part::Char(character) => self.push(Step::Char(*character)).map(|_| ()),
            Part::Letter(letter) => self.push(Step::Letter(*letter)).map(|_| ()),
            Part::One(ranges) => self.push(Step::One(ranges.clone())).map(|_| ()),
            Part::Look(look) => self.push(Step::Look(*look)).map(|_| ()),
            Part::All(parts) => parts.iter().try_for_each(|part| self.part(part)),
            Part::Any(branches) => {
                let mut ends = Vec::new();
                for (at, branch) in branches.iter().enumerate() {
                    let is_last = at.saturating_add(1) == branches.len();
                    let fork = if is_last { None } else { Some(self.fork()?) };
                    self.part(branch)?;
                    if let Some(fork) = fork {
                        ends.push(self.push(Step::Fork(0, 0))?);
                        self.lead(fork, self.steps.len());
                    }
                }
                let end = self.steps.len();
                for place in ends {
                    if let Some(step) = self.steps.get_mut(place) {
                        *step = Step::Fork(end, end);
                    }
                }
                Ok(())
            }
            Part::Repeat(part, least, most) => self.repeat(part, *least, *most),
        }
    }

    fn repeat(&mut self, part: &Part, least: u32, most: Option<u32>) -> Result<(), String> {
        // What is empty may be repeated as often as one likes: it takes steps all the same.
        for _ in 0..least {
            let before = self.steps.len();
            self.part(part)?;
            if self.steps.len() == before {
                return Ok(());
            }
        }
        let Some(most) = most else {
            let fork = self.fork()?;
            self.part(part)?;
            self.push(Step::Fork(fork, fork))?;
            self.lead(fork, self.steps.len());
            return Ok(());
        };
        let mut forks = Vec::new();
        for _ in least..most {
            forks.push(self.fork()?);
            self.part(part)?;
        }
        let end = self.steps.len();
        for fork in forks {
            self.lead(fork, end);
        }
        Ok(())
    }

    /// Whether a match begins anywhere in the text.
    pub(super) fn is_found_in(&self, text: &str) -> bool {
        let mut threads = Threads {
            steps: &self.steps,
            places: Vec::new(),
            seen: vec![0; self.steps.len()],
            round: 0,
            open: Vec::new(),
        };
        let mut next: Vec<usize> = Vec::new();
        let mut before = None;
        let mut characters = text.chars();
        loop {
            let here = characters.clone().next();
            threads.round = threads.round.wrapping_add(1);
            threads.places.clear();
            let starts = next.drain(..).chain([0]);
            for start in starts {
                if threads.add(start, before, here) {
                    return true;
                }
            }
            let Some(character) = characters.next() else { return false };
            for place in &threads.places {
                let is_it = match self.steps.get(*place) {
                    Some(Step::Char(expected)) => *expected == character,
                    Some(Step::Letter(expected)) => expected.eq_ignore_ascii_case(&character),
                    Some(Step::One(ranges)) => {
                        ranges.iter().any(|(from, to)| (*from..=*to).contains(&character))
                    }
                    _ => false,
                };
                if is_it {
                    next.push(place.saturating_add(1));
                }
            }
            before = Some(character);
        }
    }
}

/// The places at which a character is waited for.
struct Threads<'p> {
    steps: &'p [Step],
    places: Vec<usize>,
    /// By place, the last round in which it was come to.
    seen: Vec<usize>,
    round: usize,
    /// Places still to be looked at; kept, so that each character needs no memory of its own.
    open: Vec<usize>,
}

impl Threads<'_> {
    /// Goes on from a place as far as no character is needed; true where that is a match.
    fn add(&mut self, place: usize, before: Option<char>, here: Option<char>) -> bool {
        self.open.push(place);
        while let Some(place) = self.open.pop() {
            match self.seen.get_mut(place) {
                Some(seen) if *seen != self.round => *seen = self.round,
                _ => continue,
            }
            match self.steps.get(place) {
                Some(Step::Char(_) | Step::Letter(_) | Step::One(_)) => self.places.push(place),
                Some(Step::Look(look)) if holds(*look, before, here) => {
                    self.open.push(place.saturating_add(1));
                }
                Some(Step::Fork(first, second)) => self.open.extend([*second, *first]),
                Some(Step::Found) => return true,
                Some(Step::Look(_)) | None => {}
            }
        }
        false
    }
}

fn holds(look: Look, before: Option<char>, here: Option<char>) -> bool {
    let is_word = |character: Option<char>| {
        character.is_some_and(|character| character.is_ascii_alphanumeric() || character == '_')
    };
    match look {
        Look::TextStart => before.is_none(),
        Look::TextEnd => here.is_none(),
        Look::LineStart => before.is_none_or(|character| character == '\n'),
        Look::LineEnd => here.is_none_or(|character| character == '\n'),
        Look::WordBoundary => is_word(before) != is_word(here),
        Look::NoWordBoundary => is_word(before) == is_word(here),
    }
}
