//! Thresholds: whether values add up.

#![expect(clippy::indexing_slicing, reason = "one entry per variable of the diagram, and one more")]

use std::collections::BTreeMap;

use super::{Diagram, NO, NodeId, TooLarge, YES};

/// Builds a threshold by intervals: what is still missing matters only up to the next sum that can be reached.
pub(super) struct Sums<'v> {
    pub(super) values: &'v [Vec<u64>],
    /// What the variables from each on can add at most.
    pub(super) most: Vec<u64>,
    /// For each variable, the intervals seen, by their lower ends.
    pub(super) known: Vec<BTreeMap<i128, Interval>>,
}

/// A node, and the sums still missing for which it is the one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interval {
    from: i128,
    to: i128,
    pub(super) node: NodeId,
}

impl Sums<'_> {
    pub(super) fn build(
        &mut self,
        diagram: &mut Diagram,
        variable: usize,
        missing: i128,
    ) -> Result<Interval, TooLarge> {
        let most = i128::from(self.most[variable]);
        if missing <= 0 {
            return Ok(Interval { from: i128::MIN / 2, to: 0, node: YES });
        }
        if missing > most {
            return Ok(Interval { from: most + 1, to: i128::MAX / 2, node: NO });
        }
        if let Some((_, known)) = self.known[variable].range(..=missing).next_back()
            && missing <= known.to
        {
            return Ok(*known);
        }
        let (values, start) = (self.values, diagram.pending.len());
        let (mut from, mut to) = (i128::MIN / 2, i128::MAX / 2);
        let nothing = [0];
        let values = if values[variable].is_empty() { &nothing } else { values[variable].as_slice() };
        for value in values.iter().copied().map(i128::from) {
            let below = self.build(diagram, variable + 1, missing - value)?;
            (from, to) = (from.max(below.from + value), to.min(below.to + value));
            diagram.pending.push(below.node);
        }
        let interval = Interval { from, to, node: diagram.function(variable, start)? };
        self.known[variable].insert(from, interval);
        Ok(interval)
    }
}
