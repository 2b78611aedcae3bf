//! Statements: signed claims about files and about who may speak.
//!
//! A statement travels as a DSSE envelope ([`envelope`]), is written and read by `wire`, signed by [`sign()`]
//! and believed only after [`verify()`]. Every issuer's statements form a [`chain`].
//!
//! # Invariants
//! - Only [`verify()`] makes a [`Verified`].
//! - A statement's identity ([`StatementId`]) covers what was signed and by whom, never the envelope, so one
//!   statement in two envelopes is one statement.
//!
//! # Not here
//! Whether a statement counts at some moment, for some policy: that is the graph's and the policy's to say.

mod ballot;
mod believe;
pub mod chain;
mod electorate;
pub mod envelope;
mod outline;
mod seal;
mod sign;
mod summary;
mod verify;
mod wire;

use std::{fmt, sync::Arc};

pub(crate) use self::outline::Outline;
pub use self::{
    ballot::{Ballot, BallotHead, BallotPlace, Choice},
    believe::{Believed, Seen, believe, leads_to},
    electorate::{
        Committee, Community, Edition, Electorate, ElectorateError, ElectorateId, Member, Recusal, Recused,
        Rule, Strike, Terms, Voter,
    },
    envelope::{Envelope, EnvelopeError},
    seal::Seal,
    sign::{SignError, Signer, sign, sign_ballot_head, sign_head},
    summary::{Document, Outcome, Summary, sign_summary},
    verify::{Verified, VerifyError, peek_electorate, peek_release, verify, verify_ballot_head, verify_head},
};
use crate::{
    amount::Amount,
    digest::Sha256,
    key::PublicKey,
    level::Level,
    limits,
    name::{ProjectName, ProjectPattern},
    subject::{FileName, Subject},
    time::{Timestamp, Validity},
    version::Version,
};

/// Identifies a statement: sha256 over the pre-authentication encoding and the issuer's key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementId(Sha256);

impl StatementId {
    /// Parses 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`crate::digest::DigestError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, crate::digest::DigestError> {
        Sha256::parse(text).map(Self)
    }
}

impl fmt::Display for StatementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for StatementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One signed claim, where it stands in its issuer's chain, and when it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its place in the issuer's chain.
    pub link: Link,
    /// When it was signed, as the issuer says.
    pub issued: Timestamp,
    /// What it says.
    pub claim: Claim,
}

/// A statement's place in its issuer's chain: numbers without gaps, each naming the statement before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// 1 for the issuer's first statement.
    pub sequence: u64,
    /// The statement before; `None` for the first and only for the first.
    pub previous: Option<StatementId>,
}

impl Link {
    /// The first place in a chain.
    pub const FIRST: Self = Self { sequence: 1, previous: None };
}

/// What a statement says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// These files are safe to install, at a level.
    Vouch(Vouch),
    /// Do not install these files.
    Veto(Veto),
    /// Let these files in for a while although the requirement is not met.
    Waiver(Waiver),
    /// These files are my release.
    Release(Release),
    /// This key may speak for me.
    Delegation(Delegation),
    /// This key or publisher may speak as an author of these projects.
    Author(AuthorGrant),
    /// A statement, or a key, counts no more.
    Withdrawal(Withdrawal),
    /// A voter's word on these files.
    Ballot(Ballot),
    /// These are the voters and the rule.
    Electorate(Box<Electorate>),
    /// This voter has no voice any more.
    Strike(Strike),
}

impl Claim {
    /// The claim's kind, as reports name it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Vouch(_) => "vouch",
            Self::Veto(_) => "veto",
            Self::Waiver(_) => "waiver",
            Self::Release(_) => "release",
            Self::Delegation(_) => "delegation",
            Self::Author(_) => "author",
            Self::Withdrawal(_) => "withdrawal",
            Self::Ballot(_) => "ballot",
            Self::Electorate(_) => "electorate",
            Self::Strike(_) => "strike",
        }
    }

    /// The files the claim is about, where it is about files.
    #[must_use]
    pub const fn files(&self) -> Option<&Files> {
        match self {
            Self::Vouch(vouch) => Some(&vouch.files),
            Self::Veto(veto) => Some(&veto.files),
            Self::Waiver(waiver) => Some(&waiver.files),
            Self::Release(release) => Some(&release.files),
            Self::Ballot(ballot) => Some(&ballot.files),
            Self::Delegation(_)
            | Self::Author(_)
            | Self::Withdrawal(_)
            | Self::Electorate(_)
            | Self::Strike(_) => None,
        }
    }

    /// When the claim holds. Withdrawals and strikes have no end: one that expired would bring back what it took away.
    #[must_use]
    pub fn validity(&self) -> Option<Validity> {
        match self {
            Self::Vouch(vouch) => Some(vouch.validity),
            Self::Veto(veto) => Some(veto.validity),
            Self::Waiver(waiver) => Some(waiver.validity),
            Self::Release(release) => Some(release.validity),
            Self::Delegation(delegation) => Some(delegation.validity),
            Self::Author(grant) => Some(grant.validity),
            Self::Ballot(ballot) => Some(ballot.validity),
            Self::Electorate(electorate) => Some(electorate.terms().validity),
            Self::Withdrawal(_) | Self::Strike(_) => None,
        }
    }
}

