//! The live graph: what counts at a moment. Every refusal has a twin that differs by one fact and counts.

use covouch_core::{
    level::Level,
    statement::{Claim, Delegation, Severity, VouchLevel, Withdrawal},
};
use covouch_graph::{Question, TrustGraph};
use std::collections::BTreeSet;

use crate::world::{
    NOW, Rooted, World, at, author, may_vouch, numpy, parties, percent, public, release, revocation, rooted,
    scope, subject_of, this_year, validity, vouch, vouch_until,
};

/// `root` lets `reviewer` vouch, who vouches for numpy.
fn reviewed(delegation: Delegation) -> World {
    let mut world = World::default();
    world.say("root", Claim::Delegation(delegation));
    world.say("reviewer", vouch(&numpy()));
    world
}

#[test]
fn a_root_key_vouches_for_its_party() {
    let mut world = World::default();
    world.say("root", vouch(&numpy()));
    assert!(world.supports("root", &numpy()));
    assert!(!world.supports("root", &subject_of("scipy")), "another file");
    assert!(!world.supports("stranger", &numpy()));
}

#[test]
fn all_four_fields_of_a_subject_must_match() {
    let mut world = World::default();
    let mut other = numpy();
    other.project = subject_of("scipy").project;
    world.say("root", vouch(&other));
    assert!(!world.supports("root", &numpy()), "the same bytes under another project's name");
}

#[test]
fn a_delegation_passes_trust_on() {
    assert!(reviewed(may_vouch("reviewer")).supports("root", &numpy()));
    assert_eq!(
        reviewed(Delegation { amount: percent(80), ..may_vouch("reviewer") }).share("root", &numpy()),
        percent(80)
    );
    assert!(!reviewed(may_vouch("somebody")).supports("root", &numpy()));
}

#[test]
fn depth_zero_says_who_somebody_is_and_no_more() {
    assert_eq!(reviewed(Delegation { depth: 0, ..may_vouch("reviewer") }).share("root", &numpy()).units(), 0);
}

#[test]
fn depth_is_used_up_on_the_way() {
    let chain = |first: u8| {
        let mut world = World::default();
        world.say("root", Claim::Delegation(Delegation { depth: first, ..may_vouch("lead") }));
        world.say("lead", Claim::Delegation(may_vouch("reviewer")));
        world.say("reviewer", vouch(&numpy()));
        world
    };
    assert!(chain(2).supports("root", &numpy()));
    assert!(!chain(1).supports("root", &numpy()), "the lead may vouch, not appoint");
    let shallow = parties(&[Rooted { depth: 2, ..rooted("root") }]);
    let subject = numpy();
    let question =
        Question { subject: &subject, parties: &shallow, grants: &[], identities: &[], also: None };
    let support = chain(2).graph().support(&question);
    assert!(support.parties[0].alone.is_empty(), "the party's own depth ends before");
}

#[test]
fn every_delegation_on_a_chain_is_for_the_project() {
    let chain = |first: &str, second: &str| {
        let mut world = World::default();
        world.say(
            "root",
            Claim::Delegation(Delegation { depth: 2, projects: scope(&[first]), ..may_vouch("lead") }),
        );
        world.say(
            "lead",
            Claim::Delegation(Delegation { projects: scope(&[second]), ..may_vouch("reviewer") }),
        );
        world.say("reviewer", vouch(&subject_of("NumPy_Foo")));
        world.supports("root", &subject_of("NumPy_Foo"))
    };
    assert!(chain("numpy*", "*-foo"));
    assert!(!chain("numpy*", "*-stubs"), "the second delegation is for stubs");
    assert!(!chain("scipy*", "*"));
}

