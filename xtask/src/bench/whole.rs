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
pub(super) const NOW: &str = "2026-06-10T12:00:00Z";

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
            memory.add(usage(&command())?.memory);
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

/// What a command needed.
pub(super) struct Usage {
    /// Processor time of its threads, in the program and in the kernel for it, in milliseconds.
    pub(super) processor: f64,
    /// The most memory it ever had, in MB.
    pub(super) memory: f64,
    /// What it said.
    pub(super) said: String,
}

/// Runs a command and says what it needed.
pub(super) fn usage(command: &Command) -> Result<Usage, Failure> {
    let mut timed = Command::new("/usr/bin/time");
    timed.arg("--format=%U %S %M").arg(command.get_program()).args(command.get_args());
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
    let numbers = text.lines().next_back().unwrap_or_default().split(' ').map(str::parse::<f64>);
    match numbers.collect::<Result<Vec<_>, _>>().as_deref() {
        Ok([user, system, kilobytes]) if done.status.success() => {
            let said = String::from_utf8_lossy(&done.stdout).into_owned();
            Ok(Usage { processor: (user + system) * 1e3, memory: kilobytes / 1024.0, said })
        }
        _ => Err(format!("`time` said: {text}")),
    }
}