/// Some files of one release: at least one, sorted by name, each name once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    project: ProjectName,
    version: Version,
    files: Box<[(FileName, Sha256)]>,
}

/// Why a list of files cannot be in a statement.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FilesError {
    /// No file at all.
    #[error("a statement about files lists at least one")]
    None,
    /// More than [`limits::SUBJECTS`].
    #[error("{0} files in one statement, at most {max} are read", max = limits::SUBJECTS)]
    TooMany(usize),
    /// One name twice.
    #[error("file `{0}` is listed twice")]
    Twice(FileName),
}

/// Of so many files each is looked at; among more they are searched for by name.
const SCANNED: usize = 32;

impl Files {
    /// Puts files of one release in order.
    ///
    /// # Errors
    /// [`FilesError`] when there are none, too many, or one name stands twice.
    pub fn new(
        project: ProjectName,
        version: Version,
        files: impl IntoIterator<Item = (FileName, Sha256)>,
    ) -> Result<Self, FilesError> {
        let mut files: Vec<_> = files.into_iter().collect();
        files.sort();
        let twice = files.iter().zip(files.iter().skip(1)).find(|(left, right)| left.0 == right.0);
        if let Some((left, _)) = twice {
            return Err(FilesError::Twice(left.0.clone()));
        }
        match files.len() {
            0 => Err(FilesError::None),
            count if count > limits::SUBJECTS => Err(FilesError::TooMany(count)),
            _ => Ok(Self { project, version, files: files.into() }),
        }
    }

    /// The project they belong to.
    #[must_use]
    pub const fn project(&self) -> &ProjectName {
        &self.project
    }

    /// The release they belong to.
    #[must_use]
    pub const fn version(&self) -> &Version {
        &self.version
    }

    /// The files, sorted by name.
    #[must_use]
    pub const fn iter(&self) -> &[(FileName, Sha256)] {
        &self.files
    }

    /// The files as subjects.
    pub fn subjects(&self) -> impl Iterator<Item = Subject> {
        self.files.iter().map(|(filename, sha256)| Subject {
            project: self.project.clone(),
            version: self.version.clone(),
            filename: filename.clone(),
            sha256: *sha256,
        })
    }

    /// Whether this very file is listed: project, version, name and digest all match.
    #[must_use]
    pub fn lists(&self, subject: &Subject) -> bool {
        let is_it = |(filename, sha256): &(FileName, Sha256)| {
            *sha256 == subject.sha256 && *filename == subject.filename
        };
        // Digests stand side by side, while every name to compare lies elsewhere.
        let listed = if self.files.len() <= SCANNED {
            self.files.iter().any(is_it)
        } else {
            let found = self.files.binary_search_by(|(filename, _)| filename.cmp(&subject.filename));
            found.ok().and_then(|index| self.files.get(index)).is_some_and(is_it)
        };
        listed && self.project == subject.project && self.version == subject.version
    }
}

/// The issuer takes responsibility for these files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vouch {
    /// Which files.
    pub files: Files,
    /// When the vouch may be used; what was signed in time is kept by an expired key, not by an expired vouch.
    pub validity: Validity,
    /// What it claims.
    pub level: VouchLevel,
    /// What was read to come to it.
    pub read: Vec<Reading>,
    /// Who read.
    pub reviewer: Reviewer,
    /// Anything the issuer wants to say, at most [`limits::NOTE_BYTES`].
    pub notes: Arc<str>,
}

/// The levels a signature can claim; the others come from counting and from adapters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VouchLevel {
    /// Takes responsibility.
    Vouched,
    /// Read the code.
    Audited,
}

impl From<VouchLevel> for Level {
    fn from(level: VouchLevel) -> Self {
        match level {
            VouchLevel::Vouched => Self::Vouched,
            VouchLevel::Audited => Self::Audited,
        }
    }
}

/// What somebody read before vouching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The metadata.
    Metadata,
    /// The difference from the file with this sha256.
    Diff(Sha256),
    /// The full source.
    FullSource,
    /// Built it from the source.
    Built,
}

/// Who read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reviewer {
    /// A person.
    Hand,
    /// A program.
    Machine,
}

