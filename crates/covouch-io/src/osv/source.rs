//! Where records stand on disk, one after the other.
//!
//! # Invariants
//! One record is held at a time, none larger than [`limits::OSV_RECORD_BYTES`], and no more bytes than
//! [`limits::OSV_BYTES`] are read in all, counted as they are unpacked.

use std::{
    fmt,
    fs::{self, File},
    io::{BufRead, BufReader, Read, Seek as _},
    path::Path,
};

use super::OsvError;
use crate::limits;

/// Takes a record, or says why it is none.
type Take<'a> = &'a mut dyn FnMut(&[u8]) -> Result<(), String>;

/// Hands over each record below this path.
pub(super) fn each(path: &Path, take: Take<'_>) -> Result<(), OsvError> {
    let mut reading = Reading { take, bytes: 0, entries: 0, record: Vec::new() };
    if path.is_dir() { reading.folder(path, limits::OSV_DEPTH) } else { reading.file(path) }
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
