//! What was read of Debian's indexes, as one file that is searched as it stands.
//!
//! ```text
//! covouch debian 1                       a line
//! {"entries": 2, "suites": […], …}       a line of JSON: Header
//! 32 bytes for each entry                digests, sorted
//! 10 bytes for each entry                where its package and its version stand among the texts; its release
//! texts, each once                       a byte with the length, then the text
//! ```
//!
//! # Invariants
//! - Whatever the file says, reading stays within it: a damaged entry is no entry, a damaged header is an error.
//! - An entry is never lost while there is room: what a suite leaves behind keeps the date it was last seen at.
//!
//! # Not here
//! Signatures. The file is ours, in a folder only the user can write to.

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    ops::Range,
    path::PathBuf,
};

use covouch_core::{digest::Sha256, time::Timestamp};
use serde::{Deserialize, Serialize};

use super::{DebianError, Sighting, Suite, SuiteState, sources::Tarball};
use crate::{
    limits,
    network::Validators,
    state::{Part, State, write_atomically},
};

const MAGIC: &[u8] = b"covouch debian 1\n";
const DIGEST: usize = 32;
const ENTRY: usize = 10;

/// The table, as it stands in its file.
#[derive(Debug, Default)]
pub(super) struct Table {
    header: Header,
    bytes: Vec<u8>,
    body: usize,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    entries: usize,
    suites: Vec<Newest>,
    releases: Vec<Release>,
}

/// What is known of the newest index of a suite.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Newest {
    suite: String,
    /// Its place among the releases.
    release: u16,
    files: usize,
    valid_until: Option<i64>,
    checked: i64,
    /// The digest of its `InRelease`.
    sha256: String,
    url: String,
    etag: Option<String>,
    last_modified: Option<String>,
}

/// An index in which entries stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Release {
    suite: String,
    codename: String,
    date: i64,
}

/// A suite's index that was read and found good.
#[derive(Clone, Debug)]
pub(super) struct Index {
    pub(super) suite: Suite,
    pub(super) codename: String,
    pub(super) date: Timestamp,
    pub(super) valid_until: Option<Timestamp>,
    pub(super) checked: Timestamp,
    /// Where its `InRelease` was, without credentials, and what it is recognised by.
    pub(super) url: String,
    pub(super) sha256: Sha256,
    pub(super) validators: Validators,
}

impl Table {
    /// Where the table is kept: what stands in it was checked, and would have to be checked again.
    pub(super) fn path(state: &State) -> PathBuf {
        state.folder(Part::Verified).join("debian")
    }

    /// Reads the table; an empty one when there is none.
    pub(super) fn load(state: &State) -> Result<Self, DebianError> {
        let path = Self::path(state);
        let damaged = |reason| DebianError::Damaged { path: path.clone(), reason };
        let bytes = match fs::metadata(&path).and_then(|about| Ok((about.len(), fs::read(&path)?))) {
            Ok((length, _)) if length > limits::DEBIAN_TABLE_BYTES => return Err(damaged("it is too large")),
            Ok((_, bytes)) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => return Err(DebianError::Unreadable { path, reason: error.to_string() }),
        };
        Self::parse(bytes).ok_or_else(|| damaged("it is not a table of sightings"))
    }

