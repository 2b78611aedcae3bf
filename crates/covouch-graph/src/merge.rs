//! Parallel ways between two keys: they never add.
//!
//! A way that another one matches in amount, depth and level is left out. Where none matches the other (40 % at
//! depth 2 beside 30 % at depth 3), they share one capacity: the largest amount among them. The same holds for
//! those among them that are as deep and as high as some depth and level ask for, so that two ways of 20 % do not
//! become 40 % because a third one, of 50 %, stands beside them at a lower level.

#![expect(clippy::indexing_slicing, reason = "positions counted over the instance's own vectors")]

use std::collections::BTreeMap;

use covouch_core::{amount::Amount, level::Level};

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

/// What a chain may ask of a way: how deep, and how high.
type Reach = (u8, Level);

/// A way between two keys, as far as sharing goes.
#[derive(Clone, Copy)]
struct Way {
    what: Parallel,
    reach: Reach,
    amount: Amount,
}

#[derive(Clone, Copy)]
enum Parallel {
    Delegation(DelegationIndex),
    Certification(CertificationIndex),
}

fn bundles(instance: &Instance) -> Vec<Bundle> {
    let mut parallel: BTreeMap<(KeyIndex, Option<KeyIndex>, bool), Vec<Way>> = BTreeMap::new();
    for (position, way) in instance.delegations.iter().enumerate() {
        let what = Parallel::Delegation(DelegationIndex::new(position));
        let way_of = Way { what, reach: (way.depth, way.level), amount: way.amount };
        parallel.entry((way.from, Some(way.to), true)).or_default().push(way_of);
    }
    for (position, way) in instance.certifications.iter().enumerate() {
        let what = Parallel::Certification(CertificationIndex::new(position));
        // An ended mandate lets its holder vouch and no more. An author's release is not the author's vouch: a
        // grant and a delegation to one key are two things.
        let way_of = Way { what, reach: (1, way.level), amount: way.amount };
        parallel.entry((way.by, way.through, way.cost > 1)).or_default().push(way_of);
    }
    parallel.into_values().filter(|ways| ways.len() > 1).flat_map(|ways| shared(&ways)).collect()
}

/// The ways that are deep and high enough, for every depth and level that some of them have; all of them first.
fn shared(ways: &[Way]) -> Vec<Bundle> {
    let mut depths: Vec<u8> = ways.iter().map(|way| way.reach.0).collect();
    let mut levels: Vec<Level> = ways.iter().map(|way| way.reach.1).collect();
    depths.sort_unstable();
    depths.dedup();
    levels.sort_unstable();
    levels.dedup();
    let asked = depths.iter().flat_map(|depth| levels.iter().map(move |level| (*depth, *level)));
    let mut bundles: Vec<Bundle> = Vec::new();
    for (depth, level) in asked {
        let mut bundle = Bundle { whole: bundles.is_empty(), ..Bundle::default() };
        for way in ways.iter().filter(|way| way.reach.0 >= depth && way.reach.1 >= level) {
            bundle.amount = bundle.amount.max(way.amount);
            match way.what {
                Parallel::Delegation(index) => bundle.delegations.push(index),
                Parallel::Certification(index) => bundle.certifications.push(index),
            }
        }
        if bundle.len() > 1
            && bundles.iter().all(|known| known.len() != bundle.len() || !known.is_same(&bundle))
        {
            bundles.push(bundle);
        }
    }
    bundles
}
