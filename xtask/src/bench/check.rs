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
    worlds::policy,
};
use crate::{
    Failure,
    workspace::{output, run as run_command},
};

pub(super) fn run(bench: &Bench<'_>) -> Result<String, Failure> {
    bench.build()?;
    let shelf = bench.shelf("lock")?;
    let home = bench.empty("check")?;
    let upstream = bench.bare(&shelf, 0)?;
    fs::write(home.join("covouch.toml"), policy(&upstream.index)).map_err(|error| error.to_string())?;
    fs::copy(shelf.join("uv.lock"), home.join("uv.lock")).map_err(|error| error.to_string())?;
    let check = |arguments: &[&str]| command(bench, &home, arguments);
    run_command(&mut check(&[]))?;
    drop(upstream);

    let (mut times, mut memory) = (Figures::default(), Figures::default());
    for _ in 0..bench.pick(5, 41) {
        let start = Instant::now();
        run_command(check(&["--offline"]).stdout(Stdio::null()))?;
        times.add(start.elapsed().as_secs_f64() * 1e3);
    }
    for _ in 0..bench.pick(3, 11) {
        memory.add(most_memory(&check(&["--offline"]))?);
    }
    let text = output(&mut check(&["--offline"]))?;
    let rows = [
        vec!["time, ms".to_owned(), shown(times.median()), range(&times)],
        vec!["memory at most, MB".to_owned(), shown(memory.median()), range(&memory)],
    ];
    Ok(format!(
        "## Check\n\n`covouch --offline check uv.lock`, the whole process: 300 packages with 10 files each, a page of 200 files \
         kept for each. It says: {}.\n\n{}",
        text.trim().lines().next_back().unwrap_or_default(),
        table(&["", "median", "range"], &rows)
    ))
}

fn command(bench: &Bench<'_>, home: &Path, arguments: &[&str]) -> Command {
    let mut command = plain(bench.workspace.command(bench.covouch()));
    command.args(arguments).args(["check", "uv.lock"]).current_dir(home);
    command.env("COVOUCH_HOME", home.join("state")).env("HOME", home).env_remove("XDG_CONFIG_HOME");
    command
}

/// The most memory a command ever had, in MB.
fn most_memory(command: &Command) -> Result<f64, Failure> {
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

fn range(figures: &Figures) -> String {
    format!("{}–{} ({} runs)", shown(figures.least()), shown(figures.most()), figures.count())
}
