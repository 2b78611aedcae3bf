//! The writer: from what is published and what is to be added, to the files of the next publication.
//!
//! # Invariants
//! - Files come in the order in which they may be seen: each after those it names, the timestamp last. Only the
//!   timestamp replaces a file that is there, so a reader sees the publication before or the one after.
//! - Nothing leaves that its readers would refuse: every role has the signatures its threshold asks for, and is no
//!   longer than is read.
//! - Nothing is taken out: statements are only added, and a list that a snapshot named stays named (TUF §5.5.5).
//!
//! # Not here
//! Folders and disks: `covouch-io`. Keys and their passphrases: the command.

pub mod ceremony;
mod error;
mod regroup;

use std::collections::BTreeMap;

use covouch_core::{
    name::ProjectName,
    statement::{BallotHead, Envelope, Signer, Statement},
    time::{Duration, Timestamp as Moment},
};

pub use self::error::PublishError;
use crate::{
    bins::Bins,
    limits,
    path::role_path,
    role::{self, Delegations, FileMeta, Head, Root, Signed, Snapshot, Targets, Timestamp},
    statements::{self, FEED_WIDE},
    threshold::{Signatures, Signers},
    update::{Source, Trusted},
    value::Value,
};

/// Statements to add, sorted by where they belong.
#[derive(Clone, Debug, Default)]
pub struct Additions {
    feed_wide: Vec<Envelope>,
    projects: BTreeMap<ProjectName, AboutProject>,
}

/// What is to be added about one project.
#[derive(Clone, Debug, Default)]
struct AboutProject {
    statements: Vec<Envelope>,
    heads: Vec<Envelope>,
}

impl Additions {
    /// Adds a statement in its envelope: beside others about its project, or, if it is about none, to the top-level
    /// targets, where nobody who reads the feed can miss it.
    pub fn add(&mut self, statement: &Statement, envelope: Envelope) {
        match statement.claim.files() {
            Some(files) => self.about(files.project()).statements.push(envelope),
            None => self.feed_wide.push(envelope),
        }
    }

    /// Adds the head of a voter's ballots in its envelope, beside the ballots.
    pub fn add_head(&mut self, head: &BallotHead, envelope: Envelope) {
        self.about(&head.project).heads.push(envelope);
    }

    fn about(&mut self, project: &ProjectName) -> &mut AboutProject {
        self.projects.entry(project.clone()).or_default()
    }

    /// Whether there is nothing to add.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.feed_wide.is_empty() && self.projects.is_empty()
    }
}

/// How long what is signed today is believed.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// The lists of statements.
    pub targets: Duration,
    /// The snapshot.
    pub snapshot: Duration,
    /// The timestamp: after this time without a publication the feed is stale.
    pub timestamp: Duration,
}

/// Whether lists that have not changed are signed again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// When a third of their lifetime or less is left.
    Due,
    /// Now.
    Now,
}

/// One file of a publication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name in the folder of metadata.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// The files of a publication, in the order in which they may be seen.
#[derive(Clone, Debug)]
pub struct Publication {
    /// The timestamp is the last.
    pub files: Vec<File>,
    /// How many statements are new in it.
    pub added: usize,
}

/// Who publishes, and when.
pub struct Publisher<'a> {
    /// The root to publish under. A newer one than is published is published with the rest.
    pub root: &'a Signed<Root>,
    /// Keys that sign lists; not needed while no list changes.
    pub targets: &'a [&'a dyn Signer],
    /// Keys that sign snapshot and timestamp.
    pub online: &'a [&'a dyn Signer],
    /// How long it holds.
    pub lifetimes: Lifetimes,
    /// The time.
    pub now: Moment,
}

/// A file of the repository by its path, as it is published now.
type Read<'a> = &'a dyn Fn(&str) -> Option<Vec<u8>>;

/// A publication in the making.
struct Edition {
    targets: Targets,
    /// Whether the top-level targets must be signed again.
    changed: bool,
    /// Bins that must be signed again.
    lists: BTreeMap<String, Targets>,
    snapshot: Snapshot,
    timestamp: Timestamp,
    added: usize,
}

