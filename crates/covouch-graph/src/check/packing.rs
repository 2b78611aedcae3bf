//! The checker of packings. It knows nothing of how a packing was found, and walks it once.
//!
//! # Invariants
//! - A [`Packing`] starts every chain at its party's root key, passes no key twice on a chain, respects depths,
//!   levels and bans, and exceeds no capacity: of a key, a delegation, a certification, parallel ways, a party, an
//!   owner. Its sums are right.
//!
//! # Not here
//! Whether what the instance says is true: that is `grounds`'s to check against the statements.

use covouch_core::{
    amount::{Amount, Score},
    level::Level,
};

use crate::{
    instance::{Instance, KeyIndex, after_one},
    parties::PartyIndex,
    requirement::Requirement,
    witness::{Path, Share, Sum, Tally, Witness},
};

/// Why a witness is no packing. Nothing here is for people: a witness that fails was made wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It points at something that is not there.
    Nowhere,
    /// A share of nothing.
    Empty,
    /// A delegation does not start where the one before ended.
    Broken,
    /// A chain passes one key twice.
    KeyTwice,
    /// More certifications than some depth on the way allows.
    TooDeep,
    /// A key on the chain does not speak for the party.
    Banned,
    /// More flows through something than it carries.
    TooMuch,
    /// The sums do not come out.
    WrongSum,
}

/// A witness that was checked against its instance.
#[derive(Debug)]
pub struct Packing<'a> {
    instance: &'a Instance,
    witness: &'a Witness,
    /// By share.
    arrivals: Vec<Arrival>,
}

/// Whose a chain is, and at which level it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) party: PartyIndex,
    pub(crate) level: Level,
}

/// What flows so far, one entry per thing with a capacity.
struct Checker<'a> {
    instance: &'a Instance,
    /// The share that passed each key last, counted from 1.
    passed: Vec<usize>,
    keys: Vec<u32>,
    delegations: Vec<u32>,
    certifications: Vec<u32>,
    sums: Vec<(PartyIndex, Level, u32)>,
}

/// Checks a witness.
///
/// # Errors
/// [`Fault`] says what is wrong with it.
pub fn check<'a>(instance: &'a Instance, witness: &'a Witness) -> Result<Packing<'a>, Fault> {
    let mut checker = Checker::new(instance);
    let mut arrivals = Vec::with_capacity(witness.shares.len());
    for (share, number) in witness.shares.iter().zip(1..) {
        let units = u32::from(share.amount.units());
        if units == 0 {
            return Err(Fault::Empty);
        }
        let arrival = checker.walk(&share.path, number, units)?;
        checker.add_sum(arrival, units)?;
        arrivals.push(arrival);
    }
    checker.check_capacities()?;
    checker.check_sums(&witness.sums)?;
    Ok(Packing { instance, witness, arrivals })
}

/// Whether a path is a chain of this instance, and where it arrives.
pub(crate) fn arrival(instance: &Instance, path: &Path) -> Result<Arrival, Fault> {
    Checker::new(instance).walk(path, 1, 0)
}

impl Packing<'_> {
    /// The chains, each with whose it is and at which level it arrives.
    pub(super) fn arrivals(&self) -> impl ExactSizeIterator<Item = (&Share, Arrival)> {
        self.witness.shares.iter().zip(self.arrivals.iter().copied())
    }

    /// A party's support at a level or above.
    #[must_use]
    pub fn support(&self, party: PartyIndex, level: Level) -> Amount {
        self.tally().support(party, level)
    }

    /// The sum of weight × support.
    #[must_use]
    pub fn score(&self) -> Score {
        self.tally().score()
    }

    /// Whether the packing meets all of a requirement.
    #[must_use]
    pub fn meets(&self, requirement: &Requirement) -> bool {
        requirement.is_met(&self.tally())
    }

    fn tally(&self) -> Tally<'_> {
        Tally { members: &self.instance.members, sums: &self.witness.sums }
    }
}

impl<'a> Checker<'a> {
    fn new(instance: &'a Instance) -> Self {
        Self {
            instance,
            passed: vec![0; instance.keys],
            keys: vec![0; instance.keys],
            delegations: vec![0; instance.delegations.len()],
            certifications: vec![0; instance.certifications.len()],
            sums: Vec::new(),
        }
    }

