//! `cargo xtask soak`: what takes too long for every run of the tests: many kills, many cases of each law, fuzzing.
//!
//! # Invariants
//! - Every job is run and timed, whatever became of those before it; the table at the end has them all.
//! - Nothing that is committed changes: what fuzzing finds lies in `target/soak`.
//!
//! # Not here
//! The tests themselves: they are the ordinary ones, with larger numbers.

use std::{
    ffi::OsString,
    fs,
    process::Command,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::{
    Failure,
    workspace::{Workspace, run as start, succeeds},
};

/// Kills in each story of the machine's tests.
const KILLS: &str = "200";

/// Cases of each law.
const CASES: &str = "50000";

/// Seconds for each fuzz target, unless `--seconds=N` says otherwise.
const SECONDS: u32 = 60;

/// A job's name, and the command that does it.
type Job = (String, Command);

/// A part, and the jobs it consists of.
type Part = (&'static str, fn(&Workspace, u32) -> Result<Vec<Job>, Failure>);

const PARTS: &[Part] = &[("kills", kills), ("laws", laws), ("fuzz", fuzz)];

/// Does the parts that are named, or all of them.
pub(crate) fn run(workspace: &Workspace, arguments: &[&str]) -> Result<(), Failure> {
    let (options, named): (Vec<&str>, Vec<&str>) =
        arguments.iter().partition(|argument| argument.starts_with("--"));
    let mut seconds = SECONDS;
    for option in options {
        let number = option.strip_prefix("--seconds=").and_then(|number| number.parse().ok());
        seconds = number.ok_or_else(|| format!("`{option}` is no option of soak, only `--seconds=N`"))?;
    }
    if let Some(unknown) = named.iter().find(|named| PARTS.iter().all(|(name, _)| name != *named)) {
        return Err(format!("`{unknown}` is no part of soak"));
    }
    let mut done = Vec::new();
    for (name, part) in PARTS.iter().filter(|(name, _)| named.is_empty() || named.contains(name)) {
        match part(workspace, seconds) {
            Ok(jobs) => done.extend(jobs.into_iter().map(work)),
            Err(failure) => {
                done.push(Done { name: (*name).to_owned(), time: Duration::ZERO, result: Err(failure) })
            }
        }
    }
    conclude(&done)
}

/// A job that was done.
struct Done {
    name: String,
    time: Duration,
    result: Result<(), Failure>,
}

fn work((name, mut command): Job) -> Done {
    eprintln!("\n== {name}");
    let begun = Instant::now();
    let result = start(&mut command);
    Done { name, time: begun.elapsed(), result }
}

fn conclude(done: &[Done]) -> Result<(), Failure> {
    eprintln!("\n== summary");
    for Done { name, time, result } in done {
        let said = result.as_ref().err().map_or("held", String::as_str);
        eprintln!("{:>8.1} s  {name}: {said}", time.as_secs_f64());
    }
    match done.iter().filter(|job| job.result.is_err()).count() {
        0 => Ok(()),
        failed => Err(format!("{failed} of {} jobs failed", done.len())),
    }
}

/// Kills at random moments, at others each time.
fn kills(workspace: &Workspace, _: u32) -> Result<Vec<Job>, Failure> {
    let seed =
        SystemTime::now().duration_since(UNIX_EPOCH).map_err(|error| error.to_string())?.subsec_nanos();
    let mut cargo = workspace.cargo();
    cargo.args(["test", "--package", "covouch", "--test", "it", "machine::killed"]);
    cargo.env("COVOUCH_KILLS", KILLS).env("COVOUCH_SEED", seed.to_string());
    Ok(vec![(format!("{KILLS} kills of each command, COVOUCH_SEED={seed}"), cargo)])
}

/// The laws of every crate that has some. Optimised, for the slow oracles are slow on purpose.
fn laws(workspace: &Workspace, _: u32) -> Result<Vec<Job>, Failure> {
    let job = |package: &str| {
        let mut cargo = workspace.cargo();
        cargo.args(["test", "--package", package, "--tests"]);
        // Laws with a number of their own read the first, all others proptest's.
        cargo.env("COVOUCH_CASES", CASES).env("PROPTEST_CASES", CASES);
        cargo.env("CARGO_PROFILE_TEST_OPT_LEVEL", "2");
        (format!("laws of {package}, COVOUCH_CASES={CASES}"), cargo)
    };
    let packages = ["core", "feed", "graph", "io", "policy", "python"];
    Ok(packages.map(|name| job(&format!("covouch-{name}"))).into())
}

/// Every fuzz target for some time, from its committed corpus.
fn fuzz(workspace: &Workspace, seconds: u32) -> Result<Vec<Job>, Failure> {
    if !succeeds(workspace.command("cargo").args(["+nightly", "fuzz", "--version"])) {
        return Err(
            "cargo-fuzz is missing: run `cargo install cargo-fuzz`, and `rustup toolchain install nightly`"
                .into(),
        );
    }
    let failed = |error: std::io::Error| format!("`fuzz/fuzz_targets`: {error}");
    let targets = fs::read_dir(workspace.path("fuzz/fuzz_targets")).map_err(failed)?;
    let mut names: Vec<String> = targets
        .filter_map(|entry| {
            entry.ok()?.file_name().into_string().ok()?.strip_suffix(".rs").map(str::to_owned)
        })
        .collect();
    names.sort();
    names.into_iter().map(|name| fuzz_one(workspace, name, seconds)).collect()
}

fn fuzz_one(workspace: &Workspace, name: String, seconds: u32) -> Result<Job, Failure> {
    // libFuzzer writes into the first corpus it is given, and reads all of them.
    let found = workspace.path("target/soak").join(&name);
    fs::create_dir_all(&found).map_err(|error| format!("`{}`: {error}", found.display()))?;
    // Fuzzing takes a nightly compiler; the cargo that runs us is another one.
    let mut cargo = workspace.command("cargo");
    cargo.args(["+nightly", "fuzz", "run", "--features", "libfuzzer", "--target-dir", "target/fuzz", &name]);
    cargo.arg(&found).arg(workspace.path("fuzz/corpus").join(&name)).arg("--");
    let mut artifacts = OsString::from("-artifact_prefix=");
    artifacts.push(&found);
    artifacts.push("/failed-");
    cargo.arg(artifacts).arg(format!("-max_total_time={seconds}"));
    Ok((format!("{seconds} s of fuzzing `{name}`"), cargo))
}
