//! What ends an update.

use covouch_core::{code::Code, hint::Hint, shown::Shown, time::Timestamp as Moment};

use crate::{code, field::Malformed, role::RoleError, threshold::ThresholdNotMet};

/// A check that failed, and of which role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{role}`: {why}")]
pub struct UpdateError {
    role: Shown,
    why: Why,
}

/// Which check failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Why {
    /// It is not what it should be.
    #[error("not the metadata it should be: {0}")]
    Malformed(#[from] Malformed),
    /// Too few of its keys signed it.
    #[error(transparent)]
    Threshold(#[from] ThresholdNotMet),
    /// It is older than what was seen before.
    #[error("version {found}, where version {seen} was seen before")]
    Rollback {
        /// The version that came.
        found: u64,
        /// The version seen before.
        seen: u64,
    },
    /// It is another version than was announced.
    #[error("version {found}, where version {announced} is announced")]
    Version {
        /// The version that came.
        found: u64,
        /// The version that should have.
        announced: u64,
    },
    /// Its bytes are not those that were announced.
    #[error("not the bytes that are announced")]
    Digest,
    /// It is one of many that only their digests tell apart, and none is announced.
    #[error("its digest is not announced")]
    Undigested,
    /// It is larger than was announced, or than we read.
    #[error("longer than {0} bytes")]
    TooLarge(usize),
    /// It is too old.
    #[error("expired at {0}")]
    Expired(Moment),
    /// It is not there, and must be.
    #[error("there is none, and there must be")]
    Missing,
    /// A list that was there is not listed any more.
    #[error("it lists `{}` no more", Shown::new(.0))]
    Dropped(String),
    /// The chain of roots goes on and on.
    #[error("more than {max} roots in a row", max = crate::limits::ROOT_ROTATIONS)]
    TooManyRoots,
}

impl From<RoleError> for Why {
    fn from(error: RoleError) -> Self {
        match error {
            RoleError::Malformed(error) => Self::Malformed(error),
            RoleError::Threshold(error) => Self::Threshold(error),
        }
    }
}

impl UpdateError {
    pub(crate) fn new(role: &str, why: Why) -> Self {
        Self { role: Shown::new(role), why }
    }

    /// Which check failed.
    #[must_use]
    pub const fn why(&self) -> &Why {
        &self.why
    }

    /// The error's stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self.why {
            Why::Malformed(_) => code::MALFORMED,
            Why::Threshold(_) => code::SIGNATURES,
            Why::Rollback { .. } => code::ROLLBACK,
            Why::Version { .. } => code::VERSION,
            Why::Digest | Why::Undigested => code::DIGEST,
            Why::TooLarge(_) => code::TOO_LARGE,
            Why::Expired(_) => code::EXPIRED,
            Why::Missing => code::MISSING,
            Why::Dropped(_) => code::DROPPED,
            Why::TooManyRoots => code::ROOTS,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self.why {
            Why::Expired(_) => Some(Hint::new("its curator has not published in time; ask them")),
            Why::Rollback { .. } | Why::Dropped(_) => Some(Hint::new(
                "somebody serves old news; if the curator cannot explain it, distrust the server",
            )),
            Why::TooManyRoots => Some(Hint::new("try again: the next update goes on from here")),
            _ => None,
        }
    }
}
