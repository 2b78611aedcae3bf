//! The contents of an sdist: one folder in a tar file under gzip, or in a ZIP file.

use std::io::{Read, Seek};

use super::{contents::Contents, error::ArchiveError, path::MemberPath, tar, zip};
use crate::filename::Archive;

/// Reads an sdist; keeps the bytes of the files that `keep` names. Paths are those below the sdist's one folder.
///
/// # Errors
/// [`ArchiveError`] when the sdist cannot be read, not in one way only, or has anything beside its one folder
/// (PEP 625, and packaging.python.org, "Source distribution file format").
pub fn read(
    reader: impl Read + Seek,
    archive: Archive,
    keep: &dyn Fn(&MemberPath) -> bool,
) -> Result<Contents, ArchiveError> {
    let keep_below = |path: &MemberPath| below_root(path).is_ok_and(|path| keep(&path));
    let contents = match archive {
        Archive::TarGz => tar::read(reader, &keep_below)?,
        Archive::Zip => zip::read(reader, &keep_below)?,
    };
    let mut roots = contents.members().keys().chain(contents.folders()).map(|path| path.split_top().0);
    let root = roots.next().map(str::to_owned);
    if roots.any(|other| Some(other) != root.as_deref()) {
        return Err(ArchiveError::malformed(None, "an sdist is one folder"));
    }
    contents.rename(below_root)
}

fn below_root(path: &MemberPath) -> Result<MemberPath, ArchiveError> {
    match path.split_top().1 {
        Some(rest) => MemberPath::read(rest.as_bytes()),
        None => Err(ArchiveError::malformed(Some(path), "an sdist is one folder")),
    }
}
