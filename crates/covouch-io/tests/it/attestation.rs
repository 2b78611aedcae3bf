//! Attestations as they are in the world, and each way to tamper with one.

#![expect(clippy::indexing_slicing, reason = "a test stops at what it did not expect")]

mod peer;

use std::{fs, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use covouch_core::{
    digest::Sha256,
    publisher::{Publisher, PublisherName},
    subject::FileName,
};
use covouch_io::attestation::{AttestationError, Proof, TrustRoot, publishers, verify};
use covouch_python::attestation::{DistributionFile, Predicate};
use covouch_testkit::{sigstore, wheel::Wheel};
use proptest::prelude::*;
use serde_json::{Value, json};

const SDIST: &str = "pypi_attestations-0.0.19.tar.gz";
const RENAMED: &str = "pypi_attestation_models-0.0.4a2.tar.gz";
const GOOGLE: &str = "gcb_attestation_test-0.0.0.tar.gz";
const GITLAB: &str = "gitlab_oidc_project-0.0.3.tar.gz";
const CIRCLECI: &str = "circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl";
const STAGING: &str = "rfc8785-0.1.2-py3-none-any.whl";

fn data(name: &str) -> Vec<u8> {
    fs::read(folder().join(name)).unwrap()
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/pep740")
}

fn file(name: &str) -> DistributionFile {
    DistributionFile { name: FileName::parse(name).unwrap(), sha256: Sha256::of(&data(name)) }
}

fn production() -> TrustRoot {
    TrustRoot::production().unwrap()
}

fn staging() -> TrustRoot {
    TrustRoot::parse(&data("trusted_root.staging.json")).unwrap()
}

fn proven(name: &str, end: &str) -> Vec<Proof> {
    verify(&file(name), &data(&format!("{name}{end}")), &production()).unwrap()
}

fn publisher(name: &str, end: &str) -> Publisher {
    let [publisher] = publishers(&proven(name, end)).try_into().unwrap();
    publisher
}

fn code(result: Result<Vec<Proof>, AttestationError>) -> &'static str {
    result.unwrap_err().code().as_str()
}

/// The provenance of [`SDIST`], changed.
fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut provenance = serde_json::from_slice(&data(&format!("{SDIST}.provenance"))).unwrap();
    change(&mut provenance);
    serde_json::to_vec(&provenance).unwrap()
}

/// The code with which a changed provenance of [`SDIST`] is refused.
fn refused(change: impl FnOnce(&mut Value)) -> &'static str {
    code(verify(&file(SDIST), &changed(change), &production()))
}

/// The first attestation of a provenance object.
fn first(provenance: &mut Value) -> &mut Value {
    &mut provenance["attestation_bundles"][0]["attestations"][0]
}

/// The first attestation with its statement changed, the signature left as it was.
fn restate(provenance: &mut Value, change: impl FnOnce(&mut Value)) {
    let text = &mut first(provenance)["envelope"]["statement"];
    let mut statement = serde_json::from_slice(&STANDARD.decode(text.as_str().unwrap()).unwrap()).unwrap();
    change(&mut statement);
    *text = json!(STANDARD.encode(statement.to_string()));
}

/// A base64 text with one bit of its bytes changed.
fn flip(text: &mut Value, place: usize) {
    let mut bytes = STANDARD.decode(text.as_str().unwrap()).unwrap();
    bytes[place] ^= 1;
    *text = json!(STANDARD.encode(bytes));
}

#[test]
fn a_workflow_of_github_is_proven_with_its_ids() {
    for end in [".provenance", ".publish.attestation", ".slsa.attestation"] {
        let publisher = publisher(SDIST, end);
        assert_eq!(publisher.to_string(), "github:trailofbits/pypi-attestations", "{end}");
        assert_eq!(publisher.workflow.as_deref(), Some("release.yml"));
        assert_eq!(publisher.repository_id.as_deref(), Some("772247423"));
        assert_eq!(publisher.owner_id.as_deref(), Some("2314423"));
    }
    let [publish, slsa] = [".publish.attestation", ".slsa.attestation"].map(|end| proven(SDIST, end));
    assert_eq!((publish[0].predicate(), slsa[0].predicate()), (Predicate::Publish, Predicate::Slsa));
    assert_eq!(publish[0].logged().to_string(), "2024-12-04T23:14:01Z");
}

