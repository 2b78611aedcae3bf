//! What an update ends with: four roles that belong together, and how to ask for the lists below them.

use covouch_core::time::Timestamp as Moment;

use super::{Source, UpdateError, Want, Why, check_bytes, exactly, in_time, is_announced, limit, versioned};
use crate::{
    bins::Bins,
    limits,
    path::role_file,
    role::{FileMeta, Root, Signed, Snapshot, Targets, Timestamp, check},
    threshold::Signers,
};

/// The top-level roles, each checked against the others.
#[derive(Clone, Debug)]
pub struct Trusted {
    root: Signed<Root>,
    timestamp: Signed<Timestamp>,
    snapshot: Signed<Snapshot>,
    targets: Signed<Targets>,
}

impl Trusted {
    pub(crate) const fn new(
        root: Signed<Root>,
        timestamp: Signed<Timestamp>,
        snapshot: Signed<Snapshot>,
        targets: Signed<Targets>,
    ) -> Self {
        Self { root, timestamp, snapshot, targets }
    }

    /// The root.
    #[must_use]
    pub const fn root(&self) -> &Signed<Root> {
        &self.root
    }

    /// The timestamp.
    #[must_use]
    pub const fn timestamp(&self) -> &Signed<Timestamp> {
        &self.timestamp
    }

    /// The snapshot.
    #[must_use]
    pub const fn snapshot(&self) -> &Signed<Snapshot> {
        &self.snapshot
    }

    /// The top-level targets.
    #[must_use]
    pub const fn targets(&self) -> &Signed<Targets> {
        &self.targets
    }

    /// Until when all of this holds together; `None` when a newer snapshot was announced than is kept.
    #[must_use]
    pub fn fresh_until(&self) -> Option<Moment> {
        let roles =
            [self.root.expires(), self.timestamp.expires(), self.snapshot.expires(), self.targets.expires()];
        let current = is_announced(&self.timestamp.role().snapshot, &self.snapshot);
        roles.into_iter().min().filter(|_| current)
    }

    /// Whether it holds at this moment: nothing expired, and no newer snapshot is known of.
    #[must_use]
    pub fn is_fresh(&self, now: Moment) -> bool {
        self.fresh_until().is_some_and(|until| in_time(now, until).is_ok())
    }

    /// Whether somebody believes it too who knows this root and none after it.
    #[must_use]
    pub fn holds_under(&self, root: &Root) -> bool {
        check::<Timestamp>(self.timestamp.bytes(), root.timestamp()).is_ok()
            && check::<Snapshot>(self.snapshot.bytes(), root.snapshot()).is_ok()
            && check::<Targets>(self.targets.bytes(), root.targets()).is_ok()
    }

    /// Where a list below the top-level targets is found.
    ///
    /// # Errors
    /// [`Why::Missing`] when the snapshot does not name it.
    pub fn want(&self, role: &str, source: Source) -> Result<Want, UpdateError> {
        let meta = self.snapshot.role().meta.get(role);
        let meta = meta.ok_or_else(|| UpdateError::new(role, Why::Missing))?;
        let path = match source {
            Source::Kept => role_file(role),
            Source::Repository => versioned(&self.root, role, meta),
        };
        Ok(Want { source, path, limit: limit(meta, limits::TARGETS_BYTES) })
    }

    /// Checks a list below the top-level targets: the one the snapshot names, signed by those it is delegated to. Its
    /// age is for [`Trusted::check_in_time`].
    ///
    /// # Errors
    /// [`UpdateError`].
    pub fn check(&self, role: &str, signers: &Signers, bytes: &[u8]) -> Result<Signed<Targets>, UpdateError> {
        check_listed(&self.snapshot, role, signers, bytes).map_err(|why| UpdateError::new(role, why))
    }

    /// Checks a bin of statements. All bins have the same keys and nearly the same versions, so its digest alone tells one
    /// from another: without it a server could put another in its place, and what stands in this one would not be said.
    ///
    /// # Errors
    /// As [`Trusted::check`], and [`Why::Undigested`].
    pub fn check_bin(&self, role: &str, bins: &Bins, bytes: &[u8]) -> Result<Signed<Targets>, UpdateError> {
        match self.snapshot.role().meta.get(role) {
            Some(FileMeta { hashes: None, .. }) => Err(UpdateError::new(role, Why::Undigested)),
            _ => self.check(role, bins.signers(), bytes),
        }
    }

    /// As [`Trusted::check`], and it must not have expired (TUF §5.6.5).
    ///
    /// # Errors
    /// [`UpdateError`].
    pub fn check_in_time(
        &self,
        role: &str,
        signers: &Signers,
        bytes: &[u8],
        now: Moment,
    ) -> Result<Signed<Targets>, UpdateError> {
        let targets = self.check(role, signers, bytes)?;
        in_time(now, targets.expires()).map_err(|why| UpdateError::new(role, why))?;
        Ok(targets)
    }
}

/// Checks a list of targets, top-level or delegated, against the snapshot that names it (TUF §5.6.2 to §5.6.4).
pub(super) fn check_listed(
    snapshot: &Signed<Snapshot>,
    role: &str,
    signers: &Signers,
    bytes: &[u8],
) -> Result<Signed<Targets>, Why> {
    let meta = snapshot.role().meta.get(role).ok_or(Why::Missing)?;
    if bytes.len() > limit(meta, limits::TARGETS_BYTES) {
        return Err(Why::TooLarge(limit(meta, limits::TARGETS_BYTES)));
    }
    check_bytes(meta, bytes)?;
    let targets: Signed<Targets> = check(bytes, signers)?;
    exactly(targets.version(), meta.version)?;
    Ok(targets)
}
