//! Why a bundle is not used.

use std::path::{Path, PathBuf};

use covouch_core::{code::Code, digest::Sha256, hint::Hint, shown::Shown};

use crate::state::StateError;

/// Why a bundle is not used. Nothing of it is, then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// The disk does not let us read it.
    #[error("the bundle `{path}` cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// It ends too early, or was never a bundle.
    #[error("the bundle is cut short or damaged: {0}")]
    Damaged(String),
    /// It is not what a bundle is.
    #[error("the bundle is malformed: {0}")]
    Malformed(Shown),
    /// More than is read.
    #[error("the bundle is too large: {0}")]
    TooLarge(&'static str),
    /// A newer covouch made it.
    #[error("the bundle has format {0}, which this covouch does not know")]
    Newer(u32),
    /// Its bytes are not those its manifest names.
    #[error("the bundle holds sha256:{found} where its manifest names sha256:{expected}")]
    Changed {
        /// What the manifest names.
        expected: Sha256,
        /// What is there.
        found: Sha256,
    },
    /// It is another bundle than the one that was meant.
    #[error("the bundle has sha256:{found}, where sha256:{expected} is expected")]
    Other {
        /// The digest that was named.
        expected: Sha256,
        /// The digest it has.
        found: Sha256,
    },
    /// What is unpacked cannot be kept.
    #[error(transparent)]
    State(#[from] StateError),
}

impl BundleError {
    /// Codes of these errors, beside those of [`StateError`].
    pub const CODES: &[Code] = &[
        Code::new("bundle-unreadable"),
        Code::new("bundle-damaged"),
        Code::new("bundle-malformed"),
        Code::new("bundle-too-large"),
        Code::new("bundle-newer"),
        Code::new("bundle-changed"),
        Code::new("bundle-other"),
    ];

    /// The reason may repeat what stands in the bundle.
    pub(super) fn malformed(reason: String) -> Self {
        Self::Malformed(Shown::new(&reason))
    }

    pub(super) fn unreadable(path: &Path, error: &std::io::Error) -> Self {
        Self::Unreadable { path: path.to_owned(), reason: error.to_string() }
    }

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::new(match self {
            Self::Unreadable { .. } => "bundle-unreadable",
            Self::Damaged(_) => "bundle-damaged",
            Self::Malformed(_) => "bundle-malformed",
            Self::TooLarge(_) => "bundle-too-large",
            Self::Newer(_) => "bundle-newer",
            Self::Changed { .. } => "bundle-changed",
            Self::Other { .. } => "bundle-other",
            Self::State(error) => return error.code(),
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(Hint::new(match self {
            Self::Unreadable { .. } => "name the file that `covouch bundle make` wrote",
            Self::Damaged(_) | Self::Changed { .. } => {
                "carry it again; the copy is not the bundle that was made"
            }
            Self::Malformed(_) => "make it with `covouch bundle make`; other archives are not read",
            Self::TooLarge(_) => "make it for fewer projects",
            Self::Newer(_) => "bring a newer covouch along with the bundle",
            Self::Other { .. } => {
                "compare with what `covouch bundle make` printed, on another way than the bundle's"
            }
            Self::State(error) => return error.hint(),
        }))
    }
}
