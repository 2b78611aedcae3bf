//! Yes, no and unknown are three answers, and a source that never says a thing is a fourth.

use covouch_core::evidence::{Known, Listing, Stated};
use covouch_policy::{IndecisionCause, Verdict};

use crate::world::{PYPI, World, alone, file, gap, listing, policy_text, signer};

const WHEEL: &str = "six-1.16.0-py2.py3-none-any.whl";

fn team(admit: &str, refuse: &str) -> String {
    let refuse = if refuse.is_empty() { String::new() } else { format!("refuse = '{refuse}'") };
    policy_text(&[PYPI, &signer("ada"), &signer("bob")], admit, &refuse)
}

/// The sources of the unknowns that decide.
fn deciding(world: &World, policy: &str) -> Vec<String> {
    match world.judge(&alone(policy), &file(WHEEL)) {
        Verdict::Undecided(indecision) => match indecision.cause {
            IndecisionCause::NotKnown(gaps) => gaps.iter().map(|gap| gap.source.to_string()).collect(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_mirror_without_upload_times_leaves_the_age_unknown() {
    let policy = team("pypi and age >= 7d", "");
    let mut world = World::new();
    let untimed = Listing { uploaded: Known::Unknown(gap("pypi")), ..listing("2026-06-01") };
    world.says("pypi", &file(WHEEL), untimed);
    assert_eq!(world.code(&policy, &file(WHEEL)), "index-unreachable", "the one gap's own code");
    assert_eq!(deciding(&world, &policy), ["pypi"]);
    world.lists("pypi", &file(WHEEL), "2026-06-01");
    assert_eq!(world.code(&policy, &file(WHEEL)), "admitted");
}

#[test]
fn an_unknown_that_cannot_change_the_verdict_is_not_named() {
    let mut world = World::new();
    let untimed = Listing { uploaded: Known::Unknown(gap("pypi")), ..listing("2026-06-01") };
    world.says("pypi", &file(WHEEL), untimed);
    assert_eq!(world.code(&team("ada and age >= 7d", ""), &file(WHEEL)), "not-enough-vouches");
    assert_eq!(world.code(&team("pypi or age >= 7d", ""), &file(WHEEL)), "admitted");
}

#[test]
fn a_folder_that_could_not_be_read_may_hold_a_vouch() {
    let policy = team("ada and bob", "");
    let mut world = World::new();
    world.has("pypi", "six", Known::Is(false)).vouches("ada", &file(WHEEL)).unread("bob");
    assert_eq!(deciding(&world, &policy), ["bob"]);
    let mut nobody = World::new();
    nobody.has("pypi", "six", Known::Is(false)).unread("bob");
    assert_eq!(nobody.code(&policy, &file(WHEEL)), "not-enough-vouches", "ada is missing in any case");
}

#[test]
fn a_folder_that_could_not_be_read_may_hold_a_veto() {
    let mut world = World::new();
    world.lists("pypi", &file(WHEEL), "2026-06-01").unread("bob");
    assert_eq!(deciding(&world, &team("pypi", "vetoes")), ["bob"]);
    assert_eq!(deciding(&world, &team("pypi", "veto by bob")), ["bob"]);
    assert_eq!(world.code(&team("pypi", "veto by ada"), &file(WHEEL)), "admitted");
    assert_eq!(
        world.code(&team("pypi", "at least 2 vetoes"), &file(WHEEL)),
        "admitted",
        "one could not be two"
    );
    world.vetoes("ada", &file(WHEEL));
    assert_eq!(deciding(&world, &team("pypi", "at least 2 vetoes")), ["bob"]);
    assert_eq!(deciding(&world, &team("pypi and not at least 2 vetoes", "")), ["bob"]);
}

#[test]
fn the_unread_party_is_not_counted_beside_itself() {
    let mut world = World::new();
    world.lists("pypi", &file(WHEEL), "2026-06-01").vetoes("bob", &file(WHEEL)).unread("bob");
    assert_eq!(world.code(&team("pypi", "at least 2 vetoes"), &file(WHEEL)), "admitted");
}

#[test]
fn a_source_that_never_states_a_thing_refuses_nothing() {
    let policy = team("pypi", "quarantined or yanked");
    let silent = Listing { status: Stated::NotStated, yanked: Stated::NotStated, ..listing("2026-06-01") };
    let mut world = World::new();
    assert_eq!(world.says("pypi", &file(WHEEL), silent).code(&policy, &file(WHEEL)), "admitted");
    let unheard = Listing { status: Stated::Unknown(gap("pypi")), ..listing("2026-06-01") };
    world.says("pypi", &file(WHEEL), unheard);
    assert_eq!(deciding(&world, &policy), ["pypi"]);
}

#[test]
fn an_index_that_was_not_asked_is_not_absent() {
    let world = World::new();
    assert_eq!(world.code(&team("pypi", ""), &file(WHEEL)), "home-unknown");
    assert_eq!(world.code(&team("ada", ""), &file(WHEEL)), "not-enough-vouches", "asking would not help");
}

#[test]
fn two_unknowns_are_both_named() {
    let mut world = World::new();
    let untimed = Listing { uploaded: Known::Unknown(gap("pypi")), ..listing("2026-06-01") };
    world.says("pypi", &file(WHEEL), untimed).unread("ada");
    let policy = team("age >= 7d and ada", "");
    assert_eq!(deciding(&world, &policy), ["ada", "pypi"]);
    assert_eq!(world.code(&policy, &file(WHEEL)), "not-known");
}
