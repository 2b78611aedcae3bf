//! Bundles that are not the newest word: what a machine knows does not go back.

use std::fs;

use super::{Maker, closed, import, locked, record, verdicts};

#[test]
fn an_older_bundle_is_refused_for_the_feed_and_nothing_known_is_lost() {
    let maker = Maker::new();
    let [(old, old_sha256), (new, new_sha256)] = maker.bundles_around_a_veto();
    maker.cut();
    let desk = closed(&maker);
    import(&desk, &new, &new_sha256).ends(0);
    let known = verdicts(&desk, &["--offline"]);
    assert!(known.iter().all(|(_, verdict, _)| verdict != "admitted"), "{known:?}");
    import(&desk, &old, &old_sha256).ends(3).says("[feed-rollback]").says("1 refused");
    assert_eq!(verdicts(&desk, &["--offline"]), known);
    // Its twin, on a machine that knows nothing newer, is taken; and the newer one after it.
    let desk = closed(&maker);
    import(&desk, &old, &old_sha256).ends(0);
    assert!(verdicts(&desk, &["--offline"]).iter().any(|(_, verdict, _)| verdict == "admitted"));
    import(&desk, &new, &new_sha256).ends(0);
    assert_eq!(verdicts(&desk, &["--offline"]), known);
}

#[test]
fn a_copy_that_lacks_a_known_record_is_not_taken() {
    let maker = Maker::new();
    let (bundle, sha256) = maker.bundle("night.bundle");
    let desk = closed(&maker);
    desk.write("records/MAL-2026-8.json", record("other", 8));
    import(&desk, &bundle, &sha256).ends(3).says("[bundle-older]").says("MAL-2026-8");
    assert!(!desk.project().join("records/MAL-2026-7.json").exists());
    fs::remove_file(desk.project().join("records/MAL-2026-8.json")).unwrap();
    import(&desk, &bundle, &sha256).ends(0);
    assert!(desk.project().join("records/MAL-2026-7.json").exists());
}

#[test]
fn statements_that_were_signed_here_since_stay() {
    let maker = Maker::new();
    let (old, old_sha256) = maker.bundle("old.bundle");
    let lone = &locked()[3];
    maker.sign("ada", "trust", &["veto", "--reason", "malware"], lone);
    let (new, new_sha256) = maker.bundle("new.bundle");
    let desk = closed(&maker);
    import(&desk, &new, &new_sha256).ends(0);
    let trust = |desk: &crate::desk::Desk| crate::desk::files(&desk.project().join("trust")).len();
    let known = (trust(&desk), verdicts(&desk, &["--offline"]));
    import(&desk, &old, &old_sha256).ends(0).says("nothing new");
    assert_eq!((trust(&desk), verdicts(&desk, &["--offline"])), known);
    assert!(known.1.iter().any(|(file, verdict, _)| file.starts_with("lone") && verdict == "refused"));
}

#[test]
fn two_histories_of_one_key_are_refused() {
    let maker = Maker::new();
    let (bundle, sha256) = maker.bundle("night.bundle");
    let desk = closed(&maker);
    // The same key signed something else as its first statement, elsewhere.
    let key = maker.desk.root().join("covouch/keys/ada");
    let file = locked()[3].clone();
    desk.write(file.filename(), file.bytes());
    let veto =
        ["veto", "--reason", "malware", "--file", file.filename(), "--key", key.to_str().unwrap(), "--yes"];
    desk.covouch(&veto).ends(0);
    import(&desk, &bundle, &sha256).ends(3).says("[chain-broken]");
    fs::remove_dir_all(desk.project().join("trust")).unwrap();
    import(&desk, &bundle, &sha256).ends(0);
}

#[test]
fn a_feed_with_another_root_is_refused() {
    let (maker, other) = (Maker::new(), Maker::new());
    let (bundle, sha256) = maker.bundle("night.bundle");
    let desk = closed(&maker);
    let policy = desk.read("covouch.toml");
    let root = |maker: &Maker| {
        let root = maker.desk.read("feed/public/1.root.json");
        covouch_core::digest::Sha256::of(root.as_bytes()).to_string()
    };
    desk.write("covouch.toml", policy.replace(&root(&maker), &root(&other)));
    import(&desk, &bundle, &sha256).ends(3).says("[feed-other-root]");
    desk.write("covouch.toml", policy);
    import(&desk, &bundle, &sha256).ends(0);
}
