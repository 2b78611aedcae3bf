//! What folders and feeds hold about an electorate: its documents, and what the people of it signed.
//!
//! # Invariants
//! - A document that nobody vouches for yet only says whose statements to read; it is believed by its digest, and who
//!   signed it is checked with the statements.
//! - What several sources hold is put together: whoever leaves something out of one of them hides it only from those
//!   who have no other.
//!
//! # Not here
//! Which version holds, and counting: `covouch_graph::tally`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use covouch_core::{
    code::Code,
    hint::Hint,
    key::{KeyId, PublicKey},
    statement::{
        BallotHead, Claim, Electorate, ElectorateId, Envelope, Statement, Verified, VerifyError,
        chain::Chain, peek_electorate, verify, verify_ballot_head,
    },
};
use covouch_feed::statements::leads_to;

use crate::{
    feed::FeedAnswer,
    folder::{self, FolderError},
};

/// Every version of every electorate that stands in a folder, signed by whomever, in order of their ids.
///
/// # Errors
/// [`FolderError`] when the folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Electorate>, FolderError> {
    list_of_others(folder, &BTreeSet::new())
}

/// The same, of the chains of other keys than these.
pub(crate) fn list_of_others(folder: &Path, keys: &BTreeSet<KeyId>) -> Result<Vec<Electorate>, FolderError> {
    let files: BTreeSet<String> = keys.iter().map(|key| format!("{key}.jsonl")).collect();
    let is_theirs =
        |path: &Path| path.file_name().is_some_and(|name| files.contains(&*name.to_string_lossy()));
    let disk = |error| FolderError::Disk { path: folder.to_owned(), error };
    if !folder.is_dir() {
        return Err(FolderError::Missing { path: folder.to_owned() });
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(disk)? {
        let path = entry.map_err(disk)?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") && !is_theirs(&path) {
            let bytes = folder::read_file(&path)?.unwrap_or_default();
            found.extend(versions(&bytes));
        }
    }
    Ok(in_order(found))
}

fn in_order(mut electorates: Vec<Electorate>) -> Vec<Electorate> {
    electorates.sort_by_key(Electorate::id);
    electorates.dedup_by_key(|electorate| electorate.id());
    electorates
}

/// The keys that the versions of an electorate name.
#[must_use]
pub fn keys_of(versions: &[Electorate], electorate: &ElectorateId) -> BTreeSet<PublicKey> {
    let versions = versions.iter().filter(|version| version.electorate() == *electorate);
    versions.flat_map(Electorate::keys).copied().collect()
}

/// Every version of every electorate among the statements of one chain, whatever they are worth.
pub fn versions(lines: &[u8]) -> impl Iterator<Item = Electorate> + '_ {
    let lines = lines.split(|byte| *byte == b'\n');
    lines.filter_map(|line| peek_electorate(&Envelope::parse(line).ok()?))
}

/// The chains of an electorate's admins, voters and seeds, of all its versions, and of every key that those lead to.
/// Empty when the folder does not have its first version.
///
/// # Errors
/// [`FolderError`] for the first chain that is broken: half a folder is never evidence.
pub fn read(folder: &Path, electorate: &ElectorateId) -> Result<Vec<Chain>, FolderError> {
    folder::read(folder, &Vec::from_iter(keys_of(&list(folder)?, electorate)))
}

/// Why what is there about an electorate cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordsError {
    /// A folder is broken.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// A statement of one of its people in a feed is not what it says.
    #[error("a statement in the feed: {0}")]
    Feed(#[from] VerifyError),
}

impl RecordsError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Folder(error) => error.code(),
            Self::Feed(error) => error.code(),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Folder(error) => error.hint(),
            Self::Feed(error) => error.hint(),
        }
    }
}

/// What the people of an electorate signed, from everywhere.
#[derive(Clone, Debug, Default)]
pub struct Register {
    /// Their statements.
    pub statements: Vec<Verified<Statement>>,
    /// Heads of their ballots.
    pub heads: Vec<Verified<BallotHead>>,
    /// They: admins, voters and seeds of all versions, and whoever those lead to.
    pub people: BTreeSet<PublicKey>,
}

/// Where records of electorates are: folders of statements, and feeds that were read.
pub struct Records<'a> {
    folders: Vec<&'a Path>,
    feeds: Vec<Sorted<'a>>,
}

/// A feed's statements by who signed them.
#[derive(Default)]
struct Sorted<'a> {
    believed: BTreeMap<PublicKey, Vec<&'a Verified<Statement>>>,
    others: BTreeMap<KeyId, Vec<&'a Envelope>>,
    heads: BTreeMap<KeyId, Vec<&'a Envelope>>,
}

impl<'a> Sorted<'a> {
    fn new(feed: &'a FeedAnswer) -> Self {
        let mut sorted = Self::default();
        for statement in &feed.statements {
            sorted.believed.entry(*statement.issuer()).or_default().push(statement);
        }
        for envelope in &feed.others {
            sorted.others.entry(envelope.key()).or_default().push(envelope);
        }
        for head in &feed.heads {
            sorted.heads.entry(head.key()).or_default().push(head);
        }
        sorted
    }

