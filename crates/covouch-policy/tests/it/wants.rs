//! What to fetch: enough to judge, and no more.

use covouch_core::{evidence::Known, name::ProjectName};

use crate::world::{PYPI, World, alone, gap, policy_text, signer};

const INTERNAL: &str = "[party.internal]\nindex = \"https://packages.index.example/simple/\"\n";

fn wants(world: &World, text: &str, project: &str) -> Vec<String> {
    let wanted = alone(text).wants(&world.evidence, &ProjectName::parse(project).unwrap());
    wanted.iter().map(|index| format!("{} at {}", index.name, index.address)).collect()
}

#[test]
fn a_pinned_project_asks_its_index_only() {
    let rule = "[[rule]]\nprojects = ['acme-*']\nindex = 'internal'\nadmit = 'internal'";
    let text = policy_text(&[PYPI, INTERNAL], "pypi", rule);
    let world = World::new();
    assert_eq!(wants(&world, &text, "acme-auth"), ["internal at https://packages.index.example/simple/"]);
    assert_eq!(wants(&world, &text, "six"), ["pypi at pypi"], "the first; the next when it does not have it");
}

#[test]
fn indexes_are_asked_in_order_until_one_has_the_project() {
    let text = policy_text(&[INTERNAL, PYPI, &signer("ada"), &signer("bob")], "ada and bob", "");
    let mut world = World::new();
    assert_eq!(wants(&world, &text, "six").len(), 1);
    world.has("internal", "six", Known::Unknown(gap("internal")));
    assert!(
        wants(&world, &text, "six").is_empty(),
        "behind an index that did not answer, no other is the home"
    );
    world.has("internal", "six", Known::Is(false));
    assert_eq!(wants(&world, &text, "six"), ["pypi at pypi"]);
    world.has("pypi", "six", Known::Is(true));
    assert!(wants(&world, &text, "six").is_empty());
}

#[test]
fn indexes_the_requirement_names_are_asked_in_any_case() {
    let text = policy_text(&[INTERNAL, PYPI], "internal or pypi", "");
    assert_eq!(wants(&World::new(), &text, "six").len(), 2);
}

#[test]
fn every_folder_is_named() {
    let text = policy_text(&[PYPI, &signer("ada")], "pypi", "refuse = 'vetoes'");
    let folders = alone(&text).folders();
    assert_eq!(folders.len(), 1);
    assert_eq!((folders[0].name.as_str(), &*folders[0].from), ("ada", "trust/"));
}

#[test]
fn a_policy_shows_what_it_says() {
    let waiver = format!(
        "[[waiver]]\nsha256 = '{}'\nreason = 'x'\nexpires = 2027-01-01\napproved-by = 'ada'",
        "ab".repeat(32)
    );
    let rule = "[[rule]]\nprojects = ['Acme_*']\nindex = 'internal'";
    let text = policy_text(&[PYPI, INTERNAL, &signer("ada")], "pypi and (ada)", &format!("{rule}\n{waiver}"));
    let policy = crate::world::policy(&text);
    assert_eq!(policy.admit().to_string(), "pypi and ada");
    let rule = policy.rules().next().unwrap();
    assert_eq!(rule.projects[0].as_str(), "acme-*");
    assert_eq!(rule.index.unwrap().as_str(), "internal");
    assert!(rule.admit.is_none());
    let waiver = policy.waivers().next().unwrap();
    assert_eq!((waiver.reason, waiver.approved_by.unwrap().as_str()), ("x", "ada"));
}
