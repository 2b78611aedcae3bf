//! The checker: the only maker of [`Admitted`].
//!
//! [`packing`] checks a packing's arithmetic against the instance, `grounds` what the chains rest on against the
//! statements. Neither knows how the packing was found.

mod grounds;
pub mod packing;

use covouch_core::{amount::Amount, level::Level, statement::StatementId, subject::Subject};

use crate::{
    build::TrustGraph,
    parties::PartyIndex,
    question::Question,
    requirement::Requirement,
    search::Located,
    support::{Certification, Chain},
    witness::Witness,
};

/// Proof that a file meets a requirement.
///
/// Nobody else can make one:
///
/// ```compile_fail,E0451
/// # fn forge(subject: covouch_core::subject::Subject) {
/// let forged = covouch_graph::Admitted { subject, proofs: Vec::new() };
/// # }
/// ```
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

/// Checks a packing, what it rests on, and that it meets the requirement. The one place that makes an
/// [`Admitted`].
pub(crate) fn admit(
    graph: &TrustGraph,
    question: &Question<'_>,
    requirement: Requirement,
    (located, witness): (&Located, &Witness),
) -> Option<Admitted> {
    let packing = packing::check(&located.instance, witness).ok()?;
    let chains = grounds::chains(graph, question, located, &packing).ok()?;
    packing
        .meets(&requirement)
        .then(|| Admitted { subject: question.subject.clone(), proofs: vec![Proof { requirement, chains }] })
}

/// Checks a packing and what it rests on, for reports; proves nothing about any requirement.
pub(crate) fn chains(
    graph: &TrustGraph,
    question: &Question<'_>,
    located: &Located,
    witness: &Witness,
) -> Option<Vec<Chain>> {
    let packing = packing::check(&located.instance, witness).ok()?;
    grounds::chains(graph, question, located, &packing).ok()
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
                Certification::Identity { grant, .. } => statements.push(*grant),
                Certification::Finding(_) => {}
            }
        }
        statements.sort_unstable();
        statements.dedup();
        statements
    }
}
