//! What was signed, as a lock and its evidence file prove it.

mod ballots;

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZero,
    sync::Arc,
    thread,
};

use covouch_core::{
    evidence::{Evidence, Gap},
    evidence_lock::{EVIDENCE_NAME, EvidenceFile, LOCK_NAME},
    key::{KeyId, PublicKey},
    name::ProjectName,
    party::PartyName,
    statement::{
        Claim, Envelope, Seen, Statement, Verified, believe,
        chain::{self, Chain},
    },
    time::Timestamp,
};
use covouch_feed::{
    role::{Root, Signed},
    stored,
    update::Why,
};
use covouch_io::{
    feed::{FeedAnswer, Staleness},
    folder,
};
use covouch_policy::{Policies, SourceKind};

use super::{Locked, MISSING, NOT_SEALED, ROOTS, Shelf, Terms, feed_part, shelves};
use crate::{
    failure::Failure,
    feeds::{self, Feeds},
    policies::Loaded,
    settings::Settings,
};

/// When the statements of a lock end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Life {
    /// How many there are.
    pub(crate) statements: usize,
    /// How many of them have ended.
    pub(crate) expired: usize,
    /// When the next one does.
    pub(crate) next: Option<Timestamp>,
}

/// What a lock proves.
pub(crate) struct Proven {
    /// The policies, with the keys of the feeds in the lock.
    pub(crate) policies: Policies,
    pub(crate) life: Life,
}

/// Proving, under way.
struct Proof<'a> {
    locked: &'a Locked,
    terms: Terms,
    now: Timestamp,
    seen: Seen,
    statements: Vec<(Verified<Statement>, Arc<str>)>,
    gaps: BTreeMap<PartyName, Gap>,
    /// What the feeds in the lock said.
    answers: BTreeMap<PartyName, FeedAnswer>,
}

impl Locked {
    /// Proves what the lock has on these projects, and adds it to evidence. `news` is what this machine knows of
    /// feeds: what in it speaks against files counts as well.
    pub(crate) fn prove(
        &self,
        evidence: &mut Evidence,
        (loaded, policies): (&Loaded, Policies),
        (projects, news): (&[ProjectName], &Feeds),
        settings: &Settings,
    ) -> Result<Proven, Failure> {
        let now = settings.now();
        let mut proof = Proof {
            locked: self,
            terms: Terms::of(&policies),
            now,
            seen: Seen::default(),
            statements: Vec::new(),
            gaps: BTreeMap::new(),
            answers: BTreeMap::new(),
        };
        let roots = proof.feeds(&policies, projects)?;
        let policies = news.root_current(policies.with_roots(&roots));
        let keys: Vec<PublicKey> = loaded
            .trust_folders()
            .into_iter()
            .flat_map(|folder| folder.roots)
            .chain(roots.into_values().flatten())
            .collect();
        proof.seen = std::mem::take(&mut proof.seen).and(ahead(&self.lock.statements, &keys));
        let believed = believe(&keys, self.lock.statements.iter().cloned(), &mut proof.seen);
        let believed = believed.map_err(|error| Failure::from(error).about(LOCK_NAME))?.statements;
        let life = Life::of(&believed, now);
        proof.take(believed, LOCK_NAME, |_| true);
        let shelves = shelves(loaded);
        for shelf in &shelves {
            if let SourceKind::Keys { keys, .. } = shelf.kind {
                proof.folder(shelf, keys)?;
            }
        }
        for named in loaded.electorates() {
            let shelf = shelves
                .iter()
                .find(|shelf| *shelf.party == named.party && Some(&shelf.folder) == named.folder.as_ref());
            proof.votes(&named, (shelf, news), evidence)?;
        }
        proof.votes_named_by_others(&shelves, news, evidence)?;
        proof.finish(evidence, news);
        Ok(Proven { policies, life })
    }
}

impl Life {
    fn of(statements: &[Verified<Statement>], now: Timestamp) -> Self {
        let ends: Vec<Timestamp> = statements
            .iter()
            .filter_map(|statement| Some(statement.value().claim.validity()?.not_after()))
            .collect();
        let expired = ends.iter().filter(|end| **end <= now).count();
        let next = ends.into_iter().filter(|end| *end > now).min();
        Self { statements: statements.len(), expired, next }
    }
}

