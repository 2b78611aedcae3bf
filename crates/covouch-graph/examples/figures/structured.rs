//! Networks as organisations make them: a few parties, leads whom several of them trust, reviewers who vouch.

use std::{num::NonZeroUsize, time::Duration};

use covouch_core::{
    amount::{Amount, Decimal},
    level::Level,
    party::PartyName,
};
use covouch_graph::{
    Parties, Party, PartyIndex, Requirement, Weights,
    decide::{Decision, decide},
    instance::{Certification, Delegation, Instance, KeyIndex, Root},
    pack::{self, Stage},
};

use crate::{chance::Chance, describe, shortest};

const PARTIES: std::ops::RangeInclusive<usize> = 3..=8;
const REVIEWERS: std::ops::RangeInclusive<usize> = 5..=44;
/// In 600ths.
const AMOUNTS: [u16; 8] = [600, 600, 600, 480, 360, 300, 240, 120];
const WEIGHTS: [u64; 5] = [500_000, 1_000_000, 1_000_000, 2_000_000, 2_000_000];

/// A network and what is asked of it.
struct Case {
    instance: Instance,
    requirements: [Requirement; 2],
}

pub(crate) fn run(questions: u64) -> Result<(), Box<dyn std::error::Error>> {
    let mut by_stage: [Vec<Duration>; 3] = Default::default();
    let (mut without, mut asked, mut undecided) = (Vec::new(), Vec::new(), 0_u32);
    for seed in 0..questions {
        let Case { instance, requirements } = case(&mut Chance::new(seed))?;
        let stage = pack::largest(&instance)?.stage;
        let time = shortest(3, || pack::largest(&instance));
        match stage {
            Stage::Flow => by_stage[0].push(time),
            Stage::Potential => by_stage[1].push(time),
            Stage::Program => by_stage[2].push(time),
        }
        if stage != Stage::Program {
            without.push(time);
        }
        let requirement = &requirements[usize::from(seed % 2 == 0)];
        undecided += u32::from(matches!(decide(&instance, requirement), Decision::Undecided(_)));
        asked.push(shortest(2, || decide(&instance, requirement)));
    }
    describe("largest packing, no program needed", without);
    for (name, durations) in ["by flow", "by potentials", "by the linear program"].into_iter().zip(by_stage) {
        describe(&format!("largest packing, {name}"), durations);
    }
    describe("a score, or some of the parties", asked);
    println!("undecided\t{undecided}");
    Ok(())
}

fn case(chance: &mut Chance) -> Result<Case, Box<dyn std::error::Error>> {
    let parties = parties(between(chance, PARTIES), chance)?;
    let indices: Vec<PartyIndex> = parties.iter().map(|(index, _)| index).collect();
    let mut instance = Instance::new(parties.members().to_vec());
    let leads: Vec<KeyIndex> = (0..2 + chance.below(4)).map(|_| instance.add_key()).collect();
    let reviewers: Vec<KeyIndex> = (0..between(chance, REVIEWERS)).map(|_| instance.add_key()).collect();
    for party in &indices {
        let key = instance.add_key();
        instance.add_root(Root { party: *party, key, depth: 4 });
        for _ in 0..1 + chance.below(2) {
            let depth = chance.pick(&[2, 2, 3]);
            delegate(&mut instance, (key, chance.pick(&leads)), depth, chance);
        }
        for _ in 0..chance.below(4) {
            delegate(&mut instance, (key, chance.pick(&reviewers)), chance.pick(&[1, 1, 1, 2]), chance);
        }
    }
    for lead in &leads {
        for _ in 0..2 + chance.below(5) {
            delegate(&mut instance, (*lead, chance.pick(&reviewers)), chance.pick(&[1, 1, 1, 2]), chance);
        }
    }
    for _ in 0..chance.below(reviewers.len() / 2) {
        let ends = (chance.pick(&reviewers), chance.pick(&reviewers));
        delegate(&mut instance, ends, 1, chance);
    }
    for by in reviewers {
        if chance.below(3) == 0 {
            let (amount, level) = (Amount::FULL, Level::Vouched);
            instance.add_certification(Certification { by, through: None, amount, level, cost: 1 });
        }
    }
    instance.merge();
    let requirements = requirements(&parties, &indices, chance);
    Ok(Case { instance, requirements })
}

fn parties(count: usize, chance: &mut Chance) -> Result<Parties, Box<dyn std::error::Error>> {
    let mut parties = Vec::new();
    for number in 0..count {
        parties.push(Party {
            name: PartyName::parse(&format!("party-{number}"))?,
            roots: Vec::new(),
            owner: None,
            weights: Weights::flat(Level::Listed, Decimal::from_millionths(chance.pick(&WEIGHTS))),
            depth: 4,
        });
    }
    Ok(Parties::new(parties)?)
}

/// Three quarters of all weight; and all but two of the parties, at half of what they can give.
fn requirements(parties: &Parties, indices: &[PartyIndex], chance: &mut Chance) -> [Requirement; 2] {
    let all: u64 = parties.iter().map(|(_, party)| party.weights.at(Level::Listed).millionths()).sum();
    let at_least = chance.pick(&[Amount::FULL, Amount::from_percent(50).unwrap_or(Amount::FULL)]);
    let some =
        indices.iter().map(|party| Requirement::Support { party: *party, level: Level::Listed, at_least });
    let count = NonZeroUsize::new(indices.len() - 2).unwrap_or(NonZeroUsize::MIN);
    [Requirement::Score(Decimal::from_millionths(all / 4 * 3)), Requirement::AtLeast(count, some.collect())]
}

fn delegate(instance: &mut Instance, (from, to): (KeyIndex, KeyIndex), depth: u8, chance: &mut Chance) {
    let amount = Amount::from_units(chance.pick(&AMOUNTS)).unwrap_or(Amount::FULL);
    instance.add_delegation(Delegation { from, to, amount, depth, level: Level::Audited });
}

fn between(chance: &mut Chance, range: std::ops::RangeInclusive<usize>) -> usize {
    range.start() + chance.below(range.end() - range.start() + 1)
}
