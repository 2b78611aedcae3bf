//! Who published a file, and whether they published the files before it.
//!
//! # Invariants
//! What was verified is believed; what does not hold is as good as nothing; what could not be had is unknown.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use covouch_core::{
    code::Code,
    evidence::{Evidence, Gap, Known, Lookup},
    name::ProjectName,
    party::PartyName,
    publisher::{Continuity, Publisher},
    subject::Subject,
};
use covouch_python::attestation::DistributionFile;
use futures_util::{StreamExt as _, stream};

use super::{Means, not_listed};
use crate::{
    attestation::{self, TrustRoot},
    index::{Freshness, Index, PageAnswer},
    limits,
    provenance::{History, ProvenanceAnswer, ProvenanceFetcher},
};

/// What asks for provenance. Without a trust root nothing can be verified, which is unknown.
pub(super) struct Publishing {
    means: Means,
    fetcher: Result<ProvenanceFetcher, Gap>,
}

/// What indexes say of projects, each read once for all of a project's files; nothing where one does not have it.
pub(super) type Pages = HashMap<(PartyName, ProjectName), Result<Option<History>, Gap>>;

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
    pub(super) async fn published(&self, subject: &Subject, evidence: &Evidence, pages: &Pages) -> Published {
        self.trace(subject, evidence, pages).await.unwrap_or_else(|gap| Published {
            publishers: Known::Unknown(gap.clone()),
            continuity: Known::Unknown(gap),
        })
    }

    async fn trace(&self, subject: &Subject, evidence: &Evidence, pages: &Pages) -> Result<Published, Gap> {
        let fetcher = self.fetcher.as_ref().map_err(Clone::clone)?;
        let file = DistributionFile { name: subject.filename.clone(), sha256: subject.sha256 };
        let mut found = None;
        for index in self.means.listing(subject, evidence) {
            let page = pages.get(&(index.name().clone(), subject.project.clone()));
            let Some(history) =
                page.map_or(Ok(None), |page| page.as_ref().map(Option::as_ref).map_err(Gap::clone))?
            else {
                continue;
            };
            let trace = fetcher.trace_in(index, history, &file).await;
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

    /// The pages that these look-ups ask for.
    pub(super) async fn pages(&self, wanted: &[Lookup], evidence: &Evidence) -> Pages {
        let mut pages: BTreeMap<(PartyName, ProjectName), Index> = BTreeMap::new();
        for lookup in wanted {
            let (Lookup::Publisher(file) | Lookup::Continuity(file)) = lookup else { continue };
            for index in self.means.listing(file, evidence) {
                pages.entry((index.name().clone(), file.project.clone())).or_insert_with(|| index.clone());
            }
        }
        let read = pages.into_iter().map(|(place, index)| async move {
            let page = match self.means.fetcher.fetch_offers(&index, &place.1, Freshness::Recent).await {
                Ok((offers, reach)) => Ok(Some(History::new(offers, reach))),
                Err(PageAnswer::Unreachable(error)) => {
                    let source = index.name().as_str().into();
                    Err(Gap { code: error.code(), source, detail: error.to_string().into() })
                }
                Err(PageAnswer::Page(_) | PageAnswer::Absent | PageAnswer::Wrong(_)) => Ok(None),
            };
            (place, page)
        });
        stream::iter(read.collect::<Vec<_>>()).buffer_unordered(limits::PARALLEL_LOOKUPS).collect().await
    }
}
