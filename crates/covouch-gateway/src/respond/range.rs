//! One range of a file: `Range` and `If-Range` (RFC 9110 §14).

use http::{
    HeaderMap,
    header::{IF_RANGE, RANGE},
};

/// What a client wants of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// All of it.
    Whole,
    /// From the first byte to the last one, both included.
    Part {
        /// The first byte.
        first: u64,
        /// The last byte; up to the end when there is none.
        last: Option<u64>,
    },
    /// This many bytes at the end.
    Suffix(u64),
}

/// A part that exists in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// The first byte.
    pub(crate) first: u64,
    /// How many bytes; at least one.
    pub(crate) length: u64,
}

impl Wanted {
    /// Reads the wish. Several ranges at once, other units and what cannot be read are taken as no wish
    /// (RFC 9110 §14.2: a server may ignore the header); so is a wish about another version of the file.
    pub(crate) fn read(headers: &HeaderMap, etag: &str) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        // RFC 9110 §13.1.5: compared strongly; a date cannot match, because we give none.
        if headers.contains_key(IF_RANGE) && text(IF_RANGE) != Some(etag) {
            return Self::Whole;
        }
        text(RANGE).and_then(one_range).unwrap_or(Self::Whole)
    }

    /// The part of a file of this length; nothing when the file has no such bytes.
    pub(crate) fn within(self, length: u64) -> Option<Part> {
        let (first, end) = match self {
            Self::Whole => (0, length),
            Self::Part { first, last } => {
                (first, last.map_or(length, |last| last.saturating_add(1).min(length)))
            }
            Self::Suffix(count) => (length.saturating_sub(count), length),
        };
        let part = Part { first, length: end.checked_sub(first)? };
        (part.length > 0 || self == Self::Whole).then_some(part)
    }
}

fn one_range(text: &str) -> Option<Wanted> {
    let (first, last) = text.strip_prefix("bytes=")?.trim().split_once('-')?;
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => Some(Wanted::Part { first, last: Some(last) }),
        (Some(first), None) if last.is_empty() => Some(Wanted::Part { first, last: None }),
        (None, Some(count)) if first.is_empty() => Some(Wanted::Suffix(count)),
        _ => None,
    }
}

/// Digits only: `u64::from_str` would take a `+`.
fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn wanted(range: &str) -> Wanted {
        Wanted::read(&HeaderMap::from_iter([(RANGE, HeaderValue::from_str(range).unwrap())]), "\"a\"")
    }

    fn part(range: &str, length: u64) -> Option<(u64, u64)> {
        wanted(range).within(length).map(|part| (part.first, part.length))
    }

    #[test]
    fn a_range_is_cut_to_the_file() {
        assert_eq!(part("bytes=0-9", 100), Some((0, 10)));
        assert_eq!(part("bytes=90-", 100), Some((90, 10)));
        assert_eq!(part("bytes=-10", 100), Some((90, 10)));
        assert_eq!(part("bytes=-1000", 100), Some((0, 100)));
        assert_eq!(part("bytes=99-18446744073709551615", 100), Some((99, 1)));
        assert_eq!(Wanted::Whole.within(0), Some(Part { first: 0, length: 0 }));
    }

    #[test]
    fn bytes_that_are_not_there_cannot_be_sent() {
        for range in ["bytes=100-", "bytes=100-200", "bytes=-0"] {
            assert_eq!(part(range, 100), None, "{range}");
        }
        assert_eq!(part("bytes=0-", 0), None);
    }

    #[test]
    fn what_is_no_single_range_is_no_wish() {
        for range in [
            "bytes=0-1,5-6",
            "bytes=",
            "bytes=-",
            "bytes=9-1",
            "items=0-1",
            "0-1",
            "bytes=a-b",
            "bytes=+1-2",
            "bytes=1-99999999999999999999",
            "bytes=--1",
        ] {
            assert_eq!(wanted(range), Wanted::Whole, "{range}");
        }
    }

    #[test]
    fn a_range_of_another_version_is_the_whole_file() {
        let headers = |tag: &'static str| {
            HeaderMap::from_iter([
                (RANGE, HeaderValue::from_static("bytes=0-1")),
                (IF_RANGE, HeaderValue::from_static(tag)),
            ])
        };
        assert_eq!(Wanted::read(&headers("\"a\""), "\"a\""), Wanted::Part { first: 0, last: Some(1) });
        for other in ["\"b\"", "W/\"a\"", "Sun, 22 Nov 2026 16:00:00 GMT"] {
            assert_eq!(Wanted::read(&headers(other), "\"a\""), Wanted::Whole, "{other}");
        }
    }
}
