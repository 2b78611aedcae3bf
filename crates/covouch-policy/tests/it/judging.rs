//! Each term admits in one world and keeps out in a twin that differs by one fact.

use covouch_core::{
    evidence::{Known, ProjectStatus, Stated},
    statement::VouchLevel,
};

use crate::world::{PYPI, World, file, listing, policy_text, signer, signer_with};

const WHEEL: &str = "six-1.16.0-py2.py3-none-any.whl";

fn pypi(admit: &str, more: &str) -> String {
    policy_text(&[PYPI], admit, more)
}

fn people(admit: &str) -> String {
    policy_text(&[PYPI, &signer("ada"), &signer("bob"), &signer("cleo")], admit, "refuse = 'vetoes'")
}

/// A world in which the index lists the file since the 1st.
fn listed() -> World {
    let mut world = World::new();
    world.lists("pypi", &file(WHEEL), "2026-06-01T12:00:00Z");
    world
}

#[test]
fn a_party_that_is_an_index_lists_or_does_not() {
    let policy = pypi("pypi", "");
    assert_eq!(listed().code(&policy, &file(WHEEL)), "admitted");
    let mut absent = World::new();
    absent.has("pypi", "six", Known::Is(false));
    assert_eq!(absent.code(&policy, &file(WHEEL)), "not-enough-vouches");
}

#[test]
fn a_party_that_signs_vouched_or_did_not() {
    let policy = people("ada");
    let mut world = listed();
    world.vouches("bob", &file(WHEEL));
    assert_eq!(world.code(&policy, &file(WHEEL)), "not-enough-vouches");
    assert_eq!(world.vouches("ada", &file(WHEEL)).code(&policy, &file(WHEEL)), "admitted");
}

#[test]
fn a_vouch_for_other_bytes_is_no_vouch() {
    let mut world = listed();
    world.vouches("ada", &crate::world::file_of(WHEEL, "other bytes"));
    assert_eq!(world.code(&people("ada"), &file(WHEEL)), "not-enough-vouches");
}

#[test]
fn a_higher_level_satisfies_a_lower_one_and_not_the_reverse() {
    let policy = people("ada.audited");
    let mut world = listed();
    world.vouches("ada", &file(WHEEL));
    assert_eq!(world.code(&policy, &file(WHEEL)), "not-enough-vouches");
    world.vouches_at("ada", &file(WHEEL), VouchLevel::Audited, "2027-01-01");
    assert_eq!(world.code(&policy, &file(WHEEL)), "admitted");
    assert_eq!(world.code(&people("ada"), &file(WHEEL)), "admitted");
}

#[test]
fn a_partys_own_level_is_what_its_bare_name_asks() {
    let strict = policy_text(&[PYPI, &signer_with("ada", "level = \"audited\"")], "ada", "");
    let mut world = listed();
    world.vouches("ada", &file(WHEEL));
    assert_eq!(world.code(&strict, &file(WHEEL)), "not-enough-vouches");
    world.vouches_at("ada", &file(WHEEL), VouchLevel::Audited, "2027-01-01");
    assert_eq!(world.code(&strict, &file(WHEEL)), "admitted");
}

#[test]
fn at_least_k_counts_people_once() {
    let policy = people("at least 2 of (ada, bob, cleo)");
    let mut world = listed();
    world.vouches("ada", &file(WHEEL)).vouches("ada", &file(WHEEL));
    assert_eq!(world.code(&policy, &file(WHEEL)), "not-enough-vouches");
    assert_eq!(world.vouches("cleo", &file(WHEEL)).code(&policy, &file(WHEEL)), "admitted");
}

#[test]
fn any_of_and_all_of() {
    let mut world = listed();
    world.vouches("ada", &file(WHEEL));
    assert_eq!(world.code(&people("any of (ada, bob)"), &file(WHEEL)), "admitted");
    assert_eq!(world.code(&people("all of (ada, bob)"), &file(WHEEL)), "not-enough-vouches");
    assert_eq!(
        world.vouches("bob", &file(WHEEL)).code(&people("all of (ada, bob)"), &file(WHEEL)),
        "admitted"
    );
}

#[test]
fn two_parties_of_one_owner_count_as_one() {
    let policy = |owner: &str| {
        let owned = |person: &str, owner: &str| signer_with(person, &format!("owner = \"{owner}\""));
        let parties = [PYPI.to_owned(), owned("ada", "acme"), owned("bob", owner), signer("cleo")];
        let parties: Vec<&str> = parties.iter().map(String::as_str).collect();
        policy_text(&parties, "at least 2 of (ada, bob, cleo)", "")
    };
    let mut world = listed();
    world.vouches("ada", &file(WHEEL)).vouches("bob", &file(WHEEL));
    assert_eq!(world.code(&policy("acme"), &file(WHEEL)), "not-enough-vouches");
    assert_eq!(world.code(&policy("other"), &file(WHEEL)), "admitted");
}

#[test]
fn half_of_one_key_serves_two_halves() {
    // Legal, and warned about: `one_key_serving_two_halves_is_warned_about`.
    let shared = signer("ada").replace("[party.ada]", "[party.twin]");
    let admit = |amount: &str| {
        policy_text(&[PYPI, &signer("ada"), &shared], &format!("ada >= {amount} and twin >= {amount}"), "")
    };
    let mut world = listed();
    world.vouches("ada", &file(WHEEL));
    assert_eq!(world.code(&admit("50%"), &file(WHEEL)), "admitted");
    assert_eq!(world.code(&admit("51%"), &file(WHEEL)), "not-enough-vouches");
}

