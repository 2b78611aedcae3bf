//! What is kept of a feed between runs: floors, and lists in the cache.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use covouch_core::digest::Sha256;

use super::FeedError;
use crate::state::{Part, State, StateError, write_atomically, write_hint};

/// Roles that must never go back.
const FLOORS: &[&str] = &["root.json", "timestamp.json", "snapshot.json"];

/// One feed's folders in the state, held by this run alone.
pub(super) struct Kept {
    floors: PathBuf,
    lists: PathBuf,
    _lock: File,
}

impl Kept {
    /// Waits until no other run has this feed.
    pub(super) async fn lock(state: &State, root: &Sha256) -> Result<Self, FeedError> {
        let folder = |part| state.folder(part).join("feeds").join(root.to_string());
        let (floors, lists) = (folder(Part::Floors), folder(Part::Cache));
        let path = floors.join(".lock");
        if !path.is_file() {
            write_atomically(&path, b"")?;
        }
        let waiting = path.clone();
        let locked = tokio::task::spawn_blocking(move || {
            let file = File::options().write(true).open(&waiting)?;
            file.lock()?;
            Ok(file)
        });
        let locked = locked.await.unwrap_or_else(|error| Err(io::Error::other(error)));
        let lock = locked.map_err(|error| StateError::writing(&path, &error))?;
        Ok(Self { floors, lists, _lock: lock })
    }

    pub(super) fn read(&self, file: &str) -> Result<Option<Vec<u8>>, FeedError> {
        let path = self.path(file);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StateError::reading(&path, &error).into()),
        }
    }

    pub(super) fn keep(&self, file: &str, bytes: &[u8]) -> Result<(), FeedError> {
        Ok(write_atomically(&self.path(file), bytes)?)
    }

    /// Keeps a bin. It is compared with the snapshot whenever it is read, so what a power cut made of it is fetched
    /// again.
    pub(super) fn keep_bin(&self, file: &str, bytes: &[u8]) -> Result<(), FeedError> {
        Ok(write_hint(&self.path(file), bytes)?)
    }

    fn path(&self, file: &str) -> PathBuf {
        let folder: &Path = if FLOORS.contains(&file) { &self.floors } else { &self.lists };
        folder.join(file)
    }
}
