//! What a bundle holds, in the place of the servers it came from.
//!
//! # Invariants
//! - An answer that is not in the bundle is *unreachable*. *Absent* is only what a server had said to be absent.
//! - Bytes are hashed again before they are handed out.

use std::path::Path;

use covouch_core::{shown::Shown, time::Timestamp};
use url::Url;

use super::{
    Body, FetchError, Fetched, Head, Opened, Reach, Request, Unreachable, Validators, Wrong, body, recorder,
    unreachable,
};
use crate::{
    bundle::{Blob, Entries, Entry, Kind},
    state::{Cache, CachedFile},
};

/// Entries of a bundle, and their bytes.
pub struct Carried {
    entries: Entries,
    blobs: Cache,
    answered: Timestamp,
}

impl Carried {
    /// These entries, whose bytes are in this cache, as answers given at that time.
    #[must_use]
    pub fn new(entries: Entries, blobs: Cache, answered: Timestamp) -> Self {
        Self { entries, blobs, answered }
    }

    pub(super) fn fetch(&self, request: &Request, limit: usize) -> Result<Fetched, FetchError> {
        let wrong = |why| FetchError::Wrong { url: request.shown(), why };
        let Some((head, file)) = self.find(request)? else { return Ok(Fetched::Absent) };
        if head.length.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
            return Err(wrong(body::too_large(limit)));
        }
        let bytes = self.blobs.read(&file.sha256());
        match bytes {
            Ok(Some(bytes)) => Ok(Fetched::Body(head, bytes.into())),
            _ => Err(unreachable(request, Unreachable::NotCarried)),
        }
    }

    pub(super) fn open(&self, request: &Request) -> Result<Opened, FetchError> {
        Ok(match self.find(request)? {
            Some((head, file)) => Opened::Body(Box::new(head), Body::of_disk(file, request.shown())),
            None => Opened::Absent,
        })
    }

    /// The answer to a request; `None` when it is that there is no such thing.
    fn find(&self, request: &Request) -> Result<Option<(Head, CachedFile)>, FetchError> {
        let missing = || unreachable(request, Unreachable::NotCarried);
        let key = recorder::key(request.kind.ok_or_else(missing)?, request);
        let Some(entry) = self.entries.get(&key) else {
            return if self.ends_chain(&key.1, request) { Ok(None) } else { Err(missing()) };
        };
        let Some(Blob { sha256, length }) = entry.body else { return Ok(None) };
        let head = self.head(request, entry, length);
        let content_type = head.content_type.as_deref().unwrap_or("nothing in particular");
        if !request.content_types.is_empty() && !request.content_types.contains(&content_type) {
            let why = Wrong::ContentType(Shown::new(content_type));
            return Err(FetchError::Wrong { url: request.shown(), why });
        }
        match self.blobs.open(&sha256) {
            Ok(Some(file)) => Ok(Some((head, file))),
            // It was unpacked a moment ago.
            _ => Err(missing()),
        }
    }

    fn head(&self, request: &Request, entry: &Entry, length: u64) -> Head {
        let answer = entry.answer.as_ref();
        Head {
            url: answer.map_or_else(|| request.url().clone(), |answer| answer.from.clone()),
            content_type: answer.and_then(|answer| answer.content_type.clone()),
            length: Some(length),
            validators: Validators::default(),
            max_age: std::time::Duration::ZERO,
            reach: if answer.is_some_and(|answer| answer.is_public) {
                Reach::PublicOnly
            } else {
                request.reach
            },
            starts_at: 0,
            answered: Some(self.answered),
        }
    }

    /// Whether this asks for the root after the last one that a bundle has of a feed: a machine that knows more roots
    /// than the bundle's maker asks further (TUF §5.3.3).
    fn ends_chain(&self, name: &str, request: &Request) -> bool {
        let is_root = Path::new(request.url().path())
            .file_name()
            .is_some_and(|name| name.to_string_lossy().ends_with(".root.json"));
        let first = Url::parse(name).and_then(|url| url.join("timestamp.json"));
        is_root && first.is_ok_and(|first| self.entries.contains_key(&(Kind::Feed, first.to_string())))
    }
}
