//! Why a page, or one file on it, was not believed.

use covouch_core::{code::Code, hint::Hint, name::ProjectName, subject::FileNameError};

use crate::{address::AddressError, code, filename::DistFilenameError, limits, shown::Shown};

/// Why bytes are not the page of the project that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PageError {
    /// More bytes than [`limits::PAGE_BYTES`].
    #[error("the page of `{project}` has {bytes} bytes, more than {}", limits::PAGE_BYTES)]
    TooLarge {
        /// The project.
        project: ProjectName,
        /// Its size.
        bytes: usize,
    },
    /// More files than [`limits::PAGE_FILES`].
    #[error("the page of `{project}` lists more than {} files", limits::PAGE_FILES)]
    TooManyFiles {
        /// The project.
        project: ProjectName,
    },
    /// Not a page of the Simple repository API.
    #[error("the page of `{project}` is not readable: {reason}")]
    Malformed {
        /// The project.
        project: ProjectName,
        /// What is wrong, and where.
        reason: Shown,
    },
    /// An API version whose major part is not 1, or none.
    #[error("the page of `{project}` is of API version `{version}`, and only versions 1.x are understood")]
    ApiVersion {
        /// The project.
        project: ProjectName,
        /// What the page says.
        version: Shown,
    },
    /// The page says it is another project's.
    #[error("the page of `{expected}` is that of `{found}`")]
    OtherProject {
        /// Who was asked for.
        expected: ProjectName,
        /// Who answered.
        found: Shown,
    },
    /// One file name stands twice, so that the page means different things to different readers.
    #[error("the page of `{project}` lists `{filename}` twice")]
    DuplicateFile {
        /// The project.
        project: ProjectName,
        /// The file.
        filename: Shown,
    },
}

impl PageError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::TooLarge { .. } | Self::TooManyFiles { .. } => code::PAGE_TOO_LARGE,
            Self::Malformed { .. } => code::PAGE_MALFORMED,
            Self::ApiVersion { .. } => code::PAGE_API_VERSION,
            Self::OtherProject { .. } => code::PAGE_OTHER_PROJECT,
            Self::DuplicateFile { .. } => code::PAGE_DUPLICATE_FILE,
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Malformed { .. } => Some(Hint::new(
                "open the page's address in a browser: a login page or a proxy may have answered instead",
            )),
            Self::OtherProject { .. } => Some(Hint::new("check that the index's address ends in `/simple/`")),
            _ => None,
        }
    }
}

/// Why one file of a page is left out of it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileFault {
    /// The name is no file's name.
    #[error(transparent)]
    Filename(#[from] FileNameError),
    /// The name is not that of a distribution file of this project.
    #[error(transparent)]
    Distribution(#[from] DistFilenameError),
    /// The address leads nowhere we go.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A digest is malformed, or stands there twice with two values.
    #[error("the digest `{0}` is malformed, or stands there twice")]
    Hash(Shown),
    /// A field has a value it cannot have.
    #[error("`{field}` cannot be `{value}`")]
    Field {
        /// The field.
        field: &'static str,
        /// Its value.
        value: Shown,
    },
}

impl FileFault {
    /// The stable code of this fault.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Filename(_) => code::FILENAME_MALFORMED,
            Self::Distribution(error) => error.code(),
            Self::Address(_) => code::PAGE_ADDRESS,
            Self::Hash(_) => code::PAGE_HASH,
            Self::Field { .. } => code::PAGE_FIELD,
        }
    }
}
