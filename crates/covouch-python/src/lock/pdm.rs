//! Reads `pdm.lock`, version 4.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::{LockError, Locked, ProblemKind, build, build::FileEntry, document::Document};
use crate::shown::Shown;

#[derive(Deserialize)]
struct PdmLock {
    #[serde(default)]
    package: Vec<WirePackage>,
    metadata: WireMetadata,
}

#[derive(Deserialize)]
struct WireMetadata {
    lock_version: String,
    /// Before lock version 4.3, files stood here by `name version`.
    #[serde(default)]
    files: BTreeMap<String, Vec<WireFile>>,
}

#[derive(Deserialize)]
struct WirePackage {
    name: Spanned<String>,
    version: Option<String>,
    git: Option<String>,
    hg: Option<String>,
    svn: Option<String>,
    bzr: Option<String>,
    url: Option<String>,
    path: Option<String>,
    files: Option<Vec<WireFile>>,
}

#[derive(Deserialize)]
struct WireFile {
    file: Option<String>,
    url: Option<String>,
    hash: Option<String>,
}

/// Reads the lock.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Locked, LockError> {
    let document = Document::new(name, bytes)?;
    let lock: PdmLock = document.read()?;
    if lock.metadata.lock_version.split('.').next() != Some("4") {
        return Err(document.version(&lock.metadata.lock_version, "4.x"));
    }
    document
        .check_entries(lock.package.iter().map(|package| package.files.as_ref().map_or(1, Vec::len)).sum())?;
    let mut builder = build::Builder::default();
    for wire in &lock.package {
        let place = document.place(&wire.name.span());
        if let Some(mut package) = builder.package(place, wire.name.get_ref(), wire.version.as_deref()) {
            let key = format!("{} {}", wire.name.get_ref(), wire.version.as_deref().unwrap_or_default());
            let files = wire.files.as_ref().or_else(|| lock.metadata.files.get(&key));
            source(&mut builder, &mut package, wire, files.map(Vec::as_slice).unwrap_or_default());
            builder.finish(package);
        }
    }
    Ok(builder.done())
}

fn source(
    builder: &mut build::Builder,
    package: &mut build::Package,
    wire: &WirePackage,
    files: &[WireFile],
) {
    let vcs = wire.git.as_ref().or(wire.hg.as_ref()).or(wire.svn.as_ref()).or(wire.bzr.as_ref());
    if let Some(address) = vcs {
        let kind = ProblemKind::Vcs { address: Shown::new(address) };
        return builder.fault(package, kind);
    }
    if let Some(path) = &wire.path {
        let kind = ProblemKind::Local { path: Shown::new(path) };
        return builder.fault(package, kind);
    }
    if let Some(url) = &wire.url {
        return builder.direct(package, url, files.first().and_then(|file| file.hash.as_deref()));
    }
    for file in files {
        let entry = FileEntry {
            name: file.file.as_deref(),
            url: file.url.as_deref(),
            hash: file.hash.as_deref(),
            ..FileEntry::default()
        };
        builder.file(package, entry);
    }
}
