//! How long a recount takes: `cargo bench -p covouch-graph --bench tally`.

#![expect(clippy::unwrap_used, reason = "a benchmark's own data is as it says")]

use std::{
    collections::BTreeSet,
    num::{NonZeroU16, NonZeroU32},
    sync::Arc,
};

use covouch_core::{
    amount::Amount,
    digest::Sha256,
    evidence::Evidence,
    key::{PublicKey, SecretKey},
    level::Level,
    name::{ProjectName, ProjectPattern},
    party::{Owner, PartyName},
    statement::{
        Ballot, BallotPlace, Choice, Claim, Committee, Community, Delegation, Edition, Electorate, Envelope,
        Files, Link, Member, Rule, Statement, StatementId, Terms, Verified, Voter, sign, verify,
    },
    subject::{FileName, Subject},
    time::{Timestamp, Validity},
    version::Version,
};
use covouch_graph::{
    TrustGraph,
    tally::{Outcome, Poll, Votes},
};
use divan::{Bencher, black_box};
use zeroize::Zeroizing;

fn main() {
    divan::main();
}

/// All ballots of each of these elections.
const BALLOTS: usize = 10_000;

fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(&Zeroizing::new(*Sha256::of(name.as_bytes()).as_bytes())).unwrap()
}

fn public(name: &str) -> PublicKey {
    *key(name).public_key()
}

fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn this_year() -> Validity {
    Validity::new(moment("2026-01-01"), moment("2027-01-01")).unwrap()
}

fn subject() -> Subject {
    Subject {
        project: ProjectName::parse("orphan").unwrap(),
        version: Version::parse("1.0").unwrap(),
        filename: FileName::parse("orphan-1.0.tar.gz").unwrap(),
        sha256: Sha256::of(b"orphan"),
    }
}

fn electorate(rule: Rule) -> Electorate {
    let terms = Terms {
        name: PartyName::parse("council").unwrap(),
        admins: [public("admin")].into(),
        threshold: NonZeroU16::MIN,
        ballots_since: 1,
        maturity_days: 30,
        recusals: Vec::new(),
        validity: this_year(),
        rule,
    };
    Electorate::new(Edition::First, terms).unwrap()
}

/// What was signed, as it travels and as it was believed.
#[derive(Default)]
struct Hall {
    envelopes: Vec<(Envelope, PublicKey)>,
    statements: Vec<Verified<Statement>>,
}

impl Hall {
    fn say(&mut self, issuer: &SecretKey, claim: Claim) -> StatementId {
        let statement = Statement { link: Link::FIRST, issued: moment("2026-01-01"), claim };
        let (envelope, verified) = sign(&statement, issuer).unwrap();
        let id = verified.id();
        self.envelopes.push((envelope, *issuer.public_key()));
        self.statements.push(verified);
        id
    }

    fn vote(&mut self, voter: &str, electorate: &Electorate, ballots: usize) {
        let (voter, subject) = (key(voter), subject());
        let file = (subject.filename, subject.sha256);
        let mut place = BallotPlace::FIRST;
        for _ in 0..ballots {
            let files = Files::new(subject.project.clone(), subject.version.clone(), [file.clone()]).unwrap();
            let ballot = Ballot {
                files,
                validity: this_year(),
                choice: Choice::Approve,
                electorate: electorate.id(),
                version: 1,
                place,
            };
            place = place.after(self.say(&voter, Claim::Ballot(ballot)));
        }
    }

    fn delegate(&mut self, from: &str, to: &str, depth: u8) {
        let delegation = Delegation {
            to: public(to),
            depth,
            amount: Amount::FULL,
            level: Level::Audited,
            projects: vec![ProjectPattern::parse("*").unwrap()],
            validity: this_year(),
        };
        self.say(&key(from), Claim::Delegation(delegation));
    }

    fn open(electorate: &Electorate) -> Self {
        let mut hall = Self::default();
        hall.say(&key("admin"), Claim::Electorate(Box::new(electorate.clone())));
        hall
    }
}

