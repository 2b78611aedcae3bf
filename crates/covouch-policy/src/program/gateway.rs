//! `[gateway]`: how files that are kept out are shown, and what the guard lets through.

use std::sync::Arc;

use covouch_core::{key::PublicKey, time::Duration};

/// `[gateway]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// Hosts to which `CONNECT` is allowed.
    pub connect: Vec<HostPort>,
    /// How old a release may be that a client falls back to.
    pub max_fallback_age: Option<Duration>,
    /// How old an evidence lock may be.
    pub max_lock_age: Duration,
    /// Who may take responsibility for what an evidence lock observed, and for its moment.
    pub lock_keys: Vec<PublicKey>,
    /// How a file that is kept out is shown.
    pub blocked: Blocked,
    /// What a silent downgrade is.
    pub downgrade: Downgrade,
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HostPort {
    /// The host, lower case.
    pub host: Arc<str>,
    /// The port.
    pub port: u16,
}

/// How a file that is kept out is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Blocked {
    /// Listed as yanked, with the reason.
    Yank,
    /// Left out of the page.
    Hide,
    /// A page with nothing admitted answers 451.
    Hard,
}

/// What a silent downgrade is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Downgrade {
    /// Said at the end.
    Warn,
    /// Exit code 3.
    Refuse,
}
