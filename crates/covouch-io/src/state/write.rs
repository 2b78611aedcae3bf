//! Writes that happen whole or not at all, and what a killed process leaves behind.
//!
//! # Invariants
//! A file that is replaced has the old bytes or the new ones at every moment, power cuts included.

use std::{
    fs::{self, File},
    io,
    path::Path,
    time::SystemTime,
};

use tempfile::NamedTempFile;

use super::StateError;
use crate::limits;

/// Temporary files have this prefix, so that [`sweep`] knows them.
const PREFIX: &str = ".covouch-tmp-";

/// Folders in folders in which [`sweep`] looks.
const SWEEP_DEPTH: usize = 3;

/// Replaces a file of our own, readable by the user alone: temporary file in the same folder, fsync, rename, fsync
/// of the folder.
///
/// # Errors
/// [`StateError`] when the disk does not do it; the file is then as it was.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    create_folder(folder_of(path))?;
    replace(path, &mut |file| file.write_all(bytes), temporary)
}

/// Replaces a file of the user's project in the same way. It keeps its permissions; a new one has those any program
/// would give it.
///
/// # Errors
/// [`StateError`] when the disk does not do it; the file is then as it was.
pub fn write_project_file(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    write_project_file_with(path, &mut |file| file.write_all(bytes))
}

/// The same with bytes that are made as they are written, once.
///
/// # Errors
/// [`StateError`] when the disk or `write` does not do it; the file is then as it was.
pub fn write_project_file_with(path: &Path, write: Fill<'_>) -> Result<(), StateError> {
    let folder = folder_of(path);
    fs::create_dir_all(folder).map_err(|error| StateError::writing(folder, &error))?;
    replace(path, write, |folder| temporary_like(path, folder))
}

/// Writes a file's bytes.
type Fill<'a> = &'a mut dyn FnMut(&mut dyn io::Write) -> io::Result<()>;

fn replace(
    path: &Path,
    write: Fill<'_>,
    temporary: impl Fn(&Path) -> io::Result<NamedTempFile>,
) -> Result<(), StateError> {
    let folder = folder_of(path);
    let mut written = || {
        let mut file = temporary(folder)?;
        write(&mut file)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|failed| failed.error)?;
        sync_folder(folder)
    };
    written().map_err(|error: io::Error| StateError::writing(path, &error))
}

/// A temporary file that disappears unless it is persisted.
pub(super) fn temporary(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(PREFIX).tempfile_in(folder)
}

/// A temporary file with the permissions of the file it will replace.
#[cfg(unix)]
fn temporary_like(path: &Path, folder: &Path) -> io::Result<NamedTempFile> {
    use std::os::unix::fs::PermissionsExt as _;

    let existing = fs::metadata(path).ok().map(|metadata| metadata.permissions());
    // The user's umask takes its part of what a new file is given.
    let new = existing.clone().unwrap_or_else(|| fs::Permissions::from_mode(0o666));
    let file = tempfile::Builder::new().prefix(PREFIX).permissions(new).tempfile_in(folder)?;
    if let Some(existing) = existing {
        file.as_file().set_permissions(existing)?;
    }
    Ok(file)
}

#[cfg(not(unix))]
fn temporary_like(_: &Path, folder: &Path) -> io::Result<NamedTempFile> {
    temporary(folder)
}

/// Makes a folder and those above it, readable by the user alone: it may hold pages of private indexes.
pub(super) fn create_folder(folder: &Path) -> Result<(), StateError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|error| StateError::writing(folder, &error))
}

pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A rename is on disk when its folder is. Windows has no such call, and does it by itself.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Removes temporary files of ours that nobody has touched for an hour from a folder and those in it; says how
/// many. What cannot be removed stays.
pub fn sweep(root: &Path) -> usize {
    sweep_folder(root, SystemTime::now(), SWEEP_DEPTH)
}

fn sweep_folder(folder: &Path, now: SystemTime, depth: usize) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    let mut removed = 0;
    for entry in entries.flatten() {
        // Does not follow links, so nobody can lead us out of the folder.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() && depth > 0 {
            removed += sweep_folder(&entry.path(), now, depth - 1);
        } else if is_leftover(&entry, &metadata, now) && fs::remove_file(entry.path()).is_ok() {
            removed += 1;
        }
    }
    removed
}

fn is_leftover(entry: &fs::DirEntry, metadata: &fs::Metadata, now: SystemTime) -> bool {
    let age = metadata.modified().ok().and_then(|modified| now.duration_since(modified).ok());
    metadata.is_file()
        && entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes())
        && age.is_some_and(|age| age > limits::LEFTOVER_AGE)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[cfg(unix)]
    #[test]
    fn a_projects_file_keeps_its_permissions_and_our_own_are_the_users_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let mode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().permissions().mode() & 0o777;
        let lock = folder.path().join("uv.lock");
        fs::write(&lock, "old").unwrap();
        fs::set_permissions(&lock, fs::Permissions::from_mode(0o664)).unwrap();
        write_project_file(&lock, b"new").unwrap();
        assert_eq!(mode("uv.lock"), 0o664);
        fs::write(folder.path().join("usual"), "").unwrap();
        write_project_file(&folder.path().join("fresh"), b"new").unwrap();
        assert_eq!(mode("fresh"), mode("usual"));
        write_atomically(&folder.path().join("key"), b"secret").unwrap();
        assert_eq!(mode("key"), 0o600);
    }

    #[test]
    fn a_file_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/deep/file");
        write_atomically(&path, b"one").unwrap();
        write_atomically(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(names(path.parent().unwrap()), ["file"]);
    }

    #[test]
    fn a_write_that_fails_leaves_everything_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a-folder");
        fs::create_dir_all(path.join("with-something-in-it")).unwrap();
        assert_eq!(write_atomically(&path, b"bytes").unwrap_err().code().as_str(), "state-unusable");
        assert_eq!(names(folder.path()), ["a-folder"]);
        let below_a_file = folder.path().join("file");
        fs::write(&below_a_file, b"whole").unwrap();
        assert!(write_atomically(&below_a_file.join("x"), b"bytes").is_err());
        assert_eq!(fs::read(&below_a_file).unwrap(), b"whole");
    }

    #[test]
    fn only_old_temporary_files_are_swept() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("cache/files/ab");
        fs::create_dir_all(&folder).unwrap();
        let old = SystemTime::now() - limits::LEFTOVER_AGE - Duration::from_secs(60);
        for (name, modified) in
            [(".covouch-tmp-old", old), (".covouch-tmp-new", SystemTime::now()), ("entry", old)]
        {
            File::create(folder.join(name)).unwrap().set_modified(modified).unwrap();
        }
        assert_eq!(sweep(root.path()), 1);
        assert_eq!(names(&folder), [".covouch-tmp-new", "entry"]);
    }
}
