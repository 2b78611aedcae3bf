//! Carrying what is published into a bucket.
//!
//! # Invariants
//! - Content first: lists, then roots, then the timestamp that leads readers to them; and after it a newest root that
//!   takes nothing from who does not have it yet. Whenever it is cut short, readers see the publication before or this
//!   one, and the next run makes up for it.
//! - The snapshot goes before everything else, and only where there is none of its number: of two who publish at once
//!   one gets that place, and the other ends before it has changed anything.
//! - The timestamp takes the place of the very one that was looked at first, where the storage can promise that.
//! - A bucket whose timestamp this folder did not make is not written to.
//!
//! # Not here
//! Old versions: they stay, as in the folder, for readers who are on their way.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use covouch_core::digest::Sha256;
use covouch_feed::{
    limits::{ROOT_BYTES, TIMESTAMP_BYTES},
    path::role_path,
    role::check_root,
    update::Trusted,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use object_store::{
    Attribute, Attributes, Error as S3Error, GetOptions, ObjectStore, PutMode, PutOptions, UpdateVersion,
    path::Path as Key,
};
use serde::Deserialize;

use super::{FeedError, FeedFolder, disk, read};
use crate::{limits, network::StoreError};

/// A bucket, and where in it a feed is.
pub struct Bucket<'a> {
    /// The bucket.
    pub store: &'a dyn ObjectStore,
    /// What stands before the names of the feed's files.
    pub prefix: &'a str,
    /// Both, for people.
    pub shown: &'a str,
}

/// What was carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Uploaded {
    /// Files.
    pub files: usize,
    /// Their bytes.
    pub bytes: usize,
}

/// What a timestamp says, whoever signed it: it only says which of our own files to look at.
#[derive(Deserialize)]
struct Said {
    signed: SaidSigned,
}

#[derive(Deserialize)]
struct SaidSigned {
    version: u64,
    meta: BTreeMap<String, SaidMeta>,
}

#[derive(Deserialize)]
struct SaidMeta {
    version: u64,
    hashes: Option<BTreeMap<String, String>>,
}

impl FeedFolder {
    /// Brings a bucket up to what is published here.
    ///
    /// # Errors
    /// [`FeedError::Elsewhere`] when somebody else published there, also just now; others when it cannot be written.
    pub async fn upload(&self, bucket: &Bucket<'_>) -> Result<Uploaded, FeedError> {
        let _lock = self.lock()?;
        let published = self.published()?.ok_or_else(|| FeedError::NoFolder(self.path.clone()))?;
        let upload = Upload { bucket, public: self.public(), published: &published };
        let there = bucket.get("timestamp.json", TIMESTAMP_BYTES).await?;
        if there.as_ref().is_some_and(|there| there.bytes == published.timestamp().bytes()) {
            let mut done = Uploaded::default();
            upload.put_late_root(&mut done).await?;
            return Ok(done);
        }
        let base = match &there {
            Some(there) => upload.base(&there.bytes)?,
            None => BTreeMap::new(),
        };
        upload.all(&base, there.and_then(|there| there.version)).await
    }
}

struct Upload<'a> {
    bucket: &'a Bucket<'a>,
    public: PathBuf,
    published: &'a Trusted,
}

