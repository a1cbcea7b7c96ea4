//! Timestamps and durations to the nanosecond, in UTC and at fixed offsets.
//!
//! Ranges as the specification has them: timestamps from year 1 to 9999, durations of 64 bits of nanoseconds (some 292
//! years either way). Zones by name are not known: their table would weigh more than the rest of the language.

use crate::core::time::{civil_from_days, days_from_civil};

const NANOS: i64 = 1_000_000_000;
const DAY: i64 = 86_400;
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z, in seconds since 1970.
const YEARS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;

/// An instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Timestamp {
    /// Since 1970-01-01T00:00:00Z, rounded down.
    seconds: i64,
    nanos: i64,
}

/// A length of time, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Duration(i64);

/// What can be asked of a timestamp or a duration. Days and months count from 0, but for [`Part::Date`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    FullYear,
    Month,
    Date,
    DayOfMonth,
    DayOfWeek,
    DayOfYear,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

impl Timestamp {
    /// Seconds since 1970; `None` outside the years 1 to 9999.
    pub(super) fn from_seconds(seconds: i64) -> Option<Self> {
        Self::new(seconds, 0)
    }

    fn new(seconds: i64, nanos: i64) -> Option<Self> {
        YEARS.contains(&seconds).then_some(Self { seconds, nanos })
    }

    /// Seconds since 1970, rounded down.
    pub(super) fn seconds(self) -> i64 {
        self.seconds
    }

    /// Reads RFC 3339, with at most nine digits of a fraction.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.split_once('T')?;
        let zone = rest.find(['Z', '+', '-'])?;
        let (time, zone) = rest.split_at_checked(zone)?;
        let offset = if zone == "Z" { 0 } else { offset(zone)? };
        let (time, fraction) = match time.split_once('.') {
            Some((time, fraction)) => (time, nanos_of(fraction)?),
            None => (time, 0),
        };
        let [year, month, day] = fields(date, '-', [4, 2, 2])?;
        let [hours, minutes, seconds] = fields(time, ':', [2, 2, 2])?;
        if hours > 23 || minutes > 59 || seconds > 59 {
            return None;
        }
        let days = days_from_civil(year, month, day);
        if civil_from_days(days) != (year, month, day) {
            return None;
        }
        let in_day = hours.wrapping_mul(3600).wrapping_add(minutes.wrapping_mul(60)).wrapping_add(seconds);
        Self::new(days.wrapping_mul(DAY).wrapping_add(in_day).wrapping_sub(offset), fraction)
    }

    pub(super) fn plus(self, duration: Duration) -> Option<Self> {
        let nanos = self.nanos.wrapping_add(duration.0.rem_euclid(NANOS));
        let seconds = self.seconds.checked_add(duration.0.div_euclid(NANOS))?;
        Self::new(seconds.checked_add(nanos / NANOS)?, nanos % NANOS)
    }

    pub(super) fn minus(self, duration: Duration) -> Option<Self> {
        self.plus(Duration(duration.0.checked_neg()?))
    }

    pub(super) fn since(self, earlier: Self) -> Option<Duration> {
        let seconds = self.seconds.checked_sub(earlier.seconds)?;
        seconds.checked_mul(NANOS)?.checked_add(self.nanos.checked_sub(earlier.nanos)?).map(Duration)
    }

    /// A part of its date or time of day; `None` for a zone that is neither `UTC` nor an offset.
    pub(super) fn part(self, part: Part, zone: Option<&str>) -> Option<i64> {
        let offset = match zone {
            None | Some("UTC" | "Z") => 0,
            Some(zone) => offset(zone)?,
        };
        let local = self.seconds.saturating_add(offset);
        let (days, in_day) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        let (year, month, day) = civil_from_days(days);
        Some(match part {
            Part::FullYear => year,
            Part::Month => month.saturating_sub(1),
            Part::Date => day,
            Part::DayOfMonth => day.saturating_sub(1),
            // 1970-01-01 was a Thursday; Sunday is 0.
            Part::DayOfWeek => days.saturating_add(4).rem_euclid(7),
            Part::DayOfYear => days.saturating_sub(days_from_civil(year, 1, 1)),
            Part::Hours => in_day / 3600,
            Part::Minutes => in_day / 60 % 60,
            Part::Seconds => in_day % 60,
            Part::Milliseconds => self.nanos / 1_000_000,
        })
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let whole = crate::core::time::Millis(self.seconds.saturating_mul(1000)).to_string();
        formatter.write_str(whole.trim_end_matches('Z'))?;
        write_fraction(self.nanos, formatter)?;
        formatter.write_str("Z")
    }
}