/// The issuer says: do not install these files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Veto {
    /// Which files.
    pub files: Files,
    /// When the veto holds.
    pub validity: Validity,
    /// Why, from the closed list.
    pub reason: VetoReason,
    /// Where to read more, at most [`limits::NOTE_BYTES`]; may be empty.
    pub reference: Arc<str>,
}

/// Why files should not be installed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VetoReason {
    /// The file does harm on purpose.
    Malware,
    /// The publisher's account, token or build was taken over.
    Compromised,
    /// The project pretends to be another.
    Impersonation,
    /// A hole that others can use.
    Vulnerable,
    /// Anything else that keeps people from installing it: broken, withdrawn by its author.
    Unfit,
}

impl VetoReason {
    /// All reasons.
    pub const ALL: [Self; 5] =
        [Self::Malware, Self::Compromised, Self::Impersonation, Self::Vulnerable, Self::Unfit];

    /// The reason's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malware => "malware",
            Self::Compromised => "compromised",
            Self::Impersonation => "impersonation",
            Self::Vulnerable => "vulnerable",
            Self::Unfit => "unfit",
        }
    }

    /// The reason of this name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// The issuer approves that these files are let in although the requirement is not met. It never overrides a
/// refusal, and it counts only where the policy's `[[waiver]]` names the file and the issuer's party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiver {
    /// Which files.
    pub files: Files,
    /// Until when.
    pub validity: Validity,
    /// Why, at most [`limits::NOTE_BYTES`].
    pub reason: Arc<str>,
}

/// An author says: these files are my release of this project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Which files.
    pub files: Files,
    /// When it may be used.
    pub validity: Validity,
}

/// A key may speak for the issuer, within limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// The key that may speak.
    pub to: PublicKey,
    /// Certifications that may still follow: 0 identity only, 1 may vouch, n may appoint depth n−1.
    pub depth: u8,
    /// How much of the issuer's trust it carries.
    pub amount: Amount,
    /// The highest level that passes.
    pub level: Level,
    /// For which projects; at least one pattern.
    pub projects: Vec<ProjectPattern>,
    /// When it holds.
    pub validity: Validity,
}

/// An author's key, a publisher identity or an electorate may speak for these projects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorGrant {
    /// Who.
    pub author: Author,
    /// For which projects; at least one pattern.
    pub projects: Vec<ProjectPattern>,
    /// When it holds.
    pub validity: Validity,
}

/// Who may speak as an author.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Author {
    /// Somebody who signs releases with this key.
    Key(PublicKey),
    /// A publisher identity, as in `github:psf/requests`.
    Publisher(Arc<str>),
    /// An electorate, by its first version: it speaks by votes that pass, whose ballots everybody counts.
    Electorate(ElectorateId),
}

impl Author {
    /// The author's key; nobody else has one.
    #[must_use]
    pub const fn key(&self) -> Option<&PublicKey> {
        match self {
            Self::Key(key) => Some(key),
            Self::Publisher(_) | Self::Electorate(_) => None,
        }
    }
}

/// Something counts no more, from the moment this is seen. It has no expiry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Withdrawal {
    /// One statement of the same issuer.
    Statement(StatementId),
    /// A key.
    Key {
        /// Which key.
        key: PublicKey,
        /// Since when it is not to be trusted.
        from: Timestamp,
        /// What happens to what it signed before.
        severity: Severity,
    },
}

/// How a key was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Stolen: nothing it ever signed counts.
    Hard,
    /// Retired: what it signed before, and somebody saw in time, still counts.
    Soft,
}

/// The newest place in an issuer's chain, signed so that a shortened chain shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The newest statement's number and id; `None` before the first statement.
    pub newest: Option<(u64, StatementId)>,
    /// When the head was signed.
    pub issued: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(number: usize) -> FileName {
        FileName::parse(&format!("demo-1.0-{number}-py3-none-any.whl")).unwrap()
    }

    fn digest(number: usize) -> Sha256 {
        Sha256::of(&number.to_be_bytes())
    }

    #[test]
    fn a_file_is_listed_when_all_four_fields_match_however_many_there_are() {
        let (project, version) = (ProjectName::parse("demo").unwrap(), Version::parse("1.0").unwrap());
        for count in [1, SCANNED, SCANNED + 1, 10 * SCANNED] {
            let listed = (0..count).map(|number| (named(number), digest(number)));
            let files = Files::new(project.clone(), version.clone(), listed).unwrap();
            let last = files.subjects().last().unwrap();
            assert!(files.subjects().all(|subject| files.lists(&subject)), "{count}");
            let others = [
                Subject { project: ProjectName::parse("other").unwrap(), ..last.clone() },
                Subject { version: Version::parse("1.1").unwrap(), ..last.clone() },
                Subject { filename: named(count), ..last.clone() },
                Subject { sha256: digest(count), ..last },
            ];
            assert!(!others.iter().any(|other| files.lists(other)), "{count}");
        }
    }
}
