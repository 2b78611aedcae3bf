//! What stands in one field, read strictly: one value has one spelling.

use std::sync::Arc;

use serde::{Serialize, de::DeserializeOwned};

use super::PayloadError;
use crate::{
    digest::Sha256,
    json,
    key::PublicKey,
    limits,
    name::ProjectPattern,
    shown::Shown,
    statement::{ElectorateId, Link, StatementId},
    time::{Duration, Timestamp, Validity},
};

/// Reads a payload strictly.
pub(super) fn json<T: DeserializeOwned>(payload: &[u8]) -> Result<T, PayloadError> {
    json::read(payload).map_err(|error| PayloadError::Json(Shown::new(&error.to_string()).to_string()))
}

/// Writes a payload.
pub(super) fn write_json<T: Serialize>(wire: &T) -> Vec<u8> {
    // Our wire types are plain structs of text and numbers: serialising them into memory cannot fail, and an
    // empty payload would not get past `verify`.
    serde_json::to_vec(wire).unwrap_or_default()
}

/// One value has one spelling inside a signature: what prints differently from what was written is refused.
pub(super) fn exact<T: ToString, E: ToString>(
    field: &'static str,
    written: &str,
    parsed: Result<T, E>,
) -> Result<T, PayloadError> {
    let value = parsed.map_err(|error| PayloadError::field(field, error))?;
    if value.to_string() == written {
        Ok(value)
    } else {
        Err(PayloadError::field(field, format_args!("write it as `{}`", value.to_string())))
    }
}

pub(super) fn moment(field: &'static str, text: &str) -> Result<Timestamp, PayloadError> {
    exact(field, text, Timestamp::parse(text))
}

pub(super) fn digest(field: &'static str, text: &str) -> Result<Sha256, PayloadError> {
    exact(field, text, Sha256::parse(text))
}

pub(super) fn statement_id(field: &'static str, text: &str) -> Result<StatementId, PayloadError> {
    digest(field, text).map(StatementId)
}

pub(super) fn electorate_id(field: &'static str, text: &str) -> Result<ElectorateId, PayloadError> {
    digest(field, text).map(ElectorateId)
}

pub(super) fn public_key(field: &'static str, text: &str) -> Result<PublicKey, PayloadError> {
    exact(field, text, PublicKey::parse(text).map(|(key, _)| key))
}

pub(super) fn validity(from: &str, expires: &str) -> Result<Validity, PayloadError> {
    let (from, expires) = (moment("issued", from)?, moment("expires", expires)?);
    let validity = Validity::new(from, expires)
        .ok_or_else(|| PayloadError::field("expires", "it is not after the start"))?;
    if from.until(expires) > Duration::from_seconds(limits::VALIDITY_SECONDS.unsigned_abs()) {
        return Err(PayloadError::field("expires", "more than five years after the start"));
    }
    Ok(validity)
}

pub(super) fn link(sequence: u64, previous: Option<&str>) -> Result<Link, PayloadError> {
    let previous = previous.map(|id| statement_id("previous", id)).transpose()?;
    match (sequence, previous) {
        (0, _) => Err(PayloadError::field("sequence", "a chain starts at 1")),
        (1, Some(_)) => Err(PayloadError::field("previous", "the first statement has none before it")),
        (2.., None) => Err(PayloadError::field("previous", "only the first statement has none before it")),
        (sequence, previous) => Ok(Link { sequence, previous }),
    }
}

pub(super) fn patterns(texts: &[String]) -> Result<Vec<ProjectPattern>, PayloadError> {
    if texts.is_empty() || texts.len() > limits::SUBJECTS {
        return Err(PayloadError::field("projects", "between 1 and 4096 patterns are needed"));
    }
    texts.iter().map(|text| exact("projects", text, ProjectPattern::parse(text))).collect()
}

pub(super) fn note(field: &'static str, text: String) -> Result<Arc<str>, PayloadError> {
    if text.len() > limits::NOTE_BYTES {
        return Err(PayloadError::field(field, format_args!("longer than {} bytes", limits::NOTE_BYTES)));
    }
    Ok(text.into())
}
