//! Parallel ways between two keys: they never add.
//!
//! A way that another one matches in amount, depth and level is left out. Where none matches the other (40 % at
//! depth 2 beside 30 % at depth 3), they share one capacity: the largest amount among them.

#![expect(clippy::indexing_slicing, reason = "positions counted over the instance's own vectors")]

use std::collections::BTreeMap;

use crate::instance::{
    Bundle, Certification, CertificationIndex, Delegation, DelegationIndex, Instance, Kept, KeyIndex,
};

/// Leaves out dominated ways and sets [`Instance::bundles`].
pub(crate) fn merge(instance: &mut Instance) -> Kept {
    let delegations = undominated(&instance.delegations, |way| (way.from, way.to), delegation_covers);
    instance.delegations = delegations.iter().map(|kept| instance.delegations[*kept]).collect();
    let mut certifications = undominated(
        &instance.certifications,
        |way| (way.by, way.through, way.cost > 1),
        certification_covers,
    );
    certifications.retain(|kept| !is_covered(instance, &instance.certifications[*kept]));
    instance.certifications = certifications.iter().map(|kept| instance.certifications[*kept]).collect();
    instance.bundles = bundles(instance);
    Kept {
        delegations: delegations.into_iter().map(DelegationIndex::new).collect(),
        certifications: certifications.into_iter().map(CertificationIndex::new).collect(),
    }
}

fn delegation_covers(strong: &Delegation, weak: &Delegation) -> bool {
    strong.amount >= weak.amount && strong.depth >= weak.depth && strong.level >= weak.level
}

fn certification_covers(strong: &Certification, weak: &Certification) -> bool {
    strong.amount >= weak.amount && strong.level >= weak.level && strong.cost <= weak.cost
}

/// Whether a mandate that ended is renewed by one that holds and carries as much.
fn is_covered(instance: &Instance, ended: &Certification) -> bool {
    ended.cost > 1
        && instance.delegations.iter().any(|way| {
            (way.from, Some(way.to)) == (ended.by, ended.through)
                && way.amount >= ended.amount
                && way.level >= ended.level
        })
}

/// Positions of the ways that no other way between the same ends covers; of equals the first.
fn undominated<W, E: Ord>(ways: &[W], ends: impl Fn(&W) -> E, covers: impl Fn(&W, &W) -> bool) -> Vec<usize> {
    let mut parallel: BTreeMap<E, Vec<usize>> = BTreeMap::new();
    for (position, way) in ways.iter().enumerate() {
        let front = parallel.entry(ends(way)).or_default();
        // The front of undominated ways has at most one way per depth and level: this is not quadratic.
        if front.iter().any(|kept| covers(&ways[*kept], way)) {
            continue;
        }
        front.retain(|kept| !covers(way, &ways[*kept]));
        front.push(position);
    }
    let mut kept: Vec<usize> = parallel.into_values().flatten().collect();
    kept.sort_unstable();
    kept
}

fn bundles(instance: &Instance) -> Vec<Bundle> {
    let mut parallel: BTreeMap<(KeyIndex, Option<KeyIndex>), Bundle> = BTreeMap::new();
    for (position, way) in instance.delegations.iter().enumerate() {
        let bundle = parallel.entry((way.from, Some(way.to))).or_default();
        bundle.delegations.push(DelegationIndex::new(position));
        bundle.amount = bundle.amount.max(way.amount);
    }
    let mut certified: BTreeMap<(KeyIndex, Option<KeyIndex>), Bundle> = BTreeMap::new();
    for (position, way) in instance.certifications.iter().enumerate() {
        // An author's release is not the author's vouch: a grant and a delegation to one key are two things.
        let shares = if way.cost > 1 { &mut parallel } else { &mut certified };
        let bundle = shares.entry((way.by, way.through)).or_default();
        bundle.certifications.push(CertificationIndex::new(position));
        bundle.amount = bundle.amount.max(way.amount);
    }
    let all = parallel.into_values().chain(certified.into_values());
    all.filter(|bundle| bundle.delegations.len() + bundle.certifications.len() > 1).collect()
}
