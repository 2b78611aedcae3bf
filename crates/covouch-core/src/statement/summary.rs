//! Summaries: what a verifier signs about a file it judged whole, a SLSA Verification Summary Attestation v1.
//!
//! # Invariants
//! - A summary that failed has no level but `FAILED`.
//! - No summary reads as a [`Statement`](super::Statement): its predicate type is none that is read there, so a
//!   verifier's key that signs one never speaks for files by it.
//!
//! # Not here
//! Reading them: covouch believes what it judges itself. Whether something passed is the caller's to say.

use std::collections::BTreeMap;

use super::{Envelope, SignError, Signer, envelope::IN_TOTO, sign::seal, verify::check_signature, wire};
use crate::{digest::Sha256, time::Timestamp};

/// A file by its address and its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// A URI, or a reference relative to where the verifier ran.
    pub uri: String,
    /// The digest of its bytes.
    pub sha256: Sha256,
}

/// How the verification ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Everything the file lists is admitted.
    Passed,
    /// Something is not, or is not known to be.
    Failed,
}

/// What a verifier found about a file that lists others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// What the file is called.
    pub name: String,
    /// The file, as it was judged.
    pub judged: Document,
    /// The moment for which the judgement holds.
    pub at: Timestamp,
    /// The verifier's version.
    pub version: &'static str,
    /// The policy that judged.
    pub policy: Document,
    /// The policy above it, which had to admit as well.
    pub base_policy: Option<Document>,
    /// How it ended.
    pub outcome: Outcome,
    /// How many of the files it lists ended how.
    pub counts: BTreeMap<&'static str, usize>,
}

/// Signs a summary.
///
/// # Errors
/// [`SignError`] when the key's holder refuses, or answers with something that is no signature of these bytes.
pub fn sign_summary(summary: &Summary, signer: &dyn Signer) -> Result<Envelope, SignError> {
    let envelope = seal(IN_TOTO, wire::write_summary(summary), signer)?;
    check_signature(&envelope, signer.public_key())?;
    Ok(envelope)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use zeroize::Zeroizing;

    use super::*;
    use crate::{
        key::{PublicKey, SecretKey},
        statement::{VerifyError, verify},
    };

    fn key() -> SecretKey {
        SecretKey::from_seed(&Zeroizing::new([7; 32])).unwrap()
    }

    fn document(uri: &str) -> Document {
        Document { uri: uri.to_owned(), sha256: Sha256::of(uri.as_bytes()) }
    }

    fn summary(outcome: Outcome) -> Summary {
        Summary {
            name: "my uv.lock".to_owned(),
            judged: document("my%20uv.lock"),
            at: Timestamp::parse("2026-06-02T15:00:00Z").unwrap(),
            version: "1.2.3",
            policy: document("covouch.toml"),
            base_policy: None,
            outcome,
            counts: BTreeMap::from([("admitted", 2), ("refused", 0)]),
        }
    }

    fn payload(summary: &Summary) -> Value {
        serde_json::from_slice(&sign_summary(summary, &key()).unwrap().payload).unwrap()
    }

    #[test]
    fn a_summary_has_the_fields_of_the_specification() {
        let written = payload(&summary(Outcome::Passed));
        let digest = |of: &str| json!({ "sha256": Sha256::of(of.as_bytes()).to_string() });
        let expected = json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{ "name": "my uv.lock", "digest": digest("my%20uv.lock") }],
            "predicateType": "https://slsa.dev/verification_summary/v1",
            "predicate": {
                "verifier": { "id": "urn:covouch:verifier:v1", "version": { "covouch": "1.2.3" } },
                "timeVerified": "2026-06-02T15:00:00Z",
                "resourceUri": "my%20uv.lock",
                "policy": { "uri": "covouch.toml", "digest": digest("covouch.toml") },
                "verificationResult": "PASSED",
                "verifiedLevels": ["COVOUCH_ADMITTED"],
                "covouch_counts": { "admitted": 2, "refused": 0 },
            },
        });
        assert_eq!(written, expected);
    }

    #[test]
    fn a_failed_summary_differs_by_its_result_alone_and_names_no_level() {
        let (mut passed, failed) = (payload(&summary(Outcome::Passed)), payload(&summary(Outcome::Failed)));
        assert_eq!(failed["predicate"]["verificationResult"], "FAILED");
        passed["predicate"]["verificationResult"] = json!("FAILED");
        passed["predicate"]["verifiedLevels"] = json!(["FAILED"]);
        assert_eq!(passed, failed);
    }

    #[test]
    fn the_base_policy_stands_beside_the_policy() {
        let base_policy = Some(document("https://index.example/base.toml"));
        let written = payload(&Summary { base_policy, ..summary(Outcome::Passed) });
        assert_eq!(written["predicate"]["covouch_basePolicy"]["uri"], "https://index.example/base.toml");
        assert_eq!(written["predicate"]["policy"]["uri"], "covouch.toml");
    }

    #[test]
    fn a_summary_is_never_taken_for_a_statement() {
        let envelope = sign_summary(&summary(Outcome::Passed), &key()).unwrap();
        assert!(matches!(verify(&envelope, key().public_key()), Err(VerifyError::Payload(_))));
    }

    #[test]
    fn a_holder_that_signs_something_else_gives_no_summary() {
        struct Liar(SecretKey);
        impl Signer for Liar {
            fn public_key(&self) -> &PublicKey {
                self.0.public_key()
            }
            fn sign(&self, _: &[u8]) -> Result<[u8; 64], SignError> {
                Ok(self.0.sign(b"something else"))
            }
        }
        let signed = sign_summary(&summary(Outcome::Passed), &Liar(key()));
        assert_eq!(signed.err(), Some(SignError::Invalid(VerifyError::Signature)));
    }
}
