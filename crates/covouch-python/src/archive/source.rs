//! The reader that was handed in, watched: what was read, and whether it was the reader that failed.

use std::io::{self, Read};

use covouch_core::digest::{Sha256, Sha256Stream};

/// A reader whose bytes are hashed and counted as they pass.
pub(super) struct Source<R> {
    reader: R,
    digest: Sha256Stream,
    bytes: u64,
    failed: bool,
}

impl<R: Read> Source<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, digest: Sha256Stream::default(), bytes: 0, failed: false }
    }

    /// How many bytes were read.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether the reader itself failed, so that an error says nothing about the archive.
    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    /// The digest of what was read.
    pub(super) fn digest(self) -> Sha256 {
        self.digest.finish()
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = match self.reader.read(buffer) {
            Ok(count) => count,
            Err(error) => {
                self.failed |= error.kind() != io::ErrorKind::Interrupted;
                return Err(error);
            }
        };
        let Some(piece) = buffer.get(..count) else {
            self.failed = true;
            return Err(io::Error::other("a reader says it read more than it was asked for"));
        };
        self.digest.update(piece);
        self.bytes = self.bytes.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}
