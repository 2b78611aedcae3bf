//! An instance as a flow network: source → owner → party → root key → … → file.
//!
//! Every key is split in two around an arc that carries at most 100 %. A party's levels are rungs: what climbs to
//! a rung counts at its level and at all below. Depth is respected only as far as the network's [`Potential`]
//! goes, levels and bans only where a party starts; what the flow says beyond that is an upper bound.

#![expect(clippy::indexing_slicing, reason = "vertices are kept in vectors with one entry per key or party")]

use std::collections::BTreeMap;

use covouch_core::{amount::Amount, level::Level};

use crate::{
    budget::Budget,
    demand::{Demand, Tier, Tiers},
    flow::{Flow, Gain, Vertex},
    instance::{CertificationIndex, DelegationIndex, Instance, RootIndex, WordIndex},
    parties::PartyIndex,
    potential::{Heights, Potential},
    question::Undecidable,
};

const FULL: u16 = Amount::FULL.units();

/// What an arc of the network is in the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A capacity: of an owner, a rung, a key, parallel ways.
    Passage,
    Word(WordIndex),
    Root(RootIndex),
    Delegation(DelegationIndex),
    Certification(CertificationIndex),
}

/// A flow network of an instance.
pub(crate) struct Network {
    pub(crate) flow: Flow,
    /// One per arc.
    steps: Vec<Step>,
    /// What every arc carries at most, one per arc; the arcs of rungs change with the demand.
    capacities: Vec<u16>,
    /// The two arcs up to each tier: what must be reached, and what may be added.
    rungs: Vec<(usize, usize)>,
}

struct Builder<'a> {
    instance: &'a Instance,
    heights: &'a Heights,
    potential: Potential,
    network: Network,
    inner: Vec<(Vertex, Vertex)>,
}

impl Network {
    pub(crate) const SOURCE: Vertex = 0;
    pub(crate) const FILE: Vertex = 1;

    pub(crate) fn new(instance: &Instance, tiers: &Tiers, heights: &Heights, potential: Potential) -> Self {
        let network =
            Self { flow: Flow::default(), steps: Vec::new(), capacities: Vec::new(), rungs: Vec::new() };
        let mut builder = Builder { instance, heights, potential, network, inner: Vec::new() };
        builder.network.flow.add_vertex();
        builder.network.flow.add_vertex();
        builder.add_keys();
        builder.add_delegations();
        builder.add_certifications();
        builder.add_parties(tiers);
        builder.network
    }

    /// Empties the network and lets as much flow as the demand asks for, then as much as adds to the score; returns
    /// how much of the floors was reached, and the score. With `only`, no other party takes part.
    pub(crate) fn fill(
        &mut self,
        tiers: &Tiers,
        demand: &Demand,
        only: Option<PartyIndex>,
        budget: &mut Budget,
    ) -> Result<Gain, Undecidable> {
        for (arc, capacity) in self.capacities.iter().enumerate() {
            self.flow.set_capacity(arc * 2, *capacity);
        }
        for (tier, (must, may)) in tiers.tiers.iter().zip(&self.rungs) {
            let takes_part = only.is_none_or(|party| party == tier.party);
            let asked =
                demand.floors.iter().find(|floor| (floor.party, floor.level) == (tier.party, tier.level));
            let floor = asked.map_or(0, |floor| floor.amount.units());
            self.flow.set_capacity(*must, if takes_part { floor } else { 0 });
            self.flow.set_capacity(*may, if takes_part { FULL - floor } else { 0 });
        }
        self.flow.send(Self::SOURCE, Self::FILE, budget)
    }

    /// What an arc is in the instance.
    pub(crate) fn step(&self, arc: usize) -> Step {
        self.steps.get(arc / 2).copied().unwrap_or(Step::Passage)
    }

    fn add(&mut self, from: Vertex, to: Vertex, capacity: u16, step: Step) {
        self.add_gaining(from, to, capacity, (step, Gain::default()));
    }

    fn add_gaining(&mut self, from: Vertex, to: Vertex, capacity: u16, (step, gain): (Step, Gain)) -> usize {
        self.steps.push(step);
        self.capacities.push(capacity);
        self.flow.add_arc(from, to, capacity, gain)
    }
}

