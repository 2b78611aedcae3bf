//! `kill -9` while a bundle is made or imported.

use std::{thread, time::Duration};

use super::{Maker, closed, import, locked, verdicts};

#[test]
fn an_import_that_is_killed_leaves_the_old_state_or_the_new() {
    let maker = Maker::new();
    let (old, old_sha256) = maker.bundle("old.bundle");
    maker.sign("curator", "feed/statements", &["veto", "--reason", "malware"], &locked()[0]);
    maker.publish();
    let (new, new_sha256) = maker.bundle("new.bundle");
    maker.cut();
    let twin = closed(&maker);
    import(&twin, &old, &old_sha256).ends(0);
    let before = verdicts(&twin, &["--offline"]);
    import(&twin, &new, &new_sha256).ends(0);
    let after = verdicts(&twin, &["--offline"]);
    assert_ne!(before, after);
    for point in 0..12 {
        let desk = closed(&maker);
        import(&desk, &old, &old_sha256).ends(0);
        let arguments = ["bundle", "import", new.to_str().unwrap(), "--sha256", &new_sha256];
        let started = desk.start(desk.command(&arguments));
        thread::sleep(Duration::from_millis(20 + point * 15));
        started.kill();
        let found = verdicts(&desk, &["--offline"]);
        assert!(found == before || found == after, "killed at point {point}: {found:?}");
        import(&desk, &new, &new_sha256).ends(0);
        assert_eq!(verdicts(&desk, &["--offline"]), after, "killed at point {point}");
        assert!(!desk.root().join("covouch/bundle/work").exists());
    }
}

#[test]
fn a_making_that_is_killed_leaves_the_old_bundle_or_the_new() {
    let maker = Maker::new();
    let (bundle, before) = maker.bundle("night.bundle");
    maker.sign("ada", "trust", &["vouch", "--read", "full-source"], &locked()[3]);
    let (_, after) = maker.bundle("other.bundle");
    let digest = || covouch_core::digest::Sha256::of(&std::fs::read(&bundle).unwrap()).to_string();
    for point in 0..10 {
        let started = maker.desk.start(maker.desk.command(&["bundle", "make", "--to", "night.bundle"]));
        thread::sleep(Duration::from_millis(20 + point * 25));
        started.kill();
        assert!([&before, &after].contains(&&digest()), "killed at point {point}");
    }
    maker.bundle("night.bundle");
    assert_eq!(digest(), after);
}
