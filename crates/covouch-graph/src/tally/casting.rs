//! Each voter's last word on a file, and what becomes of every ballot.
//!
//! # Invariants
//! - The last ballot of a voter that lists the file replaces all before it for ever, also when it has expired.
//! - Whoever's ballots have a hole is not known: nobody can say what the missing one says.

use std::collections::{BTreeMap, BTreeSet};

use covouch_core::{
    key::PublicKey,
    statement::{BallotHead, Electorate, StatementId},
    time::{Standing, Timestamp},
};

use super::{
    Aside, Cast, Poll, Word,
    franchise::Franchise,
    votes::{Signed, Votes},
};

/// What everybody says, and what became of every ballot on the file.
#[derive(Debug, Default)]
pub(super) struct Casting {
    pub(super) words: BTreeMap<PublicKey, Word>,
    pub(super) ballots: Vec<Cast>,
    pub(super) unknown: BTreeMap<PublicKey, Aside>,
    /// When time alone changes what is said.
    pub(super) moments: Vec<Timestamp>,
}

impl Casting {
    pub(super) fn read(
        votes: &Votes<'_>,
        franchise: &Franchise<'_>,
        electorate: &Electorate,
        poll: &Poll<'_>,
    ) -> Self {
        let project = &poll.subject.project;
        let ballots = votes.ballots(&poll.electorate, project);
        let heads = votes.heads(&poll.electorate, project);
        let voters: BTreeSet<&PublicKey> = ballots
            .into_iter()
            .flat_map(BTreeMap::keys)
            .chain(heads.into_iter().flat_map(BTreeMap::keys))
            .collect();
        let mut casting = Self::default();
        for voter in voters {
            let ballots = ballots.and_then(|ballots| ballots.get(voter)).map_or(&[][..], Vec::as_slice);
            let heads = heads.and_then(|heads| heads.get(voter)).map_or(&[][..], Vec::as_slice);
            let slips = Slips::new(ballots, heads, poll);
            let entitled = franchise.check(voter);
            let verdict = |signed: &Signed<'_>| {
                if signed.0.value().issued > poll.now {
                    return Some(Aside::Future);
                }
                entitled.err().or(slips.hole).or_else(|| slips.fate(*signed, votes, electorate))
            };
            casting.add(voter, &slips, verdict);
            if let (Ok(()), Some(hole)) = (entitled, slips.hole) {
                casting.forget(*voter, hole);
            }
        }
        casting.ballots.sort_unstable_by_key(|cast| (cast.voter, cast.sequence, cast.ballot));
        casting
    }

    fn add(
        &mut self,
        voter: &PublicKey,
        slips: &Slips<'_, '_>,
        verdict: impl Fn(&Signed<'_>) -> Option<Aside>,
    ) {
        for signed in slips.ballots.iter().filter(|(_, ballot)| ballot.files.lists(slips.poll.subject)) {
            let (statement, ballot) = signed;
            let aside = verdict(signed);
            match aside {
                None => {
                    self.words.insert(*voter, Word::Says(ballot.choice));
                    self.moments.push(ballot.validity.not_after());
                }
                // The rules it was cast under exist, and are kept from us.
                Some(Aside::NewerVersion) => self.forget(*voter, Aside::NewerVersion),
                Some(Aside::Future) => self.moments.push(statement.value().issued),
                Some(_) => {}
            }
            self.ballots.push(Cast {
                ballot: statement.id(),
                voter: *voter,
                sequence: ballot.place.sequence,
                choice: ballot.choice,
                issued: statement.value().issued,
                aside,
            });
        }
    }

    fn forget(&mut self, voter: PublicKey, why: Aside) {
        self.words.insert(voter, Word::Unknown);
        self.unknown.insert(voter, why);
    }
}

/// One voter's ballots to an electorate on a project.
struct Slips<'a, 'b> {
    ballots: &'b [Signed<'a>],
    poll: &'b Poll<'b>,
    /// Every ballot known to stand at a number, by itself or by a head.
    places: BTreeMap<u64, BTreeSet<StatementId>>,
    /// The number of the last ballot on the file.
    last: Option<u64>,
    /// Why something is missing.
    hole: Option<Aside>,
}

impl<'a, 'b> Slips<'a, 'b> {
    fn new(ballots: &'b [Signed<'a>], heads: &[&BallotHead], poll: &'b Poll<'b>) -> Self {
        let cast = || ballots.iter().filter(|(statement, _)| statement.value().issued <= poll.now);
        let heads = || heads.iter().filter(|head| head.issued <= poll.now);
        let mut places: BTreeMap<u64, BTreeSet<StatementId>> = BTreeMap::new();
        for (statement, ballot) in cast() {
            places.entry(ballot.place.sequence).or_default().insert(statement.id());
        }
        let known: BTreeSet<u64> = places.keys().copied().collect();
        for head in heads() {
            places.entry(head.sequence).or_default().insert(head.ballot);
        }
        let on_file = cast().filter(|(_, ballot)| ballot.files.lists(poll.subject));
        let last = on_file.map(|(_, ballot)| ballot.place.sequence).max();
        let mut slips = Self { ballots, poll, places, last, hole: None };
        slips.hole = slips.find_hole(&known, cast().copied());
        slips
    }

    fn find_hole<'c>(
        &self,
        known: &BTreeSet<u64>,
        mut cast: impl Iterator<Item = Signed<'c>>,
    ) -> Option<Aside> {
        // Numbers begin at 1, so ballots without a hole end at their count.
        let newest = known.last().copied().unwrap_or_default();
        if u64::try_from(known.len()) != Ok(newest) {
            return Some(Aside::Dropped);
        }
        if self.places.last_key_value().is_some_and(|(sequence, _)| *sequence > newest) {
            return Some(Aside::Withheld);
        }
        let follows = |(_, ballot): Signed<'_>| match ballot.place.previous {
            None => true,
            Some(previous) => {
                let before = ballot.place.sequence.checked_sub(1);
                let before = before.and_then(|sequence| self.places.get(&sequence));
                before.is_some_and(|ballots| ballots.contains(&previous))
            }
        };
        (!cast.all(follows)).then_some(Aside::Broken)
    }

    /// What becomes of a ballot on the file whose voter is entitled and known.
    fn fate(
        &self,
        (statement, ballot): Signed<'_>,
        votes: &Votes<'_>,
        electorate: &Electorate,
    ) -> Option<Aside> {
        let sequence = ballot.place.sequence;
        let twins = self.places.get(&sequence).is_some_and(|ballots| ballots.len() > 1);
        if twins {
            Some(Aside::Doubled)
        } else if self.last.is_some_and(|last| sequence < last) {
            Some(Aside::Superseded)
        } else if votes.is_withdrawn(statement) {
            Some(Aside::Withdrawn)
        } else if ballot.validity.at(self.poll.now) == Standing::Expired {
            Some(Aside::Expired)
        } else if ballot.version > electorate.version() {
            Some(Aside::NewerVersion)
        } else if ballot.version < electorate.terms().ballots_since {
            Some(Aside::OlderVersion)
        } else {
            None
        }
    }
}
