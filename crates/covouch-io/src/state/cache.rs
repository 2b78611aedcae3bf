//! Files by their sha256.
//!
//! # Invariants
//! - Bytes come out only after they were hashed again: a torn, swapped or rotten entry is a miss, and is removed.
//! - An entry is not fsynced, because a torn one is a miss too.
//!
//! # Not here
//! A limit on the cache's size: the folder may be deleted at any time.

use std::{
    fs::{self, File},
    io::{self, Read, Seek as _, Write as _},
    path::{Path, PathBuf},
};

use covouch_core::digest::{Sha256, Sha256Stream};
use tempfile::NamedTempFile;

use super::{StateError, write};

/// The files of the cache.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// A file of the cache whose bytes were hashed after it was opened; reading starts at the first byte.
#[derive(Debug)]
pub struct CachedFile {
    file: File,
    length: u64,
    sha256: Sha256,
}

/// A file on its way into the cache. Dropped before [`CacheWriter::finish`], it leaves nothing.
pub struct CacheWriter {
    cache: Cache,
    file: NamedTempFile,
    hash: Sha256Stream,
    length: u64,
}

impl Cache {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// All bytes of the file with this digest, when the cache has them.
    ///
    /// # Errors
    /// [`StateError`] when the disk does not let us look.
    pub fn read(&self, sha256: &Sha256) -> Result<Option<Vec<u8>>, StateError> {
        let path = self.path(sha256);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StateError::reading(&path, &error)),
        };
        if Sha256::of(&bytes) == *sha256 {
            return Ok(Some(bytes));
        }
        discard(&path);
        Ok(None)
    }

    /// The file with this digest, opened and hashed, when the cache has it.
    ///
    /// # Errors
    /// [`StateError`] when the disk does not let us look.
    pub fn open(&self, sha256: &Sha256) -> Result<Option<CachedFile>, StateError> {
        let path = self.path(sha256);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StateError::reading(&path, &error)),
        };
        let mut hashed = || {
            let found = hash(&mut file)?;
            file.rewind()?;
            Ok(found)
        };
        let (found, length) = hashed().map_err(|error: io::Error| StateError::reading(&path, &error))?;
        if found == *sha256 {
            return Ok(Some(CachedFile { file, length, sha256: found }));
        }
        discard(&path);
        Ok(None)
    }

    /// Starts a new entry.
    ///
    /// # Errors
    /// [`StateError`] when the disk does not let us.
    pub fn writer(&self) -> Result<CacheWriter, StateError> {
        write::create_folder(&self.folder)?;
        let file =
            write::temporary(&self.folder).map_err(|error| StateError::writing(&self.folder, &error))?;
        Ok(CacheWriter { cache: self.clone(), file, hash: Sha256Stream::default(), length: 0 })
    }

    /// Two hexadecimal digits make the folder, so that none holds a hundred thousand files.
    fn path(&self, sha256: &Sha256) -> PathBuf {
        let name = sha256.to_string();
        self.folder.join(name.get(..2).unwrap_or_default()).join(name)
    }
}

impl CacheWriter {
    /// Takes the next piece.
    ///
    /// # Errors
    /// [`StateError`] when the disk does not take it.
    pub fn write(&mut self, piece: &[u8]) -> Result<(), StateError> {
        self.file.write_all(piece).map_err(|error| StateError::writing(self.file.path(), &error))?;
        self.hash.update(piece);
        self.length = self.length.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    /// How many bytes were written so far.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The digest of what was written so far.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        self.hash.clone().finish()
    }

    /// Keeps the file under its digest. Whoever expects a certain digest compares [`CacheWriter::sha256`] first.
    ///
    /// # Errors
    /// [`StateError`] when the disk does not let us; then nothing is kept.
    pub fn finish(self) -> Result<CachedFile, StateError> {
        let sha256 = self.hash.finish();
        let path = self.cache.path(&sha256);
        write::create_folder(write::folder_of(&path))?;
        let kept = self.file.persist(&path).map_err(|failed| failed.error).and_then(|mut file| {
            file.rewind()?;
            Ok(file)
        });
        let file = kept.map_err(|error| StateError::writing(&path, &error))?;
        Ok(CachedFile { file, length: self.length, sha256 })
    }
}

impl CachedFile {
    /// The digest of the file's bytes.
    #[must_use]
    pub fn sha256(&self) -> Sha256 {
        self.sha256
    }

    /// How many bytes the file has.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The open file, at its first byte.
    #[must_use]
    pub fn into_file(self) -> File {
        self.file
    }
}

impl Read for CachedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.file.read(buffer)
    }
}

/// The digest and the length of what can be read.
pub(crate) fn hash(source: &mut impl Read) -> io::Result<(Sha256, u64)> {
    let mut hash = Sha256Stream::default();
    let mut buffer = vec![0; 128 << 10];
    let mut length = 0_u64;
    loop {
        let count = match source.read(&mut buffer) {
            Ok(0) => return Ok((hash.finish(), length)),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(buffer.get(..count).unwrap_or_default());
        length = length.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    }
}

/// Removes a wrong entry. One that cannot be removed is found wrong again the next time.
fn discard(path: &Path) {
    let _ = fs::remove_file(path);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("files"));
        (folder, cache)
    }

    fn keep(cache: &Cache, bytes: &[u8]) -> Sha256 {
        let mut writer = cache.writer().unwrap();
        writer.write(bytes).unwrap();
        writer.finish().unwrap().sha256()
    }

    #[test]
    fn what_was_kept_is_found_by_its_digest() {
        let (_folder, cache) = cache();
        let sha256 = Sha256::of(b"a wheel");
        assert_eq!(cache.read(&sha256).unwrap(), None);
        assert_eq!(keep(&cache, b"a wheel"), sha256);
        assert_eq!(cache.read(&sha256).unwrap().unwrap(), b"a wheel");
        let mut text = String::new();
        let mut file = cache.open(&sha256).unwrap().unwrap();
        assert_eq!(file.length(), 7);
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "a wheel");
    }

    #[test]
    fn a_changed_entry_is_a_miss_and_goes_away() {
        let (_folder, cache) = cache();
        let sha256 = keep(&cache, b"a wheel");
        let read = |cache: &Cache| cache.read(&sha256).unwrap().is_some();
        let opened = |cache: &Cache| cache.open(&sha256).unwrap().is_some();
        let ways: [&dyn Fn(&Cache) -> bool; 2] = [&read, &opened];
        for found in ways {
            keep(&cache, b"a wheel");
            fs::write(cache.path(&sha256), b"A wheel").unwrap();
            assert!(!found(&cache));
            assert!(!cache.path(&sha256).exists());
        }
    }

    #[test]
    fn an_abandoned_file_leaves_nothing() {
        let (_folder, cache) = cache();
        let mut writer = cache.writer().unwrap();
        writer.write(b"half of").unwrap();
        drop(writer);
        assert_eq!(fs::read_dir(&cache.folder).unwrap().count(), 0);
    }
}
