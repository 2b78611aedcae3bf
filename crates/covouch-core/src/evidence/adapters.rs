//! What adapters find about files, without a signature of ours.

use std::sync::Arc;

use super::Known;
use crate::{level::Level, party::PartyName, subject::Subject, time::Timestamp};

/// An adapter's own grant: this party's word for this file at this level, without a signature of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Whose word it is.
    pub party: PartyName,
    /// At which level.
    pub level: Level,
    /// What shows it, for people: `python-urllib3 2.3.0-2 in trixie, 2026-11-20`.
    pub origin: Arc<str>,
}

/// What comparing a wheel with its release's sdist found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derivation {
    /// The sdist.
    pub sdist: Subject,
    /// Where the wheel differs from what the sdist says it may be; empty when it derives, unknown when the two
    /// could not be compared.
    pub differences: Known<Arc<[Arc<str>]>>,
}

impl Derivation {
    /// Whether the wheel derives from the sdist.
    #[must_use]
    pub fn derives(&self) -> Known<bool> {
        match &self.differences {
            Known::Is(differences) => Known::Is(differences.is_empty()),
            Known::Unknown(gap) => Known::Unknown(gap.clone()),
        }
    }
}

/// An automated source's record that a release is malware, such as OSV's `MAL-2024-1234`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MalwareRecord {
    /// Its identifier.
    pub id: Arc<str>,
    /// What it says, in one line.
    pub summary: Arc<str>,
    /// When it was last changed: whoever vouches later has seen it.
    pub modified: Timestamp,
}
