//! Sets of parties that admit, told by class: "any 2 of (security, platform, data)".

use std::fmt;

use covouch_core::amount::{Amount, Score};

use super::{
    cast::Cast,
    diagram::{NodeId, TooLarge, YES},
    limits,
    shape::Weighed,
    stage::{Given, Stage, Variable},
};

/// The smallest sets with a property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coalitions {
    /// The sets by class, smallest first.
    pub sets: Vec<Coalition>,
    /// How many sets there are, each counted alone.
    pub total: u128,
    /// Whether `sets` has all of them.
    pub complete: bool,
}

/// Sets of the same form: so many of each group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coalition {
    /// The groups.
    pub groups: Vec<Group>,
    /// The score they reach, where the requirement asks for one.
    pub score: Option<Score>,
}

/// Any so many of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub count: usize,
    /// Of whom or what, as a policy writes it.
    pub of: Vec<String>,
}

/// Prints `pypi, curator and any 2 of (security, platform, data)`.
impl fmt::Display for Coalition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        for group in &self.groups {
            if group.count == group.of.len() {
                parts.extend(group.of.iter().cloned());
            } else {
                parts.push(format!("any {} of ({})", group.count, group.of.join(", ")));
            }
        }
        f.write_str(&joined(&parts))
    }
}

