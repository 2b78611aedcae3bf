//! What a request can end in when it does not end in knowledge.

use std::{error::Error, time::Duration};

use covouch_core::shown::Shown;
use covouch_core::{code::Code, hint::Hint};

use crate::secrets::RedactedUrl;

/// Why a request told us nothing. That a thing is *absent* is knowledge, and therefore no error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The server knows us or does not, and does not let us in.
    #[error("`{url}` does not let us in (status {status})")]
    Refused {
        /// What was asked for.
        url: RedactedUrl,
        /// 401 or 403.
        status: u16,
    },
    /// Nobody answered, or not with an answer.
    #[error("`{url}` cannot be reached: {why}")]
    Unreachable {
        /// What was asked for.
        url: RedactedUrl,
        /// What came in the way.
        why: Unreachable,
    },
    /// Somebody answered with something we do not accept.
    #[error("`{url}` answers wrongly: {why}")]
    Wrong {
        /// What was asked for.
        url: RedactedUrl,
        /// What is wrong with the answer.
        why: Wrong,
    },
}

/// What came between us and an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreachable {
    /// The network is not to be used.
    #[error("we are offline")]
    Offline,
    /// What would be read from a folder, whose disk may not be mounted.
    #[error("there is no such folder")]
    NoFolder,
    /// The bundle that is read instead of the network does not have it.
    #[error("it is not in the bundle")]
    NotCarried,
    /// No connection.
    #[error("no connection: {0}")]
    Connect(String),
    /// The proxy does not connect us.
    #[error("the proxy does not connect us: {0}")]
    Proxy(String),
    /// The server does not prove who it is.
    #[error("no trusted connection: {0}")]
    Tls(String),
    /// There is nothing to check a server's certificate against.
    #[error("no root certificates were found on this machine")]
    NoRoots,
    /// Too long a silence, or too long in all.
    #[error("no answer within {} seconds", .0.as_secs())]
    TimedOut(Duration),
    /// So little came, and for so long, that the end may never come.
    #[error("only {bytes} bytes came within {} seconds", .within.as_secs())]
    TooSlow {
        /// How many bytes came.
        bytes: u64,
        /// In which time.
        within: Duration,
    },
    /// The connection ended before the answer did.
    #[error("the answer broke off: {0}")]
    Broken(String),
    /// A status that says nothing about what was asked for.
    #[error("status {0}")]
    Status(u16),
}

/// What is wrong with an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Wrong {
    /// More bytes than anybody needs.
    #[error("it is longer than {0} bytes")]
    TooLarge(u64),
    /// Another kind of document.
    #[error("it is `{0}`, which is not what was asked for")]
    ContentType(Shown),
    /// Compressed in a way we did not ask for, or not properly compressed.
    #[error("its encoding `{0}` cannot be read")]
    Encoding(Shown),
    /// More redirects than [`crate::limits::REDIRECTS`].
    #[error("it redirects too often")]
    Redirects,
    /// A redirect to nowhere.
    #[error("it redirects without saying where")]
    NoLocation,
    /// A redirect from a trusted connection to one anybody can change.
    #[error("it redirects from https to `{0}`")]
    Downgrade(RedactedUrl),
    /// A public host that sends us to an address only we can reach.
    #[error("it leads to `{0}`, which is not a public address")]
    Private(String),
    /// A scheme other than `http` and `https`.
    #[error("`{0}` is not an address of the web")]
    Scheme(String),
    /// Another part of the file than was asked for.
    #[error("it is not the part that was asked for")]
    Range,
    /// A status that makes no sense here.
    #[error("status {0} is no answer to what was asked")]
    Status(u16),
}

impl FetchError {
    /// Codes of these errors.
    pub const CODES: &[Code] = &[
        Code::new("fetch-refused"),
        Code::new("fetch-offline"),
        Code::new("fetch-unreachable"),
        Code::new("fetch-slow"),
        Code::new("fetch-untrusted"),
        Code::new("fetch-wrong"),
        Code::new("fetch-redirect"),
    ];

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::new(match self {
            Self::Refused { .. } => "fetch-refused",
            Self::Unreachable { why: Unreachable::Offline, .. } => "fetch-offline",
            Self::Unreachable { why: Unreachable::Tls(_) | Unreachable::NoRoots, .. } => "fetch-untrusted",
            Self::Unreachable { why: Unreachable::TooSlow { .. }, .. } => "fetch-slow",
            Self::Unreachable { .. } => "fetch-unreachable",
            Self::Wrong { why, .. } => match why {
                Wrong::Redirects | Wrong::NoLocation | Wrong::Downgrade(_) | Wrong::Private(_) => {
                    "fetch-redirect"
                }
                _ => "fetch-wrong",
            },
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        let text = match self {
            Self::Refused { .. } => "put the credentials into the index's URL or into ~/.netrc",
            Self::Unreachable { why: Unreachable::Offline, .. } => "run again without `--offline`",
            Self::Unreachable { why: Unreachable::Proxy(_), .. } => {
                "look at HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
            }
            Self::Unreachable { why: Unreachable::Tls(_) | Unreachable::NoRoots, .. } => {
                "set SSL_CERT_FILE to a file with your root certificates"
            }
            Self::Unreachable { .. } | Self::Wrong { .. } => return None,
        };
        Some(Hint::new(text))
    }

    /// Whether the same request may go well in a moment.
    pub(super) fn is_transient(&self) -> bool {
        matches!(
            self,
            Self::Unreachable {
                why: Unreachable::Connect(_) | Unreachable::Broken(_) | Unreachable::Status(502..=504),
                ..
            }
        )
    }
}

/// The cause at the bottom of a chain of errors, where the system's own words stand.
pub(super) fn root_cause(error: &(dyn Error + 'static)) -> String {
    chain(error).last().unwrap_or(error).to_string()
}

/// An error and its causes. `io::Error` hides the error it wraps, so it is asked twice.
pub(super) fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        wrapped.map(|inner| -> &'a (dyn Error + 'static) { inner }).or_else(|| error.source())
    })
}
