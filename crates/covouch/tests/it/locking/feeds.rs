//! Feeds in a lock: a curator's word, and the proof that the curator said nothing else.

use std::fs;

use super::{elsewhere, elsewhere_at, pin};
use crate::{desk::Desk, shelf::wheel};

const PUBLISH: &[&str] = &["feed", "publish", "feed", "--key", "curator", "--online", "online"];

/// A project whose file a curator's feed vouches for.
fn world(refuse: &str) -> Desk {
    let desk = Desk::new();
    for name in ["root", "curator", "online"] {
        desk.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
    }
    desk.covouch(&["feed", "init", "feed", "--root", "root", "--key", "curator", "--online", "online"])
        .ends(0);
    say(&desk, &["vouch", "--read", "full-source"]);
    let root = desk.covouch(PUBLISH).ends(0).all();
    let root = root.split("root = \"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let feed = url::Url::from_directory_path(desk.project().join("feed/public")).unwrap();
    let party = format!("[party.night-watch]\nfeed = \"{feed}\"\nroot = \"{root}\"\n");
    desk.write("covouch.toml", format!("schema = 1\n{party}[policy]\nadmit = \"night-watch\"\n{refuse}"));
    pin(&desk, &[wheel("demo", "1.0")]);
    desk
}

fn say(desk: &Desk, statement: &[&str]) {
    let file = wheel("demo", "1.0");
    desk.write(file.filename(), file.bytes());
    let signed = ["--file", file.filename(), "--key", "curator", "--to", "feed/statements", "--yes"];
    desk.covouch(&[statement, &signed].concat()).ends(0);
}

/// The feed's server is far away.
fn away(desk: &Desk) {
    fs::rename(desk.project().join("feed"), desk.root().join("away")).unwrap();
}

fn back(desk: &Desk) {
    fs::rename(desk.root().join("away"), desk.project().join("feed")).unwrap();
}

const VETOES: &str = "refuse = \"vetoes\"\n";

#[test]
fn a_lock_proves_what_a_feed_says_and_that_it_says_nothing_against_it() {
    let desk = world(VETOES);
    desk.covouch(&["lock"]).ends(0).says("1 admitted");
    away(&desk);
    elsewhere(&desk).ends(0).says("1 admitted");
    let evidence = fs::read(desk.project().join("covouch.evidence")).unwrap();
    fs::remove_file(desk.project().join("covouch.evidence")).unwrap();
    elsewhere(&desk).ends(4).says("there is no `covouch.evidence`");
    desk.write("covouch.evidence", evidence);
    // The feed itself promised no more than a week.
    elsewhere_at(&desk, "2026-06-09T15:00:00Z").ends(4).says("stale since");

    let twin = world("");
    twin.covouch(&["lock"]).ends(0);
    away(&twin);
    fs::remove_file(twin.project().join("covouch.evidence")).unwrap();
    elsewhere(&twin).ends(0).says("1 admitted");
}

#[test]
fn a_veto_in_the_feed_is_in_the_evidence_and_a_newer_one_is_heard_where_the_feed_is() {
    let desk = world(VETOES);
    desk.covouch(&["lock"]).ends(0);
    say(&desk, &["veto", "--reason", "malware"]);
    desk.covouch(PUBLISH).ends(0);
    elsewhere(&desk).ends(3).says("vetoed by night-watch");
    away(&desk);
    elsewhere(&desk).ends(0);
    back(&desk);
    desk.covouch(&["lock"]).ends(3);
    away(&desk);
    elsewhere(&desk).ends(3).says("vetoed by night-watch");
}

#[test]
fn a_lock_knows_the_feed_by_the_digest_that_the_policy_names() {
    let desk = world("");
    desk.covouch(&["lock"]).ends(0);
    away(&desk);
    elsewhere(&desk).ends(0);
    let policy = desk.read("covouch.toml");
    let root = policy.split("root = \"sha256:").nth(1).unwrap().split('"').next().unwrap();
    desk.write("covouch.toml", policy.replace(root, &"0".repeat(64)));
    elsewhere(&desk).ends(4).says("has nothing of it");
}

#[test]
fn a_key_that_the_feed_changed_is_followed_in_the_lock() {
    let desk = world(VETOES);
    for name in ["root-2", "online-2"] {
        desk.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
    }
    let rotate = ["feed", "rotate-root", "feed", "--root", "root-2", "--online", "online-2"];
    desk.covouch(&rotate).ends(0);
    for name in ["root", "root-2"] {
        desk.covouch(&["feed", "sign-root", "feed", "--key", name]).ends(0);
    }
    desk.covouch(&["feed", "publish", "feed", "--key", "curator", "--online", "online-2"]).ends(0);
    desk.covouch(&["lock"]).ends(0);
    away(&desk);
    elsewhere(&desk).ends(0).says("1 admitted");
    assert!(desk.read("covouch.lock").contains("\\\"version\\\":2"), "both roots are in the lock");
}

#[test]
fn a_file_that_nobody_locked_is_not_let_in_by_the_lock() {
    let desk = world(VETOES);
    desk.covouch(&["lock"]).ends(0);
    away(&desk);
    pin(&desk, &[wheel("demo", "1.0"), wheel("other", "1.0")]);
    elsewhere(&desk).ends(4).says("1 admitted, 1 undecided").says("1 file without an entry");
}
