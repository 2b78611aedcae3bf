//! Parties: whose word counts, where their trust starts, and what it weighs.
//!
//! # Invariants
//! - A [`Parties`] has at most [`limits::PARTIES`] parties, each name once, each root key of a party once.
//! - A higher level never weighs less than a lower one: it satisfies the lower one.

use std::{collections::HashMap, sync::Arc};

use covouch_core::{
    amount::Decimal,
    code::Code,
    key::PublicKey,
    level::Level,
    party::{Owner, PartyName},
};

use crate::{instance::Member, limits};

/// Which party of a [`Parties`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartyIndex(u16);

impl PartyIndex {
    pub(crate) fn position(self) -> usize {
        usize::from(self.0)
    }
}

/// Someone independent whose word can count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// The name the policy gives it.
    pub name: PartyName,
    /// Where its trust starts; empty for an adapter's party, whose word comes as a [`Grant`](crate::Grant).
    pub roots: Vec<PublicKey>,
    /// Who stands behind it; parties of one owner count together as one.
    pub owner: Option<Owner>,
    /// What its word adds to the score.
    pub weights: Weights,
    /// How many certifications may follow one another from its root keys, the vouch included; 255 is no limit.
    pub depth: u8,
}

impl Party {
    /// A root key may vouch, and may appoint keys that vouch.
    pub const DEFAULT_DEPTH: u8 = 2;
}

/// What a unit of support at a level, or a higher one, adds to the score.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weights([Decimal; Level::ALL.len()]);

impl Weights {
    /// Adds nothing to any score.
    pub const NONE: Self = Self([Decimal::ZERO; Level::ALL.len()]);

    /// The same weight from this level on.
    #[must_use]
    pub fn flat(level: Level, weight: Decimal) -> Self {
        Self::by_level([(level, weight)])
    }

    /// Each weight from its level on; where a higher level was given less than a lower one, the lower one's.
    #[must_use]
    pub fn by_level(weights: impl IntoIterator<Item = (Level, Decimal)>) -> Self {
        let mut table = Self::NONE.0;
        for (from, weight) in weights {
            for (level, entry) in Level::ALL.into_iter().zip(&mut table) {
                if level >= from {
                    *entry = weight.max(*entry);
                }
            }
        }
        Self(table)
    }

    /// What a unit of support at this level adds.
    #[must_use]
    pub fn at(&self, level: Level) -> Decimal {
        let mut entries = Level::ALL.into_iter().zip(self.0);
        entries.find(|(known, _)| *known == level).map_or(Decimal::ZERO, |(_, weight)| weight)
    }
}

/// The parties of one policy. Cloning is cheap, and clones are recognised as the same parties.
#[derive(Clone, Debug)]
pub struct Parties(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parties: Vec<Party>,
    names: HashMap<PartyName, PartyIndex>,
    roots: HashMap<PublicKey, Vec<PartyIndex>>,
    members: Arc<[Member]>,
}

/// Who counts once.
///
/// There is no default: the looser of the two is asked for, or is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Independence {
    /// Every key; and the parties of one owner together, where a policy names owners.
    Groups,
    /// Every key. Who stands behind several parties is named in reports and changes nothing.
    Keys,
}

/// Why a list of parties cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartiesError {
    /// More than [`limits::PARTIES`].
    #[error("{0} parties, at most {max} are counted", max = limits::PARTIES)]
    TooMany(usize),
    /// One name twice.
    #[error("party `{0}` stands twice")]
    Twice(PartyName),
}

impl PartiesError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::TooMany(_) => Code::new("parties-too-many"),
            Self::Twice(_) => Code::new("party-twice"),
        }
    }
}

impl Parties {
    /// Numbers the parties in the order given; those of one owner count together as one.
    ///
    /// # Errors
    /// [`PartiesError`] when there are too many, or a name stands twice.
    pub fn new(parties: Vec<Party>) -> Result<Self, PartiesError> {
        Self::counting(parties, Independence::Groups)
    }

