//! Many changes of the state as one: they are made to a copy, and the copy's news are taken over whole.
//!
//! # Invariants
//! - Until [`Incoming::commit`] renames the news to `incoming/`, nothing of them is there. From then on all of them
//!   are: whoever opens the state next finishes what a killed process began.
//! - Files are linked into the copy, not copied. Nothing writes into a file that stands in the state, so a link never
//!   changes what it is linked to.
//!
//! # Not here
//! Keeping others from changing the same files meanwhile: whoever begins holds the locks of what it means to change.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{State, StateError, write};

/// Where news wait to be taken over.
const FOLDER: &str = "incoming";

/// Locks say who is at work, and are nobody's news.
const LOCK: &str = ".lock";

/// A copy of parts of the state, to be changed.
#[derive(Debug)]
pub struct Incoming {
    root: PathBuf,
    staged: State,
}

impl Incoming {
    /// Makes a copy of these folders of a state, in an empty folder of the same disk.
    ///
    /// # Errors
    /// [`StateError`] when the disk does not let us.
    pub fn begin(state: &State, folder: &Path, parts: &[&str]) -> Result<Self, StateError> {
        let staged = State::open(folder)?;
        for part in parts {
            link(&state.root().join(part), &folder.join(part))?;
        }
        Ok(Self { root: state.root().to_owned(), staged })
    }

    /// The copy.
    #[must_use]
    pub fn staged(&self) -> &State {
        &self.staged
    }

    /// Takes over what was changed in the copy; says how many files that are.
    ///
    /// # Errors
    /// [`StateError`]; then nothing was taken over, or the rest is when the state is opened next.
    pub fn commit(self) -> Result<usize, StateError> {
        let staged = self.staged.root();
        prune(staged, &self.root)?;
        let incoming = self.root.join(FOLDER);
        let renamed = fs::rename(staged, &incoming).and_then(|()| write::sync_folder(&self.root));
        renamed.map_err(|error| StateError::writing(&incoming, &error))?;
        finish(&self.root)
    }
}

/// Takes over what waits, if anything does.
pub(super) fn finish(root: &Path) -> Result<usize, StateError> {
    let incoming = root.join(FOLDER);
    if !incoming.is_dir() {
        return Ok(0);
    }
    let moved = settle(&incoming, root)?;
    // Empty by now. Whoever else is here removes the same.
    drop(fs::remove_dir_all(&incoming));
    Ok(moved)
}

fn settle(from: &Path, to: &Path) -> Result<usize, StateError> {
    let mut moved = 0;
    for (path, name, is_folder) in entries(from)? {
        let target = to.join(name);
        if is_folder {
            write::create_folder(&target)?;
            moved += settle(&path, &target)?;
            continue;
        }
        match fs::rename(&path, &target) {
            Ok(()) => moved += 1,
            // Another process that opened the state took it over.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(StateError::writing(&target, &error)),
        }
    }
    if moved > 0 {
        write::sync_folder(to).map_err(|error| StateError::writing(to, &error))?;
    }
    Ok(moved)
}

/// Links everything but locks.
fn link(from: &Path, to: &Path) -> Result<(), StateError> {
    if !from.is_dir() {
        return Ok(());
    }
    write::create_folder(to)?;
    for (path, name, is_folder) in entries(from)? {
        let target = to.join(&name);
        if is_folder {
            link(&path, &target)?;
        } else if name != LOCK {
            let linked = fs::hard_link(&path, &target).or_else(|_| fs::copy(&path, &target).map(drop));
            linked.map_err(|error| StateError::writing(&target, &error))?;
        }
    }
    Ok(())
}

/// Removes what is the same in the state, and what is nobody's news.
fn prune(staged: &Path, root: &Path) -> Result<(), StateError> {
    for (path, name, is_folder) in entries(staged)? {
        let there = root.join(&name);
        if is_folder {
            prune(&path, &there)?;
        } else if name == LOCK || is_same(&path, &there) {
            fs::remove_file(&path).map_err(|error| StateError::writing(&path, &error))?;
        }
    }
    Ok(())
}

