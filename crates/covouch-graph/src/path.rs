//! From flow to chains.

#![expect(clippy::indexing_slicing, reason = "vertices and arcs are numbered by the network at hand")]

use covouch_core::amount::Amount;

use crate::{
    check::packing,
    flow::Vertex,
    instance::{CertificationIndex, Instance},
    network::{Network, Step},
    witness::{Path, Share, Sum, Witness},
};

/// Takes a network's flow apart into the chains that respect depths, levels and bans; what flows on others is left
/// out. Cycles of flow are cancelled.
pub(crate) fn chains(instance: &Instance, network: &mut Network) -> Witness {
    let mut shares = Vec::new();
    let mut place: Vec<Option<usize>> = Vec::new();
    while let Some((steps, units)) = next_path(network, &mut place) {
        if let (Some(path), Some(amount)) = (read(&steps), Amount::from_units(units)) {
            shares.push(Share { amount, path });
        }
    }
    trim(instance, &mut shares);
    witness(instance, shares)
}

/// Cuts what flows on parallel ways down to what those that are deep or high enough carry together: the network
/// knows only what all of them carry.
fn trim(instance: &Instance, shares: &mut [Share]) {
    for bundle in instance.bundles.iter().filter(|bundle| !bundle.whole) {
        let mut left = bundle.amount.units();
        for share in shares.iter_mut().filter(|share| bundle.is_on(&share.path)) {
            let kept = share.amount.units().min(left);
            left -= kept;
            share.amount = Amount::from_units(kept).unwrap_or(Amount::NONE);
        }
    }
}

/// Writes a packing down: joins shares of one chain, leaves out what is no chain, and adds the sums up.
pub(crate) fn witness(instance: &Instance, mut shares: Vec<Share>) -> Witness {
    shares.retain(|share| share.amount > Amount::NONE);
    shares.sort_unstable_by(|left, right| left.path.cmp(&right.path));
    shares.dedup_by(|next, kept| {
        let joined = kept.amount.units().checked_add(next.amount.units()).and_then(Amount::from_units);
        let same = kept.path == next.path && joined.is_some();
        if let (true, Some(joined)) = (same, joined) {
            kept.amount = joined;
        }
        same
    });
    let mut sums: Vec<Sum> = Vec::new();
    shares.retain(|share| match packing::arrival(instance, &share.path) {
        Ok(arrival) => {
            let (party, level) = (arrival.party, arrival.level);
            match sums.iter_mut().find(|sum| (sum.party, sum.level) == (party, level)) {
                Some(sum) => {
                    let units = sum.amount.units().saturating_add(share.amount.units());
                    sum.amount = Amount::from_units(units).unwrap_or(Amount::FULL);
                }
                None => sums.push(Sum { party, level, amount: share.amount }),
            }
            true
        }
        Err(_) => false,
    });
    sums.sort_unstable();
    Witness { shares, sums }
}

/// One path of flow from the source to the file, and what flows on it; it is taken off the network.
fn next_path(network: &mut Network, place: &mut Vec<Option<usize>>) -> Option<(Vec<Step>, u16)> {
    place.clear();
    place.resize(network.flow.vertices(), None);
    let mut arcs: Vec<usize> = Vec::new();
    let mut vertex: Vertex = Network::SOURCE;
    while vertex != Network::FILE {
        place[vertex] = Some(arcs.len());
        let arc = network.flow.flowing(vertex).next()?;
        arcs.push(arc);
        vertex = network.flow.head(arc);
        if let Some(start) = place[vertex] {
            take(network, &arcs[start..]);
            for arc in arcs.drain(start..) {
                place[network.flow.head(arc)] = None;
            }
        }
    }
    let units = take(network, &arcs);
    Some((arcs.into_iter().map(|arc| network.step(arc)).collect(), units))
}

fn take(network: &mut Network, arcs: &[usize]) -> u16 {
    let units = arcs.iter().map(|arc| network.flow.on(*arc)).min().unwrap_or(0);
    for arc in arcs {
        network.flow.take(*arc, units);
    }
    units
}

/// Reads the steps of a path; `None` when they are those of no chain, such as going on after a certification.
fn read(steps: &[Step]) -> Option<Path> {
    let mut root = None;
    let mut delegations = Vec::new();
    let mut certification: Option<CertificationIndex> = None;
    for step in steps {
        match (step, certification) {
            (Step::Passage, _) => {}
            (Step::Word(word), _) => return Some(Path::Word(*word)),
            (Step::Root(index), _) => root = Some(*index),
            (Step::Delegation(index), None) => delegations.push(*index),
            (Step::Certification(index), None) => certification = Some(*index),
            (Step::Delegation(_) | Step::Certification(_), Some(_)) => return None,
        }
    }
    Some(Path::Keys { root: root?, delegations, certification: certification? })
}
