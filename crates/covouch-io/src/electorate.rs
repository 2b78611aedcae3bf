//! What a folder of statements holds about an electorate: its documents, and the chains that its count needs.
//!
//! # Invariants
//! - A document that nobody vouches for yet only says which chains to open; it is believed by its digest, and who
//!   signed it is checked with the chains.
//!
//! # Not here
//! Which version holds, and counting: `covouch_graph::tally`.

use std::{collections::BTreeSet, fs, path::Path};

use covouch_core::{
    key::PublicKey,
    statement::{Electorate, ElectorateId, Envelope, chain::Chain, peek_electorate},
};

use crate::folder::{self, FolderError};

/// Every version of every electorate that stands in a folder, signed by whomever, in order of their ids.
///
/// # Errors
/// [`FolderError`] when the folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Electorate>, FolderError> {
    let disk = |error| FolderError::Disk { path: folder.to_owned(), error };
    if !folder.is_dir() {
        return Err(FolderError::Missing { path: folder.to_owned() });
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(disk)? {
        let path = entry.map_err(disk)?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            let bytes = folder::read_file(&path)?.unwrap_or_default();
            let lines = bytes.split(|byte| *byte == b'\n');
            found.extend(lines.filter_map(|line| peek_electorate(&Envelope::parse(line).ok()?)));
        }
    }
    found.sort_by_key(Electorate::id);
    found.dedup_by_key(|electorate| electorate.id());
    Ok(found)
}

/// The chains of an electorate's admins, voters and seeds, of all its versions, and of every key that those lead to.
/// Empty when the folder does not have its first version.
///
/// # Errors
/// [`FolderError`] for the first chain that is broken: half a folder is never evidence.
pub fn read(folder: &Path, electorate: &ElectorateId) -> Result<Vec<Chain>, FolderError> {
    let versions = list(folder)?;
    let versions = versions.iter().filter(|version| version.electorate() == *electorate);
    let keys: BTreeSet<PublicKey> = versions.flat_map(Electorate::keys).copied().collect();
    folder::read(folder, &Vec::from_iter(keys))
}
