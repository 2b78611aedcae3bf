//! Crowds: how many keys may speak about one file, and what a hundred thousand behind one key come to.

use covouch_core::{
    level::Level,
    statement::{Claim, Delegation},
};
use covouch_graph::{
    Answer, Question, Requirement, Undecidable,
    decide::{Decision, decide},
    instance::Instance,
    limits,
};

use crate::{
    numbers::{delegation, instance, root, vouch as certification},
    world::{Rooted, World, index, is_met, may_vouch, numpy, parties, rooted, scope, vouch, whole},
};

/// One file, two parties that trust one key, and so many puppets of hers who vouch. Keys 0 and 1 are the parties',
/// 2 is the shared one, 3 a reviewer whom only the second party trusts.
fn puppets(count: usize, honest: bool) -> Decision {
    let (mut problem, parties): (Instance, _) = instance(count + 4, &[1, 1]);
    for (party, key) in parties.iter().zip(0..) {
        problem.add_root(root(*party, key));
        problem.add_delegation(delegation(key, 2, 600, 2));
    }
    problem.add_delegation(delegation(1, 3, 600, 1));
    if honest {
        problem.add_certification(certification(3, 600, Level::Vouched));
    }
    for puppet in 4..count + 4 {
        problem.add_delegation(delegation(2, puppet, 600, 1));
        problem.add_certification(certification(puppet, 600, Level::Vouched));
    }
    problem.merge();
    decide(&problem, &Requirement::All(parties.into_iter().map(whole).collect()))
}

#[test]
fn a_hundred_thousand_puppets_behind_one_key_are_that_key() {
    assert!(matches!(puppets(100_000, false), Decision::NotMet(_)));
    assert!(matches!(puppets(100_000, true), Decision::Met(_)), "the twin: one honest key more");
}

/// A party whose root key lets so many reviewers vouch, and all of them do.
fn crowd(world: &mut World, by: &str, count: usize) {
    for number in 0..count {
        let reviewer = format!("{by}'s reviewer {number}");
        world.say(by, Claim::Delegation(may_vouch(&reviewer)));
        world.say(&reviewer, vouch(&numpy()));
    }
}

fn ask(world: &World, names: &[Rooted<'_>]) -> Answer {
    let (parties, subject) = (parties(names), numpy());
    let requirement = whole(index(&parties, names[0].name));
    world.graph().admit(
        &Question { subject: &subject, parties: &parties, grants: &[], identities: &[], also: None },
        requirement,
    )
}

#[test]
fn two_thousand_keys_may_speak_about_a_file_and_one_more_closes_it() {
    let mut world = World::default();
    crowd(&mut world, "root", limits::EVIDENCE);
    // Whoever speaks without authority is not counted.
    for stranger in 0..20 {
        world.say(&format!("stranger {stranger}"), vouch(&numpy()));
    }
    assert!(is_met(&ask(&world, &[rooted("root")])));
    world.say("root", vouch(&numpy()));
    let answer = ask(&world, &[rooted("root")]);
    let Answer::Undecided(reason) = answer else { panic!("{answer:?}") };
    assert_eq!(reason, Undecidable::Evidence);
    assert_eq!(reason.to_string(), "more than 2000 keys with authority vouch for this file");
    assert_eq!(reason.code().as_str(), "evidence-too-much");
    assert!(reason.hint().is_some_and(|hint| hint.to_string().contains("narrow the `projects`")));
}

#[test]
fn who_speaks_for_other_projects_cannot_crowd_anybody_out() {
    let mut world = World::default();
    for number in 0..=limits::EVIDENCE {
        let puppet = format!("puppet {number}");
        world.say("mallory", Claim::Delegation(may_vouch(&puppet)));
        world.say(&puppet, vouch(&numpy()));
    }
    world.say("root", vouch(&numpy()));
    let let_in = |patterns: &[&str]| {
        let mut world = world.clone();
        let mandate = Delegation { depth: 2, projects: scope(patterns), ..may_vouch("mallory") };
        world.say("root", Claim::Delegation(mandate));
        ask(&world, &[Rooted { depth: 3, ..rooted("root") }])
    };
    assert!(is_met(&let_in(&["unimportant-*"])));
    // The twin: she may speak for this project.
    assert!(matches!(let_in(&["num*"]), Answer::Undecided(Undecidable::Evidence)));
}

#[test]
fn who_speaks_for_other_projects_cannot_say_too_much() {
    let let_in = |patterns: &[&str]| {
        let mut world = World::default();
        world.say("root", vouch(&numpy()));
        world
            .say("root", Claim::Delegation(Delegation { projects: scope(patterns), ..may_vouch("mallory") }));
        for number in 0..=limits::STATEMENTS_PER_ISSUER {
            world.say_at(
                "mallory",
                &format!("2026-03-01T00:{:02}:{:02}Z", number / 60, number % 60),
                vouch(&numpy()),
            );
        }
        ask(&world, &[rooted("root")])
    };
    assert!(is_met(&let_in(&["unimportant-*"])));
    assert!(matches!(let_in(&["num*"]), Answer::Undecided(Undecidable::Issuer)));
}
