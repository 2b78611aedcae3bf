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

use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasherDefault, Hasher},
    sync::Arc,
};

use super::limits;

/// A node of a diagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(usize);

/// Never; as a family, no point.
pub(super) const NO: NodeId = NodeId(0);
/// Always; as a family, the point in which every variable is in its first state.
pub(super) const YES: NodeId = NodeId(1);

/// The diagram would take more work than an answer is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLarge;

/// The states of one variable: for each, the states that lie directly below it. A state stands behind all below it.
pub(super) type States = Vec<Vec<usize>>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Node {
    variable: usize,
    children: Arc<[NodeId]>,
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
    ids: HashMap<Node, NodeId, Mixing>,
    combined: HashMap<(Operation, NodeId, NodeId), NodeId, Mixing>,
    smallest: HashMap<NodeId, NodeId, Mixing>,
}

impl Diagram {
    pub(super) fn new(variables: Vec<States>) -> Self {
        // Terminals stand behind every variable.
        let terminal = Node { variable: usize::MAX, children: Arc::new([]) };
        Self {
            variables,
            nodes: vec![terminal.clone(), terminal],
            ids: HashMap::default(),
            combined: HashMap::default(),
            smallest: HashMap::default(),
        }
    }

    /// The variable a node asks about, and where each state leads; `None` for [`NO`] and [`YES`].
    pub(super) fn children(&self, node: NodeId) -> Option<(usize, &[NodeId])> {
        let node = &self.nodes[node.0];
        (!node.children.is_empty()).then_some((node.variable, &*node.children))
    }

    /// The function that looks at one variable only.
    pub(super) fn atom(
        &mut self,
        variable: usize,
        holds: impl Fn(usize) -> bool,
    ) -> Result<NodeId, TooLarge> {
        let states = 0..self.variables[variable].len();
        let children = states.map(|state| if holds(state) { YES } else { NO }).collect();
        self.function(variable, children)
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
        let children = Arc::clone(&self.nodes[function.0].children);
        let mut points = Vec::with_capacity(children.len());
        for (state, child) in children.iter().enumerate() {
            let mut family = self.smallest(*child)?;
            for lower in self.variables[variable][state].clone() {
                family = self.without(family, children[lower])?;
            }
            points.push(family);
        }
        let family = self.family(variable, points)?;
        self.smallest.insert(function, family);
        Ok(family)
    }

    /// The function with every state replaced by its opposite, negated. Only for variables of two states.
    pub(super) fn dual(&mut self, function: NodeId) -> Result<NodeId, TooLarge> {
        let mut known = vec![YES, NO];
        for id in 2..=function.0 {
            let Node { variable, children } = self.nodes[id].clone();
            let children = children.iter().rev().map(|child| known[child.0]).collect();
            known.push(self.function(variable, children)?);
        }
        Ok(known.get(function.0).copied().unwrap_or(NO))
    }

    /// How many points a family has.
    pub(super) fn count(&self, family: NodeId) -> u128 {
        let mut counts: Vec<u128> = vec![0, 1];
        for node in self.nodes.iter().take(family.0 + 1).skip(2) {
            let points = node.children.iter().map(|child| counts[child.0]);
            counts.push(points.fold(0, u128::saturating_add));
        }
        counts[family.0]
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
        let variable = self.nodes[left.0].variable.min(self.nodes[right.0].variable);
        let mut children = Vec::with_capacity(self.variables[variable].len());
        for state in 0..self.variables[variable].len() {
            // A family that does not mention the variable has it in its first state.
            let below = if operation == Operation::Without && self.nodes[left.0].variable != variable {
                if state == 0 { left } else { NO }
            } else {
                self.at(left, variable, state)
            };
            children.push(self.combine_in_order(operation, below, self.at(right, variable, state))?);
        }
        let made = match operation {
            Operation::Without => self.family(variable, children),
            Operation::And | Operation::Or => self.function(variable, children),
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
        let node = &self.nodes[function.0];
        if node.variable == variable { node.children[state] } else { function }
    }

    fn function(&mut self, variable: usize, children: Vec<NodeId>) -> Result<NodeId, TooLarge> {
        match children.first() {
            Some(first) if children.iter().all(|child| child == first) => Ok(*first),
            _ => self.node(variable, children),
        }
    }

    fn family(&mut self, variable: usize, children: Vec<NodeId>) -> Result<NodeId, TooLarge> {
        match children.split_first() {
            Some((first, rest)) if rest.iter().all(|child| *child == NO) => Ok(*first),
            _ => self.node(variable, children),
        }
    }

    fn node(&mut self, variable: usize, children: Vec<NodeId>) -> Result<NodeId, TooLarge> {
        let node = Node { variable, children: children.into() };
        if let Some(known) = self.ids.get(&node) {
            return Ok(*known);
        }
        if self.nodes.len() >= limits::NODES {
            return Err(TooLarge);
        }
        let id = NodeId(self.nodes.len());
        self.nodes.push(node.clone());
        self.ids.insert(node, id);
        Ok(id)
    }
}

impl NodeId {
    /// Its number: children have smaller ones.
    pub(super) const fn number(self) -> usize {
        self.0
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

    fn write_usize(&mut self, word: usize) {
        self.write_u64(u64::try_from(word).unwrap_or(u64::MAX));
    }

    fn finish(&self) -> u64 {
        self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// Builds a threshold by intervals: what is still missing matters only up to the next sum that can be reached.
struct Sums<'v> {
    values: &'v [Vec<u64>],
    /// What the variables from each on can add at most.
    most: Vec<u64>,
    /// For each variable, the intervals seen, by their lower ends.
    known: Vec<BTreeMap<i128, Interval>>,
}

/// A node, and the sums still missing for which it is the one.
#[derive(Clone, Copy, Debug)]
struct Interval {
    from: i128,
    to: i128,
    node: NodeId,
}

impl Sums<'_> {
    fn build(&mut self, diagram: &mut Diagram, variable: usize, missing: i128) -> Result<Interval, TooLarge> {
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
        let values = &self.values[variable];
        let (mut from, mut to) = (i128::MIN / 2, i128::MAX / 2);
        let mut children = Vec::with_capacity(values.len());
        let values: Vec<i128> =
            if values.is_empty() { vec![0] } else { values.iter().copied().map(i128::from).collect() };
        for value in values {
            let below = self.build(diagram, variable + 1, missing - value)?;
            (from, to) = (from.max(below.from + value), to.min(below.to + value));
            children.push(below.node);
        }
        let interval = Interval { from, to, node: diagram.function(variable, children)? };
        self.known[variable].insert(from, interval);
        Ok(interval)
    }
}
