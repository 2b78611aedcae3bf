//! Tar files under gzip that every tar program reads alike.
//!
//! Tar has grown three ways to say what a member is called and how long it is (ustar's header, GNU's and pax's
//! extra members), and programs differ in which they know and which wins. Here the later ways are accepted only
//! where the first has no room, and never for lengths.
//!
//! # Not here
//! Links, devices, sparse files and multiple volumes: an installer may make anything of them.

mod header;
mod pax;

use std::io::{BufRead, BufReader, Read};

use flate2::bufread::GzDecoder;

use self::header::{Header, Kind};
use super::{
    contents::{Collector, Contents, Keep},
    error::{ArchiveError, Fault},
    limits,
    path::MemberPath,
    source::Source,
};

const BLOCK: usize = 512;

/// Reads a tar file under gzip.
pub(super) fn read<R: Read>(reader: R, keep: Keep<'_>) -> Result<Contents, ArchiveError> {
    let mut stream = Stream::new(reader);
    let mut collector = Collector::new(keep);
    let mut name = LongName::default();
    while let Some(header) = Header::parse(&stream.block()?)? {
        match header.kind {
            Kind::Pax => name.pax(&stream.body(header.size)?)?,
            Kind::PaxGlobal => pax::check_global(&stream.body(header.size)?)?,
            Kind::GnuLongName => name.gnu(&stream.body(header.size)?)?,
            Kind::Folder | Kind::File => {
                member(&mut stream, &header, std::mem::take(&mut name), &mut collector)?
            }
        }
    }
    if !name.is_empty() {
        return Err(ArchiveError::malformed(None, "it ends with the name of a member that is missing"));
    }
    Ok(collector.finish(stream.finish()?))
}

fn member<R: Read>(
    stream: &mut Stream<R>,
    header: &Header,
    name: LongName,
    collector: &mut Collector<'_>,
) -> Result<(), ArchiveError> {
    let name = name.settle(header)?;
    if header.kind == Kind::Folder {
        let path = MemberPath::read(name.strip_suffix(b"/").unwrap_or(&name))?;
        return match header.size {
            0 => collector.folder(path),
            _ => Err(ArchiveError::ambiguous(Some(&path), "it is a folder with bytes of its own")),
        };
    }
    let mut file = collector.file(MemberPath::read(&name)?, header.size)?;
    let mut left = header.size;
    while left > 0 {
        let piece = stream.peek(left)?;
        let count = piece.len();
        file.write(piece)?;
        left = left.saturating_sub(u64::try_from(count).unwrap_or(u64::MAX));
        stream.consume(count)?;
    }
    file.finish()?;
    stream.padding(header.size)
}

/// What stands in front of a member and says its name.
#[derive(Default)]
struct LongName {
    pax: Option<Option<Vec<u8>>>,
    gnu: Option<Vec<u8>>,
}

impl LongName {
    fn is_empty(&self) -> bool {
        self.pax.is_none() && self.gnu.is_none()
    }

    fn pax(&mut self, body: &[u8]) -> Result<(), ArchiveError> {
        self.check_first()?;
        self.pax = Some(pax::path(body)?);
        Ok(())
    }

    fn gnu(&mut self, body: &[u8]) -> Result<(), ArchiveError> {
        self.check_first()?;
        let name = body.strip_suffix(&[0]).unwrap_or(body);
        self.gnu = Some(name.to_vec());
        Ok(())
    }

    /// Which of two would count is something programs differ about.
    fn check_first(&self) -> Result<(), ArchiveError> {
        match self.is_empty() {
            true => Ok(()),
            false => Err(ArchiveError::ambiguous(None, "two extended headers describe one member")),
        }
    }

    /// The member's name: another than the header's only where the header has no room for it.
    fn settle(self, header: &Header) -> Result<Vec<u8>, ArchiveError> {
        let refuse =
            |name: &[u8], fault: Fault| Err(ArchiveError::ambiguous(Some(&MemberPath::read(name)?), fault));
        match (self.pax.flatten(), self.gnu) {
            (Some(name), _) if name == header.name => Ok(name),
            (Some(name), _) if name.len() > header::NAME_BYTES || !name.is_ascii() => Ok(name),
            (Some(name), _) => refuse(&name, "a pax header gives it another name than its own"),
            (None, Some(name)) if name.starts_with(&header.name) && name.len() >= header::NAME_BYTES => {
                Ok(name)
            }
            (None, Some(name)) => refuse(&name, "a GNU header gives it another name than its own"),
            (None, None) => Ok(header.name.clone()),
        }
    }
}

