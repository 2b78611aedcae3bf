//! Ed25519 keys in OpenSSH form.
//!
//! # Invariants
//! A [`PublicKey`] is a canonical encoding of a point that is not of small order, so one key has one spelling
//! and one [`KeyId`], and nobody can make two ids speak with one voice.

use std::{cmp::Ordering, fmt, hash};

use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::STANDARD_NO_PAD};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use ssh_key::private::{Ed25519Keypair, KeypairData};
use zeroize::Zeroizing;

use crate::{code::Code, digest::Sha256, hint::Hint, limits, shown::Shown};

/// DER of an Ed25519 SubjectPublicKeyInfo up to the 32 key bytes (RFC 8410 §4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// Rounds of bcrypt-pbkdf on a passphrase; OpenSSH's own default is 24 (ssh-keygen(1), `-a`).
const PASSPHRASE_ROUNDS: u32 = 24;

/// Somebody's public key.
#[derive(Clone, Copy)]
pub struct PublicKey(VerifyingKey);

/// Identifies a key: sha256 of its SubjectPublicKeyInfo DER, in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(Sha256);

/// Why a text or a file is not a key we can use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Not an OpenSSH public key line.
    #[error("not an OpenSSH public key: {0}")]
    PublicKey(String),
    /// Not an OpenSSH private key file.
    #[error("not an OpenSSH private key: {0}")]
    PrivateKey(String),
    /// A key of another kind than Ed25519.
    #[error("an `{0}` key, where `ssh-ed25519` is needed")]
    Algorithm(String),
    /// A point of small order or in a second spelling.
    #[error("not a canonical Ed25519 public key")]
    Weak,
    /// The passphrase does not open the file.
    #[error("the passphrase does not open the key")]
    Passphrase,
    /// The file is protected and no passphrase was given.
    #[error("the key is protected by a passphrase")]
    Locked,
    /// A key id is 64 hexadecimal digits.
    #[error("a key id is 64 hexadecimal digits")]
    KeyId,
}

impl KeyError {
    /// Codes of these errors.
    pub const CODES: &[Code] =
        &[Code::new("key-unreadable"), Code::new("key-not-ed25519"), Code::new("key-locked")];

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Algorithm(_) | Self::Weak => Code::new("key-not-ed25519"),
            Self::Passphrase | Self::Locked => Code::new("key-locked"),
            Self::PublicKey(_) | Self::PrivateKey(_) | Self::KeyId => Code::new("key-unreadable"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::PublicKey(_) => {
                Some(Hint::new("write the whole line, as in `ssh-ed25519 AAAA… you@example`"))
            }
            Self::Algorithm(_) | Self::Weak => Some(Hint::new("make one with `covouch key new`")),
            Self::Locked => {
                Some(Hint::new("add it to an agent with `ssh-add`, or run on a terminal to be asked"))
            }
            _ => None,
        }
    }
}

impl PublicKey {
    /// A key from its 32 bytes (RFC 8032 §5.1.5).
    ///
    /// # Errors
    /// [`KeyError::Weak`] when they are no point, a point of small order, or not canonical.
    pub fn from_bytes(bytes: [u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| KeyError::Weak)?;
        // dalek keeps the bytes it was given; compressing the point again shows a second spelling.
        let canonical = key.to_edwards().compress().to_bytes() == bytes;
        if key.is_weak() || !canonical { Err(KeyError::Weak) } else { Ok(Self(key)) }
    }

    /// Parses an OpenSSH public key line; returns the key and its comment.
    ///
    /// # Errors
    /// [`KeyError`] when it is something else.
    pub fn parse(line: &str) -> Result<(Self, String), KeyError> {
        if line.len() > limits::KEY_FILE_BYTES {
            return Err(KeyError::PublicKey("it is too long".into()));
        }
        let line = line.trim();
        if let Some(kind) = other_kind(line) {
            return Err(KeyError::Algorithm(Shown::new(kind).to_string()));
        }
        let key =
            ssh_key::PublicKey::from_openssh(line).map_err(|error| KeyError::PublicKey(error.to_string()))?;
        let ssh_key::public::KeyData::Ed25519(bytes) = key.key_data() else {
            return Err(KeyError::Algorithm(key.algorithm().to_string()));
        };
        Ok((Self::from_bytes(bytes.0)?, key.comment().to_owned()))
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The key's id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        KeyId(Sha256::of(&self.spki()))
    }

