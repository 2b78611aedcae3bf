//! Targets: files, and who lists more of them (TUF §4.5, TAP 15).

use std::collections::{BTreeMap, BTreeSet};

use covouch_core::digest::Sha256;

use super::{Hashes, Head, Role, read_head, root::read_keys, write};
use crate::{
    bins::Bins,
    field::{Fields, Malformed},
    limits,
    path::matches,
    threshold::Signers,
    value::Value,
};

/// What a list of targets says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Targets {
    /// Its version and expiry.
    pub head: Head,
    /// The files it lists, by path.
    pub targets: BTreeMap<String, Target>,
    /// Who lists more.
    pub delegations: Delegations,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// How many bytes it has.
    pub length: u64,
    /// Its digests.
    pub hashes: Hashes,
    /// Whatever else is said of it.
    pub custom: Option<Value<'static>>,
}

/// Who lists more files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delegations {
    /// Nobody.
    None,
    /// These roles, the first has the first word.
    Listed(Vec<Delegated>),
    /// Bins, each for a part of all paths.
    Bins(Bins),
}

/// A role that lists files of some paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegated {
    /// Its name.
    pub name: String,
    /// Who signs it.
    pub signers: Signers,
    /// For which paths.
    pub paths: Paths,
    /// Whether nobody after it is asked about these paths.
    pub terminating: bool,
}

/// Which paths a role lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Paths {
    /// Those that one of these patterns fits.
    Patterns(Vec<String>),
    /// Those whose SHA-256 begins with one of these digits.
    HashPrefixes(Vec<String>),
}

impl Paths {
    /// Whether this path is among them.
    #[must_use]
    pub fn contain(&self, path: &str) -> bool {
        match self {
            Self::Patterns(patterns) => patterns.iter().any(|pattern| matches(pattern, path)),
            Self::HashPrefixes(prefixes) => {
                let digest = Sha256::of(path.as_bytes()).to_string();
                prefixes.iter().any(|prefix| digest.starts_with(prefix.as_str()))
            }
        }
    }
}

impl Targets {
    pub(crate) fn write(&self) -> Value<'_> {
        let targets = self.targets.iter().map(|(path, target)| (path.into(), target.write())).collect();
        let mut value = write(Self::KIND, self.head, [("targets", Value::Object(targets))]);
        if let (Value::Object(entries), Delegations::Bins(bins)) = (&mut value, &self.delegations) {
            entries.insert("delegations", bins.write());
        }
        value
    }
}

impl Target {
    fn read(fields: Fields<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            length: fields.number("length")?,
            hashes: Hashes::read(fields.object("hashes")?)?,
            custom: fields.optional("custom").map(Value::to_static),
        })
    }

    fn write(&self) -> Value<'_> {
        let custom = self.custom.as_ref().map(|custom| ("custom".into(), custom.borrowed()));
        let hashes = ("hashes".into(), self.hashes.write());
        let length = ("length".into(), Value::number(self.length));
        Value::Object(custom.into_iter().chain([hashes, length]).collect())
    }
}

impl Role for Targets {
    const KIND: &'static str = "targets";

    fn head(&self) -> Head {
        self.head
    }

    fn read(signed: &Value<'_>) -> Result<Self, Malformed> {
        let fields = Fields::of("signed", signed)?;
        let one = |(path, value): (&str, &Value<'_>)| {
            Ok((path.to_owned(), Target::read(Fields::of("targets", value)?)?))
        };
        let targets = fields.object("targets")?.0.iter().map(one).collect::<Result<_, Malformed>>()?;
        let delegations = match fields.optional_object("delegations")? {
            None => Delegations::None,
            Some(delegations) => read_delegations(delegations)?,
        };
        Ok(Self { head: read_head(fields)?, targets, delegations })
    }
}

fn read_delegations(fields: Fields<'_>) -> Result<Delegations, Malformed> {
    let keys = read_keys(fields.object("keys")?)?;
    match (fields.optional("roles"), fields.optional_object("succinct_roles")?) {
        (Some(_), None) => {
            let roles =
                fields.list("roles")?.iter().map(|value| read_delegated(Fields::of("roles", value)?, &keys));
            let roles = roles.collect::<Result<Vec<_>, Malformed>>()?;
            let names: BTreeSet<_> = roles.iter().map(|role| &role.name).collect();
            if names.len() < roles.len() {
                return Err(Malformed::new("`roles` names one role twice"));
            }
            Ok(Delegations::Listed(roles))
        }
        // TAP 15: one or the other, never both.
        (None, Some(succinct)) => Ok(Delegations::Bins(Bins::read(succinct, &keys)?)),
        _ => Err(Malformed::new("`delegations` has not exactly one of `roles` and `succinct_roles`")),
    }
}

fn read_delegated(
    fields: Fields<'_>,
    keys: &BTreeMap<String, crate::key::Key>,
) -> Result<Delegated, Malformed> {
    let name = fields.text("name")?;
    check_name(name)?;
    let list = |field: &str| {
        let texts = fields.optional(field).map(|_| fields.texts(field)).transpose()?;
        Ok::<_, Malformed>(texts.map(|texts| texts.into_iter().map(str::to_owned).collect()))
    };
    let paths = match (list("paths")?, list("path_hash_prefixes")?) {
        (Some(patterns), None) => Paths::Patterns(patterns),
        (None, Some(prefixes)) => Paths::HashPrefixes(prefixes),
        _ => return Err(Malformed::new("a role has not exactly one of `paths` and `path_hash_prefixes`")),
    };
    let terminating = fields.flag("terminating")?;
    Ok(Delegated { name: name.to_owned(), signers: Signers::read(fields, keys)?, paths, terminating })
}

/// A delegated role that is called like a top-level one would be kept in its file.
pub(crate) fn check_name(name: &str) -> Result<(), Malformed> {
    let taken = ["root", "timestamp", "snapshot", "targets"].contains(&name);
    if taken || name.is_empty() || name.len() > limits::ROLE_BYTES {
        return Err(Malformed::new("a role has a name that no delegated role can have"));
    }
    Ok(())
}
