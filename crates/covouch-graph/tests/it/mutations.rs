//! The checker rejects a witness that was changed in any one place.

use covouch_core::amount::Amount;
use covouch_graph::{
    check::packing,
    instance::{CertificationIndex, DelegationIndex, Instance, RootIndex, WordIndex},
    pack,
    witness::{Path, Share, Witness},
};
use proptest::prelude::*;

use crate::random::{config, problems};

/// Every witness that differs from this one in one place, and what was done to it.
fn mutants(witness: &Witness) -> Vec<(String, Witness)> {
    let mut mutants = Vec::new();
    for (position, share) in witness.shares.iter().enumerate() {
        let mut keep = |what: &str, changed: Option<Share>| {
            let mut mutant = witness.clone();
            match changed {
                Some(share) => mutant.shares[position] = share,
                None => drop(mutant.shares.remove(position)),
            }
            mutants.push((format!("share {position}: {what}"), mutant));
        };
        keep("removed", None);
        for (what, units) in [("less", share.amount.units() - 1), ("more", share.amount.units() + 1)] {
            if let Some(amount) = Amount::from_units(units) {
                keep(what, Some(Share { amount, ..share.clone() }));
            }
        }
        for (what, path) in other_paths(&share.path) {
            keep(&what, Some(Share { path, ..share.clone() }));
        }
        let mut twice = witness.clone();
        twice.shares.push(share.clone());
        mutants.push((format!("share {position} twice"), twice));
    }
    for position in 0..witness.sums.len() {
        let mut without = witness.clone();
        without.sums.remove(position);
        mutants.push((format!("sum {position} removed"), without));
        let mut twice = witness.clone();
        twice.sums.push(twice.sums[position]);
        mutants.push((format!("sum {position} twice"), twice));
    }
    mutants
}

fn other_paths(path: &Path) -> Vec<(String, Path)> {
    let Path::Keys { root, delegations, certification } = path else {
        return vec![("a word that is not there".into(), Path::Word(WordIndex::new(99)))];
    };
    let with = |root: &RootIndex, delegations: Vec<DelegationIndex>, certification: &CertificationIndex| {
        Path::Keys { root: *root, delegations, certification: *certification }
    };
    let mut paths = Vec::new();
    for other in (0..6).map(RootIndex::new).filter(|other| other != root) {
        paths.push((format!("starts at {other:?}"), with(&other, delegations.clone(), certification)));
    }
    for other in (0..8).map(CertificationIndex::new).filter(|other| other != certification) {
        paths.push((format!("ends in {other:?}"), with(root, delegations.clone(), &other)));
    }
    for (position, index) in delegations.iter().enumerate() {
        let mut shorter = delegations.clone();
        shorter.remove(position);
        paths.push((format!("without {index:?}"), with(root, shorter, certification)));
        let mut twice = delegations.clone();
        twice.insert(position, *index);
        paths.push((format!("{index:?} twice"), with(root, twice, certification)));
        for other in (0..9).map(DelegationIndex::new).filter(|other| other != index) {
            let mut changed = delegations.clone();
            changed[position] = other;
            paths.push((format!("{other:?} for {index:?}"), with(root, changed, certification)));
        }
    }
    for other in (0..9).map(DelegationIndex::new) {
        let mut longer = delegations.clone();
        longer.push(other);
        paths.push((format!("{other:?} at the end"), with(root, longer, certification)));
    }
    paths
}

/// Whether a changed witness happens to be another packing with the same sums: a twin, and no forgery. Judged by
/// the rules themselves, written down once more.
fn is_a_twin(instance: &Instance, mutant: &Witness) -> bool {
    let chain = |share: &Share| match &share.path {
        Path::Word(word) => {
            (word.position() < 2).then(|| (instance.word(*word).party, instance.word(*word).level))
        }
        Path::Keys { root, delegations, certification } => {
            let root = instance.root(*root);
            let end = instance.certification(*certification);
            let mut keys = vec![root.key];
            let mut left = i32::from(root.depth);
            let mut level = end.level;
            for index in delegations {
                let way = instance.delegation(*index);
                left = (left - 1).min(i32::from(way.depth));
                if left < 0 || *keys.last()? != way.from || keys.contains(&way.to) {
                    return None;
                }
                keys.push(way.to);
                level = level.min(way.level);
            }
            let author_is_new = end.through.is_none_or(|through| !keys.contains(&through));
            (*keys.last()? == end.by && left >= i32::from(end.cost) && author_is_new)
                .then_some((root.party, level))
        }
    };
    let mut sums = std::collections::BTreeMap::new();
    for share in &mutant.shares {
        let Some(arrival) = chain(share) else { return false };
        *sums.entry(arrival).or_insert(0_u32) += u32::from(share.amount.units());
    }
    let claimed = mutant.sums.iter().map(|sum| ((sum.party, sum.level), u32::from(sum.amount.units())));
    sums.into_iter().eq(claimed)
}

proptest! {
    #![proptest_config(config(96))]

    #[test]
    fn every_single_mutation_of_a_witness_is_rejected(problem in problems(5)) {
        let (instance, _) = problem.build();
        let pack::Largest { witness, .. } = pack::largest(&instance).unwrap();
        prop_assert!(packing::check(&instance, &witness).is_ok());
        for (what, mutant) in mutants(&witness) {
            let in_range = mutant.shares.iter().all(|share| points_somewhere(&problem.build().0, &share.path));
            if packing::check(&instance, &mutant).is_ok() {
                prop_assert!(in_range && is_a_twin(&instance, &mutant), "{}: {:?}", what, mutant);
            }
        }
    }
}

fn points_somewhere(instance: &Instance, path: &Path) -> bool {
    let lone = |path: Path| Witness { shares: vec![Share { amount: Amount::FULL, path }], sums: Vec::new() };
    packing::check(instance, &lone(path.clone())).map(|_| ()) != Err(packing::Fault::Nowhere)
}
