//! The contents of a wheel, which is a ZIP file.

use std::io::{Read, Seek};

use super::{contents::Contents, error::ArchiveError, path::MemberPath, zip};

/// Reads a wheel; keeps the bytes of the files that `keep` names.
///
/// # Errors
/// [`ArchiveError`] when the wheel cannot be read, or not in one way only.
pub fn read(reader: impl Read + Seek, keep: &dyn Fn(&MemberPath) -> bool) -> Result<Contents, ArchiveError> {
    zip::read(reader, keep)
}
