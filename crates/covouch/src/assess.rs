//! Evidence in, report out: the pipeline as `check`, `why` and `init` run it.

mod passed_over;
mod publishers;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashSet},
};

use covouch_core::{
    digest::Sha256,
    evidence::{Evidence, Gap, Known, Stated},
    key::PublicKey,
    name::ProjectName,
    subject::{FileName, Subject},
    version::Version,
};
use covouch_graph::TrustGraph;
use covouch_io::{
    adapters::{Adapters, Means},
    collect::{self, Sources, Want},
    index::{Freshness, PageFetcher},
    installer::Wrapped,
    secrets::Address,
};
use covouch_policy::{Explanation, Policies, analysis::Impact, report::Report};
use covouch_python::lock::{LockedFile, LockedRelease};
use indicatif::ProgressBar;

pub(crate) use self::passed_over::PassedOver;
use crate::{
    failure::Failure,
    feeds::{Feeds, Reach},
    indexes::{self, Indexes},
    locked::{Life, Locked},
    policies::Loaded,
    settings::Settings,
    terminal::Terminal,
    votes::Polls,
};

/// A release whose files are to be judged.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Release {
    pub(crate) project: ProjectName,
    pub(crate) version: Version,
}

/// Which of a release's files are meant.
pub(crate) enum Files<'a> {
    /// Those a lock file pins.
    Locked(&'a [LockedFile]),
    /// All that its indexes list.
    All,
    /// The one of this name.
    Named(&'a FileName),
    /// The one with this digest.
    Digest(Sha256),
}

/// A digest that a lock pins and no index lists, so that nobody can say which file it is.
pub(crate) struct Unlisted {
    pub(crate) release: Release,
    pub(crate) sha256: Sha256,
}

/// Which releases are looked at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// Those that are named.
    Named,
    /// Newer ones of the same projects too, for [`Assessment::passed_over`].
    AndNewer,
}

/// How evidence is collected.
pub(crate) struct Manner<'a> {
    scope: Scope,
    freshness: Freshness,
    /// Where what was signed is taken from, where it is not from its sources.
    locked: Option<&'a Locked>,
    /// Releases as a lock file has them.
    expected: &'a [&'a LockedRelease],
}

impl<'a> Manner<'a> {
    /// From the sources, about the releases that are named.
    pub(crate) const fn live(freshness: Freshness) -> Self {
        Self { scope: Scope::Named, freshness, locked: None, expected: &[] }
    }

    /// From the sources, about newer releases as well.
    pub(crate) const fn and_newer(freshness: Freshness) -> Self {
        Self { scope: Scope::AndNewer, freshness, locked: None, expected: &[] }
    }

    /// What was signed, from a lock.
    pub(crate) const fn locked(locked: &'a Locked) -> Self {
        Self { scope: Scope::Named, freshness: Freshness::Recent, locked: Some(locked), expected: &[] }
    }

    /// The same with these releases: whom a lock file names as publishers speaks against everybody else's files.
    pub(crate) const fn expecting(self, releases: &'a [&'a LockedRelease]) -> Self {
        Self { expected: releases, ..self }
    }
}

/// Everything that is known about some releases, and the policies to judge them by.
pub(crate) struct Assessment {
    /// Final releases that are newer than all those that are named, where they are looked at.
    newer: BTreeMap<ProjectName, BTreeSet<Version>>,
    /// Where the policies' indexes are.
    addresses: BTreeSet<String>,
    policies: Policies,
    evidence: Evidence,
    graph: TrustGraph,
    life: Life,
}

/// Adds what was signed: as a lock proves it, or as feeds and votes say it now. Returns the policies
/// with the keys of the feeds, and how long a lock's statements last.
async fn add_signed(
    evidence: &mut Evidence,
    (loaded, policies): (&Loaded, Policies),
    (locked, about): (Option<&Locked>, &[ProjectName]),
    settings: &Settings,
) -> Result<(Policies, Life), Failure> {
    let feeds = Feeds::read(&policies, Some(about), &Reach::of(settings)).await;
    if let Some(locked) = locked {
        let proven = locked.prove(evidence, (loaded, policies), (about, &feeds), settings)?;
        return Ok((proven.policies, proven.life));
    }
    feeds.add_to(evidence);
    Polls::of(loaded, settings).add_to(evidence, &feeds)?;
    Ok((feeds.root(policies), Life::default()))
}

/// The pages of these projects that the policies still want to see.
fn pages(policies: &Policies, projects: &[ProjectName], evidence: &Evidence) -> Vec<Want> {
    let want = |project: &ProjectName| {
        let project = project.clone();
        let wanted = policies.wants(evidence, &project);
        wanted.into_iter().map(move |index| Want { index: index.name, project: project.clone() })
    };
    projects.iter().flat_map(want).collect()
}

