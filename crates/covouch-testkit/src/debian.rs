//! An archive like Debian's, made in memory and signed by keys of its own.
//!
//! # Not here
//! Serving it: it is put into a [`Site`], below `/debian/dists/`.

mod signer;

use std::io::Write as _;

use covouch_core::{digest::Sha256, time::Timestamp};

pub use self::signer::{Oddities, Signer};
use crate::index::Site;

/// A source package: its name, its version, and the bytes of its upstream tarball.
#[derive(Clone, Copy, Debug)]
pub struct Package<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its version, with the distribution's revision.
    pub version: &'a str,
    /// The upstream tarball.
    pub tarball: &'a [u8],
}

/// The list of these packages.
///
/// # Panics
/// When a version has no revision.
#[must_use]
pub fn sources(packages: &[Package<'_>]) -> Vec<u8> {
    let mut text = String::new();
    for Package { name, version, tarball } in packages {
        let (upstream, _) = version.rsplit_once('-').expect("a version with a revision");
        let digest = Sha256::of(tarball);
        let (docs, dsc) = (Sha256::of(b"docs"), Sha256::of(b"dsc"));
        text += &format!(
            "Package: {name}\nBinary: python3-{name}\nVersion: {version}\nMaintainer: Zoë <zoe@index.example>\n\
             Files:\n d41d8cd98f00b204e9800998ecf8427e 4 {name}_{upstream}.orig.tar.gz\nChecksums-Sha256:\n \
             {dsc} 3 {name}_{version}.dsc\n {docs} 4 {name}_{upstream}.orig-docs.tar.gz\n \
             {digest} {} {name}_{upstream}.orig.tar.gz\nDirectory: pool/main/{name}\n\n",
            tarball.len()
        );
    }
    text.into_bytes()
}

/// How the list is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pack {
    /// `Sources.xz`.
    Xz,
    /// `Sources.gz`.
    Gzip,
}

/// Packs a list.
///
/// # Panics
/// Never: it is packed in memory.
#[must_use]
pub fn pack(pack: Pack, bytes: &[u8]) -> Vec<u8> {
    match pack {
        Pack::Xz => {
            let options = lzma_rust2::XzOptions::with_preset(1);
            let mut writer = lzma_rust2::XzWriter::new(Vec::new(), options).expect("memory takes it");
            writer.write_all(bytes).expect("memory takes it");
            writer.finish().expect("memory takes it")
        }
        Pack::Gzip => {
            let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            writer.write_all(bytes).expect("memory takes it");
            writer.finish().expect("memory takes it")
        }
    }
}

/// What a suite's `Release` says.
#[derive(Clone, Debug)]
pub struct Release {
    /// The suite.
    pub suite: String,
    /// Its codename.
    pub codename: String,
    /// Its date.
    pub date: Timestamp,
    /// Until when it is valid, where it says so.
    pub valid_until: Option<Timestamp>,
    /// Whether lists are served under their digests.
    pub by_hash: bool,
    /// How the list is packed.
    pub pack: Pack,
}

impl Release {
    /// Stable of this day.
    ///
    /// # Panics
    /// When it is no day.
    #[must_use]
    pub fn stable(day: &str) -> Self {
        Self {
            suite: "stable".to_owned(),
            codename: "trixie".to_owned(),
            date: Timestamp::parse(day).expect("a day such as 2026-05-01"),
            valid_until: None,
            by_hash: true,
            pack: Pack::Xz,
        }
    }

    /// Its text, naming a list of these bytes.
    #[must_use]
    pub fn text(&self, packed: &[u8]) -> String {
        let until = self.valid_until.map(|until| format!("Valid-Until: {}\n", moment(until)));
        let by_hash = if self.by_hash { "Acquire-By-Hash: yes\n" } else { "" };
        let name = if self.pack == Pack::Xz { "Sources.xz" } else { "Sources.gz" };
        format!(
            "Origin: Debian\nLabel: Debian\nSuite: {}\nCodename: {}\nDate: {}\n{}{by_hash}Components: main\n\
             SHA256:\n {} {} main/source/{name}\n",
            self.suite,
            self.codename,
            moment(self.date),
            until.unwrap_or_default(),
            Sha256::of(packed),
            packed.len(),
        )
    }

    /// Puts these packages into the archive, signed on the day of the release.
    pub fn publish(&self, site: &mut Site, packages: &[Package<'_>], signer: &Signer) {
        let packed = pack(self.pack, &sources(packages));
        put(site, &self.suite, signer.sign(&self.text(&packed), self.date, Vec::new()), &packed);
    }
}

/// Puts this `InRelease` and this list into the archive, the list under all of its names.
pub fn put(site: &mut Site, suite: &str, in_release: impl Into<Vec<u8>>, packed: &[u8]) {
    let path = |below: &str| format!("/debian/dists/{suite}/{below}");
    site.put(&path("InRelease"), in_release.into());
    site.put(&path(&format!("main/source/by-hash/SHA256/{}", Sha256::of(packed))), packed.to_vec());
    for name in ["Sources.xz", "Sources.gz"] {
        site.put(&path(&format!("main/source/{name}")), packed.to_vec());
    }
}

/// A moment as `Release` files write it.
fn moment(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_second(at.unix()).expect("a moment of this era");
    at.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string()
}
