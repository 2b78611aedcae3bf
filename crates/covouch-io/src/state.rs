//! The folder in which covouch remembers.
//!
//! ```text
//! version     the format of what is beside it
//! cache/      files by sha256, and answers of indexes; may be deleted
//! verified/   ids of statements whose signatures were already checked
//! floors/     the newest of each feed that was ever seen; never delete
//! bundle/     work on bundles; may be deleted
//! incoming/   what an import takes over, between two moments
//! ```
//!
//! # Invariants
//! - A folder of a newer format is not touched.
//! - Opening a folder that is already there writes nothing, so a read-only one can still be read.
//!
//! # Not here
//! What stands in `verified/` and `floors/`.

mod cache;
mod error;
mod incoming;
mod lock;
mod pages;
mod write;

use std::{
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use etcetera::BaseStrategy as _;

pub(crate) use self::{
    cache::hash,
    write::{finish_parts, write_hint, write_part},
};
pub use self::{
    cache::{Cache, CacheWriter, CachedFile},
    error::StateError,
    incoming::Incoming,
    lock::FolderLock,
    pages::{KeptExtract, KeptPage, Pages},
    write::{sweep as sweep_folder, write_atomically, write_project_file, write_project_file_with},
};

/// The format this version writes.
const FORMAT: u32 = 1;

/// The state folder, opened.
#[derive(Clone, Debug)]
pub struct State {
    root: PathBuf,
}

/// A part of the state with a lock of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Files and answers that can be fetched again.
    Cache,
    /// What was checked before and need not be checked again.
    Verified,
    /// What must never go backwards.
    Floors,
    /// Work on bundles.
    Bundle,
}

impl State {
    /// Opens the folder the environment names: `$COVOUCH_HOME`, else the platform's folder for state.
    ///
    /// # Errors
    /// [`StateError`] when there is no such folder, or it cannot be used.
    pub fn from_env(variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, StateError> {
        let named = variable("COVOUCH_HOME").filter(|path| !path.is_empty()).map(PathBuf::from);
        match named.or_else(platform_folder) {
            Some(path) => Self::open(path),
            None => Err(StateError::NoPlace),
        }
    }

    /// Opens this folder, and makes it when it is not there.
    ///
    /// # Errors
    /// [`StateError::Newer`] when a newer covouch wrote it; others when it cannot be read or made.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, StateError> {
        let root = root.into();
        let version = root.join("version");
        match fs::read_to_string(&version) {
            Ok(text) => match text.trim_end().parse::<u32>() {
                Ok(found) if found > FORMAT => Err(StateError::Newer { path: root, found }),
                Ok(FORMAT) => {
                    incoming::finish(&root)?;
                    Ok(Self { root })
                }
                _ => Err(StateError::Version(version)),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                write_atomically(&version, format!("{FORMAT}\n").as_bytes())?;
                Ok(Self { root })
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(StateError::Version(version)),
            Err(error) => Err(StateError::reading(&version, &error)),
        }
    }

    /// The folder itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a part. It may not exist yet.
    #[must_use]
    pub fn folder(&self, part: Part) -> PathBuf {
        self.root.join(match part {
            Part::Cache => "cache",
            Part::Verified => "verified",
            Part::Floors => "floors",
            Part::Bundle => "bundle",
        })
    }

    /// Files by their sha256.
    #[must_use]
    pub fn cache(&self) -> Cache {
        Cache::new(self.folder(Part::Cache).join("files"))
    }

    /// Answers of indexes.
    #[must_use]
    pub fn pages(&self) -> Pages {
        Pages::new(self.folder(Part::Cache).join("pages"))
    }

    /// Takes the lock of a part, waiting for whoever has it; `waiting` is called once before that.
    ///
    /// # Errors
    /// [`StateError`] when the lock's file cannot be written.
    pub fn lock(&self, part: Part, waiting: &mut dyn FnMut(&Path)) -> Result<FolderLock, StateError> {
        lock::lock(&self.folder(part), waiting)
    }

    /// Removes what killed processes left behind more than an hour ago; says how many files.
    pub fn sweep(&self) -> usize {
        write::sweep(&self.root)
    }
}

/// XDG's state folder where there is one, else the platform's folder for an application's data.
fn platform_folder() -> Option<PathBuf> {
    let strategy = etcetera::choose_base_strategy().ok()?;
    Some(strategy.state_dir().unwrap_or_else(|| strategy.data_dir()).join("covouch"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn the_environment_names_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let state = State::from_env(&|name| (name == "COVOUCH_HOME").then(|| home.clone().into())).unwrap();
        assert_eq!(state.root(), home);
        assert_eq!(read(&home.join("version")), "1\n");
        assert_eq!(state.folder(Part::Floors), home.join("floors"));
    }

    #[test]
    fn a_newer_folder_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("version"), "2\n").unwrap();
        let error = State::open(folder.path()).unwrap_err();
        assert_eq!(error.code().as_str(), "state-newer");
        assert!(error.to_string().ends_with("has state of format 2, and this covouch knows formats up to 1"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        for damaged in ["", "one", "0", "-1"] {
            fs::write(folder.path().join("version"), damaged).unwrap();
            assert_eq!(State::open(folder.path()).unwrap_err().code().as_str(), "state-damaged");
        }
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_with_a_hint() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = State::open(file.join("state")).unwrap_err();
        assert_eq!(error.code().as_str(), "state-unusable");
        assert!(error.hint().unwrap().as_str().contains("COVOUCH_HOME"));
    }

    #[cfg(unix)]
    #[test]
    fn others_cannot_read_the_folder() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path().join("state")).unwrap();
        assert_eq!(fs::metadata(state.root()).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
