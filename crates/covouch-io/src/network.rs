//! HTTP, as a value one is handed.
//!
//! # Invariants
//! - [`Fetched::Absent`] comes only from a server that answered 404 or 410.
//! - No trusted connection is ever followed by an untrusted one, and credentials stay with the host they are for.
//! - Once a public host has answered, nothing it says leads to an address that is not public ([`Reach`]).
//! - Every wait and every length has a limit.
//!
//! # Not here
//! Caching ([`crate::index`]), hashes ([`crate::archive`]), and anything but GET.

mod address;
mod body;
mod connect;
mod error;
mod exchange;
mod request;
mod roots;
mod settings;

use std::sync::Arc;

use bytes::Bytes;

use self::exchange::Online;
pub use self::{
    address::{Reach, is_public},
    body::Body,
    error::{FetchError, Unreachable, Wrong},
    request::{Head, Request, Validators},
    settings::{Patience, Proxies, Roots, Settings, SettingsError},
};
use crate::limits;

/// The network, or that there is none. Clones share their connections.
#[derive(Clone)]
pub struct Network(Option<Arc<Online>>);

/// The answer to [`Network::fetch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The whole body, decompressed.
    Body(Head, Bytes),
    /// What the request's [`Validators`] describe is still what there is.
    NotModified(Head),
    /// The server says that there is no such thing.
    Absent,
}

/// The answer to [`Network::open`].
pub enum Opened {
    /// The body follows.
    Body(Box<Head>, Body),
    /// The server says that there is no such thing.
    Absent,
}

impl Network {
    /// A network with these settings.
    ///
    /// # Errors
    /// [`SettingsError`] when the named root certificates cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, SettingsError> {
        Ok(Self(Some(Arc::new(Online::new(settings)?))))
    }

    /// No network: every request ends in [`Unreachable::Offline`].
    #[must_use]
    pub fn offline() -> Self {
        Self(None)
    }

    /// Whether this is [`Network::offline`].
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.0.is_none()
    }

    /// Fetches a whole answer of at most `limit` bytes, trying up to three times.
    ///
    /// # Errors
    /// [`FetchError`], when nothing was learnt.
    pub async fn fetch(&self, request: &Request, limit: usize) -> Result<Fetched, FetchError> {
        let online = self.online(request)?;
        let total = online.patience.total;
        tokio::time::timeout(total, patiently(|| online.fetch_once(request, limit)))
            .await
            .unwrap_or_else(|_| Err(unreachable(request, Unreachable::TimedOut(total))))
    }

    /// Asks for an answer whose body is read piece by piece, undecoded: a file's hash is over the bytes as they
    /// are stored, and some servers announce every `.tar.gz` as a compressed page.
    ///
    /// # Errors
    /// [`FetchError`], when nothing was learnt.
    pub async fn open(&self, request: &Request) -> Result<Opened, FetchError> {
        let online = self.online(request)?;
        patiently(|| online.open_once(request)).await
    }

    fn online(&self, request: &Request) -> Result<&Online, FetchError> {
        self.0.as_deref().ok_or_else(|| unreachable(request, Unreachable::Offline))
    }
}

fn unreachable(request: &Request, why: Unreachable) -> FetchError {
    FetchError::Unreachable { url: request.shown(), why }
}

/// Tries again, after a moment, what may go well the next time.
async fn patiently<T, F>(attempt: impl Fn() -> F) -> Result<T, FetchError>
where
    F: Future<Output = Result<T, FetchError>>,
{
    for delay in limits::RETRY_DELAYS {
        match attempt().await {
            Err(error) if error.is_transient() => tokio::time::sleep(delay).await,
            settled => return settled,
        }
    }
    attempt().await
}
