//! The plain case, and by far the most frequent: every key certifies by itself and for one party, and no owner has
//! two parties that speak. Then nothing is shared, and the best packing is every party's best word, whole.

use covouch_core::{amount::Amount, level::Level};

use crate::{
    instance::{Certification, CertificationIndex, Instance, Root, RootIndex, WordIndex},
    parties::PartyIndex,
    witness::{Path, Share, Sum, Witness},
};

/// With more roots than this the general way is as fast.
const ROOTS: usize = 64;

/// The best word of a party so far.
struct Best {
    voice: PartyIndex,
    sum: Sum,
    path: Path,
}

/// The packing that no other exceeds in any party's support at any level; `None` when something is shared.
pub(crate) fn packing(instance: &Instance) -> Option<Witness> {
    let plain = |way: &Certification| way.through.is_none() && way.amount == Amount::FULL;
    if !instance.delegations.is_empty()
        || instance.roots.len() > ROOTS
        || !instance.certifications.iter().all(plain)
        || has_shared_root(&instance.roots)
    {
        return None;
    }
    let mut best = Vec::with_capacity(instance.members.len());
    for (position, word) in instance.words.iter().enumerate() {
        offer(instance, &mut best, (word.party, word.level), Path::Word(WordIndex::new(position)))?;
    }
    for (position, way) in instance.certifications.iter().enumerate() {
        let Some(root) = instance.roots.iter().position(|root| root.key == way.by) else { continue };
        let Root { party, key, depth } = *instance.root(RootIndex::new(root));
        if depth >= way.cost && !instance.is_banned(party, key) {
            let certification = CertificationIndex::new(position);
            let path = Path::Keys { root: RootIndex::new(root), delegations: Vec::new(), certification };
            offer(instance, &mut best, (party, way.level), path)?;
        }
    }
    best.sort_unstable_by_key(|best| best.sum);
    let sums = best.iter().map(|best| best.sum).collect();
    let shares = best.into_iter().map(|best| Share { amount: Amount::FULL, path: best.path }).collect();
    Some(Witness { shares, sums })
}

fn has_shared_root(roots: &[Root]) -> bool {
    let mut rest = roots.iter();
    while let Some(root) = rest.next() {
        if rest.clone().any(|other| other.key == root.key) {
            return true;
        }
    }
    false
}

/// Keeps the better of a party's words; `None` when another party of its owner speaks too.
fn offer(
    instance: &Instance,
    best: &mut Vec<Best>,
    (party, level): (PartyIndex, Level),
    path: Path,
) -> Option<()> {
    let voice = instance.member(party)?.voice;
    let sum = Sum { party, level, amount: Amount::FULL };
    match best.iter_mut().find(|known| known.voice == voice) {
        None => best.push(Best { voice, sum, path }),
        Some(known) if known.sum.party != party => return None,
        Some(known) if known.sum.level < level => (known.sum, known.path) = (sum, path),
        Some(_) => {}
    }
    Some(())
}
