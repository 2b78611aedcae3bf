//! Formulas without a policy: parties by actor, weights in place, and what must be absent named as such.
//!
//! # Invariants
//! A shape is monotone in everything but the kind of file: more words and fewer objections never make it false.

use covouch_core::{
    amount::{Amount, Decimal},
    level::Level,
    time::Duration,
};

use super::cast::{Actor, Cast};
use crate::program::{Condition, FileKind, Policy};

/// A formula.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    /// At least so many of these: all and any are special cases.
    AtLeast(usize, Vec<Self>),
    /// A party's word.
    Support { actor: Actor, level: Level, at_least: Amount },
    /// A score.
    Score { weights: Vec<Weighed>, minimum: Decimal },
    /// The file is that old.
    Age(Duration),
    /// Fewer vetoes than this.
    FewerVetoes(usize),
    /// What is written here does not hold.
    Absent(String),
    /// What is written here holds.
    Fact(String),
    /// The file comes from this index.
    From(Actor),
    /// The file is of this kind.
    Kind(Kind),
    /// The file is of another kind.
    NotKind(Kind),
}

/// What a party's word at a level adds to a score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Weighed {
    pub(super) actor: Actor,
    pub(super) level: Level,
    pub(super) weight: Decimal,
}

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Sdist,
    Wheel,
    Pure,
}

impl Shape {
    pub(super) fn all(parts: Vec<Self>) -> Self {
        Self::AtLeast(parts.len(), parts)
    }

    pub(super) fn any(parts: Vec<Self>) -> Self {
        Self::AtLeast(1, parts)
    }

    pub(super) fn parts(&self) -> &[Self] {
        match self {
            Self::AtLeast(_, parts) => parts,
            _ => &[],
        }
    }

    /// The parts that must all hold, one by one.
    pub(super) fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::AtLeast(needed, parts) if *needed == parts.len() => {
                parts.iter().flat_map(Self::conjuncts).collect()
            }
            other => vec![other],
        }
    }

    pub(super) fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        for part in self.parts() {
            part.walk(visit);
        }
    }

    /// The scores it asks for.
    pub(super) fn scores(&self) -> Vec<&Self> {
        let mut scores = Vec::new();
        self.walk(&mut |part| {
            if matches!(part, Self::Score { .. }) {
                scores.push(part);
            }
        });
        scores
    }

    /// The same formula with two parties in each other's place, in one order of its parts.
    pub(super) fn exchanged(&self, left: Actor, right: Actor) -> Self {
        let other = |actor: Actor| match actor {
            actor if actor == left => right,
            actor if actor == right => left,
            actor => actor,
        };
        match self {
            Self::AtLeast(needed, parts) => {
                let mut parts: Vec<Self> = parts.iter().map(|part| part.exchanged(left, right)).collect();
                parts.sort();
                Self::AtLeast(*needed, parts)
            }
            Self::Support { actor, level, at_least } => {
                Self::Support { actor: other(*actor), level: *level, at_least: *at_least }
            }
            Self::Score { weights, minimum } => {
                let mut weights: Vec<Weighed> = weights
                    .iter()
                    .map(|weighed| Weighed { actor: other(weighed.actor), ..*weighed })
                    .collect();
                weights.sort();
                Self::Score { weights, minimum: *minimum }
            }
            Self::From(actor) => Self::From(other(*actor)),
            same => same.clone(),
        }
    }
}

/// Reads a policy's conditions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'p> {
    pub(super) policy: &'p Policy,
    pub(super) cast: &'p Cast,
}

