//! A world: indexes, files, who said what, the policy, and the moment of the question.

use std::collections::{BTreeMap, BTreeSet};

use covouch_core::{
    evidence::ProjectStatus, name::ProjectName, party::PartyName, publisher::Publisher,
    statement::Electorate, subject::Subject, time::Timestamp,
};
use toml::Table;

use super::{
    ScenarioError,
    packaged::{self, SuiteFacts},
    publishing,
    records::{self, RecordFacts},
    statements::{self, Said},
    voting,
    wire::{WireFile, WireIndex, WireWorld, moment},
};
use crate::{distribution::Distribution, index::Listed, sdist::Sdist, sigstore, wheel::Wheel};

/// Everything a story is about.
#[derive(Clone, Debug)]
pub struct World {
    pub(super) now: Timestamp,
    pub(super) policy: String,
    pub(super) base_policy: Option<String>,
    pub(super) lock: Vec<String>,
    pub(super) require: Vec<String>,
    pub(super) indexes: BTreeMap<PartyName, IndexFacts>,
    pub(super) files: BTreeMap<String, FileFacts>,
    pub(super) said: Vec<Said>,
    pub(super) electorates: BTreeMap<String, Electorate>,
    pub(super) records: Vec<RecordFacts>,
    pub(super) suites: Vec<SuiteFacts>,
}

/// What is true of an index.
#[derive(Clone, Debug)]
pub(super) struct IndexFacts {
    pub(super) upload_times: bool,
    pub(super) statuses: bool,
    pub(super) reachable: bool,
    pub(super) status: BTreeMap<ProjectName, ProjectStatus>,
}

/// What is true of a file.
#[derive(Clone, Debug)]
pub(super) struct FileFacts {
    /// As it is listed in the end.
    pub(super) listed: Listed,
    /// From when on it is yanked, where it is not from the beginning.
    yanked_at: Option<Timestamp>,
    pub(super) on: BTreeSet<PartyName>,
    /// Whose workflow attests it.
    pub(super) publisher: Option<Publisher>,
}

impl FileFacts {
    /// Whether it was uploaded by this moment.
    pub(super) fn is_there(&self, now: Timestamp) -> bool {
        self.listed.uploaded <= now
    }

    /// As it is listed at this moment; `None` while it is not there yet.
    fn listed_at(&self, now: Timestamp) -> Option<Listed> {
        let mut listed = self.is_there(now).then(|| self.listed.clone())?;
        if self.yanked_at.is_some_and(|from| now < from) {
            listed.yanked = None;
        }
        Some(listed)
    }
}

impl World {
    pub(super) fn from_facts(facts: &Table) -> Result<Self, ScenarioError> {
        let wire: WireWorld = facts
            .clone()
            .try_into()
            .map_err(|error: toml::de::Error| ScenarioError::Toml(error.to_string()))?;
        let indexes = wire
            .index
            .iter()
            .map(|(name, index)| Ok((party(&format!("index.{name}"), name)?, index_facts(name, index)?)))
            .collect::<Result<BTreeMap<_, _>, _>>()?;
        let publishers = publishing::read(&wire.publisher)?;
        let files = wire
            .file
            .iter()
            .map(|(label, file)| Ok((label.clone(), file_facts(label, file, &indexes, &publishers)?)))
            .collect::<Result<BTreeMap<_, _>, ScenarioError>>()?;
        if let Some(unknown) = wire.lock.iter().find(|label| !files.contains_key(*label)) {
            return Err(ScenarioError::value("lock", format_args!("no file `{unknown}`")));
        }
        let electorates = voting::read(&wire)?;
        Ok(Self {
            now: moment("now", &wire.now)?,
            said: statements::read(&wire, &files, &electorates)?,
            electorates,
            records: records::read(&wire.record)?,
            suites: packaged::read(&wire.suite, &files)?,
            policy: wire.policy,
            base_policy: wire.base_policy,
            lock: wire.lock,
            require: wire.require,
            indexes,
            files,
        })
    }

    /// The moment of the question.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The indexes' names, which are the names of their parties.
    pub fn indexes(&self) -> impl Iterator<Item = &PartyName> {
        self.indexes.keys()
    }

    /// The file of this label.
    #[must_use]
    pub fn file(&self, label: &str) -> Option<&Distribution> {
        self.files.get(label).map(|file| &file.listed.distribution)
    }

