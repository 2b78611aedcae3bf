//! An archive like Debian's, made in memory and signed by keys of its own.

use std::{
    collections::HashMap,
    io::Write as _,
    path::Path,
    sync::{Arc, Mutex},
};

use covouch_core::{digest::Sha256, time::Timestamp};
use covouch_io::debian::Keyring;
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

use crate::server::{Reply, Server, header, path, response, status};

/// What is unusual about a key.
#[derive(Clone, Copy, Default)]
pub(crate) struct Oddities {
    /// It expires this many seconds after it was made.
    pub(crate) lasts: Option<u32>,
    /// Its owner revoked it.
    pub(crate) is_revoked: bool,
    /// Its subkey may not sign.
    pub(crate) silent_subkey: bool,
    /// Its subkey did not bind itself back.
    pub(crate) unwilling_subkey: bool,
    /// Its subkey is revoked.
    pub(crate) revoked_subkey: bool,
}

/// A key that signs archives, with a subkey.
pub(crate) struct Signer {
    primary: SecretKey,
    subkey: SecretSubkey,
    made: Timestamp,
}

fn seconds(at: Timestamp) -> pgp::types::Timestamp {
    pgp::types::Timestamp::from_secs(u32::try_from(at.unix()).unwrap())
}

fn material(seed: u8, made: Timestamp) -> (PubKeyInner, SecretParams) {
    let secret = ed25519::SecretKey::try_from_bytes([seed; 32], ed25519::Mode::EdDSALegacy).unwrap();
    let public = PublicParams::EdDSALegacy((&secret).into());
    let inner =
        PubKeyInner::new(KeyVersion::V4, PublicKeyAlgorithm::EdDSALegacy, seconds(made), None, public)
            .unwrap();
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
    let parts = parts.into_iter().chain(more).map(|data| Subpacket::regular(data).unwrap());
    config.hashed_subpackets = parts.collect();
    config
}

fn may_sign(sign: bool) -> SubpacketData {
    let mut flags = KeyFlags::default();
    flags.set_sign(sign);
    SubpacketData::KeyFlags(flags)
}

impl Signer {
    pub(crate) fn new(seed: u8, made: Timestamp) -> Self {
        let (inner, secret) = material(seed, made);
        let primary = SecretKey::new(PublicKey::from_inner(inner).unwrap(), secret).unwrap();
        let (inner, secret) = material(seed + 100, made);
        let subkey = SecretSubkey::new(PublicSubkey::from_inner(inner).unwrap(), secret).unwrap();
        Self { primary, subkey, made }
    }

    /// A keyring with this key alone, in a file.
    pub(crate) fn keyring(&self, oddities: Oddities) -> Keyring {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), self.certificate(oddities)).unwrap();
        Keyring::read(file.path()).unwrap()
    }

    fn certificate(&self, odd: Oddities) -> Vec<u8> {
        let (public, password) = (self.primary.public_key(), Password::empty());
        let id = UserId::from_str(Default::default(), "Archive <archive@index.example>").unwrap();
        let lasts = odd.lasts.map(|lasts| SubpacketData::KeyExpirationTime(Duration::from_secs(lasts)));
        let parts = [may_sign(true)].into_iter().chain(lasts).collect();
        let certified = config(SignatureType::CertPositive, &self.primary, self.made, parts)
            .sign_certification(&self.primary, public, &password, Tag::UserId, &id)
            .unwrap();
        let revoke = || config(SignatureType::KeyRevocation, &self.primary, self.made, vec![]);
        let revocation = odd.is_revoked.then(|| revoke().sign_key(&self.primary, &password, public).unwrap());
        let user = SignedUser::new(id, vec![certified]);
        let details = SignedKeyDetails::new(revocation.into_iter().collect(), vec![], vec![user], vec![]);
        let subkey = SignedPublicSubKey::new(self.subkey.public_key().clone(), self.bindings(odd));
        let key = SignedPublicKey::new(public.clone(), details, vec![subkey]);
        key.to_armored_bytes(ArmorOptions::default()).unwrap()
    }

    fn bindings(&self, odd: Oddities) -> Vec<Signature> {
        let (public, password) = (self.primary.public_key(), Password::empty());
        let bind = |typ, parts| {
            config(typ, &self.primary, self.made, parts)
                .sign_subkey_binding(&self.primary, public, &password, self.subkey.public_key())
                .unwrap()
        };
        let back = config(SignatureType::KeyBinding, &self.subkey, self.made, vec![])
            .sign_primary_key_binding(&self.subkey, self.subkey.public_key(), &password, public)
            .unwrap();
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
    pub(crate) fn sign(&self, text: &str, at: Timestamp, parts: Vec<SubpacketData>) -> String {
        signed(text, &self.primary, at, parts)
    }

    /// The text, signed by the subkey.
    pub(crate) fn sign_by_subkey(&self, text: &str, at: Timestamp) -> String {
        signed(text, &self.subkey, at, vec![])
    }
}

