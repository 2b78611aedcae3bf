//! Whether a wheel follows from its release's sdist: whether whoever vouches for the one has vouched for the other.
//!
//! Nothing is built. A wheel follows from an sdist when everything in it that can act on a machine, or steer what
//! else is installed, stands in the sdist already: the same files, the same requirements, the same entry points. The
//! rule is strict where a build could add something and silent where it cannot: descriptions and classifiers may
//! differ, one byte of code may not.
//!
//! The threat is a wheel that its attacker made and an sdist that he did not. What the sdist says of itself can
//! therefore be believed; what the wheel says, nowhere.
//!
//! # Invariants
//! - [`Derived`] comes from here only, and names the digests of the very bytes that were compared.
//! - What could not be read or settled is a [`Difference`], never a *yes*.
//! - The same two archives give the same answer under one [`RULE_VERSION`].
//!
//! # Not here
//! Wheels that are not for every platform: compiling is not reading. No code of a package runs, no build backend
//! is asked. Who vouches for the sdist is the policy's to say.

mod declared;
mod difference;
mod dist_info;
mod entry_points;
mod metadata;
mod payload;
mod record;
mod requirement;
mod version_file;

use std::io::{Read, Seek};

use covouch_core::{code::Code, digest::Sha256, hint::Hint};

use self::declared::Declared;
pub use self::difference::{CODES, Difference, Differences};
use crate::{
    archive::{ArchiveError, MemberPath, sdist, wheel},
    filename::{Sdist, Wheel},
};

/// The version of the rule. A result kept under another version is worth nothing.
pub const RULE_VERSION: u32 = 2;

/// Which two files are compared: what their names say.
#[derive(Clone, Copy, Debug)]
pub struct Names<'a> {
    /// The sdist's name.
    pub sdist: &'a Sdist,
    /// The wheel's name.
    pub wheel: &'a Wheel,
}

/// Proof that a wheel follows from an sdist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    sdist: Sha256,
    wheel: Sha256,
    folder: Box<str>,
    generated: Vec<MemberPath>,
}

impl Derived {
    /// The digest of the sdist.
    #[must_use]
    pub fn sdist(&self) -> Sha256 {
        self.sdist
    }

    /// The digest of the wheel.
    #[must_use]
    pub fn wheel(&self) -> Sha256 {
        self.wheel
    }

    /// The folder of the sdist that became the wheel's root: empty, or one that ends in `/`.
    #[must_use]
    pub fn folder(&self) -> &str {
        &self.folder
    }

    /// Files of the wheel that a build backend writes from the version alone, and that were rendered again.
    #[must_use]
    pub fn generated(&self) -> &[MemberPath] {
        &self.generated
    }
}

/// The answer about two archives that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The wheel follows from the sdist.
    Derived(Derived),
    /// It does not, or that could not be settled.
    Differs(Differences),
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeriveError {
    /// The sdist was not read.
    #[error("sdist: {0}")]
    Sdist(ArchiveError),
    /// The wheel was not read.
    #[error("wheel: {0}")]
    Wheel(ArchiveError),
}

impl DeriveError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Sdist(error) | Self::Wheel(error) => error.code(),
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Sdist(error) | Self::Wheel(error) => error.hint(),
        }
    }
}

/// Reads both archives and compares them.
///
/// The caller compares [`Derived::sdist`] and [`Derived::wheel`] with the digests it is asked about.
///
/// # Errors
/// [`DeriveError`] when an archive cannot be read, or not in one way only.
pub fn derive(
    sdist: impl Read + Seek,
    wheel: impl Read + Seek,
    names: Names<'_>,
) -> Result<Outcome, DeriveError> {
    let mut differences = Differences::default();
    difference::compare_names(names, &mut differences);
    let sdist =
        sdist::read(sdist, names.sdist.archive, &declared::is_declaration).map_err(DeriveError::Sdist)?;
    let declared = Declared::read(&sdist, &names.sdist.project, &mut differences);
    let sdist = sdist.without_kept();
    let keep = |path: &MemberPath| dist_info::is_metadata(path) || declared.may_be_generated(path);
    let wheel = wheel::read(wheel, &keep).map_err(DeriveError::Wheel)?;
    let mapped = payload::compare(&sdist, &wheel, (&declared, &names.wheel.version), &mut differences);
    dist_info::compare(&sdist, &wheel, (&declared, names.wheel), &mut differences);
    Ok(match differences.is_empty() {
        true => Outcome::Derived(Derived {
            sdist: sdist.sha256(),
            wheel: wheel.sha256(),
            folder: mapped.folder.into(),
            generated: mapped.generated,
        }),
        false => Outcome::Differs(differences),
    })
}
