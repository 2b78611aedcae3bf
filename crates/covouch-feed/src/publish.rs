//! The writer: from what is published and what is to be added, to the files of the next publication.
//!
//! # Invariants
//! - Files come in the order in which they may be seen: each after those it names, the timestamp after all of them. Only
//!   the timestamp replaces a file that is there, so a reader sees the publication before or the one after.
//! - A root that changes keys comes after the timestamp where the keys before it signed too: no reader notices. Where they
//!   did not, it comes just before, and in between readers wait.
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
    parallel::spread,
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

/// Lists that are worth a thread to sign.
const PART_LISTS: usize = 16;

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
    /// The timestamp is the last, but for a root under which nothing else changes.
    pub files: Vec<File>,
    /// How many statements are new in it.
    pub added: usize,
}

/// Who publishes, and when.
pub struct Publisher<'a> {
    /// The root to publish under. A newer one than is published is published with the rest.
    pub root: &'a Signed<Root>,
    /// Keys that sign lists; not needed while no list changes. When they change, the former ones too, if they are at
    /// hand.
    pub targets: &'a [&'a dyn Signer],
    /// Keys that sign snapshot and timestamp. When they change, the former ones too, if they are at hand.
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
        self.seal(edition, Roots { before: None, is_new: true })
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
        let is_new = published.root().version() < self.root.version();
        let before = is_new.then_some(published.root().role());
        self.seal(edition, Roots { before, is_new })
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
    fn seal(&self, edition: Edition, roots: Roots<'_>) -> Result<Publication, PublishError> {
        let Edition { mut targets, changed, lists, mut snapshot, mut timestamp, added } = edition;
        let turn = |signers: fn(&Root) -> &Signers, keys| Turn {
            signers: signers(self.root.role()),
            before: roots.before.map(signers),
            keys,
        };
        let (own, online) = (turn(Root::targets, self.targets), turn(Root::snapshot, self.online));
        let mut files = Vec::new();
        let mut holds_before = true;
        let anything = changed || !lists.is_empty();
        for (role, meta, file) in own.seal_lists(lists, self.now.plus(self.lifetimes.targets))? {
            snapshot.meta.insert(role, meta);
            files.push(file);
        }
        if changed {
            targets.head.version = targets.head.version.saturating_add(1);
            let (bytes, holds) = own.seal("targets", targets.write(), limits::TARGETS_BYTES)?;
            holds_before &= holds;
            snapshot.meta.insert("targets".to_owned(), FileMeta::of(targets.head.version, &bytes));
            files.push(File { path: role_path("targets", Some(targets.head.version)), bytes });
        }
        let left = self.now.until(snapshot.head.expires).seconds();
        if anything || roots.is_new || left.saturating_mul(3) <= self.lifetimes.snapshot.seconds() {
            let expires = self.now.plus(self.lifetimes.snapshot);
            snapshot.head = Head { version: snapshot.head.version.saturating_add(1), expires };
            let (bytes, holds) = online.seal("snapshot", snapshot.write(), limits::SNAPSHOT_BYTES)?;
            holds_before &= holds;
            timestamp.snapshot = FileMeta::of(snapshot.head.version, &bytes);
            files.push(File { path: role_path("snapshot", Some(snapshot.head.version)), bytes });
        }
        let expires = self.now.plus(self.lifetimes.timestamp);
        timestamp.head = Head { version: timestamp.head.version.saturating_add(1), expires };
        let online = turn(Root::timestamp, self.online);
        let (bytes, holds) = online.seal("timestamp", timestamp.write(), limits::TIMESTAMP_BYTES)?;
        files.push(File { path: role_path("timestamp", None), bytes });
        if roots.is_new {
            let path = role_path("root", Some(self.root.version()));
            let root = File { path, bytes: self.root.bytes().to_vec() };
            let last = files.len().saturating_sub(usize::from(!(holds_before && holds)));
            files.insert(last, root);
        }
        Ok(Publication { files, added })
    }
}

/// What becomes of the root.
#[derive(Clone, Copy)]
struct Roots<'a> {
    /// The one that is published, when another one follows it.
    before: Option<&'a Root>,
    /// Whether a root is part of the publication.
    is_new: bool,
}

/// Who signs a role: under the root of the publication, and, as far as keys are at hand, under the one before it.
struct Turn<'a> {
    signers: &'a Signers,
    before: Option<&'a Signers>,
    keys: &'a [&'a dyn Signer],
}

impl Turn<'_> {
    /// Signs lists anew, each with its next version.
    fn seal_lists(
        &self,
        lists: BTreeMap<String, Targets>,
        expires: Moment,
    ) -> Result<Vec<(String, FileMeta, File)>, PublishError> {
        let mut lists: Vec<(String, Targets)> = lists.into_iter().collect();
        for (_, list) in &mut lists {
            list.head = Head { version: list.head.version.saturating_add(1), expires };
        }
        let one = |(role, list): &(String, Targets)| {
            let (bytes, _) = self.seal(role, list.write(), limits::TARGETS_BYTES)?;
            let version = list.head.version;
            let meta = FileMeta::of(version, &bytes);
            Ok((role.clone(), meta, File { path: role_path(role, Some(version)), bytes }))
        };
        let part = |lists: &[(String, Targets)]| lists.iter().map(one).collect::<Result<Vec<_>, _>>();
        let sealed: Result<Vec<Vec<_>>, PublishError> =
            spread(&lists, PART_LISTS, part).into_iter().collect();
        Ok(sealed?.into_iter().flatten().collect())
    }

    /// Signs a role with those of the keys that are its own, and counts them as a reader will. Says whether who does not
    /// know the new root yet believes it as well; of a first root there is nobody who does not.
    fn seal(&self, role: &str, signed: Value<'_>, limit: usize) -> Result<(Vec<u8>, bool), PublishError> {
        let canonical = signed.canonical();
        let mut signatures = Signatures::default();
        for key in self.keys {
            let public = key.public_key();
            let before = || self.before.and_then(|signers| signers.id_of(public));
            if let Some(id) = self.signers.id_of(public).or_else(before) {
                signatures.insert(id.to_owned(), &key.sign(&canonical)?);
            }
        }
        self.signers
            .check(&canonical, &signatures)
            .map_err(|error| PublishError::Keys { role: role.to_owned(), error })?;
        let holds_before = self.before.is_some_and(|signers| signers.check(&canonical, &signatures).is_ok());
        let bytes = role::Envelope { signed, signatures }.to_json();
        if bytes.len() > limit {
            return Err(PublishError::TooLarge { role: role.to_owned(), limit });
        }
        Ok((bytes, holds_before))
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
    Ok(published.check_bin(role, bins, &bytes)?.role().clone())
}

const fn empty_list(head: Head) -> Targets {
    Targets { head, targets: BTreeMap::new(), delegations: Delegations::None }
}
