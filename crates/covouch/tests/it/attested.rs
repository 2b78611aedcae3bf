//! `covouch check --attest`: the signed verdict on a lock file, as others read it.

use std::path::Path;

use covouch_core::{
    digest::Sha256,
    key::PublicKey,
    statement::{Envelope, VerifyError, verify},
};
use covouch_testkit::{distribution::Distribution, index::IndexServer, tools::Tools};
use serde_json::{Value, json};

use crate::{
    desk::{Desk, NOW, Ran},
    shelf::{aged, and_new, old, wheel},
};

const LOCK: &str = "requirements.txt";
const OUT: &str = "out/lock.vsa.json";

/// `demo` has been there for months, `fresh` for an hour; three days of age are asked for. The key is `ci`.
fn desk() -> (IndexServer, Desk) {
    let site = and_new(old([wheel("demo", "1.0")]), [wheel("fresh", "1.0")]);
    let (index, desk) = (IndexServer::start(site), Desk::new());
    desk.write("covouch.toml", aged(&index));
    desk.covouch(&["key", "new", "ci", "--no-passphrase"]).ends(0);
    lock(&desk, &[wheel("demo", "1.0")]);
    (index, desk)
}

/// Pins these files, each by its digest.
fn lock(desk: &Desk, files: &[Distribution]) {
    let lines = files
        .iter()
        .map(|file| format!("{}=={} --hash=sha256:{}\n", file.project(), file.version(), file.sha256()));
    desk.write(LOCK, lines.collect::<String>());
}

fn attest(desk: &Desk) -> Ran {
    desk.covouch(&["check", LOCK, "--attest", OUT, "--key", "ci"])
}

/// The predicate, after securesystemslib and in-toto-attestation found the envelope to be about these bytes.
#[track_caller]
fn read_by_peers(desk: &Desk) -> Value {
    let pem = desk.covouch(&["key", "export", "ci", "--pem"]).ends(0).stdout;
    let pem = desk.write("ci.pem", pem);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peers/check_summary.py");
    let mut check = desk.program(Tools::find().peers_python().unwrap());
    check.arg("-B").arg(script).arg(OUT).arg(pem).arg(LOCK);
    desk.start(check).wait().ends(0).json()
}

fn attested(desk: &Desk) -> bool {
    desk.project().join(OUT).exists()
}

#[test]
fn a_lock_that_is_admitted_passed() {
    let (_index, desk) = desk();
    attest(&desk)
        .ends(0)
        .says("1 admitted")
        .says("signed PASSED for requirements.txt into out/lock.vsa.json");
    let digest = |name: &str| Sha256::of(desk.read(name).as_bytes()).to_string();
    let expected = json!({
        "verifier": {
            "id": "urn:covouch:verifier:v1",
            "version": { "covouch": env!("CARGO_PKG_VERSION") },
        },
        "timeVerified": NOW,
        "resourceUri": LOCK,
        "policy": { "uri": "covouch.toml", "digest": { "sha256": digest("covouch.toml") } },
        "verificationResult": "PASSED",
        "verifiedLevels": ["COVOUCH_ADMITTED"],
        "covouch_counts": {
            "admitted": 1, "waived": 0, "monitored": 0, "undecided": 0, "refused": 0,
            "problems": 0, "unlisted": 0, "passed_over": 0,
        },
    });
    assert_eq!(read_by_peers(&desk), expected);
}

#[test]
fn a_lock_with_one_file_that_is_too_new_failed_and_says_so_under_a_signature() {
    let (_index, desk) = desk();
    lock(&desk, &[wheel("demo", "1.0"), wheel("fresh", "1.0")]);
    attest(&desk).ends(4).says("[too-new]").says("signed FAILED for requirements.txt");
    let predicate = read_by_peers(&desk);
    assert_eq!(predicate["verificationResult"], "FAILED");
    assert_eq!(predicate["verifiedLevels"], json!(["FAILED"]));
    assert_eq!(predicate["covouch_counts"]["admitted"], 1);
    assert_eq!(predicate["covouch_counts"]["undecided"], 1);
}

#[test]
fn a_file_that_is_let_in_by_watching_alone_is_not_said_to_be_admitted() {
    let (index, desk) = desk();
    lock(&desk, &[wheel("demo", "1.0"), wheel("fresh", "1.0")]);
    desk.write("covouch.toml", aged(&index).replace("schema = 1", "schema = 1\nmode = \"monitor\""));
    attest(&desk).ends(0).says("signed FAILED");
    let predicate = read_by_peers(&desk);
    assert_eq!(predicate["verifiedLevels"], json!(["FAILED"]));
    assert_eq!(predicate["covouch_counts"]["monitored"], 1);
}

