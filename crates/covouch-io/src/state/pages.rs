//! Answers of indexes, kept to be asked about again.
//!
//! # Invariants
//! An entry carries a digest of itself and the address it is for. One that does not fit, in any way, is a miss:
//! a torn or swapped file is never a wrong page.
//!
//! # Format
//! ```text
//! covouch-page 1␊ sha256 of all that follows, in hexadecimal␊ JSON header␊ body
//! ```

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use covouch_core::{digest::Sha256, time::Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{StateError, write};
use crate::{limits, network::Validators, secrets::Credentials};

const MAGIC: &[u8] = b"covouch-page 1\n";

/// The kept answers.
#[derive(Clone, Debug)]
pub struct Pages {
    folder: PathBuf,
}

/// One kept answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptPage {
    /// The body, decompressed.
    pub bytes: Vec<u8>,
    /// Where the answer came from in the end, after redirects; links are relative to this.
    pub base: Url,
    /// The content type without parameters.
    pub content_type: String,
    /// What the server recognises the answer by.
    pub validators: Validators,
    /// When the server last said that this is what there is.
    pub fetched: Timestamp,
    /// Seconds after that for which the server allows not to ask.
    pub max_age: u64,
    /// Whether the server has a public address, so that its links may lead to public ones only.
    pub from_public: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    url: String,
    base: String,
    content_type: String,
    etag: Option<String>,
    last_modified: Option<String>,
    fetched: i64,
    max_age: u64,
    from_public: bool,
}

impl Pages {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The answer kept for this address, if any.
    ///
    /// # Errors
    /// [`StateError`] when the disk does not let us look.
    pub fn read(&self, url: &Url) -> Result<Option<KeptPage>, StateError> {
        let (url, _) = Credentials::split(url);
        let path = self.path(&url);
        match fs::read(&path) {
            Ok(bytes) => Ok(decode(&bytes, &url)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StateError::reading(&path, &error)),
        }
    }

    /// Keeps an answer for this address.
    ///
    /// # Errors
    /// [`StateError`] when the disk does not let us; an older answer then stays.
    pub fn write(&self, url: &Url, page: &KeptPage) -> Result<(), StateError> {
        let (url, _) = Credentials::split(url);
        write::write_atomically(&self.path(&url), &encode(page, &url))
    }

    /// Forgets the answer kept for this address.
    pub fn remove(&self, url: &Url) {
        let (url, _) = Credentials::split(url);
        let _ = fs::remove_file(self.path(&url));
    }

    fn path(&self, url: &Url) -> PathBuf {
        let name = Sha256::of(url.as_str().as_bytes()).to_string();
        Path::new(&self.folder).join(name.get(..2).unwrap_or_default()).join(name)
    }
}

fn encode(page: &KeptPage, url: &Url) -> Vec<u8> {
    let header = Header {
        url: url.to_string(),
        base: page.base.to_string(),
        content_type: page.content_type.clone(),
        etag: page.validators.etag.clone(),
        last_modified: page.validators.last_modified.clone(),
        fetched: page.fetched.unix(),
        max_age: page.max_age,
        from_public: page.from_public,
    };
    let mut rest = serde_json::to_vec(&header).unwrap_or_default();
    rest.push(b'\n');
    rest.extend_from_slice(&page.bytes);
    let digest = Sha256::of(&rest).to_string();
    [MAGIC, digest.as_bytes(), b"\n", &rest].concat()
}

fn decode(entry: &[u8], url: &Url) -> Option<KeptPage> {
    let (digest, rest) = entry.strip_prefix(MAGIC)?.split_at_checked(64)?;
    let rest = rest.strip_prefix(b"\n")?;
    if Sha256::parse(std::str::from_utf8(digest).ok()?).ok()? != Sha256::of(rest) {
        return None;
    }
    let end = rest.iter().take(limits::ENTRY_HEADER_BYTES).position(|byte| *byte == b'\n')?;
    let header: Header = serde_json::from_slice(rest.get(..end)?).ok()?;
    if header.url != url.as_str() {
        return None;
    }
    Some(KeptPage {
        bytes: rest.get(end + 1..)?.to_vec(),
        base: Url::parse(&header.base).ok()?,
        content_type: header.content_type,
        validators: Validators { etag: header.etag, last_modified: header.last_modified },
        fetched: Timestamp::from_unix(header.fetched)?,
        max_age: header.max_age,
        from_public: header.from_public,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn page(bytes: &[u8]) -> KeptPage {
        KeptPage {
            bytes: bytes.to_vec(),
            base: Url::parse("https://mirror.example/simple/six/").unwrap(),
            content_type: "text/html".into(),
            validators: Validators { etag: Some("\"1\"".into()), last_modified: None },
            fetched: Timestamp::from_unix(1_800_000_000).unwrap(),
            max_age: 600,
            from_public: true,
        }
    }

    fn address() -> Url {
        Url::parse("https://index.example/simple/six/").unwrap()
    }

    #[test]
    fn an_answer_is_kept_for_its_address_and_without_the_password() {
        let folder = tempfile::tempdir().unwrap();
        let pages = Pages::new(folder.path().to_owned());
        assert_eq!(pages.read(&address()).unwrap(), None);
        let with_password = Url::parse("https://me:hunter2@index.example/simple/six/").unwrap();
        pages.write(&with_password, &page(b"<html>")).unwrap();
        assert_eq!(pages.read(&address()).unwrap(), Some(page(b"<html>")));
        let entry = fs::read(pages.path(&address())).unwrap();
        assert!(!String::from_utf8_lossy(&entry).contains("hunter2"));
        pages.remove(&address());
        assert_eq!(pages.read(&address()).unwrap(), None);
    }

    #[test]
    fn an_entry_of_another_address_is_a_miss() {
        let entry = encode(&page(b"<html>"), &Url::parse("https://index.example/simple/seven/").unwrap());
        assert_eq!(decode(&entry, &address()), None);
    }

    proptest! {
        #[test]
        fn what_was_kept_comes_back(bytes: Vec<u8>) {
            let page = page(&bytes);
            prop_assert_eq!(decode(&encode(&page, &address()), &address()), Some(page));
        }

        #[test]
        fn a_torn_or_changed_entry_is_a_miss(bytes: Vec<u8>, cut: prop::sample::Index, flip in 1..=255_u8) {
            let entry = encode(&page(&bytes), &address());
            prop_assert_eq!(decode(&entry[..cut.index(entry.len())], &address()), None);
            let mut changed = entry.clone();
            let at = cut.index(entry.len());
            changed[at] ^= flip;
            // A digest may be written in capitals; that changes nothing it says.
            let same = changed.eq_ignore_ascii_case(&entry) && (15..79).contains(&at);
            prop_assert!(same || decode(&changed, &address()).is_none());
        }
    }
}
