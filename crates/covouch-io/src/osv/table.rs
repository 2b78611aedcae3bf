//! Records of malware by project, as one text that is searched as it stands and kept between commands.
//!
//! ```text
//! covouch osv 1                          a line
//! {"records": 2, "read": 9, …}           a line of JSON: Header
//! ctx    [{"id": "MAL-2026-1", …}]       a line for each project, in order: its name, a tab, its records as JSON
//! ```
//!
//! # Invariants
//! - A kept table is used only while its digest is right and its source is untouched: the same file system entries with
//!   the same sizes and times, none of them so young that a later change could hide behind the same time.
//! - A record that cannot be understood covers every version, so that it keeps files out.
//!
//! # Not here
//! Reading what others publish: `wire` and `source`.

use std::{
    cmp::Ordering,
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use covouch_core::{
    digest::Sha256, evidence::MalwareRecord, name::ProjectName, time::Timestamp, version::Version,
};
use serde::{Deserialize, Serialize};

use super::{
    Record,
    affected::{self, Affected, Bound, Event},
    source::Fingerprint,
    wire::Malware,
};
use crate::state::{Part, State, write_atomically};

const MAGIC: &[u8] = b"covouch osv 1\n";

/// The table, as it stands in its file.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    pub(super) header: Header,
    bytes: Vec<u8>,
    /// Where the projects' lines begin.
    body: usize,
}

/// What is said of all records together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    /// Records of malware.
    pub(super) records: usize,
    /// Records that were read.
    pub(super) read: usize,
    /// When the newest of these was changed, in seconds of Unix time.
    pub(super) newest: Option<i64>,
    /// The digest of the body.
    sha256: String,
    /// What was read, when it was.
    source: Option<Fingerprint>,
}

/// A record, as far as it is about one project.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    summary: String,
    modified: i64,
    withdrawn: Option<i64>,
    versions: Vec<String>,
    ranges: Vec<Span>,
    all: bool,
}

/// A range of versions.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Span {
    /// Where something happens, empty for the start of all versions, and what.
    events: Vec<(String, Event)>,
    limits: Vec<String>,
}

impl Table {
    /// The table of these records, of so many that were read.
    pub(super) fn build(records: &[Malware], (read, newest): (usize, Option<Timestamp>)) -> Self {
        let mut projects: BTreeMap<&ProjectName, Vec<Entry>> = BTreeMap::new();
        for record in records {
            for (project, affected) in &record.affected {
                projects.entry(project).or_default().push(Entry::of(record, affected));
            }
        }
        let mut body = Vec::new();
        for (project, entries) in projects {
            body.extend_from_slice(project.as_str().as_bytes());
            body.push(b'\t');
            // Texts and numbers can always be written.
            body.extend(serde_json::to_vec(&entries).unwrap_or_default());
            body.push(b'\n');
        }
        let header = Header {
            records: records.len(),
            read,
            newest: newest.map(Timestamp::unix),
            sha256: Sha256::of(&body).to_string(),
            source: None,
        };
        Self { header, bytes: body, body: 0 }
    }

    /// What was kept of this source, if it is still the same.
    pub(super) fn load(state: &State, path: &Path, source: &Fingerprint) -> Option<Self> {
        let bytes = fs::read(place(state, path)).ok()?;
        let rest = bytes.strip_prefix(MAGIC)?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let header: Header = serde_json::from_slice(rest.get(..end)?).ok()?;
        let body = MAGIC.len() + end + 1;
        let table = Self { header, bytes, body };
        let is_whole = table.header.sha256 == Sha256::of(table.body()).to_string();
        (is_whole && table.header.source.as_ref() == Some(source)).then_some(table)
    }

    fn body(&self) -> &[u8] {
        self.bytes.get(self.body..).unwrap_or_default()
    }

    /// Keeps the table for the next command. One that cannot be kept is made again.
    pub(super) fn keep(&self, state: &State, path: &Path, source: Fingerprint) {
        let header = Header { source: Some(source), ..self.header.clone() };
        let Ok(header) = serde_json::to_vec(&header) else { return };
        let bytes = [MAGIC, &header, b"\n", self.body()].concat();
        // Nothing depends on it.
        drop(write_atomically(&place(state, path), &bytes));
    }

    /// Every record about this release, withdrawn ones included, by id.
    pub(super) fn about(&self, project: &ProjectName, version: &Version) -> Vec<Record> {
        let entries = self.find(project).map_or_else(Vec::new, entries);
        let mut records: Vec<Record> =
            entries.iter().filter(|entry| entry.covers(version)).map(Entry::record).collect();
        records.dedup_by(|left, right| left.malware.id == right.malware.id);
        records
    }

    /// Every record; one about several projects comes several times.
    pub(super) fn records(&self) -> impl Iterator<Item = Record> {
        let lines = self.body().split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines.flat_map(|line| entries(split(line).1)).map(|entry| entry.record())
    }

