//! The variables of some formulas, and the diagram in which the formulas become functions.
//!
//! Parties that count together as one are one variable, whose states are the ways to share 100 % among them: what
//! cannot be counted together is no point of any diagram.
//!
//! # Invariants
//! - States stand in an order in which a state comes after all below it.
//! - Interchangeable parties stand side by side, so that a set can be told by how many of them it has.
//!
//! # Not here
//! One word per party: a state gives a party one level and one amount, so "all at `vouched`, half at `audited`"
//! appears as all of it at `audited`.

use std::collections::BTreeSet;

use covouch_core::{amount::Amount, level::Level, time::Duration};

use super::{
    cast::{Actor, Cast},
    diagram::{Diagram, NodeId, States, TooLarge},
    limits,
    shape::{Kind, Shape, Weighed},
};

/// What can differ from file to file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Variable {
    /// What parties that count as one say: for each state, the words.
    Voice(Vec<Vec<Given>>),
    /// The ages asked for; state n: as old as the first n.
    Age(Vec<Duration>),
    /// The numbers of vetoes that keep out, largest first; state n: fewer than the first n.
    Vetoes(Vec<usize>),
    /// Something that keeps out; second state: it is absent.
    Absent(String),
    /// Something that must hold; second state: it does.
    Fact(String),
    /// The index the project is pinned to; second state: the file comes from there.
    From(Actor),
    /// The kind of file: another one, sdist, wheel, pure wheel.
    Kind,
}

/// A party's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Given {
    pub(super) actor: Actor,
    pub(super) level: Level,
    pub(super) amount: Amount,
}

/// How finely amounts are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Grain {
    /// As they are asked for: a party speaks with an amount somebody names, or with all of it.
    Asked,
    /// Also just below what is asked: there a term is false, and a score nearly as large.
    Below,
}

/// A diagram and what its variables stand for.
#[derive(Debug)]
pub(super) struct Stage {
    pub(super) variables: Vec<Variable>,
    /// For each variable, whether it is interchangeable with the one before.
    pub(super) alike: Vec<bool>,
    pub(super) diagram: Diagram,
}

impl Stage {
    /// A stage for these formulas.
    pub(super) fn set(cast: &Cast, shapes: &[&Shape], grain: Grain) -> Result<Self, TooLarge> {
        let mut variables = Vec::new();
        let mut alike = Vec::new();
        for class in classes(cast, shapes) {
            for (place, voice) in class.into_iter().enumerate() {
                variables.push(Variable::Voice(states(&voice, (cast, grain), shapes)?));
                alike.push(place > 0);
            }
        }
        let facts = facts(shapes);
        alike.extend(facts.iter().map(|_| false));
        variables.extend(facts);
        let diagram = Diagram::new(variables.iter().map(Variable::states).collect());
        Ok(Self { variables, alike, diagram })
    }

    /// The function of a formula.
    pub(super) fn function(&mut self, shape: &Shape) -> Result<NodeId, TooLarge> {
        match shape {
            Shape::AtLeast(needed, parts) => self.at_least(*needed, parts),
            Shape::Score { weights, minimum } => {
                let values: Vec<_> = self.variables.iter().map(|variable| variable.scores(weights)).collect();
                let minimum = minimum.millionths().saturating_mul(u64::from(Amount::FULL.units()));
                self.diagram.threshold(&values, minimum)
            }
            term => match self.holding(term) {
                Some((variable, holding)) => {
                    self.diagram.atom(variable, |state| holding.get(state).copied().unwrap_or(false))
                }
                None => Ok(Diagram::constant(false)),
            },
        }
    }

