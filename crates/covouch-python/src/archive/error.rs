//! Why an archive was not read.

use std::{fmt, io};

use covouch_core::{code::Code, hint::Hint};

use super::path::{MemberPath, PathError};
use crate::shown::Shown;

const UNREADABLE: Code = Code::new("archive-unreadable");
const TOO_LARGE: Code = Code::new("archive-too-large");
const MALFORMED: Code = Code::new("archive-malformed");
const AMBIGUOUS: Code = Code::new("archive-ambiguous");
const PATH: Code = Code::new("archive-path");
const DUPLICATE: Code = Code::new("archive-duplicate-path");
const KIND: Code = Code::new("archive-member-kind");

/// Every code this module can report.
pub const CODES: &[Code] = &[UNREADABLE, TOO_LARGE, MALFORMED, AMBIGUOUS, PATH, DUPLICATE, KIND];

/// Why an archive was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveError {
    /// The reader that was handed in failed: nothing is known about the archive.
    #[error("the archive could not be read: {0}")]
    Unreadable(io::Error),
    /// The archive is larger than [`super::limits`] allow.
    #[error("the archive has more than {limit} {what}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: u64,
    },
    /// The archive breaks its format, or is cut short.
    #[error("the archive is malformed{place}: {fault}", place = InMember(.member))]
    Malformed {
        /// The member, where one is known.
        member: Option<MemberPath>,
        /// What is wrong.
        fault: Fault,
    },
    /// The archive is one that two programs may read differently.
    #[error("the archive can be read in two ways{place}: {fault}", place = InMember(.member))]
    Ambiguous {
        /// The member, where one is known.
        member: Option<MemberPath>,
        /// What may be read differently.
        fault: Fault,
    },
    /// A member's path is not one.
    #[error("the archive has a member `{path}`, {reason}", path = .path.as_str())]
    Path {
        /// The path as written.
        path: Shown,
        /// What is wrong with it.
        reason: PathError,
    },
    /// Two members have one path, or paths that some file system takes for one.
    #[error("the archive's members `{path}` and `{other}` are one file somewhere", other = .other.as_str())]
    Duplicate {
        /// The second path.
        path: MemberPath,
        /// The part of it that stood there before, as it was written then.
        other: Shown,
    },
    /// A member is neither a file nor a folder.
    #[error("the archive's member `{path}` is {kind}")]
    Kind {
        /// The member.
        path: MemberPath,
        /// What it is.
        kind: &'static str,
    },
}

/// What is wrong with an archive, in a clause.
pub type Fault = &'static str;

impl ArchiveError {
    pub(super) fn malformed(member: Option<&MemberPath>, fault: Fault) -> Self {
        Self::Malformed { member: member.cloned(), fault }
    }

    pub(super) fn ambiguous(member: Option<&MemberPath>, fault: Fault) -> Self {
        Self::Ambiguous { member: member.cloned(), fault }
    }

    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Unreadable(_) => UNREADABLE,
            Self::TooLarge { .. } => TOO_LARGE,
            Self::Malformed { .. } => MALFORMED,
            Self::Ambiguous { .. } => AMBIGUOUS,
            Self::Path { .. } => PATH,
            Self::Duplicate { .. } => DUPLICATE,
            Self::Kind { .. } => KIND,
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Unreadable(_) => Some(Hint::new("download the file again")),
            _ => None,
        }
    }
}

/// Where in the archive, when that is known.
struct InMember<'a>(&'a Option<MemberPath>);

impl fmt::Display for InMember<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(path) => write!(f, " at `{path}`"),
            None => Ok(()),
        }
    }
}
