//! Which files the votes of an electorate let pass, and when time alone will change that.
//!
//! # Invariants
//! A moment that is not counted in advance is one from which on the vote is unknown: never a yes, and never silence.

use std::collections::{BTreeMap, btree_map::Entry};

use covouch_core::{
    code::Code,
    evidence::{Evidence, Gap, Known, Passed, Span},
    level::Level,
    statement::{BallotHead, ElectorateId, Rule, Statement, Verified},
    subject::Subject,
    time::Timestamp,
};

use super::{Outcome, Poll, Uncountable, Votes};
use crate::{build::TrustGraph, limits};

/// What an electorate's people signed, and the heads of their ballots.
#[derive(Clone, Copy, Debug)]
pub struct Signed<'a> {
    /// Their statements, and nobody else's.
    pub statements: &'a [Verified<Statement>],
    /// Heads of their ballots.
    pub heads: &'a [Verified<BallotHead>],
}

impl Signed<'_> {
    /// The web of trust that a community's seeds begin: of what its own people signed, and nobody else.
    #[must_use]
    pub fn graph(&self, now: Timestamp) -> TrustGraph {
        let mut signed = Evidence::new();
        for statement in self.statements {
            signed.add_statement(statement.clone(), "ballots".into());
        }
        TrustGraph::build(&signed, now)
    }

    /// The files on which the electorate's vote passed, and those of which nobody here can say, from now on.
    ///
    /// # Errors
    /// [`Uncountable`] where there is nobody to count, which is not the same as nobody in favour.
    pub fn passed(&self, electorate: &ElectorateId, now: Timestamp) -> Result<Vec<Passed>, Uncountable> {
        let votes = Votes::read(self.statements, self.heads);
        votes.succession(electorate, now)?;
        let subjects = votes.subjects(electorate);
        let (graphs, left) = (BTreeMap::new(), limits::AHEAD_STEPS);
        let mut counting = Counting { signed: *self, votes, electorate: *electorate, graphs, left };
        Ok(subjects.into_iter().flat_map(|subject| counting.passed(&subject, now)).collect())
    }
}

/// The version a vote passed by, where it passed or nobody can say.
type Vote = Option<Known<u32>>;

/// Counting, under way.
struct Counting<'a> {
    signed: Signed<'a>,
    votes: Votes<'a>,
    electorate: ElectorateId,
    graphs: BTreeMap<Timestamp, TrustGraph>,
    /// How much may still be looked at in advance.
    left: usize,
}

impl Counting<'_> {
    /// What is so now, and what will be so after the first change that matters.
    fn passed(&mut self, subject: &Subject, now: Timestamp) -> impl Iterator<Item = Passed> + use<> {
        let (vote, next) = self.count(subject, now);
        let then = next.and_then(|next| self.change(subject, &vote, next));
        let until = then.as_ref().map(|(moment, _)| *moment);
        let parts = [
            vote.map(|version| (version, Span { from: None, until })),
            then.and_then(|(from, vote)| Some((vote?, Span { from: Some(from), until: None }))),
        ];
        let subject = subject.clone();
        let passed = move |(version, span)| Passed { subject: subject.clone(), version, span };
        parts.into_iter().flatten().map(passed)
    }

    /// The first moment from this one on at which the vote is another, and how it is then.
    fn change(&mut self, subject: &Subject, vote: &Vote, first: Timestamp) -> Option<(Timestamp, Vote)> {
        let mut moment = first;
        for _ in 0..limits::AHEAD_MOMENTS {
            if self.left == 0 {
                break;
            }
            let (then, next) = self.count(subject, moment);
            if !is_same(vote, &then) {
                return Some((moment, then));
            }
            moment = next?;
        }
        let detail = "time may change the vote, which is counted again then".to_owned();
        Some((moment, Some(self.unknown(Code::new("vote-unknown"), detail))))
    }

    /// The vote at a moment, and the next moment at which time alone may change it.
    fn count(&mut self, subject: &Subject, now: Timestamp) -> (Vote, Option<Timestamp>) {
        if let Entry::Vacant(vacant) = self.graphs.entry(now) {
            let is_community = self
                .votes
                .succession(&self.electorate, now)
                .is_ok_and(|succession| matches!(succession.electorate.terms().rule, Rule::Community(_)));
            // A committee has a roster, and no web of trust.
            let none = Signed { statements: &[], heads: &[] };
            let signed = if is_community { self.signed } else { none };
            self.left = self.left.saturating_sub(signed.statements.len());
            vacant.insert(signed.graph(now));
        }
        let Some(graph) = self.graphs.get(&now) else { return (None, None) };
        match self.votes.tally(graph, &Poll { electorate: self.electorate, subject, now }) {
            Ok(tally) => {
                self.left = self.left.saturating_sub(tally.ballots.len().max(1));
                let vote = match tally.outcome {
                    Outcome::Passed if tally.level() == Some(Level::Voted) => Some(Known::Is(tally.version)),
                    Outcome::Unknown => {
                        let detail = "ballots that nobody has here could turn the vote".to_owned();
                        Some(self.unknown(Code::new("vote-unknown"), detail))
                    }
                    Outcome::Passed | Outcome::Short | Outcome::Opposed => None,
                };
                (vote, tally.next_change)
            }
            Err(error) => (Some(self.unknown(error.code(), error.to_string())), None),
        }
    }

    fn unknown(&self, code: Code, detail: String) -> Known<u32> {
        Known::Unknown(Gap { code, source: self.electorate.to_string().into(), detail: detail.into() })
    }
}

fn is_same(left: &Vote, right: &Vote) -> bool {
    let seen = |vote: &Vote| vote.as_ref().map(|known| known.gap().is_some());
    seen(left) == seen(right)
}
