//! Ids of actions: `hp_…`, with the way to their record inside, under a MAC.
//!
//! An id says whether its action proceeded, was blocked, or is a case of a desk, and which desk. A forged or
//! mistyped id fails its MAC and is refused before any object is touched. What proceeded or was blocked is
//! recorded nowhere, so the MAC of such an id also covers the key holder: nobody else's key can ask for it.

use super::secret::{MacKey, equal};
use super::time::Millis;
use base32ct::{Base32Unpadded, Encoding as _};

/// Where an action's record is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// It proceeded, and no case was made of it. Names the holder of the app's key.
    Proceeded(String),
    /// It was blocked, and no case was made of it. Names the holder of the app's key.
    Blocked(String),
    /// It is a case of this desk.
    Desk(String),
}

/// An id that this deployment made. Parsing checks the MAC, so a value of this type is genuine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ActionId {
    text: String,
    place: Place,
}

const HEAD: usize = 15; // tag 1, milliseconds 6, random 8
const MAC: usize = 8;

impl ActionId {
    /// Makes an id for an action that came in now.
    pub fn new(place: Place, now: Millis, entropy: [u8; 8], key: &MacKey) -> Self {
        let (tag, desk, holder) = match &place {
            Place::Proceeded(holder) => (0, "", holder.as_str()),
            Place::Blocked(holder) => (1, "", holder.as_str()),
            Place::Desk(desk) => (2, desk.as_str(), ""),
        };
        let mut bytes = vec![tag];
        bytes.extend(now.0.to_be_bytes().iter().skip(2));
        bytes.extend(entropy);
        let mac = mac(key, &bytes, desk, holder);
        bytes.extend(mac);
        bytes.extend(desk.as_bytes());
        // Lower case without padding: one word for a double click, and it survives a phone call.
        Self { text: format!("hp_{}", Base32Unpadded::encode_string(&bytes)), place }
    }

    /// Takes an id from outside. `holder` is the key that asks, for what is recorded nowhere. `None` for
    /// whatever this deployment did not make, or made for somebody else.
    pub fn parse(text: &str, holder: &str, key: &MacKey) -> Option<Self> {
        let encoded = text.strip_prefix("hp_").filter(|encoded| encoded.len() <= 200)?;
        let bytes = Base32Unpadded::decode_vec(encoded).ok()?;
        // The last digit has bits to spare: one id has one spelling.
        if Base32Unpadded::encode_string(&bytes) != encoded {
            return None;
        }
        let (head, rest) = bytes.split_at_checked(HEAD)?;
        let (given_mac, desk) = rest.split_at_checked(MAC)?;
        let desk = std::str::from_utf8(desk).ok()?;
        let (place, holder) = match head.first()? {
            0 => (Place::Proceeded(holder.to_owned()), holder),
            1 => (Place::Blocked(holder.to_owned()), holder),
            2 => (Place::Desk(desk.to_owned()), ""),
            _ => return None,
        };
        equal(&mac(key, head, desk, holder), given_mac).then(|| Self { text: text.to_owned(), place })
    }

    /// Where its record is.
    pub fn place(&self) -> &Place {
        &self.place
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

fn mac(key: &MacKey, head: &[u8], desk: &str, holder: &str) -> Vec<u8> {
    key.sign(&[b"action id", head, desk.as_bytes(), holder.as_bytes()]).into_iter().take(MAC).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: MacKey = MacKey::new([3; 32]);
    const NOW: Millis = Millis(1_795_363_200_000);

    #[test]
    fn an_id_leads_to_its_place() {
        for place in
            [Place::Desk("refunds".into()), Place::Proceeded("key_1".into()), Place::Blocked("key_1".into())]
        {
            let id = ActionId::new(place, NOW, [9; 8], &KEY);
            assert_eq!(ActionId::parse(id.as_str(), "key_1", &KEY), Some(id.clone()), "{id}");
        }
    }

    #[test]
    fn no_changed_id_is_genuine() {
        let id = ActionId::new(Place::Desk("main".into()), NOW, [9; 8], &KEY);
        for at in 3..id.as_str().len() {
            let mut forged = id.as_str().as_bytes().to_vec();
            forged[at] = if forged[at] == b'a' { b'b' } else { b'a' };
            let forged = String::from_utf8(forged).unwrap();
            assert_eq!(ActionId::parse(&forged, "", &KEY), None, "{forged}");
        }
        assert_eq!(ActionId::parse(id.as_str(), "", &MacKey::new([4; 32])), None);
        assert_eq!(ActionId::parse("hp_", "", &KEY), None);
        assert_eq!(ActionId::parse("", "", &KEY), None);
    }

    #[test]
    fn what_is_recorded_nowhere_is_known_to_its_holder_alone() {
        let id = ActionId::new(Place::Proceeded("key_1".into()), NOW, [9; 8], &KEY);
        assert_eq!(ActionId::parse(id.as_str(), "key_2", &KEY), None);
    }
}
