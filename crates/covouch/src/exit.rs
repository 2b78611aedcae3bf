//! Exit codes, the same in every output format.

use std::process::ExitCode;

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Everything asked about is admitted, or what was asked for is done.
    Admitted,
    /// The work could not be done.
    Failed,
    /// The command line was wrong.
    Usage,
    /// Something says no.
    Refused,
    /// Not enough yes, or not known.
    Undecided,
    /// What a wrapped command ended with.
    Wrapped(u8),
}

impl Exit {
    /// The worse of two verdicts' ends.
    pub(crate) const fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Refused, _) | (_, Self::Refused) => Self::Refused,
            (Self::Undecided, _) | (_, Self::Undecided) => Self::Undecided,
            (first, _) => first,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Admitted => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Refused => 3,
            Exit::Undecided => 4,
            Exit::Wrapped(code) => code,
        })
    }
}
