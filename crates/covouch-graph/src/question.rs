//! What the graph is asked, and what it answers.

use std::sync::Arc;

use covouch_core::{
    amount::Score,
    code::Code,
    hint::Hint,
    key::PublicKey,
    level::Level,
    statement::{Author, Files},
    subject::Subject,
};

use crate::{
    build::TrustGraph,
    check::{self, Admitted},
    decide::{Decision, decide},
    instance::Word,
    limits,
    parties::{Parties, PartyIndex},
    requirement::Requirement,
    search::Located,
};

/// An adapter's known word for the file at hand: 100 % for its party at a level, from a source of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Whose word it is.
    pub party: PartyIndex,
    /// At which level.
    pub level: Level,
    /// What shows it, for people.
    pub origin: Arc<str>,
}

/// Somebody without a key here who is known to stand behind the file at hand: a publisher whose attestation holds for it,
/// an electorate whose vote on it passed. They count for whoever names them as an author, and carry 100 % in all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who.
    pub who: Author,
    /// At which level they speak.
    pub level: Level,
    /// What shows it, for people.
    pub origin: Arc<str>,
}

/// Which file, whose word counts, and what adapters know.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The file.
    pub subject: &'a Subject,
    /// Whose word counts.
    pub parties: &'a Parties,
    /// What adapters know about the file.
    pub grants: &'a [Grant],
    /// Who stands behind the file and has no key.
    pub identities: &'a [Identity],
    /// The sdist the file was built from and derives from, where vouches for that count as vouches for the file.
    pub also: Option<&'a Subject>,
}

impl<'a> Question<'a> {
    /// The files a vouch counts for.
    pub(crate) fn subjects(&self) -> impl Iterator<Item = &'a Subject> {
        std::iter::once(self.subject).chain(self.also)
    }

    /// Whether the files a statement is about are the one asked about, or what that derives from.
    pub(crate) fn is_about(&self, files: &Files) -> bool {
        self.subjects().any(|subject| files.lists(subject))
    }
}

/// Whether a requirement is met.
#[derive(Clone, Debug)]
pub enum Answer {
    /// It is, and here is the proof.
    Met(Admitted),
    /// It is not: no packing of what is known meets it.
    NotMet(NotMet),
    /// It could not be decided; that is not a yes.
    Undecided(Undecidable),
}

/// Why a requirement is not met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotMet {
    /// An upper bound of the score under any packing, where the requirement asks for a score and it was computed.
    pub score: Option<Score>,
}

/// Why an answer could not be given.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Undecidable {
    /// More vouching keys with authority than are read.
    #[error("more than {max} keys with authority vouch for this file", max = limits::EVIDENCE)]
    Evidence,
    /// One key said more about the file than is read.
    #[error("one key made more than {max} statements about this file", max = limits::STATEMENTS_PER_ISSUER)]
    Issuer,
    /// More delegations than are walked.
    #[error("more than {max} delegations lead to this file", max = limits::DELEGATIONS)]
    Delegations,
    /// The search was longer than its budget.
    #[error("the search for a packing was given up after its budget")]
    Budget,
    /// What was found is not what the checker accepts: a fault of ours, and no reason to admit anything.
    #[error("the packing found was not accepted by its checker")]
    Witness,
    /// The best packing found falls short of what arithmetic could rule out.
    #[error("the best packing lies within the rounding margin of the requirement")]
    Margin,
}

/// Codes of everything the graph says to people.
pub const CODES: &[Code] = &[
    Code::new("evidence-too-much"),
    Code::new("packing-budget"),
    Code::new("packing-margin"),
    Code::new("packing-witness"),
    Code::new("parties-too-many"),
    Code::new("party-twice"),
];

impl Undecidable {
    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        match self {
            Self::Evidence | Self::Issuer | Self::Delegations => Code::new("evidence-too-much"),
            Self::Budget => Code::new("packing-budget"),
            Self::Margin => Code::new("packing-margin"),
            Self::Witness => Code::new("packing-witness"),
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Self::Evidence | Self::Issuer | Self::Delegations => Some(Hint::new(
                "narrow the `projects` of the delegations that let so many speak, or withdraw some",
            )),
            Self::Budget | Self::Margin => {
                Some(Hint::new("ask for whole supports (`P`) instead of shares (`P >= 33%`)"))
            }
            Self::Witness => {
                Some(Hint::new("please report this with the policy and the folder of statements"))
            }
        }
    }
}

impl TrustGraph {
    /// Whether some packing of what is known meets the requirement, which becomes part of the proof.
    #[must_use]
    pub fn admit(&self, question: &Question<'_>, requirement: Requirement) -> Answer {
        let located = match self.locate(question) {
            Ok(located) => located,
            Err(reason) => return Answer::Undecided(reason),
        };
        match decide(&located.instance, &requirement) {
            Decision::Met(witness) => match check::admit(self, question, requirement, (&located, &witness)) {
                Some(admitted) => Answer::Met(admitted),
                None => Answer::Undecided(Undecidable::Witness),
            },
            Decision::NotMet(reason) => Answer::NotMet(reason),
            Decision::Undecided(reason) => Answer::Undecided(reason),
        }
    }

    /// Whether the requirement could be met if each assumed party said yes, at every level, from a source of its
    /// own. Not knowing is a yes here, so this never admits anything.
    #[must_use]
    pub fn possible(
        &self,
        question: &Question<'_>,
        requirement: &Requirement,
        assumed: &[PartyIndex],
    ) -> bool {
        Self::could_be_met(self.locate(question), (question, requirement), assumed)
    }

    /// The same if, besides, whoever holds this key said all they could with it: what a thief could bring about. One
    /// key is one voice here too, with all its puppets.
    #[must_use]
    pub fn possible_with_key(
        &self,
        question: &Question<'_>,
        requirement: &Requirement,
        assumed: &[PartyIndex],
        key: &PublicKey,
    ) -> bool {
        Self::could_be_met(self.locate_assuming(question, Some(key)), (question, requirement), assumed)
    }

    fn could_be_met(
        located: Result<Located, Undecidable>,
        (question, requirement): (&Question<'_>, &Requirement),
        assumed: &[PartyIndex],
    ) -> bool {
        let Ok(mut located) = located else { return true };
        for party in assumed.iter().filter(|party| question.parties.get(**party).is_some()) {
            located.instance.add_word(Word { party: *party, level: Level::Audited });
            located.grants.push(None);
        }
        !matches!(decide(&located.instance, requirement), Decision::NotMet(_))
    }
}
