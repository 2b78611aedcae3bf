//! What more could be learned about files, as long as it can still change their verdicts.
//!
//! # Invariants
//! - Nothing is wanted for a file that is let in, or that would be kept out whatever were learned.
//! - The cheapest comes first: what one look-up answers for many files, then one small document, then two archives.

use std::collections::{BTreeSet, HashSet};

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

/// What could still be learned about files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// The look-ups of the cheapest kind only, in order: what they find may make the others needless.
    pub lookups: Vec<Lookup>,
    /// The files whose verdicts are open because something is not known. Whatever is learned opens no other one.
    pub open: HashSet<Subject>,
}

impl Policies {
    /// The look-ups that could still change the verdict of any listed file that is meant. Whoever asks again with what
    /// they found need not mean more files than were open. Without look-ups nothing is left to learn.
    #[must_use]
    pub fn lookups(
        &self,
        graph: &TrustGraph,
        evidence: &Evidence,
        is_meant: &dyn Fn(&Subject) -> bool,
        now: Timestamp,
    ) -> Wanted {
        let world = World { graph, evidence, now };
        let mut open = HashSet::new();
        let mut lookups = BTreeSet::new();
        // Whom a lock expects speaks against files, whatever else is said of them: that is asked in any case.
        let expected =
            evidence.listed().filter(|file| is_meant(file) && evidence.expected(file).next().is_some());
        for file in expected.filter(|file| evidence.publishers(file).is_none()) {
            open.insert(file.clone());
            lookups.insert(Lookup::Publisher(file.clone()));
        }
        // Whom a party names as an author may be a publisher, of whom only attestations know.
        let names = graph.names_anybody();
        for policy in self.iter().filter(|policy| names || policy.asks_adapters()) {
            for file in evidence.listed().filter(|file| is_meant(file)) {
                let case = Case::new(policy, world, file);
                if is_open(&case) {
                    open.insert(file.clone());
                    add_unknown(&case, &mut lookups);
                }
            }
        }
        let first = lookups.iter().map(Lookup::stage).min();
        lookups.retain(|lookup| Some(lookup.stage()) == first);
        Wanted { lookups: lookups.into_iter().collect(), open }
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

/// Whether something that is not known would decide.
fn is_open(case: &Case<'_>) -> bool {
    // The wheels an sdist depends on are among the files themselves.
    match judge_with(case, &|| Siblings::Fine) {
        Verdict::Undecided(indecision) => matches!(indecision.cause, IndecisionCause::NotKnown(_)),
        _ => false,
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
