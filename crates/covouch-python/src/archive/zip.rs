//! ZIP files in which both of their tables of contents say the same.
//!
//! A ZIP file lists its members twice: in front of each (local headers) and at the end (central directory).
//! Installers read the second, streaming scanners the first, and either may be led past members that the other
//! sees. Here the file is read once from its first byte to its last, and everything in it has to be the next thing
//! of the central directory, described in the same words on both sides. Sections are those of PKWARE's APPNOTE 6.3.10.
//!
//! # Not here
//! Zip64, encryption, multiple volumes, methods other than stored and deflate: no package within our limits needs
//! them, and programs differ in what they make of them.

mod directory;
mod fields;
mod member;

use std::io::{BufRead, BufReader, Read, Seek};

use self::{directory::Directory, member::Members};
use super::{
    contents::{Collector, Contents, Keep},
    error::ArchiveError,
    limits,
    source::Source,
};

/// Reads a ZIP file.
pub(super) fn read<R: Read + Seek>(mut reader: R, keep: Keep<'_>) -> Result<Contents, ArchiveError> {
    let directory = Directory::read(&mut reader)?;
    reader.rewind().map_err(ArchiveError::Unreadable)?;
    let mut stream = Stream::new(reader);
    let mut collector = Collector::new(keep);
    let mut members = Members::new();
    for entry in directory.entries() {
        members.read(&mut stream, &entry?, &mut collector)?;
    }
    if stream.position != directory.offset() {
        return Err(ArchiveError::ambiguous(
            None,
            "something stands between the members and their directory",
        ));
    }
    let sha256 = stream.finish(directory.bytes())?;
    Ok(collector.finish(sha256))
}

/// The file from its first byte on.
struct Stream<R> {
    reader: BufReader<Source<R>>,
    position: u64,
    unpacked: u64,
}

impl<R: Read> Stream<R> {
    fn new(reader: R) -> Self {
        let reader = BufReader::with_capacity(limits::BUFFER_BYTES, Source::new(reader));
        Self { reader, position: 0, unpacked: 0 }
    }

    /// Up to `most` next bytes; they stay where they are until consumed. Empty only at the end of the file.
    fn peek(&mut self, most: u64) -> Result<&[u8], ArchiveError> {
        let buffer = self.reader.fill_buf().map_err(ArchiveError::Unreadable)?;
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(buffer.len());
        Ok(buffer.get(..most).unwrap_or_default())
    }

    fn consume(&mut self, count: usize) {
        self.reader.consume(count);
        self.position = self.position.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
    }

    fn exact<const N: usize>(&mut self) -> Result<[u8; N], ArchiveError> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), ArchiveError> {
        self.reader.read_exact(bytes).map_err(ArchiveError::Unreadable)?;
        self.position = self.position.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        Ok(())
    }

    /// Notes unpacked bytes, of an archive of which this much was read.
    fn unpacked(&mut self, count: usize) -> Result<(), ArchiveError> {
        self.unpacked = self.unpacked.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        limits::check_unpacked(self.unpacked, self.position)
    }

    /// Reads the rest, which must be what the directory was read from: a file that changes while it is read would
    /// otherwise have a digest of bytes that nobody looked at.
    fn finish(mut self, rest: &[u8]) -> Result<covouch_core::digest::Sha256, ArchiveError> {
        let changed = || ArchiveError::Unreadable(std::io::Error::other("it changed while it was read"));
        let mut rest = rest;
        loop {
            let buffer = self.reader.fill_buf().map_err(ArchiveError::Unreadable)?;
            if buffer.is_empty() {
                break;
            }
            let count = buffer.len();
            rest = rest.strip_prefix(buffer).ok_or_else(changed)?;
            self.reader.consume(count);
        }
        match rest.is_empty() {
            true => Ok(self.reader.into_inner().digest()),
            false => Err(changed()),
        }
    }
}
