//! Trusted authors by a published rule: who released for long enough, and whom others recognise.
//!
//! [`derive()`] holds every identity that released files against an [`AuthorRule`]; [`plan()`] says what has to be
//! signed and withdrawn so that a key's grants are what the rule gives.
//!
//! # Invariants
//! - Only what is proven counts: a file whose upload time is not known, or is yet to come, adds to nothing.
//! - A name grants only while it stands for one publisher: whoever takes over an account's name takes over nothing.
//! - What somebody released before another identity released the same project counts no more.
//!
//! # Not here
//! Proving who released a file, and signing.

mod plan;
mod record;
mod rule;

use std::{collections::BTreeSet, fmt, sync::Arc};

use covouch_core::{
    key::PublicKey,
    name::ProjectName,
    publisher::{Publisher, PublisherName},
    statement::{Author, AuthorGrant},
    subject::FileName,
    time::{Duration, Timestamp},
    version::Version,
};

use self::record::Gathered;
pub use self::{
    plan::{Change, plan},
    rule::AuthorRule,
};

/// A file that somebody released, and what others say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleasedFile {
    /// The project.
    pub project: ProjectName,
    /// The release.
    pub version: Version,
    /// The file's name.
    pub filename: FileName,
    /// When its index says it was uploaded.
    pub uploaded: Option<Timestamp>,
    /// Whose attestations hold for it.
    pub publishers: Vec<Publisher>,
    /// Whose signed release lists it.
    pub keys: Vec<PublicKey>,
    /// Who recognises it: a distribution that packaged it, an electorate that approved it.
    pub recognised: Option<Arc<str>>,
    /// How many keys have a veto on it that holds.
    pub vetoes: usize,
}

/// Everything a run looks at.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The projects that were looked at. What was granted for others stays as it is.
    pub projects: BTreeSet<ProjectName>,
    /// Their files.
    pub files: Vec<ReleasedFile>,
    /// Keys somebody entitled declared lost.
    pub revoked: BTreeSet<PublicKey>,
}

/// Whoever releases files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Identity {
    /// A key that signs releases.
    Key(PublicKey),
    /// A publisher, by the name it had last.
    Publisher(PublisherName),
}

impl Identity {
    /// The identity as a statement names it.
    #[must_use]
    pub fn author(&self) -> Author {
        match self {
            Self::Key(key) => Author::Key(*key),
            Self::Publisher(name) => Author::Publisher(name.to_string().into()),
        }
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => f.write_str(&key.fingerprint()),
            Self::Publisher(name) => name.fmt(f),
        }
    }
}

/// What an identity did, as far as it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// How many releases.
    pub releases: usize,
    /// When the first and the last of their files were uploaded.
    pub span: Option<(Timestamp, Timestamp)>,
    /// The projects somebody recognises, and who does.
    pub recognised: Vec<(ProjectName, Arc<str>)>,
}

impl Record {
    /// The time from the first to the last upload.
    #[must_use]
    pub fn age(&self) -> Duration {
        self.span.map_or(Duration::from_seconds(0), |(first, last)| first.until(last))
    }
}

/// What the rule says of an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Derived {
    /// Who.
    pub identity: Identity,
    /// For which projects: those it releases.
    pub projects: BTreeSet<ProjectName>,
    /// What that rests on.
    pub facts: Record,
    /// What follows.
    pub outcome: Outcome,
}

/// What follows for an identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It meets the rule, and was no author of these projects before.
    Granted,
    /// It still meets the rule.
    Kept,
    /// What it did counts no more.
    Reset(ResetReason),
    /// Something is missing, in the order of the rule; never empty.
    Below(Vec<Missing>),
}

impl Outcome {
    /// Whether the identity is an author by the rule.
    #[must_use]
    pub const fn is_author(&self) -> bool {
        matches!(self, Self::Granted | Self::Kept)
    }

    /// The outcome's name.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Kept => "kept",
            Self::Reset(_) => "reset",
            Self::Below(_) => "below",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granted | Self::Kept => f.write_str(self.as_str()),
            Self::Reset(reason) => write!(f, "reset: {reason}"),
            Self::Below(missing) => {
                let missing: Vec<_> = missing.iter().map(ToString::to_string).collect();
                write!(f, "below: {}", missing.join(", "))
            }
        }
    }
}