impl Duration {
    /// Reads `1h30m`, `-1.5s`, `100ms`: numbers with a unit each (h, m, s, ms, us, µs, ns).
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, mut rest) = match text.strip_prefix(['-', '+']) {
            Some(rest) => (text.starts_with('-'), rest),
            None => (false, text),
        };
        if rest == "0" {
            return Some(Self(0));
        }
        let mut nanos: i64 = 0;
        while nanos == 0 || !rest.is_empty() {
            let number = rest.find(|character: char| !character.is_ascii_digit() && character != '.')?;
            let (digits, after) = rest.split_at_checked(number)?;
            let end = after
                .find(|character: char| character.is_ascii_digit() || character == '.')
                .unwrap_or(after.len());
            let (unit, after) = after.split_at_checked(end)?;
            nanos = nanos.checked_add(scaled(digits, unit, negative)?)?;
            rest = after;
            if rest.is_empty() {
                break;
            }
        }
        Some(Self(nanos))
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    pub(super) fn minus(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// All of its hours, minutes or seconds; of its milliseconds those within the second. It has no date.
    pub(super) fn part(self, part: Part) -> Option<i64> {
        Some(match part {
            Part::Hours => self.0 / NANOS / 3600,
            Part::Minutes => self.0 / NANOS / 60,
            Part::Seconds => self.0 / NANOS,
            Part::Milliseconds => self.0 % NANOS / 1_000_000,
            _ => return None,
        })
    }
}

impl std::fmt::Display for Duration {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 < 0 {
            formatter.write_str("-")?;
        }
        write!(formatter, "{}", (self.0 / NANOS).unsigned_abs())?;
        write_fraction((self.0 % NANOS).saturating_abs(), formatter)?;
        formatter.write_str("s")
    }
}

/// `.5` for half a second; nothing where there is none.
fn write_fraction(nanos: i64, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
    if nanos == 0 {
        return Ok(());
    }
    let digits = format!("{nanos:09}");
    write!(formatter, ".{}", digits.trim_end_matches('0'))
}

/// Numbers of just so many digits, with a separator between them.
fn fields<const N: usize>(text: &str, separator: char, widths: [usize; N]) -> Option<[i64; N]> {
    let mut parts = text.split(separator);
    let mut values = [0; N];
    for (value, width) in values.iter_mut().zip(widths) {
        *value = digits(parts.next().filter(|part| part.len() == width)?)?;
    }
    parts.next().is_none().then_some(values)
}

fn digits(text: &str) -> Option<i64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// Seconds east of Greenwich, from `+11:00`, `-09:30` or `02:00`.
fn offset(zone: &str) -> Option<i64> {
    let (negative, digits) = match zone.strip_prefix(['+', '-']) {
        Some(digits) => (zone.starts_with('-'), digits),
        None => (false, zone),
    };
    let [hours, minutes] = fields(digits, ':', [2, 2])?;
    let seconds = hours.saturating_mul(3600).saturating_add(minutes.saturating_mul(60));
    (hours < 24 && minutes < 60).then_some(if negative { seconds.wrapping_neg() } else { seconds })
}

