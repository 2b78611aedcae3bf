//! Debian's key graph: one root to all keys, the exact packing of a file that one key vouches for, and of one that all
//! who certified a key vouch for, which is what the web of trust calls a binding.

use std::{collections::BTreeMap, sync::Arc};

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
use covouch_graph::{
    Answer, Parties, Party, Question, Requirement, TrustGraph, Weights,
    instance::UNLIMITED,
    web::{Appointment, NodeIndex, Web},
};
use zeroize::Zeroizing;

use crate::{describe, shortest};

type Failure = Box<dyn std::error::Error>;

/// How often each thing is done; the shortest counts.
const RUNS: u32 = 5;

pub(crate) fn run(edges: &str, policy: &str) -> Result<(), Failure> {
    let certifications = certifications(edges)?;
    let mut keys: BTreeMap<&str, SecretKey> = BTreeMap::new();
    for fingerprint in certifications.iter().flat_map(|(issuer, target, _)| [*issuer, *target]) {
        keys.entry(fingerprint).or_insert(secret(fingerprint)?);
    }
    let policy: toml::Table = policy.parse()?;
    let minimum = Decimal::parse(policy["minimum"].as_str().ok_or("no minimum")?)?;
    let roots = roots(&policy)?;
    sweep(&certifications, &keys, &roots);
    let evidence = evidence(&certifications, &keys)?;
    let graph = TrustGraph::build(&evidence, moment()?);
    let four = parties(&roots, &keys)?;
    let file = |what: &str| format!("exact packing of a file that {what}");
    ask(
        &file("one key vouches for, four parties"),
        (&graph, &four),
        &Requirement::Score(minimum),
        ("file", &keys),
    )?;
    let one = parties(&roots[..1], &keys)?;
    let whole = one.iter().map(|(party, _)| Requirement::Support {
        party,
        level: Level::Listed,
        at_least: Amount::FULL,
    });
    let whole = Requirement::All(whole.collect());
    ask(&file("a key's certifiers vouch for, one party"), (&graph, &one), &whole, ("binding", &keys))
}

/// Issuer, target and amount in percent of every certification that was live and acceptable.
fn certifications(edges: &str) -> Result<Vec<(&str, &str, u8)>, Failure> {
    let mut lines = edges.lines();
    let header: Vec<&str> = lines.next().ok_or("no header")?.split(',').collect();
    let column = |name: &str| header.iter().position(|column| *column == name).ok_or("a column is missing");
    let [issuer, target, amount] = [column("issuer")?, column("target")?, column("amount")?];
    let [live, acceptable] = [column("live")?, column("policy_ok")?];
    let mut certifications = Vec::new();
    for line in lines {
        let row: Vec<&str> = line.split(',').collect();
        if (row[live], row[acceptable]) == ("1", "1") {
            // OpenPGP counts trust in 120ths.
            let percent = row[amount].parse::<u16>()? * 100 / 120;
            certifications.push((row[issuer], row[target], u8::try_from(percent)?));
        }
    }
    Ok(certifications)
}

/// The policy's root keys, each with its party's weight.
fn roots(policy: &toml::Table) -> Result<Vec<(&str, Decimal)>, Failure> {
    let mut roots = Vec::new();
    for party in policy["party"].as_table().ok_or("no parties")?.values() {
        let text = |key: &str| party.get(key).and_then(toml::Value::as_str).ok_or("a party lacks something");
        roots.push((text("root")?, Decimal::parse(text("weight")?)?));
    }
    Ok(roots)
}

fn sweep(certifications: &[(&str, &str, u8)], keys: &BTreeMap<&str, SecretKey>, roots: &[(&str, Decimal)]) {
    let number = |key: &str| NodeIndex::new(keys.keys().position(|other| *other == key).unwrap_or_default());
    let numbers: BTreeMap<&str, NodeIndex> =
        keys.keys().enumerate().map(|(place, key)| (*key, NodeIndex::new(place))).collect();
    let appointment = |(from, to, _): &(&str, &str, u8)| Appointment {
        from: numbers[from],
        to: numbers[to],
        depth: UNLIMITED,
    };
    let web = Web::new(keys.len(), certifications.iter().map(appointment));
    let times = |root: &(&str, Decimal)| {
        let start = (number(root.0), UNLIMITED);
        (0..200).map(|_| shortest(RUNS, || web.authority([start]))).collect::<Vec<_>>()
    };
    describe("one root to all keys", roots.iter().flat_map(times).collect());
}

