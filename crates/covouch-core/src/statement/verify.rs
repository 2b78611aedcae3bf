//! The one door from bytes to a [`Verified`] statement.

use super::{
    BallotHead, Claim, Electorate, Envelope, EnvelopeError, Head, Statement, StatementId,
    envelope::TRUST,
    wire::{self, PayloadError},
};
use crate::{code::Code, digest::Sha256, hint::Hint, key::PublicKey, name::ProjectName, version::Version};

/// Something that was signed by [`Verified::issuer`] and read in the one way there is to read it.
///
/// There is no other way to get one than [`verify`], [`verify_head`] and [`verify_ballot_head`]:
///
/// ```compile_fail
/// # fn forge<T>(value: T, issuer: covouch_core::key::PublicKey) {
/// let forged = covouch_core::statement::Verified { value, issuer };
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<T> {
    value: T,
    issuer: PublicKey,
    id: StatementId,
}

impl<T> Verified<T> {
    /// What was said.
    #[must_use]
    pub const fn value(&self) -> &T {
        &self.value
    }

    /// Who said it.
    #[must_use]
    pub const fn issuer(&self) -> &PublicKey {
        &self.issuer
    }

    /// Its identity, the same for every envelope it comes in.
    #[must_use]
    pub const fn id(&self) -> StatementId {
        self.id
    }
}

/// Why bytes are not a statement of this key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The envelope cannot be read.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// The envelope names another key.
    #[error("signed by key `{found}`, where `{expected}` is needed")]
    OtherKey {
        /// The key the envelope names, short.
        found: String,
        /// The key that was asked for, short.
        expected: String,
    },
    /// The signature does not fit the bytes.
    #[error("the signature does not fit")]
    Signature,
    /// The payload cannot be read, although it is signed.
    #[error(transparent)]
    Payload(#[from] PayloadError),
}

impl VerifyError {
    /// Codes of these errors.
    pub const CODES: &[Code] = &[
        Code::new("statement-malformed"),
        Code::new("statement-other-key"),
        Code::new("statement-signature"),
        Code::new("statement-too-large"),
    ];

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Envelope(EnvelopeError::TooLong(_)) => Code::new("statement-too-large"),
            Self::Payload(error) if error.is_too_many_files() => Code::new("statement-too-large"),
            Self::Envelope(_) | Self::Payload(_) => Code::new("statement-malformed"),
            Self::OtherKey { .. } => Code::new("statement-other-key"),
            Self::Signature => Code::new("statement-signature"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Signature => {
                Some(Hint::new("the file was changed after it was signed; take it again from its source"))
            }
            Self::OtherKey { .. } => {
                Some(Hint::new("each key's statements stand in a file named after the key"))
            }
            _ => None,
        }
    }
}

/// Checks that this key signed this envelope, then reads the statement in it.
///
/// # Errors
/// [`VerifyError`] says which of the checks failed; the signature is checked before the payload is read.
pub fn verify(envelope: &Envelope, key: &PublicKey) -> Result<Verified<Statement>, VerifyError> {
    let id = check_signature(envelope, key)?;
    let value = wire::statement(&envelope.payload_type, &envelope.payload)?;
    Ok(Verified { value, issuer: *key, id })
}

/// Checks that this key signed this envelope, then reads the chain head in it.
///
/// # Errors
/// As for [`verify`].
pub fn verify_head(envelope: &Envelope, key: &PublicKey) -> Result<Verified<Head>, VerifyError> {
    let id = check_signature(envelope, key)?;
    let value = wire::head(&envelope.payload_type, &envelope.payload)?;
    Ok(Verified { value, issuer: *key, id })
}

/// Checks that this key signed this envelope, then reads the head of a voter's ballots in it.
///
/// # Errors
/// As for [`verify`].
pub fn verify_ballot_head(envelope: &Envelope, key: &PublicKey) -> Result<Verified<BallotHead>, VerifyError> {
    let id = check_signature(envelope, key)?;
    let value = wire::ballot_head(&envelope.payload_type, &envelope.payload)?;
    Ok(Verified { value, issuer: *key, id })
}

/// The electorate an envelope has, whoever signed it: enough to learn which keys to check it with. A document
/// certifies itself by its id, and nothing else may be believed of it.
#[must_use]
pub fn peek_electorate(envelope: &Envelope) -> Option<Electorate> {
    // Most of what a feed carries is about files, and reading that would be in vain.
    if envelope.payload_type != TRUST {
        return None;
    }
    match wire::statement(&envelope.payload_type, &envelope.payload).ok()?.claim {
        Claim::Electorate(electorate) => Some(*electorate),
        _ => None,
    }
}

/// The release an envelope says it is about, whoever signed it: where it is put, and nothing that may be believed.
#[must_use]
pub fn peek_release(envelope: &Envelope) -> Option<(ProjectName, Version)> {
    let statement = wire::statement(&envelope.payload_type, &envelope.payload).ok()?;
    statement.claim.files().map(|files| (files.project().clone(), files.version().clone()))
}

pub(crate) fn check_signature(envelope: &Envelope, key: &PublicKey) -> Result<StatementId, VerifyError> {
    if envelope.key != key.id() {
        return Err(VerifyError::OtherKey { found: envelope.key.short(), expected: key.id().short() });
    }
    let mut signed = envelope.pre_authentication_encoding();
    if !key.verifies(&signed, &envelope.signature) {
        return Err(VerifyError::Signature);
    }
    signed.extend_from_slice(key.as_bytes());
    Ok(StatementId(Sha256::of(&signed)))
}
