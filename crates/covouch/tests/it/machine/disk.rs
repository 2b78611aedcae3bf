//! State that cannot be used: of a newer covouch, damaged, where no folder can be, or where nothing may be written.

use std::{
    fs::{self, File},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
};

use covouch_testkit::index::IndexServer;

use super::{CHECK, VOUCH, contents, desk, keeps_nothing_wrong, locked_world, signing_desk, statements};
use crate::desk::{Desk, Ran};

/// Each command that uses state.
const COMMANDS: &[&[&str]] =
    &[VOUCH, CHECK, &["why", "demo==2.0"], &["run", "--", "uv", "--version"], &["key", "list"]];

#[test]
fn state_of_a_newer_covouch_is_not_touched_and_its_twin_is_used() {
    let (desk, key) = signing_desk();
    desk.covouch(VOUCH).ends(0);
    let version = desk.root().join("covouch/version");
    let ours = fs::read(&version).unwrap();
    for (theirs, code) in [("2\n", "[state-newer]"), ("a new kind\n", "[state-damaged]")] {
        fs::write(&version, theirs).unwrap();
        let before = contents(&desk.root());
        for command in COMMANDS {
            desk.covouch(command).ends(1).says(code).says("hint: ");
        }
        assert_eq!(contents(&desk.root()), before);
    }
    fs::write(&version, ours).unwrap();
    desk.covouch(VOUCH).ends(0);
    assert_eq!(statements(&desk, &key).len(), 2);
}

#[test]
fn state_below_a_file_is_an_error_and_its_twin_beside_it_is_used() {
    let desk = Desk::new();
    desk.write("demo-1.0-py3-none-any.whl", "");
    let file = desk.write("file", "whole");
    let below = file.join("state");
    for command in COMMANDS {
        let home = ["--home", below.to_str().unwrap()];
        desk.covouch(&[&home[..], command].concat()).ends(1).says("[state-unusable]").says("hint: ");
    }
    assert_eq!(desk.read("file"), "whole");
    desk.covouch(&["key", "list", "--home", desk.root().join("beside").to_str().unwrap()]).ends(0);
}

/// Lets nobody write into a folder and those below it, until [`open`].
fn close(folder: &Path) {
    chmod(folder, 0o555);
}

/// Lets its owner write into a folder again.
fn open(folder: &Path) {
    chmod(folder, 0o755);
}

fn chmod(folder: &Path, mode: u32) {
    fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
    for entry in fs::read_dir(folder).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
        chmod(&entry.path(), mode);
    }
}

/// `covouch ARGUMENTS…` as somebody whom permissions bind. They do not bind root, unless it gives that up.
fn bound(desk: &Desk, arguments: &[&str]) -> Ran {
    let plain = desk.command(arguments);
    if File::create(desk.root().join("closed/probe")).is_err() {
        return desk.start(plain).wait();
    }
    let mut command: Command = desk.program("setpriv");
    command.args(["--bounding-set=-dac_override,-dac_read_search", "--"]);
    command.arg(plain.get_program()).args(plain.get_args());
    desk.start(command).wait()
}

/// A folder nobody may write into, for [`bound`] to see whether that holds.
fn with_closed_folder(desk: Desk) -> Desk {
    fs::create_dir(desk.root().join("closed")).unwrap();
    close(&desk.root().join("closed"));
    desk
}

#[test]
fn a_state_folder_that_may_only_be_read_is_enough_for_what_it_holds() {
    let (site, lock) = locked_world();
    let index = IndexServer::start(site);
    let desk = with_closed_folder(desk(&index));
    desk.write("requirements.txt", lock);
    let state = desk.root().join("covouch");
    // New: there is nowhere to begin.
    fs::create_dir(&state).unwrap();
    close(&state);
    bound(&desk, CHECK).ends(1).says("[state-read-only]").says("hint: set COVOUCH_HOME");
    assert_eq!(fs::read_dir(&state).unwrap().count(), 0);
    // Begun, and then closed: pages are asked for again each time, and the verdicts are the same.
    open(&state);
    desk.covouch(&["key", "list"]).ends(0);
    close(&state);
    let cold = bound(&desk, CHECK).ends(4);
    assert_eq!(crate::desk::files(&state.join("cache")).len(), 0);
    open(&state);
    let warm = desk.covouch(CHECK).ends(4);
    assert_eq!(warm.stdout, cold.stdout);
    close(&state);
    let before = contents(&state);
    assert_eq!(bound(&desk, &[CHECK, &["--offline"]].concat()).ends(4).stdout, warm.stdout);
    assert_eq!(contents(&state), before);
    open(&state);
    assert_eq!(desk.covouch(CHECK).ends(4).stdout, warm.stdout);
    keeps_nothing_wrong(&desk);
}

#[test]
fn an_installation_with_a_state_folder_that_may_only_be_read_is_not_begun() {
    let index = IndexServer::start(super::shelves());
    let desk = with_closed_folder(desk(&index));
    desk.covouch(&["key", "list"]).ends(0);
    let state = desk.root().join("covouch");
    let command = ["run", "--", "uv", "pip", "install", "--target", "site", "demo"];
    close(&state);
    bound(&desk, &command).ends(1).says(&format!("`{}", state.display()));
    assert_eq!(desk.installed("site"), [""; 0]);
    open(&state);
    desk.covouch(&command).ends(0);
    assert_eq!(desk.installed("site"), ["demo-1.0", "helper-1.0"]);
}

#[test]
fn a_folder_of_statements_that_may_only_be_read_keeps_what_it_has() {
    let (desk, key) = signing_desk();
    let desk = with_closed_folder(desk);
    desk.covouch(VOUCH).ends(0);
    let trust = desk.project().join("trust");
    let before = contents(&trust);
    close(&trust);
    bound(&desk, VOUCH).ends(1).says("[state-read-only]");
    assert_eq!(contents(&trust), before);
    open(&trust);
    bound(&desk, VOUCH).ends(0);
    assert_eq!(statements(&desk, &key).len(), 2);
}
