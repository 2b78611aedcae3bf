//! What a folder of statements holds about an electorate: its documents, and the chains that its count needs.
//!
//! # Invariants
//! - A document that nobody vouches for yet only says which chains to open; it is believed by its digest, and who
//!   signed it is checked with the chains.
//!
//! # Not here
//! Which version holds, and counting: `covouch_graph::tally`.

use std::{collections::BTreeSet, fs, path::Path};

use covouch_core::{
    key::PublicKey,
    statement::{Electorate, ElectorateId, Envelope, chain::Chain, peek_electorate},
};

use crate::folder::{self, FolderError};

/// Every version of every electorate that stands in a folder, signed by whomever, in order of their ids.
///
/// # Errors
/// [`FolderError`] when the folder cannot be read.
pub fn list(folder: &Path) -> Result<Vec<Electorate>, FolderError> {
    let disk = |error| FolderError::Disk { path: folder.to_owned(), error };
    if !folder.is_dir() {
        return Err(FolderError::Missing { path: folder.to_owned() });
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(disk)? {
        let path = entry.map_err(disk)?.path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            let bytes = folder::read_file(&path)?.unwrap_or_default();
            found.extend(versions(&bytes));
        }
    }
    found.sort_by_key(Electorate::id);
    found.dedup_by_key(|electorate| electorate.id());
    Ok(found)
}

/// Every version of every electorate among the statements of one chain, whatever they are worth.
pub fn versions(lines: &[u8]) -> impl Iterator<Item = Electorate> + '_ {
    let lines = lines.split(|byte| *byte == b'\n');
    lines.filter_map(|line| peek_electorate(&Envelope::parse(line).ok()?))
}

/// The keys of an electorate in all of these versions: where reading its chains starts.
#[must_use]
pub fn keys(versions: &[Electorate], electorate: &ElectorateId) -> Vec<PublicKey> {
    let versions = versions.iter().filter(|version| version.electorate() == *electorate);
    let keys: BTreeSet<PublicKey> = versions.flat_map(Electorate::keys).copied().collect();
    keys.into_iter().collect()
}

/// The chains of an electorate's admins, voters and seeds, of all its versions, and of every key that those lead to.
/// Empty when the folder does not have its first version.
///
/// # Errors
/// [`FolderError`] for the first chain that is broken: half a folder is never evidence.
pub fn read(folder: &Path, electorate: &ElectorateId) -> Result<Vec<Chain>, FolderError> {
    folder::read(folder, &keys(&list(folder)?, electorate))
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
