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

/// Writes one file of several, with the permissions any program would give it. It is whole from the moment it is there;
/// that it is there is on disk after [`finish_parts`].
///
/// # Errors
/// [`StateError`] when the disk does not do it.
pub(crate) fn write_part(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    let written = put(path, &mut |file| file.write_all(bytes), |folder| temporary_like(path, folder));
    written.map_err(|error| StateError::writing(path, &error))
}

/// Ends the writing of several files into a folder. Waiting for the folder once, and not after each of them, is most of
/// what a large publication takes.
///
/// # Errors
/// [`StateError`] when the disk does not do it.
pub(crate) fn finish_parts(folder: &Path) -> Result<(), StateError> {
    sync_folder(folder).map_err(|error| StateError::writing(folder, &error))
}

/// Replaces a file of the cache that is checked whenever it is read: others see it whole or not at all, and nobody waits
/// for the disk. After a power cut it may be anything.
///
/// # Errors
/// [`StateError`] when the disk does not do it.
pub(crate) fn write_hint(path: &Path, bytes: &[u8]) -> Result<(), StateError> {
    let written = || {
        let mut file = temporary(folder_of(path))?;
        io::Write::write_all(&mut file, bytes)?;
        file.persist(path).map_err(|failed| failed.error)
    };
    create_folder(folder_of(path))?;
    written().map(drop).map_err(|error| StateError::writing(path, &error))
}

/// Writes a file's bytes.
type Fill<'a> = &'a mut dyn FnMut(&mut dyn io::Write) -> io::Result<()>;

fn replace(
    path: &Path,
    write: Fill<'_>,
    temporary: impl Fn(&Path) -> io::Result<NamedTempFile>,
) -> Result<(), StateError> {
    let written = put(path, write, temporary).and_then(|()| sync_folder(folder_of(path)));
    written.map_err(|error| StateError::writing(path, &error))
}

fn put(
    path: &Path,
    write: Fill<'_>,
    temporary: impl Fn(&Path) -> io::Result<NamedTempFile>,
) -> io::Result<()> {
    let mut file = temporary(folder_of(path))?;
    write(&mut file)?;
    file.as_file().sync_all()?;
    file.persist(path).map(drop).map_err(|failed| failed.error)
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
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && depth > 0 {
            removed += sweep_folder(&entry.path(), now, depth - 1);
        } else if kind.is_file() && is_leftover(&entry, now) && fs::remove_file(entry.path()).is_ok() {
            removed += 1;
        }
    }
    removed
}

/// The name first: a folder of a large feed has tens of thousands of files, and asking for the age of each takes longer
/// than publishing.
fn is_leftover(entry: &fs::DirEntry, now: SystemTime) -> bool {
    let modified = || entry.metadata().ok()?.modified().ok();
    entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes())
        && modified()
            .and_then(|modified| now.duration_since(modified).ok())
            .is_some_and(|age| age > limits::LEFTOVER_AGE)
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
    fn parts_and_hints_are_whole_files_too() {
        let folder = tempfile::tempdir().unwrap();
        let cached = folder.path().join("cache/list");
        for bytes in [b"one", b"two"] {
            write_part(&folder.path().join("part"), bytes).unwrap();
            finish_parts(folder.path()).unwrap();
            write_hint(&cached, bytes).unwrap();
            assert_eq!(fs::read(folder.path().join("part")).unwrap(), bytes);
            assert_eq!(fs::read(&cached).unwrap(), bytes);
        }
        assert_eq!(names(folder.path()), ["cache", "part"]);
        assert_eq!(names(&folder.path().join("cache")), ["list"]);
        assert_eq!(write_part(&cached.join("x"), b"").unwrap_err().code().as_str(), "state-unusable");
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
