//! Depth as a height of keys: which delegations can matter at all, and networks in which every path respects
//! depth by construction.
//!
//! `need` of a key is the fewest certifications from it to the file, `have` the most that any party lets it start.
//! A potential gives every key a number that falls along every delegation that is kept, while the delegation's
//! depth is at least the number of the key it leads to; so whatever path is found respects depth.

#![expect(clippy::indexing_slicing, reason = "vectors of one entry per key of the instance")]

use covouch_core::level::Level;

use crate::instance::{Instance, KeyIndex, Root, UNLIMITED, after_one};

/// What stands in for "cannot reach the file".
const NEVER: u16 = u16::MAX;

/// Fewest and most certifications from each key on.
pub(crate) struct Heights {
    need: Vec<u16>,
    have: Vec<u16>,
    /// For root keys that only parties lead to: what their parties let them start.
    tops: Vec<Option<u16>>,
    /// The highest level at which each key's word can reach the file, whatever the depth.
    best: Vec<Option<Level>>,
}

/// Which paths a network allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Potential {
    /// All that can matter; depth is not respected.
    None,
    /// Down the shortest ways to the file.
    Need,
    /// Down the largest remaining depths.
    Have,
}

impl Potential {
    /// Its place among the three.
    pub(crate) const fn position(self) -> usize {
        match self {
            Self::None => 0,
            Self::Need => 1,
            Self::Have => 2,
        }
    }
}

impl Heights {
    pub(crate) fn of(instance: &Instance) -> Self {
        let need = need(instance);
        let mut heights = Self { have: have(instance), need, tops: Vec::new(), best: best(instance) };
        heights.tops = heights.tops_of(instance);
        heights
    }

    /// Whether a delegation can be on a chain that respects depth.
    pub(crate) fn is_useful(&self, instance: &Instance, delegation: usize) -> bool {
        let way = &instance.delegations[delegation];
        let need = self.need[way.to.position()];
        need != NEVER && depth(way.depth) >= need && self.have[way.from.position()] > need
    }

    /// Whether a potential's network has this delegation.
    pub(crate) fn passes(&self, instance: &Instance, delegation: usize, potential: Potential) -> bool {
        let way = &instance.delegations[delegation];
        let (from, to) = (way.from.position(), way.to.position());
        self.is_useful(instance, delegation)
            && match self.heights(potential) {
                None => true,
                Some(heights) => depth(way.depth) >= heights[to] && self.start(from, heights) > heights[to],
            }
    }

    /// Whether a potential's network lets a key certify at this cost.
    pub(crate) fn certifies(&self, key: usize, cost: u8, potential: Potential) -> bool {
        let cost = u16::from(cost);
        self.have[key] >= cost
            && self.heights(potential).is_none_or(|heights| self.start(key, heights) >= cost)
    }

    /// Whether a potential's network lets trust start at this root, for this level.
    pub(crate) fn starts(&self, root: &Root, level: Level, potential: Potential) -> bool {
        let (key, root_depth) = (root.key.position(), root.depth);
        depth(root_depth) >= self.need[key]
            && self.best[key] >= Some(level)
            && self.heights(potential).is_none_or(|heights| depth(root_depth) >= self.start(key, heights))
    }

    /// Whether a key can bring the file's word this level with so many certifications left.
    pub(crate) fn reaches(&self, key: KeyIndex, level: Level, left: u8) -> bool {
        depth(left) >= self.need[key.position()] && self.best[key.position()] >= Some(level)
    }

    /// Whether a chain may have this key before its end.
    pub(crate) fn can_be_passed(&self, key: KeyIndex) -> bool {
        self.have[key.position()] > 0
    }

    fn heights(&self, potential: Potential) -> Option<&[u16]> {
        match potential {
            Potential::None => None,
            Potential::Need => Some(&self.need),
            Potential::Have => Some(&self.have),
        }
    }

    fn start(&self, key: usize, heights: &[u16]) -> u16 {
        self.tops[key].unwrap_or(heights[key])
    }

    /// A root key that no useful delegation leads to stands as high as its parties let it.
    fn tops_of(&self, instance: &Instance) -> Vec<Option<u16>> {
        let mut tops = vec![None; instance.keys];
        for root in &instance.roots {
            let top = &mut tops[root.key.position()];
            *top = Some(top.unwrap_or(NEVER).min(depth(root.depth)));
        }
        for (position, way) in instance.delegations.iter().enumerate() {
            if self.is_useful(instance, position) {
                tops[way.to.position()] = None;
            }
        }
        tops
    }
}

