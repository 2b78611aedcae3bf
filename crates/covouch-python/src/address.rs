//! Addresses as an index writes them: what a link leads to, and the file name at its end.

use covouch_core::subject::{FileName, FileNameError};
use percent_encoding::percent_decode_str;
use url::Url;

use crate::{limits, shown::Shown};

/// Why a link leads nowhere we go.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// The link is longer than [`limits::URL_BYTES`].
    #[error("the address `{0}` is too long")]
    TooLong(Shown),
    /// The link is not an address.
    #[error("`{0}` is not an address")]
    Unreadable(Shown),
    /// The link leads to something other than http or https, or from the network to a local file.
    #[error("the address `{0}` is neither http nor https")]
    Scheme(Shown),
}

/// Resolves a link against the address of its page.
///
/// A page from the network may not lead to local files, nor any page to `javascript:` and the like.
pub(crate) fn resolve(base: &Url, link: &str) -> Result<Url, AddressError> {
    if link.len() > limits::URL_BYTES {
        return Err(AddressError::TooLong(Shown::new(link)));
    }
    // WHATWG URL drops control characters, other readers of the same page do not.
    if link.contains(char::is_control) {
        return Err(AddressError::Unreadable(Shown::new(link)));
    }
    let url = base.join(link).map_err(|_| AddressError::Unreadable(Shown::new(link)))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        "file" if base.scheme() == "file" => Ok(url),
        _ => Err(AddressError::Scheme(Shown::new(link))),
    }
}

/// The file name at the end of an address: its last path segment, percent-decoded once, as installers do.
pub(crate) fn filename(url: &Url) -> Result<FileName, FileNameError> {
    let segment = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    FileName::parse(&percent_decode_str(segment).decode_utf8_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn links_resolve_as_in_a_browser() {
        let page = base("https://index.example/simple/ctx/");
        let resolved = |link: &str| resolve(&page, link).unwrap().to_string();
        assert_eq!(resolved("../../packages/a.whl"), "https://index.example/packages/a.whl");
        assert_eq!(resolved("//files.example/a.whl"), "https://files.example/a.whl");
        assert_eq!(resolved("http://files.example/a.whl"), "http://files.example/a.whl");
    }

    #[test]
    fn links_out_of_the_web_are_refused() {
        let page = base("https://index.example/simple/ctx/");
        for link in ["javascript:alert(1)", "file:///etc/passwd", "data:,a", "ftp://a/b"] {
            assert!(matches!(resolve(&page, link), Err(AddressError::Scheme(_))), "{link}");
        }
        assert!(resolve(&base("file:///srv/simple/ctx/index.html"), "a.whl").is_ok());
        for link in ["https://[broken", "java\nscript:alert(1)", "a.whl\u{8}"] {
            assert!(matches!(resolve(&page, link), Err(AddressError::Unreadable(_))), "{link:?}");
        }
        assert!(matches!(resolve(&page, &"a".repeat(limits::URL_BYTES + 1)), Err(AddressError::TooLong(_))));
    }

    #[test]
    fn a_file_name_is_decoded_once() {
        let name = |text: &str| filename(&base(text));
        assert_eq!(
            name("https://i.example/a/torch-2+cu-1.whl").unwrap(),
            name("https://i.example/torch-2%2Bcu-1.whl?x#y").unwrap()
        );
        for text in [
            "https://i.example/a/",
            "https://i.example/%2e%2e%2fa.whl",
            "https://i.example/a%252fb.whl",
            "data:a",
        ] {
            assert!(name(text).is_err(), "{text}");
        }
    }
}
