//! A packing, written down so that it can be checked: how much flows on which chain.

use covouch_core::{amount::Amount, level::Level};

use crate::{
    instance::{CertificationIndex, DelegationIndex, RootIndex, WordIndex},
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
