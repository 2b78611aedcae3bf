//! `covouch feed`, from an empty folder to a changed key.

use crate::desk::Desk;

/// A desk with keys and a feed of one veto, published.
pub(crate) fn published() -> Desk {
    let desk = Desk::new();
    for name in ["root", "curator", "online"] {
        desk.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
    }
    desk.covouch(&["feed", "init", "feed", "--root", "root", "--key", "curator", "--online", "online"])
        .ends(0);
    veto(&desk, "six");
    let ran = desk.covouch(&["feed", "publish", "feed", "--key", "curator", "--online", "online"]).ends(0);
    assert!(ran.stdout.starts_with("published 1 new statement in 4 files"), "{}", ran.all());
    assert!(ran.all().contains("root = \"sha256:"), "{}", ran.all());
    desk
}

pub(crate) fn veto(desk: &Desk, project: &str) {
    let file = format!("{project}-1.0.tar.gz");
    desk.write(&file, format!("not really {project}"));
    let about = ["veto", "--file", &file, "--reason", "malware", "--key", "curator"];
    desk.covouch(&[&about[..], &["--to", "feed/statements", "--yes"]].concat()).ends(0);
}

#[test]
fn a_curator_begins_publishes_and_is_read() {
    let desk = published();
    let ran = desk.covouch(&["feed", "verify", "feed"]).ends(0);
    assert!(ran.stdout.contains("1 statement in 1 list, 0 of keys"), "{}", ran.all());
    assert!(ran.stdout.contains("the feed holds until 2026-06-09T15:00:00Z"), "{}", ran.all());
    veto(&desk, "flask");
    let status = desk.covouch(&["feed", "status", "feed"]).ends(0).stdout;
    assert!(status.contains("waiting      1 statement") && status.contains("projects     1"), "{status}");
    // Something new needs the feed's own key.
    let ran = desk.covouch(&["feed", "publish", "feed", "--online", "online"]).ends(1);
    assert!(ran.all().contains("feed-not-published") || ran.all().contains("--key KEY"), "{}", ran.all());
    desk.covouch(&["feed", "publish", "feed", "--key", "curator", "--online", "online"]).ends(0);
    // Nothing new does not.
    let ran = desk.covouch(&["feed", "publish", "feed", "--online", "online"]).ends(0);
    assert!(ran.stdout.starts_with("published 0 new statements in 1 file"), "{}", ran.all());
    let ran = desk.covouch(&["feed", "verify", "feed"]).ends(0);
    assert!(ran.stdout.contains("2 statements in 1 list"), "{}", ran.all());
}

#[test]
fn a_feed_that_is_not_published_in_time_is_stale() {
    let desk = published();
    desk.covouch(&["feed", "verify", "feed"]).ends(0);
    let desk = desk.set("COVOUCH_NOW", "2026-06-09T15:00:00Z");
    let ran = desk.covouch(&["feed", "verify", "feed"]).ends(4);
    assert!(ran.stdout.contains("stale since 2026-06-09T15:00:00Z"), "{}", ran.all());
    desk.covouch(&["feed", "publish", "feed", "--online", "online"]).ends(0);
    desk.covouch(&["feed", "verify", "feed"]).ends(0);
}

#[test]
fn keys_are_changed_by_enough_of_the_old_ones() {
    let desk = published();
    desk.covouch(&["feed", "verify", "feed"]).ends(0);
    for name in ["root-2", "online-2"] {
        desk.covouch(&["key", "new", name, "--no-passphrase"]).ends(0);
    }
    let publish = ["feed", "publish", "feed", "--key", "curator", "--online", "online-2"];
    let rotate =
        ["feed", "rotate-root", "feed", "--root", "root", "--root", "root-2", "--online", "online-2"];
    desk.covouch(&rotate).ends(0);
    // The new root is not signed: the old one holds, and the new online key says nothing.
    desk.covouch(&publish).ends(1);
    desk.covouch(&["feed", "sign-root", "feed", "--key", "root"]).ends(0);
    let status = desk.covouch(&["feed", "status", "feed"]).ends(0).stdout;
    assert!(status.contains("signed by 1 keys; it needs 2"), "{status}");
    desk.covouch(&publish).ends(1);
    desk.covouch(&["feed", "sign-root", "feed/ceremony/2.root.json", "--key", "root-2"]).ends(0);
    desk.covouch(&publish).ends(0);
    let ran = desk.covouch(&["feed", "verify", "feed"]).ends(0);
    assert!(ran.stdout.contains("1 statement"), "{}", ran.all());
    // The old online key is nobody any more.
    desk.covouch(&["feed", "publish", "feed", "--online", "online"]).ends(1);
}

#[test]
fn a_changed_feed_is_refused() {
    let desk = published();
    desk.covouch(&["feed", "verify", "feed"]).ends(0);
    let targets = desk.read("feed/public/1.targets.json");
    desk.write("feed/public/1.targets.json", targets.replace("feed", "food").replace("six", "sex"));
    let desk = desk.set("COVOUCH_HOME", "elsewhere");
    let ran = desk.covouch(&["feed", "verify", "feed"]).ends(1);
    assert!(ran.all().contains("not the bytes that are announced"), "{}", ran.all());
    desk.write("feed/public/1.targets.json", targets);
    desk.covouch(&["feed", "verify", "feed"]).ends(0);
}
