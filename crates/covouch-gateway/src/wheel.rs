//! Takes METADATA out of a wheel whose bytes were verified.
//!
//! # Invariants
//! - A wheel in which two readers could find two METADATA files has none: a name that stands twice, two `.dist-info`
//!   folders, and a local header that contradicts the directory are errors.
//! - Nothing is unpacked beyond [`limits::METADATA_BYTES`], whatever sizes the wheel claims.
//!
//! # Not here
//! Whether the rest of the wheel is sound: that is what vouches are about.

use std::io::{self, Read, Seek, SeekFrom};

use flate2::{Crc, read::DeflateDecoder};

use crate::limits;

/// Why a wheel's METADATA cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WheelError {
    /// The disk said no, or the archive ends too early.
    #[error("the wheel cannot be read: {0}")]
    Read(#[from] io::Error),
    /// Not a zip archive, or one that contradicts itself.
    #[error("the wheel is not a sound zip archive: {0}")]
    Zip(&'static str),
    /// No METADATA, or more than one.
    #[error("the wheel has {0} METADATA files, where one is needed")]
    Count(usize),
    /// Too long.
    #[error("the wheel's METADATA is longer than {} bytes", limits::METADATA_BYTES)]
    TooLarge,
}

/// Where the central directory lies.
struct Directory {
    entries: u64,
    bytes: u64,
    offset: u64,
}

/// What the central directory says of an entry.
struct Entry {
    name: Vec<u8>,
    method: u16,
    crc: u32,
    packed: u64,
    unpacked: u64,
    offset: u64,
}

/// Little-endian numbers at fixed places (APPNOTE.TXT §4.4).
struct Record<'a>(&'a [u8]);

/// The wheel's METADATA.
///
/// # Errors
/// [`WheelError`] when there is not exactly one that can be read.
pub(crate) fn metadata(wheel: &mut (impl Read + Seek)) -> Result<Vec<u8>, WheelError> {
    let directory = find_directory(wheel)?;
    let mut found = find_metadata(wheel, &directory)?;
    match (found.pop(), found.len()) {
        (Some(entry), 0) => unpack(wheel, &entry),
        (last, others) => Err(WheelError::Count(others + usize::from(last.is_some()))),
    }
}

/// `name-version.dist-info/METADATA` at the top of the wheel (binary distribution format, "The .dist-info
/// directory"). Deeper ones belong to vendored packages.
fn is_metadata(name: &[u8]) -> bool {
    let folder = name.strip_suffix(b".dist-info/METADATA");
    folder.is_some_and(|folder| !folder.is_empty() && !folder.contains(&b'/') && !folder.contains(&b'\\'))
}

/// Reads the end record (APPNOTE.TXT §4.3.16). Exactly one place can hold it: its comment must reach to the end.
fn find_directory(wheel: &mut (impl Read + Seek)) -> Result<Directory, WheelError> {
    const FIXED: usize = 22;
    let length = wheel.seek(SeekFrom::End(0))?;
    let tail = length.min(u64::from(u16::MAX) + 22);
    let start = length - tail;
    let bytes = read_at(wheel, start, tail)?;
    let ends = |at: usize| {
        let record = Record(bytes.get(at..)?);
        let comment = usize::from(record.u16(20)?);
        (record.starts_with(*b"PK\x05\x06") && at + FIXED + comment == bytes.len()).then_some(record)
    };
    let mut places = (0..bytes.len()).filter_map(|at| Some((at, ends(at)?)));
    let Some((at, record)) = places.next() else { return Err(WheelError::Zip("it has no end record")) };
    if places.next().is_some() {
        return Err(WheelError::Zip("it has two end records"));
    }
    let at = start + u64::try_from(at).unwrap_or(u64::MAX);
    let short = |at| record.u32(at).ok_or(WheelError::Zip("its end record is cut"));
    let entries = record.u16(10).ok_or(WheelError::Zip("its end record is cut"))?;
    let (bytes, offset) = (short(12)?, short(16)?);
    if entries == u16::MAX || bytes == u32::MAX || offset == u32::MAX {
        return find_large_directory(wheel, at);
    }
    let directory = Directory { entries: entries.into(), bytes: bytes.into(), offset: offset.into() };
    directory.ends_at(at)
}

/// Reads the end record of an archive beyond 4 GB or 65,535 entries (APPNOTE.TXT §4.3.14, §4.3.15).
fn find_large_directory(wheel: &mut (impl Read + Seek), end: u64) -> Result<Directory, WheelError> {
    const CUT: WheelError = WheelError::Zip("its large end record is cut");
    let locator = read_at(wheel, end.checked_sub(20).ok_or(CUT)?, 20)?;
    let locator = Record(&locator);
    if !locator.starts_with(*b"PK\x06\x07") {
        return Err(WheelError::Zip("its large end record is missing"));
    }
    let at = locator.u64(8).ok_or(CUT)?;
    let record = read_at(wheel, at, 56)?;
    let record = Record(&record);
    if !record.starts_with(*b"PK\x06\x06") {
        return Err(WheelError::Zip("its large end record is missing"));
    }
    let field = |at| record.u64(at).ok_or(CUT);
    Directory { entries: field(32)?, bytes: field(40)?, offset: field(48)? }.ends_at(at)
}

