//! The laws on signed statements: what more of them can change.

use covouch_core::{
    amount::Amount,
    level::Level,
    statement::{Claim, Delegation, Severity, StatementId, Withdrawal},
};
use covouch_graph::{Parties, Question, Requirement};
use proptest::{collection::vec, prelude::*, sample::select};

use crate::{
    random::config,
    world::{
        Rooted, World, author, index, is_met, may_vouch, numpy, parties, percent, release, revocation,
        rooted, scope, validity, vouch, whole,
    },
};

const KEYS: [&str; 5] = ["security", "platform", "lead", "reviewer", "maintainer"];

#[derive(Clone, Debug)]
enum Said {
    Vouch,
    Release,
    Delegation { to: usize, depth: u8, percent: u8, ended: bool },
    Author { to: usize },
}

#[derive(Clone, Debug)]
enum Taken {
    Statement(usize),
    Key { key: usize, severity: Severity },
}

fn said() -> impl Strategy<Value = (usize, Said)> {
    let what = prop_oneof![
        3 => Just(Said::Vouch),
        1 => Just(Said::Release),
        4 => (0..KEYS.len(), 1..4_u8, select(vec![30_u8, 50, 100, 100]), any::<bool>())
            .prop_map(|(to, depth, percent, ended)| Said::Delegation { to, depth, percent, ended }),
        1 => (0..KEYS.len()).prop_map(|to| Said::Author { to }),
    ];
    (0..KEYS.len(), what)
}

fn taken() -> impl Strategy<Value = (usize, Taken)> {
    let severity = select(vec![Severity::Hard, Severity::Soft]);
    let what = prop_oneof![
        (0..12_usize).prop_map(Taken::Statement),
        (0..KEYS.len(), severity).prop_map(|(key, severity)| Taken::Key { key, severity }),
    ];
    (0..KEYS.len(), what)
}

/// Says something; delegations each for a scope of their own, so that none takes another's place.
fn say(world: &mut World, number: usize, (issuer, said): &(usize, Said)) -> StatementId {
    let issuer = KEYS[*issuer];
    let claim = match said {
        Said::Vouch => vouch(&numpy()),
        Said::Release => release(&numpy()),
        Said::Author { to } => author(KEYS[*to], &["numpy"]),
        Said::Delegation { to, depth, percent: amount, ended } => Claim::Delegation(Delegation {
            depth: *depth,
            amount: percent(*amount),
            projects: scope(&["numpy", &format!("other-{number}")]),
            validity: if *ended {
                validity("2026-01-01", "2026-05-01")
            } else {
                validity("2026-01-01", "2027-01-01")
            },
            ..may_vouch(KEYS[*to])
        }),
    };
    world.say(issuer, claim)
}

fn two() -> Parties {
    let shared = vec!["security", "lead"];
    parties(&[
        Rooted { depth: 3, keys: shared, ..rooted("security") },
        Rooted { depth: 3, ..rooted("platform") },
    ])
}

fn requirements(parties: &Parties) -> Vec<Requirement> {
    let [security, platform] = ["security", "platform"].map(|name| index(parties, name));
    let part = |party, units| Requirement::Support {
        party,
        level: Level::Vouched,
        at_least: Amount::from_units(units).unwrap(),
    };
    vec![
        Requirement::All(vec![whole(security), whole(platform)]),
        Requirement::Any(vec![whole(security), whole(platform)]),
        Requirement::All(vec![part(security, 180), part(platform, 300)]),
    ]
}

fn answers(world: &World, parties: &Parties) -> Vec<bool> {
    let (graph, subject) = (world.graph(), numpy());
    let question = Question { subject: &subject, parties, grants: &[], identities: &[], also: None };
    requirements(parties)
        .iter()
        .map(|requirement| is_met(&graph.admit(&question, requirement.clone())))
        .collect()
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn more_good_never_loses_and_more_bad_never_wins(
        first in vec(said(), 1..12),
        more in vec(said(), 1..4),
        bad in vec(taken(), 1..3),
    ) {
        let parties = two();
        let mut world = World::default();
        let ids: Vec<_> = first.iter().enumerate().map(|(number, said)| say(&mut world, number, said)).collect();
        let before = answers(&world, &parties);
        let mut better = world.clone();
        for (number, said) in more.iter().enumerate() {
            say(&mut better, first.len() + number, said);
        }
        for (better, before) in answers(&better, &parties).into_iter().zip(&before) {
            prop_assert!(better || !before, "a vouch or a delegation more took an admission away");
        }
        for (issuer, taken) in &bad {
            let claim = match taken {
                Taken::Statement(number) => Claim::Withdrawal(Withdrawal::Statement(ids[number % ids.len()])),
                Taken::Key { key, severity } => revocation(KEYS[*key], "2026-02-01", *severity),
            };
            world.say(KEYS[*issuer], claim);
        }
        for (worse, before) in answers(&world, &parties).into_iter().zip(&before) {
            prop_assert!(!worse || *before, "a withdrawal gave an admission");
        }
    }
}
