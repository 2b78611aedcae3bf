//! Evidence locks: what they prove, proven again.
//!
//! # Invariants
//! - A lock carries proof and never authority: keys, feeds and electorates are the policy's.
//! - From `covouch.lock` come statements that speak for files; what speaks against them comes from whole chains and whole
//!   lists, so that leaving something out shows, and from whatever else this machine knows.
//! - What is missing or too old is a gap, and never silence. What was tampered with ends the command.
//!
//! # Not here
//! Writing locks: [`draft`].

pub(crate) mod draft;
mod said;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use covouch_core::{
    code::Code,
    evidence::{Evidence, Gap, Listing},
    evidence_lock::{EVIDENCE_NAME, EvidenceFile, EvidenceLock, LOCK_NAME, SourceAt, Trust},
    key::PublicKey,
    party::PartyName,
    time::{Duration, Timestamp},
};
use covouch_io::{evidence_file, secrets::redact};
use covouch_policy::{IndexAddress, Policies, SourceKind};
use covouch_python::lock::LockedRelease;

pub(crate) use self::said::Life;
use crate::{failure::Failure, policies::Loaded};

/// The lock, or the evidence file, is older than the policy allows.
pub(super) const TOO_OLD: Code = Code::new("evidence-too-old");
/// Nobody the policy names takes responsibility for it.
pub(super) const NOT_SEALED: Code = Code::new("evidence-not-sealed");
/// The evidence file is not there, or has nothing about a source.
pub(super) const MISSING: Code = Code::new("evidence-missing");

/// By how much the clock of whoever wrote a lock may be ahead of ours.
const SKEW: Duration = Duration::from_seconds(3_600);

/// An evidence lock and the evidence file beside it.
pub(crate) struct Locked {
    pub(crate) lock: EvidenceLock,
    pub(crate) evidence: Option<EvidenceFile>,
    witness: Witness,
}

/// Whose word counts for what nobody signed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Witness {
    /// That of the keys which the policies name.
    Keys,
    /// Our own: this command observed it just now.
    Ourselves,
}

/// How old a lock may be, and who says how old it is.
pub(crate) struct Terms {
    most: Duration,
    keys: Vec<PublicKey>,
    /// Whether some policy names keys: then a moment that none of them sealed is nobody's word.
    asks_seal: bool,
}

impl Terms {
    pub(crate) fn of(policies: &Policies) -> Self {
        let settings: Vec<_> = policies.iter().map(|policy| policy.gateway()).collect();
        let most = settings.iter().map(|of| of.max_lock_age).min();
        // What one policy takes on somebody's word, the other may not.
        let mut keys = policies.project().gateway().lock_keys.clone();
        keys.retain(|key| settings.iter().all(|of| of.lock_keys.contains(key)));
        let asks_seal = settings.iter().any(|of| !of.lock_keys.is_empty());
        Self { most: most.unwrap_or(Duration::from_days(7)), keys, asks_seal }
    }

    /// Whether so old a lock is worth keeping as it is.
    pub(crate) fn is_young(&self, as_of: Timestamp, now: Timestamp) -> bool {
        as_of <= now && as_of.until(now).seconds() * 2 < self.most.seconds()
    }

    /// Why what was so at that moment cannot be taken for what is so now.
    fn aged(&self, what: &str, as_of: Timestamp, now: Timestamp) -> Option<Gap> {
        let detail = if as_of > now.plus(SKEW) {
            format!("it says that it is of {as_of}, which is not yet")
        } else if as_of.plus(self.most) <= now {
            format!("it is of {as_of}, and may be {} old", self.most.rounded())
        } else {
            return None;
        };
        Some(Gap { code: TOO_OLD, source: what.into(), detail: detail.into() })
    }
}