/// Lets adapters look up what can still change verdicts on the files that are meant; and who speaks for whom.
async fn look_up(
    evidence: &mut Evidence,
    (policies, adapters): (&Policies, &Adapters),
    is_meant: &(dyn Fn(&Subject) -> bool + Sync),
    (settings, terminal): (&Settings, &Terminal),
) -> TrustGraph {
    let graph = TrustGraph::build(evidence, settings.now());
    let mut open = None::<HashSet<Subject>>;
    let mut wants = |evidence: &Evidence| {
        let is_open =
            |file: &Subject| open.as_ref().map_or_else(|| is_meant(file), |open| open.contains(file));
        let wanted = policies.lookups(&graph, evidence, &is_open, settings.now());
        open = Some(wanted.open);
        wanted.lookups
    };
    let progress = terminal.progress(0, "looking up what others say");
    adapters.look_up(evidence, &mut wants, &steps(&progress)).await;
    progress.finish_and_clear();
    graph
}

/// Shows how many steps of how many are done.
fn steps(progress: &ProgressBar) -> impl Fn(usize, usize) {
    |done, total| {
        progress.set_length(u64::try_from(total).unwrap_or_default());
        progress.set_position(u64::try_from(done).unwrap_or_default());
    }
}

impl Assessment {
    /// Collects what the policies want to know about these releases.
    pub(crate) fn collect(
        loaded: &Loaded,
        releases: &BTreeSet<Release>,
        freshness: Freshness,
        settings: &Settings,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        Self::collect_in(&Manner::live(freshness), (loaded, releases), settings, terminal)
    }

    /// As [`Assessment::collect`], in some manner.
    pub(crate) fn collect_in(
        manner: &Manner<'_>,
        (loaded, releases): (&Loaded, &BTreeSet<Release>),
        settings: &Settings,
        terminal: &Terminal,
    ) -> Result<Self, Failure> {
        let policies = loaded.policies(terminal)?;
        let Manner { scope, freshness, locked, expected } = *manner;
        let mut evidence = Evidence::new();
        if locked.is_none() {
            collect::add_folders(&mut evidence, &loaded.trust_folders())?;
        }
        let mut about: Vec<ProjectName> = releases.iter().map(|release| release.project.clone()).collect();
        about.dedup();
        let meant: HashSet<(&ProjectName, &Version)> =
            releases.iter().map(|release| (&release.project, &release.version)).collect();
        // The last of a project is its newest.
        let newest: BTreeMap<&ProjectName, &Version> =
            releases.iter().map(|release| (&release.project, &release.version)).collect();
        let mut addresses = BTreeSet::new();
        let newer = RefCell::new(BTreeMap::<ProjectName, BTreeSet<Version>>::new());
        let (policies, graph, life) = settings.block_on(async {
            let (policies, life) =
                add_signed(&mut evidence, (loaded, policies), (locked, &about), settings).await?;
            // Asking where indexes are takes long, and is of no use where nothing was ever kept of them.
            let is_cut_off = settings.is_offline() && settings.state().pages().is_empty();
            let indexes = if locked.is_some() && is_cut_off {
                Indexes::default()
            } else {
                let all: Vec<_> = policies.iter().collect();
                indexes::resolve(&all, settings, Wrapped::Other, freshness).await?
            };
            let fetcher =
                PageFetcher::new(settings.network().clone(), settings.state().clone(), settings.clock());
            let sources = Sources { fetcher: &fetcher, indexes: &indexes.known, freshness };
            let wants = |evidence: &Evidence| match sources.indexes.is_empty() {
                true => Vec::new(),
                false => pages(&policies, &about, evidence),
            };
            let progress = terminal.progress(0, "asking indexes");
            let step = steps(&progress);
            let only = |project: &ProjectName, version: &Version| {
                let is_newer = scope == Scope::AndNewer
                    && !version.is_prerelease()
                    && newest.get(project).is_some_and(|newest| version > *newest);
                if is_newer {
                    newer.borrow_mut().entry(project.clone()).or_default().insert(version.clone());
                }
                is_newer || meant.contains(&(project, version))
            };
            collect::add_pages(&mut evidence, &sources, &wants, Some(&only), &step).await;
            progress.finish_and_clear();
            if let Some(locked) = locked {
                locked.observe(&mut evidence, &policies, settings.now());
            }
            addresses
                .extend(indexes.known.values().map(|index| without_slash(index.address().url().as_str())));
            let means = Means {
                network: settings.network().clone(),
                state: settings.state().clone(),
                clock: settings.clock(),
                fetcher,
                indexes: indexes.known,
            };
            publishers::expect(&mut evidence, &policies, expected);
            let adapters = Adapters::new(loaded.adapters(settings), &means);
            // A policy may ask no index at all.
            let named = releases.iter().map(|release| (release.project.clone(), release.version.clone()));
            adapters.add_records(&mut evidence, named);
            // Newer releases are only told about: what is known of them is enough.
            let is_meant = |file: &Subject| meant.contains(&(&file.project, &file.version));
            let graph = look_up(&mut evidence, (&policies, &adapters), &is_meant, (settings, terminal)).await;
            Ok::<_, Failure>((policies, graph, life))
        })??;
        Ok(Self { newer: newer.into_inner(), addresses, policies, evidence, graph, life })
    }

