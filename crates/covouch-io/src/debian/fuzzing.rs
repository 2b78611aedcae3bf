//! The parsers of outside bytes, one by one, for the fuzz targets alone: everybody else goes through signatures and
//! digests first.

use covouch_core::{digest::Sha256, time::Timestamp};

use super::{
    Keyring, Suite, apt,
    refresh::unpack,
    release::{Packing, Release},
    sources,
    table::{Index, Table},
};
use crate::network::Validators;

/// Checks a signed text with this keyring; the text when it is good.
///
/// # Errors
/// Why it is not.
pub fn check(keyring: &Keyring, bytes: &[u8], now: Timestamp) -> Result<String, String> {
    keyring.check(bytes, now).map(|signed| signed.text).map_err(|fault| fault.to_string())
}

/// Reads a `Release`; the size of the list it names.
///
/// # Errors
/// What is wrong with it.
pub fn release(text: &str, suite: &Suite) -> Result<u64, String> {
    Release::parse(text, suite).map(|release| release.sources.length).map_err(|fault| fault.to_string())
}

/// Reads a list of source packages, packed or not.
///
/// # Errors
/// What is wrong with it.
pub fn sources(bytes: &[u8]) -> Result<Vec<(Sha256, String, String)>, String> {
    let tarballs = match bytes {
        [0xfd, b'7', b'z', ..] => unpack(Packing::Xz, bytes),
        [0x1f, 0x8b, ..] => unpack(Packing::Gzip, bytes),
        _ => sources::read(bytes),
    };
    let named = |tarball: sources::Tarball| (tarball.sha256, tarball.package.into(), tarball.version.into());
    Ok(tarballs.map_err(|error| error.to_string())?.into_iter().map(named).collect())
}

/// Reads a table of sightings; how many it finds of these digests.
#[must_use]
pub fn table(bytes: &[u8], digests: &[Sha256]) -> Option<usize> {
    let table = Table::parse(bytes.to_vec())?;
    Some(digests.iter().map(|digest| table.find(digest).count()).sum())
}

/// A table of what stands in a list.
///
/// # Errors
/// What is wrong with the list.
pub fn table_of(list: &[u8], suite: &Suite, date: Timestamp) -> Result<Vec<u8>, String> {
    let tarballs = sources::read(list).map_err(|error| error.to_string())?;
    let index = Index {
        suite: suite.clone(),
        codename: suite.to_string(),
        date,
        valid_until: None,
        checked: date,
        url: String::new(),
        sha256: Sha256::of(list),
        validators: Validators::default(),
    };
    Ok(Table::default().with(&index, &tarballs).map(Table::into_bytes).unwrap_or_default())
}

/// Reads a file of apt's sources in both of its styles; how many mirrors it names.
#[must_use]
pub fn apt(text: &str) -> usize {
    apt::mirrors_in(text)
}