impl Upload<'_> {
    /// The lists that the bucket has, by the timestamp it has: its snapshot is one of ours.
    fn base(&self, timestamp: &[u8]) -> Result<BTreeMap<String, u64>, FeedError> {
        let elsewhere = |what: String| FeedError::Elsewhere { to: self.bucket.shown.to_owned(), what };
        let said: Said = serde_json::from_slice(timestamp)
            .map_err(|_| elsewhere("a `timestamp.json` that is no feed's".to_owned()))?;
        let version = said.signed.version;
        let other = || elsewhere(format!("publication {version}"));
        if version >= self.published.timestamp().version() {
            return Err(other());
        }
        let snapshot = said.signed.meta.get("snapshot.json").ok_or_else(other)?;
        let path = self.public.join(role_path("snapshot", Some(snapshot.version)));
        let bytes = read(&path)?.ok_or_else(other)?;
        let expected = snapshot.hashes.as_ref().and_then(|hashes| hashes.get("sha256")).ok_or_else(other)?;
        if Sha256::of(&bytes).to_string() != *expected {
            return Err(other());
        }
        let said: Said = serde_json::from_slice(&bytes).map_err(|_| other())?;
        let versions = said.signed.meta.into_iter().map(|(file, meta)| (file, meta.version));
        Ok(versions.chain([("snapshot.json".to_owned(), snapshot.version)]).collect())
    }

    async fn all(
        &self,
        base: &BTreeMap<String, u64>,
        replaces: Option<UpdateVersion>,
    ) -> Result<Uploaded, FeedError> {
        let mut done = Uploaded::default();
        let snapshot = self.published.snapshot();
        if base.get("snapshot.json") != Some(&snapshot.version()) {
            let path = role_path("snapshot", Some(snapshot.version()));
            done.add(self.claim(&path, snapshot.bytes()).await?);
        }
        let lists = snapshot.role().meta.iter().filter_map(|(role, meta)| {
            let is_there = base.get(&format!("{role}.json")) == Some(&meta.version);
            (!is_there).then(|| role_path(role, Some(meta.version)))
        });
        let puts = stream::iter(lists).map(|path| async move {
            let bytes = self.file(&path)?;
            self.bucket.put(&path, &bytes, PutMode::Overwrite).await?;
            Ok::<_, FeedError>(bytes.len())
        });
        let sizes: Vec<usize> = puts.buffer_unordered(limits::STORE_PUTS).try_collect().await?;
        sizes.into_iter().for_each(|size| done.add(size));
        let late = self.late_root()?;
        for version in (1..=self.published.root().version()).filter(|version| Some(*version) != late) {
            self.put_root(version, &mut done).await?;
        }
        let timestamp = self.published.timestamp().bytes();
        let mode = replaces.map_or(PutMode::Create, PutMode::Update);
        match self.bucket.put("timestamp.json", timestamp, mode).await? {
            Put::Done => done.add(timestamp.len()),
            Put::Taken => return Err(self.overtaken("timestamp.json")),
        }
        self.put_late_root(&mut done).await?;
        Ok(done)
    }

    /// The newest root, if readers who do not have it yet believe the publication all the same. Put before the
    /// timestamp, it would take the one that is there from those who have it.
    fn late_root(&self) -> Result<Option<u64>, FeedError> {
        let newest = self.published.root().version();
        let Some(before) = newest.checked_sub(1).filter(|version| *version > 0) else { return Ok(None) };
        let before = check_root(&self.file(&role_path("root", Some(before)))?, None);
        Ok(before.is_ok_and(|before| self.published.holds_under(before.role())).then_some(newest))
    }

    async fn put_late_root(&self, done: &mut Uploaded) -> Result<(), FeedError> {
        match self.late_root()? {
            Some(version) => self.put_root(version, done).await,
            None => Ok(()),
        }
    }

    async fn put_root(&self, version: u64, done: &mut Uploaded) -> Result<(), FeedError> {
        let path = role_path("root", Some(version));
        done.add(self.claim(&path, &self.file(&path)?).await?);
        Ok(())
    }

    /// Puts a file where there is none, or the same. How many bytes were put.
    async fn claim(&self, path: &str, bytes: &[u8]) -> Result<usize, FeedError> {
        if let Put::Done = self.bucket.put(path, bytes, PutMode::Create).await? {
            return Ok(bytes.len());
        }
        match self.bucket.get(path, bytes.len().max(ROOT_BYTES)).await? {
            Some(there) if there.bytes == bytes => Ok(0),
            _ => Err(self.overtaken(path)),
        }
    }

    fn overtaken(&self, path: &str) -> FeedError {
        FeedError::Elsewhere { to: self.bucket.shown.to_owned(), what: format!("another `{path}`") }
    }

    fn file(&self, path: &str) -> Result<Vec<u8>, FeedError> {
        let missing = || disk(&self.public.join(path), std::io::ErrorKind::NotFound.into());
        read(&self.public.join(path))?.ok_or_else(missing)
    }
}

impl Uploaded {
    /// Nothing that was there already counts.
    fn add(&mut self, bytes: usize) {
        self.files += usize::from(bytes > 0);
        self.bytes += bytes;
    }
}

/// A file of a bucket.
struct There {
    bytes: Vec<u8>,
    version: Option<UpdateVersion>,
}

/// What became of a file.
enum Put {
    Done,
    /// Somebody else has the place.
    Taken,
}

impl Bucket<'_> {
    fn key(&self, path: &str) -> Key {
        Key::from(format!("{}/{path}", self.prefix))
    }

    fn failed(&self, error: &S3Error) -> FeedError {
        StoreError::new(self.shown, error).into()
    }

    async fn get(&self, path: &str, most: usize) -> Result<Option<There>, FeedError> {
        let failed = |error: S3Error| self.failed(&error);
        let got = match self.store.get_opts(&self.key(path), GetOptions::default()).await {
            Err(S3Error::NotFound { .. }) => return Ok(None),
            got => got.map_err(failed)?,
        };
        if usize::try_from(got.meta.size).map_or(true, |size| size > most) {
            let what = format!("a `{path}` that is no feed's");
            return Err(FeedError::Elsewhere { to: self.shown.to_owned(), what });
        }
        let version = got
            .meta
            .e_tag
            .clone()
            .map(|tag| UpdateVersion { e_tag: Some(tag), version: got.meta.version.clone() });
        let bytes = got.bytes().await.map_err(failed)?.to_vec();
        Ok(Some(There { bytes, version }))
    }

    async fn put(&self, path: &str, bytes: &[u8], mode: PutMode) -> Result<Put, FeedError> {
        // Only the timestamp ever changes.
        let is_last = Path::new(path) == Path::new("timestamp.json");
        let cached = if is_last { "no-cache" } else { "public, max-age=31536000, immutable" };
        let attributes = Attributes::from_iter([
            (Attribute::ContentType, "application/json"),
            (Attribute::CacheControl, cached),
        ]);
        let options = |mode| PutOptions { mode, attributes: attributes.clone(), ..PutOptions::default() };
        let key = self.key(path);
        let put = |mode| self.store.put_opts(&key, bytes.to_vec().into(), options(mode));
        match put(mode).await {
            Ok(_) => Ok(Put::Done),
            Err(S3Error::AlreadyExists { .. } | S3Error::Precondition { .. }) => Ok(Put::Taken),
            // A storage that cannot promise it. What was looked at first is still the best that is known.
            Err(S3Error::NotImplemented { .. } | S3Error::NotSupported { .. }) => {
                put(PutMode::Overwrite).await.map_err(|error| self.failed(&error))?;
                Ok(Put::Done)
            }
            Err(error) => Err(self.failed(&error)),
        }
    }
}
