//! Fetches what an index serves as the provenance of its files (PEP 740), verifies it, and keeps what holds.
//!
//! # Invariants
//! - What is kept was verified for the file under whose SHA-256 it lies, and is verified again whenever it is read.
//! - *Absent* is said only by the index: by a page that names no provenance, or by an answer that there is none.
//!
//! # Not here
//! Which files' provenance is wanted, and what it means.

use std::{fs, path::PathBuf, sync::Arc};

use covouch_core::name::ProjectName;
use covouch_python::{attestation::DistributionFile, limits::PROVENANCE_BYTES, simple::File};
use url::Url;

use crate::{
    attestation::{AttestationError, Proof, TrustRoot, verify},
    index::Index,
    network::{FetchError, Fetched, Network, Reach},
    state::{Part, State, write_atomically},
};

/// PyPI's Integrity API, and files that lie beside a mirror.
const ACCEPT: &str = "application/vnd.pypi.integrity.v1+json, application/json;q=0.5, */*;q=0.1";

/// What an index has to show of a file's publisher.
#[derive(Clone, Debug)]
pub enum ProvenanceAnswer {
    /// Every attestation holds, at least one.
    Proven(Vec<Proof>),
    /// The index has none.
    Absent,
    /// Nothing was learnt.
    Unreachable(FetchError),
    /// Something that does not hold.
    Refused(AttestationError),
}

/// Fetches and verifies provenance. Clones share everything.
#[derive(Clone)]
pub struct ProvenanceFetcher {
    network: Network,
    folder: PathBuf,
    root: Arc<TrustRoot>,
}

/// Where an index says a file's provenance is; nothing when it names none, or nothing one could ask.
#[must_use]
pub fn address(index: &Index, project: &ProjectName, file: &File) -> Option<Url> {
    // PEP 740 wants a whole address. Some mirrors write where it is on themselves.
    let base = index.page_url(project);
    let address = Url::options().base_url(Some(&base)).parse(file.provenance()?).ok()?;
    matches!(address.scheme(), "http" | "https").then_some(address)
}

impl ProvenanceFetcher {
    /// A fetcher that verifies under this root, and keeps what holds in this state.
    #[must_use]
    pub fn new(network: Network, state: &State, root: Arc<TrustRoot>) -> Self {
        Self { network, folder: state.folder(Part::Cache).join("provenance"), root }
    }

    /// What an index shows of this file, from its [`address`]. What is kept is used without asking: an attestation
    /// that held does not cease to.
    pub async fn fetch(
        &self,
        index: &Index,
        file: &DistributionFile,
        address: &Url,
        reach: Reach,
    ) -> ProvenanceAnswer {
        if let Some(proofs) = self.kept(file).await {
            return ProvenanceAnswer::Proven(proofs);
        }
        let request = index.file_request(address, reach).accept(ACCEPT, &[]);
        let bytes = match self.network.fetch(&request, PROVENANCE_BYTES).await {
            Ok(Fetched::Body(_, bytes)) => bytes,
            // Without validators nobody answers that nothing has changed.
            Ok(Fetched::Absent | Fetched::NotModified(_)) => return ProvenanceAnswer::Absent,
            Err(error) => return ProvenanceAnswer::Unreachable(error),
        };
        let (fetcher, file) = (self.clone(), file.clone());
        let work = move || {
            let proofs = verify(&file, &bytes, &fetcher.root)?;
            // Not keeping it only means asking again.
            drop(write_atomically(&fetcher.path(&file), &bytes));
            Ok(proofs)
        };
        blocking(work).await.map_or_else(ProvenanceAnswer::Refused, ProvenanceAnswer::Proven)
    }

    /// What is kept, when it still holds: the root may have changed since.
    async fn kept(&self, file: &DistributionFile) -> Option<Vec<Proof>> {
        let (fetcher, file) = (self.clone(), file.clone());
        blocking(move || verify(&file, &fs::read(fetcher.path(&file)).ok()?, &fetcher.root).ok()).await
    }

    fn path(&self, file: &DistributionFile) -> PathBuf {
        self.folder.join(file.sha256.to_string())
    }
}

/// Verifying takes a millisecond, which others on the same thread would wait for, and runs on all processors so.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}
