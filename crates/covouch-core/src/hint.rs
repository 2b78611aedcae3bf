//! Advice, kept apart from errors: one line, something to type or look at.

use std::fmt;

/// One line of advice that belongs to an error or a verdict.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hint(String);

impl Hint {
    /// A hint with this text.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// "did you mean `…`?", when one of the known names is close enough to what was written.
    #[must_use]
    pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        nearest(written, known).map(|name| Self(format!("did you mean `{name}`?")))
    }

    /// The text of the hint.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The known name nearest to what was written, when it is near enough to be a slip of the hand.
#[must_use]
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(written, name), name))
        .filter(|(closeness, _)| *closeness > 0.8)
        .max_by(|left, right| left.0.total_cmp(&right.0).then_with(|| right.1.cmp(left.1)))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_hand_finds_its_name() {
        assert_eq!(nearest("curater", ["pypi", "curator"]), Some("curator"));
        assert_eq!(nearest("debian", ["pypi", "curator"]), None);
    }
}
