//! Cases of our own, for what the known ones lack: parallel ways, owners, levels, depth 0, shared roots, detours.

use covouch_core::{amount::Amount, level::Level};
use covouch_graph::{
    PartyIndex, Requirement, Weights,
    check::packing,
    decide::{Decision, decide},
    instance::{Certification, Delegation, Instance, KeyIndex, Root},
    pack,
};

use crate::numbers::{delegation, instance, owned_instance, root, units, vouch, weight};

fn score(instance: &mut Instance) -> u128 {
    instance.merge();
    let pack::Largest { witness, is_certain: certain, .. } = pack::largest(instance).unwrap();
    assert!(certain);
    packing::check(instance, &witness).unwrap().score().units() / 1_000_000
}

fn is_met(instance: &Instance, requirement: &Requirement) -> bool {
    matches!(decide(instance, requirement), Decision::Met(_))
}

fn at(party: PartyIndex, level: Level, amount: u16) -> Requirement {
    Requirement::Support { party, level, at_least: units(amount) }
}

#[test]
fn depth_zero_passes_nothing() {
    let (mut problem, parties) = instance(2, &[1]);
    problem.add_root(root(parties[0], 0));
    assert_eq!(problem.add_delegation(delegation(0, 1, 600, 0)), None);
    problem.add_certification(vouch(1, 600, Level::Vouched));
    assert_eq!(score(&mut problem), 0);
}

#[test]
fn a_root_shared_by_two_parties_counts_for_the_heavier() {
    let (mut problem, parties) = instance(1, &[2, 5]);
    for party in &parties {
        problem.add_root(root(*party, 0));
    }
    problem.add_certification(vouch(0, 600, Level::Vouched));
    assert_eq!(score(&mut problem), 5 * 600);
}

#[test]
fn parallel_ways_share_the_largest_amount() {
    // 40 % that may be passed on once, 30 % that may be passed on twice.
    let (mut problem, parties) = instance(3, &[1]);
    problem.add_root(root(parties[0], 0));
    problem.add_delegation(delegation(0, 1, 240, 1));
    problem.add_delegation(delegation(0, 1, 180, 2));
    problem.add_delegation(delegation(1, 2, 600, 1));
    problem.add_certification(vouch(2, 600, Level::Vouched));
    assert_eq!(score(&mut problem.clone()), 180, "only the deeper one reaches");
    problem.add_certification(vouch(1, 600, Level::Vouched));
    assert_eq!(score(&mut problem), 240, "both together, never 420");
}

#[test]
fn parties_of_one_owner_share_a_whole() {
    let flat = |points| Weights::flat(Level::Listed, weight(points));
    // The heaviest shares its owner with one party and a key with the other: taking it first gives 3, and 4 is best.
    let weights = [(flat(3), Some("acme")), (flat(2), Some("acme")), (flat(2), None)];
    let (mut problem, parties) = owned_instance(2, &weights);
    problem.add_root(root(parties[0], 0));
    problem.add_root(root(parties[2], 0));
    problem.add_root(root(parties[1], 1));
    problem.add_certification(vouch(0, 600, Level::Vouched));
    problem.add_certification(vouch(1, 600, Level::Vouched));
    assert_eq!(score(&mut problem), 4 * 600);
    let both = [parties[0], parties[1]].map(|party| at(party, Level::Listed, 600));
    assert!(!is_met(&problem, &Requirement::All(both.to_vec())), "one owner, two supports");
    assert!(is_met(&problem, &Requirement::Any(both.to_vec())));
}

#[test]
fn a_diamond_is_rerouted() {
    // Both parties reach x, only the first reaches y too: it must leave x to the second.
    let (mut problem, parties) = instance(4, &[3, 2]);
    problem.add_root(root(parties[0], 0));
    problem.add_root(root(parties[1], 1));
    problem.add_delegation(delegation(0, 2, 600, 1));
    problem.add_delegation(delegation(0, 3, 600, 1));
    problem.add_delegation(delegation(1, 2, 600, 1));
    for key in [2, 3] {
        problem.add_certification(vouch(key, 600, Level::Vouched));
    }
    assert_eq!(score(&mut problem), 5 * 600);
}

#[test]
fn one_party_that_is_anothers_delegate_counts_once_for_its_own_word() {
    let (mut problem, parties) = instance(2, &[2, 1]);
    problem.add_root(root(parties[0], 0));
    problem.add_root(root(parties[1], 1));
    problem.add_delegation(delegation(0, 1, 600, 1));
    problem.add_certification(vouch(1, 600, Level::Vouched));
    assert_eq!(score(&mut problem.clone()), 2 * 600);
    problem.add_certification(vouch(0, 600, Level::Vouched));
    assert_eq!(score(&mut problem), 3 * 600);
}

