//! JSON numbers as they were written, and the one way in which digests write them.
//!
//! A reviewer approves the amount that was written, so a literal is kept to the last digit; only conditions
//! see its value. Canonical text follows RFC 8785, section 3.2.2.3 (ECMAScript's shortest form of the nearest
//! double) wherever that loses nothing, and an exact form of our own where it would.

use super::decimal::Decimal;
use compact_str::CompactString;

/// A number literal of JSON's grammar, kept as written.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// A short one is kept in place.
    literal: CompactString,
    value: NumberValue,
}

/// What a condition computes with.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum NumberValue {
    /// A literal without fraction and exponent that fits 64 bits.
    Int(i64),
    /// Any other literal, as its nearest double (possibly infinite).
    Double(f64),
}

impl Number {
    /// Takes a literal that follows JSON's grammar; `None` if it does not, or is beyond [`MAX_DIGITS`](super::decimal::MAX_DIGITS).
    pub fn parse(literal: &str) -> Option<Self> {
        if let Some(value) = small(literal.as_bytes()) {
            return Some(Self { literal: literal.into(), value });
        }
        if !follows_json_grammar(literal) {
            return None;
        }
        let decimal = Decimal::of(literal)?;
        let value = match literal.parse::<i64>() {
            Ok(int) if !literal.contains(['.', 'e', 'E']) => NumberValue::Int(int),
            _ => NumberValue::Double(with_sign_of(literal, decimal.nearest())),
        };
        Some(Self { literal: literal.into(), value })
    }

    /// The literal, to the letter.
    pub fn literal(&self) -> &str {
        &self.literal
    }

    /// The value that conditions compute with.
    pub fn value(&self) -> NumberValue {
        self.value
    }

    /// The nearest double.
    pub fn as_f64(&self) -> f64 {
        match self.value {
            NumberValue::Int(int) => int_to_f64(int),
            NumberValue::Double(double) => double,
        }
    }

    /// The integer, where the literal is one that fits 64 bits.
    pub fn as_i64(&self) -> Option<i64> {
        match self.value {
            NumberValue::Int(int) => Some(int),
            NumberValue::Double(_) => None,
        }
    }

    /// Appends the canonical text: RFC 8785's where it has the literal's decimal value, else
    /// `-d.ddde±N` with all significant digits.
    pub fn write_canonical(&self, out: &mut String) {
        let double = self.as_f64();
        let exact = Decimal::of(&self.literal);
        if double.is_finite() {
            let shortest = Decimal::shortest(double);
            if shortest == exact {
                write_f64(double, out);
                return;
            }
        }
        if let Some(exact) = exact {
            exact.write_exact(out);
        }
    }
}

impl From<i64> for Number {
    fn from(int: i64) -> Self {
        Self { literal: int.to_string().into(), value: NumberValue::Int(int) }
    }
}

impl From<f64> for Number {
    /// Not-a-number and the infinities, which JSON cannot write, become 0.
    fn from(double: f64) -> Self {
        let mut literal = String::new();
        write_f64(if double.is_finite() { double } else { 0.0 }, &mut literal);
        let value = match literal.parse() {
            Ok(int) => NumberValue::Int(int),
            Err(_) => NumberValue::Double(double),
        };
        Self { literal: literal.into(), value }
    }
}

/// The double that is nearest to a decimal, of two as near the even one; `None` for what is none, or is beyond the
/// limits. Unlike JSON it may begin with `+` or zeros, and either side of the point may be empty.
pub fn nearest_f64(decimal: &str) -> Option<f64> {
    let unsigned = decimal.strip_prefix(['+', '-']).unwrap_or(decimal);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let is_decimal = digits(whole) && digits(fraction) && whole.len().max(fraction.len()) > 0;
    if !is_decimal || !digits(exponent) || exponent.is_empty() {
        return None;
    }
    Some(with_sign_of(decimal, Decimal::of(unsigned)?.nearest()))
}

/// A decimal has no minus nothing; a double has.
fn with_sign_of(literal: &str, double: f64) -> f64 {
    if literal.starts_with('-') { -double.abs() } else { double }
}

