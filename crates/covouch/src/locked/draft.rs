//! Putting an evidence lock together: everything that was signed and may matter, and of it what carries the verdicts.
//!
//! # Invariants
//! - A lock has statements that speak for files only. What speaks against them is in the evidence file, whole.
//! - An entry that still holds stays as it is, byte for byte, until it is half as old as it may be.

use std::collections::{BTreeMap, BTreeSet};

use covouch_core::{
    digest::Sha256,
    evidence::Evidence,
    evidence_lock::{Entry, EvidenceFile, EvidenceLock, Observed},
    key::{KeyId, PublicKey},
    name::ProjectName,
    statement::{
        Claim, Electorate, Envelope, Seen, Signer, Statement, StatementId, Verified, believe,
        chain::{self, Chain},
        peek_electorate,
    },
    time::Timestamp,
};
use covouch_feed::stored;
use covouch_io::{
    electorate,
    feed::{self, Carried},
    folder,
};
use covouch_policy::{FileReport, Policies, SourceKind, Verdict};

use super::{Locked, ROOTS, Shelf, Terms, feed_part, shelves, sources};
use crate::{failure::Failure, policies::Loaded, settings::Settings, terminal::Terminal, votes};

/// Everything that was signed, as it was found.
#[derive(Default)]
pub(crate) struct Draft {
    feeds: BTreeMap<Sha256, Vec<Vec<u8>>>,
    parts: BTreeMap<String, Vec<u8>>,
    statements: BTreeMap<StatementId, (Envelope, Verified<Statement>)>,
    /// Electorates that feeds carry, signed by whomever.
    electorates: Vec<Electorate>,
}

impl Draft {
    /// Reads every folder and feed that the policies name, for these projects.
    pub(crate) fn gather(
        (loaded, policies): (&Loaded, &Policies),
        projects: &[ProjectName],
        settings: &Settings,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let mut draft = Self::default();
        for shelf in shelves(loaded) {
            let roots = match shelf.kind {
                SourceKind::Electorate { id, .. } => {
                    Vec::from_iter(electorate::keys_of(&electorate::list(&shelf.folder)?, id))
                }
                SourceKind::Keys { keys, .. } => keys.clone(),
                _ => continue,
            };
            draft.shelf(&shelf, &roots)?;
        }
        for source in policies.iter().flat_map(|policy| policy.sources()) {
            let SourceKind::Feed { address, root } = &source.kind else { continue };
            if draft.feeds.contains_key(root) {
                continue;
            }
            let reach = (settings.network(), settings.state());
            match settings.block_on(feed::carry(reach, address, root, projects, settings.now()))? {
                Ok(carried) => draft.feed(root, carried, settings.now())?,
                Err(error) => terminal.warn(format_args!("nothing of `{}` is locked: {error}", source.name)),
            }
        }
        draft.electorates(loaded)?;
        Ok(draft)
    }

    /// What the people of electorates signed that somebody names as an author: it may stand in any folder.
    fn electorates(&mut self, loaded: &Loaded) -> Result<(), Failure> {
        let named = votes::named(self.statements.values().map(|(_, statement)| statement.value()));
        if named.is_empty() {
            return Ok(());
        }
        let shelves = shelves(loaded);
        let folders = || shelves.iter().filter(|shelf| matches!(shelf.kind, SourceKind::Keys { .. }));
        let mut versions = std::mem::take(&mut self.electorates);
        for shelf in folders() {
            versions.extend(electorate::list(&shelf.folder)?);
        }
        let people: BTreeSet<PublicKey> =
            named.iter().flat_map(|id| electorate::keys_of(&versions, id)).collect();
        for shelf in folders() {
            let SourceKind::Keys { keys, .. } = shelf.kind else { continue };
            self.shelf(shelf, &Vec::from_iter(people.iter().chain(keys).copied().collect::<BTreeSet<_>>()))?;
        }
        Ok(())
    }

    fn shelf(&mut self, shelf: &Shelf<'_>, roots: &[PublicKey]) -> Result<(), Failure> {
        let chains = chain::follow(roots, &mut |key| {
            let raw = folder::raw_chain(&shelf.folder, key)?;
            let path = folder::chain_path(&shelf.folder, key);
            let chain = Chain::parse(key, &raw.lines, raw.head.as_deref())
                .map_err(|error| folder::FolderError::Chain { path, error })?;
            let envelopes =
                raw.lines.split(|byte| *byte == b'\n').filter_map(|line| Envelope::parse(line).ok());
            for (envelope, statement) in envelopes.zip(chain.statements()) {
                self.statements.insert(statement.id(), (envelope, statement.clone()));
            }
            if let Some(heads) = raw.ballot_heads {
                self.parts.insert(shelf.part(&format!("{}.heads", key.id())), heads);
            }
            if let Some(head) = raw.head {
                self.parts.insert(shelf.part(&format!("{}.jsonl", key.id())), raw.lines);
                self.parts.insert(shelf.part(&format!("{}.head", key.id())), head);
            }
            Ok::<_, folder::FolderError>(chain)
        })?;
        let keys: String = chains.iter().map(|chain| format!("{}\n", chain.issuer().id())).collect();
        self.parts.insert(shelf.part(ROOTS), keys.into_bytes());
        Ok(())
    }

