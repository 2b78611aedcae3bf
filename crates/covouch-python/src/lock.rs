//! Lock files: which files a project will install, and what its lock cannot prove.
//!
//! # Invariants
//! - Nothing in a lock is passed over. What names a file by its SHA-256 is in [`Locked::releases`]; the project's own
//!   source is in [`Locked::own`]; everything else is a [`Problem`] with its place.
//! - A release without files has a problem that says why.
//!
//! # Not here
//! Nothing is read from disk: files that a requirements file includes come through a callback. Whether a problem
//! matters is the policy's to say.

use std::{fmt, path::Path, sync::Arc};

use covouch_core::{
    digest::Sha256, name::ProjectName, publisher::ExpectedPublisher, subject::FileName, version::Version,
};

pub mod uv;

mod build;
mod document;
mod error;
mod pdm;
mod poetry;
mod problem;
mod pylock;
mod requirements;

pub use error::{IncludeError, LockError};
pub use problem::{Problem, ProblemKind};

use crate::{attestation, limits, shown::Shown};

/// What a lock file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Locked {
    /// The releases it pins.
    pub releases: Vec<LockedRelease>,
    /// The project's own packages, which are built from the folder the lock lies in.
    pub own: Vec<OwnProject>,
    /// What it cannot prove.
    pub problems: Vec<Problem>,
}

/// One release that a lock pins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockedRelease {
    /// The project.
    pub project: ProjectName,
    /// The version.
    pub version: Version,
    /// Where the lock says so.
    pub place: Place,
    /// The index it comes from, as the lock writes it.
    pub index: Option<String>,
    /// The files that may be installed: any one of them.
    pub files: Vec<LockedFile>,
    /// The publishers whose attestations the lock expects (PEP 751, `packages.attestation-identities`).
    pub identities: Vec<AttestationIdentity>,
}

/// One file that may be installed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LockedFile {
    /// Its name, where the lock gives one: a requirements file does not.
    pub filename: Option<FileName>,
    /// Its digest.
    pub sha256: Sha256,
    /// Where it is, as the lock writes it.
    pub url: Option<String>,
}

/// A package that is the project itself, or a member of its workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnProject {
    /// Its name.
    pub project: ProjectName,
    /// Its folder, relative to the lock file.
    pub path: Shown,
    /// Where the lock says so.
    pub place: Place,
}

/// An expected publisher: its kind and the other fields, as the lock writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationIdentity {
    /// The kind, such as `GitHub`.
    pub kind: String,
    /// The fields of that kind that are texts, in order of their names.
    pub fields: Vec<(String, String)>,
}

impl AttestationIdentity {
    /// The publisher it means; nothing when it is of a kind nobody here knows.
    #[must_use]
    pub fn expected(&self) -> Option<ExpectedPublisher> {
        let fields = self.fields.iter().map(|(field, text)| (field.as_str(), text.as_str()));
        attestation::expected([("kind", self.kind.as_str())].into_iter().chain(fields))
    }
}

/// A line of a file.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, as it was named to us.
    pub file: Arc<str>,
    /// The line, counted from 1.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", Shown::new(&self.file), self.line)
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The kinds of lock files that are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LockKind {
    /// pip's requirements file, `*.txt`.
    Requirements,
    /// `pylock.toml` or `pylock.*.toml` (PEP 751).
    Pylock,
    /// `uv.lock`.
    Uv,
    /// `poetry.lock`.
    Poetry,
    /// `pdm.lock`.
    Pdm,
}

impl LockKind {
    /// The kind a file's name says.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        let name = Path::new(name).file_name()?.to_str()?;
        match name {
            "uv.lock" => Some(Self::Uv),
            "poetry.lock" => Some(Self::Poetry),
            "pdm.lock" => Some(Self::Pdm),
            "pylock.toml" => Some(Self::Pylock),
            // PEP 751: one name between the dots, without dots of its own.
            _ if name
                .strip_prefix("pylock.")
                .and_then(|rest| rest.strip_suffix(".toml"))
                .is_some_and(|middle| !middle.is_empty() && !middle.contains('.')) =>
            {
                Some(Self::Pylock)
            }
            _ if name.ends_with(".txt") => Some(Self::Requirements),
            _ => None,
        }
    }
}

/// Gives the bytes of a file that a requirements file includes, by its path relative to the folder `name` is relative
/// to.
pub type Include<'a> = dyn Fn(&str) -> Result<Vec<u8>, IncludeError> + 'a;

/// Reads a lock file of any kind; `name` says which, and stands in messages.
///
/// # Errors
/// [`LockError`] when the file cannot be read as a whole.
pub fn read(name: &str, bytes: &[u8], include: &Include<'_>) -> Result<Locked, LockError> {
    let kind = LockKind::of(name).ok_or_else(|| LockError::UnknownKind { name: Shown::new(name) })?;
    if bytes.len() > limits::LOCK_BYTES {
        return Err(LockError::TooLarge { name: Shown::new(name) });
    }
    match kind {
        LockKind::Requirements => requirements::read(name, bytes, include),
        LockKind::Pylock => pylock::read(name, bytes),
        LockKind::Uv => uv::read(name, bytes),
        LockKind::Poetry => poetry::read(name, bytes),
        LockKind::Pdm => pdm::read(name, bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::LockKind;

    #[test]
    fn a_lock_is_known_by_its_name() {
        let cases = [
            ("uv.lock", Some(LockKind::Uv)),
            ("a/b/poetry.lock", Some(LockKind::Poetry)),
            ("pdm.lock", Some(LockKind::Pdm)),
            ("pylock.toml", Some(LockKind::Pylock)),
            ("pylock.dev.toml", Some(LockKind::Pylock)),
            ("requirements-dev.txt", Some(LockKind::Requirements)),
            ("pylock.a.b.toml", None),
            ("pyproject.toml", None),
            ("Pipfile.lock", None),
            ("", None),
            ("..", None),
        ];
        for (name, kind) in cases {
            assert_eq!(LockKind::of(name), kind, "{name}");
        }
    }
}
