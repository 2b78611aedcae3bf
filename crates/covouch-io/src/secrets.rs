//! Passwords and tokens: how they are held, sent, and kept out of messages.
//!
//! # Invariants
//! - [`Secret`] and [`Credentials`] have no `Debug` or `Display`, and are wiped when dropped.
//! - A URL reaches a message only as a [`RedactedUrl`], which only [`redact`] makes.
//!
//! # Not here
//! System keyrings. A password stands in the index's URL, or in a netrc file ([`netrc`]).

pub mod netrc;

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderValue;
use url::Url;
use zeroize::Zeroizing;

/// What stands where a secret was.
const MASK: &str = "****";

/// A text that is never printed.
#[derive(Clone)]
pub struct Secret(Arc<Zeroizing<String>>);

impl Secret {
    /// Holds this text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Arc::new(Zeroizing::new(text)))
    }

    /// The text, for whoever must send it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// A user's name and password for one host.
#[derive(Clone)]
pub struct Credentials {
    user: Secret,
    password: Secret,
}

impl Credentials {
    /// Credentials made of both parts. The user's name is secret too: some indexes take their token there.
    #[must_use]
    pub fn new(user: Secret, password: Secret) -> Self {
        Self { user, password }
    }

    /// Takes the credentials out of a URL, so that they can neither be printed nor follow a redirect.
    #[must_use]
    pub fn split(url: &Url) -> (Url, Option<Self>) {
        let mut bare = url.clone();
        if url.username().is_empty() && url.password().is_none() {
            return (bare, None);
        }
        // Both fail only for URLs without a host, which cannot have had credentials.
        let _ = bare.set_username("");
        let _ = bare.set_password(None);
        let decoded = |part: &str| Secret::new(percent_decoded(part));
        let credentials = Self::new(decoded(url.username()), decoded(url.password().unwrap_or_default()));
        (bare, Some(credentials))
    }

    /// The value of an `Authorization` header (RFC 7617 §2).
    #[must_use]
    pub fn authorization(&self) -> Option<HeaderValue> {
        let pair = Zeroizing::new(format!("{}:{}", self.user.reveal(), self.password.reveal()));
        let text = Zeroizing::new(format!("Basic {}", STANDARD.encode(pair.as_bytes())));
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

/// The address of an index: an `http` or `https` URL, and the credentials that stood in it or belong to its host.
#[derive(Clone)]
pub struct Address {
    url: Url,
    credentials: Option<Credentials>,
}

/// Why a text is not the address of an index. The text is not shown: it may carry a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an `http` or `https` address")]
pub struct AddressError;

impl Address {
    /// Parses an address as configuration files have it.
    ///
    /// # Errors
    /// [`AddressError`] for anything that is not an `http` or `https` URL.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        Self::new(&Url::parse(text.trim()).map_err(|_| AddressError)?)
    }

    /// An address from a URL.
    ///
    /// # Errors
    /// [`AddressError`] when its scheme is another than `http` and `https`.
    pub fn new(url: &Url) -> Result<Self, AddressError> {
        let (mut url, credentials) = Credentials::split(url);
        url.set_fragment(None);
        if matches!(url.scheme(), "http" | "https") {
            Ok(Self { url, credentials })
        } else {
            Err(AddressError)
        }
    }

    /// The same address with the credentials a netrc file has for its host, unless it has its own.
    #[must_use]
    pub fn or_netrc(mut self, netrc: &netrc::Netrc) -> Self {
        let known = self.url.host_str().and_then(|host| netrc.credentials(host));
        self.credentials = self.credentials.or_else(|| known.cloned());
        self
    }

    /// The URL, without credentials.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// What is sent along.
    #[must_use]
    pub fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }
}

/// Prints the address redacted.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redact(&self.url).fmt(f)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A URL as messages show it: without user, password, query values and fragment.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RedactedUrl(Arc<str>);

impl RedactedUrl {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RedactedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RedactedUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The URL as messages may show it. Every value of the query is masked, because signed download links carry
/// their token there under many names.
#[must_use]
pub fn redact(url: &Url) -> RedactedUrl {
    let (mut shown, credentials) = Credentials::split(url);
    shown.set_fragment(None);
    if let Some(query) = url.query() {
        let masked: Vec<String> = query.split('&').map(mask_value).collect();
        shown.set_query(Some(&masked.join("&")));
    }
    if credentials.is_some() {
        let _ = shown.set_username(MASK);
    }
    RedactedUrl(shown.as_str().into())
}

fn mask_value(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, _)) => format!("{name}={MASK}"),
        None => MASK.to_owned(),
    }
}

fn percent_decoded(text: &str) -> String {
    // One pair of a form, so that `url` decodes it for us; a `+` means itself in a URL's user part.
    let form = text.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    url::form_urlencoded::parse(form.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    #[test]
    fn a_shown_url_has_no_secret_in_it() {
        let shown = |text: &str| redact(&url(text)).to_string();
        assert_eq!(shown("https://me:secret@index.example/simple/"), "https://****@index.example/simple/");
        assert_eq!(shown("https://token@index.example/"), "https://****@index.example/");
        assert_eq!(
            shown("https://files.example/a.whl?Signature=abc&Expires=1&bare#sha256=00"),
            "https://files.example/a.whl?Signature=****&Expires=****&****"
        );
        assert_eq!(shown("https://index.example/simple/"), "https://index.example/simple/");
    }

    #[test]
    fn an_address_is_of_the_web_and_keeps_its_password_apart() {
        let address = Address::parse(" https://me:secret@index.example/simple/#x\n").unwrap();
        assert_eq!(address.url().as_str(), "https://index.example/simple/");
        assert_eq!(format!("{address} {address:?}").matches("secret").count(), 0);
        assert!(address.credentials().is_some());
        for text in ["file:///simple", "index.example", "", "javascript:alert(1)", "ftp://index.example/"] {
            assert_eq!(Address::parse(text).map(|_| ()), Err(AddressError), "{text}");
        }
    }

    #[test]
    fn credentials_move_from_the_url_to_the_header() {
        let (bare, credentials) =
            Credentials::split(&url("https://Aladdin:open%20ses%40me+=&@index.example/x"));
        assert_eq!(bare.as_str(), "https://index.example/x");
        let header = credentials.unwrap().authorization().unwrap();
        assert!(header.is_sensitive());
        let expected = format!("Basic {}", STANDARD.encode("Aladdin:open ses@me+=&"));
        assert_eq!(header.to_str().unwrap(), expected);
        assert!(Credentials::split(&bare).1.is_none());
    }
}
