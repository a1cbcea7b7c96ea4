//! Instants and durations, as values: the core never asks what time it is.

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Millis(pub i64);

impl Millis {
    /// This much later.
    #[must_use]
    pub fn after(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// How long it is from an earlier instant to this one; zero if that one is later.
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0).max(0))
    }
}

impl Millis {
    /// Reads what [`Display`](std::fmt::Display) wrote, and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let (date, rest) = text.strip_suffix('Z')?.split_once('T')?;
        let (time, fraction) = rest.split_once('.').unwrap_or((rest, "0"));
        let mut fields = date.split('-').chain(time.split(':')).map(str::parse::<i64>);
        let mut field = || fields.next()?.ok();
        let (year, month, day) = (field()?, field()?, field()?);
        let (hours, minutes, seconds) = (field()?, field()?, field()?);
        let millis = [(hours, 3_600_000), (minutes, 60_000), (seconds, 1000), (fraction.parse().ok()?, 1)]
            .into_iter()
            .try_fold(days_from_civil(year, month, day).checked_mul(86_400_000)?, |sum, (count, of)| {
                sum.checked_add(i64::checked_mul(count, of)?)
            })?;
        Some(Self(millis)).filter(|parsed| parsed.to_string() == text)
    }
}

impl std::fmt::Display for Millis {
    /// RFC 3339 in UTC: `2026-11-22T16:00:00Z`, with milliseconds where there are any.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let days = self.0.div_euclid(86_400_000);
        let in_day = self.0.rem_euclid(86_400_000);
        let (year, month, day) = civil_from_days(days);
        let (hours, minutes) = (in_day / 3_600_000, in_day / 60_000 % 60);
        let (seconds, millis) = (in_day / 1000 % 60, in_day % 1000);
        write!(formatter, "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}")?;
        if millis > 0 { write!(formatter, ".{millis:03}Z") } else { formatter.write_str("Z") }
    }
}

/// Year, month and day of a count of days since 1970-01-01, in the proleptic Gregorian calendar
/// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`).
pub fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let shifted = days.saturating_add(719_468);
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = day_of_era
        .saturating_sub(day_of_era / 1460)
        .saturating_add(day_of_era / 36_524)
        .saturating_sub(day_of_era / 146_096)
        / 365;
    let before_year = (365_i64.saturating_mul(year_of_era))
        .saturating_add(year_of_era / 4)
        .saturating_sub(year_of_era / 100);
    let day_of_year = day_of_era.saturating_sub(before_year);
    let shifted_month = day_of_year.saturating_mul(5).saturating_add(2) / 153;
    let before_month = shifted_month.saturating_mul(153).saturating_add(2) / 5;
    let day = day_of_year.saturating_sub(before_month).saturating_add(1);
    let month =
        if shifted_month < 10 { shifted_month.saturating_add(3) } else { shifted_month.saturating_sub(9) };
    let year = year_of_era.saturating_add(era.saturating_mul(400)).saturating_add(i64::from(month <= 2));
    (year, month, day)
}

/// The count of days since 1970-01-01 of a date in the proleptic Gregorian calendar (Hinnant,
/// `days_from_civil`).
pub fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year.saturating_sub(1) } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let shifted_month = month.saturating_add(9).rem_euclid(12);
    let day_of_year =
        (shifted_month.saturating_mul(153).saturating_add(2) / 5).saturating_add(day).saturating_sub(1);
    let day_of_era = year_of_era
        .saturating_mul(365)
        .saturating_add(year_of_era / 4)
        .saturating_sub(year_of_era / 100)
        .saturating_add(day_of_year);
    era.saturating_mul(146_097).saturating_add(day_of_era).saturating_sub(719_468)
}

/// A length of time in milliseconds, never negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(i64);

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// Seconds.
    pub const fn seconds(seconds: u32) -> Self {
        Self((seconds as i64).saturating_mul(1000))
    }

    /// Days.
    pub const fn days(days: u32) -> Self {
        Self((days as i64).saturating_mul(86_400_000))
    }

    /// Milliseconds; a negative count is none.
    pub fn millis(millis: i64) -> Self {
        Self(millis.max(0))
    }

    /// The milliseconds.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// Parses a policy's `4s`, `90s`, `30m`, `4h`, `7d`.
    pub fn parse(text: &str) -> Option<Self> {
        let unit = text.chars().next_back()?;
        let digits = text.strip_suffix(unit)?;
        if digits.is_empty() || digits.len() > 9 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let factor: i64 = match unit {
            's' => 1000,
            'm' => 60_000,
            'h' => 3_600_000,
            'd' => 86_400_000,
            _ => return None,
        };
        digits.parse::<i64>().ok()?.checked_mul(factor).map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_rfc_3339() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (1_795_363_200_000, "2026-11-22T16:00:00Z"),
            (951_782_400_123, "2000-02-29T00:00:00.123Z"),
            (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Millis(millis).to_string(), text);
            assert_eq!(Millis::parse(text), Some(Millis(millis)));
        }
        for text in
            ["", "2026-11-22", "2026-13-01T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T16:00:00.000Z"]
        {
            assert_eq!(Millis::parse(text), None, "{text}");
        }
    }

    #[test]
    fn durations_have_one_unit() {
        for (text, seconds) in
            [("4s", 4), ("90s", 90), ("30m", 1800), ("4h", 14_400), ("7d", 604_800), ("0s", 0)]
        {
            assert_eq!(Span::parse(text), Some(Span::seconds(seconds)), "{text}");
        }
        for text in ["", "s", "4", "-4s", "4 s", "1h30m", "1.5h", "4S", "9999999999s", "é"] {
            assert_eq!(Span::parse(text), None, "{text}");
        }
    }
}
