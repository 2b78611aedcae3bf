//! A feed as somebody stored it: what it said then, proven again without asking anybody.
//!
//! # Invariants
//! - The first root is the one whose digest was asked for, and every later one follows from it, none left out.
//! - What is missing is unknown: a list that was not stored never says "nothing".
//!
//! # Not here
//! How old it may be: whoever asks says so. Where it was stored: an evidence lock.

use std::collections::{BTreeMap, BTreeSet};

use covouch_core::{
    code::Code, digest::Sha256, hint::Hint, key::PublicKey, name::ProjectName, statement::Envelope,
    time::Timestamp as Moment,
};

use crate::{
    limits,
    path::role_file,
    role::{Delegations, Root, Signed, check_root},
    statements::{self, FEED_WIDE, Place, StatementsError},
    update::{Answer, Trusted, Update, UpdateError, Why},
};

/// Why what was stored of a feed cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StoredError {
    /// A role is not what it should be.
    #[error(transparent)]
    Update(#[from] UpdateError),
    /// It is no feed of statements, or one of them cannot be read.
    #[error(transparent)]
    Statements(#[from] StatementsError),
}

impl StoredError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Update(error) => error.code(),
            Self::Statements(error) => error.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Update(error) => error.hint(),
            Self::Statements(error) => error.hint(),
        }
    }
}

/// What a feed says of some projects.
#[derive(Clone, Debug)]
pub struct Said {
    /// Statements about no project, and about these. Nothing in them is believed yet.
    pub statements: Vec<Envelope>,
    /// Heads of voters' ballots on these projects.
    pub heads: Vec<Envelope>,
    /// Projects whose list was not stored.
    pub unknown: Vec<ProjectName>,
    /// Until when the feed promised that nothing newer is withheld; `None` when something newer was announced.
    pub fresh_until: Option<Moment>,
}

/// The newest of these roots, which are all there are, oldest first. It must not have expired.
///
/// # Errors
/// [`UpdateError`] for the first that is not what it should be.
pub fn newest_root(first: &Sha256, roots: &[Vec<u8>], now: Moment) -> Result<Signed<Root>, UpdateError> {
    let failed = |why| UpdateError::new("root", why);
    if roots.len() > usize::try_from(limits::ROOT_ROTATIONS).unwrap_or(usize::MAX) {
        return Err(failed(Why::TooManyRoots));
    }
    let mut newest: Option<Signed<Root>> = None;
    for bytes in roots {
        if bytes.len() > limits::ROOT_BYTES {
            return Err(failed(Why::TooLarge(limits::ROOT_BYTES)));
        }
        // The policy announces the first by its digest (TUF §5.2).
        if newest.is_none() && Sha256::of(bytes) != *first {
            return Err(failed(Why::Digest));
        }
        // TUF §5.3.4 and §5.3.5: signed by the keys before it and by its own, and exactly the next version.
        let next = check_root(bytes, newest.as_ref()).map_err(|error| failed(error.into()))?;
        if let Some(before) = &newest
            && next.version() != before.version().saturating_add(1)
        {
            let announced = before.version().saturating_add(1);
            return Err(failed(Why::Version { found: next.version(), announced }));
        }
        newest = Some(next);
    }
    let newest = newest.ok_or_else(|| failed(Why::Missing))?;
    // TUF §5.3.10: nobody may hide a newer root for ever.
    if now >= newest.expires() {
        return Err(failed(Why::Expired(newest.expires())));
    }
    Ok(newest)
}

/// The keys at which trust in the feed starts.
pub fn root_keys(root: &Signed<Root>) -> impl Iterator<Item = PublicKey> + '_ {
    root.role().targets().ed25519()
}

/// What the feed said of these projects; `file` gives what was stored under the names of kept roles.
///
/// # Errors
/// [`StoredError`] for anything that was stored and is not what the roles above it announce.
pub fn said<'a>(
    root: &Signed<Root>,
    now: Moment,
    projects: &[ProjectName],
    file: &dyn Fn(&str) -> Option<&'a [u8]>,
) -> Result<Said, StoredError> {
    let trusted = trusted(root, now, file)?;
    let mut lists = BTreeMap::new();
    if let Delegations::Bins(bins) = &trusted.targets().role().delegations {
        let mut names = BTreeSet::new();
        for project in projects {
            if let Place::Bin(bin) = statements::place(&trusted, project)? {
                names.insert(bin);
            }
        }
        for name in names {
            let list = file(&role_file(&name));
            let list = list.map(|bytes| trusted.check_bin(&name, bins, bytes)).transpose()?;
            lists.insert(name, list);
        }
    }
    let (about, unknown) = statements::about(&trusted, &lists, projects)?;
    let mut statements = statements::envelopes(trusted.targets().role(), FEED_WIDE)?;
    statements.extend(about.statements);
    let expires = lists.values().flatten().map(Signed::expires).min();
    let fresh_until = trusted.fresh_until().map(|until| expires.map_or(until, |expires| expires.min(until)));
    Ok(Said { statements, heads: about.heads, unknown, fresh_until })
}

fn trusted<'a>(
    root: &Signed<Root>,
    now: Moment,
    file: &dyn Fn(&str) -> Option<&'a [u8]>,
) -> Result<Trusted, UpdateError> {
    let mut update = Update::kept(now);
    while let Some(want) = update.wants() {
        let bytes = if want.path == role_file("root") { Some(root.bytes()) } else { file(&want.path) };
        update.give(bytes.map_or(Answer::Absent, Answer::Bytes))?;
    }
    update.finish().ok_or_else(|| UpdateError::new("targets", Why::Missing))
}
