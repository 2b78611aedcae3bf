//! What an honest collector would learn in a world at a moment.

use std::sync::Arc;

use covouch_core::{
    code::Code,
    evidence::{Evidence, Gap, Known, Listing, Stated},
    party::PartyName,
    subject::Subject,
    time::Timestamp,
};

use super::world::{IndexFacts, World};
use crate::index::Listed;

impl World {
    /// All evidence there is at this moment: every index was asked about every project, every chain was read, every
    /// adapter about every file. What adapters would verify is taken for what it is: the command and the gateway meet
    /// the same world's real signatures, archives and records ([`World::serve`], [`World::write_project`]).
    /// Files and statements of a later moment are not in it. A file that is on no page has no listing, as when
    /// pages are fetched.
    #[must_use]
    pub fn evidence(&self, now: Timestamp) -> Evidence {
        let mut evidence = Evidence::new();
        for (name, facts) in &self.indexes {
            for project in self.projects() {
                let known = if facts.reachable {
                    Known::Is(self.listed(name, now).any(|file| file.distribution.project() == project))
                } else {
                    Known::Unknown(unreachable(name))
                };
                evidence.add_project(name.clone(), project.clone(), known);
            }
            for file in self.listed(name, now).filter(|_| facts.reachable) {
                let subject = file.distribution.subject().clone();
                if file.hashed {
                    evidence.add_listing(name.clone(), subject, listing(name, facts, &file));
                } else if subject.filename.as_str().ends_with(".whl") {
                    let Subject { project, version, filename, .. } = subject;
                    evidence.add_unjudged(name.clone(), project, version, filename);
                }
            }
        }
        for chain in self.chains(now) {
            let origin: Arc<str> = format!("trust/{}.jsonl", chain.key.id()).into();
            for statement in chain.statements {
                evidence.add_statement(statement, Arc::clone(&origin));
            }
        }
        self.add_publishers(&mut evidence, now);
        self.add_derivations(&mut evidence);
        self.add_records(&mut evidence, now);
        self.add_packaged(&mut evidence, now);
        self.add_votes(&mut evidence, now);
        evidence
    }
}

fn listing(index: &PartyName, facts: &IndexFacts, file: &Listed) -> Listing {
    let status = facts.status_of(file.distribution.project());
    Listing {
        listed: Known::Is(true),
        uploaded: if facts.upload_times {
            Known::Is(file.uploaded)
        } else {
            Known::Unknown(no_upload_time(index))
        },
        yanked: file.yanked.as_ref().map_or(Stated::NotStated, |reason| {
            Stated::Is(Some(reason.as_str()).filter(|reason| !reason.is_empty()).map(Arc::from))
        }),
        status: if facts.statuses { Stated::Is(status) } else { Stated::NotStated },
    }
}

/// That something could not be learnt.
pub(super) fn gap(code: &'static str, source: &str, detail: &str) -> Gap {
    Gap { code: Code::new(code), source: source.into(), detail: detail.into() }
}

fn unreachable(index: &PartyName) -> Gap {
    gap("index-unreachable", index.as_str(), "it answers with status 503")
}

fn no_upload_time(index: &PartyName) -> Gap {
    gap("upload-time-not-served", index.as_str(), "it does not say when the file was uploaded")
}
