//! One member: its local header, its data, and what may stand behind the data.

use std::io::Read;

use flate2::{Crc, Decompress, FlushDecompress, Status};

use super::{
    Stream,
    directory::{Entry, STORED, Shared},
    fields::{Fields, is_harmless},
};
use crate::archive::{
    contents::{Collector, Piecewise},
    error::ArchiveError,
    limits,
};

const LOCAL_SIGNATURE: u32 = 0x0403_4b50;
const DESCRIPTOR_SIGNATURE: u32 = 0x0807_4b50;

/// Reads members one after the other.
pub(super) struct Members {
    inflater: Decompress,
    buffer: Vec<u8>,
}

impl Members {
    pub(super) fn new() -> Self {
        Self { inflater: Decompress::new(false), buffer: vec![0; limits::BUFFER_BYTES] }
    }

    /// Reads the member that the directory lists next; it has to be the next in the file.
    pub(super) fn read<R: Read>(
        &mut self,
        stream: &mut Stream<R>,
        entry: &Entry<'_>,
        collector: &mut Collector<'_>,
    ) -> Result<(), ArchiveError> {
        if u64::from(entry.offset) != stream.position {
            let fault = "something stands in front of it, or it is not where the directory says";
            return Err(ArchiveError::ambiguous(Some(&entry.path), fault));
        }
        check_local_header(stream, entry)?;
        match (entry.is_folder, entry.shared.packed) {
            (false, packed) => {
                let mut file = collector.file(entry.path.clone(), u64::from(entry.shared.size))?;
                let crc = match entry.shared.method {
                    STORED => copy(stream, packed, &mut file)?,
                    _ => self.inflate(stream, packed, &mut file)?,
                };
                if crc != entry.shared.crc {
                    return Err(ArchiveError::malformed(
                        Some(file.path()),
                        "its bytes do not have their checksum",
                    ));
                }
                file.finish()?;
            }
            (true, 0) => collector.folder(entry.path.clone())?,
            (true, _) => {
                let fault = "it is a folder with bytes of its own";
                return Err(ArchiveError::ambiguous(Some(&entry.path), fault));
            }
        }
        check_descriptor(stream, entry)
    }

    fn inflate<R: Read>(
        &mut self,
        stream: &mut Stream<R>,
        packed: u32,
        file: &mut Piecewise<'_, '_>,
    ) -> Result<u32, ArchiveError> {
        let Self { inflater, buffer } = self;
        inflater.reset(false);
        let mut crc = Crc::new();
        loop {
            let left = u64::from(packed).saturating_sub(inflater.total_in());
            let (read, written) = (inflater.total_in(), inflater.total_out());
            let status = inflater
                .decompress(stream.peek(left)?, buffer, FlushDecompress::None)
                .map_err(|_| ArchiveError::malformed(Some(file.path()), "its data is not deflate's"))?;
            let (read, written) = (inflater.total_in() - read, inflater.total_out() - written);
            stream.consume(usize::try_from(read).unwrap_or(usize::MAX));
            let piece =
                usize::try_from(written).ok().and_then(|written| buffer.get(..written)).unwrap_or_default();
            crc.update(piece);
            file.write(piece)?;
            stream.unpacked(piece.len())?;
            if status == Status::StreamEnd {
                break;
            }
            if read == 0 && written == 0 {
                return Err(ends_early(file));
            }
        }
        // Bytes behind the end of the compressed data are seen by nobody but whoever looks for them.
        match inflater.total_in() == u64::from(packed) {
            true => Ok(crc.sum()),
            false => {
                Err(ArchiveError::ambiguous(Some(file.path()), "something stands behind its compressed data"))
            }
        }
    }
}

/// Compares the local header (APPNOTE 4.3.7) with the directory's entry, to the last bit that both have.
fn check_local_header<R: Read>(stream: &mut Stream<R>, entry: &Entry<'_>) -> Result<(), ArchiveError> {
    let ambiguous = |fault| Err(ArchiveError::ambiguous(Some(&entry.path), fault));
    let header: [u8; 30] = stream.exact()?;
    let Some((mut local, name, extra)) = parse_local_header(&header) else {
        return ambiguous("no header stands where the directory says it is");
    };
    let mut buffer = vec![0; usize::from(name) + usize::from(extra)];
    stream.fill(&mut buffer)?;
    let (name, extra) = buffer.split_at_checked(usize::from(name)).unwrap_or_default();
    local.name = name;
    // APPNOTE 4.4.4, bit 3: here the three stand as zero when they follow the data.
    if local.sizes_behind() && [local.crc, local.packed, local.size] == [0; 3] {
        let central = &entry.shared;
        (local.crc, local.packed, local.size) = (central.crc, central.packed, central.size);
    }
    match () {
        () if local != entry.shared => ambiguous("its two headers differ"),
        () if !is_harmless(extra) => ambiguous("an extra field changes what it is for some readers"),
        () => Ok(()),
    }
}

fn parse_local_header(header: &[u8]) -> Option<(Shared<'_>, u16, u16)> {
    let mut fields = Fields(header);
    (fields.u32()? == LOCAL_SIGNATURE).then_some(())?;
    Some((Shared::parse(&mut fields)?, fields.u16()?, fields.u16()?))
}

/// Compares what stands behind the data, if something does (APPNOTE 4.3.9), with the directory's entry. Its signature
/// is optional by the format and required here: without it, a checksum of the signature's value has two readings.
fn check_descriptor<R: Read>(stream: &mut Stream<R>, entry: &Entry<'_>) -> Result<(), ArchiveError> {
    if !entry.shared.sizes_behind() {
        return Ok(());
    }
    let bytes: [u8; 16] = stream.exact()?;
    let mut fields = Fields(&bytes);
    let found = [fields.u32(), fields.u32(), fields.u32(), fields.u32()];
    let central = &entry.shared;
    match found == [DESCRIPTOR_SIGNATURE, central.crc, central.packed, central.size].map(Some) {
        true => Ok(()),
        false => {
            let fault = "the sizes behind it differ from those in the directory";
            Err(ArchiveError::ambiguous(Some(&entry.path), fault))
        }
    }
}

fn copy<R: Read>(
    stream: &mut Stream<R>,
    packed: u32,
    file: &mut Piecewise<'_, '_>,
) -> Result<u32, ArchiveError> {
    let mut crc = Crc::new();
    let mut left = u64::from(packed);
    while left > 0 {
        let piece = stream.peek(left)?;
        if piece.is_empty() {
            return Err(ends_early(file));
        }
        crc.update(piece);
        file.write(piece)?;
        let count = piece.len();
        left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
        stream.consume(count);
        stream.unpacked(count)?;
    }
    Ok(crc.sum())
}

fn ends_early(file: &Piecewise<'_, '_>) -> ArchiveError {
    ArchiveError::malformed(Some(file.path()), "its data ends early")
}