/// A finite double as [`write_f64`] writes it.
pub fn f64_text(double: f64) -> String {
    let mut text = String::new();
    write_f64(double, &mut text);
    text
}

/// The nearest double of a 64-bit integer.
#[expect(clippy::cast_precision_loss, reason = "the nearest double is what is asked for")]
pub fn int_to_f64(int: i64) -> f64 {
    int as f64
}

/// Appends a finite double as ECMAScript's `Number::toString` writes it (ECMA-262, section 6.1.6.1.20).
pub fn write_f64(double: f64, out: &mut String) {
    let Some(decimal) = Decimal::shortest(double) else { return };
    if decimal.digits.is_empty() {
        out.push('0');
        return;
    }
    if decimal.negative {
        out.push('-');
    }
    let digits = &decimal.digits;
    let count = i64::try_from(digits.len()).unwrap_or(i64::MAX);
    // The position of the decimal point, counted from the first digit.
    let point = decimal.exponent.saturating_add(1);
    let zeros = |n: i64| "0".repeat(usize::try_from(n).unwrap_or(0));
    if (count..=21).contains(&point) {
        out.push_str(digits);
        out.push_str(&zeros(point.saturating_sub(count)));
    } else if (1..=21).contains(&point) {
        let (whole, fraction) =
            digits.split_at_checked(usize::try_from(point).unwrap_or(0)).unwrap_or((digits, ""));
        out.push_str(whole);
        out.push('.');
        out.push_str(fraction);
    } else if (-5..=0).contains(&point) {
        out.push_str("0.");
        out.push_str(&zeros(point.saturating_neg()));
        out.push_str(digits);
    } else {
        decimal.write_digits_and_exponent(out);
    }
}

/// What nearly all numbers are, in one pass: at most fifteen digits, perhaps with a point and without an exponent. One
/// division is exact then (Clinger, PLDI 1990).
fn small(literal: &[u8]) -> Option<NumberValue> {
    let (negative, digits) = match literal.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, literal),
    };
    let (mut all, mut scale, mut whole) = (0_i64, 1.0_f64, 0_usize);
    let mut fraction = None;
    for byte in digits {
        match (byte, &mut fraction) {
            (b'0'..=b'9', fraction) => {
                all = all.wrapping_mul(10).wrapping_add(i64::from(byte.wrapping_sub(b'0')));
                match fraction {
                    Some(length) => {
                        *length = usize::wrapping_add(*length, 1);
                        scale *= 10.0;
                    }
                    None => whole = whole.wrapping_add(1),
                }
            }
            (b'.', None) => fraction = Some(0),
            _ => return None,
        }
    }
    let is_plain = digits.len() <= 16 && whole > 0 && fraction != Some(0);
    let has_no_zero_before = whole == 1 || digits.first() != Some(&b'0');
    if !is_plain || !has_no_zero_before || whole.wrapping_add(fraction.unwrap_or(0)) > 15 {
        return None;
    }
    let signed = if negative { all.wrapping_neg() } else { all };
    Some(match fraction {
        None => NumberValue::Int(signed),
        // Minus nothing is a double of its own.
        Some(_) if all == 0 && negative => NumberValue::Double(-0.0),
        Some(_) => NumberValue::Double(int_to_f64(signed) / scale),
    })
}

