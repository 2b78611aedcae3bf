//! A suite's list of source packages, `Sources`: which primary upstream tarballs stand in it.
//!
//! # Not here
//! Further tarballs of a package (`.orig-docs.tar.gz`), Debian's own changes, signatures, and native packages: no
//! project released any of them.

use std::io::{self, BufRead};

use covouch_core::digest::Sha256;

use super::{
    deb822::{Line, Lines},
    mapping,
};
use crate::limits;

/// A primary upstream tarball and the package it is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tarball {
    pub(super) sha256: Sha256,
    pub(super) package: Box<str>,
    pub(super) version: Box<str>,
}

impl Tarball {
    pub(super) fn identity(&self) -> (&[u8; 32], &str, &str) {
        (self.sha256.as_bytes(), &self.package, &self.version)
    }
}

/// Reads the list. It was signed, so what is wrong in it is not passed over.
pub(super) fn read(reader: impl BufRead) -> io::Result<Vec<Tarball>> {
    let mut lines = Lines::new(reader);
    let mut tarballs = Vec::new();
    let mut paragraph = Paragraph::default();
    while let Some(line) = lines.next()? {
        match line {
            Line::Field(name, value) => paragraph.field(name, value)?,
            Line::More(more) => paragraph.more(more)?,
            Line::End => {
                tarballs.extend(std::mem::take(&mut paragraph).tarball()?);
                if tarballs.len() > limits::DEBIAN_TARBALLS {
                    return Err(wrong("it lists too many packages"));
                }
            }
        }
    }
    Ok(tarballs)
}

/// What was read of a package so far.
#[derive(Default)]
struct Paragraph {
    package: Option<Box<str>>,
    version: Option<Box<str>>,
    /// The digest and the name of each file that may be the tarball.
    files: Vec<(Sha256, Box<str>)>,
    in_files: bool,
    has_files: bool,
    /// Kept only because a binary package was built with it; the suite has no such source any more.
    is_extra: bool,
}

impl Paragraph {
    fn field(&mut self, name: &[u8], value: &[u8]) -> io::Result<()> {
        self.in_files = false;
        if name.eq_ignore_ascii_case(b"Package") {
            once(&mut self.package, value)?;
        } else if name.eq_ignore_ascii_case(b"Version") {
            once(&mut self.version, value)?;
        } else if name.eq_ignore_ascii_case(b"Extra-Source-Only") {
            self.is_extra = value == b"yes";
        } else if name.eq_ignore_ascii_case(b"Checksums-Sha256") {
            if std::mem::replace(&mut self.has_files, true) {
                return Err(wrong("a package has two lists of digests"));
            }
            self.in_files = true;
        }
        Ok(())
    }

    /// A line of `Checksums-Sha256`: digest, size, name.
    fn more(&mut self, line: &[u8]) -> io::Result<()> {
        if !self.in_files || !line.windows(ORIG.len()).any(|part| part == ORIG.as_bytes()) {
            return Ok(());
        }
        let mut words = text(line)?.split_ascii_whitespace();
        let (Some(sha256), Some(_), Some(name), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(wrong("a line of digests has no digest, size and name"));
        };
        let sha256 = Sha256::parse(sha256).map_err(|_| wrong("a digest is none"))?;
        self.files.push((sha256, name.into()));
        Ok(())
    }

    /// The primary upstream tarball: `name_version.orig.tar.*` (Debian Policy §C, dpkg-source(1)).
    fn tarball(self) -> io::Result<Option<Tarball>> {
        let (Some(package), Some(version)) = (self.package, self.version) else {
            return Err(wrong("a package has no name or no version"));
        };
        let Some(upstream) = mapping::upstream(&version).filter(|_| !self.is_extra) else { return Ok(None) };
        let is_primary = |name: &str| {
            let rest = name.strip_prefix(&*package)?.strip_prefix('_')?.strip_prefix(upstream)?;
            let format = rest.strip_prefix(ORIG)?;
            Some(matches!(format, "gz" | "bz2" | "xz" | "lzma" | "zst"))
        };
        let mut primary = self.files.iter().filter(|(_, name)| is_primary(name) == Some(true));
        let Some((sha256, _)) = primary.next() else { return Ok(None) };
        if primary.next().is_some() {
            return Err(wrong("a package has two upstream tarballs"));
        }
        let too_long = |text: &str| text.len() > usize::from(u8::MAX);
        if too_long(&package) || too_long(&version) {
            return Ok(None);
        }
        Ok(Some(Tarball { sha256: *sha256, package, version }))
    }
}

