//! Statements nobody should believe, each wrong in one way.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use covouch_core::statement::{Envelope, VerifyError, verify, verify_head};
use covouch_testkit::keys;
use serde_json::{Value, json};

use crate::{
    forge::{IN_TOTO, TRUST, envelope, good, issuer, payload, read, read_payload},
    samples,
};

/// The code and the clause of the refusal.
fn refusal(text: &str) -> (String, String) {
    let error = read(text).unwrap_err();
    (error.code().to_string(), error.to_string())
}

fn malformed(text: &str, clause: &str) {
    let (code, said) = refusal(text);
    assert!(
        code == "statement-malformed" && said.contains(clause),
        "expected `{clause}`, got {code}: {said}"
    );
}

/// Changes a good payload, signs it properly, and expects it to be refused with this clause.
fn malformed_payload(payload_type: &str, payload: &str, clause: &str) {
    malformed(&envelope(payload_type, payload.as_bytes()).to_string(), clause);
}

fn changed(label: &str, pointer: &str, to: Value) -> String {
    let mut payload = payload(label);
    match payload.pointer_mut(pointer) {
        Some(value) => *value = to,
        None => {
            let (parent, key) = pointer.rsplit_once('/').unwrap();
            payload.pointer_mut(parent).unwrap()[key] = to;
        }
    }
    payload.to_string()
}

fn type_of(label: &str) -> &'static str {
    if ["vouch", "plain-vouch", "veto", "waiver", "release", "ballot", "first-ballot"].contains(&label) {
        IN_TOTO
    } else {
        TRUST
    }
}

#[test]
fn every_sample_is_believed_as_it_was_signed() {
    for (label, statement) in samples::statements() {
        let read = read(&good(label).to_json()).unwrap();
        assert_eq!((read.value(), read.issuer()), (&statement, issuer().public_key()), "{label}");
        assert_eq!(read_payload(type_of(label), &payload(label).to_string()).unwrap().value(), &statement);
    }
}

#[test]
fn a_key_said_twice_is_refused_wherever_it_stands() {
    let text = good("vouch").to_json();
    malformed(&text.replacen('{', "{\"payloadType\":\"x\",", 1), "duplicate key");
    malformed(&text.replacen("{\"keyid\"", "{\"sig\":\"\",\"keyid\"", 1), "duplicate");
    let good = payload("vouch").to_string();
    for (from, to) in [
        ("\"level\":\"audited\"", "\"level\":\"vouched\",\"level\":\"audited\""),
        ("\"level\":\"audited\"", "\"\\u006cevel\":\"vouched\",\"level\":\"audited\""),
        ("\"sha256\":", "\"sha256\":\"\",\"sha256\":"),
        ("\"project\":\"widget\"", "\"project\":\"widget\",\"project\":\"widget\""),
    ] {
        assert!(good.contains(from), "{from}");
        malformed_payload(IN_TOTO, &good.replacen(from, to, 1), "duplicate");
    }
}

#[test]
fn a_payload_is_read_only_as_the_type_that_was_signed() {
    let (vouch, delegation) = (payload("vouch").to_string(), payload("delegation").to_string());
    malformed_payload(TRUST, &vouch, "not a statement");
    malformed_payload(IN_TOTO, &delegation, "not a statement");
    for other in ["application/json", "", "application/vnd.in-toto+JSON", &"x".repeat(5000)] {
        malformed_payload(other, &vouch, "is not one we read");
    }
    // The type is signed too: another one under the old signature does not fit.
    let mut swapped: Value = serde_json::from_str(&good("vouch").to_json()).unwrap();
    swapped["payloadType"] = json!(TRUST);
    assert_eq!(refusal(&swapped.to_string()).0, "statement-signature");
}

#[test]
fn base64_has_one_spelling() {
    let value: Value = serde_json::from_str(&good("plain-vouch").to_json()).unwrap();
    let (text, sig) = (value["payload"].as_str().unwrap(), value["signatures"][0]["sig"].as_str().unwrap());
    assert!(sig.ends_with("=="));
    // The last digit of a padded group has bits that nobody reads; set, they are a second spelling.
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let last = sig.trim_end_matches('=').chars().last().unwrap();
    let stray = alphabet.chars().nth(alphabet.find(last).unwrap() + 1).unwrap();
    let stray = format!("{}{stray}==", &sig[..sig.len() - 3]);
    for bad in [
        sig.trim_end_matches('=').to_owned(),
        format!("{sig}="),
        format!("{sig} "),
        format!("\n{sig}"),
        sig[..sig.len() - 4].to_owned() + "=",
        stray,
    ] {
        let mut broken = value.clone();
        broken["signatures"][0]["sig"] = json!(bad);
        malformed(&broken.to_string(), "base64");
    }
    for bad in
        [format!("{text}===="), format!("{text}AA"), text.replacen('e', " e", 1), format!("-_{}", &text[2..])]
    {
        let mut broken = value.clone();
        broken["payload"] = json!(bad);
        malformed(&broken.to_string(), "base64");
    }
}