fn follows_json_grammar(literal: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = literal.strip_prefix('-').unwrap_or(literal);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|text| digits(text.strip_prefix(['+', '-']).unwrap_or(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(literal: &str) -> String {
        let mut out = String::new();
        Number::parse(literal).unwrap().write_canonical(&mut out);
        out
    }

    #[test]
    fn canonical_text_is_rfc_8785_where_that_loses_nothing() {
        // The doubles of RFC 8785, appendix B, and the corners of ECMAScript's rules.
        for (literal, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("1.0", "1"),
            ("1e2", "100"),
            ("0.10", "0.1"),
            ("226822002283336.62", "226822002283336.62"),
            ("5e-324", "5e-324"),
            ("-5e-324", "-5e-324"),
            ("1.7976931348623157e308", "1.7976931348623157e+308"),
            ("9007199254740992", "9007199254740992"),
            ("295147905179352830000", "295147905179352830000"),
            ("1e21", "1e+21"),
            ("9.999999999999997e22", "9.999999999999997e+22"),
            ("0.000001", "0.000001"),
            ("1e-7", "1e-7"),
            ("-0.0000033333333333333333", "-0.0000033333333333333333"),
        ] {
            assert_eq!(canonical(literal), expected, "{literal}");
        }
    }

    #[test]
    fn digits_that_a_double_would_lose_are_all_written() {
        assert_eq!(canonical("9007199254740993"), "9.007199254740993e+15");
        assert_eq!(canonical("333333333.33333333"), "3.3333333333333333e+8");
        assert_eq!(canonical("1e400"), "1e+400");
        assert_eq!(canonical("-1234567890123456789012"), "-1.234567890123456789012e+21");
        assert_eq!(
            canonical("0.1000000000000000055511151231257827"),
            "1.000000000000000055511151231257827e-1"
        );
    }

    #[test]
    fn the_short_way_gives_what_the_long_one_gives() {
        for literal in [
            "0",
            "-0",
            "7",
            "-12",
            "0.1",
            "-0.0",
            "-0.5",
            "123456789012345",
            "1234567890.12345",
            "0.00000000000001",
            "999999999999999",
            "-99999999999.9999",
            "5.0",
            "10.50",
        ] {
            let long = match literal.parse::<i64>() {
                Ok(int) => NumberValue::Int(int),
                Err(_) => NumberValue::Double(Decimal::of(literal).unwrap().nearest()),
            };
            let bits = |value| match value {
                NumberValue::Int(int) => int.cast_unsigned(),
                NumberValue::Double(double) => with_sign_of(literal, double).to_bits(),
            };
            let short = small(literal.as_bytes()).unwrap();
            assert_eq!(std::mem::discriminant(&short), std::mem::discriminant(&long), "{literal}");
            assert_eq!(bits(short), bits(long), "{literal}");
        }
        for literal in
            ["", "-", "01", "-01", "1.", ".5", "1e2", "1234567890123456", "0.1234567890123456", "1.2.3", "+1"]
        {
            assert_eq!(small(literal.as_bytes()), None, "{literal}");
        }
    }

    #[test]
    fn refuses_what_json_or_the_limits_do_not_allow() {
        for literal in
            ["", "-", "01", "1.", ".5", "+1", "1e", "0x10", "NaN", "Infinity", "1e401", "1e-401", "1 "]
        {
            assert_eq!(Number::parse(literal), None, "{literal}");
        }
        assert!(Number::parse(&"9".repeat(400)).is_some());
        assert_eq!(Number::parse(&"9".repeat(401)), None);
        assert!(Number::parse("0e999999999999999999999").is_some(), "zero is zero at any exponent");
    }

    #[test]
    fn a_decimal_has_one_sign_and_keeps_it() {
        for (text, expected) in [
            ("+5", Some(5.0)),
            ("-5", Some(-5.0)),
            (".5", Some(0.5)),
            ("1.", Some(1.0)),
            ("+-5", None),
            ("--5", None),
            ("", None),
            (".", None),
            ("1e", None),
            ("NaN", None),
            ("inf", None),
        ] {
            assert_eq!(nearest_f64(text), expected, "{text}");
        }
        for nothing in ["-0", "-0.0", "-0e5", "-0.00000000000000000000"] {
            assert!(nearest_f64(nothing).is_some_and(f64::is_sign_negative), "{nothing}");
            let value = Number::parse(nothing).unwrap().as_f64();
            assert_eq!(
                value.is_sign_negative(),
                nothing != "-0",
                "{nothing}: without a point it is an integer"
            );
        }
    }

    #[test]
    fn integers_are_those_without_fraction_and_exponent() {
        let value = |literal| Number::parse(literal).unwrap().value();
        assert_eq!(value("9223372036854775807"), NumberValue::Int(i64::MAX));
        assert_eq!(value("9223372036854775808"), NumberValue::Double(9_223_372_036_854_775_808.0));
        assert_eq!(value("1.0"), NumberValue::Double(1.0));
        assert_eq!(value("1e3"), NumberValue::Double(1000.0));
    }
}
