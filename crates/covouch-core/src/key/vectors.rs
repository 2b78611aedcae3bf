//! Signatures made to make verifiers disagree, from other people's collections (`tests/data/vectors`).

use serde::Deserialize;

use super::PublicKey;

#[derive(Deserialize)]
struct Cctv {
    number: u32,
    key: String,
    sig: String,
    msg: String,
    flags: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wycheproof {
    number_of_tests: usize,
    test_groups: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Group {
    public_key: Point,
    tests: Vec<Case>,
}

#[derive(Deserialize)]
struct Point {
    pk: String,
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

fn bytes(hexadecimal: &str) -> Vec<u8> {
    let digits = hexadecimal.as_bytes();
    assert!(digits.len().is_multiple_of(2), "{hexadecimal}");
    let pairs = digits.as_chunks::<2>().0.iter();
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// Whether we would believe this signature: the key must be a key to us, and the signature must fit.
fn believed(key: &str, message: &[u8], signature: &str) -> bool {
    let key = PublicKey::from_bytes(bytes(key).try_into().unwrap());
    let signature = <[u8; 64]>::try_from(bytes(signature));
    matches!((key, signature), (Ok(key), Ok(signature)) if key.verifies(message, &signature))
}

#[test]
fn of_the_cctv_edge_cases_only_the_clean_ones_are_believed() {
    let vectors: Vec<Cctv> =
        serde_json::from_str(include_str!("../../tests/data/vectors/ed25519vectors.json")).unwrap();
    assert_eq!(vectors.len(), 914);
    let (believed, refused): (Vec<&Cctv>, Vec<&Cctv>) =
        vectors.iter().partition(|vector| believed(&vector.key, vector.msg.as_bytes(), &vector.sig));
    // As many as libsodium believes (README.md beside the vectors).
    assert_eq!(believed.len(), 43);
    let flags = |vector: &Cctv| vector.flags.clone().unwrap_or_default();
    for vector in &believed {
        let strange =
            ["low_order_A", "low_order_R", "non_canonical_A", "non_canonical_R", "low_order_residue"];
        let found = flags(vector).into_iter().find(|flag| strange.contains(&flag.as_str()));
        assert_eq!(found, None, "vector {}", vector.number);
    }
    assert!(refused.iter().all(|vector| !flags(vector).is_empty()), "what has no flaw is believed");
}

#[test]
fn every_wycheproof_vector_is_judged_as_it_says() {
    let file: Wycheproof =
        serde_json::from_str(include_str!("../../tests/data/vectors/wycheproof_ed25519_test.json")).unwrap();
    let mut judged = 0;
    for group in &file.test_groups {
        for case in &group.tests {
            let believed = believed(&group.public_key.pk, &bytes(&case.msg), &case.sig);
            assert_eq!(believed, case.result == "valid", "{}: {}", case.tc_id, case.comment);
            judged += 1;
        }
    }
    assert_eq!(judged, file.number_of_tests);
}
