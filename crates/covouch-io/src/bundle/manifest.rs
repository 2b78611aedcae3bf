//! What is in a bundle.
//!
//! # Invariants
//! - An entry is known by its kind and its name, each pair once.
//! - A name is an address without credentials, or a relative path without anything clever in it. Neither is ever a
//!   place to write to.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Component, Path},
};

use covouch_core::{digest::Sha256, name::ProjectName, time::Timestamp, version::Version};
use covouch_python::attestation::DistributionFile;
use url::Url;

use crate::limits;

/// What an entry is, which says how it is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// An index's provenance of a file (PEP 740). Sigstore's roots verify it.
    Attestation,
    /// A file of Debian's archive: an `InRelease`, or the list that it names. The archive's keys verify it.
    Debian,
    /// A file of a feed. The feed's first root verifies it.
    Feed,
    /// A distribution file. Its digest is all there is to say of it.
    File,
    /// A project's page on an index. Nobody signed it.
    Page,
    /// Records of malware. Nobody signed them.
    Records,
    /// A root of trust that the bundle's maker has. It is looked at, and never taken.
    Root,
    /// A chain of statements, or its head: of a party, or of an electorate with its ballots.
    Statements,
}

/// Entries by kind and name.
pub type Entries = BTreeMap<(Kind, String), Entry>;

/// One thing in a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its bytes; `None` where somebody who was asked said that there is no such thing.
    pub body: Option<Blob>,
    /// What was said beside the bytes, by whoever was asked.
    pub answer: Option<Answer>,
    /// The file that an attestation is about.
    pub file: Option<DistributionFile>,
}

/// Some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    /// Their digest.
    pub sha256: Sha256,
    /// How many they are.
    pub length: u64,
}

/// What a server said beside the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Where the answer came from, after redirects.
    pub from: Url,
    /// The content type.
    pub content_type: Option<String>,
    /// Whether the server has a public address, so that its links may lead to public ones only.
    pub is_public: bool,
}

/// What is in a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// When it was made, as its maker says.
    pub made: Timestamp,
    /// Which releases it is about.
    pub releases: BTreeSet<(ProjectName, Version)>,
    /// What is in it.
    pub entries: Entries,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Attestation,
        Self::Debian,
        Self::Feed,
        Self::File,
        Self::Page,
        Self::Records,
        Self::Root,
        Self::Statements,
    ];

    /// Its name in a manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Attestation => "attestation",
            Self::Debian => "debian",
            Self::Feed => "feed",
            Self::File => "file",
            Self::Page => "page",
            Self::Records => "records",
            Self::Root => "root",
            Self::Statements => "statements",
        }
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether an entry of this kind proves itself, by signatures or by being named by its digest. What does not is
    /// the word of whoever made the bundle.
    #[must_use]
    pub const fn proves_itself(self) -> bool {
        match self {
            Self::Attestation | Self::Debian | Self::Feed | Self::File | Self::Statements => true,
            Self::Page | Self::Records | Self::Root => false,
        }
    }

    /// Whether its names are addresses.
    const fn has_address(self) -> bool {
        matches!(self, Self::Attestation | Self::Feed | Self::File | Self::Page)
    }

    /// The most bytes an entry of this kind has: what its reader takes.
    pub(super) fn most(self) -> u64 {
        let of = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        match self {
            Self::Attestation => of(covouch_python::limits::PROVENANCE_BYTES),
            Self::Debian => limits::DEBIAN_SOURCES_BYTES,
            Self::Feed => of(covouch_feed::limits::TARGETS_BYTES),
            Self::File => limits::BUNDLE_FILE_BYTES,
            Self::Page => of(limits::PAGE_BYTES),
            Self::Records => limits::OSV_BYTES,
            Self::Root => limits::DEBIAN_KEYRING_BYTES,
            Self::Statements => covouch_core::limits::CHAIN_BYTES,
        }
    }
}

impl Entry {
    /// Bytes of this digest and this length, of which nothing else is said.
    #[must_use]
    pub const fn of(sha256: Sha256, length: u64) -> Self {
        Self { body: Some(Blob { sha256, length }), answer: None, file: None }
    }
}

impl Manifest {
    /// The entries of a kind, in the order of their names.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = (&str, &Entry)> {
        let of_kind = self.entries.iter().filter(move |((other, _), _)| *other == kind);
        of_kind.map(|((_, name), entry)| (name.as_str(), entry))
    }

    /// Every blob once, in the order of their digests.
    #[must_use]
    pub fn blobs(&self) -> BTreeMap<Sha256, u64> {
        self.entries.values().filter_map(|entry| entry.body).map(|blob| (blob.sha256, blob.length)).collect()
    }
}

/// What is wrong with an entry's name, if anything.
pub(super) fn fault(kind: Kind, name: &str) -> Option<&'static str> {
    if name.is_empty() || name.len() > limits::BUNDLE_NAME_BYTES || name.chars().any(char::is_control) {
        return Some("its name is empty, too long or unprintable");
    }
    if !kind.has_address() {
        return (!is_relative(name)).then_some("its name is not a relative path");
    }
    match Url::parse(name) {
        Ok(url) if url.as_str() != name => Some("its address is not spelt as addresses are"),
        Ok(url) if url.password().is_some() || !url.username().is_empty() => {
            Some("its address has credentials")
        }
        Ok(url) if matches!(url.scheme(), "http" | "https" | "file") => None,
        _ => Some("its name is not an address"),
    }
}

/// Whether this is a relative path of plain names, the same on every system.
#[must_use]
pub fn is_relative(path: &str) -> bool {
    let is_plain = |name: &str| {
        !name.is_empty() && name != "." && name != ".." && !name.contains(['\\', ':']) && !name.contains('\0')
    };
    path.split('/').all(is_plain)
        && Path::new(path).components().all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_anywhere_is_refused() {
        for path in ["trust/ab.jsonl", "dists/stable/InRelease", "a b/c"] {
            assert!(is_relative(path), "{path}");
        }
        for path in
            ["", "/etc/passwd", "../trust", "trust/../..", "trust//x", "trust/", "./x", "c:/x", "a\\b"]
        {
            assert!(!is_relative(path), "{path}");
        }
        assert_eq!(fault(Kind::Page, "https://index.example/simple/six/"), None);
        for address in [
            "https://me:secret@index.example/simple/six/",
            "https://index.example/simple/../six/",
            "ftp://index.example/six/",
            "six",
        ] {
            assert!(fault(Kind::Page, address).is_some(), "{address}");
        }
    }

    #[test]
    fn every_kind_reads_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
            assert!(kind.most() > 0);
        }
        assert_eq!(Kind::parse("Page"), None);
    }
}
