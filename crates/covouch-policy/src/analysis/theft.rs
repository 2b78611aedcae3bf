//! The fewest keys with which a file of an attacker's passes, and who can block alone.
//!
//! Every chain to a malicious file passes a stolen key, and a key carries at most 100 % over all parties: so many
//! stolen keys give at most so many full supports, in any shares.

use covouch_core::amount::Amount;

use super::{
    cast::Cast,
    coalitions::joined,
    diagram::{NodeId, YES},
    stage::{Stage, Variable},
};

/// What an attacker needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theft {
    /// How many keys, at the least.
    pub keys: usize,
    /// For which parties' words; a key of theirs, or one that speaks for them.
    pub words: Vec<String>,
    /// What else must be so: an index lists the file, the file waited, nobody objects.
    pub besides: Vec<String>,
}

impl Theft {
    /// Whether a key must serve more than one party: shares of less than 100 % let it.
    #[must_use]
    pub fn shares_a_key(&self) -> bool {
        self.keys < self.words.len()
    }
}

/// Prints `3 keys (security, platform and data)`.
impl std::fmt::Display for Theft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.keys {
            0 => f.write_str("no key at all"),
            1 => f.write_str("1 key"),
            keys => write!(f, "{keys} keys"),
        }?;
        if !self.words.is_empty() {
            let both = if self.shares_a_key() { "shared by " } else { "" };
            write!(f, " ({both}{})", joined(&self.words))?;
        }
        if self.besides.is_empty() { Ok(()) } else { write!(f, ", with {}", joined(&self.besides)) }
    }
}

/// What reaching a node's yes costs: 600ths of keys, then words and facts; and through which state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Cost {
    units: usize,
    size: usize,
    state: usize,
}

impl Stage {
    /// The cheapest way to a yes over the states that are allowed.
    pub(super) fn theft(
        &self,
        function: NodeId,
        cast: &Cast,
        allowed: &dyn Fn(&Variable, usize) -> bool,
    ) -> Option<Theft> {
        let costs = self.costs(function, cast, allowed);
        let total = costs.last().copied().flatten()?;
        let keys = total.units.div_ceil(usize::from(Amount::FULL.units()));
        let mut theft = Theft { keys, words: Vec::new(), besides: Vec::new() };
        let mut node = function;
        while let Some((variable, children)) = self.diagram.children(node) {
            let state = costs.get(node.number()).copied().flatten()?.state;
            let labels = self.labels(variable, state, cast);
            let stolen = self.units(variable, state, cast) > 0;
            if stolen {
                theft.words.extend(labels)
            } else {
                theft.besides.extend(labels)
            }
            node = *children.get(state)?;
        }
        Some(theft)
    }

    /// The parties that are in every point of a family, one bit each.
    pub(super) fn in_all(&self, family: NodeId) -> u64 {
        let mut common: Vec<Option<u64>> = Vec::new();
        for node in self.diagram.up_to(family) {
            let Some((number, children)) = self.diagram.children(node) else {
                common.push((node == YES).then_some(0));
                continue;
            };
            let ways = children.iter().enumerate().filter_map(|(state, child)| {
                let below = common.get(child.number()).copied().flatten()?;
                let Some(Variable::Voice(states)) = self.variables.get(number) else { return Some(below) };
                let given = states.get(state).into_iter().flatten();
                Some(given.fold(below, |actors, given| actors | given.actor.bit()))
            });
            let all = ways.reduce(|left, right| left & right);
            common.push(all);
        }
        common.pop().flatten().unwrap_or(0)
    }

    fn costs(
        &self,
        function: NodeId,
        cast: &Cast,
        allowed: &dyn Fn(&Variable, usize) -> bool,
    ) -> Vec<Option<Cost>> {
        let mut costs: Vec<Option<Cost>> = Vec::with_capacity(function.number() + 1);
        for node in self.diagram.up_to(function) {
            let Some((number, children)) = self.diagram.children(node) else {
                costs.push((node == YES).then_some(Cost { units: 0, size: 0, state: 0 }));
                continue;
            };
            let Some(variable) = self.variables.get(number) else { continue };
            let ways = children.iter().enumerate().filter(|(state, _)| allowed(variable, *state));
            let best = ways.filter_map(|(state, child)| {
                let below = costs.get(child.number()).copied().flatten()?;
                Some(Cost {
                    units: below.units + self.units(number, state, cast),
                    size: below.size + self.size(number, state),
                    state,
                })
            });
            let best = best.min();
            costs.push(best);
        }
        costs
    }

    /// What a state takes of stolen keys.
    fn units(&self, variable: usize, state: usize, cast: &Cast) -> usize {
        let Some(Variable::Voice(states)) = self.variables.get(variable) else { return 0 };
        let given = states.get(state).into_iter().flatten();
        let signed = given.filter(|given| cast.member(given.actor).is_some_and(|member| !member.is_adapter));
        signed.map(|given| usize::from(given.amount.units())).sum()
    }
}
