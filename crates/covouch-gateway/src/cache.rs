//! What is kept in memory: rendered pages, what was read about projects, metadata taken out of wheels.
//!
//! # Invariants
//! - Each of them is bounded in bytes.
//! - A page is used only while it holds: as long as it was made from the present snapshot, and neither an event nor
//!   the age of what it was made from has passed.
//! - A page is compressed once, when the first client asks for that.
//!
//! # Not here
//! Making pages ([`crate::gate`]) and keeping files ([`crate::download`]).

use std::{collections::HashMap, convert::Infallible, hash::Hash, io::Write as _, sync::Arc};

use bytes::Bytes;
use covouch_core::{
    digest::Sha256,
    evidence::Evidence,
    name::ProjectName,
    party::PartyName,
    subject::{FileName, Subject},
    time::Timestamp,
};
use covouch_io::network::Request;
use flate2::{Compression, write::GzEncoder};
use http::HeaderValue;
use quick_cache::{
    DefaultHashBuilder, OptionsBuilder, Weighter,
    sync::{Cache, DefaultLifecycle},
};
use tokio::sync::OnceCell;

use crate::{
    download::Remote,
    limits,
    respond::{Problem, accept::Form, etag},
};

/// Until when something made from a snapshot may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Holds {
    /// The snapshot's number.
    pub(crate) snapshot: u64,
    /// The first moment at which it may be wrong.
    pub(crate) until: Timestamp,
}

impl Holds {
    pub(crate) fn at(self, snapshot: u64, now: Timestamp) -> bool {
        self.snapshot == snapshot && now < self.until
    }
}

/// The bytes of a page and what they are recognised by.
pub(crate) struct Coded {
    pub(crate) bytes: Bytes,
    pub(crate) etag: HeaderValue,
}

impl Coded {
    fn new(bytes: Bytes, of: &Sha256, coding: &str) -> Self {
        // A digest in quotes is always a header.
        let etag =
            HeaderValue::from_str(&etag::of(of, coding)).unwrap_or_else(|_| HeaderValue::from_static("\"\""));
        Self { bytes, etag }
    }
}

/// A page in one form.
pub(crate) struct RenderedPage {
    pub(crate) holds: Holds,
    pub(crate) plain: Coded,
    sha256: Sha256,
    gzip: OnceCell<Coded>,
}

impl RenderedPage {
    pub(crate) fn new(holds: Holds, bytes: Vec<u8>) -> Self {
        let sha256 = Sha256::of(&bytes);
        Self { holds, plain: Coded::new(bytes.into(), &sha256, ""), sha256, gzip: OnceCell::new() }
    }

    /// The page, compressed. A failure to compress is a page as it is.
    pub(crate) async fn gzip(&self) -> &Coded {
        let made = self.gzip.get_or_try_init(|| async {
            let plain = self.plain.bytes.clone();
            let bytes = tokio::task::spawn_blocking(move || compress(&plain)).await.map_err(|_| ())?;
            Ok::<_, ()>(Coded::new(bytes.into(), &self.sha256, "-gzip"))
        });
        made.await.unwrap_or(&self.plain)
    }
}

/// The fastest level: pages are made of digests, which no level makes shorter.
fn compress(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(plain.len() / 3), Compression::fast());
    // Writing to memory does not fail.
    let _ = encoder.write_all(plain);
    encoder.finish().unwrap_or_default()
}

/// What was read about a project, enough to judge its files again without reading its page.
pub(crate) struct Project {
    pub(crate) holds: Holds,
    pub(crate) name: ProjectName,
    /// The index whose page it is.
    pub(crate) home: PartyName,
    /// What indexes say about its files, without statements.
    pub(crate) evidence: Evidence,
    /// Whether its index holds it to be unsafe (PEP 792).
    pub(crate) is_quarantined: bool,
    pub(crate) files: HashMap<FileName, Listed>,
}

