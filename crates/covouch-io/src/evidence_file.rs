//! Evidence files on disk: packed, and read no further than anybody needs.

use std::{
    fs::File,
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
};

use covouch_core::{
    code::Code,
    evidence_lock::{EvidenceFile, PartsError},
    hint::Hint,
    limits,
};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};

/// Why an evidence file could not be read.
#[derive(Debug, thiserror::Error)]
#[error("`{path}`: {error}", path = path.display())]
pub struct EvidenceFileError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub error: PartsError,
}

impl EvidenceFileError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.error.code()
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        self.error.hint()
    }
}

/// Reads an evidence file; nothing where there is none.
///
/// # Errors
/// [`EvidenceFileError`] when it is there and cannot be read whole.
pub fn read(path: &Path) -> Result<Option<EvidenceFile>, EvidenceFileError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(path, PartsError::Packing(error.to_string()))),
    };
    unpack(file).map(Some).map_err(|error| failed(path, error))
}

fn failed(path: &Path, error: PartsError) -> EvidenceFileError {
    EvidenceFileError { path: path.to_owned(), error }
}

/// Reads a packed evidence file.
///
/// # Errors
/// [`PartsError`] when it cannot be read whole.
pub fn unpack(packed: impl io::Read) -> Result<EvidenceFile, PartsError> {
    // One byte more than the limit, so that too much shows: a small file may unpack to a very large one.
    let most = u64::try_from(limits::EVIDENCE_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut bytes = Vec::new();
    GzDecoder::new(packed)
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| PartsError::Packing(error.to_string()))?;
    EvidenceFile::parse(&bytes)
}

/// The packed bytes, the same for the same evidence.
#[must_use]
pub fn pack(file: &EvidenceFile) -> Vec<u8> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    // Writing into memory cannot fail.
    let _ = packer.write_all(&file.render());
    packer.finish().unwrap_or_default()
}
