//! Decision diagrams over variables with a few states each, and the families of their smallest points.
//!
//! A *function* diagram says for every choice of states yes or no; a variable it does not mention does not matter.
//! A *family* is a set of points; a variable it does not mention is in its first state.
//!
//! # Invariants
//! - One function has one node, so equal functions are found by comparing ids.
//! - Children stand before their parents.
//! - Work is bounded: past [`limits::NODES`] or [`limits::STEPS`] every operation ends with [`TooLarge`].
//!
//! # Not here
//! What a variable stands for (`cast`), and how formulas become functions (`compile`).

#![expect(clippy::indexing_slicing, reason = "nodes and variables are numbered by this diagram alone")]

mod sums;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{BuildHasherDefault, Hash as _, Hasher},
    ops::Range,
};

use self::sums::Sums;
use super::limits;

/// A node of a diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(u32);

/// Never; as a family, no point.
pub(super) const NO: NodeId = NodeId(0);
/// Always; as a family, the point in which every variable is in its first state.
pub(super) const YES: NodeId = NodeId(1);

/// The diagram would take more work than an answer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// The states of one variable: for each, the states that lie directly below it. A state stands behind all below it.
pub(super) type States = Vec<Vec<usize>>;

/// A node: the variable it asks about, and where its children begin.
#[derive(Clone, Copy, Debug)]
struct Node {
    variable: usize,
    first: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Operation {
    And,
    Or,
    Without,
}

/// All nodes over some variables.
#[derive(Debug)]
pub(super) struct Diagram {
    variables: Vec<States>,
    nodes: Vec<Node>,
    /// The children of all nodes, one after the other.
    children: Vec<NodeId>,
    /// Where each node is found by what it is: a table with open places, which are [`NO`], in a power of two.
    ids: Vec<NodeId>,
    /// Children of nodes under way, innermost last.
    pending: Vec<NodeId>,
    combined: HashMap<(Operation, NodeId, NodeId), NodeId, Mixing>,
    smallest: HashMap<NodeId, NodeId, Mixing>,
}

impl Diagram {
    pub(super) fn new(variables: Vec<States>) -> Self {
        // Terminals stand behind every variable.
        let terminal = Node { variable: usize::MAX, first: 0 };
        Self {
            variables,
            nodes: vec![terminal, terminal],
            children: Vec::new(),
            ids: vec![NO; 1 << 10],
            pending: Vec::new(),
            combined: HashMap::default(),
            smallest: HashMap::default(),
        }
    }

    /// The variable a node asks about, and where each state leads; `None` for [`NO`] and [`YES`].
    pub(super) fn children(&self, node: NodeId) -> Option<(usize, &[NodeId])> {
        (node > YES).then(|| (self.node_of(node).variable, &self.children[self.range(node)]))
    }

    fn node_of(&self, node: NodeId) -> Node {
        self.nodes[node.number()]
    }

    fn range(&self, node: NodeId) -> Range<usize> {
        let Node { variable, first } = self.node_of(node);
        first..first + self.variables[variable].len()
    }

    /// The function that looks at one variable only.
    pub(super) fn atom(
        &mut self,
        variable: usize,
        holds: impl Fn(usize) -> bool,
    ) -> Result<NodeId, TooLarge> {
        let start = self.pending.len();
        let states = 0..self.variables[variable].len();
        self.pending.extend(states.map(|state| Self::constant(holds(state))));
        self.function(variable, start)
    }

    /// A node and all before it: its children, theirs, and others.
    pub(super) fn up_to(&self, node: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        (0..=node.0).map(NodeId)
    }

    /// Yes or no.
    pub(super) fn constant(holds: bool) -> NodeId {
        if holds { YES } else { NO }
    }

    pub(super) fn and(&mut self, left: NodeId, right: NodeId) -> Result<NodeId, TooLarge> {
        self.combine(Operation::And, left.min(right), left.max(right))
    }

    pub(super) fn or(&mut self, left: NodeId, right: NodeId) -> Result<NodeId, TooLarge> {
        self.combine(Operation::Or, left.min(right), left.max(right))
    }

    /// Whether a function is true wherever another one is. Nothing is built: a counterexample ends the walk.
    pub(super) fn implies(&self, function: NodeId, other: NodeId) -> Result<bool, TooLarge> {
        self.holds_below(function, other, &mut HashSet::default())
    }

