//! What must hold for a file to be admitted. Monotone by construction: nothing in it asks for an absence.

use std::num::NonZeroUsize;

use covouch_core::{
    amount::{Amount, Decimal},
    level::Level,
};

use crate::{parties::PartyIndex, witness::Tally};

/// A requirement over facts, supports and the score.
///
/// *Some* packing must meet all of it at once: supports that hold one at a time, but not together, do not.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Requirement {
    /// Something that is so, or not.
    Fact(bool),
    /// A party's support at a level or above.
    Support {
        /// Whose.
        party: PartyIndex,
        /// At least at this level.
        level: Level,
        /// How much.
        at_least: Amount,
    },
    /// All of these; true when empty.
    All(Vec<Requirement>),
    /// Any of these; false when empty.
    Any(Vec<Requirement>),
    /// At least so many of these.
    AtLeast(NonZeroUsize, Vec<Requirement>),
    /// The score reaches this.
    Score(Decimal),
}

impl Requirement {
    /// Whether these supports and the score they make meet all of it. The one place where supports are compared.
    pub(crate) fn is_met(&self, tally: &Tally<'_>) -> bool {
        match self {
            Self::Fact(so) => *so,
            Self::Support { party, level, at_least } => tally.support(*party, *level) >= *at_least,
            Self::Score(minimum) => tally.score().reaches(*minimum),
            Self::All(parts) => parts.iter().all(|part| part.is_met(tally)),
            Self::Any(parts) => parts.iter().any(|part| part.is_met(tally)),
            Self::AtLeast(count, parts) => {
                parts.iter().filter(|part| part.is_met(tally)).take(count.get()).count() == count.get()
            }
        }
    }

    /// Every support and every score it asks for, to `visit`.
    pub(crate) fn visit(&self, visit: &mut impl FnMut(&Self)) {
        match self {
            Self::Fact(_) | Self::Support { .. } | Self::Score(_) => visit(self),
            Self::All(parts) | Self::Any(parts) | Self::AtLeast(_, parts) => {
                parts.iter().for_each(|part| part.visit(visit));
            }
        }
    }

    /// What is left of it when the supports and scores that are out of reach are false and all facts are known.
    pub(crate) fn simplify<E>(&self, may_hold: &mut impl FnMut(&Self) -> Result<bool, E>) -> Result<Self, E> {
        let (count, parts) = match self {
            Self::Fact(_) => return Ok(self.clone()),
            Self::Support { .. } | Self::Score(_) => {
                return Ok(if may_hold(self)? { self.clone() } else { Self::Fact(false) });
            }
            Self::All(parts) => (parts.len(), parts),
            Self::Any(parts) => (1, parts),
            Self::AtLeast(count, parts) => (count.get(), parts),
        };
        let mut missing = count;
        let mut open = Vec::new();
        for part in parts {
            match part.simplify(may_hold)? {
                Self::Fact(true) => missing = missing.saturating_sub(1),
                Self::Fact(false) => {}
                part => open.push(part),
            }
        }
        Ok(match NonZeroUsize::new(missing) {
            None => Self::Fact(true),
            Some(missing) if missing.get() > open.len() => Self::Fact(false),
            Some(missing) if missing.get() == open.len() => Self::All(open),
            Some(missing) => Self::AtLeast(missing, open),
        })
    }
}
