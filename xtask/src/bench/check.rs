//! `covouch check` of a lock of 300 packages, offline, from a warm state: the whole process.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use super::{
    Bench,
    figures::{Figures, shown, table},
    load::plain,
    worlds::{WAIT, policy},
};
use crate::{
    Failure,
    workspace::{output, run as run_command},
};

/// The moment of all checks: the vouches made for them end one day.
pub(super) const NOW: &str = "2026-06-10T12:00:00Z";

pub(super) fn run(bench: &Bench<'_>) -> Result<String, Failure> {
    bench.build()?;
    let shelf = bench.shelf("lock")?;
    let home = bench.empty("check")?;
    let read =
        |name: &str| fs::read_to_string(shelf.join(name)).map_err(|error| format!("`{name}`: {error}"));
    let upstream = bench.bare(&shelf, 0)?;
    let (index, people) = (upstream.index.clone(), read("people.toml")?);
    let failed = |error: std::io::Error| error.to_string();
    fs::write(home.join("uv.lock"), read("uv.lock")?).map_err(failed)?;
    fs::create_dir(home.join("trust")).map_err(failed)?;
    for entry in fs::read_dir(shelf.join("trust")).map_err(failed)?.flatten() {
        fs::copy(entry.path(), home.join("trust").join(entry.file_name())).map_err(failed)?;
    }
    let policies = [
        ("an index and three days", policy(&index, WAIT, "")),
        (
            "an index and two people, 600 signed vouches",
            policy(&index, "index and at least 2 of (ann, bob)", &people),
        ),
    ];
    let mut running = Some(upstream);
    let mut rows = Vec::new();
    for (name, policy) in policies {
        fs::write(home.join("covouch.toml"), policy).map_err(failed)?;
        if let Some(upstream) = running.take() {
            run_command(&mut command(bench, &home, &[]))?;
            drop(upstream);
        }
        rows.push(measure(bench, &home, name)?);
    }
    let head = ["policy", "ms, median", "range", "MB at most, median", "range", "runs", "it says"];
    Ok(format!(
        "## Check\n\n`covouch --offline check uv.lock`, the whole process: 300 packages with 10 files each, and for each a kept \
         page of 200 files.\n\n{}",
        table(&head, &rows)
    ))
}

fn measure(bench: &Bench<'_>, home: &Path, name: &str) -> Result<Vec<String>, Failure> {
    let offline = || command(bench, home, &["--offline"]);
    let text = output(&mut offline())?;
    let (mut times, mut memory) = (Figures::default(), Figures::default());
    for _ in 0..bench.pick(5, 41) {
        let start = Instant::now();
        run_command(offline().stdout(Stdio::null()).stderr(Stdio::null()))?;
        times.add(start.elapsed().as_secs_f64() * 1e3);
    }
    for _ in 0..bench.pick(3, 11) {
        memory.add(most_memory(&offline())?);
    }
    let range = |figures: &Figures| format!("{}–{}", shown(figures.least()), shown(figures.most()));
    Ok(vec![
        name.to_owned(),
        shown(times.median()),
        range(&times),
        shown(memory.median()),
        range(&memory),
        times.count().to_string(),
        text.trim().lines().next_back().unwrap_or_default().to_owned(),
    ])
}

fn command(bench: &Bench<'_>, home: &Path, arguments: &[&str]) -> Command {
    let mut command = plain(bench.workspace.command(bench.covouch()));
    command.args(arguments).args(["check", "uv.lock"]).current_dir(home);
    command
        .env("COVOUCH_HOME", home.join("state"))
        .env("HOME", home)
        .env("COVOUCH_NOW", NOW)
        .env_remove("XDG_CONFIG_HOME");
    command
}

/// The most memory a command ever had, in MB.
pub(super) fn most_memory(command: &Command) -> Result<f64, Failure> {
    let mut timed = Command::new("/usr/bin/time");
    timed.arg("--format=%M").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => timed.env(name, value),
            None => timed.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        timed.current_dir(folder);
    }
    let done = timed.output().map_err(|error| format!("`time` does not start: {error}"))?;
    let text = String::from_utf8_lossy(&done.stderr).into_owned();
    let kilobytes = text.lines().next_back().and_then(|line| line.trim().parse::<f64>().ok());
    kilobytes.map(|kilobytes| kilobytes / 1024.0).ok_or_else(|| format!("`time` said: {text}"))
}
