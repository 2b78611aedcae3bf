//! Where records stand on disk, one after the other.
//!
//! # Invariants
//! One record is held at a time, none larger than [`limits::OSV_RECORD_BYTES`], and no more bytes than
//! [`limits::OSV_BYTES`] are read in all, counted as they are unpacked.

use std::{
    fmt,
    fs::{self, File, Metadata},
    io::{BufRead, BufReader, Read, Seek as _},
    path::Path,
    time::{Duration, SystemTime},
};

use covouch_core::digest::Sha256;
use serde::{Deserialize, Serialize};

use super::OsvError;
use crate::limits;

/// Takes a record, or says why it is none.
type Take<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), String>;

/// Hands over each record below this path.
pub(super) fn each(path: &Path, take: Take<'_>) -> Result<(), OsvError> {
    let mut reading = Reading { take, bytes: 0, entries: 0, record: Vec::new() };
    if path.is_dir() { reading.folder(path, limits::OSV_DEPTH) } else { reading.file(path) }
}

/// What is on disk, without what is in it: which files there are, how long each is, and when it was last touched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fingerprint {
    /// Files and folders.
    entries: usize,
    /// The digest of their names, sizes and times.
    sha256: String,
    /// The latest of the times, in seconds of Unix time.
    latest: u64,
}

/// File systems tell times apart that lie further apart than this.
const GRAIN: Duration = Duration::from_secs(2);

impl Fingerprint {
    /// Looks at everything below a path.
    pub(super) fn of(path: &Path) -> Result<Self, OsvError> {
        let mut seen: Vec<String> = Vec::new();
        let mut latest = 0;
        let mut folders = vec![path.to_owned()];
        let start = fs::metadata(path).map_err(|error| unreadable(path.display(), error))?;
        note(path, &start, (&mut seen, &mut latest));
        if !start.is_dir() {
            folders.clear();
        }
        while let Some(folder) = folders.pop() {
            let failed = |error| unreadable(folder.display(), error);
            for entry in fs::read_dir(&folder).map_err(failed)? {
                let path = entry.map_err(failed)?.path();
                // Of a link, the link: it is not followed.
                let about = fs::symlink_metadata(&path).map_err(failed)?;
                note(&path, &about, (&mut seen, &mut latest));
                if seen.len() > limits::OSV_ENTRIES {
                    return Err(too_large(path.display(), "more files or lines than there are records"));
                }
                if about.is_dir() {
                    folders.push(path);
                }
            }
        }
        seen.sort_unstable();
        let sha256 = Sha256::of(seen.join("\n").as_bytes()).to_string();
        Ok(Self { entries: seen.len(), sha256, latest })
    }

    /// Whether all of it is old enough that whoever changes it now gives it another time.
    pub(super) fn is_settled(&self) -> bool {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        now > Duration::from_secs(self.latest) + GRAIN
    }
}

fn note(path: &Path, about: &Metadata, (seen, latest): (&mut Vec<String>, &mut u64)) {
    let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let modified = about.modified().map(since).unwrap_or_default();
    let (touched, place) = touched(about);
    *latest = modified.as_secs().max(touched.as_secs()).max(*latest);
    // Numbers and the name's bytes, which `{:?}` writes without ambiguity.
    seen.push(format!("{path:?} {} {modified:?} {touched:?} {place:?} {:?}", about.len(), about.file_type()));
}

/// When anything about a file was last changed, its times included, and where it is.
#[cfg(unix)]
fn touched(about: &Metadata) -> (Duration, (u64, u64)) {
    use std::os::unix::fs::MetadataExt as _;
    let part = |number: i64| u64::try_from(number).unwrap_or_default();
    let nanoseconds = u32::try_from(about.ctime_nsec()).unwrap_or_default();
    (Duration::new(part(about.ctime()), nanoseconds), (about.dev(), about.ino()))
}

/// Where the system does not say, its modification time has to do.
#[cfg(not(unix))]
fn touched(_: &Metadata) -> (Duration, (u64, u64)) {
    (Duration::ZERO, (0, 0))
}

struct Reading<'a> {
    take: Take<'a>,
    bytes: u64,
    entries: usize,
    record: Vec<u8>,
}

