//! Which of the actions that proceed are audited: drawn by keyed hash of their ids, so that neither the app nor
//! the AI can steer or foresee it, and drawing again gives the same.

use super::secret::MacKey;

/// Whether the action with this id is in a sample of that share (0 to 1; 0 and below: never, 1 and above: always).
pub fn drawn(key: &MacKey, id: &str, share: f64) -> bool {
    let hash = key.sign(&[b"audit sample", id.as_bytes()]);
    // The first 53 bits are a uniform fraction that a double holds exactly.
    let bits = hash.iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte)) >> 11;
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    let fraction = bits as f64 / 9_007_199_254_740_992.0;
    fraction < share
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_share_is_kept_and_the_draw_is_the_same_again() {
        let key = MacKey::new([5; 32]);
        for share in [0.02, 0.2, 0.5] {
            let count = (0..20_000).filter(|at| drawn(&key, &format!("hp_{at}"), share)).count();
            let expected = 20_000.0 * share;
            let deviation = (f64::from(u32::try_from(count).unwrap()) - expected).abs();
            // Four standard deviations of a binomial count.
            assert!(deviation < 4.0 * (expected * (1.0 - share)).sqrt(), "{count} of {expected}");
        }
        assert!((0..1000).all(|at| drawn(&key, &format!("hp_{at}"), 1.0)));
        assert!((0..1000).all(|at| !drawn(&key, &format!("hp_{at}"), 0.0)));
        assert_eq!(drawn(&key, "hp_7", 0.5), drawn(&key, "hp_7", 0.5));
    }

    #[test]
    fn another_key_draws_another_sample() {
        let (one, other) = (MacKey::new([5; 32]), MacKey::new([6; 32]));
        let differs = |at: &u32| {
            let id = format!("hp_{at}");
            drawn(&one, &id, 0.5) != drawn(&other, &id, 0.5)
        };
        assert!((0..1000).filter(differs).count() > 300);
    }
}
