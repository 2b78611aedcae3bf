//! Flow of greatest gain between two vertices, in integers.
//!
//! Trust is sent along the path that gains most, over residual arcs, until no path gains anything. Gains have two
//! parts, the first counting more than any amount of the second.
//!
//! # Invariants
//! - Arcs come in pairs, an arc and its reverse, at an even position and the odd one after it; what flows on an
//!   arc is what is left on its reverse.
//! - No cycle of arcs gains before the first unit flows, so none ever does.

#![expect(clippy::indexing_slicing, reason = "vertices and arcs are numbered by this network")]

use std::{
    collections::VecDeque,
    ops::{Add, Neg},
};

use crate::{budget::Budget, question::Undecidable};

/// A vertex of a network.
pub(crate) type Vertex = usize;

/// What a unit of flow is good for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Gain {
    /// Towards what must be reached.
    pub(crate) floor: i64,
    /// Towards the score, in the instance's unit of weight.
    pub(crate) score: i64,
}

impl Add for Gain {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { floor: self.floor + other.floor, score: self.score + other.score }
    }
}

impl Neg for Gain {
    type Output = Self;

    fn neg(self) -> Self {
        Self { floor: -self.floor, score: -self.score }
    }
}

#[derive(Clone, Copy, Debug)]
struct Arc {
    to: Vertex,
    next: Option<usize>,
    left: u16,
    gain: Gain,
}

/// A network and what flows in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Flow {
    first: Vec<Option<usize>>,
    arcs: Vec<Arc>,
}

impl Flow {
    pub(crate) fn add_vertex(&mut self) -> Vertex {
        self.first.push(None);
        self.first.len() - 1
    }

    /// Adds an arc; returns its position, which is even.
    pub(crate) fn add_arc(&mut self, from: Vertex, to: Vertex, capacity: u16, gain: Gain) -> usize {
        let arc = self.arcs.len();
        self.arcs.push(Arc { to, next: self.first[from].replace(arc), left: capacity, gain });
        self.arcs.push(Arc { to: from, next: self.first[to].replace(arc + 1), left: 0, gain: -gain });
        arc
    }

    /// Empties an arc and gives it a capacity.
    pub(crate) fn set_capacity(&mut self, arc: usize, capacity: u16) {
        self.arcs[arc].left = capacity;
        self.arcs[arc + 1].left = 0;
    }

    /// What flows on an arc.
    pub(crate) fn on(&self, arc: usize) -> u16 {
        self.arcs[arc + 1].left
    }

    /// Where an arc leads.
    pub(crate) fn head(&self, arc: usize) -> Vertex {
        self.arcs[arc].to
    }

    /// How many vertices there are.
    pub(crate) fn vertices(&self) -> usize {
        self.first.len()
    }

    /// Takes flow off an arc, without a thought for what flows before and after it.
    pub(crate) fn take(&mut self, arc: usize, amount: u16) {
        let taken = amount.min(self.arcs[arc + 1].left);
        self.arcs[arc + 1].left -= taken;
        self.arcs[arc].left += taken;
    }

    /// The arcs out of a vertex on which something flows.
    pub(crate) fn flowing(&self, vertex: Vertex) -> impl Iterator<Item = usize> {
        self.around(vertex).filter(|arc| arc % 2 == 0 && self.on(*arc) > 0)
    }

    fn around(&self, vertex: Vertex) -> impl Iterator<Item = usize> {
        std::iter::successors(self.first[vertex], |arc| self.arcs[*arc].next)
    }

    /// Sends flow from one vertex to another as long as it gains; returns the gain.
    pub(crate) fn send(
        &mut self,
        from: Vertex,
        to: Vertex,
        budget: &mut Budget,
    ) -> Result<Gain, Undecidable> {
        let mut total = Gain::default();
        let mut search = Search::new(self.first.len());
        while let Some(gain) = search.best_path(self, from, to, budget)? {
            let amount = self.augment(&search, from, to);
            let units = i64::from(amount);
            total = total + Gain { floor: gain.floor * units, score: gain.score * units };
        }
        Ok(total)
    }

    fn augment(&mut self, search: &Search, from: Vertex, to: Vertex) -> u16 {
        let path = || {
            std::iter::successors(search.by[to], |arc| {
                let before = self.arcs[*arc ^ 1].to;
                if before == from { None } else { search.by[before] }
            })
        };
        let amount = path().map(|arc| self.arcs[arc].left).min().unwrap_or(0);
        let path: Vec<usize> = path().collect();
        for arc in path {
            self.arcs[arc].left -= amount;
            self.arcs[arc ^ 1].left += amount;
        }
        amount
    }
}

/// One search for the path that gains most (Bellman and Ford, with a queue of what improved).
struct Search {
    gain: Vec<Option<Gain>>,
    by: Vec<Option<usize>>,
    waits: Vec<bool>,
    queue: VecDeque<Vertex>,
}

impl Search {
    fn new(vertices: usize) -> Self {
        Self {
            gain: vec![None; vertices],
            by: vec![None; vertices],
            waits: vec![false; vertices],
            queue: VecDeque::new(),
        }
    }

    fn best_path(
        &mut self,
        flow: &Flow,
        from: Vertex,
        to: Vertex,
        budget: &mut Budget,
    ) -> Result<Option<Gain>, Undecidable> {
        self.gain.fill(None);
        self.gain[from] = Some(Gain::default());
        self.queue.push_back(from);
        let mut steps = 0;
        while let Some(vertex) = self.queue.pop_front() {
            self.waits[vertex] = false;
            let Some(here) = self.gain[vertex] else { continue };
            for arc in flow.around(vertex) {
                steps += 1;
                let Arc { to: next, left, gain, .. } = flow.arcs[arc];
                let there = Some(here + gain);
                if left > 0 && next != from && there > self.gain[next] {
                    self.gain[next] = there;
                    self.by[next] = Some(arc);
                    if next != to && !std::mem::replace(&mut self.waits[next], true) {
                        self.queue.push_back(next);
                    }
                }
            }
        }
        budget.take_flow_steps(steps)?;
        Ok(self.gain[to].filter(|gain| *gain > Gain::default()))
    }
}
