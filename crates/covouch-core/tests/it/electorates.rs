//! Electorates nobody should count by, and the heads of ballots.

use std::num::{NonZeroU16, NonZeroU32};

use covouch_core::{
    key::PublicKey,
    limits,
    name::ProjectName,
    statement::{
        BallotHead, Claim, Edition, Electorate, ElectorateError, ElectorateId, Envelope, Rule, Statement,
        Terms, peek_electorate, sign, sign_ballot_head, verify, verify_ballot_head,
    },
    time::Timestamp,
};
use covouch_testkit::keys;
use serde_json::{Value, json};

use crate::{
    forge::{TRUST, envelope, good, issuer, payload, read_payload},
    samples,
};

fn sample(label: &str) -> Electorate {
    let samples = samples::statements();
    let (_, Statement { claim: Claim::Electorate(electorate), .. }) =
        samples.into_iter().find(|(other, _)| *other == label).unwrap()
    else {
        panic!("`{label}` is no electorate")
    };
    *electorate
}

fn changed(label: &str, change: impl FnOnce(&mut Terms)) -> Result<Electorate, ElectorateError> {
    let electorate = sample(label);
    let mut terms = electorate.terms().clone();
    change(&mut terms);
    Electorate::new(*electorate.edition(), terms)
}

fn number(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).unwrap()
}

#[test]
fn a_document_has_one_id_whoever_signs_it() {
    let committee = sample("committee");
    let statement = samples::statements().into_iter().find(|(label, _)| *label == "committee").unwrap().1;
    for name in ["alice", "bob"] {
        let (envelope, signed) = sign(&statement, &keys::secret(name)).unwrap();
        let Claim::Electorate(read) = &signed.value().claim else { panic!() };
        assert_eq!(read.id(), committee.id());
        assert_eq!(peek_electorate(&envelope).unwrap().id(), committee.id());
    }
    assert!(peek_electorate(&good("vouch")).is_none());
    let other = changed("committee", |terms| terms.maturity_days += 1).unwrap();
    assert_ne!(other.id(), committee.id());
    // A later version names the first one.
    assert_eq!(sample("community").electorate(), committee.id());
    assert_eq!((committee.version(), sample("community").version()), (1, 2));
}

#[test]
fn numbers_that_nobody_can_reach_are_refused() {
    assert!(changed("committee", |_| ()).is_ok());
    let rule = |rule: &mut Rule, approvals: u16, objections: u16| match rule {
        Rule::Committee(committee) => {
            (committee.approvals, committee.objections) = (number(approvals), number(objections));
        }
        Rule::Community(community) => {
            (community.clusters, community.per_seed) = (number(approvals), number(objections));
        }
    };
    // Two affiliations and the programs are three voices; two seeds with five voices each are ten.
    assert!(changed("committee", |terms| rule(&mut terms.rule, 3, 3)).is_ok());
    assert!(changed("community", |terms| rule(&mut terms.rule, 10, 5)).is_ok());
    for (label, approvals, objections) in [
        ("committee", 4, 1),
        ("committee", 1, 4),
        ("community", 11, 5),
        // The quorum of sixteen members is four voices.
        ("community", 1, 1),
        ("community", 3, limits::VOICES_PER_SEED + 1),
    ] {
        let error = changed(label, |terms| rule(&mut terms.rule, approvals, objections)).unwrap_err();
        assert!(matches!(error, ElectorateError::Unreachable { .. }), "{label}: {error}");
    }
    let error = changed("committee", |terms| terms.threshold = number(3)).unwrap_err();
    assert!(matches!(error, ElectorateError::Unreachable { .. }), "{error}");
    for since in [0, 2] {
        let error = changed("committee", |terms| terms.ballots_since = since).unwrap_err();
        assert!(matches!(error, ElectorateError::BallotsSince { .. }), "{error}");
    }
}

#[test]
fn lists_are_neither_empty_nor_too_long() {
    let crowd = |count: u16| -> Vec<PublicKey> {
        (0..count).map(|index| *keys::secret(&index.to_string()).public_key()).collect()
    };
    let most = u16::try_from(limits::ADMINS).unwrap();
    assert!(changed("committee", |terms| terms.admins = crowd(most).into_iter().collect()).is_ok());
    let error = changed("committee", |terms| terms.admins = crowd(most + 1).into_iter().collect());
    assert!(matches!(error, Err(ElectorateError::Count { .. })));
    for label in ["committee", "community"] {
        let error = changed(label, |terms| match &mut terms.rule {
            Rule::Committee(committee) => committee.roster.clear(),
            Rule::Community(community) => community.seeds.clear(),
        });
        assert!(matches!(error, Err(ElectorateError::Count { .. })), "{label}");
    }
    let deep = |depth| {
        changed("community", |terms| match &mut terms.rule {
            Rule::Community(community) => community.depth = depth,
            Rule::Committee(_) => panic!(),
        })
    };
    assert!(deep(8).is_ok());
    assert!([0, 9].into_iter().all(|depth| matches!(deep(depth), Err(ElectorateError::Count { .. }))));
    let error = changed("committee", |terms| terms.recusals[0].projects.clear());
    assert!(matches!(error, Err(ElectorateError::Count { .. })));
}