#[test]
fn the_url_safe_alphabet_is_another_alphabet() {
    // Bytes whose encoding has `+` and `/`, properly signed.
    let payload = "{\"ÿþ\": \">>>???\u{fb}\u{ff}\"}";
    let mut value = envelope(IN_TOTO, payload.as_bytes());
    let text = value["payload"].as_str().unwrap().to_owned();
    assert!(text.contains(['+', '/']), "{text}");
    value["payload"] = json!(text.replace('+', "-").replace('/', "_"));
    malformed(&value.to_string(), "`payload` is not canonical base64");
}

#[test]
fn a_statement_is_its_issuers_alone() {
    let envelope = good("vouch");
    let other = keys::secret("other");
    let error = verify(&envelope, other.public_key()).unwrap_err();
    assert_eq!(error.code().as_str(), "statement-other-key");
    // Under another key's id the same signature does not fit that key.
    let id = issuer().public_key().id().to_string();
    let renamed = envelope.to_json().replace(&id, &other.public_key().id().to_string());
    let renamed = Envelope::parse(renamed.as_bytes()).unwrap();
    assert_eq!(verify(&renamed, other.public_key()), Err(VerifyError::Signature));
    assert!(matches!(verify(&renamed, issuer().public_key()), Err(VerifyError::OtherKey { .. })));
}

#[test]
fn one_changed_bit_and_the_signature_does_not_fit() {
    let value: Value = serde_json::from_str(&good("vouch").to_json()).unwrap();
    let payload = STANDARD.decode(value["payload"].as_str().unwrap()).unwrap();
    for index in [0, payload.len() / 2, payload.len() - 1] {
        let (mut payload, mut broken) = (payload.clone(), value.clone());
        payload[index] ^= 1;
        broken["payload"] = json!(STANDARD.encode(payload));
        assert_eq!(refusal(&broken.to_string()).0, "statement-signature");
    }
}

#[test]
fn there_is_exactly_one_signature_and_it_has_64_bytes() {
    let value: Value = serde_json::from_str(&good("vouch").to_json()).unwrap();
    let one = value["signatures"][0].clone();
    for signatures in [json!([]), json!([one, one])] {
        let mut broken = value.clone();
        broken["signatures"] = signatures;
        malformed(&broken.to_string(), "exactly one is needed");
    }
    for length in [0, 63, 65, 128] {
        let mut broken = value.clone();
        broken["signatures"][0]["sig"] = json!(STANDARD.encode(vec![1; length]));
        malformed(&broken.to_string(), "an Ed25519 signature has 64");
    }
    let id = issuer().public_key().id().to_string();
    for bad in [id.to_uppercase(), id[..63].to_owned(), format!("{id}0"), String::new(), "SHA256:abc".into()]
    {
        let mut broken = value.clone();
        broken["signatures"][0]["keyid"] = json!(bad);
        malformed(&broken.to_string(), "`keyid`");
    }
    let mut without = value.clone();
    without["signatures"][0].as_object_mut().unwrap().remove("keyid");
    malformed(&without.to_string(), "keyid");
}

#[test]
fn nothing_stands_before_or_after() {
    let text = good("vouch").to_json();
    let payload = payload("vouch").to_string();
    for (before, after) in [("", "{}"), ("", "x"), ("", "\0"), ("\u{feff}", ""), ("[", "]")] {
        malformed(&format!("{before}{text}{after}"), "not a DSSE envelope");
        malformed_payload(IN_TOTO, &format!("{before}{payload}{after}"), "not a statement");
    }
    for cut in [0, 1, text.len() / 2, text.len() - 1] {
        malformed(&text[..cut], "not a DSSE envelope");
    }
}

#[test]
fn one_statement_in_two_envelopes_is_one_statement() {
    let text = good("vouch").to_json();
    let value: Value = serde_json::from_str(&text).unwrap();
    let signature = &value["signatures"][0];
    let other = format!(
        "\t{{ \"note\": [1], \"signatures\": [{{\"sig\": {}, \"keyid\": {}, \"x\": 1}}], \"payload\": {}, \"payloadType\": {} }}\r\n",
        signature["sig"], signature["keyid"], value["payload"], value["payloadType"]
    );
    let (one, two) = (read(&text).unwrap(), read(&other).unwrap());
    assert_eq!(one.id(), two.id());
    assert_eq!(one, two);
    // The same words signed by another key are another statement.
    let (_, statement) = samples::statements().swap_remove(0);
    let (_, by_other) = covouch_core::statement::sign(&statement, &keys::secret("other")).unwrap();
    assert_ne!(by_other.id(), one.id());
}

