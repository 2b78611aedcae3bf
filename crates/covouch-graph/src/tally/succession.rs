//! Which version of an electorate holds at a moment.
//!
//! # Invariants
//! - A version follows another only when enough admins of that other one signed it.
//! - What could let in more waits for a week; what could not holds from the last signature it needed.
//! - A signature under a version is never taken back: whoever could would bring back an older version.

use covouch_core::{
    statement::{Electorate, ElectorateId},
    time::{Duration, Timestamp},
};

use super::{
    Uncountable, loosens,
    votes::{Document, Votes},
};
use crate::limits;

/// The version that holds, and what is known besides.
#[derive(Clone, Debug)]
pub struct Succession<'a> {
    /// The version that holds.
    pub electorate: &'a Electorate,
    /// Since when.
    pub since: Timestamp,
    /// A version that is signed and still waits.
    pub pending: Option<Pending<'a>>,
    /// Every version that has held, the first one first.
    pub(super) line: Vec<&'a Electorate>,
    /// Versions that say they come next and are not signed by enough admins.
    pub refused: Vec<RefusedVersion<'a>>,
}

/// A version that is signed and waits.
#[derive(Clone, Copy, Debug)]
pub struct Pending<'a> {
    /// The version.
    pub electorate: &'a Electorate,
    /// When it takes over.
    pub from: Timestamp,
}

/// A version that too few admins signed.
#[derive(Clone, Copy, Debug)]
pub struct RefusedVersion<'a> {
    /// The version.
    pub electorate: &'a Electorate,
    /// How many of the admins that may sign it did.
    pub signed: usize,
    /// How many would be needed.
    pub needed: usize,
}

impl Succession<'_> {
    /// When time alone changes which version holds.
    pub(super) fn moments(&self) -> impl Iterator<Item = Timestamp> {
        let end = self.electorate.terms().validity.not_after();
        std::iter::once(end).chain(self.pending.map(|pending| pending.from))
    }
}

impl<'a> Votes<'a> {
    /// The version of an electorate that holds at a moment.
    ///
    /// # Errors
    /// [`Uncountable`] when there is none, or more than one.
    pub fn succession(&self, id: &ElectorateId, now: Timestamp) -> Result<Succession<'a>, Uncountable> {
        let unknown = || Uncountable::Unknown(*id);
        let versions = self.documents.get(id).ok_or_else(unknown)?;
        let first = versions.get(id).ok_or_else(unknown)?;
        let since = signed_by_admins(first, first.electorate, now).ok_or_else(unknown)?;
        let (mut current, mut pending) = (Pending { electorate: first.electorate, from: since }, None);
        let mut line = vec![first.electorate];
        loop {
            let mut next =
                versions.values().filter(|document| amends(document, current.electorate)).filter_map(
                    |document| Some((document, signed_by_admins(document, current.electorate, now)?)),
                );
            let Some((document, signed)) = next.next() else { break };
            if next.next().is_some() {
                let version = current.electorate.version();
                return Err(Uncountable::Forked { electorate: *id, version });
            }
            let following = follow(&current, document.electorate, signed);
            if following.from > now {
                pending = Some(following);
                break;
            }
            current = following;
            line.push(current.electorate);
        }
        let Pending { electorate, from: since } = current;
        let validity = electorate.terms().validity;
        if !validity.covers(now) {
            let (from, until) = (validity.not_before(), validity.not_after());
            let version = electorate.version();
            return Err(Uncountable::NotInForce { electorate: *id, version, from, until });
        }
        let refused = versions.values().filter(|document| amends(document, electorate));
        let refused = refused.filter_map(|document| refuse(document, electorate, now)).collect();
        Ok(Succession { electorate, since, pending, line, refused })
    }
}

fn amends(document: &Document<'_>, before: &Electorate) -> bool {
    *document.electorate.edition() == before.next()
}

/// When the last admin signed whom it took; later signatures change nothing.
fn signed_by_admins(document: &Document<'_>, of: &Electorate, now: Timestamp) -> Option<Timestamp> {
    let mut signed = signatures(document, of, now);
    signed.sort_unstable();
    signed.get(usize::from(of.terms().threshold.get()) - 1).copied()
}

fn signatures(document: &Document<'_>, of: &Electorate, now: Timestamp) -> Vec<Timestamp> {
    let admins = &of.terms().admins;
    let signed = document.signed.iter().filter(|(key, issued)| admins.contains(key) && **issued <= now);
    signed.map(|(_, issued)| *issued).collect()
}

fn refuse<'a>(document: &Document<'a>, before: &Electorate, now: Timestamp) -> Option<RefusedVersion<'a>> {
    let (signed, needed) = (signatures(document, before, now).len(), before.terms().threshold.get().into());
    (signed < needed).then_some(RefusedVersion { electorate: document.electorate, signed, needed })
}

/// When a signed version takes over from the one before.
fn follow<'a>(before: &Pending<'_>, next: &'a Electorate, signed: Timestamp) -> Pending<'a> {
    let wait = if loosens(before.electorate, next) { limits::LOOSENING_DAYS } else { 0 };
    let from = signed.plus(Duration::from_days(wait)).max(before.from);
    Pending { electorate: next, from: from.max(next.terms().validity.not_before()) }
}
