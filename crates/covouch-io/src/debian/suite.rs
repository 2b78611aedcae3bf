//! Names of suites.

use std::{fmt, sync::Arc};

/// A suite as a policy or apt's configuration names it: `stable`, `trixie`, `stable-backports`. Safe to stand in a
/// path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Suite(Arc<str>);

/// Why a text names no suite.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a suite, such as `stable` or `trixie`")]
pub struct SuiteError(String);

/// Longest name of a suite; `oldoldstable-proposed-updates` has 29.
const MOST: usize = 40;

impl Suite {
    /// Parses a name: lower-case letters, digits and `-`, starting with a letter.
    ///
    /// # Errors
    /// [`SuiteError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, SuiteError> {
        let body = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let starts = text.starts_with(|first: char| first.is_ascii_lowercase());
        if starts && text.len() <= MOST && text.bytes().all(body) {
            Ok(Self(text.into()))
        } else {
            Err(SuiteError(text.chars().take(MOST).flat_map(char::escape_default).collect()))
        }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Suite;

    #[test]
    fn a_suite_cannot_leave_its_folder() {
        for text in ["stable", "trixie", "stable-backports"] {
            assert_eq!(Suite::parse(text).unwrap().as_str(), text);
        }
        for text in ["", "..", "a/b", "Stable", "1st", "stable\n", &"a".repeat(41)] {
            assert!(Suite::parse(text).is_err(), "{text:?}");
        }
    }
}
