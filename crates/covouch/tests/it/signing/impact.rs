//! `covouch trust impact`: what one key decides among the files of a lock file; and what a policy above adds to the
//! analysis.

use covouch_testkit::index::IndexServer;

use super::{party, pypi};
use crate::{
    desk::{Desk, Ran},
    shelf::{old, wheel},
};

/// A lead and a second party; a helper whom nobody has let speak yet; two projects in the lock.
struct Team {
    _index: IndexServer,
    desk: Desk,
    helper: String,
}

fn team() -> Team {
    let wheels = [wheel("demo", "1.0"), wheel("other", "1.0")];
    let (index, desk) = (IndexServer::start(old(wheels.clone())), Desk::new());
    let [lead, second, helper] = ["lead", "second", "helper"].map(|name| desk.new_key(name));
    let policy = "[policy]\nadmit = \"pypi and lead and second\"\n";
    desk.write("covouch.toml", pypi(&index) + &party("lead", &lead) + &party("second", &second) + policy);
    let pin = |name: &str, wheel: &covouch_testkit::distribution::Distribution| {
        format!("{name}==1.0 --hash=sha256:{}\n", wheel.sha256())
    };
    let [demo, other] = &wheels;
    desk.write("requirements.txt", pin("demo", demo) + &pin("other", other));
    desk.sign(&["vouch", "demo==1.0", "--key", "second"]);
    Team { _index: index, desk, helper }
}

fn impact(desk: &Desk, key: &str) -> Ran {
    desk.covouch(&["trust", "impact", key]).ends(0)
}

#[test]
fn a_key_nobody_lets_speak_decides_nothing() {
    let Team { desk, .. } = &team();
    let ran = impact(desk, "helper").says("speaks for nobody the policy names");
    ran.says("stolen: 0 files").says("lost: 0 files").says("2 files stand with the key as without");
}

#[test]
fn a_delegate_may_speak_for_what_its_mandate_says() {
    for (projects, stolen) in [("demo", "stolen: 1 file more"), ("nothing-here", "stolen: 0 files")] {
        let Team { desk, helper, .. } = &team();
        desk.sign(&["trust", "add", helper, "--key", "lead", "--projects", projects]);
        let ran = impact(desk, "helper").says(stolen);
        assert_eq!(ran.said("may speak for lead"), projects == "demo", "{}", ran.all());
    }
}

#[test]
fn what_rests_on_a_key_would_stop_passing_without_it() {
    let Team { desk, helper, .. } = &team();
    desk.sign(&["trust", "add", helper, "--key", "lead"]);
    desk.sign(&["vouch", "demo==1.0", "--key", "helper"]);
    impact(desk, "helper").says("lost: 1 file would stop passing").says("demo-1.0");
    // Somebody else vouches for the lead as well: then nothing rests on the helper.
    desk.sign(&["vouch", "demo==1.0", "--key", "lead"]);
    impact(desk, "helper").says("lost: 0 files");
}

#[test]
fn a_mandate_that_was_lowered_or_carries_too_little_lets_nothing_pass() {
    let Team { desk, helper, .. } = &team();
    desk.sign(&["trust", "add", helper, "--key", "lead", "--now", "2026-06-02T13:00:00Z"]);
    impact(desk, "helper").says("stolen: 1 file more");
    // The newer statement counts, and half a voice is not the whole one that is asked for.
    desk.sign(&["trust", "add", helper, "--key", "lead", "--amount", "50%"]);
    impact(desk, "helper").says("stolen: 0 files").says("may speak for lead");
}

#[test]
fn a_revoked_key_is_worth_nothing_to_a_thief() {
    let Team { desk, helper, .. } = &team();
    desk.sign(&["trust", "add", helper, "--key", "lead"]);
    impact(desk, "helper").says("stolen: 1 file more");
    desk.sign(&["trust", "revoke-key", helper, "--key", "lead", "--hard"]);
    impact(desk, "helper").says("stolen: 0 files");
}

#[test]
fn the_analysis_shows_the_policy_above_as_well() {
    let Team { desk, .. } = &team();
    let above = desk.root().join("base.toml");
    let policy = desk.read("covouch.toml");
    let (parties, _) = policy.split_once("[policy]").unwrap();
    std::fs::write(&above, format!("{parties}[policy]\nadmit = \"lead\"\n")).unwrap();
    let analyze = |format: &str| desk.covouch(&["policy", "analyze", "--format", format]).ends(0);
    analyze("human").never_says("base policy");
    assert!(analyze("json").json()["base"].is_null());
    let arguments = ["policy", "analyze", "--format"];
    let with_base = |format: &str| {
        let mut command = desk.command(&[&arguments[..], &[format]].concat());
        command.env("COVOUCH_BASE_POLICY", &above);
        desk.start(command).wait().ends(0)
    };
    with_base("human").says("base policy").says("which must admit too").says("every other project: lead");
    let json = with_base("json").json();
    assert_eq!(json["base"]["requirements"][0]["admit"], "lead");
    assert_eq!(json["requirements"][0]["admit"], "pypi and lead and second");
}
