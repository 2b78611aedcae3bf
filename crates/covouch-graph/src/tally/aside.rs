//! Why a ballot does not count.

use covouch_core::code::Code;

/// Why a ballot is set aside, or a voter is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Aside {
    /// Signed later than the moment asked about.
    #[error("it is signed later than the moment asked about")]
    Future,
    /// Not on the roster, or no seed leads to the key.
    #[error("the key is not a voter's")]
    NotAVoter,
    /// The admins struck the voter.
    #[error("the voter was struck by the admins")]
    Struck,
    /// The key was declared lost by itself or by enough admins.
    #[error("the voter's key was declared lost")]
    KeyLost,
    /// The voter, or the voter's affiliation, publishes the project.
    #[error("the voter does not vote on this project: it is the voter's own, or the affiliation's")]
    Recused,
    /// A voter for too short a time.
    #[error("the voter has not been one for long enough")]
    NotMature,
    /// Another ballot has the same number.
    #[error("the voter signed two ballots with this number")]
    Doubled,
    /// A ballot before a known one is missing.
    #[error("a ballot of this voter is missing")]
    Dropped,
    /// A ballot names another one before it than there is.
    #[error("this voter's ballots do not follow one another")]
    Broken,
    /// A signed head, or a version that is not here, shows that there is a later ballot.
    #[error("a later ballot of this voter is withheld")]
    Withheld,
    /// A later ballot of the voter is about the same file.
    #[error("the voter said something else later")]
    Superseded,
    /// Withdrawn, as any statement can be.
    #[error("the voter withdrew the statement")]
    Withdrawn,
    /// Past its end.
    #[error("it has expired")]
    Expired,
    /// Cast under rules whose ballots do not count any more.
    #[error("it was cast under an older version of the electorate")]
    OlderVersion,
    /// Cast under rules that are not here.
    #[error("it was cast under a version of the electorate that is not known here")]
    NewerVersion,
}

impl Aside {
    /// Codes of these reasons.
    pub const CODES: &[Code] = &[
        Code::new("ballot-future"),
        Code::new("ballot-not-a-voter"),
        Code::new("ballot-struck"),
        Code::new("ballot-key-lost"),
        Code::new("ballot-recused"),
        Code::new("ballot-not-mature"),
        Code::new("ballot-doubled"),
        Code::new("ballot-dropped"),
        Code::new("ballot-broken"),
        Code::new("ballot-withheld"),
        Code::new("ballot-superseded"),
        Code::new("ballot-withdrawn"),
        Code::new("ballot-expired"),
        Code::new("ballot-older-version"),
        Code::new("ballot-newer-version"),
    ];

    /// The stable code.
    #[must_use]
    pub const fn code(self) -> Code {
        Code::new(match self {
            Self::Future => "ballot-future",
            Self::NotAVoter => "ballot-not-a-voter",
            Self::Struck => "ballot-struck",
            Self::KeyLost => "ballot-key-lost",
            Self::Recused => "ballot-recused",
            Self::NotMature => "ballot-not-mature",
            Self::Doubled => "ballot-doubled",
            Self::Dropped => "ballot-dropped",
            Self::Broken => "ballot-broken",
            Self::Withheld => "ballot-withheld",
            Self::Superseded => "ballot-superseded",
            Self::Withdrawn => "ballot-withdrawn",
            Self::Expired => "ballot-expired",
            Self::OlderVersion => "ballot-older-version",
            Self::NewerVersion => "ballot-newer-version",
        })
    }
}