impl Directory {
    /// The directory, when it lies right before its end record: a gap could hide a second directory.
    fn ends_at(self, at: u64) -> Result<Self, WheelError> {
        if self.entries > limits::ZIP_ENTRIES || self.bytes > limits::ZIP_DIRECTORY_BYTES {
            return Err(WheelError::Zip("its directory is too large"));
        }
        match self.offset.checked_add(self.bytes) {
            Some(end) if end == at => Ok(self),
            _ => Err(WheelError::Zip("its directory is not where it should be")),
        }
    }
}

/// The entries that could be the wheel's METADATA.
fn find_metadata(wheel: &mut (impl Read + Seek), directory: &Directory) -> Result<Vec<Entry>, WheelError> {
    const CUT: WheelError = WheelError::Zip("its directory is cut");
    let bytes = read_at(wheel, directory.offset, directory.bytes)?;
    let mut rest = bytes.as_slice();
    let mut found = Vec::new();
    for _ in 0..directory.entries {
        let record = Record(rest);
        if !record.starts_with(*b"PK\x01\x02") {
            return Err(CUT);
        }
        let lengths = [28, 30, 32].map(|at| record.u16(at).map(usize::from));
        let [Some(name), Some(extra), Some(comment)] = lengths else { return Err(CUT) };
        let (name_end, extra_end) = (46 + name, 46 + name + extra);
        let (Some(name), Some(extra)) = (rest.get(46..name_end), rest.get(name_end..extra_end)) else {
            return Err(CUT);
        };
        if is_metadata(name) {
            found.push(entry(&record, name, extra).ok_or(CUT)?);
        }
        rest = rest.get(extra_end + comment..).ok_or(CUT)?;
    }
    if rest.is_empty() { Ok(found) } else { Err(WheelError::Zip("its directory has more than its entries")) }
}

/// Reads one entry of the directory (APPNOTE.TXT §4.3.12); encrypted ones are none.
fn entry(record: &Record<'_>, name: &[u8], extra: &[u8]) -> Option<Entry> {
    let is_encrypted = record.u16(8)? & 1 == 1;
    let short = [record.u32(24)?, record.u32(20)?, record.u32(42)?];
    let [unpacked, packed, offset] = large_fields(short, extra)?;
    let entry = Entry {
        name: name.to_vec(),
        method: record.u16(10)?,
        crc: record.u32(16)?,
        packed,
        unpacked,
        offset,
    };
    (!is_encrypted).then_some(entry)
}

/// Replaces fields that are all ones by those of the extra field (APPNOTE.TXT §4.5.3), which has them in this order.
fn large_fields(short: [u32; 3], extra: &[u8]) -> Option<[u64; 3]> {
    let mut large = extra_field(extra, 1).unwrap_or_default();
    let mut fields = [0; 3];
    for (field, short) in fields.iter_mut().zip(short) {
        *field = u64::from(short);
        if short == u32::MAX {
            *field = Record(large).u64(0)?;
            large = large.get(8..)?;
        }
    }
    Some(fields)
}

fn extra_field(mut extra: &[u8], id: u16) -> Option<&[u8]> {
    loop {
        let record = Record(extra);
        let (found, length) = (record.u16(0)?, usize::from(record.u16(2)?));
        let data = extra.get(4..4 + length)?;
        if found == id {
            return Some(data);
        }
        extra = extra.get(4 + length..)?;
    }
}

fn unpack(wheel: &mut (impl Read + Seek), entry: &Entry) -> Result<Vec<u8>, WheelError> {
    const CUT: WheelError = WheelError::Zip("a local header is cut");
    let most = u64::try_from(limits::METADATA_BYTES).unwrap_or(u64::MAX);
    if entry.unpacked > most {
        return Err(WheelError::TooLarge);
    }
    let local = read_at(wheel, entry.offset, 30)?;
    let local = Record(&local);
    let (Some(name), Some(extra)) = (local.u16(26), local.u16(28)) else { return Err(CUT) };
    let written = read_at(wheel, entry.offset.saturating_add(30), name.into())?;
    // An archive that names an entry differently in its two places shows different files to different readers.
    if !local.starts_with(*b"PK\x03\x04") || written != entry.name {
        return Err(WheelError::Zip("a local header contradicts the directory"));
    }
    wheel.seek(SeekFrom::Current(extra.into()))?;
    let packed = wheel.take(entry.packed);
    let mut bytes = Vec::new();
    match entry.method {
        0 => packed.take(most + 1).read_to_end(&mut bytes)?,
        8 => DeflateDecoder::new(packed).take(most + 1).read_to_end(&mut bytes)?,
        _ => return Err(WheelError::Zip("its METADATA is packed in a way wheels do not use")),
    };
    let mut crc = Crc::new();
    crc.update(&bytes);
    if u64::try_from(bytes.len()) != Ok(entry.unpacked) || crc.sum() != entry.crc {
        return Err(WheelError::Zip("its METADATA contradicts the directory"));
    }
    Ok(bytes)
}

