//! Whom a lock names as the publishers of a file.

use std::sync::Arc;

use covouch_core::{
    evidence::{Known, Lookup},
    publisher::{ExpectedPublisher, Publisher, PublisherName},
    subject::Subject,
};

use crate::world::{PYPI, World, alone, file, gap, policy_text, signer};

const WHEEL: &str = "six-1.17.0-py3-none-any.whl";

fn publisher(name: &str) -> Publisher {
    Publisher {
        workflow: Some("release.yml".into()),
        ..Publisher::named(PublisherName::parse(name).unwrap())
    }
}

fn expected(names: &[&str]) -> Arc<[ExpectedPublisher]> {
    names.iter().map(|name| ExpectedPublisher::from(&publisher(name))).collect()
}

/// An index lists the file, and a lock names these as its publishers. The policy asks for neither.
fn world(names: &[&str]) -> (World, Subject, String) {
    let (mut world, file) = (World::new(), file(WHEEL));
    world.lists("pypi", &file, "2026-06-01");
    world.evidence.add_expected(file.clone(), expected(names));
    (world, file, policy_text(&[PYPI], "pypi", ""))
}

fn published(world: &mut World, file: &Subject, names: &[&str]) {
    let publishers = names.iter().map(|name| publisher(name)).collect();
    world.evidence.add_publishers(file.clone(), Known::Is(publishers));
}

#[test]
fn who_is_named_comes_in_and_who_is_not_is_refused() {
    let (mut world, file, policy) = world(&["github:six/six", "gitlab:six/six"]);
    published(&mut world, &file, &["gitlab:six/six"]);
    assert_eq!(world.code(&policy, &file), "admitted");
    published(&mut world, &file, &["github:other/six"]);
    assert_eq!(world.code(&policy, &file), "lock-other-publisher");
    assert_eq!(
        world.reason(&alone(&policy), &file),
        "published by github:other/six by release.yml, and the lock names github:six/six by release.yml or \
         gitlab:six/six by release.yml"
    );
    let report = world.report(&alone(&policy), std::slice::from_ref(&file));
    let todo: Vec<String> = report.files[0].suggest.iter().map(ToString::to_string).collect();
    assert_eq!(todo, ["covouch lock-identities, once you know why it changed"]);
}

#[test]
fn a_file_that_nobody_attests_is_nobodys_who_is_named() {
    let (mut world, file, policy) = world(&["github:six/six"]);
    published(&mut world, &file, &[]);
    assert_eq!(world.code(&policy, &file), "lock-other-publisher");
    // Its twin: the lock names nobody.
    let mut world = World::new();
    world.lists("pypi", &file, "2026-06-01");
    published(&mut world, &file, &[]);
    assert_eq!(world.code(&policy, &file), "admitted");
}

#[test]
fn every_lock_is_held() {
    let (mut world, file, policy) = world(&["github:six/six"]);
    published(&mut world, &file, &["github:six/six"]);
    world.evidence.add_expected(file.clone(), expected(&["github:six/six", "github:other/six"]));
    assert_eq!(world.code(&policy, &file), "admitted");
    world.evidence.add_expected(file.clone(), expected(&["github:other/six"]));
    assert_eq!(world.code(&policy, &file), "lock-other-publisher");
}

#[test]
fn not_knowing_who_published_it_keeps_a_file_out() {
    let (mut world, file, policy) = world(&["github:six/six"]);
    let (_, indecision) = (world.code(&policy, &file), world.reason(&alone(&policy), &file));
    assert!(indecision.contains("who published it was not looked at"), "{indecision}");
    world.evidence.add_publishers(file.clone(), Known::Unknown(gap("pypi")));
    assert_eq!(world.code(&policy, &file), "index-unreachable");
}

#[test]
fn a_waiver_does_not_make_somebody_else_the_publisher() {
    let (mut world, file, _) = world(&["github:six/six"]);
    published(&mut world, &file, &["github:other/six"]);
    let waiver = format!(
        "[[waiver]]\nsha256 = '{}'\nreason = 'urgent'\nexpires = 2027-01-01\napproved-by = 'ada'",
        file.sha256
    );
    let policy = policy_text(&[PYPI, &signer("ada")], "pypi and ada", &waiver);
    world.waives("ada", &file, "2027-01-01");
    assert_eq!(world.code(&policy, &file), "lock-other-publisher");
    published(&mut world, &file, &["github:six/six"]);
    assert_eq!(world.code(&policy, &file), "waived");
}

#[test]
fn who_published_it_is_asked_even_of_a_file_that_is_kept_out_anyway() {
    let (mut world, file, _) = world(&["github:six/six"]);
    let policies = alone(&policy_text(&[PYPI], "pypi and age >= 30d", ""));
    let lookups =
        |world: &World| policies.lookups(&world.graph(), &world.evidence, &|_| true, world.now).lookups;
    assert_eq!(lookups(&world), [Lookup::Publisher(file.clone())]);
    published(&mut world, &file, &["github:six/six"]);
    assert!(lookups(&world).is_empty());
}