    /// The policies, with the keys of the feeds that were read.
    pub(crate) const fn policies(&self) -> &Policies {
        &self.policies
    }

    /// What is known.
    pub(crate) const fn evidence(&self) -> &Evidence {
        &self.evidence
    }

    /// When the statements of the lock end, where they are from one.
    pub(crate) const fn life(&self) -> Life {
        self.life
    }

    /// The wheels that stand beside these sdists, and are not among them.
    pub(crate) fn beside(&self, subjects: &[Subject]) -> Vec<Subject> {
        let is_wheel = |file: &Subject| file.filename.as_str().ends_with(".whl");
        let sdists = subjects.iter().filter(|file| !is_wheel(file));
        let releases: BTreeSet<Release> = sdists
            .map(|file| Release { project: file.project.clone(), version: file.version.clone() })
            .collect();
        let beside = releases.iter().flat_map(|release| self.listed(release));
        beside.filter(|file| is_wheel(file) && !subjects.contains(file)).collect()
    }

    /// The files that are meant, as subjects; what a lock pins and no index lists comes second.
    pub(crate) fn subjects(&self, release: &Release, files: &Files<'_>) -> (Vec<Subject>, Vec<Unlisted>) {
        let listed = self.listed(release);
        match files {
            Files::All => (listed, Vec::new()),
            Files::Named(name) => {
                (listed.into_iter().filter(|file| file.filename == **name).collect(), Vec::new())
            }
            Files::Digest(digest) => {
                (listed.into_iter().filter(|file| file.sha256 == *digest).collect(), Vec::new())
            }
            Files::Locked(files) => {
                let mut subjects = Vec::new();
                let mut unlisted = Vec::new();
                for file in *files {
                    match &file.filename {
                        Some(filename) => subjects.push(Subject {
                            project: release.project.clone(),
                            version: release.version.clone(),
                            filename: filename.clone(),
                            sha256: file.sha256,
                        }),
                        None => match listed.iter().find(|subject| subject.sha256 == file.sha256) {
                            Some(subject) => subjects.push(subject.clone()),
                            None => unlisted.push(Unlisted { release: release.clone(), sha256: file.sha256 }),
                        },
                    }
                }
                (subjects, unlisted)
            }
        }
    }

    /// All files any of the policies' indexes lists in a release, sorted.
    fn listed(&self, release: &Release) -> Vec<Subject> {
        let indexes = self.policies.indexes();
        let listed: BTreeSet<Subject> = indexes
            .iter()
            .flat_map(|index| self.evidence.files(&index.name, &release.project, &release.version))
            .map(|(subject, _)| subject.clone())
            .collect();
        listed.into_iter().collect()
    }

    /// Whether this is the address of one of the policies' indexes.
    pub(crate) fn names(&self, address: &str) -> bool {
        // As the policy's own, without credentials.
        let url = Address::parse(address).map(|address| without_slash(address.url().as_str()));
        url.is_ok_and(|url| self.addresses.contains(&url))
    }

    /// Whether an index took a file back.
    fn is_yanked(&self, subject: &Subject) -> bool {
        let indexes = self.policies.indexes();
        let mut listings = indexes.iter().filter_map(|index| self.evidence.listing(&index.name, subject));
        listings.any(|listing| matches!(listing.yanked, Stated::Is(_)))
    }

    /// Whether every index that was asked about a project answered, and none of them knows it.
    pub(crate) fn is_absent(&self, project: &ProjectName) -> bool {
        let indexes = self.policies.indexes();
        let mut answers =
            indexes.iter().filter_map(|index| self.evidence.project(&index.name, project)).peekable();
        answers.peek().is_some() && answers.all(|answer| matches!(answer, Known::Is(false)))
    }

    /// Why nothing is known about a project, when an index could not be asked.
    pub(crate) fn gap(&self, project: &ProjectName) -> Option<&Gap> {
        let indexes = self.policies.indexes();
        indexes.iter().find_map(|index| match self.evidence.project(&index.name, project) {
            Some(Known::Unknown(gap)) => Some(gap),
            _ => None,
        })
    }

    /// What everybody says about a file, also who is not needed.
    pub(crate) fn explain(&self, subject: &Subject, settings: &Settings) -> Explanation {
        self.policies.explain(&self.graph, &self.evidence, subject, settings.now())
    }

    /// What one key decides.
    pub(crate) fn impact(&self, subjects: &[Subject], key: &PublicKey, settings: &Settings) -> Impact {
        self.policies.impact(&self.evidence, subjects, key, settings.now())
    }

    /// Judges.
    pub(crate) fn report(&self, subjects: &[Subject], settings: &Settings) -> Report {
        self.policies.judge_all(&self.graph, &self.evidence, subjects, settings.now())
    }
}

fn without_slash(url: &str) -> String {
    url.trim_end_matches('/').to_owned()
}

impl From<&LockedRelease> for Release {
    fn from(locked: &LockedRelease) -> Self {
        Self { project: locked.project.clone(), version: locked.version.clone() }
    }
}
