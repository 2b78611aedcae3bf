//! `covouch authors derive`, where real attestations say who published what.

use std::fs;

use serde_json::{Value, json};

use super::{INTEGRITY, SDIST, data, page, server::Server};
use crate::desk::{Desk, Ran};

const PROJECT: &str = "pypi-attestations";
/// What [`PROJECT`] was called before, and its repository with it.
const BEFORE: &str = "pypi-attestation-models";
const RENAMED: &str = "pypi_attestation_models-0.0.4a2.tar.gz";

/// Six months lie between the uploads.
fn world() -> (Server, Desk) {
    let (server, desk) = (Server::start(), Desk::new());
    page(&server, BEFORE, &[(RENAMED, "2024-07-02T10:00:00Z", Some("/integrity/before"))]);
    page(&server, PROJECT, &[(SDIST, "2024-12-04T23:14:03Z", Some("/integrity/now"))]);
    server.serve("/integrity/before", INTEGRITY, before("trailofbits/pypi-attestation-models"));
    server.serve("/integrity/now", INTEGRITY, data(&format!("{SDIST}.provenance")));
    fs::create_dir(desk.project().join("trust")).unwrap();
    desk.covouch(&["key", "new", "lead", "--no-passphrase"]).ends(0);
    desk.write(
        "authors.toml",
        "schema = 1\nreleases = 2\ndays = 100\npackaged-or-voted = 0\nvetoes = 1\nvalidity = \"90d\"\n\
         projects = [\"pypi-attestation*\"]\n",
    );
    (server, desk)
}

/// The provenance object in which an index would serve the real attestation of [`RENAMED`].
fn before(repository: &str) -> Vec<u8> {
    let attestation: Value = serde_json::from_slice(&data(&format!("{RENAMED}.attestation"))).unwrap();
    let publisher = json!({"kind": "GitHub", "repository": repository, "workflow": "release.yml"});
    let bundle = json!({"publisher": publisher, "attestations": [attestation]});
    json!({"version": 1, "attestation_bundles": [bundle]}).to_string().into_bytes()
}

fn derive(server: &Server, desk: &Desk, more: &[&str]) -> Ran {
    let index = format!("{}/simple/", server.origin());
    let fixed = ["authors", "derive", BEFORE, PROJECT, "--key", "lead", "--index", &index];
    desk.covouch(&[&fixed[..], more].concat())
}

#[test]
fn a_publisher_is_an_author_under_its_new_name_for_what_it_released_under_both() {
    let (server, desk) = world();
    let answer = derive(&server, &desk, &["--yes", "--format", "json"]).ends(0).json();
    let [author] = answer["authors"].as_array().unwrap().as_slice() else { panic!("{answer:#}") };
    assert_eq!(author["identity"], "github:trailofbits/pypi-attestations");
    assert_eq!(author["projects"], json!([BEFORE, PROJECT]));
    assert_eq!((&author["releases"], &author["outcome"]), (&json!(2), &json!("granted")));
    assert_eq!(
        (&author["first"], &author["last"]),
        (&json!("2024-07-02T10:00:00Z"), &json!("2024-12-04T23:14:03Z"))
    );
    desk.covouch(&["trust", "list", "--key", "lead"])
        .ends(0)
        .says("github:trailofbits/pypi-attestations")
        .says("until 2026-08-31T15:00:00Z");
    derive(&server, &desk, &["--yes"]).ends(0).says("nothing to sign");
}

#[test]
fn an_attestation_that_says_another_repository_than_its_certificate_grants_nothing() {
    let (server, desk) = world();
    server.serve("/integrity/before", INTEGRITY, before("trailofbits/pypi-attestations"));
    let ran = derive(&server, &desk, &["--yes"]).ends(0).says("below: 1 of 2 releases");
    ran.says("nothing to sign")
        .says("the certificate of `github:trailofbits/pypi-attestation-models` says otherwise");
}
