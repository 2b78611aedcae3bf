//! The project's policy and the base policy above it: both must admit, either may refuse.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use covouch_core::{
    evidence::Evidence, key::PublicKey, name::ProjectName, party::PartyName, subject::Subject,
    time::Timestamp,
};
use covouch_graph::TrustGraph;

use super::{judge, page, page::Page};
use crate::{
    error::{Fault, Place, PolicyError, PolicyErrors, shown},
    facts::{Case, World},
    program::{IndexAddress, Policy, SourceKind},
    verdict::Verdict,
};

/// The policies that apply together.
#[derive(Clone, Debug)]
pub struct Policies {
    base: Option<Policy>,
    project: Policy,
}

/// An index to ask, and the name under which its answers are kept in the evidence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedIndex {
    /// The party.
    pub name: PartyName,
    /// Where it is.
    pub address: IndexAddress,
}

/// A folder of statements to read, and the party whose source it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct WantedFolder {
    /// The party.
    pub name: PartyName,
    /// The policy whose place the folder is relative to.
    pub policy: Arc<str>,
    /// The folder, as the policy writes it.
    pub from: Arc<str>,
}

impl Policies {
    /// The project's policy, under a base policy where there is one.
    ///
    /// # Errors
    /// [`PolicyErrors`] when the two mean different indexes by one name: their evidence is kept by name, and a
    /// project must not be able to answer for the base policy's index.
    pub fn new(base: Option<Policy>, project: Policy) -> Result<Self, PolicyErrors> {
        let conflicts = base.iter().flat_map(|base| conflicts(base, &project)).collect();
        match PolicyErrors::collect(conflicts) {
            Some(errors) => Err(errors),
            None => Ok(Self { base, project }),
        }
    }

    /// The base policy.
    #[must_use]
    pub const fn base(&self) -> Option<&Policy> {
        self.base.as_ref()
    }

    /// The project's policy.
    #[must_use]
    pub const fn project(&self) -> &Policy {
        &self.project
    }

    /// The policies, the base policy first.
    pub fn iter(&self) -> impl Iterator<Item = &Policy> {
        self.base.iter().chain([&self.project])
    }

    /// The same policies, where these parties' trust starts at these keys: those of feeds are known once they were
    /// read. What is said of any other party changes nothing.
    #[must_use]
    pub fn with_roots(mut self, roots: &BTreeMap<PartyName, Vec<PublicKey>>) -> Self {
        for policy in self.base.iter_mut().chain([&mut self.project]) {
            policy.take_roots(roots);
        }
        self
    }

    /// Judges one file.
    #[must_use]
    pub fn judge(
        &self,
        graph: &TrustGraph,
        evidence: &Evidence,
        subject: &Subject,
        now: Timestamp,
    ) -> Verdict {
        self.judge_in(World { graph, evidence, now }, subject)
    }

    pub(crate) fn judge_in(&self, world: World<'_>, subject: &Subject) -> Verdict {
        let project = judge(&Case::new(&self.project, world, subject));
        match &self.base {
            Some(base) => judge(&Case::new(base, world, subject)).and(project),
            None => project,
        }
    }

    /// Judges all files of a project's page; the verdicts stand in the order of the files. Quick, because
    /// nothing is explained: [`Policies::explain`] does that for the files somebody asks about.
    #[must_use]
    pub fn judge_page(
        &self,
        graph: &TrustGraph,
        evidence: &Evidence,
        files: Page<'_>,
        now: Timestamp,
    ) -> Vec<Verdict> {
        let world = World { graph, evidence, now };
        let project = page::judge(&self.project, world, files);
        let Some(base) = &self.base else { return project };
        let base = page::judge(base, world, files);
        base.into_iter().zip(project).map(|(base, project)| base.and(project)).collect()
    }

    /// The indexes still to be asked about a project before its files can be judged: the pinned one or, in order,
    /// all up to the first that has the project; and those the requirement names. Empty when nothing is missing
    /// that asking could bring.
    #[must_use]
    pub fn wants(&self, evidence: &Evidence, project: &ProjectName) -> Vec<WantedIndex> {
        distinct(self.iter().flat_map(|policy| policy.unasked(evidence, project)))
    }

    /// Every index of the policies, in order.
    #[must_use]
    pub fn indexes(&self) -> Vec<WantedIndex> {
        distinct(self.iter().flat_map(Policy::indexes))
    }

    /// Every folder of statements the policies name.
    #[must_use]
    pub fn folders(&self) -> Vec<WantedFolder> {
        let signers = self.iter().flat_map(|policy| policy.signers().map(move |source| (policy, source)));
        let folders = signers.filter_map(|(policy, source)| match &source.kind {
            SourceKind::Keys { from, .. } => Some(WantedFolder {
                name: source.name.clone(),
                policy: Arc::clone(&policy.name),
                from: Arc::clone(from),
            }),
            _ => None,
        });
        folders.collect()
    }
}

/// The indexes among these, each name once.
fn distinct<'p>(sources: impl Iterator<Item = &'p crate::program::PartySource>) -> Vec<WantedIndex> {
    let mut seen = BTreeSet::new();
    let indexes = sources.filter_map(|source| match &source.kind {
        SourceKind::Index(address) => {
            Some(WantedIndex { name: source.name.clone(), address: address.clone() })
        }
        _ => None,
    });
    indexes.filter(|index| seen.insert(index.name.clone())).collect()
}

/// Names that mean one thing in the base policy and another in the project's.
fn conflicts<'p>(base: &'p Policy, project: &'p Policy) -> impl Iterator<Item = PolicyError> + 'p {
    project.sources().iter().filter_map(move |here| {
        let there = base.sources().iter().find(|there| there.name == here.name)?;
        let fault = match (&here.kind, &there.kind) {
            (SourceKind::Index(here_at), SourceKind::Index(there_at)) if here_at == there_at => return None,
            (SourceKind::Index(here_at), SourceKind::Index(there_at)) => {
                Fault::IndexConflict { name: shown(&here.name), here: shown(here_at), base: shown(there_at) }
            }
            (SourceKind::Keys { .. }, SourceKind::Keys { .. }) => return None,
            // A path is relative to its own policy: one text, two folders.
            (SourceKind::Osv { .. }, SourceKind::Osv { .. })
            | (SourceKind::Electorate { .. }, SourceKind::Electorate { .. }) => {
                Fault::PartyConflict(shown(&here.name))
            }
            (here_from, there_from) if here_from == there_from => return None,
            _ => Fault::PartyConflict(shown(&here.name)),
        };
        let place = Place { file: Arc::clone(&project.name), line: 1, column: 1 };
        Some(PolicyError { place, fault })
    })
}
