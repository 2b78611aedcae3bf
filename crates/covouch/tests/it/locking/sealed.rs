//! What nobody signed counts when somebody whom the policy names answers for it.

use std::fs;

use covouch_testkit::{index::IndexServer, sdist::Sdist};

use super::{elsewhere, elsewhere_at};
use crate::{
    desk::Desk,
    shelf::{and_new, old, policy, wheel},
};

/// A project that an index is asked about, and a build server's key, which the policy names.
fn world() -> (IndexServer, Desk) {
    let index = IndexServer::start(and_new(old([wheel("demo", "1.0")]), [wheel("demo", "2.0")]));
    let desk = Desk::new();
    let key = desk.covouch(&["key", "new", "build", "--no-passphrase"]).ends(0);
    desk.covouch(&["key", "new", "other", "--no-passphrase"]).ends(0);
    let keys = format!("[gateway]\nlock-keys = [\"{}\"]\n", key.stdout.trim_end());
    desk.write("covouch.toml", policy(&index, "pypi and age >= 3d", "yanked or quarantined") + &keys);
    pin(&desk, "1.0");
    (index, desk)
}

fn pin(desk: &Desk, version: &str) {
    let digest = wheel("demo", version).sha256();
    desk.write("requirements.txt", format!("demo=={version} --hash=sha256:{digest}\n"));
}

#[test]
fn what_an_index_said_counts_elsewhere_when_the_build_server_sealed_it() {
    let (_index, desk) = world();
    desk.covouch(&["lock"]).ends(0).says("1 admitted").says("0 of them sealed");
    elsewhere(&desk).ends(4);
    desk.covouch(&["lock", "--key", "other"]).ends(0);
    elsewhere(&desk).ends(4);
    desk.covouch(&["lock", "--key", "build"]).ends(0).says("1 of them sealed");
    elsewhere(&desk).ends(0).says("1 admitted");
    // Somebody without the key locks again, and what was sealed stays.
    desk.covouch(&["lock"]).ends(0).says("1 of them sealed");
    elsewhere(&desk).ends(0);
    // The policy names nobody any more.
    let text = desk.read("covouch.toml");
    desk.write("covouch.toml", text.split("[gateway]").next().unwrap());
    elsewhere(&desk).ends(4);
}

#[test]
fn a_sealed_observation_is_of_one_index_and_of_one_moment() {
    let (_index, desk) = world();
    desk.covouch(&["lock", "--key", "build"]).ends(0);
    elsewhere_at(&desk, super::WITHIN).ends(0);
    elsewhere_at(&desk, super::AFTER).ends(4).says("[evidence-too-old]");
    let text = desk.read("covouch.toml");
    desk.write("covouch.toml", text.replace("http://", "https://"));
    elsewhere(&desk).ends(4);
}

#[test]
fn what_was_sealed_as_too_young_is_old_enough_when_it_is() {
    let (_index, desk) = world();
    pin(&desk, "2.0");
    desk.covouch(&["lock", "--key", "build"]).ends(4).says("[too-new]");
    elsewhere(&desk).ends(4).says("[too-new]");
    elsewhere_at(&desk, "2026-06-05T14:00:00Z").ends(0);
}

#[test]
fn an_sdist_is_let_in_elsewhere_when_the_wheels_beside_it_are() {
    let sdist = Sdist::new("demo", "1.0").build();
    let digest = sdist.sha256();
    for (site, code) in [
        (old([wheel("demo", "1.0"), sdist.clone()]), 0),
        // The twin: the wheel came later, and nobody may be brought to build what would else be installed.
        (and_new(old([sdist.clone()]), [wheel("demo", "1.0")]), 3),
    ] {
        let index = IndexServer::start(site);
        let desk = Desk::new();
        let key = desk.covouch(&["key", "new", "build", "--no-passphrase"]).ends(0);
        let keys = format!("[gateway]\nlock-keys = [\"{}\"]\n", key.stdout.trim_end());
        desk.write("covouch.toml", policy(&index, "pypi and age >= 3d", "yanked") + &keys);
        desk.write("requirements.txt", format!("demo==1.0 --hash=sha256:{digest}\n"));
        desk.covouch(&["lock", "--key", "build"]).ends(code);
        drop(index);
        elsewhere(&desk).ends(code);
    }
}

#[test]
fn under_a_base_policy_both_name_whoever_answers() {
    let (index, desk) = world();
    let folder = desk.root().join("configuration");
    fs::create_dir_all(folder.join("covouch")).unwrap();
    fs::write(folder.join("covouch/config.toml"), "[base]\npath = \"base.toml\"\n").unwrap();
    let desk = desk.set("XDG_CONFIG_HOME", &folder);
    let base = |text: String| fs::write(folder.join("covouch/base.toml"), text).unwrap();
    base(policy(&index, "pypi", "yanked"));
    desk.covouch(&["lock", "--key", "build"]).ends(0);
    elsewhere(&desk).ends(4);
    let keys = desk.read("covouch.toml");
    let keys = keys.split("[gateway]").nth(1).unwrap();
    base(policy(&index, "pypi", "yanked") + "[gateway]" + keys);
    elsewhere(&desk).ends(0);
}