    /// A project's records, as they are written.
    fn find(&self, project: &ProjectName) -> Option<&[u8]> {
        let mut lines = self.body();
        while !lines.is_empty() {
            let (before, after) = lines.split_at_checked(lines.len() / 2)?;
            let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            let end = before.len() + after.iter().position(|byte| *byte == b'\n')?;
            let (name, records) = split(lines.get(start..end)?);
            lines = match name.cmp(project.as_str().as_bytes()) {
                Ordering::Equal => return Some(records),
                Ordering::Less => lines.get(end + 1..)?,
                Ordering::Greater => lines.get(..start)?,
            };
        }
        None
    }
}

/// A line's project, and its records.
fn split(line: &[u8]) -> (&[u8], &[u8]) {
    let tab = line.iter().position(|byte| *byte == b'\t').unwrap_or(line.len());
    (line.get(..tab).unwrap_or_default(), line.get(tab + 1..).unwrap_or_default())
}

fn entries(line: &[u8]) -> Vec<Entry> {
    serde_json::from_slice(line).unwrap_or_else(|_| vec![Entry::damaged()])
}

/// Where a source's table is kept.
fn place(state: &State, path: &Path) -> PathBuf {
    let name = Sha256::of(path.as_os_str().as_encoded_bytes());
    state.folder(Part::Cache).join("osv").join(format!("{name}.table"))
}

impl Entry {
    fn of(record: &Malware, affected: &Affected) -> Self {
        Self {
            id: record.id.clone(),
            summary: record.summary.clone(),
            modified: record.modified.unix(),
            withdrawn: record.withdrawn.map(Timestamp::unix),
            versions: affected.versions.iter().map(Version::to_string).collect(),
            ranges: affected.ranges.iter().map(Span::of).collect(),
            all: affected.all,
        }
    }

    /// What stands for records that cannot be read again.
    fn damaged() -> Self {
        Self {
            id: "damaged".into(),
            summary: "what is kept of this project's records is damaged".into(),
            modified: Timestamp::LATEST.unix(),
            withdrawn: None,
            versions: Vec::new(),
            ranges: Vec::new(),
            all: true,
        }
    }

    /// What cannot be understood covers everything.
    fn covers(&self, version: &Version) -> bool {
        let affected = || {
            let versions: Option<Vec<Version>> =
                self.versions.iter().map(|text| Version::parse(text).ok()).collect();
            let ranges: Option<Vec<affected::Range>> = self.ranges.iter().map(Span::range).collect();
            Some(Affected { versions: versions?.into(), ranges: ranges?.into(), all: self.all })
        };
        self.all || affected().is_none_or(|affected| affected.covers(version))
    }

    fn record(&self) -> Record {
        Record {
            malware: MalwareRecord {
                id: self.id.as_str().into(),
                summary: self.summary.as_str().into(),
                modified: Timestamp::from_unix(self.modified).unwrap_or(Timestamp::LATEST),
            },
            withdrawn: self.withdrawn.and_then(Timestamp::from_unix),
        }
    }
}

impl Span {
    fn of(range: &affected::Range) -> Self {
        let at = |bound: &Bound| match bound {
            Bound::Start => String::new(),
            Bound::At(version) => version.to_string(),
        };
        Self {
            events: range.events().iter().map(|(bound, event)| (at(bound), *event)).collect(),
            limits: range.limits().iter().map(Version::to_string).collect(),
        }
    }

    fn range(&self) -> Option<affected::Range> {
        let bound = |text: &str| match text {
            "" => Some(Bound::Start),
            text => Version::parse(text).ok().map(Bound::At),
        };
        let events = self.events.iter().map(|(text, event)| Some((bound(text)?, *event)));
        let limits = self.limits.iter().map(|text| Version::parse(text).ok());
        Some(affected::Range::new(events.collect::<Option<_>>()?, limits.collect::<Option<_>>()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn malware(project: &str) -> Malware {
        Malware {
            id: format!("MAL-{project}"),
            aliases: Vec::new(),
            summary: "bad".repeat(project.len()),
            modified: Timestamp::LATEST,
            withdrawn: None,
            affected: vec![(
                ProjectName::parse(project).unwrap(),
                Affected { all: true, ..Affected::default() },
            )],
        }
    }

    #[test]
    fn every_project_is_found_and_no_other() {
        for count in 0..40_usize {
            let names = (0..count).map(|number| format!("p{}-{number}", "x".repeat(number * 7 % 11)));
            let names: Vec<String> = names.collect();
            let records: Vec<Malware> = names.iter().map(|name| malware(name)).collect();
            let table = Table::build(&records, (count, None));
            let version = Version::parse("1").unwrap();
            let about = |name: &str| table.about(&ProjectName::parse(name).unwrap(), &version).len();
            assert!(names.iter().all(|name| about(name) == 1), "{count}");
            assert_eq!(["a", "p", "p-40", "pxx", "zz"].map(about), [0; 5], "{count}");
            assert_eq!(table.records().count(), count);
        }
    }
}
