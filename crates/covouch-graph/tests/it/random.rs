//! Random packing problems: small, crowded, and of every kind.

use covouch_core::level::Level;
use covouch_graph::{
    PartyIndex, Weights,
    instance::{Certification, Delegation, Instance, KeyIndex, Root, UNLIMITED, Word},
};
use proptest::{
    collection::vec,
    prelude::*,
    sample::select,
    test_runner::{Config, contextualize_config},
};

use crate::numbers::{owned_instance, units, weight};

/// A problem before it is built, so that a law can change it.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    pub(crate) keys: usize,
    pub(crate) parties: Vec<RandomParty>,
    pub(crate) delegations: Vec<(usize, usize, u16, u8, Level)>,
    pub(crate) vouches: Vec<(usize, Level)>,
    pub(crate) authors: Vec<(usize, usize)>,
    pub(crate) words: Vec<(usize, Level)>,
}

#[derive(Clone, Debug)]
pub(crate) struct RandomParty {
    pub(crate) roots: Vec<usize>,
    pub(crate) weight: u32,
    /// What an audited unit weighs more.
    pub(crate) bonus: u32,
    pub(crate) owner: Option<&'static str>,
    pub(crate) depth: u8,
}

/// How many cases a law is tried on: `COVOUCH_CASES`, or a modest number.
pub(crate) fn config(cases: u32) -> Config {
    let asked = std::env::var("COVOUCH_CASES").ok().and_then(|cases| cases.parse().ok());
    contextualize_config(Config {
        cases: asked.unwrap_or(cases),
        failure_persistence: None,
        ..Config::default()
    })
}

pub(crate) fn problems(keys: usize) -> impl Strategy<Value = Problem> {
    (2..=keys).prop_flat_map(|keys| {
        let key = 0..keys;
        let level = || select(vec![Level::Vouched, Level::Audited, Level::Audited]);
        let amount = select(vec![60_u16, 120, 200, 300, 300, 480, 600, 600]);
        let depth = || select(vec![1_u8, 1, 2, 2, 3, UNLIMITED]);
        let party =
            (vec(key.clone(), 0..3), 0_u32..4, 0_u32..2, select(vec![None, None, Some("one")]), depth());
        let party = party.prop_map(|(roots, weight, bonus, owner, depth)| RandomParty {
            roots,
            weight,
            bonus,
            owner,
            depth,
        });
        (
            Just(keys),
            vec(party, 1..4),
            vec((key.clone(), key.clone(), amount, depth(), level()), 0..=2 * keys),
            vec((key.clone(), level()), 1..=keys),
            vec((key.clone(), key), 0..2),
            vec((0..4_usize, select(vec![Level::Listed, Level::Audited])), 0..2),
        )
            .prop_map(|(keys, parties, delegations, vouches, authors, words)| Problem {
                keys,
                parties,
                delegations,
                vouches,
                authors,
                words,
            })
    })
}

impl Problem {
    pub(crate) fn build(&self) -> (Instance, Vec<PartyIndex>) {
        let weights: Vec<_> = self.parties.iter().map(|party| (party.weights(), party.owner)).collect();
        let (mut instance, parties) = owned_instance(self.keys, &weights);
        for (party, index) in self.parties.iter().zip(&parties) {
            let mut roots = party.roots.clone();
            roots.sort_unstable();
            roots.dedup();
            for key in roots {
                instance.add_root(Root { party: *index, key: KeyIndex::new(key), depth: party.depth });
            }
        }
        for (from, to, amount, depth, level) in &self.delegations {
            let (from, to) = (KeyIndex::new(*from), KeyIndex::new(*to));
            instance.add_delegation(Delegation {
                from,
                to,
                amount: units(*amount),
                depth: *depth,
                level: *level,
            });
        }
        for (by, level) in &self.vouches {
            let by = KeyIndex::new(*by);
            instance.add_certification(Certification {
                by,
                through: None,
                amount: units(600),
                level: *level,
                cost: 1,
            });
        }
        for (by, author) in self.authors.iter().filter(|(by, author)| by != author) {
            instance.add_certification(Certification {
                by: KeyIndex::new(*by),
                through: Some(KeyIndex::new(*author)),
                amount: units(600),
                level: Level::Author,
                cost: 1,
            });
        }
        for (party, level) in &self.words {
            if let Some(party) = parties.get(*party) {
                instance.add_word(Word { party: *party, level: *level });
            }
        }
        instance.merge();
        (instance, parties)
    }
}

impl RandomParty {
    fn weights(&self) -> Weights {
        let steps =
            [(Level::Listed, weight(self.weight)), (Level::Audited, weight(self.weight + self.bonus))];
        Weights::by_level(steps)
    }
}
