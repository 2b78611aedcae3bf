//! Votes as their counters see them: a small election hall, stories, laws, and a second count that knows nothing of the first.

mod amendments;
mod laws;
mod naive;
mod stories;

use std::{
    collections::{BTreeMap, BTreeSet},
    num::{NonZeroU16, NonZeroU32},
    sync::Arc,
};

use covouch_core::{
    evidence::Evidence,
    name::ProjectName,
    party::{Owner, PartyName},
    statement::{
        Ballot, BallotHead, BallotPlace, Choice, Claim, Committee, Community, Edition, Electorate, Link,
        Member, Rule, Statement, StatementId, Strike, Terms, Verified, Voter, sign, sign_ballot_head,
    },
    subject::Subject,
    time::Validity,
};
use covouch_graph::{
    TrustGraph,
    tally::{Aside, Outcome, Poll, Succession, Tally, Uncountable, Votes},
};

use crate::world::{NOW, at, files, key, public, this_year};

/// When ballots are cast, where a test does not say otherwise.
const SPRING: &str = "2026-03-01";

fn number(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

/// Voters as `name@affiliation`, a program with `!` before it; two of the admins `ada`, `ben` and `cyd` may amend.
fn committee(voters: &[&str], approvals: u16, objections: u16) -> Terms {
    let member = |text: &&str| {
        let (name, affiliation) = text.trim_start_matches('!').split_once('@').unwrap();
        let voter = if text.starts_with('!') { Voter::Automated } else { Voter::Person };
        (
            public(name),
            Member { affiliation: Owner::parse(affiliation).unwrap(), since: at("2026-01-01"), voter },
        )
    };
    let roster = voters.iter().map(member).collect();
    let (approvals, objections) = (number(approvals), number(objections));
    terms(Rule::Committee(Committee { approvals, objections, roster }))
}

fn community(seeds: &[&str], clusters: u16, members: u32) -> Terms {
    terms(Rule::Community(Community {
        clusters: number(clusters),
        members: NonZeroU32::new(members).unwrap(),
        per_seed: number(1),
        depth: 4,
        seeds: seeds.iter().map(|name| public(name)).collect(),
        automated: BTreeSet::new(),
    }))
}

fn terms(rule: Rule) -> Terms {
    Terms {
        name: PartyName::parse("council").unwrap(),
        admins: ["ada", "ben", "cyd"].map(public).into(),
        threshold: number(2),
        ballots_since: 1,
        maturity_days: 0,
        recusals: Vec::new(),
        validity: Validity::new(at("2026-01-01"), at("2028-01-01")).unwrap(),
        rule,
    }
}

fn first(terms: Terms) -> Electorate {
    Electorate::new(Edition::First, terms).unwrap()
}

fn amend(before: &Electorate, change: impl FnOnce(&mut Terms)) -> Electorate {
    let mut terms = before.terms().clone();
    change(&mut terms);
    Electorate::new(before.next(), terms).unwrap()
}

/// Everything that was signed in an election.
#[derive(Clone, Debug, Default)]
struct Hall {
    statements: Vec<Verified<Statement>>,
    heads: Vec<Verified<BallotHead>>,
    newest: BTreeMap<(String, ProjectName), BallotPlace>,
}

impl Hall {
    /// A hall in which two admins signed a first version at the start of the year.
    fn of(electorate: &Electorate) -> Self {
        let mut hall = Self::default();
        hall.enact(electorate, &["ada", "ben"], "2026-01-01");
        hall
    }

    fn enact(&mut self, electorate: &Electorate, admins: &[&str], issued: &str) {
        for admin in admins {
            self.say(admin, issued, Claim::Electorate(Box::new(electorate.clone())));
        }
    }

    fn say(&mut self, issuer: &str, issued: &str, claim: Claim) -> StatementId {
        let statement = Statement { link: Link::FIRST, issued: at(issued), claim };
        let (_, verified) = sign(&statement, &key(issuer)).unwrap();
        let id = verified.id();
        self.statements.push(verified);
        id
    }

    fn strike(&mut self, electorate: &Electorate, voter: &str, admins: &[&str]) {
        let (electorate, voter) = (electorate.electorate(), public(voter));
        for admin in admins {
            let reason = "sold the key".into();
            self.say(admin, SPRING, Claim::Strike(Strike { electorate, voter, reason }));
        }
    }

    /// Casts a voter's next ballot.
    fn vote(
        &mut self,
        voter: &str,
        choice: Choice,
        electorate: &Electorate,
        subject: &Subject,
    ) -> StatementId {
        self.vote_at(voter, SPRING, choice, (electorate, subject))
    }

    fn vote_at(
        &mut self,
        voter: &str,
        issued: &str,
        choice: Choice,
        (electorate, subject): (&Electorate, &Subject),
    ) -> StatementId {
        let slot = (voter.to_owned(), subject.project.clone());
        let place = self.newest.get(&slot).copied().unwrap_or(BallotPlace::FIRST);
        let id = self.say(voter, issued, ballot(choice, issued, place, (electorate, subject)));
        self.newest.insert(slot, place.after(id));
        id
    }

    /// A voter's head, as it stands.
    fn publish_head(&mut self, voter: &str, electorate: &Electorate, subject: &Subject) {
        let next = self.newest[&(voter.to_owned(), subject.project.clone())];
        let head = BallotHead {
            electorate: electorate.electorate(),
            project: subject.project.clone(),
            sequence: next.sequence - 1,
            ballot: next.previous.unwrap(),
            issued: at(SPRING),
        };
        self.heads.push(sign_ballot_head(&head, &key(voter)).unwrap().1);
    }

    /// Leaves a statement out.
    fn hide(&mut self, statement: StatementId) {
        self.statements.retain(|known| known.id() != statement);
    }

    fn approve(&mut self, voters: &[&str], electorate: &Electorate, subject: &Subject) {
        for voter in voters {
            self.vote(voter, Choice::Approve, electorate, subject);
        }
    }

    fn try_tally_at(
        &self,
        electorate: &Electorate,
        subject: &Subject,
        now: &str,
    ) -> Result<Tally, Uncountable> {
        let mut evidence = Evidence::new();
        for statement in &self.statements {
            evidence.add_statement(statement.clone(), Arc::from("hall"));
        }
        let graph = TrustGraph::build(&evidence, at(now));
        let poll = Poll { electorate: electorate.electorate(), subject, now: at(now) };
        Votes::read(&self.statements, &self.heads).tally(&graph, &poll)
    }

    fn tally(&self, electorate: &Electorate, subject: &Subject) -> Tally {
        self.try_tally_at(electorate, subject, NOW).unwrap()
    }

    fn outcome(&self, electorate: &Electorate, subject: &Subject) -> Outcome {
        self.tally(electorate, subject).outcome
    }

    /// Why a voter's last ballot on a file does not count.
    fn aside(&self, voter: &str, electorate: &Electorate, subject: &Subject) -> Option<Aside> {
        let tally = self.tally(electorate, subject);
        let last = tally.ballots.iter().rfind(|cast| cast.voter == public(voter));
        last.unwrap_or_else(|| panic!("`{voter}` cast no ballot")).aside
    }

    fn with_succession<T>(
        &self,
        electorate: &Electorate,
        now: &str,
        look: impl FnOnce(&Succession<'_>) -> T,
    ) -> T {
        look(
            &Votes::read(&self.statements, &self.heads)
                .succession(&electorate.electorate(), at(now))
                .unwrap(),
        )
    }

    fn version(&self, electorate: &Electorate, now: &str) -> u32 {
        self.with_succession(electorate, now, |succession| succession.electorate.version())
    }
}

fn ballot(
    choice: Choice,
    issued: &str,
    place: BallotPlace,
    (electorate, subject): (&Electorate, &Subject),
) -> Claim {
    Claim::Ballot(Ballot {
        files: files(subject),
        validity: Validity::new(at(issued), this_year().not_after()).unwrap(),
        choice,
        electorate: electorate.electorate(),
        version: electorate.version(),
        place,
    })
}