    fn holds_below(
        &self,
        function: NodeId,
        other: NodeId,
        seen: &mut HashSet<(NodeId, NodeId), Mixing>,
    ) -> Result<bool, TooLarge> {
        if function == NO || other == YES || function == other || seen.contains(&(function, other)) {
            return Ok(true);
        }
        // Every other node has a point at which it is true, and one at which it is false.
        if function == YES || other == NO {
            return Ok(false);
        }
        let variable = self.node_of(function).variable.min(self.node_of(other).variable);
        for state in 0..self.variables[variable].len() {
            let below = (self.at(function, variable, state), self.at(other, variable, state));
            if !self.holds_below(below.0, below.1, seen)? {
                return Ok(false);
            }
        }
        if seen.len() >= limits::STEPS {
            return Err(TooLarge);
        }
        seen.insert((function, other));
        Ok(true)
    }

    /// The points of a family at which a function is false.
    pub(super) fn without(&mut self, family: NodeId, function: NodeId) -> Result<NodeId, TooLarge> {
        self.combine(Operation::Without, family, function)
    }

    /// At least so many of these.
    pub(super) fn at_least(&mut self, needed: usize, parts: &[NodeId]) -> Result<NodeId, TooLarge> {
        // reached[k]: at least k of the parts seen so far.
        let mut reached = vec![NO; needed + 1];
        reached[0] = YES;
        for part in parts {
            for count in (1..=needed).rev() {
                let with = self.and(*part, reached[count - 1])?;
                reached[count] = self.or(with, reached[count])?;
            }
        }
        Ok(reached[needed])
    }

    /// Whether the values of the states add up to the minimum. `values` has, for each variable, one value a state;
    /// a variable without values adds nothing.
    pub(super) fn threshold(&mut self, values: &[Vec<u64>], minimum: u64) -> Result<NodeId, TooLarge> {
        let mut most = vec![0_u64; values.len() + 1];
        for (variable, values) in values.iter().enumerate().rev() {
            most[variable] = most[variable + 1] + values.iter().max().copied().unwrap_or(0);
        }
        let mut sums = Sums { values, most, known: vec![BTreeMap::new(); values.len() + 1] };
        Ok(sums.build(self, 0, i128::from(minimum))?.node)
    }

    /// The smallest points of a function, as a family: no state can be lowered.
    pub(super) fn smallest(&mut self, function: NodeId) -> Result<NodeId, TooLarge> {
        let Some((variable, _)) = self.children(function) else { return Ok(function) };
        if let Some(known) = self.smallest.get(&function) {
            return Ok(*known);
        }
        let (children, start) = (self.range(function), self.pending.len());
        for state in 0..children.len() {
            let mut family = self.smallest(self.children[children.start + state])?;
            for place in 0..self.variables[variable][state].len() {
                let lower = self.variables[variable][state][place];
                family = self.without(family, self.children[children.start + lower])?;
            }
            self.pending.push(family);
        }
        let family = self.family(variable, start)?;
        self.smallest.insert(function, family);
        Ok(family)
    }

    /// The function with every state replaced by its opposite, negated. Only for variables of two states.
    pub(super) fn dual(&mut self, function: NodeId) -> Result<NodeId, TooLarge> {
        let mut known = vec![YES, NO];
        for id in self.up_to(function).skip(2) {
            let (range, start) = (self.range(id), self.pending.len());
            for child in range.rev() {
                self.pending.push(known[self.children[child].number()]);
            }
            known.push(self.function(self.node_of(id).variable, start)?);
        }
        Ok(known.get(function.number()).copied().unwrap_or(NO))
    }

    /// How many points a family has.
    pub(super) fn count(&self, family: NodeId) -> u128 {
        let mut counts: Vec<u128> = vec![0, 1];
        for id in self.up_to(family).skip(2) {
            let points = self.children[self.range(id)].iter().map(|child| counts[child.number()]);
            counts.push(points.fold(0, u128::saturating_add));
        }
        counts[family.number()]
    }

    /// Whether a function is true at this choice of states.
    #[cfg(test)]
    pub(super) fn holds(&self, function: NodeId, states: &[usize]) -> bool {
        let mut node = function;
        while let Some((variable, children)) = self.children(node) {
            node = children[states[variable]];
        }
        node == YES
    }

