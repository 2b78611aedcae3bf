//! Debian's key graph: how many single keys pass a policy of four parties alone, with and without packing.
//!
//! Each certification is taken as a delegation of depth 2, and each key vouches for a file of its own.

use std::{collections::BTreeMap, num::NonZeroUsize};

use covouch_core::{
    amount::Amount,
    level::Level,
    statement::{Claim, Delegation},
    subject::Subject,
};
use covouch_graph::{Question, Requirement, instance::UNLIMITED};

use crate::world::{
    Rooted, World, index, is_met, may_vouch, parties, percent, points, subject_of, vouch, whole,
};

const EDGES: &str = include_str!("../data/debian-wot/edges.csv");
const POLICY: &str = include_str!("../data/debian-wot-policy.toml");

/// Issuer, target and percent of every certification that was live and acceptable.
fn certifications() -> Vec<(&'static str, &'static str, u8)> {
    let mut lines = EDGES.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let columns = ["issuer", "target", "amount", "live", "policy_ok"].map(column);
    let rows = lines.map(|line| line.split(',').collect::<Vec<_>>());
    let rows = rows.map(|row| columns.map(|column| row[column]));
    rows.filter(|[_, _, _, live, acceptable]| (*live, *acceptable) == ("1", "1"))
        // OpenPGP counts trust in 120ths.
        .map(|[issuer, target, amount, ..]| {
            let amount: u16 = amount.parse().unwrap();
            (issuer, target, u8::try_from(amount * 100 / 120).unwrap())
        })
        .collect()
}

/// The key whose number of certifications is nearest to this, the first by fingerprint where several are.
fn nearest<'a>(degrees: &BTreeMap<&'a str, usize>, degree: usize) -> &'a str {
    let nearest = degrees.iter().min_by_key(|(key, count)| (count.abs_diff(degree), **key));
    nearest.unwrap().0
}

#[test]
fn packing_lets_no_single_key_of_debian_pass_four_parties() {
    let certifications = certifications();
    let mut degrees: BTreeMap<&str, usize> = BTreeMap::new();
    let mut world = World::default();
    for (issuer, target, amount) in &certifications {
        *degrees.entry(issuer).or_default() += 1;
        degrees.entry(target).or_default();
        world.say(
            issuer,
            Claim::Delegation(Delegation { depth: 2, amount: percent(*amount), ..may_vouch(target) }),
        );
    }
    let policy: toml::Table = POLICY.parse().unwrap();
    let minimum = Requirement::Score(points(policy["minimum"].as_str().unwrap()));
    let table = policy["party"].as_table().unwrap();
    let four: Vec<Rooted<'_>> = table
        .iter()
        .map(|(name, party)| {
            let root = party["root"].as_str().unwrap();
            let degree = usize::try_from(party["certifications"].as_integer().unwrap()).unwrap();
            assert_eq!(root, nearest(&degrees, degree), "the policy names the keys it says it does");
            let weight = party["weight"].as_str().unwrap();
            Rooted { name, keys: vec![root], weight, owner: None, depth: UNLIMITED }
        })
        .collect();
    let parties = parties(&four);
    let files: Vec<Subject> = degrees.keys().map(|key| subject_of(&format!("file-of-{key}"))).collect();
    for (key, subject) in degrees.keys().zip(&files) {
        world.say(key, vouch(subject));
    }
    let graph = world.graph();
    let counted = |requirement: &dyn Fn(&Question<'_>) -> bool| {
        let ask = |subject| {
            requirement(&Question { subject, parties: &parties, grants: &[], identities: &[], also: None })
        };
        files.iter().filter(|subject| ask(subject)).count()
    };
    // Weights 0.5, 1, 2 and 2 reach 5.5 only together, so counted alone each party must be whole.
    let naive = counted(&|question| {
        four.iter().all(|party| is_met(&graph.admit(question, whole(index(&parties, party.name)))))
    });
    let packed = counted(&|question| is_met(&graph.admit(question, minimum.clone())));
    let two = counted(&|question| {
        let whole = four.iter().map(|party| whole(index(&parties, party.name))).collect();
        is_met(&graph.admit(question, Requirement::AtLeast(NonZeroUsize::new(2).unwrap(), whole)))
    });
    let halves = counted(&|question| {
        let half = |party: &Rooted<'_>| Requirement::Support {
            party: index(&parties, party.name),
            level: Level::Listed,
            at_least: Amount::from_percent(50).unwrap(),
        };
        is_met(&graph.admit(
            question,
            Requirement::AtLeast(NonZeroUsize::new(2).unwrap(), four.iter().map(half).collect()),
        ))
    });
    println!(
        "of {} single keys: {naive} pass when parties are counted alone, {packed} in one packing",
        files.len()
    );
    println!("two whole parties: {two}; two halves: {halves}");
    assert_eq!((naive, packed, two), (221, 0, 0));
    assert!(halves > 0, "halves of one key may serve two parties: the partial-amount trap");
}
