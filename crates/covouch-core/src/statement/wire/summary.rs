//! What a verifier found, as a SLSA Verification Summary Attestation v1. Written, never read.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    field,
    files::{DigestSet, InToto, ResourceDescriptor, STATEMENT_TYPE},
};
use crate::{
    digest::Sha256,
    statement::{Document, Outcome, Summary},
};

const SUMMARY: &str = "https://slsa.dev/verification_summary/v1";
const VERIFIER: &str = "urn:covouch:verifier:v1";
/// Our own level: VSA v1, "SlsaResult", leaves every name to others that does not begin with `SLSA_`.
const ADMITTED: &str = "COVOUCH_ADMITTED";

// VSA v1, "Fields". The in-toto parsing rules let producers add fields under names of their own: ours begin with
// `covouch_`, and a reader that skips them finds nothing admitted that was not.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Predicate<'a> {
    verifier: Verifier,
    time_verified: String,
    resource_uri: &'a str,
    policy: Policy<'a>,
    verification_result: &'static str,
    verified_levels: [&'static str; 1],
    #[serde(rename = "covouch_basePolicy", skip_serializing_if = "Option::is_none")]
    base_policy: Option<Policy<'a>>,
    #[serde(rename = "covouch_counts")]
    counts: &'a BTreeMap<&'static str, usize>,
}

#[derive(Serialize)]
struct Verifier {
    id: &'static str,
    version: BTreeMap<&'static str, &'static str>,
}

/// A resource descriptor that must have a `uri`.
#[derive(Serialize)]
struct Policy<'a> {
    uri: &'a str,
    digest: DigestSet,
}

impl<'a> From<&'a Document> for Policy<'a> {
    fn from(document: &'a Document) -> Self {
        Self { uri: &document.uri, digest: digest(document.sha256) }
    }
}

fn digest(sha256: Sha256) -> DigestSet {
    DigestSet { sha256: sha256.to_string() }
}

pub(super) fn write(summary: &Summary) -> Vec<u8> {
    let (result, level) = match summary.outcome {
        Outcome::Passed => ("PASSED", ADMITTED),
        // VSA v1, "verifiedLevels": `FAILED` stands there where the policy was not met.
        Outcome::Failed => ("FAILED", "FAILED"),
    };
    let predicate = Predicate {
        verifier: Verifier { id: VERIFIER, version: BTreeMap::from([("covouch", summary.version)]) },
        time_verified: summary.at.to_string(),
        resource_uri: &summary.judged.uri,
        policy: Policy::from(&summary.policy),
        verification_result: result,
        verified_levels: [level],
        base_policy: summary.base_policy.as_ref().map(Policy::from),
        counts: &summary.counts,
    };
    let subject = ResourceDescriptor { name: summary.name.clone(), digest: digest(summary.judged.sha256) };
    field::write_json(&InToto {
        statement_type: STATEMENT_TYPE.to_owned(),
        subject: vec![subject],
        predicate_type: SUMMARY.to_owned(),
        predicate,
    })
}