impl Reading<'_> {
    /// Every `*.json` in a folder and those in it. Links are not followed: they could go round in circles.
    fn folder(&mut self, folder: &Path, depth: usize) -> Result<(), OsvError> {
        let entries = fs::read_dir(folder).map_err(|error| unreadable(folder.display(), error))?;
        for entry in entries {
            let entry = entry.map_err(|error| unreadable(folder.display(), error))?;
            let path = entry.path();
            self.count(&path.display())?;
            let kind = entry.file_type().map_err(|error| unreadable(path.display(), error))?;
            if kind.is_dir() {
                let depth =
                    depth.checked_sub(1).ok_or_else(|| too_large(path.display(), "folders in folders"))?;
                self.folder(&path, depth)?;
            } else if kind.is_file() && is_json(&path) {
                let file = File::open(&path).map_err(|error| unreadable(path.display(), error))?;
                self.record(file, &path.display())?;
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> Result<(), OsvError> {
        let failed = |error| unreadable(path.display(), error);
        let mut file = File::open(path).map_err(failed)?;
        let mut start = Vec::new();
        file.by_ref().take(4).read_to_end(&mut start).map_err(failed)?;
        file.rewind().map_err(failed)?;
        match start.as_slice() {
            [b'P', b'K', 3, 4] => self.zip(file, path),
            _ if is_json(path) => self.record(file, &path.display()),
            _ => self.lines(file, path),
        }
    }

    fn zip(&mut self, file: File, path: &Path) -> Result<(), OsvError> {
        let mut zip =
            zip::ZipArchive::new(BufReader::new(file)).map_err(|error| unreadable(path.display(), error))?;
        for index in 0..zip.len() {
            self.count(&path.display())?;
            let member = zip.by_index(index).map_err(|error| unreadable(path.display(), error))?;
            let name = covouch_core::shown::Shown::new(&String::from_utf8_lossy(member.name_raw()));
            if member.is_file() && is_json(Path::new(name.as_str())) {
                self.record(member, &format_args!("{}: {name}", path.display()))?;
            }
        }
        Ok(())
    }

    fn lines(&mut self, file: File, path: &Path) -> Result<(), OsvError> {
        let mut reader = BufReader::with_capacity(64 << 10, file);
        let mut number = 0_u64;
        loop {
            number += 1;
            let place = format_args!("{}:{number}", path.display()).to_string();
            self.record.clear();
            let most = limits::OSV_RECORD_BYTES.saturating_add(1);
            let read = reader.by_ref().take(most).read_until(b'\n', &mut self.record);
            if read.map_err(|error| unreadable(&place, error))? == 0 {
                return Ok(());
            }
            if !self.record.trim_ascii().is_empty() {
                self.count(&place)?;
                self.hand_over(&place)?;
            }
        }
    }

    /// Takes what can be read as one record.
    fn record(&mut self, reader: impl Read, place: &dyn fmt::Display) -> Result<(), OsvError> {
        self.record.clear();
        let most = limits::OSV_RECORD_BYTES.saturating_add(1);
        let read = reader.take(most).read_to_end(&mut self.record);
        read.map_err(|error| unreadable(place, error))?;
        self.hand_over(place)
    }

    fn hand_over(&mut self, place: &dyn fmt::Display) -> Result<(), OsvError> {
        let length = u64::try_from(self.record.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(length);
        if length > limits::OSV_RECORD_BYTES {
            return Err(too_large(place, "a record is longer than any"));
        }
        if self.bytes > limits::OSV_BYTES {
            return Err(too_large(place, "more bytes than all records have"));
        }
        (self.take)(&self.record).map_err(|reason| OsvError::Wrong { place: place.to_string(), reason })
    }

    fn count(&mut self, place: &dyn fmt::Display) -> Result<(), OsvError> {
        self.entries += 1;
        if self.entries > limits::OSV_ENTRIES {
            return Err(too_large(place, "more files or lines than there are records"));
        }
        Ok(())
    }
}

fn is_json(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"))
}

fn unreadable(place: impl fmt::Display, error: impl fmt::Display) -> OsvError {
    OsvError::Unreadable { place: place.to_string(), reason: error.to_string() }
}

fn too_large(place: impl fmt::Display, reason: &'static str) -> OsvError {
    OsvError::TooLarge { place: place.to_string(), reason }
}
