//! Looking up what adapters know: what a distribution packaged, what is on record as malware, what a wheel derives
//! from.
//!
//! # Invariants
//! - Nothing is looked up that was not asked for, and nothing twice: a distribution is loaded once, two archives are
//!   compared once for ever.
//! - What could not be had is a gap, never a no.
//!
//! # Not here
//! Whether a look-up can still change a verdict: the policy says so ([`Lookup`]).

mod comparison;
mod distribution;
mod publishing;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
};

use covouch_core::{
    code::Code,
    evidence::{Derivation, Evidence, Finding, Gap, Known, Lookup},
    level::Level,
    name::ProjectName,
    party::PartyName,
    publisher::{Continuity, Publisher},
    subject::Subject,
    version::Version,
};
use futures_util::{StreamExt as _, stream};
use url::Url;

pub use self::comparison::download;
use self::{
    comparison::Comparer,
    distribution::Distribution,
    publishing::{Pages, Publishing},
};
use crate::{
    clock::Clock,
    debian::{DebianError, DebianSettings, Keyring, Suite, apt::Mirrors},
    index::{Freshness, Index, PageFetcher},
    limits,
    network::Network,
    osv::Osv,
    state::State,
};

/// Codes of the gaps that look-ups can leave, beside those of the errors behind them.
pub const CODES: &[Code] =
    &[Code::new("file-not-listed"), Code::new("provenance-not-served"), Code::new("provenance-unknown")];

/// A distribution the policy names.
#[derive(Clone, Debug)]
pub struct DistributionSource {
    /// The party.
    pub name: PartyName,
    /// Its suites.
    pub suites: Vec<Arc<str>>,
    /// Where its archive is, where the policy says so.
    pub mirror: Option<Url>,
    /// The keys that sign its archive, where the policy says so.
    pub keyring: Option<PathBuf>,
    /// Where the machine's file system begins, whose apt says where the archive is when the policy does not.
    pub system: PathBuf,
}

impl DistributionSource {
    /// What to ask of which mirror, under which keys.
    ///
    /// # Errors
    /// [`DebianError`] when a suite has no name Debian could use, or apt's configuration or a keyring cannot be read.
    pub fn settings(&self, freshness: Freshness) -> Result<DebianSettings, DebianError> {
        let suites: Vec<Suite> = self.suites.iter().filter_map(|suite| Suite::parse(suite).ok()).collect();
        if suites.len() < self.suites.len() {
            return Err(DebianError::NoMirror);
        }
        let mirrors = match &self.mirror {
            Some(url) => Mirrors::named(url),
            None => Mirrors::of_apt(&self.system)?,
        };
        let keyring = match &self.keyring {
            Some(path) => Keyring::read(path)?,
            None => Keyring::with_systems()?,
        };
        Ok(DebianSettings { suites, mirrors, keyring, freshness })
    }
}

/// An automated source of records of malware the policy names.
#[derive(Clone, Debug)]
pub struct AutomatedSource {
    /// The party.
    pub name: PartyName,
    /// Where its records are.
    pub path: PathBuf,
}

impl Means {
    /// The indexes that list a file, in the order of their names.
    fn listing(&self, subject: &Subject, evidence: &Evidence) -> Vec<&Index> {
        let lists = |index: &&Index| evidence.listing(index.name(), subject).is_some();
        let mut listing: Vec<&Index> = self.indexes.values().filter(lists).collect();
        listing.sort_by(|left, right| left.name().cmp(right.name()));
        listing
    }
}

/// What the policies name for adapters to read.
#[derive(Clone, Debug, Default)]
pub struct AdapterSources {
    /// Distributions.
    pub distributions: Vec<DistributionSource>,
    /// Automated sources.
    pub automated: Vec<AutomatedSource>,
}

/// What the adapters work with.
#[derive(Clone)]
pub struct Means {
    /// The way out.
    pub network: Network,
    /// What is kept.
    pub state: State,
    /// The time.
    pub clock: Clock,
    /// What asks for pages.
    pub fetcher: PageFetcher,
    /// The indexes by name.
    pub indexes: HashMap<PartyName, Index>,
}

/// The look-ups without those that others answer as well: who looks for a file's publisher sees the files before it.
fn each_once(mut wanted: Vec<Lookup>) -> Vec<Lookup> {
    let publishers = wanted.iter().filter_map(|lookup| match lookup {
        Lookup::Publisher(file) => Some(file.clone()),
        _ => None,
    });
    let publishers: HashSet<Subject> = publishers.collect();
    wanted.retain(|lookup| !matches!(lookup, Lookup::Continuity(file) if publishers.contains(file)));
    wanted
}

/// Whether one more look-up about a project is within what one project may cost; it is counted.
fn is_affordable(lookup: &Lookup, of_project: &mut HashMap<ProjectName, usize>) -> bool {
    let Some(project) = lookup.project() else { return true };
    let count = of_project.entry(project.clone()).or_default();
    *count += 1;
    *count <= limits::LOOKUPS
}

/// The adapters of some policies.
pub struct Adapters {
    distributions: BTreeMap<PartyName, Distribution>,
    automated: Vec<(PartyName, Result<Osv, Gap>)>,
    comparer: Comparer,
    publishing: Publishing,
    clock: Clock,
}

