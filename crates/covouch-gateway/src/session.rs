//! What happened while the gateway ran, for the report at the end.
//!
//! # Invariants
//! - A silent downgrade is recorded: whenever a page is made, the versions that are newer than the newest one let
//!   through are kept with the reason. Clients exit 0 as if they did not exist.
//! - What clients can make longer has a limit; [`SessionReport::is_complete`] says when it was reached.
//!
//! # Not here
//! What the report looks like, and whether a downgrade is an error: the shell and the policy say.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use covouch_core::{
    code::Code, name::ProjectName, party::PartyName, subject::Subject, time::Timestamp, version::Version,
};

use crate::{limits, release::Permission};

/// What happened so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionReport {
    /// Files whose bytes, all or part of them, were sent, by subject.
    pub sent: Vec<SentFile>,
    /// Files that were asked for and kept out, by name.
    pub blocked: Vec<BlockedFile>,
    /// Projects whose pages were made, by name.
    pub projects: Vec<SeenProject>,
    /// Hosts that clients wanted to reach past the gateway, and how often.
    pub refused_connections: Vec<(String, u64)>,
    /// What could not be answered because of an upstream, a disk or a broken file.
    pub failures: Vec<Failure>,
    /// Pages that were good and could not be kept for the next time, by project.
    pub not_kept: Vec<Failure>,
    /// Whether everything is here; otherwise the limit on what is remembered was reached.
    pub is_complete: bool,
}

/// A file that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFile {
    /// The file.
    pub subject: Subject,
    /// The index whose file it is.
    pub index: PartyName,
    /// Why it was let through.
    pub permission: Permission,
}

/// A file that was asked for and not sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockedFile {
    /// The project.
    pub project: ProjectName,
    /// The file's name.
    pub filename: String,
    /// The file, when its index gives a digest.
    pub subject: Option<Subject>,
    /// The reason's stable code.
    pub code: Code,
    /// The reason, a lower-case clause.
    pub reason: String,
    /// How often it was asked for.
    pub times: u64,
}

/// A project whose page was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenProject {
    /// The project.
    pub project: ProjectName,
    /// The index it comes from.
    pub index: PartyName,
    /// The newest version of which a file is let through, and when the first of its files was uploaded.
    pub newest: Option<(Version, Option<Timestamp>)>,
    /// Newer versions of which no file is let through, newest first.
    pub passed_over: Vec<PassedOver>,
}

/// A version that installers do not choose because it is kept out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassedOver {
    /// The version.
    pub version: Version,
    /// The reason's stable code.
    pub code: Code,
    /// The reason, a lower-case clause.
    pub reason: String,
}

/// A request that could not be answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Failure {
    /// What was asked for: a project or a file.
    pub subject: String,
    /// The stable code.
    pub code: Code,
    /// What happened, a lower-case clause.
    pub detail: String,
}

/// What happened, as it is collected.
#[derive(Default)]
pub(crate) struct Session(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    sent: BTreeMap<Subject, SentFile>,
    blocked: BTreeMap<(ProjectName, String), BlockedFile>,
    projects: BTreeMap<ProjectName, SeenProject>,
    refused_connections: BTreeMap<String, u64>,
    failures: BTreeMap<(String, Code), Failure>,
    not_kept: BTreeMap<String, Failure>,
    has_overflowed: bool,
}

impl Session {
    pub(crate) fn sent(&self, subject: &Subject, index: &PartyName, permission: Permission) {
        let seen = &mut *self.lock();
        if let Some(sent) = entry(&mut seen.sent, subject.clone(), &mut seen.has_overflowed, || SentFile {
            subject: subject.clone(),
            index: index.clone(),
            permission,
        }) {
            sent.permission = permission;
        }
    }

    pub(crate) fn blocked(&self, file: BlockedFile) {
        let seen = &mut *self.lock();
        let key = (file.project.clone(), file.filename.clone());
        let blocked = entry(&mut seen.blocked, key, &mut seen.has_overflowed, || BlockedFile {
            times: 0,
            ..file.clone()
        });
        if let Some(blocked) = blocked {
            *blocked = BlockedFile { times: blocked.times.saturating_add(1), ..file };
        }
    }

    pub(crate) fn project(&self, project: SeenProject) {
        let seen = &mut *self.lock();
        let key = project.project.clone();
        if let Some(known) = entry(&mut seen.projects, key, &mut seen.has_overflowed, || project.clone()) {
            *known = project;
        }
    }

    pub(crate) fn refused_connection(&self, target: &str) {
        let seen = &mut *self.lock();
        let target: String =
            target.chars().take(limits::PHRASE_BYTES).flat_map(char::escape_default).collect();
        if let Some(times) = entry(&mut seen.refused_connections, target, &mut seen.has_overflowed, || 0) {
            *times = times.saturating_add(1);
        }
    }

    pub(crate) fn failure(&self, failure: Failure) {
        let seen = &mut *self.lock();
        let key = (failure.subject.clone(), failure.code);
        if let Some(known) = entry(&mut seen.failures, key, &mut seen.has_overflowed, || failure.clone()) {
            *known = failure;
        }
    }

    pub(crate) fn not_kept(&self, page: Failure) {
        let seen = &mut *self.lock();
        entry(&mut seen.not_kept, page.subject.clone(), &mut seen.has_overflowed, || page);
    }

    pub(crate) fn report(&self) -> SessionReport {
        let seen = self.lock();
        SessionReport {
            sent: seen.sent.values().cloned().collect(),
            blocked: seen.blocked.values().cloned().collect(),
            projects: seen.projects.values().cloned().collect(),
            refused_connections: seen
                .refused_connections
                .iter()
                .map(|(host, times)| (host.clone(), *times))
                .collect(),
            failures: seen.failures.values().cloned().collect(),
            not_kept: seen.not_kept.values().cloned().collect(),
            is_complete: !seen.has_overflowed,
        }
    }

    /// Every change is one assignment, so what a panicking thread leaves behind is whole.
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The entry of this key, made when there is room for it.
fn entry<'a, K: Ord, V>(
    map: &'a mut BTreeMap<K, V>,
    key: K,
    has_overflowed: &mut bool,
    make: impl FnOnce() -> V,
) -> Option<&'a mut V> {
    if map.len() >= limits::SESSION_ENTRIES && !map.contains_key(&key) {
        *has_overflowed = true;
        return None;
    }
    Some(map.entry(key).or_insert_with(make))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code;

    #[test]
    fn what_clients_repeat_is_counted_and_not_kept_twice() {
        let session = Session::default();
        for _ in 0..3 {
            session.refused_connection("evil.example:443");
            session.blocked(BlockedFile {
                project: ProjectName::parse("six").unwrap(),
                filename: "six-1.17.0.tar.gz".into(),
                subject: None,
                code: code::FILE_UNHASHED,
                reason: "no digest".into(),
                times: 0,
            });
        }
        let report = session.report();
        assert_eq!(report.refused_connections, [("evil.example:443".to_owned(), 3)]);
        assert_eq!(report.blocked.iter().map(|file| file.times).collect::<Vec<_>>(), [3]);
        assert!(report.is_complete);
    }

    #[test]
    fn what_clients_make_up_has_a_limit() {
        let session = Session::default();
        for number in 0..=limits::SESSION_ENTRIES {
            session.refused_connection(&format!("host-{number}.example:443"));
        }
        let report = session.report();
        assert_eq!(report.refused_connections.len(), limits::SESSION_ENTRIES);
        assert!(!report.is_complete);
    }
}
