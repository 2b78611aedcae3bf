//! Vetoes and waivers by keys that speak for a party, and how many independent voices vetoes are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use covouch_core::{
    key::PublicKey,
    statement::{Claim, StatementId, VetoReason},
    subject::Subject,
    time::{Timestamp, Validity},
};

use crate::{
    build::TrustGraph,
    edge::Terms,
    filed::{Filed, Stance},
    node::NodeIndex,
    parties::{Parties, PartyIndex},
    reach::Reach,
};

/// A live veto by a key that speaks for at least one party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VetoFound {
    /// The statement.
    pub statement: StatementId,
    /// Who signed it.
    pub key: PublicKey,
    /// For which parties the key speaks, in order.
    pub parties: Vec<PartyIndex>,
    /// Why.
    pub reason: VetoReason,
    /// Where to read more; may be empty.
    pub reference: Arc<str>,
    /// When it holds.
    pub validity: Validity,
}

impl TrustGraph {
    /// The live vetoes on this file by keys that speak for a party: root keys, and keys that may vouch for it. A
    /// key that may vouch for one percent may object: a no is never weighed.
    #[must_use]
    pub fn vetoes(&self, subject: &Subject, parties: &Parties) -> Vec<VetoFound> {
        let mut found = Vec::new();
        for (_, Filed { by, statement }) in self.files.about(Stance::Objects, subject) {
            let Claim::Veto(veto) = &statement.value().claim else { continue };
            let speaks_for = self.speaks_for(*by, statement.value().issued, (subject, parties));
            if !speaks_for.is_empty() {
                found.push(VetoFound {
                    statement: statement.id(),
                    key: *statement.issuer(),
                    parties: speaks_for,
                    reason: veto.reason,
                    reference: veto.reference.clone(),
                    validity: veto.validity,
                });
            }
        }
        found.sort_unstable_by_key(|veto| veto.statement);
        found
    }

    /// The live waivers of this file by root keys of a party.
    #[must_use]
    pub fn waivers(&self, subject: &Subject, parties: &Parties) -> Vec<(PartyIndex, StatementId, Validity)> {
        let mut found = Vec::new();
        for (_, Filed { by, statement }) in self.files.about(Stance::Waives, subject) {
            let Claim::Waiver(waiver) = &statement.value().claim else { continue };
            for party in parties.rooted_at(statement.issuer()) {
                if !self.is_revoked_for(*by, *party, parties) {
                    found.push((*party, statement.id(), waiver.validity));
                }
            }
        }
        found.sort_unstable();
        found
    }

    /// The parties for which a key may certify the subject, or might have before its mandate ended: in order.
    #[must_use]
    pub fn hears(&self, key: &PublicKey, subject: &Subject, parties: &Parties) -> Vec<PartyIndex> {
        let long_ago = Timestamp::from_unix(0);
        match (self.nodes.find(key), long_ago) {
            (Some(node), Some(long_ago)) => self.speaks_for(node, long_ago, (subject, parties)),
            _ => parties.rooted_at(key).to_vec(),
        }
    }

    /// The parties for which a key may certify the subject, in order.
    fn speaks_for(
        &self,
        key: NodeIndex,
        issued: Timestamp,
        (subject, parties): (&Subject, &Parties),
    ) -> Vec<PartyIndex> {
        let reach = self.reach(parties);
        let mut voices = Voices { graph: self, reach: &reach, subject, parties, shunned: None };
        let (mut speaks_for, shunning) = voices.of(key, issued);
        // A party that revoked a key on the way is asked again without that key.
        for party in shunning {
            voices.shunned = Some(party);
            if !voices.of(key, issued).0.contains(&party) {
                speaks_for.remove(&party);
            }
        }
        speaks_for.into_iter().collect()
    }

    /// Whether a root key of a party took this key's voice for the party away.
    fn is_revoked_for(&self, key: NodeIndex, party: PartyIndex, parties: &Parties) -> bool {
        let revokers = self.revoked.get(&key).into_iter().flatten();
        let mut roots = revokers.filter_map(|revoker| self.nodes.key(*revoker));
        roots.any(|root| parties.rooted_at(root).contains(&party))
    }
}

