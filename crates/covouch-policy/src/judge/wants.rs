//! What more could be learned about files, as long as it can still change their verdicts.
//!
//! # Invariants
//! - Nothing is wanted for a file that is let in, or that would be kept out whatever were learned.
//! - The cheapest comes first: what one look-up answers for many files, then one small document, then two archives.

use std::collections::BTreeSet;

use covouch_core::{
    evidence::{Evidence, Lookup},
    subject::Subject,
    time::Timestamp,
};
use covouch_graph::{PartyIndex, TrustGraph};

use super::{Policies, judge_with};
use crate::{
    facts::{Case, Truth, World},
    judge::Siblings,
    program::{Condition, Derive, Policy},
    verdict::{IndecisionCause, Verdict},
};

impl Policies {
    /// The look-ups that could still change the verdict of any listed file that is meant: those of the cheapest kind only, for what they find may make the others needless. Empty when nothing is left to
    /// learn.
    #[must_use]
    pub fn lookups(
        &self,
        graph: &TrustGraph,
        evidence: &Evidence,
        is_meant: &dyn Fn(&Subject) -> bool,
        now: Timestamp,
    ) -> Vec<Lookup> {
        let world = World { graph, evidence, now };
        // Whom a lock expects speaks against files, whatever else is said of them: that is asked in any case.
        let expected =
            evidence.listed().filter(|file| is_meant(file) && evidence.expected(file).next().is_some());
        let expected = expected.filter(|file| evidence.publishers(file).is_none());
        let mut wanted: BTreeSet<Lookup> = expected.cloned().map(Lookup::Publisher).collect();
        // Whom a party names as an author may be a publisher, of whom only attestations know.
        let names = graph.names_anybody();
        for policy in self.iter().filter(|policy| names || policy.asks_adapters()) {
            for file in evidence.listed().filter(|file| is_meant(file)) {
                add(&Case::new(policy, world, file), &mut wanted);
            }
        }
        let first = wanted.iter().map(Lookup::stage).min();
        wanted.retain(|lookup| Some(lookup.stage()) == first);
        wanted.into_iter().collect()
    }
}

impl Policy {
    /// Whether any requirement asks for what adapters find by looking.
    fn asks_adapters(&self) -> bool {
        let distributions: BTreeSet<PartyIndex> = self
            .sources
            .iter()
            .filter(|source| source.is_distribution())
            .map(|source| source.party)
            .collect();
        let rules = self.rules.iter().filter_map(|rule| rule.admit.as_ref());
        std::iter::once(&self.admit).chain(rules).any(|formula| {
            formula.condition.any(&|part| {
                matches!(part, Condition::Derived { .. } | Condition::Attested(_) | Condition::SamePublisher)
            }) || !formula.asks.is_disjoint(&distributions)
                || self.derive == Derive::Inherit
        })
    }
}

fn add(case: &Case<'_>, wanted: &mut BTreeSet<Lookup>) {
    // The wheels an sdist depends on are among the files themselves.
    if let Verdict::Undecided(indecision) = judge_with(case, &|| Siblings::Fine)
        && matches!(indecision.cause, IndecisionCause::NotKnown(_))
    {
        add_unknown(case, wanted);
    }
}

fn add_unknown(case: &Case<'_>, wanted: &mut BTreeSet<Lookup>) {
    for source in case.policy.sources.iter().filter(|source| source.is_distribution()) {
        let asked = case.applicable.admit.asks.contains(&source.party);
        if asked && case.evidence.gap(&source.name).is_none() && !case.evidence.is_consulted(&source.name) {
            wanted.insert(Lookup::Distribution(source.name.clone()));
        }
    }
    if case.identities().wants_publisher {
        wanted.insert(Lookup::Publisher(case.subject.clone()));
    }
    case.applicable.admit.condition.walk(&mut |part| {
        let open = || case.truth(part) == Truth::Unknown;
        match part {
            Condition::Attested(_) if case.evidence.publishers(case.subject).is_none() => {
                wanted.insert(Lookup::Publisher(case.subject.clone()));
            }
            Condition::SamePublisher if case.evidence.continuity(case.subject).is_none() => {
                wanted.insert(Lookup::Continuity(case.subject.clone()));
            }
            // Two archives are fetched only when the answer is all that is missing.
            Condition::Derived { party, level }
                if open() && case.vouched_origin(*party, *level) == Some(Truth::Yes) =>
            {
                add_comparison(case, wanted);
            }
            _ => {}
        }
    });
    if case.policy.derive == Derive::Inherit {
        add_comparison(case, wanted);
    }
}

fn add_comparison(case: &Case<'_>, wanted: &mut BTreeSet<Lookup>) {
    if let Some(origin) = case.origin().filter(|origin| origin.comparison.is_none()) {
        let (wheel, sdist) = (case.subject.clone(), origin.sdist.clone());
        wanted.insert(Lookup::Comparison { wheel, sdist });
    }
}
