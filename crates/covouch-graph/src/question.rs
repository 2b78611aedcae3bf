//! What the graph is asked, and what it answers.

use std::sync::Arc;

use covouch_core::{amount::Score, code::Code, level::Level, subject::Subject};

use crate::{
    check::Admitted,
    limits,
    parties::{Parties, PartyIndex},
};

/// An adapter's known word for the file at hand: 100 % for its party at a level, from a source of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whose word it is.
    pub party: PartyIndex,
    /// At which level.
    pub level: Level,
    /// What shows it, for people.
    pub origin: Arc<str>,
}

/// Which file, whose word counts, and what adapters know.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The file.
    pub subject: &'a Subject,
    /// Whose word counts.
    pub parties: &'a Parties,
    /// What adapters know about the file.
    pub grants: &'a [Grant],
}

/// Whether a requirement is met.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is, and here is the proof.
    Met(Admitted),
    /// It is not: no packing of what is known meets it.
    NotMet(NotMet),
    /// It could not be decided; that is not a yes.
    Undecided(Undecidable),
}

/// Why a requirement is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotMet {
    /// An upper bound of the score under any packing, where the requirement asks for a score and it was computed.
    pub score: Option<Score>,
}

/// Why an answer could not be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undecidable {
    /// More vouching keys with authority than are read.
    #[error("more than {max} keys with authority vouch for this file", max = limits::EVIDENCE)]
    Evidence,
    /// One key said more about the file than is read.
    #[error("one key made more than {max} statements about this file", max = limits::STATEMENTS_PER_ISSUER)]
    Issuer,
    /// More delegations than are walked.
    #[error("more than {max} delegations lead to this file", max = limits::DELEGATIONS)]
    Delegations,
    /// The search was longer than its budget.
    #[error("the search for a packing was given up after its budget")]
    Budget,
    /// The best packing found falls short of what arithmetic could rule out.
    #[error("the best packing lies within the rounding margin of the requirement")]
    Margin,
}

impl Undecidable {
    /// Codes of these.
    pub const CODES: &[Code] =
        &[Code::new("evidence-too-much"), Code::new("packing-budget"), Code::new("packing-margin")];

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Evidence | Self::Issuer | Self::Delegations => Code::new("evidence-too-much"),
            Self::Budget => Code::new("packing-budget"),
            Self::Margin => Code::new("packing-margin"),
        }
    }
}
