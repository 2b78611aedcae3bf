//! What adapters found about a file beside parties' words: what it derives from, and who published it.

use std::sync::Arc;

use covouch_core::{
    evidence::{Known, Listing},
    publisher::{Continuity, Publisher},
    subject::Subject,
};

use super::sentence::continued;
use crate::{
    facts::{Case, Comparison, Home, Truth},
    limits,
    program::{Condition, Derive},
};

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Whether it speaks for the file.
    pub speaks_for: bool,
    /// What was found, in one clause.
    pub clause: String,
}

/// What was found, as far as the requirement asks for it.
pub(crate) fn found(case: &Case<'_>) -> Vec<Found> {
    let mut all: Vec<Found> = packaged(case).into_iter().collect();
    let mut asks_about_sdist = case.policy.derive == Derive::Inherit;
    case.applicable.admit.condition.walk(&mut |part| match part {
        Condition::Derived { party, level } => {
            asks_about_sdist |= case.vouched_origin(*party, *level) == Some(Truth::Yes);
        }
        Condition::Attested(_) => {
            if let Some(Known::Is(publishers)) = case.evidence.publishers(case.subject) {
                all.push(published(publishers));
            }
        }
        Condition::Age(_) => all.extend(told_by_another(case)),
        Condition::SamePublisher => {
            if let Some(Known::Is(continuity)) = case.evidence.continuity(case.subject) {
                let speaks_for = *continuity == Continuity::Same;
                all.push(Found { speaks_for, clause: continued(Some(*continuity)).to_owned() });
            }
        }
        _ => {}
    });
    if asks_about_sdist {
        all.extend(compared(case));
    }
    all.dedup();
    all
}

/// Whose upload time it is, where the file's home does not give one.
fn told_by_another(case: &Case<'_>) -> Option<Found> {
    let Home::Known(home, Some(Listing { uploaded: Known::Unknown(_), .. })) = &case.home else {
        return None;
    };
    let by = case.policy.enriching(home)?;
    let known = matches!(case.enriched()?.uploaded, Known::Is(_));
    known.then(|| Found { speaks_for: true, clause: format!("uploaded when {} says it was", by.name) })
}

fn published(publishers: &[Publisher]) -> Found {
    let names: Vec<String> = publishers.iter().map(|publisher| publisher.name.to_string()).collect();
    match names.is_empty() {
        true => Found { speaks_for: false, clause: "nobody attests where it was published from".to_owned() },
        false => Found { speaks_for: true, clause: format!("published by {}", names.join(" and ")) },
    }
}

fn compared(case: &Case<'_>) -> Vec<Found> {
    match case.comparison() {
        Comparison::NotPure | Comparison::NoSdist | Comparison::NotCompared(_) => Vec::new(),
        Comparison::Derives(sdist) => {
            let who =
                case.origin().map(|origin| packages(case, origin.sdist)).filter(|names| !names.is_empty());
            let who = who.map(|names| format!(", packaged as {names}")).unwrap_or_default();
            let clause = format!("derived from `{sdist}`{who}");
            vec![Found { speaks_for: true, clause }]
        }
        Comparison::Differs(sdist, differences) => {
            let shown = differences.iter().take(limits::DIFFERENCES);
            let mut told: Vec<Found> = shown
                .map(|difference| Found {
                    speaks_for: false,
                    clause: format!("differs from `{sdist}`: {difference}"),
                })
                .collect();
            if let Some(more) = differences.len().checked_sub(limits::DIFFERENCES).filter(|more| *more > 0) {
                told.push(Found { speaks_for: false, clause: format!("and {more} more differences") });
            }
            told
        }
    }
}

/// As what distributions packaged the file itself.
fn packaged(case: &Case<'_>) -> Option<Found> {
    let names = packages(case, case.subject);
    let clause = format!("packaged as {names}");
    (!names.is_empty()).then_some(Found { speaks_for: true, clause })
}

/// The packages in which distributions have an sdist; empty where none has.
fn packages(case: &Case<'_>, sdist: &Subject) -> String {
    let distributions = case.policy.sources.iter().filter(|source| source.is_distribution());
    let names = distributions.filter_map(|source| {
        case.evidence.findings(sdist, case.now).find_map(|finding| match finding {
            Known::Is(finding) if finding.party == source.name => Some(Arc::clone(&finding.origin)),
            Known::Is(_) | Known::Unknown(_) => None,
        })
    });
    names.collect::<Vec<Arc<str>>>().join(" and as ")
}