/// The unpacked bytes.
struct Stream<R: Read> {
    reader: BufReader<GzDecoder<BufReader<Source<R>>>>,
    unpacked: u64,
}

impl<R: Read> Stream<R> {
    fn new(reader: R) -> Self {
        let packed = BufReader::with_capacity(limits::BUFFER_BYTES, Source::new(reader));
        let reader = BufReader::with_capacity(limits::BUFFER_BYTES, GzDecoder::new(packed));
        Self { reader, unpacked: 0 }
    }

    /// Between one byte and `most`, which stay where they are until consumed.
    fn peek(&mut self, most: u64) -> Result<&[u8], ArchiveError> {
        if let Err(error) = self.reader.fill_buf() {
            return Err(self.fault(error));
        }
        let buffer = self.reader.buffer();
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(buffer.len());
        match buffer.get(..most) {
            Some(piece) if !piece.is_empty() => Ok(piece),
            _ => Err(ArchiveError::malformed(None, "it ends early")),
        }
    }

    fn consume(&mut self, count: usize) -> Result<(), ArchiveError> {
        self.reader.consume(count);
        self.count(count)
    }

    fn count(&mut self, count: usize) -> Result<(), ArchiveError> {
        self.unpacked = self.unpacked.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        let packed = self.reader.get_ref().get_ref().get_ref().bytes();
        limits::check_unpacked(self.unpacked, packed)
    }

    fn block(&mut self) -> Result<[u8; BLOCK], ArchiveError> {
        let mut block = [0; BLOCK];
        self.fill(&mut block)?;
        Ok(block)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), ArchiveError> {
        self.reader.read_exact(bytes).map_err(|error| self.fault(error))?;
        self.count(bytes.len())
    }

    /// The body of an extended header.
    fn body(&mut self, size: u64) -> Result<Vec<u8>, ArchiveError> {
        let too_large =
            ArchiveError::TooLarge { what: "bytes in an extended header", limit: limits::PAX_BYTES };
        if size > limits::PAX_BYTES {
            return Err(too_large);
        }
        let mut body = vec![0; usize::try_from(size).map_err(|_| too_large)?];
        self.fill(&mut body)?;
        self.padding(size)?;
        Ok(body)
    }

    /// Passes over what fills the last block; it is nobody's, so it is nothing.
    fn padding(&mut self, size: u64) -> Result<(), ArchiveError> {
        let used = usize::try_from(size % 512).unwrap_or(0);
        let mut padding = [0; BLOCK];
        let padding = padding.get_mut(used..).filter(|_| used > 0).unwrap_or_default();
        self.fill(padding)?;
        check_zero(padding)
    }

    /// Reads to the end: after the second empty block only zeros (blocking), then the end of the one gzip member,
    /// then the end of the file.
    fn finish(mut self) -> Result<covouch_core::digest::Sha256, ArchiveError> {
        check_zero(&self.block()?)?;
        loop {
            let count = match self.reader.fill_buf() {
                Ok([]) => break,
                Ok(rest) => {
                    check_zero(rest)?;
                    rest.len()
                }
                Err(error) => return Err(self.fault(error)),
            };
            self.consume(count)?;
        }
        let mut packed = self.reader.into_inner().into_inner();
        match packed.fill_buf() {
            Ok([]) => Ok(packed.into_inner().digest()),
            Ok(_) => Err(ArchiveError::ambiguous(None, "something stands behind its compressed data")),
            Err(error) => Err(ArchiveError::Unreadable(error)),
        }
    }

    /// Tells a reader that failed from an archive that is wrong.
    fn fault(&self, error: std::io::Error) -> ArchiveError {
        match self.reader.get_ref().get_ref().get_ref().failed() {
            true => ArchiveError::Unreadable(error),
            false => ArchiveError::malformed(None, "it is not gzip's, or cut short"),
        }
    }
}

fn check_zero(bytes: &[u8]) -> Result<(), ArchiveError> {
    match bytes.iter().all(|byte| *byte == 0) {
        true => Ok(()),
        false => Err(ArchiveError::ambiguous(None, "something stands where members end")),
    }
}
