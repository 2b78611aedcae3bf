//! One key: what would pass if it were stolen, and what would stop passing if it were lost.
//!
//! The graph answers: it is asked again as if whoever has the key had said all they could with it. So a mandate counts
//! with its amount, depth and scope, one that a newer one replaced does not count, and one key is one voice.
//!
//! # Not here
//! What is not known: it is taken for a yes, so `stolen` may name too much, and never too little.

use std::collections::BTreeSet;

use covouch_core::{evidence::Evidence, key::PublicKey, party::PartyName, subject::Subject, time::Timestamp};
use covouch_graph::{PartyIndex, Question, TrustGraph};

use crate::{
    facts::{Case, View, World},
    judge::{Policies, judge},
    program::Policy,
    verdict::{RefusalCause, Verdict},
};

/// What one key decides among some files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Impact {
    /// The parties for which it is a root key.
    pub root_of: Vec<PartyName>,
    /// The parties it may speak for through delegations, for at least one of the files.
    pub speaks_for: Vec<PartyName>,
    /// Files that are kept out, and could pass if somebody had the key.
    pub stolen: Vec<Subject>,
    /// Files that pass, and would not if the key had never said anything.
    pub lost: Vec<Subject>,
    /// How many files stand with the key as without.
    pub untouched: usize,
}

impl Policies {
    /// What one key decides among these files.
    #[must_use]
    pub fn impact(
        &self,
        evidence: &Evidence,
        subjects: &[Subject],
        key: &PublicKey,
        now: Timestamp,
    ) -> Impact {
        let graph = TrustGraph::build(evidence, now);
        let silent = TrustGraph::build(&silent(evidence, key), now);
        let world = World { graph: &graph, evidence, now };
        let holder = Holder { key, without: World { graph: &silent, ..world } };
        let mut impact = Impact {
            root_of: named(self, |policy| policy.parties().rooted_at(key).to_vec()).into_iter().collect(),
            speaks_for: Vec::new(),
            stolen: Vec::new(),
            lost: Vec::new(),
            untouched: 0,
        };
        let mut speaks_for = BTreeSet::new();
        for subject in subjects {
            speaks_for.extend(named(self, |policy| holder.heard(policy, subject)));
            let passes = lets_in(&self.judge_in(world, subject));
            if passes && !lets_in(&self.judge_in(holder.without, subject)) {
                impact.lost.push(subject.clone());
            } else if !passes && self.iter().all(|policy| holder.could_pass(policy, subject)) {
                impact.stolen.push(subject.clone());
            } else {
                impact.untouched += 1;
            }
        }
        impact.speaks_for = speaks_for.into_iter().filter(|name| !impact.root_of.contains(name)).collect();
        impact
    }
}

fn lets_in(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Admitted(_) | Verdict::Waived(_))
}

fn named(policies: &Policies, parties: impl Fn(&Policy) -> Vec<PartyIndex>) -> BTreeSet<PartyName> {
    let mut names = BTreeSet::new();
    for policy in policies.iter() {
        let found = parties(policy).into_iter().filter_map(|party| policy.parties().get(party));
        names.extend(found.map(|party| party.name.clone()));
    }
    names
}

/// The statements that this key did not sign.
fn silent(evidence: &Evidence, key: &PublicKey) -> Evidence {
    let mut silent = Evidence::new();
    for sourced in evidence.statements().iter().filter(|sourced| sourced.statement.issuer() != key) {
        silent.add_statement(sourced.statement.clone(), sourced.origin.clone());
    }
    silent
}

/// Whoever has the key, in a world in which it has said nothing yet.
struct Holder<'a> {
    key: &'a PublicKey,
    without: World<'a>,
}

impl Holder<'_> {
    /// Whether the file could pass one policy.
    fn could_pass(&self, policy: &Policy, subject: &Subject) -> bool {
        let case = Case::new(policy, self.without, subject);
        match judge(&case) {
            Verdict::Admitted(_) | Verdict::Waived(_) => return true,
            Verdict::Refused(refusal) if !matches!(refusal.cause, RefusalCause::SiblingKeptOut { .. }) => {
                return false;
            }
            Verdict::Refused(_) | Verdict::Undecided(_) | Verdict::Monitored(_) => {}
        }
        let (grants, assumed) = case.grants();
        let requirement = case.requirement(&case.applicable.admit.condition, View::Optimistic);
        let identities = &case.identities().possible;
        let question =
            Question { subject, parties: policy.parties(), grants: &grants, identities, also: None };
        self.without.graph.possible_with_key(&question, &requirement, &assumed, self.key)
    }

    /// The parties that hear the key about a project.
    fn heard(&self, policy: &Policy, subject: &Subject) -> Vec<PartyIndex> {
        self.without.graph.hears(self.key, subject, policy.parties())
    }
}
