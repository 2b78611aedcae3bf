//! Questions as policies ask them, the original proposal first.

use std::num::NonZeroUsize;

use covouch_core::{
    amount::{Amount, Decimal},
    digest::Sha256,
    level::Level,
    statement::{Claim, Delegation, VouchLevel},
    subject::{FileName, Subject},
};
use covouch_graph::{
    Admitted, Answer, Grant, Independence, Parties, Question, Requirement, Undecidable, limits,
};

use crate::world::{
    Rooted, World, index, is_met, may_vouch, numpy, parties, percent, points, public, rooted, subject_of,
    this_year, vouch, vouch_until, weighing, whole,
};

/// PyPI 0.5, Curator 1.0, three internal parties 2.0 each; at least 5.5.
fn proposal() -> Parties {
    let adapter = Rooted { keys: Vec::new(), ..weighing("pypi", "0.5") };
    let internal = ["security", "platform", "data"].map(|name| weighing(name, "2"));
    let [security, platform, data] = internal;
    parties(&[adapter, weighing("curator", "1"), security, platform, data])
}

fn listed(parties: &Parties) -> Vec<Grant> {
    vec![Grant { party: index(parties, "pypi"), level: Level::Listed, origin: "listed".into() }]
}

fn vouched_by(keys: &[&str]) -> World {
    let mut world = World::default();
    for key in keys {
        world.say(key, vouch(&numpy()));
    }
    world
}

fn ask(world: &World, parties: &Parties, grants: &[Grant], requirement: &Requirement) -> Answer {
    let subject = numpy();
    world.graph().admit(
        &Question { subject: &subject, parties, grants, identities: &[], also: None },
        requirement.clone(),
    )
}