#[test]
fn age_is_counted_from_the_upload_to_the_second() {
    let policy = pypi("pypi and age >= 7d", "");
    let mut world = World::new();
    world.lists("pypi", &file(WHEEL), "2026-06-03T12:00:01Z");
    assert_eq!(world.code(&policy, &file(WHEEL)), "too-new");
    world.lists("pypi", &file(WHEEL), "2026-06-03T12:00:00Z");
    assert_eq!(world.code(&policy, &file(WHEEL)), "admitted");
}

#[test]
fn a_file_from_the_future_has_no_age() {
    let mut world = World::new();
    world.lists("pypi", &file(WHEEL), "2026-07-01");
    assert_eq!(world.code(&pypi("pypi and age >= 1h", ""), &file(WHEEL)), "too-new");
}

#[test]
fn two_vouches_let_an_urgent_fix_through_a_wait() {
    let policy = people("pypi and (age >= 7d or at least 2 of (ada, bob, cleo))");
    let mut world = World::new();
    world.lists("pypi", &file(WHEEL), "2026-06-10T06:00:00Z").vouches("ada", &file(WHEEL));
    assert_eq!(world.code(&policy, &file(WHEEL)), "too-new");
    assert_eq!(world.vouches("bob", &file(WHEEL)).code(&policy, &file(WHEEL)), "admitted");
}

#[test]
fn wheel_sdist_and_pure_are_told_by_the_name() {
    let native = "six-1.16.0-cp312-cp312-manylinux_2_17_x86_64.whl";
    let sdist = "six-1.16.0.tar.gz";
    for (term, yes, no) in [("wheel", native, sdist), ("sdist", sdist, native), ("pure", WHEEL, native)] {
        let mut world = World::new();
        world.lists("pypi", &file(yes), "2026-06-01").lists("pypi", &file(no), "2026-06-01");
        let policy = pypi(&format!("pypi and {term} or pypi and allow-build and {term}"), "");
        assert_eq!(world.code(&policy, &file(yes)), "admitted", "{term}");
        assert_eq!(world.code(&policy, &file(no)), "not-enough-vouches", "{term}");
    }
}

#[test]
fn what_is_refused_is_refused_whoever_vouches() {
    let policy = policy_text(
        &[PYPI, &signer("ada"), &signer("bob")],
        "pypi or ada",
        "refuse = 'quarantined or yanked or at least 2 vetoes'",
    );
    let mut world = World::new();
    world.vouches("ada", &file(WHEEL));
    let quarantined = covouch_core::evidence::Listing {
        status: Stated::Is(ProjectStatus::Quarantined),
        ..listing("2026-06-01")
    };
    let yanked = covouch_core::evidence::Listing { yanked: Stated::Is(None), ..listing("2026-06-01") };
    assert_eq!(
        world.says("pypi", &file(WHEEL), quarantined).code(&policy, &file(WHEEL)),
        "refused-by-policy"
    );
    assert_eq!(world.says("pypi", &file(WHEEL), yanked).code(&policy, &file(WHEEL)), "refused-by-policy");
    world.lists("pypi", &file(WHEEL), "2026-06-01");
    assert_eq!(world.code(&policy, &file(WHEEL)), "admitted");
    assert_eq!(world.vetoes("ada", &file(WHEEL)).code(&policy, &file(WHEEL)), "admitted", "one of two");
    assert_eq!(world.vetoes("bob", &file(WHEEL)).code(&policy, &file(WHEEL)), "refused-by-policy");
}

#[test]
fn a_veto_by_a_party_or_by_an_owner() {
    let owned = signer_with("ada", "owner = \"acme\"");
    for by in ["ada", "acme"] {
        let policy =
            policy_text(&[PYPI, &owned, &signer("bob")], "pypi", &format!("refuse = 'veto by {by}'"));
        let mut world = listed();
        world.vetoes("bob", &file(WHEEL));
        assert_eq!(world.code(&policy, &file(WHEEL)), "admitted", "{by}");
        assert_eq!(
            world.vetoes("ada", &file(WHEEL)).code(&policy, &file(WHEEL)),
            "refused-by-policy",
            "{by}"
        );
    }
}

#[test]
fn a_veto_by_a_stranger_is_no_veto() {
    let mut world = listed();
    world.vetoes("mallory", &file(WHEEL));
    assert_eq!(world.code(&people("pypi"), &file(WHEEL)), "admitted");
    assert_eq!(world.vetoes("ada", &file(WHEEL)).code(&people("pypi"), &file(WHEEL)), "refused-by-policy");
}

#[test]
fn negative_evidence_in_a_requirement_refuses_by_name() {
    let policy = pypi("pypi and not yanked", "");
    assert_eq!(listed().code(&policy, &file(WHEEL)), "admitted");
    let yanked = covouch_core::evidence::Listing {
        yanked: Stated::Is(Some("broken".into())),
        ..listing("2026-06-01")
    };
    let mut world = World::new();
    assert_eq!(world.says("pypi", &file(WHEEL), yanked).code(&policy, &file(WHEEL)), "negative-evidence");
}

#[test]
fn the_first_rule_that_matches_counts() {
    let rules = "[[rule]]\nprojects = ['six*']\nadmit = 'pypi and age >= 30d'\n[[rule]]\nprojects = ['*']\nadmit = 'pypi'";
    let policy = pypi("pypi and age >= 90d", rules);
    assert_eq!(listed().code(&policy, &file(WHEEL)), "too-new");
    let other = file("idna-3.7-py3-none-any.whl");
    let mut world = World::new();
    assert_eq!(world.lists("pypi", &other, "2026-06-09").code(&policy, &other), "admitted");
}
