//! One key: what would pass if it were stolen, and what would stop passing if it were lost.
//!
//! # Not here
//! How much a delegation to the key carries, and whether a newer one took its place: whoever was ever let speak and
//! whose delegation has not expired is taken to speak with full weight. The answer may name too much, never too little.

use std::collections::BTreeSet;

use covouch_core::{
    amount::Amount,
    evidence::Evidence,
    key::PublicKey,
    party::PartyName,
    statement::{Claim, Delegation},
    subject::Subject,
    time::{Standing, Timestamp},
};
use covouch_graph::{PartyIndex, Question, TrustGraph};

use crate::{
    facts::{Case, View, World},
    judge::{Policies, judge},
    program::{Condition, Policy},
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
        let holder = Holder {
            key,
            delegations: delegations(evidence, now),
            without: World { graph: &silent, ..world },
        };
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

fn delegations(evidence: &Evidence, now: Timestamp) -> Vec<(&PublicKey, &Delegation)> {
    let live = evidence.statements().iter().filter_map(|sourced| match &sourced.statement.value().claim {
        Claim::Delegation(delegation) if delegation.validity.at(now) == Standing::Valid => {
            Some((sourced.statement.issuer(), delegation))
        }
        _ => None,
    });
    live.collect()
}

/// Whoever has the key, in a world in which it has said nothing yet.
struct Holder<'a> {
    key: &'a PublicKey,
    delegations: Vec<(&'a PublicKey, &'a Delegation)>,
    without: World<'a>,
}

impl Holder<'_> {
    /// Whether the file could pass one policy. One key is one voice: one party at a time hears it, unless shares
    /// are asked for.
    fn could_pass(&self, policy: &Policy, subject: &Subject) -> bool {
        let case = Case::new(policy, self.without, subject);
        match judge(&case) {
            Verdict::Admitted(_) | Verdict::Waived(_) => return true,
            Verdict::Refused(refusal) if !matches!(refusal.cause, RefusalCause::SiblingKeptOut { .. }) => {
                return false;
            }
            Verdict::Refused(_) | Verdict::Undecided(_) | Verdict::Monitored(_) => {}
        }
        let admit = &case.applicable.admit.condition;
        let (grants, _) = case.grants();
        let requirement = case.requirement(admit, View::Optimistic);
        let question = Question { subject, parties: policy.parties(), grants: &grants, also: None };
        let possible = |parties: &[PartyIndex]| self.without.graph.possible(&question, &requirement, parties);
        let heard = self.heard(policy, subject);
        let share = |part: &Condition| matches!(part, Condition::Support { at_least, .. } if *at_least < Amount::FULL);
        heard.iter().any(|party| possible(&[*party]))
            || (admit.any(&share) && !heard.is_empty() && possible(&heard))
    }

    /// The parties that hear the key about a project.
    fn heard(&self, policy: &Policy, subject: &Subject) -> Vec<PartyIndex> {
        let about = |delegation: &Delegation| {
            delegation.projects.iter().any(|pattern| pattern.matches(&subject.project))
        };
        let live: Vec<_> = self.delegations.iter().filter(|(_, delegation)| about(delegation)).collect();
        let hears = |roots: &[PublicKey], depth: u8| {
            // The furthest that any chain of so many certifications reaches.
            let mut reached: BTreeSet<(PublicKey, u8)> = roots.iter().map(|root| (*root, depth)).collect();
            let mut open: Vec<(PublicKey, u8)> = reached.iter().copied().collect();
            while let Some((from, left)) = open.pop() {
                let onward = live.iter().filter(|(issuer, _)| **issuer == from);
                for (_, delegation) in onward {
                    let next = (delegation.to, delegation.depth.min(left.saturating_sub(1)));
                    if next.1 > 0 && reached.insert(next) {
                        open.push(next);
                    }
                }
            }
            reached.iter().any(|(key, left)| key == self.key && *left > 0)
        };
        let parties = policy.parties().iter().filter(|(_, party)| hears(&party.roots, party.depth));
        parties.map(|(index, _)| index).collect()
    }
}
