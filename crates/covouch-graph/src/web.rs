//! Who may appoint whom, as small as it gets, and the sweep that finds who has authority.
//!
//! Five bytes an appointment and five a key. Keys are settled by falling depth, so the appointments of each are gone
//! through once, when its depth is known.
//!
//! # Not here
//! Scopes, amounts, levels: authority errs towards yes, and the search of a file looks again.

#![expect(
    clippy::indexing_slicing,
    reason = "offsets are counted over the very appointments they point into"
)]

pub use crate::index::NodeIndex;
use crate::instance::after_one;

/// One key lets another speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appointment {
    /// Who lets.
    pub from: NodeIndex,
    /// Whom.
    pub to: NodeIndex,
    /// How many certifications may follow, the vouch included.
    pub depth: u8,
}

/// All appointments, by who made them.
#[derive(Clone, Debug, Default)]
pub struct Web {
    /// Those of node `n` stand at `offsets[n]..offsets[n + 1]`.
    offsets: Vec<u32>,
    heads: Vec<NodeIndex>,
    depths: Vec<u8>,
}

impl Web {
    /// The web of so many nodes. The appointments are gone through twice.
    pub fn new(nodes: usize, appointments: impl Iterator<Item = Appointment> + Clone) -> Self {
        let mut offsets = vec![0_u32; nodes + 1];
        for appointment in appointments.clone() {
            offsets[appointment.from.position() + 1] += 1;
        }
        for node in 0..nodes {
            offsets[node + 1] += offsets[node];
        }
        let count = offsets.last().map_or(0, |count| position(*count));
        let (mut heads, mut depths) = (vec![NodeIndex::new(0); count], vec![0; count]);
        // Each start moves to its end while its part is filled, which is the start of the next.
        for Appointment { from, to, depth } in appointments {
            let next = &mut offsets[from.position()];
            (heads[position(*next)], depths[position(*next)]) = (to, depth);
            *next += 1;
        }
        offsets.rotate_right(1);
        offsets[0] = 0;
        Self { offsets, heads, depths }
    }

    /// How many certifications each node may still start when these may start so many; 0 for those without authority.
    #[must_use]
    pub fn authority(&self, roots: impl IntoIterator<Item = (NodeIndex, u8)>) -> Vec<u8> {
        let nodes = self.offsets.len().saturating_sub(1);
        let mut sweep = Sweep { have: vec![0; nodes], waiting: vec![Vec::new(); usize::from(u8::MAX) + 1] };
        for (root, depth) in roots {
            sweep.raise(root, depth);
        }
        // Who may start one certification may vouch and appoint nobody.
        for depth in (2..=u8::MAX).rev() {
            let left = after_one(depth);
            loop {
                let mut nodes = std::mem::take(&mut sweep.waiting[usize::from(depth)]);
                if nodes.is_empty() {
                    break;
                }
                // In the order in which their appointments stand in memory: that is most of the time saved.
                nodes.sort_unstable();
                for node in nodes {
                    if sweep.have[node.position()] == depth {
                        let part = self.part(node);
                        for (to, allowed) in self.heads[part.clone()].iter().zip(&self.depths[part]) {
                            sweep.raise(*to, left.min(*allowed));
                        }
                    }
                }
            }
        }
        sweep.have
    }

    fn part(&self, node: NodeIndex) -> std::ops::Range<usize> {
        position(self.offsets[node.position()])..position(self.offsets[node.position() + 1])
    }
}

/// What is settled so far, and who is still to be looked at, by depth.
struct Sweep {
    have: Vec<u8>,
    waiting: Vec<Vec<NodeIndex>>,
}

impl Sweep {
    fn raise(&mut self, node: NodeIndex, depth: u8) {
        let have = &mut self.have[node.position()];
        if depth > *have {
            *have = depth;
            if depth > 1 {
                self.waiting[usize::from(depth)].push(node);
            }
        }
    }
}

fn position(offset: u32) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(nodes: usize, appointments: &[(usize, usize, u8)]) -> Web {
        let appointment = |(from, to, depth): &(usize, usize, u8)| Appointment {
            from: NodeIndex::new(*from),
            to: NodeIndex::new(*to),
            depth: *depth,
        };
        Web::new(nodes, appointments.iter().map(appointment))
    }

    fn authority(web: &Web, root: usize, depth: u8) -> Vec<u8> {
        web.authority([(NodeIndex::new(root), depth)])
    }

    #[test]
    fn depth_falls_along_the_way_and_the_deepest_way_counts() {
        let web = web(5, &[(0, 1, 255), (1, 2, 1), (0, 3, 2), (3, 2, 255), (2, 4, 255)]);
        assert_eq!(authority(&web, 0, 4), [4, 3, 1, 2, 0]);
        assert_eq!(authority(&web, 0, 255), [255, 255, 1, 2, 0]);
        assert_eq!(authority(&web, 3, 3), [0, 0, 2, 3, 1]);
        assert_eq!(authority(&web, 0, 1), [1, 0, 0, 0, 0], "one certification is a vouch and nothing else");
    }

    #[test]
    fn a_circle_ends_and_who_is_apart_has_nothing() {
        let web = web(4, &[(0, 1, 255), (1, 2, 255), (2, 0, 255), (3, 0, 255)]);
        assert_eq!(authority(&web, 0, 255), [255, 255, 255, 0]);
        assert!(Web::default().authority([]).is_empty());
    }
}
