//! Packing problems in plain numbers.

use covouch_core::{
    amount::{Amount, Decimal},
    level::Level,
    party::{Owner, PartyName},
};
use covouch_graph::{
    Parties, Party, PartyIndex, Weights,
    instance::{Certification, Delegation, Instance, KeyIndex, Root, UNLIMITED},
};

pub(crate) fn weight(points: u32) -> Decimal {
    Decimal::from_millionths(u64::from(points) * 1_000_000)
}

pub(crate) fn units(units: u16) -> Amount {
    Amount::from_units(units).unwrap()
}

/// Parties `p0`, `p1`, … of these weights, of which some may have an owner.
pub(crate) fn parties(weights: &[(Weights, Option<&str>)]) -> Parties {
    let party = |(number, (weights, owner)): (usize, &(Weights, Option<&str>))| Party {
        name: PartyName::parse(&format!("p{number}")).unwrap(),
        roots: Vec::new(),
        owner: owner.map(|owner| Owner::parse(owner).unwrap()),
        weights: *weights,
        depth: UNLIMITED,
    };
    Parties::new(weights.iter().enumerate().map(party).collect()).unwrap()
}

/// A problem with this many keys and flat weights, and the parties' indices.
pub(crate) fn instance(keys: usize, weights: &[u32]) -> (Instance, Vec<PartyIndex>) {
    let weights: Vec<_> =
        weights.iter().map(|points| (Weights::flat(Level::Listed, weight(*points)), None)).collect();
    owned_instance(keys, &weights)
}

pub(crate) fn owned_instance(
    keys: usize,
    weights: &[(Weights, Option<&str>)],
) -> (Instance, Vec<PartyIndex>) {
    let parties = parties(weights);
    let mut instance = Instance::new(parties.members().to_vec());
    for _ in 0..keys {
        instance.add_key();
    }
    (instance, parties.iter().map(|(index, _)| index).collect())
}

pub(crate) fn root(party: PartyIndex, key: usize) -> Root {
    Root { party, key: KeyIndex::new(key), depth: UNLIMITED }
}

pub(crate) fn delegation(from: usize, to: usize, amount: u16, depth: u8) -> Delegation {
    Delegation {
        from: KeyIndex::new(from),
        to: KeyIndex::new(to),
        amount: units(amount),
        depth,
        level: Level::Audited,
    }
}

pub(crate) fn vouch(by: usize, amount: u16, level: Level) -> Certification {
    Certification { by: KeyIndex::new(by), through: None, amount: units(amount), level, cost: 1 }
}
