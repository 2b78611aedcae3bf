//! The keys of an archive, some of them unusual, and what they sign.

use covouch_core::time::Timestamp;
use pgp::{
    composed::{ArmorOptions, CleartextSignedMessage, SignedKeyDetails, SignedPublicKey, SignedPublicSubKey},
    crypto::{ed25519, eddsa_legacy, hash::HashAlgorithm, public_key::PublicKeyAlgorithm},
    packet::{
        KeyFlags, PubKeyInner, PublicKey, PublicSubkey, SecretKey, SecretSubkey, Signature, SignatureConfig,
        SignatureType, Subpacket, SubpacketData, UserId,
    },
    types::{
        Duration, KeyVersion, Password, PlainSecretParams, PublicParams, SecretParams, SignedUser,
        SigningKey, Tag,
    },
};

/// What is unusual about a key.
#[derive(Clone, Copy, Debug, Default)]
pub struct Oddities {
    /// It expires this many seconds after it was made.
    pub lasts: Option<u32>,
    /// Its owner revoked it.
    pub is_revoked: bool,
    /// Its subkey may not sign.
    pub silent_subkey: bool,
    /// Its subkey did not bind itself back.
    pub unwilling_subkey: bool,
    /// Its subkey is revoked.
    pub revoked_subkey: bool,
}

/// A key that signs archives, with a subkey.
pub struct Signer {
    primary: SecretKey,
    subkey: SecretSubkey,
    made: Timestamp,
}

fn seconds(at: Timestamp) -> pgp::types::Timestamp {
    pgp::types::Timestamp::from_secs(u32::try_from(at.unix()).expect("a moment of this century"))
}

fn material(seed: u8, made: Timestamp) -> (PubKeyInner, SecretParams) {
    let secret = ed25519::SecretKey::try_from_bytes([seed; 32], ed25519::Mode::EdDSALegacy)
        .expect("what is made of good parts is good");
    let public = PublicParams::EdDSALegacy((&secret).into());
    let inner =
        PubKeyInner::new(KeyVersion::V4, PublicKeyAlgorithm::EdDSALegacy, seconds(made), None, public)
            .expect("what is made of good parts is good");
    let secret = PlainSecretParams::EdDSALegacy(eddsa_legacy::SecretKey::Ed25519(secret));
    (inner, SecretParams::Plain(secret))
}

/// A signature on its way: of this type, by this key, made at this time, with these further parts.
fn config(
    typ: SignatureType,
    by: &impl SigningKey,
    at: Timestamp,
    more: Vec<SubpacketData>,
) -> SignatureConfig {
    let mut config = SignatureConfig::v4(typ, by.algorithm(), HashAlgorithm::Sha256);
    let parts = [
        SubpacketData::SignatureCreationTime(seconds(at)),
        SubpacketData::IssuerFingerprint(by.fingerprint()),
    ];
    let parts = parts
        .into_iter()
        .chain(more)
        .map(|data| Subpacket::regular(data).expect("what is made of good parts is good"));
    config.hashed_subpackets = parts.collect();
    config
}

fn may_sign(sign: bool) -> SubpacketData {
    let mut flags = KeyFlags::default();
    flags.set_sign(sign);
    SubpacketData::KeyFlags(flags)
}

impl Signer {
    /// A key that grows from a seed, made at this time.
    #[must_use]
    pub fn new(seed: u8, made: Timestamp) -> Self {
        let (inner, secret) = material(seed, made);
        let primary =
            SecretKey::new(PublicKey::from_inner(inner).expect("what is made of good parts is good"), secret)
                .expect("what is made of good parts is good");
        let (inner, secret) = material(seed + 100, made);
        let subkey = SecretSubkey::new(
            PublicSubkey::from_inner(inner).expect("what is made of good parts is good"),
            secret,
        )
        .expect("what is made of good parts is good");
        Self { primary, subkey, made }
    }

    /// A keyring with this key alone, in armor.
    #[must_use]
    pub fn keyring(&self, odd: Oddities) -> Vec<u8> {
        let (public, password) = (self.primary.public_key(), Password::empty());
        let id = UserId::from_str(Default::default(), "Archive <archive@index.example>")
            .expect("what is made of good parts is good");
        let lasts = odd.lasts.map(|lasts| SubpacketData::KeyExpirationTime(Duration::from_secs(lasts)));
        let parts = [may_sign(true)].into_iter().chain(lasts).collect();
        let certified = config(SignatureType::CertPositive, &self.primary, self.made, parts)
            .sign_certification(&self.primary, public, &password, Tag::UserId, &id)
            .expect("what is made of good parts is good");
        let revoke = || config(SignatureType::KeyRevocation, &self.primary, self.made, vec![]);
        let revocation = odd.is_revoked.then(|| {
            revoke().sign_key(&self.primary, &password, public).expect("what is made of good parts is good")
        });
        let user = SignedUser::new(id, vec![certified]);
        let details = SignedKeyDetails::new(revocation.into_iter().collect(), vec![], vec![user], vec![]);
        let subkey = SignedPublicSubKey::new(self.subkey.public_key().clone(), self.bindings(odd));
        let key = SignedPublicKey::new(public.clone(), details, vec![subkey]);
        key.to_armored_bytes(ArmorOptions::default()).expect("what is made of good parts is good")
    }

    fn bindings(&self, odd: Oddities) -> Vec<Signature> {
        let (public, password) = (self.primary.public_key(), Password::empty());
        let bind = |typ, parts| {
            config(typ, &self.primary, self.made, parts)
                .sign_subkey_binding(&self.primary, public, &password, self.subkey.public_key())
                .expect("what is made of good parts is good")
        };
        let back = config(SignatureType::KeyBinding, &self.subkey, self.made, vec![])
            .sign_primary_key_binding(&self.subkey, self.subkey.public_key(), &password, public)
            .expect("what is made of good parts is good");
        let mut parts = vec![may_sign(!odd.silent_subkey)];
        if !odd.unwilling_subkey {
            parts.push(SubpacketData::EmbeddedSignature(Box::new(back)));
        }
        let mut bindings = vec![bind(SignatureType::SubkeyBinding, parts)];
        if odd.revoked_subkey {
            bindings.push(bind(SignatureType::SubkeyRevocation, vec![]));
        }
        bindings
    }

    /// The text, signed by the primary key at this time.
    #[must_use]
    pub fn sign(&self, text: &str, at: Timestamp, parts: Vec<SubpacketData>) -> String {
        signed(text, &self.primary, at, parts)
    }

    /// The text, signed by the subkey.
    #[must_use]
    pub fn sign_by_subkey(&self, text: &str, at: Timestamp) -> String {
        signed(text, &self.subkey, at, vec![])
    }
}

fn signed(text: &str, by: &impl SigningKey, at: Timestamp, parts: Vec<SubpacketData>) -> String {
    let config = config(SignatureType::Text, by, at, parts);
    let message = CleartextSignedMessage::new(text, config, by, &Password::empty())
        .expect("what is made of good parts is good");
    message.to_armored_string(ArmorOptions::default()).expect("what is made of good parts is good")
}
