//! Who published a file, and whether they published the files before it.
//!
//! # Invariants
//! - What was verified is believed; what does not hold is as good as nothing; what could not be had is unknown.

use std::sync::Arc;

use covouch_core::{
    code::Code,
    evidence::{Evidence, Gap, Known},
    publisher::{Attested, Continuity, PublishedFile, Publisher, continuity, reference},
    subject::Subject,
};
use covouch_python::{attestation::DistributionFile, simple::File};

use super::Means;
use crate::{
    attestation::{self, TrustRoot},
    index::{FetchedPage, Freshness, Index, PageAnswer},
    provenance::{self, ProvenanceAnswer, ProvenanceFetcher},
};

/// What asks for provenance. Without a trust root nothing can be verified, which is unknown.
pub(super) struct Publishing {
    means: Means,
    fetcher: Result<ProvenanceFetcher, Gap>,
}

impl Publishing {
    pub(super) fn new(means: Means) -> Self {
        let fetcher = match TrustRoot::of_state(&means.state) {
            Ok(root) => Ok(ProvenanceFetcher::new(means.network.clone(), &means.state, Arc::new(root))),
            Err(error) => Err(Gap {
                code: error.code(),
                source: "sigstore".into(),
                detail: error.to_string().into(),
            }),
        };
        Self { means, fetcher }
    }

    /// Who published a file: nobody, where nothing holds.
    pub(super) async fn publishers(&self, subject: &Subject, evidence: &Evidence) -> Known<Vec<Publisher>> {
        let found = async {
            let (index, page) = self.page(subject, evidence).await?;
            let file = listed(&page, subject).ok_or_else(|| not_listed(subject))?;
            self.attested(&index, &page, file, subject).await
        };
        match found.await {
            Ok(Attested::By(publishers)) => Known::Is(publishers),
            Ok(Attested::Not | Attested::Offered) => Known::Is(Vec::new()),
            Ok(Attested::Unknown) => Known::Unknown(not_listed(subject)),
            Err(gap) => Known::Unknown(gap),
        }
    }

    /// Whether a file comes from whoever published the files before it.
    pub(super) async fn continuity(&self, subject: &Subject, evidence: &Evidence) -> Known<Continuity> {
        match self.compare(subject, evidence).await {
            Ok(continuity) => Known::Is(continuity),
            Err(gap) => Known::Unknown(gap),
        }
    }

    async fn compare(&self, subject: &Subject, evidence: &Evidence) -> Result<Continuity, Gap> {
        let (index, page) = self.page(subject, evidence).await?;
        let file = listed(&page, subject).ok_or_else(|| not_listed(subject))?;
        let mut this = published(file).ok_or_else(|| not_listed(subject))?;
        this.attested = self.attested(&index, &page, file, subject).await?;
        let others: Vec<(&File, PublishedFile)> = page
            .page
            .files()
            .iter()
            .filter(|other| other.sha256() != Some(subject.sha256))
            .filter_map(|other| Some((other, published(other)?)))
            .collect();
        let mut known: Vec<PublishedFile> = others.iter().map(|(_, known)| known.clone()).collect();
        // The file before this one has to be verified first.
        while let Some(before) = reference(&this, &known) {
            let Some(position) = known.iter().position(|file| std::ptr::eq(file, before)) else { break };
            let Some((other, _)) = others.get(position) else { break };
            let Some(about) = other.subject() else { break };
            let attested = self.attested(&index, &page, other, &about).await?;
            if let Some(entry) = known.get_mut(position) {
                entry.attested = attested;
            }
        }
        Ok(continuity(&this, &known))
    }

    async fn attested(
        &self,
        index: &Index,
        page: &FetchedPage,
        file: &File,
        subject: &Subject,
    ) -> Result<Attested, Gap> {
        let Some(address) = provenance::address(index, &subject.project, file) else {
            return Ok(Attested::Not);
        };
        let fetcher = self.fetcher.as_ref().map_err(Clone::clone)?;
        let about = DistributionFile { name: subject.filename.clone(), sha256: subject.sha256 };
        Ok(match fetcher.fetch(index, &about, &address, page.reach).await {
            ProvenanceAnswer::Proven(proofs) => Attested::By(attestation::publishers(&proofs)),
            ProvenanceAnswer::Absent | ProvenanceAnswer::Refused(_) => Attested::Not,
            ProvenanceAnswer::Unreachable(error) => {
                let source = subject.filename.as_str().into();
                return Err(Gap { code: error.code(), source, detail: error.to_string().into() });
            }
        })
    }

    /// The page of an index that lists the file.
    async fn page(&self, subject: &Subject, evidence: &Evidence) -> Result<(Index, Arc<FetchedPage>), Gap> {
        let Means { fetcher, indexes, .. } = &self.means;
        let mut listing: Vec<&Index> =
            indexes.values().filter(|index| evidence.listing(index.name(), subject).is_some()).collect();
        listing.sort_by(|left, right| left.name().cmp(right.name()));
        for index in listing {
            match fetcher.fetch_page(index, &subject.project, Freshness::Recent).await {
                PageAnswer::Page(page) => return Ok((index.clone(), page)),
                PageAnswer::Unreachable(error) => {
                    let source = index.name().as_str().into();
                    return Err(Gap { code: error.code(), source, detail: error.to_string().into() });
                }
                PageAnswer::Absent | PageAnswer::Wrong(_) => {}
            }
        }
        Err(not_listed(subject))
    }
}

fn listed<'p>(page: &'p FetchedPage, subject: &Subject) -> Option<&'p File> {
    let same = |file: &&File| file.sha256() == Some(subject.sha256) && *file.filename() == subject.filename;
    page.page.files().iter().find(same)
}

/// A file as continuity looks at it. One whose release cannot be told tells nothing.
fn published(file: &File) -> Option<PublishedFile> {
    Some(PublishedFile {
        version: file.dist().version()?.clone(),
        uploaded: file.upload_time(),
        attested: if file.provenance().is_some() { Attested::Offered } else { Attested::Not },
    })
}

fn not_listed(subject: &Subject) -> Gap {
    Gap {
        code: Code::new("file-not-listed"),
        source: subject.filename.as_str().into(),
        detail: "no index says where it is".into(),
    }
}
