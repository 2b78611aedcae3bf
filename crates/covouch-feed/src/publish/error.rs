//! Why there is no publication.

use covouch_core::{code::Code, hint::Hint, statement::SignError};

use crate::{code, statements::StatementsError, threshold::ThresholdNotMet, update::UpdateError};

/// Why a publication was not made. Nothing of it is to be written then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// A key was not used.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// The keys at hand are not enough for a role.
    #[error("`{role}`: {error}")]
    Keys {
        /// Which role.
        role: String,
        /// How many there are, and how many are needed.
        error: ThresholdNotMet,
    },
    /// Readers would refuse a role of this length.
    #[error("`{role}` would be longer than the {limit} bytes that are read")]
    TooLarge {
        /// Which role.
        role: String,
        /// The most that is read.
        limit: usize,
    },
    /// A list that is published is not there.
    #[error("the published list `{0}` is not there")]
    NotRead(String),
    /// A list that is published is not what it should be.
    #[error(transparent)]
    Published(#[from] UpdateError),
    /// What is published is not a feed of statements.
    #[error(transparent)]
    Statements(#[from] StatementsError),
}

impl PublishError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Sign(_) | Self::Keys { .. } | Self::TooLarge { .. } => code::PUBLISH,
            Self::NotRead(_) => code::MISSING,
            Self::Published(error) => error.code(),
            Self::Statements(error) => error.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Keys { role, .. } if role == "timestamp" || role == "snapshot" => {
                Some(Hint::new("sign with the feed's online key: `--online KEY`"))
            }
            Self::Keys { .. } => Some(Hint::new("sign with the feed's own key: `--key KEY`")),
            Self::NotRead(_) => Some(Hint::new("bring the folder back from a copy; the web server has one")),
            Self::Published(error) => error.hint(),
            Self::Statements(error) => error.hint(),
            Self::Sign(_) | Self::TooLarge { .. } => None,
        }
    }
}
