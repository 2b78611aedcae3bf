//! Fetches what an index serves as the provenance of its files (PEP 740), verifies it, and keeps what holds.
//!
//! # Invariants
//! - What is kept was verified for the file under whose SHA-256 it lies, and is verified again whenever it is read.
//! - *Absent* is said only by the index: by a page that names no provenance, or by an answer that there is none.
//!
//! # Not here
//! Which files' provenance is wanted, and what it means.

use std::{
    collections::HashMap,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use covouch_core::{
    name::ProjectName,
    publisher::{Attested, Continuity, PublishedFile, continuity, reference},
    subject::{FileName, Subject},
};
use covouch_python::{attestation::DistributionFile, limits::PROVENANCE_BYTES, simple::File};
use url::Url;

use crate::{
    attestation::{AttestationError, Proof, TrustRoot, publishers, verify},
    blocking::blocking,
    bundle::Kind,
    index::{
        FetchedPage, Index,
        extract::{Offer, Offers},
    },
    limits,
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
    /// The index speaks an API without provenance, as mirrors do.
    NotServed,
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

/// A file's publishers, and whether they are those of the files before it.
#[derive(Clone, Debug)]
pub struct Trace {
    /// What the index has to show of the file itself.
    pub own: ProvenanceAnswer,
    /// What follows from that and from the project's other files.
    pub continuity: Continuity,
}

/// Where an index says a file's provenance is; nothing when it names none, or nothing one could ask.
#[must_use]
pub fn address(index: &Index, project: &ProjectName, file: &File) -> Option<Url> {
    resolved(index, project, file.provenance()?)
}

/// What is written as the address of a provenance, as an address one could ask.
fn resolved(index: &Index, project: &ProjectName, written: &str) -> Option<Url> {
    // PEP 740 wants a whole address. Some mirrors write where it is on themselves.
    let base = index.page_url(project);
    let address = Url::options().base_url(Some(&base)).parse(written).ok()?;
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
        let request =
            index.file_request(address, reach).accept(ACCEPT, &[]).kind(Kind::Attestation).about(file);
        let bytes = match self.network.fetch(&request, PROVENANCE_BYTES).await {
            Ok(Fetched::Body(_, bytes)) => bytes,
            // Without validators nobody answers that nothing has changed.
            Ok(Fetched::Absent | Fetched::NotModified(_)) => return ProvenanceAnswer::Absent,
            Err(error) => return ProvenanceAnswer::Unreachable(error),
        };
        let (fetcher, file) = (self.clone(), file.clone());
        let work = move || fetcher.keep(&file, &bytes);
        blocking(work).await.map_or_else(ProvenanceAnswer::Refused, ProvenanceAnswer::Proven)
    }

    /// Verifies what somebody has to show of a file's publisher, and keeps it when it holds.
    ///
    /// # Errors
    /// [`AttestationError`] for the first attestation that does not hold.
    pub fn keep(&self, file: &DistributionFile, provenance: &[u8]) -> Result<Vec<Proof>, AttestationError> {
        let proofs = verify(file, provenance, &self.root)?;
        // Not keeping it only means asking again.
        drop(write_atomically(&self.path(file), provenance));
        Ok(proofs)
    }

    /// What an index shows of this file, and of the files of its project before it, as its page lists them. At most
    /// two objects are fetched, more only where one does not hold. `None` when the page does not list the file.
    pub async fn trace(&self, index: &Index, page: &FetchedPage, file: &DistributionFile) -> Option<Trace> {
        self.trace_in(index, &History::new(Offers::of(&page.page), page.reach), file).await
    }

    /// The same, in a history that goes on from file to file.
    pub(crate) async fn trace_in(
        &self,
        index: &Index,
        history: &History,
        file: &DistributionFile,
    ) -> Option<Trace> {
        let (place, offer) = history.find(file)?;
        let own = self.ask(index, history, offer).await;
        history.learn(place, attested(&own));
        for _ in 0..limits::REFERENCES {
            let Some((before, offer)) = history.reference(place) else { break };
            let answer = self.ask(index, history, offer).await;
            history.learn(before, attested(&answer));
        }
        Some(Trace { own, continuity: history.continuity(place) })
    }

    /// What the index shows of a file on its page.
    async fn ask(&self, index: &Index, history: &History, offer: &Offer) -> ProvenanceAnswer {
        let Subject { filename, sha256, .. } = &offer.file.subject;
        let file = DistributionFile { name: filename.clone(), sha256: *sha256 };
        let (page, written) = (&history.offers, offer.provenance.as_deref());
        match written.and_then(|written| resolved(index, &page.project, written)) {
            Some(address) => self.fetch(index, &file, &address, history.reach).await,
            None if page.says => ProvenanceAnswer::Absent,
            None => ProvenanceAnswer::NotServed,
        }
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

/// What a page shows of who published its files, and whatever was verified of that so far.
pub(crate) struct History {
    offers: Offers,
    reach: Reach,
    places: HashMap<FileName, usize>,
    files: Mutex<Vec<PublishedFile>>,
}

impl History {
    /// A page of which nothing is verified.
    pub(crate) fn new(offers: Offers, reach: Reach) -> Self {
        let silence = if offers.says { Attested::Not } else { Attested::Unknown };
        let published = |Offer { file, provenance }: &Offer| PublishedFile {
            version: file.subject.version.clone(),
            uploaded: file.uploaded,
            attested: if provenance.is_some() { Attested::Offered } else { silence.clone() },
        };
        let files = Mutex::new(offers.files.iter().map(published).collect());
        let named = offers.files.iter().enumerate();
        let places = named.map(|(place, offer)| (offer.file.subject.filename.clone(), place)).collect();
        Self { offers, reach, places, files }
    }

    /// The place of a file on the page.
    fn find(&self, file: &DistributionFile) -> Option<(usize, &Offer)> {
        let place = *self.places.get(&file.name)?;
        let offer = self.offers.files.get(place)?;
        (offer.file.subject.sha256 == file.sha256).then_some((place, offer))
    }

    fn files(&self) -> MutexGuard<'_, Vec<PublishedFile>> {
        // One assignment changes it, so nobody can leave half of one.
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, place: usize, attested: Attested) {
        if let Some(file) = self.files().get_mut(place) {
            file.attested = attested;
        }
    }

    /// The file that has to be verified before anything can be said of the one in this place.
    fn reference(&self, place: usize) -> Option<(usize, &Offer)> {
        let before = reference(&self.files(), place)?;
        Some((before, self.offers.files.get(before)?))
    }

    fn continuity(&self, place: usize) -> Continuity {
        continuity(&self.files(), place)
    }
}

fn attested(answer: &ProvenanceAnswer) -> Attested {
    match answer {
        ProvenanceAnswer::Proven(proofs) => Attested::By(publishers(proofs)),
        // Whoever puts up what does not hold has attested nothing.
        ProvenanceAnswer::Absent | ProvenanceAnswer::Refused(_) => Attested::Not,
        ProvenanceAnswer::NotServed | ProvenanceAnswer::Unreachable(_) => Attested::Unknown,
    }
}
