//! Bundles: made where there is a network, and taken over where there is none.

use std::fs;

use covouch_core::digest::Sha256;

use super::{at_random_moments, fastest, kill, kills, takes, timed};
use crate::bundle::{Maker, closed, import, locked, verdicts};

#[test]
fn an_import_that_is_killed_leaves_the_old_state_or_the_new() {
    let maker = Maker::new();
    let [(old, old_sha256), (new, new_sha256)] = maker.bundles_around_a_veto();
    maker.cut();
    let with_old = || {
        let desk = closed(&maker);
        import(&desk, &old, &old_sha256).ends(0);
        desk
    };
    let twin = with_old();
    let before = verdicts(&twin, &["--offline"]);
    import(&twin, &new, &new_sha256).ends(0);
    let after = verdicts(&twin, &["--offline"]);
    assert_ne!(before, after);
    let whole = fastest(|| {
        let desk = with_old();
        timed(|| drop(import(&desk, &new, &new_sha256).ends(0)))
    });
    let arguments = ["bundle", "import", new.to_str().unwrap(), "--sha256", &new_sha256];
    at_random_moments("bundle import", kills(), |moment| {
        let desk = with_old();
        let ran = kill(&desk, desk.command(&arguments), moment.of(whole));
        let found = verdicts(&desk, &["--offline"]);
        assert!(found == before || found == after, "{found:?}\n{}", ran.all());
        import(&desk, &new, &new_sha256).ends(0);
        assert_eq!(verdicts(&desk, &["--offline"]), after);
        assert!(!desk.root().join("covouch/bundle/work").exists());
        ran.code.is_none()
    });
}

#[test]
fn a_making_that_is_killed_leaves_the_old_bundle_or_the_new() {
    const MAKE: [&str; 4] = ["bundle", "make", "--to", "night.bundle"];
    let maker = Maker::new();
    let (bundle, before) = maker.bundle("night.bundle");
    let old = fs::read(&bundle).unwrap();
    maker.sign("ada", "trust", &["vouch", "--read", "full-source"], &locked()[3]);
    let (_, after) = maker.bundle("other.bundle");
    let digest = || Sha256::of(&fs::read(&bundle).unwrap()).to_string();
    let whole = takes(|| drop(maker.desk.covouch(&MAKE).ends(0)));
    at_random_moments("bundle make", kills(), |moment| {
        fs::write(&bundle, &old).unwrap();
        let ran = kill(&maker.desk, maker.desk.command(&MAKE), moment.of(whole));
        assert!([&before, &after].contains(&&digest()), "{}", ran.all());
        maker.desk.covouch(&MAKE).ends(0);
        assert_eq!(digest(), after);
        ran.code.is_none()
    });
}