/// Why what an identity did counts no more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResetReason {
    /// Somebody else released a project of its since.
    #[error("`{project}` {version} is released by {by}")]
    OtherIdentity {
        /// Which project.
        project: ProjectName,
        /// Which release.
        version: Version,
        /// By whom.
        by: Identity,
    },
    /// Its name stands, or stood, for another account.
    #[error("`{0}` is the name of more than one account")]
    NameReused(PublisherName),
    /// A file of its is vetoed by as many as the rule asks for.
    #[error("`{0}` is vetoed")]
    Vetoed(FileName),
    /// Its key is lost.
    #[error("the key is revoked")]
    Revoked,
}

/// What an identity lacks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Missing {
    /// Releases.
    #[error("{found} of {needed} releases")]
    Releases {
        /// How many there are.
        found: usize,
        /// How many are asked for.
        needed: usize,
    },
    /// Time.
    #[error("released over {} of {needed}", found.rounded())]
    Days {
        /// How much there is.
        found: Duration,
        /// How much is asked for.
        needed: Duration,
    },
    /// Projects that others recognise.
    #[error("{found} of {needed} projects packaged or voted")]
    Recognised {
        /// How many there are.
        found: usize,
        /// How many are asked for.
        needed: usize,
    },
}

/// More identities than are read ([`crate::limits::AUTHORS`]); a run over some of them would withdraw the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} identities released these files, at most {max} are read", max = crate::limits::AUTHORS)]
pub struct TooManyAuthors(pub usize);

/// Holds every identity that released files against the rule; sorted by identity.
///
/// `previous` are the grants that hold now.
///
/// # Errors
/// [`TooManyAuthors`].
pub fn derive(
    rule: &AuthorRule,
    facts: &Facts,
    previous: &[AuthorGrant],
    now: Timestamp,
) -> Result<Vec<Derived>, TooManyAuthors> {
    let identities = record::identities(facts, now)?;
    let mut derived: Vec<_> = identities
        .iter()
        .filter_map(|names| record::gather(names, facts, rule, now))
        .map(|gathered| judge(rule, gathered, facts, previous))
        .collect();
    derived.sort_by(|left, right| left.identity.cmp(&right.identity));
    Ok(derived)
}

fn judge(rule: &AuthorRule, gathered: Gathered, facts: &Facts, previous: &[AuthorGrant]) -> Derived {
    let Gathered { identity, projects, record, reset } = gathered;
    let revoked = match &identity {
        Identity::Key(key) => facts.revoked.contains(key),
        Identity::Publisher(_) => false,
    };
    let missing = missing(rule, &record);
    let outcome = match reset {
        _ if revoked => Outcome::Reset(ResetReason::Revoked),
        Some(reason) => Outcome::Reset(reason),
        None if !missing.is_empty() => Outcome::Below(missing),
        None if previous.iter().any(|grant| is_for(grant, &identity, &projects)) => Outcome::Kept,
        None => Outcome::Granted,
    };
    Derived { identity, projects, facts: record, outcome }
}

fn missing(rule: &AuthorRule, record: &Record) -> Vec<Missing> {
    let mut missing = Vec::new();
    if record.releases < rule.releases {
        missing.push(Missing::Releases { found: record.releases, needed: rule.releases });
    }
    if record.age() < rule.span {
        missing.push(Missing::Days { found: record.age(), needed: rule.span });
    }
    if record.recognised.len() < rule.recognised {
        missing.push(Missing::Recognised { found: record.recognised.len(), needed: rule.recognised });
    }
    missing
}

/// Whether a grant is exactly this one.
fn is_for(grant: &AuthorGrant, identity: &Identity, projects: &BTreeSet<ProjectName>) -> bool {
    let granted: BTreeSet<&str> = grant.projects.iter().map(|pattern| pattern.as_str()).collect();
    grant.author == identity.author() && granted.into_iter().eq(projects.iter().map(ProjectName::as_str))
}

#[cfg(test)]
mod tests;
