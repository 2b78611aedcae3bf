//! The linear program: exact where depth or levels bind, and where parallel ways share one capacity.
//!
//! Flow is counted per lane and state. A lane is a level every step of a chain must pass, and the keys a party's
//! root revoked; a state is a key and how many certifications may still follow. What a key, a way, a party or an
//! owner carries is shared by all lanes and states.
//!
//! # Invariants
//! - Nothing here decides: chains found are checked in integers, and a bound is used with a margin.

#![expect(clippy::indexing_slicing, reason = "variables and states are numbered by the program at hand")]

use std::collections::BTreeMap;

use covouch_core::{amount::Amount, level::Level};
use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, SolveOptions, Variable};

use crate::{
    demand::{Demand, Tiers},
    instance::{CertificationIndex, DelegationIndex, Instance, KeyIndex, RootIndex, UNLIMITED, WordIndex},
    limits,
    parties::PartyIndex,
    potential::{Heights, remaining},
    question::Undecidable,
    witness::{Path, Share},
};

/// What is below this flows nowhere; amounts are whole, and solutions good to a ten-millionth.
const NOISE: f64 = 1e-5;

/// How far a bound may be wrong, for each unit of what it adds up.
const MARGIN: f64 = 1e-6;

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

    fn add(&mut self, what: Use, amount: Amount, weight: i64) -> usize {
        self.uses.push(what);
        self.weights.push(real(weight));
        self.capacities.push(f64::from(amount.units()));
        self.uses.len() - 1
    }

    /// Variables for all words and root keys, at every tier of their party; returns the states they lead to.
    fn add_starts(&mut self, tiers: &Tiers) -> Vec<State> {
        let mut waiting = Vec::new();
        for tier in &tiers.tiers {
            let banned = self.instance.bans.iter().any(|(party, _)| *party == tier.party);
            let lane = self.lane(Lane { level: tier.level, party: banned.then_some(tier.party) });
            for (position, word) in self.instance.words.iter().enumerate() {
                if word.party == tier.party && word.level >= tier.level {
                    let variable = self.add(Use::Word(WordIndex::new(position)), Amount::FULL, tier.weight);
                    self.starts.push((variable, tier.party, tier.level, None));
                }
            }
            for (position, root) in self.instance.roots.iter().enumerate() {
                let depth = self.clamp(root.depth);
                if root.party == tier.party && self.can_hold(lane, root.key, depth) {
                    let variable = self.add(Use::Root(RootIndex::new(position)), Amount::FULL, tier.weight);
                    let state = (lane, root.key, depth);
                    self.starts.push((variable, tier.party, tier.level, Some(state)));
                    self.enter(state, variable, &mut waiting);
                }
            }
        }
        waiting
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
                let speaks = way.through.is_none_or(|through| !self.is_banned(lane, through));
                if depth >= way.cost && way.level >= self.lanes[lane].level && speaks {
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
        self.heights.reaches(key, self.lanes[lane].level, depth) && !self.is_banned(lane, key)
    }

    fn is_banned(&self, lane: usize, key: KeyIndex) -> bool {
        self.lanes[lane].party.is_some_and(|party| self.instance.is_banned(party, key))
    }

    /// Solves the program.
    ///
    /// # Errors
    /// [`Undecidable::Margin`] when arithmetic fails, [`Undecidable::Budget`] when whole numbers were not found.
    pub(crate) fn solve(&self, demand: &Demand, goal: Goal, numbers: Numbers) -> Result<Solved, Undecidable> {
        let mut problem = Problem::new(OptimizationDirection::Maximize);
        let variables = self.add_variables(&mut problem, goal, numbers);
        self.add_balances(&mut problem, &variables);
        self.add_capacities(&mut problem, &variables);
        self.add_floors(&mut problem, &variables, demand);
        let mut options = SolveOptions::default();
        options.node_limit = Some(limits::PROGRAM_BRANCHES);
        let outcome = problem.solve_with(options).map_err(|_| Undecidable::Margin)?;
        let solution = outcome.into_solution().map_err(|_| Undecidable::Budget)?;
        let values = variables.iter().map(|variable| solution.var_value(*variable)).collect();
        // A search that stopped before its end proves no bound.
        let proven = solution.status() == microlp::SolutionStatus::Optimal;
        let bound = if proven { whole(solution.objective() + self.margin(goal)) } else { i64::MAX };
        Ok(Solved { shares: self.shares(values), bound })
    }

    fn margin(&self, goal: Goal) -> f64 {
        let heaviest = self.weights.iter().copied().fold(1.0, f64::max);
        MARGIN * if goal == Goal::Score { heaviest } else { 1.0 }
    }

    fn add_variables(&self, problem: &mut Problem, goal: Goal, numbers: Numbers) -> Vec<Variable> {
        let mut variables = Vec::with_capacity(self.uses.len());
        for ((what, weight), capacity) in self.uses.iter().zip(&self.weights).zip(&self.capacities) {
            let (gain, least) = match (goal, what) {
                (Goal::Floors, Use::Floor) => (1.0, 0.0),
                (Goal::Floors, _) => (0.0, 0.0),
                (Goal::Score, Use::Floor) => (0.0, *capacity),
                (Goal::Score, _) => (*weight, 0.0),
            };
            variables.push(match numbers {
                Numbers::Real => problem.add_var(gain, (least, *capacity)),
                Numbers::Whole => problem.add_integer_var(gain, (units(least), units(*capacity))),
            });
        }
        variables
    }

    /// What enters a state leaves it.
    fn add_balances(&self, problem: &mut Problem, variables: &[Variable]) {
        for place in self.places.values() {
            let mut balance = LinearExpr::empty();
            for entering in &place.entering {
                balance.add(variables[*entering], 1.0);
            }
            for (leaving, _) in &place.leaving {
                balance.add(variables[*leaving], -1.0);
            }
            problem.add_constraint(balance, ComparisonOp::Eq, 0.0);
        }
    }

    /// What has one capacity: a key, a way over all lanes and states, parallel ways, a party, an owner.
    fn add_capacities(&self, problem: &mut Problem, variables: &[Variable]) {
        let mut rows: BTreeMap<Row, Vec<Variable>> = BTreeMap::new();
        for (what, variable) in self.uses.iter().zip(variables) {
            for row in self.rows(*what) {
                rows.entry(row).or_default().push(*variable);
            }
        }
        for (row, variables) in rows {
            if variables.len() > 1 {
                let sum: LinearExpr = variables.into_iter().map(|variable| (variable, 1.0)).collect();
                problem.add_constraint(sum, ComparisonOp::Le, f64::from(self.capacity(row).units()));
            }
        }
    }

    fn rows(&self, what: Use) -> Vec<Row> {
        let party = |party: PartyIndex| {
            let voice = self.instance.member(party).map_or(party, |member| member.voice);
            [Row::Party(party), Row::Owner(voice)]
        };
        match what {
            Use::Floor => Vec::new(),
            Use::Word(index) => party(self.instance.word(index).party).into(),
            Use::Root(index) => {
                let root = self.instance.root(index);
                let [party, owner] = party(root.party);
                vec![party, owner, Row::Key(root.key)]
            }
            Use::Delegation(index) => {
                let way = self.instance.delegation(index);
                let bundle =
                    self.instance.bundles.iter().position(|other| other.delegations.contains(&index));
                let rows = [Some(Row::Key(way.to)), Some(Row::Delegation(index)), bundle.map(Row::Bundle)];
                rows.into_iter().flatten().collect()
            }
            Use::Certification(index) => {
                let through = self.instance.certification(index).through;
                let bundle =
                    self.instance.bundles.iter().position(|other| other.certifications.contains(&index));
                let rows = [through.map(Row::Key), Some(Row::Certification(index)), bundle.map(Row::Bundle)];
                rows.into_iter().flatten().collect()
            }
        }
    }

    fn capacity(&self, row: Row) -> Amount {
        match row {
            Row::Key(_) | Row::Party(_) | Row::Owner(_) => Amount::FULL,
            Row::Delegation(index) => self.instance.delegation(index).amount,
            Row::Certification(index) => self.instance.certification(index).amount,
            Row::Bundle(position) => self.instance.bundles[position].amount,
        }
    }

    /// A floor is reached as far as its party's chains at its level reach.
    fn add_floors(&self, problem: &mut Problem, variables: &[Variable], demand: &Demand) {
        for (floor, reached) in demand.floors.iter().zip(&self.floors) {
            let mut row = LinearExpr::empty();
            row.add(variables[*reached], 1.0);
            for (start, party, level, _) in &self.starts {
                if *party == floor.party && *level >= floor.level {
                    row.add(variables[*start], -1.0);
                }
            }
            problem.add_constraint(row, ComparisonOp::Le, 0.0);
        }
    }

    /// Takes a solution apart into chains, each cut down to whole units and to keys that do not repeat.
    fn shares(&self, mut values: Vec<f64>) -> Vec<Share> {
        for value in &mut values {
            // Simplex vertices of these programs are whole but for noise, with rare exceptions.
            let nearest = value.round();
            if (*value - nearest).abs() < NOISE {
                *value = nearest;
            }
        }
        let mut shares = Vec::new();
        for (start, _, _, state) in &self.starts {
            let mut keep = |amount: f64, path: Path| {
                let amount = u16::try_from(whole(amount + NOISE)).ok().and_then(Amount::from_units);
                shares.extend(
                    amount.filter(|amount| *amount > Amount::NONE).map(|amount| Share { amount, path }),
                );
            };
            match (self.uses[*start], state) {
                (Use::Word(word), _) => keep(values[*start], Path::Word(word)),
                (Use::Root(root), Some(state)) => {
                    while values[*start] > NOISE {
                        let Some((amount, path)) = self.next_chain(*start, *state, root, &mut values) else {
                            break;
                        };
                        keep(amount, path);
                    }
                }
                _ => {}
            }
        }
        shares
    }

    /// Follows a solution from a root key to the file; what flows on that chain is taken off it.
    fn next_chain(
        &self,
        start: usize,
        state: State,
        root: RootIndex,
        values: &mut [f64],
    ) -> Option<(f64, Path)> {
        let (mut arcs, mut states) = (vec![start], vec![state]);
        let certification = loop {
            let leaving = &self.places.get(states.last()?)?.leaving;
            let (arc, next) = leaving.iter().copied().find(|(arc, _)| values[*arc] > NOISE)?;
            arcs.push(arc);
            match (self.uses[arc], next) {
                (Use::Certification(index), _) => break index,
                (_, Some(next)) => match states.iter().position(|known| *known == next) {
                    // Flow in a circle: cancelled, and the walk goes on from where the circle closed.
                    Some(met) => {
                        take(values, &arcs[met + 1..]);
                        arcs.truncate(met + 1);
                        states.truncate(met + 1);
                    }
                    None => states.push(next),
                },
                (_, None) => return None,
            }
        };
        let amount = take(values, &arcs);
        let delegations = self.without_repeats(state.1, &arcs);
        Some((amount, Path::Keys { root, delegations, certification }))
    }

    /// The delegations among these variables, without the detours that lead back to a key passed before.
    fn without_repeats(&self, first: KeyIndex, arcs: &[usize]) -> Vec<DelegationIndex> {
        let (mut keys, mut delegations) = (vec![first], Vec::new());
        for arc in arcs {
            let Use::Delegation(index) = self.uses[*arc] else { continue };
            let to = self.instance.delegation(index).to;
            match keys.iter().position(|key| *key == to) {
                Some(met) => {
                    keys.truncate(met + 1);
                    delegations.truncate(met);
                }
                None => {
                    keys.push(to);
                    delegations.push(index);
                }
            }
        }
        delegations
    }
}

/// What has one capacity in the program.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Row {
    Party(PartyIndex),
    Owner(PartyIndex),
    Key(KeyIndex),
    Delegation(DelegationIndex),
    Certification(CertificationIndex),
    Bundle(usize),
}

/// Takes the least of what flows on these variables off all of them.
fn take(values: &mut [f64], arcs: &[usize]) -> f64 {
    let amount = arcs.iter().map(|arc| values[*arc]).fold(f64::INFINITY, f64::min);
    for arc in arcs {
        values[*arc] -= amount;
    }
    amount
}

#[expect(clippy::as_conversions, reason = "weights beyond 53 bits lose what the margin covers")]
fn real(weight: i64) -> f64 {
    weight as f64
}

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a cast of floats saturates")]
fn whole(value: f64) -> i64 {
    value.floor() as i64
}

fn units(value: f64) -> i32 {
    i32::try_from(whole(value)).unwrap_or(i32::MAX)
}