#[test]
fn the_smallest_level_on_the_way_counts() {
    let levels = |cap: Level| {
        let mut world = World::default();
        world.say("root", Claim::Delegation(Delegation { level: cap, ..may_vouch("reviewer") }));
        world.say("reviewer", vouch_until(&numpy(), VouchLevel::Audited, this_year()));
        let parties = parties(&[rooted("root")]);
        let subject = numpy();
        let support = world.graph().support(&Question {
            subject: &subject,
            parties: &parties,
            grants: &[],
            identities: &[],
            also: None,
        });
        support.parties[0].alone.last().unwrap().0
    };
    assert_eq!(levels(Level::Audited), Level::Audited);
    assert_eq!(levels(Level::Vouched), Level::Vouched);
}

#[test]
fn validity_is_kept_to_the_second() {
    let mut world = World::default();
    let vouch = vouch_until(&numpy(), VouchLevel::Vouched, validity("2026-04-01", "2026-05-01"));
    world.say_at("root", "2026-04-01", vouch);
    assert!(!world.supports_at("root", &numpy(), "2026-03-31T23:59:59Z"));
    assert!(world.supports_at("root", &numpy(), "2026-04-01T00:00:00Z"));
    assert!(world.supports_at("root", &numpy(), "2026-04-30T23:59:59Z"));
    assert!(!world.supports_at("root", &numpy(), "2026-05-01T00:00:00Z"), "an expired vouch is no vouch");
    let events: Vec<_> = world.graph_at("2026-03-15").events(&numpy()).collect();
    assert_eq!(events, [at("2026-04-01"), at("2026-05-01")]);
}

#[test]
fn what_is_created_in_the_future_does_not_count_yet() {
    let mut world = World::default();
    world.say_at("root", "2026-06-02", vouch(&numpy()));
    assert!(!world.supports("root", &numpy()));
    assert!(world.supports_at("root", &numpy(), "2026-06-02"));
}

#[test]
fn the_newest_delegation_counts_also_when_it_has_expired() {
    let mut world = World::default();
    world.say_at("root", "2026-02-01", Claim::Delegation(may_vouch("reviewer")));
    let short = Delegation { validity: validity("2026-02-01", "2026-04-01"), ..may_vouch("reviewer") };
    world.say_at("root", "2026-03-01", Claim::Delegation(short));
    world.say_at("reviewer", "2026-05-01", vouch(&numpy()));
    assert!(!world.supports("root", &numpy()), "the older one does not come back");
    let mut twin = World::default();
    twin.say_at("root", "2026-02-01", Claim::Delegation(may_vouch("reviewer")));
    twin.say_at("reviewer", "2026-05-01", vouch(&numpy()));
    assert!(twin.supports("root", &numpy()));
}

#[test]
fn a_replayed_older_delegation_changes_nothing() {
    let mut world = World::default();
    world.say_at(
        "root",
        "2026-03-01",
        Claim::Delegation(Delegation { amount: percent(50), ..may_vouch("reviewer") }),
    );
    world.say("reviewer", vouch(&numpy()));
    let before = world.share("root", &numpy());
    world.say_at("root", "2026-02-01", Claim::Delegation(may_vouch("reviewer")));
    assert_eq!((before, world.share("root", &numpy())), (percent(50), percent(50)));
}

#[test]
fn of_two_delegations_of_one_moment_the_smaller_counts() {
    for order in [[80, 30], [30, 80]] {
        let mut world = World::default();
        for amount in order {
            let delegation = Delegation { amount: percent(amount), ..may_vouch("reviewer") };
            world.say("root", Claim::Delegation(delegation));
        }
        world.say("reviewer", vouch(&numpy()));
        assert_eq!(world.share("root", &numpy()), percent(30));
    }
}

#[test]
fn a_withdrawn_delegation_does_not_bring_back_the_one_before() {
    let mut world = World::default();
    world.say_at("root", "2026-02-01", Claim::Delegation(may_vouch("reviewer")));
    let newer = Delegation { amount: percent(90), ..may_vouch("reviewer") };
    let newer = world.say_at("root", "2026-03-01", Claim::Delegation(newer));
    world.say("reviewer", vouch(&numpy()));
    assert_eq!(world.share("root", &numpy()), percent(90));
    world.say("root", Claim::Withdrawal(Withdrawal::Statement(newer)));
    assert_eq!(world.share("root", &numpy()).units(), 0);
}

