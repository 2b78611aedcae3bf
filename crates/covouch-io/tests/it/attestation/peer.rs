//! pypi-attestations from PyPI and ours, given the same.

use std::{fs, process::Command};

use covouch_io::attestation::verify;
use covouch_testkit::tools::Tools;
use serde_json::{Value, json};

use super::*;

/// Verifies each case offline under the production root, and prints a line of JSON: the case's name, and what the
/// refusal says, or nothing. As `pypi-attestations verify pypi` does, every attestation of every bundle, against the
/// publisher of its bundle; a single attestation against the one that is given.
const SCRIPT: &str = r#"
import json, sys
from pathlib import Path
from pydantic import TypeAdapter
from pypi_attestations import Attestation, Distribution, Provenance, Publisher

def verify(case):
    dist = Distribution(name=case["file"], digest=case["sha256"])
    text = Path(case["path"]).read_text()
    if case["publisher"] is None:
        for bundle in Provenance.model_validate_json(text).attestation_bundles:
            for attestation in bundle.attestations:
                attestation.verify(bundle.publisher, dist, offline=True)
    else:
        publisher = TypeAdapter(Publisher).validate_python(case["publisher"])
        Attestation.model_validate_json(text).verify(publisher, dist, offline=True)

for case in json.load(open(sys.argv[1])):
    try:
        verify(case)
        print(json.dumps([case["name"], None]))
    except Exception as error:
        print(json.dumps([case["name"], f"{type(error).__name__}: {error}"[:300]]))
"#;

/// What both are given, and what is expected of them.
struct Case {
    name: &'static str,
    file: &'static str,
    provenance: Vec<u8>,
    publisher: Value,
    /// Whether we, and they, find that it holds.
    holds: [bool; 2],
}

impl Case {
    fn provenance(name: &'static str, file: &'static str, holds: [bool; 2]) -> Self {
        Self { name, file, provenance: data(&format!("{file}.provenance")), publisher: Value::Null, holds }
    }

    fn single(
        name: &'static str,
        [file, end]: [&'static str; 2],
        publisher: Value,
        holds: [bool; 2],
    ) -> Self {
        Self { name, file, provenance: data(&format!("{file}{end}")), publisher, holds }
    }

    fn changed(name: &'static str, holds: [bool; 2], change: impl FnOnce(&mut Value)) -> Self {
        Self { name, file: SDIST, provenance: changed(change), publisher: Value::Null, holds }
    }
}

const BOTH: [bool; 2] = [true, true];
const NEITHER: [bool; 2] = [false, false];
const THEY_ALONE: [bool; 2] = [false, true];

fn real() -> Vec<Case> {
    let ours = |repository| json!({"kind": "GitHub", "repository": repository, "workflow": "release.yml"});
    let gitlab = json!({
        "kind": "GitLab", "repository": "facutuesca/gitlab-oidc-project", "workflow_filepath": ".gitlab-ci.yml",
    });
    let circleci = json!({
        "kind": "CircleCI", "project_id": "fdd9283f-e619-46af-8f9c-851f7d3e8b2b",
        "pipeline_definition_id": "8e4f8ab2-8d7c-4827-9f15-de076d6d647f",
    });
    let sdist = || ours("trailofbits/pypi-attestations");
    vec![
        Case::provenance("github", SDIST, BOTH),
        Case::provenance("google", GOOGLE, BOTH),
        Case::provenance("circleci", CIRCLECI, BOTH),
        Case::single("publish", [SDIST, ".publish.attestation"], sdist(), BOTH),
        Case::single("slsa", [SDIST, ".slsa.attestation"], sdist(), BOTH),
        Case::single("renamed", [RENAMED, ".attestation"], ours("trailofbits/pypi-attestation-models"), BOTH),
        Case::single("gitlab", [GITLAB, ".publish.attestation"], gitlab, BOTH),
        Case::single("circleci alone", [CIRCLECI, ".publish.attestation"], circleci, BOTH),
        Case::single("staging", [STAGING, ".attestation"], sdist(), NEITHER),
        Case::single("staging publish", [STAGING, ".publish.attestation"], sdist(), NEITHER),
    ]
}

fn tampered() -> Vec<Case> {
    vec![
        // There, nothing attested is nothing wrong; here, it is no attestation.
        Case::changed("no bundles", THEY_ALONE, |it| it["attestation_bundles"] = json!([])),
        Case::changed("an empty bundle", THEY_ALONE, |it| {
            it["attestation_bundles"][0]["attestations"] = json!([]);
        }),
        // There, entries of the log after the first are not looked at; here, whatever is there has to hold.
        Case::changed("a second entry", THEY_ALONE, |it| {
            let entries = &mut first(it)["verification_material"]["transparency_entries"];
            let mut again = entries[0].clone();
            again["integratedTime"] = json!("1733354042");
            entries.as_array_mut().unwrap().push(again);
        }),
        Case::changed("another repository", NEITHER, |it| {
            it["attestation_bundles"][0]["publisher"]["repository"] = json!("evil/pypi-attestations");
        }),
        Case::changed("another workflow", NEITHER, |it| {
            it["attestation_bundles"][0]["publisher"]["workflow"] = json!("other.yml");
        }),
        Case::changed("another signature", NEITHER, |it| flip(&mut first(it)["envelope"]["signature"], 40)),
        Case::changed("another time", NEITHER, |it| {
            first(it)["verification_material"]["transparency_entries"][0]["integratedTime"] =
                json!("1733354042");
        }),
        Case::changed("two subjects", NEITHER, |it| {
            restate(it, |it| it["subject"] = json!([it["subject"][0], it["subject"][0]]));
        }),
        Case::changed("a bad second bundle", NEITHER, |it| {
            let mut again = it["attestation_bundles"][0].clone();
            flip(&mut again["attestations"][0]["envelope"]["signature"], 40);
            it["attestation_bundles"].as_array_mut().unwrap().push(again);
        }),
    ]
}

/// What pypi-attestations says of each case: nothing, or why not.
fn ask(cases: &[Case]) -> Vec<(String, Option<String>)> {
    let folder = tempfile::tempdir().unwrap();
    let list: Vec<Value> = cases
        .iter()
        .enumerate()
        .map(|(place, case)| {
            let path = folder.path().join(place.to_string());
            fs::write(&path, &case.provenance).unwrap();
            let sha256 = file(case.file).sha256.to_string();
            json!({
                "name": case.name, "file": case.file, "sha256": sha256, "path": path,
                "publisher": case.publisher,
            })
        })
        .collect();
    let questions = folder.path().join("cases.json");
    fs::write(&questions, Value::from(list).to_string()).unwrap();
    let done = Command::new(Tools::find().peers_python().unwrap())
        .args(["-c", SCRIPT])
        .arg(&questions)
        // Its copies of Sigstore's roots are its own affair, not this machine's.
        .env("XDG_DATA_HOME", folder.path())
        .env("XDG_CACHE_HOME", folder.path())
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn pypi_attestations_and_we_agree_but_where_it_is_said_why() {
    let cases: Vec<Case> = real().into_iter().chain(tampered()).collect();
    let answers = ask(&cases);
    assert_eq!(answers.len(), cases.len());
    for (case, (name, refusal)) in cases.iter().zip(answers) {
        assert_eq!(case.name, name);
        let ours = verify(&file(case.file), &case.provenance, &production());
        assert_eq!([ours.is_ok(), refusal.is_none()], case.holds, "{name}: {ours:?}, {refusal:?}");
    }
}
