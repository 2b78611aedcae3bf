//! An oracle that lists every chain and tries every way to share amounts among them, in quarters of 100 %: slow,
//! and nothing but the definition.

use covouch_core::level::Level;
use covouch_graph::{PartyIndex, Requirement, Weights, check::packing, decide, pack};
use proptest::prelude::*;

use crate::{
    numbers::{units, weight},
    random::{Problem, config, problems},
};

/// One unit of the oracle, in 600ths.
const GRID: u16 = 150;
const FULL: u16 = 600 / GRID;

/// More chains than this, and the oracle would take too long.
const CHAINS: usize = 9;

#[derive(Clone, Debug)]
struct Chain {
    party: usize,
    level: Level,
    keys: Vec<usize>,
    delegations: Vec<usize>,
}

struct Oracle<'a> {
    problem: &'a Problem,
    chains: Vec<Chain>,
}

impl<'a> Oracle<'a> {
    fn new(problem: &'a Problem) -> Self {
        let mut oracle = Self { problem, chains: Vec::new() };
        for (number, party) in problem.parties.iter().enumerate() {
            let mut roots = party.roots.clone();
            roots.sort_unstable();
            roots.dedup();
            for root in roots {
                let start =
                    Chain { party: number, level: Level::Audited, keys: vec![root], delegations: Vec::new() };
                oracle.walk(start, u16::from(party.depth));
            }
            for (_, level) in problem.words.iter().filter(|(owner, _)| *owner == number) {
                let word = Chain { party: number, level: *level, keys: Vec::new(), delegations: Vec::new() };
                oracle.chains.push(word);
            }
        }
        oracle
    }

    fn walk(&mut self, chain: Chain, left: u16) {
        let here = *chain.keys.last().unwrap();
        if left == 0 {
            return;
        }
        let level = self.problem.vouches.iter().filter(|(by, _)| *by == here).map(|(_, level)| *level).max();
        if let Some(level) = level {
            self.chains.push(Chain { level: chain.level.min(level), ..chain.clone() });
        }
        let mut authors: Vec<usize> =
            self.problem.authors.iter().filter(|(by, _)| *by == here).map(|(_, to)| *to).collect();
        authors.sort_unstable();
        authors.dedup();
        for author in authors.into_iter().filter(|author| !chain.keys.contains(author)) {
            let mut keys = chain.keys.clone();
            keys.push(author);
            self.chains.push(Chain { level: Level::Author, keys, ..chain.clone() });
        }
        for (position, (from, to, _, depth, cap)) in self.problem.delegations.iter().enumerate() {
            if *from == here && !chain.keys.contains(to) {
                let mut longer = chain.clone();
                longer.keys.push(*to);
                longer.delegations.push(position);
                longer.level = longer.level.min(*cap);
                // 255 is no limit; no chain here is that long.
                self.walk(longer, (left - 1).min(u16::from(*depth)));
            }
        }
    }

    /// The best of some value over all packings on the grid.
    fn best(&self, value: &mut dyn FnMut(&[u16]) -> u64) -> u64 {
        let mut shares = vec![0; self.chains.len()];
        let mut best = 0;
        self.try_all(0, &mut shares, &mut |shares| best = best.max(value(shares)));
        best
    }

    fn try_all(&self, position: usize, shares: &mut Vec<u16>, visit: &mut dyn FnMut(&[u16])) {
        if position == self.chains.len() {
            visit(shares);
            return;
        }
        for share in 0..=FULL {
            shares[position] = share;
            if !self.fits(shares) {
                break;
            }
            self.try_all(position + 1, shares, visit);
        }
        shares[position] = 0;
    }

    fn load(&self, shares: &[u16], counts: impl Fn(&Chain) -> bool) -> u16 {
        self.chains.iter().zip(shares).filter(|(chain, _)| counts(chain)).map(|(_, share)| *share).sum()
    }

    fn fits(&self, shares: &[u16]) -> bool {
        let parties = &self.problem.parties;
        let keys =
            (0..self.problem.keys).all(|key| self.load(shares, |chain| chain.keys.contains(&key)) <= FULL);
        let each = (0..parties.len()).all(|party| self.load(shares, |chain| chain.party == party) <= FULL);
        let owned = self.load(shares, |chain| parties[chain.party].owner.is_some()) <= FULL;
        // Each delegation carries its amount; and those between the same two keys that are as deep and as high as
        // any two of them, the largest of theirs.
        let all = &self.problem.delegations;
        let ways = all.iter().enumerate().all(|(position, way)| {
            let own = self.load(shares, |chain| chain.delegations.contains(&position));
            let parallel: Vec<usize> = self.parallel(way.0, way.1);
            let together = parallel.iter().all(|other| {
                let (depth, level) = (way.3.min(all[*other].3), way.4.min(all[*other].4));
                let able = parallel.iter().filter(|able| all[**able].3 >= depth && all[**able].4 >= level);
                let able: Vec<usize> = able.copied().collect();
                let largest = able.iter().map(|able| all[*able].2).max().unwrap();
                self.load(shares, |chain| chain.delegations.iter().any(|used| able.contains(used))) * GRID
                    <= largest
            });
            own * GRID <= way.2 && together
        });
        keys && each && owned && ways
    }

    fn parallel(&self, from: usize, to: usize) -> Vec<usize> {
        let ways = self.problem.delegations.iter().enumerate();
        ways.filter(|(_, way)| (way.0, way.1) == (from, to)).map(|(position, _)| position).collect()
    }

