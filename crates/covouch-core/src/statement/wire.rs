//! The JSON inside envelopes: in-toto Statement v1 for claims about files, our own payload for claims about who.
//!
//! Unknown fields are errors: a reader that skips what it does not know would act on half a statement.

mod electorate;
mod field;
mod files;
mod summary;
mod trust;

use super::{
    BallotHead, Claim, Edition, FilesError, Head, Statement, Summary, Terms,
    envelope::{IN_TOTO, TRUST},
};
use crate::{digest::Sha256, shown::Shown, subject::FileName};

/// Why a payload is not a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PayloadError {
    /// A payload of a type we do not read.
    #[error("payload type `{0}` is not one we read")]
    Type(String),
    /// Not the JSON of such a payload.
    #[error("not a statement: {0}")]
    Json(String),
    /// A field whose value is not what it should be.
    #[error("`{field}`: {reason}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The list of files.
    #[error(transparent)]
    Files(#[from] FilesError),
}

impl PayloadError {
    pub(super) const fn is_too_many_files(&self) -> bool {
        matches!(self, Self::Files(FilesError::TooMany(_)))
    }

    fn field(field: &'static str, reason: impl ToString) -> Self {
        Self::Field { field, reason: Shown::new(&reason.to_string()).to_string() }
    }
}

/// Reads a statement of either payload type.
pub(super) fn statement(payload_type: &str, payload: &[u8]) -> Result<Statement, PayloadError> {
    match payload_type {
        IN_TOTO => files::read(payload),
        TRUST => trust::read(payload),
        other => Err(PayloadError::Type(Shown::new(other).to_string())),
    }
}

/// Reads the head of a chain.
pub(super) fn head(payload_type: &str, payload: &[u8]) -> Result<Head, PayloadError> {
    check_trust(payload_type)?;
    trust::read_head(payload)
}

/// Reads the head of one voter's ballots.
pub(super) fn ballot_head(payload_type: &str, payload: &[u8]) -> Result<BallotHead, PayloadError> {
    check_trust(payload_type)?;
    trust::read_ballot_head(payload)
}

fn check_trust(payload_type: &str) -> Result<(), PayloadError> {
    match payload_type {
        TRUST => Ok(()),
        other => Err(PayloadError::Type(Shown::new(other).to_string())),
    }
}

/// Writes a statement: its payload type and payload.
pub(super) fn write_statement(statement: &Statement) -> (&'static str, Vec<u8>) {
    match &statement.claim {
        Claim::Vouch(_) | Claim::Veto(_) | Claim::Waiver(_) | Claim::Release(_) | Claim::Ballot(_) => {
            (IN_TOTO, files::write(statement))
        }
        Claim::Delegation(_)
        | Claim::Author(_)
        | Claim::Withdrawal(_)
        | Claim::Electorate(_)
        | Claim::Strike(_) => (TRUST, trust::write(statement)),
    }
}

/// How the payload of a claim about files begins, up to its predicate.
pub(super) fn opening(kind: &str, files: &[(FileName, Sha256)]) -> String {
    files::opening(kind, files)
}

/// Writes the head of a chain: its payload type and payload.
pub(super) fn write_head(head: &Head) -> (&'static str, Vec<u8>) {
    (TRUST, trust::write_head(head))
}

/// Writes the head of one voter's ballots: its payload type and payload.
pub(super) fn write_ballot_head(head: &BallotHead) -> (&'static str, Vec<u8>) {
    (TRUST, trust::write_ballot_head(head))
}

/// Writes what a verifier found: an in-toto payload that is not read here.
pub(super) fn write_summary(summary: &Summary) -> Vec<u8> {
    summary::write(summary)
}

/// The bytes whose digest is an electorate's id.
pub(super) fn electorate_document(edition: &Edition, terms: &Terms) -> Vec<u8> {
    field::write_json(&electorate::Document::write(edition, terms))
}
