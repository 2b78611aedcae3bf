//! The authorities and logs that attestations are verified against.

use std::{fs, io, path::Path};

use covouch_core::{code::Code, hint::Hint, shown::Shown};
use sigstore_verify::{Verifier, trust_root::TrustedRoot};

use crate::{limits, state::State};

/// Sigstore's public instance as of 2026-08-21, from `targets/trusted_root.json` of sigstore/root-signing.
const PRODUCTION: &[u8] = include_bytes!("trusted_root.json");

/// The file of the state folder in which another root is kept.
const FILE: &str = "trusted_root.json";

/// Authorities and logs, ready to verify with. Building one takes longer than verifying an attestation: keep it.
pub struct TrustRoot(Verifier);

/// Why a trusted root cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustRootError {
    /// The file cannot be read.
    #[error("the trusted root `{path}` cannot be read: {reason}")]
    File {
        /// Where it should be.
        path: Shown,
        /// What the system says.
        reason: String,
    },
    /// The bytes are no trusted root, or one that trusts nobody.
    #[error("the trusted root is not usable: {0}")]
    Malformed(Shown),
}

impl TrustRoot {
    /// Sigstore's public instance, as this version of covouch knows it.
    ///
    /// # Errors
    /// [`TrustRootError`] never, as a test sees to; it is an error all the same, not a panic.
    pub fn production() -> Result<Self, TrustRootError> {
        Self::parse(PRODUCTION)
    }

    /// Reads Sigstore's `trusted_root.json`.
    ///
    /// # Errors
    /// [`TrustRootError::Malformed`] for anything else, and for a root without an authority, a log or a CT log.
    pub fn parse(bytes: &[u8]) -> Result<Self, TrustRootError> {
        let malformed = |reason: &str| TrustRootError::Malformed(Shown::new(reason));
        if bytes.len() > limits::TRUSTED_ROOT_BYTES {
            return Err(malformed("it is too large"));
        }
        let root: TrustedRoot =
            serde_json::from_slice(bytes).map_err(|error| malformed(&error.to_string()))?;
        if root.certificate_authorities.is_empty() || root.tlogs.is_empty() || root.ctlogs.is_empty() {
            return Err(malformed("it names no authority, no log, or no log of certificates"));
        }
        Verifier::new(&root).map(Self).map_err(|error| malformed(&error.to_string()))
    }

    /// Reads a file of the same kind; `None` when there is none.
    ///
    /// # Errors
    /// [`TrustRootError`] when there is a file and it cannot be used. It is never passed over for the built-in one.
    pub fn read(path: &Path) -> Result<Option<Self>, TrustRootError> {
        match fs::read(path) {
            Ok(bytes) => Self::parse(&bytes).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(TrustRootError::File {
                path: Shown::new(&path.to_string_lossy()),
                reason: error.to_string(),
            }),
        }
    }

    /// The root that is kept in the state folder as `trusted_root.json`, else the built-in one.
    ///
    /// # Errors
    /// [`TrustRootError`] when one is kept that cannot be used.
    pub fn of_state(state: &State) -> Result<Self, TrustRootError> {
        Self::read(&state.root().join(FILE))?.map_or_else(Self::production, Ok)
    }

    /// The bytes of the root that [`TrustRoot::of_state`] reads.
    ///
    /// # Errors
    /// [`TrustRootError`] when one is kept that cannot be read.
    pub fn bytes_of_state(state: &State) -> Result<Vec<u8>, TrustRootError> {
        let path = state.root().join(FILE);
        match fs::read(&path) {
            Ok(bytes) => Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(PRODUCTION.to_vec()),
            Err(error) => Err(TrustRootError::File {
                path: Shown::new(&path.to_string_lossy()),
                reason: error.to_string(),
            }),
        }
    }

    pub(super) fn verifier(&self) -> &Verifier {
        &self.0
    }
}

impl TrustRootError {
    /// Codes of these errors.
    pub const CODES: &[Code] = &[Code::new("trusted-root-unusable")];

    /// There is no such file.
    #[must_use]
    pub fn missing(path: &Path) -> Self {
        Self::File { path: Shown::new(&path.to_string_lossy()), reason: "it is not there".into() }
    }

    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::new("trusted-root-unusable")
    }

    /// What may help.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(Hint::new(
            "fetch `targets/trusted_root.json` of sigstore/root-signing anew, or leave the file away",
        ))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn the_built_in_root_can_be_used() {
        assert!(TrustRoot::production().is_ok());
    }

    #[test]
    fn a_root_that_trusts_nobody_is_no_root() {
        let root: Value = serde_json::from_slice(PRODUCTION).unwrap();
        for part in ["certificateAuthorities", "tlogs", "ctlogs"] {
            let mut bare = root.clone();
            bare[part] = json!([]);
            assert!(TrustRoot::parse(bare.to_string().as_bytes()).is_err(), "{part}");
        }
        for bytes in [&b""[..], b"{}", b"[]", b"null", &vec![b' '; limits::TRUSTED_ROOT_BYTES + 1]] {
            assert_eq!(TrustRoot::parse(bytes).err().unwrap().code().as_str(), "trusted-root-unusable");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_not_a_file_that_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trusted_root.json");
        assert!(TrustRoot::read(&path).unwrap().is_none());
        fs::write(&path, "{}").unwrap();
        assert!(TrustRoot::read(&path).is_err());
        fs::write(&path, PRODUCTION).unwrap();
        assert!(TrustRoot::read(&path).unwrap().is_some());
    }
}
