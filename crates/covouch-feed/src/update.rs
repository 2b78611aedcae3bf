//! The client's workflow (TUF §5), as a state machine that asks for files and is given bytes.
//!
//! ```text
//! while let Some(want) = update.wants() {
//!     let answer = …;                     // from what was kept, or from the repository
//!     update.give(answer)?;
//!     for file in update.news() { … }     // keep it, before the next question
//! }
//! ```
//!
//! # Invariants
//! - A file is news only after every check of it; news is kept file by file, so an update that is cut short loses
//!   nothing and forgets no version it has seen.
//! - Kept files are believed no more than those that come from outside, except that their age is not held against
//!   them while they are only compared with.
//! - Absent is said by whoever asks, and only of what is surely not there: a server that does not answer is no
//!   answer, and the update ends there.
//!
//! # Not here
//! Asking: `covouch-io`, and the example client.

mod ask;
mod error;
mod search;
mod trusted;

use std::mem;

use covouch_core::time::Timestamp as Moment;

use self::trusted::check_listed;
pub use self::{
    ask::{Answer, News, Source, Want},
    error::{UpdateError, Why},
    search::Search,
    trusted::Trusted,
};
use crate::{
    limits,
    path::{role_file, role_path},
    role::{FileMeta, RoleError, Root, Signed, Snapshot, Timestamp, check, check_root},
};

/// Whether the repository is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Refresh,
    KeptOnly,
}

/// One run of the workflow.
pub struct Update {
    mode: Mode,
    now: Moment,
    stage: Stage,
    rotations: u32,
    news: Vec<News>,
}

/// How far it is, and what is trusted by then.
enum Stage {
    KeptRoot,
    Roots(Signed<Root>),
    KeptTimestamp(Signed<Root>),
    KeptSnapshot(Signed<Root>, Option<Signed<Timestamp>>),
    Timestamp(Signed<Root>, Option<Signed<Timestamp>>, Option<Signed<Snapshot>>),
    Snapshot(Signed<Root>, Signed<Timestamp>, Option<Signed<Snapshot>>),
    KeptTargets(Signed<Root>, Signed<Timestamp>, Signed<Snapshot>),
    Targets(Signed<Root>, Signed<Timestamp>, Signed<Snapshot>),
    Done(Box<Trusted>),
    Failed,
}

impl Update {
    /// An update as of `now`; it begins with the root that is kept.
    #[must_use]
    pub const fn new(now: Moment) -> Self {
        Self { mode: Mode::Refresh, now, stage: Stage::KeptRoot, rotations: 0, news: Vec::new() }
    }

    /// Takes what earlier updates kept, without asking anybody. How old it is does not end it: look at
    /// [`Trusted::is_fresh`].
    #[must_use]
    pub const fn kept(now: Moment) -> Self {
        Self { mode: Mode::KeptOnly, now, stage: Stage::KeptRoot, rotations: 0, news: Vec::new() }
    }

    /// The file that is needed next; `None` when the update has ended.
    #[must_use]
    pub fn wants(&self) -> Option<Want> {
        let kept = |role: &str, limit| Want { source: Source::Kept, path: role_file(role), limit };
        let fetch = |path, limit| Want { source: Source::Repository, path, limit };
        Some(match &self.stage {
            Stage::KeptRoot => kept("root", limits::ROOT_BYTES),
            // TUF §5.3.3: roots have their version in their name always.
            Stage::Roots(root) => {
                fetch(role_path("root", Some(root.version().saturating_add(1))), limits::ROOT_BYTES)
            }
            Stage::KeptTimestamp(_) => kept("timestamp", limits::TIMESTAMP_BYTES),
            Stage::KeptSnapshot(..) => kept("snapshot", limits::SNAPSHOT_BYTES),
            // TUF §5.4.1: the timestamp never has.
            Stage::Timestamp(..) => fetch(role_path("timestamp", None), limits::TIMESTAMP_BYTES),
            Stage::Snapshot(root, timestamp, _) => {
                let meta = &timestamp.role().snapshot;
                fetch(versioned(root, "snapshot", meta), limit(meta, limits::SNAPSHOT_BYTES))
            }
            Stage::KeptTargets(..) => kept("targets", limits::TARGETS_BYTES),
            Stage::Targets(root, _, snapshot) => {
                let meta = snapshot.role().meta.get("targets")?;
                fetch(versioned(root, "targets", meta), limit(meta, limits::TARGETS_BYTES))
            }
            Stage::Done(_) | Stage::Failed => return None,
        })
    }

