//! How long a file could be had, in the words of its source.

use covouch_core::time::Duration;

/// From the upload until the file was unavailable: `2 h 32 min`, `about 8 h`, `over 3 years`, `unknown`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Window(pub(super) &'static str);

/// Words that say how exact a length is.
const QUALIFIERS: [&str; 3] = ["about", "under", "over"];

const UNITS: [(&str, u64); 6] = [
    ("min", 60),
    ("h", 3_600),
    ("days", 86_400),
    ("weeks", 7 * 86_400),
    ("year", 365 * 86_400),
    ("years", 365 * 86_400),
];

impl Window {
    /// Its length; of `under 12 h` the longest it can be, of `over 3 years` the shortest. `None` when the source
    /// gives no number.
    pub(super) fn length(self) -> Option<Duration> {
        let words: Vec<&str> = self.0.split(' ').filter(|word| !QUALIFIERS.contains(word)).collect();
        let mut seconds: u64 = 0;
        for pair in words.chunks(2) {
            let [number, unit] = pair else { return None };
            let (_, unit) = UNITS.iter().find(|(name, _)| name == unit)?;
            seconds = seconds.checked_add(number.parse::<u64>().ok()?.checked_mul(*unit)?)?;
        }
        Some(Duration::from_seconds(seconds))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_as_long_as_its_words_say() {
        let minutes = |text| Window(text).length().map(|length| length.seconds() / 60);
        assert_eq!(minutes("42 min"), Some(42));
        assert_eq!(minutes("2 h 32 min"), Some(152));
        assert_eq!(minutes("under 12 h"), Some(720));
        assert_eq!(minutes("9 days 15 h"), Some(231 * 60));
        assert_eq!(minutes("over 3 years"), Some(3 * 365 * 1_440));
    }

    #[test]
    fn a_window_without_a_number_has_no_length() {
        for text in ["unknown", "days", "about a year", "3 moons"] {
            assert_eq!(Window(text).length(), None, "{text}");
        }
    }
}
