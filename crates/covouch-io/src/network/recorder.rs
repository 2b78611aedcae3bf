//! Keeps what servers answered, to be carried to a machine without a network.
//!
//! # Invariants
//! - What is kept is what was asked for by the same code that will ask for it there, and nothing else.
//! - Addresses are kept without credentials.
//! - What cannot be kept is an error at the end: a bundle is whole, or there is none.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use super::{Fetched, Head, Reach, Request};
use crate::{
    bundle::{Answer, Blob, Entries, Entry, Kind},
    state::{Cache, CacheWriter, StateError},
};

/// What was answered so far. Clones share it.
#[derive(Clone)]
pub struct Recorder {
    blobs: Cache,
    kept: Arc<Mutex<Kept>>,
}

#[derive(Default)]
struct Kept {
    entries: Entries,
    failed: Option<StateError>,
}

/// A long answer on its way through.
pub(super) struct Tape {
    recorder: Recorder,
    key: (Kind, String),
    answer: Answer,
    writer: CacheWriter,
}

impl Recorder {
    /// Keeps bytes in this cache.
    #[must_use]
    pub fn new(blobs: Cache) -> Self {
        Self { blobs, kept: Arc::default() }
    }

    /// What was kept since the last call.
    ///
    /// # Errors
    /// [`StateError`] when something of it could not be kept.
    pub fn take(&self) -> Result<Entries, StateError> {
        let Kept { entries, failed } = self.change(mem::take);
        failed.map_or(Ok(entries), Err)
    }

    /// Keeps bytes that nobody answered anything beside; `None` when there surely are none.
    pub fn keep(&self, key: (Kind, String), bytes: Option<&[u8]>) {
        self.insert(key, bytes, None);
    }

    /// Keeps a whole answer.
    pub(super) fn record(&self, request: &Request, fetched: &Fetched) {
        let Some(kind) = request.kind else { return };
        match fetched {
            Fetched::Body(head, bytes) => self.insert(key(kind, request), Some(bytes), Some((request, head))),
            Fetched::Absent => self.insert(key(kind, request), None, None),
            Fetched::NotModified(_) => {}
        }
    }

    fn insert(&self, key: (Kind, String), bytes: Option<&[u8]>, from: Option<(&Request, &Head)>) {
        let written = bytes.map(|bytes| {
            let mut writer = self.blobs.writer()?;
            writer.write(bytes)?;
            writer.finish()
        });
        let entry = written.transpose().map(|file| Entry {
            body: file.map(|file| Blob { sha256: file.sha256(), length: file.length() }),
            answer: from.map(|(_, head)| answer(head)),
            file: from.and_then(|(request, _)| request.file.clone()),
        });
        self.settle(key, entry);
    }

    /// Begins to keep a long answer; nothing for a part of one.
    pub(super) fn tape(&self, request: &Request, head: &Head) -> Option<Tape> {
        let kind = request.kind.filter(|_| head.starts_at == 0 && request.from.is_none())?;
        match self.blobs.writer() {
            Ok(writer) => {
                Some(Tape { recorder: self.clone(), key: key(kind, request), answer: answer(head), writer })
            }
            Err(error) => {
                self.change(|kept| kept.failed.get_or_insert(error).clone());
                None
            }
        }
    }

    fn settle(&self, key: (Kind, String), entry: Result<Entry, StateError>) {
        self.change(|kept| match entry {
            Ok(entry) => drop(kept.entries.insert(key, entry)),
            Err(error) => drop(kept.failed.get_or_insert(error)),
        });
    }

    fn change<T>(&self, change: impl FnOnce(&mut Kept) -> T) -> T {
        // Whoever panicked left a map that is whole.
        change(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Tape {
    pub(super) fn write(&mut self, piece: &[u8]) {
        if let Err(error) = self.writer.write(piece) {
            self.recorder.change(|kept| kept.failed.get_or_insert(error).clone());
        }
    }

    pub(super) fn finish(self) {
        let Self { recorder, key, answer, writer } = self;
        let entry = writer
            .finish()
            .map(|file| Entry { answer: Some(answer), ..Entry::of(file.sha256(), file.length()) });
        recorder.settle(key, entry);
    }
}

/// As what a request stands in a bundle. Debian's files are known by their place in any archive, whose address may be
/// another one elsewhere.
pub(super) fn key(kind: Kind, request: &Request) -> (Kind, String) {
    let url = request.url().as_str();
    let name = match kind {
        Kind::Debian => url.find("/dists/").and_then(|at| url.get(at + 1..)).unwrap_or(url),
        _ => url,
    };
    (kind, name.to_owned())
}

fn answer(head: &Head) -> Answer {
    Answer {
        from: head.url.clone(),
        content_type: head.content_type.clone(),
        is_public: head.reach == Reach::PublicOnly,
    }
}
