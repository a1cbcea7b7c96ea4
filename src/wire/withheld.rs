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

    /// Takes bytes, and gives those that may leave: what may be the beginning of the secret is kept back until it is known
    /// not to be. `None`: the secret is in them.
    pub fn pass(&mut self, bytes: Vec<u8>) -> Option<Vec<u8>> {
        let Some(secret) = &self.secret else { return Some(bytes) };
        let mut all = std::mem::take(&mut self.tail);
        all.extend(bytes);
        if contains(&all, secret.as_bytes()) {
            return None;
        }
        let may_begin = |length: &usize| {
            let end = all.get(all.len().saturating_sub(*length)..);
            end.is_some_and(|end| secret.as_bytes().starts_with(end))
        };
        let kept = (1..secret.len().min(all.len().saturating_add(1))).rev().find(may_begin).unwrap_or(0);
        self.tail = all.split_off(all.len().saturating_sub(kept));
        Some(all)
    }

    /// What was kept back, once nothing more comes.
    pub fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.tail)
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
    fn a_secret_is_found_wherever_the_bytes_are_split_and_no_part_of_it_leaves() {
        let text = b"data: {\"key\":\"sk-12sk-1234\"}";
        for first in 0..=text.len() {
            for second in first..=text.len() {
                let mut withheld = Withheld::new(Some("sk-1234".to_owned()));
                let parts = [&text[..first], &text[first..second], &text[second..]];
                let passed: Vec<_> = parts.iter().map_while(|part| withheld.pass(part.to_vec())).collect();
                assert!(passed.len() < 3, "split at {first} and {second}");
                assert!(text[..20].starts_with(&passed.concat()), "split at {first} and {second}");
            }
        }
    }

    #[test]
    fn what_is_no_secret_leaves_as_it_came() {
        let text = b"data: sk-12sk-1234";
        for secret in [Some("sk-1235"), Some("4sk"), Some(""), None] {
            let mut withheld = Withheld::new(secret.map(str::to_owned));
            let mut passed: Vec<u8> =
                text.iter().flat_map(|byte| withheld.pass(vec![*byte]).unwrap()).collect();
            passed.extend(withheld.rest());
            assert_eq!(passed, text);
        }
    }
}
