//! Decimals as they are written, and the doubles nearest to them: exact, both ways, and small. The standard library's
//! ways with their tables would be a sixth of the npm package.

use super::number::int_to_f64;
use std::cmp::Ordering;
use std::fmt::Write as _;

/// Literals with more digits, or a decimal exponent further from zero, are refused: comparing them costs
/// more than any action is worth.
pub const MAX_DIGITS: usize = 400;

/// Whole numbers of so many digits are doubles.
const EXACT_DIGITS: i64 = 15;
/// So many digits fit 63 bits.
const GUESSED_DIGITS: usize = 18;

/// Powers of ten up to this one are doubles.
const EXACT_POWER: i64 = 22;

/// A decimal value in one form only: no leading or trailing zeros in `digits`, the value being
/// `d.ddd × 10^exponent`; zero has no digits.
#[derive(Debug, PartialEq)]
pub struct Decimal {
    /// Whether it is below zero.
    pub negative: bool,
    /// Its significant digits.
    pub digits: String,
    /// The power of ten of the first digit.
    pub exponent: i64,
}

impl Decimal {
    /// The fewest digits that no other double is nearest to, of a finite one.
    pub fn shortest(finite: f64) -> Option<Self> {
        if !finite.is_finite() {
            return None;
        }
        Self::of(ryu::Buffer::new().format_finite(finite))
    }

    /// Reads what is written in JSON's grammar; `None` beyond the limits.
    pub fn of(literal: &str) -> Option<Self> {
        let (negative, unsigned) = match literal.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, literal),
        };
        let (mantissa, written_exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)),
            None => (unsigned, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let significant = all.trim_start_matches('0');
        let digits = significant.trim_end_matches('0');
        if digits.is_empty() {
            return Some(Self { negative: false, digits: String::new(), exponent: 0 });
        }
        let leading_zeros = all.len().saturating_sub(significant.len());
        let exponent = i64::try_from(whole.len())
            .ok()?
            .saturating_sub(i64::try_from(leading_zeros).ok()?)
            .saturating_sub(1)
            .saturating_add(written_exponent);
        let limit = i64::try_from(MAX_DIGITS).ok()?;
        if digits.len() > MAX_DIGITS || exponent.saturating_abs() > limit {
            return None;
        }
        Some(Self { negative, digits: digits.to_owned(), exponent })
    }

    /// The nearest double, of two as near the even one; infinite beyond the largest.
    pub fn nearest(&self) -> f64 {
        let size = self.nearest_size();
        if self.negative { -size } else { size }
    }

    /// Small numbers by one exact operation (Clinger, "How to read floating point numbers accurately", PLDI 1990);
    /// others by a guess that is corrected until the decimal lies between the middles to both neighbours.
    fn nearest_size(&self) -> f64 {
        let count = i64::try_from(self.digits.len()).unwrap_or(i64::MAX);
        let scale = self.exponent.saturating_add(1).saturating_sub(count);
        if count <= EXACT_DIGITS && scale.saturating_abs() <= EXACT_POWER {
            return scaled(leading(&self.digits), scale);
        }
        // As many digits as a guess can use: nearly always it is right, or the next one is.
        let first = self.digits.get(..GUESSED_DIGITS).unwrap_or(&self.digits);
        let dropped = self.digits.len().saturating_sub(first.len());
        let dropped = i64::try_from(dropped).unwrap_or(i64::MAX);
        let exactly = Exact::new(&self.digits, scale);
        // The largest finite double is the last that a guess may be.
        let mut guess = scaled(leading(first), scale.saturating_add(dropped)).min(f64::MAX).to_bits();
        loop {
            let is_odd = guess % 2 == 1;
            let above = exactly.compare_to_middle_above(guess);
            if above == Ordering::Greater || (above == Ordering::Equal && is_odd) {
                guess = guess.saturating_add(1);
                if f64::from_bits(guess).is_infinite() {
                    return f64::INFINITY;
                }
                continue;
            }
            let Some(below) = guess.checked_sub(1) else { return 0.0 };
            let beneath = exactly.compare_to_middle_above(below);
            if beneath == Ordering::Less || (beneath == Ordering::Equal && is_odd) {
                guess = below;
                continue;
            }
            return f64::from_bits(guess);
        }
    }

    /// Appends `-d.ddde±N`, with all digits.
    pub fn write_exact(&self, out: &mut String) {
        if self.negative {
            out.push('-');
        }
        self.write_digits_and_exponent(out);
    }

    /// Appends `d.ddde±N`, without the sign.
    pub fn write_digits_and_exponent(&self, out: &mut String) {
        let (first, rest) = self.digits.split_at_checked(1).unwrap_or((&self.digits, ""));
        out.push_str(first);
        if !rest.is_empty() {
            out.push('.');
            out.push_str(rest);
        }
        let sign = if self.exponent < 0 { '-' } else { '+' };
        // Writing to a String cannot fail.
        let _ = write!(out, "e{sign}{}", self.exponent.unsigned_abs());
    }
}

