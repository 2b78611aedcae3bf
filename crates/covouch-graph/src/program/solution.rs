//! Solving a program, and what its solution says.

#![expect(clippy::indexing_slicing, reason = "variables and states are numbered by the program at hand")]

use std::collections::BTreeMap;

use covouch_core::amount::Amount;
use microlp::{ComparisonOp, LinearExpr, OptimizationDirection, Problem, SolveOptions, Variable};

use super::{Goal, Numbers, Program, Solved, State, Use};
use crate::{
    demand::Demand,
    instance::{Bundle, CertificationIndex, DelegationIndex, KeyIndex, RootIndex},
    limits,
    parties::PartyIndex,
    question::Undecidable,
    witness::{Path, Share},
};

/// What is below this flows nowhere; amounts are whole, and solutions good to a ten-millionth.
const NOISE: f64 = 1e-5;

/// How far a bound may be wrong, for each unit of what it adds up.
const MARGIN: f64 = 1e-6;

impl Program<'_> {
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
                let shared = self.bundles(|bundle| bundle.delegations.contains(&index));
                let own = [Row::Key(self.instance.delegation(index).to), Row::Delegation(index)];
                own.into_iter().chain(shared).collect()
            }
            Use::Certification(index) => {
                let shared = self.bundles(|bundle| bundle.certifications.contains(&index));
                let through = self.instance.certification(index).through.map(Row::Key);
                through.into_iter().chain([Row::Certification(index)]).chain(shared).collect()
            }
        }
    }

    fn bundles(&self, has: impl Fn(&Bundle) -> bool) -> impl Iterator<Item = Row> {
        let bundles = self.instance.bundles.iter().enumerate();
        bundles.filter(move |(_, bundle)| has(bundle)).map(|(position, _)| Row::Bundle(position))
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

#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "a cast of floats saturates")]
fn whole(value: f64) -> i64 {
    value.floor() as i64
}

fn units(value: f64) -> i32 {
    i32::try_from(whole(value)).unwrap_or(i32::MAX)
}
