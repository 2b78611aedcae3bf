//! Laws of counting, over random elections.

use covouch_core::statement::{BallotPlace, Choice, Claim, Delegation, Electorate};
use covouch_graph::tally::{Outcome, Tally, Voices};
use proptest::{collection::vec, prelude::*, sample::select};

use super::{Hall, SPRING, ballot, committee, community, first, naive};
use crate::world::{may_vouch, numpy};

/// One thing a voter does.
#[derive(Clone, Debug)]
struct Step {
    voter: usize,
    choice: Choice,
    act: Act,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Act {
    Vote,
    /// On another file of the project.
    VoteElsewhere,
    /// And the curator leaves it out.
    VoteHidden,
    /// And publishes the head.
    VoteHeaded,
    /// Signs a second ballot with the number of the last one.
    Twin,
}

fn step() -> impl Strategy<Value = Step> {
    let act = prop_oneof![
        6 => Just(Act::Vote),
        1 => Just(Act::VoteElsewhere),
        1 => Just(Act::VoteHidden),
        1 => Just(Act::VoteHeaded),
        1 => Just(Act::Twin)
    ];
    (0..6_usize, select(Choice::ALL.to_vec()), act).prop_map(|(voter, choice, act)| Step {
        voter,
        choice,
        act,
    })
}

const VOTERS: [&str; 6] = ["v0", "v1", "v2", "v3", "v4", "v5"];

fn play(hall: &mut Hall, electorate: &Electorate, steps: &[Step]) {
    let mut other = numpy();
    other.filename = covouch_core::subject::FileName::parse("numpy-1.0-py3-none-any.whl").unwrap();
    for Step { voter, choice, act } in steps {
        let voter = VOTERS[*voter];
        match act {
            Act::Vote => {
                hall.vote(voter, *choice, electorate, &numpy());
            }
            Act::VoteElsewhere => {
                hall.vote(voter, *choice, electorate, &other);
            }
            Act::VoteHidden => {
                let hidden = hall.vote(voter, *choice, electorate, &numpy());
                hall.hide(hidden);
            }
            Act::VoteHeaded => {
                hall.vote(voter, *choice, electorate, &numpy());
                hall.publish_head(voter, electorate, &numpy());
            }
            Act::Twin => {
                let known =
                    hall.statements.iter().rev().find_map(|statement| match &statement.value().claim {
                        Claim::Ballot(ballot) if *statement.issuer() == crate::world::public(voter) => {
                            Some(ballot.place)
                        }
                        _ => None,
                    });
                let place = known.unwrap_or(BallotPlace::FIRST);
                hall.say(voter, SPRING, ballot(*choice, SPRING, place, (electorate, &numpy())));
            }
        }
    }
}

fn units((approving, objecting, taking_part): naive::Voices) -> [Voices; 3] {
    [approving, objecting, taking_part].map(Voices::whole)
}

fn count(tally: &Tally) -> [Voices; 3] {
    [tally.count.approving, tally.count.objecting, tally.count.taking_part]
}

fn council() -> impl Strategy<Value = Electorate> {
    (1..=3_u16, 1..=3_u16).prop_map(|(approvals, objections)| {
        first(committee(&["v0@a", "v1@a", "v2@b", "v3@b", "!v4@c", "!v5@c"], approvals, objections))
    })
}

fn delegate(hall: &mut Hall, from: &str, to: &str, depth: u8) {
    hall.say(from, "2026-02-01", Claim::Delegation(Delegation { depth, ..may_vouch(to) }));
}

/// Three seeds, four introducers, six voters, and who lets whom.
fn layers() -> impl Strategy<Value = Hall> {
    (vec((0..3_usize, 0..4_usize), 0..8), vec((0..4_usize, 0..6_usize), 0..12)).prop_map(
        |(seeds, friends)| {
            let mut hall = Hall::default();
            for (seed, friend) in seeds {
                delegate(&mut hall, SEEDS[seed], FRIENDS[friend], 2);
            }
            for (friend, voter) in friends {
                delegate(&mut hall, FRIENDS[friend], VOTERS[voter], 1);
            }
            hall
        },
    )
}

/// Anybody lets anybody, with any depth.
fn tangle() -> impl Strategy<Value = Hall> {
    let anybody = || select([SEEDS.as_slice(), &FRIENDS, &VOTERS].concat());
    vec((anybody(), anybody(), 0..4_u8), 0..24).prop_map(|delegations| {
        let mut hall = Hall::default();
        for (from, to, depth) in delegations {
            delegate(&mut hall, from, to, depth);
        }
        hall
    })
}

const SEEDS: [&str; 3] = ["s0", "s1", "s2"];
const FRIENDS: [&str; 4] = ["f0", "f1", "f2", "f3"];

fn town() -> Electorate {
    let mut terms = community(&SEEDS, 2, 4);
    let covouch_core::statement::Rule::Community(rule) = &mut terms.rule else { panic!() };
    rule.per_seed = super::number(2);
    first(terms)
}

fn open(mut hall: Hall, electorate: &Electorate) -> Hall {
    hall.enact(electorate, &["ada", "ben"], "2026-01-01");
    hall
}

/// Only voters that the seeds lead to, as the naive count supposes.
fn entitled(hall: &Hall, electorate: &Electorate, steps: Vec<Step>) -> Vec<Step> {
    let mut asking = hall.clone();
    asking.approve(&VOTERS, electorate, &numpy());
    let tally = asking.tally(electorate, &numpy());
    let may = |name: &str| {
        tally.ballots.iter().any(|cast| cast.voter == crate::world::public(name) && cast.aside.is_none())
    };
    steps.into_iter().filter(|step| may(VOTERS[step.voter])).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_committee_is_counted_as_a_second_count_counts(electorate in council(), steps in vec(step(), 0..14)) {
        let mut hall = Hall::of(&electorate);
        play(&mut hall, &electorate, &steps);
        let tally = hall.tally(&electorate, &numpy());
        let (outcome, voices) = naive::tally(&hall, &electorate, &numpy());
        prop_assert_eq!((tally.outcome, count(&tally)), (outcome, units(voices)));
    }

    #[test]
    fn a_community_is_counted_as_a_second_count_counts(hall in layers(), steps in vec(step(), 0..10)) {
        let electorate = town();
        let mut hall = open(hall, &electorate);
        let steps = entitled(&hall, &electorate, steps);
        play(&mut hall, &electorate, &steps);
        let tally = hall.tally(&electorate, &numpy());
        let (outcome, voices) = naive::tally(&hall, &electorate, &numpy());
        prop_assert_eq!((tally.outcome, count(&tally)), (outcome, units(voices)));
    }

    #[test]
    fn where_ways_cross_approvals_are_never_too_many_and_objections_never_too_few(
        hall in tangle(),
        steps in vec(step(), 0..8),
    ) {
        let electorate = town();
        let mut hall = open(hall, &electorate);
        let steps = entitled(&hall, &electorate, steps);
        play(&mut hall, &electorate, &steps);
        let [approving, objecting, taking_part] = count(&hall.tally(&electorate, &numpy()));
        let exact = units(naive::tally(&hall, &electorate, &numpy()).1);
        prop_assert!(approving <= exact[0] && objecting >= exact[1] && taking_part <= exact[2]);
    }

    #[test]
    fn the_order_in_which_statements_arrive_does_not_matter(
        (electorate, steps) in (council(), vec(step(), 0..14)),
        seed in any::<prop::sample::Index>(),
    ) {
        let mut hall = Hall::of(&electorate);
        play(&mut hall, &electorate, &steps);
        let before = hall.tally(&electorate, &numpy());
        let turn = seed.index(hall.statements.len());
        hall.statements.rotate_left(turn);
        hall.heads.reverse();
        prop_assert_eq!(hall.tally(&electorate, &numpy()), before.clone());
        hall.statements.reverse();
        let twice = hall.statements.clone();
        hall.statements.extend(twice);
        prop_assert_eq!(hall.tally(&electorate, &numpy()), before);
    }

    #[test]
    fn one_more_approval_never_loses(hall in tangle(), steps in vec(step(), 0..10), voter in select(VOTERS.to_vec())) {
        let town = town();
        let council = first(committee(&["v0@a", "v1@a", "v2@b", "v3@b", "!v4@c", "!v5@c"], 2, 2));
        // A ballot that shows that one before it is hidden does lose, and so does one beside another of its number.
        let proper = |step: &Step| VOTERS[step.voter] != voter || !matches!(step.act, Act::VoteHidden | Act::Twin);
        let steps: Vec<Step> = steps.into_iter().filter(proper).collect();
        for (electorate, mut hall) in [(town.clone(), open(hall, &town)), (council.clone(), Hall::of(&council))] {
            play(&mut hall, &electorate, &steps);
            let before = hall.tally(&electorate, &numpy());
            hall.approve(&[voter], &electorate, &numpy());
            let after = hall.tally(&electorate, &numpy());
            prop_assert!(after.count.approving >= before.count.approving);
            prop_assert!(before.outcome != Outcome::Passed || after.outcome == Outcome::Passed);
        }
    }

    #[test]
    fn puppets_behind_a_key_add_no_voice(
        hall in tangle(),
        steps in vec(step(), 0..8),
        key in select([FRIENDS.as_slice(), &VOTERS].concat()),
        puppets in 1..6_usize,
    ) {
        let electorate = town();
        let mut hall = open(hall, &electorate);
        // The key's own voice is used up, so that a puppet cannot speak in its place.
        let steps: Vec<Step> = steps.into_iter().filter(|step| VOTERS[step.voter] != key).collect();
        play(&mut hall, &electorate, &steps);
        hall.approve(&[key], &electorate, &numpy());
        let before = hall.tally(&electorate, &numpy());
        for puppet in 0..puppets {
            let name = format!("puppet {puppet}");
            delegate(&mut hall, key, &name, 3);
            if puppet > 0 {
                delegate(&mut hall, &format!("puppet {}", puppet - 1), &name, 3);
            }
            hall.approve(&[&name], &electorate, &numpy());
        }
        let after = hall.tally(&electorate, &numpy());
        prop_assert_eq!(count(&after), count(&before));
        prop_assert_eq!(after.outcome, before.outcome);
    }
}