#[test]
fn parallel_delegations_never_add() {
    let mut world = World::default();
    world.say("root", Claim::Delegation(Delegation { amount: percent(40), depth: 2, ..may_vouch("lead") }));
    let other_scope =
        Delegation { amount: percent(30), depth: 3, projects: scope(&["numpy*"]), ..may_vouch("lead") };
    world.say("root", Claim::Delegation(other_scope));
    world.say("lead", vouch(&numpy()));
    assert_eq!(world.share("root", &numpy()), percent(40));
}

#[test]
fn self_delegations_count_for_nothing() {
    let mut world = World::default();
    world.say("root", Claim::Delegation(may_vouch("root")));
    world.say("root", author("root", &["*"]));
    world.say("root", release(&numpy()));
    assert!(!world.supports("root", &numpy()), "a release of one's own is no vouch");
}

#[test]
fn only_the_issuer_withdraws_a_statement() {
    let mut world = World::default();
    let given = world.say("root", vouch(&numpy()));
    world.say("rival", Claim::Withdrawal(Withdrawal::Statement(given)));
    assert!(world.supports("root", &numpy()));
    world.say_at("root", "2026-06-02", Claim::Withdrawal(Withdrawal::Statement(given)));
    assert!(!world.supports("root", &numpy()), "from the moment it is seen");
}

#[test]
fn nothing_a_stolen_key_ever_signed_counts() {
    let mut world = reviewed(may_vouch("reviewer"));
    // The thief dates a vouch back; it does not help.
    world.say_at("reviewer", "2026-01-02", vouch(&subject_of("scipy")));
    world.say("reviewer", revocation("reviewer", "2026-05-01", Severity::Hard));
    assert!(!world.supports("root", &numpy()));
    assert!(!world.supports("root", &subject_of("scipy")));
}

#[test]
fn of_a_retired_key_only_what_was_seen_in_time_counts() {
    let mut world = World::default();
    world.say("root", Claim::Delegation(may_vouch("reviewer")));
    let seen = world.say("reviewer", vouch(&numpy()));
    let late = world.say_at("reviewer", "2026-05-02", vouch(&subject_of("pandas")));
    world.say("reviewer", vouch(&subject_of("scipy")));
    world.say("reviewer", revocation("reviewer", "2026-05-01", Severity::Soft));
    let parties = parties(&[rooted("root")]);
    let graph = TrustGraph::build_with_seen(&world.evidence, at(NOW), &BTreeSet::from([seen, late]));
    let counts = |project: &str| {
        let subject = subject_of(project);
        let support = graph.support(&Question {
            subject: &subject,
            parties: &parties,
            grants: &[],
            identities: &[],
            also: None,
        });
        !support.parties[0].alone.is_empty()
    };
    assert!(counts("numpy"));
    assert!(!counts("scipy"), "nobody saw it in time: it may be dated back");
    assert!(!counts("pandas"), "signed after the key was retired");
    assert!(!world.supports("root", &numpy()), "without snapshots soft is hard");
}

#[test]
fn a_root_takes_a_keys_voice_away_from_its_own_party() {
    let mut world = World::default();
    for root in ["security", "platform"] {
        world.say(root, Claim::Delegation(Delegation { depth: 2, ..may_vouch("lead") }));
    }
    world.say("lead", Claim::Delegation(may_vouch("reviewer")));
    world.say("reviewer", vouch(&numpy()));
    world.say("security", revocation("reviewer", "2026-01-01", Severity::Hard));
    assert!(!world.supports("security", &numpy()));
    assert!(world.supports("platform", &numpy()), "another party decides for itself");
    let parties =
        parties(&[Rooted { depth: 3, ..rooted("security") }, Rooted { depth: 3, ..rooted("platform") }]);
    let subject = numpy();
    let support = world.graph().support(&Question {
        subject: &subject,
        parties: &parties,
        grants: &[],
        identities: &[],
        also: None,
    });
    assert_eq!(support.parties[0].independent.units(), 0);
    assert_eq!(support.parties[1].independent.units(), 600);
    assert_eq!(support.raw, support.independent);
}