#[test]
fn a_changed_byte_of_the_lock_is_another_subject() {
    let (_index, desk) = desk();
    attest(&desk).ends(0);
    let before = desk.read(OUT);
    attest(&desk).ends(0);
    assert_eq!(desk.read(OUT), before, "the same lock at the same moment is the same attestation");
    desk.write(LOCK, desk.read(LOCK) + "\n");
    attest(&desk).ends(0);
    assert_ne!(desk.read(OUT), before);
    // It is about the new bytes, and about them alone.
    read_by_peers(&desk);
}

#[test]
fn an_attestation_is_no_statement_about_files() {
    let (_index, desk) = desk();
    attest(&desk).ends(0);
    let line = desk.covouch(&["key", "export", "ci"]).ends(0).stdout;
    let (key, _) = PublicKey::parse(line.trim_end()).unwrap();
    let envelope = Envelope::parse(desk.read(OUT).trim_end().as_bytes()).unwrap();
    assert!(matches!(verify(&envelope, &key), Err(VerifyError::Payload(_))));
}

#[test]
fn the_base_policy_stands_beside_the_projects_own() {
    let (index, desk) = desk();
    let base = desk.root().join("base policy.toml");
    std::fs::write(&base, aged(&index)).unwrap();
    let desk = desk.set("COVOUCH_BASE_POLICY", &base);
    attest(&desk).ends(0);
    let predicate = read_by_peers(&desk);
    assert_eq!(predicate["policy"]["uri"], "covouch.toml");
    let named = predicate["covouch_basePolicy"]["uri"].as_str().unwrap();
    assert!(named.starts_with("file:///") && named.ends_with("/base%20policy.toml"), "{named}");
    let digest = Sha256::of(aged(&index).as_bytes()).to_string();
    assert_eq!(predicate["covouch_basePolicy"]["digest"], json!({ "sha256": digest }));
}

#[test]
fn one_attestation_is_about_one_lock_file() {
    let (_index, desk) = desk();
    desk.write("ci/requirements.txt", desk.read(LOCK));
    let both = ["check", LOCK, "ci/requirements.txt", "--attest", OUT, "--key", "ci"];
    desk.covouch(&both).ends(2).says("about one lock file, and 2 are named [usage]").says("hint: ");
    // What another file says may change under the same digest.
    desk.write(LOCK, "-r ci/requirements.txt\n");
    attest(&desk).ends(2).says("`requirements.txt` includes `ci/requirements.txt`").says("hint: ");
    assert!(!attested(&desk));
    desk.covouch(&["check", "ci/requirements.txt", "--attest", OUT, "--key", "ci"]).ends(0);
}

#[test]
fn the_lock_is_never_replaced_by_its_attestation() {
    let (_index, desk) = desk();
    let before = desk.read(LOCK);
    desk.covouch(&["check", LOCK, "--attest", "./requirements.txt", "--key", "ci"])
        .ends(2)
        .says("is the lock file itself");
    assert_eq!(desk.read(LOCK), before);
}

#[test]
fn a_key_that_is_missing_or_locked_signs_nothing() {
    let (_index, desk) = desk();
    let secret = desk.write("secret", "correct horse\n");
    let secret = secret.to_str().unwrap();
    desk.covouch(&["key", "new", "locked", "--passphrase-file", secret]).ends(0);
    let with = |more: &[&str]| desk.covouch(&[&["check", LOCK, "--attest", OUT][..], more].concat());
    with(&[]).ends(2).says("--key");
    with(&["--key", "nobody"]).ends(1).says("[key-not-found]").says("hint: ");
    // Nobody waits for a verdict that cannot be signed.
    with(&["--key", "locked"]).ends(1).says("[key-locked]").never_says("1 admitted");
    assert!(!attested(&desk));
    with(&["--key", "locked", "--passphrase-file", secret]).ends(0).says("signed PASSED");
}

#[test]
fn a_place_that_cannot_be_written_is_said_after_the_verdict() {
    let (_index, desk) = desk();
    desk.write("out", "a file, and no folder");
    attest(&desk).ends(1).says("1 admitted").says("error: ");
}
