//! Signing: a statement becomes an envelope, and goes through the door of [`verify()`] before anybody sees it.

use super::{
    BallotHead, Envelope, Head, Statement, Verified, VerifyError, verify,
    verify::{verify_ballot_head, verify_head},
    wire,
};
use crate::key::{PublicKey, SecretKey};

/// Something that signs with one key: a key in memory, or an agent that holds it. Several threads may ask it at once.
pub trait Signer: Sync {
    /// Whose signature it makes.
    fn public_key(&self) -> &PublicKey;

    /// Signs these very bytes with Ed25519 (RFC 8032 §5.1.6).
    ///
    /// # Errors
    /// [`SignError`] when the key's holder does not answer or refuses.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;
}

impl Signer for SecretKey {
    fn public_key(&self) -> &PublicKey {
        Self::public_key(self)
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        Ok(Self::sign(self, message))
    }
}

/// Why nothing was signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The key's holder refused or did not answer.
    #[error("the key was not used: {0}")]
    Refused(String),
    /// What came back would not be accepted by anybody.
    #[error("the signer's answer is no valid statement: {0}")]
    Invalid(#[from] VerifyError),
    /// The statement has no spelling of its own: written and read again it says something else.
    #[error("the statement cannot be written as it is meant")]
    Altered,
}

/// Signs a statement.
///
/// # Errors
/// [`SignError`]; a statement that could not be read back as it was meant is never returned.
pub fn sign(
    statement: &Statement,
    signer: &dyn Signer,
) -> Result<(Envelope, Verified<Statement>), SignError> {
    let (payload_type, payload) = wire::write_statement(statement);
    let envelope = seal(payload_type, payload, signer)?;
    let verified = verify(&envelope, signer.public_key())?;
    // An amount between two percents, or a start that is not the moment of signing, would be lost in writing.
    if verified.value() != statement {
        return Err(SignError::Altered);
    }
    Ok((envelope, verified))
}

/// Signs the head of a chain.
///
/// # Errors
/// As for [`sign`].
pub fn sign_head(head: &Head, signer: &dyn Signer) -> Result<Envelope, SignError> {
    let (payload_type, payload) = wire::write_head(head);
    let envelope = seal(payload_type, payload, signer)?;
    verify_head(&envelope, signer.public_key())?;
    Ok(envelope)
}

/// Signs the head of one voter's ballots.
///
/// # Errors
/// As for [`sign`].
pub fn sign_ballot_head(
    head: &BallotHead,
    signer: &dyn Signer,
) -> Result<(Envelope, Verified<BallotHead>), SignError> {
    let (payload_type, payload) = wire::write_ballot_head(head);
    let envelope = seal(payload_type, payload, signer)?;
    let verified = verify_ballot_head(&envelope, signer.public_key())?;
    if verified.value() != head {
        return Err(SignError::Altered);
    }
    Ok((envelope, verified))
}

pub(super) fn seal(payload_type: &str, payload: Vec<u8>, signer: &dyn Signer) -> Result<Envelope, SignError> {
    let mut envelope = Envelope {
        payload_type: payload_type.to_owned(),
        payload,
        key: signer.public_key().id(),
        signature: [0; 64],
    };
    envelope.signature = signer.sign(&envelope.pre_authentication_encoding())?;
    Ok(envelope)
}
