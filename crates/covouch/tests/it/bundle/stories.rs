//! Stories whose evidence comes from everywhere, told again on a machine that never had a network.

use std::path::PathBuf;

use covouch_testkit::scenario::{Scenario, World};

use super::{import, verdicts};
use crate::{desk::Desk, scenarios::Stage};

/// What is locked, in the form that names files.
const LOCK: &str = "pylock.toml";

/// A bundle of a world, its digest, and what a check says where there is a network.
fn bundled(stage: &Stage) -> (PathBuf, String, Vec<(String, String, String)>) {
    let connected = verdicts(&stage.desk, &[LOCK]);
    let make = ["bundle", "make", LOCK, "--to", "night.bundle", "--format", "json"];
    let made = stage.desk.covouch(&make).ends(0).json();
    let sha256 = made["bundle"]["sha256"].as_str().unwrap().to_owned();
    (stage.desk.project().join("night.bundle"), sha256, connected)
}

/// An empty home and the project's own files: its policy, its lock, and whom its policy believes.
fn closed(stage: &Stage, world: &World) -> Desk {
    let desk = Desk::new();
    if world.has_attestations() {
        desk.trust_the_sigstore_of_tests();
    }
    for file in ["covouch.toml", LOCK, "archive.gpg"] {
        if stage.desk.project().join(file).is_file() {
            desk.write(file, std::fs::read(stage.desk.project().join(file)).unwrap());
        }
    }
    desk.set("COVOUCH_NOW", world.now().to_string())
}

fn story(name: &str) -> Scenario {
    Scenario::all().into_iter().find(|(found, _)| found == name).unwrap().1
}

/// The world comes to the same verdicts behind a bundle, and before it is taken over to none that lets all in.
fn tells_the_same(world: &World) {
    let stage = Stage::set(world);
    let (bundle, sha256, connected) = bundled(&stage);
    let desk = closed(&stage, world);
    let _maker = stage.cut();
    let before = desk.covouch(&["check", LOCK, "--offline"]);
    assert_ne!(before.code, Some(0), "{}", before.all());
    import(&desk, &bundle, &sha256).ends(0).says("0 left out, 0 refused");
    assert_eq!(verdicts(&desk, &[LOCK, "--offline"]), connected);
}

/// The same of a story and its twin, in one of which a file comes in.
fn both_tell_the_same(name: &str) {
    let story = story(name);
    tells_the_same(&story.world);
    tells_the_same(&story.twin.world);
}

#[test]
fn what_debian_packaged_is_known_behind_a_bundle_and_a_frozen_index_is_put_into_none() {
    let frozen = story("debian-index-frozen");
    tells_the_same(&frozen.twin.world);
    let stage = Stage::set(&frozen.world);
    let make = ["bundle", "make", LOCK, "--to", "night.bundle"];
    stage.desk.covouch(&make).ends(1).says("[debian-expired]");
    assert!(!stage.desk.project().join("night.bundle").exists());
}

#[test]
fn who_published_a_file_is_verified_behind_a_bundle() {
    both_tell_the_same("old-major-never-attested");
    both_tell_the_same("publisher-leaves-its-ci");
}

#[test]
fn what_a_wheel_derives_from_is_known_behind_a_bundle() {
    both_tell_the_same("wheel-adds-a-pth");
    both_tell_the_same("generated-file-in-the-sdist");
}

#[test]
fn ballots_are_counted_behind_a_bundle() {
    both_tell_the_same("vote-adopted-orphan");
    both_tell_the_same("vote-hidden-withdrawal");
    both_tell_the_same("vote-bought-accounts");
}

#[test]
fn a_record_that_was_withdrawn_is_known_to_be_behind_a_bundle() {
    both_tell_the_same("malware-record-withdrawn");
}
