//! The JSON Schema of a lock's lines.

#![expect(dead_code, reason = "only shapes are asked for, no values")]

use schemars::JsonSchema;
use serde_json::Value;

use super::{
    brief::Others,
    wire::{Feed, Line},
};

/// One line of `covouch.lock`.
#[derive(JsonSchema)]
#[schemars(untagged, title = "A line of covouch.lock")]
enum AnyLine {
    Header(Header),
    Feed(Feed),
    Others(Others),
    Brief(Brief),
    Statement(Statement),
    File(Box<Line>),
}

/// The first line.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Header {
    /// `evidence-lock`.
    covouch: String,
    /// The format: 1.
    schema: u32,
}

/// A statement about files, in brief.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Brief {
    /// The predicate's type, such as `urn:covouch:vouch:v1`.
    signed: String,
    /// The key's id, a space, and its signature in base64.
    by: String,
    /// The first 12 digits of each listed file's sha256.
    files: Vec<String>,
    /// The predicate, as it was signed.
    predicate: Value,
}

/// A statement as a DSSE envelope.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields, rename_all = "camelCase")]
struct Statement {
    /// What was signed, in base64.
    payload: String,
    /// What that is.
    payload_type: String,
    /// One signature.
    signatures: Vec<Signature>,
}

#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
struct Signature {
    /// The key's id.
    keyid: String,
    /// The signature in base64.
    sig: String,
}

/// The JSON Schema of each line of a lock.
#[must_use]
pub fn schema() -> Value {
    schemars::schema_for!(AnyLine).to_value()
}