impl Publisher<'_> {
    /// The first publication of a feed.
    ///
    /// # Errors
    /// [`PublishError`].
    pub fn first(&self, additions: &Additions) -> Result<Publication, PublishError> {
        let unpublished = Head { version: 0, expires: self.now };
        let mut edition = Edition {
            targets: Targets { head: unpublished, targets: BTreeMap::new(), delegations: Delegations::None },
            changed: true,
            lists: BTreeMap::new(),
            snapshot: Snapshot { head: unpublished, meta: BTreeMap::new() },
            timestamp: Timestamp { head: unpublished, snapshot: FileMeta::of(1, b"") },
            added: 0,
        };
        edition.targets.head.expires = self.now.plus(self.lifetimes.targets);
        self.add(&mut edition, additions, &|_| Ok(empty_list(unpublished)))?;
        self.seal(edition, Some(self.root))
    }

    /// The publication after `published`. `read` is asked for the bins that change, by their path.
    ///
    /// # Errors
    /// [`PublishError`].
    pub fn next(
        &self,
        published: &Trusted,
        additions: &Additions,
        renewal: Renewal,
        read: Read<'_>,
    ) -> Result<Publication, PublishError> {
        let mut edition = Edition {
            targets: published.targets().role().clone(),
            changed: false,
            lists: BTreeMap::new(),
            snapshot: published.snapshot().role().clone(),
            timestamp: published.timestamp().role().clone(),
            added: 0,
        };
        let bins = match &published.targets().role().delegations {
            Delegations::Bins(bins) => Some(bins.clone()),
            _ => None,
        };
        let read_list = |role: &str| read_list(published, bins.as_ref(), role, read);
        self.add(&mut edition, additions, &read_list)?;
        if renewal == Renewal::Now || self.is_due(&edition, published) {
            self.renew(&mut edition, &read_list)?;
        }
        let root = (published.root().version() < self.root.version()).then_some(self.root);
        self.seal(edition, root)
    }

    /// Lists are renewed together: the top-level targets never expire later than the bins below them.
    fn is_due(&self, edition: &Edition, published: &Trusted) -> bool {
        let left = self.now.until(edition.targets.head.expires).seconds();
        left.saturating_mul(3) <= self.lifetimes.targets.seconds()
            || published.root().role().targets() != self.root.role().targets()
    }

    fn renew(&self, edition: &mut Edition, read: ReadList<'_>) -> Result<(), PublishError> {
        edition.changed = true;
        edition.targets.head.expires = self.now.plus(self.lifetimes.targets);
        if let Delegations::Bins(bins) = &edition.targets.delegations {
            let bins = Bins::new(bins.bits(), bins.prefix(), self.root.role().targets().clone());
            for role in bins.roles() {
                if !edition.lists.contains_key(&role) {
                    edition.lists.insert(role.clone(), read(&role)?);
                }
            }
            edition.targets.delegations = Delegations::Bins(bins);
        }
        Ok(())
    }

    fn add(
        &self,
        edition: &mut Edition,
        additions: &Additions,
        read: ReadList<'_>,
    ) -> Result<(), PublishError> {
        if !additions.feed_wide.is_empty() {
            let added = statements::add(&mut edition.targets, FEED_WIDE, &additions.feed_wide, &[])?;
            edition.changed |= added > 0;
            edition.added += added;
        }
        for (project, AboutProject { statements, heads }) in &additions.projects {
            let (path, bin) = (project.as_str(), regroup::bin_of(&edition.targets.delegations, project)?);
            let Some(bin) = bin else {
                let added = statements::add(&mut edition.targets, path, statements, heads)?;
                edition.changed |= added > 0;
                edition.added += added;
                continue;
            };
            let changed = edition.lists.remove(&bin);
            let is_changed = changed.is_some();
            let mut list = changed.map_or_else(|| read(&bin), Ok)?;
            let added = statements::add(&mut list, path, statements, heads)?;
            // A list that another project changed stays changed, also when this one has nothing new.
            if is_changed || added > 0 {
                edition.lists.insert(bin, list);
            }
            edition.added += added;
        }
        regroup::regroup(edition, self.root.role().targets(), read)
    }

    /// Signs what changed, from the bins up to the timestamp.
    fn seal(&self, edition: Edition, root: Option<&Signed<Root>>) -> Result<Publication, PublishError> {
        let Edition { mut targets, changed, lists, mut snapshot, mut timestamp, added } = edition;
        let (lists_signers, online) = (self.root.role().targets(), self.root.role().snapshot());
        let mut files = Vec::new();
        let anything = changed || !lists.is_empty();
        let lists_expire = self.now.plus(self.lifetimes.targets);
        for (role, mut list) in lists {
            list.head = Head { version: list.head.version.saturating_add(1), expires: lists_expire };
            let bytes = seal(&role, list.write(), lists_signers, self.targets, limits::TARGETS_BYTES)?;
            push(&mut files, &mut snapshot, &role, list.head.version, bytes);
        }
        if changed {
            targets.head.version = targets.head.version.saturating_add(1);
            let bytes = seal("targets", targets.write(), lists_signers, self.targets, limits::TARGETS_BYTES)?;
            push(&mut files, &mut snapshot, "targets", targets.head.version, bytes);
        }
        let left = self.now.until(snapshot.head.expires).seconds();
        if anything || root.is_some() || left.saturating_mul(3) <= self.lifetimes.snapshot.seconds() {
            let expires = self.now.plus(self.lifetimes.snapshot);
            snapshot.head = Head { version: snapshot.head.version.saturating_add(1), expires };
            let bytes = seal("snapshot", snapshot.write(), online, self.online, limits::SNAPSHOT_BYTES)?;
            timestamp.snapshot = FileMeta::of(snapshot.head.version, &bytes);
            files.push(File { path: role_path("snapshot", Some(snapshot.head.version)), bytes });
        }
        if let Some(root) = root {
            // A reader that has the new root refuses the old timestamp if the online key changed: the two stand as
            // near to each other as they can.
            files.push(File { path: role_path("root", Some(root.version())), bytes: root.bytes().to_vec() });
        }
        let expires = self.now.plus(self.lifetimes.timestamp);
        timestamp.head = Head { version: timestamp.head.version.saturating_add(1), expires };
        let signers = self.root.role().timestamp();
        let bytes = seal("timestamp", timestamp.write(), signers, self.online, limits::TIMESTAMP_BYTES)?;
        files.push(File { path: role_path("timestamp", None), bytes });
        Ok(Publication { files, added })
    }
}

