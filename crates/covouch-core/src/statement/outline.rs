//! Claims about files, taken apart: the files, which others may have written down already, and the rest.
//!
//! # Invariants
//! - What was taken apart is put together to the byte: a signature is over bytes, not over what they mean.
//! - Only the layout that is written here is taken apart. Others stay as they are, whoever signed them.

use serde::Deserialize;

use super::{Envelope, Seal, envelope::IN_TOTO, wire::opening};
use crate::{digest::Sha256, subject::FileName};

/// A claim about files, in parts. Nothing in it is believed yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outline {
    /// The type of the predicate, such as `urn:covouch:vouch:v1`.
    pub(crate) kind: String,
    /// The files it lists, in its order.
    pub(crate) files: Vec<(FileName, Sha256)>,
    /// The predicate's JSON, as it was signed.
    pub(crate) predicate: String,
    /// Whose it is.
    pub(crate) seal: Seal,
}

#[derive(Deserialize)]
struct Peek {
    subject: Vec<PeekFile>,
    #[serde(rename = "predicateType")]
    kind: String,
}

#[derive(Deserialize)]
struct PeekFile {
    name: String,
    digest: PeekDigest,
}

#[derive(Deserialize)]
struct PeekDigest {
    sha256: String,
}

impl Outline {
    /// Takes an envelope apart; nothing where it could not be put together again, on one line.
    pub(crate) fn of(envelope: &Envelope) -> Option<Self> {
        let payload = std::str::from_utf8(&envelope.payload).ok()?;
        let peek: Peek = serde_json::from_str(payload).ok()?;
        let file = |file: PeekFile| {
            Some((FileName::parse(&file.name).ok()?, Sha256::parse(&file.digest.sha256).ok()?))
        };
        let files: Vec<_> = peek.subject.into_iter().map(file).collect::<Option<_>>()?;
        let predicate = payload.strip_prefix(&*opening(&peek.kind, &files))?.strip_suffix('}')?;
        if predicate.contains(['\n', '\r']) {
            return None;
        }
        let seal = Seal { key: envelope.key, signature: envelope.signature };
        let outline = Self { kind: peek.kind, files, predicate: predicate.to_owned(), seal };
        (outline.envelope() == *envelope).then_some(outline)
    }

    /// The envelope, put together.
    pub(crate) fn envelope(&self) -> Envelope {
        let payload = format!("{}{}}}", opening(&self.kind, &self.files), self.predicate);
        Envelope {
            payload_type: IN_TOTO.to_owned(),
            payload: payload.into_bytes(),
            key: self.seal.key,
            signature: self.seal.signature,
        }
    }
}
