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

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    thread,
};

use covouch_core::{
    digest::Sha256,
    key::PublicKey,
    statement::{Electorate, Envelope, Signer, chain::Chain},
    time::{Duration, Timestamp},
};
use covouch_feed::{
    publish::{Additions, File as FeedFile, Lifetimes, Publisher, Renewal},
    role::Root,
    update::{Answer, Source, Trusted, Update},
};
use serde::{Deserialize, Serialize};

use self::draft::unsigned;
pub use self::{
    bucket::{Bucket, Uploaded},
    draft::Draft,
};
use super::FeedError;
use crate::{
    electorate, folder,
    state::{sweep_folder, write_project_file},
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
}

/// The keys that sign a publication.
pub struct FeedKeys<'a> {
    /// For lists of statements; none while nothing changes.
    pub lists: &'a [&'a dyn Signer],
    /// For snapshot and timestamp.
    pub online: &'a [&'a dyn Signer],
}

/// `published.json`.
#[derive(Default, Serialize, Deserialize)]
struct Progress {
    /// Of the publication this is about. After another one, it says nothing.
    timestamp: String,
    /// How many statements of each key are in it.
    statements: BTreeMap<String, usize>,
    /// The digest of each voter's file of heads that is in it.
    #[serde(default)]
    heads: BTreeMap<String, String>,
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
        self.write(&publication.files)?;
        self.finish(progress, draft.filter(|draft| draft.signed.is_some()))?;
        Ok(Published { added: publication.added, files: publication.files.len(), bytes })
    }

    /// Nobody looks for lists and snapshots before they are named, so they are written side by side: what takes time is
    /// waiting for the disk. Root and timestamp come after all of them, one after the other as they are given.
    fn write(&self, files: &[FeedFile]) -> Result<(), FeedError> {
        let is_last = |file: &&FeedFile| file.path == "timestamp.json" || file.path.ends_with(".root.json");
        let (last, first): (Vec<&FeedFile>, Vec<&FeedFile>) = files.iter().partition(is_last);
        let share = first.len().div_ceil(WRITERS).max(1);
        let write_all = |files: &[&FeedFile]| files.iter().try_for_each(|file| self.write_one(file));
        thread::scope(|scope| {
            let writers: Vec<_> =
                first.chunks(share).map(|share| scope.spawn(move || write_all(share))).collect();
            let interrupted = || Err(disk(&self.path, io::Error::other("a thread ended")));
            writers.into_iter().try_for_each(|writer| writer.join().unwrap_or_else(|_| interrupted()))
        })?;
        write_all(&last)
    }

    fn write_one(&self, file: &FeedFile) -> Result<(), FeedError> {
        let path = self.public().join(&file.path);
        // A publication that was cut short left some of them.
        if read(&path)?.as_ref() == Some(&file.bytes) {
            return Ok(());
        }
        Ok(write_project_file(&path, &file.bytes)?)
    }

    fn finish(&self, progress: Progress, draft: Option<Draft>) -> Result<(), FeedError> {
        if let Some(draft) = draft {
            fs::remove_file(&draft.path).map_err(|error| disk(&draft.path, error))?;
        }
        let timestamp = read(&self.public().join("timestamp.json"))?.unwrap_or_default();
        let timestamp = Sha256::of(&timestamp).to_string();
        let progress = Progress { timestamp, ..progress };
        // Numbers and texts are JSON.
        let json = serde_json::to_vec(&progress).unwrap_or_default();
        Ok(write_project_file(&self.path.join("published.json"), &json)?)
    }

    /// What is not published, and what will be after that.
    fn additions(&self, root: &Root) -> Result<(Additions, Progress), FeedError> {
        let done = self.progress()?;
        let (mut additions, mut progress) = (Additions::default(), Progress::default());
        for chain in self.chains(root)? {
            let id = chain.issuer().id().to_string();
            let published = done.statements.get(&id).copied().unwrap_or(0);
            let path = folder::chain_path(&self.statements(), chain.issuer());
            let lines = read(&path)?.unwrap_or_default();
            let lines = lines.split(|byte| *byte == b'\n');
            for (line, statement) in lines.zip(chain.statements()).skip(published) {
                // The chain read this very line a moment ago.
                if let Ok(envelope) = Envelope::parse(line) {
                    additions.add(statement.value(), envelope);
                }
            }
            self.add_heads(chain.issuer(), &done, (&mut additions, &mut progress))?;
            progress.statements.insert(id, chain.statements().len());
        }
        Ok((additions, progress))
    }

    fn add_heads(
        &self,
        voter: &PublicKey,
        done: &Progress,
        (additions, progress): (&mut Additions, &mut Progress),
    ) -> Result<(), FeedError> {
        let id = voter.id().to_string();
        let Some(bytes) = read(&folder::heads_path(&self.statements(), voter))? else { return Ok(()) };
        let digest = Sha256::of(&bytes).to_string();
        if done.heads.get(&id) != Some(&digest) {
            for (envelope, head) in folder::read_heads(&self.statements(), voter)? {
                additions.add_head(head.value(), envelope);
            }
        }
        progress.heads.insert(id, digest);
        Ok(())
    }

    /// How many statements wait to be published.
    ///
    /// # Errors
    /// [`FeedError`].
    pub fn waiting(&self, root: &Root) -> Result<usize, FeedError> {
        let done = self.progress()?;
        let waiting = |chain: &Chain| {
            let published = done.statements.get(&chain.issuer().id().to_string()).copied().unwrap_or(0);
            chain.statements().len().saturating_sub(published)
        };
        Ok(self.chains(root)?.iter().map(waiting).sum())
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

    fn progress(&self) -> Result<Progress, FeedError> {
        let timestamp = read(&self.public().join("timestamp.json"))?;
        let progress = read(&self.path.join("published.json"))?;
        let progress: Progress =
            progress.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let now = timestamp.map(|bytes| Sha256::of(&bytes).to_string());
        Ok(if now.as_ref() == Some(&progress.timestamp) { progress } else { Progress::default() })
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
