//! What nobody signed: pages of indexes, records of malware, and roots of trust.
//!
//! # Invariants
//! - Pages and records are taken only from a bundle that somebody answers for, and never in the place of newer ones.
//! - Roots of trust are compared, and never taken.

use std::{fs, path::Path};

use covouch_core::code::Code;
use covouch_io::{
    attestation::TrustRoot,
    bundle::{Entries, Kind},
    index::{Freshness, Index, PageAnswer, PageFetcher},
    installer::Wrapped,
    network::{Carried, FetchError, Network},
    osv::Osv,
    state::write_atomically,
};
use covouch_policy::Policies;

use super::{
    places::{Holds, Place, places},
    report::Outcome,
    take::Taking,
};
use crate::{failure::Failure, indexes, policies::Loaded, settings::Settings};

impl Taking<'_> {
    /// The pages of the policies' indexes.
    pub(super) fn pages(&mut self, policies: &Policies) -> Result<(), Failure> {
        let carried = self.bundle.manifest.of(Kind::Page).count();
        if carried == 0 {
            return Ok(());
        }
        if !self.is_answered_for {
            self.say(Kind::Page, "indexes", unsigned(&format!("{carried} pages")));
            return Ok(());
        }
        let all: Vec<_> = policies.iter().collect();
        let resolve = indexes::resolve(&all, self.settings, Wrapped::Other, Freshness::Recent);
        let mut known: Vec<Index> = self.settings.block_on(resolve)??.known.into_values().collect();
        known.sort_by(|left, right| left.name().cmp(right.name()));
        let staged = self.taken.staged().clone();
        let (older, network) = self.newer_pages(&known)?;
        let fetcher = PageFetcher::new(network, staged, self.settings.clock());
        let (mut taken, mut wrong) = (0_usize, Vec::new());
        for project in self.projects() {
            for index in &known {
                let page = fetcher.fetch_page(index, &project, Freshness::Demand);
                match self.settings.block_on(page)? {
                    PageAnswer::Page(_) | PageAnswer::Absent => taken += 1,
                    PageAnswer::Wrong(error) => {
                        let why = Outcome::Refused(error.code(), error.to_string());
                        wrong.push((index.page_url(&project).to_string(), why));
                    }
                    // Not in the bundle, or what is here is newer.
                    PageAnswer::Unreachable(FetchError::Unreachable { .. }) => {}
                    PageAnswer::Unreachable(error) => {
                        let why = Outcome::LeftOut(error.code(), error.to_string());
                        wrong.push((index.page_url(&project).to_string(), why));
                    }
                }
            }
        }
        for (name, outcome) in wrong {
            self.say(Kind::Page, name, outcome);
        }
        let said = match older {
            0 => format!("{taken} pages, as of {}", self.answered()),
            older => format!("{taken} pages, as of {}; {older} are newer here", self.answered()),
        };
        self.say(Kind::Page, "indexes", Outcome::Taken(said));
        Ok(())
    }

    /// The carried pages without those that are newer here: what a page said here since is not forgotten.
    fn newer_pages(&self, indexes: &[Index]) -> Result<(usize, Network), Failure> {
        let mut entries: Entries = self.bundle.manifest.entries.clone();
        let (pages, answered) = (self.taken.staged().pages(), self.answered());
        let mut older = 0;
        for project in self.projects() {
            for url in indexes.iter().map(|index| index.page_url(&project)) {
                if pages.read(&url)?.is_some_and(|kept| kept.fetched >= answered) {
                    older += usize::from(entries.remove(&(Kind::Page, url.to_string())).is_some());
                }
            }
        }
        Ok((older, Network::carried(Carried::new(entries, self.bundle.blobs.clone(), answered))))
    }

    /// Records of malware.
    pub(super) fn records(&mut self, loaded: &Loaded) -> Result<(), Failure> {
        for place in places(loaded).0.iter().filter(|place| matches!(place.holds, Holds::Records)) {
            let outcome = self.copy(place)?;
            self.say(Kind::Records, place.from.clone(), outcome);
        }
        Ok(())
    }

    fn copy(&mut self, place: &Place) -> Result<Outcome, Failure> {
        let below = format!("{}/", place.from);
        let folder = self.place.folder("records");
        let mut files = Vec::new();
        for (name, entry) in self.bundle.manifest.of(Kind::Records) {
            if name == place.from || name.starts_with(&below) {
                files.extend(self.bytes(entry)?.map(|bytes| (name.to_owned(), bytes)));
            }
        }
        if files.is_empty() {
            return Ok(Outcome::missing());
        }
        if !self.is_answered_for {
            return Ok(unsigned("a copy of records"));
        }
        for (name, bytes) in &files {
            write_atomically(&folder.join(name), bytes)?;
        }
        let carried = match Osv::read(&folder.join(&place.from)) {
            Ok(carried) => carried,
            Err(error) => return Ok(Outcome::Refused(error.code(), error.to_string())),
        };
        // A copy that cannot be read is replaced by one that can.
        if place.path.exists()
            && let Ok(known) = Osv::read(&place.path)
            && let Some(record) = carried.lacks(&known)
        {
            let why = format!("it lacks the record `{}` as it is known here", record.malware.id);
            return Ok(Outcome::Refused(Code::new("bundle-older"), why));
        }
        let count = carried.counts().0;
        for (name, bytes) in files {
            let path = match name.strip_prefix(&below) {
                Some(rest) => place.path.join(rest),
                None => place.path.clone(),
            };
            if fs::read(&path).ok().as_ref() != Some(&bytes) {
                self.taken.records.push((path, bytes));
            }
        }
        Ok(Outcome::Taken(format!("{count} records of malware")))
    }

    /// The maker's roots beside ours.
    pub(super) fn roots(&mut self, loaded: &Loaded, settings: &Settings) -> Result<(), Failure> {
        for (name, own) in roots(loaded, settings)? {
            let entry = self.bundle.manifest.entries.get(&(Kind::Root, name.clone())).cloned();
            let Some(theirs) = entry.map(|entry| self.bytes(&entry)).transpose()?.flatten() else { continue };
            let outcome = if theirs == own {
                Outcome::Taken("the same as here".to_owned())
            } else {
                let why = "the bundle's maker has another; nobody's root is taken from a bundle".to_owned();
                Outcome::LeftOut(Code::new("bundle-other-root"), why)
            };
            self.say(Kind::Root, name, outcome);
        }
        Ok(())
    }
}

/// The roots of trust of this machine and this policy, by the names they have in bundles. Those of feeds are in the
/// policy itself.
pub(super) fn roots(loaded: &Loaded, settings: &Settings) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let mut roots =
        vec![("sigstore/trusted_root.json".to_owned(), TrustRoot::bytes_of_state(settings.state())?)];
    for source in loaded.adapters(settings).distributions {
        let Some(path) = &source.keyring else { continue };
        roots.push((format!("debian/{}.gpg", source.name), read(path)?));
    }
    Ok(roots)
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(|error| Failure::new("file-unreadable", format!("`{}`: {error}", path.display())))
}

fn unsigned(what: &str) -> Outcome {
    let why = format!("{what} that nobody signed; say whose bundle it is with `--sha256 DIGEST`");
    Outcome::LeftOut(Code::new("bundle-unsigned"), why)
}
