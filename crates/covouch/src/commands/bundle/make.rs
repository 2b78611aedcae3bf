//! `covouch bundle make`: everything is asked for anew, by a machine that knows nothing.
//!
//! # Invariants
//! What is carried is exactly what a machine without any state asks for when it judges these lock files under this
//! policy. A source that cannot be had ends the work: a bundle is whole, or there is none.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use covouch_core::{name::ProjectName, subject::Subject};
use covouch_io::{
    adapters::{self, Means},
    attestation::TrustRoot,
    bundle::{self, Entries, Kind, Manifest},
    debian::{self, Outcome},
    feed::{self, Staleness},
    folder,
    index::{Freshness, Index, PageFetcher},
    installer::Wrapped,
    limits,
    network::Recorder,
    secrets::redact,
    state::write_atomically,
};
use covouch_policy::{Policies, SourceKind};
use covouch_python::lock::LockedRelease;

use super::{
    places::{Holds, places},
    report, workplace,
};
use crate::{
    args::bundle::BundleMake,
    assess::{Assessment, Files, Manner, Release},
    exit::Exit,
    failure::Failure,
    indexes, lockfile,
    policies::Loaded,
    settings::Settings,
    terminal::Terminal,
};

pub(super) fn make(
    arguments: &BundleMake,
    settings: &Settings,
    terminal: &Terminal,
) -> Result<Exit, Failure> {
    if settings.network().is_offline() {
        return Err(Failure::usage("a bundle is made of what a network says, and `--offline` asks nobody"));
    }
    let files = lockfile::find(&arguments.files)?;
    let locks = files.iter().map(|file| lockfile::open(file)).collect::<Result<Vec<_>, _>>()?;
    let locked: Vec<&LockedRelease> = locks.iter().flat_map(|lock| &lock.locked.releases).collect();
    let near = files.first().and_then(|file| file.parent()).unwrap_or(Path::new("."));
    let loaded = Loaded::find(near, settings, terminal)?;
    let place = workplace(settings, terminal)?;
    let state = place.state()?;
    // The roots of trust are the only thing that is not learnt anew.
    let root = TrustRoot::bytes_of_state(settings.state())?;
    write_atomically(&state.root().join("trusted_root.json"), &root)?;
    let recorder = Recorder::new(state.cache());
    let fresh = settings.elsewhere(state.clone(), settings.network().recorded(&recorder));
    let releases: BTreeSet<Release> = locked.iter().map(|release| Release::from(*release)).collect();
    let maker = Maker { loaded: &loaded, recorder: &recorder, settings: &fresh, terminal };
    let policies = loaded.policies(terminal)?;
    maker.feeds(&policies, &releases)?;
    maker.distributions()?;
    let about = (&loaded, &releases);
    let manner = Manner::and_newer(Freshness::Demand).expecting(&locked);
    let assessment = Assessment::collect_in(&manner, about, &fresh, terminal)?;
    maker.check_pages(&assessment, &releases)?;
    if arguments.with_files {
        maker.files(&policies, &assessment, &locked)?;
    }
    maker.places()?;
    maker.roots()?;
    let entries: Entries = recorder.take()?;
    let releases = releases.into_iter().map(|release| (release.project, release.version)).collect();
    let manifest = Manifest { made: settings.now(), releases, entries };
    let written = bundle::write(&arguments.to, &manifest, &state.cache())?;
    report::made(&arguments.to, &manifest, &written, arguments.format, terminal)
}

struct Maker<'a> {
    loaded: &'a Loaded,
    recorder: &'a Recorder,
    settings: &'a Settings,
    terminal: &'a Terminal,
}

