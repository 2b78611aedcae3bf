//! The keys of Debian's archive, and what they sign.
//!
//! Signatures themselves are rPGP's to check. Which of them count is decided here: rPGP does not look at whether a
//! key has expired, was revoked, or may sign at all.
//!
//! # Invariants
//! - What is read afterwards is the text that was hashed, never the file around it.
//! - A key with any revocation counts for nothing; so does a subkey its primary key did not bind, or which did not
//!   bind itself back (RFC 9580 §10.1.3: otherwise somebody could claim another's signing key as his subkey).
//! - Whatever is not understood and marked critical voids a signature (RFC 9580 §5.2.3.7).

use std::{fmt, fs, path::Path};

use covouch_core::{
    shown::Shown,
    time::{Standing, Timestamp, Validity},
};
use pgp::{
    armor::DearmorOptions,
    composed::{CleartextSignedMessage, Deserializable as _, SignedPublicKey, SignedPublicSubKey},
    crypto::hash::HashAlgorithm,
    packet::{Signature, SignatureType, SubpacketData},
    types::{KeyDetails, Tag, VerifyingKey},
};

use super::{DebianError, Fault};
use crate::limits;

/// Keys that may sign an index.
#[derive(Clone)]
pub struct Keyring {
    keys: Vec<SignedPublicKey>,
}

/// Debian's own, as the package `debian-archive-keyring` has it; the README beside it says from where.
const EMBEDDED: &[u8] = include_bytes!("keyring/debian-archive-keyring.gpg");

/// Where Debian's machines have it, perhaps newer than ours.
const SYSTEM: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// A text and the signature that was found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) text: String,
    /// The fingerprint of the key.
    pub(super) by: String,
}

impl Keyring {
    /// The keyring that comes with covouch.
    ///
    /// # Errors
    /// [`DebianError::Unreadable`], which a test excludes.
    pub fn embedded() -> Result<Self, DebianError> {
        Self::parse(EMBEDDED).map_err(|reason| unreadable(Path::new("debian-archive-keyring.gpg"), reason))
    }

    /// The keyring that comes with covouch, and the system's where there is one: only root can change that.
    ///
    /// # Errors
    /// [`DebianError::Unreadable`] when the system's is there and is none.
    pub fn with_systems() -> Result<Self, DebianError> {
        let mut keyring = Self::embedded()?;
        let path = Path::new(SYSTEM);
        if path.exists() {
            keyring.keys.extend(Self::read(path)?.keys);
        }
        Ok(keyring)
    }

    /// Reads a keyring, armoured or not.
    ///
    /// # Errors
    /// [`DebianError::Unreadable`] when it cannot be read or holds no keys.
    pub fn read(path: &Path) -> Result<Self, DebianError> {
        let about = fs::metadata(path).map_err(|error| unreadable(path, error))?;
        if about.len() > limits::DEBIAN_KEYRING_BYTES {
            return Err(unreadable(path, "it is too large"));
        }
        let bytes = fs::read(path).map_err(|error| unreadable(path, error))?;
        Self::parse(&bytes).map_err(|reason| unreadable(path, reason))
    }

    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let read = |keys: &mut dyn Iterator<Item = pgp::errors::Result<SignedPublicKey>>| keys.collect();
        let keys: pgp::errors::Result<Vec<SignedPublicKey>> = if bytes.starts_with(b"-----BEGIN") {
            SignedPublicKey::from_armor_many(bytes).and_then(|(mut keys, _)| read(&mut keys))
        } else {
            SignedPublicKey::from_bytes_many(bytes).and_then(|mut keys| read(&mut keys))
        };
        match keys {
            Ok(keys) if keys.is_empty() => Err("it holds no keys".into()),
            Ok(keys) => Ok(Self { keys }),
            Err(error) => Err(Shown::new(&error.to_string()).as_str().to_owned()),
        }
    }

    /// Checks a text in the cleartext signature framework (RFC 9580 §7): one good signature suffices.
    pub(super) fn check(&self, bytes: &[u8], now: Timestamp) -> Result<Signed, Fault> {
        if !bytes.starts_with(b"-----BEGIN PGP SIGNED MESSAGE-----") {
            return Err(Fault::Unsigned);
        }
        let options = DearmorOptions::new().set_limit(limits::DEBIAN_RELEASE_BYTES);
        let (message, _) = CleartextSignedMessage::from_armor_buf(bytes, options).map_err(|error| {
            Fault::Signature(format!("it is damaged ({})", Shown::new(&error.to_string())))
        })?;
        let text = message.signed_text();
        let mut reason = "it has none";
        for signature in message.signatures().iter().take(limits::DEBIAN_SIGNATURES) {
            match self.signer(signature, text.as_bytes(), now) {
                Ok(by) => return Ok(Signed { text, by }),
                Err(why) => reason = why,
            }
        }
        Err(Fault::Signature(reason.to_owned()))
    }

    /// The fingerprint of the key that made this signature.
    fn signer(&self, signature: &Signature, text: &[u8], now: Timestamp) -> Result<String, &'static str> {
        if signature.typ() != Some(SignatureType::Text) {
            return Err("one is not over a text");
        }
        check_terms(signature, now)?;
        let mut reason = "one is by a key that is not known";
        for key in &self.keys {
            let primary = &key.primary_key;
            if is_by(signature, primary) {
                match check_primary(key, now).and_then(|()| check_signature(signature, primary, text)) {
                    Ok(()) => return Ok(primary.fingerprint().to_string()),
                    Err(why) => reason = why,
                }
            }
            for subkey in key.public_subkeys.iter().filter(|subkey| is_by(signature, &subkey.key)) {
                let usable = check_primary(key, now).and_then(|()| check_subkey(key, subkey, now));
                match usable.and_then(|()| check_signature(signature, &subkey.key, text)) {
                    Ok(()) => return Ok(subkey.key.fingerprint().to_string()),
                    Err(why) => reason = why,
                }
            }
        }
        Err(reason)
    }
}

