//! Brings files from upstream, once for all who want them, and lets nobody have a whole one before its digest is
//! known to be right.
//!
//! One task fetches a file into a spool on disk; any number of readers follow it there at their own pace, so a slow
//! one holds a piece of [`limits::PIECE_BYTES`] in memory and nobody else up.
//!
//! # Invariants
//! - Until the sha256 of all bytes is the expected one, the last [`limits::TAIL_BYTES`] of what has come stay here;
//!   if it is another, every reader's connection breaks off and nothing is kept.
//! - Bytes from the cache are hashed again before the first of them is sent.
//! - A wheel whose METADATA is not what upstream served as its metadata counts as wrong: what was resolved with
//!   would not be what is installed.
//! - A large file that nobody waits for any more is not fetched further.
//!
//! # Not here
//! How readers follow a file ([`source`]). Whether a client may have the file: whoever opens one shows a [`Release`].

mod disk;
mod source;

use std::{
    collections::HashMap,
    fs::File,
    io::Write as _,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use bytes::Bytes;
use covouch_core::{code::Code, digest::Sha256, subject::FileName};
use covouch_io::{
    network::{Body, FetchError, Network, Opened, Request},
    secrets::{RedactedUrl, redact},
    state::{CacheWriter, Part as StatePart, State, StateError},
};
use tokio::sync::{Semaphore, watch};

pub(crate) use self::source::{At, Source};
use self::{disk::Disk, source::Progress};
use crate::{
    code, limits,
    release::Release,
    session::{Failure, Session},
    wheel,
};

/// A file as upstream has it.
#[derive(Clone)]
pub(crate) struct Remote {
    /// What its bytes must hash to.
    pub(crate) sha256: Sha256,
    /// How to ask for it.
    pub(crate) request: Request,
    /// What the METADATA in it must hash to, when upstream promised that.
    pub(crate) metadata: Option<Sha256>,
}

impl Remote {
    /// Its address, as messages may show it.
    fn shown(&self) -> RedactedUrl {
        redact(self.request.url())
    }
}

/// Why a file does not come.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum DownloadError {
    /// Nothing was learnt from upstream.
    #[error(transparent)]
    Fetch(Arc<FetchError>),
    /// Upstream lists a file that it does not have.
    #[error("`{0}` is listed and not there")]
    Absent(RedactedUrl),
    /// Longer than anything we take.
    #[error("`{0}` is longer than {max} bytes", max = covouch_io::limits::FILE_BYTES)]
    TooLarge(RedactedUrl),
    /// Other bytes than the index says.
    #[error("`{url}` has sha256:{found}, where sha256:{expected} is listed")]
    Hash { url: RedactedUrl, expected: Sha256, found: Sha256 },
    /// Upstream served other metadata for the wheel than the wheel has.
    #[error("the METADATA in `{0}` is not what its index serves as its metadata")]
    Metadata(RedactedUrl),
    /// The wheel has no METADATA that could be compared.
    #[error("the METADATA in `{url}` cannot be compared with what its index serves: {why}")]
    Unreadable { url: RedactedUrl, why: String },
    /// Our own disk.
    #[error("the file cannot be stored: {0}")]
    Storage(String),
    /// Everybody else who wanted it went away at the moment when somebody new came, or the gateway stops.
    #[error("the download was given up")]
    Abandoned,
}

impl DownloadError {
    /// The error's stable code.
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Fetch(_) => code::UPSTREAM_UNREACHABLE,
            Self::Absent(_) => code::NO_FILE,
            Self::TooLarge(_) => code::UPSTREAM_WRONG,
            Self::Hash { .. } => code::FILE_WRONG,
            Self::Metadata(_) => code::METADATA_WRONG,
            Self::Unreadable { .. } => code::METADATA_UNREADABLE,
            Self::Storage(_) => code::STORAGE,
            Self::Abandoned => code::BUSY,
        }
    }
}

/// All files on their way.
pub(crate) struct Downloads {
    network: Network,
    state: State,
    session: Arc<Session>,
    running: Mutex<Running>,
    slots: Semaphore,
    disk: Disk,
}

/// The downloads under way. Weak, so that one whose task died is no download any more.
type Running = HashMap<Key, Weak<watch::Sender<Progress>>>;

/// Two indexes that promise different metadata for one wheel are two downloads: at least one of them is wrong.
type Key = (Sha256, Option<Sha256>);

impl Downloads {
    pub(crate) fn new(network: Network, state: State, session: Arc<Session>) -> Self {
        let (running, slots) = (Mutex::default(), Semaphore::new(limits::DOWNLOADS));
        Self { network, state, session, running, slots, disk: Disk::new() }
    }

    /// Opens a file for somebody who may have it.
    pub(crate) fn open(self: &Arc<Self>, remote: Remote, release: &Release) -> Result<Source, DownloadError> {
        if release.subject().sha256 != remote.sha256 {
            return Err(DownloadError::Abandoned);
        }
        let key = (remote.sha256, remote.metadata);
        let mut running = self.running();
        if let Some(sender) = running.get(&key).and_then(Weak::upgrade) {
            return Ok(Source::new(sender.subscribe(), self.disk.clone()));
        }
        let (sender, progress) = watch::channel(Progress::Opening);
        let sender = Arc::new(sender);
        running.insert(key, Arc::downgrade(&sender));
        tokio::spawn(Arc::clone(self).bring(remote, release.subject().filename.clone(), sender));
        Ok(Source::new(progress, self.disk.clone()))
    }

