//! What was found about a file that nobody signs by itself: what indexes list, what a distribution packaged, who
//! published the file, what it derives from.
//!
//! # Invariants
//! - Nothing unknown is observed: what could not be learned is left out, and is unknown again.
//! - What was observed of a source counts for that source only: its name and its place as the policy says them.
//! - What is known already is added to, never replaced; what speaks against a file counts wherever it was seen.

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    digest::Sha256,
    evidence::{Derivation, Evidence, Finding, Gap, Known, Listing, ProjectStatus, Stated},
    name::ProjectName,
    party::PartyName,
    publisher::{Continuity, Publisher, PublisherName},
    subject::{FileName, Subject},
    time::Timestamp,
};

/// A source as the policy names it, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceAt {
    /// The party.
    pub name: PartyName,
    /// Where it is, without credentials.
    pub at: String,
}

/// What was found about one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// What indexes say.
    pub indexes: Vec<ObservedIndex>,
    /// What distributions packaged, and of which one that was said.
    pub findings: Vec<(SourceAt, Finding)>,
    /// Who published it; nothing where nobody looked.
    pub publishers: Option<Vec<PublisherName>>,
    /// How that stands to the files before it; nothing where nobody looked.
    pub continuity: Option<Continuity>,
    /// What comparing it with its sdist found.
    pub derivations: Vec<Derivation>,
}

/// What one index says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedIndex {
    /// The party.
    pub name: PartyName,
    /// Where it is, without credentials.
    pub at: String,
    /// Whether it has the project.
    pub has_project: bool,
    /// The file, and those of its release that matter to it.
    pub files: Vec<ObservedFile>,
    /// Wheels of the release that have no digest.
    pub unjudged: Vec<FileName>,
}

/// A file that an index lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObservedFile {
    /// Its name.
    pub filename: FileName,
    /// Its digest.
    pub sha256: Sha256,
    /// When it was uploaded, where the index says so.
    pub uploaded: Option<Timestamp>,
    /// Why it is yanked, where it is; may be empty.
    pub yanked: Option<Arc<str>>,
    /// The project's status, where the index says one; `unknown` for one we did not know.
    pub status: Option<String>,
}

/// How far what was observed is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Wholly.
    Whole,
    /// It is too old to say that nothing speaks against the file; this says how.
    Aged(Gap),
}

/// The names of statuses, and the one of those that nobody here knows.
const STATUSES: &[(&str, ProjectStatus)] = &[
    ("active", ProjectStatus::Active),
    ("archived", ProjectStatus::Archived),
    ("quarantined", ProjectStatus::Quarantined),
    ("deprecated", ProjectStatus::Deprecated),
];
const UNKNOWN: &str = "unknown";

impl Observed {
    /// What is known about a file, of these indexes and distributions.
    #[must_use]
    pub fn of(
        evidence: &Evidence,
        (subject, now): (&Subject, Timestamp),
        indexes: &[SourceAt],
        distributions: &[SourceAt],
    ) -> Self {
        let findings = evidence.findings(subject, now).filter_map(|finding| {
            let Known::Is(finding) = finding else { return None };
            let source = distributions.iter().find(|source| source.name == finding.party)?;
            Some((source.clone(), finding.clone()))
        });
        let publishers = match evidence.publishers(subject) {
            Some(Known::Is(publishers)) => Some(publishers.iter().map(|of| of.name.clone()).collect()),
            Some(Known::Unknown(_)) | None => None,
        };
        let continuity = match evidence.continuity(subject) {
            Some(Known::Is(continuity)) => Some(*continuity),
            Some(Known::Unknown(_)) | None => None,
        };
        let derivations = evidence.derivations(subject);
        Self {
            indexes: indexes.iter().filter_map(|index| ObservedIndex::of(evidence, subject, index)).collect(),
            findings: findings.collect(),
            publishers,
            continuity: continuity.filter(|known| *known != Continuity::Unknown),
            derivations: derivations.filter(|of| of.differences.gap().is_none()).cloned().collect(),
        }
    }

    /// Adds to evidence what it does not know yet; says of which projects of which indexes.
    pub fn add_to(
        &self,
        evidence: &mut Evidence,
        subject: &Subject,
        (indexes, distributions): (&[SourceAt], &[SourceAt]),
        trust: &Trust,
    ) -> BTreeSet<(PartyName, ProjectName)> {
        let mut added = BTreeSet::new();
        for index in &self.indexes {
            if indexes.iter().any(|at| at.name == index.name && at.at == index.at) {
                index.add_to(evidence, subject, trust, &mut added);
            }
        }
        for (_, finding) in self.findings.iter().filter(|(source, _)| distributions.contains(source)) {
            evidence.add_finding(subject.clone(), Known::Is(finding.clone()));
        }
        if let Some(names) = &self.publishers
            && evidence.publishers(subject).is_none_or(|known| known.gap().is_some())
        {
            let publishers = names.iter().cloned().map(Publisher::named).collect();
            evidence.add_publishers(subject.clone(), Known::Is(publishers));
        }
        if let Some(continuity) = self.continuity
            && evidence.continuity(subject).is_none_or(|known| known.gap().is_some())
        {
            evidence.add_continuity(subject.clone(), Known::Is(continuity));
        }
        for derivation in &self.derivations {
            evidence.add_derivation(subject.clone(), derivation.clone());
        }
        added
    }
}

