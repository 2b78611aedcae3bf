//! What electorates decided: their ballots, counted here.
//!
//! # Invariants
//! A count that could not be made, or that ballots nobody has could turn, is unknown: never a yes.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use covouch_core::{
    code::Code,
    evidence::{Evidence, Finding, Gap, Known},
    level::Level,
    party::PartyName,
    statement::{ElectorateId, chain::Chain},
    time::Timestamp,
};
use covouch_graph::{
    TrustGraph,
    tally::{Outcome, Poll, Votes},
};
use covouch_io::{clock::Clock, electorate, folder::FolderError};

use crate::{policies::Loaded, settings::Settings};

/// The electorates that the policies name.
#[derive(Clone)]
pub(crate) struct Polls {
    electorates: Vec<(PartyName, ElectorateId, PathBuf)>,
    clock: Clock,
}

impl Polls {
    pub(crate) fn of(loaded: &Loaded, settings: &Settings) -> Self {
        Self { electorates: loaded.electorates(), clock: settings.clock() }
    }

    /// No electorates.
    #[cfg(test)]
    pub(crate) const fn none(clock: Clock) -> Self {
        Self { electorates: Vec::new(), clock }
    }

    /// Where the ballots are.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.electorates.iter().map(|(_, _, folder)| folder.as_path())
    }

    /// The hour in which ballots were counted: time alone lets some begin and others end to count.
    pub(crate) fn hour(&self) -> Option<i64> {
        (!self.electorates.is_empty()).then(|| self.clock.now().unix() / 3_600)
    }

    /// Counts the ballots, and adds which files they let pass.
    ///
    /// # Errors
    /// For a broken chain of ballots: half a folder is never evidence.
    pub(crate) fn add_to(&self, evidence: &mut Evidence) -> Result<(), FolderError> {
        for (party, id, folder) in &self.electorates {
            let chains = electorate::read(folder, id)?;
            count(evidence, party, (id, &chains), self.clock.now());
        }
        Ok(())
    }

    /// The same; what cannot be read is unknown.
    pub(crate) fn add_known(&self, evidence: &mut Evidence) {
        if let Err(error) = self.add_to(evidence) {
            for (party, _, _) in &self.electorates {
                let gap = gap(party, error.code(), error.to_string());
                evidence.add_gap(party.clone(), gap);
            }
        }
    }
}

fn gap(party: &PartyName, code: Code, detail: String) -> Gap {
    Gap { code, source: party.as_str().into(), detail: detail.into() }
}

/// Counts the ballots in these chains, and adds which files they let pass.
pub(crate) fn count(
    evidence: &mut Evidence,
    party: &PartyName,
    (id, chains): (&ElectorateId, &[Chain]),
    now: Timestamp,
) {
    let mut signed = Evidence::new();
    for statement in chains.iter().flat_map(Chain::statements) {
        signed.add_statement(statement.clone(), Arc::from("folder"));
    }
    let graph = TrustGraph::build(&signed, now);
    let votes = Votes::read(chains.iter().flat_map(Chain::statements), []);
    // Without an electorate there is nobody to count, which is not the same as nobody in favour.
    if let Err(error) = votes.succession(id, now) {
        evidence.add_gap(party.clone(), gap(party, error.code(), error.to_string()));
        return;
    }
    for subject in votes.subjects(id) {
        let finding = match votes.tally(&graph, &Poll { electorate: *id, subject: &subject, now }) {
            Ok(tally) if tally.level() == Some(Level::Voted) => Known::Is(Finding {
                party: party.clone(),
                level: Level::Voted,
                origin: format!("voted for by `{party}`, version {}", tally.version).into(),
            }),
            Ok(tally) if tally.outcome == Outcome::Unknown => {
                let detail = "ballots that nobody has here could turn the vote".to_owned();
                Known::Unknown(gap(party, Code::new("vote-unknown"), detail))
            }
            Ok(_) => continue,
            Err(error) => Known::Unknown(gap(party, error.code(), error.to_string())),
        };
        evidence.add_finding(subject, finding);
    }
    evidence.add_consulted(party.clone());
}
