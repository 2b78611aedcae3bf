//! Amounts of trust and weights of parties: integers, never floating point.

use std::{fmt, iter::Sum};

/// How much trust flows: an integer from 0 to 600, where 600 is 100 %.
///
/// The unit is 600 because optima of the packing's linear program are integral there except in rare
/// half-integral vertices (semantics, "Trust packing").
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(u16);

impl Amount {
    /// No trust.
    pub const NONE: Self = Self(0);
    /// Full trust, 100 %.
    pub const FULL: Self = Self(600);

    /// An amount in 600ths, when it is at most [`Amount::FULL`].
    #[must_use]
    pub const fn from_units(units: u16) -> Option<Self> {
        if units <= Self::FULL.0 { Some(Self(units)) } else { None }
    }

    /// An amount in whole percent, 1 to 100.
    #[must_use]
    pub fn from_percent(percent: u8) -> Option<Self> {
        (1..=100).contains(&percent).then(|| Self(u16::from(percent) * 6))
    }

    /// The amount in 600ths.
    #[must_use]
    pub const fn units(self) -> u16 {
        self.0
    }
}

/// Prints percent, with one decimal when it is not whole: `80%`, `16.7%`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_multiple_of(6) {
            write!(f, "{}%", self.0 / 6)
        } else {
            let tenths = (u32::from(self.0) * 10 + 3) / 6;
            write!(f, "{}.{}%", tenths / 10, tenths % 10)
        }
    }
}

/// A weight or a minimum score: a decimal with at most six digits after the point, kept in millionths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(u64);

/// Why a text is not a weight or a minimum.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a decimal between 0 and 1000000 with at most six digits after the point")]
pub struct DecimalError(String);

impl Decimal {
    /// Zero.
    pub const ZERO: Self = Self(0);
    /// One.
    pub const ONE: Self = Self(1_000_000);

    /// Parses a decimal such as `0.5`, `2` or `5.25`, without sign or exponent.
    ///
    /// # Errors
    /// [`DecimalError`] for anything else, or a value above a million.
    pub fn parse(text: &str) -> Result<Self, DecimalError> {
        let refused = || DecimalError(text.to_owned());
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || whole.len() > 7 || fraction.len() > 6 {
            return Err(refused());
        }
        let whole: u64 = whole.parse().map_err(|_| refused())?;
        let fraction: u64 = format!("{fraction:0<6}").parse().map_err(|_| refused())?;
        let millionths = whole * 1_000_000 + fraction;
        if millionths > 1_000_000 * 1_000_000 { Err(refused()) } else { Ok(Self(millionths)) }
    }

    /// A decimal in millionths.
    #[must_use]
    pub const fn from_millionths(millionths: u64) -> Self {
        Self(millionths)
    }

    /// The decimal in millionths.
    #[must_use]
    pub const fn millionths(self) -> u64 {
        self.0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let digits = format!("{fraction:06}");
        let digits = digits.trim_end_matches('0');
        write!(f, "{whole}.{}", if digits.is_empty() { "0" } else { digits })
    }
}

/// A sum of weight × amount, exact: millionths of a point in 600ths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(u128);

impl Score {
    /// What a party of this weight adds when it receives this amount.
    #[must_use]
    pub fn of(weight: Decimal, support: Amount) -> Self {
        Self(u128::from(weight.0) * u128::from(support.0))
    }

    /// Whether the score reaches a minimum; exact equality does. The one place where scores are compared.
    #[must_use]
    pub fn reaches(self, minimum: Decimal) -> bool {
        self.0 >= u128::from(minimum.0) * u128::from(Amount::FULL.0)
    }

    /// The score in millionths of a point times 600.
    #[must_use]
    pub const fn units(self) -> u128 {
        self.0
    }
}

impl Sum for Score {
    fn sum<I: Iterator<Item = Self>>(scores: I) -> Self {
        Self(scores.map(|score| score.0).sum())
    }
}

/// Prints points, rounded down to six decimals so that a score just short of a minimum never looks equal.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millionths = self.0 / u128::from(Amount::FULL.0);
        Decimal(u64::try_from(millionths).unwrap_or(u64::MAX)).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proposals_score_is_exact() {
        let weights = ["0.5", "1.0", "2.0", "2.0"].map(|text| Decimal::parse(text).unwrap());
        let score: Score = weights.iter().map(|weight| Score::of(*weight, Amount::FULL)).sum();
        assert_eq!(score.to_string(), "5.5");
        assert!(score.reaches(Decimal::parse("5.5").unwrap()));
        assert!(!score.reaches(Decimal::parse("5.500001").unwrap()), "one unit less does not");
    }

    #[test]
    fn decimals_have_one_spelling() {
        assert_eq!(Decimal::parse("5.250").unwrap().to_string(), "5.25");
        assert_eq!(Decimal::parse("2").unwrap().to_string(), "2.0");
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "0.1234567", "1000001", "99999999", "١"] {
            assert!(Decimal::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn percents_are_whole_or_rounded() {
        assert_eq!(Amount::from_percent(80).unwrap().to_string(), "80%");
        assert_eq!(Amount::from_units(100).unwrap().to_string(), "16.7%");
        assert_eq!(Amount::from_percent(0), None);
        assert_eq!(Amount::from_units(601), None);
    }
}
