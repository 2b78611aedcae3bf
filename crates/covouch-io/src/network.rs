//! HTTP, as a value one is handed.
//!
//! # Invariants
//! - [`Fetched::Absent`] comes only from a server that answered 404 or 410.
//! - No trusted connection is ever followed by an untrusted one, and credentials stay with the host they are for.
//! - Once a public host has answered, nothing it says leads to an address that is not public ([`Reach`]).
//! - Every wait and every length has a limit, and so has patience with a server that sends a little now and then
//!   ([`Pace`]).
//!
//! # Not here
//! Caching ([`crate::index`]), what is in a bundle ([`crate::bundle`]), hashes ([`crate::archive`]), and anything but GET, for which
//! there is [`Network::bucket`] alone.

mod address;
mod body;
mod carried;
mod connect;
mod error;
mod exchange;
mod pace;
mod recorder;
mod request;
mod roots;
mod settings;
mod store;

use std::sync::Arc;

use bytes::Bytes;

use self::exchange::Online;
pub use self::{
    address::{Reach, is_public},
    body::Body,
    carried::Carried,
    error::{FetchError, Unreachable, Wrong},
    pace::Pace,
    recorder::Recorder,
    request::{Head, Request, Validators},
    settings::{Patience, Proxies, Roots, Settings, SettingsError},
    store::StoreError,
};
use crate::limits;

/// The network, what was carried here instead, or that there is neither. Clones share their connections.
#[derive(Clone)]
pub struct Network(Way);

/// How a question is answered.
#[derive(Clone)]
enum Way {
    Offline,
    Online(Arc<Online>, Option<Recorder>),
    Carried(Arc<Carried>),
}

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
        Ok(Self(Way::Online(Arc::new(Online::new(settings)?), None)))
    }

    /// No network: every request ends in [`Unreachable::Offline`].
    #[must_use]
    pub fn offline() -> Self {
        Self(Way::Offline)
    }

    /// Whether this is [`Network::offline`].
    #[must_use]
    pub fn is_offline(&self) -> bool {
        matches!(self.0, Way::Offline)
    }

    /// What was carried here in a bundle, as if its servers had answered now. There is no way out.
    #[must_use]
    pub fn carried(carried: Carried) -> Self {
        Self(Way::Carried(Arc::new(carried)))
    }

    /// The same network, whose answers are recorded. Without a network there is nothing to record.
    #[must_use]
    pub fn recorded(&self, recorder: &Recorder) -> Self {
        match &self.0 {
            Way::Online(online, _) => Self(Way::Online(Arc::clone(online), Some(recorder.clone()))),
            Way::Offline | Way::Carried(_) => self.clone(),
        }
    }

    /// What was carried here, when that is what answers.
    pub(crate) fn is_carried(&self) -> bool {
        matches!(self.0, Way::Carried(_))
    }

    /// Who records, if anybody does.
    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        match &self.0 {
            Way::Online(_, recorder) => recorder.as_ref(),
            Way::Offline | Way::Carried(_) => None,
        }
    }

    /// Fetches a whole answer of at most `limit` bytes, trying up to three times.
    ///
    /// # Errors
    /// [`FetchError`], when nothing was learnt.
    pub async fn fetch(&self, request: &Request, limit: usize) -> Result<Fetched, FetchError> {
        let online = match &self.0 {
            Way::Offline => return Err(unreachable(request, Unreachable::Offline)),
            Way::Carried(carried) => return carried.fetch(request, limit),
            Way::Online(online, _) => online,
        };
        let total = online.patience.total;
        let fetched = tokio::time::timeout(total, patiently(|| online.fetch_once(request, limit)))
            .await
            .unwrap_or_else(|_| Err(unreachable(request, Unreachable::TimedOut(total))));
        if let (Some(recorder), Ok(fetched)) = (self.recorder(), &fetched) {
            recorder.record(request, fetched);
        }
        fetched
    }

    /// Asks for an answer whose body is read piece by piece, undecoded: a file's hash is over the bytes as they
    /// are stored, and some servers announce every `.tar.gz` as a compressed page.
    ///
    /// # Errors
    /// [`FetchError`], when nothing was learnt.
    pub async fn open(&self, request: &Request) -> Result<Opened, FetchError> {
        let online = match &self.0 {
            Way::Offline => return Err(unreachable(request, Unreachable::Offline)),
            Way::Carried(carried) => return carried.open(request),
            Way::Online(online, _) => online,
        };
        let opened = patiently(|| online.open_once(request)).await?;
        Ok(match (self.recorder(), opened) {
            (Some(recorder), Opened::Body(head, body)) => {
                let tape = recorder.tape(request, &head);
                Opened::Body(head, body.recorded(tape))
            }
            (_, opened) => opened,
        })
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
