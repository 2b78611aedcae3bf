//! Every code this crate can report, for the test that holds codes, docs and scenarios together.

use covouch_core::code::Code;

use crate::{
    adapters,
    agent::AgentError,
    archive::ArchiveError,
    attestation::{AttestationError, TrustRootError},
    bundle::BundleError,
    debian::{self, DebianError},
    feed::FeedError,
    installer::InstallerError,
    network::{FetchError, SettingsError, StoreError},
    osv::OsvError,
    secrets::netrc::NetrcError,
    state::StateError,
};

/// The codes of each kind of error. [`crate::index::WrongPage`] reports codes of [`FetchError`] and of
/// `covouch-python`.
pub const CODES: &[&[Code]] = &[
    AgentError::CODES,
    adapters::CODES,
    ArchiveError::CODES,
    AttestationError::CODES,
    BundleError::CODES,
    DebianError::CODES,
    debian::GAPS,
    FeedError::CODES,
    FetchError::CODES,
    InstallerError::CODES,
    NetrcError::CODES,
    OsvError::CODES,
    SettingsError::CODES,
    StateError::CODES,
    StoreError::CODES,
    TrustRootError::CODES,
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::CODES;

    #[test]
    fn no_code_stands_twice() {
        let all: Vec<_> = CODES.iter().copied().flatten().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
    }
}