/// Asks about a file for each key, and says how many were admitted.
fn ask(
    name: &str,
    (graph, parties): (&TrustGraph, &Parties),
    requirement: &Requirement,
    (what, keys): (&str, &BTreeMap<&str, SecretKey>),
) -> Result<(), Failure> {
    let (mut times, mut met) = (Vec::new(), 0);
    for key in keys.keys() {
        let subject = subject(what, key)?;
        let question = Question { subject: &subject, parties, grants: &[], identities: &[], also: None };
        met += usize::from(matches!(graph.admit(&question, requirement.clone()), Answer::Met(_)));
        times.push(shortest(RUNS, || graph.admit(&question, requirement.clone())));
    }
    describe(&format!("{name} ({met} admitted)"), times);
    Ok(())
}

fn secret(name: &str) -> Result<SecretKey, Failure> {
    Ok(SecretKey::from_seed(&Zeroizing::new(*Sha256::of(name.as_bytes()).as_bytes()))?)
}

fn moment() -> Result<Timestamp, Failure> {
    Ok(Timestamp::parse("2026-06-01")?)
}

fn subject(what: &str, key: &str) -> Result<Subject, Failure> {
    let name = format!("{what}-of-{key}");
    Ok(Subject {
        project: ProjectName::parse(&name)?,
        version: Version::parse("1.0")?,
        filename: FileName::parse(&format!("{}-1.0.tar.gz", name.to_lowercase()))?,
        sha256: Sha256::of(name.as_bytes()),
    })
}

/// Each certification a delegation of depth 2 and a vouch for the binding of its target; and from each key a vouch for a
/// file of its own.
fn evidence(
    certifications: &[(&str, &str, u8)],
    keys: &BTreeMap<&str, SecretKey>,
) -> Result<Evidence, Failure> {
    let validity = Validity::new(Timestamp::parse("2026-01-01")?, Timestamp::parse("2027-01-01")?);
    let validity = validity.ok_or("a year is a time")?;
    let everything = ProjectPattern::parse("*")?;
    let mut evidence = Evidence::new();
    let mut say = |issuer: &SecretKey, claim: Claim| -> Result<(), Failure> {
        let statement = Statement { link: Link::FIRST, issued: validity.not_before(), claim };
        evidence.add_statement(sign(&statement, issuer)?.1, Arc::from("debian"));
        Ok(())
    };
    for (issuer, target, percent) in certifications {
        let to: PublicKey = *keys[target].public_key();
        let amount = Amount::from_percent(*percent).ok_or("a certification of nothing")?;
        let projects = vec![everything.clone()];
        let delegation = Delegation { to, depth: 2, amount, level: Level::Audited, projects, validity };
        say(&keys[issuer], Claim::Delegation(delegation))?;
    }
    let vouch = |what: &str, key: &str| -> Result<Claim, Failure> {
        let Subject { project, version, filename, sha256 } = subject(what, key)?;
        let files = Files::new(project, version, [(filename, sha256)])?;
        let (level, read, reviewer) = (VouchLevel::Vouched, Vec::new(), Reviewer::Hand);
        Ok(Claim::Vouch(Vouch { files, validity, level, read, reviewer, notes: "".into() }))
    };
    for (issuer, target, _) in certifications {
        say(&keys[issuer], vouch("binding", target)?)?;
    }
    for (name, key) in keys {
        say(key, vouch("file", name)?)?;
    }
    Ok(evidence)
}

fn parties(roots: &[(&str, Decimal)], keys: &BTreeMap<&str, SecretKey>) -> Result<Parties, Failure> {
    let mut parties = Vec::new();
    for (number, (root, weight)) in roots.iter().enumerate() {
        parties.push(Party {
            name: PartyName::parse(&format!("party-{number}"))?,
            roots: vec![*keys[root].public_key()],
            owner: None,
            weights: Weights::flat(Level::Listed, *weight),
            depth: UNLIMITED,
        });
    }
    Ok(Parties::new(parties)?)
}
