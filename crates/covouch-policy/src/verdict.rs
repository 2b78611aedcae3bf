//! What is decided about a file.
//!
//! # Invariants
//! - [`Verdict::Admitted`] holds the graph's proof; nothing here can make one.
//! - [`Waived`] and [`Monitored`] are made by the judge only, and are never an `Admitted`.

use std::sync::Arc;

use covouch_core::{
    code::Code, evidence::Gap, party::PartyName, statement::StatementId, subject::FileName, time::Timestamp,
};
use covouch_graph::{Admitted, Undecidable};

use crate::code;

/// What is decided about one file. Nobody matches it with `_`.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// The requirement is met, and here is the proof.
    Admitted(Admitted),
    /// Something says no.
    Refused(Refusal),
    /// Not enough says yes, or it is not known.
    Undecided(Indecision),
    /// A waiver replaces the requirement.
    Waived(Waived),
    /// Monitoring lets in what would be kept out.
    Monitored(Box<Monitored>),
}

/// Something says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The policy by which it is refused.
    pub policy: Arc<str>,
    /// What says no.
    pub cause: RefusalCause,
}

/// What says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefusalCause {
    /// The index the project comes from does not list the file.
    WrongIndex {
        /// Where the project comes from.
        home: PartyName,
    },
    /// The index the project comes from lists other bytes under the file's name.
    HashMismatch {
        /// Where the project comes from.
        home: PartyName,
    },
    /// The policy's `refuse` holds.
    Policy,
    /// An automated source has the release on record as malware.
    OnRecord {
        /// The record, such as `MAL-2024-1234`.
        id: Arc<str>,
        /// What it says, in one line.
        summary: Arc<str>,
    },
    /// A lock names publishers of the file, and none of them published it.
    OtherPublisher {
        /// Whom the lock names.
        expected: Arc<str>,
        /// Who published it; nobody, where it is empty.
        found: Arc<str>,
    },
    /// The requirement would be met without negative evidence that is there.
    NegativeEvidence,
    /// A wheel of the release is kept out, and nobody allowed to build instead.
    SiblingKeptOut {
        /// The wheel.
        wheel: FileName,
    },
    /// A wheel of the release has no digest, so that nobody can judge it, and nobody allowed to build instead.
    SiblingUnjudged {
        /// The wheel.
        wheel: FileName,
    },
}

/// Not enough says yes, or it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indecision {
    /// The policy by which it is undecided.
    pub policy: Arc<str>,
    /// What is missing.
    pub cause: IndecisionCause,
}

/// What is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IndecisionCause {
    /// Too few vouches, and nobody left to ask.
    NotEnoughVouches,
    /// Only time is missing.
    TooNew,
    /// These unknowns decide.
    NotKnown(Vec<Gap>),
    /// Which index the project comes from is not known.
    HomeUnknown(Gap),
    /// Whether this wheel of the release is kept out is not known.
    SiblingUnknown {
        /// The wheel.
        wheel: FileName,
    },
    /// The graph could not answer.
    Undecidable(Undecidable),
}

/// A waiver lets the file in. Made by the judge only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waived {
    pub(crate) policy: Arc<str>,
    pub(crate) reason: Arc<str>,
    pub(crate) expires: Timestamp,
    pub(crate) approval: Option<(PartyName, StatementId)>,
}

impl Waived {
    /// The policy that has the waiver.
    #[must_use]
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// Why, as the policy says.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }

    /// The moment from which the waiver counts no more.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        self.expires
    }

    /// Who signed it, and with which statement; `None` for what `init` wrote for an installed file.
    #[must_use]
    pub const fn approval(&self) -> Option<&(PartyName, StatementId)> {
        self.approval.as_ref()
    }
}

/// Monitoring lets the file in. Made by the judge only.
#[derive(Clone, Debug)]
pub struct Monitored {
    pub(crate) would_be: Verdict,
}

impl Monitored {
    /// The verdict that enforcing would give: refused or undecided.
    #[must_use]
    pub const fn would_be(&self) -> &Verdict {
        &self.would_be
    }
}

/// The kind of a verdict, as reports name and count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerdictKind {
    /// See [`Verdict::Admitted`].
    Admitted,
    /// See [`Verdict::Waived`].
    Waived,
    /// See [`Verdict::Monitored`].
    Monitored,
    /// See [`Verdict::Undecided`].
    Undecided,
    /// See [`Verdict::Refused`].
    Refused,
}

