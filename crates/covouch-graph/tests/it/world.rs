//! A small world of signed statements, and policies to ask about it.

use std::sync::Arc;

use covouch_core::{
    amount::{Amount, Decimal},
    digest::Sha256,
    evidence::Evidence,
    key::{PublicKey, SecretKey},
    level::Level,
    name::{ProjectName, ProjectPattern},
    party::{Owner, PartyName},
    statement::{
        Author, AuthorGrant, Claim, Delegation, Files, Link, Release, Reviewer, Severity, Statement,
        StatementId, Veto, VetoReason, Vouch, VouchLevel, Waiver, Withdrawal, sign,
    },
    subject::{FileName, Subject},
    time::{Timestamp, Validity},
    version::Version,
};
use covouch_graph::{Answer, Parties, Party, PartyIndex, Question, Requirement, TrustGraph, Weights};
use zeroize::Zeroizing;

/// The moment most questions are asked at.
pub(crate) const NOW: &str = "2026-06-01";

pub(crate) fn key(name: &str) -> SecretKey {
    SecretKey::from_seed(&Zeroizing::new(*Sha256::of(name.as_bytes()).as_bytes())).unwrap()
}

pub(crate) fn public(name: &str) -> PublicKey {
    *key(name).public_key()
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(crate) fn validity(from: &str, until: &str) -> Validity {
    Validity::new(at(from), at(until)).unwrap()
}

/// All of 2026.
pub(crate) fn this_year() -> Validity {
    validity("2026-01-01", "2027-01-01")
}

pub(crate) fn points(text: &str) -> Decimal {
    Decimal::parse(text).unwrap()
}

pub(crate) fn subject_of(project: &str) -> Subject {
    Subject {
        project: ProjectName::parse(project).unwrap(),
        version: Version::parse("1.0").unwrap(),
        filename: FileName::parse(&format!("{}-1.0.tar.gz", project.to_lowercase())).unwrap(),
        sha256: Sha256::of(project.as_bytes()),
    }
}

pub(crate) fn numpy() -> Subject {
    subject_of("numpy")
}

pub(crate) fn files(subject: &Subject) -> Files {
    let file = (subject.filename.clone(), subject.sha256);
    Files::new(subject.project.clone(), subject.version.clone(), [file]).unwrap()
}

pub(crate) fn scope(patterns: &[&str]) -> Vec<ProjectPattern> {
    patterns.iter().map(|pattern| ProjectPattern::parse(pattern).unwrap()).collect()
}

pub(crate) fn vouch(subject: &Subject) -> Claim {
    vouch_until(subject, VouchLevel::Vouched, this_year())
}

pub(crate) fn vouch_until(subject: &Subject, level: VouchLevel, validity: Validity) -> Claim {
    let (files, notes) = (files(subject), "".into());
    Claim::Vouch(Vouch { files, validity, level, read: Vec::new(), reviewer: Reviewer::Hand, notes })
}

/// A delegation of 100 % at depth 1, for everything.
pub(crate) fn may_vouch(to: &str) -> Delegation {
    Delegation {
        to: public(to),
        depth: 1,
        amount: Amount::FULL,
        level: Level::Audited,
        projects: scope(&["*"]),
        validity: this_year(),
    }
}

pub(crate) fn percent(percent: u8) -> Amount {
    Amount::from_percent(percent).unwrap()
}

pub(crate) fn author(name: &str, patterns: &[&str]) -> Claim {
    let author = Author::Key(public(name));
    Claim::Author(AuthorGrant { author, projects: scope(patterns), validity: this_year() })
}

pub(crate) fn release(subject: &Subject) -> Claim {
    Claim::Release(Release { files: files(subject), validity: this_year() })
}

pub(crate) fn veto(subject: &Subject) -> Claim {
    let reference = "https://index.example/advisory".into();
    Claim::Veto(Veto { files: files(subject), validity: this_year(), reason: VetoReason::Malware, reference })
}

pub(crate) fn waiver(subject: &Subject) -> Claim {
    Claim::Waiver(Waiver { files: files(subject), validity: this_year(), reason: "read by hand".into() })
}

pub(crate) fn revocation(of: &str, from: &str, severity: Severity) -> Claim {
    Claim::Withdrawal(Withdrawal::Key { key: public(of), from: at(from), severity })
}

/// What everybody has said.
#[derive(Clone, Default)]
pub(crate) struct World {
    pub(crate) evidence: Evidence,
}

impl World {
    /// Signed in spring.
    pub(crate) fn say(&mut self, issuer: &str, claim: Claim) -> StatementId {
        self.say_at(issuer, "2026-03-01", claim)
    }

    /// A statement about files holds from the moment it is signed; the start given is not looked at.
    pub(crate) fn say_at(&mut self, issuer: &str, issued: &str, mut claim: Claim) -> StatementId {
        let validity = match &mut claim {
            Claim::Vouch(vouch) => Some(&mut vouch.validity),
            Claim::Veto(veto) => Some(&mut veto.validity),
            Claim::Waiver(waiver) => Some(&mut waiver.validity),
            Claim::Release(release) => Some(&mut release.validity),
            Claim::Ballot(ballot) => Some(&mut ballot.validity),
            Claim::Delegation(_)
            | Claim::Author(_)
            | Claim::Withdrawal(_)
            | Claim::Electorate(_)
            | Claim::Strike(_) => None,
        };
        if let Some(validity) = validity {
            *validity = Validity::new(at(issued), validity.not_after()).unwrap();
        }
        let statement = Statement { link: Link::FIRST, issued: at(issued), claim };
        let (_, verified) = sign(&statement, &key(issuer)).unwrap();
        let id = verified.id();
        self.evidence.add_statement(verified, Arc::from(issuer));
        id
    }

    pub(crate) fn graph(&self) -> TrustGraph {
        self.graph_at(NOW)
    }

    pub(crate) fn graph_at(&self, moment: &str) -> TrustGraph {
        TrustGraph::build(&self.evidence, at(moment))
    }

    /// Whether one party, rooted at the key of its own name with depth 3, vouches wholly for a file at some moment.
    pub(crate) fn supports_at(&self, party: &str, subject: &Subject, moment: &str) -> bool {
        self.share_at(party, subject, moment) == Amount::FULL
    }

    pub(crate) fn supports(&self, party: &str, subject: &Subject) -> bool {
        self.supports_at(party, subject, NOW)
    }

    pub(crate) fn share(&self, party: &str, subject: &Subject) -> Amount {
        self.share_at(party, subject, NOW)
    }

    pub(crate) fn share_at(&self, party: &str, subject: &Subject, moment: &str) -> Amount {
        let parties = parties(&[Rooted { depth: 3, ..rooted(party) }]);
        let question = Question { subject, parties: &parties, grants: &[], identities: &[], also: None };
        let support = self.graph_at(moment).support(&question);
        assert_eq!(support.incomplete, None);
        support.parties[0].alone.first().map_or(Amount::NONE, |(_, amount)| *amount)
    }
}

/// A party to be: rooted at the key of its own name.
#[derive(Clone)]
pub(crate) struct Rooted<'a> {
    pub(crate) name: &'a str,
    pub(crate) keys: Vec<&'a str>,
    pub(crate) weight: &'a str,
    pub(crate) owner: Option<&'a str>,
    pub(crate) depth: u8,
}

