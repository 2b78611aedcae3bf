//! Reports: verdicts with their reasons, one set of structs for check, why, gateway and lock.
//!
//! # Invariants
//! The same policies, evidence and moment give the same report, byte for byte in JSON ([`json`]).

pub mod json;

use std::sync::Arc;

use covouch_core::{
    amount::Amount, evidence::Evidence, level::Level, party::PartyName, statement::VetoReason,
    subject::Subject, time::Timestamp,
};
use covouch_graph::{Admitted, Chain, TrustGraph};

use crate::{
    facts::{Case, World},
    judge::Policies,
    program::Mode,
    reasons::{self, Explanation, Found, found},
    suggest::{Suggestion, suggest},
    until::until,
    verdict::{Verdict, VerdictKind},
};

/// The verdicts on some files.
#[derive(Clone, Debug)]
pub struct Report {
    /// The moment for which it holds.
    pub as_of: Timestamp,
    /// The policies that judged, the base policy first.
    pub policies: Vec<(Arc<str>, Mode)>,
    /// The files, in the order in which they were given.
    pub files: Vec<FileReport>,
}

/// The verdict on one file, and what led to it.
#[derive(Clone, Debug)]
pub struct FileReport {
    /// The file.
    pub subject: Subject,
    /// The verdict.
    pub verdict: Verdict,
    /// The verdict in one clause.
    pub reason: String,
    /// What parties say, policy by policy.
    pub parties: Vec<PartyReport>,
    /// What was found beside what parties say: what the file derives from, who published it.
    pub findings: Vec<Found>,
    /// Who or what could still supply what is missing.
    pub missing: Vec<String>,
    /// Until when the verdict holds; `None` when nothing known will change it.
    pub until: Option<Timestamp>,
    /// What to type.
    pub suggest: Vec<Suggestion>,
}

/// What one party says about a file.
#[derive(Clone, Debug)]
pub struct PartyReport {
    /// The policy that names the party.
    pub policy: Arc<str>,
    /// The party.
    pub name: PartyName,
    /// The highest level at which it says anything.
    pub level: Option<Level>,
    /// How much, counted alone.
    pub amount: Amount,
    /// How much when nothing is counted twice.
    pub independent: Amount,
    /// How its trust reaches the file.
    pub chains: Vec<Chain>,
    /// Why it says not to install the file, when it does.
    pub veto: Option<VetoReason>,
}

/// How many files of each verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Admitted.
    pub admitted: usize,
    /// Waived.
    pub waived: usize,
    /// Monitored.
    pub monitored: usize,
    /// Undecided.
    pub undecided: usize,
    /// Refused.
    pub refused: usize,
}

impl Report {
    /// How many files of each verdict.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for file in &self.files {
            *match file.verdict.kind() {
                VerdictKind::Admitted => &mut totals.admitted,
                VerdictKind::Waived => &mut totals.waived,
                VerdictKind::Monitored => &mut totals.monitored,
                VerdictKind::Undecided => &mut totals.undecided,
                VerdictKind::Refused => &mut totals.refused,
            } += 1;
        }
        totals
    }
}

impl Policies {
    /// Judges files, and says of each why, until when, and what to do.
    #[must_use]
    pub fn judge_all(
        &self,
        graph: &TrustGraph,
        evidence: &Evidence,
        subjects: &[Subject],
        now: Timestamp,
    ) -> Report {
        let world = World { graph, evidence, now };
        Report {
            as_of: now,
            policies: self.iter().map(|policy| (Arc::clone(&policy.name), policy.mode)).collect(),
            files: subjects.iter().map(|subject| self.report(world, subject)).collect(),
        }
    }

    /// An admission explains itself by its proof; everything else is looked at closely.
    fn report(&self, world: World<'_>, subject: &Subject) -> FileReport {
        let verdict = self.judge_in(world, subject);
        let until = until(self, world, subject, verdict.kind());
        let mut findings: Vec<Found> =
            self.iter().flat_map(|policy| found(&Case::new(policy, world, subject))).collect();
        findings.dedup();
        if let Verdict::Admitted(admitted) = &verdict {
            let parties = self.proven(admitted);
            let subject = subject.clone();
            let reason = "admitted".to_owned();
            return FileReport {
                subject,
                verdict,
                reason,
                parties,
                findings,
                missing: Vec::new(),
                until,
                suggest: Vec::new(),
            };
        }
        let explanation = self.explain(world.graph, world.evidence, subject, world.now);
        FileReport {
            subject: subject.clone(),
            reason: reasons::sentence(&explanation),
            parties: told(&explanation),
            findings,
            missing: reasons::missing(&explanation),
            until,
            suggest: suggest(self, &explanation, subject, world.now),
            verdict,
        }
    }

    /// The parties that carry an admission: one proof for each policy, in their order.
    fn proven(&self, admitted: &Admitted) -> Vec<PartyReport> {
        let mut reports = Vec::new();
        for (policy, proof) in self.iter().zip(admitted.proofs()) {
            for (index, party) in policy.parties.iter() {
                let chains: Vec<Chain> =
                    proof.chains().iter().filter(|chain| chain.party == index).cloned().collect();
                let Some(level) = chains.iter().map(|chain| chain.level).max() else { continue };
                let amount = proof.support(index, Level::Listed);
                reports.push(PartyReport {
                    policy: Arc::clone(&policy.name),
                    name: party.name.clone(),
                    level: Some(level),
                    amount,
                    independent: amount,
                    chains,
                    veto: None,
                });
            }
        }
        reports
    }
}

fn told(explanation: &Explanation) -> Vec<PartyReport> {
    let words =
        explanation.policies.iter().flat_map(|policy| policy.words.iter().map(move |word| (policy, word)));
    words
        .map(|(policy, word)| PartyReport {
            policy: Arc::clone(&policy.policy),
            name: word.party.clone(),
            level: word.level,
            amount: word.amount,
            independent: word.independent,
            chains: word.chains.clone(),
            veto: word.veto,
        })
        .collect()
}