/// A walk from a key back to whoever lets it speak.
struct Voices<'a> {
    graph: &'a TrustGraph,
    reach: &'a Reach,
    subject: &'a Subject,
    parties: &'a Parties,
    /// The party whose revoked keys are not passed.
    shunned: Option<PartyIndex>,
}

impl Voices<'_> {
    /// The parties a key speaks for, and those that revoked a key on the way.
    fn of(&self, key: NodeIndex, issued: Timestamp) -> (BTreeSet<PartyIndex>, BTreeSet<PartyIndex>) {
        let (mut speaks_for, mut shunning) = (BTreeSet::new(), BTreeSet::new());
        let mut known = BTreeSet::from([key]);
        let mut here = vec![key];
        for need in 1..=u8::MAX {
            let mut next = Vec::new();
            for node in std::mem::take(&mut here) {
                for revoker in self.graph.revoked.get(&node).into_iter().flatten() {
                    shunning.extend(self.reach.rooted(*revoker));
                }
                if self.shunned.is_some_and(|party| self.graph.is_revoked_for(node, party, self.parties)) {
                    continue;
                }
                let deep =
                    |party: &PartyIndex| self.parties.get(*party).is_some_and(|party| party.depth >= need);
                speaks_for.extend(self.reach.rooted(node).filter(deep));
                for (_, edge) in self.graph.edges.to(node) {
                    let passes = match edge.terms {
                        Terms::Delegation { depth, .. } => depth >= need,
                        // An expired voucher keeps what it signed in time.
                        Terms::Ended { at, .. } => need == 1 && issued < at,
                        Terms::Author => false,
                    };
                    if passes
                        && self.reach.have(edge.from) > need
                        && edge.covers(&self.subject.project)
                        && known.insert(edge.from)
                    {
                        next.push(edge.from);
                    }
                }
            }
            if next.is_empty() {
                break;
            }
            here = next;
        }
        (speaks_for, shunning)
    }
}

/// How many independent voices these vetoes are: parties of one owner are one, and one key is one, however many
/// parties it speaks for. The largest number of keys that can each be given a voice of its own.
#[must_use]
pub fn independent_vetoes(vetoes: &[VetoFound], parties: &Parties) -> usize {
    let voice = |party: &PartyIndex| parties.members().get(party.position()).map(|member| member.voice);
    let mut keys: BTreeMap<PublicKey, Vec<PartyIndex>> = BTreeMap::new();
    for veto in vetoes {
        keys.entry(veto.key).or_default().extend(veto.parties.iter().filter_map(voice));
    }
    let wants: Vec<Vec<PartyIndex>> = keys.into_values().collect();
    let mut given: Vec<(PartyIndex, usize)> = Vec::new();
    (0..wants.len()).filter(|key| find_voice(*key, &wants, &mut given, &mut BTreeSet::new())).count()
}

/// Gives a key a voice, moving other keys to other voices where that helps (augmenting paths of a matching).
fn find_voice(
    key: usize,
    wants: &[Vec<PartyIndex>],
    given: &mut Vec<(PartyIndex, usize)>,
    tried: &mut BTreeSet<PartyIndex>,
) -> bool {
    for voice in wants.get(key).into_iter().flatten() {
        if !tried.insert(*voice) {
            continue;
        }
        match given.iter().position(|(taken, _)| taken == voice) {
            None => {
                given.push((*voice, key));
                return true;
            }
            Some(place) => {
                let holder = given.get(place).map(|(_, holder)| *holder);
                if holder.is_some_and(|holder| find_voice(holder, wants, given, tried)) {
                    if let Some(entry) = given.iter_mut().find(|(taken, _)| taken == voice) {
                        entry.1 = key;
                    }
                    return true;
                }
            }
        }
    }
    false
}