impl Locked {
    /// The lock beside a lock file, with its evidence.
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(LOCK_NAME);
        let bytes = read(&path)?.ok_or_else(|| {
            Failure::new("not-found", format!("there is no `{}`", path.display()))
                .hinting("write one with `covouch lock`")
        })?;
        let lock = EvidenceLock::parse(&bytes).map_err(|error| Failure::from(error).about(path.display()))?;
        let evidence = evidence_file::read(&folder.join(EVIDENCE_NAME))?;
        Ok(Self { lock, evidence, witness: Witness::Keys })
    }

    /// The same; nothing where there is no lock, or none that can be read.
    pub(crate) fn read_old(folder: &Path) -> Option<Self> {
        Self::read(folder).ok()
    }

    /// What this command is about to write.
    pub(crate) fn own(lock: EvidenceLock, evidence: EvidenceFile) -> Self {
        Self { lock, evidence: Some(evidence), witness: Witness::Ourselves }
    }

    /// Adds what was observed when the lock was written, as far as somebody answers for it.
    pub(crate) fn observe(&self, evidence: &mut Evidence, policies: &Policies, now: Timestamp) {
        let terms = Terms::of(policies);
        let (indexes, distributions) = sources(policies);
        let counts = |entry: &covouch_core::evidence_lock::Entry| {
            self.witness == Witness::Ourselves || entry.is_sealed_by(&terms.keys)
        };
        let (sealed, others): (Vec<_>, Vec<_>) = self.lock.entries.iter().partition(|entry| counts(entry));
        let mut added = std::collections::BTreeSet::new();
        for entry in sealed {
            let trust = terms.aged(LOCK_NAME, entry.as_of, now).map_or(Trust::Whole, Trust::Aged);
            let places = (&indexes[..], &distributions[..]);
            added.extend(entry.observed.add_to(evidence, &entry.subject, places, &trust));
        }
        // An index whose word on one file was observed has said something of the others too, which nobody answers for.
        for entry in others {
            for index in &indexes {
                let place = (index.name.clone(), entry.subject.project.clone());
                if added.contains(&place) && evidence.listing(&index.name, &entry.subject).is_none() {
                    let detail = "nobody the policy names has sealed its entry".into();
                    let gap = Gap { code: NOT_SEALED, source: LOCK_NAME.into(), detail };
                    let listing = Listing::unknown(&gap);
                    evidence.add_listing(index.name.clone(), entry.subject.clone(), listing);
                }
            }
        }
    }

    /// The names of files that a lock file pins by their digest alone.
    pub(crate) fn name_files(&self, release: &mut LockedRelease) {
        for file in release.files.iter_mut().filter(|file| file.filename.is_none()) {
            let mut entries = self.lock.entries.iter().map(|entry| &entry.subject);
            let is_it = |subject: &&covouch_core::subject::Subject| {
                subject.sha256 == file.sha256
                    && subject.project == release.project
                    && subject.version == release.version
            };
            file.filename = entries.find(is_it).map(|subject| subject.filename.clone());
        }
    }
}

/// The indexes and the distributions of the policies, and where they say that these are.
pub(super) fn sources(policies: &Policies) -> (Vec<SourceAt>, Vec<SourceAt>) {
    let (mut indexes, mut distributions) = (Vec::new(), Vec::new());
    for source in policies.iter().flat_map(|policy| policy.sources()) {
        let name = source.name.clone();
        match &source.kind {
            SourceKind::Index(IndexAddress::Named(named)) => {
                indexes.push(SourceAt { name, at: named.to_string() });
            }
            SourceKind::Index(IndexAddress::Url(url)) => {
                indexes.push(SourceAt { name, at: redact(url).to_string() });
            }
            SourceKind::Debian { suites, mirror, keyring } => {
                let mirror = mirror.as_ref().map(|mirror| redact(mirror).to_string()).unwrap_or_default();
                let keyring = keyring.as_deref().unwrap_or_default();
                let at = format!("{} {mirror} {keyring}", suites.join(" "));
                distributions.push(SourceAt { name, at });
            }
            _ => {}
        }
    }
    for sources in [&mut indexes, &mut distributions] {
        sources.sort();
        sources.dedup();
    }
    (indexes, distributions)
}

/// A source whose statements are carried in whole chains: the party, its folder, and where its parts stand.
pub(super) struct Shelf<'a> {
    pub(super) party: &'a PartyName,
    pub(super) folder: PathBuf,
    pub(super) kind: &'a SourceKind,
    prefix: String,
}

impl Shelf<'_> {
    /// Where a file of the folder stands in the evidence file.
    pub(super) fn part(&self, file: &str) -> String {
        format!("{}{file}", self.prefix)
    }
}

/// What says for which keys all chains of a shelf are there.
pub(super) const ROOTS: &str = "roots";

/// All folders of statements and ballots that the policies name.
pub(super) fn shelves(loaded: &Loaded) -> Vec<Shelf<'_>> {
    let found = loaded.base.iter().map(|base| ("base", base)).chain([("project", &loaded.project)]);
    let mut shelves = Vec::new();
    for (tag, found) in found {
        for source in found.policy.sources() {
            let (SourceKind::Keys { from, .. } | SourceKind::Electorate { from: Some(from), .. }) =
                &source.kind
            else {
                continue;
            };
            shelves.push(Shelf {
                party: &source.name,
                folder: found.folder.join(&**from),
                kind: &source.kind,
                prefix: format!("chains/{tag}/{}/", source.name),
            });
        }
    }
    shelves
}

/// Where a feed's metadata stands in the evidence file.
pub(super) fn feed_part(root: &covouch_core::digest::Sha256, file: &str) -> String {
    format!("feeds/{root}/{file}")
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, Failure> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::new("file-unreadable", format!("`{}`: {error}", path.display()))),
    }
}
