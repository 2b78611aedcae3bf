//! A world: indexes, files, who said what, the policy, and the moment of the question.

use std::collections::{BTreeMap, BTreeSet};

use covouch_core::{
    evidence::ProjectStatus, name::ProjectName, party::PartyName, subject::Subject, time::Timestamp,
};
use toml::Table;

use super::{
    ScenarioError,
    statements::{self, Said},
    wire::{WireFile, WireIndex, WireWorld, moment},
};
use crate::{distribution::Distribution, index::Listed, sdist::Sdist, wheel::Wheel};

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
    pub(super) listed: Listed,
    pub(super) on: BTreeSet<PartyName>,
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
        let files = wire
            .file
            .iter()
            .map(|(label, file)| Ok((label.clone(), file_facts(label, file, &indexes)?)))
            .collect::<Result<BTreeMap<_, _>, ScenarioError>>()?;
        if let Some(unknown) = wire.lock.iter().find(|label| !files.contains_key(*label)) {
            return Err(ScenarioError::value("lock", format_args!("no file `{unknown}`")));
        }
        Ok(Self {
            now: moment("now", &wire.now)?,
            said: statements::read(&wire, &files)?,
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

    /// The files an index lists at this moment.
    pub(super) fn listed<'a>(
        &'a self,
        index: &'a PartyName,
        now: Timestamp,
    ) -> impl Iterator<Item = &'a Listed> {
        let files = self.files.values().filter(move |file| file.on.contains(index));
        files.map(|file| &file.listed).filter(move |listed| listed.uploaded <= now)
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
) -> Result<FileFacts, ScenarioError> {
    let at = format!("file.{label}");
    let on = wire.on.iter().map(|name| party(&at, name)).collect::<Result<BTreeSet<_>, _>>()?;
    if let Some(unknown) = on.iter().find(|name| !indexes.contains_key(*name)) {
        return Err(ScenarioError::value(at, format_args!("no index `{unknown}`")));
    }
    let distribution = distribution(&at, wire.name.as_deref().unwrap_or(label), wire)?;
    let uploaded = moment(&at, &wire.uploaded)?;
    Ok(FileFacts { listed: Listed { distribution, uploaded, yanked: wire.yanked.clone() }, on })
}

/// What a file holds is text in a comment: it makes other bytes and does nothing.
fn distribution(at: &str, filename: &str, wire: &WireFile) -> Result<Distribution, ScenarioError> {
    let parts = crate::distribution::NameParts::read(filename)
        .ok_or_else(|| ScenarioError::value(at, "not the name of a wheel or an sdist"))?;
    let contents = format!("# {}\n", wire.holds.replace('\n', " "));
    if parts.tags.is_some() {
        let mut wheel = Wheel::named(filename)
            .file(&format!("{}/story.py", crate::wheel::module_name(parts.project)), contents);
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
