//! What an honest collector would learn in a world at a moment.

use std::sync::Arc;

use covouch_core::{
    code::Code,
    evidence::{Evidence, Gap, Known, Listing, Stated},
    party::PartyName,
    time::Timestamp,
};

use super::world::{FileFacts, IndexFacts, World};

impl World {
    /// All evidence there is at this moment: every index was asked about every project, every chain was read.
    /// Files and statements of a later moment are not in it.
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
            for file in self.files.values() {
                let subject = file.listed.distribution.subject().clone();
                evidence.add_listing(name.clone(), subject, listing(name, facts, file, now));
            }
        }
        for chain in self.chains(now) {
            let origin: Arc<str> = format!("trust/{}.jsonl", chain.key.id()).into();
            for statement in chain.statements {
                evidence.add_statement(statement, Arc::clone(&origin));
            }
        }
        evidence
    }
}

fn listing(index: &PartyName, facts: &IndexFacts, file: &FileFacts, now: Timestamp) -> Listing {
    if !facts.reachable {
        return Listing::unknown(&unreachable(index));
    }
    let listed = file.on.contains(index) && file.listed.uploaded <= now;
    Listing {
        listed: Known::Is(listed),
        uploaded: match (listed, facts.upload_times) {
            (true, true) => Known::Is(file.listed.uploaded),
            (true, false) => Known::Unknown(no_upload_time(index)),
            (false, _) => Known::Unknown(not_listed(index)),
        },
        yanked: match &file.listed.yanked {
            Some(reason) if listed => {
                Stated::Is(Some(reason.as_str()).filter(|reason| !reason.is_empty()).map(Arc::from))
            }
            _ => Stated::NotStated,
        },
        status: if facts.statuses {
            Stated::Is(facts.status_of(file.listed.distribution.project()))
        } else {
            Stated::NotStated
        },
    }
}

fn gap(code: Code, index: &PartyName, detail: &str) -> Gap {
    Gap { code, source: index.as_str().into(), detail: detail.into() }
}

fn unreachable(index: &PartyName) -> Gap {
    gap(Code::new("fetch-unreachable"), index, "answers with status 503")
}

fn no_upload_time(index: &PartyName) -> Gap {
    gap(Code::new("upload-time-unknown"), index, "does not serve upload times")
}

fn not_listed(index: &PartyName) -> Gap {
    gap(Code::new("upload-time-unknown"), index, "does not list the file")
}
