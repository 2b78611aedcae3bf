//! Signs whatever one likes, as somebody with a key and bad intentions would.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use covouch_core::{
    key::SecretKey,
    statement::{Envelope, Signer as _, Statement, Verified, VerifyError, sign, verify},
};
use covouch_testkit::keys;
use serde_json::{Value, json};

use crate::samples;

pub(crate) const IN_TOTO: &str = "application/vnd.in-toto+json";
pub(crate) const TRUST: &str = "application/vnd.covouch.trust.v1+json";

/// The key whose statements are forged and read.
pub(crate) fn issuer() -> SecretKey {
    keys::secret("issuer")
}

/// An envelope around any payload, with a good signature of the issuer (DSSE v1.0.2).
pub(crate) fn envelope(payload_type: &str, payload: &[u8]) -> Value {
    let mut message = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    message.extend_from_slice(payload);
    let signature = issuer().sign(&message).unwrap();
    json!({
        "payload": STANDARD.encode(payload),
        "payloadType": payload_type,
        "signatures": [{ "keyid": issuer().public_key().id().to_string(), "sig": STANDARD.encode(signature) }],
    })
}

/// Reads an envelope's text as the issuer's statement.
pub(crate) fn read(text: &str) -> Result<Verified<Statement>, VerifyError> {
    verify(&Envelope::parse(text.as_bytes())?, issuer().public_key())
}

/// Reads any payload that the issuer signed.
pub(crate) fn read_payload(payload_type: &str, payload: &str) -> Result<Verified<Statement>, VerifyError> {
    read(&envelope(payload_type, payload.as_bytes()).to_string())
}

/// A good statement's envelope, signed by the issuer.
pub(crate) fn good(label: &str) -> Envelope {
    let samples = samples::statements();
    let (_, statement) = samples.iter().find(|(other, _)| *other == label).unwrap();
    sign(statement, &issuer()).unwrap().0
}

/// A good statement's payload.
pub(crate) fn payload(label: &str) -> Value {
    let envelope: Value = serde_json::from_str(&good(label).to_json()).unwrap();
    serde_json::from_slice(&STANDARD.decode(envelope["payload"].as_str().unwrap()).unwrap()).unwrap()
}
