//! The policy of the original proposal, to the letter: `PyPI` 0.5, a curator 1.0, internal curators 2.0 each, at
//! least 5.5.

use covouch_core::subject::Subject;

use crate::world::{World, alone, file, policy_text, signer_with};

const PEOPLE: [&str; 3] = ["curator", "security", "platform"];

fn proposal() -> String {
    policy_text(
        &[
            "[party.pypi]\nindex = \"pypi\"\nweight = 0.5\n",
            &signer_with("curator", "weight = 1.0"),
            &signer_with("security", "weight = 2.0"),
            &signer_with("platform", "weight = 2.0"),
        ],
        "score >= 5.5",
        "",
    )
}

fn requests() -> Subject {
    file("requests-2.32.3-py3-none-any.whl")
}

/// Everybody says yes, except one.
fn without(absent: &str) -> World {
    let mut world = World::new();
    if absent == "pypi" {
        world.has("pypi", "requests", covouch_core::evidence::Known::Is(false));
    } else {
        world.lists("pypi", &requests(), "2026-05-30");
    }
    for person in PEOPLE.into_iter().filter(|person| *person != absent) {
        world.vouches(person, &requests());
    }
    world
}

#[test]
fn all_four_together_admit() {
    assert_eq!(without("nobody").code(&proposal(), &requests()), "admitted");
}

#[test]
fn without_any_one_of_the_four_the_file_stays_out() {
    for absent in ["pypi", "curator", "security", "platform"] {
        assert_eq!(without(absent).code(&proposal(), &requests()), "not-enough-vouches", "without {absent}");
    }
}

#[test]
fn one_key_under_two_parties_counts_once() {
    let shared = proposal().replace(
        &crate::world::secret("platform").public_key().to_string(),
        &crate::world::secret("security").public_key().to_string(),
    );
    let world = without("platform");
    let policies = alone(&shared);
    assert_eq!(world.judge(&policies, &requests()).code().as_str(), "not-enough-vouches");
    let explanation = world.explain(&policies, &requests());
    let policy = &explanation.policies[0];
    assert_eq!((policy.raw.to_string(), policy.independent.to_string()), ("5.5".into(), "3.5".into()));
    let said = covouch_policy::reasons::sentence(&explanation);
    let key = crate::world::secret("security").public_key().id().short();
    assert!(said.starts_with("score 3.5 of 5.5"), "{said}");
    assert!(
        said.contains(&format!("key `{key}` speaks for security and platform and counts once")),
        "{said}"
    );
    let warnings: Vec<_> =
        policies.project().warnings().iter().map(|warning| warning.code().as_str()).collect();
    assert!(warnings.contains(&"policy-key-shared"), "{warnings:?}");
}

#[test]
fn one_millionth_less_is_not_enough() {
    let more = proposal().replace("5.5", "5.500001");
    let text = more.replace("weight = 1.0", "weight = 1.1");
    assert_eq!(without("nobody").code(&text, &requests()), "admitted");
    let text =
        proposal().replace("weight = 1.0", "weight = 0.999999").replace("weight = 0.5", "weight = 0.500001");
    assert_eq!(without("nobody").code(&text, &requests()), "admitted", "exact equality admits");
}
