//! Two commands at once.

use std::fs;

use covouch_testkit::index::IndexServer;

use super::{CHECK, VOUCH, desk, keeps_nothing_wrong, locked_world, shelves, signing_desk, statements};
use crate::{
    feed::{published, veto},
    installer::Installer,
    locking,
    shelf::wheel,
};

#[test]
fn two_vouches_at_once_are_two_statements_of_one_chain() {
    let (desk, key) = signing_desk();
    for round in 1..=5 {
        let started = [(); 2].map(|()| desk.start(desk.command(VOUCH)));
        let said = started.map(|started| started.wait().ends(0).stdout.trim().replace("signed ", ""));
        let statements = statements(&desk, &key);
        assert_eq!(statements.len(), round * 2);
        assert!(said.iter().all(|id| statements.contains(id)), "{said:?}");
    }
}

#[test]
fn two_checks_at_once_of_one_cold_state_say_what_one_says() {
    let (site, lock) = locked_world();
    let index = IndexServer::start(site);
    let cold = || {
        let desk = desk(&index);
        desk.write("requirements.txt", &lock);
        desk
    };
    let alone = cold().covouch(CHECK).ends(4);
    let desk = cold();
    let started = [(); 2].map(|()| desk.start(desk.command(CHECK)));
    for started in started {
        assert_eq!(started.wait().ends(4).stdout, alone.stdout);
    }
    keeps_nothing_wrong(&desk);
    assert_eq!(desk.covouch(CHECK).ends(4).stdout, alone.stdout);
}

#[test]
fn two_installations_at_once_with_one_cold_state_both_end_well() {
    for installer in [Installer::Pip, Installer::Uv] {
        let index = IndexServer::start(shelves());
        let desk = desk(&index);
        let started = ["one", "two"].map(|target| {
            let words = installer.command(target);
            let words: Vec<&str> = words.iter().map(String::as_str).chain(["demo"]).collect();
            desk.start(desk.run_command(&words))
        });
        for started in started {
            started.wait().ends(0);
        }
        for target in ["one", "two"] {
            assert_eq!(desk.installed(target), ["demo-1.0", "helper-1.0"], "{installer:?}");
        }
        keeps_nothing_wrong(&desk);
    }
}

/// Three publish what one of them is enough for, and each time one of them does.
#[test]
fn who_publishes_at_once_publishes_one_after_the_other() {
    let desk = published();
    for round in 1..=5 {
        veto(&desk, &format!("project-{round}"));
        let publish = ["feed", "publish", "feed", "--key", "curator", "--online", "online"];
        let started = [(); 3].map(|()| desk.start(desk.command(&publish)));
        let said = started.map(|started| started.wait().ends(0).stdout);
        let news = said.iter().filter(|text| text.starts_with("published 1 new")).count();
        assert_eq!(news, 1, "{said:?}");
        let expected = format!("{} statements in 1 list", round + 1);
        desk.covouch(&["feed", "verify", "feed"]).ends(0).says(&expected);
    }
}

/// What is signed while somebody publishes is in this publication or in the next.
#[test]
fn who_signs_while_another_publishes_is_published_now_or_next() {
    let desk = published();
    let publish = ["feed", "publish", "feed", "--key", "curator", "--online", "online"];
    for round in 1..=5 {
        let started = desk.start(desk.command(&publish));
        veto(&desk, &format!("project-{round}"));
        started.wait().ends(0);
        desk.covouch(&publish).ends(0);
        let expected = format!("{} statements in 1 list", round + 1);
        desk.covouch(&["feed", "verify", "feed"]).ends(0).says(&expected);
    }
}

#[test]
fn two_syncs_at_once_of_one_cold_state_both_read_the_feed() {
    let desk = published();
    for home in ["one", "two", "three"] {
        let home = desk.root().join(home);
        let verify = ["feed", "verify", "feed", "--home", home.to_str().unwrap()];
        let started = [(); 3].map(|()| desk.start(desk.command(&verify)));
        for started in started {
            started.wait().ends(0).says("1 statement in 1 list");
        }
    }
}

#[test]
fn two_locks_at_once_are_one_lock() {
    let (desk, key) = signing_desk();
    desk.covouch(VOUCH).ends(0);
    let party = format!("[party.me]\nkey = \"{key}\"\nfrom = \"trust/\"\n");
    let policy = "[policy]\nadmit = \"me\"\nrefuse = \"vetoes\"\n";
    desk.write("covouch.toml", format!("schema = 1\n{party}{policy}"));
    locking::pin(&desk, &[wheel("demo", "1.0")]);
    let files =
        || ["covouch.lock", "covouch.evidence"].map(|name| fs::read(desk.project().join(name)).unwrap());
    desk.covouch(&["lock"]).ends(0);
    let alone = files();
    for _ in 0..5 {
        for name in ["covouch.lock", "covouch.evidence"] {
            fs::remove_file(desk.project().join(name)).unwrap();
        }
        let started = [(); 2].map(|()| desk.start(desk.command(&["lock"])));
        for started in started {
            started.wait().ends(0);
        }
        assert_eq!(files(), alone);
        desk.covouch(&["check", "--locked", "--offline"]).ends(0).says("1 admitted");
    }
}
