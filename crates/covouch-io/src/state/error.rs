//! What can go wrong with the state folder.

use std::{
    io::{self, ErrorKind},
    path::{Path, PathBuf},
};

use covouch_core::{code::Code, hint::Hint};

use super::FORMAT;

/// Why the state folder cannot be used. What stands in it is as it was before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The platform names no folder for state.
    #[error("there is no folder to keep state in: neither COVOUCH_HOME nor a home folder is set")]
    NoPlace,
    /// A newer covouch wrote this folder.
    #[error("`{path}` has state of format {found}, and this covouch knows formats up to {FORMAT}")]
    Newer {
        /// The state folder.
        path: PathBuf,
        /// The format it has.
        found: u32,
    },
    /// The folder's version file says something else than a number.
    #[error("`{0}` does not say which format the state has")]
    Version(PathBuf),
    /// There is no room left.
    #[error("`{0}` cannot be written: the disk or the quota is full, or no file may be so large")]
    Full(PathBuf),
    /// We may not write there.
    #[error("`{path}` cannot be written: {reason}")]
    ReadOnly {
        /// What could not be written.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// Any other trouble with the disk.
    #[error("`{path}` cannot be {action}: {reason}")]
    Disk {
        /// What was touched.
        path: PathBuf,
        /// `read` or `written`.
        action: &'static str,
        /// What the system says.
        reason: String,
    },
}

impl StateError {
    /// Codes of these errors.
    pub const CODES: &[Code] = &[
        Code::new("state-no-place"),
        Code::new("state-newer"),
        Code::new("state-damaged"),
        Code::new("state-full"),
        Code::new("state-read-only"),
        Code::new("state-unusable"),
    ];

    pub(crate) fn writing(path: &Path, error: &io::Error) -> Self {
        let path = path.to_owned();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Self::Full(path),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly { path, reason: error.to_string() }
            }
            _ => Self::Disk { path, action: "written", reason: error.to_string() },
        }
    }

    pub(crate) fn reading(path: &Path, error: &io::Error) -> Self {
        Self::Disk { path: path.to_owned(), action: "read", reason: error.to_string() }
    }

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::new(match self {
            Self::NoPlace => "state-no-place",
            Self::Newer { .. } => "state-newer",
            Self::Version(_) => "state-damaged",
            Self::Full(_) => "state-full",
            Self::ReadOnly { .. } => "state-read-only",
            Self::Disk { .. } => "state-unusable",
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(Hint::new(match self {
            Self::Newer { .. } => "use the newer covouch, or set COVOUCH_HOME to another folder",
            Self::Version(_) => "set COVOUCH_HOME to another folder, or move this one away",
            Self::Full(_) => "make room; the folder `cache` in it may be deleted",
            Self::NoPlace | Self::ReadOnly { .. } | Self::Disk { .. } => {
                "set COVOUCH_HOME to a folder you can write to"
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_read_only_one_are_told_apart() {
        let code = |kind: ErrorKind| StateError::writing(Path::new("state"), &kind.into()).code().as_str();
        assert_eq!(code(ErrorKind::StorageFull), "state-full");
        assert_eq!(code(ErrorKind::QuotaExceeded), "state-full");
        assert_eq!(code(ErrorKind::FileTooLarge), "state-full");
        assert_eq!(code(ErrorKind::PermissionDenied), "state-read-only");
        assert_eq!(code(ErrorKind::ReadOnlyFilesystem), "state-read-only");
        assert_eq!(code(ErrorKind::NotADirectory), "state-unusable");
    }
}
