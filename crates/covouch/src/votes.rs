//! What electorates decided: their ballots, counted here.
//!
//! # Invariants
//! A count that could not be made, or that ballots nobody has could turn, is unknown: never a yes.

use std::sync::Arc;

use covouch_core::{
    code::Code,
    evidence::{Evidence, Finding, Gap, Known},
    level::Level,
    statement::chain::Chain,
};
use covouch_graph::{
    TrustGraph,
    tally::{Outcome, Poll, Votes},
};
use covouch_io::electorate;

use crate::{failure::Failure, policies::Loaded, settings::Settings};

/// Counts the ballots of every electorate the policies name, and adds which files they let pass.
///
/// # Errors
/// For a broken chain of ballots: half a folder is never evidence.
pub(crate) fn add_votes(
    evidence: &mut Evidence,
    loaded: &Loaded,
    settings: &Settings,
) -> Result<(), Failure> {
    let now = settings.now();
    for (party, id, folder) in loaded.electorates() {
        let chains = electorate::read(&folder, &id)?;
        let mut signed = Evidence::new();
        for statement in chains.iter().flat_map(Chain::statements) {
            signed.add_statement(statement.clone(), Arc::from("folder"));
        }
        let graph = TrustGraph::build(&signed, now);
        let votes = Votes::read(chains.iter().flat_map(Chain::statements), []);
        let gap =
            |code: Code, detail: String| Gap { code, source: party.as_str().into(), detail: detail.into() };
        // Without an electorate there is nobody to count, which is not the same as nobody in favour.
        if let Err(error) = votes.succession(&id, now) {
            let gap = gap(error.code(), error.to_string());
            evidence.add_gap(party.clone(), gap);
            continue;
        }
        for subject in votes.subjects(&id) {
            let finding = match votes.tally(&graph, &Poll { electorate: id, subject: &subject, now }) {
                Ok(tally) if tally.level() == Some(Level::Voted) => Known::Is(Finding {
                    party: party.clone(),
                    level: Level::Voted,
                    origin: format!("voted for by `{party}`, version {}", tally.version).into(),
                }),
                Ok(tally) if tally.outcome == Outcome::Unknown => {
                    let detail = "ballots that nobody has here could turn the vote".to_owned();
                    Known::Unknown(gap(Code::new("vote-unknown"), detail))
                }
                Ok(_) => continue,
                Err(error) => Known::Unknown(gap(error.code(), error.to_string())),
            };
            evidence.add_finding(subject, finding);
        }
        evidence.add_consulted(party);
    }
    Ok(())
}
