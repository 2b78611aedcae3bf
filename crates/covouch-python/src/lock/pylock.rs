//! Reads `pylock.toml` (PEP 751).

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::{
    AttestationIdentity, LockError, Locked, ProblemKind, build, build::FileEntry, document::Document,
};
use crate::shown::Shown;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Pylock {
    lock_version: String,
    #[serde(default)]
    packages: Vec<WirePackage>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct WirePackage {
    name: Spanned<String>,
    version: Option<String>,
    index: Option<String>,
    #[serde(default)]
    wheels: Vec<WireFile>,
    sdist: Option<WireFile>,
    archive: Option<WireFile>,
    vcs: Option<WireSource>,
    directory: Option<WireSource>,
    #[serde(default)]
    attestation_identities: Vec<BTreeMap<String, Value>>,
}

#[derive(Deserialize)]
struct WireFile {
    name: Option<String>,
    url: Option<String>,
    path: Option<String>,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct WireSource {
    url: Option<String>,
    path: Option<String>,
}

/// Reads the lock.
pub(super) fn read(name: &str, bytes: &[u8]) -> Result<Locked, LockError> {
    let document = Document::new(name, bytes)?;
    let lock: Pylock = document.read()?;
    // PEP 751, `lock-version`: an unknown major version is an error, an unknown minor one is not.
    if lock.lock_version.split('.').next() != Some("1") {
        return Err(document.version(&lock.lock_version, "1.x"));
    }
    document.check_entries(lock.packages.iter().map(|package| package.wheels.len() + 1).sum())?;
    let mut builder = build::Builder::default();
    for wire in lock.packages {
        let place = document.place(&wire.name.span());
        if let Some(mut package) = builder.package(place, wire.name.get_ref(), wire.version.as_deref()) {
            package.index.clone_from(&wire.index);
            package.identities = wire.attestation_identities.iter().map(identity).collect();
            sources(&mut builder, &mut package, &wire);
            builder.finish(package);
        }
    }
    Ok(builder.done())
}

fn sources(builder: &mut build::Builder, package: &mut build::Package, wire: &WirePackage) {
    for file in wire.wheels.iter().chain(&wire.sdist) {
        let hash = file.hash();
        let entry = FileEntry {
            name: file
                .name
                .as_deref()
                .or_else(|| file.path.as_deref().and_then(|path| path.rsplit('/').next())),
            url: file.url.as_deref(),
            path: file.path.as_deref(),
            hash: hash.as_deref(),
        };
        builder.file(package, entry);
    }
    if let Some(archive) = &wire.archive {
        match (&archive.url, &archive.path) {
            (Some(url), _) => builder.direct(package, url, archive.hash().as_deref()),
            (None, path) => local(builder, package, path.as_deref()),
        }
    }
    if let Some(vcs) = &wire.vcs {
        let address = Shown::new(vcs.url.as_deref().or(vcs.path.as_deref()).unwrap_or_default());
        builder.fault(package, ProblemKind::Vcs { address });
    }
    if let Some(directory) = &wire.directory {
        local(builder, package, directory.path.as_deref());
    }
}

fn local(builder: &mut build::Builder, package: &mut build::Package, path: Option<&str>) {
    let kind = ProblemKind::Local { path: Shown::new(path.unwrap_or_default()) };
    builder.fault(package, kind);
}

impl WireFile {
    /// The SHA-256, else any digest there is.
    fn hash(&self) -> Option<String> {
        let sha256 = self.hashes.iter().find(|(algorithm, _)| algorithm.eq_ignore_ascii_case("sha256"));
        sha256
            .or(self.hashes.iter().next())
            .map(|(algorithm, digest)| format!("{}:{digest}", algorithm.to_ascii_lowercase()))
    }
}

fn identity(wire: &BTreeMap<String, Value>) -> AttestationIdentity {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    AttestationIdentity {
        kind: wire.get("kind").and_then(text).unwrap_or_default(),
        fields: wire
            .iter()
            .filter(|(key, _)| *key != "kind")
            .filter_map(|(key, value)| Some((key.clone(), text(value)?)))
            .collect(),
    }
}
