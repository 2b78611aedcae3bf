//! Seals: a signature over bytes that stand elsewhere, in a form of their own.
//!
//! # Invariants
//! What a seal is about has a payload type that is no statement's, so that no seal is ever taken for one.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Envelope, SignError, Signer, sign::seal, verify::check_signature};
use crate::key::{KeyId, PublicKey};

/// A signature, and the key that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    pub(super) key: KeyId,
    pub(super) signature: [u8; 64],
}

impl Seal {
    /// Seals these bytes, as a payload of this type.
    ///
    /// # Errors
    /// [`SignError`] when the key's holder refuses, or answers with something that is no signature of these bytes.
    pub fn sign(kind: &str, payload: &[u8], signer: &dyn Signer) -> Result<Self, SignError> {
        let envelope = seal(kind, payload.to_vec(), signer)?;
        check_signature(&envelope, signer.public_key())?;
        Ok(Self { key: envelope.key, signature: envelope.signature })
    }

    /// Whether one of these keys sealed these bytes.
    #[must_use]
    pub fn is_by(&self, keys: &[PublicKey], kind: &str, payload: &[u8]) -> bool {
        let Some(key) = keys.iter().find(|key| key.id() == self.key) else { return false };
        let envelope = Envelope {
            payload_type: kind.to_owned(),
            payload: payload.to_vec(),
            key: self.key,
            signature: self.signature,
        };
        check_signature(&envelope, key).is_ok()
    }

    /// Whose seal it says it is.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// Reads what [`Seal::to_text`] wrote; nothing for any other text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (key, signature) = text.split_once(' ')?;
        let key = KeyId::parse(key).ok()?;
        let signature = STANDARD.decode(signature).ok()?.try_into().ok()?;
        let seal = Self { key, signature };
        (seal.to_text() == text).then_some(seal)
    }

    /// The key's id, a space, and the signature in base64.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{} {}", self.key, STANDARD.encode(self.signature))
    }
}
