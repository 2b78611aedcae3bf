//! What a lock cannot prove.

use std::fmt;

use covouch_core::{code::Code, hint::Hint, name::ProjectName};

use super::Place;
use crate::{code, shown::Shown};

/// One thing a lock cannot prove, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What it is.
    pub kind: ProblemKind,
    /// Where it stands.
    pub place: Place,
    /// The project it is about, when it is about one.
    pub project: Option<ProjectName>,
}

/// The kinds of problems.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemKind {
    /// A release, or one file of it, has no digest at all.
    #[error("no sha256{}", .file.as_ref().map(|file| format!(" for `{file}`")).unwrap_or_default())]
    NoHash {
        /// The file.
        file: Option<Shown>,
    },
    /// A digest that is no SHA-256, so that a file nobody judged may match it.
    #[error("a digest of `{algorithm}` instead of a sha256")]
    OtherHash {
        /// The algorithm.
        algorithm: Shown,
    },
    /// The package is built from a repository of source code.
    #[error("built from the repository `{address}`")]
    Vcs {
        /// The repository.
        address: Shown,
    },
    /// The package is fetched from an address, with no digest.
    #[error("fetched from `{address}` with no sha256")]
    UrlWithoutHash {
        /// The address.
        address: Shown,
    },
    /// The package is fetched from an address that does not say which release it is.
    #[error("fetched from `{address}`, which does not say which release it is")]
    UrlWithoutRelease {
        /// The address.
        address: Shown,
    },
    /// The package is a file or folder on this machine.
    #[error("taken from the local path `{path}`")]
    Local {
        /// The path.
        path: Shown,
    },
    /// No single version is named.
    #[error("`{requirement}` does not name one version with `==`")]
    Unpinned {
        /// The requirement.
        requirement: Shown,
    },
    /// An option that changes the index: `--index-url`, `--extra-index-url`, `--no-index`.
    #[error("`{option}` overrides the configured index{}", .address.as_ref().map(|address| format!(" with `{address}`")).unwrap_or_default())]
    Index {
        /// The option.
        option: &'static str,
        /// Its value.
        address: Option<Shown>,
    },
    /// `--find-links`: files from a place that is no index.
    #[error("`--find-links` takes files from `{address}`")]
    FindLinks {
        /// The place.
        address: Shown,
    },
    /// `--trusted-host`: a host whose certificate is not checked.
    #[error("`--trusted-host` turns off the certificate check for `{host}`")]
    TrustedHost {
        /// The host.
        host: Shown,
    },
    /// A requirements file fetched from an address.
    #[error("`{address}` is included from the network")]
    RemoteInclude {
        /// The address.
        address: Shown,
    },
    /// An option nobody here knows. Installers complete abbreviations: `--extra-index` is `--extra-index-url`.
    #[error("the option `{option}` is not known")]
    Option {
        /// The option.
        option: Shown,
    },
    /// A variable of the environment, whose value nobody but the installer knows.
    #[error("`{variable}` stands for whatever the environment says")]
    Environment {
        /// The variable.
        variable: Shown,
    },
    /// Something that cannot be read.
    #[error("`{text}` cannot be read: {reason}")]
    Unreadable {
        /// The text.
        text: Shown,
        /// What is wrong with it.
        reason: Shown,
    },
    /// A file of another project or release.
    #[error("`{file}` is not a file of this release")]
    OtherFile {
        /// The file.
        file: Shown,
    },
}

impl ProblemKind {
    /// The stable code of this kind.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::NoHash { .. } => code::LOCK_NO_HASH,
            Self::OtherHash { .. } => code::LOCK_OTHER_HASH,
            Self::Vcs { .. } => code::LOCK_VCS,
            Self::UrlWithoutHash { .. } | Self::UrlWithoutRelease { .. } => code::LOCK_URL,
            Self::Local { .. } => code::LOCK_LOCAL,
            Self::Unpinned { .. } => code::LOCK_UNPINNED,
            Self::Index { .. } => code::LOCK_INDEX,
            Self::FindLinks { .. } => code::LOCK_FIND_LINKS,
            Self::TrustedHost { .. } => code::LOCK_TRUSTED_HOST,
            Self::RemoteInclude { .. } => code::LOCK_INCLUDE,
            Self::Option { .. } => code::LOCK_OPTION,
            Self::Environment { .. } => code::LOCK_ENVIRONMENT,
            Self::Unreadable { .. } => code::LOCK_UNREADABLE,
            Self::OtherFile { .. } => code::LOCK_OTHER_FILE,
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        let text = match self {
            Self::NoHash { .. } | Self::OtherHash { .. } | Self::Unpinned { .. } => {
                "lock with sha256: `uv pip compile --generate-hashes` or `pip-compile --generate-hashes`"
            }
            Self::Vcs { .. }
            | Self::UrlWithoutHash { .. }
            | Self::UrlWithoutRelease { .. }
            | Self::Local { .. } => "publish it to an index of your own and name that index in the policy",
            Self::Index { .. } | Self::FindLinks { .. } | Self::TrustedHost { .. } => {
                "take the line out, and name the index in the policy or in the installer's configuration"
            }
            Self::Option { .. } => "write the option in full, or take it out",
            Self::RemoteInclude { .. } => "keep a copy beside the file that includes it",
            Self::Environment { .. } => "write the value itself",
            Self::Unreadable { .. } | Self::OtherFile { .. } => return None,
        };
        Some(Hint::new(text))
    }
}

impl Problem {
    /// The stable code of this problem.
    #[must_use]
    pub fn code(&self) -> Code {
        self.kind.code()
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        self.kind.hint()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: ", self.place)?;
        if let Some(project) = &self.project {
            write!(f, "`{project}`: ")?;
        }
        self.kind.fmt(f)
    }
}
