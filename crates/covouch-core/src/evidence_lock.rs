//! The evidence lock: what proves the verdicts on the files of a lock file, to be proven again without a network.
//!
//! ```text
//! {"covouch":"evidence-lock","schema":1}
//! {"feed":"…","roots":["…"],"sum":"…"}     each feed: the digest of its first root, and all its roots in order
//! {"payload":"…", …}                       statements about no file: who may speak
//! {"others":[["six-…whl","…"]], …}         files that statements about a release list, and the lock does not lock
//! {"signed":"urn:covouch:vouch:v1", …}     those statements, and then …
//! {"file":"six-1.17.0.tar.gz", …}          … an entry for each of its files
//! ```
//!
//! # Invariants
//! - A lock carries proof and never authority: which keys and feeds count, the policy says.
//! - A line has one spelling, and ends in a sum or has a signature: a line that somebody changed by mistake is found.
//!   What holds against people is signed.
//! - Lines stand by themselves, in any order: what a version control system merges is read, and put in order by
//!   whoever writes it next.
//!
//! # Not here
//! What is proven: statements go through [`believe`](crate::statement::believe), feeds through `covouch-feed`.

mod brief;
mod observed;
mod parts;
mod schema;
mod wire;

use std::collections::{BTreeMap, BTreeSet};

use self::brief::Naming;
pub use self::{
    observed::{Observed, ObservedFile, ObservedIndex, SourceAt, Trust},
    parts::{EvidenceFile, PartsError},
    schema::schema,
};
use crate::{
    code::Code,
    digest::Sha256,
    hint::Hint,
    key::PublicKey,
    limits,
    statement::{Envelope, EnvelopeError, Seal, SignError, Signer},
    subject::Subject,
    time::Timestamp,
};

/// What a lock file's evidence lock is called.
pub const LOCK_NAME: &str = "covouch.lock";
/// What the evidence file beside it is called.
pub const EVIDENCE_NAME: &str = "covouch.evidence";

/// The payload of a sealed entry.
const ENTRY: &str = "application/vnd.covouch.lock-entry.v1+json";

/// Every code of evidence locks.
pub const CODES: &[Code] = &[
    Code::new("evidence-lock-malformed"),
    Code::new("evidence-lock-changed"),
    Code::new("evidence-incomplete"),
    Code::new("evidence-malformed"),
];

/// An evidence lock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EvidenceLock {
    /// The roots of feeds, oldest first, by the digest of the first.
    pub feeds: BTreeMap<Sha256, Vec<Vec<u8>>>,
    /// The statements that prove the verdicts. Nothing in them is believed yet.
    pub statements: Vec<Envelope>,
    /// The files, each once.
    pub entries: Vec<Entry>,
}

/// One file, as it was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The file.
    pub subject: Subject,
    /// When it was judged.
    pub as_of: Timestamp,
    /// The verdict and its stable code, for people: what counts is judged again. What carries it stands above.
    pub verdict: (String, String),
    /// Until when that verdict would have held.
    pub until: Option<Timestamp>,
    /// What was found that nobody signs by itself.
    pub observed: Observed,
    /// Who takes responsibility for what was observed, and for the moment.
    pub seal: Option<Seal>,
}

/// Why bytes are no evidence lock.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LockError {
    /// Larger than [`limits::LOCK_BYTES`].
    #[error("a lock of {0} bytes, at most {max} are read", max = limits::LOCK_BYTES)]
    TooLarge(usize),
    /// It does not begin as evidence locks do.
    #[error("line 1: it does not begin as an evidence lock of schema 1 does")]
    Header,
    /// A line that is none of ours.
    #[error("line {line}: {reason}")]
    Line {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// A line is not as covouch writes it, or its sum does not fit.
    #[error("line {0}: it was changed after it was written")]
    Changed(usize),
    /// A statement's envelope cannot be read.
    #[error("line {line}: {error}")]
    Statement {
        /// The line, counted from 1.
        line: usize,
        /// What is wrong with it.
        error: EnvelopeError,
    },
    /// A file or feed has two entries.
    #[error("line {line}: a second entry for `{what}`")]
    Twice {
        /// The line, counted from 1.
        line: usize,
        /// The file or feed.
        what: String,
    },
}

impl LockError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Changed(_) => Code::new("evidence-lock-changed"),
            _ => Code::new("evidence-lock-malformed"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(Hint::new("bring it back from version control, or write it again with `covouch lock`"))
    }
}