    /// A count of terms that each look at one variable is a sum, which is quick; everything else is combined.
    fn at_least(&mut self, needed: usize, parts: &[Shape]) -> Result<NodeId, TooLarge> {
        let terms: Option<Vec<_>> = parts.iter().map(|part| self.holding(part)).collect();
        if let Some(terms) = terms {
            let mut values: Vec<Vec<u64>> = vec![Vec::new(); self.variables.len()];
            for (variable, holding) in terms {
                let Some(values) = values.get_mut(variable) else { continue };
                values.resize(holding.len(), 0);
                for (value, holds) in values.iter_mut().zip(holding) {
                    *value += u64::from(holds);
                }
            }
            return self.diagram.threshold(&values, u64::try_from(needed).unwrap_or(u64::MAX));
        }
        let parts = parts.iter().map(|part| self.function(part)).collect::<Result<Vec<_>, _>>()?;
        if needed > parts.len() {
            return Ok(Diagram::constant(false));
        }
        self.diagram.at_least(needed, &parts)
    }

    /// The variable a term looks at, and whether each of its states will do.
    fn holding(&self, term: &Shape) -> Option<(usize, Vec<bool>)> {
        self.variables
            .iter()
            .enumerate()
            .find_map(|(number, variable)| Some((number, variable.holding(term)?)))
    }
}

impl Variable {
    fn states(&self) -> States {
        match self {
            Self::Voice(states) => states.iter().map(|state| below(state, states)).collect(),
            Self::Age(ages) => chain(ages.len() + 1),
            Self::Vetoes(counts) => chain(counts.len() + 1),
            Self::Absent(_) | Self::Fact(_) | Self::From(_) => chain(2),
            Self::Kind => vec![Vec::new(), vec![0], vec![0], vec![2]],
        }
    }

    fn holding(&self, term: &Shape) -> Option<Vec<bool>> {
        match (self, term) {
            (Self::Voice(states), Shape::Support { actor, level, at_least }) => {
                states.iter().flatten().any(|given| given.actor == *actor).then(|| {
                    let enough = |given: &Given| {
                        given.actor == *actor && given.level >= *level && given.amount >= *at_least
                    };
                    states.iter().map(|state| state.iter().any(enough)).collect()
                })
            }
            (Self::Age(ages), Shape::Age(age)) => Some(reaching(ages.iter().map(|known| known >= age))),
            (Self::Vetoes(counts), Shape::FewerVetoes(count)) => {
                Some(reaching(counts.iter().map(|known| known <= count)))
            }
            (Self::Absent(known), Shape::Absent(what)) => (known == what).then(|| vec![false, true]),
            (Self::Fact(known), Shape::Fact(what)) => (known == what).then(|| vec![false, true]),
            (Self::From(known), Shape::From(index)) => (known == index).then(|| vec![false, true]),
            (Self::Kind, Shape::Kind(kind)) => Some(kind.of_each().to_vec()),
            (Self::Kind, Shape::NotKind(kind)) => Some(kind.of_each().map(|holds| !holds).to_vec()),
            _ => None,
        }
    }

    /// What each state adds to a score.
    fn scores(&self, weights: &[Weighed]) -> Vec<u64> {
        let Self::Voice(states) = self else { return Vec::new() };
        let scores: Vec<u64> =
            states.iter().map(|state| state.iter().map(|given| score(given, weights)).sum()).collect();
        if scores.iter().all(|score| *score == 0) { Vec::new() } else { scores }
    }
}

/// What a word adds to a score, in millionths of a point times 600.
pub(super) fn score(given: &Given, weights: &[Weighed]) -> u64 {
    let counting =
        weights.iter().filter(|weighed| weighed.actor == given.actor && weighed.level <= given.level);
    let weight = counting.map(|weighed| weighed.weight.millionths()).max().unwrap_or(0);
    weight.saturating_mul(u64::from(given.amount.units()))
}

impl Kind {
    /// Whether another kind of file, an sdist, a wheel and a pure wheel are of this kind.
    fn of_each(self) -> [bool; 4] {
        match self {
            Self::Sdist => [false, true, false, false],
            Self::Wheel => [false, false, true, true],
            Self::Pure => [false, false, false, true],
        }
    }
}

/// The first state does not reach anything.
fn reaching(others: impl Iterator<Item = bool>) -> Vec<bool> {
    std::iter::once(false).chain(others).collect()
}

fn chain(length: usize) -> States {
    (0..length).map(|state| state.checked_sub(1).into_iter().collect()).collect()
}

