//! What each party's word amounts to for a file, alone and without double counting, for reports.

use std::sync::Arc;

use covouch_core::{
    amount::{Amount, Score},
    key::PublicKey,
    level::Level,
    party::Owner,
    statement::{Author, StatementId},
};

use crate::{parties::PartyIndex, question::Undecidable};

/// How trust reaches a file for one party, and how much of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// For whom.
    pub party: PartyIndex,
    /// At which level: the smallest cap on the way.
    pub level: Level,
    /// How much.
    pub amount: Amount,
    /// The keys, the party's root key first; empty for an adapter's word.
    pub keys: Vec<PublicKey>,
    /// The delegations from each key to the next.
    pub delegations: Vec<StatementId>,
    /// What it ends in.
    pub end: Certification,
}

/// What a chain ends in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Certification {
    /// The last key vouches for the file.
    Vouch(StatementId),
    /// The last key names an author, who released the file.
    Author {
        /// Who.
        author: Box<Author>,
        /// The statement that names the author.
        grant: StatementId,
        /// The author's release.
        release: StatementId,
    },
    /// The last key names somebody who has no key here, and who stands behind the file.
    Identity {
        /// Who.
        author: Box<Author>,
        /// The statement that names them.
        grant: StatementId,
        /// What shows that they stand behind it.
        origin: Arc<str>,
    },
    /// An adapter's word.
    Finding(Arc<str>),
}

/// What everybody's word for a file amounts to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Support {
    /// Every party, in order.
    pub parties: Vec<PartySupport>,
    /// The score when each party is counted alone.
    pub raw: Score,
    /// The largest score without double counting.
    pub independent: Score,
    /// The keys that explain why the second is less than the first.
    pub shared: Vec<SharedKey>,
    /// The owners whose parties count together as one and would otherwise add more.
    pub owners: Vec<Owner>,
    /// Set when not everything was counted.
    pub incomplete: Option<Undecidable>,
}

/// What one party's word amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartySupport {
    /// Which party.
    pub party: PartyIndex,
    /// For each level it reaches, lowest first, its support at that level or above with only this party present.
    pub alone: Vec<(Level, Amount)>,
    /// Its share in the packing with the largest score.
    pub independent: Amount,
    /// The chains of that packing that start at this party; those it has alone, where it has no share in it.
    pub chains: Vec<Chain>,
}

/// A key that more than one party would use, and that counts once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedKey {
    /// Which key.
    pub key: PublicKey,
    /// The parties whose chains pass it.
    pub parties: Vec<PartyIndex>,
}
