//! Secrets that cannot be printed, and the two things done with them: hashing and signing.

use super::canonical::Digest;
use base64ct::{Base64UrlUnpadded, Encoding as _};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// 32 random bytes that sign something (ids, cookies, samples). Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct MacKey([u8; 32]);

impl MacKey {
    /// A key of these bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// HMAC-SHA256 over the parts, each preceded by its length so that no two lists of parts sign alike.
    pub fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        for part in parts {
            mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl std::fmt::Debug for MacKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("MacKey(…)")
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths alone.
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// A bearer key as presented: `hpk_` and 43 base64url digits (256 bits). Never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct BearerKey(String);

impl BearerKey {
    /// A new key of 32 random bytes.
    pub fn new(entropy: [u8; 32]) -> Self {
        Self(format!("hpk_{}", Base64UrlUnpadded::encode_string(&entropy)))
    }

    /// Takes a presented key; `None` if it cannot be one.
    pub fn parse(text: &str) -> Option<Self> {
        let secret = text.strip_prefix("hpk_")?;
        let plausible = (32..=128).contains(&secret.len())
            && secret.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        plausible.then(|| Self(text.to_owned()))
    }

    /// What is stored and compared: a key has 256 random bits, so a plain hash protects it.
    pub fn hash(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }

    /// The key itself, shown once to whoever made it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for BearerKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("hpk_…")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_never_printed() {
        let key = BearerKey::new([7; 32]);
        assert_eq!(format!("{key:?} {:?}", MacKey::new([7; 32])), "hpk_… MacKey(…)");
        assert_eq!(BearerKey::parse(key.reveal()), Some(key));
    }

    #[test]
    fn parts_are_signed_with_their_lengths() {
        let key = MacKey::new([1; 32]);
        assert_ne!(key.sign(&[b"ab", b"c"]), key.sign(&[b"a", b"bc"]));
        assert_eq!(key.sign(&[b"ab", b"c"]), key.sign(&[b"ab", b"c"]));
    }

    #[test]
    fn what_cannot_be_a_key_is_none() {
        for text in [
            "",
            "hpk_",
            "hpk_short",
            "sk-0123456789012345678901234567890123456789",
            "hpk_012345678901234567890123456789012 4567",
        ] {
            assert_eq!(BearerKey::parse(text), None, "{text}");
        }
    }
}
