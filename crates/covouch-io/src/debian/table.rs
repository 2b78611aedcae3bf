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

    pub(super) fn parse(bytes: Vec<u8>) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let end = rest.iter().position(|byte| *byte == b'\n')?;
        let header: Header = serde_json::from_slice(rest.get(..end)?).ok()?;
        let body = MAGIC.len() + end + 1;
        let texts = header.entries.checked_mul(DIGEST + ENTRY)?.checked_add(body)?;
        let places = header.suites.iter().all(|newest| usize::from(newest.release) < header.releases.len());
        (places && texts <= bytes.len()).then_some(Self { header, bytes, body })
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
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
    pub(super) fn find<'a>(&'a self, sha256: &Sha256) -> impl Iterator<Item = Sighting> + use<'a> {
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
        header.limit(&mut entries, limits::DEBIAN_SIGHTINGS);
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
    fn limit(&self, entries: &mut Vec<Entry<'_>>, most: usize) {
        let current: HashSet<u16> = self.suites.iter().map(|newest| newest.release).collect();
        let date = |release: u16| self.releases.get(usize::from(release)).map(|release| release.date);
        if entries.len() > most {
            entries.sort_by_key(|entry| {
                std::cmp::Reverse((current.contains(&entry.release), date(entry.release)))
            });
            entries.truncate(most);
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    fn suite(name: &str) -> Suite {
        Suite::parse(name).unwrap()
    }

    fn index(name: &str, date: &str) -> Index {
        Index {
            suite: suite(name),
            codename: "trixie".into(),
            date: at(date),
            valid_until: None,
            checked: at("2026-06-01"),
            url: "https://mirror.example/debian/".into(),
            sha256: Sha256::of(date.as_bytes()),
            validators: Validators { etag: Some("\"1\"".into()), last_modified: None },
        }
    }

    fn tarball(place: u8) -> Tarball {
        let (package, version) = (format!("package-{}", place % 7), format!("{}-1", place % 5));
        Tarball { sha256: Sha256::of(&[place]), package: package.into(), version: version.into() }
    }

    fn tarballs(places: &[u8]) -> Vec<Tarball> {
        places.iter().map(|place| tarball(*place)).collect()
    }

    /// What is found of a tarball: suite, date, and whether it is current.
    fn found(table: &Table, place: u8) -> Vec<(String, String, bool)> {
        let sightings = table.find(&tarball(place).sha256);
        sightings
            .map(|found| (found.suite.to_string(), found.released.to_string(), found.is_current))
            .collect()
    }

    #[test]
    fn a_table_reads_back_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        assert_eq!(Table::load(&state).unwrap().suite(&suite("stable")), None);
        let table = Table::default().with(&index("stable", "2026-05-01"), &tarballs(&[1, 2])).unwrap();
        table.save(&state).unwrap();
        let read = Table::load(&state).unwrap();
        assert_eq!(read.bytes, table.bytes);
        let sighting = read.find(&tarball(1).sha256).next().unwrap();
        assert_eq!((&*sighting.package, &*sighting.version, sighting.is_current), ("package-1", "1-1", true));
        assert_eq!(read.suite(&suite("stable")).unwrap().files, 2);
        assert_eq!(
            read.validators(&suite("stable"), "https://mirror.example/debian/").etag.as_deref(),
            Some("\"1\"")
        );
        assert!(read.validators(&suite("stable"), "https://other.example/debian/").is_empty());
    }

    #[test]
    fn a_confirmed_index_is_fresh_and_says_the_same() {
        let table = Table::default().with(&index("stable", "2026-05-01"), &tarballs(&[1])).unwrap();
        let confirmed = table.confirmed(&suite("stable"), at("2026-07-01"), Some(&Validators::default()));
        assert_eq!(confirmed.suite(&suite("stable")).unwrap().checked, at("2026-07-01"));
        assert!(confirmed.validators(&suite("stable"), "https://mirror.example/debian/").is_empty());
        assert_eq!(found(&confirmed, 1), found(&table, 1));
    }

    #[test]
    fn when_there_are_too_many_the_oldest_go_first() {
        let mut table = Table::default();
        for (date, place) in [("2026-05-01", 1), ("2026-05-02", 2), ("2026-05-03", 3)] {
            table = table.with(&index("stable", date), &tarballs(&[place])).unwrap();
        }
        let mut entries: Vec<Entry<'_>> = (0..3).filter_map(|place| table.entry(place)).collect();
        table.header.limit(&mut entries, 2);
        let kept = |place: u8| entries.iter().any(|entry| entry.sha256 == *tarball(place).sha256.as_bytes());
        assert_eq!([kept(1), kept(2), kept(3)], [false, true, true]);
    }

    #[test]
    fn a_damaged_file_is_an_error_and_never_more_than_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path()).unwrap();
        let whole = Table::default().with(&index("stable", "2026-05-01"), &tarballs(&[1, 2])).unwrap();
        whole.save(&state).unwrap();
        for damaged in
            [b"".to_vec(), b"covouch debian 1\n{}\n".to_vec(), whole.bytes[..whole.bytes.len() / 2].to_vec()]
        {
            fs::write(Table::path(&state), damaged).unwrap();
            assert_eq!(Table::load(&state).unwrap_err().code().as_str(), "debian-damaged");
        }
        fs::remove_file(Table::path(&state)).unwrap();
        fs::create_dir(Table::path(&state)).unwrap();
        assert_eq!(Table::load(&state).unwrap_err().code().as_str(), "debian-unreadable");
    }

    proptest! {
        #[test]
        fn whatever_was_seen_is_found_with_the_last_date_it_was_seen_at(
            history in proptest::collection::vec((any::<bool>(), proptest::collection::vec(0..30_u8, 0..20)), 1..8),
        ) {
            let mut table = Table::default();
            let mut last: HashMap<(&str, u8), String> = HashMap::new();
            let mut newest: HashMap<&str, String> = HashMap::new();
            for (day, (testing, places)) in history.iter().enumerate() {
                let (name, date) = (if *testing { "testing" } else { "stable" }, format!("2026-05-{:02}", day + 1));
                table = table.with(&index(name, &date), &tarballs(places)).unwrap();
                newest.insert(name, at(&date).to_string());
                last.extend(places.iter().map(|place| ((name, *place), at(&date).to_string())));
            }
            let table = Table::parse(table.bytes).unwrap();
            for place in 0..30 {
                let mut expected: Vec<_> = last
                    .iter()
                    .filter(|((_, seen), _)| *seen == place)
                    .map(|((name, _), date)| ((*name).to_owned(), date.clone(), newest.get(name) == Some(date)))
                    .collect();
                expected.sort();
                let mut found = found(&table, place);
                found.sort();
                prop_assert_eq!(found, expected);
            }
        }

        #[test]
        fn no_bytes_lead_outside(at in 0..2000_usize, byte: u8) {
            let mut bytes = Table::default().with(&index("stable", "2026-05-01"), &tarballs(&[1, 2, 3])).unwrap().bytes;
            let place = at % bytes.len();
            bytes[place] = byte;
            if let Some(table) = Table::parse(bytes) {
                let all = (0..=255).flat_map(|place| table.find(&tarball(place).sha256).collect::<Vec<_>>());
                prop_assert!(all.count() <= table.header.entries);
            }
        }
    }
}
