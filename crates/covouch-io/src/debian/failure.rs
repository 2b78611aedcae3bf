//! Failures that are remembered for an hour, so that a mirror that is down or frozen is not asked by every command.
//!
//! # Invariants
//! Whoever is told of a remembered failure hears its own code and words: two runs say the same.

use std::{fs, path::PathBuf};

use covouch_core::time::Timestamp;

use super::{DebianError, Suite};
use crate::{
    limits,
    network::FetchError,
    state::{Part, State, write_atomically},
};

fn path(state: &State, suite: &Suite) -> PathBuf {
    state.folder(Part::Cache).join("debian").join(suite.as_str())
}

/// Remembers why nothing was learnt of a suite. When that cannot be written, the mirror is asked again.
pub(super) fn remember(state: &State, suite: &Suite, error: &DebianError, now: Timestamp) {
    let text = format!("{now}\n{}\n{error}\n", error.code());
    let _ = write_atomically(&path(state, suite), text.as_bytes());
}

/// What went wrong less than an hour ago.
pub(super) fn recall(state: &State, suite: &Suite, now: Timestamp) -> Option<DebianError> {
    let text = fs::read_to_string(path(state, suite)).ok()?;
    let (moment, rest) = text.split_once('\n')?;
    let (code, said) = rest.split_once('\n')?;
    let then = Timestamp::parse(moment).ok()?;
    let code = DebianError::CODES.iter().chain(FetchError::CODES).find(|known| known.as_str() == code)?;
    let is_recent = then <= now && then.until(now) < limits::DEBIAN_RETRY;
    is_recent.then(|| DebianError::Remembered { code: *code, said: said.trim_end().to_owned() })
}

/// Forgets it, because something was learnt since.
pub(super) fn forget(state: &State, suite: &Suite) {
    let _ = fs::remove_file(path(state, suite));
}
