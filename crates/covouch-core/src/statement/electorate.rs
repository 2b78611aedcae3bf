//! Electorates: who may vote, by which rule, and who may change that.
//!
//! The document is what its admins sign, each in a statement of their own. Its digest is its id, so it certifies
//! itself: whoever pins the id of the first version has pinned the admins, and through them every later version.
//!
//! # Invariants
//! - [`Electorate::new`] is the only way in: thresholds can be met, lists are short, sorted and without twins.
//! - [`Electorate::id`] covers the whole document and nothing else: not who signed it, nor when.
//!
//! # Not here
//! Which version holds at a moment, and counting: `covouch_graph::tally`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    num::{NonZeroU16, NonZeroU32},
    sync::Arc,
};

use super::wire;
use crate::{
    digest::{DigestError, Sha256},
    key::PublicKey,
    limits,
    name::ProjectPattern,
    party::{Owner, PartyName},
    time::{Timestamp, Validity},
};

/// Identifies one version of an electorate by the digest of its document. The first version's id names the electorate.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ElectorateId(pub(super) Sha256);

impl ElectorateId {
    /// Parses 64 hexadecimal digits.
    ///
    /// # Errors
    /// [`DigestError`] for anything else.
    pub fn parse(text: &str) -> Result<Self, DigestError> {
        Sha256::parse(text).map(Self)
    }
}

impl fmt::Display for ElectorateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for ElectorateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// One version of an electorate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Electorate {
    edition: Edition,
    terms: Terms,
    id: ElectorateId,
}

/// Where a version stands among the versions of its electorate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// The first: its id names the electorate.
    First,
    /// A later one.
    Amended {
        /// The first version.
        electorate: ElectorateId,
        /// The version before.
        amends: ElectorateId,
        /// Its number, from 2.
        version: u32,
    },
}

/// What a version says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What people call it. Nothing is decided by it.
    pub name: PartyName,
    /// Who may sign the next version and strikes.
    pub admins: BTreeSet<PublicKey>,
    /// How many of them it takes.
    pub threshold: NonZeroU16,
    /// The oldest version whose ballots still count.
    pub ballots_since: u32,
    /// For how many days somebody must have been a voter before being counted.
    pub maturity_days: u16,
    /// Who does not vote on what.
    pub recusals: Vec<Recusal>,
    /// When this version may be used for counting.
    pub validity: Validity,
    /// Who votes, and how it is counted.
    pub rule: Rule,
}

/// Somebody who does not vote on some projects.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Recusal {
    /// Who.
    pub who: Recused,
    /// On which projects; at least one pattern.
    pub projects: Vec<ProjectPattern>,
}

/// Who does not vote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recused {
    /// One voter.
    Voter(PublicKey),
    /// Everybody of an affiliation.
    Affiliation(Owner),
}

/// Who votes, and how it is counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Named people, one voice per affiliation.
    Committee(Committee),
    /// Whoever the seeds lead to, one voice per independent way.
    Community(Community),
}

/// Named voters; each affiliation has one voice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committee {
    /// So many voices must approve.
    pub approvals: NonZeroU16,
    /// So many that object keep it out.
    pub objections: NonZeroU16,
    /// The voters.
    pub roster: BTreeMap<PublicKey, Member>,
}

/// A voter of a committee.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Whose voice it is.
    pub affiliation: Owner,
    /// Since when somebody is a voter.
    pub since: Timestamp,
    /// A person or a program.
    pub voter: Voter,
}

/// Who casts ballots with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Voter {
    /// A person.
    Person,
    /// A program; all programs of an electorate share one voice.
    Automated,
}

/// Voters that the seeds lead to by delegation; as many voices as there are independent ways to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Community {
    /// So many independent voices must approve.
    pub clusters: NonZeroU16,
    /// How many members the admins count; the quorum is its square root. Signed, so that neither who answered nor
    /// who was left out changes it.
    pub members: NonZeroU32,
    /// How many voices one seed can carry. Everybody else carries one.
    pub per_seed: NonZeroU16,
    /// How many certifications may lead from a seed to a ballot, the ballot included.
    pub depth: u8,
    /// Where the ways begin.
    pub seeds: BTreeSet<PublicKey>,
    /// Programs among the voters.
    pub automated: BTreeSet<PublicKey>,
}

impl Committee {
    /// How many voices there are: affiliations of people, and one for all programs together.
    #[must_use]
    pub fn voices(&self) -> usize {
        let people = self.roster.values().filter(|member| member.voter == Voter::Person);
        let affiliations: BTreeSet<&Owner> = people.map(|member| &member.affiliation).collect();
        let automated = self.roster.values().any(|member| member.voter == Voter::Automated);
        affiliations.len() + usize::from(automated)
    }
}

impl Community {
    /// How many independent voices must take part: the square root of the members, rounded up.
    #[must_use]
    pub const fn quorum(&self) -> u32 {
        let members = self.members.get();
        let root = members.isqrt();
        if root.saturating_mul(root) < members { root + 1 } else { root }
    }
}

