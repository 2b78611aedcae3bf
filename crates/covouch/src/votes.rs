//! What electorates decided: their ballots, counted here.
//!
//! # Invariants
//! A count that could not be made, or that ballots nobody has could turn, is unknown: never a yes.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use covouch_core::{
    code::Code,
    evidence::{Evidence, Finding, Gap, Known, Passed},
    level::Level,
    party::PartyName,
    statement::{Author, AuthorGrant, Claim, ElectorateId, Statement},
    time::Timestamp,
};
use covouch_graph::tally::Signed;
use covouch_io::{
    clock::Clock,
    electorate::{Records, RecordsError, Register},
};

use crate::{feeds::Feeds, policies::Loaded, settings::Settings};

/// Electorates that others name and whose ballots are counted: a party has one or a few, and whoever may speak for a party
/// could otherwise make every check count thousands. Of further ones nothing is known.
const ELECTORATES: usize = 64;

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
    /// The folders of statements of other parties, who may name electorates too.
    trust: Vec<PathBuf>,
    /// Whether anybody did.
    any: Arc<AtomicBool>,
    clock: Clock,
}

impl Polls {
    pub(crate) fn of(loaded: &Loaded, settings: &Settings) -> Self {
        let trust = loaded.trust_folders().into_iter().map(|folder| folder.path).collect();
        let any = Arc::default();
        Self { electorates: loaded.electorates(), trust, any, clock: settings.clock() }
    }

    /// No electorates.
    #[cfg(test)]
    pub(crate) fn none(clock: Clock) -> Self {
        Self { electorates: Vec::new(), trust: Vec::new(), any: Arc::default(), clock }
    }

    /// Where the ballots are.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &Path> {
        self.electorates.iter().filter_map(|named| named.folder.as_deref())
    }

    /// The hour in which ballots were counted: time alone lets some begin and others end to count.
    pub(crate) fn hour(&self) -> Option<i64> {
        let any = !self.electorates.is_empty() || self.any.load(Ordering::Relaxed);
        any.then(|| self.clock.now().unix() / 3_600)
    }

    /// Counts the ballots, and adds which files they let pass.
    ///
    /// # Errors
    /// For a broken chain of ballots: half a folder is never evidence.
    pub(crate) fn add_to(&self, evidence: &mut Evidence, feeds: &Feeds) -> Result<(), RecordsError> {
        self.electorates.iter().try_for_each(|named| self.add(named, evidence, feeds))?;
        self.add_named_by_others(evidence, feeds)
    }

    /// The same; what cannot be read is unknown.
    pub(crate) fn add_known(&self, evidence: &mut Evidence, feeds: &Feeds) {
        for named in &self.electorates {
            if let Err(error) = self.add(named, evidence, feeds) {
                let gap = gap(&named.party, error.code(), error.to_string());
                evidence.add_gap(named.party.clone(), gap);
            }
        }
        // What could not be read is unknown already: nobody counted.
        drop(self.add_named_by_others(evidence, feeds));
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

    /// Counts the ballots of electorates that somebody names as an author, from everything that is known.
    fn add_named_by_others(&self, evidence: &mut Evidence, feeds: &Feeds) -> Result<(), RecordsError> {
        let named = named(evidence.statements().iter().map(|sourced| sourced.statement.value()));
        if named.is_empty() {
            return Ok(());
        }
        self.any.store(true, Ordering::Relaxed);
        let records = Records::new(self.trust.iter().map(PathBuf::as_path), feeds.all_whole());
        for id in named {
            count_named(evidence, id, &records.register(&id)?, self.clock.now());
        }
        Ok(())
    }
}

/// The electorates that somebody names as an author.
pub(crate) fn named<'a>(statements: impl Iterator<Item = &'a Statement>) -> Vec<ElectorateId> {
    let named: BTreeSet<ElectorateId> = statements
        .filter_map(|statement| match &statement.claim {
            Claim::Author(AuthorGrant { author: Author::Electorate(id), .. }) => Some(*id),
            _ => None,
        })
        .collect();
    named.into_iter().take(ELECTORATES).collect()
}

/// Counts the ballots in a register, for whoever names the electorate.
pub(crate) fn count_named(evidence: &mut Evidence, id: ElectorateId, register: &Register, now: Timestamp) {
    match signed(register).passed(&id, now) {
        Ok(passed) => evidence.add_votes(id, passed),
        Err(error) => {
            let (source, detail) = (id.to_string().into(), error.to_string().into());
            evidence.add_uncountable(id, Gap { code: error.code(), source, detail });
        }
    }
}

/// What a party that is an electorate says of a file.
fn finding(party: &PartyName, version: Known<u32>) -> Known<Finding> {
    match version {
        Known::Is(version) => Known::Is(Finding {
            party: party.clone(),
            level: Level::Voted,
            origin: format!("voted for by `{party}`, version {version}").into(),
        }),
        Known::Unknown(gap) => Known::Unknown(Gap { source: party.as_str().into(), ..gap }),
    }
}

fn gap(party: &PartyName, code: Code, detail: String) -> Gap {
    Gap { code, source: party.as_str().into(), detail: detail.into() }
}

/// What the people in a register signed.
pub(crate) fn signed(register: &Register) -> Signed<'_> {
    Signed { statements: &register.statements, heads: &register.heads }
}

/// Counts the ballots in a register, and adds which files they let pass.
pub(crate) fn count(
    evidence: &mut Evidence,
    Named { party, id, .. }: &Named,
    register: &Register,
    now: Timestamp,
) {
    match signed(register).passed(id, now) {
        Ok(passed) => {
            for Passed { subject, version, span } in passed {
                evidence.add_finding_in(subject, finding(party, version), span);
            }
            evidence.add_consulted(party.clone());
        }
        Err(error) => {
            let gap = gap(party, error.code(), error.to_string());
            evidence.add_gap(party.clone(), gap);
        }
    }
}
