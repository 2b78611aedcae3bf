//! Release versions (PEP 440).

use std::{fmt, str::FromStr, sync::Arc};

use crate::limits;

/// A release's version. Equality and order are PEP 440's: `1.0` and `1.0.0` are equal.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(Arc<pep440_rs::Version>);

/// Why a text is not a version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version: {reason}")]
pub struct VersionError {
    text: String,
    reason: String,
}

impl Version {
    /// Parses a version as people write it.
    ///
    /// # Errors
    /// [`VersionError`] when PEP 440 does not know such a version, or it is absurdly long.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        if text.len() > limits::VERSION_BYTES {
            let shown: String = text.chars().take(32).collect();
            return Err(VersionError { text: format!("{shown}…"), reason: "it is too long".into() });
        }
        pep440_rs::Version::from_str(text)
            .map(|version| Self(Arc::new(version)))
            .map_err(|error| VersionError { text: text.to_owned(), reason: error.to_string() })
    }

    /// The release line: the epoch, and the first number of the release. All of `0.x` is one line.
    #[must_use]
    pub fn line(&self) -> (u64, u64) {
        (self.0.epoch(), self.0.release().first().copied().unwrap_or_default())
    }

    /// Whether this is a pre-release or a development release (PEP 440, "Pre-releases").
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        self.0.any_prerelease()
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