fn signed(text: &str, by: &impl SigningKey, at: Timestamp, parts: Vec<SubpacketData>) -> String {
    let config = config(SignatureType::Text, by, at, parts);
    let message = CleartextSignedMessage::new(text, config, by, &Password::empty()).unwrap();
    message.to_armored_string(ArmorOptions::default()).unwrap()
}

/// A source package: name, version, and the bytes of its upstream tarball.
pub(crate) type Package<'a> = (&'a str, &'a str, &'a [u8]);

/// The list of these packages.
pub(crate) fn sources(packages: &[Package<'_>]) -> Vec<u8> {
    let mut text = String::new();
    for (name, version, tarball) in packages {
        let upstream = version.rsplit_once('-').unwrap().0;
        let digest = Sha256::of(tarball);
        let (docs, dsc) = (Sha256::of(b"docs"), Sha256::of(b"dsc"));
        text += &format!(
            "Package: {name}\nBinary: python3-{name}\nVersion: {version}\nMaintainer: Zoë <zoe@index.example>\n\
             Files:\n d41d8cd98f00b204e9800998ecf8427e 4 {name}_{upstream}.orig.tar.gz\nChecksums-Sha256:\n \
             {dsc} 3 {name}_{version}.dsc\n {docs} 4 {name}_{upstream}.orig-docs.tar.gz\n \
             {digest} {} {name}_{upstream}.orig.tar.gz\nDirectory: pool/main/{name}\n\n",
            tarball.len()
        );
    }
    text.into_bytes()
}

/// How the list is packed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pack {
    Xz,
    Gzip,
}

pub(crate) fn pack(pack: Pack, bytes: &[u8]) -> Vec<u8> {
    match pack {
        Pack::Xz => {
            let options = lzma_rust2::XzOptions::with_preset(1);
            let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
        Pack::Gzip => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap()
        }
    }
}

/// What the suite's `Release` says.
#[derive(Clone)]
pub(crate) struct Release {
    pub(crate) suite: &'static str,
    pub(crate) codename: &'static str,
    pub(crate) date: &'static str,
    pub(crate) valid_until: Option<&'static str>,
    pub(crate) by_hash: bool,
    pub(crate) pack: Pack,
}

impl Release {
    /// Stable of this day.
    pub(crate) fn stable(date: &'static str) -> Self {
        Self { suite: "stable", codename: "trixie", date, valid_until: None, by_hash: true, pack: Pack::Xz }
    }

    /// Its text, naming a list of these bytes.
    pub(crate) fn text(&self, packed: &[u8]) -> String {
        let moment = |day: &str| {
            let at = Timestamp::parse(day).unwrap().unix();
            let at = jiff::Timestamp::from_second(at).unwrap();
            at.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
        };
        let until = self.valid_until.map(|until| format!("Valid-Until: {}\n", moment(until)));
        let by_hash = if self.by_hash { "Acquire-By-Hash: yes\n" } else { "" };
        let name = if self.pack == Pack::Xz { "Sources.xz" } else { "Sources.gz" };
        format!(
            "Origin: Debian\nLabel: Debian\nSuite: {}\nCodename: {}\nDate: {}\n{}{by_hash}Components: main\n\
             SHA256:\n {} {} main/source/{name}\n",
            self.suite,
            self.codename,
            moment(self.date),
            until.unwrap_or_default(),
            Sha256::of(packed),
            packed.len(),
        )
    }
}

/// A mirror: files by their path below `/debian/dists/`.
pub(crate) struct Mirror {
    pub(crate) server: Server,
    files: Arc<Mutex<HashMap<String, Vec<u8>>>>,
}

impl Mirror {
    /// An empty one. It recognises what it has served, by an `ETag`.
    pub(crate) async fn start() -> Self {
        let files = Arc::new(Mutex::new(HashMap::<String, Vec<u8>>::new()));
        let served = Arc::clone(&files);
        let server = Server::start(move |request| {
            let files = served.lock().unwrap();
            let Some(bytes) = path(request).strip_prefix("/debian/dists/").and_then(|path| files.get(path))
            else {
                return status("404 Not Found");
            };
            let etag = format!("\"{}\"", Sha256::of(bytes));
            if header(request, "if-none-match") == Some(&etag) {
                return status("304 Not Modified");
            }
            Reply::Bytes(response("200 OK", &[("ETag", &etag)], bytes))
        });
        Self { server: server.await, files }
    }

    pub(crate) fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.files.lock().unwrap().insert(path.to_owned(), bytes.into());
    }

    /// Serves this `InRelease` and this list, under both of its names.
    pub(crate) fn publish(&self, suite: &str, in_release: impl Into<Vec<u8>>, packed: &[u8]) {
        self.put(&format!("{suite}/InRelease"), in_release);
        self.put(&format!("{suite}/main/source/by-hash/SHA256/{}", Sha256::of(packed)), packed);
        for name in ["Sources.xz", "Sources.gz"] {
            self.put(&format!("{suite}/main/source/{name}"), packed);
        }
    }
}

/// The real `InRelease` of testing.
pub(crate) fn real_in_release() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/debian/InRelease");
    std::fs::read_to_string(path).unwrap()
}