#[test]
fn too_many_files_are_too_large() {
    let subjects = |count: usize| -> Vec<Value> {
        let name = |index| format!("w-{index}.whl");
        (0..count)
            .map(|index| json!({ "name": name(index), "digest": { "sha256": "0".repeat(64) } }))
            .collect()
    };
    for (count, code) in
        [(4096, None), (4097, Some("statement-too-large")), (100_000, Some("statement-too-large"))]
    {
        let read = read_payload(IN_TOTO, &changed("vouch", "/subject", json!(subjects(count))));
        assert_eq!(read.err().map(|error| error.code().as_str()), code, "{count}");
    }
    malformed_payload(IN_TOTO, &changed("vouch", "/subject", json!([])), "at least one");
    let twice = json!([subjects(1)[0], subjects(1)[0]]);
    malformed_payload(IN_TOTO, &changed("vouch", "/subject", twice), "listed twice");
}

#[test]
fn what_is_not_known_is_not_skipped() {
    for (label, pointer) in [
        ("vouch", "/extra"),
        ("vouch", "/predicate/extra"),
        ("vouch", "/predicate/statement/extra"),
        ("vouch", "/predicate/read/0/extra"),
        ("vouch", "/predicate/read/1/extra"),
        ("vouch", "/subject/0/uri"),
        ("vouch", "/subject/0/digest/sha512"),
        ("veto", "/predicate/extra"),
        ("waiver", "/predicate/extra"),
        ("release", "/predicate/extra"),
        ("delegation", "/extra"),
        ("author-key", "/extra"),
        ("author-key", "/author/publisher"),
        ("withdrawal", "/extra"),
        ("withdrawal", "/of/extra"),
        ("withdrawal-key", "/of/extra"),
        ("ballot", "/predicate/extra"),
        ("committee", "/extra"),
        ("committee", "/document/extra"),
        ("committee", "/document/recusals/0/extra"),
        ("committee", "/document/recusals/0/who/extra"),
        ("committee", "/document/rule/extra"),
        ("committee", "/document/rule/roster/0/extra"),
        ("community", "/document/rule/roster"),
        ("strike", "/extra"),
    ] {
        let payload = changed(label, pointer, json!("x"));
        let error = read_payload(type_of(label), &payload).expect_err(&format!("{label}{pointer}"));
        assert_eq!(error.code().as_str(), "statement-malformed", "{label}{pointer}");
    }
}

#[test]
fn a_value_has_one_spelling() {
    let digest = payload("vouch")["subject"][0]["digest"]["sha256"].as_str().unwrap().to_uppercase();
    let key = payload("delegation")["to"].as_str().unwrap().to_owned();
    for (label, pointer, value, clause) in [
        ("vouch", "/subject/0/digest/sha256", json!(digest), "write it as"),
        ("vouch", "/predicate/read/1/from", json!(digest), "write it as"),
        ("vouch", "/predicate/statement/project", json!("Widget"), "write it as `widget`"),
        ("vouch", "/predicate/statement/version", json!("v1.4.2"), "write it as `1.4.2`"),
        ("vouch", "/predicate/statement/version", json!("1.4.2-RC1"), "write it as `1.4.2rc1`"),
        ("vouch", "/predicate/statement/issued", json!("2026-06-01"), "write it as"),
        ("vouch", "/predicate/statement/issued", json!("2026-06-01T12:00:00+00:00"), "write it as"),
        ("vouch", "/predicate/statement/issued", json!("2026-06-01T12:00:00.0Z"), "write it as"),
        ("vouch", "/predicate/statement/expires", json!("2027-06-01t12:00:00z"), "write it as"),
        ("delegation", "/to", json!(format!("{key} me@example")), "write it as"),
        ("delegation", "/projects/0", json!("Widget_*"), "write it as `widget-*`"),
        ("withdrawal", "/of/id", json!(digest), "write it as"),
    ] {
        malformed_payload(type_of(label), &changed(label, pointer, value), clause);
    }
}

