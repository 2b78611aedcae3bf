//! How to mend a policy that admits what somebody claims it does not: an explicit requirement, or new weights.
//!
//! # Invariants
//! Weights come from a linear program and count only after their threshold is found to be the very function that
//! was wanted; floating point finds them and proves nothing.

use std::collections::BTreeMap;

use covouch_core::amount::Amount;
use microlp::{
    ComparisonOp, Error, LinearExpr, OptimizationDirection, Problem, SolveOptions, Variable as Unknown,
};

use super::{
    cast::Cast,
    coalitions::Point,
    diagram::{NodeId, TooLarge},
    limits,
    stage::{Stage, Variable},
};

/// Whether other weights would make the claim true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewWeights {
    /// These do: the score then admits exactly what was admitted and meets the claim.
    Found {
        /// Each party's weight.
        weights: Vec<(String, u32)>,
        /// The score to ask for.
        minimum: u32,
    },
    /// No weights can say this.
    None,
    /// The requirement is not a score alone, has levels or shares in it, or too many sets.
    NotLookedFor,
}

/// How many of each class are in a point.
type Counts = Vec<u32>;

/// Weights for the parties of a stage whose score reaches a minimum exactly where two functions are true.
pub(super) fn weights(
    stage: &mut Stage,
    (admitted, claimed): (NodeId, NodeId),
    cast: &Cast,
) -> Result<NewWeights, TooLarge> {
    if !stage.variables.iter().all(is_whole_voice) || stage.classes().len() > limits::CLASSES {
        return Ok(NewWeights::NotLookedFor);
    }
    let wanted = stage.diagram.and(admitted, claimed)?;
    let smallest = stage.diagram.smallest(wanted)?;
    let (smallest, all) = stage.points(smallest, limits::INEQUALITIES);
    if !all || smallest.is_empty() {
        return Ok(NewWeights::NotLookedFor);
    }
    let dual = stage.diagram.dual(wanted)?;
    let absent = stage.diagram.smallest(dual)?;
    let (absent, all_absent) = stage.points(absent, limits::INEQUALITIES);
    if !all_absent {
        return Ok(NewWeights::NotLookedFor);
    }
    let classes: Vec<Vec<usize>> = stage.classes().into_iter().map(|(_, class)| class).collect();
    let counts = |points: &[Point], of: usize| -> Vec<Counts> {
        points.iter().map(|point| classes.iter().map(|class| count(class, point, of)).collect()).collect()
    };
    // A point of the dual says who is absent from a largest set that is not enough.
    let program = Program { sizes: sizes(&classes), enough: counts(&smallest, 1), short: counts(&absent, 0) };
    match program.solve(Numbers::Real) {
        Ok(Some(_)) => {}
        Err(Error::Infeasible) => return Ok(NewWeights::None),
        Ok(None) | Err(_) => return Ok(NewWeights::NotLookedFor),
    }
    let Ok(Some(solution)) = program.solve(Numbers::Whole) else { return Ok(NewWeights::NotLookedFor) };
    proven(stage, wanted, (&classes, &solution), cast)
}

/// The solution, if its threshold is the function that was wanted.
fn proven(
    stage: &mut Stage,
    wanted: NodeId,
    (classes, solution): (&[Vec<usize>], &Solution),
    cast: &Cast,
) -> Result<NewWeights, TooLarge> {
    let of: BTreeMap<usize, u32> = classes
        .iter()
        .zip(&solution.weights)
        .flat_map(|(class, weight)| class.iter().map(move |variable| (*variable, *weight)))
        .collect();
    let values: Vec<Vec<u64>> = of.values().map(|weight| vec![0, u64::from(*weight)]).collect();
    if stage.diagram.threshold(&values, u64::from(solution.minimum))? != wanted {
        return Ok(NewWeights::NotLookedFor);
    }
    let weights = of.iter().flat_map(|(variable, weight)| {
        stage.labels(*variable, 1, cast).into_iter().map(move |label| (label, *weight))
    });
    Ok(NewWeights::Found { weights: weights.collect(), minimum: solution.minimum })
}

/// One party that says yes or nothing.
fn is_whole_voice(variable: &Variable) -> bool {
    match variable {
        Variable::Voice(states) => match states.as_slice() {
            [_, word] => matches!(word.as_slice(), [given] if given.amount == Amount::FULL),
            _ => false,
        },
        _ => false,
    }
}

fn sizes(classes: &[Vec<usize>]) -> Vec<f64> {
    classes.iter().map(|class| f64::from(u32::try_from(class.len()).unwrap_or(u32::MAX))).collect()
}

fn count(class: &[usize], point: &Point, of: usize) -> u32 {
    let members = class.iter().filter(|variable| point.get(**variable) == Some(&of));
    u32::try_from(members.count()).unwrap_or(u32::MAX)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Numbers {
    Real,
    Whole,
}

struct Solution {
    weights: Vec<u32>,
    minimum: u32,
}

/// The smallest weights with which every set that is enough reaches the minimum, and no other set does.
struct Program {
    sizes: Vec<f64>,
    enough: Vec<Counts>,
    short: Vec<Counts>,
}

impl Program {
    /// `None` when the search was given up.
    fn solve(&self, numbers: Numbers) -> Result<Option<Solution>, Error> {
        let mut problem = Problem::new(OptimizationDirection::Minimize);
        let mut unknown = |cost: f64, least: i32, most: i32| match numbers {
            Numbers::Real => problem.add_var(cost, (f64::from(least), f64::INFINITY)),
            Numbers::Whole => problem.add_integer_var(cost, (least, most)),
        };
        let weights: Vec<Unknown> = self.sizes.iter().map(|size| unknown(*size, 0, limits::WEIGHT)).collect();
        let everybody = i32::try_from(covouch_graph::limits::PARTIES).unwrap_or(i32::MAX);
        let minimum = unknown(1.0, 1, limits::WEIGHT.saturating_mul(everybody));
        let excess = |counts: &Counts| {
            let mut sum: LinearExpr =
                weights.iter().zip(counts).map(|(weight, count)| (*weight, f64::from(*count))).collect();
            sum.add(minimum, -1.0);
            sum
        };
        for counts in &self.enough {
            problem.add_constraint(excess(counts), ComparisonOp::Ge, 0.0);
        }
        for counts in &self.short {
            problem.add_constraint(excess(counts), ComparisonOp::Le, -1.0);
        }
        let mut options = SolveOptions::default();
        options.node_limit = Some(limits::BRANCHES);
        let Ok(solution) = problem.solve_with(options)?.into_solution() else { return Ok(None) };
        let value = |unknown: &Unknown| whole(solution.var_value(*unknown));
        Ok(Some(Solution { weights: weights.iter().map(value).collect(), minimum: value(&minimum) }))
    }
}

/// The nearest whole number; what it is good for is checked afterwards.
#[expect(clippy::as_conversions, reason = "saturates, and the weights are proven before they are shown")]
fn whole(value: f64) -> u32 {
    value.round() as u32
}
