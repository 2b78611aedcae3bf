//! Who published a world's files: invented workflows, whose attestations are signed for real ([`crate::sigstore`]).

use std::collections::BTreeMap;

use covouch_core::{
    evidence::{Evidence, Known},
    publisher::{Attested, Continuity, PublishedFile, Publisher, PublisherKind, PublisherName, continuity},
    subject::Subject,
    time::Timestamp,
};

use super::{
    ScenarioError, World,
    evidence::gap,
    wire::WirePublisher,
    world::{FileFacts, IndexFacts},
};

/// Reads the publishers of a story.
pub(super) fn read(
    wire: &BTreeMap<String, WirePublisher>,
) -> Result<BTreeMap<String, Publisher>, ScenarioError> {
    wire.iter().map(|(label, wire)| Ok((label.clone(), publisher(label, wire)?))).collect()
}

fn publisher(label: &str, wire: &WirePublisher) -> Result<Publisher, ScenarioError> {
    let wrong = |reason: String| ScenarioError::value(format!("publisher.{label}"), reason);
    let name = PublisherName::parse(&wire.name).map_err(|error| wrong(error.to_string()))?;
    if !matches!(name.kind(), PublisherKind::GitHub | PublisherKind::GitLab) {
        return Err(wrong("a publisher of a story is at `github:` or `gitlab:`".into()));
    }
    let id = |text: &str| {
        let is_id = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_id { Ok(Some(text.into())) } else { Err(wrong(format!("`{text}` is not an id: a number"))) }
    };
    Ok(Publisher {
        workflow: Some(wire.workflow.as_deref().unwrap_or("release.yml").into()),
        environment: None,
        repository_id: id(&wire.repository_id)?,
        owner_id: id(&wire.owner_id)?,
        name,
    })
}

impl World {
    /// Whether anything in this world is attested, so that whoever verifies needs the trusted root of tests.
    #[must_use]
    pub fn has_attestations(&self) -> bool {
        self.files.values().any(|file| file.publisher.is_some())
    }

    /// Adds who published each file, and how that stands to the files before, as the first index that lists it
    /// shows it.
    pub(super) fn add_publishers(&self, evidence: &mut Evidence, now: Timestamp) {
        for (name, facts) in self.indexes.iter().filter(|(_, facts)| facts.reachable) {
            let files = || self.files.values().filter(|file| file.on.contains(name) && file.is_there(now));
            for file in files().filter(|file| file.listed.hashed) {
                let subject = file.listed.distribution.subject();
                if evidence.publishers(subject).is_some() {
                    continue;
                }
                let page: Vec<&FileFacts> =
                    files().filter(|other| other.listed.distribution.project() == &subject.project).collect();
                let is_it = |other: &&FileFacts| other.listed.distribution.subject() == subject;
                let Some(place) = page.iter().position(is_it) else { continue };
                let files: Vec<PublishedFile> =
                    page.iter().map(|file| published(file, facts, &page)).collect();
                add(evidence, subject, &files, place);
            }
        }
    }
}

fn add(evidence: &mut Evidence, subject: &Subject, files: &[PublishedFile], place: usize) {
    let source = subject.filename.as_str();
    let publishers = match files.get(place).map(|about| &about.attested) {
        Some(Attested::By(publishers)) => Known::Is(publishers.clone()),
        Some(Attested::Not) => Known::Is(Vec::new()),
        _ => {
            Known::Unknown(gap("provenance-not-served", source, "its index does not say who publishes files"))
        }
    };
    let continuity = match continuity(files, place) {
        Continuity::Unknown => Known::Unknown(publishers.gap().cloned().unwrap_or_else(|| {
            gap("provenance-unknown", source, "who published the files before it could not be learnt")
        })),
        known => Known::Is(known),
    };
    evidence.add_publishers(subject.clone(), publishers);
    evidence.add_continuity(subject.clone(), continuity);
}

/// A file as its page shows it. One that names no provenance anywhere may be a mirror's, which says nothing, unless it
/// speaks a version of the API that knows of provenance (PEP 740).
fn published(file: &FileFacts, index: &IndexFacts, page: &[&FileFacts]) -> PublishedFile {
    let says = index.statuses || page.iter().any(|other| other.publisher.is_some());
    let attested = match &file.publisher {
        Some(publisher) => Attested::By(vec![publisher.clone()]),
        None if says => Attested::Not,
        None => Attested::Unknown,
    };
    PublishedFile {
        version: file.listed.distribution.version().clone(),
        uploaded: index.upload_times.then_some(file.listed.uploaded),
        attested,
    }
}