#[test]
fn a_value_outside_its_range_is_refused() {
    let long = "x".repeat(4097);
    for (label, pointer, value, clause) in [
        ("vouch", "/_type", json!("https://in-toto.io/Statement/v0.1"), "`_type`"),
        ("vouch", "/predicateType", json!("urn:covouch:vouch:v2"), "`predicateType`"),
        ("vouch", "/subject/0/name", json!("../widget.whl"), "`subject`"),
        ("vouch", "/subject/0/digest/sha256", json!("abc"), "64 hexadecimal digits"),
        ("vouch", "/predicate/level", json!("voted"), "`level`"),
        ("vouch", "/predicate/level", json!("listed"), "`level`"),
        ("vouch", "/predicate/reviewer", json!("nobody"), "`reviewer`"),
        ("vouch", "/predicate/notes", json!(long), "`notes`"),
        ("veto", "/predicate/reason", json!("ugly"), "`reason`"),
        ("vouch", "/predicate/statement/expires", json!("2026-06-01T12:00:00Z"), "not after the start"),
        ("vouch", "/predicate/statement/expires", json!("2036-06-01T12:00:00Z"), "more than five years"),
        ("vouch", "/predicate/statement/issued", json!("tomorrow"), "`issued`"),
        ("vouch", "/predicate/statement/sequence", json!(0), "`sequence`"),
        ("vouch", "/predicate/statement/sequence", json!(2), "`previous`"),
        ("vouch", "/predicate/statement/sequence", json!(-1), "not a statement"),
        ("vouch", "/predicate/statement/sequence", json!(1.0), "not a statement"),
        ("vouch", "/predicate/statement/previous", json!("0".repeat(64)), "`previous`"),
        ("delegation", "/sequence", json!(1), "`previous`"),
        ("delegation", "/amount", json!(0), "`amount`"),
        ("delegation", "/amount", json!(101), "`amount`"),
        ("delegation", "/amount", json!(256), "not a statement"),
        ("delegation", "/depth", json!(256), "not a statement"),
        ("delegation", "/level", json!("trusted"), "`level`"),
        ("delegation", "/projects", json!([]), "`projects`"),
        ("delegation", "/projects", json!(["a/b"]), "`projects`"),
        ("delegation", "/kind", json!("election"), "not a statement"),
        ("delegation", "/to", json!("ssh-rsa AAAA"), "an `ssh-rsa` key"),
        ("author-publisher", "/author/publisher", json!(long), "`publisher`"),
        ("withdrawal-key", "/of/severity", json!("mild"), "not a statement"),
        ("ballot", "/predicate/choice", json!("maybe"), "`choice`"),
        ("ballot", "/predicate/electorate", json!("abc"), "`electorate`"),
        ("ballot", "/predicate/electorate-version", json!(0), "`electorate-version`"),
        ("ballot", "/predicate/ballot", json!(0), "`ballot`"),
        ("ballot", "/predicate/ballot", json!(1), "`previous-ballot`"),
        ("first-ballot", "/predicate/ballot", json!(2), "`previous-ballot`"),
        ("strike", "/reason", json!(long), "`reason`"),
    ] {
        malformed_payload(type_of(label), &changed(label, pointer, value), clause);
    }
}

#[test]
fn a_key_of_small_order_cannot_be_delegated_to() {
    // The point of order 1: signatures under it fit any message for lenient verifiers.
    let mut wire = Vec::new();
    for part in [&b"ssh-ed25519"[..], &[&[1][..], &[0; 31]].concat()] {
        wire.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
        wire.extend_from_slice(part);
    }
    let weak = format!("ssh-ed25519 {}", STANDARD.encode(wire));
    malformed_payload(
        TRUST,
        &changed("delegation", "/to", json!(weak)),
        "not a canonical Ed25519 public key",
    );
}

#[test]
fn a_refusal_says_nothing_a_terminal_would_obey() {
    let escape = "\u{1b}[2J\u{202e}".repeat(1000);
    for text in [
        envelope(&escape, b"{}").to_string(),
        json!({ escape.as_str(): 1 }).to_string(),
        envelope(IN_TOTO, changed("vouch", "/predicateType", json!(escape)).as_bytes()).to_string(),
        envelope(IN_TOTO, changed("vouch", &format!("/predicate/{escape}"), json!(1)).as_bytes()).to_string(),
        envelope(IN_TOTO, changed("vouch", "/predicate/statement/project", json!(escape)).as_bytes())
            .to_string(),
        envelope(IN_TOTO, changed("vouch", "/subject/0/name", json!(escape)).as_bytes()).to_string(),
        envelope(TRUST, changed("delegation", "/to", json!(format!("ssh-{escape}"))).as_bytes()).to_string(),
    ] {
        let (_, said) = refusal(&text);
        assert!(!said.contains(['\u{1b}', '\u{202e}']) && said.len() < 5000, "{said:?}");
    }
}

#[test]
fn deep_nesting_ends_early() {
    let deep = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    malformed(&format!("{{\"x\":{}}}", deep(100_000)), "not a DSSE envelope");
    malformed_payload(IN_TOTO, &format!("{{\"x\":{}}}", deep(200_000)), "nested too deeply");
}

#[test]
fn a_head_is_no_statement_and_a_statement_no_head() {
    let error = verify_head(&good("delegation"), issuer().public_key()).unwrap_err();
    assert_eq!(error.code().as_str(), "statement-malformed");
    let head = json!({ "kind": "head", "issued": "2026-06-01T12:00:00Z", "sequence": 1, "statement": "0".repeat(64) });
    malformed_payload(TRUST, &head.to_string(), "the head of a chain is not a statement");
}
