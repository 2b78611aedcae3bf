//! Why an installer did not tell us its index.

use covouch_core::shown::Shown;
use covouch_core::{code::Code, hint::Hint};

use super::Source;

/// Why an installer did not tell us its index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstallerError {
    /// It is not installed, or was not to be asked.
    #[error("`{0}` is not there")]
    NotThere(&'static str),
    /// It failed.
    #[error("`{0}` does not say which index it uses: {1}")]
    Failed(&'static str, Shown),
    /// It did not answer in time.
    #[error("`{0}` does not answer")]
    TimedOut(&'static str),
    /// It says something we cannot read.
    #[error("`{0}` says something unexpected: {1}")]
    Answer(&'static str, Shown),
    /// What it is configured with is no address. The value is not shown: it may carry a password.
    #[error("the index that {0} names is not an `http` or `https` address")]
    Address(Source),
    /// Every folder to ask in has a project above it, whose files could change the answer.
    #[error("there is no folder outside of a project to ask the installer in")]
    NoQuietFolder,
    /// Neither pip nor uv is there.
    #[error("nobody knows the address of the index named `pypi`: neither pip nor uv is there")]
    NobodyKnows,
}

impl InstallerError {
    /// Codes of these errors.
    pub const CODES: &[Code] = &[
        Code::new("index-unknown"),
        Code::new("index-not-an-address"),
        Code::new("installer-failed"),
        Code::new("installer-unreadable"),
    ];

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::new(match self {
            Self::NotThere(_) | Self::NobodyKnows => "index-unknown",
            Self::Address(_) => "index-not-an-address",
            Self::Failed(..) | Self::TimedOut(_) | Self::NoQuietFolder => "installer-failed",
            Self::Answer(..) => "installer-unreadable",
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(Hint::new(match self {
            Self::NoQuietFolder => "set COVOUCH_HOME to a folder outside of the project",
            Self::Address(_) => "write it as `https://host/simple/`",
            _ => "write the address into the policy: `index = \"https://host/simple/\"`",
        }))
    }

    pub(super) fn is_not_there(&self) -> bool {
        matches!(self, Self::NotThere(_))
    }
}
