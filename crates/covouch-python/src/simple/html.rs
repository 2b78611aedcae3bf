//! Reads a page in HTML (PEP 503, with PEPs 592, 629, 658, 708, 714, 740 and 792).
//!
//! # Invariants
//! - Of an anchor only its attributes count: installers take the file's name from the address, and so do we.
//! - Attributes are read as browsers read them: the first of two with one name counts.
//! - A document without a single anchor and without a version is not a page of an index. Captive portals and login
//!   pages answer 200 too, and "no files" would be a lie.
//!
//! # Not here
//! HTML has no upload times, sizes or list of versions (PEP 700): pages in HTML leave them unsaid.

use std::borrow::Cow;

use covouch_core::name::ProjectName;
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use url::Url;

use super::{ApiVersion, CoreMetadata, File, FileFault, Hashes, Marker, Page, PageError, Status, Yanked};
use crate::{
    address::{self, AddressError},
    limits,
    shown::Shown,
};

/// Reads the page of a project.
///
/// # Errors
/// [`PageError`] when the bytes are not a page in HTML, API version 1.
pub fn parse(bytes: &[u8], base: &Url, expected: &ProjectName) -> Result<Page, PageError> {
    if bytes.len() > limits::PAGE_BYTES {
        return Err(PageError::TooLarge { project: expected.clone(), bytes: bytes.len() });
    }
    let malformed = |reason: &dyn ToString| PageError::Malformed {
        project: expected.clone(),
        reason: Shown::new(&reason.to_string()),
    };
    let text = std::str::from_utf8(bytes).map_err(|error| malformed(&error))?;
    let document = Document::read(text);
    if document.anchors.len() > limits::PAGE_FILES {
        return Err(PageError::TooManyFiles { project: expected.clone() });
    }
    let mut page = Page::new(expected.clone());
    let has_version = document.head.version.is_some();
    document.head.describe(&mut page)?;
    if document.anchors.is_empty() && !has_version {
        return Err(malformed(&"it has neither files nor a `pypi:repository-version`"));
    }
    let base = match document.base {
        Some(link) => address::resolve(base, &link).map_err(|error| malformed(&error))?,
        None => base.clone(),
    };
    page.take(document.anchors.iter().map(|anchor| file(anchor, &base, expected)))?;
    Ok(page)
}

/// The elements of a document that mean something to an index.
#[derive(Default)]
struct Document {
    base: Option<String>,
    head: Head,
    anchors: Vec<StartTag<()>>,
}

/// What the `meta` elements say.
#[derive(Default)]
struct Head {
    version: Option<String>,
    status: Option<String>,
    status_reason: Option<String>,
    tracks: Vec<String>,
    alternate_locations: Vec<String>,
    unknown: Vec<(String, String)>,
    fault: Option<&'static str>,
}

impl Document {
    fn read(text: &str) -> Self {
        let mut document = Self::default();
        let mut emitter = DefaultEmitter::<()>::default();
        // Without this, an anchor inside a script or a title would be one.
        emitter.naively_switch_states(true);
        for Ok(token) in Tokenizer::new_with_emitter(text, emitter) {
            let Token::StartTag(tag) = token else { continue };
            match tag.name.as_slice() {
                // HTML, "The base element": the first with an address counts, for links before it too.
                b"base" if document.base.is_none() => document.base = attribute(&tag, "href"),
                b"meta" => document.head.meta(&tag),
                // One more than is allowed, so that the caller can tell.
                b"a" if document.anchors.len() <= limits::PAGE_FILES => document.anchors.push(tag),
                _ => {}
            }
        }
        document
    }
}

