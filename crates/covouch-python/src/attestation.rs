//! Attestations of distribution files (PEP 740): who an index says published a file, and what the attestation and
//! its certificate claim.
//!
//! # Invariants
//! - A provenance object without an attestation is an error, not an empty success.
//! - An attestation is about one file: exactly one subject, its name and its SHA-256 both the file's own.
//! - Who published is read from the certificate. What the index says of the publisher has to agree with it.
//!
//! # Not here
//! Signatures, certificates and logs: `covouch-io` has them verified, because verifying asks the clock. Until it has,
//! everything here is a claim. An attestation says where a file came from, never that the file is good.

mod error;
mod identity;
mod provenance;
mod statement;

use covouch_core::{digest::Sha256, subject::FileName};

pub use self::{
    error::{ClaimError, ProvenanceError},
    identity::{CertificateClaims, Identity, StatedPublisher, expected, publisher},
    provenance::{Attestation, Bundle, Provenance},
    statement::{Predicate, Statement},
};

/// The file that attestations are held against.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DistributionFile {
    /// Its name.
    pub name: FileName,
    /// The digest of its bytes.
    pub sha256: Sha256,
}
