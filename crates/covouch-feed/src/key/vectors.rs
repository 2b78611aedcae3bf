//! Signatures made to make verifiers disagree (`tests/data/vectors`, C2SP Wycheproof).

use serde::Deserialize;

use super::Key;
use crate::{
    field::{Fields, from_hex},
    value::Value,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wycheproof {
    number_of_tests: usize,
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    public_key_pem: String,
    tests: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Case {
    tc_id: u32,
    comment: String,
    msg: String,
    sig: String,
    result: String,
}

fn key(kind: &str, scheme: &str, public: &str) -> Key {
    let value = Value::object([
        ("keytype", Value::text(kind)),
        ("scheme", Value::text(scheme)),
        ("keyval", Value::object([("public", Value::text(public))])),
    ]);
    Key::read(Fields::of("key", &value).unwrap()).unwrap()
}

#[test]
fn every_wycheproof_vector_of_p256_is_judged_as_it_says() {
    let text = include_str!("../../tests/data/vectors/wycheproof_ecdsa_secp256r1_sha256_test.json");
    let file: Wycheproof = serde_json::from_str(text).unwrap();
    let mut judged = 0;
    for group in &file.test_groups {
        let key = key("ecdsa", "ecdsa-sha2-nistp256", &group.public_key_pem);
        for case in &group.tests {
            let believed = key.verifies(&from_hex(&case.msg).unwrap(), &from_hex(&case.sig).unwrap());
            assert_eq!(believed, case.result == "valid", "{}: {}", case.tc_id, case.comment);
            judged += 1;
        }
    }
    assert_eq!(judged, file.number_of_tests);
}

#[test]
fn a_key_we_cannot_use_verifies_nothing_and_is_no_error() {
    let identity = format!("01{}", "00".repeat(31));
    for (kind, scheme, public) in [
        ("sphincs", "sphincs-shake", "00"),
        ("ed25519", "ed25519ph", identity.as_str()),
        ("ed25519", "ed25519", identity.as_str()),
        ("ecdsa", "ecdsa-sha2-nistp256", "no PEM"),
        ("rsa", "rsassa-pss-sha256", ""),
    ] {
        assert!(!key(kind, scheme, public).verifies(b"", &[0; 64]), "{kind}");
    }
}