    fn electorates(&self) -> impl Iterator<Item = Electorate> {
        let believed =
            self.believed.values().flatten().filter_map(|statement| match &statement.value().claim {
                Claim::Electorate(electorate) => Some(Electorate::clone(electorate)),
                _ => None,
            });
        believed.chain(self.others.values().flatten().filter_map(|envelope| peek_electorate(envelope)))
    }

    fn add_to(&self, register: &mut Register, key: &PublicKey) -> Result<(), VerifyError> {
        let believed = self.believed.get(key).into_iter().flatten().copied().cloned();
        register.statements.extend(believed);
        for envelope in self.others.get(&key.id()).into_iter().flatten() {
            register.statements.push(verify(envelope, key)?);
        }
        for head in self.heads.get(&key.id()).into_iter().flatten() {
            register.heads.push(verify_ballot_head(head, key)?);
        }
        Ok(())
    }
}

impl<'a> Records<'a> {
    /// Those of folders and of feeds.
    pub fn new(
        folders: impl IntoIterator<Item = &'a Path>,
        feeds: impl IntoIterator<Item = &'a FeedAnswer>,
    ) -> Self {
        let folders = folders.into_iter().collect();
        Self { folders, feeds: feeds.into_iter().map(Sorted::new).collect() }
    }

    /// Every version of every electorate there, signed by whomever, in order of their ids.
    ///
    /// # Errors
    /// [`RecordsError`] when a folder cannot be read.
    pub fn electorates(&self) -> Result<Vec<Electorate>, RecordsError> {
        let mut found = Vec::new();
        for folder in &self.folders {
            found.extend(list(folder)?);
        }
        found.extend(self.feeds.iter().flat_map(Sorted::electorates));
        Ok(in_order(found))
    }

    /// Everything that an electorate's people signed.
    ///
    /// # Errors
    /// [`RecordsError`] for the first statement of theirs that is not what it says: half of it is never evidence.
    pub fn register(&self, electorate: &ElectorateId) -> Result<Register, RecordsError> {
        let mut wanted = Vec::from_iter(keys_of(&self.electorates()?, electorate));
        let mut register = Register::default();
        while let Some(key) = wanted.pop() {
            if !register.people.insert(key) {
                continue;
            }
            let before = register.statements.len();
            for folder in &self.folders {
                register.statements.extend(folder::read_chain(folder, &key)?.into_statements());
                let heads = folder::read_heads(folder, &key)?;
                register.heads.extend(heads.into_iter().map(|(_, head)| head));
            }
            for feed in &self.feeds {
                feed.add_to(&mut register, &key)?;
            }
            let new = register.statements.iter().skip(before);
            wanted.extend(new.filter_map(|statement| leads_to(statement.value())));
        }
        Ok(register)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU16;

    use covouch_core::{
        digest::Sha256,
        key::SecretKey,
        party::{Owner, PartyName},
        statement::{Claim, Committee, Edition, Member, Rule, Statement, Terms, Voter},
        time::{Timestamp, Validity},
    };
    use zeroize::Zeroizing;

    use super::*;

    fn key(name: &str) -> SecretKey {
        SecretKey::from_seed(&Zeroizing::new(*Sha256::of(name.as_bytes()).as_bytes())).unwrap()
    }

    fn now() -> Timestamp {
        Timestamp::parse("2026-11-22").unwrap()
    }

    /// A committee of one voter, who is its admin.
    fn electorate(name: &str) -> Electorate {
        let voter = *key(name).public_key();
        let member =
            Member { affiliation: Owner::parse("acme").unwrap(), since: now(), voter: Voter::Person };
        let roster = [(voter, member)].into();
        let (approvals, objections) = (NonZeroU16::MIN, NonZeroU16::MIN);
        let terms = Terms {
            name: PartyName::parse("council").unwrap(),
            admins: [voter].into(),
            threshold: NonZeroU16::MIN,
            ballots_since: 1,
            maturity_days: 0,
            recusals: Vec::new(),
            validity: Validity::new(now(), Timestamp::parse("2027-11-22").unwrap()).unwrap(),
            rule: Rule::Committee(Committee { approvals, objections, roster }),
        };
        Electorate::new(Edition::First, terms).unwrap()
    }

    #[test]
    fn a_document_is_found_whoever_signed_it_and_leads_to_its_own_people_only() {
        let folder = tempfile::tempdir().unwrap();
        let (ann, bob) = (electorate("ann"), electorate("bob"));
        for (signer, electorate) in [("ann", &ann), ("stranger", &ann), ("bob", &bob)] {
            let claim = Claim::Electorate(Box::new(electorate.clone()));
            folder::append(folder.path(), &key(signer), now(), |link| Statement {
                link,
                issued: now(),
                claim,
            })
            .unwrap();
        }
        let found: Vec<ElectorateId> = list(folder.path()).unwrap().iter().map(Electorate::id).collect();
        assert_eq!(BTreeSet::from_iter(found), BTreeSet::from([ann.id(), bob.id()]));
        let chains = read(folder.path(), &ann.id()).unwrap();
        let issuers: Vec<&PublicKey> = chains.iter().map(Chain::issuer).collect();
        assert_eq!(issuers, [key("ann").public_key()]);
        assert!(read(folder.path(), &electorate("nobody").id()).unwrap().is_empty());
        let missing = folder.path().join("missing");
        assert!(matches!(list(&missing), Err(FolderError::Missing { .. })));
    }
}