    fn score(&self, shares: &[u16]) -> u64 {
        let weigh = |(chain, share): (&Chain, &u16)| {
            let party = &self.problem.parties[chain.party];
            let points = party.weight + if chain.level == Level::Audited { party.bonus } else { 0 };
            u64::from(points) * u64::from(*share)
        };
        self.chains.iter().zip(shares).map(weigh).sum()
    }

    fn meets(&self, shares: &[u16], requirement: &Requirement, parties: &[PartyIndex]) -> bool {
        match requirement {
            Requirement::Fact(so) => *so,
            Requirement::Support { party, level, at_least } => {
                let counts = |chain: &Chain| parties[chain.party] == *party && chain.level >= *level;
                self.load(shares, counts) * GRID >= at_least.units()
            }
            Requirement::Score(minimum) => {
                u128::from(self.score(shares)) * u128::from(GRID) * 1_000_000
                    >= u128::from(minimum.millionths()) * 600
            }
            Requirement::All(parts) => parts.iter().all(|part| self.meets(shares, part, parties)),
            Requirement::Any(parts) => parts.iter().any(|part| self.meets(shares, part, parties)),
            Requirement::AtLeast(count, parts) => {
                parts.iter().filter(|part| self.meets(shares, part, parties)).count() >= count.get()
            }
        }
    }
}

/// Requirements over parties numbered from 0; numbers of parties that are not there wrap around.
pub(crate) fn requirements() -> impl Strategy<Value = Formula> {
    let level = proptest::sample::select(vec![Level::Listed, Level::Author, Level::Vouched, Level::Audited]);
    let amount = proptest::sample::select(vec![150_u16, 300, 600, 600]);
    let leaf = prop_oneof![
        4 => (0..4_usize, level, amount).prop_map(|(party, level, amount)| Formula::Support(party, level, amount)),
        1 => (1..9_u32).prop_map(Formula::Score),
        1 => any::<bool>().prop_map(Formula::Fact),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        let some = proptest::collection::vec(inner, 1..4);
        (0..4_usize, some).prop_map(|(count, parts)| Formula::AtLeast(count, parts))
    })
}

#[derive(Clone, Debug)]
pub(crate) enum Formula {
    Support(usize, Level, u16),
    Score(u32),
    Fact(bool),
    AtLeast(usize, Vec<Formula>),
}

impl Formula {
    pub(crate) fn resolve(&self, parties: &[PartyIndex]) -> Requirement {
        match self {
            Self::Support(party, level, amount) => Requirement::Support {
                party: parties[party % parties.len()],
                level: *level,
                at_least: units(*amount),
            },
            Self::Score(points) => Requirement::Score(weight(*points)),
            Self::Fact(so) => Requirement::Fact(*so),
            Self::AtLeast(count, parts) => {
                let parts: Vec<_> = parts.iter().map(|part| part.resolve(parties)).collect();
                match std::num::NonZeroUsize::new(*count) {
                    None => Requirement::Any(parts),
                    Some(count) if count.get() >= parts.len() => Requirement::All(parts),
                    Some(count) => Requirement::AtLeast(count, parts),
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(config(192))]

    #[test]
    fn the_largest_score_is_at_least_what_trying_everything_finds(problem in problems(4)) {
        let oracle = Oracle::new(&problem);
        prop_assume!(oracle.chains.len() <= CHAINS);
        let (instance, _) = problem.build();
        let pack::Largest { witness, is_certain: certain, .. } = pack::largest(&instance).unwrap();
        let score = packing::check(&instance, &witness).unwrap().score();
        let best = oracle.best(&mut |shares| oracle.score(shares));
        // Nothing more than the witness shows, which is checked; nothing less than the oracle found.
        prop_assert!(score.units() >= u128::from(best) * u128::from(GRID) * 1_000_000);
        prop_assert!(certain);
    }

    #[test]
    fn a_formula_that_some_packing_meets_is_met(problem in problems(4), formula in requirements()) {
        let oracle = Oracle::new(&problem);
        prop_assume!(oracle.chains.len() <= CHAINS);
        let (instance, parties) = problem.build();
        let requirement = formula.resolve(&parties);
        let found = oracle.best(&mut |shares| u64::from(oracle.meets(shares, &requirement, &parties)));
        match decide::decide(&instance, &requirement) {
            decide::Decision::Met(witness) => {
                prop_assert!(packing::check(&instance, &witness).unwrap().meets(&requirement));
            }
            decide::Decision::NotMet(_) => prop_assert_eq!(found, 0, "some packing meets it"),
            decide::Decision::Undecided(reason) => prop_assert!(false, "{}", reason),
        }
    }
}

#[test]
fn the_oracle_sees_a_shared_key_once() {
    let party = |roots| crate::random::RandomParty { roots, weight: 1, bonus: 0, owner: None, depth: 2 };
    let problem = Problem {
        keys: 1,
        parties: vec![party(vec![0]), party(vec![0])],
        delegations: Vec::new(),
        vouches: vec![(0, Level::Vouched)],
        authors: Vec::new(),
        words: Vec::new(),
    };
    let oracle = Oracle::new(&problem);
    assert_eq!(oracle.best(&mut |shares| oracle.score(shares)), u64::from(FULL));
    assert_eq!(Weights::NONE.at(Level::Audited), weight(0));
}
