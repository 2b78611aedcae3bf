//! The linear program: exact where depth or levels bind, and where parallel ways share one capacity.
//!
//! Flow is counted per lane and state. A lane is what all chains in it have in common: the level every step
//! passes, the party whose revocations hold, the holder through whom they end. A state is a key and how many
//! certifications may still follow. What a key, a way, a party or an owner carries is shared by all of them.
//!
//! # Invariants
//! - Nothing here decides: chains found are checked in integers, and a bound is used with a margin.

#![expect(clippy::indexing_slicing, reason = "variables and states are numbered by the program at hand")]

mod solution;

use std::collections::{BTreeMap, BTreeSet};

use covouch_core::{amount::Amount, level::Level};

use crate::{
    demand::{Demand, Tier, Tiers},
    instance::{
        Certification, CertificationIndex, DelegationIndex, Instance, KeyIndex, RootIndex, UNLIMITED,
        WordIndex,
    },
    limits,
    parties::PartyIndex,
    potential::{Heights, remaining},
    question::Undecidable,
    witness::Share,
};

/// What a variable counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Root(RootIndex),
    Word(WordIndex),
    Delegation(DelegationIndex),
    Certification(CertificationIndex),
    Floor,
}

/// A key with some certifications left, in one lane.
type State = (usize, KeyIndex, u8);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Lane {
    level: Level,
    /// The party whose revocations hold, where it has any.
    party: Option<PartyIndex>,
    /// The holder through whom the file is certified, where a chain could pass that key before: it must not.
    through: Option<KeyIndex>,
}

/// What flows into and out of a state.
#[derive(Default)]
struct Place {
    entering: Vec<usize>,
    leaving: Vec<(usize, Option<State>)>,
}

/// What the program is solved for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Goal {
    /// As much of the floors as possible.
    Floors,
    /// All floors, and as much score as possible.
    Score,
}

/// Which numbers a solution may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Numbers {
    /// Any.
    Real,
    /// Whole ones, found by branching, within a budget.
    Whole,
}

/// What a program yields.
pub(crate) struct Solved {
    /// Chains, in whole amounts; not checked.
    pub(crate) shares: Vec<Share>,
    /// No packing has more than this, of the floors or of the score.
    pub(crate) bound: i64,
}

/// The linear program of an instance and a demand.
pub(crate) struct Program<'a> {
    instance: &'a Instance,
    heights: &'a Heights,
    uses: Vec<Use>,
    weights: Vec<f64>,
    capacities: Vec<f64>,
    /// The variables that start a chain: whose, at which level, and the state they lead to.
    starts: Vec<(usize, PartyIndex, Level, Option<State>)>,
    places: BTreeMap<State, Place>,
    lanes: Vec<Lane>,
    floors: Vec<usize>,
}

impl<'a> Program<'a> {
    /// Lays out the variables.
    ///
    /// # Errors
    /// [`Undecidable::Budget`] when there would be more than [`limits::PROGRAM_VARIABLES`].
    pub(crate) fn new(
        instance: &'a Instance,
        heights: &'a Heights,
        tiers: &Tiers,
        demand: &Demand,
    ) -> Result<Self, Undecidable> {
        let mut program = Self {
            instance,
            heights,
            uses: Vec::new(),
            weights: Vec::new(),
            capacities: Vec::new(),
            starts: Vec::new(),
            places: BTreeMap::new(),
            lanes: Vec::new(),
            floors: Vec::new(),
        };
        let mut waiting = program.add_starts(tiers);
        let mut outgoing: Vec<Vec<DelegationIndex>> = vec![Vec::new(); instance.keys];
        for (position, way) in instance.delegations.iter().enumerate() {
            if heights.is_useful(instance, position) {
                outgoing[way.from.position()].push(DelegationIndex::new(position));
            }
        }
        while let Some(state) = waiting.pop() {
            program.add_ways(state, &outgoing, &mut waiting);
            if program.uses.len() > limits::PROGRAM_VARIABLES {
                return Err(Undecidable::Budget);
            }
        }
        program.add_ends();
        for floor in &demand.floors {
            let variable = program.add(Use::Floor, floor.amount, 0);
            program.floors.push(variable);
        }
        Ok(program)
    }

    /// Whether it can be solved in whole numbers within reason.
    pub(crate) fn is_small(&self) -> bool {
        self.uses.len() <= limits::WHOLE_VARIABLES
    }

    fn add(&mut self, what: Use, amount: Amount, weight: i64) -> usize {
        self.uses.push(what);
        self.weights.push(real(weight));
        self.capacities.push(f64::from(amount.units()));
        self.uses.len() - 1
    }

