//! Reads a bundle, which anybody may have written.
//!
//! # Invariants
//! - Every length is known before a byte of it is unpacked, and the archive may not grow by more than
//!   [`limits::BUNDLE_GROWTH`] on the way: a megabyte does not become a terabyte of zeros.
//! - Nothing of a bundle is used before all of it was read, down to the last byte of the file.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Read},
    path::Path,
};

use covouch_core::digest::{Sha256, Sha256Stream};
use flate2::bufread::GzDecoder;

use super::{BundleError, manifest::Manifest, pack::member, tape, wire};
use crate::{limits, state::Cache};

/// A bundle that was read whole: every blob has the digest its manifest names. Nothing else of it is known yet.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// What is in it.
    pub manifest: Manifest,
    /// The blobs.
    pub blobs: Cache,
    /// The digest of the whole file.
    pub sha256: Sha256,
    /// The length of the whole file.
    pub length: u64,
}

/// Takes one blob from a reader, which ends where the blob does, and says what its digest is.
type Keep<'a> = &'a mut dyn FnMut(&mut dyn Read) -> Result<Sha256, BundleError>;

/// Reads a bundle; its blobs are unpacked into this cache.
///
/// # Errors
/// [`BundleError`] for anything but a bundle as [`super::write`] makes them, whole.
pub fn read(path: &Path, blobs: &Cache) -> Result<Bundle, BundleError> {
    let file = File::open(path).map_err(|error| BundleError::unreadable(path, &error))?;
    let keep: Keep<'_> = &mut |blob| {
        let mut writer = blobs.writer()?;
        let mut buffer = vec![0; limits::BUNDLE_BUFFER_BYTES];
        loop {
            match blob.read(&mut buffer).map_err(damaged)? {
                0 => break,
                count => writer.write(buffer.get(..count).unwrap_or_default())?,
            }
        }
        Ok(writer.finish()?.sha256())
    };
    let (manifest, sha256, length) = unpack(file, keep)?;
    Ok(Bundle { manifest, blobs: blobs.clone(), sha256, length })
}

/// Reads an archive to its end.
pub(super) fn unpack(source: impl Read, keep: Keep<'_>) -> Result<(Manifest, Sha256, u64), BundleError> {
    let counted = Counted { source, hash: Sha256Stream::default(), length: 0 };
    let packed = BufReader::with_capacity(limits::BUNDLE_BUFFER_BYTES, counted);
    let mut archive = Archive { gzip: GzDecoder::new(packed), unpacked: 0, has_grown: false };
    let read = archive.all(keep);
    if archive.has_grown {
        return Err(BundleError::TooLarge("it unpacks to far more than it is"));
    }
    let manifest = read?;
    let mut packed = archive.gzip.into_inner();
    if !packed.fill_buf().map_err(damaged)?.is_empty() {
        return Err(BundleError::malformed("something follows its end".to_owned()));
    }
    let Counted { hash, length, .. } = packed.into_inner();
    Ok((manifest, hash.finish(), length))
}

/// The unpacked archive, on its way.
struct Archive<R> {
    gzip: GzDecoder<BufReader<Counted<R>>>,
    unpacked: u64,
    has_grown: bool,
}

impl<R: Read> Archive<R> {
    fn all(&mut self, keep: Keep<'_>) -> Result<Manifest, BundleError> {
        let length = self.header(tape::MANIFEST)?;
        if length > limits::BUNDLE_MANIFEST_BYTES {
            return Err(BundleError::TooLarge("its manifest is longer than any"));
        }
        let mut json = Vec::new();
        self.by_ref().take(length).read_to_end(&mut json).map_err(damaged)?;
        self.padding(length)?;
        let manifest = wire::parse(&json)?;
        for (expected, length) in manifest.blobs() {
            if self.header(&member(&expected))? != length {
                return Err(BundleError::malformed("a blob is not as long as its manifest says".to_owned()));
            }
            let found = keep(&mut self.by_ref().take(length))?;
            if found != expected {
                return Err(BundleError::Changed { expected, found });
            }
            self.padding(length)?;
        }
        for _ in 0..2 {
            if tape::block(self).map_err(damaged)? != [0; tape::BLOCK] {
                return Err(BundleError::malformed("it holds more than its manifest names".to_owned()));
            }
        }
        match self.read(&mut [0]).map_err(damaged)? {
            0 => Ok(manifest),
            _ => Err(BundleError::malformed("something follows its end".to_owned())),
        }
    }

    fn header(&mut self, name: &str) -> Result<u64, BundleError> {
        let block = tape::block(self).map_err(damaged)?;
        let other = || BundleError::malformed(format!("it does not hold `{name}` where it should"));
        tape::length(&block, name).ok_or_else(other)
    }

    fn padding(&mut self, length: u64) -> Result<(), BundleError> {
        match tape::is_padded(self, length).map_err(damaged)? {
            true => Ok(()),
            false => Err(BundleError::malformed("something stands between its members".to_owned())),
        }
    }
}

impl<R: Read> Read for Archive<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.gzip.read(buffer)?;
        self.unpacked = self.unpacked.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        let packed = self.gzip.get_ref().get_ref().length;
        let most = packed.saturating_mul(limits::BUNDLE_GROWTH).saturating_add(limits::BUNDLE_SLACK_BYTES);
        if self.unpacked > most {
            self.has_grown = true;
            return Err(io::Error::other("it unpacks to far more than it is"));
        }
        Ok(count)
    }
}

struct Counted<R> {
    source: R,
    hash: Sha256Stream,
    length: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.hash.update(buffer.get(..count).unwrap_or_default());
        self.length = self.length.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}

/// Bytes that cannot be unpacked: of a file on disk, they were cut short or changed.
fn damaged(error: io::Error) -> BundleError {
    BundleError::Damaged(error.to_string())
}