    /// Gives the file that was wanted.
    ///
    /// # Errors
    /// [`UpdateError`] says which check of which role failed; the update has then ended.
    pub fn give(&mut self, answer: Answer<'_>) -> Result<(), UpdateError> {
        let Some(want) = self.wants() else { return Ok(()) };
        let stage = mem::replace(&mut self.stage, Stage::Failed);
        let role = stage.role();
        let within = match answer {
            Answer::Bytes(bytes) if bytes.len() > want.limit => Err(Why::TooLarge(want.limit)),
            Answer::Bytes(bytes) => Ok(Some(bytes)),
            Answer::Absent => Ok(None),
        };
        self.stage =
            within.and_then(|bytes| self.step(stage, bytes)).map_err(|why| UpdateError::new(role, why))?;
        Ok(())
    }

    /// What is to be kept since this was last asked.
    pub fn news(&mut self) -> Vec<News> {
        mem::take(&mut self.news)
    }

    /// What the update ended with; `None` before it has.
    #[must_use]
    pub fn finish(self) -> Option<Trusted> {
        match self.stage {
            Stage::Done(trusted) => Some(*trusted),
            _ => None,
        }
    }

    fn step(&mut self, stage: Stage, bytes: Option<&[u8]>) -> Result<Stage, Why> {
        match stage {
            Stage::KeptRoot => {
                let root = check_root(bytes.ok_or(Why::Missing)?, None)?;
                Ok(if self.asks() { Stage::Roots(root) } else { Stage::KeptTimestamp(root) })
            }
            Stage::Roots(root) => self.next_root(root, bytes),
            Stage::KeptTimestamp(root) => {
                let floor = floor(bytes, |bytes| check(bytes, root.role().timestamp()))?;
                Ok(Stage::KeptSnapshot(root, floor))
            }
            Stage::KeptSnapshot(root, timestamp) => {
                let floor = floor(bytes, |bytes| check(bytes, root.role().snapshot()))?;
                if self.asks() {
                    Ok(Stage::Timestamp(root, timestamp, floor))
                } else {
                    standing(root, timestamp, floor)
                }
            }
            Stage::Timestamp(root, timestamp, snapshot) => {
                self.new_timestamp(root, timestamp, snapshot, bytes)
            }
            Stage::Snapshot(root, timestamp, floor) => self.new_snapshot(root, timestamp, floor, bytes),
            Stage::KeptTargets(root, timestamp, snapshot) => {
                self.kept_targets(root, timestamp, snapshot, bytes)
            }
            Stage::Targets(root, timestamp, snapshot) => {
                let bytes = bytes.ok_or(Why::Missing)?;
                let targets = check_listed(&snapshot, "targets", root.role().targets(), bytes)?;
                // TUF §5.6.5: a freeze attack on the targets.
                self.in_time(targets.expires())?;
                self.keep("targets", bytes);
                Ok(Stage::Done(Box::new(Trusted::new(root, timestamp, snapshot, targets))))
            }
            Stage::Done(_) | Stage::Failed => Ok(stage),
        }
    }

