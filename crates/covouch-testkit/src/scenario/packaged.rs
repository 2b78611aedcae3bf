//! What a distribution packaged in a world: suites of an archive that is played by a server and signed for real.

use std::{collections::BTreeMap, fs, io, path::Path};

use covouch_core::{
    evidence::{Evidence, Finding, Known},
    level::Level,
    party::PartyName,
    time::Timestamp,
};

use super::{
    ScenarioError, World,
    evidence::gap,
    wire::{WireSuite, moment},
    world::FileFacts,
};
use crate::{
    debian::{Oddities, Pack, Package, Release, Signer},
    distribution::Distribution,
    index::Site,
};

/// When the archive's key was made, before any story.
const MADE: &str = "2010-01-01";

/// A suite.
#[derive(Clone, Debug)]
pub(super) struct SuiteFacts {
    of: PartyName,
    name: String,
    codename: String,
    date: Timestamp,
    valid_until: Option<Timestamp>,
    /// Source packages, each with its upstream tarball.
    packages: BTreeMap<String, Distribution>,
}

/// Reads the suites of a story.
pub(super) fn read(
    wire: &BTreeMap<String, WireSuite>,
    files: &BTreeMap<String, FileFacts>,
) -> Result<Vec<SuiteFacts>, ScenarioError> {
    wire.iter().map(|(name, wire)| suite(name, wire, files)).collect()
}

fn suite(
    name: &str,
    wire: &WireSuite,
    files: &BTreeMap<String, FileFacts>,
) -> Result<SuiteFacts, ScenarioError> {
    let at = format!("suite.{name}");
    let package = |(package, label): (&String, &String)| {
        let file = files.get(label);
        let file = file.ok_or_else(|| ScenarioError::value(&at, format_args!("no file `{label}`")))?;
        Ok((package.clone(), file.listed.distribution.clone()))
    };
    Ok(SuiteFacts {
        of: PartyName::parse(&wire.of).map_err(|error| ScenarioError::value(&at, error))?,
        name: name.to_owned(),
        codename: wire.codename.clone(),
        date: moment(&at, &wire.date)?,
        valid_until: wire.valid_until.as_ref().map(|until| moment(&at, until)).transpose()?,
        packages: wire.packages.iter().map(package).collect::<Result<_, ScenarioError>>()?,
    })
}

impl SuiteFacts {
    fn expired(&self, now: Timestamp) -> bool {
        self.valid_until.is_some_and(|until| until <= now)
    }

    fn release(&self) -> Release {
        Release {
            suite: self.name.clone(),
            codename: self.codename.clone(),
            date: self.date,
            valid_until: self.valid_until,
            by_hash: true,
            pack: Pack::Xz,
        }
    }
}

fn signer() -> Signer {
    Signer::new(1, Timestamp::parse(MADE).expect("a day"))
}

impl World {
    /// Adds what maintainers packaged, as the newest index says that is valid at this moment.
    pub(super) fn add_packaged(&self, evidence: &mut Evidence, now: Timestamp) {
        for suite in &self.suites {
            if suite.expired(now) {
                let detail = format!("the index of suite `{}` has expired", suite.name);
                evidence.add_gap(suite.of.clone(), gap("debian-expired", suite.of.as_str(), &detail));
                continue;
            }
            evidence.add_consulted(suite.of.clone());
            for (package, file) in &suite.packages {
                let day = suite.date.to_string();
                let day = day.split('T').next().unwrap_or_default();
                let origin = format!("{package} {}-1 in {}, {day}", file.version(), suite.codename);
                let finding =
                    Finding { party: suite.of.clone(), level: Level::Packaged, origin: origin.into() };
                evidence.add_finding(file.subject().clone(), Known::Is(finding));
            }
        }
    }

    /// Whether there is an archive in this world.
    pub(super) fn has_archive(&self) -> bool {
        !self.suites.is_empty()
    }

    /// The archive as its mirror serves it below `/debian`.
    pub(super) fn archive(&self) -> Site {
        let mut site = Site::new();
        for suite in &self.suites {
            let versions: Vec<String> =
                suite.packages.values().map(|file| format!("{}-1", file.version())).collect();
            let packages = suite.packages.iter().zip(&versions);
            let packages =
                packages.map(|((name, file), version)| Package { name, version, tarball: file.bytes() });
            suite.release().publish(&mut site, &packages.collect::<Vec<_>>(), &signer());
        }
        site
    }

    /// Writes the keyring of the archive, where there is one, as `archive.gpg`.
    pub(super) fn write_keyring(&self, folder: &Path) -> io::Result<()> {
        if !self.has_archive() {
            return Ok(());
        }
        fs::write(folder.join("archive.gpg"), signer().keyring(Oddities::default()))
    }
}
