//! Why an index of Debian's is not used.

use std::path::PathBuf;

use covouch_core::{code::Code, digest::Sha256, hint::Hint, time::Timestamp};

use super::Suite;
use crate::{network::FetchError, secrets::RedactedUrl, state::StateError};

/// Why nothing was learnt from Debian, or about one suite. What was known before stays.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DebianError {
    /// Neither the policy nor apt names a mirror.
    #[error("no mirror of Debian's archive is known: neither the policy nor apt's configuration names one")]
    NoMirror,
    /// A file of apt's configuration, or a keyring, that is there and cannot be read.
    #[error("`{path}` cannot be read: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// Nothing was learnt from the network.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The mirror has no such file.
    #[error("`{0}` is not there")]
    Absent(RedactedUrl),
    /// The index was refused.
    #[error("suite `{suite}`: {fault}")]
    Refused {
        /// The suite that was asked for.
        suite: Suite,
        /// What is wrong with the index.
        fault: Fault,
    },
    /// What was kept cannot be read.
    #[error("`{path}` is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: &'static str,
    },
    /// Nothing was learnt less than an hour ago, so nobody was asked again.
    #[error("{said}")]
    Remembered {
        /// The code of what went wrong then.
        code: Code,
        /// What was said of it.
        said: String,
    },
    /// The state folder cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
}

/// What is wrong with an index.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No signature at all.
    #[error("`InRelease` is not signed")]
    Unsigned,
    /// Signatures, and none of them counts.
    #[error("`InRelease` has no good signature by a key of Debian's archive: {0}")]
    Signature(String),
    /// The index of another suite: the same key signs them all.
    #[error("the mirror serves the index of `{found}` in its place")]
    OtherSuite {
        /// What the index says it is.
        found: String,
    },
    /// Signed for a later time than ours.
    #[error("`InRelease` is dated {date}, which is yet to come")]
    NotYet {
        /// Its date.
        date: Timestamp,
    },
    /// `Valid-Until` has passed.
    #[error("`InRelease` of {date} was valid until {until}; the mirror may be frozen")]
    Expired {
        /// Its date.
        date: Timestamp,
        /// Its end.
        until: Timestamp,
    },
    /// Older than one that was seen.
    #[error("`InRelease` is of {date}, and one of {seen} was seen before")]
    RolledBack {
        /// Its date.
        date: Timestamp,
        /// The newest date that was seen.
        seen: Timestamp,
    },
    /// Other bytes than the signed digest is of.
    #[error("`{file}` has sha256:{found}, where sha256:{expected} is signed")]
    Hash {
        /// The file below the suite's folder.
        file: String,
        /// What is signed.
        expected: Sha256,
        /// What came.
        found: Sha256,
    },
    /// Signed, and still not what such a file says.
    #[error("`{file}` cannot be read: {reason}")]
    Malformed {
        /// The file below the suite's folder.
        file: String,
        /// What is wrong.
        reason: String,
    },
}

impl Fault {
    pub(super) fn malformed(file: &str, reason: impl Into<String>) -> Self {
        Self::Malformed { file: file.to_owned(), reason: reason.into() }
    }
}

impl DebianError {
    /// Codes of these errors, beside those of [`FetchError`] and [`StateError`].
    pub const CODES: &[Code] = &[
        Code::new("debian-no-mirror"),
        Code::new("debian-unreadable"),
        Code::new("debian-absent"),
        Code::new("debian-unsigned"),
        Code::new("debian-signature"),
        Code::new("debian-other-suite"),
        Code::new("debian-not-yet"),
        Code::new("debian-expired"),
        Code::new("debian-rolled-back"),
        Code::new("debian-wrong-hash"),
        Code::new("debian-malformed"),
        Code::new("debian-damaged"),
    ];

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::new(match self {
            Self::Fetch(error) => return error.code(),
            Self::State(error) => return error.code(),
            Self::Remembered { code, .. } => return *code,
            Self::NoMirror => "debian-no-mirror",
            Self::Unreadable { .. } => "debian-unreadable",
            Self::Absent(_) => "debian-absent",
            Self::Damaged { .. } => "debian-damaged",
            Self::Refused { fault, .. } => match fault {
                Fault::Unsigned => "debian-unsigned",
                Fault::Signature(_) => "debian-signature",
                Fault::OtherSuite { .. } => "debian-other-suite",
                Fault::NotYet { .. } => "debian-not-yet",
                Fault::Expired { .. } => "debian-expired",
                Fault::RolledBack { .. } => "debian-rolled-back",
                Fault::Hash { .. } => "debian-wrong-hash",
                Fault::Malformed { .. } => "debian-malformed",
            },
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        let text = match self {
            Self::Fetch(error) => return error.hint(),
            Self::State(error) => return error.hint(),
            Self::NoMirror => {
                "write `mirror = \"https://…\"` beside `suites` in the policy, with the address of a mirror"
            }
            Self::Remembered { .. } => "ask the mirror again with `covouch debian refresh`",
            Self::Absent(_) => "look at the suite's name and at the mirror's address",
            Self::Damaged { .. } => "delete the file and run `covouch debian refresh`",
            Self::Unreadable { .. } => "look at its permissions and contents",
            Self::Refused { fault, .. } => match fault {
                Fault::NotYet { .. } => "look at this machine's clock",
                Fault::Signature(_) => {
                    "use another mirror, or a newer covouch: Debian changes its keys every two years"
                }
                _ => "use another mirror",
            },
        };
        Some(Hint::new(text))
    }
}