/// Whether two files have the same bytes. One that cannot be read is not the same.
fn is_same(one: &Path, other: &Path) -> bool {
    let length = |path: &Path| fs::metadata(path).map(|metadata| metadata.len()).ok();
    length(one).is_some()
        && length(one) == length(other)
        && (is_linked(one, other) || fs::read(one).ok() == fs::read(other).ok())
}

#[cfg(unix)]
fn is_linked(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    let place = |path: &Path| fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino())).ok();
    place(one) == place(other)
}

#[cfg(not(unix))]
fn is_linked(_: &Path, _: &Path) -> bool {
    false
}

/// What is in a folder: paths, names, and whether they are folders. Links are taken for files.
fn entries(folder: &Path) -> Result<Vec<(PathBuf, std::ffi::OsString, bool)>, StateError> {
    let read = || -> io::Result<_> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            found.push((entry.path(), entry.file_name(), entry.file_type()?.is_dir()));
        }
        Ok(found)
    };
    match read() {
        // Another process that opened the state was faster.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        read => read.map_err(|error| StateError::reading(folder, &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::write_atomically;

    fn state() -> (tempfile::TempDir, State) {
        let folder = tempfile::tempdir().unwrap();
        let state = State::open(folder.path().join("state")).unwrap();
        for (file, text) in [("floors/feeds/a/timestamp.json", "1"), ("floors/feeds/b/timestamp.json", "1")] {
            write_atomically(&state.root().join(file), text.as_bytes()).unwrap();
        }
        drop(state.lock(super::super::Part::Floors, &mut |_| {}).unwrap());
        (folder, state)
    }

    fn text(state: &State, file: &str) -> Option<String> {
        fs::read_to_string(state.root().join(file)).ok()
    }

    fn changed(state: &State) -> Incoming {
        let incoming = Incoming::begin(state, &state.root().join("work"), &["floors", "cache"]).unwrap();
        let staged = incoming.staged().root();
        write_atomically(&staged.join("floors/feeds/a/timestamp.json"), b"2").unwrap();
        write_atomically(&staged.join("cache/pages/ab"), b"a page").unwrap();
        incoming
    }

    #[test]
    fn nothing_is_there_before_and_everything_is_after() {
        let (_folder, state) = state();
        let incoming = changed(&state);
        assert_eq!(text(&state, "floors/feeds/a/timestamp.json").as_deref(), Some("1"));
        assert_eq!(incoming.commit().unwrap(), 2);
        assert_eq!(text(&state, "floors/feeds/a/timestamp.json").as_deref(), Some("2"));
        assert_eq!(text(&state, "floors/feeds/b/timestamp.json").as_deref(), Some("1"));
        assert_eq!(text(&state, "cache/pages/ab").as_deref(), Some("a page"));
        assert_eq!(text(&state, "version").as_deref(), Some("1\n"));
        assert!(!state.root().join(FOLDER).exists() && !state.root().join("work").exists());
    }

    #[test]
    fn what_a_killed_process_began_is_finished_by_whoever_opens_the_state() {
        let (_folder, state) = state();
        let incoming = changed(&state);
        // As far as it comes before the first file is moved, and after the first of two.
        prune(incoming.staged().root(), state.root()).unwrap();
        fs::rename(incoming.staged().root(), state.root().join(FOLDER)).unwrap();
        fs::rename(
            state.root().join("incoming/floors/feeds/a/timestamp.json"),
            state.root().join("floors/feeds/a/timestamp.json"),
        )
        .unwrap();
        let state = State::open(state.root()).unwrap();
        assert_eq!(text(&state, "floors/feeds/a/timestamp.json").as_deref(), Some("2"));
        assert_eq!(text(&state, "cache/pages/ab").as_deref(), Some("a page"));
        assert!(!state.root().join(FOLDER).exists());
    }

    #[test]
    fn what_is_not_committed_is_forgotten() {
        let (_folder, state) = state();
        drop(changed(&state));
        let state = State::open(state.root()).unwrap();
        assert_eq!(text(&state, "floors/feeds/a/timestamp.json").as_deref(), Some("1"));
    }
}
