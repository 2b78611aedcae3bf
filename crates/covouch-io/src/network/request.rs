//! A question, and the head of its answer.

use std::time::Duration;

use covouch_core::time::Timestamp;
use covouch_python::attestation::DistributionFile;
use http::{
    HeaderMap, HeaderName, HeaderValue,
    header::{
        ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG,
        IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RANGE,
    },
};
use url::Url;

use super::address::Reach;
use crate::{
    bundle::Kind,
    secrets::{Credentials, RedactedUrl, redact},
};

/// A GET of one URL.
#[derive(Clone)]
pub struct Request {
    pub(super) url: Url,
    pub(super) credentials: Option<Credentials>,
    pub(super) reach: Reach,
    pub(super) content_types: &'static [&'static str],
    pub(super) validators: Validators,
    pub(super) from: Option<u64>,
    pub(super) until: Option<u64>,
    accept: Option<&'static str>,
    /// As what it stands in a bundle; what has no kind stands in none.
    pub(super) kind: Option<Kind>,
    /// The file that what is asked for is about.
    pub(super) file: Option<DistributionFile>,
}

/// What a server recognises its own answer by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    /// The `ETag`, as sent.
    pub etag: Option<String>,
    /// The `Last-Modified`, as sent.
    pub last_modified: Option<String>,
}

impl Validators {
    /// Whether there is nothing a server could recognise.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }
}

impl Request {
    /// Asks for this URL; credentials in it move to the `Authorization` header.
    #[must_use]
    pub fn new(url: &Url) -> Self {
        let (url, credentials) = Credentials::split(url);
        Self {
            url,
            credentials,
            reach: Reach::Anywhere,
            content_types: &[],
            validators: Validators::default(),
            from: None,
            until: None,
            accept: None,
            kind: None,
            file: None,
        }
    }

    /// Sends these credentials, unless the URL brought its own.
    #[must_use]
    pub fn credentials(mut self, credentials: Option<&Credentials>) -> Self {
        self.credentials = self.credentials.or_else(|| credentials.cloned());
        self
    }

    /// Asks for a thing of this kind.
    #[must_use]
    pub(crate) fn kind(mut self, kind: Kind) -> Self {
        self.kind = Some(kind);
        self
    }

    /// Asks for something about this file.
    #[must_use]
    pub(crate) fn about(mut self, file: &DistributionFile) -> Self {
        self.file = Some(file.clone());
        self
    }

    /// Goes no further than this.
    #[must_use]
    pub fn reach(mut self, reach: Reach) -> Self {
        self.reach = reach;
        self
    }

    /// Sends this `Accept` header, and takes only answers of these content types.
    #[must_use]
    pub fn accept(mut self, accept: &'static str, content_types: &'static [&'static str]) -> Self {
        (self.accept, self.content_types) = (Some(accept), content_types);
        self
    }

    /// Asks whether the answer has changed since it had these validators.
    #[must_use]
    pub fn unless(mut self, validators: Validators) -> Self {
        self.validators = validators;
        self
    }

    /// Asks for the bytes from `from` up to and including `until` (RFC 9110 §14.1.2). The answer may still be
    /// the whole file: look at [`Head::starts_at`].
    #[must_use]
    pub fn range(mut self, from: u64, until: Option<u64>) -> Self {
        (self.from, self.until) = (Some(from), until);
        self
    }

    /// The address, without credentials.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    pub(super) fn shown(&self) -> RedactedUrl {
        redact(&self.url)
    }

    /// The headers of the request, without what depends on where a redirect led.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let mut set = |name: HeaderName, value: Option<&str>| {
            // A validator came from a server; one that is no header any more is simply not sent.
            if let Some(value) = value.and_then(|text| HeaderValue::from_str(text).ok()) {
                headers.insert(name, value);
            }
        };
        set(ACCEPT, self.accept);
        set(IF_NONE_MATCH, self.validators.etag.as_deref());
        set(IF_MODIFIED_SINCE, self.validators.last_modified.as_deref());
        if let Some(from) = self.from {
            let until = self.until.map(|until| until.to_string()).unwrap_or_default();
            set(RANGE, Some(&format!("bytes={from}-{until}")));
        }
        headers
    }
}

