//! Puts together what a lock says, package by package.

use std::collections::{HashMap, HashSet};

use covouch_core::{digest::Sha256, name::ProjectName, subject::FileName, version::Version};
use url::Url;

use super::{
    AttestationIdentity, Locked, LockedFile, LockedRelease, OwnProject, Place, Problem, ProblemKind,
};
use crate::{address, filename::DistFilename, shown::Shown};

/// What was read of a lock so far.
#[derive(Default)]
pub(super) struct Builder {
    locked: Locked,
    known: HashMap<(ProjectName, Version, Option<String>), usize>,
}

/// A package whose name was read, and its files so far.
pub(super) struct Package {
    pub(super) project: ProjectName,
    pub(super) version: Option<Version>,
    pub(super) index: Option<String>,
    pub(super) place: Place,
    pub(super) identities: Vec<AttestationIdentity>,
    /// Whether a problem says already why a file is missing.
    pub(super) is_explained: bool,
    files: Vec<LockedFile>,
}

/// One file as a lock lists it.
#[derive(Clone, Copy, Default)]
pub(super) struct FileEntry<'a> {
    /// Its name; without one, the end of the address.
    pub(super) name: Option<&'a str>,
    /// Its address.
    pub(super) url: Option<&'a str>,
    /// Its path, where it lies on this machine.
    pub(super) path: Option<&'a str>,
    /// Its digests, as `algorithm:digest`.
    pub(super) hash: Option<&'a str>,
}

impl Builder {
    /// Begins a package. Without a readable name or version there is a problem instead.
    pub(super) fn package(&mut self, place: Place, name: &str, version: Option<&str>) -> Option<Package> {
        let project = match ProjectName::parse(name) {
            Ok(project) => project,
            Err(error) => {
                self.problem(&place, None, unreadable(name, &error.to_string()));
                return None;
            }
        };
        match version.map(Version::parse).transpose() {
            Ok(version) => Some(Package::new(place, project, version)),
            Err(error) => {
                let kind = unreadable(version.unwrap_or_default(), &error.to_string());
                self.problem(&place, Some(&project), kind);
                None
            }
        }
    }

    /// Adds a file of a package, or the problem with it.
    pub(super) fn file(&mut self, package: &mut Package, entry: FileEntry<'_>) {
        let shown = Shown::new(entry.name.or(entry.url).or(entry.path).unwrap_or("a file"));
        if let (None, Some(path)) = (entry.url, entry.path) {
            return self.fault(package, ProblemKind::Local { path: Shown::new(path) });
        }
        let Some(filename) = entry.filename() else {
            return self.fault(package, unreadable(shown.as_str(), "it is not the name of a file"));
        };
        if !package.owns(&filename) {
            return self.fault(package, ProblemKind::OtherFile { file: shown });
        }
        if let Some(sha256) = self.sha256(package, shown, entry.hash) {
            if package.version.is_none() {
                package.version = package.dist(&filename).and_then(|dist| dist.version().cloned());
            }
            let url = entry.url.map(str::to_owned);
            package.files.push(LockedFile { filename: Some(filename), sha256, url });
        }
    }

    /// Adds the one file of a package that comes from an address, or the problem with it. What the address ends in
    /// need not be a file's name.
    pub(super) fn direct(&mut self, package: &mut Package, url: &str, hash: Option<&str>) {
        let Some(hash) = hash else {
            return self.fault(package, ProblemKind::UrlWithoutHash { address: Shown::new(url) });
        };
        let filename = Url::parse(url).ok().and_then(|url| address::filename(&url).ok());
        let filename = filename.filter(|name| package.dist(name).is_some());
        if filename.as_ref().is_some_and(|name| !package.owns(name)) {
            return self.fault(package, ProblemKind::OtherFile { file: Shown::new(url) });
        }
        if let Some(sha256) = self.sha256(package, Shown::new(url), Some(hash)) {
            package.files.push(LockedFile { filename, sha256, url: Some(url.to_owned()) });
        }
    }