    fn feed(&mut self, first: &Sha256, carried: Carried, now: Timestamp) -> Result<(), Failure> {
        let root = stored::newest_root(first, &carried.roots, now)?;
        let keys: Vec<PublicKey> = stored::root_keys(&root).collect();
        self.electorates.extend(carried.envelopes.iter().filter_map(peek_electorate));
        let mut seen = Seen::default();
        let believed = believe(&keys, carried.envelopes.iter().cloned(), &mut seen)?;
        let issuers: BTreeMap<KeyId, PublicKey> = believed
            .statements
            .iter()
            .map(|statement| (statement.issuer().id(), *statement.issuer()))
            .collect();
        for envelope in carried.envelopes {
            if let Some(key) = issuers.get(&envelope.key()) {
                let statement = seen.verify(&envelope, key)?;
                self.statements.insert(statement.id(), (envelope, statement));
            }
        }
        let files = carried.files.into_iter().map(|(file, bytes)| (feed_part(first, &file), bytes));
        self.parts.extend(files);
        self.feeds.insert(*first, carried.roots);
        Ok(())
    }

    /// The lock with these entries, and the statements of these ids.
    pub(crate) fn lock(&self, entries: Vec<Entry>, proof: &BTreeSet<StatementId>) -> EvidenceLock {
        let statements = proof.iter().filter_map(|id| self.statements.get(id));
        EvidenceLock {
            feeds: self.feeds.clone(),
            statements: statements.map(|(envelope, _)| envelope.clone()).collect(),
            entries,
        }
    }

    /// The evidence file as of a moment; the old one where it says the same and is young.
    pub(crate) fn evidence(
        &self,
        old: Option<&Locked>,
        (terms, signer): (&Terms, Option<&dyn Signer>),
        now: Timestamp,
    ) -> Result<EvidenceFile, Failure> {
        let old = old.and_then(|old| old.evidence.as_ref());
        if let Some(old) = old.filter(|old| old.parts == self.parts && terms.is_young(old.as_of, now)) {
            let is_sealed = |signer: &dyn Signer| old.is_sealed_by(&[*signer.public_key()]);
            if signer.is_none_or(is_sealed) {
                return Ok(old.clone());
            }
        }
        let mut file = EvidenceFile { as_of: now, parts: self.parts.clone(), seal: None };
        if let Some(signer) = signer {
            file.seal(signer).map_err(folder::FolderError::from)?;
        }
        Ok(file)
    }

    /// Everything that could carry a verdict on a release by ways no proof names: what a wheel derives from, and who
    /// may speak.
    pub(crate) fn around(&self, file: &FileReport) -> BTreeSet<StatementId> {
        let subject = &file.subject;
        let matters = |claim: &Claim| match claim {
            Claim::Vouch(_) | Claim::Release(_) | Claim::Waiver(_) => claim.files().is_some_and(|files| {
                *files.project() == subject.project && *files.version() == subject.version
            }),
            Claim::Delegation(_) | Claim::Author(_) => true,
            Claim::Veto(_)
            | Claim::Withdrawal(_)
            | Claim::Ballot(_)
            | Claim::Electorate(_)
            | Claim::Strike(_) => false,
        };
        let around = self.statements.iter().filter(|(_, (_, statement))| matters(&statement.value().claim));
        around.map(|(id, _)| *id).collect()
    }
}

/// The statements that carry a verdict.
pub(crate) fn proof(verdict: &Verdict) -> BTreeSet<StatementId> {
    match verdict {
        Verdict::Admitted(admitted) => {
            admitted.proofs().iter().flat_map(covouch_graph::Proof::statements).collect()
        }
        Verdict::Waived(waived) => waived.approval().map(|(_, statement)| *statement).into_iter().collect(),
        Verdict::Monitored(_) | Verdict::Refused(_) | Verdict::Undecided(_) => BTreeSet::new(),
    }
}

/// The entry of one file; the old one where it says the same, is young, and nobody is to seal it anew.
pub(crate) fn entry(
    file: &FileReport,
    (evidence, policies): (&Evidence, &Policies),
    (old, signer): (Option<&Locked>, Option<&dyn Signer>),
    now: Timestamp,
) -> Result<Entry, Failure> {
    let (indexes, distributions) = sources(policies);
    let mut entry = Entry {
        subject: file.subject.clone(),
        as_of: now,
        verdict: (file.verdict.kind().as_str().to_owned(), file.verdict.code().as_str().to_owned()),
        until: file.until,
        observed: Observed::of(evidence, (&file.subject, now), &indexes, &distributions),
        seal: None,
    };
    let mut old = old.into_iter().flat_map(|old| &old.lock.entries);
    if let Some(old) = old.find(|old| old.says_the_same_as(&entry))
        && Terms::of(policies).is_young(old.as_of, now)
        && signer.is_none_or(|signer| old.is_sealed_by(&[*signer.public_key()]))
    {
        return Ok(old.clone());
    }
    if let Some(signer) = signer {
        entry.seal(signer).map_err(folder::FolderError::from)?;
    }
    Ok(entry)
}
