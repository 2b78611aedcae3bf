//! Why an attestation proves nothing.

use covouch_core::{code::Code, hint::Hint, shown::Shown};
use covouch_python::attestation::{ClaimError, ProvenanceError};
use sigstore_verify::{Error, TimestampError};

/// Why a file is not shown to be its publisher's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AttestationError {
    /// There is no provenance to look at.
    #[error(transparent)]
    Provenance(#[from] ProvenanceError),
    /// One attestation does not hold.
    #[error("attestation {attestation} of bundle {bundle}: {fault}")]
    Attestation {
        /// Which bundle, counted from 1.
        bundle: usize,
        /// Which attestation of it, counted from 1.
        attestation: usize,
        /// Why.
        fault: Fault,
    },
}

/// Why one attestation does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It says something else, or of somebody else.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// The signature is not the certificate's.
    #[error("the signature does not hold: {0}")]
    Signature(Shown),
    /// The certificate does not come from an authority of the trusted root, or was not valid when it signed.
    #[error("the certificate does not hold: {0}")]
    Certificate(Shown),
    /// The transparency log does not have it, or is none of the trusted root.
    #[error("the log entry does not hold: {0}")]
    Log(Shown),
    /// A log entry lacks its inclusion proof, or the promise that dates it.
    #[error("the log entry has no inclusion proof, or none that is dated")]
    Unlogged,
    /// The attestation cannot be read as Sigstore's.
    #[error("the attestation is none of Sigstore's: {0}")]
    Unreadable(Shown),
}

impl Fault {
    pub(super) fn log(error: &impl ToString) -> Self {
        Self::Log(Shown::new(&error.to_string()))
    }
}

/// Sorts Sigstore's errors by what did not hold. What is new to us is unreadable, which is a no.
impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let shown = Shown::new(&error.to_string());
        match error {
            Error::SignatureInvalid(_) | Error::ArtifactMismatch(_) => Self::Signature(shown),
            Error::Certificate(_) => Self::Certificate(shown),
            Error::TransparencyLog(_) | Error::Timestamp(TimestampError::NoVerifiedTimestamp(_)) => {
                Self::Log(shown)
            }
            _ => Self::Unreadable(shown),
        }
    }
}

impl AttestationError {
    /// Codes of these errors, beside those of [`ProvenanceError`] and [`ClaimError`].
    pub const CODES: &[Code] = &[
        Code::new("attestation-signature"),
        Code::new("attestation-certificate"),
        Code::new("attestation-log"),
        Code::new("attestation-unreadable"),
    ];

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Provenance(error) => error.code(),
            Self::Attestation { fault, .. } => match fault {
                Fault::Claim(error) => error.code(),
                Fault::Signature(_) => Code::new("attestation-signature"),
                Fault::Certificate(_) => Code::new("attestation-certificate"),
                Fault::Log(_) | Fault::Unlogged => Code::new("attestation-log"),
                Fault::Unreadable(_) => Code::new("attestation-unreadable"),
            },
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Provenance(error) => error.hint(),
            Self::Attestation { fault: Fault::Claim(error), .. } => error.hint(),
            Self::Attestation { fault: Fault::Certificate(_) | Fault::Log(_), .. } => Some(Hint::new(
                "a new authority or log needs a newer trusted root: `--trusted-root FILE`, or a newer covouch",
            )),
            Self::Attestation { .. } => None,
        }
    }
}