    /// Variables for all words and root keys, at every tier of their party; returns the states they lead to.
    fn add_starts(&mut self, tiers: &Tiers) -> Vec<State> {
        let holders: BTreeSet<KeyIndex> =
            self.instance.certifications.iter().filter_map(|way| way.through).collect();
        let holders: Vec<_> =
            holders.into_iter().filter(|holder| self.heights.can_be_passed(*holder)).collect();
        let mut waiting = Vec::new();
        for tier in &tiers.tiers {
            for (position, word) in self.instance.words.iter().enumerate() {
                if word.party == tier.party && word.level >= tier.level {
                    let variable = self.add(Use::Word(WordIndex::new(position)), Amount::FULL, tier.weight);
                    self.starts.push((variable, tier.party, tier.level, None));
                }
            }
            let banned = self.instance.bans.iter().any(|(party, _)| *party == tier.party);
            for through in std::iter::once(None).chain(holders.iter().copied().map(Some)) {
                let lane = Lane { level: tier.level, party: banned.then_some(tier.party), through };
                self.add_roots(lane, tier, &mut waiting);
            }
        }
        waiting
    }

    fn add_roots(&mut self, lane: Lane, tier: &Tier, waiting: &mut Vec<State>) {
        let lane = self.lane(lane);
        for (position, root) in self.instance.roots.iter().enumerate() {
            let depth = self.clamp(root.depth);
            if root.party == tier.party && self.can_hold(lane, root.key, depth) {
                let variable = self.add(Use::Root(RootIndex::new(position)), Amount::FULL, tier.weight);
                let state = (lane, root.key, depth);
                self.starts.push((variable, tier.party, tier.level, Some(state)));
                self.enter(state, variable, waiting);
            }
        }
    }

    fn lane(&mut self, lane: Lane) -> usize {
        let known = self.lanes.iter().position(|other| *other == lane);
        known.unwrap_or_else(|| {
            self.lanes.push(lane);
            self.lanes.len() - 1
        })
    }

    fn enter(&mut self, state: State, variable: usize, waiting: &mut Vec<State>) {
        let place = self.places.entry(state).or_insert_with(|| {
            waiting.push(state);
            Place::default()
        });
        place.entering.push(variable);
    }

    fn add_ways(&mut self, from: State, outgoing: &[Vec<DelegationIndex>], waiting: &mut Vec<State>) {
        let (lane, key, depth) = from;
        for index in &outgoing[key.position()] {
            let way = self.instance.delegation(*index);
            let to = (lane, way.to, self.clamp(remaining(depth, way.depth)));
            if depth > 0 && way.level >= self.lanes[lane].level && self.can_hold(lane, way.to, to.2) {
                let variable = self.add(Use::Delegation(*index), way.amount, 0);
                self.enter(to, variable, waiting);
                if let Some(place) = self.places.get_mut(&from) {
                    place.leaving.push((variable, Some(to)));
                }
            }
        }
    }

    /// Certifications, from every state that has been reached.
    fn add_ends(&mut self) {
        let mut by_key: Vec<Vec<CertificationIndex>> = vec![Vec::new(); self.instance.keys];
        for (position, way) in self.instance.certifications.iter().enumerate() {
            by_key[way.by.position()].push(CertificationIndex::new(position));
        }
        let states: Vec<State> = self.places.keys().copied().collect();
        for state in states {
            let (lane, key, depth) = state;
            for index in &by_key[key.position()] {
                let way = *self.instance.certification(*index);
                if depth >= way.cost && way.level >= self.lanes[lane].level && self.may_end(lane, &way) {
                    let variable = self.add(Use::Certification(*index), way.amount, 0);
                    if let Some(place) = self.places.get_mut(&state) {
                        place.leaving.push((variable, None));
                    }
                }
            }
        }
    }

    /// Depths no chain can use up are one: the instance has fewer keys.
    fn clamp(&self, depth: u8) -> u8 {
        if usize::from(depth) > self.instance.keys + 2 { UNLIMITED } else { depth }
    }

    fn can_hold(&self, lane: usize, key: KeyIndex, depth: u8) -> bool {
        let Lane { level, through, .. } = self.lanes[lane];
        self.heights.reaches(key, level, depth) && through != Some(key) && !self.is_banned(lane, key)
    }

    /// Whether chains of a lane may end this way: through the lane's holder, or, where it has none, by a key itself
    /// or through somebody whom no chain passes anyway.
    fn may_end(&self, lane: usize, way: &Certification) -> bool {
        match (way.through, self.lanes[lane].through) {
            (through, Some(holder)) => through == Some(holder) && !self.is_banned(lane, holder),
            (None, None) => true,
            (Some(through), None) => !self.heights.can_be_passed(through) && !self.is_banned(lane, through),
        }
    }

    fn is_banned(&self, lane: usize, key: KeyIndex) -> bool {
        self.lanes[lane].party.is_some_and(|party| self.instance.is_banned(party, key))
    }
}

#[expect(clippy::as_conversions, reason = "weights beyond 53 bits lose what the margin covers")]
fn real(weight: i64) -> f64 {
    weight as f64
}
