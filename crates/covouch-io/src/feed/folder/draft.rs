//! Roots that wait for signatures.

use std::{fs, io, path::PathBuf};

use covouch_core::key::PublicKey;
use covouch_feed::{
    publish::ceremony,
    role::{Root, Signed, check_root},
};

use super::{FeedError, FeedFolder, disk, read};
use crate::state::write_project_file;

/// A root that waits for signatures, or to be published.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its file.
    pub path: PathBuf,
    /// What it says; not believed before it is signed.
    pub root: Root,
    /// The keys that have signed it, old and new.
    pub signed_by: Vec<PublicKey>,
    /// It, when enough have.
    pub signed: Option<Signed<Root>>,
}

impl FeedFolder {
    /// Puts a root up for signatures, in the place of another one that waits.
    ///
    /// # Errors
    /// [`FeedError::RootIsOut`] when a killed publication has put a root of that version before its readers already;
    /// others when the disk says no.
    pub fn propose(&self, root: &Root) -> Result<PathBuf, FeedError> {
        // Whoever has that one asks for the next, and would never see another in its place.
        if self.public().join(format!("{}.root.json", root.head.version)).exists() {
            return Err(FeedError::RootIsOut(root.head.version));
        }
        for waiting in self.drafts()? {
            fs::remove_file(&waiting).map_err(|error| disk(&waiting, error))?;
        }
        let path = self.ceremony().join(format!("{}.root.json", root.head.version));
        write_project_file(&path, &ceremony::draft(root))?;
        Ok(path)
    }

    fn drafts(&self) -> Result<Vec<PathBuf>, FeedError> {
        let folder = self.ceremony();
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(disk(&folder, error)),
        };
        let paths = entries.filter_map(Result::ok).map(|entry| entry.path());
        Ok(paths.filter(|path| path.to_string_lossy().ends_with(".root.json")).collect())
    }

    /// The root that waits.
    ///
    /// # Errors
    /// [`FeedError`] when it is no root.
    pub fn draft(&self) -> Result<Option<Draft>, FeedError> {
        let Some(path) = self.drafts()?.pop() else { return Ok(None) };
        let bytes = read(&path)?.unwrap_or_default();
        let root = ceremony::show(&bytes)?;
        let before = match root.head.version {
            0 | 1 => None,
            version => {
                let path = self.public().join(format!("{}.root.json", version - 1));
                let bytes = read(&path)?.ok_or_else(|| FeedError::NoFolder(self.path.clone()))?;
                Some(check_root(&bytes, None).map_err(|error| FeedError::Root(error.to_string()))?)
            }
        };
        let mut signed_by = ceremony::signed_by(&bytes, root.root())?;
        if let Some(before) = &before {
            signed_by.extend(ceremony::signed_by(&bytes, before.role().root())?);
        }
        signed_by.sort_unstable();
        signed_by.dedup();
        let signed = check_root(&bytes, before.as_ref()).ok();
        Ok(Some(Draft { path, root, signed_by, signed }))
    }
}

/// What is said of a root that cannot be published yet.
pub(super) fn unsigned(draft: &Draft) -> FeedError {
    FeedError::Unsigned {
        version: draft.root.head.version,
        found: draft.signed_by.len(),
        needed: draft.root.root().threshold().get(),
    }
}
