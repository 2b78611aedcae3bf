//! Statements in brief: the files they list stand in the lock already, or once for all who list them.
//!
//! ```text
//! {"others":[["six-1.17.0-py2.py3-none-any.whl","4721f3…"]],"project":"six","version":"1.17.0","sum":"…"}
//! {"signed":"urn:covouch:vouch:v1","by":"KEYID SIGNATURE","files":["4721f391ed90"],"predicate":{…}}
//! ```
//!
//! # Invariants
//! - What is put together from a line is the envelope that was written, to the byte, or no signature fits it.
//! - Digits that two files of a lock begin with name neither: whoever makes such a file can stop a lock, and make
//!   nothing pass.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    LockError,
    wire::{field, json_of, malformed, read, sum},
};
use crate::{
    digest::Sha256,
    limits,
    name::ProjectName,
    statement::{Envelope, Outline, Seal, peek_release},
    subject::{FileName, Subject},
    version::Version,
};

/// Digits of a digest that name a file in its lock.
const NAMING_DIGITS: usize = 12;

/// What stands before a predicate. No text in JSON has it, for a quote in a text has a `\` before it.
const PREDICATE: &str = ",\"predicate\":";

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Brief {
    signed: String,
    by: String,
    files: Vec<String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Others {
    /// Names and digests of files that statements about the release list and the lock does not lock.
    others: Vec<(String, String)>,
    project: String,
    version: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    sum: String,
}

/// A file's name and digest.
type File = (FileName, Sha256);

/// The files of a lock by the first digits of their digests; none where several files begin so.
#[derive(Default)]
pub(super) struct Naming(HashMap<String, Option<File>>);

impl Naming {
    pub(super) fn add(&mut self, file: &File) {
        let known = self.0.entry(digits(&file.1)).or_insert_with(|| Some(file.clone()));
        if known.as_ref() != Some(file) {
            *known = None;
        }
    }

    fn get(&self, digits: &str) -> Option<&File> {
        self.0.get(digits)?.as_ref()
    }

    fn has(&self, file: &File) -> bool {
        self.get(&digits(&file.1)) == Some(file)
    }
}

/// The digits that name a file in its lock.
fn digits(digest: &Sha256) -> String {
    let mut digits = digest.to_string();
    digits.truncate(NAMING_DIGITS);
    digits
}

/// A release, where something is about one.
pub(super) type About = Option<(ProjectName, Version)>;

/// A lock's statements as they are written, in order, beside the files it locks. Those about no file come first; what a
/// release's statements list besides stands before them.
pub(super) fn write<'a>(
    statements: &[Envelope],
    locked: impl Iterator<Item = &'a Subject>,
) -> BTreeSet<(About, String)> {
    let statements: Vec<_> =
        statements.iter().map(|envelope| (peek_release(envelope), Outline::of(envelope), envelope)).collect();
    let mut naming = Naming::default();
    let locked: BTreeSet<File> = locked.map(|file| (file.filename.clone(), file.sha256)).collect();
    locked.iter().for_each(|file| naming.add(file));
    let mut others: BTreeMap<_, BTreeSet<&File>> = BTreeMap::new();
    for (release, outline, _) in &statements {
        let (Some(release), Some(outline)) = (release, outline) else { continue };
        for file in outline.files.iter().filter(|file| !locked.contains(file)) {
            naming.add(file);
            others.entry(release).or_default().insert(file);
        }
    }
    let others =
        others.iter().map(|(release, files)| (Some((*release).clone()), write_others(release, files)));
    let mut lines: BTreeSet<(About, String)> = others.collect();
    for (release, outline, envelope) in &statements {
        let is_named = |outline: &&Outline| outline.files.iter().all(|file| naming.has(file));
        let brief = outline.as_ref().filter(|_| release.is_some()).filter(is_named);
        lines.insert((release.clone(), brief.map_or_else(|| envelope.to_json(), write_brief)));
    }
    lines
}

fn write_others((project, version): &(ProjectName, Version), files: &BTreeSet<&File>) -> String {
    let others = files.iter().map(|(filename, sha256)| (filename.to_string(), sha256.to_string()));
    let mut wire = Others {
        others: others.collect(),
        project: project.to_string(),
        version: version.to_string(),
        sum: String::new(),
    };
    wire.sum = sum(&json_of(&wire));
    json_of(&wire)
}

/// The files of a release that its statements list, and the lock does not lock.
pub(super) fn read_others(text: &[u8], line: usize) -> Result<Vec<File>, LockError> {
    let wire: Others = read(text, line)?;
    let bad = |reason| malformed(line, &reason);
    let project = field("project", ProjectName::parse(&wire.project)).map_err(bad)?;
    let version = field("version", Version::parse(&wire.version)).map_err(bad)?;
    let files = wire.others.iter().map(|(filename, sha256)| {
        Ok((field("others", FileName::parse(filename))?, field("others", Sha256::parse(sha256))?))
    });
    let files: Vec<File> = files.collect::<Result<_, _>>().map_err(bad)?;
    let written = write_others(&(project, version), &files.iter().collect());
    if written.as_bytes() == text { Ok(files) } else { Err(LockError::Changed(line)) }
}

fn write_brief(outline: &Outline) -> String {
    let files = outline.files.iter().map(|(_, sha256)| digits(sha256)).collect();
    let head = json_of(&Brief { signed: outline.kind.clone(), by: outline.seal.to_text(), files });
    format!("{}{PREDICATE}{}}}", head.trim_end_matches('}'), outline.predicate)
}

/// The envelope of a line, from the files of its lock.
pub(super) fn read_brief(text: &[u8], line: usize, naming: &Naming) -> Result<Envelope, LockError> {
    let bad = |reason: &str| malformed(line, &reason);
    if text.len() > limits::STATEMENT_BYTES {
        return Err(bad("it is longer than any line of a lock"));
    }
    let text = std::str::from_utf8(text).map_err(|error| malformed(line, &error))?;
    let (head, rest) = text.split_once(PREDICATE).ok_or_else(|| bad("it has no predicate"))?;
    let head = format!("{head}}}");
    let wire: Brief = read(head.as_bytes(), line)?;
    if json_of(&wire) != head {
        return Err(LockError::Changed(line));
    }
    if wire.files.len() > limits::SUBJECTS {
        return Err(bad("it lists more files than any statement"));
    }
    let file = |digits: &String| {
        naming
            .get(digits)
            .cloned()
            .ok_or_else(|| bad("a file that it lists is not in the lock, or two files begin so"))
    };
    let outline = Outline {
        files: wire.files.iter().map(file).collect::<Result<_, _>>()?,
        seal: Seal::parse(&wire.by).ok_or_else(|| bad("its `by` cannot be read"))?,
        predicate: rest.strip_suffix('}').ok_or(LockError::Changed(line))?.to_owned(),
        kind: wire.signed,
    };
    let envelope = outline.envelope();
    // In base64 nobody would read it.
    if envelope.payload_bytes() > limits::STATEMENT_BYTES / 4 * 3 {
        return Err(bad("its statement is longer than any"));
    }
    Ok(envelope)
}