    async fn bring(
        self: Arc<Self>,
        remote: Remote,
        filename: FileName,
        sender: Arc<watch::Sender<Progress>>,
    ) {
        let done = match self.cached_or_fetched(&remote, &sender).await {
            Ok(done) => done,
            Err(error) => {
                self.note(&filename, &error);
                Progress::Failed(error)
            }
        };
        // Readers that come from now on start anew; those that are here see how it ended.
        Self::forget(&mut self.running(), &remote, &sender);
        sender.send_replace(done);
    }

    /// A connection that breaks off tells its client nothing; the report at the end does.
    fn note(&self, filename: &FileName, error: &DownloadError) {
        if !matches!(error, DownloadError::Abandoned) {
            let (subject, code, detail) = (filename.to_string(), error.code(), error.to_string());
            self.session.failure(Failure { subject, code, detail });
        }
    }

    async fn cached_or_fetched(
        &self,
        remote: &Remote,
        sender: &Arc<watch::Sender<Progress>>,
    ) -> Result<Progress, DownloadError> {
        let (cache, sha256) = (self.state.cache(), remote.sha256);
        let cached = self.disk.run(move || cache.open(&sha256)).await?.map_err(|error| storage(&error))?;
        let (file, length) = match cached {
            Some(cached) => {
                let length = cached.length();
                (Arc::new(cached.into_file()), length)
            }
            None => {
                let _slot = self.slots.acquire().await.map_err(|_| DownloadError::Abandoned)?;
                self.fetch(remote, sender).await?
            }
        };
        if let Some(expected) = remote.metadata {
            let url = remote.shown();
            let wheel = Arc::clone(&file);
            let check = move || compare(&wheel, expected, url);
            self.disk.run(check).await??;
        }
        Ok(Progress::Verified { file, length })
    }

    async fn fetch(
        &self,
        remote: &Remote,
        sender: &Arc<watch::Sender<Progress>>,
    ) -> Result<(Arc<File>, u64), DownloadError> {
        let opened = self.network.open(&remote.request).await.map_err(fetch_error)?;
        let Opened::Body(head, mut body) = opened else {
            return Err(DownloadError::Absent(remote.shown()));
        };
        let mut spool = self.spool().await?;
        while let Some(piece) = next(&mut body).await? {
            let written = spool.write(&piece)?;
            if written > covouch_io::limits::FILE_BYTES {
                return Err(DownloadError::TooLarge(remote.shown()));
            }
            sender.send_replace(Progress::Coming {
                spool: Arc::clone(&spool.file),
                written,
                length: head.length,
            });
            let is_short = head.length.is_some_and(|length| length <= limits::FINISHED_BYTES);
            if !is_short && self.is_abandoned(remote, sender) {
                return Err(DownloadError::Abandoned);
            }
        }
        spool.check(remote, &self.disk).await
    }

    async fn spool(&self) -> Result<Spool, DownloadError> {
        let state = self.state.clone();
        let made = self.disk.run(move || {
            let cache = state.cache().writer().map_err(|error| storage(&error))?;
            let file = tempfile::tempfile_in(state.folder(StatePart::Cache));
            let file = file.map_err(|error| DownloadError::Storage(error.to_string()))?;
            Ok(Spool { file: Arc::new(file), cache })
        });
        made.await?
    }

    /// Whether nobody listens; from then on nobody can start to.
    fn is_abandoned(&self, remote: &Remote, sender: &Arc<watch::Sender<Progress>>) -> bool {
        let mut running = self.running();
        let is_abandoned = sender.receiver_count() == 0;
        if is_abandoned {
            Self::forget(&mut running, remote, sender);
        }
        is_abandoned
    }

    /// Takes a download off the list, unless another one of the same file stands there by now.
    fn forget(running: &mut Running, remote: &Remote, sender: &Arc<watch::Sender<Progress>>) {
        let key = (remote.sha256, remote.metadata);
        if running.get(&key).is_some_and(|listed| std::ptr::eq(listed.as_ptr(), Arc::as_ptr(sender))) {
            running.remove(&key);
        }
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A file on its way to disk: once where readers follow it, once where it stays if it is right.
struct Spool {
    file: Arc<File>,
    cache: CacheWriter,
}

impl Spool {
    /// Takes a piece; says how many bytes there are now.
    fn write(&mut self, piece: &[u8]) -> Result<u64, DownloadError> {
        (&*self.file).write_all(piece).map_err(|error| DownloadError::Storage(error.to_string()))?;
        self.cache.write(piece).map_err(|error| storage(&error))?;
        Ok(self.cache.length())
    }

    /// Keeps the file if it is the right one.
    async fn check(self, remote: &Remote, disk: &Disk) -> Result<(Arc<File>, u64), DownloadError> {
        let Self { file, cache } = self;
        let (found, length) = (cache.sha256(), cache.length());
        if found != remote.sha256 {
            return Err(DownloadError::Hash { url: remote.shown(), expected: remote.sha256, found });
        }
        // A file that is right and cannot be kept is still right: the next one who wants it waits again.
        let _ = disk.run(move || cache.finish().map(drop)).await?;
        Ok((file, length))
    }
}

fn compare(file: &File, expected: Sha256, url: RedactedUrl) -> Result<(), DownloadError> {
    match wheel::metadata(&mut At::start(file)) {
        Ok(metadata) if Sha256::of(&metadata) == expected => Ok(()),
        Ok(_) => Err(DownloadError::Metadata(url)),
        Err(error) => Err(DownloadError::Unreadable { url, why: error.to_string() }),
    }
}

async fn next(body: &mut Body) -> Result<Option<Bytes>, DownloadError> {
    body.piece().await.map_err(fetch_error)
}

fn fetch_error(error: FetchError) -> DownloadError {
    DownloadError::Fetch(Arc::new(error))
}

fn storage(error: &StateError) -> DownloadError {
    DownloadError::Storage(error.to_string())
}
