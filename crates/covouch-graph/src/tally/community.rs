//! A community's voices: independent ways from the seeds to voters, as flow through keys that carry one voice each.
//!
//! # Invariants
//! - A key that is no seed carries one voice, however many keys stand behind it; all programs share one.
//! - Approvals are counted over ways whose every delegation is deep enough whichever way led there: never too many.
//!   Objections are counted over all ways: never too few.
//! - A voter keeps what reaches it: its own ballot is as good as any behind it, so its ways on are not needed.

#![expect(clippy::indexing_slicing, reason = "places are counted by the very walk that found them")]

use std::collections::{BTreeMap, BTreeSet, HashMap};

use covouch_core::{
    amount::Amount,
    key::PublicKey,
    limits,
    statement::{Choice, Community},
    time::Timestamp,
};

use super::{Count, Reading, Uncountable, Voices, Word, franchise::Franchise};
use crate::{
    budget::Budget,
    build::TrustGraph,
    edge::{Edge, Terms},
    flow::{Flow, Gain, Vertex},
    node::NodeIndex,
};

const FULL: u16 = Amount::FULL.units();

/// The keys that the seeds lead to, and how.
#[derive(Debug)]
pub(super) struct Ways {
    reached: Vec<Reached>,
    places: HashMap<PublicKey, usize>,
    ways: Vec<Way>,
    /// Keys that only delegations which are too young lead to.
    young: BTreeSet<PublicKey>,
    per_seed: u16,
}

/// A key that the seeds lead to.
#[derive(Clone, Copy, Debug)]
struct Reached {
    /// How many certifications may still come, a ballot included.
    have: u8,
    place: Place,
    /// Whether a program casts its ballots.
    automated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Seed,
    Behind,
}

/// A delegation from one reached key to another.
#[derive(Clone, Copy, Debug)]
struct Way {
    from: usize,
    to: usize,
    amount: u16,
    /// How many certifications may come after it.
    leaves: u8,
}

/// Which ways a flow may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bound {
    /// Never too much: every key is given a depth, at most this one, and every way into it leaves as much.
    Lower(u8),
    /// Never too little.
    Upper,
}

impl Ways {
    /// Walks from the seeds; says also when a delegation that is too young yet will do.
    pub(super) fn walk(
        graph: &TrustGraph,
        community: &Community,
        franchise: &Franchise<'_>,
    ) -> (Self, Vec<Timestamp>) {
        let mut moments = Vec::new();
        let mature = |edge: &Edge| franchise.is_mature(edge.statement).is_ok();
        let outgoing = outgoing(graph);
        let have = reach((graph, &outgoing), community, (franchise, &mature));
        let later = reach((graph, &outgoing), community, (franchise, &|_: &Edge| true));
        let key = |node: &NodeIndex| graph.nodes.key(*node).copied();
        let young = later.keys().filter(|node| !have.contains_key(node)).filter_map(key).collect();
        let mut ways = Self {
            reached: Vec::new(),
            places: HashMap::new(),
            ways: Vec::new(),
            young,
            per_seed: community.per_seed.get(),
        };
        for seed in community.seeds.iter().filter(|seed| franchise.check_standing(seed).is_ok()) {
            ways.add(*seed, community.depth, (Place::Seed, community));
        }
        for (node, have) in &have {
            if let Some(key) = key(node).filter(|key| !community.seeds.contains(key)) {
                ways.add(key, *have, (Place::Behind, community));
            }
        }
        for node in later.keys() {
            for (_, edge) in graph.edges.to(*node).filter(|(_, edge)| later.contains_key(&edge.from)) {
                moments.extend(franchise.is_mature(edge.statement).err().flatten());
            }
        }
        for node in have.keys() {
            for (_, edge) in graph.edges.to(*node).filter(|(_, edge)| mature(edge)) {
                ways.join(graph, edge, (franchise, &have));
            }
        }
        // Every trust statement on the project may end, and with it a way.
        let on_project = graph
            .moments
            .trust
            .iter()
            .filter(|(projects, _)| projects.iter().any(|pattern| pattern.matches(franchise.project())));
        moments.extend(on_project.map(|(_, moment)| *moment));
        (ways, moments)
    }

    fn add(&mut self, key: PublicKey, have: u8, (place, community): (Place, &Community)) {
        self.places.insert(key, self.reached.len());
        self.reached.push(Reached { have, place, automated: community.automated.contains(&key) });
    }

