//! What the upstream was sent, and must not give away.

/// A secret that is looked for in bytes, wherever they are split.
#[derive(Debug)]
pub struct Withheld {
    secret: Option<String>,
    /// The end of what came, where the secret may have begun.
    tail: Vec<u8>,
}

impl Withheld {
    /// Looks for this secret; none: for nothing.
    pub fn new(secret: Option<String>) -> Self {
        Self { secret: secret.filter(|secret| !secret.is_empty()), tail: Vec::new() }
    }

    /// Whether these bytes, behind those before them, hold it.
    pub fn is_in(&mut self, bytes: &[u8]) -> bool {
        let Some(secret) = &self.secret else { return false };
        self.tail.extend_from_slice(bytes);
        if contains(&self.tail, secret.as_bytes()) {
            return true;
        }
        let kept = secret.len().saturating_sub(1);
        self.tail.drain(..self.tail.len().saturating_sub(kept));
        false
    }
}

/// Whether bytes contain others.
pub fn contains(body: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && body.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_wherever_the_bytes_are_split() {
        let text = b"data: {\"key\":\"sk-12sk-1234\"}";
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let mut withheld = Withheld::new(Some("sk-1234".to_owned()));
                let parts = [&text[..first], &text[first..second], &text[second..]];
                assert!(parts.iter().any(|part| withheld.is_in(part)), "split at {first} and {second}");
            }
        }
        let mut other = Withheld::new(Some("sk-1235".to_owned()));
        assert!(!text.iter().any(|byte| other.is_in(&[*byte])));
        assert!(!Withheld::new(Some(String::new())).is_in(text));
        assert!(!Withheld::new(None).is_in(text));
    }
}
