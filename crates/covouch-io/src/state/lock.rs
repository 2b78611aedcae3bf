//! One advisory lock for each folder of the state, for what reads, changes and writes.
//!
//! Reading needs no lock, and neither does adding an entry to the cache: a rename is atomic.

use std::{
    fs::{File, TryLockError},
    path::{Path, PathBuf},
};

use super::{StateError, write};

/// The file that is locked.
const NAME: &str = ".lock";

/// Holds a folder's lock until it is dropped. The system also lets go of it when the process dies.
#[derive(Debug)]
#[must_use = "the lock is let go of when this is dropped"]
pub struct FolderLock {
    _file: File,
}

/// Takes the lock of a folder; says so once, through `waiting`, when another process holds it.
pub(super) fn lock(folder: &Path, waiting: &mut dyn FnMut(&Path)) -> Result<FolderLock, StateError> {
    write::create_folder(folder)?;
    let path: PathBuf = folder.join(NAME);
    let failed = |error: &std::io::Error| StateError::writing(&path, error);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(|error| failed(&error))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            waiting(folder);
            file.lock().map_err(|error| failed(&error))?;
        }
        Err(TryLockError::Error(error)) => return Err(failed(&error)),
    }
    Ok(FolderLock { _file: file })
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, thread, time::Duration};

    use super::*;

    #[test]
    fn the_second_one_waits_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let first = lock(folder.path(), &mut |_| panic!("nobody else is here")).unwrap();
        let (said, heard) = mpsc::channel();
        let path = folder.path().to_owned();
        let second = thread::spawn(move || {
            let _held = lock(&path, &mut |_| said.send("waiting").unwrap()).unwrap();
            said.send("mine").unwrap();
        });
        assert_eq!(heard.recv().unwrap(), "waiting");
        assert!(heard.recv_timeout(Duration::from_millis(50)).is_err(), "it still waits");
        drop(first);
        assert_eq!(heard.recv().unwrap(), "mine");
        second.join().unwrap();
    }
}
