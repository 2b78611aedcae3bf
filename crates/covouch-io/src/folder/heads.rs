//! Heads of a voter's ballots in a folder: one a line, for whoever carries them past somebody who leaves ballots out.
//!
//! # Invariants
//! - A head is verified before it is written and whenever it is read.
//! - Of each electorate and project the newest heads stand there; two that contradict each other both do, for together
//!   they prove that the voter signed two ballots with one number.

use std::path::{Path, PathBuf};

use covouch_core::{
    key::PublicKey,
    statement::{BallotHead, Envelope, Verified, VerifyError, chain::ChainError, verify_ballot_head},
};

use super::{FolderError, lock, read_file};
use crate::state;

/// Where the heads of a voter's ballots stand.
#[must_use]
pub fn heads_path(folder: &Path, voter: &PublicKey) -> PathBuf {
    folder.join(format!("{}.heads", voter.id()))
}

/// The heads of a voter's ballots, with their envelopes; none when nobody brought any.
///
/// # Errors
/// [`FolderError`] for the first that is not what it says.
pub fn read_heads(
    folder: &Path,
    voter: &PublicKey,
) -> Result<Vec<(Envelope, Verified<BallotHead>)>, FolderError> {
    let path = heads_path(folder, voter);
    let bytes = read_file(&path)?.unwrap_or_default();
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let parse = |line: &[u8]| {
        let envelope = Envelope::parse(line)?;
        let head = verify_ballot_head(&envelope, voter)?;
        Ok::<_, VerifyError>((envelope, head))
    };
    let heads = lines.map(parse).collect::<Result<_, _>>();
    heads.map_err(|error| FolderError::Chain { path, error: ChainError::Head(error) })
}

/// Keeps a head of this voter's ballots, in the place of older ones. Says whether it is new.
///
/// # Errors
/// [`FolderError`] when it is not this voter's, or the disk says no.
pub fn keep_head(folder: &Path, voter: &PublicKey, head: &Envelope) -> Result<bool, FolderError> {
    let path = heads_path(folder, voter);
    let wrong = |error| FolderError::Chain { path: path.clone(), error: ChainError::Head(error) };
    let new = verify_ballot_head(head, voter).map_err(wrong)?;
    let _lock = lock(folder).map_err(|error| FolderError::Disk { path: folder.to_owned(), error })?;
    let mut heads = read_heads(folder, voter)?;
    let about = |head: &BallotHead| (head.electorate, head.project.clone());
    let beside = |old: &BallotHead| about(old) == about(new.value());
    let says_it = |old: &BallotHead| {
        let same = (old.sequence, old.ballot) == (new.value().sequence, new.value().ballot);
        beside(old) && (same || old.sequence > new.value().sequence)
    };
    if heads.iter().any(|(_, old)| says_it(old.value())) {
        return Ok(false);
    }
    heads.retain(|(_, old)| !beside(old.value()) || old.value().sequence == new.value().sequence);
    heads.push((head.clone(), new));
    heads.sort_by_key(|(_, head)| (head.value().project.clone(), head.value().electorate, head.id()));
    let lines: String = heads.iter().map(|(envelope, _)| envelope.to_json() + "\n").collect();
    state::write_project_file(&path, lines.as_bytes())?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use covouch_core::{
        digest::Sha256,
        key::SecretKey,
        name::ProjectName,
        statement::{ElectorateId, StatementId, sign_ballot_head},
        time::Timestamp,
    };
    use zeroize::Zeroizing;

    use super::*;

    fn key(seed: u8) -> SecretKey {
        SecretKey::from_seed(&Zeroizing::new([seed; 32])).unwrap()
    }

    /// A voter's head that names this ballot under this number.
    fn head(project: &str, sequence: u64, ballot: &str) -> Envelope {
        let digest = |text: &str| Sha256::of(text.as_bytes()).to_string();
        let head = BallotHead {
            electorate: ElectorateId::parse(&digest("council")).unwrap(),
            project: ProjectName::parse(project).unwrap(),
            sequence,
            ballot: StatementId::parse(&digest(ballot)).unwrap(),
            issued: Timestamp::parse("2026-11-22").unwrap(),
        };
        sign_ballot_head(&head, &key(1)).unwrap().0
    }

    #[test]
    fn the_newest_heads_stay_and_those_that_contradict_each_other_stay_together() {
        let folder = tempfile::tempdir().unwrap();
        let keep = |head: &Envelope| keep_head(folder.path(), key(1).public_key(), head).unwrap();
        let sequences = || {
            let heads = read_heads(folder.path(), key(1).public_key()).unwrap();
            heads.iter().map(|(_, head)| head.value().sequence).collect::<Vec<_>>()
        };
        assert!(sequences().is_empty());
        assert!(keep(&head("six", 1, "first")) && keep(&head("six", 2, "second")));
        assert_eq!(sequences(), [2]);
        assert!(!keep(&head("six", 1, "first")) && !keep(&head("six", 2, "second")), "nothing new");
        assert!(keep(&head("six", 2, "another second")) && keep(&head("flask", 1, "on flask")));
        assert_eq!(sequences(), [1, 2, 2]);
    }

    #[test]
    fn a_head_of_somebody_else_is_not_kept_and_one_that_was_changed_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let (voter, other) = (key(1), key(2));
        let error = keep_head(folder.path(), other.public_key(), &head("six", 1, "first")).unwrap_err();
        assert_eq!(error.code().as_str(), "statement-other-key");
        keep_head(folder.path(), voter.public_key(), &head("six", 1, "first")).unwrap();
        let path = heads_path(folder.path(), voter.public_key());
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("\"sig\":\"", "\"sig\":\"AAAA", 1)).unwrap();
        assert!(read_heads(folder.path(), voter.public_key()).is_err());
        std::fs::write(&path, text).unwrap();
        assert_eq!(read_heads(folder.path(), voter.public_key()).unwrap().len(), 1);
    }
}