impl Reader<'_> {
    /// What must hold.
    pub(super) fn wanted(&self, condition: &Condition) -> Shape {
        let parts = |parts: &[Condition]| parts.iter().map(|part| self.wanted(part)).collect();
        match condition {
            Condition::All(all) => Shape::all(parts(all)),
            Condition::Any(any) => Shape::any(parts(any)),
            Condition::AtLeast(needed, of) => Shape::AtLeast(needed.get(), parts(of)),
            Condition::Not(inner) => self.unwanted(inner),
            Condition::Support { party, level, at_least } => match self.actor(*party) {
                Some(actor) => Shape::Support { actor, level: *level, at_least: *at_least },
                None => Shape::any(Vec::new()),
            },
            Condition::Score(minimum) => Shape::Score { weights: self.weights(), minimum: *minimum },
            Condition::Age(age) => Shape::Age(*age),
            // Whoever steals a key can vouch for an sdist and build the wheel from it.
            Condition::Derived { party, level } => match self.actor(*party) {
                Some(actor) => Shape::all(vec![
                    Shape::Support { actor, level: *level, at_least: Amount::FULL },
                    Shape::Fact("a wheel that derives from its sdist".to_owned()),
                ]),
                None => Shape::any(Vec::new()),
            },
            Condition::Attested(None) => Shape::Fact("attested".to_owned()),
            Condition::Attested(Some(publisher)) => Shape::Fact(format!("attested by \"{publisher}\"")),
            Condition::SamePublisher => Shape::Fact("same-publisher".to_owned()),
            Condition::Kind(kind) => Shape::Kind(Kind::from(*kind)),
            Condition::AllowBuild => Shape::all(Vec::new()),
            // These speak against a file, and stand in `refuse` or behind `not` only.
            Condition::Yanked | Condition::Quarantined | Condition::Vetoes(_) | Condition::VetoBy(_) => {
                Shape::any(Vec::new())
            }
        }
    }

    /// What must not hold, as what must.
    pub(super) fn unwanted(&self, condition: &Condition) -> Shape {
        let parts =
            |parts: &[Condition]| -> Vec<Shape> { parts.iter().map(|part| self.unwanted(part)).collect() };
        match condition {
            Condition::All(all) => Shape::any(parts(all)),
            Condition::Any(any) => Shape::all(parts(any)),
            Condition::AtLeast(needed, of) => {
                Shape::AtLeast((of.len() + 1).saturating_sub(needed.get()), parts(of))
            }
            Condition::Not(inner) => self.wanted(inner),
            Condition::Yanked => Shape::Absent("yanked".to_owned()),
            Condition::Quarantined => Shape::Absent("quarantined".to_owned()),
            Condition::Vetoes(count) => Shape::FewerVetoes(count.get()),
            Condition::VetoBy(parties) => Shape::all(
                parties
                    .iter()
                    .map(|party| Shape::Absent(format!("veto by {}", self.policy.party_name(*party))))
                    .collect(),
            ),
            Condition::Kind(kind) => Shape::NotKind(Kind::from(*kind)),
            // These speak for a file, and never refuse one.
            Condition::Support { .. }
            | Condition::Score(_)
            | Condition::Age(_)
            | Condition::Derived { .. }
            | Condition::Attested(_)
            | Condition::SamePublisher
            | Condition::AllowBuild => Shape::any(Vec::new()),
        }
    }

    fn weights(&self) -> Vec<Weighed> {
        let mut weights = Vec::new();
        for (_, party) in self.policy.parties().iter() {
            let Some(actor) = self.cast.actor(&party.name) else { continue };
            let mut below = Decimal::ZERO;
            for level in Level::ALL {
                let weight = party.weights.at(level);
                if weight > below {
                    weights.push(Weighed { actor, level, weight });
                }
                below = weight;
            }
        }
        weights.sort();
        weights
    }

    pub(super) fn actor(&self, party: covouch_graph::PartyIndex) -> Option<Actor> {
        self.policy.parties().get(party).and_then(|party| self.cast.actor(&party.name))
    }
}

impl From<FileKind> for Kind {
    fn from(kind: FileKind) -> Self {
        match kind {
            FileKind::Sdist => Self::Sdist,
            FileKind::Wheel => Self::Wheel,
            FileKind::Pure => Self::Pure,
        }
    }
}
