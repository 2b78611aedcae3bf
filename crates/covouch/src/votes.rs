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
    statement::ElectorateId,
    time::Timestamp,
};
use covouch_graph::{
    TrustGraph,
    tally::{Outcome, Poll, Votes},
};
use covouch_io::{
    clock::Clock,
    electorate::{Records, RecordsError, Register},
};

use crate::{feeds::Feeds, policies::Loaded, settings::Settings};

/// An electorate that a policy names.
#[derive(Clone)]
pub(crate) struct Named {
    pub(crate) party: PartyName,
    pub(crate) id: ElectorateId,
    /// The folder of its ballots.
    pub(crate) folder: Option<PathBuf>,
    /// Parties whose feeds carry its ballots.
    pub(crate) feeds: Vec<PartyName>,
}

/// The electorates that the policies name.
#[derive(Clone)]
pub(crate) struct Polls {
    electorates: Vec<Named>,
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
        self.electorates.iter().filter_map(|named| named.folder.as_deref())
    }

    /// The hour in which ballots were counted: time alone lets some begin and others end to count.
    pub(crate) fn hour(&self) -> Option<i64> {
        (!self.electorates.is_empty()).then(|| self.clock.now().unix() / 3_600)
    }

    /// Counts the ballots, and adds which files they let pass.
    ///
    /// # Errors
    /// For a broken chain of ballots: half a folder is never evidence.
    pub(crate) fn add_to(&self, evidence: &mut Evidence, feeds: &Feeds) -> Result<(), RecordsError> {
        self.electorates.iter().try_for_each(|named| self.add(named, evidence, feeds))
    }

    /// The same; what cannot be read is unknown.
    pub(crate) fn add_known(&self, evidence: &mut Evidence, feeds: &Feeds) {
        for named in &self.electorates {
            if let Err(error) = self.add(named, evidence, feeds) {
                let gap = gap(&named.party, error.code(), error.to_string());
                evidence.add_gap(named.party.clone(), gap);
            }
        }
    }

    fn add(&self, named: &Named, evidence: &mut Evidence, feeds: &Feeds) -> Result<(), RecordsError> {
        let mut answers = Vec::new();
        for feed in &named.feeds {
            match feeds.whole(feed) {
                Ok(answer) => answers.push(answer),
                // Who holds one feed back would hide the ballots in it.
                Err((code, detail)) => {
                    let gap = gap(&named.party, code, format!("of its ballots in feed `{feed}`: {detail}"));
                    evidence.add_gap(named.party.clone(), gap);
                    return Ok(());
                }
            }
        }
        let register = Records::new(named.folder.as_deref(), answers).register(&named.id)?;
        count(evidence, named, &register, self.clock.now());
        Ok(())
    }
}

fn gap(party: &PartyName, code: Code, detail: String) -> Gap {
    Gap { code, source: party.as_str().into(), detail: detail.into() }
}

/// The web of trust that a community's seeds begin: of what its own people signed, and nobody else.
pub(crate) fn graph(register: &Register, now: Timestamp) -> TrustGraph {
    let mut signed = Evidence::new();
    for statement in &register.statements {
        signed.add_statement(statement.clone(), Arc::from("ballots"));
    }
    TrustGraph::build(&signed, now)
}

/// Counts the ballots in a register, and adds which files they let pass.
pub(crate) fn count(
    evidence: &mut Evidence,
    Named { party, id, .. }: &Named,
    register: &Register,
    now: Timestamp,
) {
    let graph = graph(register, now);
    let votes = Votes::read(&register.statements, &register.heads);
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
