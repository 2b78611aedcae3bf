//! Records of malware in a world: what an automated source has on record, in OSV's form.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::Path,
};

use covouch_core::{
    evidence::{Evidence, MalwareRecord},
    name::ProjectName,
    party::PartyName,
    time::Timestamp,
    version::Version,
};
use serde_json::json;

use super::{
    ScenarioError, World,
    wire::{WireRecord, moment},
};

/// A record.
#[derive(Clone, Debug)]
pub(super) struct RecordFacts {
    of: PartyName,
    id: String,
    project: ProjectName,
    /// All of them when `None`.
    versions: Option<BTreeSet<Version>>,
    published: Timestamp,
    withdrawn: Option<Timestamp>,
}

/// Reads the records of a story.
pub(super) fn read(wire: &BTreeMap<String, WireRecord>) -> Result<Vec<RecordFacts>, ScenarioError> {
    wire.iter().map(|(id, wire)| record(id, wire)).collect()
}

fn record(id: &str, wire: &WireRecord) -> Result<RecordFacts, ScenarioError> {
    let at = format!("record.{id}");
    let versions = wire.versions.as_ref().map(|versions| {
        let versions = versions.iter().map(|version| Version::parse(version));
        versions.collect::<Result<_, _>>().map_err(|error| ScenarioError::value(&at, error))
    });
    Ok(RecordFacts {
        of: PartyName::parse(&wire.of).map_err(|error| ScenarioError::value(&at, error))?,
        id: id.to_owned(),
        project: ProjectName::parse(&wire.project).map_err(|error| ScenarioError::value(&at, error))?,
        versions: versions.transpose()?,
        published: moment(&at, &wire.published)?,
        withdrawn: wire.withdrawn.as_ref().map(|withdrawn| moment(&at, withdrawn)).transpose()?,
    })
}

impl RecordFacts {
    fn summary(&self) -> String {
        format!("Malicious code in {}", self.project)
    }

    fn withdrawn(&self, now: Timestamp) -> Option<Timestamp> {
        self.withdrawn.filter(|withdrawn| *withdrawn <= now)
    }

    fn covers(&self, version: &Version) -> bool {
        self.versions.as_ref().is_none_or(|versions| versions.contains(version))
    }

    /// In OSV's form, as it stands at this moment.
    fn json(&self, now: Timestamp) -> String {
        let package = json!({ "ecosystem": "PyPI", "name": self.project.as_str() });
        let affected = match &self.versions {
            Some(versions) => {
                let versions: Vec<String> = versions.iter().map(ToString::to_string).collect();
                json!({ "package": package, "versions": versions })
            }
            None => {
                let events = json!([{ "introduced": "0" }]);
                json!({ "package": package, "ranges": [{ "type": "ECOSYSTEM", "events": events }] })
            }
        };
        let withdrawn = self.withdrawn(now);
        let record = json!({
            "id": self.id,
            "summary": self.summary(),
            "published": self.published.to_string(),
            "modified": withdrawn.unwrap_or(self.published).to_string(),
            "withdrawn": withdrawn.map(|withdrawn| withdrawn.to_string()),
            "affected": [affected],
        });
        record.to_string()
    }
}

impl World {
    /// Adds what is on record at this moment about all releases that are listed in this evidence.
    pub(super) fn add_records(&self, evidence: &mut Evidence, now: Timestamp) {
        let releases: BTreeSet<(ProjectName, Version)> =
            evidence.listed().map(|file| (file.project.clone(), file.version.clone())).collect();
        for record in self.recorded(now) {
            let holds = record.withdrawn(now).is_none();
            for (project, version) in releases.iter().filter(|(project, _)| *project == record.project) {
                if holds && record.covers(version) {
                    let found = MalwareRecord {
                        id: record.id.as_str().into(),
                        summary: record.summary().into(),
                        modified: record.published,
                    };
                    evidence.add_record(record.of.clone(), project.clone(), version.clone(), found);
                }
            }
            evidence.add_consulted(record.of.clone());
        }
    }

    /// Writes each source's records into a folder named after its party.
    pub(super) fn write_records(&self, folder: &Path) -> io::Result<()> {
        for record in self.recorded(self.now) {
            let folder = folder.join(record.of.as_str());
            fs::create_dir_all(&folder)?;
            fs::write(folder.join(format!("{}.json", record.id)), record.json(self.now))?;
        }
        Ok(())
    }

    fn recorded(&self, now: Timestamp) -> impl Iterator<Item = &RecordFacts> {
        self.records.iter().filter(move |record| record.published <= now)
    }
}