impl EvidenceLock {
    /// Reads a lock. Every line must be as [`EvidenceLock::render`] writes it; their order does not matter.
    ///
    /// # Errors
    /// [`LockError`] at the first line that is not.
    pub fn parse(bytes: &[u8]) -> Result<Self, LockError> {
        if bytes.len() > limits::LOCK_BYTES {
            return Err(LockError::TooLarge(bytes.len()));
        }
        let line = |line: &[u8]| line.strip_suffix(b"\r").unwrap_or(line).to_vec();
        let mut lines = bytes.split(|byte| *byte == b'\n').map(line).enumerate();
        if lines.next().is_none_or(|(_, header)| header != wire::HEADER.as_bytes()) {
            return Err(LockError::Header);
        }
        let mut reading = Reading::default();
        for (index, text) in lines.filter(|(_, text)| !text.is_empty()) {
            reading.read_line(text, index + 1)?;
        }
        reading.finish()
    }

    /// The lock, in order: whoever adds a project adds lines in one place.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("{}\n", wire::HEADER);
        let mut line = |written: &str| {
            text.push_str(written);
            text.push('\n');
        };
        self.feeds.iter().for_each(|(feed, roots)| line(&wire::write_feed(feed, roots)));
        let files = self.entries.iter().map(|entry| &entry.subject);
        let mut statements = brief::write(&self.statements, files).into_iter().peekable();
        let mut entries: Vec<&Entry> = self.entries.iter().collect();
        entries.sort_by(|left, right| left.subject.cmp(&right.subject));
        for entry in entries {
            let release = Some((entry.subject.project.clone(), entry.subject.version.clone()));
            while let Some((_, statement)) = statements.next_if(|(about, _)| *about <= release) {
                line(&statement);
            }
            line(&wire::write_entry(entry));
        }
        statements.for_each(|(_, statement)| line(&statement));
        text
    }
}

/// A lock of which some lines are read: those in brief wait for the files they name.
#[derive(Default)]
struct Reading {
    lock: EvidenceLock,
    naming: Naming,
    files: BTreeSet<Subject>,
    briefs: Vec<(usize, Vec<u8>)>,
}

impl Reading {
    fn read_line(&mut self, text: Vec<u8>, line: usize) -> Result<(), LockError> {
        let twice = |what: String| LockError::Twice { line, what };
        if text.starts_with(b"{\"signed\"") {
            self.briefs.push((line, text));
        } else if text.starts_with(b"{\"others\"") {
            brief::read_others(&text, line)?.iter().for_each(|file| self.naming.add(file));
        } else if text.starts_with(b"{\"payload\"") {
            let envelope = Envelope::parse(&text).map_err(|error| LockError::Statement { line, error })?;
            if envelope.to_json().as_bytes() != text {
                return Err(LockError::Changed(line));
            }
            self.lock.statements.push(envelope);
        } else if text.starts_with(b"{\"feed\"") {
            let (feed, roots) = wire::read_feed(&text, line)?;
            if self.lock.feeds.insert(feed, roots).is_some() {
                return Err(twice(feed.to_string()));
            }
        } else {
            let entry = wire::read_entry(&text, line)?;
            if !self.files.insert(entry.subject.clone()) {
                return Err(twice(entry.subject.filename.to_string()));
            }
            self.naming.add(&(entry.subject.filename.clone(), entry.subject.sha256));
            self.lock.entries.push(entry);
        }
        Ok(())
    }

    fn finish(mut self) -> Result<EvidenceLock, LockError> {
        let mut bytes: usize = 0;
        for (line, text) in self.briefs {
            let envelope = brief::read_brief(&text, line, &self.naming)?;
            // A few digits stand for a whole name and digest: many such lines could fill memory.
            bytes = bytes.saturating_add(envelope.payload_bytes());
            if bytes > limits::LOCK_BYTES {
                return Err(LockError::TooLarge(bytes));
            }
            self.lock.statements.push(envelope);
        }
        Ok(self.lock)
    }
}

impl Entry {
    /// Seals the entry: whoever does takes responsibility for what was observed, and for the moment.
    ///
    /// # Errors
    /// [`SignError`] when the key's holder refuses.
    pub fn seal(&mut self, signer: &dyn Signer) -> Result<(), SignError> {
        self.seal = Some(Seal::sign(ENTRY, wire::sealed(self).as_bytes(), signer)?);
        Ok(())
    }

    /// Whether one of these keys sealed the entry.
    #[must_use]
    pub fn is_sealed_by(&self, keys: &[PublicKey]) -> bool {
        self.seal.as_ref().is_some_and(|seal| seal.is_by(keys, ENTRY, wire::sealed(self).as_bytes()))
    }

    /// Whether both say the same of the file, at whatever moments and sealed by whomever.
    #[must_use]
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        Self { as_of: other.as_of, seal: None, ..self.clone() } == Self { seal: None, ..other.clone() }
    }
}
