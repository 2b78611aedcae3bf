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
//! Whether a client may have the file: whoever opens one shows a [`Release`].

use std::{
    collections::HashMap,
    fs::File,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use bytes::Bytes;
use covouch_core::{code::Code, digest::Sha256, subject::FileName};
use covouch_io::{
    network::{Body, FetchError, Network, Opened, Request},
    secrets::{RedactedUrl, redact},
    state::{CacheWriter, Part as StatePart, State, StateError},
};
use futures_util::stream::{self, Stream};
use tokio::sync::{Semaphore, watch};

use crate::{
    code, limits,
    release::Release,
    respond::range::Part,
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

/// How far a file has come.
#[derive(Clone)]
enum Progress {
    Opening,
    Coming { spool: Arc<File>, written: u64, length: Option<u64> },
    Verified { file: Arc<File>, length: u64 },
    Failed(DownloadError),
}

/// A file on its way to one reader.
pub(crate) struct Source {
    progress: watch::Receiver<Progress>,
}

/// All files on their way.
pub(crate) struct Downloads {
    network: Network,
    state: State,
    session: Arc<Session>,
    running: Mutex<Running>,
    slots: Semaphore,
}

/// The downloads under way. Weak, so that one whose task died is no download any more.
type Running = HashMap<Key, Weak<watch::Sender<Progress>>>;

/// Two indexes that promise different metadata for one wheel are two downloads: at least one of them is wrong.
type Key = (Sha256, Option<Sha256>);

impl Downloads {
    pub(crate) fn new(network: Network, state: State, session: Arc<Session>) -> Self {
        Self { network, state, session, running: Mutex::default(), slots: Semaphore::new(limits::DOWNLOADS) }
    }

    /// Opens a file for somebody who may have it.
    pub(crate) fn open(self: &Arc<Self>, remote: Remote, release: &Release) -> Result<Source, DownloadError> {
        if release.subject().sha256 != remote.sha256 {
            return Err(DownloadError::Abandoned);
        }
        let key = (remote.sha256, remote.metadata);
        let mut running = self.running();
        if let Some(sender) = running.get(&key).and_then(Weak::upgrade) {
            return Ok(Source { progress: sender.subscribe() });
        }
        let (sender, progress) = watch::channel(Progress::Opening);
        let sender = Arc::new(sender);
        running.insert(key, Arc::downgrade(&sender));
        tokio::spawn(Arc::clone(self).bring(remote, release.subject().filename.clone(), sender));
        Ok(Source { progress })
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
        let cached = blocking(move || cache.open(&sha256)).await?.map_err(|error| storage(&error))?;
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
            compare(Arc::clone(&file), expected, remote.shown()).await?;
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
        spool.check(remote).await
    }

    async fn spool(&self) -> Result<Spool, DownloadError> {
        let state = self.state.clone();
        let made = blocking(move || {
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
        io::Write::write_all(&mut &*self.file, piece)
            .map_err(|error| DownloadError::Storage(error.to_string()))?;
        self.cache.write(piece).map_err(|error| storage(&error))?;
        Ok(self.cache.length())
    }

    /// Keeps the file if it is the right one.
    async fn check(self, remote: &Remote) -> Result<(Arc<File>, u64), DownloadError> {
        let Self { file, cache } = self;
        let (found, length) = (cache.sha256(), cache.length());
        if found != remote.sha256 {
            return Err(DownloadError::Hash { url: remote.shown(), expected: remote.sha256, found });
        }
        // A file that is right and cannot be kept is still right: the next one who wants it waits again.
        let _ = blocking(move || cache.finish().map(drop)).await?;
        Ok((file, length))
    }
}

impl Source {
    /// Waits until there is something to send, or nothing ever will be.
    ///
    /// # Errors
    /// [`DownloadError`]; for files up to [`limits::TAIL_BYTES`] always before the first byte is sent.
    pub(crate) async fn ready(&mut self) -> Result<Option<u64>, DownloadError> {
        let progress = self.wait(|progress| match progress {
            Progress::Opening => false,
            Progress::Coming { written, .. } => *written > limits::TAIL_BYTES,
            Progress::Verified { .. } | Progress::Failed(_) => true,
        });
        match progress.await? {
            Progress::Coming { length, .. } => Ok(length),
            Progress::Verified { length, .. } => Ok(Some(length)),
            Progress::Failed(error) => Err(error),
            Progress::Opening => Err(DownloadError::Abandoned),
        }
    }

    /// Waits for the whole file.
    ///
    /// # Errors
    /// [`DownloadError`] when it does not come.
    pub(crate) async fn whole(&mut self) -> Result<(Arc<File>, u64), DownloadError> {
        let is_done =
            |progress: &Progress| matches!(progress, Progress::Verified { .. } | Progress::Failed(_));
        match self.wait(is_done).await? {
            Progress::Verified { file, length } => Ok((file, length)),
            Progress::Failed(error) => Err(error),
            Progress::Opening | Progress::Coming { .. } => Err(DownloadError::Abandoned),
        }
    }

    /// The bytes of a part, as they may be sent; all there are without one. An error breaks the connection off.
    pub(crate) fn stream(self, part: Option<Part>) -> impl Stream<Item = io::Result<Bytes>> + Send {
        let at = part.map_or(0, |part| part.first);
        let end = part.map_or(u64::MAX, |part| part.first.saturating_add(part.length));
        stream::try_unfold((self, at), move |(mut source, at)| async move {
            let Some((file, until)) = source.available(at, end).await? else { return Ok(None) };
            let piece = blocking(move || read_piece(&file, at, until)).await.map_err(io::Error::other)??;
            let next = at.saturating_add(u64::try_from(piece.len()).unwrap_or(u64::MAX));
            Ok(Some((piece, (source, next))))
        })
    }

    /// Waits until bytes from `at` on may be sent: up to where; nothing at the end.
    async fn available(&mut self, at: u64, end: u64) -> io::Result<Option<(Arc<File>, u64)>> {
        if at >= end {
            return Ok(None);
        }
        let is_ready = |progress: &Progress| match progress {
            Progress::Opening => false,
            Progress::Coming { written, .. } => releasable(*written) > at,
            Progress::Verified { .. } | Progress::Failed(_) => true,
        };
        match self.wait(is_ready).await.map_err(io::Error::other)? {
            Progress::Coming { spool, written, .. } => Ok(Some((spool, releasable(written).min(end)))),
            Progress::Verified { length, .. } if at >= length => Ok(None),
            Progress::Verified { file, length } => Ok(Some((file, length.min(end)))),
            Progress::Failed(error) => Err(io::Error::other(error)),
            Progress::Opening => Err(io::Error::other(DownloadError::Abandoned)),
        }
    }

    async fn wait(&mut self, is_ready: impl FnMut(&Progress) -> bool) -> Result<Progress, DownloadError> {
        let progress = self.progress.wait_for(is_ready).await;
        progress.map(|progress| progress.clone()).map_err(|_| DownloadError::Abandoned)
    }
}

/// How many bytes of a file that is not verified may be sent. The one place where the tail is held back.
fn releasable(written: u64) -> u64 {
    written.saturating_sub(limits::TAIL_BYTES)
}

async fn compare(file: Arc<File>, expected: Sha256, url: RedactedUrl) -> Result<(), DownloadError> {
    let found = blocking(move || wheel::metadata(&mut At::start(&file))).await?;
    match found {
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

/// Runs disk work where it does not hold up the network.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, DownloadError> {
    tokio::task::spawn_blocking(work).await.map_err(|_| DownloadError::Abandoned)
}

fn read_piece(file: &File, at: u64, until: u64) -> io::Result<Bytes> {
    let length = usize::try_from(until - at).unwrap_or(limits::PIECE_BYTES).min(limits::PIECE_BYTES);
    let mut piece = vec![0; length];
    let count = read_at(file, &mut piece, at)?;
    if count == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    piece.truncate(count);
    Ok(piece.into())
}

/// A file read from a place of our own: the open file's own place is its writer's.
pub(crate) struct At<'a> {
    file: &'a File,
    at: u64,
}

impl<'a> At<'a> {
    pub(crate) fn start(file: &'a File) -> Self {
        Self { file, at: 0 }
    }
}

impl io::Read for At<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = read_at(self.file, buffer, self.at)?;
        self.at = self.at.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }
}

impl io::Seek for At<'_> {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let at = match to {
            io::SeekFrom::Start(at) => Some(at),
            io::SeekFrom::Current(by) => self.at.checked_add_signed(by),
            io::SeekFrom::End(by) => self.file.metadata()?.len().checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}