/// A list as it is published now.
type ReadList<'a> = &'a dyn Fn(&str) -> Result<Targets, PublishError>;

fn read_list(
    published: &Trusted,
    bins: Option<&Bins>,
    role: &str,
    read: Read<'_>,
) -> Result<Targets, PublishError> {
    let bins = bins.ok_or(PublishError::NotRead(role.to_owned()))?;
    let want = published.want(role, Source::Repository)?;
    let bytes = read(&want.path).ok_or_else(|| PublishError::NotRead(role.to_owned()))?;
    Ok(published.check(role, bins.signers(), &bytes)?.role().clone())
}

const fn empty_list(head: Head) -> Targets {
    Targets { head, targets: BTreeMap::new(), delegations: Delegations::None }
}

fn push(files: &mut Vec<File>, snapshot: &mut Snapshot, role: &str, version: u64, bytes: Vec<u8>) {
    snapshot.meta.insert(role.to_owned(), FileMeta::of(version, &bytes));
    files.push(File { path: role_path(role, Some(version)), bytes });
}

/// Signs a role with those of the keys that are its own, and counts them as a reader will.
fn seal(
    role: &str,
    signed: Value<'_>,
    signers: &Signers,
    keys: &[&dyn Signer],
    limit: usize,
) -> Result<Vec<u8>, PublishError> {
    let canonical = signed.canonical();
    let mut signatures = Signatures::default();
    for key in keys {
        if let Some(id) = signers.id_of(key.public_key()) {
            signatures.insert(id.to_owned(), &key.sign(&canonical)?);
        }
    }
    signers
        .check(&canonical, &signatures)
        .map_err(|error| PublishError::Keys { role: role.to_owned(), error })?;
    let bytes = role::Envelope { signed, signatures }.to_json();
    if bytes.len() > limit {
        return Err(PublishError::TooLarge { role: role.to_owned(), limit });
    }
    Ok(bytes)
}
