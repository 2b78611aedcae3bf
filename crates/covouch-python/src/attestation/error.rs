//! Why a provenance object or an attestation is not believed.

use covouch_core::{
    code::Code,
    digest::Sha256,
    hint::Hint,
    publisher::{Publisher, PublisherKind},
    subject::FileName,
};

use crate::{code, limits, shown::Shown};

/// Why bytes are not a provenance object (PEP 740, "Provenance objects").
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProvenanceError {
    /// More bytes than [`limits::PROVENANCE_BYTES`].
    #[error("the provenance has {0} bytes, more than {max}", max = limits::PROVENANCE_BYTES)]
    TooLarge(usize),
    /// More attestations than [`limits::ATTESTATIONS`].
    #[error("the provenance has {0} attestations, more than {max}", max = limits::ATTESTATIONS)]
    TooMany(usize),
    /// Not JSON of the shape PEP 740 gives.
    #[error("the provenance is not readable: {0}")]
    Malformed(Shown),
    /// A version other than 1.
    #[error("the {of} is of version {version}, and only version 1 is understood")]
    Version {
        /// What has the version: the provenance, or an attestation.
        of: &'static str,
        /// The version.
        version: u64,
    },
    /// There is no attestation at all.
    #[error("the provenance holds no attestation")]
    Empty,
    /// A bundle names a publisher and holds no attestation by it.
    #[error("bundle {0} of the provenance holds no attestation")]
    EmptyBundle(usize),
    /// A publisher of a kind we do not know, or one without what its kind needs.
    #[error("bundle {bundle} of the provenance names a publisher of kind `{kind}`: {reason}")]
    Publisher {
        /// Which bundle, counted from 1.
        bundle: usize,
        /// The kind it gives.
        kind: Shown,
        /// What is wrong.
        reason: Shown,
    },
}

impl ProvenanceError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::TooLarge(_) | Self::TooMany(_) => code::PROVENANCE_TOO_LARGE,
            Self::Malformed(_) => code::PROVENANCE_MALFORMED,
            Self::Version { .. } => code::PROVENANCE_VERSION,
            Self::Empty | Self::EmptyBundle(_) => code::PROVENANCE_EMPTY,
            Self::Publisher { .. } => code::PROVENANCE_PUBLISHER,
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Malformed(_) => Some(Hint::new(
                "give the object the index serves at the file's `provenance` address, or one `.attestation`",
            )),
            Self::Version { .. } | Self::Publisher { .. } => {
                Some(Hint::new("a newer covouch may understand it"))
            }
            _ => None,
        }
    }
}

/// Why an attestation does not say what it would have to say about a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimError {
    /// Not an in-toto statement.
    #[error("the statement is not readable: {0}")]
    Malformed(Shown),
    /// A statement about no file, or about several: which of them the index checked is unknown.
    #[error("the statement has {0} subjects, and only one with exactly one counts")]
    Subjects(usize),
    /// The statement is about a file of another name.
    #[error("the statement is about `{found}`, not about `{expected}`")]
    OtherName {
        /// The name in the statement.
        found: Shown,
        /// The file's name.
        expected: FileName,
    },
    /// The statement is about other bytes.
    #[error("the statement is about a file with sha256 `{found}`, and `{expected}` is this one's")]
    OtherDigest {
        /// The digest in the statement.
        found: Shown,
        /// The file's digest.
        expected: Sha256,
    },
    /// A statement that says something nobody here can weigh.
    #[error("the statement's predicate is `{0}`, which is neither a publication nor SLSA provenance v1")]
    Predicate(Shown),
    /// The certificate has no issuer, or nobody it was issued to.
    #[error("the certificate names nobody")]
    Anonymous,
    /// The certificate is not one a publisher gets.
    #[error("the certificate was issued on the word of `{0}`, which is no place files are published from")]
    Issuer(Shown),
    /// The certificate does not say what a publisher's certificate says.
    #[error("the certificate of a {kind} publisher says `{found}` for its {claim}")]
    Claim {
        /// What kind of publisher the issuer makes it.
        kind: PublisherKind,
        /// Which claim.
        claim: &'static str,
        /// Its value; empty when it is missing.
        found: Shown,
    },
    /// The index names a publisher, and the certificate shows another.
    #[error("the index names `{stated}` as {claim}, and the certificate of `{proven}` says otherwise")]
    OtherPublisher {
        /// What the index says.
        stated: Shown,
        /// Of what it says that.
        claim: &'static str,
        /// Whom the certificate shows.
        proven: Box<Publisher>,
    },
}

impl ClaimError {
    /// The stable code of this error.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Malformed(_) => code::ATTESTATION_MALFORMED,
            Self::Subjects(_) => code::ATTESTATION_SUBJECTS,
            Self::OtherName { .. } => code::ATTESTATION_OTHER_NAME,
            Self::OtherDigest { .. } => code::ATTESTATION_OTHER_DIGEST,
            Self::Predicate(_) => code::ATTESTATION_PREDICATE,
            Self::Anonymous | Self::Issuer(_) => code::ATTESTATION_ISSUER,
            Self::Claim { .. } => code::ATTESTATION_CLAIM,
            Self::OtherPublisher { .. } => code::ATTESTATION_OTHER_PUBLISHER,
        }
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::OtherName { .. } => {
                Some(Hint::new("give the provenance of this file; each file of a release has its own"))
            }
            Self::OtherDigest { .. } => {
                Some(Hint::new("fetch the file anew; if the digest stays, these are not the published bytes"))
            }
            _ => None,
        }
    }
}