impl Adapters {
    /// Reads what is on this machine; nothing is fetched yet.
    #[must_use]
    pub fn new(sources: AdapterSources, means: &Means) -> Self {
        let distributions = sources
            .distributions
            .into_iter()
            .map(|source| (source.name.clone(), Distribution::new(source, means.clone())))
            .collect();
        let automated = sources.automated.into_iter().map(|source| {
            let read = Osv::read_kept(&source.path, &means.state).map_err(|error| Gap {
                code: error.code(),
                source: source.name.as_str().into(),
                detail: error.to_string().into(),
            });
            (source.name, read)
        });
        Self {
            distributions,
            automated: automated.collect(),
            comparer: Comparer::new(means.clone()),
            publishing: Publishing::new(means.clone()),
            clock: means.clock,
        }
    }

    /// Adds what is on record about all releases that indexes list in this evidence, and about these.
    pub fn add_records(
        &self,
        evidence: &mut Evidence,
        also: impl IntoIterator<Item = (ProjectName, Version)>,
    ) {
        if self.automated.is_empty() {
            return;
        }
        let listed = evidence.listed().map(|file| (file.project.clone(), file.version.clone()));
        let releases: HashSet<(ProjectName, Version)> = listed.chain(also).collect();
        for (name, source) in &self.automated {
            let osv = match source {
                Ok(osv) => osv,
                Err(gap) => {
                    evidence.add_gap(name.clone(), gap.clone());
                    continue;
                }
            };
            for (project, version) in &releases {
                for record in osv.holding(project, version, self.clock.now()) {
                    evidence.add_record(name.clone(), project.clone(), version.clone(), record);
                }
            }
            evidence.add_consulted(name.clone());
        }
    }

    /// Looks up until `wants` names nothing more; `progress` is called with how many were looked up, and how many
    /// are known to be wanted.
    pub async fn look_up(
        &self,
        evidence: &mut Evidence,
        wants: &mut (dyn FnMut(&Evidence) -> Vec<Lookup> + Send),
        progress: &(dyn Fn(usize, usize) + Sync),
    ) {
        let mut done = BTreeSet::new();
        let mut of_project: HashMap<ProjectName, usize> = HashMap::new();
        loop {
            let mut wanted = each_once(wants(evidence));
            wanted.retain(|lookup| !done.contains(lookup) && is_affordable(lookup, &mut of_project));
            wanted.truncate(limits::LOOKUPS_TOGETHER.saturating_sub(done.len()));
            if wanted.is_empty() {
                return;
            }
            let total = done.len() + wanted.len();
            done.extend(wanted.iter().cloned());
            let mut count = total - wanted.len();
            progress(count, total);
            let pages = self.publishing.pages(&wanted, evidence).await;
            let found = wanted.into_iter().map(|lookup| self.find(lookup, evidence, &pages));
            let mut found =
                stream::iter(found.collect::<Vec<_>>()).buffer_unordered(limits::PARALLEL_LOOKUPS);
            let mut answers = Vec::new();
            while let Some(answer) = found.next().await {
                answers.extend(answer);
                count += 1;
                progress(count, total);
            }
            drop(found);
            for answer in answers {
                answer.add(evidence);
            }
        }
    }

    /// One look-up. What is already in evidence says which files it is about, and who lists them.
    async fn find(&self, lookup: Lookup, evidence: &Evidence, pages: &Pages) -> Vec<Answer> {
        match lookup {
            Lookup::Distribution(name) => self.packaged(name, evidence).await,
            Lookup::Comparison { wheel, sdist } => {
                let derivation = self.comparer.compare(&wheel, &sdist, evidence).await;
                vec![Answer::Derivation(wheel, derivation)]
            }
            Lookup::Publisher(subject) | Lookup::Continuity(subject) => {
                let published = self.publishing.published(&subject, evidence, pages).await;
                vec![
                    Answer::Publishers(subject.clone(), published.publishers),
                    Answer::Continuity(subject, published.continuity),
                ]
            }
        }
    }

    /// Everything a distribution packaged, among the files that are listed.
    async fn packaged(&self, name: PartyName, evidence: &Evidence) -> Vec<Answer> {
        let Some(distribution) = self.distributions.get(&name) else { return Vec::new() };
        let known = match distribution.load().await {
            Ok(known) => known,
            Err(gap) => return vec![Answer::Gap(name, gap)],
        };
        let mut answers: Vec<Answer> = Vec::new();
        for subject in evidence.listed() {
            if let Some(sighting) = known.debian.sighting(subject) {
                let origin = sighting.to_string().into();
                let finding = Finding { party: name.clone(), level: Level::Packaged, origin };
                answers.push(Answer::Finding(subject.clone(), finding));
            }
        }
        answers.push(match &known.gap {
            Some(gap) => Answer::Gap(name, gap.clone()),
            None => Answer::Consulted(name),
        });
        answers
    }
}

/// Something that was found.
enum Answer {
    Finding(Subject, Finding),
    Consulted(PartyName),
    Gap(PartyName, Gap),
    Derivation(Subject, Derivation),
    Publishers(Subject, Known<Vec<Publisher>>),
    Continuity(Subject, Known<Continuity>),
}

impl Answer {
    fn add(self, evidence: &mut Evidence) {
        match self {
            Self::Finding(subject, finding) => evidence.add_finding(subject, Known::Is(finding)),
            Self::Consulted(party) => evidence.add_consulted(party),
            Self::Gap(party, gap) => evidence.add_gap(party, gap),
            Self::Derivation(wheel, derivation) => evidence.add_derivation(wheel, derivation),
            Self::Publishers(subject, publishers) => evidence.add_publishers(subject, publishers),
            Self::Continuity(subject, continuity) => evidence.add_continuity(subject, continuity),
        }
    }
}

fn not_listed(subject: &Subject) -> Gap {
    Gap {
        code: Code::new("file-not-listed"),
        source: subject.filename.as_str().into(),
        detail: "no index says where it is".into(),
    }
}
