//! Why there is no count at all.

use covouch_core::{code::Code, hint::Hint, statement::ElectorateId, time::Timestamp};

/// Why votes cannot be counted. None of these is a no, and none is a yes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Uncountable {
    /// No first version that enough of its own admins signed.
    #[error("electorate `{0}` is not known, or not signed by enough of its own admins")]
    Unknown(ElectorateId),
    /// The admins signed two next versions.
    #[error("the admins of version {version} of electorate `{electorate}` signed two versions after it")]
    Forked {
        /// The electorate.
        electorate: ElectorateId,
        /// The last version that is one.
        version: u32,
    },
    /// The version that holds is past its end, or before its start.
    #[error("version {version} of electorate `{electorate}` holds from {from} until {until} only")]
    NotInForce {
        /// The electorate.
        electorate: ElectorateId,
        /// The version.
        version: u32,
        /// Its start.
        from: Timestamp,
        /// Its end.
        until: Timestamp,
    },
    /// Too many ways from seeds to voters.
    #[error("the search for independent voices was given up after its budget")]
    Budget,
}

impl Uncountable {
    /// Codes of these errors.
    pub const CODES: &[Code] = &[
        Code::new("electorate-unknown"),
        Code::new("electorate-forked"),
        Code::new("electorate-not-in-force"),
        Code::new("tally-budget"),
    ];

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        Code::new(match self {
            Self::Unknown(_) => "electorate-unknown",
            Self::Forked { .. } => "electorate-forked",
            Self::NotInForce { .. } => "electorate-not-in-force",
            Self::Budget => "tally-budget",
        })
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        Some(Hint::new(match self {
            Self::Unknown(_) => {
                "look where the electorate's admins publish; `covouch electorate show` lists who signed"
            }
            Self::Forked { .. } => "ask the admins; the electorate goes on only as a new one",
            Self::NotInForce { .. } => "its admins renew it with `covouch electorate amend`",
            Self::Budget => {
                "ask the admins for fewer seeds, or fewer delegations between them and the voters"
            }
        }))
    }
}