/// How many keys there are.
impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} keys", self.keys.len())
    }
}

fn unreadable(path: &Path, reason: impl fmt::Display) -> DebianError {
    DebianError::Unreadable { path: path.to_owned(), reason: reason.to_string() }
}

/// Whether the signature says it is by this key. A signature that does not say is nobody's.
fn is_by(signature: &Signature, key: &impl KeyDetails) -> bool {
    let fingerprints = signature.issuer_fingerprint();
    if fingerprints.is_empty() {
        return signature.issuer_key_id().contains(&&key.legacy_key_id());
    }
    fingerprints.contains(&&key.fingerprint())
}

fn check_signature(signature: &Signature, key: &impl VerifyingKey, text: &[u8]) -> Result<(), &'static str> {
    if signature.created() < Some(key.created_at()) {
        return Err("one is older than its key");
    }
    signature.verify(key, text).map_err(|_| "one does not fit the text")
}

/// Whether a signature of any kind counts at this moment, whoever made it: no broken hash, nothing critical that is
/// not understood, and neither expired nor yet to come.
fn check_terms(signature: &Signature, now: Timestamp) -> Result<(), &'static str> {
    let config = signature.config().ok_or("one is of an unknown version")?;
    if !matches!(config.hash_alg, HashAlgorithm::Sha256 | HashAlgorithm::Sha384 | HashAlgorithm::Sha512) {
        return Err("one uses a hash that is not trusted");
    }
    let unknown = |data: &SubpacketData| {
        matches!(
            data,
            SubpacketData::Other(..) | SubpacketData::Experimental(..) | SubpacketData::Notation(_)
        )
    };
    if config.hashed_subpackets.iter().any(|part| part.is_critical && unknown(&part.data)) {
        return Err("one has a critical part that is not understood");
    }
    let created = signature.created().ok_or("one has no date")?.as_secs();
    check_moment(created, signature.signature_expiration_time(), now)
        .ok_or("one has expired, or is of a time that is yet to come")
}

/// Whether something that begins at `from` and lasts this long, forever without a length, holds now.
fn check_moment(from: u32, length: Option<pgp::types::Duration>, now: Timestamp) -> Option<()> {
    let from = Timestamp::from_unix(i64::from(from))?;
    // A length of zero means that it never expires (RFC 9580 §5.2.3.13).
    let seconds = length.map(pgp::types::Duration::as_secs).filter(|seconds| *seconds > 0);
    let until = seconds.map_or_else(
        || Timestamp::from_unix(253_402_207_200),
        |seconds| Some(from.plus(covouch_core::time::Duration::from_seconds(u64::from(seconds)))),
    )?;
    (Validity::new(from, until)?.at(now) == Standing::Valid).then_some(())
}

/// Whether the primary key counts at this moment, by its own newest signature over itself.
fn check_primary(key: &SignedPublicKey, now: Timestamp) -> Result<(), &'static str> {
    if !key.details.revocation_signatures.is_empty() {
        return Err("one is by a revoked key");
    }
    let primary = &key.primary_key;
    let direct =
        key.details.direct_signatures.iter().filter(|signature| signature.verify_key(primary).is_ok());
    let users = key.details.users.iter().flat_map(|user| {
        let by_itself = user.signatures.iter().filter(|signature| is_by(signature, primary));
        by_itself.filter(|signature| signature.verify_certification(primary, Tag::UserId, &user.id).is_ok())
    });
    let newest = direct.chain(users).max_by_key(|signature| signature.created());
    let newest = newest.ok_or("one is by a key without a signature over itself")?;
    if newest.typ() == Some(SignatureType::CertRevocation) {
        return Err("one is by a revoked key");
    }
    check_terms(newest, now)?;
    check_moment(primary.created_at().as_secs(), newest.key_expiration_time(), now)
        .ok_or("one is by a key that has expired")
}

/// Whether the subkey may sign for its primary key at this moment.
fn check_subkey(
    key: &SignedPublicKey,
    subkey: &SignedPublicSubKey,
    now: Timestamp,
) -> Result<(), &'static str> {
    if subkey.signatures.iter().any(|signature| signature.typ() == Some(SignatureType::SubkeyRevocation)) {
        return Err("one is by a revoked key");
    }
    let (primary, subkey, signatures) = (&key.primary_key, &subkey.key, &subkey.signatures);
    let bound = signatures.iter().filter(|binding| binding.verify_subkey_binding(primary, subkey).is_ok());
    let newest = bound.max_by_key(|binding| binding.created());
    let newest = newest.ok_or("one is by a key that its owner did not bind")?;
    check_terms(newest, now)?;
    let back = newest.embedded_signature().filter(|_| newest.key_flags().sign());
    let back = back.ok_or("one is by a key that may not sign")?;
    back.verify_primary_key_binding(subkey, primary)
        .map_err(|_| "one is by a key that did not bind itself")?;
    check_moment(subkey.created_at().as_secs(), newest.key_expiration_time(), now)
        .ok_or("one is by a key that has expired")
}