    /// Numbers the parties in the order given.
    ///
    /// # Errors
    /// [`PartiesError`] when there are too many, or a name stands twice.
    pub fn counting(mut parties: Vec<Party>, independence: Independence) -> Result<Self, PartiesError> {
        if parties.len() > limits::PARTIES {
            return Err(PartiesError::TooMany(parties.len()));
        }
        let mut names = HashMap::new();
        let mut roots: HashMap<PublicKey, Vec<PartyIndex>> = HashMap::new();
        let mut owners: HashMap<Owner, PartyIndex> = HashMap::new();
        let mut members = Vec::new();
        for (party, index) in parties.iter_mut().zip((0..).map(PartyIndex)) {
            if names.insert(party.name.clone(), index).is_some() {
                return Err(PartiesError::Twice(party.name.clone()));
            }
            party.roots.sort();
            party.roots.dedup();
            for root in &party.roots {
                roots.entry(*root).or_default().push(index);
            }
            let owner = party.owner.as_ref().filter(|_| independence == Independence::Groups);
            let voice = owner.map(|owner| *owners.entry(owner.clone()).or_insert(index));
            members.push(Member { party: index, voice: voice.unwrap_or(index), weights: party.weights });
        }
        Ok(Self(Arc::new(Inner { parties, names, roots, members: members.into() })))
    }

    /// The party of this name.
    #[must_use]
    pub fn index_of(&self, name: &PartyName) -> Option<PartyIndex> {
        self.0.names.get(name).copied()
    }

    /// The party with this index; `None` for an index of other parties.
    #[must_use]
    pub fn get(&self, index: PartyIndex) -> Option<&Party> {
        self.0.parties.get(index.position())
    }

    /// All parties, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (PartyIndex, &Party)> {
        self.0
            .parties
            .iter()
            .enumerate()
            .map(|(index, party)| (PartyIndex(u16::try_from(index).unwrap_or(u16::MAX)), party))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.parties.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.parties.is_empty()
    }

    /// The parties for which this key is a root key.
    #[must_use]
    pub fn rooted_at(&self, key: &PublicKey) -> &[PartyIndex] {
        self.0.roots.get(key).map_or(&[], Vec::as_slice)
    }

    /// What a packing needs to know of each party, in order.
    #[must_use]
    pub fn members(&self) -> &Arc<[Member]> {
        &self.0.members
    }

    /// Whether these are clones of one and the same.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(name: &str) -> Party {
        Party {
            name: PartyName::parse(name).unwrap(),
            roots: Vec::new(),
            owner: None,
            weights: Weights::NONE,
            depth: Party::DEFAULT_DEPTH,
        }
    }

    #[test]
    fn a_higher_level_never_weighs_less() {
        let weights = Weights::by_level([
            (Level::Audited, Decimal::ONE),
            (Level::Vouched, Decimal::from_millionths(2_000_000)),
        ]);
        assert_eq!(weights.at(Level::Audited), weights.at(Level::Vouched));
        assert_eq!(weights.at(Level::Packaged), Decimal::ZERO);
    }

    #[test]
    fn names_stand_once_and_parties_have_a_limit() {
        assert_eq!(
            Parties::new(vec![party("a"), party("a")]).map(|_| ()),
            Err(PartiesError::Twice(PartyName::parse("a").unwrap()))
        );
        let many =
            |count: usize| Parties::new((0..count).map(|number| party(&format!("p{number}"))).collect());
        assert_eq!(many(limits::PARTIES).unwrap().len(), limits::PARTIES);
        assert_eq!(many(limits::PARTIES + 1).map(|_| ()), Err(PartiesError::TooMany(limits::PARTIES + 1)));
    }

    #[test]
    fn parties_of_one_owner_have_the_first_ones_voice() {
        let owned = |name| Party { owner: Some(Owner::parse("acme").unwrap()), ..party(name) };
        let parties = Parties::new(vec![party("a"), owned("b"), party("c"), owned("d")]).unwrap();
        let voices: Vec<usize> = parties.members().iter().map(|member| member.voice.position()).collect();
        assert_eq!(voices, [0, 1, 2, 1]);
    }

    #[test]
    fn where_keys_are_what_counts_every_party_has_a_voice_of_its_own() {
        let owned = |name| Party { owner: Some(Owner::parse("acme").unwrap()), ..party(name) };
        let parties = Parties::counting(vec![owned("a"), owned("b")], Independence::Keys).unwrap();
        let voices: Vec<usize> = parties.members().iter().map(|member| member.voice.position()).collect();
        assert_eq!(voices, [0, 1]);
    }
}