    /// The fingerprint OpenSSH shows: `SHA256:` and unpadded base64.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::of(&self.wire()).as_bytes()))
    }

    /// SubjectPublicKeyInfo in PEM, for other tools (RFC 8410 §4, RFC 7468 §13).
    #[must_use]
    pub fn to_pem(&self) -> String {
        let body = STANDARD.encode(self.spki());
        format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n")
    }

    /// The key's encoding in the SSH protocol (RFC 8709 §4).
    #[must_use]
    pub fn wire(&self) -> Vec<u8> {
        let mut wire = Vec::with_capacity(51);
        for part in [&b"ssh-ed25519"[..], self.as_bytes()] {
            wire.extend_from_slice(&u32::try_from(part.len()).unwrap_or_default().to_be_bytes());
            wire.extend_from_slice(part);
        }
        wire
    }

    fn spki(&self) -> Vec<u8> {
        [&SPKI_PREFIX[..], self.as_bytes()].concat()
    }

    /// Whether this key signed these bytes: `verify_strict`, never batch, because the two disagree on
    /// signatures made to make them disagree.
    #[must_use]
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(signature);
        self.0.verify_strict(message, &signature).is_ok()
    }
}

/// The kind of a key line that is not Ed25519; `ssh-key` cannot name every kind that it does not read.
fn other_kind(line: &str) -> Option<&str> {
    let kind = line.split(' ').next()?;
    let is_kind = ["ssh-", "ecdsa-", "sk-"].iter().any(|start| kind.starts_with(start));
    (is_kind && kind != "ssh-ed25519").then_some(kind)
}

/// The OpenSSH line without comment: `ssh-ed25519 AAAA…`.
impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ssh-ed25519 {}", STANDARD.encode(self.wire()))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for PublicKey {}

impl Ord for PublicKey {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl PartialOrd for PublicKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl hash::Hash for PublicKey {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl KeyId {
    /// Parses 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`KeyError::KeyId`] for anything else.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        Sha256::parse(text).map(Self).map_err(|_| KeyError::KeyId)
    }

    /// The first 12 digits, for tables people read.
    #[must_use]
    pub fn short(&self) -> String {
        self.to_string().chars().take(12).collect()
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A private key in memory. It has no `Debug`, and its bytes are wiped when it goes.
pub struct SecretKey {
    signing: SigningKey,
    public: PublicKey,
}

/// What protects a new key file: a passphrase and the fresh randomness it is used with.
pub struct Protection<'a> {
    /// What the owner will type.
    pub passphrase: &'a str,
    /// 16 fresh random bytes.
    pub salt: [u8; 16],
}

impl SecretKey {
    /// The key that grows from this seed (RFC 8032 §5.1.5). The seed must be fresh randomness.
    ///
    /// # Errors
    /// [`KeyError::Weak`] never happens for a random seed.
    pub fn from_seed(seed: &Zeroizing<[u8; 32]>) -> Result<Self, KeyError> {
        let signing = SigningKey::from_bytes(seed);
        let public = PublicKey::from_bytes(signing.verifying_key().to_bytes())?;
        Ok(Self { signing, public })
    }

    /// Reads an OpenSSH private key file.
    ///
    /// # Errors
    /// [`KeyError::Locked`] when it is protected and there is no passphrase, [`KeyError::Passphrase`] when the
    /// passphrase is wrong, others when it is no Ed25519 key file.
    pub fn parse(file: &[u8], passphrase: Option<&str>) -> Result<Self, KeyError> {
        if file.len() > limits::KEY_FILE_BYTES {
            return Err(KeyError::PrivateKey("it is too long".into()));
        }
        let unreadable = |error: ssh_key::Error| KeyError::PrivateKey(error.to_string());
        let mut key = ssh_key::PrivateKey::from_openssh(file).map_err(unreadable)?;
        if key.is_encrypted() {
            let passphrase = passphrase.ok_or(KeyError::Locked)?;
            key = key.decrypt(passphrase).map_err(|_| KeyError::Passphrase)?;
        }
        let KeypairData::Ed25519(pair) = key.key_data() else {
            return Err(KeyError::Algorithm(key.algorithm().to_string()));
        };
        let secret = Self::from_seed(&Zeroizing::new(pair.private.to_bytes()))?;
        // A file whose halves disagree would sign under a key nobody announced.
        if secret.public.as_bytes() != &pair.public.0 {
            return Err(KeyError::PrivateKey("its public and private halves disagree".into()));
        }
        Ok(secret)
    }

