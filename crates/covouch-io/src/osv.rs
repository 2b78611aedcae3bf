//! OSV as an automated party: records of malware among the packages of the Python Package Index.
//!
//! The source is on disk: somebody fetched an export of an OSV database, or keeps a copy of one, as a folder of JSON
//! files, as a zip of them, or as JSON Lines. The format is the Open Source Vulnerability schema (ossf.github.io,
//! "Open Source Vulnerability format", 1.7).
//!
//! # Invariants
//! - What cannot be read is an error and not a shorter list: a record that is missing would let malware in.
//! - A range that cannot be understood covers more, never less.
//! - Memory and time are bounded by [`limits`], whatever a zip says of itself. Nothing is unpacked to disk.
//!
//! # Not here
//! Records of vulnerabilities. What a record does to a verdict, and who may override it: the policy's. Fetching.

mod affected;
mod error;
mod source;
mod table;
mod wire;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    path::Path,
};

use covouch_core::{evidence::MalwareRecord, name::ProjectName, time::Timestamp, version::Version};

pub use self::error::OsvError;
use self::{source::Fingerprint, table::Table};
use crate::{limits, state::State};

/// What stands before the number of a record of malware.
const MALWARE: &str = "MAL-";

/// Records of malware, by project.
#[derive(Clone, Debug, Default)]
pub struct Osv(Table);

/// A record of malware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// What it says.
    pub malware: MalwareRecord,
    /// Since when it no longer holds, if it was taken back.
    pub withdrawn: Option<Timestamp>,
}

impl Record {
    /// Whether the record still holds.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        self.withdrawn.is_none_or(|withdrawn| now < withdrawn)
    }
}

impl Osv {
    /// Reads a folder of `*.json`, a zip of them, one `.json`, or a file of JSON Lines.
    ///
    /// # Errors
    /// [`OsvError`] when anything in it cannot be read, or it holds no record at all.
    pub fn read(path: &Path) -> Result<Self, OsvError> {
        let mut gathered = Gathered::default();
        source::each(path, &mut |bytes| gathered.add(bytes))?;
        match gathered.read {
            0 => Err(OsvError::Empty(path.to_owned())),
            _ => Ok(gathered.finish()),
        }
    }

    /// The same, from what was kept of it when it was last read and has not been touched since.
    ///
    /// # Errors
    /// As [`Osv::read`].
    pub fn read_kept(path: &Path, state: &State) -> Result<Self, OsvError> {
        let before = Fingerprint::of(path)?;
        if let Some(table) = Table::load(state, path, &before) {
            return Ok(Self(table));
        }
        let osv = Self::read(path)?;
        if before.is_settled() && Fingerprint::of(path)? == before {
            osv.0.keep(state, path, before);
        }
        Ok(osv)
    }

    /// Takes records as they are, one after the other.
    ///
    /// # Errors
    /// What is wrong with the first that is none.
    pub fn of<'a>(records: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, String> {
        let mut gathered = Gathered::default();
        records.into_iter().try_for_each(|bytes| gathered.add(bytes))?;
        Ok(gathered.finish())
    }

    /// Every record about this release, withdrawn ones included, by id.
    #[must_use]
    pub fn about(&self, project: &ProjectName, version: &Version) -> Vec<Record> {
        self.0.about(project, version)
    }

    /// The records about this release that hold at this moment.
    pub fn holding(
        &self,
        project: &ProjectName,
        version: &Version,
        now: Timestamp,
    ) -> impl Iterator<Item = MalwareRecord> + use<> {
        let about = self.about(project, version).into_iter();
        about.filter(move |record| record.holds(now)).map(|record| record.malware)
    }

    /// A record that an earlier copy holds and this one does not have, or only as it was before. Databases withdraw
    /// records, and remove none.
    #[must_use]
    pub fn lacks(&self, earlier: &Self) -> Option<Record> {
        let here: HashMap<_, _> =
            self.0.records().map(|record| (record.malware.id, record.malware.modified)).collect();
        let is_lacking = |record: &Record| {
            here.get(&record.malware.id).is_none_or(|modified| *modified < record.malware.modified)
        };
        earlier.0.records().find(is_lacking)
    }

    /// When the newest record that was read, of malware or not, was last changed: how old the copy is at most.
    #[must_use]
    pub fn newest(&self) -> Option<Timestamp> {
        self.0.header.newest.and_then(Timestamp::from_unix)
    }

    /// How many records of malware there are, and of how many records that were read.
    #[must_use]
    pub fn counts(&self) -> (usize, usize) {
        (self.0.header.records, self.0.header.read)
    }
}

/// Records on their way into an [`Osv`].
#[derive(Default)]
struct Gathered {
    /// By id, so that of two copies of a record the newer one counts.
    records: BTreeMap<String, wire::Malware>,
    versions: wire::Versions,
    newest: Option<Timestamp>,
    read: usize,
}

impl Gathered {
    fn add(&mut self, bytes: &[u8]) -> Result<(), String> {
        let head = wire::head(bytes)?;
        self.read += 1;
        self.newest = self.newest.max(Some(head.modified));
        if !head.is_malware {
            return Ok(());
        }
        let record = wire::malware(bytes, &mut self.versions)?;
        let is_full = self.records.len() >= limits::OSV_RECORDS;
        match self.records.get_mut(&record.id) {
            // Of two of the same time, the one that still holds.
            Some(known)
                if (known.modified, known.withdrawn.is_none())
                    >= (record.modified, record.withdrawn.is_none()) => {}
            Some(known) => *known = record,
            None if is_full => return Err("there are too many records".into()),
            None => drop(self.records.insert(record.id.clone(), record)),
        }
        Ok(())
    }

    fn finish(self) -> Osv {
        let ids: HashSet<String> = self.records.keys().cloned().collect();
        // Another database's record of the same malware: the record itself is here and knows better.
        let is_alias = |record: &wire::Malware| {
            !record.id.starts_with(MALWARE) && record.aliases.iter().any(|alias| ids.contains(alias))
        };
        let records: Vec<wire::Malware> =
            self.records.into_values().filter(|record| !is_alias(record)).collect();
        Osv(Table::build(&records, (self.read, self.newest)))
    }
}