#[test]
fn a_cycle_inside_carries_nothing_of_its_own() {
    let (mut problem, parties) = instance(4, &[1]);
    problem.add_root(root(parties[0], 0));
    problem.add_delegation(delegation(0, 1, 120, 255));
    problem.add_delegation(delegation(1, 2, 600, 255));
    problem.add_delegation(delegation(2, 1, 600, 255));
    problem.add_delegation(delegation(2, 3, 600, 255));
    problem.add_certification(vouch(3, 600, Level::Vouched));
    assert_eq!(score(&mut problem), 120);
}

#[test]
fn two_levels_of_one_party_weigh_apart_and_add_to_one_whole() {
    let weights = Weights::by_level([(Level::Vouched, weight(1)), (Level::Audited, weight(3))]);
    let (mut problem, parties) = owned_instance(3, &[(weights, None)]);
    problem.add_root(root(parties[0], 0));
    problem.add_delegation(Delegation { level: Level::Audited, ..delegation(0, 1, 180, 1) });
    problem.add_delegation(Delegation { level: Level::Vouched, ..delegation(0, 2, 600, 1) });
    for key in [1, 2] {
        problem.add_certification(vouch(key, 600, Level::Audited));
    }
    assert_eq!(score(&mut problem), 180 * 3 + 420);
    assert!(is_met(&problem, &at(parties[0], Level::Audited, 180)));
    assert!(!is_met(&problem, &at(parties[0], Level::Audited, 181)));
    assert!(is_met(&problem, &at(parties[0], Level::Vouched, 600)));
}

#[test]
fn levels_of_two_parties_meet_in_one_network() {
    // x carries half, audited; y the rest, vouched. One party wants audited, the other takes what is left.
    let (mut problem, parties) = instance(4, &[1, 1]);
    for (party, key) in parties.iter().zip([0, 1]) {
        problem.add_root(root(*party, key));
        problem.add_delegation(delegation(key, 2, 600, 2));
    }
    problem.add_delegation(Delegation { level: Level::Vouched, ..delegation(2, 3, 600, 1) });
    problem.add_certification(vouch(2, 300, Level::Audited));
    problem.add_certification(vouch(3, 600, Level::Audited));
    problem.merge();
    let both = |audited: u16, vouched: u16| {
        Requirement::All(vec![
            at(parties[0], Level::Audited, audited),
            at(parties[1], Level::Vouched, vouched),
        ])
    };
    assert!(is_met(&problem, &both(300, 300)));
    assert!(!is_met(&problem, &both(301, 299)), "no more than half is audited");
    assert!(!is_met(&problem, &both(300, 301)), "x passes 100 % and no more");
}

#[test]
fn depth_of_two_roots_meets_in_one_key() {
    // Both parties root at one key; only the one with depth 3 may use the long way.
    let (mut problem, parties) = instance(3, &[1, 1]);
    for (party, depth) in parties.iter().zip([3, 2]) {
        problem.add_root(Root { depth, ..root(*party, 0) });
    }
    problem.add_delegation(delegation(0, 1, 600, 255));
    problem.add_delegation(delegation(1, 2, 600, 255));
    problem.add_certification(vouch(2, 600, Level::Vouched));
    problem.merge();
    assert!(is_met(&problem, &at(parties[0], Level::Listed, 600)));
    assert!(!is_met(&problem, &at(parties[1], Level::Listed, 1)));
}

#[test]
fn a_ban_holds_for_one_party_also_deep_inside() {
    let (mut problem, parties) = instance(4, &[1, 1]);
    for (party, key) in parties.iter().zip([0, 1]) {
        problem.add_root(root(*party, key));
        problem.add_delegation(delegation(key, 2, 300, 2));
    }
    problem.add_delegation(delegation(2, 3, 600, 1));
    problem.add_certification(vouch(3, 600, Level::Vouched));
    problem.add_ban(parties[0], KeyIndex::new(3));
    problem.merge();
    assert!(!is_met(&problem, &at(parties[0], Level::Listed, 1)));
    assert!(is_met(&problem, &at(parties[1], Level::Listed, 300)));
    assert_eq!(score(&mut problem), 300);
}

#[test]
fn nobody_is_their_own_author_down_the_chain() {
    // 0 appoints 1, who names 0 as the author: no chain passes 0 twice.
    let (mut problem, parties) = instance(2, &[1]);
    problem.add_root(root(parties[0], 0));
    problem.add_delegation(delegation(0, 1, 600, 2));
    let (by, through) = (KeyIndex::new(1), Some(KeyIndex::new(0)));
    problem.add_certification(Certification {
        by,
        through,
        amount: Amount::FULL,
        level: Level::Author,
        cost: 1,
    });
    assert_eq!(score(&mut problem), 0);
}
