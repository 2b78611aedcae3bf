//! The packing problem of one file, in plain numbers: who can speak, who passes trust to whom, who certifies.
//!
//! # Invariants
//! - Every index stored here points into this instance.
//! - Between two keys no delegation is dominated by another, and several certifications by one key through one
//!   holder are one (`merge`).
//!
//! # Not here
//! Statements, time and scopes: whatever stands here is live and about this file.

#![expect(clippy::indexing_slicing, reason = "typed indices made by this instance point into it")]

use std::sync::Arc;

use covouch_core::{amount::Amount, level::Level};

pub use crate::index::{CertificationIndex, DelegationIndex, KeyIndex, RootIndex, WordIndex};
use crate::{
    merge,
    parties::{PartyIndex, Weights},
    witness::Path,
};

/// How many certifications may still follow; 255 is no limit (as in RFC 9580 §5.2.3.21).
pub const UNLIMITED: u8 = u8::MAX;

/// What remains of a depth after one certification.
#[must_use]
pub const fn after_one(depth: u8) -> u8 {
    if depth == UNLIMITED { UNLIMITED } else { depth.saturating_sub(1) }
}

/// A key's word passes to another key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// Who delegates.
    pub from: KeyIndex,
    /// To whom.
    pub to: KeyIndex,
    /// How much it carries.
    pub amount: Amount,
    /// How many certifications may follow.
    pub depth: u8,
    /// The highest level that passes.
    pub level: Level,
}

/// A key certifies the file, by itself or through a holder whose own word it is: an author, or a key whose
/// mandate ended after it had vouched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certification {
    /// Who certifies.
    pub by: KeyIndex,
    /// The key through which the word passes, and which carries at most 100 % too.
    pub through: Option<KeyIndex>,
    /// How much it carries.
    pub amount: Amount,
    /// At which level.
    pub level: Level,
    /// How many certifications it counts as.
    pub cost: u8,
}

/// Where a party's trust starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Root {
    /// Whose.
    pub party: PartyIndex,
    /// The root key.
    pub key: KeyIndex,
    /// How many certifications may follow.
    pub depth: u8,
}

/// An adapter's word for the file: 100 % from a source of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// Whose.
    pub party: PartyIndex,
    /// At which level.
    pub level: Level,
}

/// What an instance knows of a party.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// The party.
    pub party: PartyIndex,
    /// The first party of its owner: itself where it has none, or where owners do not count.
    pub voice: PartyIndex,
    /// What its word adds to the score.
    pub weights: Weights,
}

/// The packing problem of one file.
#[derive(Clone, Debug, Default)]
pub struct Instance {
    pub(crate) keys: usize,
    pub(crate) members: Arc<[Member]>,
    pub(crate) roots: Vec<Root>,
    pub(crate) delegations: Vec<Delegation>,
    pub(crate) certifications: Vec<Certification>,
    pub(crate) words: Vec<Word>,
    /// Keys that do not speak for a party, because its root revoked them.
    pub(crate) bans: Vec<(PartyIndex, KeyIndex)>,
    /// Delegations and certifications that lead from one key to one other and share one capacity.
    pub(crate) bundles: Vec<Bundle>,
}

/// What [`Instance::merge`] kept, in order: the position of each is its index from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The delegations, by their indices before.
    pub delegations: Vec<DelegationIndex>,
    /// The certifications, by their indices before.
    pub certifications: Vec<CertificationIndex>,
}

/// Parallel ways from one key to another; together they carry at most what the largest carries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bundle {
    pub(crate) delegations: Vec<DelegationIndex>,
    pub(crate) certifications: Vec<CertificationIndex>,
    pub(crate) amount: Amount,
    /// Whether these are all ways between the two, not only the deep or high ones.
    pub(crate) whole: bool,
}

impl Bundle {
    pub(crate) fn len(&self) -> usize {
        self.delegations.len() + self.certifications.len()
    }

    /// Whether a chain passes one of these ways.
    pub(crate) fn is_on(&self, path: &Path) -> bool {
        let Path::Keys { delegations, certification, .. } = path else { return false };
        self.certifications.contains(certification)
            || delegations.iter().any(|delegation| self.delegations.contains(delegation))
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        (&self.delegations, &self.certifications) == (&other.delegations, &other.certifications)
    }
}

impl Instance {
    /// An instance without any trust, for these parties.
    #[must_use]
    pub fn new(members: impl Into<Arc<[Member]>>) -> Self {
        Self { members: members.into(), ..Self::default() }
    }

    /// Adds a key.
    pub fn add_key(&mut self) -> KeyIndex {
        self.keys += 1;
        KeyIndex::new(self.keys - 1)
    }

    /// Adds a party's root key.
    pub fn add_root(&mut self, root: Root) {
        debug_assert!(self.has(root.key));
        self.roots.push(root);
    }

    /// Adds a delegation; one to oneself, of nothing, or of depth 0 passes no trust and is left out.
    pub fn add_delegation(&mut self, delegation: Delegation) -> Option<DelegationIndex> {
        debug_assert!(self.has(delegation.from) && self.has(delegation.to));
        let void =
            delegation.from == delegation.to || delegation.amount == Amount::NONE || delegation.depth == 0;
        (!void).then(|| {
            self.delegations.push(delegation);
            DelegationIndex::new(self.delegations.len() - 1)
        })
    }

    /// Adds a certification of the file.
    pub fn add_certification(&mut self, certification: Certification) -> CertificationIndex {
        debug_assert!(self.has(certification.by) && certification.through.is_none_or(|key| self.has(key)));
        self.certifications.push(certification);
        CertificationIndex::new(self.certifications.len() - 1)
    }

    /// Adds an adapter's word.
    pub fn add_word(&mut self, word: Word) -> WordIndex {
        self.words.push(word);
        WordIndex::new(self.words.len() - 1)
    }

    /// Says that a key does not speak for a party.
    pub fn add_ban(&mut self, party: PartyIndex, key: KeyIndex) {
        self.bans.push((party, key));
    }

    /// Leaves out what a parallel way makes superfluous, and notes what shares one capacity. To be called once,
    /// after the last addition; returns what is kept, by the indices it had before.
    pub fn merge(&mut self) -> Kept {
        merge::merge(self)
    }

    /// How many keys there are.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keys
    }

    /// A delegation.
    #[must_use]
    pub fn delegation(&self, index: DelegationIndex) -> &Delegation {
        &self.delegations[index.position()]
    }

    /// A certification.
    #[must_use]
    pub fn certification(&self, index: CertificationIndex) -> &Certification {
        &self.certifications[index.position()]
    }

    /// A root.
    #[must_use]
    pub fn root(&self, index: RootIndex) -> &Root {
        &self.roots[index.position()]
    }

    /// An adapter's word.
    #[must_use]
    pub fn word(&self, index: WordIndex) -> &Word {
        &self.words[index.position()]
    }

    /// What is known of a party; `None` when it is not of this instance.
    #[must_use]
    pub fn member(&self, party: PartyIndex) -> Option<&Member> {
        self.members.iter().find(|member| member.party == party)
    }

    /// All parties.
    #[must_use]
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Whether a key does not speak for a party.
    #[must_use]
    pub fn is_banned(&self, party: PartyIndex, key: KeyIndex) -> bool {
        self.bans.contains(&(party, key))
    }

    fn has(&self, key: KeyIndex) -> bool {
        key.position() < self.keys
    }
}