/// A file as its index lists it.
pub(crate) struct Listed {
    /// Nothing when there is no digest, or the file is of a kind that nobody should install.
    pub(crate) subject: Option<Subject>,
    pub(crate) remote: Option<Remote>,
    pub(crate) size: Option<u64>,
    /// The metadata upstream serves beside it.
    pub(crate) metadata: Option<Promised>,
    pub(crate) is_wheel: bool,
    /// Its address below the gateway's root when it is let through.
    pub(crate) address: Box<str>,
}

/// Metadata that upstream serves, with the digest it gives.
pub(crate) struct Promised {
    pub(crate) sha256: Sha256,
    pub(crate) request: Request,
}

/// What was made, or why it could not be. A failure stands in a cache only for those who wait for it: if each of them
/// tried again, the last of fifty would wait fifty times as long for an index that does not answer.
pub(crate) type Shared<T> = Result<T, Problem>;

/// How many bytes an entry holds, about.
#[derive(Clone)]
pub(crate) struct Bytewise;

impl Weighter<(ProjectName, Form), Shared<Arc<RenderedPage>>> for Bytewise {
    fn weight(&self, _: &(ProjectName, Form), page: &Shared<Arc<RenderedPage>>) -> u64 {
        // The compressed form, made later, is a third of it at most.
        weight(
            page.as_ref().map_or(0, |page| page.plain.bytes.len().saturating_add(page.plain.bytes.len() / 3)),
        )
    }
}

impl Weighter<ProjectName, Shared<Arc<Project>>> for Bytewise {
    fn weight(&self, _: &ProjectName, project: &Shared<Arc<Project>>) -> u64 {
        weight(project.as_ref().map_or(0, |project| project.files.len().saturating_mul(1000)))
    }
}

impl Weighter<Sha256, Shared<Bytes>> for Bytewise {
    fn weight(&self, _: &Sha256, metadata: &Shared<Bytes>) -> u64 {
        weight(metadata.as_ref().map_or(0, Bytes::len))
    }
}

fn weight(bytes: usize) -> u64 {
    u64::try_from(bytes.saturating_add(500)).unwrap_or(u64::MAX)
}

/// Rendered pages.
pub(crate) type Pages = Cache<(ProjectName, Form), Shared<Arc<RenderedPage>>, Bytewise>;
/// What was read about projects.
pub(crate) type Projects = Cache<ProjectName, Shared<Arc<Project>>, Bytewise>;
/// METADATA by the digest it is asked for with: its own where upstream promises that, else the wheel's.
pub(crate) type Metadata = Cache<Sha256, Shared<Bytes>, Bytewise>;

/// What stands in the cache, or is made now, once for all who wait for it.
pub(crate) async fn find_or_make<K: Eq + Hash + Clone, V: Clone>(
    cache: &Cache<K, Shared<V>, Bytewise>,
    key: &K,
    make: impl Future<Output = Shared<V>>,
) -> Shared<V>
where
    Bytewise: Weighter<K, Shared<V>>,
{
    let Ok(made) = cache.get_or_insert_async(key, async { Ok::<_, Infallible>(make.await) }).await;
    if made.is_err() {
        cache.remove_if(key, Result::is_err);
    }
    made
}

pub(crate) fn pages() -> Pages {
    bounded(limits::PAGES_BYTES)
}

pub(crate) fn projects() -> Projects {
    bounded(limits::PROJECTS_BYTES)
}

pub(crate) fn metadata() -> Metadata {
    bounded(limits::METADATA_CACHE_BYTES)
}

/// One shard: what is heavier than a shard is never kept, and the largest pages weigh several megabytes.
fn bounded<K: Eq + Hash, V: Clone>(bytes: u64) -> Cache<K, V, Bytewise>
where
    Bytewise: Weighter<K, V>,
{
    const ITEMS: usize = 1000;
    let mut options = OptionsBuilder::new();
    options.shards(1).estimated_items_capacity(ITEMS).weight_capacity(bytes);
    match options.build() {
        Ok(options) => {
            Cache::with_options(options, Bytewise, DefaultHashBuilder::default(), DefaultLifecycle::default())
        }
        // Only a missing setting fails, and all are there.
        Err(_) => Cache::with_weighter(ITEMS, bytes, Bytewise),
    }
}
