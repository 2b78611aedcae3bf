//! The laws of trust packing (semantics, "Laws"), on random problems.

use covouch_core::{
    amount::{Amount, Decimal},
    level::Level,
};
use covouch_graph::{
    Requirement,
    check::packing,
    decide::{Decision, decide},
    pack,
};
use proptest::prelude::*;

use crate::{
    brute::requirements,
    random::{Problem, config, problems},
};

fn score(problem: &Problem) -> u128 {
    let (instance, _) = problem.build();
    let pack::Largest { witness, is_certain: certain, .. } = pack::largest(&instance).unwrap();
    assert!(certain);
    packing::check(&instance, &witness).unwrap().score().units()
}

fn is_met(problem: &Problem, requirement: impl Fn(&[covouch_graph::PartyIndex]) -> Requirement) -> bool {
    let (instance, parties) = problem.build();
    match decide(&instance, &requirement(&parties)) {
        Decision::Met(_) => true,
        Decision::NotMet(_) => false,
        Decision::Undecided(reason) => panic!("{reason}"),
    }
}

/// The problem with its keys numbered backwards and everything listed backwards, twice.
fn shuffled(problem: &Problem) -> Problem {
    let other = |key: usize| problem.keys - 1 - key;
    let mut shuffled = problem.clone();
    for party in &mut shuffled.parties {
        party.roots = party.roots.iter().rev().chain(&party.roots).map(|key| other(*key)).collect();
    }
    let ways = problem.delegations.iter().rev().chain(&problem.delegations);
    shuffled.delegations = ways
        .map(|(from, to, amount, depth, level)| (other(*from), other(*to), *amount, *depth, *level))
        .collect();
    let vouches = problem.vouches.iter().rev().chain(&problem.vouches);
    shuffled.vouches = vouches.map(|(by, level)| (other(*by), *level)).collect();
    let authors = problem.authors.iter().rev().chain(&problem.authors);
    shuffled.authors = authors.map(|(by, author)| (other(*by), other(*author))).collect();
    shuffled.words = problem.words.iter().rev().chain(&problem.words).copied().collect();
    shuffled
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn more_delegations_and_vouches_never_lose(
        problem in problems(6),
        formula in requirements(),
        ways in proptest::collection::vec((0..6_usize, 0..6_usize, 1..=600_u16, 1..4_u8), 0..3),
        vouch in 0..6_usize,
    ) {
        let mut more = problem.clone();
        more.vouches.push((vouch % problem.keys, Level::Audited));
        for (from, to, amount, depth) in ways {
            more.delegations.push((from % problem.keys, to % problem.keys, amount, depth, Level::Audited));
        }
        prop_assert!(score(&more) >= score(&problem));
        if is_met(&problem, |parties| formula.resolve(parties)) {
            prop_assert!(is_met(&more, |parties| formula.resolve(parties)));
        }
    }

    #[test]
    fn fresh_keys_behind_a_key_add_nothing(problem in problems(5), behind in 0..5_usize, puppets in 1..4_usize) {
        let behind = behind % problem.keys;
        // The key itself says all it can say.
        let mut alone = problem.clone();
        alone.vouches.push((behind, Level::Audited));
        let mut crowded = alone.clone();
        for puppet in alone.keys..alone.keys + puppets {
            crowded.keys += 1;
            crowded.delegations.push((behind, puppet, 600, 255, Level::Audited));
            crowded.vouches.push((puppet, Level::Audited));
            if puppet > alone.keys {
                crowded.delegations.push((puppet - 1, puppet, 600, 255, Level::Audited));
                crowded.delegations.push((puppet, puppet - 1, 600, 255, Level::Audited));
            }
        }
        prop_assert_eq!(score(&crowded), score(&alone));
    }

    #[test]
    fn some_stolen_keys_get_at_most_the_heaviest_parties(problem in problems(6), stolen in 1..3_usize) {
        let mut attacked = problem;
        // Only stolen keys vouch, and whoever they appoint.
        attacked.vouches = (0..stolen.min(attacked.keys)).map(|key| (key, Level::Audited)).collect();
        attacked.words.clear();
        attacked.authors.clear();
        attacked.delegations.push((0, attacked.keys, 600, 255, Level::Audited));
        attacked.vouches.push((attacked.keys, Level::Audited));
        attacked.keys += 1;
        let mut weights: Vec<u32> = attacked.parties.iter().map(|party| party.weight + party.bonus).collect();
        weights.sort_unstable_by_key(|weight| std::cmp::Reverse(*weight));
        let most: u32 = weights.into_iter().take(stolen).sum();
        prop_assert!(score(&attacked) <= u128::from(most) * 600 * 1_000_000);
    }

    #[test]
    fn order_names_and_repetition_change_nothing(problem in problems(6), formula in requirements()) {
        let other = shuffled(&problem);
        prop_assert_eq!(score(&other), score(&problem));
        let resolve = |parties: &[covouch_graph::PartyIndex]| formula.resolve(parties);
        prop_assert_eq!(is_met(&other, resolve), is_met(&problem, resolve));
    }

    #[test]
    fn what_nobody_with_authority_reaches_changes_nothing(problem in problems(6)) {
        let mut crowded = problem.clone();
        for stranger in problem.keys..problem.keys + 3 {
            crowded.keys += 1;
            crowded.vouches.push((stranger, Level::Audited));
            crowded.delegations.push((stranger, 0, 600, 255, Level::Audited));
            crowded.delegations.push((stranger, problem.keys, 600, 255, Level::Audited));
        }
        prop_assert_eq!(score(&crowded), score(&problem));
    }

    #[test]
    fn scaling_weights_and_minimum_together_changes_nothing(problem in problems(6), minimum in 1..9_u32, by in 2..50_u32) {
        let mut scaled = problem.clone();
        for party in &mut scaled.parties {
            (party.weight, party.bonus) = (party.weight * by, party.bonus * by);
        }
        let at = |minimum: u32| move |_: &[covouch_graph::PartyIndex]| Requirement::Score(crate::numbers::weight(minimum));
        prop_assert_eq!(is_met(&scaled, at(minimum * by)), is_met(&problem, at(minimum)));
    }

    #[test]
    fn exact_equality_admits_and_one_unit_less_does_not(problem in problems(6)) {
        let units = score(&problem);
        let most = Decimal::from_millionths(u64::try_from(units / 600).unwrap());
        prop_assert!(is_met(&problem, |_| Requirement::Score(most)));
        let above = Decimal::from_millionths(most.millionths() + 1);
        prop_assert!(!is_met(&problem, |_| Requirement::Score(above)));
        let (instance, parties) = problem.build();
        let pack::Largest { witness, .. } = pack::largest(&instance).unwrap();
        let packing = packing::check(&instance, &witness).unwrap();
        let supports = parties.iter().map(|party| Requirement::Support {
            party: *party,
            level: Level::Listed,
            at_least: packing.support(*party, Level::Listed),
        });
        let all = Requirement::All(supports.chain([Requirement::Score(most)]).collect());
        prop_assert!(is_met(&problem, |_| all.clone()));
        let one_more = Requirement::Any(
            parties.iter().map(|party| Requirement::Support {
                party: *party,
                level: Level::Listed,
                at_least: Amount::FULL,
            }).chain([Requirement::Score(above)]).collect(),
        );
        let alone = parties.iter().any(|party| is_met(&problem, |_| Requirement::Support {
            party: *party,
            level: Level::Listed,
            at_least: Amount::FULL,
        }));
        prop_assert_eq!(is_met(&problem, |_| one_more.clone()), alone);
    }
}