#[test]
fn the_other_kinds_of_publishers_are_proven() {
    assert_eq!(
        publisher(GOOGLE, ".provenance").to_string(),
        "google:919436158236-compute@developer.gserviceaccount.com"
    );
    let gitlab = publisher(GITLAB, ".publish.attestation");
    assert_eq!(gitlab.to_string(), "gitlab:facutuesca/gitlab-oidc-project");
    assert_eq!(
        (gitlab.repository_id.as_deref(), gitlab.owner_id.as_deref()),
        (Some("55235664"), Some("12885801"))
    );
    for end in [".provenance", ".publish.attestation"] {
        assert_eq!(publisher(CIRCLECI, end).to_string(), "circleci:fdd9283f-e619-46af-8f9c-851f7d3e8b2b");
    }
}

#[test]
fn a_real_rename_of_a_repository_is_the_same_publisher() {
    let (before, after) = (publisher(RENAMED, ".attestation"), publisher(SDIST, ".provenance"));
    assert_eq!(before.to_string(), "github:trailofbits/pypi-attestation-models");
    assert_ne!(before.name, after.name);
    assert!(before.same_as(&after));
    assert!(!before.same_as(&publisher(GITLAB, ".publish.attestation")));
}

#[test]
fn the_staging_instance_proves_nothing_under_the_production_root() {
    for end in [".attestation", ".publish.attestation"] {
        let attestation = data(&format!("{STAGING}{end}"));
        assert_eq!(code(verify(&file(STAGING), &attestation, &production())), "attestation-log", "{end}");
        // Under its own root the signature holds, and a person who logged in is no publisher.
        assert_eq!(code(verify(&file(STAGING), &attestation, &staging())), "attestation-issuer", "{end}");
    }
    // The twin: what holds under the production root does not hold under staging's.
    let good = data(&format!("{SDIST}.provenance"));
    assert_eq!(code(verify(&file(SDIST), &good, &staging())), "attestation-log");
}

#[test]
fn the_sigstore_of_tests_proves_whom_it_names_and_only_under_its_own_root() {
    let own = TrustRoot::parse(sigstore::trusted_root().as_bytes()).unwrap();
    for name in ["github:org/demo", "gitlab:group/sub/demo"] {
        let publisher = Publisher {
            workflow: Some("release.yml".into()),
            repository_id: Some("7".into()),
            owner_id: Some("9".into()),
            ..Publisher::named(PublisherName::parse(name).unwrap())
        };
        let demo = Wheel::new("demo", "1.0").build();
        let file = DistributionFile { name: demo.subject().filename.clone(), sha256: demo.sha256() };
        let provenance = sigstore::provenance(&demo, &publisher);
        let proofs = verify(&file, provenance.as_bytes(), &own).unwrap();
        assert_eq!(publishers(&proofs), [publisher]);
        assert_eq!(code(verify(&file, provenance.as_bytes(), &production())), "attestation-log");
    }
    // Nor does it make anything of the real ones.
    let good = data(&format!("{SDIST}.provenance"));
    assert_eq!(code(verify(&file(SDIST), &good, &own)), "attestation-log");
}

#[test]
fn a_wheel_whose_tags_the_index_orders_otherwise_is_the_same_file() {
    let attestation =
        data("spt3g-1.0-cp310-cp310-manylinux_2_17_x86_64.manylinux2014_x86_64.whl.publish.attestation");
    let sha256 = "d2772f9a5199f05ed1be8d9aa78b879e51772e3ead9d73fe8057257b1aec7cf8";
    let mut file = DistributionFile {
        name: FileName::parse("spt3g-1.0-cp310-cp310-manylinux2014_x86_64.manylinux_2_17_x86_64.whl")
            .unwrap(),
        sha256: Sha256::parse(sha256).unwrap(),
    };
    assert_eq!(code(verify(&file, &attestation, &staging())), "attestation-issuer", "everything else holds");
    file.name = FileName::parse("spt3g-1.0-cp310-cp310-manylinux2014_x86_64.whl").unwrap();
    assert_eq!(code(verify(&file, &attestation, &staging())), "attestation-other-name");
}

#[test]
fn an_attestation_is_about_one_file_only() {
    let provenance = data(&format!("{SDIST}.provenance"));
    let good = file(SDIST);
    assert!(verify(&good, &provenance, &production()).is_ok());
    let renamed = DistributionFile {
        name: FileName::parse("pypi_attestations-0.0.20.tar.gz").unwrap(),
        ..good.clone()
    };
    assert_eq!(code(verify(&renamed, &provenance, &production())), "attestation-other-name");
    let changed = DistributionFile { sha256: Sha256::of(b"other bytes"), ..good };
    assert_eq!(code(verify(&changed, &provenance, &production())), "attestation-other-digest");
}

