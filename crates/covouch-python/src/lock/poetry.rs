//! Reads `poetry.lock`, versions 1 and 2.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{LockError, Locked, ProblemKind, build, build::FileEntry, document::Document};
use crate::shown::Shown;

#[derive(Deserialize)]
struct PoetryLock {
    #[serde(default)]
    package: Vec<WirePackage>,
    metadata: WireMetadata,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct WireMetadata {
    lock_version: Option<String>,
    /// Before lock version 2, files stood here by package, for all of its versions.
    #[serde(default)]
    files: BTreeMap<String, Vec<WireFile>>,
}

#[derive(Deserialize)]
struct WirePackage {
    name: Spanned<String>,
    version: String,
    source: Option<WireSource>,
    files: Option<Vec<WireFile>>,
}

#[derive(Deserialize)]
struct WireSource {
    #[serde(rename = "type")]
    kind: Option<String>,
    url: String,
}

#[derive(Deserialize)]
struct WireFile {
    file: String,
    hash: Option<String>,
}

impl PoetryLock {
    /// The files listed for a package, and whether they are those of all versions of that name.
    fn files<'a>(&'a self, package: &'a WirePackage) -> (&'a [WireFile], bool) {
        match (&package.files, self.metadata.files.get(package.name.get_ref())) {
            (Some(files), _) => (files, false),
            (None, Some(files)) => (files, true),
            (None, None) => (&[], false),
        }
    }
}

/// Reads the lock.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Locked, LockError> {
    let document = Document::new(name, bytes)?;
    let lock: PoetryLock = document.read()?;
    let version = lock.metadata.lock_version.as_deref().unwrap_or("1.0");
    if !matches!(version.split('.').next(), Some("1" | "2")) {
        return Err(document.version(version, "1.x and 2.x"));
    }
    document.check_entries(lock.package.iter().map(|package| lock.files(package).0.len() + 1).sum())?;
    let mut builder = build::Builder::default();
    for wire in &lock.package {
        let place = document.place(&wire.name.span());
        if let Some(mut package) = builder.package(place, wire.name.get_ref(), Some(&wire.version)) {
            let (files, of_all_versions) = lock.files(wire);
            let is_ours = |file: &&WireFile| !of_all_versions || !package.is_of_other_version(&file.file);
            let files: Vec<&WireFile> = files.iter().filter(is_ours).collect();
            source(&mut builder, &mut package, wire.source.as_ref(), &files);
            builder.finish(package);
        }
    }
    Ok(builder.done())
}

fn source(
    builder: &mut build::Builder,
    package: &mut build::Package,
    source: Option<&WireSource>,
    files: &[&WireFile],
) {
    let Some(source) = source else {
        return listed(builder, package, files);
    };
    let address = Shown::new(&source.url);
    let kind = match source.kind.as_deref() {
        None | Some("legacy" | "pypi") => {
            package.index = Some(source.url.clone());
            return listed(builder, package, files);
        }
        Some("url") => {
            let hash = files.first().and_then(|file| file.hash.as_deref());
            return builder.direct(package, &source.url, hash);
        }
        Some("git" | "hg" | "svn" | "bzr") => ProblemKind::Vcs { address },
        Some("file" | "directory") => ProblemKind::Local { path: address },
        Some(kind) => build::unreadable(kind, "this kind of source is not known"),
    };
    builder.fault(package, kind);
}

fn listed(builder: &mut build::Builder, package: &mut build::Package, files: &[&WireFile]) {
    for file in files {
        let entry = FileEntry { name: Some(&file.file), hash: file.hash.as_deref(), ..FileEntry::default() };
        builder.file(package, entry);
    }
}
