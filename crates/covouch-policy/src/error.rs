//! What can be wrong with a policy: one enum, each error with its place.

mod hint;

use std::{fmt, sync::Arc};

use covouch_core::{code::Code, hint::Hint, shown::Shown};

pub(crate) use self::hint::nearest_or_all;
use crate::{code, syntax::SyntaxError};

/// A place in a policy file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as people know it.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The character of the line, from 1.
    pub column: u32,
}

/// Prints `covouch.toml:7:12`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Something wrong with a policy, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{place}`: {fault}")]
pub struct PolicyError {
    /// Where.
    pub place: Place,
    /// What.
    pub fault: Fault,
}

impl PolicyError {
    /// The error's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.fault.code()
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        self.fault.hint()
    }
}

/// Everything wrong with a policy, in the order of the file; never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyErrors(Vec<PolicyError>);

impl PolicyErrors {
    /// These errors, in the order of their places; `None` when there are none.
    pub(crate) fn collect(mut errors: Vec<PolicyError>) -> Option<Self> {
        errors.sort_by(|left, right| left.place.cmp(&right.place));
        errors.dedup();
        errors.truncate(crate::limits::ERRORS);
        (!errors.is_empty()).then_some(Self(errors))
    }

    pub(crate) fn one(error: PolicyError) -> Self {
        Self(vec![error])
    }

    /// The errors.
    pub fn iter(&self) -> std::slice::Iter<'_, PolicyError> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a PolicyErrors {
    type Item = &'a PolicyError;
    type IntoIter = std::slice::Iter<'a, PolicyError>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// One error to a line.
impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyErrors {}

/// A policy's text in a message: it may come with a pull request, and a message obeys nobody.
pub(crate) fn shown(text: impl fmt::Display) -> Shown {
    Shown::new(&text.to_string())
}

/// What is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Not TOML.
    #[error("{0}")]
    Toml(Shown),
    /// Larger than [`crate::limits::POLICY_BYTES`].
    #[error("the policy has {0} bytes, at most {max} are read", max = crate::limits::POLICY_BYTES)]
    TooLarge(usize),
    /// `pyproject.toml` without our table.
    #[error("no table `[tool.covouch]`")]
    NoTable,
    /// A schema this version does not know.
    #[error("schema `{0}` is not known, this version reads schema `1`")]
    Schema(Shown),
    /// A key nobody defined.
    #[error("no key `{key}` in {table}")]
    UnknownKey {
        /// The key.
        key: Shown,
        /// The table it stands in, as people call it.
        table: Shown,
        /// The keys the table has.
        known: &'static [&'static str],
    },
    /// Another type than the key takes.
    #[error("`{key}` is {found} where {expected} is needed")]
    WrongType {
        /// The key.
        key: Shown,
        /// What stands there.
        found: &'static str,
        /// What should.
        expected: &'static str,
    },
    /// A key that must be there.
    #[error("{table} has no `{key}`")]
    MissingKey {
        /// The table, as people call it.
        table: Shown,
        /// The key.
        key: &'static str,
    },
    /// A value that means nothing.
    #[error("{clause}")]
    BadValue {
        /// What is wrong with it.
        clause: Shown,
        /// What to write.
        hint: Option<Hint>,
    },
    /// An expression that does not follow the grammar.
    #[error(transparent)]
    Expression(#[from] SyntaxError),
    /// More of something than is read.
    #[error("{found} {what}, at most {limit} are read")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many are read.
        limit: usize,
    },
    /// A party nobody declared.
    #[error("no party `{name}`")]
    UnknownParty {
        /// What was written.
        name: Shown,
        /// The parties there are.
        known: Vec<Shown>,
    },
    /// A party called like a word of the language.
    #[error("a party cannot be called `{0}`, which is a word of the language")]
    ReservedName(Shown),
    /// No source of evidence, or two.
    #[error(
        "party `{name}` has {found} where exactly one of `index`, `debian`, `osv`, `feed`, `electorate`, `key` or `keys` is needed"
    )]
    PartySource {
        /// The party.
        name: Shown,
        /// What it has.
        found: Shown,
    },
    /// More are needed than there are.
    #[error("at least {needed} of {there} can never be met")]
    ThresholdAboveGroup {
        /// How many are asked for.
        needed: usize,
        /// How many the group has.
        there: usize,
    },
    /// A name twice in a group.
    #[error("`{0}` stands twice in the group")]
    NameTwice(Shown),
    /// A key twice at one party.
    #[error("party `{0}` has the same key twice")]
    KeyTwice(Shown),
    /// Two parties, one index.
    #[error("party `{second}` is the same index as `{first}`")]
    IndexTwice {
        /// The one declared first.
        first: Shown,
        /// The other.
        second: Shown,
    },
    /// `not` before something that grants.
    #[error("`not` stands before `{0}`, which is no negative evidence")]
    NotBeforePositive(Shown),
    /// Negative evidence that would let a file in.
    #[error("`{0}` speaks against a file and cannot let one in")]
    NegativeAdmits(Shown),
    /// Positive evidence that would keep a file out.
    #[error("`{0}` speaks for a file and cannot keep one out")]
    PositiveRefuses(Shown),
    /// A source that only speaks against files is asked to speak for one.
    #[error("party `{0}` only speaks against files")]
    OnlyAgainst(Shown),
    /// A level the party's evidence never has.
    #[error("party `{party}` never speaks at level `{level}`: {why}")]
    LevelUnreachable {
        /// The party.
        party: Shown,
        /// The level.
        level: Shown,
        /// Why not.
        why: &'static str,
    },
    /// A minimum above everything all parties can give.
    #[error("`score >= {0}` is more than all parties can give together")]
    ScoreUnreachable(Shown),
    /// Parties that cannot be counted together.
    #[error("`{0}` can never be met: parties of one owner count together as one")]
    GroupUnreachable(Shown),
    /// A score where no party has a weight.
    #[error("`score >= {0}` where no party has a weight")]
    ScoreWithoutWeights(Shown),
    /// Nothing could let a file in.
    #[error("the policy admits nothing: `[policy]` has no `admit`")]
    AdmitsNothing,
    /// A rule pins projects to a party that is no index.
    #[error("party `{0}` is no index, projects cannot come from it")]
    NotAnIndex(Shown),
    /// A signature is asked of a party without keys.
    #[error("party `{0}` has no keys, it cannot sign")]
    NotASigner(Shown),
    /// Nobody approves, or two ways of approval.
    #[error("the waiver has {0} where exactly one of `approved-by` or `installed` is needed")]
    WaiverApproval(&'static str),
    /// One name, two indexes.
    #[error("index `{name}` is `{here}` here and `{base}` in the base policy")]
    IndexConflict {
        /// The name.
        name: Shown,
        /// The project's address.
        here: Shown,
        /// The base policy's address.
        base: Shown,
    },
    /// One name, two sources of evidence.
    #[error("party `{0}` is another one in the base policy")]
    PartyConflict(Shown),
    /// A key two parties share.
    #[error("parties `{first}` and `{second}` share key `{key}`, which counts once for a file")]
    KeyShared {
        /// The party declared first.
        first: Shown,
        /// The other.
        second: Shown,
        /// The key's id, short.
        key: Shown,
    },
    /// A party nothing asks for.
    #[error("nothing in the policy asks for party `{0}`")]
    PartyUnused(Shown),
    /// A requirement one key meets.
    #[error("one key of `{0}` meets this requirement alone")]
    OneKey(Shown),
}