#[test]
fn each_mutation_of_a_good_provenance_is_refused_with_its_own_code() {
    assert_eq!(refused(|it| it["attestation_bundles"] = json!([])), "provenance-empty");
    assert_eq!(refused(|it| it["attestation_bundles"][0]["attestations"] = json!([])), "provenance-empty");
    let publisher = |it: &mut Value, field: &str, value: &str| {
        it["attestation_bundles"][0]["publisher"][field] = json!(value)
    };
    assert_eq!(
        refused(|it| publisher(it, "repository", "evil/pypi-attestations")),
        "attestation-other-publisher"
    );
    assert_eq!(refused(|it| publisher(it, "workflow", "other.yml")), "attestation-other-publisher");
    assert_eq!(refused(|it| publisher(it, "kind", "SourceHut")), "provenance-publisher");
    let subject =
        |it: &mut Value, change: fn(&mut Value)| restate(it, |statement| change(&mut statement["subject"]));
    assert_eq!(
        refused(|it| subject(it, |subject| *subject = json!([subject[0], subject[0]]))),
        "attestation-subjects"
    );
    let predicate = |statement: &mut Value| statement["predicateType"] = json!("https://example.com/v1");
    assert_eq!(refused(|it| restate(it, predicate)), "attestation-predicate");
    // A predicate that would count, and was not the one signed.
    let slsa = |statement: &mut Value| statement["predicateType"] = json!(Predicate::Slsa.uri());
    assert_eq!(refused(|it| restate(it, slsa)), "attestation-signature");
    assert_eq!(refused(|it| flip(&mut first(it)["envelope"]["signature"], 40)), "attestation-signature");
    let material = |it: &mut Value, field: &str, value: Value| {
        first(it)["verification_material"]["transparency_entries"][0][field] = value;
    };
    assert_eq!(refused(|it| material(it, "integratedTime", json!("1733354042"))), "attestation-log");
    assert_eq!(refused(|it| material(it, "inclusionProof", json!(null))), "attestation-log");
    assert_eq!(refused(|it| material(it, "inclusionPromise", json!(null))), "attestation-log");
    assert_eq!(refused(|it| material(it, "canonicalizedBody", json!("e30="))), "attestation-log");
    let certificate = |it: &mut Value| flip(&mut first(it)["verification_material"]["certificate"], 600);
    assert_eq!(refused(certificate), "attestation-certificate");
}

#[test]
fn one_bad_bundle_beside_a_good_one_is_a_refusal() {
    let twice = |it: &mut Value| {
        let again = it["attestation_bundles"][0].clone();
        it["attestation_bundles"].as_array_mut().unwrap().push(again);
    };
    let proofs = verify(&file(SDIST), &changed(twice), &production()).unwrap();
    assert_eq!((proofs.len(), publishers(&proofs).len()), (2, 1));
    let bad = changed(|it| {
        twice(it);
        flip(&mut it["attestation_bundles"][1]["attestations"][0]["envelope"]["signature"], 40);
    });
    let error = verify(&file(SDIST), &bad, &production()).unwrap_err();
    assert_eq!(error.code().as_str(), "attestation-signature");
    assert!(error.to_string().starts_with("attestation 1 of bundle 2: "), "{error}");
}

#[test]
fn a_certificate_of_another_attestation_does_not_lend_its_publisher() {
    let slsa: Value = serde_json::from_slice(&data(&format!("{SDIST}.slsa.attestation"))).unwrap();
    let borrowed = |part: &'static str| {
        let slsa = &slsa;
        refused(move |it| {
            first(it)["verification_material"][part] = slsa["verification_material"][part].clone()
        })
    };
    assert_eq!(borrowed("certificate"), "attestation-signature");
    // The log took that one in before this certificate was issued.
    assert_eq!(borrowed("transparency_entries"), "attestation-certificate");
}

proptest! {
    #[test]
    fn a_changed_byte_never_proves_anything_else(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut provenance = data(&format!("{SDIST}.provenance"));
        let good = verify(&file(SDIST), &provenance, &production()).unwrap();
        let place = place.index(provenance.len());
        provenance[place] = byte;
        if let Ok(proofs) = verify(&file(SDIST), &provenance, &production()) {
            // Whether the index names an environment is the index's own affair; what is proven stays.
            prop_assert_eq!(publishers(&proofs), publishers(&good));
            prop_assert_eq!(proofs[0].logged(), good[0].logged());
        }
    }
}
