//! Vetoes, waivers, and how many voices they are.

use covouch_core::statement::{Claim, Delegation, Severity, VetoReason};
use covouch_graph::{Parties, VetoFound, independent_vetoes};

use crate::world::{
    Rooted, World, index, may_vouch, numpy, parties, public, revocation, rooted, scope, validity, veto,
    waiver,
};

fn found(world: &World, parties: &Parties) -> Vec<VetoFound> {
    world.graph().vetoes(&numpy(), parties)
}

#[test]
fn a_root_key_and_whoever_may_vouch_can_object() {
    let parties = parties(&[rooted("root")]);
    let mut world = World::default();
    let id = world.say("root", veto(&numpy()));
    world.say("reviewer", veto(&numpy()));
    world.say("stranger", veto(&numpy()));
    let alone = found(&world, &parties);
    assert_eq!(alone.iter().map(|veto| veto.statement).collect::<Vec<_>>(), [id]);
    assert_eq!((alone[0].key, alone[0].reason), (public("root"), VetoReason::Malware));
    world.say("root", Claim::Delegation(may_vouch("reviewer")));
    let both = found(&world, &parties);
    assert_eq!(both.len(), 2);
    assert_eq!(independent_vetoes(&both, &parties), 1, "both speak for one party");
}

#[test]
fn a_delegate_for_other_projects_or_of_depth_zero_cannot_object() {
    let parties = parties(&[rooted("root")]);
    for delegation in [
        Delegation { projects: scope(&["scipy*"]), ..may_vouch("reviewer") },
        Delegation { depth: 0, ..may_vouch("reviewer") },
    ] {
        let mut world = World::default();
        world.say("root", Claim::Delegation(delegation));
        world.say("reviewer", veto(&numpy()));
        assert!(found(&world, &parties).is_empty());
    }
}

#[test]
fn a_key_its_party_revoked_does_not_object_for_it() {
    let parties = parties(&[rooted("security"), rooted("platform")]);
    let mut world = World::default();
    for root in ["security", "platform"] {
        world.say(root, Claim::Delegation(may_vouch("reviewer")));
    }
    world.say("reviewer", veto(&numpy()));
    let both = [index(&parties, "security"), index(&parties, "platform")];
    assert_eq!(found(&world, &parties)[0].parties, both);
    world.say("security", revocation("reviewer", "2026-01-01", Severity::Hard));
    assert_eq!(found(&world, &parties)[0].parties, both[1..]);
}

#[test]
fn one_key_at_two_parties_is_one_voice_and_so_is_one_owner() {
    let key_at = |name, keys: &[&'static str], owner| Rooted { keys: keys.to_vec(), owner, ..rooted(name) };
    let four = parties(&[
        key_at("a", &["shared", "only-a"], None),
        key_at("b", &["shared"], None),
        key_at("c", &["of-c"], Some("acme")),
        key_at("d", &["of-d"], Some("acme")),
    ]);
    let voices = |keys: &[&str]| {
        let mut world = World::default();
        for key in keys {
            world.say(key, veto(&numpy()));
        }
        independent_vetoes(&found(&world, &four), &four)
    };
    assert_eq!(voices(&["shared"]), 1);
    assert_eq!(voices(&["shared", "only-a"]), 2, "`shared` moves to b");
    assert_eq!(voices(&["of-c", "of-d"]), 1);
    assert_eq!(voices(&["shared", "only-a", "of-c", "of-d"]), 3);
    assert_eq!(voices(&[]), 0);
}

#[test]
fn only_root_keys_approve_waivers() {
    let parties = parties(&[rooted("root")]);
    let mut world = World::default();
    world.say("root", Claim::Delegation(may_vouch("reviewer")));
    world.say("reviewer", waiver(&numpy()));
    assert!(world.graph().waivers(&numpy(), &parties).is_empty());
    let id = world.say("root", waiver(&numpy()));
    assert_eq!(
        world.graph().waivers(&numpy(), &parties),
        [(index(&parties, "root"), id, validity("2026-03-01", "2027-01-01"))]
    );
    world.say("root", revocation("root", "2026-05-01", Severity::Hard));
    assert!(world.graph().waivers(&numpy(), &parties).is_empty());
}
