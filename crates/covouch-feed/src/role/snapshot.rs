//! Snapshot: which version of each list of targets belongs together (TUF §4.4).

use std::collections::BTreeMap;

use super::{FileMeta, Head, Role, read_head, write};
use crate::{
    field::{Fields, Malformed},
    value::Value,
};

/// What a snapshot says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its version and expiry.
    pub head: Head,
    /// The files it lists, by the name of their role.
    pub meta: BTreeMap<String, FileMeta>,
}

impl Snapshot {
    pub(crate) fn write(&self) -> Value<'_> {
        let meta =
            self.meta.iter().map(|(role, meta)| (format!("{role}.json").into(), meta.write())).collect();
        write(Self::KIND, self.head, [("meta", Value::Object(meta))])
    }
}

impl Role for Snapshot {
    const KIND: &'static str = "snapshot";

    fn head(&self) -> Head {
        self.head
    }

    fn read(signed: &Value<'_>) -> Result<Self, Malformed> {
        let fields = Fields::of("signed", signed)?;
        let one = |(file, value): (&str, &Value<'_>)| {
            let role = file
                .strip_suffix(".json")
                .ok_or_else(|| Malformed::new("`meta` names a file not `.json`"))?;
            Ok((role.to_owned(), FileMeta::read(Fields::of("meta", value)?)?))
        };
        let meta = fields.object("meta")?.0.iter().map(one).collect::<Result<_, Malformed>>()?;
        Ok(Self { head: read_head(fields)?, meta })
    }
}