/// Why terms are not an electorate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ElectorateError {
    /// The number is not one of a later version.
    #[error("version {0} amends none; later versions count from 2")]
    Version(u32),
    /// Ballots of versions that do not exist.
    #[error("ballots count since version {since}, and this is version {version}")]
    BallotsSince {
        /// The oldest version.
        since: u32,
        /// This version.
        version: u32,
    },
    /// A list that is empty or too long.
    #[error("{found} {what}, where 1 to {max} are needed")]
    Count {
        /// Of what.
        what: &'static str,
        /// How many.
        found: usize,
        /// The most that are read.
        max: usize,
    },
    /// A number nobody can reach.
    #[error("{needed} {what} are asked for, and there can be {possible}")]
    Unreachable {
        /// Of what.
        what: &'static str,
        /// How many are asked for.
        needed: u64,
        /// How many there can be.
        possible: u64,
    },
}

impl Electorate {
    /// Takes terms that make sense.
    ///
    /// # Errors
    /// [`ElectorateError`] for numbers that nobody can reach and lists that are empty or too long.
    pub fn new(edition: Edition, mut terms: Terms) -> Result<Self, ElectorateError> {
        let version = match edition {
            Edition::First => 1,
            Edition::Amended { version: version @ (0 | 1), .. } => {
                return Err(ElectorateError::Version(version));
            }
            Edition::Amended { version, .. } => version,
        };
        if terms.ballots_since == 0 || terms.ballots_since > version {
            return Err(ElectorateError::BallotsSince { since: terms.ballots_since, version });
        }
        count("admins", terms.admins.len(), limits::ADMINS)?;
        reachable("admins", terms.threshold.get().into(), length(terms.admins.len()))?;
        for recusal in &mut terms.recusals {
            count("patterns of a recusal", recusal.projects.len(), limits::RECUSALS)?;
            recusal.projects.sort();
            recusal.projects.dedup();
        }
        terms.recusals.sort();
        terms.recusals.dedup();
        // None at all is fine: whoever publishes a project is recused by what they sign.
        count("recusals and one", terms.recusals.len() + 1, limits::RECUSALS)?;
        match &terms.rule {
            Rule::Committee(committee) => check_committee(committee)?,
            Rule::Community(community) => check_community(community)?,
        }
        let id = ElectorateId(Sha256::of(&wire::electorate_document(&edition, &terms)));
        Ok(Self { edition, terms, id })
    }

    /// The digest of this version's document.
    #[must_use]
    pub const fn id(&self) -> ElectorateId {
        self.id
    }

    /// Which electorate this is a version of.
    #[must_use]
    pub const fn electorate(&self) -> ElectorateId {
        match self.edition {
            Edition::First => self.id,
            Edition::Amended { electorate, .. } => electorate,
        }
    }

    /// The version's number, from 1.
    #[must_use]
    pub const fn version(&self) -> u32 {
        match self.edition {
            Edition::First => 1,
            Edition::Amended { version, .. } => version,
        }
    }

    /// Where it stands among the versions.
    #[must_use]
    pub const fn edition(&self) -> &Edition {
        &self.edition
    }

    /// What it says.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The place of the next version.
    #[must_use]
    pub const fn next(&self) -> Edition {
        Edition::Amended {
            electorate: self.electorate(),
            amends: self.id,
            version: self.version().saturating_add(1),
        }
    }

    /// Whoever's chain may matter for a count: admins, voters, seeds.
    pub fn keys(&self) -> impl Iterator<Item = &PublicKey> {
        let (voters, seeds) = match &self.terms.rule {
            Rule::Committee(committee) => (Some(committee.roster.keys()), None),
            Rule::Community(community) => (None, Some(community.seeds.iter())),
        };
        self.terms.admins.iter().chain(voters.into_iter().flatten()).chain(seeds.into_iter().flatten())
    }
}

fn check_committee(committee: &Committee) -> Result<(), ElectorateError> {
    count("voters", committee.roster.len(), limits::VOTERS)?;
    let voices = length(committee.voices());
    reachable("approving voices", committee.approvals.get().into(), voices)?;
    reachable("objecting voices", committee.objections.get().into(), voices)
}

fn check_community(community: &Community) -> Result<(), ElectorateError> {
    count("seeds", community.seeds.len(), limits::VOTERS)?;
    count("automated voters and one", community.automated.len() + 1, limits::VOTERS)?;
    let (per_seed, most) = (u64::from(community.per_seed.get()), u64::from(limits::VOICES_PER_SEED));
    reachable("voices of one seed", per_seed, most)?;
    count("certifications to a ballot", community.depth.into(), limits::COMMUNITY_DEPTH)?;
    let voices = length(community.seeds.len()) * per_seed;
    reachable("approving voices", community.clusters.get().into(), voices)?;
    reachable("voices of a quorum", community.quorum().into(), voices)
}

fn count(what: &'static str, found: usize, max: usize) -> Result<(), ElectorateError> {
    if found == 0 || found > max { Err(ElectorateError::Count { what, found, max }) } else { Ok(()) }
}

fn reachable(what: &'static str, needed: u64, possible: u64) -> Result<(), ElectorateError> {
    if needed > possible { Err(ElectorateError::Unreachable { what, needed, possible }) } else { Ok(()) }
}

fn length(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// The admins take a voter's voice away, in public. It has no expiry: one that ended would bring the voter back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Strike {
    /// From which electorate.
    pub electorate: ElectorateId,
    /// Who.
    pub voter: PublicKey,
    /// Why.
    pub reason: Arc<str>,
}