    /// Walks one chain and counts what flows on it.
    fn walk(&mut self, path: &Path, number: usize, units: u32) -> Result<Arrival, Fault> {
        let (root, delegations, certification) = match path {
            Path::Word(word) => {
                let word = self.instance.words.get(word.position()).ok_or(Fault::Nowhere)?;
                return Ok(Arrival { party: word.party, level: word.level });
            }
            Path::Keys { root, delegations, certification } => (root, delegations, certification),
        };
        let root = self.instance.roots.get(root.position()).ok_or(Fault::Nowhere)?;
        let end = self.instance.certifications.get(certification.position()).ok_or(Fault::Nowhere)?;
        let (mut key, mut depth, mut level) = (root.key, root.depth, end.level);
        self.pass(root.party, key, number, units)?;
        for index in delegations {
            let way = self.instance.delegations.get(index.position()).ok_or(Fault::Nowhere)?;
            if way.from != key {
                return Err(Fault::Broken);
            }
            // The delegation is a certification too, and what may follow is the lesser of what both allow.
            if depth == 0 {
                return Err(Fault::TooDeep);
            }
            depth = after_one(depth).min(way.depth);
            level = level.min(way.level);
            key = way.to;
            self.pass(root.party, key, number, units)?;
            count(&mut self.delegations, index.position(), units)?;
        }
        if end.by != key {
            return Err(Fault::Broken);
        }
        if depth < end.cost {
            return Err(Fault::TooDeep);
        }
        if let Some(through) = end.through {
            self.pass(root.party, through, number, units)?;
        }
        count(&mut self.certifications, certification.position(), units)?;
        Ok(Arrival { party: root.party, level })
    }

    fn pass(&mut self, party: PartyIndex, key: KeyIndex, number: usize, units: u32) -> Result<(), Fault> {
        let passed = self.passed.get_mut(key.position()).ok_or(Fault::Nowhere)?;
        if std::mem::replace(passed, number) == number {
            return Err(Fault::KeyTwice);
        }
        if self.instance.is_banned(party, key) {
            return Err(Fault::Banned);
        }
        count(&mut self.keys, key.position(), units)
    }

    fn add_sum(&mut self, arrival: Arrival, units: u32) -> Result<(), Fault> {
        let known = self.sums.iter_mut().find(|sum| (sum.0, sum.1) == (arrival.party, arrival.level));
        match known {
            Some(sum) => sum.2 = sum.2.checked_add(units).ok_or(Fault::TooMuch)?,
            None => self.sums.push((arrival.party, arrival.level, units)),
        }
        Ok(())
    }

    fn check_capacities(&self) -> Result<(), Fault> {
        let full = u32::from(Amount::FULL.units());
        let carries = |units: &u32, amount: Amount| *units <= u32::from(amount.units());
        let delegations = self.delegations.iter().zip(&self.instance.delegations);
        let certifications = self.certifications.iter().zip(&self.instance.certifications);
        let bundles = self.instance.bundles.iter().all(|bundle| {
            let delegations =
                bundle.delegations.iter().filter_map(|index| self.delegations.get(index.position()));
            let ends =
                bundle.certifications.iter().filter_map(|index| self.certifications.get(index.position()));
            carries(&delegations.chain(ends).sum(), bundle.amount)
        });
        let parties = self.instance.members.iter().all(|member| {
            let of_party = self.sums.iter().filter(|sum| sum.0 == member.party);
            of_party.map(|sum| sum.2).sum::<u32>() <= full
        });
        let within = self.keys.iter().all(|units| *units <= full)
            && delegations.clone().all(|(units, way)| carries(units, way.amount))
            && certifications.clone().all(|(units, way)| carries(units, way.amount))
            && bundles
            && parties
            && self.owners_are_within(full);
        if within { Ok(()) } else { Err(Fault::TooMuch) }
    }

    fn owners_are_within(&self, full: u32) -> bool {
        let mut voices: Vec<(PartyIndex, u32)> = Vec::new();
        for (party, _, units) in &self.sums {
            let Some(member) = self.instance.member(*party) else { return false };
            match voices.iter_mut().find(|voice| voice.0 == member.voice) {
                Some(voice) => voice.1 = voice.1.saturating_add(*units),
                None => voices.push((member.voice, *units)),
            }
        }
        voices.iter().all(|voice| voice.1 <= full)
    }

    fn check_sums(&mut self, claimed: &[Sum]) -> Result<(), Fault> {
        self.sums.sort_unstable();
        let found = self.sums.iter().copied();
        let claimed = claimed.iter().map(|sum| (sum.party, sum.level, u32::from(sum.amount.units())));
        if found.eq(claimed) { Ok(()) } else { Err(Fault::WrongSum) }
    }
}

fn count(loads: &mut [u32], position: usize, units: u32) -> Result<(), Fault> {
    let load = loads.get_mut(position).ok_or(Fault::Nowhere)?;
    *load = load.checked_add(units).ok_or(Fault::TooMuch)?;
    Ok(())
}
