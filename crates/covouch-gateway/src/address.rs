//! Addresses of files as the gateway's pages write them.
//!
//! `files/<tag>/<index>/<project>/<path on the index>`: the tag says whether the file was let through and begins its
//! digest. A file whose admission is revoked, and one whose bytes were replaced, get another address, so that what a
//! client cached under the old one is not found. An address is stable as long as neither happens, over restarts and
//! replicas.
//!
//! # Invariants
//! - Nothing is ever fetched from what stands in an address: index, project and file name are looked up in what the
//!   index lists, and the rest is decoration.
//! - No segment of an address that we take means another folder, once decoded.
//!
//! # Not here
//! Which file it is, and whether it may be sent.

use covouch_core::{digest::Sha256, name::ProjectName, party::PartyName, subject::FileName};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::limits;

/// What is added to a file's address to ask for its metadata (PEP 658).
const METADATA: &str = ".metadata";

/// Whether a file was let through when its address was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// It was.
    Open,
    /// It was held back.
    Held,
}

/// What an address asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// The file.
    Whole,
    /// Its metadata.
    Metadata,
}

/// An address, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileAddress {
    pub(crate) door: Door,
    /// The beginning of the file's digest.
    pub(crate) tag: String,
    pub(crate) index: PartyName,
    pub(crate) project: ProjectName,
    pub(crate) filename: FileName,
    pub(crate) piece: Piece,
}

/// The address of a file, below the gateway's root.
pub(crate) fn of_file(
    door: Door,
    sha256: Option<&Sha256>,
    index: &PartyName,
    project: &ProjectName,
    upstream: &Url,
) -> String {
    let door = match door {
        Door::Open => "open",
        Door::Held => "held",
    };
    let (path, tag) = (upstream.path().trim_start_matches('/'), tag(sha256));
    // Written for every file of every page.
    ["files/", door, "-", &tag, "/", index.as_str(), "/", project.as_str(), "/", path].concat()
}

/// The beginning of a digest that tells files of one name apart.
pub(crate) fn tag(sha256: Option<&Sha256>) -> String {
    match sha256 {
        Some(sha256) => {
            let digits = sha256.as_bytes().iter().take(8).flat_map(|byte| [byte >> 4, byte & 15]);
            digits.filter_map(|digit| char::from_digit(digit.into(), 16)).collect()
        }
        None => "unhashed".to_owned(),
    }
}

impl FileAddress {
    /// Takes a request's raw path apart, without its leading `/files/`. Nothing when it is malformed.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        if path.len() > limits::PATH_BYTES {
            return None;
        }
        let segments: Vec<String> = path.split('/').map(decoded).collect::<Option<_>>()?;
        let [tag, index, project, .., last] = segments.as_slice() else { return None };
        let (door, tag) = match tag.split_once('-')? {
            ("open", tag) => (Door::Open, tag),
            ("held", tag) => (Door::Held, tag),
            _ => return None,
        };
        let (filename, piece) = match last.strip_suffix(METADATA) {
            Some(filename) => (filename, Piece::Metadata),
            None => (last.as_str(), Piece::Whole),
        };
        Some(Self {
            door,
            tag: tag.to_owned(),
            index: PartyName::parse(index).ok()?,
            project: ProjectName::parse(project).ok().filter(|name| name.as_str() == project)?,
            filename: FileName::parse(filename).ok()?,
            piece,
        })
    }
}

/// A segment, decoded once: pip writes `%2B` where uv writes `+`. One that means a folder once decoded is none.
fn decoded(segment: &str) -> Option<String> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    let is_plain =
        text != "." && text != ".." && !text.contains(['/', '\\']) && !text.contains(char::is_control);
    is_plain.then(|| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(path: &str) -> Option<FileAddress> {
        FileAddress::parse(path)
    }

    fn sha256() -> Sha256 {
        Sha256::of(b"six")
    }

    fn address(door: Door, upstream: &str) -> String {
        let (index, project) = (PartyName::parse("pypi").unwrap(), ProjectName::parse("six").unwrap());
        of_file(door, Some(&sha256()), &index, &project, &Url::parse(upstream).unwrap())
    }

    #[test]
    fn an_address_is_read_as_it_was_written() {
        let url = "https://files.index.example/packages/aa/bb/cc/six-1+cu.1-py3-none-any.whl?token=x";
        let written = address(Door::Open, url);
        assert!(written.ends_with("/pypi/six/packages/aa/bb/cc/six-1+cu.1-py3-none-any.whl"));
        let read = parse(written.strip_prefix("files/").unwrap()).unwrap();
        assert_eq!((read.door, read.piece), (Door::Open, Piece::Whole));
        assert_eq!(read.tag, tag(Some(&sha256())));
        assert_eq!(read.filename.as_str(), "six-1+cu.1-py3-none-any.whl");
        let encoded = written.replace('+', "%2B");
        assert_eq!(parse(encoded.strip_prefix("files/").unwrap()), Some(read.clone()));
        let metadata = parse(&format!("{}.metadata", written.strip_prefix("files/").unwrap())).unwrap();
        assert_eq!(metadata, FileAddress { piece: Piece::Metadata, ..read });
    }

    #[test]
    fn a_file_held_back_has_another_address() {
        let url = "https://files.index.example/six-1.tar.gz";
        assert_ne!(address(Door::Open, url), address(Door::Held, url));
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_none() {
        let good = "open-0123456789abcdef/pypi/six/packages/six-1.tar.gz";
        assert!(parse(good).is_some());
        for bad in [
            "open-0123456789abcdef/pypi/six/../six-1.tar.gz",
            "open-0123456789abcdef/pypi/six/%2e%2e/six-1.tar.gz",
            "open-0123456789abcdef/pypi/six/%2E./six-1.tar.gz",
            "open-0123456789abcdef/pypi/six/a%2fb/six-1.tar.gz",
            "open-0123456789abcdef/pypi/six/a%5cb/six-1.tar.gz",
            "open-0123456789abcdef/pypi/six/a%00/six-1.tar.gz",
            "open-0123456789abcdef/pypi/six/%ff/six-1.tar.gz",
            "open-0123456789abcdef/pypi/six/%252e%252e",
            "open-0123456789abcdef/pypi/six/",
            "open-0123456789abcdef/pypi/Six/six-1.tar.gz",
            "open-0123456789abcdef/%2e%2e/six/six-1.tar.gz",
            "shut-0123456789abcdef/pypi/six/six-1.tar.gz",
            "open/pypi/six/six-1.tar.gz",
            "open-x/six-1.tar.gz",
            "",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
