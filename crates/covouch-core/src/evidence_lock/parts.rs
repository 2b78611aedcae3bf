//! The evidence file: feeds' metadata and whole chains of statements, byte for byte, so that absence is proven.
//!
//! ```text
//! covouch evidence 1
//! as-of 2026-11-22T00:00:00Z
//! 1234 feeds/9f…/timestamp.json
//! …1234 bytes, and a newline
//! 153 seal
//! …
//! ```
//!
//! # Invariants
//! Nothing in it is believed because it stands there: each part is signed by whoever said it. The seal is for the
//! moment.

use std::collections::BTreeMap;

use crate::{
    code::Code,
    hint::Hint,
    key::PublicKey,
    limits,
    statement::{Seal, SignError, Signer},
    time::Timestamp,
};

const MAGIC: &str = "covouch evidence 1\nas-of ";
const SEAL: &str = "seal";
/// The payload of a sealed evidence file.
const KIND: &str = "application/vnd.covouch.evidence.v1";

/// An evidence file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EvidenceFile {
    /// When it was put together.
    pub as_of: Timestamp,
    /// Its parts by path, such as `feeds/9f…/timestamp.json`.
    pub parts: BTreeMap<String, Vec<u8>>,
    /// Who takes responsibility for the moment.
    pub seal: Option<Seal>,
}

/// Why bytes are no evidence file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PartsError {
    /// Larger than [`limits::EVIDENCE_BYTES`].
    #[error("more than {max} bytes of evidence", max = limits::EVIDENCE_BYTES)]
    TooLarge,
    /// More parts than [`limits::EVIDENCE_PARTS`].
    #[error("more than {max} parts", max = limits::EVIDENCE_PARTS)]
    TooMany,
    /// It is not built as evidence files are, here.
    #[error("byte {0}: not what an evidence file has there")]
    Form(usize),
    /// The file is not packed as evidence files are.
    #[error("it cannot be unpacked: {0}")]
    Packing(String),
}

impl PartsError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::new("evidence-malformed")
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(Hint::new("bring the file back from version control, or write it again with `covouch lock`"))
    }
}

impl EvidenceFile {
    /// Reads what [`EvidenceFile::render`] wrote, and nothing else.
    ///
    /// # Errors
    /// [`PartsError`] at the first byte that is not as it should be.
    pub fn parse(bytes: &[u8]) -> Result<Self, PartsError> {
        if bytes.len() > limits::EVIDENCE_BYTES {
            return Err(PartsError::TooLarge);
        }
        let form = |rest: &[u8]| PartsError::Form(bytes.len() - rest.len());
        let mut rest = bytes.strip_prefix(MAGIC.as_bytes()).ok_or(PartsError::Form(0))?;
        let moment = line(&mut rest).ok_or(PartsError::Form(MAGIC.len()))?;
        let as_of = Timestamp::parse(moment).map_err(|_| PartsError::Form(MAGIC.len()))?;
        let mut file = Self { as_of, parts: BTreeMap::new(), seal: None };
        while !rest.is_empty() {
            if file.parts.len() == limits::EVIDENCE_PARTS {
                return Err(PartsError::TooMany);
            }
            let at = form(rest);
            let (path, part) = read_part(&mut rest).ok_or(at)?;
            if path == SEAL && rest.is_empty() {
                let text = std::str::from_utf8(part).ok();
                file.seal = Some(text.and_then(Seal::parse).ok_or_else(|| form(rest))?);
            } else {
                file.parts.insert(path.to_owned(), part.to_vec());
            }
        }
        // One file has one spelling: parts in order, each path once, numbers without leading zeros.
        if file.render() == bytes { Ok(file) } else { Err(PartsError::Form(bytes.len())) }
    }

    /// The file's bytes.
    #[must_use]
    pub fn render(&self) -> Vec<u8> {
        let mut bytes = self.sealed();
        if let Some(seal) = &self.seal {
            write_part(&mut bytes, SEAL, seal.to_text().as_bytes());
        }
        bytes
    }

    /// Seals the file: whoever does takes responsibility for the moment.
    ///
    /// # Errors
    /// [`SignError`] when the key's holder refuses.
    pub fn seal(&mut self, signer: &dyn Signer) -> Result<(), SignError> {
        self.seal = Some(Seal::sign(KIND, &self.sealed(), signer)?);
        Ok(())
    }

    /// Whether one of these keys sealed the file.
    #[must_use]
    pub fn is_sealed_by(&self, keys: &[PublicKey]) -> bool {
        self.seal.as_ref().is_some_and(|seal| seal.is_by(keys, KIND, &self.sealed()))
    }

    /// The part of this path.
    #[must_use]
    pub fn part(&self, path: &str) -> Option<&[u8]> {
        self.parts.get(path).map(Vec::as_slice)
    }

    fn sealed(&self) -> Vec<u8> {
        let mut bytes = format!("{MAGIC}{}\n", self.as_of).into_bytes();
        for (path, part) in &self.parts {
            write_part(&mut bytes, path, part);
        }
        bytes
    }
}

fn write_part(bytes: &mut Vec<u8>, path: &str, part: &[u8]) {
    bytes.extend_from_slice(format!("{} {path}\n", part.len()).as_bytes());
    bytes.extend_from_slice(part);
    bytes.push(b'\n');
}

fn read_part<'a>(rest: &mut &'a [u8]) -> Option<(&'a str, &'a [u8])> {
    let (length, path) = line(rest)?.split_once(' ')?;
    let length: usize = length.parse().ok()?;
    let (part, after) = rest.split_at_checked(length)?;
    *rest = after.strip_prefix(b"\n")?;
    Some((path, part))
}

/// The text up to the next newline, which is passed over.
fn line<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    let (text, after) = rest.split_at_checked(end)?;
    *rest = after.get(1..)?;
    std::str::from_utf8(text).ok()
}
