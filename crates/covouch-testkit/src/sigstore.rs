//! A Sigstore of our own: attestations of invented files (PEP 740), which hold under a trusted root of tests.
//!
//! An authority, a log of certificates and a transparency log whose keys everybody can compute sign for real, so that
//! what verifies them is the code that verifies real ones, with not one check left out.
//!
//! # Invariants
//! - The same publisher and file give the same bytes everywhere.
//! - Everything happened in the first minutes of 2024, before any story, so that no clock makes it the future.
//!
//! # Not here
//! Attestations that do not hold: tests that want one change a byte of a good one.

mod certificate;
mod der;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use covouch_core::{
    digest::Sha256,
    key::SecretKey,
    publisher::{Publisher, PublisherKind},
    statement::Signer as _,
};
use p256::ecdsa::SigningKey;
use serde_json::{Value, json};

use crate::{distribution::Distribution, keys};

/// When every attestation was made: 2024-01-01T00:01:00Z.
const LOGGED: u64 = 1_704_067_260;

/// What is signed is a statement of in-toto (PEP 740, "Attestation objects").
const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// The name of the transparency log.
const LOG: &str = "log.sigstore.example";

/// The trusted root of tests, in the form of Sigstore's `trusted_root.json`.
#[must_use]
pub fn trusted_root() -> String {
    let since = json!({ "start": "2020-01-01T00:00:00Z" });
    let log = |name: &str, key: &[u8], details: &str| {
        json!([{
            "baseUrl": format!("https://{name}"),
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": STANDARD.encode(key), "keyDetails": details, "validFor": since,
            },
            "logId": { "keyId": STANDARD.encode(Sha256::of(key).as_bytes()) },
        }])
    };
    let authority = STANDARD.encode(certificate::authority(&authority()));
    let root = json!({
        "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
        "tlogs": log(LOG, &certificate::ed25519(&transparency_log()), "PKIX_ED25519"),
        "certificateAuthorities": [{
            "subject": { "organization": "covouch-testkit", "commonName": "covouch-testkit authority" },
            "uri": "https://authority.sigstore.example",
            "certChain": { "certificates": [{ "rawBytes": authority }] },
            "validFor": since,
        }],
        "ctlogs": log(
            "certificates.sigstore.example",
            &certificate::p256(&certificate_log()),
            "PKIX_ECDSA_P256_SHA_256",
        ),
        "timestampAuthorities": [],
    });
    root.to_string()
}

/// The provenance object of a file that this publisher's workflow uploaded.
///
/// # Panics
/// When it is not a publisher at GitHub or GitLab, or has no ids.
#[must_use]
pub fn provenance(file: &Distribution, publisher: &Publisher) -> String {
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": file.filename(), "digest": { "sha256": file.sha256().to_string() } }],
        // A name, not an address: nothing is fetched from there.
        "predicateType": concat!("https://docs.pypi", ".org/attestations/publish/v1"),
        "predicate": null,
    })
    .to_string();
    let key = keys::secret(&format!("workflow of {publisher}"));
    let certificate = certificate::workflow(publisher, &key, &authority(), &certificate_log());
    let signature = STANDARD.encode(sign(&key, &authenticated(statement.as_bytes())));
    let entry = entry(statement.as_bytes(), &signature, &certificate);
    let attestation = json!({
        "version": 1,
        "verification_material": {
            "certificate": STANDARD.encode(&certificate), "transparency_entries": [entry],
        },
        "envelope": { "statement": STANDARD.encode(statement), "signature": signature },
    });
    let bundle = json!({ "publisher": stated(publisher), "attestations": [attestation] });
    json!({ "version": 1, "attestation_bundles": [bundle] }).to_string()
}

/// The publisher as an index names it.
fn stated(publisher: &Publisher) -> Value {
    let repository = publisher.name.repository();
    let workflow = publisher.workflow.as_deref().unwrap_or("release.yml");
    match publisher.name.kind() {
        PublisherKind::GitLab => {
            json!({ "kind": "GitLab", "repository": repository, "workflow_filepath": workflow })
        }
        _ => json!({ "kind": "GitHub", "repository": repository, "workflow": workflow }),
    }
}

fn authority() -> SecretKey {
    keys::secret("authority of sigstore")
}

fn transparency_log() -> SecretKey {
    keys::secret("transparency log of sigstore")
}

fn certificate_log() -> SigningKey {
    let seed = Sha256::of(b"covouch-testkit key certificate log of sigstore");
    SigningKey::from_slice(seed.as_bytes()).expect("a digest is a key")
}

fn sign(key: &SecretKey, message: &[u8]) -> [u8; 64] {
    key.sign(message).expect("a key in memory signs")
}

/// What a DSSE envelope signs of its payload (DSSE v1.0.2, PAE).
fn authenticated(payload: &[u8]) -> Vec<u8> {
    let head = format!("DSSEv1 {} {PAYLOAD_TYPE} {} ", PAYLOAD_TYPE.len(), payload.len());
    [head.as_bytes(), payload].concat()
}

/// The only entry of the transparency log (Rekor's `dsse` 0.0.1), with the log's promise and its proof.
fn entry(payload: &[u8], signature: &str, certificate: &[u8]) -> Value {
    let pem =
        format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", STANDARD.encode(certificate));
    let digest = |bytes: &[u8]| json!({ "algorithm": "sha256", "value": Sha256::of(bytes).to_string() });
    let body = json!({
        "apiVersion": "0.0.1",
        "kind": "dsse",
        "spec": {
            "envelopeHash": digest(&authenticated(payload)),
            "payloadHash": digest(payload),
            "signatures": [{ "signature": signature, "verifier": STANDARD.encode(pem) }],
        },
    })
    .to_string();
    let log = transparency_log();
    let id = Sha256::of(&certificate::ed25519(&log));
    // RFC 6962 §2.1: the root of a tree of one leaf is the leaf's own.
    let root = STANDARD.encode(Sha256::of(&[&[0][..], body.as_bytes()].concat()).as_bytes());
    let body = STANDARD.encode(body);
    // RFC 8785: the fields in order of their names.
    let promised = format!(r#"{{"body":"{body}","integratedTime":{LOGGED},"logID":"{id}","logIndex":0}}"#);
    json!({
        "logIndex": "0",
        "logId": { "keyId": STANDARD.encode(id.as_bytes()) },
        "kindVersion": { "kind": "dsse", "version": "0.0.1" },
        "integratedTime": LOGGED.to_string(),
        "inclusionPromise": {
            "signedEntryTimestamp": STANDARD.encode(sign(&log, promised.as_bytes())),
        },
        "inclusionProof": {
            "logIndex": "0", "treeSize": "1", "rootHash": root, "hashes": [],
            "checkpoint": { "envelope": checkpoint(&root, &log, id) },
        },
        "canonicalizedBody": body,
    })
}

/// The signed size and root of the log (C2SP, "tlog-checkpoint"; the key's hint is Rekor's own).
fn checkpoint(root: &str, log: &SecretKey, id: Sha256) -> String {
    let text = format!("{LOG} - 1\n1\n{root}\n");
    let [a, b, c, d, ..] = *id.as_bytes();
    let signature = [&[a, b, c, d][..], &sign(log, text.as_bytes())].concat();
    format!("{text}\n\u{2014} {LOG} {}\n", STANDARD.encode(signature))
}
