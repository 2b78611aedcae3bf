//! What has to be signed and withdrawn.

use std::{collections::BTreeSet, fmt};

use covouch_core::{
    name::{ProjectName, ProjectPattern},
    statement::AuthorGrant,
    time::{Timestamp, Validity},
};

use super::{AuthorRule, Derived, Facts, is_for};

/// One difference between the grants that hold and those the rule gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A grant that is new.
    Grant(AuthorGrant),
    /// A grant that goes on, with a later end.
    Renew(AuthorGrant),
    /// The grant at this place of those that hold goes.
    Withdraw {
        /// Its place.
        place: usize,
        /// Why.
        reason: String,
    },
}

/// What makes the grants that hold (`previous`) into those the rule gives: grants first, then withdrawals, so that an
/// author whose projects change is one throughout.
///
/// A grant that goes on is signed anew when less than half of the rule's validity is left. A grant for a project, or a
/// pattern, that was not looked at was not given by this run and stays.
#[must_use]
pub fn plan(
    rule: &AuthorRule,
    facts: &Facts,
    derived: &[Derived],
    previous: &[AuthorGrant],
    now: Timestamp,
) -> Vec<Change> {
    let mut changes = Vec::new();
    let Some(validity) = Validity::new(now, now.plus(rule.validity)) else { return changes };
    for author in derived.iter().filter(|derived| derived.outcome.is_author()) {
        let held = previous.iter().filter(|grant| is_for(grant, &author.identity, &author.projects));
        let last = held.map(|grant| grant.validity.not_after()).max();
        // A project's name is a pattern of itself.
        let patterns = author.projects.iter().filter_map(|name| ProjectPattern::parse(name.as_str()).ok());
        let grant = AuthorGrant { author: author.identity.author(), projects: patterns.collect(), validity };
        match last {
            None => changes.push(Change::Grant(grant)),
            Some(end) if now.until(end).seconds() < rule.validity.seconds() / 2 => {
                changes.push(Change::Renew(grant));
            }
            Some(_) => {}
        }
    }
    let looked_at: BTreeSet<&str> = facts.projects.iter().map(ProjectName::as_str).collect();
    for (place, grant) in previous.iter().enumerate() {
        let ours = grant.projects.iter().all(|pattern| looked_at.contains(pattern.as_str()));
        if let Some(reason) = dropped(grant, derived).filter(|_| ours) {
            changes.push(Change::Withdraw { place, reason });
        }
    }
    changes
}

/// Why a grant does not derive any more; nothing when it does.
fn dropped(grant: &AuthorGrant, derived: &[Derived]) -> Option<String> {
    let Some(author) = derived.iter().find(|derived| derived.identity.author() == grant.author) else {
        return Some("nobody of this name released any of these files".into());
    };
    if !author.outcome.is_author() {
        return Some(author.outcome.to_string());
    }
    (!is_for(grant, &author.identity, &author.projects)).then(|| "it releases other projects now".into())
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grant(grant) => write!(f, "granted until {}", grant.validity.not_after()),
            Self::Renew(grant) => write!(f, "renewed until {}", grant.validity.not_after()),
            Self::Withdraw { reason, .. } => write!(f, "withdrawn: {reason}"),
        }
    }
}
