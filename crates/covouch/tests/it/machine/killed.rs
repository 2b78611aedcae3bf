//! `kill -9` at random moments.
//!
//! `COVOUCH_KILLS` says at how many (20), `COVOUCH_SEED` at which; a failure prints both.

mod bundles;
mod feeds;

use std::{
    collections::BTreeMap,
    env, fs,
    os::unix::process::CommandExt as _,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use covouch_core::digest::Sha256;
use covouch_testkit::index::IndexServer;
use serde_json::Value;

use super::{CHECK, VOUCH, desk, keeps_nothing_wrong, locked_world, shelves, signing_desk, statements};
use crate::{
    desk::{Desk, Ran},
    installer::Installer,
    locking::pin,
    shelf::wheel,
};

/// An index on this machine answers at once, and a command would be over before anything can happen to it.
const LATENCY: Duration = Duration::from_millis(15);

/// A moment at which a command is killed, in thousandths of the time it takes when nothing happens to it.
#[derive(Clone, Copy)]
struct Moment(u32);

impl Moment {
    fn of(self, whole: Duration) -> Duration {
        whole * self.0 / 1000
    }
}

/// At how many moments each command is killed.
fn kills() -> u32 {
    number("COVOUCH_KILLS", 20)
}

fn number(variable: &str, usual: u32) -> u32 {
    match env::var(variable) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("`{variable}` is a number")),
        Err(_) => usual,
    }
}

/// Kills a command at the moments of a story; `one` says whether the kill came before the command's own end.
fn at_random_moments(story: &str, kills: u32, mut one: impl FnMut(Moment) -> bool) {
    let seed = number("COVOUCH_SEED", 1);
    let mut early = 0;
    for kill in 1..=kills {
        let digest = Sha256::of(format!("{story} {seed} {kill}").as_bytes());
        let [first, second, ..] = *digest.as_bytes();
        let moment = Moment(u32::from(u16::from_be_bytes([first, second])) % 1200);
        // Shown when the test fails: the last of these lines is the kill that did it.
        eprintln!("{story}: COVOUCH_SEED={seed}, kill {kill} of {kills} after {} thousandths", moment.0);
        early += u32::from(one(moment));
    }
    eprintln!("{story}: {early} of {kills} kills came before the command's end");
    assert!(early > 0 || kills < 10, "{story}: every kill came too late, so nothing was seen");
}

/// How long something takes when nothing happens to it: the fastest of three, for the machine may be busy.
fn takes(mut work: impl FnMut()) -> Duration {
    fastest(|| timed(&mut work))
}

