//! What is to be published: the statements that are in no publication yet.
//!
//! # Invariants
//! - A chain is read from where the last publication ended, when it goes on there; else whole. Either way every
//!   statement that is published was verified, and follows the one before it.
//! - What is said twice is published once: without `published.json`, or with one that is wrong, a publication takes
//!   longer and says the same.
//!
//! # Not here
//! Putting statements into lists: `covouch-feed`.

use std::collections::{BTreeMap, BTreeSet};

use covouch_core::{
    digest::Sha256,
    key::{KeyId, PublicKey},
    statement::{Claim, Link, Statement, StatementId, leads_to},
};
use covouch_feed::{publish::Additions, role::Root};
use serde::{Deserialize, Serialize};

use super::{FeedError, FeedFolder, read};
use crate::{
    electorate,
    folder::{self, Added, Place},
    state::write_project_file,
};

/// `published.json`.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Progress {
    /// The digest of the timestamp of the publication this is about. After another one, it says nothing.
    timestamp: String,
    /// What is in it of each key's chain.
    #[serde(default)]
    chains: BTreeMap<String, Read>,
    /// The digest of each voter's file of heads that is in it.
    #[serde(default)]
    heads: BTreeMap<String, String>,
}

/// What was read of a chain.
#[derive(Clone, Serialize, Deserialize)]
struct Read {
    /// Bytes of its file.
    bytes: u64,
    /// How many statements.
    statements: u64,
    /// The last of them.
    newest: String,
    /// Whose chains are published because of it.
    leads_to: BTreeSet<String>,
}

/// What is in no publication yet.
pub(super) struct Waiting {
    chains: BTreeMap<PublicKey, Added>,
    progress: Progress,
}

impl FeedFolder {
    /// How many statements wait to be published.
    ///
    /// # Errors
    /// [`FeedError`].
    pub fn waiting(&self, root: &Root) -> Result<usize, FeedError> {
        let (waiting, _) = self.read_waiting(root)?;
        Ok(waiting.chains.values().map(|added| added.statements.len()).sum())
    }

    /// What is not published, and how far it will be after that.
    pub(super) fn additions(&self, root: &Root) -> Result<(Additions, Progress), FeedError> {
        let (Waiting { chains, mut progress }, done) = self.read_waiting(root)?;
        let mut additions = Additions::default();
        for (issuer, added) in chains {
            for (envelope, statement) in added.statements {
                additions.add(statement.value(), envelope);
            }
            self.add_heads(&issuer, &done, (&mut additions, &mut progress))?;
        }
        Ok((additions, progress))
    }

    /// The chains of the feed's keys and of those they lead to, and of the people of every electorate whose documents
    /// are here, whom nobody needs to trust to count their ballots.
    fn read_waiting(&self, root: &Root) -> Result<(Waiting, Progress), FeedError> {
        let done = self.progress()?;
        let mut waiting = Waiting { chains: BTreeMap::new(), progress: Progress::default() };
        let mut wanted: Vec<PublicKey> = root.targets().ed25519().collect();
        while !wanted.is_empty() {
            while let Some(key) = wanted.pop() {
                if !waiting.chains.contains_key(&key) {
                    wanted.extend(self.read_one(&key, &done, &mut waiting)?);
                }
            }
            wanted.extend(self.people_of_others(&waiting)?);
            wanted.retain(|key| !waiting.chains.contains_key(key));
        }
        Ok((waiting, done))
    }

    /// Reads what is new of a chain, and says whose chains it asks for, old statements and new.
    fn read_one(
        &self,
        issuer: &PublicKey,
        done: &Progress,
        waiting: &mut Waiting,
    ) -> Result<Vec<PublicKey>, FeedError> {
        let id = issuer.id().to_string();
        let before = done.chains.get(&id);
        let place = before.and_then(Read::place);
        let added = folder::read_added(&self.statements(), issuer, place)?;
        let mut leads_to: BTreeSet<PublicKey> =
            added.statements.iter().flat_map(|(_, statement)| asks_for(statement.value())).collect();
        // Also when the chain had to be read whole: what was published stays published.
        leads_to.extend(before.into_iter().flat_map(Read::leads_to));
        if let Some(read) = Read::new(&added.end, &leads_to) {
            waiting.progress.chains.insert(id, read);
        }
        waiting.chains.insert(*issuer, added);
        Ok(leads_to.into_iter().collect())
    }

    /// The people of the electorates in chains that nobody else asks for.
    fn people_of_others(&self, waiting: &Waiting) -> Result<Vec<PublicKey>, FeedError> {
        let read: BTreeSet<KeyId> = waiting.chains.keys().map(PublicKey::id).collect();
        let others = electorate::list_of_others(&self.statements(), &read)?;
        Ok(others.iter().flat_map(|electorate| electorate.keys().copied()).collect())
    }

    fn add_heads(
        &self,
        voter: &PublicKey,
        done: &Progress,
        (additions, progress): (&mut Additions, &mut Progress),
    ) -> Result<(), FeedError> {
        let id = voter.id().to_string();
        let Some(bytes) = read(&folder::heads_path(&self.statements(), voter))? else { return Ok(()) };
        let digest = Sha256::of(&bytes).to_string();
        if done.heads.get(&id) != Some(&digest) {
            for (envelope, head) in folder::read_heads(&self.statements(), voter)? {
                additions.add_head(head.value(), envelope);
            }
        }
        progress.heads.insert(id, digest);
        Ok(())
    }

    fn progress(&self) -> Result<Progress, FeedError> {
        let timestamp = read(&self.public().join("timestamp.json"))?;
        let progress = read(&self.path.join("published.json"))?;
        let progress: Progress =
            progress.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        let now = timestamp.map(|bytes| Sha256::of(&bytes).to_string());
        Ok(if now.as_ref() == Some(&progress.timestamp) { progress } else { Progress::default() })
    }

    /// Remembers how far the chains are in the publication that stands here now.
    pub(super) fn keep_progress(&self, progress: Progress) -> Result<(), FeedError> {
        let timestamp = read(&self.public().join("timestamp.json"))?.unwrap_or_default();
        let progress = Progress { timestamp: Sha256::of(&timestamp).to_string(), ..progress };
        // Numbers and texts are JSON.
        let json = serde_json::to_vec(&progress).unwrap_or_default();
        Ok(write_project_file(&self.path.join("published.json"), &json)?)
    }
}

/// Whose chains are published because somebody said this.
fn asks_for(statement: &Statement) -> Vec<PublicKey> {
    match &statement.claim {
        Claim::Electorate(electorate) => electorate.keys().copied().collect(),
        _ => leads_to(statement).into_iter().collect(),
    }
}

impl Read {
    /// `None` of a chain without statements: there is nothing to go on from.
    fn new(end: &Place, leads_to: &BTreeSet<PublicKey>) -> Option<Self> {
        let newest = end.next.previous?.to_string();
        let leads_to = leads_to.iter().map(ToString::to_string).collect();
        Some(Self { bytes: end.bytes, statements: end.next.sequence.saturating_sub(1), newest, leads_to })
    }

    fn place(&self) -> Option<Place> {
        let previous = StatementId::parse(&self.newest).ok();
        previous.is_some().then(|| {
            let next = Link { sequence: self.statements.saturating_add(1), previous };
            Place { bytes: self.bytes, next }
        })
    }

    fn leads_to(&self) -> impl Iterator<Item = PublicKey> {
        self.leads_to.iter().filter_map(|key| Some(PublicKey::parse(key).ok()?.0))
    }
}
