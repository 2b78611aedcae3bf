//! Finding and reading lock files.

use std::{
    cell::RefCell,
    fs, io,
    path::{Path, PathBuf},
};

use covouch_core::digest::Sha256;
use covouch_python::lock::{self, IncludeError, Locked};

use crate::failure::Failure;

/// Lock files in a folder, the most precise kind first.
const NAMES: [&str; 5] = ["uv.lock", "pylock.toml", "poetry.lock", "pdm.lock", "requirements.txt"];

/// The lock files named, or the one that lies here.
pub(crate) fn find(named: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    if !named.is_empty() {
        return Ok(named.to_vec());
    }
    here().map(|path| vec![path]).ok_or_else(|| {
        Failure::usage("no lock file is named, and none lies here")
            .hinting(format!("name one, such as one of {}", NAMES.join(", ")))
    })
}

/// The lock file that lies in the current folder.
pub(crate) fn here() -> Option<PathBuf> {
    NAMES.iter().map(PathBuf::from).find(|path| path.is_file())
}

/// A lock file that was read, and the bytes it was read from.
pub(crate) struct Opened {
    pub(crate) locked: Locked,
    /// The digest of the lock file's own bytes.
    pub(crate) sha256: Sha256,
    /// The files it includes, whose bytes that digest does not cover.
    pub(crate) included: Vec<String>,
}

/// Reads a lock file, and the files it includes.
pub(crate) fn read(path: &Path) -> Result<Locked, Failure> {
    Ok(open(path)?.locked)
}

/// The same, with what to name it by.
pub(crate) fn open(path: &Path) -> Result<Opened, Failure> {
    let bytes = fs::read(path).map_err(|error| unreadable(path, &error))?;
    let seen = RefCell::default();
    // Included paths come relative to where the lock's own path is relative to: here.
    let include = |included: &str| {
        Vec::push(&mut seen.borrow_mut(), included.to_owned());
        fs::read(included).map_err(|error| IncludeError(error.to_string()))
    };
    let locked = lock::read(&path.display().to_string(), &bytes, &include)?;
    Ok(Opened { locked, sha256: Sha256::of(&bytes), included: seen.into_inner() })
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let failure = Failure::new("file-unreadable", format!("`{}`: {error}", path.display()));
    if error.kind() == io::ErrorKind::NotFound {
        failure.hinting("name a lock file that is there")
    } else {
        failure
    }
}
