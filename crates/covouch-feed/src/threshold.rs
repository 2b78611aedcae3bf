//! Who must sign a role, and the one place where signatures are counted.
//!
//! # Invariants
//! - Distinct public keys are counted, never key ids and never signatures.
//! - A threshold is at least one.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
    num::NonZeroU32,
};

use covouch_core::key::PublicKey;

use crate::{
    field::{Fields, Malformed, from_hex, to_hex},
    key::{Key, write_ed25519},
    value::Value,
};

/// The keys of a role and how many of them must sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signers {
    keys: BTreeMap<String, Key>,
    threshold: NonZeroU32,
}

/// Too few of the right keys signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} of its keys signed it, where {needed} are needed")]
pub struct ThresholdNotMet {
    /// How many distinct keys signed.
    pub found: u32,
    /// How many must.
    pub needed: u32,
}

impl Signers {
    /// So many of these keys.
    #[must_use]
    pub fn new(keys: &[PublicKey], threshold: NonZeroU32) -> Self {
        let keys = keys.iter().map(|key| (write_ed25519(key).0, Key::ed25519(key))).collect();
        Self { keys, threshold }
    }

    /// Reads a role's `keyids` and `threshold`, out of the keys listed beside it (TUF §4.3).
    pub(crate) fn read(fields: Fields<'_>, keys: &BTreeMap<String, Key>) -> Result<Self, Malformed> {
        let threshold = u32::try_from(fields.number("threshold")?).ok().and_then(NonZeroU32::new);
        let threshold = threshold.ok_or_else(|| Malformed::new("`threshold` is not a number from 1 on"))?;
        let mut known = BTreeMap::new();
        let mut seen = BTreeSet::new();
        for id in fields.texts("keyids")? {
            if !seen.insert(id) {
                return Err(Malformed::new("`keyids` names one key twice"));
            }
            if let Some(key) = keys.get(id) {
                known.insert(id.to_owned(), key.clone());
            }
        }
        Ok(Self { keys: known, threshold })
    }

    /// The keys, by id.
    #[must_use]
    pub const fn keys(&self) -> &BTreeMap<String, Key> {
        &self.keys
    }

    /// The Ed25519 keys among them.
    pub fn ed25519(&self) -> impl Iterator<Item = PublicKey> {
        self.keys.values().filter_map(Key::as_ed25519)
    }

    /// The id a key has here.
    #[must_use]
    pub fn id_of(&self, key: &PublicKey) -> Option<&str> {
        let key = Key::ed25519(key);
        self.keys.iter().find(|(_, listed)| **listed == key).map(|(id, _)| id.as_str())
    }

    /// How many must sign.
    #[must_use]
    pub const fn threshold(&self) -> NonZeroU32 {
        self.threshold
    }

    /// Counts who signed: every role passes here, top-level or delegated.
    pub(crate) fn check(&self, message: &[u8], signatures: &Signatures) -> Result<(), ThresholdNotMet> {
        let mut signed: BTreeSet<&[u8]> = BTreeSet::new();
        for (id, key) in &self.keys {
            let signature = signatures.0.get(id).map(Vec::as_slice).unwrap_or_default();
            // A key under two ids would otherwise meet a threshold of two alone.
            if !signed.contains(key.identity()) && key.verifies(message, signature) {
                signed.insert(key.identity());
            }
        }
        let (found, needed) = (u32::try_from(signed.len()).unwrap_or(u32::MAX), self.threshold.get());
        if found >= needed { Ok(()) } else { Err(ThresholdNotMet { found, needed }) }
    }

    /// The `keyids` and the `threshold` as metadata lists them.
    pub(crate) fn write(&self) -> [(&'static str, Value<'_>); 2] {
        let ids = self.keys.keys().map(Value::text).collect();
        [("keyids", Value::List(ids)), ("threshold", Value::number(self.threshold.get().into()))]
    }

    /// The key objects as metadata lists them. Only Ed25519: nothing else signs what we write.
    pub(crate) fn write_keys(&self) -> impl Iterator<Item = (Cow<'static, str>, Value<'static>)> {
        self.ed25519().map(|key| write_ed25519(&key)).map(|(id, key)| (id.into(), key))
    }
}

/// Signatures by key id; nothing in them is believed yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Signatures(BTreeMap<String, Vec<u8>>);

impl Signatures {
    pub(crate) fn read(list: &[Value<'_>]) -> Result<Self, Malformed> {
        let mut signatures = BTreeMap::new();
        for value in list {
            let fields = Fields::of("signatures", value)?;
            let id = fields.text("keyid")?.to_owned();
            // What is no hexadecimal is nobody's signature: some writers leave an empty one for a key that has not
            // signed yet.
            let signature = from_hex(fields.text("sig")?).unwrap_or_default();
            // TUF §4.2: one signature for each key id.
            if signatures.insert(id, signature).is_some() {
                return Err(Malformed::new("`signatures` has two of one key id"));
            }
        }
        Ok(Self(signatures))
    }

    pub(crate) fn insert(&mut self, id: String, signature: &[u8]) {
        self.0.insert(id, signature.to_vec());
    }

    pub(crate) fn write(&self) -> Value<'_> {
        let one = |(id, signature): (&String, &Vec<u8>)| {
            Value::object([("keyid", Value::text(id)), ("sig", Value::text(to_hex(signature)))])
        };
        Value::List(self.0.iter().map(one).collect())
    }
}