#[test]
fn a_quorum_is_the_square_root_rounded_up() {
    let Rule::Community(mut community) = sample("community").terms().rule.clone() else { panic!() };
    for (members, quorum) in [(1, 1), (2, 2), (4, 2), (5, 3), (400, 20), (401, 21), (u32::MAX, 65_536)] {
        community.members = NonZeroU32::new(members).unwrap();
        assert_eq!(community.quorum(), quorum, "{members}");
    }
}

/// What is changed in a document, and the field that is blamed.
type Spoilt = (&'static str, fn(&mut Value), &'static str);

#[test]
fn a_document_has_one_spelling() {
    let change = |label: &str, change: fn(&mut Value)| {
        let mut payload = payload(label);
        change(&mut payload["document"]);
        read_payload(TRUST, &payload.to_string())
    };
    let cases: [Spoilt; 9] = [
        ("committee", |document| document["admins"].as_array_mut().unwrap().reverse(), "`admins`"),
        ("committee", |document| document["recusals"].as_array_mut().unwrap().reverse(), "`recusals`"),
        ("committee", |document| document["rule"]["roster"].as_array_mut().unwrap().reverse(), "`roster`"),
        (
            "committee",
            |document| {
                let twin = document["admins"][0].clone();
                document["admins"].as_array_mut().unwrap().insert(0, twin);
            },
            "`admins`",
        ),
        ("committee", |document| document["version"] = json!(2), "`version`"),
        ("committee", |document| document["version"] = json!(0), "`version`"),
        ("community", |document| document["version"] = json!(1), "`version`"),
        ("community", |document| drop(document.as_object_mut().unwrap().remove("amends")), "`version`"),
        ("committee", |document| document["threshold"] = json!(3), "`document`"),
    ];
    for (label, to, clause) in cases {
        let error = change(label, to).unwrap_err();
        assert!(error.to_string().contains(clause), "{label}: {error}, expected {clause}");
    }
    assert!(change("committee", |_| ()).is_ok());
}

#[test]
fn the_head_of_ballots_is_no_statement_and_is_its_voters_alone() {
    let head = BallotHead {
        electorate: sample("committee").id(),
        project: ProjectName::parse("widget").unwrap(),
        sequence: 7,
        ballot: covouch_core::statement::StatementId::parse(&"ab".repeat(32)).unwrap(),
        issued: Timestamp::parse("2026-06-01T12:00:00Z").unwrap(),
    };
    let (signed, verified) = sign_ballot_head(&head, &issuer()).unwrap();
    assert_eq!(verified.value(), &head);
    let again = Envelope::parse(signed.to_json().as_bytes()).unwrap();
    assert_eq!(verify_ballot_head(&again, issuer().public_key()).unwrap(), verified);
    assert!(verify_ballot_head(&again, keys::secret("other").public_key()).is_err());
    assert!(verify(&again, issuer().public_key()).is_err());
    assert!(verify_ballot_head(&good("ballot"), issuer().public_key()).is_err());
    let zero = json!({
        "kind": "ballot-head", "issued": head.issued.to_string(), "electorate": head.electorate.to_string(),
        "project": "widget", "ballot": 0, "statement": head.ballot.to_string(),
    });
    let zero = envelope(TRUST, zero.to_string().as_bytes()).to_string();
    let zero = Envelope::parse(zero.as_bytes()).unwrap();
    assert!(verify_ballot_head(&zero, issuer().public_key()).unwrap_err().to_string().contains("`ballot`"));
}

#[test]
fn a_version_that_is_no_version_is_refused() {
    let (id, terms) = (sample("committee").id(), sample("committee").terms().clone());
    for version in [0, 1] {
        let edition = Edition::Amended { electorate: id, amends: id, version };
        assert_eq!(Electorate::new(edition, terms.clone()), Err(ElectorateError::Version(version)));
    }
    assert!(ElectorateId::parse("abc").is_err());
}
