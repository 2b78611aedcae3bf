//! The statements about files that count, found by file.
//!
//! # Invariants
//! - A file is found by its digest and then compared whole: a statement is about a file when all four fields match.
//! - What approves, what objects and what waives is kept apart: every file is asked about all three, and most have
//!   only the first.

use std::collections::HashMap;

use covouch_core::{
    digest::Sha256,
    statement::{Claim, Statement, Verified},
    subject::Subject,
};

use crate::node::NodeIndex;

/// A statement about files that counts, and whose it is.
#[derive(Debug)]
pub(crate) struct Filed {
    pub(crate) by: NodeIndex,
    pub(crate) statement: Verified<Statement>,
}

/// What a statement does to the files it lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stance {
    /// A vouch, or an author's release.
    Approves,
    /// A veto.
    Objects,
    /// A waiver of what a policy asks.
    Waives,
}

/// All that is filed.
#[derive(Debug, Default)]
pub(crate) struct Files {
    filed: Vec<Filed>,
    approving: ByDigest,
    objecting: ByDigest,
    waiving: ByDigest,
}

/// Positions among what is filed, by issuer.
type ByDigest = HashMap<Sha256, Vec<(NodeIndex, usize)>>;

impl Stance {
    /// That of a claim; none of one that is not about files, or is a ballot. Ballots are counted elsewhere, and a
    /// thousand of them on one file are no attack.
    const fn of(claim: &Claim) -> Option<Self> {
        match claim {
            Claim::Vouch(_) | Claim::Release(_) => Some(Self::Approves),
            Claim::Veto(_) => Some(Self::Objects),
            Claim::Waiver(_) => Some(Self::Waives),
            Claim::Ballot(_)
            | Claim::Delegation(_)
            | Claim::Author(_)
            | Claim::Withdrawal(_)
            | Claim::Electorate(_)
            | Claim::Strike(_) => None,
        }
    }
}

impl Files {
    /// Files a statement that counts; one that takes no stance on any file is left out.
    pub(crate) fn add(&mut self, by: NodeIndex, statement: &Verified<Statement>) {
        let claim = &statement.value().claim;
        let (Some(stance), Some(files)) = (Stance::of(claim), claim.files()) else { return };
        let position = self.filed.len();
        let by_digest = match stance {
            Stance::Approves => &mut self.approving,
            Stance::Objects => &mut self.objecting,
            Stance::Waives => &mut self.waiving,
        };
        for (_, sha256) in files.iter() {
            by_digest.entry(*sha256).or_default().push((by, position));
        }
        self.filed.push(Filed { by, statement: statement.clone() });
    }

    /// Puts the statements on each file in the order of their issuers. To be called once, after the last addition.
    pub(crate) fn sort(&mut self) {
        let all = [&mut self.approving, &mut self.objecting, &mut self.waiving];
        all.into_iter().flat_map(HashMap::values_mut).for_each(|entries| entries.sort_unstable());
    }

    /// A statement by its position.
    pub(crate) fn get(&self, position: usize) -> Option<&Filed> {
        self.filed.get(position)
    }

    /// The statements that take this stance on this very file, by issuer, each with its position.
    pub(crate) fn about<'f>(
        &'f self,
        stance: Stance,
        subject: &'f Subject,
    ) -> impl Iterator<Item = (usize, &'f Filed)> {
        let by_digest = match stance {
            Stance::Approves => &self.approving,
            Stance::Objects => &self.objecting,
            Stance::Waives => &self.waiving,
        };
        let entries = by_digest.get(&subject.sha256).map_or(&[][..], Vec::as_slice);
        let filed = entries.iter().filter_map(|(_, position)| Some((*position, self.filed.get(*position)?)));
        let lists =
            |filed: &Filed| filed.statement.value().claim.files().is_some_and(|files| files.lists(subject));
        filed.filter(move |(_, filed)| lists(filed))
    }
}
