//! Where a project comes from, and what indexes say: absent, unreachable and never asked are told apart.

use covouch_core::{
    evidence::{Evidence, Gap, Known, Listing},
    party::PartyName,
    subject::Subject,
};

use crate::{
    code,
    program::{Applicable, PartySource, Policy},
};

/// What an index says about a file.
#[derive(Clone, Debug)]
pub(crate) enum IndexWord<'a> {
    Lists(&'a Listing),
    DoesNot,
    Unknown(Gap),
}

/// The index a project comes from.
#[derive(Clone, Debug)]
pub(crate) enum Home<'a> {
    /// No index has the project, or the policy has none.
    None,
    /// This one, and what it says about the file; `None` when it does not list it.
    Known(&'a PartySource, Option<&'a Listing>),
    /// An earlier or the pinned index could not be asked: unreachable is not absent.
    Unknown(Gap),
}

/// What an index says about a file. All files of a project's page are in evidence, so one that is not there is
/// not listed.
pub(crate) fn index_word<'a>(evidence: &'a Evidence, index: &PartyName, subject: &Subject) -> IndexWord<'a> {
    if let Some(listing) = evidence.listing(index, subject) {
        return match &listing.listed {
            Known::Is(true) => IndexWord::Lists(listing),
            Known::Is(false) => IndexWord::DoesNot,
            Known::Unknown(gap) => IndexWord::Unknown(gap.clone()),
        };
    }
    match evidence.project(index, &subject.project) {
        Some(Known::Is(_)) => IndexWord::DoesNot,
        Some(Known::Unknown(gap)) => IndexWord::Unknown(gap.clone()),
        None => IndexWord::Unknown(evidence.gap(index).cloned().unwrap_or_else(|| not_asked(index))),
    }
}

fn not_asked(index: &PartyName) -> Gap {
    Gap { code: code::NOT_ASKED, source: index.as_str().into(), detail: "was not asked about it".into() }
}

/// The pinned index, else the first in order that has the project.
pub(super) fn home<'a>(
    policy: &'a Policy,
    applicable: Applicable<'_>,
    evidence: &'a Evidence,
    subject: &Subject,
) -> Home<'a> {
    for source in policy.indexes() {
        if applicable.pin.is_some_and(|pin| pin != source.party) {
            continue;
        }
        match index_word(evidence, &source.name, subject) {
            IndexWord::Lists(listing) => return Home::Known(source, Some(listing)),
            IndexWord::Unknown(gap) => return Home::Unknown(gap),
            IndexWord::DoesNot => {
                let has_project = evidence.project(&source.name, &subject.project) != Some(&Known::Is(false));
                if has_project || applicable.pin.is_some() {
                    return Home::Known(source, None);
                }
            }
        }
    }
    Home::None
}
