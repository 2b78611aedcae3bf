//! Two commands at once.

use covouch_testkit::index::IndexServer;

use super::{CHECK, VOUCH, desk, keeps_nothing_wrong, locked_world, shelves, signing_desk, statements};
use crate::installer::Installer;

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
