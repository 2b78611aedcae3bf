//! `covouch lock-identities`.

use std::process::Command;

use covouch_core::digest::Sha256;
use covouch_testkit::tools::Tools;
use serde_json::{Value, json};

use super::{SDIST, data, server::Server};
use crate::desk::{Desk, Ran};

const CIRCLECI: &str = "circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl";
const PROVENANCE: &str = "/integrity/pypi-attestations/provenance";

/// A page on which these files are listed, each with the address of its provenance, if it has one.
fn page(server: &Server, project: &str, files: &[(&str, Option<&str>)]) {
    let origin = server.origin();
    let files: Vec<Value> = files
        .iter()
        .map(|(name, provenance)| {
            json!({
                "filename": name, "url": format!("{origin}/files/{name}"),
                "hashes": {"sha256": Sha256::of(&data(name)).to_string()},
                "provenance": provenance.map(|path| format!("{origin}{path}")),
            })
        })
        .collect();
    let page = json!({"meta": {"api-version": "1.3"}, "name": project, "files": files});
    server.serve(&format!("/simple/{project}/"), "application/vnd.pypi.simple.v1+json", page.to_string());
}

fn package(project: &str, version: &str, file: &str) -> String {
    let sha256 = Sha256::of(&data(file));
    let entry = format!(
        "{{ name = \"{file}\", url = \"https://index.example/{file}\", hashes = {{ sha256 = \"{sha256}\" }} }}"
    );
    let files =
        if file.ends_with(".whl") { format!("wheels = [{entry}]") } else { format!("sdist = {entry}") };
    format!("\n[[packages]]\nname = \"{project}\"\nversion = \"{version}\"\n{files}\n")
}

/// Two projects whose publishers an index can prove.
fn desk() -> (Server, Desk) {
    let (server, desk) = (Server::start(), Desk::new());
    page(&server, "pypi-attestations", &[(SDIST, Some(PROVENANCE))]);
    page(&server, "circleci-sign-publish-example", &[(CIRCLECI, Some("/integrity/circleci"))]);
    server.serve(PROVENANCE, "application/vnd.pypi.integrity.v1+json", data(&format!("{SDIST}.provenance")));
    server.serve("/integrity/circleci", "application/json", data(&format!("{CIRCLECI}.provenance")));
    let packages = [
        package("circleci-sign-publish-example", "0.0.1.dev137", CIRCLECI),
        package("pypi-attestations", "0.0.19", SDIST),
    ];
    let head = "# mine\nlock-version = \"1.0\"\ncreated-by = \"tests\"\n";
    desk.write("pylock.toml", format!("{head}{}", packages.concat()));
    (server, desk)
}

fn identities(server: &Server, desk: &Desk) -> Ran {
    desk.covouch(&["lock-identities", "--index", &format!("{}/simple/", server.origin())])
}

#[test]
fn publishers_are_written_into_the_lock_and_asked_for_once() {
    let (server, desk) = desk();
    identities(&server, &desk)
        .ends(0)
        .says("pypi-attestations 0.0.19  github:trailofbits/pypi-attestations")
        .says("2 of 2 packages name their publishers in pylock.toml");
    let written = desk.read("pylock.toml");
    assert!(written.starts_with("# mine\nlock-version"), "{written}");
    let github = "[[packages.attestation-identities]]\nkind = \"GitHub\"\nrepository = \"trailofbits/pypi-attestations\"\nworkflow = \"release.yml\"\n";
    assert!(written.ends_with(github), "{written}");
    assert!(written.contains("kind = \"CircleCI\"\nproject_id = \"fdd9283f-e619-46af-8f9c-851f7d3e8b2b\"\n"));
    identities(&server, &desk).ends(0).never_says("before");
    assert_eq!(desk.read("pylock.toml"), written);
    assert_eq!(server.asked(PROVENANCE), 1);
    // Whoever is offline still has what was verified.
    let index = format!("{}/simple/", server.origin());
    desk.covouch(&["lock-identities", "--offline", "--index", &index]).ends(0).says("2 of 2");
}

#[test]
fn packaging_reads_the_lock_that_was_written() {
    let (server, desk) = desk();
    identities(&server, &desk).ends(0);
    let script = "import sys, tomllib; from packaging.pylock import Pylock; \
                  lock = Pylock.from_dict(tomllib.load(open(sys.argv[1], 'rb'))); \
                  print([i['kind'] for p in lock.packages for i in p.attestation_identities])";
    let done = Command::new(Tools::find().peers_python().unwrap())
        .args(["-c", script])
        .arg(desk.project().join("pylock.toml"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert_eq!(said.trim_end(), "['CircleCI', 'GitHub']", "{}", String::from_utf8_lossy(&done.stderr));
}

#[test]
fn a_provenance_that_does_not_hold_leaves_the_lock_as_it_was() {
    let (server, desk) = desk();
    let before = desk.read("pylock.toml");
    let mut provenance: Value = serde_json::from_slice(&data(&format!("{SDIST}.provenance"))).unwrap();
    provenance["attestation_bundles"][0]["publisher"]["repository"] = json!("evil/pypi-attestations");
    server.serve(PROVENANCE, "application/json", provenance.to_string());
    identities(&server, &desk).ends(3).says("attestation-other-publisher").says(SDIST);
    assert_eq!(desk.read("pylock.toml"), before);
    // It was not kept: what the index serves next is what counts.
    server.serve(PROVENANCE, "application/json", data(&format!("{SDIST}.provenance")));
    identities(&server, &desk).ends(0).says("2 of 2");
}

#[test]
fn a_package_whose_publisher_nobody_names_has_no_identity() {
    let (server, desk) = desk();
    identities(&server, &desk).ends(0);
    page(&server, "pypi-attestations", &[(SDIST, None)]);
    // Pages are kept for some minutes.
    let ran = desk.covouch(&[
        "lock-identities",
        "--home",
        desk.root().join("another").to_str().unwrap(),
        "--index",
        &format!("{}/simple/", server.origin()),
    ]);
    ran.ends(0).says("1 of 2 packages").says("named other publishers before");
    let written = desk.read("pylock.toml");
    assert!(!written.contains("GitHub") && written.contains("CircleCI"), "{written}");
}

#[test]
fn an_index_that_does_not_answer_leaves_the_lock_as_it_was() {
    let (server, desk) = desk();
    let before = desk.read("pylock.toml");
    server.serve("/simple/pypi-attestations/", "text/plain", "a login page");
    identities(&server, &desk).ends(1);
    desk.covouch(&["lock-identities", "uv.lock"]).ends(2).says("pylock.toml");
    desk.covouch(&["lock-identities", "pylock.other.toml"]).ends(1);
    assert_eq!(desk.read("pylock.toml"), before);
}
