//! Reads `uv.lock`, and writes it with other addresses.
//!
//! # Invariants
//! - [`rewrite`] changes the literals it is told to change and not one byte besides.
//!
//! # Not here
//! The gateway decides which address becomes which; see its `uv` session.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::{LockError, Locked, ProblemKind, build, build::FileEntry, document::Document};
use crate::shown::Shown;

mod rewrite;

pub use rewrite::{Address, UvFile, rewrite};

#[derive(Deserialize)]
struct UvLock {
    version: u64,
    #[serde(default)]
    manifest: WireManifest,
    #[serde(default)]
    package: Vec<WirePackage>,
}

#[derive(Default, Deserialize)]
struct WireManifest {
    #[serde(default)]
    members: Vec<String>,
}

#[derive(Deserialize)]
struct WirePackage {
    name: Spanned<String>,
    version: Option<String>,
    source: BTreeMap<String, Value>,
    sdist: Option<WireFile>,
    #[serde(default)]
    wheels: Vec<WireFile>,
}

#[derive(Deserialize)]
struct WireFile {
    url: Option<String>,
    path: Option<String>,
    filename: Option<String>,
    hash: Option<String>,
}

/// Reads the lock.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Locked, LockError> {
    let document = Document::new(name, bytes)?;
    let lock: UvLock = document.read()?;
    if lock.version != 1 {
        return Err(document.version(&lock.version.to_string(), "1"));
    }
    document.check_entries(lock.package.iter().map(|package| package.wheels.len() + 1).sum())?;
    let mut builder = build::Builder::default();
    for wire in &lock.package {
        let place = document.place(&wire.name.span());
        if let Some(package) = builder.package(place, wire.name.get_ref(), wire.version.as_deref()) {
            source(&mut builder, package, wire, &lock.manifest.members);
        }
    }
    Ok(builder.done())
}

fn source(builder: &mut build::Builder, mut package: build::Package, wire: &WirePackage, members: &[String]) {
    let text = |key: &str| wire.source.get(key).and_then(Value::as_str);
    let own = ["virtual", "editable"].into_iter().find_map(text);
    if let Some(path) = own.filter(|path| is_own(path, wire.name.get_ref(), members)) {
        return builder.own(package, path);
    }
    let kind = if let Some(registry) = text("registry") {
        package.index = Some(registry.to_owned());
        for file in wire.sdist.iter().chain(&wire.wheels) {
            builder.file(&mut package, file.entry());
        }
        return builder.finish(package);
    } else if let Some(url) = text("url") {
        let file = wire.sdist.iter().chain(&wire.wheels).next();
        builder.direct(&mut package, url, file.and_then(|file| file.hash.as_deref()));
        return builder.finish(package);
    } else if let Some(address) = text("git") {
        ProblemKind::Vcs { address: Shown::new(address) }
    } else if let Some(path) = ["path", "directory", "editable", "virtual"].into_iter().find_map(text) {
        ProblemKind::Local { path: Shown::new(path) }
    } else {
        let keys: Vec<&str> = wire.source.keys().map(String::as_str).collect();
        build::unreadable(&keys.join(", "), "this kind of source is not known")
    };
    builder.fault(&mut package, kind);
    builder.finish(package);
}

/// Whether a folder is the project itself or a member of its workspace, inside the folder of the lock.
fn is_own(path: &str, name: &str, members: &[String]) -> bool {
    let inside =
        !path.starts_with('/') && !path.contains(['\\', ':']) && path.split('/').all(|part| part != "..");
    path == "." || (inside && members.iter().any(|member| member == name))
}

impl WireFile {
    fn entry(&self) -> FileEntry<'_> {
        FileEntry {
            name: self.filename.as_deref(),
            url: self.url.as_deref(),
            path: self.path.as_deref(),
            hash: self.hash.as_deref(),
        }
    }
}
