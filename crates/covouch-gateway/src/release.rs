//! Permission to send a file's bytes.
//!
//! # Invariants
//! - A [`Release`] is made only by [`Release::of`], and only of a verdict that lets the file through: an `Admitted`,
//!   or one of the two types that say that somebody chose to do without.
//! - What sends bytes takes a [`Release`], so forgetting to judge does not compile.
//!
//! # Not here
//! Judging: `covouch-policy`.

use covouch_core::{code::Code, subject::Subject};
use covouch_policy::verdict::Verdict;

/// Why a file was let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// The policy admits it.
    Admitted,
    /// It does not, and a waiver lets it in for a while.
    Waived,
    /// It does not, and the policy only watches.
    Monitored,
}

impl Permission {
    /// What a verdict permits; nothing when it keeps the file out.
    pub(crate) fn of(subject: &Subject, verdict: &Verdict) -> Option<Self> {
        match verdict {
            // The proof names its file: one about another file admits nothing here.
            Verdict::Admitted(admitted) if admitted.subject() == subject => Some(Self::Admitted),
            Verdict::Waived(_) => Some(Self::Waived),
            Verdict::Monitored(_) => Some(Self::Monitored),
            Verdict::Admitted(_) | Verdict::Refused(_) | Verdict::Undecided(_) => None,
        }
    }
}

/// Why a file is kept out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Block {
    /// The stable code.
    pub(crate) code: Code,
    /// A lower-case clause, such as `1 of 2 vouches: platform has not`.
    pub(crate) reason: String,
}

impl Block {
    pub(crate) fn new(code: Code, reason: impl Into<String>) -> Self {
        Self { code, reason: reason.into() }
    }
}

/// Permission to send the bytes of one file, at the moment it was judged.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    subject: Subject,
    permission: Permission,
}

impl Release {
    /// The permission a verdict about a file gives; the verdict itself when it gives none.
    pub(crate) fn of(subject: &Subject, verdict: Verdict) -> Result<Self, Verdict> {
        match Permission::of(subject, &verdict) {
            Some(permission) => Ok(Self { subject: subject.clone(), permission }),
            None => Err(verdict),
        }
    }

    /// The file.
    pub(crate) fn subject(&self) -> &Subject {
        &self.subject
    }

    /// Why it is let through.
    pub(crate) fn permission(&self) -> Permission {
        self.permission
    }
}
