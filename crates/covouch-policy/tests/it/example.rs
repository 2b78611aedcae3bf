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
fn it_resolves() {
    // A digest stands for the one the example leaves out.
    let text = filled().replace("sha256:9f…", &format!("sha256:{}", "9f".repeat(32)));
    let policy = policy(&text);
    assert_eq!(policy.parties().len(), 7);
    let warnings: Vec<String> = policy.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings, ["`covouch.toml:8:8`: nothing in the policy asks for party `debian`"]);
    assert_eq!(policy.waiver_count(), 1);
}

#[test]
fn its_twin_with_the_root_left_out_does_not() {
    let errors = document(&filled()).resolve().unwrap_err();
    assert_eq!(errors.iter().count(), 1, "{errors}");
    assert_eq!(errors.iter().next().unwrap().place.line, 13);
}
