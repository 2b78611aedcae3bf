//! When a wheel of a release is kept out, clients must not build its sdist instead.

use covouch_core::{evidence::Known, subject::Subject};
use covouch_policy::Page;

use crate::world::{PYPI, World, alone, file, gap, listing, name, policy_text, signer};

const WHEEL: &str = "six-1.16.0-py2.py3-none-any.whl";
const SDIST: &str = "six-1.16.0.tar.gz";

fn policy(admit: &str) -> String {
    policy_text(&[PYPI, &signer("ada")], admit, "refuse = 'vetoes'")
}

/// Both files are old; somebody objects to the wheel.
fn vetoed() -> World {
    let mut world = World::new();
    world.lists("pypi", &file(WHEEL), "2026-01-01").lists("pypi", &file(SDIST), "2026-01-01");
    world.vetoes("ada", &file(WHEEL));
    world
}

#[test]
fn a_wheel_that_is_kept_out_takes_its_sdist_along() {
    assert_eq!(vetoed().code(&policy("pypi"), &file(SDIST)), "sibling-kept-out");
    let mut world = World::new();
    world.lists("pypi", &file(WHEEL), "2026-01-01").lists("pypi", &file(SDIST), "2026-01-01");
    assert_eq!(world.code(&policy("pypi"), &file(SDIST)), "admitted");
}

#[test]
fn allow_build_lifts_the_rule() {
    assert_eq!(vetoed().code(&policy("pypi and allow-build"), &file(SDIST)), "admitted");
}

#[test]
fn a_wheel_too_new_takes_its_older_sdist_along() {
    let mut world = World::new();
    world.lists("pypi", &file(WHEEL), "2026-06-10T11:00:00Z").lists("pypi", &file(SDIST), "2026-01-01");
    assert_eq!(world.code(&policy("pypi and age >= 3d"), &file(SDIST)), "sibling-kept-out");
    let other = file("six-1.15.0.tar.gz");
    world.lists("pypi", &other, "2026-01-01");
    assert_eq!(world.code(&policy("pypi and age >= 3d"), &other), "admitted", "another release");
}

#[test]
fn a_wheel_of_which_nothing_is_known_leaves_the_sdist_undecided() {
    let untimed =
        covouch_core::evidence::Listing { uploaded: Known::Unknown(gap("pypi")), ..listing("2026-01-01") };
    let mut world = World::new();
    world.lists("pypi", &file(SDIST), "2026-01-01").says("pypi", &file(WHEEL), untimed);
    assert_eq!(world.code(&policy("pypi and age >= 3d"), &file(SDIST)), "sibling-unknown");
}

#[test]
fn a_wheel_that_is_waived_is_not_kept_out() {
    let waiver = format!(
        "[[waiver]]\nsha256 = '{}'\nreason = 'x'\nexpires = 2027-01-01\ninstalled = 2026-01-01",
        file(WHEEL).sha256
    );
    let text =
        policy_text(&[PYPI, &signer("ada"), &signer("bob")], "pypi and age >= 3d or ada and bob", &waiver);
    let mut world = World::new();
    world.lists("pypi", &file(WHEEL), "2026-06-10T11:00:00Z").lists("pypi", &file(SDIST), "2026-01-01");
    assert_eq!(world.code(&text, &file(WHEEL)), "waived");
    assert_eq!(world.code(&text, &file(SDIST)), "admitted");
}

#[test]
fn a_page_is_judged_as_its_files_are() {
    let world = vetoed();
    let old: Subject = file("six-1.15.0.tar.gz");
    let mut world = world;
    world.lists("pypi", &old, "2026-01-01");
    let files = [file(SDIST), file(WHEEL), old];
    for admit in ["pypi", "pypi and allow-build", "pypi and age >= 300d"] {
        let policies = alone(&policy(admit));
        let page = policies.judge_page(&world.graph(), &world.evidence, Page { files: &files }, world.now);
        let page: Vec<_> = page.iter().map(|verdict| verdict.code()).collect();
        let single: Vec<_> = files.iter().map(|file| world.judge(&policies, file).code()).collect();
        assert_eq!(page, single, "{admit}");
    }
}

#[test]
fn a_wheel_without_a_digest_takes_its_sdist_along() {
    let mut world = World::new();
    world.lists("pypi", &file(SDIST), "2026-01-01").lists("pypi", &file("six-1.15.0.tar.gz"), "2026-01-01");
    assert_eq!(world.code(&policy("pypi"), &file(SDIST)), "admitted");
    let wheel = file(WHEEL);
    let unjudged = |world: &mut World, index: &str| {
        let (project, version) = (wheel.project.clone(), wheel.version.clone());
        world.evidence.add_unjudged(name(index), project, version, wheel.filename.clone());
    };
    unjudged(&mut world, "mirror");
    assert_eq!(
        world.code(&policy("pypi"), &file(SDIST)),
        "admitted",
        "what another index lists is another's"
    );
    unjudged(&mut world, "pypi");
    assert_eq!(world.code(&policy("pypi"), &file(SDIST)), "sibling-unjudged");
    assert_eq!(world.code(&policy("pypi and allow-build"), &file(SDIST)), "admitted");
    assert_eq!(world.code(&policy("pypi"), &file("six-1.15.0.tar.gz")), "admitted", "another release");
    let policies = alone(&policy("pypi"));
    let files = [file(SDIST)];
    let page = policies.judge_page(&world.graph(), &world.evidence, Page { files: &files }, world.now);
    assert_eq!(page[0].code().as_str(), "sibling-unjudged");
}
