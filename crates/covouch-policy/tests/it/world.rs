//! A small world: people with keys, indexes, files, and a day on which it is judged.

use std::collections::BTreeMap;

use covouch_core::{
    code::Code,
    digest::Sha256,
    evidence::{Evidence, Gap, Known, Listing, ProjectStatus, Stated},
    key::SecretKey,
    name::{ProjectName, ProjectPattern},
    party::PartyName,
    statement::{
        Author, AuthorGrant, Claim, Files, Link, Reviewer, Statement, StatementId, Veto, VetoReason, Vouch,
        VouchLevel, Waiver, sign,
    },
    subject::{FileName, Subject},
    time::{Timestamp, Validity},
};
use covouch_graph::TrustGraph;
use covouch_policy::{Explanation, Policies, Policy, PolicyTable, Report, Source, Verdict};
use covouch_python::filename::DistFilename;
use zeroize::Zeroizing;

pub(crate) fn name(text: &str) -> PartyName {
    PartyName::parse(text).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(crate) fn gap(source: &str) -> Gap {
    Gap { code: Code::new("index-unreachable"), source: source.into(), detail: "it did not answer".into() }
}

/// The key of this person.
pub(crate) fn secret(person: &str) -> SecretKey {
    SecretKey::from_seed(&Zeroizing::new(*Sha256::of(person.as_bytes()).as_bytes())).unwrap()
}

/// `[party.PERSON]` with a key of the same name.
pub(crate) fn signer(person: &str) -> String {
    signer_with(person, "")
}

pub(crate) fn signer_with(person: &str, more: &str) -> String {
    let key = secret(person);
    format!("[party.{person}]\nkey = \"{} {person}\"\nfrom = \"trust/\"\n{more}\n", key.public_key())
}

pub(crate) const PYPI: &str = "[party.pypi]\nindex = \"pypi\"\n";

/// A policy with these tables of parties and this `admit`.
pub(crate) fn policy_text(parties: &[&str], admit: &str, more: &str) -> String {
    format!("schema = 1\n{}\n[policy]\nadmit = '{admit}'\n{more}\n", parties.join("\n"))
}

pub(crate) fn policy(text: &str) -> Policy {
    let source = Source { name: "covouch.toml", text, table: PolicyTable::Whole };
    Policy::parse(source).unwrap_or_else(|errors| panic!("{errors}\n{text}"))
}

pub(crate) fn alone(text: &str) -> Policies {
    Policies::new(None, policy(text)).unwrap()
}

/// A file whose bytes are its name.
pub(crate) fn file(filename: &str) -> Subject {
    file_of(filename, filename)
}

pub(crate) fn file_of(filename: &str, bytes: &str) -> Subject {
    let filename = FileName::parse(filename).unwrap();
    let parsed = DistFilename::parse(&filename, None).unwrap();
    Subject {
        project: parsed.project().unwrap().clone(),
        version: parsed.version().unwrap().clone(),
        filename,
        sha256: Sha256::of(bytes.as_bytes()),
    }
}

/// What an index that keeps to all standards says about a file.
pub(crate) fn listing(uploaded: &str) -> Listing {
    Listing {
        listed: Known::Is(true),
        uploaded: Known::Is(at(uploaded)),
        yanked: Stated::NotStated,
        status: Stated::Is(ProjectStatus::Active),
    }
}

pub(crate) struct World {
    pub(crate) evidence: Evidence,
    pub(crate) now: Timestamp,
    chains: BTreeMap<String, (u64, StatementId)>,
}

impl World {
    /// Noon on the 10th of June.
    pub(crate) fn new() -> Self {
        let now = at("2026-06-10T12:00:00Z");
        Self { evidence: Evidence::new(), now, chains: BTreeMap::new() }
    }

    /// The index lists the file, uploaded then.
    pub(crate) fn lists(&mut self, index: &str, subject: &Subject, uploaded: &str) -> &mut Self {
        self.says(index, subject, listing(uploaded))
    }

    pub(crate) fn says(&mut self, index: &str, subject: &Subject, listing: Listing) -> &mut Self {
        self.has(index, subject.project.as_str(), Known::Is(true));
        self.evidence.add_listing(name(index), subject.clone(), listing);
        self
    }

    pub(crate) fn has(&mut self, index: &str, project: &str, known: Known<bool>) -> &mut Self {
        self.evidence.add_project(name(index), ProjectName::parse(project).unwrap(), known);
        self
    }

    pub(crate) fn vouches(&mut self, person: &str, subject: &Subject) -> &mut Self {
        self.vouches_at(person, subject, VouchLevel::Vouched, "2027-01-01")
    }

    pub(crate) fn vouches_at(
        &mut self,
        person: &str,
        subject: &Subject,
        level: VouchLevel,
        expires: &str,
    ) -> &mut Self {
        let vouch = Vouch {
            files: files(subject),
            validity: validity(expires),
            level,
            read: Vec::new(),
            reviewer: Reviewer::Hand,
            notes: "".into(),
        };
        self.states(person, Claim::Vouch(vouch))
    }

    pub(crate) fn vetoes(&mut self, person: &str, subject: &Subject) -> &mut Self {
        let veto = Veto {
            files: files(subject),
            validity: validity("2027-01-01"),
            reason: VetoReason::Malware,
            reference: "".into(),
        };
        self.states(person, Claim::Veto(veto))
    }

    pub(crate) fn waives(&mut self, person: &str, subject: &Subject, expires: &str) -> &mut Self {
        let waiver = Waiver { files: files(subject), validity: validity(expires), reason: "urgent".into() };
        self.states(person, Claim::Waiver(waiver))
    }

    /// Names an author of these projects.
    pub(crate) fn names(&mut self, person: &str, author: Author, projects: &str) -> &mut Self {
        let projects = vec![ProjectPattern::parse(projects).unwrap()];
        let validity = validity("2027-01-01");
        self.states(person, Claim::Author(AuthorGrant { author, projects, validity }))
    }

    fn states(&mut self, person: &str, claim: Claim) -> &mut Self {
        let before = self.chains.get(person).copied();
        let link = Link {
            sequence: before.map_or(1, |(sequence, _)| sequence + 1),
            previous: before.map(|(_, statement)| statement),
        };
        let statement = Statement { link, issued: at("2026-06-01"), claim };
        let (_, verified) = sign(&statement, &secret(person)).unwrap();
        self.chains.insert(person.to_owned(), (link.sequence, verified.id()));
        self.evidence.add_statement(verified, "trust/".into());
        self
    }

    pub(crate) fn unread(&mut self, party: &str) -> &mut Self {
        self.evidence.add_gap(name(party), gap(party));
        self
    }

    pub(crate) fn graph(&self) -> TrustGraph {
        TrustGraph::build(&self.evidence, self.now)
    }

    pub(crate) fn judge(&self, policies: &Policies, subject: &Subject) -> Verdict {
        policies.judge(&self.graph(), &self.evidence, subject, self.now)
    }

    /// The code of the verdict under one policy.
    pub(crate) fn code(&self, policy: &str, subject: &Subject) -> &'static str {
        self.judge(&alone(policy), subject).code().as_str()
    }

    pub(crate) fn explain(&self, policies: &Policies, subject: &Subject) -> Explanation {
        policies.explain(&self.graph(), &self.evidence, subject, self.now)
    }

    /// The verdict in one clause.
    pub(crate) fn reason(&self, policies: &Policies, subject: &Subject) -> String {
        covouch_policy::reasons::sentence(&self.explain(policies, subject))
    }

    pub(crate) fn report(&self, policies: &Policies, subjects: &[Subject]) -> Report {
        policies.judge_all(&self.graph(), &self.evidence, subjects, self.now)
    }
}

fn files(subject: &Subject) -> Files {
    let listed = [(subject.filename.clone(), subject.sha256)];
    Files::new(subject.project.clone(), subject.version.clone(), listed).unwrap()
}

fn validity(expires: &str) -> Validity {
    Validity::new(at("2026-06-01"), at(expires)).unwrap()
}
