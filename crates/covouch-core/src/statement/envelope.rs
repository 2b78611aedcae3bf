//! DSSE v1.0.2 envelopes with exactly one Ed25519 signature.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};

use crate::{json, key::KeyId, limits, shown::Shown};

/// The payload of claims about files: an in-toto Statement v1.
pub(super) const IN_TOTO: &str = "application/vnd.in-toto+json";
/// The payload of claims about who may speak.
pub(super) const TRUST: &str = "application/vnd.covouch.trust.v1+json";

/// An envelope as somebody gave it to us; nothing in it is believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub(super) payload_type: String,
    pub(super) payload: Vec<u8>,
    pub(super) key: KeyId,
    pub(super) signature: [u8; 64],
}

/// Why bytes are not an envelope we read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Longer than [`limits::STATEMENT_BYTES`].
    #[error("a statement of {0} bytes, at most {max} are read", max = limits::STATEMENT_BYTES)]
    TooLong(usize),
    /// Not the JSON of an envelope.
    #[error("not a DSSE envelope: {0}")]
    Json(String),
    /// Not canonical standard base64.
    #[error("`{0}` is not canonical base64")]
    Base64(&'static str),
    /// Not exactly one signature.
    #[error("{0} signatures, where exactly one is needed")]
    Signatures(usize),
    /// The key id is not one of ours.
    #[error("`keyid` is not 64 lower-case hexadecimal digits")]
    KeyId,
    /// An Ed25519 signature has 64 bytes.
    #[error("`sig` has {0} bytes, an Ed25519 signature has 64")]
    SignatureLength(usize),
}

#[derive(Serialize, Deserialize)]
struct WireEnvelope {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
struct WireSignature {
    keyid: String,
    sig: String,
}

impl Envelope {
    /// Reads one envelope. Unknown fields of the envelope itself are ignored, as DSSE demands; they are not signed.
    ///
    /// # Errors
    /// [`EnvelopeError`], for anything that could be read in two ways.
    pub fn parse(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if bytes.len() > limits::STATEMENT_BYTES {
            return Err(EnvelopeError::TooLong(bytes.len()));
        }
        let wire: WireEnvelope = json::read(bytes)
            .map_err(|error| EnvelopeError::Json(Shown::new(&error.to_string()).to_string()))?;
        let [signature] = wire.signatures.as_slice() else {
            return Err(EnvelopeError::Signatures(wire.signatures.len()));
        };
        // The standard alphabet with padding and without stray bits: one payload has one spelling.
        let payload = STANDARD.decode(&wire.payload).map_err(|_| EnvelopeError::Base64("payload"))?;
        let bytes = STANDARD.decode(&signature.sig).map_err(|_| EnvelopeError::Base64("sig"))?;
        let key = KeyId::parse(&signature.keyid).map_err(|_| EnvelopeError::KeyId)?;
        if key.to_string() != signature.keyid {
            return Err(EnvelopeError::KeyId);
        }
        let length = bytes.len();
        let signature = bytes.try_into().map_err(|_| EnvelopeError::SignatureLength(length))?;
        Ok(Self { payload_type: wire.payload_type, payload, key, signature })
    }

    /// Which key says it signed this; a hint until the signature is verified.
    #[must_use]
    pub const fn key(&self) -> KeyId {
        self.key
    }

    /// How long its payload is.
    pub(crate) const fn payload_bytes(&self) -> usize {
        self.payload.len()
    }

    /// The envelope as one line of JSON, without the newline.
    #[must_use]
    pub fn to_json(&self) -> String {
        let wire = WireEnvelope {
            payload: STANDARD.encode(&self.payload),
            payload_type: self.payload_type.clone(),
            signatures: vec![WireSignature {
                keyid: self.key.to_string(),
                sig: STANDARD.encode(self.signature),
            }],
        };
        serde_json::to_string(&wire).unwrap_or_default()
    }

    /// DSSE's pre-authentication encoding (DSSE v1.0.2, "Signature Definition").
    pub(super) fn pre_authentication_encoding(&self) -> Vec<u8> {
        let mut encoding =
            format!("DSSEv1 {} {} {} ", self.payload_type.len(), self.payload_type, self.payload.len())
                .into_bytes();
        encoding.extend_from_slice(&self.payload);
        encoding
    }
}
