//! The only reader of time and randomness.

use crate::core::time::Millis;

/// Now. Stands still between two events of the platform: never measure work with it.
#[expect(
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    reason = "this is the one place; a date is a whole number"
)]
pub(crate) fn now() -> Millis {
    Millis(js_sys::Date::now() as i64)
}

/// Fresh random bytes.
#[expect(clippy::disallowed_methods, reason = "this is the one place")]
pub(crate) fn random<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// The platform gave no random bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NoRandomness;
