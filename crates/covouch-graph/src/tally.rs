//! Votes, counted by whoever asks: no tally of anybody else is believed.
//!
//! `votes` puts what was signed in order, `succession` finds the version of the electorate that holds, `casting` reads
//! each voter's last word, `committee` and `community` count voices, and [`Votes::tally`] puts them together. [`Signed::passed`]
//! asks for all files at once, and for when that will change.
//!
//! # Invariants
//! - Every known ballot on the file is counted or set aside, and it says why.
//! - A voter of whom a ballot is missing is not known: a no where that keeps out, a yes only to say what is unknown.
//! - One more approval, properly cast, never loses a vote; more keys behind a key never add a voice.
//! - Only integers, and nothing depends on the order in which statements were read.
//!
//! # Not here
//! What a passed vote is good for: level `voted`, never `audited`, for whichever party names the electorate.

mod amendment;
mod aside;
mod casting;
mod committee;
mod community;
mod franchise;
mod passing;
mod succession;
mod uncountable;
mod votes;

use std::{collections::BTreeMap, fmt};

use covouch_core::{
    amount::Amount,
    code::Code,
    key::PublicKey,
    level::Level,
    statement::{Choice, Electorate, ElectorateId, Rule, StatementId},
    subject::Subject,
    time::Timestamp,
};

pub use self::{
    amendment::loosens,
    aside::Aside,
    passing::Signed,
    succession::{Pending, RefusedVersion, Succession},
    uncountable::Uncountable,
    votes::Votes,
};
use self::{casting::Casting, franchise::Franchise};
use crate::build::TrustGraph;

/// What is asked: an electorate, a file, a moment.
#[derive(Clone, Copy, Debug)]
pub struct Poll<'a> {
    /// The electorate, by its first version.
    pub electorate: ElectorateId,
    /// The file.
    pub subject: &'a Subject,
    /// When; the graph is built for the same moment.
    pub now: Timestamp,
}

/// A count, and every ballot in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The version of the electorate that holds.
    pub version: u32,
    /// How it ended.
    pub outcome: Outcome,
    /// The voices, where voters who are not known say no.
    pub count: Count,
    /// What the rule asks for.
    pub needs: Needs,
    /// Every known ballot on the file, by voter and number.
    pub ballots: Vec<Cast>,
    /// Voters of whom a ballot is missing, and how that shows.
    pub unknown: BTreeMap<PublicKey, Aside>,
    /// The next moment at which time alone may change the count.
    pub next_change: Option<Timestamp>,
}

impl Tally {
    /// The level that the vote gives: `voted` when it passed, and never another.
    #[must_use]
    pub fn level(&self) -> Option<Level> {
        (self.outcome == Outcome::Passed).then_some(Level::Voted)
    }
}

/// How a vote ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Enough voices approve and not too many object.
    Passed,
    /// Not enough voices approve, or take part.
    Short,
    /// Too many voices object.
    Opposed,
    /// It would have passed if voters who are not known approved.
    Unknown,
}

impl Outcome {
    /// Codes of what keeps a vote from passing.
    pub const CODES: &[Code] =
        &[Code::new("vote-short"), Code::new("vote-opposed"), Code::new("vote-unknown")];

    /// The outcome's name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Short => "short",
            Self::Opposed => "opposed",
            Self::Unknown => "unknown",
        }
    }

    /// The stable code of what keeps a vote from passing.
    #[must_use]
    pub const fn code(self) -> Option<Code> {
        match self {
            Self::Passed => None,
            Self::Short => Some(Code::new("vote-short")),
            Self::Opposed => Some(Code::new("vote-opposed")),
            Self::Unknown => Some(Code::new("vote-unknown")),
        }
    }
}

/// One known ballot on the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cast {
    /// The ballot.
    pub ballot: StatementId,
    /// Whose it is.
    pub voter: PublicKey,
    /// Its number among the voter's ballots.
    pub sequence: u64,
    /// What it says.
    pub choice: Choice,
    /// When it was signed, as the voter says.
    pub issued: Timestamp,
    /// Why it does not count; `None` when it does.
    pub aside: Option<Aside>,
}

/// How many voices: 600ths, as amounts of trust are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Voices(u32);

impl Voices {
    /// Whole voices.
    #[must_use]
    pub fn whole(voices: u32) -> Self {
        Self(voices.saturating_mul(Amount::FULL.units().into()))
    }

    pub(crate) fn from_units(units: i64) -> Self {
        Self(u32::try_from(units.max(0)).unwrap_or(u32::MAX))
    }

    /// In 600ths of a voice.
    #[must_use]
    pub const fn units(self) -> u32 {
        self.0
    }
}