/// Prints `a, b and c`.
pub(super) fn joined(parts: &[String]) -> String {
    match parts {
        [] => "nothing at all".to_owned(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// One state for each variable.
pub(super) type Point = Vec<usize>;

impl Stage {
    /// The points of a family, one for each way to choose from classes, smallest first, and whether these are all.
    pub(super) fn points(&self, family: NodeId, most: usize) -> (Vec<Point>, bool) {
        let least = self.least(family);
        let mut listing =
            Listing { stage: self, least, found: Vec::new(), most, steps: limits::LISTING, cut: false };
        let largest: usize = (0..self.variables.len()).map(|variable| self.largest(variable)).sum();
        for size in 0..=largest {
            listing.walk(family, &mut Vec::new(), size);
        }
        (listing.found, !listing.cut)
    }

    /// For every node up to this one, the size of its smallest point.
    fn least(&self, family: NodeId) -> Vec<Option<usize>> {
        let mut least: Vec<Option<usize>> = Vec::new();
        for node in self.diagram.up_to(family) {
            let size = match self.diagram.children(node) {
                None => (node == YES).then_some(0),
                Some((variable, children)) => {
                    let sizes = children.iter().enumerate().filter_map(|(state, child)| {
                        Some(self.size(variable, state) + least.get(child.number()).copied().flatten()?)
                    });
                    sizes.min()
                }
            };
            least.push(size);
        }
        least
    }

    /// The smallest points of a function at which another is false.
    pub(super) fn only(&mut self, function: NodeId, other: NodeId) -> Result<NodeId, TooLarge> {
        let family = self.diagram.smallest(function)?;
        self.diagram.without(family, other)
    }

    /// The smallest points of a function, for people.
    pub(super) fn coalitions(&self, family: NodeId, cast: &Cast, weights: Option<&[Weighed]>) -> Coalitions {
        let (points, complete) = self.points(family, limits::SETS);
        let sets = points.iter().map(|point| Coalition {
            groups: self.groups(point, cast),
            score: weights.map(|weights| self.score(point, weights)),
        });
        Coalitions { sets: sets.collect(), total: self.diagram.count(family), complete }
    }

    fn groups(&self, point: &Point, cast: &Cast) -> Vec<Group> {
        let mut groups: Vec<(usize, Group)> = Vec::new();
        for (class, members) in self.classes() {
            for state in
                members.iter().filter_map(|member| point.get(*member)).copied().filter(|state| *state > 0)
            {
                let of = || members.iter().flat_map(|member| self.labels(*member, state, cast)).collect();
                match groups.last_mut() {
                    Some((known, group)) if *known == class && members.len() > 1 && group.of == of() => {
                        group.count += 1;
                    }
                    _ => {
                        let of: Vec<String> = of();
                        let count = if members.len() > 1 { 1 } else { of.len() };
                        groups.push((class, Group { count, of }));
                    }
                }
            }
        }
        groups.into_iter().map(|(_, group)| group).collect()
    }

    /// The variables, interchangeable ones together.
    pub(super) fn classes(&self) -> Vec<(usize, Vec<usize>)> {
        let mut classes: Vec<(usize, Vec<usize>)> = Vec::new();
        for (variable, alike) in self.alike.iter().enumerate() {
            match classes.last_mut() {
                Some((_, class)) if *alike => class.push(variable),
                _ => classes.push((classes.len(), vec![variable])),
            }
        }
        classes
    }

    /// What a state says, as a policy writes it.
    pub(super) fn labels(&self, variable: usize, state: usize, cast: &Cast) -> Vec<String> {
        let Some(before) = state.checked_sub(1) else { return Vec::new() };
        let label = match self.variables.get(variable) {
            Some(Variable::Voice(states)) => {
                let given = states.get(state).into_iter().flatten();
                return given.map(|given| word(given, cast)).collect();
            }
            Some(Variable::Age(ages)) => ages.get(before).map(|age| format!("age >= {age}")),
            Some(Variable::Vetoes(counts)) => counts.get(before).map(|count| match count {
                1 => "not vetoes".to_owned(),
                count => format!("not at least {count} vetoes"),
            }),
            Some(Variable::Absent(what)) => Some(format!("not {what}")),
            Some(Variable::Fact(what)) => Some(what.clone()),
            Some(Variable::From(index)) => cast.member(*index).map(|index| format!("index {}", index.name)),
            Some(Variable::Kind) => ["sdist", "wheel", "pure"].get(before).map(ToString::to_string),
            None => None,
        };
        label.into_iter().collect()
    }

    fn score(&self, point: &Point, weights: &[Weighed]) -> Score {
        let given = self.variables.iter().zip(point).filter_map(|(variable, state)| match variable {
            Variable::Voice(states) => states.get(*state),
            _ => None,
        });
        given
            .flatten()
            .map(|given| {
                let counting = weights
                    .iter()
                    .filter(|weighed| weighed.actor == given.actor && weighed.level <= given.level);
                Score::of(counting.map(|weighed| weighed.weight).max().unwrap_or_default(), given.amount)
            })
            .sum()
    }

    /// How many words or facts a state is made of.
    pub(super) fn size(&self, variable: usize, state: usize) -> usize {
        match self.variables.get(variable) {
            Some(Variable::Voice(states)) => states.get(state).map_or(0, Vec::len),
            _ => usize::from(state > 0),
        }
    }

    fn largest(&self, variable: usize) -> usize {
        match self.variables.get(variable) {
            Some(Variable::Voice(states)) => states.iter().map(Vec::len).max().unwrap_or(0),
            _ => 1,
        }
    }
}

fn word(given: &Given, cast: &Cast) -> String {
    let label = cast.label(given.actor, given.level);
    if given.amount == Amount::FULL { label } else { format!("{label} >= {}", given.amount) }
}

/// Walks a family for the points of one size.
struct Listing<'s> {
    stage: &'s Stage,
    least: Vec<Option<usize>>,
    found: Vec<Point>,
    most: usize,
    steps: usize,
    /// Something was not looked at.
    cut: bool,
}

impl Listing<'_> {
    fn walk(&mut self, node: NodeId, point: &mut Point, size: usize) {
        // No point below is as small as this.
        if self.least.get(node.number()).copied().flatten().is_none_or(|least| least > size) {
            return;
        }
        if self.steps == 0 || self.found.len() >= self.most {
            self.cut = true;
            return;
        }
        self.steps -= 1;
        let variables = self.stage.variables.len();
        let Some((variable, children)) = self.stage.diagram.children(node) else {
            if size == 0 {
                let mut found = point.clone();
                found.resize(variables, 0);
                self.found.push(found);
            }
            return;
        };
        let before = point.len();
        point.resize(variable, 0);
        for (state, child) in children.iter().copied().enumerate() {
            // Of sets that differ by interchangeable parties only, the one that takes the first of them stands for all.
            let like_before = self.stage.alike.get(variable).copied().unwrap_or(false);
            let allowed = !like_before || point.last().is_some_and(|previous| state <= *previous);
            if let Some(left) = size.checked_sub(self.stage.size(variable, state)).filter(|_| allowed) {
                point.push(state);
                self.walk(child, point, left);
                point.truncate(variable);
            }
        }
        point.truncate(before);
    }
}
