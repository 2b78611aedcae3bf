//! The roles of a repository: what each says, and the one door from bytes to a [`Signed`] role.
//!
//! # Invariants
//! - Only [`check`] and [`check_root`] make a [`Signed`], after counting signatures; the bytes it keeps are those that
//!   were signed, untouched.
//!
//! # Not here
//! Versions, digests and expiry: they are compared in [`crate::update`], where the other roles are known.

mod root;
mod snapshot;
mod targets;
mod timestamp;

use covouch_core::{digest::Sha256, time::Timestamp as Moment};
use sha2::Digest as _;

pub(crate) use self::targets::check_name;
pub use self::{
    root::Root,
    snapshot::Snapshot,
    targets::{Delegated, Delegations, Paths, Target, Targets},
    timestamp::Timestamp,
};
use crate::{
    field::{Fields, Malformed, from_hex, to_hex},
    threshold::{Signatures, Signers, ThresholdNotMet},
    value::Value,
};

/// What every role says first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which edition of the role it is, from 1 on.
    pub version: u64,
    /// From when on it is too old.
    pub expires: Moment,
}

/// One of the kinds of roles.
pub trait Role: Sized {
    /// Its `_type`.
    const KIND: &'static str;

    /// What every role says first.
    fn head(&self) -> Head;

    /// Reads what stands under `signed`.
    ///
    /// # Errors
    /// [`Malformed`] names the field.
    #[doc(hidden)]
    fn read(signed: &Value<'_>) -> Result<Self, Malformed>;
}

/// A role that enough of its keys signed.
#[derive(Clone, Debug)]
pub struct Signed<R> {
    role: R,
    bytes: Vec<u8>,
}

impl<R: Role> Signed<R> {
    /// What it says.
    #[must_use]
    pub const fn role(&self) -> &R {
        &self.role
    }

    /// The bytes as they came.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its version.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.role.head().version
    }

    /// From when on it is too old.
    #[must_use]
    pub fn expires(&self) -> Moment {
        self.role.head().expires
    }
}

/// Why bytes are not a role that its keys signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RoleError {
    /// They cannot be read.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// Too few signed.
    #[error(transparent)]
    Threshold(#[from] ThresholdNotMet),
}

/// Metadata as it came: nothing in it is believed.
pub(crate) struct Envelope<'a> {
    pub(crate) signed: Value<'a>,
    pub(crate) signatures: Signatures,
}

impl<'a> Envelope<'a> {
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let value = Value::parse(bytes)?;
        let fields = Fields::of("metadata", &value)?;
        let signatures = Signatures::read(fields.list("signatures")?)?;
        fields.object("signed")?;
        match value {
            Value::Object(mut entries) => {
                Ok(Self { signed: entries.remove("signed").unwrap_or(Value::Null), signatures })
            }
            _ => Err(Malformed::new("not an object")),
        }
    }

    pub(crate) fn to_json(&self) -> Vec<u8> {
        // The order of keys is that of an object in canonical form.
        let mut bytes = b"{\"signatures\":".to_vec();
        bytes.extend(self.signatures.write().to_json());
        bytes.extend_from_slice(b",\"signed\":");
        bytes.extend(self.signed.to_json());
        bytes.extend_from_slice(b"}\n");
        bytes
    }
}

/// Checks that enough of its keys signed a role, then reads it. Every role but root comes through here.
///
/// # Errors
/// [`RoleError`]; signatures are counted before the role is read.
pub fn check<R: Role>(bytes: &[u8], signers: &Signers) -> Result<Signed<R>, RoleError> {
    let envelope = Envelope::parse(bytes)?;
    signers.check(&envelope.signed.canonical(), &envelope.signatures)?;
    Ok(Signed { role: read(&envelope.signed)?, bytes: bytes.to_vec() })
}

/// Checks that a root is signed by its own keys, and by those of the root before it (TUF §5.3.4).
///
/// # Errors
/// [`RoleError`].
pub fn check_root(bytes: &[u8], before: Option<&Signed<Root>>) -> Result<Signed<Root>, RoleError> {
    let envelope = Envelope::parse(bytes)?;
    let canonical = envelope.signed.canonical();
    if let Some(before) = before {
        before.role.root().check(&canonical, &envelope.signatures)?;
    }
    let role: Root = read(&envelope.signed)?;
    role.root().check(&canonical, &envelope.signatures)?;
    Ok(Signed { role, bytes: bytes.to_vec() })
}

