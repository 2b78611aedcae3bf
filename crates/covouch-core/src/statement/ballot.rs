//! Ballots: what one voter says about some files to an electorate, and where it stands among that voter's ballots.
//!
//! # Invariants
//! - A ballot has two places. Its [`Link`](super::Link) is the one in the voter's chain of all statements; its
//!   [`BallotPlace`] counts the ballots of one voter to one electorate on one project, so that those can travel
//!   without the rest of the chain and a missing one still shows.
//!
//! # Not here
//! Whether a ballot counts: `covouch_graph::tally` says so, for an electorate, at a moment.

use super::{ElectorateId, Files, StatementId};
use crate::{
    name::ProjectName,
    time::{Timestamp, Validity},
};

/// One voter's word on some files of one release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ballot {
    /// Which files.
    pub files: Files,
    /// When it may be counted.
    pub validity: Validity,
    /// Yes, no, neither, or not any more.
    pub choice: Choice,
    /// To whom: the electorate's first version names it.
    pub electorate: ElectorateId,
    /// Under which version of the electorate's rules.
    pub version: u32,
    /// Its place among the voter's ballots to this electorate on this project.
    pub place: BallotPlace,
}

/// What a voter says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Choice {
    /// Install it.
    Approve,
    /// Do not.
    Object,
    /// I looked and say neither; counts towards a quorum.
    Abstain,
    /// My earlier ballot on these files counts no more.
    Withdraw,
}

impl Choice {
    /// All choices.
    pub const ALL: [Self; 4] = [Self::Approve, Self::Object, Self::Abstain, Self::Withdraw];

    /// The choice's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Object => "object",
            Self::Abstain => "abstain",
            Self::Withdraw => "withdraw",
        }
    }

    /// The choice of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == text)
    }
}

/// A ballot's place among one voter's ballots to one electorate on one project.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BallotPlace {
    /// 1 for the first.
    pub sequence: u64,
    /// The ballot before; `None` for the first and only for the first.
    pub previous: Option<StatementId>,
}

impl BallotPlace {
    /// The first place.
    pub const FIRST: Self = Self { sequence: 1, previous: None };

    /// The place after the ballot that stands here.
    #[must_use]
    pub const fn after(self, ballot: StatementId) -> Self {
        Self { sequence: self.sequence.saturating_add(1), previous: Some(ballot) }
    }
}

/// The newest of one voter's ballots, signed so that anybody can carry it: whoever withholds that ballot is shown up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BallotHead {
    /// To which electorate.
    pub electorate: ElectorateId,
    /// On which project.
    pub project: ProjectName,
    /// The newest ballot's number.
    pub sequence: u64,
    /// The newest ballot.
    pub ballot: StatementId,
    /// When the head was signed.
    pub issued: Timestamp,
}