/// Unlimited depth stands above every height a key can have.
fn depth(depth: u8) -> u16 {
    if depth == UNLIMITED { NEVER - 1 } else { u16::from(depth) }
}

/// Fewest certifications from each key to the file, over delegations deep enough for them.
fn need(instance: &Instance) -> Vec<u16> {
    let mut incoming: Vec<Vec<usize>> = vec![Vec::new(); instance.keys];
    for (position, way) in instance.delegations.iter().enumerate() {
        incoming[way.to.position()].push(position);
    }
    let mut need = vec![NEVER; instance.keys];
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new()];
    for certification in &instance.certifications {
        lower(&mut need, &mut waiting, certification.by.position(), u16::from(certification.cost));
    }
    let mut height = 0;
    while height < waiting.len() {
        for key in std::mem::take(&mut waiting[height]) {
            if usize::from(need[key]) != height {
                continue;
            }
            for way in incoming[key].iter().map(|position| &instance.delegations[*position]) {
                if depth(way.depth) >= need[key] {
                    let next = need[key].saturating_add(1).min(NEVER - 1);
                    lower(&mut need, &mut waiting, way.from.position(), next);
                }
            }
        }
        height += 1;
    }
    need
}

/// The highest level at which each key's word can reach the file.
fn best(instance: &Instance) -> Vec<Option<Level>> {
    let mut incoming: Vec<Vec<usize>> = vec![Vec::new(); instance.keys];
    for (position, way) in instance.delegations.iter().enumerate() {
        incoming[way.to.position()].push(position);
    }
    let mut best: Vec<Option<Level>> = vec![None; instance.keys];
    let mut waiting = Vec::new();
    for certification in &instance.certifications {
        let by = certification.by.position();
        best[by] = best[by].max(Some(certification.level));
        waiting.push(by);
    }
    while let Some(key) = waiting.pop() {
        for way in incoming[key].iter().map(|position| &instance.delegations[*position]) {
            let passes = best[key].min(Some(way.level));
            let from = way.from.position();
            if passes > best[from] {
                best[from] = passes;
                waiting.push(from);
            }
        }
    }
    best
}

fn lower(need: &mut [u16], waiting: &mut Vec<Vec<usize>>, key: usize, height: u16) {
    if height < need[key] {
        need[key] = height;
        let slot = usize::from(height);
        if waiting.len() <= slot {
            waiting.resize(slot + 1, Vec::new());
        }
        waiting[slot].push(key);
    }
}

/// Most certifications any party lets each key start; at most one more than there are keys, and two for a mandate
/// that ended: no chain is longer.
pub(crate) fn have(instance: &Instance) -> Vec<u16> {
    let longest = u16::try_from(instance.keys.saturating_add(2)).unwrap_or(NEVER - 2).min(NEVER - 2);
    let mut outgoing: Vec<Vec<usize>> = vec![Vec::new(); instance.keys];
    for (position, way) in instance.delegations.iter().enumerate() {
        outgoing[way.from.position()].push(position);
    }
    let mut have = vec![0; instance.keys];
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new(); usize::from(longest) + 1];
    for root in &instance.roots {
        raise(&mut have, &mut waiting, root.key.position(), depth(root.depth).min(longest));
    }
    for height in (1..=longest).rev() {
        while let Some(key) = waiting[usize::from(height)].pop() {
            if have[key] != height {
                continue;
            }
            for way in outgoing[key].iter().map(|position| &instance.delegations[*position]) {
                raise(&mut have, &mut waiting, way.to.position(), depth(way.depth).min(height - 1));
            }
        }
    }
    have
}

fn raise(have: &mut [u16], waiting: &mut [Vec<usize>], key: usize, height: u16) {
    if height > have[key] {
        have[key] = height;
        waiting[usize::from(height)].push(key);
    }
}

/// What remains of a root's depth after a chain of delegations; used where states are counted one by one.
pub(crate) const fn remaining(before: u8, delegation: u8) -> u8 {
    let left = after_one(before);
    if left < delegation { left } else { delegation }
}
