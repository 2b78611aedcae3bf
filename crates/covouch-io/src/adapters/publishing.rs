//! Who published a file, and whether they published the files before it.
//!
//! # Invariants
//! What was verified is believed; what does not hold is as good as nothing; what could not be had is unknown.

use std::sync::Arc;

use covouch_core::{
    code::Code,
    evidence::{Evidence, Gap, Known},
    publisher::{Continuity, Publisher},
    subject::Subject,
};
use covouch_python::attestation::DistributionFile;

use super::{Means, not_listed};
use crate::{
    attestation::{self, TrustRoot},
    index::{Freshness, Index, PageAnswer, extract::Offers},
    network::Reach,
    provenance::{ProvenanceAnswer, ProvenanceFetcher},
};

/// What asks for provenance. Without a trust root nothing can be verified, which is unknown.
pub(super) struct Publishing {
    means: Means,
    fetcher: Result<ProvenanceFetcher, Gap>,
}

/// Who published a file, and how that stands to the files before it.
pub(super) struct Published {
    pub(super) publishers: Known<Vec<Publisher>>,
    pub(super) continuity: Known<Continuity>,
}

impl Publishing {
    pub(super) fn new(means: Means) -> Self {
        let fetcher = match TrustRoot::of_state(&means.state) {
            Ok(root) => Ok(ProvenanceFetcher::new(means.network.clone(), &means.state, Arc::new(root))),
            Err(error) => {
                Err(Gap { code: error.code(), source: "sigstore".into(), detail: error.to_string().into() })
            }
        };
        Self { means, fetcher }
    }

    /// What an index that lists the file shows of it.
    pub(super) async fn published(&self, subject: &Subject, evidence: &Evidence) -> Published {
        self.trace(subject, evidence).await.unwrap_or_else(|gap| Published {
            publishers: Known::Unknown(gap.clone()),
            continuity: Known::Unknown(gap),
        })
    }

    async fn trace(&self, subject: &Subject, evidence: &Evidence) -> Result<Published, Gap> {
        let fetcher = self.fetcher.as_ref().map_err(Clone::clone)?;
        let file = DistributionFile { name: subject.filename.clone(), sha256: subject.sha256 };
        let mut found = None;
        for (index, page, reach) in self.pages(subject, evidence).await? {
            let trace = fetcher.trace_in(&index, (&page, reach), &file).await;
            let serves = trace.as_ref().is_some_and(|of| !matches!(of.own, ProvenanceAnswer::NotServed));
            found = trace.map(|trace| (index, trace)).or(found);
            if serves {
                break;
            }
        }
        let (index, trace) = found.ok_or_else(|| not_listed(subject))?;
        let gap = |code, detail: String| Gap {
            code,
            source: subject.filename.as_str().into(),
            detail: detail.into(),
        };
        let publishers = match trace.own {
            ProvenanceAnswer::Proven(proofs) => Known::Is(attestation::publishers(&proofs)),
            ProvenanceAnswer::Absent | ProvenanceAnswer::Refused(_) => Known::Is(Vec::new()),
            ProvenanceAnswer::Unreachable(error) => Known::Unknown(gap(error.code(), error.to_string())),
            ProvenanceAnswer::NotServed => Known::Unknown(gap(
                Code::new("provenance-not-served"),
                format!("`{}` does not say who publishes its files", index.name()),
            )),
        };
        let continuity = match trace.continuity {
            Continuity::Unknown => Known::Unknown(publishers.gap().cloned().unwrap_or_else(|| {
                let detail = "who published the files before it could not be learnt".to_owned();
                gap(Code::new("provenance-unknown"), detail)
            })),
            known => Known::Is(known),
        };
        Ok(Published { publishers, continuity })
    }

    /// What the pages say of the indexes that list the file.
    async fn pages(
        &self,
        subject: &Subject,
        evidence: &Evidence,
    ) -> Result<Vec<(Index, Offers, Reach)>, Gap> {
        let mut pages = Vec::new();
        for index in self.means.listing(subject, evidence) {
            match self.means.fetcher.fetch_offers(index, &subject.project, Freshness::Recent).await {
                Ok((page, reach)) => pages.push((index.clone(), page, reach)),
                Err(PageAnswer::Unreachable(error)) => {
                    let source = index.name().as_str().into();
                    return Err(Gap { code: error.code(), source, detail: error.to_string().into() });
                }
                Err(PageAnswer::Page(_) | PageAnswer::Absent | PageAnswer::Wrong(_)) => {}
            }
        }
        Ok(pages)
    }
}