/// How long what is timed takes when nothing happens to it, and nothing around it.
fn fastest(mut time: impl FnMut() -> Duration) -> Duration {
    let times = [time(), time(), time()];
    times.into_iter().min().unwrap()
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// Runs a command and ends it, with everything it started, as `kill -9` does.
fn kill(desk: &Desk, mut command: Command, after: Duration) -> Ran {
    command.process_group(0);
    let started = desk.start(command);
    let group = started.id();
    thread::sleep(after);
    let ran = started.kill();
    // An installer goes on by itself for a moment, without the gate.
    drop(Command::new("kill").args(["-9", "--", &format!("-{group}")]).output());
    ran
}

#[test]
fn a_vouch_that_is_killed_is_signed_whole_or_not_at_all() {
    let (desk, key) = signing_desk();
    let whole = takes(|| drop(desk.covouch(VOUCH).ends(0)));
    at_random_moments("vouch", kills(), |moment| {
        let before = statements(&desk, &key);
        let ran = kill(&desk, desk.command(VOUCH), moment.of(whole));
        let after = statements(&desk, &key);
        assert!(after.starts_with(&before) && after.len() <= before.len() + 1, "{}", ran.all());
        if let Some(id) = ran.stdout.strip_prefix("signed ").and_then(|rest| rest.strip_suffix('\n')) {
            assert_eq!(after.last().map(String::as_str), Some(id), "what was said to be signed is there");
        }
        desk.covouch(VOUCH).ends(0);
        let next = statements(&desk, &key);
        assert!(next.starts_with(&after) && next.len() == after.len() + 1);
        ran.code.is_none()
    });
}

/// What a kill leaves between a statement and its head; random moments hardly ever find it.
#[test]
fn a_vouch_that_is_killed_before_its_head_stands_there_is_mended_by_the_next() {
    let (desk, key) = signing_desk();
    desk.covouch(VOUCH).ends(0);
    let head = desk.project().join(format!("trust/{}.head", key.id()));
    let first = fs::read(&head).unwrap();
    desk.covouch(VOUCH).ends(0);
    fs::write(&head, &first).unwrap();
    desk.covouch(VOUCH).ends(0);
    assert_eq!(statements(&desk, &key).len(), 3);
    // The twin: no head at all is what somebody leaves who cut off the end.
    fs::remove_file(&head).unwrap();
    desk.covouch(VOUCH).ends(1).says("[chain-shortened]");
}

#[test]
fn a_check_that_is_killed_leaves_nothing_that_changes_a_verdict() {
    let (site, lock) = locked_world();
    let index = IndexServer::start(site.slowed(LATENCY));
    let cold = || {
        let desk = desk(&index);
        desk.write("requirements.txt", &lock);
        desk
    };
    let right = cold().covouch(CHECK).ends(4);
    let right_verdicts = verdicts(&right);
    let whole = takes(|| drop(cold().covouch(CHECK).ends(4)));
    at_random_moments("check", kills(), |moment| {
        let desk = cold();
        let ran = kill(&desk, desk.command(CHECK), moment.of(whole));
        keeps_nothing_wrong(&desk);
        // What was kept until then is enough for the right verdict, or for none.
        let offline = desk.covouch(&[CHECK, &["--offline"]].concat()).ends(4);
        for (file, verdict) in verdicts(&offline) {
            assert!(verdict == right_verdicts[&file] || verdict == "undecided", "{}", offline.all());
        }
        assert_eq!(desk.covouch(CHECK).ends(4).stdout, right.stdout);
        ran.code.is_none()
    });
}

#[test]
fn a_lock_that_is_killed_is_the_old_one_or_the_new_one_and_proves_what_it_did() {
    const NAMES: [&str; 2] = ["covouch.lock", "covouch.evidence"];
    let (desk, key) = signing_desk();
    desk.covouch(VOUCH).ends(0);
    let party = format!("[party.me]\nkey = \"{key}\"\nfrom = \"trust/\"\n");
    let policy = "[policy]\nadmit = \"me\"\nrefuse = \"vetoes\"\n";
    desk.write("covouch.toml", format!("schema = 1\n{party}{policy}"));
    pin(&desk, &[wheel("demo", "1.0")]);
    // So much later that everything is written anew.
    let later = ["lock", "--now", "2026-06-07T15:00:00Z"];
    let files = || NAMES.map(|name| fs::read(desk.project().join(name)).unwrap());
    desk.covouch(&["lock"]).ends(0);
    let old = files();
    let put_back = || {
        for (name, bytes) in NAMES.iter().zip(&old) {
            desk.write(name, bytes);
        }
    };
    let whole = takes(|| {
        put_back();
        desk.covouch(&later).ends(0);
    });
    let new = files();
    assert!(old[0] != new[0] && old[1] != new[1]);
    at_random_moments("lock", kills(), |moment| {
        put_back();
        let ran = kill(&desk, desk.command(&later), moment.of(whole));
        let now = files();
        for ((now, old), new) in now.iter().zip(&old).zip(&new) {
            assert!(now == old || now == new, "{}", ran.all());
        }
        // A lock never comes before its evidence.
        assert!(now[0] == old[0] || now[1] == new[1], "{}", ran.all());
        desk.covouch(&["check", "--locked", "--offline"]).ends(0).says("1 admitted");
        desk.covouch(&later).ends(0);
        assert_eq!(files(), new);
        ran.code.is_none()
    });
}

/// The verdicts of a report, by what they are about. A digest whose page is not known has none.
fn verdicts(ran: &Ran) -> BTreeMap<String, Value> {
    let report = ran.json();
    let files = report["files"].as_array().unwrap();
    files.iter().map(|file| (file["subject"].to_string(), file["verdict"].clone())).collect()
}

#[test]
fn an_installation_by_pip_that_is_killed_leaves_nothing_that_the_next_stumbles_over() {
    let index = IndexServer::start(shelves().slowed(LATENCY));
    let words = Installer::Pip.command("killed");
    let words: Vec<&str> = words.iter().map(String::as_str).chain(["demo"]).collect();
    let whole = takes(|| drop(desk(&index).run(&words).ends(0)));
    at_random_moments("run pip", kills() / 2, |moment| {
        let desk = desk(&index);
        let ran = kill(&desk, desk.run_command(&words), moment.of(whole));
        keeps_nothing_wrong(&desk);
        Installer::Pip.install(&desk, "next", &["demo"]).ends(0);
        assert_eq!(desk.installed("next"), ["demo-1.0", "helper-1.0"]);
        keeps_nothing_wrong(&desk);
        ran.code.is_none()
    });
}

const PYPROJECT: &str = "\
[project]
name = \"mine\"
version = \"0.1\"
requires-python = \">=3.9\"
dependencies = [\"demo\"]

[tool.uv]
package = false
";

const ADD: [&str; 3] = ["uv", "add", "other"];

#[test]
fn a_project_whose_uv_is_killed_has_its_old_files_or_its_new_ones() {
    let index = IndexServer::start(shelves().slowed(LATENCY));
    let project = |files: &[String; 2]| {
        let desk = desk(&index);
        desk.write("pyproject.toml", &files[0]);
        desk.write("uv.lock", &files[1]);
        desk
    };
    // Not right yet: uv writes the index it was given into `pyproject.toml`, and that is the gate, whose port is
    // another one on each desk. What is said here holds for everything before it.
    let files_of = |desk: &Desk| {
        let [project, lock] = ["pyproject.toml", "uv.lock"].map(|name| desk.read(name));
        [project.split("\n[[tool.uv.index]]").next().unwrap().to_owned(), lock]
    };
    let first = desk(&index);
    first.write("pyproject.toml", PYPROJECT);
    first.run(&["uv", "lock"]).ends(0);
    let old = files_of(&first);
    first.run(&ADD).ends(0);
    let new = files_of(&first);
    assert!(old[0] != new[0] && old[1] != new[1]);
    let whole = takes(|| drop(project(&old).run(&ADD).ends(0)));
    at_random_moments("run uv", kills() / 2, |moment| {
        let desk = project(&old);
        let ran = kill(&desk, desk.run_command(&ADD), moment.of(whole));
        for ((found, old), new) in files_of(&desk).iter().zip(&old).zip(&new) {
            assert!(found == old || found == new, "{found}");
        }
        keeps_nothing_wrong(&desk);
        desk.run(&ADD).ends(0);
        assert_eq!(files_of(&desk), new);
        keeps_nothing_wrong(&desk);
        ran.code.is_none()
    });
}