impl Builder<'_> {
    fn add_keys(&mut self) {
        for _ in 0..self.instance.keys {
            let (inside, outside) = (self.network.flow.add_vertex(), self.network.flow.add_vertex());
            self.network.add(inside, outside, FULL, Step::Passage);
            self.inner.push((inside, outside));
        }
    }

    fn add_delegations(&mut self) {
        let mut bundled = vec![false; self.instance.delegations.len()];
        for bundle in self.instance.bundles.iter().filter(|bundle| bundle.whole) {
            let Some(first) = bundle.delegations.first() else { continue };
            let shared = self.network.flow.add_vertex();
            let (_, from) = self.inner[self.instance.delegation(*first).from.position()];
            self.network.add(from, shared, bundle.amount.units(), Step::Passage);
            for delegation in &bundle.delegations {
                bundled[delegation.position()] = true;
                self.add_delegation(*delegation, shared);
            }
            for certification in &bundle.certifications {
                self.add_certification(*certification, shared);
            }
        }
        for (position, _) in bundled.iter().enumerate().filter(|(_, bundled)| !**bundled) {
            let from = self.inner[self.instance.delegations[position].from.position()].1;
            self.add_delegation(DelegationIndex::new(position), from);
        }
    }

    fn add_delegation(&mut self, index: DelegationIndex, from: Vertex) {
        if self.heights.passes(self.instance, index.position(), self.potential) {
            let way = self.instance.delegation(index);
            let to = self.inner[way.to.position()].0;
            self.network.add(from, to, way.amount.units(), Step::Delegation(index));
        }
    }

    fn add_certifications(&mut self) {
        let mut bundled = vec![false; self.instance.certifications.len()];
        let mut leaves = vec![false; self.instance.keys];
        for bundle in self.instance.bundles.iter().filter(|bundle| bundle.whole) {
            for certification in &bundle.certifications {
                bundled[certification.position()] = true;
            }
            if let (Some(first), true) = (bundle.certifications.first(), bundle.delegations.is_empty()) {
                let shared = self.network.flow.add_vertex();
                let from = self.inner[self.instance.certification(*first).by.position()].1;
                self.network.add(from, shared, bundle.amount.units(), Step::Passage);
                for certification in &bundle.certifications {
                    self.add_certification(*certification, shared);
                }
            }
        }
        for (position, way) in self.instance.certifications.iter().enumerate() {
            if !bundled[position] {
                self.add_certification(CertificationIndex::new(position), self.inner[way.by.position()].1);
            }
            if let Some(through) = way.through
                && !std::mem::replace(&mut leaves[through.position()], true)
            {
                self.network.add(self.inner[through.position()].1, Network::FILE, FULL, Step::Passage);
            }
        }
    }

    fn add_certification(&mut self, index: CertificationIndex, from: Vertex) {
        let way = self.instance.certification(index);
        if self.heights.certifies(way.by.position(), way.cost, self.potential) {
            let to = way.through.map_or(Network::FILE, |through| self.inner[through.position()].0);
            self.network.add(from, to, way.amount.units(), Step::Certification(index));
        }
    }

    fn add_parties(&mut self, tiers: &Tiers) {
        let voices = self.voices();
        let mut rung: Option<(usize, Vertex, i64)> = None;
        for (position, tier) in tiers.tiers.iter().enumerate() {
            let (below, weighs) = match rung {
                Some((member, vertex, weight)) if member == tier.member => (vertex, weight),
                _ => (voices[tier.member], 0),
            };
            let vertex = self.network.flow.add_vertex();
            let score = tier.weight - weighs;
            let may = Gain { floor: 0, score };
            let must = self.network.add_gaining(below, vertex, 0, (Step::Passage, Gain { floor: 1, score }));
            let may = self.network.add_gaining(below, vertex, FULL, (Step::Passage, may));
            self.network.rungs.push((must, may));
            let above = tiers.tiers.get(position + 1).filter(|next| next.member == tier.member);
            self.add_starts(vertex, tier, above.map(|next| next.level));
            rung = Some((tier.member, vertex, tier.weight));
        }
    }

    /// Where each party starts: the source, or the vertex of an owner with several parties.
    fn voices(&mut self) -> Vec<Vertex> {
        let members = &self.instance.members;
        let mut vertices = vec![Network::SOURCE; members.len()];
        if members.iter().all(|member| member.voice == member.party) {
            return vertices;
        }
        let mut owners: BTreeMap<PartyIndex, Vec<usize>> = BTreeMap::new();
        for (position, member) in members.iter().enumerate() {
            owners.entry(member.voice).or_default().push(position);
        }
        for parties in owners.into_values().filter(|parties| parties.len() > 1) {
            let owner = self.network.flow.add_vertex();
            self.network.add(Network::SOURCE, owner, FULL, Step::Passage);
            for party in parties {
                vertices[party] = owner;
            }
        }
        vertices
    }

    /// A party's words and root keys, from one of its rungs; a word stands on the highest rung it reaches.
    fn add_starts(&mut self, rung: Vertex, tier: &Tier, above: Option<Level>) {
        for (position, word) in self.instance.words.iter().enumerate() {
            let stands_here = word.level >= tier.level && above.is_none_or(|above| word.level < above);
            if word.party == tier.party && stands_here {
                self.network.add(rung, Network::FILE, FULL, Step::Word(WordIndex::new(position)));
            }
        }
        for (position, root) in self.instance.roots.iter().enumerate() {
            if root.party == tier.party
                && self.heights.starts(root, tier.level, self.potential)
                && !self.instance.is_banned(root.party, root.key)
            {
                let inside = self.inner[root.key.position()].0;
                self.network.add(rung, inside, FULL, Step::Root(RootIndex::new(position)));
            }
        }
    }
}
