//! Why a source of records is not used.

use std::path::PathBuf;

use covouch_core::{code::Code, hint::Hint};

/// Why records could not be read. None of them is used then: which are missing is not known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OsvError {
    /// The disk does not let us.
    #[error("`{place}` cannot be read: {reason}")]
    Unreadable {
        /// The file or folder, and where in it.
        place: String,
        /// What the system or the zip says.
        reason: String,
    },
    /// A record that is none.
    #[error("`{place}` is no OSV record: {reason}")]
    Wrong {
        /// The file, and where in it.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// More than is read.
    #[error("`{place}` has too much: {reason}")]
    TooLarge {
        /// The file or folder, and where in it.
        place: String,
        /// What there is too much of.
        reason: &'static str,
    },
    /// A source without a single record: nothing is known from it, not even that nothing is known to be malware.
    #[error("`{0}` holds no OSV records")]
    Empty(PathBuf),
}

impl OsvError {
    /// Codes of these errors.
    pub const CODES: &[Code] = &[
        Code::new("osv-unreadable"),
        Code::new("osv-wrong"),
        Code::new("osv-too-large"),
        Code::new("osv-empty"),
    ];

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::new(match self {
            Self::Unreadable { .. } => "osv-unreadable",
            Self::Wrong { .. } => "osv-wrong",
            Self::TooLarge { .. } => "osv-too-large",
            Self::Empty(_) => "osv-empty",
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(Hint::new(match self {
            Self::Unreadable { .. } => "name a folder of OSV records, a zip of them, or a file of JSON Lines",
            Self::Wrong { .. } => "fetch the records again from their database",
            Self::TooLarge { .. } => "keep only the records of the ecosystem `PyPI`",
            Self::Empty(_) => "look at the path; an export of the ecosystem `PyPI` has thousands",
        }))
    }
}
