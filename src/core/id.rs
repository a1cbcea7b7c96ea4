//! Ids of actions: `hp_…`, with the way to their record inside, under a MAC.
//!
//! An id says what the gate made of its action, which desk knows of it, and, as a keyed hash, who proposed it.
//! A forged or mistyped id fails its MAC and is refused before any object is touched. An id does not say
//! whether an action that proceeded was drawn for an audit.

use super::secret::{MacKey, equal};
use super::time::Millis;
use base32ct::{Base32Unpadded, Encoding as _};

/// What the gate made of an action, which decides where its record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Course {
    /// It proceeded; its desk has a case only where it was drawn for an audit.
    Proceeded,
    /// It was blocked, and is recorded nowhere.
    Blocked,
    /// It is a case of its desk.
    Held,
}

/// An id that this deployment made. Parsing checks the MAC, so a value of this type is genuine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActionId {
    text: String,
    course: Course,
    desk: String,
    head: Vec<u8>,
}

const MADE: usize = 15; // course 1, milliseconds 6, random 8
const OWNER: usize = 6;
const MAC: usize = 8;

impl ActionId {
    /// Makes an id for an action that the key `owner` proposed now.
    pub fn new(course: Course, desk: &str, owner: &str, now: Millis, entropy: [u8; 8], key: &MacKey) -> Self {
        let tag = match course {
            Course::Proceeded => 0,
            Course::Blocked => 1,
            Course::Held => 2,
        };
        let mut head = vec![tag];
        head.extend(now.0.to_be_bytes().iter().skip(2));
        head.extend(entropy);
        head.extend(owner_hash(key, &head, owner));
        let mut bytes = head.clone();
        bytes.extend(mac(key, &head, desk));
        bytes.extend(desk.as_bytes());
        // Lower case without padding: one word for a double click, and it survives a phone call.
        let text = format!("hp_{}", Base32Unpadded::encode_string(&bytes));
        Self { text, course, desk: desk.to_owned(), head }
    }

    /// Takes an id from outside; `None` for whatever this deployment did not make.
    pub fn parse(text: &str, key: &MacKey) -> Option<Self> {
        let encoded = text.strip_prefix("hp_").filter(|encoded| encoded.len() <= 200)?;
        let bytes = Base32Unpadded::decode_vec(encoded).ok()?;
        // The last digit has bits to spare: one id has one spelling.
        if Base32Unpadded::encode_string(&bytes) != encoded {
            return None;
        }
        let (head, rest) = bytes.split_at_checked(MADE.saturating_add(OWNER))?;
        let (given_mac, desk) = rest.split_at_checked(MAC)?;
        let desk = std::str::from_utf8(desk).ok()?;
        let course = match head.first()? {
            0 => Course::Proceeded,
            1 => Course::Blocked,
            2 => Course::Held,
            _ => return None,
        };
        equal(&mac(key, head, desk), given_mac).then(|| Self {
            text: text.to_owned(),
            course,
            desk: desk.to_owned(),
            head: head.to_vec(),
        })
    }

    /// Whether this key proposed the action.
    pub fn is_of(&self, owner: &str, key: &MacKey) -> bool {
        let (made, given) = self.head.split_at_checked(MADE).unwrap_or_default();
        equal(&owner_hash(key, made, owner), given)
    }

    /// What the gate made of it.
    pub fn course(&self) -> Course {
        self.course
    }

    /// The desk that knows of it, unless it was handed on from there.
    pub fn desk(&self) -> &str {
        &self.desk
    }

    /// When it was made.
    pub fn made_at(&self) -> Millis {
        let bytes = self.head.get(1..7).unwrap_or_default();
        Millis(bytes.iter().fold(0, |millis, byte| millis << 8 | i64::from(*byte)))
    }

    /// The written form.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Display for ActionId {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.text)
    }
}

fn owner_hash(key: &MacKey, made: &[u8], owner: &str) -> Vec<u8> {
    key.sign(&[b"action owner", made, owner.as_bytes()]).into_iter().take(OWNER).collect()
}

fn mac(key: &MacKey, head: &[u8], desk: &str) -> Vec<u8> {
    key.sign(&[b"action id", head, desk.as_bytes()]).into_iter().take(MAC).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: MacKey = MacKey::new([3; 32]);
    const NOW: Millis = Millis(1_795_363_200_000);

    fn id(course: Course) -> ActionId {
        ActionId::new(course, "refunds", "key_1", NOW, [9; 8], &KEY)
    }

    #[test]
    fn an_id_leads_to_its_record_and_knows_its_owner() {
        for course in [Course::Proceeded, Course::Blocked, Course::Held] {
            let parsed = ActionId::parse(id(course).as_str(), &KEY).unwrap();
            assert_eq!((parsed.course(), parsed.desk(), parsed.made_at()), (course, "refunds", NOW));
            assert!(parsed.is_of("key_1", &KEY));
            assert!(!parsed.is_of("key_2", &KEY));
        }
    }

    #[test]
    fn no_changed_id_is_genuine() {
        let id = id(Course::Held);
        for at in 3..id.as_str().len() {
            let mut forged = id.as_str().as_bytes().to_vec();
            forged[at] = if forged[at] == b'a' { b'b' } else { b'a' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(ActionId::parse(&forged, &KEY), None, "{forged}");
        }
        assert_eq!(ActionId::parse(id.as_str(), &MacKey::new([4; 32])), None);
        assert_eq!(ActionId::parse("hp_", &KEY), None);
        assert_eq!(ActionId::parse("", &KEY), None);
    }
}
