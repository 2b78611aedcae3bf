//! Wheels of a world held against the sdists of their releases, by the rule that holds for real ones.

use std::io::Cursor;

use covouch_core::{
    evidence::{Derivation, Evidence, Known},
    shown::Shown,
    subject::Subject,
};
use covouch_python::{
    derive::{Names, Outcome, derive},
    filename::DistFilename,
};

use super::World;
use crate::distribution::Distribution;

impl World {
    /// Adds what comparing each listed wheel with each sdist of its release finds.
    pub(super) fn add_derivations(&self, evidence: &mut Evidence) {
        let listed: Vec<Subject> = evidence.listed().cloned().collect();
        let files = || {
            let files = self.files.values().map(|file| &file.listed.distribution);
            files.filter(|file| listed.contains(file.subject()))
        };
        for wheel in files() {
            for sdist in files().filter(|sdist| is_release_of(sdist, wheel)) {
                if let Some(derivation) = compare(wheel, sdist) {
                    evidence.add_derivation(wheel.subject().clone(), derivation);
                }
            }
        }
    }
}

fn is_release_of(one: &Distribution, other: &Distribution) -> bool {
    (one.project(), one.version()) == (other.project(), other.version())
}

/// `None` unless they are a wheel and an sdist.
fn compare(wheel: &Distribution, sdist: &Distribution) -> Option<Derivation> {
    let name = |file: &Distribution| DistFilename::parse(&file.subject().filename, Some(file.project())).ok();
    let (DistFilename::Wheel(wheel_name), DistFilename::Sdist(sdist_name)) = (name(wheel)?, name(sdist)?)
    else {
        return None;
    };
    let names = Names { sdist: &sdist_name, wheel: &wheel_name };
    let found = derive(Cursor::new(sdist.bytes()), Cursor::new(wheel.bytes()), names);
    let differences = match found.expect("archives of a story can be read") {
        Outcome::Derived(_) => Vec::new(),
        Outcome::Differs(differences) => differences.iter().map(ToString::to_string).collect(),
    };
    let shown = differences.iter().map(|difference| Shown::new(difference).as_str().into());
    Some(Derivation { sdist: sdist.subject().clone(), differences: Known::Is(shown.collect()) })
}
