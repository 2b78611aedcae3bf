//! The warning that one key meets a requirement alone, also by serving two halves of it.

use std::collections::{BTreeMap, BTreeSet};

use covouch_core::{
    amount::{Amount, Score},
    key::PublicKey,
    level::Level,
};
use covouch_graph::PartyIndex;

use super::Faults;
use crate::{
    error::{Fault, shown},
    limits,
    program::{Condition, Formula, PartySource, Policy, SourceKind},
};

/// Warns when one root key, and a file put on the indexes this minute, meet the formula.
///
/// What needs no key at all is not warned about: the policy says so in plain words.
pub(super) fn check(policy: &Policy, formula: &Formula, faults: &mut Faults<'_>) {
    let holds = |given: &Given<'_>| given.meets(&formula.condition);
    if holds(&Given { policy, shares: BTreeMap::new() }) {
        return;
    }
    let mut named = BTreeSet::new();
    // Keys of the same parties can do the same.
    let reaches: BTreeSet<Vec<PartyIndex>> = keys(policy).into_values().collect();
    for parties in reaches {
        let mut tries = limits::ALONE_TRIES;
        let mut search = Search { policy, formula, parties: &parties, tries: &mut tries };
        if search.splits(0, Amount::FULL.units(), BTreeMap::new())
            && let Some(first) = parties.first()
            && named.insert(*first)
        {
            faults.warn(formula.expression.at, Fault::OneKey(shown(policy.party_name(*first))));
        }
    }
}

/// Each root key with the parties it is a root of.
fn keys(policy: &Policy) -> BTreeMap<PublicKey, Vec<PartyIndex>> {
    let mut keys: BTreeMap<PublicKey, Vec<PartyIndex>> = BTreeMap::new();
    for (index, party) in policy.parties.iter() {
        for root in &party.roots {
            keys.entry(*root).or_default().push(index);
        }
    }
    keys
}

/// Tries the ways in which one key's 100 % can be split: a threshold of some term for each party, and what is
/// left for the score.
struct Search<'s> {
    policy: &'s Policy,
    formula: &'s Formula,
    parties: &'s [PartyIndex],
    tries: &'s mut usize,
}

impl Search<'_> {
    fn splits(&mut self, next: usize, left: u16, shares: BTreeMap<PartyIndex, u16>) -> bool {
        let Some(party) = self.parties.get(next) else { return self.meets(left, shares) };
        for share in self.thresholds(*party) {
            if share > left || *self.tries == 0 {
                continue;
            }
            *self.tries -= 1;
            let mut shares = shares.clone();
            shares.insert(*party, share);
            if self.splits(next + 1, left - share, shares) {
                return true;
            }
        }
        false
    }

    /// What is left goes to the heaviest party.
    fn meets(&self, left: u16, mut shares: BTreeMap<PartyIndex, u16>) -> bool {
        let weight = |party: &PartyIndex| {
            self.policy.parties.get(*party).map(|party| party.weights.at(Level::Audited))
        };
        if let Some(heaviest) = self.parties.iter().max_by_key(|party| weight(party)) {
            *shares.entry(*heaviest).or_default() += left;
        }
        Given { policy: self.policy, shares }.meets(&self.formula.condition)
    }

    fn thresholds(&self, party: PartyIndex) -> BTreeSet<u16> {
        let mut thresholds = BTreeSet::from([0]);
        self.formula.condition.walk(&mut |condition| match condition {
            Condition::Support { party: asked, at_least, .. } if *asked == party => {
                thresholds.insert(at_least.units());
            }
            _ => {}
        });
        thresholds
    }
}

/// A world in which every index lists the file, it was uploaded just now, and one key says yes.
struct Given<'p> {
    policy: &'p Policy,
    shares: BTreeMap<PartyIndex, u16>,
}

impl Given<'_> {
    fn meets(&self, condition: &Condition) -> bool {
        match condition {
            Condition::All(parts) => parts.iter().all(|part| self.meets(part)),
            Condition::Any(parts) => parts.iter().any(|part| self.meets(part)),
            Condition::AtLeast(needed, parts) => {
                parts.iter().filter(|part| self.meets(part)).count() >= needed.get()
            }
            Condition::Support { party, at_least, .. } => self.support(*party) >= *at_least,
            Condition::Score(minimum) => self.score().reaches(*minimum),
            Condition::Age(_) => false,
            Condition::Derived { party, .. } => self.support(*party) >= Amount::FULL,
            _ => true,
        }
    }

    fn support(&self, party: PartyIndex) -> Amount {
        let lists = |source: &&crate::program::PartySource| {
            source.party == party && matches!(source.kind, SourceKind::Index(_))
        };
        if self.policy.sources.iter().any(|source| lists(&source)) {
            return Amount::FULL;
        }
        self.shares.get(&party).and_then(|share| Amount::from_units(*share)).unwrap_or(Amount::NONE)
    }

    fn score(&self) -> Score {
        self.policy
            .parties
            .iter()
            .map(|(index, party)| {
                let source = self.policy.sources.iter().find(|source| source.party == index);
                let level = source.and_then(PartySource::own_level).unwrap_or(Level::Audited);
                Score::of(party.weights.at(level), self.support(index))
            })
            .sum()
    }
}
