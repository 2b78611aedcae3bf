//! What adapters could still find, as a policy asks for it.

use crate::{name::ProjectName, party::PartyName, subject::Subject};

/// Something an adapter could still find.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lookup {
    /// What this distribution has packaged.
    Distribution(PartyName),
    /// Who published this file.
    Publisher(Subject),
    /// Whether this file came from the publisher of the release before.
    Continuity(Subject),
    /// Whether a wheel derives from an sdist.
    Comparison {
        /// The wheel.
        wheel: Subject,
        /// Its release's sdist.
        sdist: Subject,
    },
}

impl Lookup {
    /// The project it is about; none of one that answers for all.
    #[must_use]
    pub const fn project(&self) -> Option<&ProjectName> {
        match self {
            Self::Distribution(_) => None,
            Self::Publisher(file) | Self::Continuity(file) | Self::Comparison { wheel: file, .. } => {
                Some(&file.project)
            }
        }
    }

    /// How much it costs, roughly: one look-up for many files comes first, two archives for one file last.
    #[must_use]
    pub const fn stage(&self) -> u8 {
        match self {
            Self::Distribution(_) => 0,
            Self::Publisher(_) | Self::Continuity(_) => 1,
            Self::Comparison { .. } => 2,
        }
    }
}