/// The states below one.
fn below(state: &[Given], states: &[Vec<Given>]) -> Vec<usize> {
    let covers = |lower: &Vec<Given>| {
        lower.iter().all(|lower| {
            state.iter().any(|given| {
                given.actor == lower.actor && given.level >= lower.level && given.amount >= lower.amount
            })
        })
    };
    let lower = states.iter().enumerate().filter(|(_, lower)| lower.as_slice() != state && covers(lower));
    lower.map(|(number, _)| number).collect()
}

/// The parties that are asked, those that count as one together, interchangeable ones side by side; heavy ones
/// first, which keeps diagrams of scores small.
fn classes(cast: &Cast, shapes: &[&Shape]) -> Vec<Vec<Vec<Actor>>> {
    let mut voices: Vec<Vec<Actor>> = Vec::new();
    for actor in asked(shapes) {
        match voices.iter_mut().find(|voice| voice.iter().any(|other| cast.are_one(actor, *other))) {
            Some(voice) => voice.push(actor),
            None => voices.push(vec![actor]),
        }
    }
    let weight = |voice: &Vec<Actor>| voice.iter().map(|actor| heaviest(*actor, shapes)).max();
    voices.sort_by_key(|voice| std::cmp::Reverse(weight(voice)));
    let plain: Vec<Shape> = shapes.iter().map(|shape| sorted(shape)).collect();
    let mut classes: Vec<Vec<Vec<Actor>>> = Vec::new();
    for voice in voices {
        let known = classes.iter_mut().find(|class| {
            let first = class.first().and_then(|first| first.first()).copied();
            let (Some(first), [actor]) = (first, voice.as_slice()) else { return false };
            class.iter().all(|voice| voice.len() == 1) && are_alike(cast, first, *actor, (shapes, &plain))
        });
        match known {
            Some(class) => class.push(voice),
            None => classes.push(vec![voice]),
        }
    }
    classes
}

fn are_alike(cast: &Cast, left: Actor, right: Actor, (shapes, plain): (&[&Shape], &[Shape])) -> bool {
    let is_index = |actor| cast.member(actor).is_some_and(|member| member.is_adapter);
    is_index(left) == is_index(right)
        && heaviest(left, shapes) == heaviest(right, shapes)
        && shapes.iter().zip(plain).all(|(shape, plain)| shape.exchanged(left, right) == *plain)
}

/// The formula with its parts in one order.
fn sorted(shape: &Shape) -> Shape {
    match shape {
        Shape::AtLeast(needed, parts) => {
            let mut parts: Vec<Shape> = parts.iter().map(sorted).collect();
            parts.sort();
            Shape::AtLeast(*needed, parts)
        }
        other => other.clone(),
    }
}

fn heaviest(actor: Actor, shapes: &[&Shape]) -> u64 {
    let mut heaviest = 0;
    for shape in shapes {
        shape.walk(&mut |part| {
            if let Shape::Score { weights, .. } = part {
                let own = weights.iter().filter(|weighed| weighed.actor == actor);
                heaviest = own.map(|weighed| weighed.weight.millionths()).fold(heaviest, u64::max);
            }
        });
    }
    heaviest
}

fn asked(shapes: &[&Shape]) -> BTreeSet<Actor> {
    let mut asked = BTreeSet::new();
    for shape in shapes {
        shape.walk(&mut |part| match part {
            Shape::Support { actor, .. } => {
                asked.insert(*actor);
            }
            Shape::Score { weights, .. } => asked.extend(weights.iter().map(|weighed| weighed.actor)),
            _ => {}
        });
    }
    asked
}

