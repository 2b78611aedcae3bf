//! A policy file as it was written: settings and expressions with their places, names still unresolved.
//!
//! # Invariants
//! - Every key is known, every value has its type, every expression follows the grammar.
//! - Decimals are read from the text of the file and never pass through floating point.
//!
//! # Not here
//! What names stand for, and whether the whole makes sense: `resolve`.

mod reader;
mod tables;

use covouch_core::{amount::Decimal, level::Level};

pub(crate) use self::reader::Lines;
use self::reader::{Reader, Table};
#[cfg(test)]
pub(crate) use self::tables::KEYS;
use crate::{
    ast::Expression,
    error::{Fault, PolicyErrors, shown},
    limits,
};

/// Where a policy comes from.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The path or address shown to people.
    pub name: &'a str,
    /// The text of the file.
    pub text: &'a str,
    /// Which table of it is the policy.
    pub table: PolicyTable,
}

/// Which table of a file is the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyTable {
    /// The whole file: `covouch.toml`.
    Whole,
    /// `[tool.covouch]` of `pyproject.toml`.
    Pyproject,
}

/// A value and the byte of the file at which it stands.
#[derive(Clone, Debug)]
pub(crate) struct Placed<T> {
    pub(crate) value: T,
    pub(crate) at: usize,
}

/// A policy file that was read and not yet resolved.
#[derive(Debug)]
pub struct Document {
    pub(crate) lines: Lines,
    pub(crate) mode: Option<Placed<String>>,
    pub(crate) parties: Vec<PartyTable>,
    pub(crate) policy: PolicyBody,
    pub(crate) rules: Vec<RuleTable>,
    pub(crate) waivers: Vec<WaiverTable>,
    pub(crate) gateway: GatewayTable,
}

/// `[party.NAME]`
#[derive(Debug)]
pub(crate) struct PartyTable {
    pub(crate) name: Placed<String>,
    pub(crate) sources: Vec<Placed<SourceSetting>>,
    pub(crate) enriched_by: Option<Placed<String>>,
    pub(crate) from: Option<Placed<String>>,
    pub(crate) feeds: Option<Placed<Vec<Placed<String>>>>,
    pub(crate) root: Option<Placed<String>>,
    pub(crate) level: Option<Placed<String>>,
    pub(crate) weights: Vec<Placed<(Option<Level>, Decimal)>>,
    pub(crate) owner: Option<Placed<String>>,
    pub(crate) depth: Option<Placed<u64>>,
}

/// One of the settings that say where a party's evidence comes from.
#[derive(Debug)]
pub(crate) enum SourceSetting {
    /// `index = "…"`
    Index(String),
    /// `key = "…"` or `keys = ["…"]`
    Keys(&'static str, Vec<Placed<String>>),
    /// `feed = "…"`
    Feed(String),
    /// `debian = { suites = ["…"], mirror = "…" }`
    Debian { suites: Vec<Placed<String>>, mirror: Option<Placed<String>>, keyring: Option<Placed<String>> },
    /// `osv = "…"`
    Osv(String),
    /// `electorate = "…"`
    Electorate(String),
}

impl SourceSetting {
    /// The setting's name.
    pub(crate) const fn key(&self) -> &'static str {
        match self {
            Self::Index(_) => "index",
            Self::Keys(key, _) => key,
            Self::Feed(_) => "feed",
            Self::Debian { .. } => "debian",
            Self::Osv(_) => "osv",
            Self::Electorate(_) => "electorate",
        }
    }
}

/// `[policy]`
#[derive(Debug, Default)]
pub(crate) struct PolicyBody {
    /// Where the table stands; the start of the file where there is none.
    pub(crate) at: usize,
    pub(crate) admit: Option<Expression>,
    /// Whether `admit` was written, although it could not be read.
    pub(crate) admit_written: bool,
    pub(crate) refuse: Option<Expression>,
    pub(crate) derive: Option<Placed<String>>,
    pub(crate) independence: Option<Placed<String>>,
}

/// `[[rule]]`
#[derive(Debug)]
pub(crate) struct RuleTable {
    pub(crate) projects: Vec<Placed<String>>,
    pub(crate) index: Option<Placed<String>>,
    pub(crate) admit: Option<Expression>,
}

/// `[[waiver]]`
#[derive(Debug)]
pub(crate) struct WaiverTable {
    pub(crate) at: usize,
    pub(crate) sha256: Option<Placed<String>>,
    pub(crate) reason: Option<Placed<String>>,
    pub(crate) expires: Option<Placed<String>>,
    pub(crate) approved_by: Option<Placed<String>>,
    pub(crate) installed: Option<Placed<String>>,
}

/// `[gateway]`
#[derive(Debug, Default)]
pub(crate) struct GatewayTable {
    pub(crate) connect: Vec<Placed<String>>,
    pub(crate) max_fallback_age: Option<Placed<String>>,
    pub(crate) max_lock_age: Option<Placed<String>>,
    pub(crate) lock_keys: Vec<Placed<String>>,
    pub(crate) blocked: Option<Placed<String>>,
    pub(crate) downgrade: Option<Placed<String>>,
}

impl Document {
    /// Reads the settings and expressions of a policy.
    ///
    /// # Errors
    /// [`PolicyErrors`]: everything that is wrong with its form.
    pub fn parse(source: Source<'_>) -> Result<Self, PolicyErrors> {
        let mut reader = Reader::new(source);
        let lines = reader.lines();
        let document = Self::read(&mut reader, source);
        match (document, PolicyErrors::collect(reader.finish())) {
            (Some(document), None) => Ok(document),
            (_, Some(errors)) => Err(errors),
            // A document that was not read always left an error.
            (None, None) => Err(PolicyErrors::one(lines.error(0, Fault::NoTable))),
        }
    }

    fn read(reader: &mut Reader, source: Source<'_>) -> Option<Self> {
        if source.text.len() > limits::POLICY_BYTES {
            reader.fault(0, Fault::TooLarge(source.text.len()));
            return None;
        }
        let parsed = toml::de::DeTable::parse(source.text);
        let whole = match &parsed {
            Ok(table) => table,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                reader.fault(at, Fault::Toml(shown(reader::clause(error.message()))));
                return None;
            }
        };
        let top = match source.table {
            PolicyTable::Whole => Table::new(String::new(), whole.get_ref(), 0),
            PolicyTable::Pyproject => reader.pyproject(whole.get_ref())?,
        };
        Some(tables::document(reader, &top))
    }
}