pub(crate) fn rooted(name: &str) -> Rooted<'_> {
    Rooted { name, keys: vec![name], weight: "1", owner: None, depth: Party::DEFAULT_DEPTH }
}

pub(crate) fn weighing<'a>(name: &'a str, weight: &'a str) -> Rooted<'a> {
    Rooted { weight, ..rooted(name) }
}

pub(crate) fn parties(rooted: &[Rooted<'_>]) -> Parties {
    let party = |party: &Rooted<'_>| Party {
        name: PartyName::parse(party.name).unwrap(),
        roots: party.keys.iter().map(|key| public(key)).collect(),
        owner: party.owner.map(|owner| Owner::parse(owner).unwrap()),
        weights: Weights::flat(Level::Listed, points(party.weight)),
        depth: party.depth,
    };
    Parties::new(rooted.iter().map(party).collect()).unwrap()
}

pub(crate) fn index(parties: &Parties, name: &str) -> PartyIndex {
    parties.index_of(&PartyName::parse(name).unwrap()).unwrap()
}

pub(crate) fn whole(party: PartyIndex) -> Requirement {
    Requirement::Support { party, level: Level::Listed, at_least: Amount::FULL }
}

pub(crate) fn is_met(answer: &Answer) -> bool {
    match answer {
        Answer::Met(_) => true,
        Answer::NotMet(_) => false,
        Answer::Undecided(reason) => panic!("{reason}"),
    }
}
