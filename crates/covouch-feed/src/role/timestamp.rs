//! Timestamp: the newest snapshot (TUF §4.6).

use super::{FileMeta, Head, Role, read_head, write};
use crate::{
    field::{Fields, Malformed},
    value::Value,
};

/// What a timestamp says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Its version and expiry.
    pub head: Head,
    /// The snapshot it names.
    pub snapshot: FileMeta,
}

impl Timestamp {
    pub(crate) fn write(&self) -> Value<'_> {
        let meta = Value::object([("snapshot.json", self.snapshot.write())]);
        write(Self::KIND, self.head, [("meta", meta)])
    }
}

impl Role for Timestamp {
    const KIND: &'static str = "timestamp";

    fn head(&self) -> Head {
        self.head
    }

    fn read(signed: &Value<'_>) -> Result<Self, Malformed> {
        let fields = Fields::of("signed", signed)?;
        let snapshot = FileMeta::read(fields.object("meta")?.object("snapshot.json")?)?;
        Ok(Self { head: read_head(fields)?, snapshot })
    }
}