/// An exponent beyond 64 bits is as good as the largest: both are out of range.
fn parse_exponent(text: &str) -> i64 {
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or("")),
        Some(b'+') => (false, text.get(1..).unwrap_or("")),
        _ => (false, text),
    };
    let magnitude = digits.parse::<i64>().unwrap_or(i64::MAX / 2);
    if negative { magnitude.saturating_neg() } else { magnitude }
}

/// At most eighteen digits as the double nearest to the whole number that they are.
fn leading(digits: &str) -> f64 {
    let digit = |digit: u8| i64::from(digit.wrapping_sub(b'0'));
    int_to_f64(digits.bytes().fold(0, |all: i64, byte| all.wrapping_mul(10).wrapping_add(digit(byte))))
}

/// A number times a power of ten: exact for the smallest powers, near for others.
fn scaled(number: f64, power: i64) -> f64 {
    let ten_to = |power: i64| (0..power).fold(1.0, |all: f64, _| all * 10.0);
    let (mut scaled, mut left) = (number, power.saturating_abs());
    while left > 0 && scaled > 0.0 && scaled.is_finite() {
        let step = left.min(EXACT_POWER);
        scaled = if power < 0 { scaled / ten_to(step) } else { scaled * ten_to(step) };
        left = left.saturating_sub(step);
    }
    scaled
}

/// A decimal as a fraction of two natural numbers.
struct Exact {
    above: Natural,
    below: Natural,
}

impl Exact {
    fn new(digits: &str, scale: i64) -> Self {
        let mut exact = Self { above: Natural::default(), below: Natural(vec![1]) };
        // Nine digits at a time: what fits a digit to the base of 2^32.
        for nine in digits.as_bytes().chunks(9) {
            let value = nine.iter().fold(0_u32, |all, digit| {
                all.wrapping_mul(10).wrapping_add(u32::from(digit.wrapping_sub(b'0')))
            });
            exact.above.multiply(10_u32.wrapping_pow(u32::try_from(nine.len()).unwrap_or(0)), value);
        }
        let multiplied = if scale < 0 { &mut exact.below } else { &mut exact.above };
        let mut left = u32::try_from(scale.saturating_abs()).unwrap_or(u32::MAX);
        while left > 0 {
            let step = left.min(9);
            multiplied.multiply(10_u32.wrapping_pow(step), 0);
            left = left.saturating_sub(step);
        }
        exact
    }

    /// How it compares to the middle between the finite double with these bits and the next: (2m + 1) × 2^power.
    fn compare_to_middle_above(&self, bits: u64) -> Ordering {
        let (exponent, fraction) = (bits >> 52, bits & ((1 << 52) - 1));
        // Subnormal ones have the exponent of the smallest normal ones, and no leading one.
        let mantissa = if exponent == 0 { fraction } else { fraction | (1 << 52) };
        let power = i64::try_from(exponent.max(1)).unwrap_or(0).saturating_sub(1076);
        let middle = mantissa.saturating_mul(2).saturating_add(1);
        let (mut decimal, mut double) = (self.above.clone(), self.below.clone());
        double.multiply_wide(middle);
        let shifted = if power < 0 { &mut decimal } else { &mut double };
        shifted.shift(power.unsigned_abs());
        decimal.compare(&double)
    }
}

/// A natural number of any size: its digits to the base of 2^32, the least first, the last not zero.
#[derive(Clone, Default)]
struct Natural(Vec<u32>);

impl Natural {
    fn multiply(&mut self, factor: u32, plus: u32) {
        let mut carry = u64::from(plus);
        for digit in &mut self.0 {
            // (2^32 - 1)² + 2^32 - 1 is less than 2^64.
            let wide = u64::from(*digit).wrapping_mul(u64::from(factor)).wrapping_add(carry);
            (*digit, carry) = halves(wide);
        }
        if let (digit @ 1.., _) = halves(carry) {
            self.0.push(digit);
        }
    }

