//! A curator's folder: statements that were signed, roots that are being signed, and what is served.
//!
//! ```text
//! statements/     folders of statements, as `trust/`: what will be published
//! ceremony/       a root that waits for signatures; its file may be carried from hand to hand
//! public/         what is served, by any web server, as it is
//! published.json  which statements are published; a hint, that may be deleted
//! ```
//!
//! # Invariants
//! - Publications are made by one process at a time, and whole: every file is on disk before the timestamp that leads
//!   to it is replaced. Whatever is killed, readers see the publication before or the one after, and the next run
//!   makes up for it. Only where keys change and the old ones do not sign too, readers wait for the next run.
//! - Statements come from their chains, so none is left out and none appears from nowhere.
//!
//! # Not here
//! Keys: the command opens them. Carrying `public/` elsewhere than into a bucket: whatever copies files, the timestamp
//! last.

mod bucket;
mod draft;
mod import;
mod waiting;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use covouch_core::{
    digest::Sha256,
    key::PublicKey,
    parallel::spread_over,
    statement::{Electorate, Signer, chain::Chain},
    time::{Duration, Timestamp},
};
use covouch_feed::{
    publish::{File as FeedFile, Lifetimes, Publisher, Renewal},
    role::Root,
    update::{Answer, Source, Trusted, Update},
};

pub use self::{
    bucket::{Bucket, Uploaded},
    draft::Draft,
};
use self::{draft::unsigned, waiting::Progress};
use super::FeedError;
use crate::{
    electorate, folder,
    state::{finish_parts, sweep_folder, write_part, write_project_file},
};

/// How long lists of statements hold; they are renewed when a third of it is left.
const LISTS: Duration = Duration::from_days(365);

/// Threads that write lists. More than machines have processors: they wait for the disk.
const WRITERS: usize = 8;

/// How long a snapshot holds.
const SNAPSHOT: Duration = Duration::from_days(90);

/// A curator's folder.
#[derive(Clone, Debug)]
pub struct FeedFolder {
    path: PathBuf,
}

/// What a publication did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// New statements.
    pub added: usize,
    /// Files written.
    pub files: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Whether it is the feed's first.
    pub is_first: bool,
}

/// The keys that sign a publication.
pub struct FeedKeys<'a> {
    /// For lists of statements; none while nothing changes.
    pub lists: &'a [&'a dyn Signer],
    /// For snapshot and timestamp.
    pub online: &'a [&'a dyn Signer],
}

impl FeedFolder {
    /// Makes a folder for a feed, with its first root as a draft.
    ///
    /// # Errors
    /// [`FeedError::Exists`] when there is a feed in it already.
    pub fn create(path: &Path, root: &Root) -> Result<Self, FeedError> {
        let folder = Self { path: path.to_owned() };
        if folder.public().exists() || folder.ceremony().exists() {
            return Err(FeedError::Exists(path.to_owned()));
        }
        fs::create_dir_all(folder.statements()).map_err(|error| disk(path, error))?;
        fs::create_dir_all(folder.public()).map_err(|error| disk(path, error))?;
        folder.propose(root)?;
        Ok(folder)
    }

    /// The folder of a feed that was made before.
    ///
    /// # Errors
    /// [`FeedError::NoFolder`].
    pub fn open(path: &Path) -> Result<Self, FeedError> {
        let folder = Self { path: path.to_owned() };
        if folder.public().is_dir() { Ok(folder) } else { Err(FeedError::NoFolder(path.to_owned())) }
    }

    /// What is served.
    #[must_use]
    pub fn public(&self) -> PathBuf {
        self.path.join("public")
    }

    /// What will be published.
    #[must_use]
    pub fn statements(&self) -> PathBuf {
        self.path.join("statements")
    }

    fn ceremony(&self) -> PathBuf {
        self.path.join("ceremony")
    }

    /// The sha256 of the first root, which is what others pin.
    ///
    /// # Errors
    /// [`FeedError`] when the disk says no.
    pub fn root_sha256(&self) -> Result<Option<Sha256>, FeedError> {
        Ok(read(&self.public().join("1.root.json"))?.map(|bytes| Sha256::of(&bytes)))
    }

    /// What is published now; `None` before the first publication. Its age does not matter here.
    ///
    /// # Errors
    /// [`FeedError`] when what is published is not what a reader would believe.
    pub fn published(&self) -> Result<Option<Trusted>, FeedError> {
        let public = self.public();
        if !public.join("timestamp.json").is_file() {
            return Ok(None);
        }
        // A root that waits may be in `public/` already, if a publication was cut short. When the rest of it is not
        // there, the root does not count yet.
        let waiting = self.draft()?.map(|draft| format!("{}.root.json", draft.root.head.version));
        match (self.read_public(None), waiting) {
            (Err(_), Some(waiting)) => self.read_public(Some(&waiting)),
            (read, _) => read,
        }
    }