const ORIG: &str = ".orig.tar.";

fn once(place: &mut Option<Box<str>>, value: &[u8]) -> io::Result<()> {
    match place.replace(text(value)?.into()) {
        Some(_) => Err(wrong("a package has two names or two versions")),
        None => Ok(()),
    }
}

fn text(bytes: &[u8]) -> io::Result<&str> {
    std::str::from_utf8(bytes).map_err(|_| wrong("a name, version or digest is not UTF-8"))
}

fn wrong(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A package with these fields and these files, each with the digest of its name.
    fn package(fields: &str, files: &[&str]) -> String {
        let line = |name: &&str| format!(" {} 10 {name}\n", Sha256::of(name.as_bytes()));
        let digests: String = files.iter().map(line).collect();
        format!("{fields}\nFiles:\n d41d8cd9 10 x.orig.tar.gz\nChecksums-Sha256:\n{digests}\n")
    }

    fn found(text: &str) -> Vec<(String, String, Sha256)> {
        let tarballs = read(text.as_bytes()).unwrap();
        tarballs
            .iter()
            .map(|tarball| (tarball.package.to_string(), tarball.version.to_string(), tarball.sha256))
            .collect()
    }

    const SIX: &str = "Package: six\nBinary: python3-six\nVersion: 1:1.17.0-2";

    #[test]
    fn the_primary_tarball_of_each_package_is_found() {
        let six = package(SIX, &["six_1.17.0-2.dsc", "six_1.17.0.orig.tar.gz", "six_1.17.0-2.debian.tar.xz"]);
        let ctx = package("Package: ctx\nVersion: 0.1-1", &["ctx_0.1.orig.tar.xz"]);
        assert_eq!(
            found(&format!("{six}{ctx}")),
            [
                ("six".into(), "1:1.17.0-2".into(), Sha256::of(b"six_1.17.0.orig.tar.gz")),
                ("ctx".into(), "0.1-1".into(), Sha256::of(b"ctx_0.1.orig.tar.xz")),
            ]
        );
    }

    #[test]
    fn other_files_are_nobodys_release() {
        for name in [
            "six_1.17.0.orig-docs.tar.gz",
            "six_1.17.0.orig.tar.gz.asc",
            "six_1.16.0.orig.tar.gz",
            "sixer_1.17.0.orig.tar.gz",
            "six_1.17.0.orig.tar.zip",
            "six_1.17.0.tar.gz",
        ] {
            assert_eq!(found(&package(SIX, &[name])), [], "{name}");
        }
        let native = package("Package: six\nVersion: 1.17.0", &["six_1.17.0.orig.tar.gz"]);
        assert_eq!(found(&native), [], "a native package has no upstream");
        let extra = package(&format!("{SIX}\nExtra-Source-Only: yes"), &["six_1.17.0.orig.tar.gz"]);
        assert_eq!(found(&extra), [], "the suite let go of it");
    }

    #[test]
    fn a_package_that_says_a_thing_twice_is_refused() {
        let tarball = "six_1.17.0.orig.tar.gz";
        for (fields, files) in [
            (format!("{SIX}\nPackage: other"), vec![tarball]),
            (format!("{SIX}\nVersion: 2-1"), vec![tarball]),
            (SIX.to_owned(), vec![tarball, "six_1.17.0.orig.tar.xz"]),
            ("Package: six".to_owned(), vec![]),
        ] {
            assert!(read(package(&fields, &files).as_bytes()).is_err(), "{fields}");
        }
        let twice = format!(
            "{}Checksums-Sha256:\n\n",
            package(SIX, &[tarball]).trim_end_matches('\n').to_owned() + "\n"
        );
        assert!(read(twice.as_bytes()).is_err());
        let no_digest = package(SIX, &[]).trim_end().to_owned() + "\n x 10 six_1.17.0.orig.tar.gz\n";
        assert!(read(no_digest.as_bytes()).is_err());
    }
}
