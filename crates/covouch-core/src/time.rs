//! Moments, durations and validity. Expiry is compared only here.

use std::fmt;

/// A moment, in whole seconds since the Unix epoch (UTC).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// Why a text is not a moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a time such as `2026-12-31T23:59:59Z` or a date such as `2026-12-31`")]
pub struct TimeError(String);

impl Timestamp {
    /// The last moment there is.
    pub const LATEST: Self = Self(253_402_207_200);

    /// The moment this many seconds after the Unix epoch, when it lies in the years 1 to 9999.
    #[must_use]
    pub fn from_unix(seconds: i64) -> Option<Self> {
        jiff::Timestamp::from_second(seconds).ok().map(|_| Self(seconds))
    }

    /// Parses RFC 3339 with any offset; fractions of a second are dropped. A bare date means its first moment
    /// in UTC.
    ///
    /// # Errors
    /// [`TimeError`] when the text is neither.
    pub fn parse(text: &str) -> Result<Self, TimeError> {
        let refused = || TimeError(text.chars().take(64).collect());
        if text.len() > 64 {
            return Err(refused());
        }
        if let Ok(moment) = text.parse::<jiff::Timestamp>() {
            return Ok(Self(moment.as_second()));
        }
        // jiff would read the day of a time without offset and forget the time: only a bare date is one.
        let bare = Some(text).filter(|text| text.len() == "2026-12-31".len()).ok_or_else(refused)?;
        let day = bare.parse::<jiff::civil::Date>().map_err(|_| refused())?;
        let start = day.to_zoned(jiff::tz::TimeZone::UTC).map_err(|_| refused())?;
        Ok(Self(start.timestamp().as_second()))
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// The moment this much later, capped at the end of what can be written.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.seconds()).min(jiff::Timestamp::MAX.as_second()))
    }

    /// How long before `later` this moment was; zero when it was not before.
    #[must_use]
    pub fn until(self, later: Self) -> Duration {
        Duration(u64::try_from(later.0.saturating_sub(self.0)).unwrap_or(0))
    }
}

/// Prints RFC 3339 in UTC, whole seconds: `2026-12-31T23:59:59Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(moment) => moment.fmt(f),
            Err(_) => write!(f, "@{}", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A length of time in whole seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration(u64);

/// Why a text is not a duration.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a duration: write a whole number of `h`, `d` or `w`, such as `12h`, `7d` or `2w`")]
pub struct DurationError(String);

impl Duration {
    const HOUR: u64 = 3_600;
    const DAY: u64 = 24 * Self::HOUR;
    const WEEK: u64 = 7 * Self::DAY;

    /// This many seconds.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// This many days.
    #[must_use]
    pub const fn from_days(days: u32) -> Self {
        // `u64::from` is not const yet; widening cannot lose anything.
        #[expect(clippy::as_conversions, reason = "u32 to u64 widens")]
        Self(days as u64 * Self::DAY)
    }

    /// Parses `12h`, `7d`, `2w`: a positive whole number and a unit, at most 100 years.
    ///
    /// # Errors
    /// [`DurationError`] for anything else, zero included.
    pub fn parse(text: &str) -> Result<Self, DurationError> {
        let refused = || DurationError(text.chars().take(32).collect());
        let unit = match text.as_bytes().last() {
            Some(b'h') => Self::HOUR,
            Some(b'd') => Self::DAY,
            Some(b'w') => Self::WEEK,
            _ => return Err(refused()),
        };
        let digits = text.get(..text.len() - 1).unwrap_or_default();
        if digits.is_empty() || digits.len() > 7 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused());
        }
        let number: u64 = digits.parse().map_err(|_| refused())?;
        let seconds = number * unit;
        if seconds == 0 || seconds > 36_525 * Self::DAY { Err(refused()) } else { Ok(Self(seconds)) }
    }

    /// Whole seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }
}

