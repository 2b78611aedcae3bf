//! Monitoring, and a base policy above the project's.

use covouch_core::evidence::Known;
use covouch_policy::{Policies, PolicyTable, Source, Verdict};

use crate::world::{PYPI, World, alone, file, file_of, policy, policy_text, signer};

const WHEEL: &str = "six-1.16.0-py2.py3-none-any.whl";

fn listed() -> World {
    let mut world = World::new();
    world.lists("pypi", &file(WHEEL), "2026-06-09");
    world
}

fn both(base: &str, project: &str) -> Policies {
    Policies::new(Some(policy(base)), policy(project)).unwrap()
}

fn monitored(text: &str) -> String {
    text.replace("schema = 1", "schema = 1\nmode = 'monitor'")
}

#[test]
fn monitoring_lets_in_and_says_what_would_be() {
    let text = monitored(&policy_text(&[PYPI, &signer("ada")], "pypi and age >= 7d", "refuse = 'vetoes'"));
    let verdict = listed().judge(&alone(&text), &file(WHEEL));
    let Verdict::Monitored(monitored) = verdict else { panic!("{verdict:?}") };
    assert_eq!(monitored.would_be().code().as_str(), "too-new");
    let verdict = listed().vetoes("ada", &file(WHEEL)).judge(&alone(&text), &file(WHEEL));
    let Verdict::Monitored(monitored) = verdict else { panic!("{verdict:?}") };
    assert_eq!(monitored.would_be().code().as_str(), "refused-by-policy");
}

#[test]
fn monitoring_admits_what_is_admitted() {
    let text = monitored(&policy_text(&[PYPI], "pypi", ""));
    assert_eq!(listed().code(&text, &file(WHEEL)), "admitted");
}

#[test]
fn monitoring_still_holds_pins_and_hashes() {
    let pinned = "[party.internal]\nindex = 'https://packages.index.example/simple/'";
    let rule = "[[rule]]\nprojects = ['six']\nindex = 'internal'";
    let text = monitored(&policy_text(&[PYPI, pinned], "pypi", rule));
    let mut world = listed();
    world.has("internal", "six", Known::Is(false));
    assert_eq!(world.code(&text, &file(WHEEL)), "wrong-index");
    assert_eq!(listed().code(&text, &file(WHEEL)), "home-unknown", "the pin cannot be checked");
    let text = monitored(&policy_text(&[PYPI], "pypi", ""));
    assert_eq!(listed().code(&text, &file_of(WHEEL, "other")), "hash-mismatch");
}

#[test]
fn both_policies_must_admit() {
    let young = policy_text(&[PYPI], "pypi", "");
    let old = policy_text(&[PYPI], "pypi and age >= 7d", "");
    let code = |base: &str, project: &str| listed().judge(&both(base, project), &file(WHEEL)).code().as_str();
    assert_eq!(code(&young, &young), "admitted");
    assert_eq!(code(&old, &young), "too-new");
    assert_eq!(code(&young, &old), "too-new");
}

#[test]
fn an_admission_under_two_policies_carries_both_proofs() {
    let text = policy_text(&[PYPI], "pypi", "");
    let Verdict::Admitted(admitted) = listed().judge(&both(&text, &text), &file(WHEEL)) else { panic!() };
    assert_eq!(admitted.proofs().len(), 2);
}

#[test]
fn either_policy_may_refuse() {
    let mild = policy_text(&[PYPI], "pypi", "");
    let strict = policy_text(&[PYPI, &signer("ada")], "pypi", "refuse = 'vetoes'");
    let mut world = listed();
    world.vetoes("ada", &file(WHEEL));
    for policies in [both(&mild, &strict), both(&strict, &mild)] {
        assert_eq!(world.judge(&policies, &file(WHEEL)).code().as_str(), "refused-by-policy");
    }
    assert_eq!(world.judge(&both(&mild, &mild), &file(WHEEL)).code().as_str(), "admitted");
}

#[test]
fn a_projects_waiver_does_not_move_the_base_policy() {
    let waiver = format!(
        "[[waiver]]\nsha256 = '{}'\nreason = 'x'\nexpires = 2027-01-01\ninstalled = 2026-01-01",
        file(WHEEL).sha256
    );
    let project = policy_text(&[PYPI], "pypi and age >= 7d", &waiver);
    let base = policy_text(&[PYPI], "pypi and age >= 3d", "");
    let mild = policy_text(&[PYPI], "pypi", "");
    assert_eq!(listed().judge(&both(&base, &project), &file(WHEEL)).code().as_str(), "too-new");
    assert_eq!(listed().judge(&both(&mild, &project), &file(WHEEL)).code().as_str(), "waived");
}

#[test]
fn a_project_in_monitoring_does_not_loosen_the_base_policy() {
    let project = monitored(&policy_text(&[PYPI], "pypi and age >= 7d", ""));
    let base = policy_text(&[PYPI], "pypi and age >= 3d", "");
    let mild = policy_text(&[PYPI], "pypi", "");
    assert_eq!(listed().judge(&both(&base, &project), &file(WHEEL)).code().as_str(), "too-new");
    assert_eq!(listed().judge(&both(&mild, &project), &file(WHEEL)).code().as_str(), "monitored");
}

#[test]
fn the_two_policies_parties_are_not_mixed() {
    // Both name a `curator`; only the base policy's own key speaks for it there.
    let named = |person: &str| signer(person).replace(&format!("[party.{person}]"), "[party.curator]");
    let base = policy_text(&[PYPI, &named("ada")], "pypi and curator", "");
    let project = policy_text(&[PYPI, &named("mallory")], "pypi and curator", "");
    let mut world = listed();
    world.vouches("mallory", &file(WHEEL));
    assert_eq!(world.judge(&both(&base, &project), &file(WHEEL)).code().as_str(), "not-enough-vouches");
    world.vouches("ada", &file(WHEEL));
    assert_eq!(world.judge(&both(&base, &project), &file(WHEEL)).code().as_str(), "admitted");
}

#[test]
fn a_project_cannot_answer_for_the_base_policys_index() {
    let base = policy(&policy_text(&[PYPI], "pypi", ""));
    let text = policy_text(&["[party.pypi]\nindex = 'https://mirror.index.example/simple/'"], "pypi", "");
    let source = Source { name: "covouch.toml", text: &text, table: PolicyTable::Whole };
    let project = covouch_policy::Policy::parse(source).unwrap();
    let errors = Policies::new(Some(base), project).unwrap_err();
    let error = errors.iter().next().unwrap();
    assert_eq!(error.code().as_str(), "policy-index-conflict");
    assert_eq!(
        error.to_string(),
        "`covouch.toml:1:1`: index `pypi` is `https://mirror.index.example/simple/` here and `pypi` in the base policy"
    );
}
