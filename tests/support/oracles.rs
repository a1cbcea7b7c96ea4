//! Numbers that other programs computed.

use serde_json::Value;

/// Numbers of scipy and statsmodels, where they are at hand beside the project.
pub(crate) fn oracles() -> Option<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/oracles.json");
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        println!("skipped: no oracles beside the project");
    }
    text.map(|text| serde_json::from_str(&text).unwrap())
}

/// Equal to nine digits, or as far as the other number is written.
#[track_caller]
pub(crate) fn same(found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap_or_else(|| panic!("{expected} is no number"));
    let digits = 10_f64.powi(-10);
    let tolerance = (expected.abs() * 1e-9).max(digits * 0.6);
    assert!((found - expected).abs() <= tolerance, "{found} is not {expected}");
}

/// As [`same`], for a number that is written with this many decimals.
#[track_caller]
pub(crate) fn same_to(decimals: i32, found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= 10_f64.powi(-decimals) * 0.51, "{found} is not {expected}");
}