fn proof(answer: Answer) -> Admitted {
    match answer {
        Answer::Met(admitted) => admitted,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_original_proposal_holds_to_the_letter() {
    let parties = proposal();
    let minimum = Requirement::Score(points("5.5"));
    let all = ["curator", "security", "platform"];
    assert!(is_met(&ask(&vouched_by(&all), &parties, &listed(&parties), &minimum)));
    for missing in 0..all.len() {
        let mut some = all.to_vec();
        some.remove(missing);
        assert!(
            !is_met(&ask(&vouched_by(&some), &parties, &listed(&parties), &minimum)),
            "without {}",
            all[missing]
        );
    }
    assert!(!is_met(&ask(&vouched_by(&all), &parties, &[], &minimum)), "without pypi");
    // What the thread did not see: three internal voices reach 6.0 without PyPI and without the curator.
    assert!(is_met(&ask(&vouched_by(&["security", "platform", "data"]), &parties, &[], &minimum)));
    let one_more = Requirement::Score(Decimal::from_millionths(5_500_001));
    assert!(!is_met(&ask(&vouched_by(&all), &parties, &listed(&parties), &one_more)));
}

#[test]
fn one_key_under_two_parties_counts_once() {
    let shared = parties(&[
        Rooted { keys: Vec::new(), ..weighing("pypi", "0.5") },
        weighing("curator", "1"),
        Rooted { keys: vec!["alice"], ..weighing("security", "2") },
        Rooted { keys: vec!["alice"], ..weighing("platform", "2") },
    ]);
    let minimum = Requirement::Score(points("5.5"));
    let world = vouched_by(&["curator", "alice"]);
    assert!(!is_met(&ask(&world, &shared, &listed(&shared), &minimum)));
    let subject = numpy();
    let support = world.graph().support(&Question {
        subject: &subject,
        parties: &shared,
        grants: &listed(&shared),
        identities: &[],
        also: None,
    });
    assert_eq!((support.raw.to_string(), support.independent.to_string()), ("5.5".into(), "3.5".into()));
    assert_eq!(support.shared.len(), 1);
    assert_eq!(support.shared[0].key, public("alice"));
    assert_eq!(support.shared[0].parties, [index(&shared, "security"), index(&shared, "platform")]);
    // The twin: somebody else has a key at platform.
    let apart = parties(&[
        Rooted { keys: Vec::new(), ..weighing("pypi", "0.5") },
        weighing("curator", "1"),
        Rooted { keys: vec!["alice"], ..weighing("security", "2") },
        Rooted { keys: vec!["alice", "bob"], ..weighing("platform", "2") },
    ]);
    assert!(is_met(&ask(&vouched_by(&["curator", "alice", "bob"]), &apart, &listed(&apart), &minimum)));
}

#[test]
fn a_formula_and_a_score_are_met_by_one_packing() {
    // One key may count for security or for platform, not for one in the formula and for the other in the score.
    let shared = parties(&[
        Rooted { keys: vec!["alice"], ..weighing("security", "1") },
        Rooted { keys: vec!["alice"], ..weighing("platform", "3") },
    ]);
    let world = vouched_by(&["alice"]);
    let security = whole(index(&shared, "security"));
    let score = Requirement::Score(points("3"));
    assert!(is_met(&ask(&world, &shared, &[], &security)));
    assert!(is_met(&ask(&world, &shared, &[], &score)));
    assert!(!is_met(&ask(&world, &shared, &[], &Requirement::All(vec![security.clone(), score.clone()]))));
    assert!(is_met(&ask(&world, &shared, &[], &Requirement::Any(vec![security, score]))));
}

#[test]
fn facts_are_part_of_what_is_proven() {
    let parties = parties(&[rooted("root")]);
    let world = vouched_by(&["root"]);
    let with = |so| Requirement::All(vec![whole(index(&parties, "root")), Requirement::Fact(so)]);
    assert!(is_met(&ask(&world, &parties, &[], &with(true))));
    assert!(!is_met(&ask(&world, &parties, &[], &with(false))));
}

#[test]
fn at_least_some_of_a_group_looks_for_the_right_ones() {
    let names = ["a", "b", "c", "d"];
    // One key sits at a, b and c; d has its own.
    let key_of = |name: &'static str| if name == "d" { "dora" } else { "alice" };
    let all = parties(&names.map(|name| Rooted { keys: vec![key_of(name)], ..rooted(name) }));
    let group = |count| {
        let parts = names.iter().map(|name| whole(index(&all, name))).collect();
        Requirement::AtLeast(NonZeroUsize::new(count).unwrap(), parts)
    };
    assert!(is_met(&ask(&vouched_by(&["alice", "dora"]), &all, &[], &group(2))));
    assert!(!is_met(&ask(&vouched_by(&["alice", "dora"]), &all, &[], &group(3))));
    assert!(!is_met(&ask(&vouched_by(&["alice"]), &all, &[], &group(2))));
}

#[test]
fn halves_of_one_key_serve_two_parties() {
    let shared = parties(&[
        Rooted { keys: vec!["alice"], ..rooted("security") },
        Rooted { keys: vec!["alice"], ..rooted("platform") },
    ]);
    let half = |name| Requirement::Support {
        party: index(&shared, name),
        level: Level::Listed,
        at_least: percent(50),
    };
    let more = Requirement::Support {
        party: index(&shared, "security"),
        level: Level::Listed,
        at_least: Amount::from_units(301).unwrap(),
    };
    let world = vouched_by(&["alice"]);
    assert!(is_met(&ask(&world, &shared, &[], &Requirement::All(vec![half("security"), half("platform")]))));
    assert!(!is_met(&ask(&world, &shared, &[], &Requirement::All(vec![more, half("platform")]))));
}

#[test]
fn a_proof_says_what_it_rests_on() {
    let mut world = World::default();
    let delegation = world.say("root", Claim::Delegation(may_vouch("reviewer")));
    let vouched = world.say("reviewer", vouch(&numpy()));
    let parties = parties(&[rooted("root")]);
    let requirement = whole(index(&parties, "root"));
    let admitted = proof(ask(&world, &parties, &[], &requirement));
    assert_eq!(admitted.subject(), &numpy());
    let [proof] = admitted.proofs() else { panic!("one proof") };
    assert_eq!(proof.requirement(), &requirement);
    assert_eq!(proof.chains()[0].keys, [public("root"), public("reviewer")]);
    let mut rests_on = vec![delegation, vouched];
    rests_on.sort_unstable();
    assert_eq!(proof.statements(), rests_on);
    assert_eq!(proof.support(index(&parties, "root"), Level::Vouched), Amount::FULL);
    assert_eq!(proof.support(index(&parties, "root"), Level::Audited), Amount::NONE);
}

#[test]
fn proofs_about_two_files_do_not_join() {
    let mut world = World::default();
    world.say("root", vouch(&numpy()));
    world.say("root", vouch(&subject_of("scipy")));
    let parties = parties(&[rooted("root")]);
    let graph = world.graph();
    let [one, other] = ["numpy", "scipy"].map(|project| {
        let subject = subject_of(project);
        let question =
            Question { subject: &subject, parties: &parties, grants: &[], identities: &[], also: None };
        proof(graph.admit(&question, whole(index(&parties, "root"))))
    });
    assert_eq!(one.clone().and(one.clone()).unwrap().proofs().len(), 2);
    assert!(one.and(other).is_err());
}

#[test]
fn what_is_assumed_is_possible_and_never_a_proof() {
    let parties = proposal();
    let world = vouched_by(&["security", "platform"]);
    let subject = numpy();
    let question = Question {
        subject: &subject,
        parties: &parties,
        grants: &listed(&parties),
        identities: &[],
        also: None,
    };
    let minimum = Requirement::Score(points("5.5"));
    let graph = world.graph();
    assert!(!graph.possible(&question, &minimum, &[]));
    assert!(graph.possible(&question, &minimum, &[index(&parties, "curator")]));
    assert!(!graph.possible(&question, &minimum, &[index(&parties, "pypi")]));
    assert!(!is_met(&graph.admit(&question, minimum)));
    let audited = Requirement::Support {
        party: index(&parties, "curator"),
        level: Level::Audited,
        at_least: Amount::FULL,
    };
    assert!(graph.possible(&question, &audited, &[index(&parties, "curator")]));
}

#[test]
fn two_parties_of_one_owner_are_one_voice_unless_only_keys_are_counted() {
    let owned = |name: &str| covouch_graph::Party {
        name: covouch_core::party::PartyName::parse(name).unwrap(),
        roots: vec![public(name)],
        owner: Some(covouch_core::party::Owner::parse("acme").unwrap()),
        weights: covouch_graph::Weights::flat(Level::Listed, Decimal::ONE),
        depth: 2,
    };
    let world = vouched_by(&["security", "platform"]);
    let subject = numpy();
    for (independence, met, owners) in [(Independence::Groups, false, 1), (Independence::Keys, true, 0)] {
        let parties = Parties::counting(vec![owned("security"), owned("platform")], independence).unwrap();
        let both = ["security", "platform"].map(|name| whole(index(&parties, name)));
        assert_eq!(
            is_met(&ask(&world, &parties, &[], &Requirement::All(both.into()))),
            met,
            "{independence:?}"
        );
        let question =
            Question { subject: &subject, parties: &parties, grants: &[], identities: &[], also: None };
        assert_eq!(world.graph().support(&question).owners.len(), owners, "{independence:?}");
    }
    // One key is one voice however it is counted.
    let twice = |name| covouch_graph::Party { roots: vec![public("security")], ..owned(name) };
    let parties = Parties::counting(vec![twice("a"), twice("b")], Independence::Keys).unwrap();
    let both = ["a", "b"].map(|name| whole(index(&parties, name)));
    assert!(!is_met(&ask(&world, &parties, &[], &Requirement::All(both.into()))));
}

#[test]
fn a_thief_of_a_key_can_do_what_the_key_is_let_do_and_no_more() {
    let both = parties(&[rooted("security"), Rooted { depth: 3, ..rooted("platform") }]);
    let mut world = World::default();
    let half = Delegation { amount: percent(50), ..may_vouch("helper") };
    world.say("security", Claim::Delegation(half));
    world.say("platform", Claim::Delegation(may_vouch("helper")));
    world.say("platform", crate::world::author("writer", &["numpy"]));
    let (subject, graph) = (numpy(), world.graph());
    let question = Question { subject: &subject, parties: &both, grants: &[], identities: &[], also: None };
    let [security, platform] = ["security", "platform"].map(|name| index(&both, name));
    let could = |key: &str, requirement: &Requirement| {
        graph.possible_with_key(&question, requirement, &[], &public(key))
    };
    assert!(could("helper", &whole(platform)) && !could("helper", &whole(security)), "half a mandate");
    let at = |level| Requirement::Support { party: platform, level, at_least: Amount::FULL };
    assert!(
        could("writer", &at(Level::Author)) && !could("writer", &at(Level::Vouched)),
        "an author releases"
    );
    assert!(could("security", &whole(security)) && !could("stranger", &whole(security)));
    // One key is one voice for a thief too.
    let some = Requirement::Support { party: security, level: Level::Listed, at_least: percent(50) };
    assert!(could("helper", &some) && !could("helper", &Requirement::All(vec![some, whole(platform)])));
    assert_eq!(graph.hears(&public("helper"), &subject, &both), [security, platform]);
    assert!(graph.hears(&public("stranger"), &subject, &both).is_empty());
    // A root key nobody has heard from can vouch as well.
    let quiet = parties(&[rooted("quiet"), rooted("other")]);
    let question = Question { subject: &subject, parties: &quiet, grants: &[], identities: &[], also: None };
    let quiet_wants = whole(index(&quiet, "quiet"));
    assert!(graph.possible_with_key(&question, &quiet_wants, &[], &public("quiet")));
    assert!(!graph.possible_with_key(&question, &quiet_wants, &[], &public("other")));
}

#[test]
fn a_thief_dates_back_before_the_mandate_ended() {
    let ended = |delegation: bool| {
        let mut world = World::default();
        let valid = crate::world::validity("2026-01-01", "2026-05-01");
        if delegation {
            world.say("root", Claim::Delegation(Delegation { validity: valid, ..may_vouch("helper") }));
        }
        let (subject, parties) = (numpy(), parties(&[rooted("root")]));
        let question =
            Question { subject: &subject, parties: &parties, grants: &[], identities: &[], also: None };
        world.graph().possible_with_key(&question, &whole(index(&parties, "root")), &[], &public("helper"))
    };
    assert!(ended(true) && !ended(false));
}

#[test]
fn a_higher_level_satisfies_a_lower_one_and_not_the_reverse() {
    let parties = parties(&[rooted("root")]);
    let at = |level| Requirement::Support { party: index(&parties, "root"), level, at_least: Amount::FULL };
    let mut audited = World::default();
    audited.say("root", vouch_until(&numpy(), VouchLevel::Audited, this_year()));
    assert!(is_met(&ask(&audited, &parties, &[], &at(Level::Vouched))));
    assert!(is_met(&ask(&vouched_by(&["root"]), &parties, &[], &at(Level::Vouched))));
    assert!(!is_met(&ask(&vouched_by(&["root"]), &parties, &[], &at(Level::Audited))));
}

#[test]
fn too_much_evidence_closes_with_a_reason() {
    let mut world = World::default();
    for renewal in 0..=limits::STATEMENTS_PER_ISSUER {
        world.say_at("root", &format!("2026-03-01T00:00:{:02}Z", renewal % 60), vouch(&numpy()));
        world.say_at("stranger", &format!("2026-03-01T00:{:02}:00Z", renewal % 60), vouch(&numpy()));
    }
    let parties = parties(&[rooted("root"), rooted("other")]);
    // Sixty different statements: within the limit.
    assert!(is_met(&ask(&world, &parties, &[], &whole(index(&parties, "root")))));
    for renewal in 0..10 {
        world.say_at("root", &format!("2026-03-02T00:00:{renewal:02}Z"), vouch(&numpy()));
    }
    let answer = ask(&world, &parties, &[], &whole(index(&parties, "root")));
    assert!(matches!(answer, Answer::Undecided(Undecidable::Issuer)), "{answer:?}");
}

#[test]
fn who_has_no_authority_cannot_make_evidence_too_much() {
    let mut world = vouched_by(&["root"]);
    for second in 0..60 {
        for minute in 0..2 {
            world.say_at("stranger", &format!("2026-03-01T00:{minute:02}:{second:02}Z"), vouch(&numpy()));
        }
    }
    let parties = parties(&[rooted("root")]);
    assert!(is_met(&ask(&world, &parties, &[], &whole(index(&parties, "root")))));
}

#[test]
fn puppets_behind_one_key_are_that_key() {
    let mut world = World::default();
    let both = parties(&[
        Rooted { keys: vec!["mallory", "first"], ..rooted("security") },
        Rooted { keys: vec!["mallory", "second"], ..rooted("platform") },
    ]);
    for number in 0..40 {
        let puppet = format!("puppet {number}");
        world.say("mallory", Claim::Delegation(Delegation { depth: 1, ..may_vouch(&puppet) }));
        world.say(&puppet, vouch(&numpy()));
    }
    let requirement =
        Requirement::All(vec![whole(index(&both, "security")), whole(index(&both, "platform"))]);
    assert!(!is_met(&ask(&world, &both, &[], &requirement)));
    world.say("second", vouch(&numpy()));
    assert!(is_met(&ask(&world, &both, &[], &requirement)), "the twin: one honest key more");
}

#[test]
fn two_parties_that_trust_one_author_are_one_voice() {
    let both = parties(&[rooted("security"), rooted("platform")]);
    let requirement = Requirement::All(["security", "platform"].map(|name| whole(index(&both, name))).into());
    let mut world = World::default();
    for root in ["security", "platform"] {
        world.say(root, crate::world::author("maintainer", &["numpy"]));
    }
    world.say("maintainer", crate::world::release(&numpy()));
    assert!(!is_met(&ask(&world, &both, &[], &requirement)));
    let subject = numpy();
    let support = world.graph().support(&Question {
        subject: &subject,
        parties: &both,
        grants: &[],
        identities: &[],
        also: None,
    });
    assert_eq!(support.shared[0].key, public("maintainer"), "who counts once is named");
    world.say("platform", crate::world::author("second maintainer", &["numpy"]));
    world.say("second maintainer", crate::world::release(&numpy()));
    assert!(is_met(&ask(&world, &both, &[], &requirement)));
}

#[test]
fn a_key_that_vouches_for_a_wheel_and_for_what_it_derives_from_counts_once() {
    let sdist = numpy();
    let filename = FileName::parse("numpy-1.0-py3-none-any.whl").unwrap();
    let wheel = Subject { filename, sha256: Sha256::of(b"the wheel"), ..numpy() };
    let parties = parties(&[rooted("security"), Rooted { keys: vec!["alice"], ..rooted("platform") }]);
    let both = Requirement::All(
        ["security", "platform"]
            .map(|name| Requirement::Support {
                party: index(&parties, name),
                level: Level::Vouched,
                at_least: Amount::FULL,
            })
            .to_vec(),
    );
    let mut world = World::default();
    world.say("alice", vouch(&sdist));
    world.say("security", vouch(&wheel));
    let ask = |world: &World, also| {
        let question = Question { subject: &wheel, parties: &parties, grants: &[], identities: &[], also };
        is_met(&world.graph().admit(&question, both.clone()))
    };
    assert!(ask(&world, Some(&sdist)));
    // One fact differs: nobody says that the wheel derives from the sdist.
    assert!(!ask(&world, None));

    // One key behind both parties, once for each file.
    let parties = parties_of_one_key();
    let both = Requirement::Score(points("2"));
    let mut world = World::default();
    world.say("alice", vouch(&sdist));
    world.say("alice", vouch(&wheel));
    let question =
        Question { subject: &wheel, parties: &parties, grants: &[], identities: &[], also: Some(&sdist) };
    assert!(!is_met(&world.graph().admit(&question, both.clone())));
}

fn parties_of_one_key() -> Parties {
    parties(&["security", "platform"].map(|name| Rooted { keys: vec!["alice"], ..rooted(name) }))
}