    /// The file of this label as a subject.
    ///
    /// # Panics
    /// When the world has no such file.
    #[must_use]
    pub fn subject(&self, label: &str) -> &Subject {
        self.file(label).expect("a file of this world").subject()
    }

    /// All files, by label.
    pub fn files(&self) -> impl Iterator<Item = (&str, &Distribution)> {
        self.files.iter().map(|(label, file)| (label.as_str(), &file.listed.distribution))
    }

    /// The files of the lock, as subjects.
    #[must_use]
    pub fn locked(&self) -> Vec<Subject> {
        self.lock.iter().map(|label| self.subject(label).clone()).collect()
    }

    /// What the project requires, for installers.
    #[must_use]
    pub fn required(&self) -> &[String] {
        &self.require
    }

    /// When the file of this label was uploaded.
    #[must_use]
    pub fn uploaded(&self, label: &str) -> Option<Timestamp> {
        self.files.get(label).map(|file| file.listed.uploaded)
    }

    /// The same world before any index reacted: no file is yanked, every project is active.
    #[must_use]
    pub fn before_reactions(mut self) -> Self {
        for file in self.files.values_mut() {
            file.listed.yanked = None;
        }
        for index in self.indexes.values_mut() {
            index.status.clear();
        }
        self
    }

    /// The files an index lists at this moment.
    pub(super) fn listed(&self, index: &PartyName, now: Timestamp) -> impl Iterator<Item = Listed> {
        let files = self.files.values().filter(move |file| file.on.contains(index));
        files.filter_map(move |file| file.listed_at(now))
    }

    /// Every project anybody in this world knows.
    pub(super) fn projects(&self) -> BTreeSet<&ProjectName> {
        let of_files = self.files.values().map(|file| file.listed.distribution.project());
        of_files.chain(self.indexes.values().flat_map(|index| index.status.keys())).collect()
    }
}

impl IndexFacts {
    pub(super) fn status_of(&self, project: &ProjectName) -> ProjectStatus {
        self.status.get(project).copied().unwrap_or(ProjectStatus::Active)
    }
}

fn index_facts(name: &str, wire: &WireIndex) -> Result<IndexFacts, ScenarioError> {
    let at = format!("index.{name}.status");
    let mut status = BTreeMap::new();
    for (project, text) in &wire.status {
        let project = ProjectName::parse(project).map_err(|error| ScenarioError::value(&at, error))?;
        let value = match text.as_str() {
            "active" => ProjectStatus::Active,
            "archived" => ProjectStatus::Archived,
            "quarantined" => ProjectStatus::Quarantined,
            "deprecated" => ProjectStatus::Deprecated,
            other => return Err(ScenarioError::value(&at, format_args!("`{other}` is no status"))),
        };
        status.insert(project, value);
    }
    Ok(IndexFacts {
        upload_times: wire.upload_times,
        statuses: wire.statuses,
        reachable: wire.reachable,
        status,
    })
}

fn file_facts(
    label: &str,
    wire: &WireFile,
    indexes: &BTreeMap<PartyName, IndexFacts>,
    publishers: &BTreeMap<String, Publisher>,
) -> Result<FileFacts, ScenarioError> {
    let at = format!("file.{label}");
    let on = wire.on.iter().map(|name| party(&at, name)).collect::<Result<BTreeSet<_>, _>>()?;
    if let Some(unknown) = on.iter().find(|name| !indexes.contains_key(*name)) {
        return Err(ScenarioError::value(at, format_args!("no index `{unknown}`")));
    }
    let distribution = distribution(&at, wire.name.as_deref().unwrap_or(label), wire)?;
    if wire.yanked_at.is_some() && wire.yanked.is_none() {
        return Err(ScenarioError::value(at, "`yanked-at` says when, and nothing says `yanked`"));
    }
    let yanked_at = wire.yanked_at.as_ref().map(|from| moment(&at, from)).transpose()?;
    let (uploaded, yanked) = (moment(&at, &wire.uploaded)?, wire.yanked.clone());
    let publisher = wire.attested_by.as_ref().map(|label| {
        publishers.get(label).ok_or_else(|| ScenarioError::value(&at, format_args!("no publisher `{label}`")))
    });
    let publisher = publisher.transpose()?.cloned();
    let provenance =
        publisher.as_ref().map(|publisher| sigstore::provenance(&distribution, publisher).into());
    let listed = Listed { distribution, uploaded, yanked, hashed: wire.hashed, provenance };
    Ok(FileFacts { listed, yanked_at, on, publisher })
}

