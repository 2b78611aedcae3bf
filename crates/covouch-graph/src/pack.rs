//! The best packing of an instance, in stages that stop as soon as the answer is certain.
//!
//! 1. Flow on all useful delegations: exact in integers, and an upper bound where its chains break depth or level.
//! 2. Flow on depth-safe potentials: every chain respects depth by construction.
//! 3. The linear program; then the same in whole numbers, should its optimum not be whole.
//!
//! # Invariants
//! - A shortfall rests on an upper bound, a packing on a witness that [`crate::check`] accepts; what lies between
//!   the two is [`Undecidable::Margin`].

#![expect(clippy::indexing_slicing, reason = "one network for each of three potentials")]

use covouch_core::{amount::Score, level::Level};

use crate::{
    budget::Budget,
    check::packing::{self, Packing},
    demand::{Demand, Tiers, Weighing},
    flow::Gain,
    instance::Instance,
    network::Network,
    parties::PartyIndex,
    path,
    potential::{Heights, Potential},
    program::{Goal, Numbers, Program},
    question::Undecidable,
    witness::Witness,
};

/// Finds packings of one instance.
pub(crate) struct Packer<'a> {
    instance: &'a Instance,
    tiers: Tiers,
    heights: Heights,
    networks: [Option<Network>; 3],
    pub(crate) budget: Budget,
}

/// How much score is enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    /// So much.
    Minimum(i64),
    /// As much as there is.
    Most,
}

/// The best packing found, and what none exceeds.
pub(crate) struct Best {
    pub(crate) witness: Witness,
    value: Gain,
    bound: Gain,
    /// All floors together.
    total: i64,
    target: Target,
    stage: Stage,
}

/// Whether a demand can be met.
pub(crate) enum Outcome {
    /// By this packing.
    Met(Witness),
    /// No packing does.
    Short,
}

/// The packing with the largest score.
#[derive(Clone, Debug)]
pub struct Largest {
    /// The packing.
    pub witness: Witness,
    /// Whether it is certain that none is larger.
    pub is_certain: bool,
    /// What it took.
    pub stage: Stage,
}

/// How far the search for a packing had to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Flow that does not look at depth: its chains respect it anyway.
    Flow,
    /// Flow that respects depth by construction.
    Potential,
    /// The linear program.
    Program,
}

/// The packing with the largest score.
///
/// # Errors
/// [`Undecidable`] when the budget ended or arithmetic failed before there was any answer.
pub fn largest(instance: &Instance) -> Result<Largest, Undecidable> {
    Packer::new(instance, &[], Weighing::Score).largest()
}

/// The same by flow alone, which does not see depth: an upper bound.
///
/// # Errors
/// [`Undecidable::Budget`].
pub fn flow_bound(instance: &Instance) -> Result<Score, Undecidable> {
    Packer::new(instance, &[], Weighing::Score).score_bound()
}

impl Best {
    fn offer(&mut self, witness: Witness, value: Gain) {
        if value > self.value {
            (self.witness, self.value) = (witness, value);
        }
    }

    fn is_met(&self) -> bool {
        self.value.floor == self.total
            && match self.target {
                Target::Minimum(minimum) => self.value.score >= minimum,
                Target::Most => self.value.score == self.bound.score,
            }
    }

    fn is_short(&self) -> bool {
        self.bound.floor < self.total
            || matches!(self.target, Target::Minimum(minimum) if self.bound.score < minimum)
    }

    fn is_settled(&self) -> bool {
        self.is_met() || self.is_short()
    }
}

impl<'a> Packer<'a> {
    /// A packer for questions about these supports.
    pub(crate) fn new(instance: &'a Instance, asked: &[(PartyIndex, Level)], weighing: Weighing) -> Self {
        Self {
            instance,
            tiers: Tiers::new(instance, asked, weighing),
            heights: Heights::of(instance),
            networks: [None, None, None],
            budget: Budget::default(),
        }
    }

    /// Whether some packing meets a demand.
    pub(crate) fn reach(&mut self, demand: &Demand) -> Result<Outcome, Undecidable> {
        let minimum = demand.score.map_or(0, |minimum| self.tiers.minimum(minimum));
        let best = self.pack(demand, Target::Minimum(minimum))?;
        if best.is_met() {
            Ok(Outcome::Met(best.witness))
        } else if best.is_short() {
            Ok(Outcome::Short)
        } else {
            Err(Undecidable::Margin)
        }
    }

    fn largest(&mut self) -> Result<Largest, Undecidable> {
        let best = self.pack(&Demand::default(), Target::Most)?;
        Ok(Largest { is_certain: best.is_met(), stage: best.stage, witness: best.witness })
    }

