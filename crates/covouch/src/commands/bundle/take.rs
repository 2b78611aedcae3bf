//! Verifies what is in a bundle, into a copy of the state.

use std::path::PathBuf;

use covouch_core::time::Timestamp;
use covouch_io::{
    bundle::{Bundle, Entry, Kind, Workplace},
    feed::Held,
    folder::News,
    network::{Carried, Network},
    state::{FolderLock, Incoming, Part, State, write_project_file},
};

use super::report::{Outcome, Source};
use crate::{failure::Failure, policies::Loaded, settings::Settings, terminal::Terminal};

/// What of the state is changed by an import. Distribution files are only added, each under its own digest.
const COPIED: &[&str] = &["floors", "verified", "cache/feeds", "cache/pages", "cache/provenance"];

/// A bundle that is being verified.
pub(super) struct Taking<'a> {
    pub(super) bundle: &'a Bundle,
    /// Whether somebody answers for what nobody signed.
    pub(super) is_answered_for: bool,
    pub(super) place: &'a Workplace,
    pub(super) taken: Taken,
    pub(super) settings: &'a Settings,
    pub(super) sources: Vec<Source>,
}

/// What holds, not taken over yet.
pub(super) struct Taken {
    incoming: Incoming,
    pub(super) news: Vec<News>,
    pub(super) records: Vec<(PathBuf, Vec<u8>)>,
    pub(super) held: Vec<Held>,
    _lock: FolderLock,
}

impl Taken {
    /// The copy of the state in which the news are.
    pub(super) fn staged(&self) -> &State {
        self.incoming.staged()
    }

    /// Takes everything over: the state's news as one, then the project's chains, each whole by itself.
    pub(super) fn commit(self) -> Result<(), Failure> {
        self.incoming.commit()?;
        self.news.iter().try_for_each(News::write)?;
        for (path, bytes) in &self.records {
            write_project_file(path, bytes)?;
        }
        Ok(())
    }
}

impl<'a> Taking<'a> {
    /// Nothing is verified yet.
    pub(super) fn begin(
        bundle: &'a Bundle,
        is_answered_for: bool,
        place: &'a Workplace,
        settings: &'a Settings,
    ) -> Result<Self, Failure> {
        // Debian's table and its floors are read here and replaced at the end.
        let lock = settings.state().lock(Part::Verified, &mut |_| {})?;
        let incoming = Incoming::begin(settings.state(), &place.folder("next"), COPIED)?;
        let taken = Taken { incoming, news: Vec::new(), records: Vec::new(), held: Vec::new(), _lock: lock };
        Ok(Self { bundle, is_answered_for, place, taken, settings, sources: Vec::new() })
    }

    /// Verifies everything, and says what became of it.
    pub(super) fn all(
        mut self,
        loaded: &Loaded,
        settings: &Settings,
        terminal: &Terminal,
    ) -> Result<(Vec<Source>, Taken), Failure> {
        let policies = loaded.policies(terminal)?;
        self.feeds(&policies)?;
        self.distributions(loaded)?;
        self.statements(loaded)?;
        self.attestations()?;
        self.files()?;
        self.pages(&policies)?;
        self.records(loaded)?;
        self.roots(loaded, settings)?;
        Ok((self.sources, self.taken))
    }

    /// What was carried, in the place of the network.
    pub(super) fn network(&self) -> Network {
        let Bundle { manifest, blobs, .. } = self.bundle;
        Network::carried(Carried::new(manifest.entries.clone(), blobs.clone(), self.answered()))
    }

    /// When the answers were given: a bundle from the future is no newer than now.
    pub(super) fn answered(&self) -> Timestamp {
        self.bundle.manifest.made.min(self.settings.now())
    }

    pub(super) fn say(&mut self, kind: Kind, name: impl Into<String>, outcome: Outcome) {
        self.sources.push(Source { kind, name: name.into(), outcome });
    }

    /// The bytes of an entry; `None` for one that is known to be absent.
    pub(super) fn bytes(&self, entry: &Entry) -> Result<Option<Vec<u8>>, Failure> {
        let Some(blob) = entry.body else { return Ok(None) };
        let bytes = self.bundle.blobs.read(&blob.sha256)?;
        bytes.map(Some).ok_or_else(|| Failure::new("internal", "an unpacked bundle changed on disk"))
    }
}
