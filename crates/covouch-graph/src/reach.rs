//! Which keys have authority from anybody, and how deep: the mask that keeps a file's instance small.
//!
//! One sweep over the whole graph per set of parties; scopes are not looked at, so the mask errs towards yes and
//! the search of a file looks again.

#![expect(clippy::indexing_slicing, reason = "one entry per node")]

use std::sync::{Arc, PoisonError, RwLock};

use covouch_core::key::PublicKey;

use crate::{
    build::TrustGraph,
    limits,
    node::NodeIndex,
    parties::{Parties, PartyIndex},
};

/// What parties give to keys.
#[derive(Debug)]
pub(crate) struct Reach {
    /// How many certifications each node may still start; 0 for those without authority.
    have: Vec<u8>,
    /// Root keys and whose they are, sorted.
    roots: Vec<(NodeIndex, PartyIndex)>,
}

/// The masks of the parties asked about lately. They follow from the graph and the parties alone: keeping them
/// changes no answer.
#[derive(Debug, Default)]
pub(crate) struct Cache(RwLock<Vec<(Parties, Arc<Reach>)>>);

impl Reach {
    fn new(graph: &TrustGraph, parties: &Parties) -> Self {
        let mut roots = Vec::new();
        for (index, party) in parties.iter() {
            let known = |root: &PublicKey| graph.nodes.find(root);
            roots.extend(party.roots.iter().filter_map(known).map(|node| (node, index)));
        }
        roots.sort_unstable();
        let depth = |party: &PartyIndex| parties.get(*party).map_or(0, |party| party.depth);
        let have = graph.edges.web().authority(roots.iter().map(|(node, party)| (*node, depth(party))));
        Self { have, roots }
    }

    /// How many certifications a node may still start, at most.
    pub(crate) fn have(&self, node: NodeIndex) -> u8 {
        self.have[node.position()]
    }

    /// The parties a node is a root key of.
    pub(crate) fn rooted(&self, node: NodeIndex) -> impl Iterator<Item = PartyIndex> {
        let start = self.roots.partition_point(|(root, _)| *root < node);
        self.roots[start..].iter().take_while(move |(root, _)| *root == node).map(|(_, party)| *party)
    }
}

impl TrustGraph {
    /// What these parties give to keys.
    pub(crate) fn reach(&self, parties: &Parties) -> Arc<Reach> {
        let known = self.reach.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, reach)) = known.iter().find(|(known, _)| known.is(parties)) {
            return Arc::clone(reach);
        }
        drop(known);
        let reach = Arc::new(Reach::new(self, parties));
        let mut known = self.reach.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= limits::MASKS {
            known.remove(0);
        }
        known.push((parties.clone(), Arc::clone(&reach)));
        reach
    }
}
