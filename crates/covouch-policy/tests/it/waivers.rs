//! Waivers replace the requirement for one file and a while, and never what refuses.

use covouch_core::subject::Subject;

use crate::world::{PYPI, World, alone, at, file, file_of, policy_text, signer};

const WHEEL: &str = "six-1.16.0-py2.py3-none-any.whl";

fn subject() -> Subject {
    file(WHEEL)
}

fn waived(rest: &str) -> String {
    let waiver = format!(
        "refuse = 'vetoes'\n[[waiver]]\nsha256 = '{}'\nreason = 'CVE fix, read by hand'\n{rest}",
        subject().sha256
    );
    policy_text(&[PYPI, &signer("ada"), &signer("bob")], "pypi and ada and bob", &waiver)
}

fn signed() -> String {
    waived("expires = 2026-12-31\napproved-by = 'ada'")
}

fn dated() -> String {
    waived("expires = 2026-12-31\ninstalled = 2026-05-01")
}

fn listed() -> World {
    let mut world = World::new();
    world.lists("pypi", &subject(), "2026-06-01");
    world
}

#[test]
fn a_waiver_needs_its_approvers_signature() {
    assert_eq!(listed().code(&signed(), &subject()), "not-enough-vouches");
    assert_eq!(
        listed().waives("bob", &subject(), "2027-01-01").code(&signed(), &subject()),
        "not-enough-vouches"
    );
    assert_eq!(listed().waives("ada", &subject(), "2027-01-01").code(&signed(), &subject()), "waived");
}

#[test]
fn a_dated_waiver_needs_none() {
    assert_eq!(listed().code(&dated(), &subject()), "waived");
}

#[test]
fn a_waiver_ends_to_the_second() {
    let mut world = listed();
    world.now = at("2026-12-30T23:59:59Z");
    assert_eq!(world.code(&dated(), &subject()), "waived");
    world.now = at("2026-12-31");
    assert_eq!(world.code(&dated(), &subject()), "not-enough-vouches");
}

#[test]
fn a_waiver_ends_with_its_signature() {
    let mut world = listed();
    world.waives("ada", &subject(), "2026-07-01");
    let verdict = world.judge(&alone(&signed()), &subject());
    let covouch_policy::Verdict::Waived(waived) = verdict else { panic!("{verdict:?}") };
    assert_eq!(waived.expires(), at("2026-07-01"));
    assert_eq!(waived.approval().unwrap().0.as_str(), "ada");
    world.now = at("2026-07-01");
    assert_eq!(world.code(&signed(), &subject()), "not-enough-vouches");
}

#[test]
fn a_waiver_is_for_exactly_one_file() {
    let other = file("six-1.16.0.tar.gz");
    let mut world = World::new();
    world.lists("pypi", &other, "2026-06-01");
    assert_eq!(world.code(&dated(), &other), "not-enough-vouches");
}

#[test]
fn a_waiver_never_replaces_what_refuses() {
    assert_eq!(listed().vetoes("bob", &subject()).code(&dated(), &subject()), "refused-by-policy");
    let mut unread = listed();
    unread.unread("bob");
    assert_eq!(unread.code(&dated(), &subject()), "index-unreachable", "bob may have said no");
}

#[test]
fn a_waiver_never_replaces_a_hash() {
    let mut world = World::new();
    world.lists("pypi", &file_of(WHEEL, "other bytes"), "2026-06-01");
    assert_eq!(world.code(&dated(), &subject()), "hash-mismatch");
}

#[test]
fn an_approver_who_could_not_be_read_leaves_it_undecided() {
    let policy = signed().replace("refuse = 'vetoes'", "");
    assert_eq!(listed().unread("ada").code(&policy, &subject()), "index-unreachable");
}

#[test]
fn an_admitted_file_is_not_waived() {
    let mut world = listed();
    world.vouches("ada", &subject()).vouches("bob", &subject());
    assert_eq!(world.code(&dated(), &subject()), "admitted");
}
