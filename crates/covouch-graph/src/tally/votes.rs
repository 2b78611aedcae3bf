//! What was signed about votes, in order: ballots, their heads, electorates, strikes, and what takes them back.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use covouch_core::{
    key::PublicKey,
    name::ProjectName,
    statement::{
        Author, AuthorGrant, Ballot, BallotHead, Claim, Electorate, ElectorateId, Statement, StatementId,
        Verified, Withdrawal,
    },
    subject::Subject,
    time::Timestamp,
};

/// A ballot and the statement it stands in.
pub(super) type Signed<'a> = (&'a Verified<Statement>, &'a Ballot);

/// One electorate's ballots on one project, by voter.
pub(super) type BallotBox<'a> = BTreeMap<PublicKey, Vec<Signed<'a>>>;

/// One version's document, and who signed it when.
#[derive(Clone, Debug)]
pub(super) struct Document<'a> {
    pub(super) electorate: &'a Electorate,
    /// The earliest signature of each key.
    pub(super) signed: BTreeMap<PublicKey, Timestamp>,
}

/// Everything signed that a count may read.
#[derive(Clone, Debug, Default)]
pub struct Votes<'a> {
    boxes: HashMap<(ElectorateId, ProjectName), BallotBox<'a>>,
    heads: HashMap<(ElectorateId, ProjectName), BTreeMap<PublicKey, Vec<&'a BallotHead>>>,
    pub(super) documents: HashMap<ElectorateId, BTreeMap<ElectorateId, Document<'a>>>,
    strikes: HashMap<ElectorateId, Vec<(&'a Verified<Statement>, PublicKey)>>,
    withdrawn: HashSet<(PublicKey, StatementId)>,
    revoked: HashMap<PublicKey, BTreeSet<PublicKey>>,
    releases: HashMap<&'a ProjectName, BTreeSet<PublicKey>>,
    authors: HashMap<PublicKey, Vec<(&'a Verified<Statement>, &'a AuthorGrant)>>,
    issued: HashMap<StatementId, Timestamp>,
}

impl<'a> Votes<'a> {
    /// Puts in order what was signed. Statements about other things are passed over.
    #[must_use]
    pub fn read(
        statements: impl IntoIterator<Item = &'a Verified<Statement>>,
        heads: impl IntoIterator<Item = &'a Verified<BallotHead>>,
    ) -> Self {
        let mut votes = Self::default();
        let mut once = HashSet::new();
        for statement in statements {
            if once.insert(statement.id()) {
                votes.add(statement);
            }
        }
        for head in heads {
            let value = head.value();
            let place = votes.heads.entry((value.electorate, value.project.clone())).or_default();
            place.entry(*head.issuer()).or_default().push(value);
        }
        votes
    }

    fn add(&mut self, statement: &'a Verified<Statement>) {
        let (issuer, issued) = (*statement.issuer(), statement.value().issued);
        match &statement.value().claim {
            Claim::Ballot(ballot) => {
                let place =
                    self.boxes.entry((ballot.electorate, ballot.files.project().clone())).or_default();
                place.entry(issuer).or_default().push((statement, ballot));
            }
            Claim::Electorate(electorate) => {
                let versions = self.documents.entry(electorate.electorate()).or_default();
                let document = versions
                    .entry(electorate.id())
                    .or_insert_with(|| Document { electorate, signed: BTreeMap::new() });
                let earliest = document.signed.entry(issuer).or_insert(issued);
                *earliest = issued.min(*earliest);
            }
            Claim::Strike(strike) => {
                self.strikes.entry(strike.electorate).or_default().push((statement, strike.voter));
            }
            Claim::Withdrawal(Withdrawal::Statement(id)) => {
                self.withdrawn.insert((issuer, *id));
            }
            Claim::Withdrawal(Withdrawal::Key { key, .. }) => {
                self.revoked.entry(*key).or_default().insert(issuer);
            }
            Claim::Release(release) => {
                self.releases.entry(release.files.project()).or_default().insert(issuer);
            }
            Claim::Author(grant) => {
                if let Author::Key(author) = &grant.author {
                    self.authors.entry(*author).or_default().push((statement, grant));
                }
            }
            Claim::Delegation(_) => {
                self.issued.insert(statement.id(), issued);
            }
            Claim::Vouch(_) | Claim::Veto(_) | Claim::Waiver(_) => {}
        }
    }

    /// Every file that somebody voted on, under an electorate.
    #[must_use]
    pub fn subjects(&self, electorate: &ElectorateId) -> BTreeSet<Subject> {
        let boxes = self.boxes.iter().filter(|((id, _), _)| id == electorate);
        let ballots = boxes.flat_map(|(_, voters)| voters.values().flatten());
        ballots.flat_map(|(_, ballot)| ballot.files.subjects()).collect()
    }

    pub(super) fn ballots(&self, electorate: &ElectorateId, project: &ProjectName) -> Option<&BallotBox<'a>> {
        self.boxes.get(&(*electorate, project.clone()))
    }

    pub(super) fn heads(
        &self,
        electorate: &ElectorateId,
        project: &ProjectName,
    ) -> Option<&BTreeMap<PublicKey, Vec<&'a BallotHead>>> {
        self.heads.get(&(*electorate, project.clone()))
    }

    pub(super) fn is_withdrawn(&self, statement: &Verified<Statement>) -> bool {
        self.withdrawn.contains(&(*statement.issuer(), statement.id()))
    }

    /// Whether a key was declared lost, by itself or by enough admins.
    pub(super) fn is_lost(&self, key: &PublicKey, line: &[&Electorate]) -> bool {
        self.revoked.get(key).is_some_and(|by| by.contains(key) || are_enough(line, by))
    }

    /// When a delegation was signed.
    pub(super) fn issued(&self, delegation: StatementId) -> Option<Timestamp> {
        self.issued.get(&delegation).copied()
    }

    /// The voters whom enough admins struck by now.
    pub(super) fn struck(&self, line: &[&Electorate], now: Timestamp) -> BTreeSet<PublicKey> {
        let mut by: BTreeMap<PublicKey, BTreeSet<PublicKey>> = BTreeMap::new();
        let strikes = line.first().and_then(|electorate| self.strikes.get(&electorate.electorate()));
        for (statement, voter) in strikes.into_iter().flatten() {
            if statement.value().issued <= now && !self.is_withdrawn(statement) {
                by.entry(*voter).or_default().insert(*statement.issuer());
            }
        }
        by.into_iter().filter(|(_, admins)| are_enough(line, admins)).map(|(voter, _)| voter).collect()
    }

    /// Whether a key publishes a project: it signed a release of it, or enough admins named it as an author. Nobody
    /// else, and no admin alone, can silence a voter by such a name.
    pub(super) fn publishes(&self, key: &PublicKey, project: &ProjectName, line: &[&Electorate]) -> bool {
        let released = self.releases.get(project).is_some_and(|keys| keys.contains(key));
        let grants = self.authors.get(key).into_iter().flatten().filter(|(statement, grant)| {
            !self.is_withdrawn(statement) && grant.projects.iter().any(|pattern| pattern.matches(project))
        });
        released || are_enough(line, &grants.map(|(statement, _)| *statement.issuer()).collect())
    }
}

/// Whether enough admins of some version that has held are among these: what they did stays done when others follow.
fn are_enough(line: &[&Electorate], signers: &BTreeSet<PublicKey>) -> bool {
    line.iter()
        .map(|electorate| electorate.terms())
        .any(|terms| terms.admins.intersection(signers).count() >= usize::from(terms.threshold.get()))
}
