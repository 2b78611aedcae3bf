//! uv's project commands: the user's `uv.lock` and `pyproject.toml` stay theirs, whatever happens.

use std::{os::unix::process::CommandExt as _, path::Path, process::Command, time::Duration};

use covouch_testkit::{
    index::{Fault, IndexServer, Site, Target},
    tools::Tools,
    wheel::Wheel,
};

use crate::{
    desk::{Desk, OLD, Ran, until},
    shelf::{aged, and_new, old, wheel},
};

const PYPROJECT: &str = "\
[project]
name = \"mine\"
version = \"0.1\"
requires-python = \">=3.9\"
dependencies = [\"demo\"]

[tool.uv]
package = false
";

/// `demo` needs `helper`; of `demo` there is a newer release than three days.
fn shelves() -> Site {
    let demo = Wheel::new("demo", "1.0").requires("helper>=1").build();
    and_new(old([demo, wheel("helper", "1.0"), wheel("other", "1.0")]), [wheel("demo", "2.0")])
}

/// An index, a policy that asks for three days of age, and a project that needs `demo`.
fn project(site: Site) -> (IndexServer, Desk) {
    let index = IndexServer::start(site);
    let python = Tools::find().peers_python().unwrap();
    let desk = Desk::new().set("UV_PYTHON", python).set("UV_DEFAULT_INDEX", index.url());
    desk.write("covouch.toml", aged(&index));
    desk.write("pyproject.toml", PYPROJECT);
    (index, desk)
}

/// The same with a lock that uv itself wrote, when `demo` 2.0 was not there yet.
fn locked_project() -> (IndexServer, Desk, String) {
    let (index, desk) = project(shelves());
    let arguments = ["lock", "--exclude-newer", "2026-02-01T00:00:00Z"];
    direct(&desk, &arguments).ends(0);
    // What was only said on the command line is not part of the lock of somebody who did not say it.
    let lock = desk.read("uv.lock");
    let plain: Vec<&str> = lock.lines().filter(|line| !line.contains("exclude-newer")).collect();
    let plain = plain.join("\n").replace("\n[options]\n\n", "\n").trim_end().to_owned() + "\n";
    desk.write("uv.lock", &plain);
    direct(&desk, &["lock", "--check"]).ends(0);
    let lock = desk.read("uv.lock");
    (index, desk, lock)
}

/// uv without covouch.
fn direct(desk: &Desk, arguments: &[&str]) -> Ran {
    let mut uv = desk.program("uv");
    uv.args(arguments);
    desk.start(uv).wait()
}

fn gated(desk: &Desk, arguments: &[&str]) -> Ran {
    desk.run(&[&["uv"], arguments].concat())
}

/// The releases in the project's environment.
fn environment(desk: &Desk) -> Vec<String> {
    let library = desk.project().join(".venv/lib");
    let python = std::fs::read_dir(library).into_iter().flatten().flatten().next();
    python
        .map_or_else(Vec::new, |python| desk.installed(python.path().join("site-packages").to_str().unwrap()))
}

/// Every address in the lock is one of the index itself.
#[track_caller]
fn names_only(index: &IndexServer, lock: &str) {
    for line in lock.lines().filter(|line| line.contains("://")) {
        assert!(line.contains(index.origin()), "{lock}");
    }
    assert!(!lock.contains("/files/open-") && !lock.contains("/files/held-"), "{lock}");
}

#[test]
fn a_lock_is_installed_and_not_touched() {
    for arguments in [&["sync", "--locked"][..], &["sync", "--frozen"], &["sync"]] {
        let (index, desk, lock) = locked_project();
        index.forget_requests();
        gated(&desk, arguments).ends(0);
        assert_eq!(desk.read("uv.lock"), lock, "{arguments:?}");
        assert_eq!(desk.read("pyproject.toml"), PYPROJECT);
        assert_eq!(environment(&desk), ["demo-1.0", "helper-1.0"], "{arguments:?}");
    }
}

#[test]
fn a_lock_that_names_what_is_kept_out_is_not_installed() {
    for arguments in [&["sync", "--locked"][..], &["sync", "--frozen"], &["sync"]] {
        let (_index, desk) = project(shelves());
        direct(&desk, &["lock"]).ends(0);
        let lock = desk.read("uv.lock");
        assert!(lock.contains("demo-2.0"), "{lock}");
        let ran = gated(&desk, arguments).ends(4);
        ran.says("(why: http://127.0.0.1:");
        assert_eq!(desk.read("uv.lock"), lock, "{arguments:?}");
        assert_eq!(environment(&desk), [""; 0]);
    }
}

#[test]
fn a_lock_of_another_project_is_said_to_be_stale() {
    let (_index, desk, lock) = locked_project();
    desk.write("pyproject.toml", PYPROJECT.replace("\"demo\"", "\"demo\", \"other\""));
    gated(&desk, &["sync", "--locked"]).ends(1).says("needs to be updated");
    assert_eq!(desk.read("uv.lock"), lock);
}

#[test]
fn a_new_lock_is_the_one_that_uv_would_have_written() {
    // Everything is old enough, so the gate has nothing to change.
    let site = || old([wheel("demo", "1.0"), wheel("helper", "1.0")]);
    let (index, desk) = project(site());
    gated(&desk, &["lock"]).ends(0);
    let behind_the_gate = desk.read("uv.lock");
    names_only(&index, &behind_the_gate);
    std::fs::remove_file(desk.project().join("uv.lock")).unwrap();
    direct(&desk, &["lock"]).ends(0);
    assert_eq!(behind_the_gate, desk.read("uv.lock"));
    gated(&desk, &["lock"]).ends(0);
    assert_eq!(behind_the_gate, desk.read("uv.lock"));
    gated(&desk, &["lock", "--check"]).ends(0);
}

#[test]
fn an_upgrade_takes_what_is_admitted_and_keeps_the_rest_of_the_lock() {
    let (index, desk, lock) = locked_project();
    index.change(|site| *site = site.clone().with(wheel("demo", "1.1"), OLD));
    let ran = gated(&desk, &["lock", "--upgrade"]).ends(0);
    ran.says("wrote ").says("uv.lock");
    let upgraded = desk.read("uv.lock");
    names_only(&index, &upgraded);
    assert!(upgraded.contains("demo-1.1-py3-none-any.whl") && !upgraded.contains("demo-2.0"), "{upgraded}");
    // `demo` 1.1 needs no `helper`, so its entry goes; what stays is as it was, to the byte.
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (before, after) = (lines(&lock), lines(&upgraded));
    let news: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    assert!(news.iter().all(|line| line.contains("1.1")), "{news:?}");
}

#[test]
fn a_dependency_is_added() {
    let (index, desk, _) = locked_project();
    let ran = gated(&desk, &["add", "other"]).ends(0);
    ran.says("wrote ");
    assert!(desk.read("pyproject.toml").contains("\"other>=1.0\""), "{}", desk.read("pyproject.toml"));
    let lock = desk.read("uv.lock");
    names_only(&index, &lock);
    assert!(lock.contains("other-1.0-py3-none-any.whl"), "{lock}");
    assert_eq!(environment(&desk), ["demo-1.0", "helper-1.0", "other-1.0"]);
    direct(&desk, &["lock", "--check"]).ends(0);
}

#[test]
fn a_dependency_is_added_where_there_is_no_lock() {
    let (index, desk) = project(shelves());
    gated(&desk, &["add", "other"]).ends(0);
    names_only(&index, &desk.read("uv.lock"));
    assert_eq!(environment(&desk), ["demo-1.0", "helper-1.0", "other-1.0"]);
}

#[test]
fn a_dependency_that_is_kept_out_changes_nothing() {
    let (index, desk, lock) = locked_project();
    index.change(|site| *site = and_new(site.clone(), [wheel("fresh", "1.0")]));
    gated(&desk, &["add", "fresh"]).ends(4).says("newer fresh 1.0 exists but is not admitted");
    assert_eq!((desk.read("uv.lock"), desk.read("pyproject.toml")), (lock, PYPROJECT.to_owned()));
}

#[test]
fn a_dependency_is_removed() {
    let (index, desk, _) = locked_project();
    gated(&desk, &["add", "other"]).ends(0);
    gated(&desk, &["remove", "other"]).ends(0);
    assert!(!desk.read("pyproject.toml").contains("other"));
    names_only(&index, &desk.read("uv.lock"));
    assert!(!desk.read("uv.lock").contains("other"));
}

#[test]
fn a_program_runs_in_the_projects_environment_and_ends_as_it_ends() {
    let (_index, desk, lock) = locked_project();
    let program = "import demo, helper, sys; print('imported', demo.__version__); sys.exit(7)";
    gated(&desk, &["run", "python", "-c", program]).ends(7).says("imported 1.0");
    assert_eq!(desk.read("uv.lock"), lock);
    gated(&desk, &["run", "--frozen", "python", "-c", "import demo"]).ends(0);
}

#[test]
fn a_run_without_a_sync_writes_no_lock_and_installs_nothing() {
    let (_index, desk) = project(shelves());
    gated(&desk, &["run", "--no-sync", "python", "-c", "print('ran')"]).ends(0).says("ran");
    assert!(!desk.project().join("uv.lock").exists());
    assert_eq!(environment(&desk), [""; 0]);
}

#[test]
fn what_was_admitted_under_a_lax_policy_is_not_taken_from_a_cache() {
    let (index, desk) = project(shelves());
    direct(&desk, &["lock"]).ends(0);
    let lock = desk.read("uv.lock");
    desk.write("covouch.toml", crate::shelf::policy(&index, "pypi", "quarantined"));
    gated(&desk, &["sync", "--frozen"]).ends(0);
    assert_eq!(environment(&desk), ["demo-2.0"]);
    std::fs::remove_dir_all(desk.project().join(".venv")).unwrap();
    desk.write("covouch.toml", aged(&index));
    gated(&desk, &["sync", "--frozen"]).ends(4);
    assert_eq!(environment(&desk), [""; 0]);
    assert_eq!(desk.read("uv.lock"), lock);
}

#[test]
fn what_env_starts_is_a_project_command_too() {
    let (index, desk, lock) = locked_project();
    desk.run(&["env", "A=1", "uv", "sync", "--locked"]).ends(0);
    assert_eq!(desk.read("uv.lock"), lock);
    assert_eq!(environment(&desk), ["demo-1.0", "helper-1.0"]);
    index.change(|site| *site = site.clone().with(wheel("demo", "1.1"), OLD));
    desk.run(&["env", "A=1", "uv", "lock", "--upgrade"]).ends(0);
    names_only(&index, &desk.read("uv.lock"));
}

#[test]
fn what_a_shell_locks_names_the_index_and_what_it_installs_from_a_lock_fails_closed() {
    let (index, desk, lock) = locked_project();
    desk.run(&["sh", "-c", "uv lock --upgrade"]).ends(0).says("hint: let covouch start uv");
    assert_eq!(desk.read("uv.lock"), lock);
    names_only(&index, &lock);
    index.forget_requests();
    let ran = desk.run(&["sh", "-c", "uv sync --frozen"]).ends(3);
    assert_eq!(environment(&desk), [""; 0], "{}", ran.all());
    assert_eq!(index.requests(), [], "{}", ran.all());
}

#[test]
fn a_lock_that_somebody_else_changed_meanwhile_is_left_alone() {
    let (index, desk, lock) = locked_project();
    index.change(|site| {
        *site = site.clone().with(wheel("demo", "1.1"), OLD).slowed(Duration::from_millis(400))
    });
    index.forget_requests();
    let started = desk.start(desk.run_command(&["uv", "lock", "--upgrade"]));
    until("uv to ask", || !index.requests().is_empty());
    let theirs = lock + "# mine\n";
    desk.write("uv.lock", &theirs);
    started.wait().ends(1).says("[lock-changed-meanwhile]").says("hint: run the command again");
    assert_eq!(desk.read("uv.lock"), theirs);
}

/// Starts a command in a group of its own, which a test can end whole.
fn grouped(mut command: Command) -> Command {
    command.process_group(0);
    command
}

#[test]
fn a_kill_in_the_middle_leaves_the_users_files_whole() {
    for (target, arguments) in [
        // While versions are chosen, and while files are fetched.
        (Target::page("other"), ["uv", "add", "other"]),
        (Target::file("other-1.0-py3-none-any.whl"), ["uv", "add", "other"]),
        (Target::page("helper"), ["uv", "lock", "--upgrade"]),
    ] {
        let (index, desk, lock) = locked_project();
        index.forget_requests();
        index.fail(target.clone(), Fault::Hang);
        let started = desk.start(grouped(desk.run_command(&arguments)));
        let group = started.id();
        until("uv to wait for an answer", || index.requests().iter().any(|asked| asked.status.is_none()));
        started.kill();
        // What covouch started goes on by itself, without the gate.
        drop(Command::new("kill").args(["-9", "--", &format!("-{group}")]).output());
        // Nothing comes back before the command did all its work.
        assert_eq!((desk.read("uv.lock"), desk.read("pyproject.toml")), (lock, PYPROJECT.to_owned()));
        assert!(no_leftovers(&desk.project()), "{:?}", crate::desk::files(&desk.project()));
        // The next command works.
        index.heal();
        gated(&desk, &["sync"]).ends(0);
    }
}

/// Whether a folder has only the files a project has.
fn no_leftovers(project: &Path) -> bool {
    let known = ["covouch.toml", "pyproject.toml", "uv.lock", ".venv"];
    std::fs::read_dir(project)
        .unwrap()
        .flatten()
        .all(|entry| known.iter().any(|known| entry.file_name() == *known))
}
