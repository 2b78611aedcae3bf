//! How long one file takes: `cargo bench -p covouch-graph`.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark's own data is as it says")]

use std::{num::NonZeroUsize, sync::Arc};

use covouch_core::{
    amount::{Amount, Decimal},
    digest::Sha256,
    evidence::Evidence,
    key::{PublicKey, SecretKey},
    level::Level,
    name::{ProjectName, ProjectPattern},
    party::PartyName,
    statement::{Claim, Delegation, Files, Link, Reviewer, Statement, Vouch, VouchLevel, sign},
    subject::{FileName, Subject},
    time::{Timestamp, Validity},
    version::Version,
};
use covouch_graph::{Answer, Grant, Parties, Party, PartyIndex, Question, Requirement, TrustGraph, Weights};
use divan::{Bencher, black_box};
use zeroize::Zeroizing;

fn main() {
    divan::main();
}

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

fn subject(number: usize) -> Subject {
    let name = format!("project-{number}");
    Subject {
        project: ProjectName::parse(&name).unwrap(),
        version: Version::parse("1.0").unwrap(),
        filename: FileName::parse(&format!("{name}-1.0.tar.gz")).unwrap(),
        sha256: Sha256::of(name.as_bytes()),
    }
}

fn say(evidence: &mut Evidence, issuer: &str, claim: Claim) {
    let statement = Statement { link: Link::FIRST, issued: moment("2026-01-01"), claim };
    let (_, verified) = sign(&statement, &key(issuer)).unwrap();
    evidence.add_statement(verified, Arc::from(issuer));
}

fn vouch(subject: &Subject) -> Claim {
    let file = (subject.filename.clone(), subject.sha256);
    Claim::Vouch(Vouch {
        files: Files::new(subject.project.clone(), subject.version.clone(), [file]).unwrap(),
        validity: this_year(),
        level: VouchLevel::Vouched,
        read: Vec::new(),
        reviewer: Reviewer::Hand,
        notes: "".into(),
    })
}

fn delegate(evidence: &mut Evidence, from: &str, to: &str, depth: u8) {
    let delegation = Delegation {
        to: public(to),
        depth,
        amount: Amount::FULL,
        level: Level::Audited,
        projects: vec![ProjectPattern::parse("*").unwrap()],
        validity: this_year(),
    };
    say(evidence, from, Claim::Delegation(delegation));
}

/// An index and seven parties with a root key each.
fn eight() -> Parties {
    let party = |number: usize| Party {
        name: PartyName::parse(&format!("party-{number}")).unwrap(),
        roots: if number == 0 { Vec::new() } else { vec![public(&format!("root {number}"))] },
        owner: None,
        weights: Weights::flat(Level::Listed, Decimal::ONE),
        depth: 3,
    };
    Parties::new((0..8).map(party).collect()).unwrap()
}

fn whole(party: PartyIndex) -> Requirement {
    Requirement::Support { party, level: Level::Listed, at_least: Amount::FULL }
}

/// The index and three of the seven.
fn requirement(parties: &[PartyIndex]) -> Requirement {
    let some = parties[1..].iter().copied().map(whole).collect();
    let some = Requirement::AtLeast(NonZeroUsize::new(3).unwrap(), some);
    Requirement::All(vec![whole(parties[0]), some])
}

/// Asks about many files with as many vouchers each.
fn ask(bencher: Bencher<'_, '_>, evidence: &Evidence, files: usize, met: bool) {
    let parties = eight();
    let indices: Vec<PartyIndex> = parties.iter().map(|(index, _)| index).collect();
    let requirement = requirement(&indices);
    let grants = [Grant { party: indices[0], level: Level::Listed, origin: "listed".into() }];
    let graph = TrustGraph::build(evidence, moment("2026-06-01"));
    let subjects: Vec<Subject> = (0..files).map(subject).collect();
    let mut next = subjects.iter().cycle();
    bencher.bench_local(|| {
        let subject = next.next().unwrap();
        let question = Question { subject, parties: &parties, grants: &grants, identities: &[], also: None };
        let answer = graph.admit(black_box(&question), requirement.clone());
        assert_eq!(matches!(answer, Answer::Met(_)), met);
        answer
    });
}

#[divan::bench]
fn nobody_speaks(bencher: Bencher<'_, '_>) {
    ask(bencher, &Evidence::new(), 64, false);
}

#[divan::bench(args = [1, 3, 7])]
fn one_hop(bencher: Bencher<'_, '_>, vouchers: usize) {
    let mut evidence = Evidence::new();
    for file in 0..64 {
        for voucher in 1..=vouchers {
            say(&mut evidence, &format!("root {voucher}"), vouch(&subject(file)));
        }
    }
    ask(bencher, &evidence, 64, vouchers >= 3);
}

/// Seven parties that share reviewers: each trusts three of ten, four of whom vouch.
#[divan::bench]
fn delegated(bencher: Bencher<'_, '_>) {
    let mut evidence = Evidence::new();
    for party in 1..8 {
        for reviewer in 0..3 {
            delegate(
                &mut evidence,
                &format!("root {party}"),
                &format!("reviewer {}", (party * 2 + reviewer) % 10),
                1,
            );
        }
    }
    for file in 0..16 {
        for reviewer in 0..4 {
            say(&mut evidence, &format!("reviewer {}", (file + reviewer * 3) % 10), vouch(&subject(file)));
        }
    }
    ask(bencher, &evidence, 16, true);
}