/// The ways in which parties that count as one can share 100 %.
fn states(
    voice: &[Actor],
    (cast, grain): (&Cast, Grain),
    shapes: &[&Shape],
) -> Result<Vec<Vec<Given>>, TooLarge> {
    let mut states: Vec<Vec<Given>> = vec![Vec::new()];
    for actor in voice {
        // An index lists a file or does not.
        let is_index = cast.member(*actor).is_some_and(|member| member.is_adapter);
        let steps = steps(*actor, shapes, if is_index { Grain::Asked } else { grain });
        for state in states.clone() {
            let used: u16 = state.iter().map(|given| given.amount.units()).sum();
            for (level, amount) in &steps {
                if used + amount.units() <= Amount::FULL.units() {
                    let mut more = state.clone();
                    more.push(Given { actor: *actor, level: *level, amount: *amount });
                    states.push(more);
                }
            }
            if states.len() > limits::STATES {
                return Err(TooLarge);
            }
        }
    }
    let rank = |state: &Vec<Given>| {
        let level = |given: &Given| Level::ALL.iter().position(|level| *level == given.level).unwrap_or(0);
        state.iter().map(|given| usize::from(given.amount.units()) + level(given)).sum::<usize>()
    };
    states.sort_by_key(|state| (rank(state), state.clone()));
    Ok(states)
}

/// The levels and amounts at which a party's word can matter.
fn steps(actor: Actor, shapes: &[&Shape], grain: Grain) -> BTreeSet<(Level, Amount)> {
    let (mut levels, mut amounts) = (BTreeSet::new(), BTreeSet::new());
    for shape in shapes {
        shape.walk(&mut |part| match part {
            Shape::Support { actor: asked, level, at_least } if *asked == actor => {
                levels.insert(*level);
                amounts.insert(*at_least);
            }
            Shape::Score { weights, .. } => {
                let own = weights.iter().filter(|weighed| weighed.actor == actor);
                let before = levels.len();
                levels.extend(own.map(|weighed| weighed.level));
                if levels.len() > before {
                    amounts.insert(Amount::FULL);
                    amounts.extend(remainders(shapes));
                }
            }
            _ => {}
        });
    }
    if grain == Grain::Below && heaviest(actor, shapes) > 0 {
        let below = amounts.iter().filter_map(|amount| Amount::from_units(amount.units().checked_sub(1)?));
        amounts.extend(below.filter(|amount| *amount > Amount::NONE).collect::<Vec<_>>());
    }
    levels.iter().flat_map(|level| amounts.iter().map(|amount| (*level, *amount))).collect()
}

/// What can be left of one key's 100 % after shares that were asked for: it can go to whoever weighs most.
fn remainders(shapes: &[&Shape]) -> BTreeSet<Amount> {
    let full = Amount::FULL.units();
    let mut asked: BTreeSet<(Actor, u16)> = BTreeSet::new();
    for shape in shapes {
        shape.walk(&mut |part| {
            if let Shape::Support { actor, at_least, .. } = part {
                asked.insert((*actor, at_least.units()));
            }
        });
    }
    let mut sums = BTreeSet::from([0]);
    for (_, share) in asked {
        let more: Vec<u16> = sums.iter().map(|sum| (sum + share) % full).collect();
        sums.extend(more);
    }
    sums.into_iter().filter(|sum| *sum > 0).filter_map(|sum| Amount::from_units(full - sum)).collect()
}

/// Everything asked for that is no party's word.
fn facts(shapes: &[&Shape]) -> Vec<Variable> {
    let (mut ages, mut vetoes, mut others) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    for shape in shapes {
        shape.walk(&mut |part| {
            let mut also = |other| {
                if !others.contains(&other) {
                    others.push(other);
                }
            };
            match part {
                Shape::Age(age) => ages.extend([*age]),
                Shape::FewerVetoes(count) => vetoes.extend([*count]),
                Shape::Absent(what) => also(Variable::Absent(what.clone())),
                Shape::Fact(what) => also(Variable::Fact(what.clone())),
                Shape::From(index) => also(Variable::From(*index)),
                Shape::Kind(_) | Shape::NotKind(_) => also(Variable::Kind),
                Shape::AtLeast(..) | Shape::Support { .. } | Shape::Score { .. } => {}
            }
        });
    }
    let ages = (!ages.is_empty()).then(|| Variable::Age(ages.into_iter().collect()));
    let vetoes = (!vetoes.is_empty()).then(|| Variable::Vetoes(vetoes.into_iter().rev().collect()));
    ages.into_iter().chain(vetoes).chain(others).collect()
}