/// Adds the credentials to a request's headers.
pub(super) fn authorize(headers: &mut HeaderMap, credentials: Option<&Credentials>) {
    if let Some(value) = credentials.and_then(Credentials::authorization) {
        headers.insert(AUTHORIZATION, value);
    }
}

/// What an answer says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// Where the answer came from, after redirects.
    pub url: Url,
    /// The content type without parameters, in lower case.
    pub content_type: Option<String>,
    /// How many bytes follow, when the server says so.
    pub length: Option<u64>,
    /// What the server will recognise this answer by.
    pub validators: Validators,
    /// How long the server allows the answer to be used without asking again.
    pub max_age: Duration,
    /// How far links in the answer may lead: a public host must not send us to a private one.
    pub reach: Reach,
    /// The offset of the first byte: 0, unless a range was asked for and granted.
    pub starts_at: u64,
    /// When the answer was given, if not just now.
    pub answered: Option<Timestamp>,
}

impl Head {
    pub(super) fn read(headers: &HeaderMap, url: Url, reach: Reach) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let owned = |name| text(name).map(str::to_owned);
        Self {
            url,
            content_type: text(CONTENT_TYPE).map(essence),
            length: text(CONTENT_LENGTH).and_then(|length| length.parse().ok()),
            validators: Validators { etag: owned(ETAG), last_modified: owned(LAST_MODIFIED) },
            max_age: max_age(headers),
            reach,
            starts_at: 0,
            answered: None,
        }
    }
}

/// The content type without its parameters (RFC 9110 §8.3.1).
fn essence(content_type: &str) -> String {
    let end = content_type.find(';').unwrap_or(content_type.len());
    content_type.get(..end).unwrap_or_default().trim().to_ascii_lowercase()
}

/// How long an answer stays fresh (RFC 9111 §5.2.2). Anything unclear counts as not at all.
fn max_age(headers: &HeaderMap) -> Duration {
    let mut age = Duration::ZERO;
    for value in headers.get_all(CACHE_CONTROL) {
        let Ok(value) = value.to_str() else { return Duration::ZERO };
        for directive in value.split(',').map(|directive| directive.trim().to_ascii_lowercase()) {
            match directive.split_once('=') {
                Some(("max-age", seconds)) => {
                    age = Duration::from_secs(seconds.trim_matches('"').parse().unwrap_or(0));
                }
                None if directive == "no-cache" || directive == "no-store" => return Duration::ZERO,
                _ => {}
            }
        }
    }
    age
}

/// The first byte and the last one of a `Content-Range: bytes 5-9/20` (RFC 9110 §14.4).
pub(super) fn content_range(headers: &HeaderMap) -> Option<(u64, u64)> {
    let text = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    let (part, _) = text.strip_prefix("bytes ")?.split_once('/')?;
    let (first, last) = part.split_once('-')?;
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    #[test]
    fn an_unclear_age_is_no_age() {
        let age = |value: &str| max_age(&headers(CACHE_CONTROL, value)).as_secs();
        assert_eq!(age("public, Max-Age=600"), 600);
        assert_eq!(age("max-age=600, no-cache"), 0);
        assert_eq!(age("max-age=soon"), 0);
        assert_eq!(age("private"), 0);
        assert_eq!(max_age(&HeaderMap::new()), Duration::ZERO);
    }

    #[test]
    fn a_content_range_is_read_strictly() {
        let range = |value: &str| content_range(&headers(CONTENT_RANGE, value));
        assert_eq!(range("bytes 5-9/20"), Some((5, 9)));
        assert_eq!(range("bytes 5-9/*"), Some((5, 9)));
        for text in ["bytes */20", "bytes 9-5/20", "items 0-1/2", "bytes 5-9", "bytes -1-9/20"] {
            assert_eq!(range(text), None, "{text}");
        }
    }

    #[test]
    fn a_content_type_is_compared_without_parameters() {
        assert_eq!(essence("Text/HTML; charset=utf-8"), "text/html");
        assert_eq!(essence("application/vnd.pypi.simple.v1+json"), "application/vnd.pypi.simple.v1+json");
    }
}
