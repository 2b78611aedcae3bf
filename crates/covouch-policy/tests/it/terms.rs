//! Warnings: policies that say what is probably not meant.

use crate::world::{PYPI, policy, policy_text, signer, signer_with};

fn warnings(text: &str) -> Vec<String> {
    policy(text).warnings().iter().map(|warning| format!("{}: {}", warning.code(), warning.fault)).collect()
}

fn with(parties: &[&str], admit: &str) -> Vec<String> {
    warnings(&policy_text(parties, admit, ""))
}

#[test]
fn one_key_that_suffices_is_warned_about() {
    assert_eq!(
        with(&[PYPI, &signer("ada")], "ada"),
        ["policy-one-key: one key of `ada` meets this requirement alone"]
    );
    assert_eq!(
        with(&[PYPI, &signer("ada")], "pypi and (age >= 7d or ada)"),
        ["policy-one-key: one key of `ada` meets this requirement alone"],
        "a new file, by one key, at once"
    );
    assert!(with(&[PYPI, &signer("ada"), &signer("bob")], "ada and bob").is_empty());
    assert!(with(&[PYPI], "pypi and age >= 7d").is_empty(), "no key at all: the policy says so itself");
}

#[test]
fn one_key_serving_two_halves_is_warned_about() {
    let twin = signer("ada").replace("[party.ada]", "[party.twin]");
    let said = with(&[PYPI, &signer("ada"), &twin], "ada >= 50% and twin >= 50%");
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].starts_with("policy-key-shared: parties `ada` and `twin` share key"), "{said:?}");
    assert_eq!(said[1], "policy-one-key: one key of `ada` meets this requirement alone");
    let said =
        with(&[PYPI, &signer("ada"), &twin, &signer("bob")], "ada >= 60% and twin >= 60% or bob and ada");
    assert_eq!(said.len(), 1, "only that the key is shared: {said:?}");
}

#[test]
fn one_key_that_reaches_the_score_is_warned_about() {
    let heavy = signer_with("ada", "weight = 5");
    let light = signer_with("bob", "weight = 2");
    assert_eq!(
        with(&[&heavy, &light], "score >= 5"),
        ["policy-one-key: one key of `ada` meets this requirement alone"]
    );
    assert!(with(&[&heavy, &light], "score >= 6").is_empty());
}

#[test]
fn a_party_nothing_asks_for_is_warned_about() {
    assert_eq!(
        with(&[PYPI, &signer("ada")], "pypi"),
        ["policy-party-unused: nothing in the policy asks for party `ada`"]
    );
    let text = policy_text(&[PYPI, &signer("ada")], "pypi", "refuse = 'vetoes'");
    assert!(warnings(&text).is_empty(), "a veto asks every signer");
}