impl Head {
    fn meta(&mut self, tag: &StartTag<()>) {
        let (Some(name), Some(content)) = (attribute(tag, "name"), attribute(tag, "content")) else { return };
        let (slot, list) = match name.as_str() {
            "pypi:repository-version" => (Some(&mut self.version), None),
            "pypi:project-status" => (Some(&mut self.status), None),
            "pypi:project-status-reason" => (Some(&mut self.status_reason), None),
            "pypi:tracks" => (None, Some(&mut self.tracks)),
            "pypi:alternate-locations" => (None, Some(&mut self.alternate_locations)),
            other if other.starts_with("pypi:") => {
                if self.unknown.len() == limits::UNKNOWN_KEYS {
                    self.fault = Some("it has too many `meta` elements");
                } else {
                    self.unknown.push((name, content));
                }
                return;
            }
            _ => return,
        };
        match (slot, list) {
            // One reader would take the first, another the last.
            (Some(Some(_)), _) => self.fault = Some("a `meta` element stands twice"),
            (Some(slot), _) => *slot = Some(content),
            (None, Some(list)) if list.len() < limits::LOCATIONS => list.push(content),
            _ => self.fault = Some("it has too many `meta` elements"),
        }
    }

    fn describe(self, page: &mut Page) -> Result<(), PageError> {
        if let Some(fault) = self.fault {
            return Err(PageError::Malformed { project: page.project.clone(), reason: Shown::new(fault) });
        }
        // PEP 629: a page that names no version is of version 1.0.
        if let Some(version) = self.version {
            page.api_version = ApiVersion::parse(&version).ok_or_else(|| PageError::ApiVersion {
                project: page.project.clone(),
                version: Shown::new(&version),
            })?;
        }
        page.status =
            self.status.map(|marker| Status::new(Marker::parse(&marker), self.status_reason.as_deref()));
        let boxed = |texts: Vec<String>| texts.into_iter().map(Into::into).collect();
        page.tracks = boxed(self.tracks);
        page.alternate_locations = boxed(self.alternate_locations);
        page.unknown.html =
            self.unknown.into_iter().map(|(name, content)| (name.into(), content.into())).collect();
        Ok(())
    }
}

/// An attribute's value. The tokenizer was given UTF-8, and gives bytes back.
fn attribute(tag: &StartTag<()>, name: &str) -> Option<String> {
    let value = tag.attributes.get(name.as_bytes())?;
    Some(String::from_utf8_lossy(&value.value).into_owned())
}

/// The file an anchor links to, under the name it goes by in messages and in the search for duplicates.
fn file<'a>(
    anchor: &StartTag<()>,
    base: &Url,
    project: &ProjectName,
) -> (Cow<'a, str>, Result<File, FileFault>) {
    let link = attribute(anchor, "href").unwrap_or_default();
    match read_file(anchor, &link, base, project) {
        Ok(file) => (Cow::Owned(file.filename().to_string()), Ok(file)),
        Err(fault) => {
            let name = address::resolve(base, &link).ok().and_then(|url| address::filename(&url).ok());
            (Cow::Owned(name.map_or(link, |name| name.to_string())), Err(fault))
        }
    }
}

fn read_file(
    anchor: &StartTag<()>,
    link: &str,
    base: &Url,
    project: &ProjectName,
) -> Result<File, FileFault> {
    let mut file = File::linked(None, project, base, link)?;
    // An empty link leads to the page itself, whose address may end in a file's name by a `base`.
    if !file.is_named_by_link() {
        return Err(AddressError::Unreadable(Shown::new(link)).into());
    }
    let mut metadata = (None, None);
    for (name, value) in &anchor.attributes {
        let (name, value) = (String::from_utf8_lossy(name), String::from_utf8_lossy(&value.value));
        match &*name {
            "data-requires-python" => file.requires_python = Some(value.into()),
            // PEP 592: the attribute yanks, whatever its value.
            "data-yanked" => file.yanked = Yanked::Yes((!value.is_empty()).then(|| value.into())),
            "data-gpg-sig" => file.gpg_sig = Some(flag("data-gpg-sig", &value)?),
            "data-provenance" => file.provenance = Some(value.into()),
            "data-core-metadata" => metadata.0 = Some(core_metadata(&value)?),
            "data-dist-info-metadata" => metadata.1 = Some(core_metadata(&value)?),
            other if !other.starts_with("data-") => {}
            // HTML allows quotes and angle brackets in the names of attributes. Nobody has a use for that.
            other if !is_plain(other) || file.unknown.html.len() == limits::UNKNOWN_KEYS => {
                return Err(FileFault::Field { field: "data-", value: Shown::new(other) });
            }
            _ => file.unknown.html.push((name.into(), value.into())),
        }
    }
    // PEP 714: `data-core-metadata` goes before the name it had earlier.
    file.core_metadata = metadata.0.or(metadata.1);
    Ok(file)
}