    fn next_root(&mut self, root: Signed<Root>, bytes: Option<&[u8]>) -> Result<Stage, Why> {
        let Some(bytes) = bytes else {
            // TUF §5.3.10: only the last root of the chain must not have expired; those before it are kept by then.
            self.in_time(root.expires())?;
            return Ok(Stage::KeptTimestamp(root));
        };
        if self.rotations == limits::ROOT_ROTATIONS {
            return Err(Why::TooManyRoots);
        }
        // TUF §5.3.4: signed by the keys before it and by its own.
        let next = check_root(bytes, Some(&root))?;
        // TUF §5.3.5: exactly the next version, so that no root is skipped and none comes back.
        let announced = root.version().saturating_add(1);
        if next.version() != announced {
            return Err(Why::Version { found: next.version(), announced });
        }
        self.rotations += 1;
        // TUF §5.3.8: kept before the next one is asked for. What an interrupted update has seen stays seen.
        self.keep("root", bytes);
        Ok(Stage::Roots(next))
    }

    fn new_timestamp(
        &mut self,
        root: Signed<Root>,
        floor: Option<Signed<Timestamp>>,
        snapshot: Option<Signed<Snapshot>>,
        bytes: Option<&[u8]>,
    ) -> Result<Stage, Why> {
        let bytes = bytes.ok_or(Why::Missing)?;
        // TUF §5.4.2: an arbitrary timestamp.
        let new: Signed<Timestamp> = check(bytes, root.role().timestamp())?;
        if let Some(seen) = floor {
            // TUF §5.4.3.1: rollback of the timestamp.
            not_older(new.version(), seen.version())?;
            // The same version again brings nothing, whatever it says.
            if new.version() == seen.version() {
                self.in_time(seen.expires())?;
                return Ok(self.after_timestamp(root, seen, snapshot));
            }
            // TUF §5.4.3.2: rollback of the snapshot it names.
            not_older(new.role().snapshot.version, seen.role().snapshot.version)?;
        }
        // TUF §5.4.4: a freeze attack.
        self.in_time(new.expires())?;
        self.keep("timestamp", bytes);
        Ok(self.after_timestamp(root, new, snapshot))
    }

    /// Goes on with the snapshot that is kept, when it is the one the timestamp names.
    fn after_timestamp(
        &self,
        root: Signed<Root>,
        timestamp: Signed<Timestamp>,
        kept: Option<Signed<Snapshot>>,
    ) -> Stage {
        match kept {
            Some(kept)
                if is_announced(&timestamp.role().snapshot, &kept)
                    && self.in_time(kept.expires()).is_ok() =>
            {
                Stage::KeptTargets(root, timestamp, kept)
            }
            kept => Stage::Snapshot(root, timestamp, kept),
        }
    }

    fn new_snapshot(
        &mut self,
        root: Signed<Root>,
        timestamp: Signed<Timestamp>,
        floor: Option<Signed<Snapshot>>,
        bytes: Option<&[u8]>,
    ) -> Result<Stage, Why> {
        let (bytes, meta) = (bytes.ok_or(Why::Missing)?, &timestamp.role().snapshot);
        // TUF §5.5.2: the bytes the timestamp names.
        check_bytes(meta, bytes)?;
        // TUF §5.5.3: an arbitrary snapshot.
        let new: Signed<Snapshot> = check(bytes, root.role().snapshot())?;
        // TUF §5.5.4: mix and match.
        exactly(new.version(), meta.version)?;
        for (role, seen) in floor.iter().flat_map(|seen| &seen.role().meta) {
            // TUF §5.5.5: rollback of a list of targets, or one that is gone.
            let listed = new.role().meta.get(role).ok_or_else(|| Why::Dropped(role.clone()))?;
            not_older(listed.version, seen.version)?;
        }
        // TUF §5.5.6: a freeze attack.
        self.in_time(new.expires())?;
        if !new.role().meta.contains_key("targets") {
            return Err(Why::Dropped("targets".to_owned()));
        }
        self.keep("snapshot", bytes);
        Ok(Stage::KeptTargets(root, timestamp, new))
    }

