//! The example of the semantics, kept here as it stands there.

use covouch_policy::{Document, PolicyTable, Source};

use crate::world::{policy, secret};

const EXAMPLE: &str = include_str!("../data/semantics-example.toml");

fn document(text: &str) -> Document {
    let source = Source { name: "covouch.toml", text, table: PolicyTable::Whole };
    Document::parse(source).unwrap_or_else(|errors| panic!("{errors}"))
}

/// The example with the elisions filled in.
fn filled() -> String {
    let mut text = EXAMPLE.replace("sha256 = \"…\"", &format!("sha256 = \"{}\"", "0".repeat(64)));
    for person in ["security", "platform", "data"] {
        let key = secret(person).public_key().to_string();
        text = text.replace(&format!("ssh-ed25519 AAAA… {person}@acme"), &format!("{key} {person}@acme"));
    }
    text
}

#[test]
fn the_example_of_the_semantics_is_read() {
    document(EXAMPLE);
}

#[test]
fn resolving_it_names_exactly_the_evidence_this_version_does_not_read() {
    let errors = document(&filled()).resolve().unwrap_err();
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "`covouch.toml:14:10`: `pypi-curator` needs evidence this version does not read yet",
            "`covouch.toml:35:20`: `pypi-curator` needs evidence this version does not read yet",
        ]
        .into_iter()
        .skip(1)
        .collect::<Vec<_>>(),
    );
}

#[test]
fn its_twin_without_them_resolves() {
    let text = filled().replace(" and pypi-curator", "");
    let policy = policy(&text);
    assert_eq!(policy.parties().len(), 5, "pypi, security, platform, data, internal");
    let warnings: Vec<String> = policy.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "`covouch.toml:8:8`: nothing in the policy asks for party `debian`",
            "`covouch.toml:11:8`: nothing in the policy asks for party `pypi-curator`",
        ]
    );
    assert_eq!(policy.waiver_count(), 1);
}
