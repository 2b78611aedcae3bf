//! What one key decides.

use covouch_policy::analysis::Impact;

use crate::world::{PYPI, World, alone, file, policy_text, secret, signer};

fn text(admit: &str) -> String {
    policy_text(&[PYPI, &signer("a"), &signer("b")], admit, "refuse = \"vetoes\"")
}

fn impact(world: &World, policy: &str, person: &str) -> Impact {
    let subjects = [file("one-1.0.tar.gz"), file("two-1.0.tar.gz"), file("three-1.0.tar.gz")];
    let policies = alone(policy);
    policies.impact(&world.evidence, &subjects, secret(person).public_key(), world.now)
}

/// All are listed; `a` vouches for the first two, `b` for the first.
fn world() -> World {
    let mut world = World::new();
    for name in ["one", "two", "three"] {
        world.lists("pypi", &file(&format!("{name}-1.0.tar.gz")), "2026-06-01");
    }
    world.vouches("a", &file("one-1.0.tar.gz")).vouches("a", &file("two-1.0.tar.gz"));
    world.vouches("b", &file("one-1.0.tar.gz"));
    world
}

fn names(subjects: &[covouch_core::subject::Subject]) -> Vec<&str> {
    subjects.iter().map(|subject| subject.project.as_str()).collect()
}

#[test]
fn a_stolen_key_adds_one_voice_and_a_lost_one_takes_it() {
    let found = impact(&world(), &text("pypi and a and b"), "b");
    assert_eq!(names(&found.lost), ["one"]);
    assert_eq!(names(&found.stolen), ["two"], "nobody else vouches for the third");
    assert_eq!(found.untouched, 1);
    assert_eq!(found.root_of.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["b"]);
}

#[test]
fn a_key_nobody_knows_decides_nothing() {
    let found = impact(&world(), &text("pypi and a and b"), "mallory");
    assert_eq!(found.untouched, 3);
}

#[test]
fn what_is_refused_stays_out_whoever_has_the_key() {
    let mut world = world();
    world.vetoes("a", &file("two-1.0.tar.gz"));
    assert!(impact(&world, &text("pypi and a and b"), "b").stolen.is_empty());
}

#[test]
fn one_stolen_key_is_not_two_voices() {
    let shared = text("pypi and a and b")
        .replace(&secret("b").public_key().to_string(), &secret("a").public_key().to_string());
    assert!(impact(&world(), &shared, "a").stolen.is_empty());
}
