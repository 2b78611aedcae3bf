//! Answers of indexes, kept to be asked about again, each with an extract that can be read without the rest.
//!
//! # Invariants
//! - An entry carries digests of itself and the address it is for. One that does not fit, in any way, is a miss:
//!   a torn or swapped file is never a wrong page.
//! - An extract stands in the entry of the page it was made from, so neither is ever newer than the other.
//!
//! # Format
//! ```text
//! covouch-page 4 SHA256-OF-HEAD BYTES-OF-HEAD␊
//! head: JSON with the sha256 of the body ␊ extract
//! body
//! ```
//!
//! # Not here
//! What stands in an extract: `index::extract`.

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use covouch_core::{digest::Sha256, time::Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{StateError, write};
use crate::{limits, network::Validators, secrets::Credentials};

/// Bytes of an entry's first line: a word, a number, a digest, ten digits.
const FIRST_LINE: usize = 15 + 65 + 11;

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

/// The extract of a kept answer, and until when it may be used without asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptExtract {
    /// What was kept beside the page.
    pub text: String,
    /// When the server last said that the page is what there is.
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
    body: String,
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

    /// Whether no answer was ever kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.folder.is_dir()
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

    /// The extract of the answer kept for this address, if any.
    ///
    /// # Errors
    /// [`StateError`] when the disk does not let us look.
    pub fn read_extract(&self, url: &Url) -> Result<Option<KeptExtract>, StateError> {
        let (url, _) = Credentials::split(url);
        let path = self.path(&url);
        match read_head(&path) {
            Ok(bytes) => Ok(decode_extract(&bytes, &url)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StateError::reading(&path, &error)),
        }
    }

    /// Keeps an answer for this address, and an extract of it.
    ///
    /// # Errors
    /// [`StateError`] when the disk does not let us; an older answer then stays.
    pub fn write(&self, url: &Url, page: &KeptPage, extract: &str) -> Result<(), StateError> {
        let (url, _) = Credentials::split(url);
        write::write_atomically(&self.path(&url), &encode(page, extract, &url))
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

fn encode(page: &KeptPage, extract: &str, url: &Url) -> Vec<u8> {
    let header = Header {
        url: url.to_string(),
        body: Sha256::of(&page.bytes).to_string(),
        base: page.base.to_string(),
        content_type: page.content_type.clone(),
        etag: page.validators.etag.clone(),
        last_modified: page.validators.last_modified.clone(),
        fetched: page.fetched.unix(),
        max_age: page.max_age,
        from_public: page.from_public,
    };
    let mut head = serde_json::to_vec(&header).unwrap_or_default();
    head.push(b'\n');
    head.extend_from_slice(extract.as_bytes());
    [first_line(&head).as_bytes(), &head, &page.bytes].concat()
}

fn first_line(head: &[u8]) -> String {
    format!("covouch-page 4 {} {:010}\n", Sha256::of(head), head.len())
}

/// As much of an entry as its first line says its head has.
fn read_head(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = vec![0; FIRST_LINE];
    if file.read_exact(&mut bytes).is_err() {
        return Ok(Vec::new());
    }
    let length = head_length(&bytes).unwrap_or_default();
    bytes.reserve_exact(length);
    file.take(u64::try_from(length).unwrap_or_default()).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// What the first line says; it is proven only by [`split`].
fn head_length(entry: &[u8]) -> Option<usize> {
    let digits = entry.get(FIRST_LINE - 11..FIRST_LINE - 1)?;
    let length = std::str::from_utf8(digits).ok()?.parse().ok()?;
    (length <= limits::ENTRY_HEADER_BYTES + limits::EXTRACT_BYTES).then_some(length)
}

/// The header, the extract and the body of an entry whose head is whole.
fn split<'a>(entry: &'a [u8], url: &Url) -> Option<(Header, &'a str, &'a [u8])> {
    let (line, rest) = entry.split_at_checked(FIRST_LINE)?;
    let (head, body) = rest.split_at_checked(head_length(line)?)?;
    if line != first_line(head).as_bytes() {
        return None;
    }
    let end = head.iter().take(limits::ENTRY_HEADER_BYTES).position(|byte| *byte == b'\n')?;
    let header: Header = serde_json::from_slice(head.get(..end)?).ok()?;
    let extract = std::str::from_utf8(head.get(end + 1..)?).ok()?;
    (header.url == url.as_str()).then_some((header, extract, body))
}

fn decode(entry: &[u8], url: &Url) -> Option<KeptPage> {
    let (header, _, body) = split(entry, url)?;
    if Sha256::parse(&header.body).ok()? != Sha256::of(body) {
        return None;
    }
    Some(KeptPage {
        bytes: body.to_vec(),
        base: Url::parse(&header.base).ok()?,
        content_type: header.content_type,
        validators: Validators { etag: header.etag, last_modified: header.last_modified },
        fetched: Timestamp::from_unix(header.fetched)?,
        max_age: header.max_age,
        from_public: header.from_public,
    })
}

fn decode_extract(head: &[u8], url: &Url) -> Option<KeptExtract> {
    let (header, extract, _) = split(head, url)?;
    let fetched = Timestamp::from_unix(header.fetched)?;
    let Header { max_age, from_public, .. } = header;
    Some(KeptExtract { text: extract.to_owned(), fetched, max_age, from_public })
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
        assert_eq!(pages.read_extract(&address()).unwrap(), None);
        pages.write(&with_password, &page(b"<html>"), "an extract").unwrap();
        assert_eq!(pages.read(&address()).unwrap(), Some(page(b"<html>")));
        let extract = pages.read_extract(&address()).unwrap().unwrap();
        assert_eq!((extract.text.as_str(), extract.max_age), ("an extract", 600));
        let entry = fs::read(pages.path(&address())).unwrap();
        assert!(!String::from_utf8_lossy(&entry).contains("hunter2"));
        pages.remove(&address());
        assert_eq!(pages.read(&address()).unwrap(), None);
    }

    #[test]
    fn an_entry_of_another_address_is_a_miss() {
        let entry = encode(&page(b"<html>"), "", &Url::parse("https://index.example/simple/seven/").unwrap());
        assert_eq!(decode(&entry, &address()), None);
    }

    proptest! {
        #[test]
        fn what_was_kept_comes_back(bytes: Vec<u8>, extract: String) {
            let page = page(&bytes);
            let entry = encode(&page, &extract, &address());
            prop_assert_eq!(decode(&entry, &address()), Some(page));
            prop_assert_eq!(decode_extract(&entry, &address()).unwrap().text, extract);
        }

        #[test]
        fn a_torn_or_changed_entry_is_a_miss(bytes: Vec<u8>, cut: prop::sample::Index, flip in 1..=255_u8) {
            let entry = encode(&page(&bytes), "an extract", &address());
            prop_assert_eq!(decode(&entry[..cut.index(entry.len())], &address()), None);
            let mut changed = entry.clone();
            let at = cut.index(entry.len());
            changed[at] ^= flip;
            prop_assert_eq!(decode(&changed, &address()), None);
            let is_head = at < entry.len() - bytes.len();
            prop_assert!(!is_head || decode_extract(&changed, &address()).is_none());
        }
    }

    #[test]
    fn an_extract_is_read_without_the_page() {
        let folder = tempfile::tempdir().unwrap();
        let pages = Pages::new(folder.path().to_owned());
        pages.write(&address(), &page(&[7; 1000]), "an extract").unwrap();
        let path = pages.path(&address());
        let entry = fs::read(&path).unwrap();
        fs::write(&path, &entry[..entry.len() - 999]).unwrap();
        assert_eq!(pages.read_extract(&address()).unwrap().unwrap().text, "an extract");
        assert_eq!(pages.read(&address()).unwrap(), None, "the page itself is torn");
        for torn in [0, 3, FIRST_LINE, entry.len() - 1001] {
            fs::write(&path, &entry[..torn]).unwrap();
            assert_eq!(pages.read_extract(&address()).unwrap(), None);
        }
    }
}
