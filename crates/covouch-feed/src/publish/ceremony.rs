//! Roots: made once, passed from hand to hand until enough keys have signed.
//!
//! # Invariants
//! A draft says what was agreed on, byte for byte, however many sign it: signing adds a signature and nothing else.

use covouch_core::{
    key::PublicKey,
    statement::{SignError, Signer},
};

use crate::{
    field::{Fields, Malformed},
    key::write_ed25519,
    role::{Envelope, Root, read},
    threshold::{Signatures, Signers},
};

/// Why a draft was not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CeremonyError {
    /// It is no root.
    #[error("not a root: {0}")]
    Malformed(#[from] Malformed),
    /// The key was not used.
    #[error(transparent)]
    Sign(#[from] SignError),
}

/// A root that nobody has signed yet.
#[must_use]
pub fn draft(root: &Root) -> Vec<u8> {
    Envelope { signed: root.write(), signatures: Signatures::default() }.to_json()
}

/// What a draft says. It is not believed: nobody may have signed it.
///
/// # Errors
/// [`CeremonyError::Malformed`].
pub fn show(draft: &[u8]) -> Result<Root, CeremonyError> {
    Ok(read(&Envelope::parse(draft)?.signed)?)
}

/// The draft with one more signature.
///
/// # Errors
/// [`CeremonyError`].
pub fn countersign(draft: &[u8], signer: &dyn Signer) -> Result<Vec<u8>, CeremonyError> {
    let mut envelope = Envelope::parse(draft)?;
    read::<Root>(&envelope.signed)?;
    let (id, _) = write_ed25519(signer.public_key());
    envelope.signatures.insert(id, &signer.sign(&envelope.signed.canonical())?);
    Ok(envelope.to_json())
}

/// Which of these keys have signed the draft.
///
/// # Errors
/// [`CeremonyError::Malformed`].
pub fn signed_by(draft: &[u8], signers: &Signers) -> Result<Vec<PublicKey>, CeremonyError> {
    let envelope = Envelope::parse(draft)?;
    Fields::of("signed", &envelope.signed)?;
    let canonical = envelope.signed.canonical();
    let one = std::num::NonZeroU32::MIN;
    let has_signed =
        |key: &PublicKey| Signers::new(&[*key], one).check(&canonical, &envelope.signatures).is_ok();
    Ok(signers.ed25519().filter(has_signed).collect())
}
