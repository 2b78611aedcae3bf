//! What an index has and what it says about it.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use bytes::Bytes;
use covouch_core::{evidence::ProjectStatus, name::ProjectName, time::Timestamp};

use crate::distribution::Distribution;

/// What one index serves.
#[derive(Clone, Debug)]
pub struct Site {
    projects: BTreeMap<ProjectName, Project>,
    resources: BTreeMap<String, Bytes>,
    features: BTreeSet<Feature>,
    pub(super) latency: Duration,
    pub(super) credentials: Option<(String, String)>,
}

/// Something an index may do, and weak mirrors do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// Pages in JSON (PEP 691).
    Json,
    /// Pages in HTML (PEP 503).
    Html,
    /// When each file was uploaded (PEP 700; JSON only).
    UploadTimes,
    /// The project's status (PEP 792).
    Status,
    /// Metadata beside wheels (PEP 658).
    Metadata,
    /// Parts of files (RFC 9110 §14).
    Ranges,
    /// ETags, and 304 for what did not change (RFC 9110 §13).
    Etags,
}

impl Feature {
    /// Everything a modern index does.
    pub const ALL: [Self; 7] =
        [Self::Json, Self::Html, Self::UploadTimes, Self::Status, Self::Metadata, Self::Ranges, Self::Etags];
}

/// A project on an index.
#[derive(Clone, Debug)]
pub struct Project {
    /// Its status; a status other than active is said only by an index with [`Feature::Status`].
    pub status: ProjectStatus,
    /// Its files, in the order of the page.
    pub files: Vec<Listed>,
}

/// A file on an index.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The file.
    pub distribution: Distribution,
    /// When it was uploaded.
    pub uploaded: Timestamp,
    /// Why it is yanked, where it is; the reason may be empty (PEP 592).
    pub yanked: Option<String>,
    /// Whether pages give its sha256.
    pub hashed: bool,
    /// What is served as its provenance, where the index has one (PEP 740).
    pub provenance: Option<Bytes>,
}

impl Site {
    /// An empty index that can do everything.
    #[must_use]
    pub fn new() -> Self {
        let features = Feature::ALL.into_iter().collect();
        let (projects, resources) = (BTreeMap::new(), BTreeMap::new());
        Self { projects, resources, features, latency: Duration::ZERO, credentials: None }
    }

    /// The same index without this feature.
    #[must_use]
    pub fn without(mut self, feature: Feature) -> Self {
        self.features.remove(&feature);
        self
    }

    /// The same index, taking this long before each answer.
    #[must_use]
    pub const fn slowed(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// The same index, open only to this user (HTTP basic authentication, RFC 7617).
    #[must_use]
    pub fn private(mut self, user: &str, password: &str) -> Self {
        self.credentials = Some((user.to_owned(), password.to_owned()));
        self
    }

    /// The same index with this file too, uploaded at this moment.
    ///
    /// # Panics
    /// When the moment is no time.
    #[must_use]
    pub fn with(mut self, distribution: Distribution, uploaded: &str) -> Self {
        let uploaded = Timestamp::parse(uploaded).expect("a moment such as 2026-03-24T10:39:00Z");
        self.list(Listed { distribution, uploaded, yanked: None, hashed: true, provenance: None });
        self
    }

    /// Lists a file.
    pub fn list(&mut self, file: Listed) {
        self.project(file.distribution.project()).files.push(file);
    }

    /// Serves anything else under a path, such as `/debian/dists/stable/InRelease`.
    pub fn put(&mut self, path: &str, bytes: impl Into<Bytes>) {
        self.resources.insert(path.to_owned(), bytes.into());
    }

    pub(super) fn resource(&self, path: &str) -> Option<&Bytes> {
        self.resources.get(path)
    }

    /// The project of this name, made when it was not there.
    pub fn project(&mut self, name: &ProjectName) -> &mut Project {
        let empty = || Project { status: ProjectStatus::Active, files: Vec::new() };
        self.projects.entry(name.clone()).or_insert_with(empty)
    }

    pub(super) const fn projects(&self) -> &BTreeMap<ProjectName, Project> {
        &self.projects
    }

    pub(super) fn does(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }
}

impl Default for Site {
    fn default() -> Self {
        Self::new()
    }
}