    fn kept_targets(
        &self,
        root: Signed<Root>,
        timestamp: Signed<Timestamp>,
        snapshot: Signed<Snapshot>,
        bytes: Option<&[u8]>,
    ) -> Result<Stage, Why> {
        let kept = bytes.map(|bytes| check_listed(&snapshot, "targets", root.role().targets(), bytes));
        match kept {
            Some(Ok(targets)) if !self.asks() || self.in_time(targets.expires()).is_ok() => {
                Ok(Stage::Done(Box::new(Trusted::new(root, timestamp, snapshot, targets))))
            }
            // An older list is kept, or none: the repository has the right one.
            _ if self.asks() => Ok(Stage::Targets(root, timestamp, snapshot)),
            Some(Err(why)) => Err(why),
            _ => Err(Why::Missing),
        }
    }

    const fn asks(&self) -> bool {
        matches!(self.mode, Mode::Refresh)
    }

    fn in_time(&self, expires: Moment) -> Result<(), Why> {
        in_time(self.now, expires)
    }

    fn keep(&mut self, role: &str, bytes: &[u8]) {
        self.news.push(News { file: role_file(role), bytes: bytes.to_vec() });
    }
}

impl Stage {
    fn role(&self) -> &'static str {
        match self {
            Self::KeptRoot | Self::Roots(_) => "root",
            Self::KeptTimestamp(_) | Self::Timestamp(..) => "timestamp",
            Self::KeptSnapshot(..) | Self::Snapshot(..) => "snapshot",
            Self::KeptTargets(..) | Self::Targets(..) | Self::Done(_) | Self::Failed => "targets",
        }
    }
}

/// The newest that was seen of a role. Its age does not matter. When today's keys did not sign it, the keys were
/// changed since, and it counts no more (TUF §5.3.11: recovery from a fast-forward attack).
fn floor<R>(
    bytes: Option<&[u8]>,
    check: impl FnOnce(&[u8]) -> Result<Signed<R>, RoleError>,
) -> Result<Option<Signed<R>>, Why> {
    match bytes.map(check) {
        None | Some(Err(RoleError::Threshold(_))) => Ok(None),
        Some(Ok(seen)) => Ok(Some(seen)),
        // A floor that cannot be read must not turn into none.
        Some(Err(damaged)) => Err(damaged.into()),
    }
}

/// What is kept, when nobody is asked.
fn standing(
    root: Signed<Root>,
    timestamp: Option<Signed<Timestamp>>,
    snapshot: Option<Signed<Snapshot>>,
) -> Result<Stage, Why> {
    let (Some(timestamp), Some(snapshot)) = (timestamp, snapshot) else { return Err(Why::Missing) };
    Ok(Stage::KeptTargets(root, timestamp, snapshot))
}

fn is_announced(meta: &FileMeta, kept: &Signed<Snapshot>) -> bool {
    kept.version() == meta.version && check_bytes(meta, kept.bytes()).is_ok()
}

fn versioned(root: &Signed<Root>, role: &str, meta: &FileMeta) -> String {
    role_path(role, root.role().consistent_snapshot.then_some(meta.version))
}

/// The length that is announced, and never more than anybody needs.
fn limit(meta: &FileMeta, most: usize) -> usize {
    meta.length.and_then(|length| usize::try_from(length).ok()).map_or(most, |length| length.min(most))
}

fn check_bytes(meta: &FileMeta, bytes: &[u8]) -> Result<(), Why> {
    let length = meta.length.is_none_or(|length| u64::try_from(bytes.len()) == Ok(length));
    if length && meta.hashes.as_ref().is_none_or(|hashes| hashes.fit(bytes)) {
        Ok(())
    } else {
        Err(Why::Digest)
    }
}

const fn exactly(found: u64, announced: u64) -> Result<(), Why> {
    if found == announced { Ok(()) } else { Err(Why::Version { found, announced }) }
}

const fn not_older(found: u64, seen: u64) -> Result<(), Why> {
    if found >= seen { Ok(()) } else { Err(Why::Rollback { found, seen }) }
}

/// TUF §5: "expired" is at or after the moment.
fn in_time(now: Moment, expires: Moment) -> Result<(), Why> {
    if now < expires { Ok(()) } else { Err(Why::Expired(expires)) }
}