impl Fault {
    /// The fault's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Toml(_) => code::SYNTAX,
            Self::TooLarge(_) => code::TOO_LARGE,
            Self::NoTable => code::NO_TABLE,
            Self::Schema(_) => code::SCHEMA,
            Self::UnknownKey { .. } => code::UNKNOWN_KEY,
            Self::WrongType { .. } => code::WRONG_TYPE,
            Self::MissingKey { .. } => code::MISSING_KEY,
            Self::BadValue { .. } => code::BAD_VALUE,
            Self::Expression(error) => error.code(),
            Self::TooMany { .. } => code::TOO_MANY,
            Self::UnknownParty { .. } => code::UNKNOWN_PARTY,
            Self::ReservedName(_) => code::RESERVED_NAME,
            Self::PartySource { .. } => code::PARTY_SOURCE,
            Self::ThresholdAboveGroup { .. } => code::THRESHOLD_ABOVE_GROUP,
            Self::NameTwice(_) => code::NAME_TWICE,
            Self::KeyTwice(_) => code::KEY_TWICE,
            Self::IndexTwice { .. } => code::INDEX_TWICE,
            Self::NotBeforePositive(_) => code::NOT_BEFORE_POSITIVE,
            Self::NegativeAdmits(_) => code::NEGATIVE_ADMITS,
            Self::PositiveRefuses(_) => code::POSITIVE_REFUSES,
            Self::OnlyAgainst(_) => code::ONLY_AGAINST,
            Self::LevelUnreachable { .. } => code::LEVEL_UNREACHABLE,
            Self::ScoreUnreachable(_) => code::SCORE_UNREACHABLE,
            Self::GroupUnreachable(_) => code::GROUP_UNREACHABLE,
            Self::ScoreWithoutWeights(_) => code::SCORE_WITHOUT_WEIGHTS,
            Self::AdmitsNothing => code::ADMITS_NOTHING,
            Self::NotAnIndex(_) => code::NOT_AN_INDEX,
            Self::NotASigner(_) => code::NOT_A_SIGNER,
            Self::WaiverApproval(_) => code::WAIVER_APPROVAL,
            Self::IndexConflict { .. } => code::INDEX_CONFLICT,
            Self::PartyConflict(_) => code::PARTY_CONFLICT,
            Self::KeyShared { .. } => code::KEY_SHARED,
            Self::PartyUnused(_) => code::PARTY_UNUSED,
            Self::OneKey(_) => code::ONE_KEY,
        }
    }
}