    fn multiply_wide(&mut self, factor: u64) {
        let (low, high) = halves(factor);
        let mut times_high = self.clone();
        times_high.multiply(u32::try_from(high).unwrap_or(0), 0);
        self.multiply(low, 0);
        // Times zero it would have digits that are zero.
        if high > 0 {
            times_high.shift(32);
            self.add(&times_high);
        }
    }

    fn add(&mut self, other: &Self) {
        let mut carry = 0;
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        let added = other.0.iter().copied().chain(std::iter::repeat(0));
        for (digit, other) in self.0.iter_mut().zip(added) {
            let wide = u64::from(*digit).wrapping_add(u64::from(other)).wrapping_add(carry);
            (*digit, carry) = halves(wide);
        }
        if let (digit @ 1.., _) = halves(carry) {
            self.0.push(digit);
        }
    }

    fn shift(&mut self, bits: u64) {
        let (words, bits) = (bits / 32, bits % 32);
        self.multiply(1 << bits, 0);
        if !self.0.is_empty() {
            self.0.splice(0..0, std::iter::repeat_n(0, usize::try_from(words).unwrap_or(0)));
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

/// The lower half, and the upper one.
fn halves(wide: u64) -> (u32, u64) {
    (u32::try_from(wide & u64::from(u32::MAX)).unwrap_or(0), wide >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::{ProptestConfig, any, prop_assert_eq, proptest};

    /// The standard library reads and writes doubles right: it is the measure here.
    fn measure(text: &str) -> u64 {
        text.parse::<f64>().unwrap().to_bits()
    }

    fn read(text: &str) -> u64 {
        Decimal::of(text).unwrap().nearest().to_bits()
    }

    #[test]
    fn hard_decimals_become_the_nearest_double() {
        for text in [
            "0",
            "1",
            "0.1",
            "123456789012345",
            "9007199254740993",
            "9007199254740992.999999999999999999999",
            "9007199254740993.000000000000000000001",
            "1e23",
            "8.5e22",
            "2.2250738585072011e-308",
            "2.2250738585072014e-308",
            "2.2250738585072012e-308",
            "4.9e-324",
            "2.4703282292062327e-324",
            "2.4703282292062328e-324",
            "2.4703282292062327208299603643e-324",
            "1.7976931348623157e308",
            "1.7976931348623158e308",
            "1.797693134862315807e308",
            "1.797693134862315808e308",
            "1e309",
            "1e400",
            "1e-400",
            "6929495644600919.5",
            "3.7455744005952583e15",
            "1.00000000000000011102230246251565404236316680908203125",
            "1.00000000000000011102230246251565404236316680908203124",
            "1.00000000000000011102230246251565404236316680908203126",
            "-0.000001",
        ] {
            assert_eq!(read(text), measure(text), "{text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn every_double_is_read_as_it_was_written(bits in any::<u64>()) {
            let double = f64::from_bits(bits);
            if double.is_finite() && double.abs() > 0.0 {
                prop_assert_eq!(read(&format!("{double:e}")), bits);
                let shortest = Decimal::shortest(double).unwrap();
                prop_assert_eq!(shortest.nearest().to_bits(), bits);
                // Of two as short and as near, ECMAScript takes the even one, and the standard library the upper.
                let known = Decimal::of(&format!("{double:e}")).unwrap();
                prop_assert_eq!(shortest.digits.len(), known.digits.len());
            }
        }

        #[test]
        fn middles_and_what_is_beside_them_are_rounded_right(
            fraction in 0_u64..1 << 52, power in 0_u32..31
        ) {
            // 2m + 1 for the m of some double: halfway to the next one; over 2^power, in tenths.
            let middle = u128::from((fraction | 1 << 52) << 1 | 1).wrapping_mul(5_u128.pow(power));
            let exactly = middle.wrapping_mul(10);
            for tenths in [exactly.wrapping_sub(1), exactly, exactly.wrapping_add(1)] {
                let text = format!("{tenths}e-{}", power.wrapping_add(1));
                prop_assert_eq!(read(&text), measure(&text), "{}", text);
            }
        }

        #[test]
        fn any_decimal_is_read_as_the_standard_library_reads_it(
            digits in "[1-9][0-9]{0,40}", exponent in -345_i32..310
        ) {
            let text = format!("{digits}e{exponent}");
            prop_assert_eq!(read(&text), measure(&text), "{}", text);
        }
    }
}
