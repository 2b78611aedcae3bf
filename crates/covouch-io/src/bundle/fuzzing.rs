//! What fuzzing asserts about bundles. Not for use.

use std::io;

use covouch_core::digest::Sha256;

use super::{BundleError, pack::member, tape, unpack, wire};
use crate::state::hash;

/// Reads an archive, given packed or as the tar inside, without keeping anything.
#[doc(hidden)]
pub fn read(bytes: &[u8]) -> Result<Sha256, BundleError> {
    let (manifest, sha256, length) = unpack::unpack(bytes, &mut |blob| {
        let mut blob = blob;
        hash(&mut blob).map(|(sha256, _)| sha256).map_err(|error| BundleError::Damaged(error.to_string()))
    })?;
    assert!(usize::try_from(length).is_ok_and(|length| length == bytes.len()), "all of it was read");
    // One spelling: what was read is what would be written.
    assert_eq!(wire::parse(&wire::render(&manifest)).as_ref(), Ok(&manifest));
    Ok(sha256)
}

/// Packs a manifest, as it stands, and blobs, each under its digest, into an archive.
#[doc(hidden)]
pub fn pack(manifest: &[u8], blobs: &[&[u8]]) -> io::Result<Vec<u8>> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let length = |bytes: &[u8]| u64::try_from(bytes.len()).map_err(io::Error::other);
    tape::write(&mut gzip, tape::MANIFEST, length(manifest)?, &mut &*manifest)?;
    for blob in blobs {
        tape::write(&mut gzip, &member(&Sha256::of(blob)), length(blob)?, &mut &**blob)?;
    }
    tape::end(&mut gzip)?;
    gzip.finish()
}