    fn combine(&mut self, operation: Operation, left: NodeId, right: NodeId) -> Result<NodeId, TooLarge> {
        match (operation, left, right) {
            (Operation::And, NO, _) | (Operation::Without, NO, _) | (Operation::Without, _, YES) => {
                return Ok(NO);
            }
            (Operation::And, YES, other) | (Operation::Or, NO, other) => return Ok(other),
            (Operation::Or, YES, _) => return Ok(YES),
            (Operation::Without, _, NO) => return Ok(left),
            (Operation::And | Operation::Or, _, _) if left == right => return Ok(left),
            _ => {}
        }
        let key = (operation, left, right);
        if let Some(known) = self.combined.get(&key) {
            return Ok(*known);
        }
        if self.combined.len() >= limits::STEPS {
            return Err(TooLarge);
        }
        let variable = self.node_of(left).variable.min(self.node_of(right).variable);
        let start = self.pending.len();
        for state in 0..self.variables[variable].len() {
            // A family that does not mention the variable has it in its first state.
            let below = if operation == Operation::Without && self.node_of(left).variable != variable {
                if state == 0 { left } else { NO }
            } else {
                self.at(left, variable, state)
            };
            let child = self.combine_in_order(operation, below, self.at(right, variable, state))?;
            self.pending.push(child);
        }
        let made = match operation {
            Operation::Without => self.family(variable, start),
            Operation::And | Operation::Or => self.function(variable, start),
        }?;
        self.combined.insert(key, made);
        Ok(made)
    }

    fn combine_in_order(
        &mut self,
        operation: Operation,
        left: NodeId,
        right: NodeId,
    ) -> Result<NodeId, TooLarge> {
        match operation {
            Operation::Without => self.combine(operation, left, right),
            Operation::And | Operation::Or => self.combine(operation, left.min(right), left.max(right)),
        }
    }

    /// The function with a variable in a state; only for a variable before all others of the function.
    fn at(&self, function: NodeId, variable: usize, state: usize) -> NodeId {
        let node = self.node_of(function);
        if node.variable == variable { self.children[node.first + state] } else { function }
    }

    /// The function whose children are pending from a place on; they are taken away.
    fn function(&mut self, variable: usize, start: usize) -> Result<NodeId, TooLarge> {
        let children = &self.pending[start..];
        let same = children.first().copied().filter(|first| children.iter().all(|child| child == first));
        self.finish(variable, start, same)
    }

    /// The family whose children are pending from a place on; they are taken away.
    fn family(&mut self, variable: usize, start: usize) -> Result<NodeId, TooLarge> {
        let children = &self.pending[start..];
        let only = children.split_first().filter(|(_, rest)| rest.iter().all(|child| *child == NO));
        let only = only.map(|(first, _)| *first);
        self.finish(variable, start, only)
    }

    fn finish(&mut self, variable: usize, start: usize, instead: Option<NodeId>) -> Result<NodeId, TooLarge> {
        let made = instead.map_or_else(|| self.node(variable, start), Ok);
        self.pending.truncate(start);
        made
    }

    fn node(&mut self, variable: usize, start: usize) -> Result<NodeId, TooLarge> {
        let place = self.place(variable, &self.pending[start..]);
        if self.ids[place] != NO {
            return Ok(self.ids[place]);
        }
        if self.nodes.len() >= limits::NODES {
            return Err(TooLarge);
        }
        let id = NodeId(u32::try_from(self.nodes.len()).map_err(|_| TooLarge)?);
        self.nodes.push(Node { variable, first: self.children.len() });
        self.children.extend_from_slice(&self.pending[start..]);
        self.ids[place] = id;
        if self.nodes.len() * 2 > self.ids.len() {
            self.widen();
        }
        Ok(id)
    }

    /// Where a node with these children is found, or would be put.
    fn place(&self, variable: usize, children: &[NodeId]) -> usize {
        let mut mixer = Mixer::default();
        (variable, children).hash(&mut mixer);
        let last = self.ids.len() - 1;
        let mut place = usize::try_from(mixer.finish() >> 32).unwrap_or(0) & last;
        loop {
            let known = self.ids[place];
            let is_it =
                || self.node_of(known).variable == variable && self.children[self.range(known)] == *children;
            if known == NO || is_it() {
                return place;
            }
            place = (place + 1) & last;
        }
    }

    fn widen(&mut self) {
        self.ids = vec![NO; self.ids.len() * 4];
        for number in 2..self.nodes.len() {
            let id = NodeId(u32::try_from(number).unwrap_or(u32::MAX));
            let place = self.place(self.node_of(id).variable, &self.children[self.range(id)]);
            self.ids[place] = id;
        }
    }
}

impl NodeId {
    /// Its number: children have smaller ones.
    pub(super) fn number(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// Hashes for tables of nodes, most of the work of a diagram. Nodes are numbered in the order in which they are
/// found, so nobody outside chooses what is hashed; and work is bounded whatever they choose.
type Mixing = BuildHasherDefault<Mixer>;

#[derive(Debug, Default)]
struct Mixer(u64);

impl Hasher for Mixer {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }

    fn write_u64(&mut self, word: u64) {
        // The golden ratio, so that neighbours end up far apart; the turn brings high bits down.
        self.0 = (self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29);
    }

    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    fn write_usize(&mut self, word: usize) {
        self.write_u64(u64::try_from(word).unwrap_or(u64::MAX));
    }

    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}
