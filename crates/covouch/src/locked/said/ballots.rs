//! Ballots, as a lock's evidence file has them, counted again.

use std::path::Path;

use covouch_core::{
    evidence::{Evidence, Gap},
    evidence_lock::{EVIDENCE_NAME, EvidenceFile},
    key::PublicKey,
    statement::{Electorate, Envelope, VerifyError, chain::Chain},
};
use covouch_io::{
    electorate::{self, Records},
    feed::{FeedAnswer, Staleness},
};
use covouch_policy::SourceKind;

use super::{MISSING, Proof, Shelf, covers};
use crate::{
    failure::Failure,
    feeds::Feeds,
    votes::{self, Named},
};

impl Proof<'_> {
    /// Counts the ballots that are in the folder, where that is here, in the evidence file, and in feeds. What several
    /// of them have is put together.
    pub(super) fn votes(
        &mut self,
        named: &Named,
        (shelf, news): (Option<&Shelf<'_>>, &Feeds),
        found: &mut Evidence,
    ) -> Result<(), Failure> {
        let here = named.folder.as_deref().filter(|folder| folder.is_dir());
        let mut answers = Vec::new();
        if let Some(shelf) = shelf {
            match &self.locked.evidence {
                Some(evidence) => {
                    let keys = Vec::from_iter(electorate::keys_of(&versions(shelf, evidence), &named.id));
                    answers.push(self.ballots(shelf, &keys, evidence)?);
                    if here.is_none() {
                        self.reach(shelf, &keys, evidence);
                    }
                }
                None if here.is_none() => {
                    let detail = format!("neither its folder nor `{EVIDENCE_NAME}` is here");
                    self.gap(&named.party, MISSING, detail);
                }
                None => {}
            }
        }
        for feed in &named.feeds {
            match (news.whole(feed), self.gaps.get(feed), self.answers.get(feed)) {
                (Ok(answer), _, _) | (_, None, Some(answer)) => answers.push(answer.clone()),
                (_, Some(gap), _) => {
                    let gap = Gap { source: named.party.as_str().into(), ..gap.clone() };
                    self.gaps.entry(named.party.clone()).or_insert(gap);
                }
                (Err((code, detail)), None, None) => self.gap(&named.party, code, detail),
            }
        }
        if !self.gaps.contains_key(&named.party) {
            let register = Records::new(here, &answers).register(&named.id)?;
            votes::count(found, named, &register, self.now);
        }
        Ok(())
    }

    /// Counts the ballots of electorates that somebody names as an author, from everything that is here.
    pub(super) fn votes_named_by_others(
        &mut self,
        shelves: &[Shelf<'_>],
        news: &Feeds,
        found: &mut Evidence,
    ) -> Result<(), Failure> {
        let named = votes::named(self.statements.iter().map(|(statement, _)| statement.value()));
        if named.is_empty() {
            return Ok(());
        }
        let shelves: Vec<_> =
            shelves.iter().filter(|shelf| matches!(shelf.kind, SourceKind::Keys { .. })).collect();
        let folders: Vec<&Path> =
            shelves.iter().map(|shelf| &*shelf.folder).filter(|folder| folder.is_dir()).collect();
        let locked = self.answers.iter().filter(|(party, _)| !self.gaps.contains_key(*party));
        let mut answers: Vec<FeedAnswer> = locked.map(|(_, answer)| answer.clone()).collect();
        answers.extend(news.all_whole().cloned());
        let mut documents = Records::new(folders.iter().copied(), &answers).electorates()?;
        if let Some(evidence) = &self.locked.evidence {
            documents.extend(shelves.iter().flat_map(|shelf| versions(shelf, evidence)));
        }
        for id in named {
            let people = Vec::from_iter(electorate::keys_of(&documents, &id));
            let mut heard = answers.clone();
            let mut gap = None;
            for shelf in &shelves {
                if let Some(evidence) = &self.locked.evidence {
                    heard.push(self.ballots(shelf, &people, evidence)?);
                }
                if !shelf.folder.is_dir() {
                    gap = gap.or_else(|| self.silence(shelf, &people));
                }
            }
            match gap {
                // Whoever took a folder away would hide the ballots in it.
                Some(gap) => found.add_uncountable(id, gap),
                None => {
                    let register = Records::new(folders.iter().copied(), &heard).register(&id)?;
                    votes::count_named(found, id, &register, self.now);
                }
            }
        }
        Ok(())
    }

    /// Why it is not known what these people have in a folder that is not here.
    fn silence(&self, shelf: &Shelf<'_>, people: &[PublicKey]) -> Option<Gap> {
        if let Some(gap) = self.gaps.get(shelf.party) {
            return Some(gap.clone());
        }
        let evidence = self.locked.evidence.as_ref();
        let is_whole = evidence.is_some_and(|evidence| covers(shelf, people, evidence));
        (!is_whole).then(|| Gap {
            code: MISSING,
            source: shelf.party.as_str().into(),
            detail: format!("`{EVIDENCE_NAME}` was not made for an electorate's voters").into(),
        })
    }

    /// The chains of an electorate's people in the evidence file, and the heads of their ballots.
    fn ballots(
        &mut self,
        shelf: &Shelf<'_>,
        people: &[PublicKey],
        evidence: &EvidenceFile,
    ) -> Result<FeedAnswer, Failure> {
        let statements = self.carried(shelf, people, evidence)?.into_iter().flat_map(Chain::into_statements);
        let heads = parts(shelf, evidence, ".heads");
        let heads = heads.flat_map(|lines| lines.split(|byte| *byte == b'\n'));
        let heads = heads.filter(|line| !line.is_empty()).map(Envelope::parse);
        let heads = heads.collect::<Result<Vec<_>, _>>();
        Ok(FeedAnswer {
            roots: Vec::new(),
            statements: statements.collect(),
            others: Vec::new(),
            heads: heads.map_err(|error| Failure::from(VerifyError::from(error)).about(EVIDENCE_NAME))?,
            staleness: Staleness::Stale(None),
            unknown: Vec::new(),
        })
    }
}

/// The parts of a shelf whose names end so.
fn parts<'a>(shelf: &Shelf<'_>, evidence: &'a EvidenceFile, end: &str) -> impl Iterator<Item = &'a Vec<u8>> {
    let prefix = shelf.part("");
    let parts = evidence.parts.iter();
    parts.filter(move |(path, _)| path.starts_with(&prefix) && path.ends_with(end)).map(|(_, part)| part)
}

/// Every version of every electorate on a shelf, signed by whomever.
fn versions(shelf: &Shelf<'_>, evidence: &EvidenceFile) -> Vec<Electorate> {
    parts(shelf, evidence, ".jsonl").flat_map(|lines| electorate::versions(lines)).collect()
}