impl ObservedIndex {
    fn of(evidence: &Evidence, subject: &Subject, index: &SourceAt) -> Option<Self> {
        let Some(Known::Is(has_project)) = evidence.project(&index.name, &subject.project) else {
            return None;
        };
        // A wheel asks for its sdist, an sdist for all the wheels beside it.
        let is_wheel = |name: &FileName| name.as_str().ends_with(".whl");
        let matters = |file: &Subject| {
            file == subject
                || file.filename == subject.filename
                || !is_wheel(&subject.filename)
                || !is_wheel(&file.filename)
        };
        let release = evidence.release(&index.name, subject).filter(|(file, _)| matters(file));
        let mut files: Vec<ObservedFile> =
            release.filter_map(|(file, listing)| ObservedFile::of(file, listing)).collect();
        files.sort_by(|left, right| (&left.filename, left.sha256).cmp(&(&right.filename, right.sha256)));
        let unjudged = evidence.unjudged(&index.name, subject).filter(|_| !is_wheel(&subject.filename));
        Some(Self {
            name: index.name.clone(),
            at: index.at.clone(),
            has_project: *has_project,
            files,
            unjudged: unjudged.cloned().collect(),
        })
    }

    fn add_to(
        &self,
        evidence: &mut Evidence,
        subject: &Subject,
        trust: &Trust,
        added: &mut BTreeSet<(PartyName, ProjectName)>,
    ) {
        let place = (self.name.clone(), subject.project.clone());
        let is_known = matches!(evidence.project(&self.name, &subject.project), Some(Known::Is(_)));
        if !is_known || added.contains(&place) {
            evidence.add_project(self.name.clone(), subject.project.clone(), Known::Is(self.has_project));
            added.insert(place);
        }
        for file in &self.files {
            let listed = Subject { filename: file.filename.clone(), sha256: file.sha256, ..subject.clone() };
            let known = evidence.listing(&self.name, &listed).cloned();
            if let Some(listing) = file.listing(known, is_known, trust) {
                evidence.add_listing(self.name.clone(), listed, listing);
            }
        }
        for wheel in &self.unjudged {
            let (project, version) = (subject.project.clone(), subject.version.clone());
            evidence.add_unjudged(self.name.clone(), project, version, wheel.clone());
        }
    }
}

impl ObservedFile {
    fn of(file: &Subject, listing: &Listing) -> Option<Self> {
        if listing.listed != Known::Is(true) {
            return None;
        }
        let uploaded = match &listing.uploaded {
            Known::Is(moment) => Some(*moment),
            Known::Unknown(_) => None,
        };
        let yanked = match &listing.yanked {
            Stated::Is(reason) => Some(reason.clone().unwrap_or_default()),
            Stated::NotStated => None,
            // Not known to be free of it.
            Stated::Unknown(_) => return None,
        };
        let status = match &listing.status {
            Stated::Is(status) => {
                STATUSES.iter().find(|(_, of)| of == status).map(|(name, _)| (*name).to_owned())
            }
            Stated::NotStated => None,
            Stated::Unknown(_) => Some(UNKNOWN.to_owned()),
        };
        Some(Self { filename: file.filename.clone(), sha256: file.sha256, uploaded, yanked, status })
    }

    /// The listing, with what is known besides; nothing where the index itself was asked and does not list the file.
    fn listing(&self, known: Option<Listing>, is_known: bool, trust: &Trust) -> Option<Listing> {
        let mut listing = match known {
            Some(known) if known.listed == Known::Is(true) => known,
            None | Some(_) if !is_known => self.fresh(trust),
            None | Some(_) => return None,
        };
        if let Some(reason) = &self.yanked {
            listing.yanked = Stated::Is(Some(Arc::clone(reason)).filter(|reason| !reason.is_empty()));
        }
        if self.status.as_deref() == Some("quarantined") {
            listing.status = Stated::Is(ProjectStatus::Quarantined);
        }
        Some(listing)
    }

    fn fresh(&self, trust: &Trust) -> Listing {
        let gap = |detail: &str| Gap {
            code: crate::code::Code::new("evidence-incomplete"),
            source: self.filename.as_str().into(),
            detail: detail.into(),
        };
        let uploaded = self.uploaded.map_or_else(
            || Known::Unknown(gap("the evidence lock does not say when the file was uploaded")),
            Known::Is,
        );
        let status = self.status.as_deref().map_or(Stated::NotStated, |status| {
            let known = STATUSES.iter().find(|(name, _)| *name == status);
            known.map_or_else(
                || Stated::Unknown(gap("its project had a status that is not known here")),
                |(_, status)| Stated::Is(*status),
            )
        });
        let (yanked, status) = match trust {
            Trust::Whole => (Stated::NotStated, status),
            Trust::Aged(gap) => (Stated::Unknown(gap.clone()), Stated::Unknown(gap.clone())),
        };
        Listing { listed: Known::Is(true), uploaded, yanked, status }
    }
}
