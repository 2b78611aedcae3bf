//! Follows a file that is on its way, or was verified, at a reader's own pace.
//!
//! # Invariants
//! - Of a file that is not verified, the last [`limits::TAIL_BYTES`] of what has come are never sent ([`releasable`]).

use std::{fs::File, io, sync::Arc};

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::sync::watch;

use super::{DownloadError, disk::Disk};
use crate::{limits, respond::range::Part};

/// How far a file has come.
#[derive(Clone)]
pub(super) enum Progress {
    Opening,
    Coming { spool: Arc<File>, written: u64, length: Option<u64> },
    Verified { file: Arc<File>, length: u64 },
    Failed(DownloadError),
}

/// A file on its way to one reader.
pub(crate) struct Source {
    progress: watch::Receiver<Progress>,
    disk: Disk,
}

impl Source {
    pub(super) fn new(progress: watch::Receiver<Progress>, disk: Disk) -> Self {
        Self { progress, disk }
    }

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
            let read = source.disk.run(move || read_piece(&file, at, until));
            let piece = read.await.map_err(io::Error::other)??;
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
