//! `covouch lock-identities`, and what `covouch check` makes of it.

use std::process::Command;

use covouch_core::{
    digest::Sha256,
    publisher::{Publisher, PublisherName},
    time::Timestamp,
};
use covouch_testkit::{
    distribution::Distribution,
    index::{Feature, IndexServer, Listed, Site},
    sigstore,
    tools::Tools,
    wheel::Wheel,
};
use serde_json::{Value, json};

use super::{INTEGRITY, SDIST, data, page, server::Server};
use crate::{
    desk::{Desk, OLD, Ran, files},
    shelf::policy,
};

const CIRCLECI: &str = "circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl";
const PROVENANCE: &str = "/integrity/pypi-attestations/provenance";

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
    page(&server, "pypi-attestations", &[(SDIST, OLD, Some(PROVENANCE))]);
    page(&server, "circleci-sign-publish-example", &[(CIRCLECI, OLD, Some("/integrity/circleci"))]);
    server.serve(PROVENANCE, INTEGRITY, data(&format!("{SDIST}.provenance")));
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
        .says("2 of 2 packages with publishers named in pylock.toml");
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
    page(&server, "pypi-attestations", &[(SDIST, OLD, None)]);
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

const DEMO: &str = "github:org/demo";

/// A publisher whose certificates name this repository.
fn publisher(name: &str) -> Publisher {
    Publisher {
        workflow: Some("release.yml".into()),
        repository_id: Some("7".into()),
        owner_id: Some("9".into()),
        ..Publisher::named(PublisherName::parse(name).unwrap())
    }
}

/// An index whose one release is attested by these, one wheel each, or by nobody; a lock of both wheels; and a policy
/// that asks nobody who published them.
fn locked(attested: [Option<&str>; 2]) -> (IndexServer, Desk) {
    let mut site = Site::new();
    let wheels =
        ["demo-1.0-py3-none-any.whl", "demo-1.0-1-py3-none-any.whl"].map(|name| Wheel::named(name).build());
    for (wheel, by) in wheels.iter().zip(attested) {
        site.list(Listed {
            distribution: wheel.clone(),
            uploaded: Timestamp::parse(OLD).unwrap(),
            yanked: None,
            hashed: true,
            provenance: by.map(|by| sigstore::provenance(wheel, &publisher(by)).into()),
        });
    }
    let (index, desk) = (IndexServer::start(site), Desk::new());
    desk.trust_the_sigstore_of_tests();
    desk.write("covouch.toml", policy(&index, "pypi and age >= 3d", "quarantined"));
    let entry = |wheel: &Distribution| {
        format!("{{ name = \"{}\", hashes = {{ sha256 = \"{}\" }} }}", wheel.filename(), wheel.sha256())
    };
    let lock = format!(
        "lock-version = \"1.0\"\ncreated-by = \"tests\"\n\n[[packages]]\nname = \"demo\"\nversion = \"1.0\"\n\
         wheels = [{}]\n",
        wheels.each_ref().map(entry).join(", ")
    );
    desk.write("pylock.toml", lock);
    (index, desk)
}

fn name(desk: &Desk, repository: &str, workflow: &str) {
    let lock = desk.read("pylock.toml");
    let lock = lock.split("\n[[packages.attestation-identities]]").next().unwrap();
    let identity = format!("kind = \"GitHub\"\nrepository = \"{repository}\"\nworkflow = \"{workflow}\"\n");
    desk.write("pylock.toml", format!("{lock}\n[[packages.attestation-identities]]\n{identity}"));
}

#[test]
fn a_check_holds_the_files_against_whom_the_lock_names() {
    let (index, desk) = locked([Some(DEMO), Some(DEMO)]);
    desk.covouch(&["check"]).ends(0).says("2 admitted");
    assert!(!index.requests().iter().any(|request| request.path.ends_with(".provenance")), "nobody asks");
    desk.covouch(&["lock-identities", "--index", &index.url()]).ends(0).says("1 of 1 package with");
    desk.covouch(&["check"]).ends(0).says("2 admitted");
    // What was verified is known without the index.
    desk.covouch(&["check", "--offline"]).ends(0).says("2 admitted");
    // Nor is the whole page read for it: what is torn here is all of it but its extract.
    for page in files(&desk.root().join("covouch/cache/pages")) {
        let bytes = std::fs::read(&page).unwrap();
        std::fs::write(&page, &bytes[..bytes.len() - 1]).unwrap();
    }
    desk.covouch(&["check", "--offline"]).ends(0).says("2 admitted");
    for (repository, workflow) in [("org/other", "release.yml"), ("org/demo", "nightly.yml")] {
        name(&desk, repository, workflow);
        let ran = desk.covouch(&["check"]).ends(3).says("2 refused").says("[lock-other-publisher]");
        ran.says("published by github:org/demo by release.yml, and the lock names github:org/")
            .says("to do: covouch lock-identities, once you know why it changed");
    }
    name(&desk, "Org/Demo", "release.yml");
    desk.covouch(&["check"]).ends(0).says("2 admitted");
}

#[test]
fn a_file_that_somebody_else_or_nobody_attests_is_refused() {
    for (other, said) in
        [(Some("github:other/demo"), "published by github:other/demo"), (None, "nobody attests")]
    {
        let (index, desk) = locked([Some(DEMO), other]);
        desk.covouch(&["check"]).ends(0);
        name(&desk, "org/demo", "release.yml");
        let ran =
            desk.covouch(&["check"]).ends(3).says("1 admitted, 1 refused").says("[lock-other-publisher]");
        ran.says(said);
        let written = desk.covouch(&["lock-identities", "--index", &index.url()]).ends(0);
        match other {
            Some(_) => {
                desk.covouch(&["check"]).ends(0).says("2 admitted");
            }
            None => {
                written
                    .says("nobody attests 1 of the 2 files of `demo`, and `covouch check` will refuse them");
            }
        }
    }
}

#[test]
fn an_index_that_does_not_say_who_publishes_leaves_the_file_undecided() {
    let (index, desk) = locked([None, None]);
    index.change(|site| *site = std::mem::take(site).without(Feature::Status));
    name(&desk, "org/demo", "release.yml");
    desk.covouch(&["check"]).ends(4).says("2 undecided").says("[provenance-not-served]");
}