    fn sha256(&mut self, package: &mut Package, file: Shown, hash: Option<&str>) -> Option<Sha256> {
        let kind = match hash.map(|hash| (hash, hash.split_once(':'))) {
            None => ProblemKind::NoHash { file: Some(file) },
            Some((hash, Some(("sha256", digest)))) => match Sha256::parse(digest) {
                Ok(sha256) => return Some(sha256),
                Err(error) => unreadable(hash, &error.to_string()),
            },
            Some((_, Some((algorithm, _)))) => ProblemKind::OtherHash { algorithm: Shown::new(algorithm) },
            Some((hash, None)) => unreadable(hash, "a digest is written `algorithm:digits`"),
        };
        self.fault(package, kind);
        None
    }

    /// Ends a package. One that is listed twice, as some tools do once per extra, is one release.
    pub(super) fn finish(&mut self, mut package: Package) {
        if package.files.is_empty() && !package.is_explained {
            self.fault(&mut package, ProblemKind::NoHash { file: None });
        }
        if package.version.is_none() && !package.files.is_empty() {
            let kind = unreadable(package.project.as_str(), "its version is not known");
            self.fault(&mut package, kind);
        }
        let Package { project, version: Some(version), index, place, identities, files, .. } = package else {
            return;
        };
        let next = self.locked.releases.len();
        let key = (project.clone(), version.clone(), index.clone());
        let at = *self.known.entry(key).or_insert(next);
        match self.locked.releases.get_mut(at) {
            Some(release) => {
                release.files.extend(files);
                release.identities.extend(identities);
            }
            None => {
                self.locked.releases.push(LockedRelease { project, version, place, index, files, identities })
            }
        }
    }

    /// Adds one of the project's own packages.
    pub(super) fn own(&mut self, package: Package, path: &str) {
        let Package { project, place, .. } = package;
        self.locked.own.push(OwnProject { project, path: Shown::new(path), place });
    }

    /// Adds a problem.
    pub(super) fn problem(&mut self, place: &Place, project: Option<&ProjectName>, kind: ProblemKind) {
        self.locked.problems.push(Problem { kind, place: place.clone(), project: project.cloned() });
    }

    /// Adds a problem with a package.
    pub(super) fn fault(&mut self, package: &mut Package, kind: ProblemKind) {
        package.is_explained = true;
        self.problem(&package.place, Some(&package.project), kind);
    }

    /// What was read.
    pub(super) fn done(mut self) -> Locked {
        for release in &mut self.locked.releases {
            let mut seen = HashSet::new();
            release.files.retain(|file| seen.insert(file.clone()));
        }
        self.locked
    }
}

/// A problem with a text that cannot be read.
pub(super) fn unreadable(text: &str, reason: &str) -> ProblemKind {
    ProblemKind::Unreadable { text: Shown::new(text), reason: Shown::new(reason) }
}

impl Package {
    /// A package without files.
    pub(super) fn new(place: Place, project: ProjectName, version: Option<Version>) -> Self {
        let (index, identities, files) = (None, Vec::new(), Vec::new());
        Self { project, version, index, place, identities, is_explained: false, files }
    }

    /// Adds a file whose name nobody knows.
    pub(super) fn nameless(&mut self, sha256: Sha256) {
        self.files.push(LockedFile { filename: None, sha256, url: None });
    }

    /// Whether a name is that of a file of this project in another version.
    pub(super) fn is_of_other_version(&self, filename: &str) -> bool {
        let dist = FileName::parse(filename).ok().and_then(|filename| self.dist(&filename));
        let found = dist.as_ref().and_then(DistFilename::version);
        found.zip(self.version.as_ref()).is_some_and(|(found, expected)| found != expected)
    }

    /// Whether a file may be one of this release: another project's or release's file beside the right name would be
    /// installed under it.
    fn owns(&self, filename: &FileName) -> bool {
        self.dist(filename).is_some() && !self.is_of_other_version(filename.as_str())
    }

    /// What a name says, when it is that of a file of this project.
    fn dist(&self, filename: &FileName) -> Option<DistFilename> {
        DistFilename::parse(filename, Some(&self.project)).ok()
    }
}

impl FileEntry<'_> {
    fn filename(&self) -> Option<FileName> {
        match (self.name, self.url) {
            (Some(name), _) => FileName::parse(name).ok(),
            (None, Some(url)) => address::filename(&Url::parse(url).ok()?).ok(),
            (None, None) => None,
        }
    }
}