fn read_at(wheel: &mut (impl Read + Seek), at: u64, length: u64) -> io::Result<Vec<u8>> {
    wheel.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    wheel.take(length).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()) == Ok(length) {
        Ok(bytes)
    } else {
        Err(io::ErrorKind::UnexpectedEof.into())
    }
}

impl Record<'_> {
    fn starts_with(&self, signature: [u8; 4]) -> bool {
        self.0.starts_with(&signature)
    }

    fn array<const N: usize>(&self, at: usize) -> Option<[u8; N]> {
        self.0.get(at..)?.first_chunk().copied()
    }

    fn u16(&self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_le_bytes)
    }

    fn u32(&self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_le_bytes)
    }

    fn u64(&self, at: usize) -> Option<u64> {
        self.array(at).map(u64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    /// An archive of stored entries: name in the directory, name in the local header, bytes.
    fn archive(entries: &[(&str, &str, &[u8])]) -> Vec<u8> {
        let (mut body, mut directory) = (Vec::new(), Vec::new());
        for (name, local_name, bytes) in entries {
            let mut crc = Crc::new();
            crc.update(bytes);
            let length = u32::try_from(bytes.len()).unwrap().to_le_bytes();
            let offset = u32::try_from(body.len()).unwrap().to_le_bytes();
            let name_length = |name: &str| u16::try_from(name.len()).unwrap().to_le_bytes();
            let sizes = [&crc.sum().to_le_bytes()[..], &length, &length].concat();
            body.extend(
                [b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0", &sizes[..], &name_length(local_name), b"\0\0"].concat(),
            );
            body.extend([local_name.as_bytes(), bytes].concat());
            directory
                .extend([b"PK\x01\x02\x14\0\x14\0\0\0\0\0\0\0\0\0", &sizes[..], &name_length(name)].concat());
            directory.extend([&[0; 12][..], &offset, name.as_bytes()].concat());
        }
        let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
        let sizes = [directory.len(), body.len()].map(|size| u32::try_from(size).unwrap().to_le_bytes());
        let end = [b"PK\x05\x06\0\0\0\0", &count[..], &count, &sizes[0], &sizes[1], b"\0\0"].concat();
        [body, directory, end].concat()
    }

    fn read(archive: Vec<u8>) -> Result<String, WheelError> {
        metadata(&mut Cursor::new(archive)).map(|bytes| String::from_utf8(bytes).unwrap())
    }

    const METADATA: &str = "six-1.17.0.dist-info/METADATA";

    #[test]
    fn the_metadata_at_the_top_is_found() {
        let vendored = "six/_vendor/ctx-0.1.dist-info/METADATA";
        let wheel = archive(&[
            ("six.py", "six.py", b"x"),
            (vendored, vendored, b"no"),
            (METADATA, METADATA, b"Name: six"),
        ]);
        assert_eq!(read(wheel).unwrap(), "Name: six");
    }

    #[test]
    fn none_and_two_are_errors() {
        assert!(matches!(read(archive(&[])), Err(WheelError::Count(0))));
        let twice = archive(&[(METADATA, METADATA, b"one"), (METADATA, METADATA, b"two")]);
        assert!(matches!(read(twice), Err(WheelError::Count(2))));
        let other = "seven-1.0.dist-info/METADATA";
        let both = archive(&[(METADATA, METADATA, b"one"), (other, other, b"two")]);
        assert!(matches!(read(both), Err(WheelError::Count(2))));
    }

    #[test]
    fn an_archive_that_contradicts_itself_is_an_error() {
        assert!(read(archive(&[(METADATA, "six-1.17.0.dist-info/metadata", b"x")])).is_err());
        let sound = archive(&[(METADATA, METADATA, b"Name: six")]);
        let mut changed = sound.clone();
        let at = sound.windows(4).position(|bytes| bytes == b"Name").unwrap();
        changed[at] = b'n';
        assert!(matches!(read(changed), Err(WheelError::Zip(_))));
        assert!(read([b"MZ".to_vec(), sound.clone()].concat()).is_err(), "bytes in front move the directory");
        assert!(read([sound.clone(), b"x".to_vec()].concat()).is_err());
        assert!(read([sound.clone(), sound].concat()).is_err());
    }

    #[test]
    fn no_cut_or_changed_byte_makes_it_panic() {
        let sound = archive(&[("six.py", "six.py", b"x"), (METADATA, METADATA, b"Name: six")]);
        for at in 0..sound.len() {
            assert!(read(sound[..at].to_vec()).is_err());
            for value in [0, 1, 0x7f, 0xff] {
                let mut changed = sound.clone();
                changed[at] = value;
                let _ = read(changed);
            }
        }
    }
}
