//! Who may vote on a file.

use std::collections::BTreeSet;

use covouch_core::{
    key::PublicKey,
    name::{ProjectName, ProjectPattern},
    party::Owner,
    statement::{Electorate, Recused, Rule, StatementId},
    time::{Duration, Timestamp},
};

use super::{Aside, Poll, Succession, community::Ways, votes::Votes};
use crate::build::TrustGraph;

/// Who may vote on a file, by one version of an electorate.
pub(super) struct Franchise<'a> {
    votes: &'a Votes<'a>,
    electorate: &'a Electorate,
    line: &'a [&'a Electorate],
    project: &'a ProjectName,
    now: Timestamp,
    struck: BTreeSet<PublicKey>,
    /// Affiliations that do not vote on the project.
    recused: BTreeSet<&'a Owner>,
    /// How the seeds of a community lead to voters.
    pub(super) ways: Option<Ways>,
    /// When time alone changes who may vote.
    pub(super) moments: Vec<Timestamp>,
}

impl<'a> Franchise<'a> {
    pub(super) fn new(
        votes: &'a Votes<'a>,
        graph: &TrustGraph,
        succession: &'a Succession<'a>,
        poll: &Poll<'a>,
    ) -> Self {
        let (project, now) = (&poll.subject.project, poll.now);
        let (electorate, line) = (succession.electorate, succession.line.as_slice());
        let struck = votes.struck(line, now);
        let (recused, ways, moments) = (BTreeSet::new(), None, Vec::new());
        let mut franchise = Self { votes, electorate, line, project, now, struck, recused, ways, moments };
        match &electorate.terms().rule {
            Rule::Committee(committee) => {
                franchise.recused = franchise.recused_affiliations();
                let joined = committee.roster.values().map(|member| franchise.mature_from(member.since));
                franchise.moments = joined.collect();
            }
            Rule::Community(community) => {
                let (ways, moments) = Ways::walk(graph, community, &franchise);
                (franchise.ways, franchise.moments) = (Some(ways), moments);
            }
        }
        franchise
    }

    /// Whether a key may vote on the file, or why not.
    pub(super) fn check(&self, key: &PublicKey) -> Result<(), Aside> {
        let mature = match (&self.electorate.terms().rule, &self.ways) {
            (Rule::Committee(committee), _) => {
                let member = committee.roster.get(key).ok_or(Aside::NotAVoter)?;
                if self.recused.contains(&member.affiliation) {
                    return Err(Aside::Recused);
                }
                self.mature_from(member.since) <= self.now
            }
            // Struck and lost keys are on no way, and are told why.
            (Rule::Community(_), Some(ways)) => match (ways.reaches(key), ways.will_reach(key)) {
                (true, _) => true,
                (false, true) => false,
                (false, false) => return Err(self.check_standing(key).err().unwrap_or(Aside::NotAVoter)),
            },
            (Rule::Community(_), None) => return Err(Aside::NotAVoter),
        };
        self.check_standing(key)?;
        if self.is_recused(key) {
            return Err(Aside::Recused);
        }
        if mature { Ok(()) } else { Err(Aside::NotMature) }
    }

    /// Whether nobody took a key's voice away.
    pub(super) fn check_standing(&self, key: &PublicKey) -> Result<(), Aside> {
        if self.struck.contains(key) {
            Err(Aside::Struck)
        } else if self.votes.is_lost(key, self.line) {
            Err(Aside::KeyLost)
        } else {
            Ok(())
        }
    }

    /// Whether a delegation that somebody signed is old enough, or from when on it is.
    pub(super) fn is_mature(&self, delegation: StatementId) -> Result<(), Option<Timestamp>> {
        match self.votes.issued(delegation).map(|issued| self.mature_from(issued)) {
            Some(from) if from <= self.now => Ok(()),
            from => Err(from),
        }
    }

    /// The project that is voted on.
    pub(super) const fn project(&self) -> &ProjectName {
        self.project
    }

    fn mature_from(&self, since: Timestamp) -> Timestamp {
        since.plus(Duration::from_days(self.electorate.terms().maturity_days.into()))
    }

    fn is_recused(&self, key: &PublicKey) -> bool {
        self.votes.publishes(key, self.project, self.line)
            || self.named().any(|who| matches!(who, Recused::Voter(voter) if voter == key))
    }

    /// Affiliations the electorate recuses, and those whose people publish the project: colleagues are one voice, so
    /// they are one interest too.
    fn recused_affiliations(&self) -> BTreeSet<&'a Owner> {
        let Rule::Committee(committee) = &self.electorate.terms().rule else { return BTreeSet::new() };
        let named = self.named().filter_map(|who| match who {
            Recused::Affiliation(affiliation) => Some(affiliation),
            Recused::Voter(_) => None,
        });
        let publishing =
            committee.roster.iter().filter(|(key, _)| self.votes.publishes(key, self.project, self.line));
        named.chain(publishing.map(|(_, member)| &member.affiliation)).collect()
    }

    /// Whom the electorate's own list recuses on the project.
    fn named(&self) -> impl Iterator<Item = &'a Recused> {
        let on_project =
            |projects: &[ProjectPattern]| projects.iter().any(|pattern| pattern.matches(self.project));
        let recusals = self.electorate.terms().recusals.iter();
        recusals.filter(move |recusal| on_project(&recusal.projects)).map(|recusal| &recusal.who)
    }
}