    /// What a reader sees who does not see this file.
    fn read_public(&self, hidden: Option<&str>) -> Result<Option<Trusted>, FeedError> {
        let public = self.public();
        // Before everything expired.
        let mut update =
            Update::new(Timestamp::from_unix(0).ok_or_else(|| FeedError::NoFolder(self.path.clone()))?);
        while let Some(want) = update.wants() {
            let bytes = match want.source {
                Source::Kept if want.path == "root.json" => read(&public.join("1.root.json"))?,
                Source::Kept => None,
                Source::Repository if Some(want.path.as_str()) == hidden => None,
                Source::Repository => read(&public.join(&want.path))?,
            };
            update.give(bytes.as_deref().map_or(Answer::Absent, Answer::Bytes))?;
        }
        Ok(update.finish())
    }

    /// Publishes what is not published yet, under the root that waits if it is signed, and renews what is due.
    /// `fresh_for` is how long readers may go without another publication.
    ///
    /// # Errors
    /// [`FeedError`]; what readers see is then as it was, or whole.
    pub fn publish(
        &self,
        keys: &FeedKeys<'_>,
        renewal: Renewal,
        fresh_for: Duration,
        now: Timestamp,
    ) -> Result<Published, FeedError> {
        let _lock = self.lock()?;
        // What a killed publication left would be served with the rest.
        sweep_folder(&self.path);
        let (published, draft) = (self.published()?, self.draft()?);
        let root = match (&draft, &published) {
            (Some(Draft { signed: Some(root), .. }), _) => root,
            (_, Some(published)) => published.root(),
            (Some(draft), None) => return Err(unsigned(draft)),
            (None, None) => return Err(FeedError::NoFolder(self.path.clone())),
        };
        let (additions, progress) = self.additions(root.role())?;
        let lifetimes = Lifetimes { targets: LISTS, snapshot: SNAPSHOT, timestamp: fresh_for };
        let publisher = Publisher { root, targets: keys.lists, online: keys.online, lifetimes, now };
        let public = self.public();
        let publication = match &published {
            None => publisher.first(&additions)?,
            Some(published) => {
                let read = |path: &str| fs::read(public.join(path)).ok();
                publisher.next(published, &additions, renewal, &read)?
            }
        };
        let bytes = publication.files.iter().map(|file| file.bytes.len()).sum();
        let is_first = published.is_none();
        self.write(&publication.files)?;
        self.finish(progress, draft.filter(|draft| draft.signed.is_some()))?;
        Ok(Published { added: publication.added, files: publication.files.len(), bytes, is_first })
    }

    /// Nobody looks for lists and snapshots before they are named, so they are written side by side, and what takes time
    /// is waiting for the disk. Root and timestamp come after all of them are there, one after the other as they are
    /// given.
    fn write(&self, files: &[FeedFile]) -> Result<(), FeedError> {
        let is_last = |file: &&FeedFile| file.path == "timestamp.json" || file.path.ends_with(".root.json");
        let (last, first): (Vec<&FeedFile>, Vec<&FeedFile>) = files.iter().partition(is_last);
        let public = self.public();
        let write = |file: &&FeedFile| match self.is_there(file)? {
            true => Ok(()),
            false => Ok(write_part(&public.join(&file.path), &file.bytes)?),
        };
        let written = spread_over(WRITERS, &first, 1, |files| files.iter().try_for_each(write));
        written.into_iter().collect::<Result<(), FeedError>>()?;
        finish_parts(&public)?;
        for file in last {
            if !self.is_there(file)? {
                write_project_file(&public.join(&file.path), &file.bytes)?;
            }
        }
        Ok(())
    }

    /// A publication that was cut short left some of its files.
    fn is_there(&self, file: &FeedFile) -> Result<bool, FeedError> {
        Ok(read(&self.public().join(&file.path))?.as_ref() == Some(&file.bytes))
    }

    fn finish(&self, progress: Progress, draft: Option<Draft>) -> Result<(), FeedError> {
        if let Some(draft) = draft {
            fs::remove_file(&draft.path).map_err(|error| disk(&draft.path, error))?;
        }
        self.keep_progress(progress)
    }

    /// What is published: the chains of the feed's keys and of those they lead to, and of the people of every
    /// electorate whose documents are here, whom nobody needs to trust to count their ballots.
    fn chains(&self, root: &Root) -> Result<Vec<Chain>, FeedError> {
        let folder = self.statements();
        let electorates = electorate::list(&folder)?;
        let people = electorates.iter().flat_map(Electorate::keys).copied();
        let keys: Vec<PublicKey> = root.targets().ed25519().chain(people).collect();
        Ok(folder::read(&folder, &keys)?)
    }

    fn lock(&self) -> Result<File, FeedError> {
        let path = self.path.join(".lock");
        let locked = File::options().create(true).append(true).open(&path).and_then(|file| {
            file.lock()?;
            Ok(file)
        });
        locked.map_err(|error| disk(&path, error))
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, FeedError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(disk(path, error)),
    }
}

fn disk(path: &Path, error: io::Error) -> FeedError {
    FeedError::Disk { path: path.to_owned(), error }
}
