//! Writes a bundle.

use std::{
    io::{self, Write},
    path::Path,
};

use covouch_core::digest::{Sha256, Sha256Stream};
use flate2::{Compression, GzBuilder};

use super::{BundleError, manifest::Manifest, tape, wire};
use crate::state::{Cache, write_project_file_with};

/// A bundle that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its digest: whoever learns it on another way than the bundle's knows that this is the bundle.
    pub sha256: Sha256,
    /// How many bytes it has.
    pub length: u64,
}

/// Writes what a manifest names, taken from a cache, as one file. The file is there whole, or as it was.
///
/// # Errors
/// [`BundleError`] when a blob is not in the cache, or the disk says no.
pub fn write(path: &Path, manifest: &Manifest, blobs: &Cache) -> Result<Written, BundleError> {
    let mut written = Written { sha256: Sha256::of(b""), length: 0 };
    write_project_file_with(path, &mut |file| {
        written = pack(file, manifest, blobs)?;
        Ok(())
    })?;
    Ok(written)
}

/// The archive, packed. No times, no names of people or machines, one compression: the same content, the same bytes.
pub(super) fn pack(to: &mut dyn Write, manifest: &Manifest, blobs: &Cache) -> io::Result<Written> {
    let counted = Counted { to, hash: Sha256Stream::default(), length: 0 };
    let mut archive = GzBuilder::new().mtime(0).operating_system(255).write(counted, Compression::default());
    let json = wire::render(manifest);
    let length = u64::try_from(json.len()).map_err(io::Error::other)?;
    tape::write(&mut archive, tape::MANIFEST, length, &mut &json[..])?;
    for (sha256, length) in manifest.blobs() {
        let blob = blobs.open(&sha256).map_err(io::Error::other)?;
        let mut blob =
            blob.ok_or_else(|| io::Error::other(format!("sha256:{sha256} is not there any more")))?;
        tape::write(&mut archive, &member(&sha256), length, &mut blob)?;
    }
    tape::end(&mut archive)?;
    let Counted { hash, length, .. } = archive.finish()?;
    Ok(Written { sha256: hash.finish(), length })
}

/// The name of a blob in the archive.
pub(super) fn member(sha256: &Sha256) -> String {
    format!("blobs/{sha256}")
}

struct Counted<'a> {
    to: &'a mut dyn Write,
    hash: Sha256Stream,
    length: u64,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.to.write(bytes)?;
        self.hash.update(bytes.get(..count).unwrap_or_default());
        self.length = self.length.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