    fn parse(bytes: Vec<u8>) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let header: Header = serde_json::from_slice(rest.get(..end)?).ok()?;
        let body = MAGIC.len() + end + 1;
        let texts = header.entries.checked_mul(DIGEST + ENTRY)?.checked_add(body)?;
        let places = header.suites.iter().all(|newest| usize::from(newest.release) < header.releases.len());
        (places && texts <= bytes.len()).then_some(Self { header, bytes, body })
    }

    /// Writes the table.
    pub(super) fn save(&self, state: &State) -> Result<(), DebianError> {
        Ok(write_atomically(&Self::path(state), &self.bytes)?)
    }

    /// What is known of a suite.
    pub(super) fn suite(&self, suite: &Suite) -> Option<SuiteState> {
        let newest = self.newest(suite)?;
        let release = self.header.releases.get(usize::from(newest.release))?;
        Some(SuiteState {
            suite: suite.clone(),
            codename: release.codename.as_str().into(),
            released: Timestamp::from_unix(release.date)?,
            valid_until: newest.valid_until.and_then(Timestamp::from_unix),
            checked: Timestamp::from_unix(newest.checked)?,
            files: newest.files,
        })
    }

    /// The digest of the newest `InRelease` of a suite.
    pub(super) fn in_release(&self, suite: &Suite) -> Option<Sha256> {
        Sha256::parse(&self.newest(suite)?.sha256).ok()
    }

    /// What a server recognises the newest `InRelease` by, when it came from there.
    pub(super) fn validators(&self, suite: &Suite, url: &str) -> Validators {
        let newest = self.newest(suite).filter(|newest| newest.url == url);
        newest.map_or_else(Validators::default, |newest| Validators {
            etag: newest.etag.clone(),
            last_modified: newest.last_modified.clone(),
        })
    }

    fn newest(&self, suite: &Suite) -> Option<&Newest> {
        self.header.suites.iter().find(|newest| newest.suite == suite.as_str())
    }

    /// Every sighting of a file with this digest.
    pub(super) fn find(&self, sha256: &Sha256) -> impl Iterator<Item = Sighting> {
        let digests = self.digests();
        let first = digests.partition_point(|digest| digest < sha256.as_bytes());
        let same =
            digests.get(first..).unwrap_or_default().iter().take_while(|digest| *digest == sha256.as_bytes());
        (first..first + same.count()).filter_map(|place| self.sighting(place))
    }

    fn digests(&self) -> &[[u8; DIGEST]] {
        let range = self.section(0, self.header.entries * DIGEST);
        self.bytes.get(range).unwrap_or_default().as_chunks().0
    }

    fn entries(&self) -> &[[u8; ENTRY]] {
        let range = self.section(self.header.entries * DIGEST, self.header.entries * ENTRY);
        self.bytes.get(range).unwrap_or_default().as_chunks().0
    }

    fn section(&self, from: usize, length: usize) -> Range<usize> {
        self.body + from..self.body + from + length
    }

    fn sighting(&self, place: usize) -> Option<Sighting> {
        let entry = self.entry(place)?;
        let release = self.header.releases.get(usize::from(entry.release))?;
        let suite = Suite::parse(&release.suite).ok()?;
        Some(Sighting {
            is_current: self.newest(&suite).is_some_and(|newest| newest.release == entry.release),
            suite,
            codename: release.codename.as_str().into(),
            package: entry.package.into(),
            version: entry.version.into(),
            released: Timestamp::from_unix(release.date)?,
        })
    }

    fn entry(&self, place: usize) -> Option<Entry<'_>> {
        let [p0, p1, p2, p3, v0, v1, v2, v3, r0, r1] = *self.entries().get(place)?;
        Some(Entry {
            sha256: *self.digests().get(place)?,
            package: self.text([p0, p1, p2, p3])?,
            version: self.text([v0, v1, v2, v3])?,
            release: u16::from_le_bytes([r0, r1]),
        })
    }

    fn text(&self, place: [u8; 4]) -> Option<&str> {
        let texts = self.bytes.get(self.body + self.header.entries * (DIGEST + ENTRY)..)?;
        let (length, rest) = texts.get(usize::try_from(u32::from_le_bytes(place)).ok()?..)?.split_first()?;
        std::str::from_utf8(rest.get(..usize::from(*length))?).ok()
    }

    /// The same table after a mirror confirmed that an index is still the newest one.
    pub(super) fn confirmed(
        &self,
        suite: &Suite,
        checked: Timestamp,
        validators: Option<&Validators>,
    ) -> Self {
        let mut header = self.header.clone();
        for newest in header.suites.iter_mut().filter(|newest| newest.suite == suite.as_str()) {
            newest.checked = checked.unix();
            if let Some(validators) = validators {
                newest.etag.clone_from(&validators.etag);
                newest.last_modified.clone_from(&validators.last_modified);
            }
        }
        let entries = (0..self.header.entries).filter_map(|place| self.entry(place)).collect();
        Self::build(header, entries)
    }

    /// The table with a new index of a suite: its tarballs stand in that, and what only stood in former indexes
    /// keeps its date.
    ///
    /// `None` when there are more releases than can be numbered: a new one a minute for six weeks.
    pub(super) fn with(&self, index: &Index, tarballs: &[Tarball]) -> Option<Self> {
        let mut header = self.header.clone();
        let release = header.add(index, tarballs.len())?;
        let stands: HashSet<_> = tarballs.iter().map(Tarball::identity).collect();
        let moves = |entry: &Entry<'_>| {
            let former = header.releases.get(usize::from(entry.release));
            former.is_some_and(|former| former.suite == index.suite.as_str())
                && stands.contains(&(&entry.sha256, entry.package, entry.version))
        };
        let mut entries: Vec<Entry<'_>> = (0..self.header.entries)
            .filter_map(|place| self.entry(place))
            .filter(|entry| !moves(entry))
            .collect();
        entries.extend(tarballs.iter().map(|tarball| Entry {
            sha256: *tarball.sha256.as_bytes(),
            package: &tarball.package,
            version: &tarball.version,
            release,
        }));
        Some(Self::build(header, entries))
    }

    fn build(mut header: Header, mut entries: Vec<Entry<'_>>) -> Self {
        header.limit(&mut entries);
        header.forget_unused(&mut entries);
        entries.sort_unstable();
        entries.dedup();
        header.entries = entries.len();
        let mut bytes = MAGIC.to_vec();
        // A header holds texts and numbers, which are always written.
        bytes.extend(serde_json::to_vec(&header).unwrap_or_default());
        bytes.push(b'\n');
        let body = bytes.len();
        let mut texts = Texts::default();
        let mut places = Vec::with_capacity(entries.len() * ENTRY);
        for entry in &entries {
            bytes.extend(entry.sha256);
            places.extend(texts.place(entry.package));
            places.extend(texts.place(entry.version));
            places.extend(entry.release.to_le_bytes());
        }
        bytes.extend(places);
        bytes.extend(texts.bytes);
        Self { header, bytes, body }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Entry<'a> {
    sha256: [u8; DIGEST],
    package: &'a str,
    version: &'a str,
    release: u16,
}

