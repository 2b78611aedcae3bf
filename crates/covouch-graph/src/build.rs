//! The live graph: which statements count at a moment.

use std::collections::BTreeSet;

use covouch_core::{
    evidence::Evidence,
    statement::StatementId,
    subject::Subject,
    time::{Timestamp, Validity},
};

use crate::{
    parties::{Parties, PartyIndex},
    question::{Answer, Question, Undecidable},
    requirement::Requirement,
    support::Support,
    veto::VetoFound,
};

/// Who vouches for what, and who speaks for whom, at one moment.
#[derive(Debug)]
pub struct TrustGraph {}

impl TrustGraph {
    /// Reads the statements that count at `now`.
    #[must_use]
    pub fn build(evidence: &Evidence, now: Timestamp) -> Self {
        Self::build_with_seen(evidence, now, &BTreeSet::new())
    }

    /// As [`TrustGraph::build`], and keeps of a softly revoked key what was seen in a signed snapshot in time.
    #[must_use]
    pub fn build_with_seen(evidence: &Evidence, now: Timestamp, seen: &BTreeSet<StatementId>) -> Self {
        let _ = (evidence, now, seen);
        Self {}
    }

    /// Whether some packing of what is known meets the requirement.
    #[must_use]
    pub fn admit(&self, question: &Question<'_>, requirement: &Requirement) -> Answer {
        let _ = (question, requirement);
        Answer::Undecided(Undecidable::Budget)
    }

    /// Whether the requirement could be met if each assumed party said yes, at every level, from a source of its
    /// own. Not knowing is a yes here, so this never admits anything.
    #[must_use]
    pub fn possible(
        &self,
        question: &Question<'_>,
        requirement: &Requirement,
        assumed: &[PartyIndex],
    ) -> bool {
        let _ = (question, requirement, assumed);
        true
    }

    /// What everybody's word for the file amounts to, for reports.
    #[must_use]
    pub fn support(&self, question: &Question<'_>) -> Support {
        let _ = question;
        Support::default()
    }

    /// The live vetoes on this file by keys that speak for a party.
    #[must_use]
    pub fn vetoes(&self, subject: &Subject, parties: &Parties) -> Vec<VetoFound> {
        let _ = (subject, parties);
        Vec::new()
    }

    /// The live waivers of this file by root keys of a party.
    #[must_use]
    pub fn waivers(&self, subject: &Subject, parties: &Parties) -> Vec<(PartyIndex, StatementId, Validity)> {
        let _ = (subject, parties);
        Vec::new()
    }

    /// The later moments at which something about this file changes, earliest first.
    pub fn events(&self, subject: &Subject) -> impl Iterator<Item = Timestamp> + use<> {
        let _ = subject;
        std::iter::empty()
    }
}
