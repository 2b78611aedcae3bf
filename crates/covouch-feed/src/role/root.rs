//! Root: which keys the other top-level roles have (TUF §4.3).

use std::collections::BTreeMap;

use super::{Head, Role, read_head, write};
use crate::{
    field::{Fields, Malformed},
    key::Key,
    threshold::Signers,
    value::Value,
};

/// What a root says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root {
    /// Its version and expiry.
    pub head: Head,
    /// Whether files have their version in their name (TUF §6).
    pub consistent_snapshot: bool,
    root: Signers,
    timestamp: Signers,
    snapshot: Signers,
    targets: Signers,
}

impl Root {
    /// A root of a feed: files have their version in their name, and one online key signs timestamp and snapshot.
    #[must_use]
    pub fn new(head: Head, root: Signers, targets: Signers, online: Signers) -> Self {
        Self { head, consistent_snapshot: true, root, timestamp: online.clone(), snapshot: online, targets }
    }

    /// Who signs roots.
    #[must_use]
    pub const fn root(&self) -> &Signers {
        &self.root
    }

    /// Who signs timestamps.
    #[must_use]
    pub const fn timestamp(&self) -> &Signers {
        &self.timestamp
    }

    /// Who signs snapshots.
    #[must_use]
    pub const fn snapshot(&self) -> &Signers {
        &self.snapshot
    }

    /// Who signs targets.
    #[must_use]
    pub const fn targets(&self) -> &Signers {
        &self.targets
    }

    pub(crate) fn write(&self) -> Value<'_> {
        let roles = [
            ("root", &self.root),
            ("timestamp", &self.timestamp),
            ("snapshot", &self.snapshot),
            ("targets", &self.targets),
        ];
        let keys = roles.iter().flat_map(|(_, signers)| signers.write_keys()).collect();
        let entries = roles.map(|(name, signers)| (name, Value::object(signers.write())));
        let consistent = Value::Bool(self.consistent_snapshot);
        write(
            Self::KIND,
            self.head,
            [
                ("consistent_snapshot", consistent),
                ("keys", Value::Object(keys)),
                ("roles", Value::object(entries)),
            ],
        )
    }
}

impl Role for Root {
    const KIND: &'static str = "root";

    fn head(&self) -> Head {
        self.head
    }

    fn read(signed: &Value<'_>) -> Result<Self, Malformed> {
        let fields = Fields::of("signed", signed)?;
        let keys = read_keys(fields.object("keys")?)?;
        let roles = fields.object("roles")?;
        let signers = |name: &str| Signers::read(roles.object(name)?, &keys);
        let consistent = fields.optional("consistent_snapshot").map(|_| fields.flag("consistent_snapshot"));
        Ok(Self {
            head: read_head(fields)?,
            consistent_snapshot: consistent.transpose()?.unwrap_or(false),
            root: signers("root")?,
            timestamp: signers("timestamp")?,
            snapshot: signers("snapshot")?,
            targets: signers("targets")?,
        })
    }
}

/// Keys by id (TUF §4.2). An id is a name that only this file gives its keys: it is not compared with digests.
pub(super) fn read_keys(fields: Fields<'_>) -> Result<BTreeMap<String, Key>, Malformed> {
    let one = |(id, value): (&str, &Value<'_>)| Ok((id.to_owned(), Key::read(Fields::of("keys", value)?)?));
    fields.0.iter().map(one).collect()
}