impl Header {
    /// Makes an index the newest of its suite; `None` when there are more releases than can be numbered.
    fn add(&mut self, index: &Index, files: usize) -> Option<u16> {
        let release = Release {
            suite: index.suite.as_str().to_owned(),
            codename: index.codename.clone(),
            date: index.date.unix(),
        };
        let place = self.releases.iter().position(|known| *known == release).unwrap_or(self.releases.len());
        let number = u16::try_from(place).ok()?;
        if place == self.releases.len() {
            self.releases.push(release);
        }
        self.suites.retain(|newest| newest.suite != index.suite.as_str());
        self.suites.push(Newest {
            suite: index.suite.as_str().to_owned(),
            release: number,
            files,
            valid_until: index.valid_until.map(Timestamp::unix),
            checked: index.checked.unix(),
            sha256: index.sha256.to_string(),
            url: index.url.clone(),
            etag: index.validators.etag.clone(),
            last_modified: index.validators.last_modified.clone(),
        });
        self.suites.sort_by(|left, right| left.suite.cmp(&right.suite));
        Some(number)
    }

    /// Lets go of the entries that were left behind longest ago, when there are too many.
    fn limit(&self, entries: &mut Vec<Entry<'_>>) {
        let current: HashSet<u16> = self.suites.iter().map(|newest| newest.release).collect();
        let date = |release: u16| self.releases.get(usize::from(release)).map(|release| release.date);
        if entries.len() > limits::DEBIAN_SIGHTINGS {
            entries.sort_by_key(|entry| {
                std::cmp::Reverse((current.contains(&entry.release), date(entry.release)))
            });
            entries.truncate(limits::DEBIAN_SIGHTINGS);
        }
    }

    /// Numbers the releases anew, without those nothing stands in.
    fn forget_unused(&mut self, entries: &mut [Entry<'_>]) {
        let mut used: Vec<u16> = entries.iter().map(|entry| entry.release).collect();
        used.extend(self.suites.iter().map(|newest| newest.release));
        used.sort_unstable();
        used.dedup();
        let numbers: HashMap<u16, u16> = used.iter().copied().zip(0..).collect();
        let number = |release: &mut u16| *release = numbers.get(release).copied().unwrap_or(u16::MAX);
        entries.iter_mut().for_each(|entry| number(&mut entry.release));
        self.suites.iter_mut().for_each(|newest| number(&mut newest.release));
        let releases = used.iter().filter_map(|release| self.releases.get(usize::from(*release)).cloned());
        self.releases = releases.collect();
    }
}

/// Texts, each kept once.
#[derive(Default)]
struct Texts<'a> {
    places: HashMap<&'a str, [u8; 4]>,
    bytes: Vec<u8>,
}

impl<'a> Texts<'a> {
    fn place(&mut self, text: &'a str) -> [u8; 4] {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        let place = u32::try_from(self.bytes.len()).unwrap_or(u32::MAX).to_le_bytes();
        // No text is longer: `sources` leaves such packages out.
        let length = u8::try_from(text.len()).unwrap_or(0);
        self.bytes.push(length);
        self.bytes.extend(text.bytes().take(usize::from(length)));
        self.places.insert(text, place);
        place
    }
}
