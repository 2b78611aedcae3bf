//! Newer releases than a lock has, which are not in it because they are kept out. Installers end with 0 as if those did
//! not exist, so somebody has to say it.
//!
//! # Not here
//! What the policy makes of that: the command that asks.

use std::collections::{BTreeMap, BTreeSet};

use covouch_core::{code::Code, evidence::Known, name::ProjectName, time::Timestamp, version::Version};
use covouch_policy::{
    reasons::sentence,
    verdict::{RefusalCause, Verdict},
};

use super::{Assessment, Release};

/// Most releases of one project that are looked at, the newest first. A lock that is further behind is old for other
/// reasons.
const RELEASES: usize = 50;

/// A release that is newer than the one of a lock, and kept out.
pub(crate) struct PassedOver {
    pub(crate) project: ProjectName,
    /// The newest one.
    pub(crate) version: Version,
    pub(crate) code: Code,
    pub(crate) reason: String,
    /// When the release of the lock was uploaded, as far as that is known.
    pub(crate) fallback: Option<Timestamp>,
}

impl Assessment {
    /// For each project of which the lock has the newest release that is let in: the newest that is not.
    pub(crate) fn passed_over(&self, locked: &BTreeSet<Release>, now: Timestamp) -> Vec<PassedOver> {
        // A lock may have several releases of a project, one for each kind of machine.
        let newest: BTreeMap<&ProjectName, &Release> =
            locked.iter().map(|release| (&release.project, release)).collect();
        newest.into_values().filter_map(|release| self.passed_over_beyond(release, now)).collect()
    }

    fn passed_over_beyond(&self, locked: &Release, now: Timestamp) -> Option<PassedOver> {
        let mut newest: Option<PassedOver> = None;
        let newer = self.newer.get(&locked.project)?.iter().rev().take(RELEASES);
        for version in newer.take_while(|version| **version > locked.version) {
            let release = Release { project: locked.project.clone(), version: version.clone() };
            match self.fate(&release, now) {
                // What the lock has is not what is left: something newer is let in.
                Fate::LetIn => return None,
                Fate::NotThere => {}
                Fate::KeptOut(code, reason) => {
                    newest = newest.or_else(|| {
                        let (project, fallback) = (release.project, self.uploaded(locked));
                        Some(PassedOver { project, version: release.version, code, reason, fallback })
                    });
                }
            }
        }
        newest
    }

    /// What becomes of a release when an installer looks for it.
    fn fate(&self, release: &Release, now: Timestamp) -> Fate {
        let mut fate = Fate::NotThere;
        for subject in self.listed(release) {
            // What its own index yanked would not be chosen anyway, and what is elsewhere is not seen.
            let verdict = self.policies.judge(&self.graph, &self.evidence, &subject, now);
            let elsewhere = matches!(&verdict, Verdict::Refused(refusal)
                if matches!(refusal.cause, RefusalCause::WrongIndex { .. } | RefusalCause::HashMismatch { .. }));
            if elsewhere || self.is_yanked(&subject) {
                continue;
            }
            if verdict.lets_in() {
                return Fate::LetIn;
            }
            if matches!(fate, Fate::NotThere) {
                let told = self.policies.explain(&self.graph, &self.evidence, &subject, now);
                fate = Fate::KeptOut(verdict.code(), sentence(&told));
            }
        }
        fate
    }

    /// When the first file of a release was uploaded.
    fn uploaded(&self, release: &Release) -> Option<Timestamp> {
        let indexes = self.policies.indexes();
        let files = indexes
            .iter()
            .flat_map(|index| self.evidence.files(&index.name, &release.project, &release.version));
        let uploaded = files.filter_map(|(_, listing)| match listing.uploaded {
            Known::Is(moment) => Some(moment),
            Known::Unknown(_) => None,
        });
        uploaded.min()
    }
}

enum Fate {
    LetIn,
    KeptOut(Code, String),
    NotThere,
}