impl Proof<'_> {
    fn take(&mut self, statements: Vec<Verified<Statement>>, origin: &str, counts: impl Fn(&Claim) -> bool) {
        let origin: Arc<str> = origin.into();
        let counted = statements.into_iter().filter(|statement| counts(&statement.value().claim));
        self.statements.extend(counted.map(|statement| (statement, Arc::clone(&origin))));
    }

    /// What the feeds that the policies name said, and their keys.
    fn feeds(
        &mut self,
        policies: &Policies,
        projects: &[ProjectName],
    ) -> Result<BTreeMap<PartyName, Vec<PublicKey>>, Failure> {
        let mut roots = BTreeMap::new();
        for source in policies.iter().flat_map(|policy| policy.sources()) {
            let SourceKind::Feed { root: first, .. } = &source.kind else { continue };
            let Some(carried) = self.locked.lock.feeds.get(first) else {
                self.gap(&source.name, MISSING, format!("`{LOCK_NAME}` has nothing of it"));
                continue;
            };
            match stored::newest_root(first, carried, self.now) {
                Ok(root) => {
                    roots.insert(source.name.clone(), stored::root_keys(&root).collect());
                    if let Some(evidence) = &self.locked.evidence {
                        self.feed(&source.name, (first, &root), (evidence, projects))?;
                    } else {
                        self.gap(&source.name, MISSING, format!("there is no `{EVIDENCE_NAME}`"));
                    }
                }
                // Only time does that.
                Err(error) if matches!(error.why(), Why::Expired(_)) => {
                    self.gap(&source.name, error.code(), error.to_string());
                }
                Err(error) => return Err(Failure::from(error).about(LOCK_NAME)),
            }
        }
        Ok(roots)
    }

    fn feed(
        &mut self,
        party: &PartyName,
        (first, root): (&covouch_core::digest::Sha256, &Signed<Root>),
        (evidence, projects): (&EvidenceFile, &[ProjectName]),
    ) -> Result<(), Failure> {
        let prefix = feed_part(first, "");
        if !evidence.parts.keys().any(|path| path.starts_with(&prefix)) {
            self.gap(party, MISSING, format!("`{EVIDENCE_NAME}` has nothing of it"));
            return Ok(());
        }
        let failed = |failure: Failure| failure.about(EVIDENCE_NAME);
        let said = stored::said(root, self.now, projects, &|file| evidence.part(&feed_part(first, file)))
            .map_err(|error| failed(error.into()))?;
        let keys: Vec<PublicKey> = stored::root_keys(root).collect();
        let believed =
            believe(&keys, said.statements, &mut self.seen).map_err(|error| failed(error.into()))?;
        self.take(believed.statements.clone(), EVIDENCE_NAME, feeds::stays);
        if let Some(project) = said.unknown.first() {
            self.gap(
                party,
                feeds::INCOMPLETE,
                format!("its list for `{project}` is not in `{EVIDENCE_NAME}`"),
            );
        }
        match said.fresh_until {
            Some(until) if self.now < until => {}
            Some(until) => self.gap(party, feeds::STALE, format!("the feed is stale since {until}")),
            None => self.gap(party, feeds::STALE, "the feed was not whole when it was locked".to_owned()),
        }
        self.age(party, evidence);
        let answer = FeedAnswer {
            roots: keys,
            statements: believed.statements,
            others: believed.others,
            heads: said.heads,
            staleness: Staleness::Stale(said.fresh_until),
            unknown: said.unknown,
        };
        self.answers.insert(party.clone(), answer);
        Ok(())
    }

    /// What a party said against files: in its folder, where that is here, and in its chains in the evidence file.
    fn folder(&mut self, shelf: &Shelf<'_>, roots: &[PublicKey]) -> Result<(), Failure> {
        if shelf.folder.is_dir() {
            let chains = self.live(shelf, roots)?;
            self.take_chains(chains, &shelf.folder.display().to_string());
        }
        let Some(evidence) = &self.locked.evidence else {
            if !shelf.folder.is_dir() {
                self.gap(shelf.party, MISSING, format!("neither its folder nor `{EVIDENCE_NAME}` is here"));
            }
            return Ok(());
        };
        let chains = self.carried(shelf, roots, evidence)?;
        self.take_chains(chains, EVIDENCE_NAME);
        if !shelf.folder.is_dir() {
            self.reach(shelf, roots, evidence);
        }
        Ok(())
    }

    /// Notes where the evidence file does not say that there is nothing more.
    fn reach(&mut self, shelf: &Shelf<'_>, roots: &[PublicKey], evidence: &EvidenceFile) {
        if covers(shelf, roots, evidence) {
            self.age(shelf.party, evidence);
        } else {
            self.gap(shelf.party, MISSING, format!("`{EVIDENCE_NAME}` was not made for its keys"));
        }
    }

    fn live(&mut self, shelf: &Shelf<'_>, roots: &[PublicKey]) -> Result<Vec<Chain>, Failure> {
        let seen = &mut self.seen;
        let chains = chain::follow(roots, &mut |key| {
            let raw = folder::raw_chain(&shelf.folder, key)?;
            Chain::parse_seen(key, &raw.lines, raw.head.as_deref(), seen).map_err(|error| {
                folder::FolderError::Chain { path: folder::chain_path(&shelf.folder, key), error }
            })
        })?;
        Ok(chains)
    }

    fn carried(
        &mut self,
        shelf: &Shelf<'_>,
        roots: &[PublicKey],
        evidence: &EvidenceFile,
    ) -> Result<Vec<Chain>, Failure> {
        let seen = &mut self.seen;
        let chains = chain::follow(roots, &mut |key| {
            let lines = evidence.part(&shelf.part(&format!("{}.jsonl", key.id()))).unwrap_or_default();
            let head = evidence.part(&shelf.part(&format!("{}.head", key.id())));
            Chain::parse_seen(key, lines, head, seen)
        });
        chains.map_err(|error| Failure::from(error).about(EVIDENCE_NAME))
    }

    fn take_chains(&mut self, chains: Vec<Chain>, origin: &str) {
        for chain in chains {
            self.take(chain.into_statements(), origin, feeds::stays);
        }
    }

    /// Notes that the evidence is too old to say that a source has said nothing more, or that nobody says how old.
    fn age(&mut self, party: &PartyName, evidence: &EvidenceFile) {
        let terms = &self.terms;
        if terms.asks_seal && !self.locked.is_own() && !evidence.is_sealed_by(&terms.keys) {
            let detail = format!("nobody the policy names has sealed `{EVIDENCE_NAME}`");
            self.gap(party, NOT_SEALED, detail);
        } else if let Some(gap) = terms.aged(EVIDENCE_NAME, evidence.as_of, self.now) {
            self.gaps.entry(party.clone()).or_insert(gap);
        }
    }

    fn gap(&mut self, party: &PartyName, code: covouch_core::code::Code, detail: String) {
        let gap = Gap { code, source: party.as_str().into(), detail: detail.into() };
        self.gaps.entry(party.clone()).or_insert(gap);
    }

    fn finish(self, evidence: &mut Evidence, news: &Feeds) {
        for (statement, origin) in self.statements {
            evidence.add_statement(statement, origin);
        }
        news.add_against(evidence);
        // A feed that was read just now says by itself what it says.
        for (party, gap) in self.gaps.into_iter().filter(|(party, _)| !news.is_current(party)) {
            evidence.add_gap(party, gap);
        }
    }
}