    fn join(
        &mut self,
        graph: &TrustGraph,
        edge: &Edge,
        (franchise, have): (&Franchise<'_>, &BTreeMap<NodeIndex, u8>),
    ) {
        let Some((amount, leaves)) = passes(edge, have.get(&edge.from).copied(), franchise) else { return };
        let place = |node| graph.nodes.key(node).and_then(|key| self.places.get(key)).copied();
        if let (Some(from), Some(to)) = (place(edge.from), place(edge.to))
            // A seed has all it can carry from the start.
            && self.reached[to].place == Place::Behind
        {
            self.ways.push(Way { from, to, amount: amount.units(), leaves });
        }
    }

    /// Whether the seeds lead to a key.
    pub(super) fn reaches(&self, key: &PublicKey) -> bool {
        self.places.contains_key(key)
    }

    /// Whether the seeds will lead to a key when delegations are older.
    pub(super) fn will_reach(&self, key: &PublicKey) -> bool {
        self.young.contains(key)
    }

    /// Counts the voices.
    pub(super) fn count(
        &self,
        words: &BTreeMap<PublicKey, Word>,
        reading: Reading,
    ) -> Result<Count, Uncountable> {
        let of = |wanted: &dyn Fn(Choice) -> bool| -> BTreeSet<usize> {
            let voters = words.iter().filter(|(_, word)| wanted(word.read(reading)));
            voters.filter_map(|(key, _)| self.places.get(key).copied()).collect()
        };
        let approving = of(&|choice| choice == Choice::Approve);
        let taking_part = of(&|choice| choice != Choice::Withdraw);
        let approvals = self.at_least(&approving)?;
        Ok(Count {
            approving: approvals,
            objecting: self.voices(&of(&|choice| choice == Choice::Object), Bound::Upper)?,
            taking_part: if taking_part == approving { approvals } else { self.at_least(&taking_part)? },
        })
    }

    /// How many voices some voters are at least. With one bound alone, somebody who may appoint deeply could take the
    /// ways of another away by a delegation that is deeper than they are and carries next to nothing.
    fn at_least(&self, voters: &BTreeSet<usize>) -> Result<Voices, Uncountable> {
        let behind = self.reached.iter().filter(|reached| reached.place == Place::Behind);
        let deepest = behind.map(|reached| reached.have).max().unwrap_or(1);
        let most = self.voices(voters, Bound::Upper)?;
        let mut found = Voices::default();
        for depth in (1..=deepest).rev() {
            found = self.voices(voters, Bound::Lower(depth))?.max(found);
            if found == most {
                break;
            }
        }
        Ok(found)
    }

    /// Whether a way may be taken, to a key of which no way goes on or to one that lets others vote.
    fn admits(&self, way: &Way, bound: Bound, ends_here: bool) -> bool {
        let Bound::Lower(most) = bound else { return true };
        let [from, to] = [self.reached[way.from], self.reached[way.to]];
        let keeps = if ends_here { 1 } else { to.have.min(most) };
        // Nothing leads into a seed, so its depth is its own.
        let has = if from.place == Place::Seed { from.have } else { from.have.min(most) };
        way.leaves >= keeps && has > keeps
    }

    /// How many independent voices some voters are.
    fn voices(&self, voters: &BTreeSet<usize>, bound: Bound) -> Result<Voices, Uncountable> {
        let mut network = Network::new(self, voters, bound);
        let gain = network.flow.send(Network::SOURCE, Network::SINK, &mut Budget::default());
        gain.map(|gain| Voices::from_units(gain.floor)).map_err(|_| Uncountable::Budget)
    }
}

/// What an edge carries from a key with this much depth, and how much depth it leaves.
fn passes(edge: &Edge, have: Option<u8>, franchise: &Franchise<'_>) -> Option<(Amount, u8)> {
    // A mandate that has ended keeps old vouches; a ballot is counted by who may vote today.
    let Terms::Delegation { amount, depth, .. } = edge.terms else { return None };
    let leaves = have?.checked_sub(1)?.min(depth);
    (leaves > 0 && edge.covers(franchise.project())).then_some((amount, leaves))
}

/// Whom everybody lets speak.
fn outgoing(graph: &TrustGraph) -> Vec<Vec<&Edge>> {
    let mut outgoing = vec![Vec::new(); graph.nodes.len()];
    for node in (0..graph.nodes.len()).map(NodeIndex::new) {
        for (_, edge) in graph.edges.to(node) {
            outgoing[edge.from.position()].push(edge);
        }
    }
    outgoing
}

/// Which keys the seeds lead to, each with the most depth that some way leaves it.
fn reach(
    (graph, outgoing): (&TrustGraph, &[Vec<&Edge>]),
    community: &Community,
    (franchise, wanted): (&Franchise<'_>, &dyn Fn(&Edge) -> bool),
) -> BTreeMap<NodeIndex, u8> {
    let mut have: BTreeMap<NodeIndex, u8> = BTreeMap::new();
    let stands =
        |node: NodeIndex| graph.nodes.key(node).is_some_and(|key| franchise.check_standing(key).is_ok());
    let seeds = community.seeds.iter().filter_map(|seed| graph.nodes.find(seed));
    let mut waiting: Vec<Vec<NodeIndex>> = vec![Vec::new(); usize::from(community.depth) + 1];
    waiting[usize::from(community.depth)] = seeds.filter(|seed| stands(*seed)).collect();
    // Deepest first: what a key has when its turn comes is the most it will have.
    for depth in (1..=community.depth).rev() {
        for node in std::mem::take(&mut waiting[usize::from(depth)]) {
            if have.contains_key(&node) {
                continue;
            }
            have.insert(node, depth);
            for edge in outgoing[node.position()].iter().filter(|edge| wanted(edge)) {
                if let Some((_, leaves)) = passes(edge, Some(depth), franchise)
                    && !have.contains_key(&edge.to)
                    && stands(edge.to)
                {
                    waiting[usize::from(leaves)].push(edge.to);
                }
            }
        }
    }
    have
}

/// Source → seeds → introducers → voters → sink.
struct Network {
    flow: Flow,
    /// Where something comes into a key and where it goes out; voters without ways on have none.
    inner: Vec<Option<(Vertex, Vertex)>>,
}

impl Network {
    const SOURCE: Vertex = 0;
    const SINK: Vertex = 1;
    /// What all programs say, which carries one voice.
    const PROGRAMS: Vertex = 2;

    fn new(ways: &Ways, voters: &BTreeSet<usize>, bound: Bound) -> Self {
        let mut network = Self { flow: Flow::default(), inner: vec![None; ways.reached.len()] };
        for _ in [Self::SOURCE, Self::SINK, Self::PROGRAMS] {
            network.flow.add_vertex();
        }
        network.vote(Self::PROGRAMS, FULL);
        let ends_here = |place: usize| {
            let Reached { place: kind, automated, .. } = ways.reached[place];
            voters.contains(&place) && kind == Place::Behind && !automated
        };
        for (place, reached) in ways.reached.iter().enumerate().filter(|(place, _)| !ends_here(*place)) {
            network.add_key(place, *reached, (ways, voters));
        }
        let mut last: BTreeMap<usize, BTreeMap<usize, u16>> = BTreeMap::new();
        let mut between: BTreeMap<(usize, usize), u16> = BTreeMap::new();
        for way in ways.ways.iter().filter(|way| !ends_here(way.from)) {
            let ends = ends_here(way.to);
            if !ways.admits(way, bound, ends) {
                continue;
            }
            // Parallel delegations between two keys never add.
            let amount = if ends {
                last.entry(way.to).or_default().entry(way.from).or_default()
            } else {
                between.entry((way.from, way.to)).or_default()
            };
            *amount = way.amount.max(*amount);
        }
        for ((from, to), amount) in between {
            if let (Some((_, from)), Some((to, _))) = (network.inner[from], network.inner[to]) {
                network.flow.add_arc(from, to, amount, Gain::default());
            }
        }
        network.add_voters(last);
        network
    }

    fn add_key(&mut self, place: usize, reached: Reached, (ways, voters): (&Ways, &BTreeSet<usize>)) {
        let (inside, outside) = (self.flow.add_vertex(), self.flow.add_vertex());
        let capacity = match reached.place {
            Place::Seed => FULL.saturating_mul(ways.per_seed),
            Place::Behind => FULL,
        };
        self.flow.add_arc(inside, outside, capacity, Gain::default());
        if reached.place == Place::Seed {
            self.flow.add_arc(Self::SOURCE, inside, capacity, Gain::default());
        }
        match (voters.contains(&place), reached.automated) {
            (false, _) => {}
            (true, false) => self.vote(outside, FULL),
            (true, true) => {
                self.flow.add_arc(outside, Self::PROGRAMS, FULL, Gain::default());
            }
        }
        self.inner[place] = Some((inside, outside));
    }

    /// Voters whom the same keys lead to on the same terms are one vertex together: sharing what reaches them evenly
    /// loses nothing, so a thousand cost no more than one.
    fn add_voters(&mut self, voters: BTreeMap<usize, BTreeMap<usize, u16>>) {
        let mut alike: BTreeMap<BTreeMap<usize, u16>, u16> = BTreeMap::new();
        for by in voters.into_values() {
            let count = alike.entry(by).or_default();
            *count = count.saturating_add(1);
        }
        for (by, count) in alike {
            let together = self.flow.add_vertex();
            let mut left = count;
            while left > 0 {
                // One arc does not carry all that a crowd may say.
                let some = left.min(limits::VOICES_PER_SEED);
                self.vote(together, FULL.saturating_mul(some));
                left -= some;
            }
            for (from, amount) in by {
                if let Some((_, from)) = self.inner[from] {
                    self.flow.add_arc(from, together, amount.saturating_mul(count), Gain::default());
                }
            }
        }
    }

    fn vote(&mut self, from: Vertex, capacity: u16) {
        self.flow.add_arc(from, Self::SINK, capacity, Gain { floor: 1, score: 0 });
    }
}