    /// Writes an OpenSSH private key file, under a passphrase where one is given.
    ///
    /// # Errors
    /// [`KeyError::PrivateKey`] when the encoding fails.
    pub fn to_openssh(
        &self,
        comment: &str,
        protection: Option<&Protection<'_>>,
    ) -> Result<Zeroizing<String>, KeyError> {
        let failed = |error: ssh_key::Error| KeyError::PrivateKey(error.to_string());
        // `ssh-key` is built without its Ed25519 feature, which would bring an older dalek: the pair is put
        // together from its halves.
        let pair = Ed25519Keypair {
            public: ssh_key::public::Ed25519PublicKey(*self.public.as_bytes()),
            private: ssh_key::private::Ed25519PrivateKey::from_bytes(self.signing.as_bytes()),
        };
        let mut key = ssh_key::PrivateKey::new(KeypairData::Ed25519(pair), comment).map_err(failed)?;
        if let Some(protection) = protection {
            let kdf = ssh_key::Kdf::Bcrypt { salt: protection.salt.to_vec(), rounds: PASSPHRASE_ROUNDS };
            let checkint = u32::from_be_bytes(*protection.salt.first_chunk().unwrap_or(&[0; 4]));
            key = key
                .encrypt_with(ssh_key::Cipher::Aes256Ctr, kdf, checkint, protection.passphrase)
                .map_err(failed)?;
        }
        key.to_openssh(ssh_key::LineEnding::LF).map_err(failed)
    }

    /// The public half.
    #[must_use]
    pub const fn public_key(&self) -> &PublicKey {
        &self.public
    }

    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.signing.sign(message).to_bytes()
    }
}

#[cfg(test)]
mod vectors;

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> SecretKey {
        SecretKey::from_seed(&Zeroizing::new([7; 32])).unwrap()
    }

    #[test]
    fn a_public_key_prints_as_it_parses() {
        let key = *secret().public_key();
        let (again, comment) = PublicKey::parse(&format!("{key} security@acme")).unwrap();
        assert_eq!((again, comment.as_str()), (key, "security@acme"));
        assert_eq!(KeyId::parse(&key.id().to_string()), Ok(key.id()));
        assert!(key.fingerprint().starts_with("SHA256:"));
    }

    #[test]
    fn points_of_small_order_are_no_keys() {
        let mut identity = [0; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(identity), Err(KeyError::Weak));
        // y = p + 1: the identity in its second spelling.
        let mut second = [0xff; 32];
        (second[0], second[31]) = (0xee, 0x7f);
        assert_eq!(PublicKey::from_bytes(second), Err(KeyError::Weak));
    }

    #[test]
    fn a_protected_key_opens_with_its_passphrase_only() {
        let protection = Protection { passphrase: "correct horse", salt: [9; 16] };
        let file = secret().to_openssh("me", Some(&protection)).unwrap();
        assert_eq!(SecretKey::parse(file.as_bytes(), None).err(), Some(KeyError::Locked));
        assert_eq!(SecretKey::parse(file.as_bytes(), Some("wrong")).err(), Some(KeyError::Passphrase));
        let opened = SecretKey::parse(file.as_bytes(), Some("correct horse")).unwrap();
        assert_eq!(opened.public_key(), secret().public_key());
    }

    #[test]
    fn an_open_key_reads_back() {
        let file = secret().to_openssh("me", None).unwrap();
        assert_eq!(SecretKey::parse(file.as_bytes(), None).unwrap().public_key(), secret().public_key());
    }
}
