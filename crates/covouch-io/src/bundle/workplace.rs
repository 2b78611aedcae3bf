//! Where bundles are unpacked: a folder in the state that one process has at a time.
//!
//! # Invariants
//! What a killed process left is removed by the next, and so is what this one leaves.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::state::{FolderLock, Part, State, StateError};

/// A folder for work on one bundle. It is empty at first, and gone when this is dropped.
#[derive(Debug)]
pub struct Workplace {
    path: PathBuf,
    _lock: FolderLock,
}

impl Workplace {
    /// Waits until no other process works on a bundle; `waiting` is called once before that.
    ///
    /// # Errors
    /// [`StateError`] when the disk does not let us.
    pub fn open(state: &State, waiting: &mut dyn FnMut(&Path)) -> Result<Self, StateError> {
        let lock = state.lock(Part::Bundle, waiting)?;
        let path = state.folder(Part::Bundle).join("work");
        clear(&path)
            .and_then(|()| fs::create_dir(&path))
            .map_err(|error| StateError::writing(&path, &error))?;
        Ok(Self { path, _lock: lock })
    }

    /// A state of its own, in which nothing is known.
    ///
    /// # Errors
    /// [`StateError`] when the disk does not let us.
    pub fn state(&self) -> Result<State, StateError> {
        State::open(self.path.join("state"))
    }

    /// A folder in it, which may not be there yet.
    #[must_use]
    pub fn folder(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }
}

impl Drop for Workplace {
    fn drop(&mut self) {
        // The next one clears what cannot be removed now.
        drop(clear(&self.path));
    }
}

fn clear(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