pub(crate) fn read<R: Role>(signed: &Value<'_>) -> Result<R, Malformed> {
    let fields = Fields::of("signed", signed)?;
    let (kind, version) = (fields.text("_type")?, fields.text("spec_version")?);
    if kind != R::KIND {
        return Err(Malformed::new(format!("`_type` is not `{}`", R::KIND)));
    }
    // TUF §4.2.1 and §7.1: within one major version, what we do not know may be passed over.
    if !version.starts_with("1.") {
        return Err(Malformed::new("`spec_version` is not 1"));
    }
    R::read(signed)
}

pub(crate) fn read_head(fields: Fields<'_>) -> Result<Head, Malformed> {
    let version = fields.number("version")?;
    if version == 0 {
        return Err(Malformed::new("`version` is not a number from 1 on"));
    }
    Ok(Head { version, expires: fields.moment("expires")? })
}

/// Writes a role: what every role says first, and these entries.
pub(crate) fn write<'a, const N: usize>(
    kind: &'a str,
    head: Head,
    entries: [(&'a str, Value<'a>); N],
) -> Value<'a> {
    let first = [
        ("_type", Value::Text(kind.into())),
        ("spec_version", Value::text("1.0.31")),
        ("version", Value::number(head.version)),
        ("expires", Value::text(head.expires)),
    ];
    let all = first.into_iter().chain(entries);
    Value::Object(all.map(|(key, value)| (key.into(), value)).collect())
}

/// What is announced of a file of metadata (TUF §4.4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMeta {
    /// Its version.
    pub version: u64,
    /// How many bytes it has, if that is said.
    pub length: Option<u64>,
    /// Its digests, if they are said.
    pub hashes: Option<Hashes>,
}

impl FileMeta {
    /// What is to be said of these bytes.
    #[must_use]
    pub fn of(version: u64, bytes: &[u8]) -> Self {
        // The digest says enough, and thousands of lengths would make the snapshot a tenth larger.
        Self { version, length: None, hashes: Some(Hashes::of(bytes)) }
    }

    pub(crate) fn read(fields: Fields<'_>) -> Result<Self, Malformed> {
        let version = fields.number("version")?;
        if version == 0 {
            return Err(Malformed::new("`version` is not a number from 1 on"));
        }
        let length = fields.optional("length").map(|_| fields.number("length")).transpose()?;
        let hashes = fields.optional_object("hashes")?.map(Hashes::read).transpose()?;
        Ok(Self { version, length, hashes })
    }

    pub(crate) fn write(&self) -> Value<'_> {
        let hashes = self.hashes.as_ref().map(|hashes| ("hashes".into(), hashes.write()));
        let length = self.length.map(|length| ("length".into(), Value::number(length)));
        let version = ("version".into(), Value::number(self.version));
        Value::Object(hashes.into_iter().chain(length).chain([version]).collect())
    }
}

/// Digests of one file. At least one is of a kind we compute, or nothing would be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hashes {
    sha256: Option<Vec<u8>>,
    sha512: Option<Vec<u8>>,
}

impl Hashes {
    /// The SHA-256 of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self { sha256: Some(Sha256::of(bytes).as_bytes().to_vec()), sha512: None }
    }

    pub(crate) fn read(fields: Fields<'_>) -> Result<Self, Malformed> {
        let digest = |name: &str| {
            let text = fields.optional(name).map(|_| fields.text(name)).transpose()?;
            let refused = || Malformed::new(format!("`{name}` is not hexadecimal"));
            text.map(|text| from_hex(text).ok_or_else(refused)).transpose()
        };
        let (sha256, sha512) = (digest("sha256")?, digest("sha512")?);
        if sha256.is_none() && sha512.is_none() {
            return Err(Malformed::new("`hashes` has neither `sha256` nor `sha512`"));
        }
        Ok(Self { sha256, sha512 })
    }

    pub(crate) fn write(&self) -> Value<'_> {
        let known = [("sha256", &self.sha256), ("sha512", &self.sha512)];
        let entries = known.into_iter().filter_map(|(name, digest)| Some((name, digest.as_ref()?)));
        Value::Object(
            entries.map(|(name, digest)| (name.into(), Value::Text(to_hex(digest).into()))).collect(),
        )
    }

    /// Whether all of them are of these bytes.
    #[must_use]
    pub fn fit(&self, bytes: &[u8]) -> bool {
        let fits = |digest: &Option<Vec<u8>>, found: &[u8]| digest.as_ref().is_none_or(|it| it == found);
        fits(&self.sha256, Sha256::of(bytes).as_bytes())
            && self.sha512.as_ref().is_none_or(|digest| *digest == sha2::Sha512::digest(bytes).to_vec())
    }

    /// The digest that stands in front of a target's file name (TUF §6.2).
    #[must_use]
    pub fn prefix(&self) -> String {
        self.sha256.as_ref().or(self.sha512.as_ref()).map(|digest| to_hex(digest)).unwrap_or_default()
    }
}
