//! From one list to bins, and from bins to more of them.
//!
//! # Invariants
//! The bins of each generation have names of their own, and those of earlier ones stay in the snapshot: a list that
//! disappears is what an attacker who hides a veto would show (TUF §5.5.5).

use std::collections::BTreeMap;

use covouch_core::name::ProjectName;

use super::{Edition, PublishError, ReadList, empty_list};
use crate::{
    bins::Bins,
    limits,
    role::{Delegations, Head, Target, Targets},
    statements::{FEED_WIDE, StatementsError},
    threshold::Signers,
};

/// Which bin a project is in; `None` in a feed without bins.
pub(super) fn bin_of(
    delegations: &Delegations,
    project: &ProjectName,
) -> Result<Option<String>, StatementsError> {
    match delegations {
        Delegations::None => Ok(None),
        Delegations::Bins(bins) => Ok(Some(bins.role_of(project.as_str()))),
        Delegations::Listed(_) => Err(StatementsError::Profile("it has delegated roles that are no bins")),
    }
}

/// Makes bins when one list has become too long, and more bins when those there are have.
pub(super) fn regroup(
    edition: &mut Edition,
    signers: &Signers,
    read: ReadList<'_>,
) -> Result<(), PublishError> {
    match &edition.targets.delegations {
        Delegations::None if projects_in(&edition.targets) > limits::FLAT_PROJECTS => {
            let mut projects = std::mem::take(&mut edition.targets.targets);
            edition.targets.targets.extend(projects.remove_entry(FEED_WIDE));
            let bits = Bins::bits_for(projects.len());
            distribute(edition, projects, Bins::new(bits, "g1", signers.clone()));
        }
        Delegations::Bins(bins) if edition.lists.values().any(|list| is_crowded(bins, list)) => {
            let bins = bins.clone();
            let mut projects = BTreeMap::new();
            for role in bins.roles() {
                let list = match edition.lists.get(&role) {
                    Some(list) => list.targets.clone(),
                    None => read(&role)?.targets,
                };
                projects.extend(list);
            }
            let bits = Bins::bits_for(projects.len());
            if bits > bins.bits() {
                let generation = bins.prefix().trim_start_matches('g').parse::<u32>().unwrap_or(0);
                let prefix = format!("g{}", generation.saturating_add(1));
                distribute(edition, projects, Bins::new(bits, prefix, signers.clone()));
            }
        }
        _ => {}
    }
    Ok(())
}

fn projects_in(targets: &Targets) -> usize {
    targets.targets.keys().filter(|path| *path != FEED_WIDE).count()
}

/// A bin holds about `2^bits / 80` projects when there are as many as its number of bins is meant for. One with four
/// times as many, and some for chance, says that there are more projects now.
fn is_crowded(bins: &Bins, list: &Targets) -> bool {
    bins.bits() < limits::BIN_BITS && list.targets.len() > 16 + (1_usize << bins.bits()) / 20
}

fn distribute(edition: &mut Edition, projects: BTreeMap<String, Target>, bins: Bins) {
    let unpublished = Head { version: 0, expires: edition.targets.head.expires };
    edition.lists = bins.roles().map(|role| (role, empty_list(unpublished))).collect();
    for (path, target) in projects {
        let list = edition.lists.entry(bins.role_of(&path)).or_insert_with(|| empty_list(unpublished));
        list.targets.insert(path, target);
    }
    edition.targets.delegations = Delegations::Bins(bins);
    edition.changed = true;
}
