//! Keys that sign metadata: Ed25519 in feeds of ours, and what generic TUF repositories use beside it.
//!
//! # Invariants
//! - A key has one identity, whatever ids and schemes a repository lists it under, so that one key never counts as
//!   two.
//! - A key that we cannot use verifies nothing; it is no error, because a repository may have keys for others
//!   (TUF §4.2: key types and schemes are open).

use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    rsa::PublicEncryptingKey,
    signature::{
        ECDSA_P256_SHA256_ASN1, RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey,
        VerificationAlgorithm,
    },
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use covouch_core::{digest::Sha256, key::PublicKey};

use crate::{
    field::{Fields, Malformed, from_hex, to_hex},
    value::Value,
};

/// DER of a P-256 SubjectPublicKeyInfo up to its 65 bytes of point (RFC 5480 §2).
const P256_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A key as metadata lists it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    scheme: Scheme,
    /// What makes it this key and no other: Ed25519's 32 bytes, or the one DER of its SubjectPublicKeyInfo.
    identity: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scheme {
    Ed25519,
    EcdsaP256,
    RsaPss,
    RsaPkcs1,
    /// Of a kind we do not know, or no point of its curve.
    Unusable,
}

impl Key {
    /// The key of somebody who signs for a feed.
    #[must_use]
    pub fn ed25519(key: &PublicKey) -> Self {
        Self { scheme: Scheme::Ed25519, identity: key.as_bytes().to_vec() }
    }

    /// Reads a key object (TUF §4.2).
    pub(crate) fn read(fields: Fields<'_>) -> Result<Self, Malformed> {
        let (kind, scheme) = (fields.text("keytype")?, fields.text("scheme")?);
        let values = fields.object("keyval")?;
        // Keys of other kinds may keep their public half elsewhere.
        let public = match values.optional("public") {
            Some(Value::Text(text)) => text,
            _ => "",
        };
        let usable = match (kind, scheme) {
            ("ed25519", "ed25519") => from_hex(public).and_then(read_ed25519),
            ("ecdsa" | "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp256") => {
                from_pem(public).filter(|der| is_p256(der)).map(|identity| (Scheme::EcdsaP256, identity))
            }
            ("rsa", "rsassa-pss-sha256") => from_pem(public).and_then(|der| read_rsa(Scheme::RsaPss, &der)),
            ("rsa", "rsa-pkcs1v15-sha256") => {
                from_pem(public).and_then(|der| read_rsa(Scheme::RsaPkcs1, &der))
            }
            _ => None,
        };
        let (scheme, identity) = usable.unwrap_or((Scheme::Unusable, public.as_bytes().to_vec()));
        Ok(Self { scheme, identity })
    }

    /// What makes it this key: two entries of one key have the same.
    pub(crate) fn identity(&self) -> &[u8] {
        &self.identity
    }

    /// The Ed25519 key it is, if it is one.
    #[must_use]
    pub fn as_ed25519(&self) -> Option<PublicKey> {
        let bytes = <[u8; 32]>::try_from(self.identity.as_slice()).ok()?;
        (self.scheme == Scheme::Ed25519).then(|| PublicKey::from_bytes(bytes).ok()).flatten()
    }

    /// Whether this key signed these bytes.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let with = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(message, signature).is_ok()
        };
        match self.scheme {
            Scheme::Ed25519 => verifies_ed25519(&self.identity, message, signature),
            Scheme::EcdsaP256 => with(&ECDSA_P256_SHA256_ASN1, &self.identity),
            Scheme::RsaPss => with(&RSA_PSS_2048_8192_SHA256, &self.identity),
            Scheme::RsaPkcs1 => with(&RSA_PKCS1_2048_8192_SHA256, &self.identity),
            Scheme::Unusable => false,
        }
    }
}

/// An Ed25519 key as metadata lists it, and the id securesystemslib would give it.
pub(crate) fn write_ed25519(key: &PublicKey) -> (String, Value<'static>) {
    let value = Value::object([
        ("keytype", Value::text("ed25519")),
        ("keyval", Value::object([("public", Value::text(to_hex(key.as_bytes())))])),
        ("scheme", Value::text("ed25519")),
    ]);
    (Sha256::of(&value.canonical()).to_string(), value)
}

/// Points of small order and second spellings are refused where keys are made, in the core.
fn read_ed25519(bytes: Vec<u8>) -> Option<(Scheme, Vec<u8>)> {
    let key = PublicKey::from_bytes(bytes.try_into().ok()?).ok()?;
    Some((Scheme::Ed25519, key.as_bytes().to_vec()))
}

fn verifies_ed25519(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let (Ok(key), Ok(signature)) = (<&[u8; 32]>::try_from(key), <&[u8; 64]>::try_from(signature)) else {
        return false;
    };
    // `verify_strict`, as everywhere: verifiers that disagree would split a feed's readers.
    ed25519_dalek::VerifyingKey::from_bytes(key)
        .is_ok_and(|key| key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok())
}

/// Only the uncompressed point in the one DER there is for it.
fn is_p256(der: &[u8]) -> bool {
    der.strip_prefix(&P256_PREFIX[..]).is_some_and(|point| point.len() == 65 && point.first() == Some(&4))
}

/// The key's own DER is taken, not the one that was written: BER has many spellings of one key.
fn read_rsa(scheme: Scheme, der: &[u8]) -> Option<(Scheme, Vec<u8>)> {
    let key = PublicEncryptingKey::from_der(der).ok()?;
    let identity: PublicKeyX509Der<'_> = key.as_der().ok()?;
    Some((scheme, identity.as_ref().to_vec()))
}

/// The bytes of a `PUBLIC KEY` in PEM (RFC 7468 §13).
fn from_pem(text: &str) -> Option<Vec<u8>> {
    let body = text.trim().strip_prefix("-----BEGIN PUBLIC KEY-----")?;
    let body = body.strip_suffix("-----END PUBLIC KEY-----")?;
    let body: String = body.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    STANDARD.decode(body).ok()
}

#[cfg(test)]
mod vectors;
