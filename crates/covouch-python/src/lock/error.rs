//! Why a lock file could not be read as a whole.

use covouch_core::{code::Code, hint::Hint};

use super::Place;
use crate::{code, limits, shown::Shown};

/// Why a lock file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// The name is that of no lock file.
    #[error("`{name}` is no kind of lock file that is known")]
    UnknownKind {
        /// The name.
        name: Shown,
    },
    /// The file, with what it includes, is larger than [`limits::LOCK_BYTES`], or lists more than
    /// [`limits::LOCK_ENTRIES`].
    #[error("`{name}` is larger than {} MB or lists more than {} packages", limits::LOCK_BYTES >> 20, limits::LOCK_ENTRIES)]
    TooLarge {
        /// The file.
        name: Shown,
    },
    /// The file is not text.
    #[error("`{place}`: the text is not UTF-8")]
    NotUtf8 {
        /// Where it stops being UTF-8.
        place: Place,
    },
    /// A character that one installer takes for the end of a line and another does not.
    #[error("`{place}`: the character U+{character:04X} ends a line for some installers and not for others")]
    Character {
        /// Where.
        place: Place,
        /// The character.
        character: u32,
    },
    /// The file says that its bytes are to be read in another encoding.
    #[error("`{place}`: the encoding `{encoding}` makes another text of these bytes")]
    Encoding {
        /// Where it says so.
        place: Place,
        /// The encoding.
        encoding: Shown,
    },
    /// The file is not TOML, or not of the shape its kind has.
    #[error("`{place}:{column}`: {reason}")]
    Malformed {
        /// Where.
        place: Place,
        /// The column, counted from 1.
        column: usize,
        /// What is wrong.
        reason: Shown,
    },
    /// The file is in a version of its format that is not known.
    #[error("`{name}` is in version `{found}` of its format, and only {known} is understood")]
    Version {
        /// The file.
        name: Shown,
        /// The version it says.
        found: Shown,
        /// The versions that are known.
        known: &'static str,
    },
    /// An included file could not be read.
    #[error("`{place}`: `{path}` cannot be read: {reason}")]
    Include {
        /// The line that includes it.
        place: Place,
        /// Its path.
        path: Shown,
        /// Why not.
        reason: IncludeError,
    },
    /// A file includes itself, or too many others.
    #[error("`{place}`: `{path}` is included from itself, too deep, or too often")]
    IncludeWithoutEnd {
        /// The line that includes it.
        place: Place,
        /// Its path.
        path: Shown,
    },
}

/// Why an included file could not be read, in the reader's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct IncludeError(pub String);

impl LockError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::UnknownKind { .. } => code::LOCK_UNKNOWN_KIND,
            Self::TooLarge { .. } => code::LOCK_TOO_LARGE,
            Self::NotUtf8 { .. }
            | Self::Character { .. }
            | Self::Encoding { .. }
            | Self::Malformed { .. } => code::LOCK_MALFORMED,
            Self::Version { .. } => code::LOCK_VERSION,
            Self::Include { .. } | Self::IncludeWithoutEnd { .. } => code::LOCK_INCLUDE,
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::UnknownKind { .. } => Some(Hint::new(
                "known are `requirements.txt` (any `*.txt`), `pylock.toml`, `uv.lock`, `poetry.lock` and `pdm.lock`",
            )),
            Self::Version { .. } => {
                Some(Hint::new("export `pylock.toml` or a requirements file with hashes from it"))
            }
            Self::Include { .. } => {
                Some(Hint::new("paths after `-r` and `-c` are relative to the file they stand in"))
            }
            _ => None,
        }
    }
}