    /// One flow with as much of these floors as there is: a packing found quickly, and often all that is needed.
    pub(crate) fn first_guess(&mut self, demand: &Demand) -> Result<Witness, Undecidable> {
        self.flow(demand, Potential::None).map(|(witness, _)| witness)
    }

    /// Whether flow alone rules a demand out.
    pub(crate) fn is_ruled_out(&mut self, demand: &Demand) -> Result<bool, Undecidable> {
        let minimum = demand.score.map_or(0, |minimum| self.tiers.minimum(minimum));
        let bound = self.fill(demand, Potential::None, None)?;
        Ok(bound.floor < demand.total() || bound.score < minimum)
    }

    /// An upper bound of a party's support with no other party present, reached when it is as large as asked.
    pub(crate) fn may_reach_alone(
        &mut self,
        demand: &Demand,
        party: PartyIndex,
    ) -> Result<bool, Undecidable> {
        let bound = self.fill(demand, Potential::None, Some(party))?;
        Ok(bound.floor == demand.total())
    }

    /// An upper bound of the score.
    pub(crate) fn score_bound(&mut self) -> Result<Score, Undecidable> {
        let bound = self.fill(&Demand::default(), Potential::None, None)?;
        Ok(self.tiers.score(bound.score))
    }

    fn pack(&mut self, demand: &Demand, target: Target) -> Result<Best, Undecidable> {
        let top = Gain { floor: i64::MAX, score: i64::MAX };
        let none = Gain { floor: 0, score: 0 };
        let (witness, stage) = (Witness::default(), Stage::Flow);
        let mut best = Best { witness, value: none, bound: top, total: demand.total(), target, stage };
        for potential in [Potential::None, Potential::Need, Potential::Have] {
            let (witness, gain) = self.flow(demand, potential)?;
            if potential == Potential::None {
                best.bound = gain;
            } else {
                best.stage = Stage::Potential;
            }
            let value = self.value(demand, &witness);
            best.offer(witness, value);
            if best.is_settled() {
                return Ok(best);
            }
        }
        best.stage = Stage::Program;
        self.solve(demand, &mut best)?;
        Ok(best)
    }

    fn solve(&mut self, demand: &Demand, best: &mut Best) -> Result<(), Undecidable> {
        let program = Program::new(self.instance, &self.heights, &self.tiers, demand)?;
        let whole = program.is_small().then_some(Numbers::Whole);
        for numbers in std::iter::once(Numbers::Real).chain(whole) {
            for goal in [Goal::Floors, Goal::Score] {
                let is_idle = match goal {
                    Goal::Floors => best.total == 0,
                    Goal::Score => best.target == Target::Minimum(0),
                };
                if is_idle {
                    continue;
                }
                self.budget.take_program()?;
                let solved = program.solve(demand, goal, numbers)?;
                let witness = path::witness(self.instance, solved.shares);
                let value = self.value(demand, &witness);
                best.offer(witness, value);
                let bound = match goal {
                    Goal::Floors => &mut best.bound.floor,
                    Goal::Score => &mut best.bound.score,
                };
                *bound = solved.bound.min(*bound);
                if best.is_settled() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn flow(&mut self, demand: &Demand, potential: Potential) -> Result<(Witness, Gain), Undecidable> {
        let gain = self.fill(demand, potential, None)?;
        let witness =
            self.networks[potential.position()].as_mut().map(|network| path::chains(self.instance, network));
        Ok((witness.unwrap_or_default(), gain))
    }

    fn fill(
        &mut self,
        demand: &Demand,
        potential: Potential,
        only: Option<PartyIndex>,
    ) -> Result<Gain, Undecidable> {
        let make = || Network::new(self.instance, &self.tiers, &self.heights, potential);
        let network = self.networks[potential.position()].get_or_insert_with(make);
        network.fill(&self.tiers, demand, only, &mut self.budget)
    }

    /// What a witness is worth; nothing when it is none.
    fn value(&self, demand: &Demand, witness: &Witness) -> Gain {
        let Ok(packing) = packing::check(self.instance, witness) else {
            debug_assert!(false, "every stage makes packings: {witness:?}");
            return Gain { floor: -1, score: -1 };
        };
        Gain { floor: floors_reached(&packing, demand), score: self.score(witness) }
    }

    fn score(&self, witness: &Witness) -> i64 {
        let weigh = |sum: &crate::witness::Sum| {
            self.tiers.weight(sum.party, sum.level).saturating_mul(i64::from(sum.amount.units()))
        };
        witness.sums.iter().map(weigh).sum()
    }
}

fn floors_reached(packing: &Packing<'_>, demand: &Demand) -> i64 {
    let reached = |floor: &crate::demand::Floor| packing.support(floor.party, floor.level).min(floor.amount);
    demand.floors.iter().map(|floor| i64::from(reached(floor).units())).sum()
}