fn is_plain(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn flag(field: &'static str, value: &str) -> Result<bool, FileFault> {
    match value {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(FileFault::Field { field, value: Shown::new(value) }),
    }
}

/// `true`, or one digest (PEP 658).
fn core_metadata(value: &str) -> Result<CoreMetadata, FileFault> {
    let mut hashes = Hashes::default();
    if let Some((algorithm, digest)) = value.split_once('=') {
        hashes.insert(algorithm, digest)?;
    } else if !flag("data-core-metadata", value)? {
        return Ok(CoreMetadata::No);
    }
    Ok(CoreMetadata::Yes(hashes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Page, PageError> {
        let base = Url::parse("https://index.example/simple/ctx/").unwrap();
        parse(text.as_bytes(), &base, &ProjectName::parse("ctx").unwrap())
    }

    fn read_anchor(attributes: &str) -> File {
        let page = read(&format!("<!DOCTYPE html><a {attributes}>ctx</a>")).unwrap();
        assert_eq!(page.left_out(), []);
        page.files()[0].clone()
    }

    #[test]
    fn every_attribute_is_read() {
        let sha256 = "ab".repeat(32);
        let file = read_anchor(&format!(
            r#"href="../../f/ctx-1%2Ba-py3-none-any.whl#sha256={sha256}" data-requires-python="&gt;=3.9" data-yanked="a &amp; b"
            data-core-metadata="sha256={sha256}" data-dist-info-metadata="true" data-gpg-sig="false"
            data-provenance="https://index.example/p" data-x="y" class="z""#
        ));
        assert_eq!(file.filename().as_str(), "ctx-1+a-py3-none-any.whl");
        assert_eq!(file.url().as_str(), "https://index.example/f/ctx-1%2Ba-py3-none-any.whl");
        assert_eq!(file.subject().unwrap().sha256.to_string(), sha256);
        assert_eq!(file.requires_python(), Some(">=3.9"));
        assert_eq!(file.yanked(), &Yanked::Yes(Some("a & b".into())));
        assert!(matches!(file.core_metadata(), Some(CoreMetadata::Yes(hashes)) if hashes.sha256().is_some()));
        assert_eq!((file.gpg_sig(), file.provenance()), (Some(false), Some("https://index.example/p")));
        assert_eq!(file.unknown().html().collect::<Vec<_>>(), [("data-x", "y")]);
    }

    #[test]
    fn an_anchor_without_attributes_says_nothing() {
        let file = read_anchor(r#"href="ctx-1.tar.gz""#);
        assert!(!file.yanked().is_yanked() && file.sha256().is_none() && file.core_metadata().is_none());
        assert!(file.upload_time().is_none() && file.size().is_none() && file.gpg_sig().is_none());
        assert_eq!(read_anchor(r#"href="ctx-1.tar.gz" data-yanked"#).yanked(), &Yanked::Yes(None));
    }

    #[test]
    fn the_head_is_read() {
        let page = read(
            r#"<base href="https://files.example/a/"><base href="https://other.example/">
            <meta name="pypi:repository-version" content="1.4"><meta charset="utf-8">
            <meta name="pypi:project-status-reason" content="malware"><meta name="pypi:project-status" content="quarantined">
            <meta name="pypi:tracks" content="https://t.example/ctx/"><meta name="pypi:new" content="n">
            <a href="ctx-1.tar.gz">"#,
        )
        .unwrap();
        assert_eq!(page.files()[0].url().as_str(), "https://files.example/a/ctx-1.tar.gz");
        assert_eq!(page.api_version(), ApiVersion::new(4));
        assert_eq!(page.status(), Some(&Status::new(Marker::Quarantined, Some("malware"))));
        assert_eq!(page.tracks().collect::<Vec<_>>(), ["https://t.example/ctx/"]);
        assert_eq!(page.unknown.html().collect::<Vec<_>>(), [("pypi:new", "n")]);
    }

    #[test]
    fn anchors_that_no_browser_shows_are_not_there() {
        let page = read(
            r#"<a href="ctx-1.tar.gz"></a><!-- <a href="ctx-2.tar.gz"> --><script>'<a href="ctx-3.tar.gz">'</script>
            <title><a href="ctx-4.tar.gz"></title><a title="<a href='ctx-5.tar.gz'>" href="ctx-6.tar.gz">"#,
        )
        .unwrap();
        let names: Vec<_> = page.files().iter().map(|file| file.filename().as_str()).collect();
        assert_eq!(names, ["ctx-1.tar.gz", "ctx-6.tar.gz"]);
    }

    #[test]
    fn links_that_are_no_files_are_left_out() {
        let page = read(
            r#"<a href="../">up</a><a name="top"></a><a href="javascript:alert(1)/ctx-1.tar.gz"></a><a href="evil-1.tar.gz"></a>
            <a href="ctx-1.tar.gz#sha256=12"></a><a href="ctx-2.tar.gz" data-core-metadata="perhaps"></a>"#,
        )
        .unwrap();
        assert_eq!(page.files(), []);
        let codes: Vec<_> = page.left_out().iter().map(|left| left.fault.code().as_str()).collect();
        let expected = [
            "filename-malformed",
            "filename-malformed",
            "page-address",
            "filename-other-project",
            "page-hash",
            "page-field",
        ];
        assert_eq!(codes, expected);
    }

    #[test]
    fn a_link_to_nowhere_is_no_file() {
        for link in ["<a>", "<a href=''>", "<a href='#x'>", "<a href='?x'>"] {
            let page = read(&format!("<base href='https://f.example/ctx-1.tar.gz'>{link}")).unwrap();
            assert_eq!(page.left_out()[0].fault.code().as_str(), "page-address", "{link}");
        }
    }

    #[test]
    fn a_document_that_is_no_page_is_an_error() {
        for text in ["", "<html><body>Please log in</body></html>", "\u{0}"] {
            assert!(matches!(read(text), Err(PageError::Malformed { .. })), "{text}");
        }
        let empty = r#"<meta name="pypi:repository-version" content="1.0">"#;
        assert!(read(empty).unwrap().files().is_empty());
        assert!(matches!(read(&empty.replace("1.0", "2.0")), Err(PageError::ApiVersion { .. })));
        assert!(matches!(read(&empty.repeat(2)), Err(PageError::Malformed { .. })));
        assert!(matches!(read(r#"<base href="file:///"><a href="a">"#), Err(PageError::Malformed { .. })));
        let base = Url::parse("https://index.example/simple/ctx/").unwrap();
        assert!(parse(b"<a href=\xff>", &base, &ProjectName::parse("ctx").unwrap()).is_err());
    }

    #[test]
    fn a_file_that_stands_twice_is_an_error() {
        let text = r#"<a href="a/ctx-1.tar.gz#md5=1"></a><a href="b/ctx-1.tar.gz"></a>"#;
        assert!(matches!(read(text), Err(PageError::DuplicateFile { .. })));
        assert!(matches!(read(&text.replace("md5", "sha256")), Err(PageError::DuplicateFile { .. })));
        assert!(read(r#"<a href="../"></a><a href="../"></a>"#).is_ok());
    }

    #[test]
    fn a_page_without_end_is_cut_off() {
        let text = "<a href=a>".repeat(limits::PAGE_FILES + 1);
        assert!(matches!(read(&text), Err(PageError::TooManyFiles { .. })));
    }
}