#[test]
fn who_is_no_root_cannot_revoke_others() {
    let mut world = reviewed(may_vouch("reviewer"));
    world.say("rival", revocation("reviewer", "2026-01-01", Severity::Hard));
    assert!(world.supports("root", &numpy()));
}

#[test]
fn an_expired_introducer_loses_power() {
    let world = |until: &str| {
        let mut world = World::default();
        let valid = validity("2026-01-01", until);
        world.say_at(
            "root",
            "2026-01-01",
            Claim::Delegation(Delegation { depth: 2, validity: valid, ..may_vouch("lead") }),
        );
        world.say_at("lead", "2026-02-01", Claim::Delegation(may_vouch("reviewer")));
        world.say_at("reviewer", "2026-02-01", vouch(&numpy()));
        world
    };
    assert!(!world("2026-05-01").supports("root", &numpy()));
    assert!(world("2026-07-01").supports("root", &numpy()));
}

#[test]
fn an_expired_voucher_keeps_what_it_signed_in_time() {
    let world = |signed: &str| {
        let mut world = World::default();
        let valid = validity("2026-01-01", "2026-05-01");
        let delegation = Delegation { validity: valid, amount: percent(80), ..may_vouch("reviewer") };
        world.say_at("root", "2026-01-01", Claim::Delegation(delegation));
        world.say_at("reviewer", signed, vouch(&numpy()));
        world
    };
    assert_eq!(world("2026-04-30T23:59:59Z").share("root", &numpy()), percent(80));
    assert_eq!(world("2026-05-01T00:00:00Z").share("root", &numpy()).units(), 0, "signed too late");
}

#[test]
fn an_author_is_heard_for_the_projects_it_was_named_for() {
    let mut world = World::default();
    world.say("root", author("maintainer", &["numpy*"]));
    world.say("maintainer", release(&numpy()));
    world.say("maintainer", release(&subject_of("scipy")));
    world.say("impostor", release(&subject_of("numpy-tools")));
    let parties = parties(&[rooted("root")]);
    let subject = numpy();
    let support = world.graph().support(&Question {
        subject: &subject,
        parties: &parties,
        grants: &[],
        identities: &[],
        also: None,
    });
    assert_eq!(support.parties[0].alone.last().unwrap().0, Level::Author);
    assert_eq!(support.parties[0].chains[0].keys, [public("root")]);
    assert!(!world.supports("root", &subject_of("scipy")), "not named for it");
    assert!(!world.supports("root", &subject_of("numpy-tools")), "released by somebody else");
}

#[test]
fn an_authors_vouch_is_no_release_and_a_delegates_release_is_no_vouch() {
    let mut world = World::default();
    world.say("root", author("maintainer", &["*"]));
    world.say("maintainer", vouch(&numpy()));
    world.say("root", Claim::Delegation(may_vouch("reviewer")));
    world.say("reviewer", release(&numpy()));
    assert!(!world.supports("root", &numpy()));
    world.say("reviewer", author("maintainer", &["*"]));
    world.say("maintainer", release(&numpy()));
    assert!(world.supports("root", &numpy()));
}

#[test]
fn statements_read_twice_or_in_another_order_are_the_same() {
    let world = reviewed(may_vouch("reviewer"));
    let mut other = World::default();
    for sourced in world.evidence.statements().iter().rev().chain(world.evidence.statements()) {
        other.evidence.add_statement(sourced.statement.clone(), "elsewhere".into());
    }
    let parties = parties(&[rooted("root")]);
    let subject = numpy();
    let question =
        Question { subject: &subject, parties: &parties, grants: &[], identities: &[], also: None };
    assert_eq!(world.graph().support(&question), other.graph().support(&question));
}
