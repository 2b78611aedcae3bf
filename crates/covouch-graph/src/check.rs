//! The checker: the only maker of [`Admitted`].

use covouch_core::{amount::Amount, level::Level, statement::StatementId, subject::Subject};

use crate::{
    parties::PartyIndex,
    requirement::Requirement,
    support::{Certification, Chain},
};

/// Proof that a file meets a requirement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admitted {
    subject: Subject,
    proofs: Vec<Proof>,
}

/// One requirement and the packing that meets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    requirement: Requirement,
    chains: Vec<Chain>,
}

/// Two proofs that are not about the same file cannot be joined.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a proof about `{left}` does not admit `{right}`")]
pub struct OtherSubject {
    left: Box<Subject>,
    right: Box<Subject>,
}

impl Admitted {
    /// The file.
    #[must_use]
    pub const fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What was proven: one requirement, or several that were joined.
    #[must_use]
    pub fn proofs(&self) -> &[Proof] {
        &self.proofs
    }

    /// Joins two proofs about the same file.
    ///
    /// # Errors
    /// [`OtherSubject`] when they are about different files.
    pub fn and(mut self, other: Self) -> Result<Self, OtherSubject> {
        if self.subject != other.subject {
            return Err(OtherSubject { left: Box::new(self.subject), right: Box::new(other.subject) });
        }
        self.proofs.extend(other.proofs);
        Ok(self)
    }
}

impl Proof {
    /// What is proven.
    #[must_use]
    pub const fn requirement(&self) -> &Requirement {
        &self.requirement
    }

    /// The packing: how much flows on which chain.
    #[must_use]
    pub fn chains(&self) -> &[Chain] {
        &self.chains
    }

    /// A party's support at a level or above in this packing.
    #[must_use]
    pub fn support(&self, party: PartyIndex, level: Level) -> Amount {
        let counted = self.chains.iter().filter(|chain| chain.party == party && chain.level >= level);
        let units: u16 = counted.map(|chain| chain.amount.units()).sum();
        Amount::from_units(units).unwrap_or(Amount::FULL)
    }

    /// The statements the packing rests on, sorted.
    #[must_use]
    pub fn statements(&self) -> Vec<StatementId> {
        let mut statements: Vec<_> =
            self.chains.iter().flat_map(|chain| chain.delegations.iter().copied()).collect();
        for chain in &self.chains {
            match &chain.end {
                Certification::Vouch(vouch) => statements.push(*vouch),
                Certification::Author { grant, release, .. } => statements.extend([*grant, *release]),
                Certification::Finding(_) => {}
            }
        }
        statements.sort();
        statements.dedup();
        statements
    }
}