/// What further files of an archive hold: the same wherever they are, and nothing that does anything.
const FURTHER: &str = "# further\n";

/// What a file holds is text in a comment: it makes other bytes and does nothing.
fn distribution(at: &str, filename: &str, wire: &WireFile) -> Result<Distribution, ScenarioError> {
    let parts = crate::distribution::NameParts::read(filename)
        .ok_or_else(|| ScenarioError::value(at, "not the name of a wheel or an sdist"))?;
    let contents = format!("# {}\n", wire.holds.replace('\n', " "));
    if parts.tags.is_some() {
        let mut wheel = Wheel::named(filename)
            .file(&format!("{}/story.py", crate::wheel::module_name(parts.project)), contents);
        for path in &wire.with {
            wheel = wheel.file(path, FURTHER);
        }
        for requirement in &wire.requires {
            wheel = wheel.requires(requirement);
        }
        if let Some(versions) = &wire.requires_python {
            wheel = wheel.requires_python(versions);
        }
        return Ok(wheel.build());
    }
    let mut sdist = Sdist::named(filename)
        .file(&format!("{}/story.py", crate::wheel::module_name(parts.project)), contents);
    for path in &wire.with {
        sdist = sdist.file(path, FURTHER);
    }
    for requirement in &wire.requires {
        sdist = sdist.requires(requirement);
    }
    if let Some(versions) = &wire.requires_python {
        sdist = sdist.requires_python(versions);
    }
    if wire.setup_py {
        sdist = sdist.setup_py();
    }
    if wire.marks {
        sdist = sdist.marks();
    }
    Ok(sdist.build())
}

fn party(at: &str, name: &str) -> Result<PartyName, ScenarioError> {
    PartyName::parse(name).map_err(|error| ScenarioError::value(at, error))
}

#[cfg(test)]
mod tests {
    use covouch_core::evidence::{Evidence, Listing, Stated};

    use super::*;

    const WORLD: &str = r#"
        now = 2026-06-05T00:00:00Z
        policy = ""
        [index.pypi]
        status = { widget = "quarantined" }
        [file."widget-1.0-py3-none-any.whl"]
        on = ["pypi"]
        uploaded = 2026-06-01T00:00:00Z
        yanked = "broken"
        yanked-at = 2026-06-03T00:00:00Z
    "#;

    fn world(text: &str) -> Result<World, ScenarioError> {
        World::from_facts(&text.parse().unwrap())
    }

    fn listing(world: &World, evidence: &Evidence) -> Listing {
        let pypi = PartyName::parse("pypi").unwrap();
        evidence.listing(&pypi, world.subject("widget-1.0-py3-none-any.whl")).unwrap().clone()
    }

    #[test]
    fn a_file_is_yanked_from_its_moment_on() {
        let world = world(WORLD).unwrap();
        let at = |time| listing(&world, &world.evidence(Timestamp::parse(time).unwrap())).yanked;
        assert_eq!(at("2026-06-02T23:59:59Z"), Stated::NotStated);
        assert_eq!(at("2026-06-03T00:00:00Z"), Stated::Is(Some("broken".into())));
        assert_eq!(at("2026-06-05T00:00:00Z"), Stated::Is(Some("broken".into())));
    }

    #[test]
    fn before_reactions_nothing_is_yanked_or_quarantined() {
        let world = world(WORLD).unwrap();
        assert_eq!(
            listing(&world, &world.evidence(world.now())).status,
            Stated::Is(ProjectStatus::Quarantined)
        );
        let before = world.before_reactions();
        let listing = listing(&before, &before.evidence(before.now()));
        assert_eq!((listing.yanked, listing.status), (Stated::NotStated, Stated::Is(ProjectStatus::Active)));
    }

    #[test]
    fn a_moment_of_yanking_without_yanking_is_refused() {
        let error = world(&WORLD.replace("yanked = \"broken\"", "")).unwrap_err();
        assert!(error.to_string().contains("`yanked-at` says when"), "{error}");
    }
}
