//! A manifest as it is written.

use covouch_core::{digest::Sha256, name::ProjectName, subject::FileName, time::Timestamp, version::Version};
use covouch_python::attestation::DistributionFile;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    BundleError,
    manifest::{Answer, Blob, Entries, Entry, Kind, Manifest, fault},
};
use crate::limits;

/// The format this version writes.
const SCHEMA: u32 = 1;

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "The manifest of a covouch bundle")]
struct WireManifest {
    /// The format: 1.
    schema: u32,
    /// When the bundle was made, as its maker says (RFC 3339).
    made: String,
    /// The releases it is about, as `project==version`.
    releases: Vec<String>,
    /// What is in it, by kind and name; each pair stands there once.
    entries: Vec<WireEntry>,
}

/// All that is read of a manifest of an unknown format.
#[derive(Deserialize)]
struct WireSchema {
    schema: u32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireEntry {
    /// `attestation`, `debian`, `feed`, `file`, `page`, `records`, `root` or `statements`.
    kind: String,
    /// An address, or a relative path. Never a place that is written to.
    name: String,
    /// How many bytes it has. Without `size` and `sha256`: somebody who was asked said that there is no such thing.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    /// The sha256 of its bytes, which are `blobs/SHA256` in the archive.
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    /// What a server said beside the bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<WireAnswer>,
    /// The distribution file that an attestation is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<WireFile>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireAnswer {
    /// Where the answer came from, after redirects.
    from: String,
    /// Its content type.
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
    /// Whether the server has a public address.
    public: bool,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WireFile {
    /// Its name.
    name: String,
    /// The sha256 of its bytes.
    sha256: String,
}

/// The JSON Schema of a manifest.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(WireManifest).to_value()
}

/// The manifest's one spelling.
pub(super) fn render(manifest: &Manifest) -> Vec<u8> {
    let wire = WireManifest {
        schema: SCHEMA,
        made: manifest.made.to_string(),
        releases: manifest
            .releases
            .iter()
            .map(|(project, version)| format!("{project}=={version}"))
            .collect(),
        entries: manifest.entries.iter().map(|((kind, name), entry)| entry.to_wire(*kind, name)).collect(),
    };
    // Texts and numbers are JSON.
    let mut bytes = serde_json::to_vec_pretty(&wire).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// Reads a manifest.
pub(super) fn parse(bytes: &[u8]) -> Result<Manifest, BundleError> {
    let wire: WireManifest =
        serde_json::from_slice(bytes).map_err(|error| match serde_json::from_slice::<WireSchema>(bytes) {
            Ok(WireSchema { schema }) if schema > SCHEMA => BundleError::Newer(schema),
            _ => BundleError::malformed(format!("its manifest: {error}")),
        })?;
    match wire.schema {
        SCHEMA => {}
        newer if newer > SCHEMA => return Err(BundleError::Newer(newer)),
        other => return Err(BundleError::malformed(format!("its manifest has format {other}"))),
    }
    if wire.entries.len() > limits::BUNDLE_ENTRIES || wire.releases.len() > limits::BUNDLE_ENTRIES {
        return Err(BundleError::TooLarge("it has more entries than anybody carries"));
    }
    let made = Timestamp::parse(&wire.made)
        .map_err(|_| BundleError::malformed("its manifest does not say when it was made".to_owned()))?;
    let mut manifest = Manifest { made, releases: Default::default(), entries: Entries::new() };
    for release in &wire.releases {
        let parsed = release.split_once("==").and_then(|(project, version)| {
            Some((ProjectName::parse(project).ok()?, Version::parse(version).ok()?))
        });
        let parsed =
            parsed.ok_or_else(|| BundleError::malformed("one of its releases is none".to_owned()))?;
        manifest.releases.insert(parsed);
    }
    for (number, entry) in wire.entries.into_iter().enumerate() {
        let wrong = |reason: &str| BundleError::malformed(format!("entry {}: {reason}", number + 1));
        let (key, entry) = entry.into_entry().map_err(wrong)?;
        if manifest.entries.insert(key, entry).is_some() {
            return Err(wrong("it stands there twice"));
        }
    }
    // One spelling: what reads back differently was not written by us, and may be read differently by others.
    if render(&manifest) != bytes {
        return Err(BundleError::malformed("its manifest is not spelt as manifests are".to_owned()));
    }
    check_sizes(&manifest)?;
    Ok(manifest)
}

/// No entry is larger than its reader takes, one digest has one size, and all of them together fit.
fn check_sizes(manifest: &Manifest) -> Result<(), BundleError> {
    let blobs = manifest.blobs();
    for ((kind, _), entry) in &manifest.entries {
        let Some(blob) = entry.body else { continue };
        if blob.length > kind.most() {
            return Err(BundleError::TooLarge("one of its entries is larger than any of its kind"));
        }
        if blobs.get(&blob.sha256) != Some(&blob.length) {
            return Err(BundleError::malformed("one digest has two sizes".to_owned()));
        }
    }
    let whole = blobs.values().fold(0_u64, |sum, length| sum.saturating_add(*length));
    if whole > limits::BUNDLE_BYTES {
        return Err(BundleError::TooLarge("it unpacks to more than anybody carries"));
    }
    Ok(())
}

impl Entry {
    fn to_wire(&self, kind: Kind, name: &str) -> WireEntry {
        WireEntry {
            kind: kind.as_str().to_owned(),
            name: name.to_owned(),
            size: self.body.map(|blob| blob.length),
            sha256: self.body.map(|blob| blob.sha256.to_string()),
            answer: self.answer.as_ref().map(|answer| WireAnswer {
                from: answer.from.to_string(),
                content_type: answer.content_type.clone(),
                public: answer.is_public,
            }),
            file: self
                .file
                .as_ref()
                .map(|file| WireFile { name: file.name.to_string(), sha256: file.sha256.to_string() }),
        }
    }
}

impl WireEntry {
    fn into_entry(self) -> Result<((Kind, String), Entry), &'static str> {
        let kind = Kind::parse(&self.kind).ok_or("its kind is not known")?;
        if let Some(fault) = fault(kind, &self.name) {
            return Err(fault);
        }
        let digest = |text: &str| Sha256::parse(text).map_err(|_| "its sha256 is none");
        let body = match (self.size, self.sha256) {
            (Some(length), Some(sha256)) => Some(Blob { sha256: digest(&sha256)?, length }),
            (None, None) => None,
            _ => return Err("it has a size or a sha256, and not both"),
        };
        let answer = match self.answer {
            None => None,
            Some(answer) => {
                let from = Url::parse(&answer.from).map_err(|_| "its answer came from nowhere")?;
                Some(Answer { from, content_type: answer.content_type, is_public: answer.public })
            }
        };
        let file = match self.file {
            None => None,
            Some(file) => {
                let name = FileName::parse(&file.name).map_err(|_| "it is about no file")?;
                Some(DistributionFile { name, sha256: digest(&file.sha256)? })
            }
        };
        Ok(((kind, self.name), Entry { body, answer, file }))
    }
}
