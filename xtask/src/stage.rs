//! The stages of a full test run, one after the other, timed; the first that fails ends it.

use std::time::{Duration, Instant};

use crate::{
    Failure, generate, house, tools,
    workspace::{Workspace, run, succeeds},
};

/// A stage's name and what it does.
type Stage = (&'static str, fn(&Workspace) -> Result<(), Failure>);

/// Cheap ones first.
const STAGES: &[Stage] = &[
    ("format", format),
    ("house rules", house::check),
    ("tools", tools::install),
    ("clippy", clippy),
    ("tests", tests),
    ("doctests", doctests),
    ("documentation", documentation),
    ("fuzz corpora", corpora),
    ("generated files", generate::check),
];

/// What the cases of the laws are drawn with. Any number would do.
const LAWS_SEED: &str = "2017";

/// Runs every stage.
pub(crate) fn test(workspace: &Workspace) -> Result<(), Failure> {
    let mut times: Vec<(&str, Duration)> = Vec::new();
    let mut failure = None;
    for (name, stage) in STAGES {
        eprintln!("\n== {name}");
        let start = Instant::now();
        let done = stage(workspace);
        times.push((name, start.elapsed()));
        if let Err(error) = done {
            failure = Some(format!("stage `{name}`: {error}"));
            break;
        }
    }
    eprintln!("\n== summary");
    for (name, time) in &times {
        eprintln!("{:>8.1} s  {name}", time.as_secs_f64());
    }
    let total: Duration = times.iter().map(|(_, time)| *time).sum();
    match failure {
        None => {
            eprintln!("{:>8.1} s  all {} stages passed", total.as_secs_f64(), times.len());
            Ok(())
        }
        Some(failure) => Err(failure),
    }
}

fn format(workspace: &Workspace) -> Result<(), Failure> {
    run(workspace.cargo().args(["fmt", "--all", "--check"]))
}

fn clippy(workspace: &Workspace) -> Result<(), Failure> {
    run(workspace.cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))
}

/// The laws are tried with the same cases each time: what fails here failed for this change, and fails again where it
/// is looked at. Other cases, and many more of them, are `cargo xtask soak laws`.
fn tests(workspace: &Workspace) -> Result<(), Failure> {
    let mut cargo = workspace.cargo();
    cargo.env("PROPTEST_RNG_SEED", LAWS_SEED);
    if succeeds(workspace.cargo().args(["nextest", "--version"])) {
        run(cargo.args(["nextest", "run", "--workspace"]))
    } else {
        run(cargo.args(["test", "--workspace", "--lib", "--bins", "--tests", "--examples"]))
    }
}

fn doctests(workspace: &Workspace) -> Result<(), Failure> {
    run(workspace.cargo().args(["test", "--workspace", "--doc"]))
}

fn documentation(workspace: &Workspace) -> Result<(), Failure> {
    run(workspace.cargo().args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Replays the committed corpora with ordinary tests; the fuzz crate stands outside the workspace.
fn corpora(workspace: &Workspace) -> Result<(), Failure> {
    if !workspace.path("fuzz/Cargo.toml").exists() {
        eprintln!("there is no fuzz/ yet");
        return Ok(());
    }
    run(workspace.cargo().args(["test", "--manifest-path", "fuzz/Cargo.toml", "--target-dir", "target/fuzz"]))
}
