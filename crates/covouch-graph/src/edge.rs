//! Who lets whom speak, and for what.

#![expect(clippy::indexing_slicing, reason = "offsets are counted over the very edges they point into")]

use std::sync::Arc;

use covouch_core::{
    amount::Amount,
    level::Level,
    name::{ProjectName, ProjectPattern},
    statement::StatementId,
    time::Timestamp,
};

pub(crate) use crate::index::EdgeIndex;
use crate::{
    node::NodeIndex,
    web::{Appointment, Web},
};

/// A delegation or an author grant that counts.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    pub(crate) from: NodeIndex,
    pub(crate) to: NodeIndex,
    pub(crate) terms: Terms,
    pub(crate) projects: Arc<[ProjectPattern]>,
    pub(crate) statement: StatementId,
}

/// On what terms.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Terms {
    /// May vouch, and appoint others while depth lasts.
    Delegation { amount: Amount, depth: u8, level: Level },
    /// The mandate has ended; what was vouched before then is kept.
    Ended { amount: Amount, level: Level, at: Timestamp },
    /// May release.
    Author,
}

impl Edge {
    /// Whether it is for this project.
    pub(crate) fn covers(&self, project: &ProjectName) -> bool {
        self.projects.iter().any(|pattern| pattern.matches(project))
    }

    /// What it lets its key do from now on, or did before it ended; being an author is no authority.
    fn appointment(&self) -> Option<Appointment> {
        let depth = match self.terms {
            Terms::Delegation { depth, .. } => depth,
            Terms::Ended { .. } => 1,
            Terms::Author => return None,
        };
        Some(Appointment { from: self.from, to: self.to, depth })
    }
}

/// All edges: to be walked backwards one by one, and forwards in one sweep.
#[derive(Debug, Default)]
pub(crate) struct Edges {
    edges: Vec<Edge>,
    incoming: Adjacency,
    web: Web,
}

/// Edges by where they lead: those of node `n` stand at `offsets[n]..offsets[n + 1]`.
#[derive(Debug, Default)]
struct Adjacency {
    offsets: Vec<usize>,
    edges: Vec<EdgeIndex>,
}

impl Adjacency {
    fn new(edges: &[Edge], nodes: usize, end: impl Fn(&Edge) -> NodeIndex) -> Self {
        let mut offsets = vec![0; nodes + 1];
        for edge in edges {
            offsets[end(edge).position() + 1] += 1;
        }
        for node in 0..nodes {
            offsets[node + 1] += offsets[node];
        }
        let mut next = offsets.clone();
        let mut sorted = vec![EdgeIndex::new(0); edges.len()];
        for (position, edge) in edges.iter().enumerate() {
            let slot = &mut next[end(edge).position()];
            sorted[*slot] = EdgeIndex::new(position);
            *slot += 1;
        }
        Self { offsets, edges: sorted }
    }

    fn of(&self, node: NodeIndex) -> &[EdgeIndex] {
        &self.edges[self.offsets[node.position()]..self.offsets[node.position() + 1]]
    }
}

impl Edges {
    pub(crate) fn new(edges: Vec<Edge>, nodes: usize) -> Self {
        let incoming = Adjacency::new(&edges, nodes, |edge| edge.to);
        let web = Web::new(nodes, edges.iter().filter_map(Edge::appointment));
        Self { edges, incoming, web }
    }

    pub(crate) fn get(&self, index: EdgeIndex) -> &Edge {
        &self.edges[index.position()]
    }

    /// Who lets a node speak.
    pub(crate) fn to(&self, node: NodeIndex) -> impl Iterator<Item = (EdgeIndex, &Edge)> {
        self.incoming.of(node).iter().map(|index| (*index, self.get(*index)))
    }

    /// Who may appoint whom.
    pub(crate) fn web(&self) -> &Web {
        &self.web
    }
}