impl VerdictKind {
    /// The kind's name in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admitted => "admitted",
            Self::Waived => "waived",
            Self::Monitored => "monitored",
            Self::Undecided => "undecided",
            Self::Refused => "refused",
        }
    }

    /// Whether the file may be installed.
    #[must_use]
    pub const fn lets_in(self) -> bool {
        match self {
            Self::Admitted | Self::Waived | Self::Monitored => true,
            Self::Undecided | Self::Refused => false,
        }
    }
}

impl Verdict {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> VerdictKind {
        match self {
            Self::Admitted(_) => VerdictKind::Admitted,
            Self::Waived(_) => VerdictKind::Waived,
            Self::Monitored(_) => VerdictKind::Monitored,
            Self::Undecided(_) => VerdictKind::Undecided,
            Self::Refused(_) => VerdictKind::Refused,
        }
    }

    /// Whether the file may be installed.
    #[must_use]
    pub const fn lets_in(&self) -> bool {
        self.kind().lets_in()
    }

    /// The verdict's stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Admitted(_) => code::ADMITTED,
            Self::Waived(_) => code::WAIVED,
            Self::Monitored(_) => code::MONITORED,
            Self::Refused(refusal) => refusal.code(),
            Self::Undecided(indecision) => indecision.code(),
        }
    }

    /// Both must admit, either may refuse.
    pub(crate) fn and(self, other: Self) -> Self {
        let weight = |verdict: &Self| match verdict {
            Self::Refused(_) => 4,
            Self::Undecided(_) => 3,
            Self::Monitored(_) => 2,
            Self::Waived(_) => 1,
            Self::Admitted(_) => 0,
        };
        match (self, other) {
            (Self::Admitted(left), Self::Admitted(right)) => match left.and(right) {
                Ok(both) => Self::Admitted(both),
                // The judge asks about one file; were it ever two, that would be no admission.
                Err(_) => Self::Undecided(Indecision {
                    policy: Arc::from("both"),
                    cause: IndecisionCause::NotEnoughVouches,
                }),
            },
            (left, right) => {
                if weight(&left) >= weight(&right) {
                    left
                } else {
                    right
                }
            }
        }
    }
}

/// Whether a verdict's code is that of a refusal: the file is kept out because something says no.
#[must_use]
pub fn refuses(code: Code) -> bool {
    [
        code::WRONG_INDEX,
        code::HASH_MISMATCH,
        code::REFUSED_BY_POLICY,
        code::MALWARE_RECORDED,
        code::LOCK_OTHER_PUBLISHER,
        code::NEGATIVE_EVIDENCE,
        code::SIBLING_KEPT_OUT,
        code::SIBLING_UNJUDGED,
    ]
    .contains(&code)
}

impl Refusal {
    /// The refusal's stable code, one of those [`refuses`] knows.
    #[must_use]
    pub const fn code(&self) -> Code {
        match self.cause {
            RefusalCause::WrongIndex { .. } => code::WRONG_INDEX,
            RefusalCause::HashMismatch { .. } => code::HASH_MISMATCH,
            RefusalCause::Policy => code::REFUSED_BY_POLICY,
            RefusalCause::OnRecord { .. } => code::MALWARE_RECORDED,
            RefusalCause::OtherPublisher { .. } => code::LOCK_OTHER_PUBLISHER,
            RefusalCause::NegativeEvidence => code::NEGATIVE_EVIDENCE,
            RefusalCause::SiblingKeptOut { .. } => code::SIBLING_KEPT_OUT,
            RefusalCause::SiblingUnjudged { .. } => code::SIBLING_UNJUDGED,
        }
    }
}

impl Indecision {
    /// The indecision's stable code; where exactly one unknown decides, that unknown's.
    #[must_use]
    pub fn code(&self) -> Code {
        match &self.cause {
            IndecisionCause::NotEnoughVouches => code::NOT_ENOUGH_VOUCHES,
            IndecisionCause::TooNew => code::TOO_NEW,
            IndecisionCause::NotKnown(gaps) => match gaps.as_slice() {
                [gap] => gap.code,
                _ => code::NOT_KNOWN,
            },
            IndecisionCause::HomeUnknown(_) => code::HOME_UNKNOWN,
            IndecisionCause::SiblingUnknown { .. } => code::SIBLING_UNKNOWN,
            IndecisionCause::Undecidable(reason) => reason.code(),
        }
    }
}
