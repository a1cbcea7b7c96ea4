//! Patterns to trees.

use crate::core::order::sorted;

/// Groups may nest so deep.
const MAX_DEPTH: usize = 64;

/// A part of a pattern.
#[derive(Debug, Clone)]
pub(super) enum Part {
    /// This character.
    Char(char),
    /// This letter of ASCII, large or small.
    Letter(char),
    /// One character of these ranges.
    One(Ranges),
    Look(Look),
    All(Vec<Part>),
    Any(Vec<Part>),
    /// From so many to so many times.
    Repeat(Box<Part>, u32, Option<u32>),
}

/// Characters, both ends included.
pub(super) type Ranges = Vec<(char, char)>;

/// What has to be so between two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    TextStart,
    TextEnd,
    LineStart,
    LineEnd,
    WordBoundary,
    NoWordBoundary,
}

#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    ignore_case: bool,
    lines: bool,
    dot_is_all: bool,
}

type Parsed<T> = Result<T, String>;

pub(super) fn parse(pattern: &str) -> Parsed<Part> {
    let mut parser = Parser { rest: pattern, flags: Flags::default(), depth: 0, names: Vec::new() };
    let part = parser.alternatives()?;
    if parser.rest.is_empty() { Ok(part) } else { Err("a `)` without its group".to_owned()) }
}

struct Parser<'p> {
    rest: &'p str,
    flags: Flags,
    depth: usize,
    /// Of the groups so far.
    names: Vec<&'p str>,
}

