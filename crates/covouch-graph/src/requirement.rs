//! What must hold for a file to be admitted. Monotone by construction: nothing in it asks for an absence.

use std::num::NonZeroUsize;

use covouch_core::{
    amount::{Amount, Decimal},
    level::Level,
};

use crate::parties::PartyIndex;

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