impl Locked {
    fn is_own(&self) -> bool {
        self.witness == super::Witness::Ourselves
    }
}

/// Fewest statements that a thread is begun for: verifying so many takes longer than beginning it.
const SHARE: usize = 64;

/// Verifies the statements of these keys at once. What does not verify is met again by whoever asks for it.
fn ahead(envelopes: &[Envelope], keys: &[PublicKey]) -> Seen {
    let keys: BTreeMap<KeyId, &PublicKey> = keys.iter().map(|key| (key.id(), key)).collect();
    let verify = &|part: &[Envelope]| {
        let mut seen = Seen::default();
        for envelope in part {
            if let Some(key) = keys.get(&envelope.key()) {
                drop(seen.verify(envelope, key));
            }
        }
        seen
    };
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let share = envelopes.len().div_ceil(cores).max(SHARE);
    thread::scope(|scope| {
        let threads: Vec<_> = envelopes.chunks(share).map(|part| scope.spawn(move || verify(part))).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).fold(Seen::default(), Seen::and)
    })
}

/// Whether the evidence has all chains of a party with these root keys.
fn covers(shelf: &Shelf<'_>, roots: &[PublicKey], evidence: &EvidenceFile) -> bool {
    let text = evidence.part(&shelf.part(ROOTS)).and_then(|part| std::str::from_utf8(part).ok());
    let made_for: BTreeSet<&str> = text.unwrap_or_default().lines().collect();
    roots.iter().all(|key| made_for.contains(key.id().to_string().as_str()))
}