const DIGITS: [(char, char); 1] = [('0', '9')];
const SPACES: [(char, char); 2] = [('\t', '\r'), (' ', ' ')];
const WORDS: [(char, char); 4] = [('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];

/// The classes with names, as POSIX has them.
const NAMED: [(&str, &[(char, char)]); 14] = [
    ("alnum", &[('0', '9'), ('A', 'Z'), ('a', 'z')]),
    ("alpha", &[('A', 'Z'), ('a', 'z')]),
    ("ascii", &[('\0', '\x7f')]),
    ("blank", &[('\t', '\t'), (' ', ' ')]),
    ("cntrl", &[('\0', '\x1f'), ('\x7f', '\x7f')]),
    ("digit", &DIGITS),
    ("graph", &[('!', '~')]),
    ("lower", &[('a', 'z')]),
    ("print", &[(' ', '~')]),
    ("punct", &[('!', '/'), (':', '@'), ('[', '`'), ('{', '~')]),
    ("space", &SPACES),
    ("upper", &[('A', 'Z')]),
    ("word", &WORDS),
    ("xdigit", &[('0', '9'), ('A', 'F'), ('a', 'f')]),
];

/// What an escape stands for.
enum Escape {
    Char(char),
    Class(Ranges),
    Look(Look),
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let character = characters.next();
        self.rest = characters.as_str();
        character
    }

    fn eat(&mut self, text: &str) -> bool {
        let after = self.rest.strip_prefix(text);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    /// To the end of the group; flags set within it end with it.
    fn alternatives(&mut self) -> Parsed<Part> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > MAX_DEPTH {
            return Err("nested too deep".to_owned());
        }
        let flags = self.flags;
        let mut branches = Vec::new();
        loop {
            branches.push(self.sequence()?);
            if !self.eat("|") {
                break;
            }
        }
        self.flags = flags;
        self.depth = self.depth.saturating_sub(1);
        Ok(if branches.len() == 1 { Part::All(branches) } else { Part::Any(branches) })
    }

    fn sequence(&mut self) -> Parsed<Part> {
        let mut parts = Vec::new();
        while let Some(next) = self.peek().filter(|next| !matches!(next, '|' | ')')) {
            self.bump();
            let part = match next {
                '(' => match self.group()? {
                    Some(part) => part,
                    None => continue,
                },
                '[' => Part::One(self.class()?),
                '.' if self.flags.dot_is_all => Part::One(vec![('\0', char::MAX)]),
                '.' => Part::One(negated(vec![('\n', '\n')])),
                '^' => Part::Look(if self.flags.lines { Look::LineStart } else { Look::TextStart }),
                '$' => Part::Look(if self.flags.lines { Look::LineEnd } else { Look::TextEnd }),
                '*' | '+' | '?' => return Err(format!("nothing stands before `{next}` to repeat")),
                '{' => return Err("nothing stands before `{` to repeat".to_owned()),
                '\\' => match self.escape()? {
                    Escape::Char(character) => self.literal(character),
                    Escape::Class(ranges) => Part::One(ranges),
                    Escape::Look(look) => Part::Look(look),
                },
                literal => self.literal(literal),
            };
            parts.push(self.repeated(part)?);
        }
        Ok(Part::All(parts))
    }

    fn repeated(&mut self, part: Part) -> Parsed<Part> {
        let (least, most) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => self.counted()?,
            _ => return Ok(part),
        };
        self.bump();
        // Whether as much or as little as possible is taken makes no difference to whether it is found.
        self.eat("?");
        match self.peek() {
            Some(again @ ('*' | '+' | '?' | '{')) => {
                Err(format!("`{again}` repeats a repetition: put that in parentheses"))
            }
            _ => Ok(Part::Repeat(Box::new(part), least, most)),
        }
    }

    /// The counts in braces, up to the closing one.
    fn counted(&mut self) -> Parsed<(u32, Option<u32>)> {
        let wrong = || "a repetition is `{2}`, `{2,}` or `{2,5}`; the brace itself is `\\{`".to_owned();
        self.bump();
        let end = self.rest.find('}').ok_or_else(wrong)?;
        let (counts, rest) = self.rest.split_at_checked(end).ok_or_else(wrong)?;
        self.rest = rest;
        let count = |text: &str| {
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u32>().ok().filter(|_| plain).ok_or_else(wrong)
        };
        let (least, most) = match counts.split_once(',') {
            None => (count(counts)?, Some(count(counts)?)),
            Some((least, "")) => (count(least)?, None),
            Some((least, most)) => (count(least)?, Some(count(most)?)),
        };
        match most {
            Some(most) if most < least => Err(format!("a repetition from {least} to {most}")),
            most => Ok((least, most)),
        }
    }

    /// Behind the parenthesis: a group, or flags for what follows.
    fn group(&mut self) -> Parsed<Option<Part>> {
        let outer = self.flags;
        if self.rest.starts_with("?P<") || (self.rest.starts_with("?<") && !self.rest.starts_with(['=', '!']))
        {
            let looks = ["?<=", "?<!"].into_iter().find(|look| self.rest.starts_with(look));
            if let Some(look) = looks {
                return Err(format!("`({look}` would look around: that has no linear time"));
            }
            let end = self.rest.find('>').ok_or("a name of a group without its `>`")?;
            let name = self.rest.get(..end).and_then(|name| name.split('<').nth(1)).unwrap_or("");
            if self.names.contains(&name) {
                return Err(format!("two groups are called `{name}`"));
            }
            self.names.push(name);
            self.rest = self.rest.get(end.saturating_add(1)..).unwrap_or("");
        } else if self.eat("?") {
            let mut on = true;
            loop {
                match self.bump() {
                    Some('i') => self.flags.ignore_case = on,
                    Some('m') => self.flags.lines = on,
                    Some('s') => self.flags.dot_is_all = on,
                    Some('U') => {}
                    Some('-') if on => on = false,
                    Some(':') => break,
                    Some(')') => return Ok(None),
                    Some(look @ ('=' | '!')) => {
                        return Err(format!("`(?{look}` would look around: that has no linear time"));
                    }
                    Some(flag) => {
                        return Err(format!("the flag `{flag}` is not known: there are i, m, s and U"));
                    }
                    None => return Err("a group without its `)`".to_owned()),
                }
            }
        }
        let part = self.alternatives()?;
        self.flags = outer;
        if self.eat(")") { Ok(Some(part)) } else { Err("a group without its `)`".to_owned()) }
    }

    /// Behind the bracket.
    fn class(&mut self) -> Parsed<Ranges> {
        let is_negated = self.eat("^");
        let unclosed = || "a class without its `]`".to_owned();
        let mut ranges = Vec::new();
        let mut first = true;
        loop {
            if !first && self.eat("]") {
                let ranges = merged(self.cased(ranges));
                return Ok(if is_negated { negated(ranges) } else { ranges });
            }
            first = false;
            if let Some(named) = self.rest.strip_prefix("[:") {
                let end = named.find(":]").ok_or_else(unclosed)?;
                let name = named.get(..end).unwrap_or("");
                let (name, inverted) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
                let known = NAMED.iter().find(|(known, _)| *known == name);
                let (_, class) = known.ok_or_else(|| format!("no class is called `[:{name}:]`"))?;
                self.rest = named.get(end.saturating_add(2)..).unwrap_or("");
                ranges.extend(if inverted { negated(class.to_vec()) } else { class.to_vec() });
                continue;
            }
            let from = match self.class_member()? {
                Escape::Char(character) => character,
                Escape::Class(class) => {
                    ranges.extend(class);
                    continue;
                }
                Escape::Look(_) => return Err("a class has characters alone".to_owned()),
            };
            let is_range = self.rest.starts_with('-') && !self.rest.starts_with("-]");
            if !is_range {
                ranges.push((from, from));
                continue;
            }
            self.bump();
            match self.class_member()? {
                Escape::Char(to) if from <= to => ranges.push((from, to)),
                Escape::Char(to) => return Err(format!("the range `{from}-{to}` is upside down")),
                _ => return Err("a range leads from a character to a character".to_owned()),
            }
        }
    }

    fn class_member(&mut self) -> Parsed<Escape> {
        match self.bump() {
            Some('\\') => self.escape(),
            Some(character) => Ok(Escape::Char(character)),
            None => Err("a class without its `]`".to_owned()),
        }
    }

    /// Behind the backslash.
    fn escape(&mut self) -> Parsed<Escape> {
        let letter = self.bump().ok_or("a backslash at the end")?;
        Ok(match letter {
            'd' => Escape::Class(DIGITS.to_vec()),
            'D' => Escape::Class(negated(DIGITS.to_vec())),
            's' => Escape::Class(SPACES.to_vec()),
            'S' => Escape::Class(negated(SPACES.to_vec())),
            'w' => Escape::Class(WORDS.to_vec()),
            'W' => Escape::Class(negated(WORDS.to_vec())),
            'A' => Escape::Look(Look::TextStart),
            'z' => Escape::Look(Look::TextEnd),
            'b' => Escape::Look(Look::WordBoundary),
            'B' => Escape::Look(Look::NoWordBoundary),
            'a' => Escape::Char('\x07'),
            'f' => Escape::Char('\x0c'),
            'n' => Escape::Char('\n'),
            'r' => Escape::Char('\r'),
            't' => Escape::Char('\t'),
            'v' => Escape::Char('\x0b'),
            'x' => Escape::Char(self.code()?),
            itself if itself.is_ascii_punctuation() || itself == ' ' => Escape::Char(itself),
            '1'..='9' => return Err(format!("`\\{letter}` would look back: that has no linear time")),
            other => return Err(format!("`\\{other}` means nothing")),
        })
    }

    /// `41` or `{1F600}`.
    fn code(&mut self) -> Parsed<char> {
        let wrong = || "a character's code is `\\x41` or `\\x{1F600}`".to_owned();
        let digits = if self.eat("{") {
            let (digits, rest) = self.rest.split_once('}').ok_or_else(wrong)?;
            self.rest = rest;
            digits
        } else {
            let (digits, rest) = self.rest.split_at_checked(2).ok_or_else(wrong)?;
            self.rest = rest;
            digits
        };
        let plain = (1..=8).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        let code = u32::from_str_radix(digits, 16).ok().filter(|_| plain);
        code.and_then(char::from_u32).ok_or_else(wrong)
    }

    fn literal(&self, character: char) -> Part {
        if self.flags.ignore_case && character.is_ascii_alphabetic() {
            return Part::Letter(character);
        }
        Part::Char(character)
    }

    /// With the other case of ASCII's letters, where case is ignored.
    fn cased(&self, mut ranges: Ranges) -> Ranges {
        if self.flags.ignore_case {
            for at in 0..ranges.len() {
                let Some((from, to)) = ranges.get(at).copied() else { break };
                for (first, last, other) in [('a', 'z', 'A'), ('A', 'Z', 'a')] {
                    let (from, to) = (from.max(first), to.min(last));
                    let moved = |character: char| {
                        let distance = u32::from(character).saturating_sub(u32::from(first));
                        char::from_u32(u32::from(other).saturating_add(distance)).unwrap_or(character)
                    };
                    if from <= to {
                        ranges.push((moved(from), moved(to)));
                    }
                }
            }
        }
        ranges
    }
}

/// The same characters in rising ranges that neither overlap nor touch.
fn merged(ranges: Ranges) -> Ranges {
    let mut merged: Ranges = Vec::new();
    for (from, to) in sorted(ranges, Ord::cmp) {
        match merged.last_mut() {
            Some((_, last)) if after(*last).is_none_or(|next| from <= next) => *last = to.max(*last),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// All other characters.
fn negated(ranges: Ranges) -> Ranges {
    let mut others = Vec::new();
    let mut next = Some('\0');
    for (from, to) in merged(ranges) {
        others.extend(next.zip(before(from)).filter(|(first, last)| first <= last));
        next = after(to);
    }
    others.extend(next.map(|first| (first, char::MAX)));
    others
}

fn before(character: char) -> Option<char> {
    ('\0'..character).next_back()
}

fn after(character: char) -> Option<char> {
    (character..=char::MAX).nth(1)
}