/// The digits behind a point as nanoseconds; nine at most.
fn nanos_of(fraction: &str) -> Option<i64> {
    let missing = 9_usize.checked_sub(fraction.len())?;
    digits(fraction)?.checked_mul(10_i64.checked_pow(u32::try_from(missing).ok()?)?)
}

/// One number with its unit, in nanoseconds; what is finer than one is dropped. Negative ones are counted downwards,
/// because there is one more of them.
fn scaled(number: &str, unit: &str, negative: bool) -> Option<i64> {
    let per_unit: i64 = match unit {
        "h" => 3600 * NANOS,
        "m" => 60 * NANOS,
        "s" => NANOS,
        "ms" => 1_000_000,
        "us" | "µs" | "μs" => 1000,
        "ns" => 1,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let sign = if negative { -1 } else { 1 };
    let mut nanos =
        if whole.is_empty() { 0 } else { digits(whole)?.checked_mul(per_unit)?.checked_mul(sign)? };
    let mut place = per_unit;
    for digit in fraction.chars() {
        let digit = i64::from(digit.to_digit(10)?);
        let part = digit.checked_mul(place)? / 10;
        // The remainder is carried exactly as long as the place is whole; beyond it is finer than a nanosecond.
        nanos = nanos.checked_add(part.checked_mul(sign)?)?;
        place /= 10;
    }
    Some(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, written) in [
            ("0", "0s"),
            ("1000000s", "1000000s"),
            ("1h30m", "5400s"),
            ("-1.5s", "-1.5s"),
            ("100ms", "0.1s"),
            ("1.5h", "5400s"),
            (".5s", "0.5s"),
            ("1h1ns", "3600.000000001s"),
            ("-9223372036s", "-9223372036s"),
            ("0s", "0s"),
            ("0h0m", "0s"),
        ] {
            assert_eq!(
                Duration::parse(text).map(|read| read.to_string()).as_deref(),
                Some(written),
                "{text}"
            );
        }
        for text in ["", "1", "s", "1x", "1h-1m", "--1s", "1 s", "9223372037s", ".s", "1..5s", "1e3s", "h1"] {
            assert_eq!(Duration::parse(text), None, "{text}");
        }
    }

    #[test]
    fn timestamps_are_read_and_written() {
        for (text, written) in [
            ("2009-02-13T23:31:30Z", "2009-02-13T23:31:30Z"),
            ("2009-02-13T23:31:30.120Z", "2009-02-13T23:31:30.12Z"),
            ("2009-02-13T23:31:30+05:30", "2009-02-13T18:01:30Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
            ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
        ] {
            assert_eq!(
                Timestamp::parse(text).map(|read| read.to_string()).as_deref(),
                Some(written),
                "{text}"
            );
        }
        for text in [
            "",
            "2009-02-13",
            "2009-02-30T00:00:00Z",
            "2009-02-13T24:00:00Z",
            "2009-2-13T00:00:00Z",
            "2009-02-13T00:00:00",
            "2009-02-13T00:00:00.1234567890Z",
            "0001-01-01T00:00:00+01:00",
            "2009-02-13T00:00:00+1:00",
            "2009-02-13T00:00:00Zulu",
        ] {
            assert_eq!(Timestamp::parse(text), None, "{text}");
        }
    }

    #[test]
    fn arithmetic_carries() {
        let at = |text| Timestamp::parse(text).unwrap();
        let of = |text| Duration::parse(text).unwrap();
        assert_eq!(at("2009-01-01T00:00:00.9Z").plus(of("0.2s")), Some(at("2009-01-01T00:00:01.1Z")));
        assert_eq!(at("2009-01-01T00:00:00.1Z").minus(of("0.2s")), Some(at("2008-12-31T23:59:59.9Z")));
        assert_eq!(at("2009-01-01T00:00:00.1Z").since(at("2008-12-31T23:59:59.9Z")), Some(of("0.2s")));
        assert_eq!(at("0001-01-01T00:00:00Z").minus(of("1ns")), None);
    }
}
