//! The command measured as a whole process: how long it takes, and the most memory it ever has.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Instant,
};

use super::{Bench, figures::Figures, load::plain};
use crate::{
    Failure,
    workspace::{output, run},
};

/// The moment of all measurements: the vouches made for them end one day.
const NOW: &str = "2026-06-10T12:00:00Z";

/// What several runs took.
pub(super) struct Measured {
    /// In milliseconds.
    pub(super) times: Figures,
    /// In MB.
    pub(super) memory: Figures,
    /// The last line of what it says.
    pub(super) said: String,
}

impl Measured {
    /// Runs a command often enough, after a first time that is not measured.
    pub(super) fn of(bench: &Bench<'_>, command: &dyn Fn() -> Command) -> Result<Self, Failure> {
        let text = output(&mut command())?;
        let said = text.trim().lines().next_back().unwrap_or_default().to_owned();
        let (mut times, mut memory) = (Figures::default(), Figures::default());
        for _ in 0..bench.pick(5, 41) {
            let start = Instant::now();
            run(command().stdout(Stdio::null()).stderr(Stdio::null()))?;
            times.add(start.elapsed().as_secs_f64() * 1e3);
        }
        for _ in 0..bench.pick(3, 11) {
            memory.add(most_memory(&command())?);
        }
        Ok(Self { times, memory, said })
    }
}

/// The command with these arguments, in a folder that is its home as well.
pub(super) fn command(bench: &Bench<'_>, home: &Path, arguments: &[&str]) -> Command {
    let mut command = plain(bench.workspace.command(bench.covouch()));
    command.args(arguments).current_dir(home);
    command
        .env("COVOUCH_HOME", home.join("state"))
        .env("HOME", home)
        .env("COVOUCH_NOW", NOW)
        .env_remove("XDG_CONFIG_HOME");
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