/// Prints the largest whole unit: `7d`, `36h`, `90s`. Weeks print as days.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            seconds if seconds >= Self::DAY && seconds % Self::DAY == 0 => {
                write!(f, "{}d", seconds / Self::DAY)
            }
            seconds if seconds >= Self::HOUR && seconds % Self::HOUR == 0 => {
                write!(f, "{}h", seconds / Self::HOUR)
            }
            seconds => write!(f, "{seconds}s"),
        }
    }
}

impl fmt::Debug for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Duration {
    /// The duration rounded down to the unit people say it in: `6 hours`, `3 days`, `40 minutes`.
    #[must_use]
    pub fn rounded(self) -> String {
        let (number, unit) = match self.0 {
            seconds if seconds >= 2 * Self::DAY => (seconds / Self::DAY, "day"),
            seconds if seconds >= Self::HOUR => (seconds / Self::HOUR, "hour"),
            seconds if seconds >= 60 => (seconds / 60, "minute"),
            seconds => (seconds, "second"),
        };
        format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
    }
}

/// When something holds: from `not_before` on, and before `not_after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Validity {
    not_before: Timestamp,
    not_after: Timestamp,
}

/// Where a moment stands to a [`Validity`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Before `not_before`.
    NotYet,
    /// `not_before ≤ t < not_after`.
    Valid,
    /// At or after `not_after`.
    Expired,
}

impl Validity {
    /// A validity that has at least one moment in it.
    #[must_use]
    pub fn new(not_before: Timestamp, not_after: Timestamp) -> Option<Self> {
        (not_before < not_after).then_some(Self { not_before, not_after })
    }

    /// Where this moment stands. The one comparison of expiry.
    #[must_use]
    pub fn at(&self, moment: Timestamp) -> Standing {
        if moment < self.not_before {
            Standing::NotYet
        } else if moment < self.not_after {
            Standing::Valid
        } else {
            Standing::Expired
        }
    }

    /// Whether it holds at this moment.
    #[must_use]
    pub fn covers(&self, moment: Timestamp) -> bool {
        self.at(moment) == Standing::Valid
    }

    /// The first moment at which it holds.
    #[must_use]
    pub const fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// The first moment at which it holds no more.
    #[must_use]
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_comes_after_the_last_moment() {
        assert_eq!(Timestamp::LATEST.0, jiff::Timestamp::MAX.as_second());
        assert!(Timestamp::from_unix(Timestamp::LATEST.0).is_some());
    }

    fn moment(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn a_time_has_one_spelling() {
        assert_eq!(moment("2026-05-12T02:05:00.9+02:00").to_string(), "2026-05-12T00:05:00Z");
        assert_eq!(moment("2026-12-31").to_string(), "2026-12-31T00:00:00Z");
        for text in ["tomorrow", "", "2026-12-31T23:59:59", "2026-12-31 23:59", "20261231", "2026-12-32", "é"]
        {
            assert!(Timestamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn validity_includes_its_start_and_excludes_its_end() {
        let validity = Validity::new(moment("2026-01-01"), moment("2026-01-02")).unwrap();
        assert_eq!(validity.at(moment("2025-12-31T23:59:59Z")), Standing::NotYet);
        assert!(validity.covers(moment("2026-01-01T00:00:00Z")));
        assert!(validity.covers(moment("2026-01-01T23:59:59Z")));
        assert_eq!(validity.at(moment("2026-01-02T00:00:00Z")), Standing::Expired);
        assert_eq!(Validity::new(moment("2026-01-01"), moment("2026-01-01")), None);
    }

    #[test]
    fn durations_parse_and_print() {
        for (text, printed) in [("12h", "12h"), ("7d", "7d"), ("2w", "14d"), ("48h", "2d")] {
            assert_eq!(Duration::parse(text).unwrap().to_string(), printed);
        }
        for text in ["", "d", "0d", "-1d", "1.5d", "7 d", "7", "7m", "99999999d", "9999999w", "é"] {
            assert!(Duration::parse(text).is_err(), "{text}");
        }
    }
}
