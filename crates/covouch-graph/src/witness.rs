//! A packing, written down so that it can be checked: how much flows on which chain.

use covouch_core::{
    amount::{Amount, Score},
    level::Level,
};

use crate::{
    instance::{CertificationIndex, DelegationIndex, Member, RootIndex, WordIndex},
    parties::PartyIndex,
};

/// How trust reaches the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Path {
    /// An adapter says so.
    Word(WordIndex),
    /// From a root key over delegations to a key that certifies the file.
    Keys {
        /// Where it starts.
        root: RootIndex,
        /// The delegations, in order; empty when the root key itself certifies.
        delegations: Vec<DelegationIndex>,
        /// What it ends in.
        certification: CertificationIndex,
    },
}

/// How much flows on one chain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share {
    /// How much.
    pub amount: Amount,
    /// On which chain.
    pub path: Path,
}

/// What a packing says it amounts to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sum {
    /// Whose support.
    pub party: PartyIndex,
    /// At exactly this level.
    pub level: Level,
    /// How much.
    pub amount: Amount,
}

/// A packing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Witness {
    /// The chains and what flows on them.
    pub shares: Vec<Share>,
    /// What they amount to, for every party and level with any support, in order.
    pub sums: Vec<Sum>,
}

/// What some sums amount to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tally<'a> {
    pub(crate) members: &'a [Member],
    pub(crate) sums: &'a [Sum],
}

impl Tally<'_> {
    /// A party's support at a level or above.
    pub(crate) fn support(&self, party: PartyIndex, level: Level) -> Amount {
        let sums = self.sums.iter().filter(|sum| sum.party == party && sum.level >= level);
        // No packing has more than 600 of one party; what has is worth nothing.
        Amount::from_units(sums.fold(0, |units, sum| sum.amount.units().saturating_add(units)))
            .unwrap_or(Amount::NONE)
    }

    /// The sum of weight × support.
    pub(crate) fn score(&self) -> Score {
        let weigh = |sum: &Sum| {
            let member = self.members.iter().find(|member| member.party == sum.party);
            member.map_or(Score::default(), |member| Score::of(member.weights.at(sum.level), sum.amount))
        };
        self.sums.iter().map(weigh).sum()
    }
}