/// Two thousand people of two hundred affiliations, who each changed their minds four times.
fn committee() -> (Electorate, Hall) {
    let voter = |index: usize| {
        let affiliation = Owner::parse(&format!("affiliation-{}", index % 200)).unwrap();
        let since = moment("2026-01-01");
        (public(&format!("voter {index}")), Member { affiliation, since, voter: Voter::Person })
    };
    let (approvals, objections) = (NonZeroU16::new(150).unwrap(), NonZeroU16::new(10).unwrap());
    let roster = (0..BALLOTS / 5).map(voter).collect();
    let electorate = electorate(Rule::Committee(Committee { approvals, objections, roster }));
    let mut hall = Hall::open(&electorate);
    for index in 0..BALLOTS / 5 {
        hall.vote(&format!("voter {index}"), &electorate, 5);
    }
    (electorate, hall)
}

/// Forty seeds with five friends each, each of whom lets fifty people vote, half of them together with a neighbour.
fn community() -> (Electorate, Hall) {
    let seeds: BTreeSet<PublicKey> = (0..40).map(|seed| public(&format!("seed {seed}"))).collect();
    let electorate = electorate(Rule::Community(Community {
        clusters: NonZeroU16::new(150).unwrap(),
        members: NonZeroU32::new(20_000).unwrap(),
        per_seed: NonZeroU16::new(5).unwrap(),
        depth: 4,
        seeds,
        automated: BTreeSet::new(),
    }));
    let mut hall = Hall::open(&electorate);
    for friend in 0..200 {
        hall.delegate(&format!("seed {}", friend % 40), &format!("friend {friend}"), 2);
        for neighbour in 0..50 {
            let voter = format!("voter {}", friend * 50 + neighbour);
            hall.delegate(&format!("friend {friend}"), &voter, 1);
            if neighbour % 2 == 0 {
                hall.delegate(&format!("friend {}", (friend + 1) % 200), &voter, 1);
            }
            hall.vote(&voter, &electorate, 1);
        }
    }
    (electorate, hall)
}

/// From verified statements to the count, the graph included.
fn recount(bencher: Bencher<'_, '_>, (electorate, hall): (Electorate, Hall)) {
    let (subject, now) = (subject(), moment("2026-06-01"));
    let mut evidence = Evidence::new();
    for statement in &hall.statements {
        evidence.add_statement(statement.clone(), Arc::from("hall"));
    }
    let poll = Poll { electorate: electorate.id(), subject: &subject, now };
    bencher.bench_local(|| {
        let graph = TrustGraph::build(black_box(&evidence), now);
        let tally = Votes::read(black_box(&hall.statements), []).tally(&graph, &poll).unwrap();
        assert_eq!((tally.outcome, tally.ballots.len()), (Outcome::Passed, BALLOTS));
        tally
    });
}

#[divan::bench(sample_count = 20)]
fn recount_committee(bencher: Bencher<'_, '_>) {
    recount(bencher, committee());
}

#[divan::bench(sample_count = 20)]
fn recount_community(bencher: Bencher<'_, '_>) {
    recount(bencher, community());
}

/// The part of it that every judgement has anyway: who lets whom speak.
#[divan::bench(sample_count = 20)]
fn build_graph_of_community(bencher: Bencher<'_, '_>) {
    let (_, hall) = community();
    let mut evidence = Evidence::new();
    for statement in &hall.statements {
        evidence.add_statement(statement.clone(), Arc::from("hall"));
    }
    bencher.bench_local(|| TrustGraph::build(black_box(&evidence), moment("2026-06-01")));
}

/// Checking the signatures of ten thousand ballots and reading them; `covouch` does this once, when it reads a source.
#[divan::bench(sample_count = 5)]
fn verify_ballots(bencher: Bencher<'_, '_>) {
    let (_, hall) = committee();
    let ballots: Vec<_> = hall.envelopes.iter().skip(1).collect();
    assert_eq!(ballots.len(), BALLOTS);
    bencher.bench_local(|| {
        for (envelope, key) in &ballots {
            black_box(verify(envelope, key).unwrap());
        }
    });
}