impl Maker<'_> {
    /// Feeds, so that one that breaks a rule or cannot be reached is told here and not there.
    fn feeds(&self, policies: &Policies, releases: &BTreeSet<Release>) -> Result<(), Failure> {
        let projects: BTreeSet<&ProjectName> = releases.iter().map(|release| &release.project).collect();
        let projects: Vec<ProjectName> = projects.into_iter().cloned().collect();
        let (network, state) = (self.settings.network(), self.settings.state());
        for source in policies.iter().flat_map(|policy| policy.sources()) {
            let SourceKind::Feed { address, root } = &source.kind else { continue };
            let read = feed::sync(network, state, address, root, &projects, self.settings.now());
            let answer = self.settings.block_on(read)?.map_err(Failure::from)?;
            if let Staleness::Stale(_) = answer.staleness {
                self.terminal.warn(format_args!("the feed at `{}` is stale", redact(address)));
            }
            if let Some(project) = answer.unknown.first() {
                return Err(incomplete(format!("the feed's list for `{project}` could not be had")));
            }
        }
        Ok(())
    }

    fn distributions(&self) -> Result<(), Failure> {
        for source in self.loaded.adapters(self.settings).distributions {
            let asked = source.settings(Freshness::Demand)?;
            let (network, state, clock) =
                (self.settings.network(), self.settings.state(), self.settings.clock());
            let refresh = debian::refresh(network, state, clock, &asked, &|_| {});
            for (_, outcome) in self.settings.block_on(refresh)??.suites {
                if let Outcome::Failed(error) = outcome {
                    return Err(error.into());
                }
            }
        }
        Ok(())
    }

    fn check_pages(&self, assessment: &Assessment, releases: &BTreeSet<Release>) -> Result<(), Failure> {
        match releases.iter().find_map(|release| assessment.gap(&release.project)) {
            Some(gap) => Err(incomplete(gap.to_string())),
            None => Ok(()),
        }
    }

    /// The locked files themselves.
    fn files(
        &self,
        policies: &Policies,
        assessment: &Assessment,
        locked: &[&LockedRelease],
    ) -> Result<(), Failure> {
        let subjects = |release: &&LockedRelease| {
            assessment.subjects(&Release::from(*release), &Files::Locked(&release.files)).0
        };
        let subjects: BTreeSet<Subject> = locked.iter().flat_map(subjects).collect();
        let (settings, all) = (self.settings, policies.iter().collect::<Vec<_>>());
        settings.block_on(async {
            let indexes = indexes::resolve(&all, settings, Wrapped::Other, Freshness::Recent).await?.known;
            let (network, state, clock) =
                (settings.network().clone(), settings.state().clone(), settings.clock());
            let fetcher = PageFetcher::new(network.clone(), state.clone(), clock);
            let means = Means { network, state, clock, fetcher, indexes };
            let mut known: Vec<&Index> = means.indexes.values().collect();
            known.sort_by(|left, right| left.name().cmp(right.name()));
            for subject in &subjects {
                adapters::download(&means, &known, subject, limits::BUNDLE_FILE_BYTES)
                    .await
                    .map_err(|gap| incomplete(gap.to_string()))?;
            }
            Ok(())
        })?
    }

    /// What the policies keep in the project.
    fn places(&self) -> Result<(), Failure> {
        let (places, outside) = places(self.loaded);
        for from in outside {
            self.terminal.warn(format_args!("`{from}` is outside the project, and is not carried"));
        }
        for place in places {
            match place.holds {
                Holds::Records => self.records(&place.from, &place.path)?,
                Holds::Party(_) | Holds::Electorate(_) => {
                    let chains = place.holds.chains(&place.path)?;
                    for (name, bytes) in folder::files(&place.path, &chains)? {
                        self.keep(Kind::Statements, format!("{}/{name}", place.from), &bytes);
                    }
                }
            }
        }
        Ok(())
    }

    /// Records as they lie there: one file, or a folder of them.
    fn records(&self, name: &str, path: &Path) -> Result<(), Failure> {
        let unreadable = |path: &PathBuf, error: &std::io::Error| {
            Failure::new("file-unreadable", format!("`{}`: {error}", path.display()))
        };
        let mut waiting = vec![(name.to_owned(), path.to_owned())];
        while let Some((name, path)) = waiting.pop() {
            let metadata = fs::symlink_metadata(&path).map_err(|error| unreadable(&path, &error))?;
            if metadata.is_dir() {
                for entry in fs::read_dir(&path).map_err(|error| unreadable(&path, &error))? {
                    let entry = entry.map_err(|error| unreadable(&path, &error))?;
                    waiting.push((format!("{name}/{}", entry.file_name().to_string_lossy()), entry.path()));
                }
            } else if metadata.is_file() {
                self.keep(Kind::Records, name, &fs::read(&path).map_err(|error| unreadable(&path, &error))?);
            }
        }
        Ok(())
    }

    /// Roots of trust, for the other side to compare theirs with.
    fn roots(&self) -> Result<(), Failure> {
        for (name, bytes) in super::told::roots(self.loaded, self.settings)? {
            self.keep(Kind::Root, name, &bytes);
        }
        Ok(())
    }

    fn keep(&self, kind: Kind, name: String, bytes: &[u8]) {
        self.recorder.keep((kind, name), Some(bytes));
    }
}

fn incomplete(reason: String) -> Failure {
    Failure::new("bundle-incomplete", format!("the bundle would not be whole: {reason}"))
        .hinting("make it again when every source can be reached")
}