/// Prints voices, rounded down to a hundredth so that a voice just short of one never looks whole.
impl fmt::Display for Voices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let full = u32::from(Amount::FULL.units());
        match (self.0 / full, self.0 % full / 6) {
            (whole, 0) => write!(f, "{whole}"),
            (whole, hundredths) => write!(f, "{whole}.{hundredths:02}"),
        }
    }
}

/// What was said, in voices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Voices that approve.
    pub approving: Voices,
    /// Voices that object.
    pub objecting: Voices,
    /// Voices that said anything at all.
    pub taking_part: Voices,
}

/// What a rule asks for. Denominators are signed: neither who answered nor who was left out changes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Of a committee.
    Committee {
        /// So many voices approve …
        approvals: Voices,
        /// … and fewer than so many object …
        objections: Voices,
        /// … of so many on the roster.
        of: Voices,
    },
    /// Of a community.
    Community {
        /// So many independent voices approve, and at least four times as many as object …
        clusters: Voices,
        /// … and so many take part …
        quorum: Voices,
        /// … of so many members.
        members: u32,
    },
}

/// A community's approvals outweigh its objections so many times.
const APPROVALS_PER_OBJECTION: u64 = 4;

impl Needs {
    fn of(electorate: &Electorate) -> Self {
        match &electorate.terms().rule {
            Rule::Committee(committee) => Self::Committee {
                approvals: Voices::whole(committee.approvals.get().into()),
                objections: Voices::whole(committee.objections.get().into()),
                of: Voices::whole(u32::try_from(committee.voices()).unwrap_or(u32::MAX)),
            },
            Rule::Community(community) => Self::Community {
                clusters: Voices::whole(community.clusters.get().into()),
                quorum: Voices::whole(community.quorum()),
                members: community.members.get(),
            },
        }
    }

    /// The one place where a count is held to a rule.
    fn judge(&self, count: &Count) -> Outcome {
        let (opposed, enough) = match *self {
            Self::Committee { approvals, objections, .. } => {
                (count.objecting >= objections, count.approving >= approvals)
            }
            Self::Community { clusters, quorum, .. } => {
                let outweighed = APPROVALS_PER_OBJECTION * u64::from(count.objecting.0);
                let enough = count.approving >= clusters && count.taking_part >= quorum;
                (u64::from(count.approving.0) < outweighed, enough)
            }
        };
        match (opposed, enough) {
            (true, _) => Outcome::Opposed,
            (false, true) => Outcome::Passed,
            (false, false) => Outcome::Short,
        }
    }
}

/// What one voter says on the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Says(Choice),
    /// A ballot of theirs is missing.
    Unknown,
}

/// How voters who are not known are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// As a no.
    Pessimistic,
    /// As a yes.
    Optimistic,
}

impl Word {
    fn read(self, reading: Reading) -> Choice {
        match (self, reading) {
            (Self::Says(choice), _) => choice,
            (Self::Unknown, Reading::Pessimistic) => Choice::Object,
            (Self::Unknown, Reading::Optimistic) => Choice::Approve,
        }
    }
}

impl Votes<'_> {
    /// Counts the ballots on a file.
    ///
    /// The graph says whom a community's seeds lead to; it is built from the same evidence, for the same moment.
    ///
    /// # Errors
    /// [`Uncountable`] when there is no electorate to count by, or counting takes too long: not known, never a yes.
    pub fn tally(&self, graph: &TrustGraph, poll: &Poll<'_>) -> Result<Tally, Uncountable> {
        let succession = self.succession(&poll.electorate, poll.now)?;
        let electorate = succession.electorate;
        let franchise = Franchise::new(self, graph, &succession, poll);
        let casting = Casting::read(self, &franchise, electorate, poll);
        let needs = Needs::of(electorate);
        let count = |reading| match &electorate.terms().rule {
            Rule::Committee(committee) => Ok(committee::count(committee, &casting.words, reading)),
            Rule::Community(_) => match &franchise.ways {
                Some(ways) => ways.count(&casting.words, reading),
                None => Ok(Count::default()),
            },
        };
        let pessimistic = count(Reading::Pessimistic)?;
        let mut outcome = needs.judge(&pessimistic);
        if outcome != Outcome::Passed
            && !casting.unknown.is_empty()
            && needs.judge(&count(Reading::Optimistic)?) == Outcome::Passed
        {
            outcome = Outcome::Unknown;
        }
        let moments = casting.moments.iter().chain(&franchise.moments).copied();
        let moments = moments.chain(succession.moments()).filter(|moment| *moment > poll.now);
        Ok(Tally {
            version: electorate.version(),
            outcome,
            count: pessimistic,
            needs,
            next_change: moments.min(),
            ballots: casting.ballots,
            unknown: casting.unknown,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Voices;

    #[test]
    fn voices_print_as_people_count() {
        let shown = [0, 600, 1_500, 599].map(|units| Voices::from_units(units).to_string());
        assert_eq!(shown, ["0", "1", "2.50", "0.99"]);
    }
}
