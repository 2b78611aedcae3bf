//! What is wrong with an index's answer.

use covouch_core::{code::Code, hint::Hint};
use covouch_python::simple::PageError;

use crate::network::FetchError;

/// What is wrong with an index's answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongPage {
    /// It is not the kind of answer that was asked for.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It is a page, and not one of this project, or not a readable one.
    #[error(transparent)]
    Page(#[from] PageError),
}

impl WrongPage {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Fetch(error) => error.code(),
            Self::Page(error) => error.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Fetch(error) => error.hint(),
            Self::Page(error) => error.hint(),
        }
    }
}
