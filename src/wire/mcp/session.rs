//! Sessions of a server of tools, each bound to the key that began it. The upstream is asked with one secret for all apps
//! and cannot tell them apart, so the id that it gives leaves with a signature, and comes back without.

use crate::core::secret::{MacKey, equal};
use base64ct::{Base64UrlUnpadded, Encoding as _};

/// How many bytes of the signature an id carries.
const MAC: usize = 16;

/// Whose sessions they are.
#[derive(Debug, Clone)]
pub struct Sessions {
    key: MacKey,
    /// The app's key.
    holder: String,
    upstream: String,
}

impl Sessions {
    /// The sessions of this key with this upstream.
    pub fn new(key: &MacKey, holder: &str, upstream: &str) -> Self {
        Self { key: key.clone(), holder: holder.to_owned(), upstream: upstream.to_owned() }
    }

    /// The upstream's id as the client gets it.
    pub fn signed(&self, id: &str) -> String {
        format!("{id}.{}", Base64UrlUnpadded::encode_string(&self.mac(id)))
    }

    /// The upstream's id again; `None` where it was not given to this key.
    pub fn read<'t>(&self, text: &'t str) -> Option<&'t str> {
        let (id, mac) = text.rsplit_once('.')?;
        let mac = Base64UrlUnpadded::decode_vec(mac).ok()?;
        equal(&self.mac(id), &mac).then_some(id)
    }

    fn mac(&self, id: &str) -> Vec<u8> {
        let parts = [b"mcp session", self.holder.as_bytes(), self.upstream.as_bytes(), id.as_bytes()];
        self.key.sign(&parts).into_iter().take(MAC).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_of_the_key_and_the_upstream_that_it_was_begun_with() {
        let sessions = |holder, upstream| Sessions::new(&MacKey::new([3; 32]), holder, upstream);
        let text = sessions("key_1", "tools").signed("a.b-1");
        assert_eq!(sessions("key_1", "tools").read(&text), Some("a.b-1"));
        assert_eq!(sessions("key_2", "tools").read(&text), None);
        assert_eq!(sessions("key_1", "files").read(&text), None);
        for changed in [text.replace('a', "b"), "a.b-1".to_owned(), format!("{text}A"), String::new()] {
            assert_eq!(sessions("key_1", "tools").read(&changed), None, "{changed}");
        }
    }
}
