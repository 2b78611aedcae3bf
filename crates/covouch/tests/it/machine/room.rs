//! No room left: for any file larger than so much, which works on every Unix, and on a disk that is full.

use std::{fs, process::Command};

use covouch_io::folder;
use covouch_testkit::index::IndexServer;

use super::{CHECK, VOUCH, desk, keeps_nothing_wrong, locked_world, shelves, signing_desk, statements};
use crate::desk::{Desk, Ran};

/// Kilobytes a file may have: none, so that the first write fails, and then one write after the other succeeds.
const ROOM: [u32; 8] = [0, 1, 2, 4, 16, 64, 256, 1024];

/// `covouch ARGUMENTS…` where no file can grow beyond so many kilobytes; what it prints goes to one that can.
fn limited(desk: &Desk, kilobytes: u32, arguments: &[&str]) -> Ran {
    // Without the trap the system ends the command at that write, as `kill -9` would.
    let script = "set -o pipefail; (trap '' XFSZ; ulimit -f $0; exec \"$@\") 2>&1 | cat";
    let plain = desk.command(arguments);
    let mut command = desk.program("bash");
    command.args(["-c", script, &kilobytes.to_string()]).arg(plain.get_program()).args(plain.get_args());
    desk.start(command).wait()
}

#[test]
fn a_vouch_that_finds_no_room_says_so_and_loses_nothing() {
    let (desk, key) = signing_desk();
    let mut ended = Vec::new();
    for kilobytes in ROOM {
        let before = statements(&desk, &key);
        let ran = limited(&desk, kilobytes, VOUCH).ends_with_one_of(&[0, 1]);
        let after = statements(&desk, &key);
        assert!(after.starts_with(&before));
        if ran.code == Some(1) {
            ran.clone().says("cannot be written").says("[state-");
        } else {
            assert_eq!(after.len(), before.len() + 1);
        }
        desk.covouch(VOUCH).ends(0);
        assert_eq!(statements(&desk, &key).len(), after.len() + 1);
        ended.push(ran.code);
    }
    assert_eq!((ended.first(), ended.last()), (Some(&Some(1)), Some(&Some(0))));
}

#[test]
fn a_check_that_finds_no_room_says_so_or_does_without() {
    let (site, lock) = locked_world();
    let index = IndexServer::start(site);
    let cold = || {
        let desk = desk(&index);
        desk.write("requirements.txt", &lock);
        desk
    };
    let right = cold().covouch(CHECK).ends(4);
    for kilobytes in ROOM {
        let desk = cold();
        let ran = limited(&desk, kilobytes, &[CHECK, &["--quiet"]].concat()).ends_with_one_of(&[1, 4]);
        if ran.code == Some(1) {
            ran.says("cannot be written").says("[state-");
        } else {
            assert!(ran.stdout.contains(right.stdout.trim()), "{}", ran.all());
        }
        keeps_nothing_wrong(&desk);
        assert_eq!(desk.covouch(CHECK).ends(4).stdout, right.stdout);
    }
}

#[test]
fn an_installation_that_finds_no_room_says_so_and_the_next_one_works() {
    let index = IndexServer::start(shelves());
    let install = |target| ["run", "--", "uv", "pip", "install", "--target", target, "demo"];
    let mut ended = Vec::new();
    for kilobytes in ROOM {
        // uv would try for half a minute what cannot work.
        let desk = desk(&index).set("UV_HTTP_RETRIES", "0");
        let ran = limited(&desk, kilobytes, &install("limited"));
        if ran.code == Some(0) {
            assert_eq!(desk.installed("limited"), ["demo-1.0", "helper-1.0"]);
        } else {
            // Whether covouch, its gate or uv found no room.
            assert!(ran.said("File too large") || ran.said("no file may be so large"), "{}", ran.all());
            assert_eq!(desk.installed("limited"), [""; 0]);
        }
        keeps_nothing_wrong(&desk);
        desk.covouch(&install("next")).ends(0);
        assert_eq!(desk.installed("next"), ["demo-1.0", "helper-1.0"]);
        let at_the_gate = ran.said("[gateway-storage]");
        assert!(!at_the_gate || ran.code == Some(1), "a full disk is no verdict: {}", ran.all());
        ended.push(if at_the_gate { None } else { ran.code });
    }
    // The gate says it too, where there is room for everything else.
    assert!(ended.contains(&None) && ended.ends_with(&[Some(0)]), "{ended:?}");
}

/// Whether this user may mount something where nobody else sees it.
fn can_mount() -> bool {
    let mounted = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"])
        .output();
    mounted.is_ok_and(|output| output.status.success())
}

/// Runs a command on a small disk until it does not end with 0, and then on the same disk, enlarged. What stands on
/// it in the end is copied to where it can be seen.
const FULL: &str = r#"
disk=$1; size=$2; copy=$3; shift 3
mount -t tmpfs -o "size=$size" tmpfs "$disk" || exit 99
while "$@"; do :; done; echo "full"
mount -o remount,size=64m "$disk"
"$@"; echo "roomy: $?"
cp -r "$disk/." "$copy"
"#;

/// Runs a command with a disk of this size at a folder of the desk, until it is full, and again when it has grown.
fn on_a_full_disk(desk: &Desk, disk: &str, size: &str, arguments: &[&str]) -> Ran {
    let (disk, copy) = (desk.root().join(disk), desk.root().join("copy"));
    fs::create_dir_all(&disk).unwrap();
    let plain = desk.command(arguments);
    let mut command = desk.program("unshare");
    command.args(["--user", "--map-root-user", "--mount", "bash", "-c", FULL, "bash"]);
    command.arg(&disk).arg(size).arg(copy).arg(plain.get_program()).args(plain.get_args());
    desk.start(command).wait().ends(0)
}

#[test]
fn a_full_disk_is_named_as_such_and_what_it_holds_is_whole() {
    if !can_mount() {
        eprintln!("no disk can be mounted here; a limit on files stands for it");
        return;
    }
    for size in ["8k", "12k", "16k", "20k"] {
        let (desk, key) = signing_desk();
        let ran = on_a_full_disk(&desk, "project/trust", size, VOUCH);
        let signed = ran.stdout.matches("signed ").count();
        let ran = ran.says("[state-full]").says("hint: make room").says("roomy: 0");
        let statements = folder::read_chain(&desk.root().join("copy"), &key).unwrap().statements().len();
        // Where the head found no room, its statement stands there all the same.
        assert!(statements == signed || statements == signed + 1, "{size} {statements} {}", ran.all());
    }
}

#[test]
fn a_full_state_folder_does_not_change_what_a_check_says() {
    if !can_mount() {
        eprintln!("no disk can be mounted here; a limit on files stands for it");
        return;
    }
    let (site, lock) = locked_world();
    let index = IndexServer::start(site);
    for size in ["4k", "16k", "1m"] {
        let desk = desk(&index);
        desk.write("requirements.txt", &lock);
        let ran = on_a_full_disk(&desk, "covouch", size, CHECK);
        let (full, roomy) = ran.stdout.split_once("full\n").unwrap();
        assert!(full.contains("\"totals\"") && roomy == format!("{full}roomy: 4\n"), "{size} {}", ran.all());
    }
}
