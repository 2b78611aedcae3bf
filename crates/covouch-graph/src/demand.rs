//! What one packing is asked for: supports that must be reached, and then as much score as possible.

use covouch_core::{
    amount::{Amount, Decimal, Score},
    level::Level,
};

use crate::{
    instance::{Instance, Member},
    parties::PartyIndex,
};

/// A support that must be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Floor {
    /// Whose.
    pub party: PartyIndex,
    /// At this level or above.
    pub level: Level,
    /// How much.
    pub amount: Amount,
}

/// Supports to reach, all at once, and a score to reach with them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// The supports; of one party and level at most one.
    pub floors: Vec<Floor>,
    /// The score, where one is asked for.
    pub score: Option<Decimal>,
}

impl Demand {
    /// Raises the floor of a party at a level.
    pub fn add_floor(&mut self, floor: Floor) {
        match self.floors.iter_mut().find(|known| (known.party, known.level) == (floor.party, floor.level)) {
            Some(known) => known.amount = known.amount.max(floor.amount),
            None => self.floors.push(floor),
        }
    }

    /// Raises the score asked for.
    pub fn add_score(&mut self, minimum: Decimal) {
        self.score = self.score.max(Some(minimum));
    }

    /// All floors together, in 600ths.
    pub(crate) fn total(&self) -> i64 {
        self.floors.iter().map(|floor| i64::from(floor.amount.units())).sum()
    }
}

/// A level at which a party's support is asked for, or weighs more than below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tier {
    pub(crate) member: usize,
    pub(crate) party: PartyIndex,
    pub(crate) level: Level,
    /// What a unit at this level adds to the score, in the scale's unit.
    pub(crate) weight: i64,
}

/// The levels that matter, each party's in ascending order, and the unit of weights.
#[derive(Clone, Debug)]
pub(crate) struct Tiers {
    pub(crate) tiers: Vec<Tier>,
    /// The greatest common divisor of all weights, in millionths; scores count multiples of it.
    unit: u64,
}

/// Whether weights matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weighing {
    /// A score is asked for.
    Score,
    /// Only supports are.
    Supports,
}

impl Tiers {
    /// The tiers for questions about these supports.
    pub(crate) fn new(instance: &Instance, asked: &[(PartyIndex, Level)], weighing: Weighing) -> Self {
        let weight = |member: &Member, level| match weighing {
            Weighing::Score => member.weights.at(level).millionths(),
            Weighing::Supports => 0,
        };
        let mut tiers = Vec::new();
        for (position, member) in instance.members.iter().enumerate() {
            let mut below = 0;
            for level in Level::ALL {
                let here = weight(member, level);
                if here > below || asked.contains(&(member.party, level)) {
                    tiers.push((position, member.party, level, here));
                }
                below = here;
            }
        }
        let unit = tiers.iter().fold(0, |unit, tier| greatest_common_divisor(unit, tier.3)).max(1);
        let scaled = |weight: u64| i64::try_from(weight / unit).unwrap_or(i64::MAX);
        let tier = |(member, party, level, weight)| Tier { member, party, level, weight: scaled(weight) };
        Self { tiers: tiers.into_iter().map(tier).collect(), unit }
    }

    /// The smallest score, in the scale's unit, that reaches this minimum.
    pub(crate) fn minimum(&self, minimum: Decimal) -> i64 {
        let units = u128::from(minimum.millionths()) * u128::from(Amount::FULL.units());
        i64::try_from(units.div_ceil(u128::from(self.unit))).unwrap_or(i64::MAX)
    }

    /// A score in the scale's unit, as a score.
    pub(crate) fn score(&self, scaled: i64) -> Score {
        let units = u64::try_from(scaled).unwrap_or(0).saturating_mul(self.unit);
        // A 600th of the weight `units` is exactly that score.
        Amount::from_units(1).map_or(Score::default(), |one| Score::of(Decimal::from_millionths(units), one))
    }

    /// What a unit of this party at this level adds, in the scale's unit.
    pub(crate) fn weight(&self, party: PartyIndex, level: Level) -> i64 {
        let mut reached = self.tiers.iter().filter(|tier| tier.party == party && tier.level <= level);
        reached.next_back().map_or(0, |tier| tier.weight)
    }
}

pub(crate) fn greatest_common_divisor(left: u64, right: u64) -> u64 {
    if right == 0 { left } else { greatest_common_divisor(right, left % right) }
}
